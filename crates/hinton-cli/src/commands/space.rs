//! `hinton space`: what a network does to points, step by step.

mod output;
mod preset;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Arg, ArgMatches, Command};
use hinton::Work;
use hinton::settings::{self, Set};
use hinton::space::{self, LinearMap, Model, PointSet, Show, SpaceRequest};

use super::CommandRow;
use crate::args::{output as output_argument, own_settings, said, thread_count, threads};
use crate::encoder;
use crate::failure::{Failure, note};
use crate::film;
use crate::interrupt;
use crate::out;
use crate::progress::{Bar, Wait};
use crate::remote::max_download;

pub(super) const ROW: CommandRow = CommandRow {
    name: "space",
    about: "Show what a network does to space: points after every step, as pictures and films",
    help: "Sends points through a network and draws them after every step. Each point keeps the \
           colour given by its input, so that stretching, folding and tearing are visible. \
           NETWORK is a line such as 2-3-tanh-3-tanh-2 (numbers are widths, with linear maps \
           between them), a checkpoint whose matrices form a chain, an ONNX file, or a recorded \
           run. With -o, the name selects what is written: a page (.png .svg .pdf), a film (.gif \
           .apng .webp .mp4, or --morph and --orbit with a folder), a folder with a picture of \
           each step (steps/), the numbers (.npz), or an interactive page for the browser \
           (.html). The weights of each step are printed first.",
    examples: "Examples:
  hinton space 2-3-tanh-3-tanh-2                            in the terminal
  hinton space 2-3-tanh-3-tanh-2 --scale 2 -o fold.png
  hinton space 2-3-tanh --weights '0=[[3,0],[0,3],[6,6]]' -o steps/
  hinton space 2-3-tanh-3-tanh-2 --morph --orbit -o fold.gif
  hinton space 2-5-relu-2 --points circle --color angle -o ring.svg
  hinton space model.safetensors --activation tanh --points points.csv -o space.png
  hinton space mnist.onnx --points t10k-images-idx3-ubyte.gz --count 2000 -o digits.html
  hinton space 2-3-tanh-3-tanh-2 --morph --orbit --codec h264 -o fold.mp4     by ffmpeg
  hinton space run/ -o learn.gif
  hinton space --preset space-stretching --networks all -o space/",
    args,
    run,
};

fn args(command: Command) -> Command {
    let command = command.arg(
        Arg::new("network")
            .value_name("NETWORK")
            .help("2-3-tanh-2, a checkpoint, an ONNX file or a recorded run"),
    );
    let command = command.arg(output_argument().help(
        "A page, film, folder/, .npz or .html; without it the terminal; - is standard output (png)",
    ));
    let command = own_settings(command, ROW.name)
        .mut_arg("preset", |preset| preset.value_parser([preset::NAME]))
        .mut_arg("networks", |networks| networks.requires("preset"))
        .mut_arg("duration", |duration| duration.conflicts_with_all(["pause", "travel"]));
    let command = command.arg(
        Arg::new("format")
            .long("format")
            .value_name("FORMAT")
            .help("The output of each picture of a folder [default: png]")
            .help_heading("Page and type"),
    );
    let command = film::poster(command, "[default: for a film of a run]");
    encoder::args(command, &[]).arg(max_download()).arg(threads())
}

fn run(matches: &ArgMatches) -> Result<(), Failure> {
    let bar = Bar::new();
    if matches.get_one::<String>("preset").is_some() {
        return preset::run(matches, &bar);
    }
    let Some(source) = matches.get_one::<String>("network") else {
        return Err(Failure::usage(
            "no network is named",
            "name one: hinton space 2-3-tanh-3-tanh-2, or a file",
        ));
    };
    let target = output::Target::of(matches)?;
    let mut request = applied(matches, SpaceRequest::default())?;
    target.fit(&mut request);
    let path = Path::new(source);
    if space::is_run(path) && target.is_film() && request.network.step.is_none() {
        return output::run_film(matches, path, request, &target, work(matches, &bar));
    }
    let model = space::model(source, &request.network)?;
    let (set, notes) = space_points(&request, &model, Some(path))?;
    notes.iter().for_each(|text| note(text));
    let wait = Wait::new("sending the points through the network");
    let mut show = Show::new_with(&model, set, request.show.clone(), work(matches, &bar))?;
    show.set_progress(Arc::new(|_: u64| interrupt::flow()));
    drop(wait);
    print_weights(&show, &target)?;
    show.notes().iter().for_each(|text| note(text));
    output::write(matches, show, &request, &target)
}

/// What was said, over what holds already.
fn applied(matches: &ArgMatches, mut request: SpaceRequest) -> Result<SpaceRequest, Failure> {
    let rows = settings::of(ROW.name).filter(|row| matches!(row.set, Set::Space(_)));
    for (row, value) in said(matches, rows)? {
        request = request.set(row.name, &value)?;
    }
    Ok(request)
}

/// The points of a request, or where none were asked for those that suit the network; and what to say of
/// the choice. `path` is where the network was opened from.
///
/// # Errors
/// Returns an error if the points do not fit the network, or cannot be read.
pub fn space_points(
    request: &SpaceRequest,
    model: &Model,
    path: Option<&Path>,
) -> Result<(PointSet, Vec<String>), hinton::Error> {
    let mut notes = Vec::new();
    let asked = request.has("points");
    let mut request = request.points.clone();
    let width = model.input_width();
    if !asked && let Some(source) = path.and_then(space::run_points) {
        let count = request.count;
        request = source;
        request.count = count.or(request.count);
    } else if !asked && width > 3 {
        request.source = space::PointSource::Cloud;
        let mut what = "cloud";
        if width == 64 {
            request.source = "digits".parse()?;
            what = "data set of 8 x 8 digits";
        }
        notes.push(format!(
            "the network takes {width} values a point: a {what} is sent; --points chooses others"
        ));
    }
    let set = space::points(&request, width)?;
    if !asked {
        model.has_room(set.len())?;
    }
    Ok((set, notes))
}

/// The work of a command with that bar.
fn work<'a>(matches: &ArgMatches, bar: &'a Bar) -> Work<'a> {
    Work { threads: hinton::threads(thread_count(matches)), progress: bar }
}

/// Largest side of a matrix that is printed beside a file: more numbers nobody reads.
const MOST_PRINTED: usize = 16;

/// Says the weights of each step, where they do not get into the way of bytes. Beside a file only
/// small matrices are printed, whole; the heading says the widths of the others.
fn print_weights(show: &Show, target: &output::Target<'_>) -> Result<(), Failure> {
    if target.is_stdout() {
        return Ok(());
    }
    let mut text = String::new();
    let stages = show.stages().iter().skip(1);
    for ((heading, weights), stage) in show.weights().into_iter().zip(stages) {
        let is_small = |map: &LinearMap| map.rows.max(map.columns) <= MOST_PRINTED;
        text.push_str(&hinton::text::visible(&heading));
        if !target.is_terminal() && !stage.map.as_ref().is_none_or(is_small) {
            text.push('\n');
            continue;
        }
        text.push('\n');
        text.push_str(&weights);
    }
    out::emit(text.as_bytes())
}

/// The file that is written.
fn file(matches: &ArgMatches) -> Option<&PathBuf> {
    matches.get_one::<PathBuf>("output")
}
