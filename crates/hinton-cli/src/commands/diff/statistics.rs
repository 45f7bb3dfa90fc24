//! `hinton diff` if at least one of the two files is a summary: its statistics are known, but not
//! its values.

use clap::ArgMatches;
use clap::parser::ValueSource;
use hinton::diff::{Condition, Rule, StatisticsDiff, StatisticsPair, diff_statistics};
use hinton::inspect::to_json;
use hinton::text::visible;
use hinton::{Checkpoint, DrawRequest, Tensor, Work};

use super::super::draw::{Target, fit, put};
use super::{MOST, text};
use crate::args::{apply_settings, patterns, thread_count};
use crate::failure::{Failure, note};
use crate::human;
use crate::out;
use crate::progress::Bar;
use crate::table::Table;
use crate::terminal::Terminal;

/// Options that take values.
const OF_VALUES: [&str; 5] = ["map", "align", "spectrum", "blocks", "sort"];

/// What is asked of the comparison.
pub(super) struct Ask<'a> {
    pub(super) rule: Rule,
    pub(super) fail_on: Option<&'a [Condition]>,
    pub(super) target: Option<Target<'a>>,
    pub(super) is_page: bool,
}

pub(super) fn compared(
    a: &Checkpoint,
    b: &Checkpoint,
    ask: Ask<'_>,
    matches: &ArgMatches,
) -> Result<(), Failure> {
    let given = |name: &&&str| matches.value_source(name) == Some(ValueSource::CommandLine);
    let cure = "leave it out, or name the files that the summaries are of";
    if let Some(name) = OF_VALUES.iter().find(given) {
        return Err(Failure::usage(format!("--{name} takes values, and a summary has none"), cure));
    }
    if ask.is_page {
        return Err(Failure::usage(
            "a page shows values, and a summary has none",
            "-o change.png draws the histograms of both",
        ));
    }
    let mut found = diff_statistics(a, b, &patterns(matches), ask.rule)?;
    let conditions = ask.fail_on.map(|list| {
        list.iter().map(|one| one.failure_of_statistics(&found)).collect::<Result<Vec<_>, _>>()
    });
    // What a condition cannot tell is said before anything is read.
    conditions.transpose()?;
    read(&mut found, thread_count(matches))?;
    if let Some(target) = ask.target {
        let mut request = DrawRequest::default();
        apply_settings(matches, &mut request)?;
        if let Target::Terminal(terminal) = &target {
            fit(&mut request, terminal, matches);
        }
        put(&found.draw(&request.options)?, target)?;
        return ended(&found, ask.fail_on);
    }
    let most = if matches.get_flag("all") { usize::MAX } else { MOST };
    let text = if matches.get_flag("json") {
        to_json(&found).map_err(|error| Failure::work(error.to_string()))? + "\n"
    } else if matches.get_flag("csv") {
        found.to_csv()
    } else if matches.get_flag("markdown") {
        found.to_markdown(most)
    } else {
        report(&found, most, Terminal::detect(None).text_width())
    };
    out::emit(text.as_bytes())?;
    ended(&found, ask.fail_on)
}

/// Reads what is not known yet.
pub(super) fn read(found: &mut StatisticsDiff, threads: usize) -> Result<(), Failure> {
    let bar = Bar::new();
    bar.expect(found.bytes());
    Ok(found.read(Work { threads: hinton::threads(threads), progress: &bar })?)
}

pub(super) fn report(found: &StatisticsDiff, most: usize, width: Option<usize>) -> String {
    let (a, b) = (visible(&found.path_a), visible(&found.path_b));
    let mut text = format!("a  {a}\nb  {b}\n");
    for line in found.summary() {
        text.push_str(&line);
        text.push('\n');
    }
    text.push_str(&pairs(found, most, width));
    let unlike = found.unlike.iter().map(|(a, b)| {
        let (shape_a, shape_b) = (human::shape(a.shape()), human::shape(b.shape()));
        format!("{}: {shape_a} against {shape_b}", visible(a.name()))
    });
    text.push_str(&text::singles("shapes differ", most, unlike));
    let single = |tensor: &Tensor| {
        let (name, shape) = (visible(tensor.name()).into_owned(), human::shape(tensor.shape()));
        format!("{name} {} {shape}", tensor.stored_type())
    };
    text.push_str(&text::singles("only in a", most, found.only_a.iter().map(single)));
    text.push_str(&text::singles("only in b", most, found.only_b.iter().map(single)));
    text
}

fn pairs(found: &StatisticsDiff, most: usize, width: Option<usize>) -> String {
    let is_all = most == usize::MAX;
    let shown = found.by_change().into_iter().filter(|pair| is_all || !pair.is_same());
    let shown: Vec<&StatisticsPair> = shown.collect();
    if shown.is_empty() {
        return String::new();
    }
    let mut table = Table::new(&["name", ">changed", ">mean", ">std", "what else differs"]);
    for pair in shown.iter().take(most) {
        let change = |of: fn(&hinton::tensors::Summary) -> Option<f64>| {
            let Some(found) = &pair.found else { return String::new() };
            let [a, b] = found.summaries.each_ref().map(|one| human::number(of(one)));
            if a == b { a } else { format!("{a} → {b}") }
        };
        table.push(vec![
            pair.label(),
            pair.said(),
            change(hinton::tensors::Summary::mean),
            change(hinton::tensors::Summary::std),
            pair.figures().join(", "),
        ]);
    }
    let mut text = format!("\n{}", table.text(width));
    if shown.len() > most {
        let more = human::several((shown.len() - most) as u64, "more tensor");
        text.push_str(&format!("and {more} that differ (--all lists them)\n"));
    }
    text
}

/// The exit code: whether statistics differ, or which condition is met.
fn ended(found: &StatisticsDiff, fail_on: Option<&[Condition]>) -> Result<(), Failure> {
    let has_nothing = found.pairs.is_empty() && found.unlike.is_empty();
    if has_nothing && !(found.only_a.is_empty() && found.only_b.is_empty()) {
        return Err(Failure::said(2));
    }
    let Some(conditions) = fail_on else {
        return if found.is_same() { Ok(()) } else { Err(Failure::said(1)) };
    };
    let mut fails = false;
    for condition in conditions {
        if let Some(failure) = condition.failure_of_statistics(found)? {
            note(&format!("fails on {failure}"));
            fails = true;
        }
    }
    if fails { Err(Failure::said(1)) } else { Ok(()) }
}
