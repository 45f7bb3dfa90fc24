//! `hinton animate`: runs become films.

use std::path::{Path, PathBuf};

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use hinton::animate::{Metric, Show, StepRange, Timing};
use hinton::{
    AnimateRequest, DrawRequest, Film, FilmSettings, FrameSource, Run, RunOptions, animate,
    film_output_for, output_for, render, save_film, write_bytes,
};

use super::CommandRow;
use crate::args::{apply_settings_but, output, patterns, settings, tensors, thread_count, threads};
use crate::failure::{Failure, note, run_warnings};
use crate::interrupt;
use crate::progress::{Bar, Count};

pub(super) const ROW: CommandRow = CommandRow {
    name: "animate",
    about: "Play a training run: GIF, video, a folder of frames, a film strip",
    help: "Draws the same picture of every step of a run: a file with a list of arrays or an array over \
           time, a folder of checkpoints in natural order, several checkpoints, or a run folder. One \
           colour range, one max-weight and one layout hold for all frames, found in a first look at \
           all steps. A band under the picture says the step and, where the run has metrics, the loss \
           or another one. Several RUNs play beside one another on one scale, as do several -t, each \
           with its own chart. A step that lacks a tensor, or has it in another shape, is told and left \
           out.",
    examples: "Examples:
  hinton animate run/ -t fc.weight -o fc.gif
  hinton animate checkpoints/ -t conv1.weight --show change -o filters.gif
  hinton animate list.pkl --preset matplotlib-heatmap -o w.gif
  hinton animate run/ -t W --morph 4 --duration 8 --metric accuracy -o w.gif
  hinton animate small/ large/ -t fc.weight --as hinton -o both.gif
  hinton animate run/ -t fc.weight --strip 8 -o strip.pdf
  hinton animate run/ -t fc.weight -o frames/",
    args,
    run,
};

fn args(command: Command) -> Command {
    let command = command
        .arg(
            Arg::new("run")
                .value_name("RUN")
                .required(true)
                .action(ArgAction::Append)
                .value_parser(value_parser!(PathBuf))
                .help("A run: a file, a folder, or a pattern such as 'epoch_*.npz'; several play beside one another"),
        )
        .arg(tensors())
        .arg(
            output()
                .required(true)
                .help("The film by its extension, or a folder (frames/) for numbered pictures"),
        );
    let command = film_args(command);
    settings(command).arg(threads())
}

fn film_args(command: Command) -> Command {
    let value = |name: &'static str, word: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_name(word).help(help).help_heading("Film")
    };
    command
        .arg(
            value("show", "WHAT", "Values, or how they differ from the step before or the first")
                .value_parser(Show::WORDS),
        )
        .arg(
            value("steps", "RANGE", "Steps by number: 0..100, 50.., 0..100:5 for every fifth")
                .allow_hyphen_values(true),
        )
        .arg(
            value("steps-axis", "AXIS", "The axis of an array that is time")
                .value_parser(value_parser!(u16)),
        )
        .arg(
            value("morph", "N", "Pictures between two steps, mixed of both and marked as such")
                .value_parser(value_parser!(u16).range(0..=1000)),
        )
        .arg(
            value("fps", "N", "Frames a second [default: 10 steps a second, 5 of a short run]")
                .value_parser(value_parser!(f64))
                .conflicts_with("duration"),
        )
        .arg(value("duration", "SECONDS", "How long the film is").value_parser(value_parser!(f64)))
        .arg(value("hold", "SECONDS", "Least time of the last frame, or FIRST,LAST [default: 0,1]"))
        .arg(value("metric", "NAME", "The metric under the picture, or off [default: the loss]"))
        .arg(
            value("loop", "N", "How often the film plays; 0 is for ever [default: 0]")
                .value_parser(value_parser!(u16)),
        )
        .arg(
            value("strip", "N", "No film but N of its pictures beside one another (png, svg, pdf)")
                .value_parser(value_parser!(u16).range(1..=1000)),
        )
        .arg(
            Arg::new("indexed")
                .long("indexed")
                .action(ArgAction::SetTrue)
                .help("A folder of pictures in the 256 colours that a GIF has")
                .help_heading("Film"),
        )
}

