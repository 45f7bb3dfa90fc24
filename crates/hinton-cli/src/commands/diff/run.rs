//! `hinton diff RUN`: which step changed which tensor.

use std::path::Path;

use clap::ArgMatches;
use hinton::diff::{StepChange, StepChanges, TensorChanges, diff_steps};
use hinton::inspect::to_json;
use hinton::{DrawRequest, Work, visible};

use super::super::draw::{Target, fit, put};
use super::super::steps;
use super::MOST;
use crate::args::{apply_settings, patterns, thread_count};
use crate::failure::{Failure, note, run_warnings_but_tensors};
use crate::progress::Count;
use crate::table::Table;
use crate::terminal::Terminal;
use crate::{human, out};

/// Options that are of two files.
const OF_TWO: [&str; 7] = ["match", "fail-on", "csv", "markdown", "spectrum", "map", "align"];
/// Most bars that show a tensor's changes in a line of text.
const BARS: usize = 24;

pub(super) fn compared(
    path: &Path,
    target: Option<Target<'_>>,
    matches: &ArgMatches,
) -> Result<(), Failure> {
    let Some(run) = steps::as_run(path, false)? else {
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
