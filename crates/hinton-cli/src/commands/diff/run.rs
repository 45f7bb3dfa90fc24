//! `hinton diff RUN`: which step changed which tensor.

use std::path::Path;
use std::sync::Arc;

use clap::ArgMatches;
use hinton::diff::{StepChange, StepChanges, TensorChanges, diff_steps};
use hinton::films::{
    AnimateRequest, FilmSettings, FrameSource, Show, animate_with, save_film_with,
};
use hinton::inspect::to_json;
use hinton::runs::Run;
use hinton::text::visible;
use hinton::{DrawRequest, Work};

use super::super::draw::{Target, fit, put};
use super::super::steps;
use super::MOST;
use crate::args::{apply_settings, patterns, thread_count};
use crate::failure::{Failure, note, run_warnings_but_tensors};
use crate::progress::{Bar, Count, Reading};
use crate::table::Table;
use crate::terminal::Terminal;
use crate::{encoder, human, interrupt, out};

/// Options that are of two files.
const OF_TWO: [&str; 8] =
    ["match", "fail-on", "csv", "markdown", "spectrum", "blocks", "map", "align"];
/// Most bars that show a tensor's changes in a line of text.
const BARS: usize = 24;

pub(super) fn compared(
    path: &Path,
    target: Option<Target<'_>>,
    matches: &ArgMatches,
) -> Result<(), Failure> {
    let run = as_run(path, matches)?;
    let looking = Count::new("comparing", "steps");
    let looked = |done: usize, all: usize| looking.show(done, all);
    let work = Work { threads: hinton::threads(thread_count(matches)), ..Work::quiet() };
    let found = diff_steps(&run, &patterns(matches), work, &looked)?;
    looking.finish();
    if let Some(target) = target {
        let mut request = DrawRequest::default();
        apply_settings(matches, &mut request)?;
        if let Target::Terminal(terminal) = &target {
            fit(&mut request, terminal, matches);
        }
        return put(&found.draw(&request.options)?, target);
    }
    if matches.get_flag("json") {
        let json = to_json(&found).map_err(|error| Failure::work(error.to_string()))?;
        return out::emit((json + "\n").as_bytes());
    }
    found.notes.iter().for_each(|text| note(text));
    let most = if matches.get_flag("all") { usize::MAX } else { MOST };
    let width = Terminal::detect(None).text_width();
    out::emit(report(&found, most, width).as_bytes())
}

/// Whether a file of that name is a film.
pub(super) fn is_film(file: &Path) -> bool {
    let is_mp4 = file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("mp4"));
    hinton::outputs::output_for(file).is_err()
        && (is_mp4 || hinton::films::film_output_for(file).is_ok())
}

/// A film of the differences from step to step, value by value.
pub(super) fn film(path: &Path, file: &Path, matches: &ArgMatches) -> Result<(), Failure> {
    let output = encoder::own(file)?;
    let run = as_run(path, matches)?;
    let bar = Bar::new();
    let looking = Count::new("looking at", "steps");
    let mut draw = DrawRequest::default();
    apply_settings(matches, &mut draw)?;
    let mut request = AnimateRequest::of(draw);
    request.show = Show::Change;
    let runs = [run];
    let mut film = {
        let reading = Reading { bar: &bar, looking: &looking };
        let work = Work::new(thread_count(matches), &reading);
        animate_with(&runs, &patterns(matches), &request, work)?
    };
    film.set_progress(Arc::new(|_: u64| interrupt::flow()));
    looking.finish();
    film.notes().iter().for_each(|text| note(text));
    let drawing = Count::new("drawing", "frames");
    let count = film.len();
    let _gently = interrupt::gently();
    let report =
        save_film_with(&mut film, file, output, FilmSettings::new(0, false), &mut |done, _| {
            drawing.show(done, count);
            interrupt::flow()
        })?;
    drawing.finish();
    report.notes.iter().for_each(|text| note(text));
    Ok(())
}

/// The run of that path, where no option is given that is of two files.
fn as_run(path: &Path, matches: &ArgMatches) -> Result<Run, Failure> {
    let Some(run) = steps::taken_run(path, false, matches)? else {
        // What is wrong with the file comes before what is missing.
        hinton::open(path)?;
        return Err(Failure::usage(
            format!("{} is one file, and a comparison wants two", path.display()),
            "hinton diff A B; alone stands a run folder or a folder of checkpoints",
        ));
    };
    let given =
        |name: &&&str| matches.value_source(name) == Some(clap::parser::ValueSource::CommandLine);
    if let Some(name) = OF_TWO.iter().find(given) {
        return Err(Failure::usage(
            format!("--{name} compares two files, and {} is a run", path.display()),
            "name two of its checkpoints, or leave the option out",
        ));
    }
    run_warnings_but_tensors(&run);
    Ok(run)
}

fn report(found: &StepChanges, most: usize, width: Option<usize>) -> String {
    let mut text = format!("{}\n", visible(&found.path));
    for line in found.summary() {
        text.push_str(&line);
        text.push('\n');
    }
    let mut table = Table::new(&["name", ">most", "at", "changes"]);
    let largest = found.by_change().first().and_then(|one| one.most()).map_or(0.0, |most| most.1);
    for tensor in found.by_change().into_iter().take(most) {
        let (share, place) = match tensor.most() {
            Some((index, change)) => (percent(change), found.between(index)),
            None => ("-".to_owned(), String::new()),
        };
        let name = visible(&tensor.name).into_owned();
        table.push(vec![name, share, place, bars(tensor, largest)]);
    }
    text.push_str(&format!("\n{}", table.text(width)));
    if found.tensors.len() > most {
        let more = human::several((found.tensors.len() - most) as u64, "more tensor");
        text.push_str(&format!("and {more} (--all lists them)\n"));
    }
    text
}

fn percent(share: f64) -> String {
    format!("{} %", human::number(Some(share * 100.0)))
}

/// A bar for each step, or the largest of several: its height is the logarithm of the change over
/// two decades below the largest of all tensors.
fn bars(tensor: &TensorChanges, largest: f64) -> String {
    const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    const DECADES: f64 = 2.0;
    let bar = |changes: &[StepChange]| {
        if changes.iter().all(|change| matches!(change, StepChange::Missing)) {
            return ' ';
        }
        let most = changes.iter().filter_map(StepChange::relative).fold(0.0, f64::max);
        if most <= 0.0 {
            return '·';
        }
        let share = 1.0 + (most / largest).log10() / DECADES;
        BLOCKS[((share.clamp(0.0, 1.0) * 7.0).round() as usize).min(7)]
    };
    let each = tensor.changes.len().div_ceil(BARS).max(1);
    tensor.changes.chunks(each).map(bar).collect()
}