fn run(matches: &ArgMatches) -> Result<(), Failure> {
    let Some(file) = matches.get_one::<PathBuf>("output") else { return Ok(()) };
    let strip = matches.get_one::<u16>("strip").map(|&count| usize::from(count));
    // A wrong name is told before the work.
    let strip = strip.map(|count| Ok::<_, Failure>((count, output_for(file)?))).transpose()?;
    let output = if strip.is_none() { Some(film_output_for(file)?) } else { None };
    let bar = Bar::new();
    let looking = Count::new("looking at", "steps");
    let looked = |done: usize, all: usize| looking.show(done, all);
    let mut draw = DrawRequest::default();
    draw.threads = thread_count(matches);
    draw.progress = &bar;
    let mut is_own_range = false;
    apply_settings_but(matches, &mut draw, &mut |name, value| {
        let per_frame = name == "range" && value == "per-frame";
        is_own_range |= per_frame;
        per_frame
    })?;
    draw.options.own_range = is_own_range;
    let request = request(matches, draw, &looked)?;
    let runs = runs(matches)?;
    let mut film = animate(&runs, &patterns(matches), &request)?;
    looking.finish();
    film.notes().iter().for_each(|text| note(text));
    match (strip, output) {
        (Some((count, output)), _) => {
            let picture = film.strip(count)?;
            let _gently = interrupt::gently();
            write_bytes(file, &render(&picture, output, &picture.render_options())?)?;
        }
        (None, Some(output)) => save(matches, &mut film, file, output)?,
        (None, None) => {}
    }
    Ok(())
}

fn save(
    matches: &ArgMatches,
    film: &mut Film<'_>,
    file: &Path,
    output: &hinton::FilmRow,
) -> Result<(), Failure> {
    let loops = matches.get_one::<u16>("loop").copied().unwrap_or(0);
    let settings = FilmSettings::new(loops, matches.get_flag("indexed"));
    let count = film.len();
    let drawing = Count::new("drawing", "frames");
    let _gently = interrupt::gently();
    let report = save_film(film, file, output, settings, &mut |done| {
        drawing.show(done, count);
        interrupt::flow()
    })?;
    drawing.finish();
    report.notes.iter().for_each(|text| note(text));
    Ok(())
}

fn request<'a>(
    matches: &ArgMatches,
    draw: DrawRequest<'a>,
    looked: &'a (dyn Fn(usize, usize) + Sync),
) -> Result<AnimateRequest<'a>, Failure> {
    let text = |name: &str| matches.get_one::<String>(name).map(String::as_str);
    let number = |name: &str| matches.get_one::<f64>(name).copied();
    let mut request = AnimateRequest::of(draw);
    request.looked = looked;
    if let Some(word) = text("show") {
        request.show = word.parse::<Show>()?;
    }
    if let Some(range) = text("steps") {
        request.steps = range.parse::<StepRange>()?;
    }
    if let Some(name) = text("metric") {
        request.metric = Metric::from(name);
    }
    if let Some(seconds) = text("hold") {
        request.hold = hold(seconds)?;
    }
    request.morph = matches.get_one::<u16>("morph").map_or(0, |&count| usize::from(count));
    request.timing = match (number("fps"), number("duration")) {
        (Some(fps), _) => Timing::Fps(fps),
        (None, Some(seconds)) => Timing::Duration(seconds),
        (None, None) => Timing::Auto,
    };
    Ok(request)
}

/// `1.5` for the last frame, `0.5,2` for the first and the last.
fn hold(text: &str) -> Result<(f64, f64), Failure> {
    let second = |word: &str| {
        word.trim().parse::<f64>().map_err(|_| {
            Failure::usage(
                format!("--hold {text:?}: expected seconds"),
                "one number for the last frame, two with a comma for the first and the last",
            )
        })
    };
    match text.split_once(',') {
        Some((first, last)) => Ok((second(first)?, second(last)?)),
        None => Ok((0.0, second(text)?)),
    }
}

/// Opens the runs, each by itself.
fn runs(matches: &ArgMatches) -> Result<Vec<Run>, Failure> {
    let paths = matches.get_many::<PathBuf>("run").into_iter().flatten();
    let steps_axis = matches.get_one::<u16>("steps-axis").map(|&axis| usize::from(axis));
    let options = RunOptions { steps_axis, ..RunOptions::default() };
    let mut runs = Vec::new();
    for path in paths {
        let run = hinton::open_run(&[path], &options)?;
        run_warnings(&run);
        runs.push(run);
    }
    Ok(runs)
}
