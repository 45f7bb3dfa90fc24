//! A comparison as text for a terminal.

use std::collections::BTreeMap;

use hinton::Tensor;
use hinton::diff::{Change, Diff, Measures, Pair};
use hinton::text::visible;

use crate::human;
use crate::table::Table;

/// Most names of tensors in one file only, or with other shapes, that are listed.
const MOST_NAMES: usize = 10;
/// Characters of a line from which on a table has room for what casts do.
const WIDE: usize = 100;
/// The column for it.
const CAST: usize = 3;

/// By what a list can be sorted, the largest first; `None` is the order of the file.
type Sort = (&'static str, Option<fn(&Pair, &Measures) -> f64>);

pub(super) const SORTS: [Sort; 5] = [
    (
        "rel",
        Some(|pair, measures| {
            if measures.odd.changed() > 0 {
                return f64::INFINITY;
            }
            // Equal pairs, which have no relative change, come last.
            if pair.is_equal() { -1.0 } else { measures.relative().unwrap_or(f64::MAX) }
        }),
    ),
    ("max", Some(|_, measures| measures.largest.as_ref().map_or(0.0, |one| one.magnitude))),
    ("changed", Some(|_, measures| measures.changed_share())),
    ("norm", Some(|_, measures| measures.norm_difference)),
    ("file", None),
];

/// How it is shown.
pub(super) struct Ask<'a> {
    /// One of [`SORTS`]; empty for the first.
    pub(super) sort: &'a str,
    /// Most tensors.
    pub(super) most: usize,
    /// Characters of a line.
    pub(super) width: Option<usize>,
}

pub(super) fn report(diff: &Diff, ask: &Ask<'_>) -> String {
    let mut text = format!("a  {}\nb  {}\n", visible(&diff.path_a), visible(&diff.path_b));
    for line in diff.summary() {
        text.push_str(&line);
        text.push('\n');
    }
    text.push_str(&pairs(diff, ask));
    text.push_str(&singles(
        "shapes differ",
        ask.most,
        diff.unlike.iter().map(|(a, b)| {
            let (shape_a, shape_b) = (human::shape(a.shape()), human::shape(b.shape()));
            format!("{}: {shape_a} against {shape_b}", visible(a.name()))
        }),
    ));
    let single = |tensor: &Tensor| {
        let (name, shape) = (visible(tensor.name()).into_owned(), human::shape(tensor.shape()));
        format!("{name} {} {shape}", tensor.stored_type())
    };
    text.push_str(&singles("only in a", ask.most, diff.only_a.iter().map(single)));
    text.push_str(&singles("only in b", ask.most, diff.only_b.iter().map(single)));
    text
}

fn pairs(diff: &Diff, ask: &Ask<'_>) -> String {
    let is_all = ask.most == usize::MAX;
    let mut shown: Vec<(&Pair, &Measures)> = diff
        .pairs
        .iter()
        .filter_map(|pair| Some((pair, pair.measures.as_ref()?)))
        .filter(|(pair, _)| is_all || !pair.is_equal())
        .collect();
    if shown.is_empty() {
        return String::new();
    }
    let sort = SORTS.iter().find(|(word, _)| *word == ask.sort).unwrap_or(&SORTS[0]);
    if let Some(key) = sort.1 {
        shown.sort_by(|a, b| key(b.0, b.1).total_cmp(&key(a.0, a.1)));
    }
    // Where there is little room, names come first: what casts do is said below.
    let is_wide = ask.width.is_none_or(|width| width >= WIDE);
    let heads = ["name", ">changed", ">relative", ">cast", ">cosine", ">max change", "note"];
    let heads = heads.into_iter().enumerate().filter(|(column, _)| is_wide || *column != CAST);
    let mut table = Table::new(&heads.map(|(_, head)| head).collect::<Vec<_>>());
    for (pair, measures) in shown.iter().take(ask.most) {
        let cells = row(pair, measures).into_iter().enumerate();
        let cells = cells.filter(|(column, _)| is_wide || *column != CAST);
        table.push(cells.map(|(_, cell)| cell).collect());
    }
    let mut text = format!("\n{}", table.text(ask.width));
    if !is_wide {
        text.push_str(&casts(shown.iter().take(ask.most).map(|one| one.1)));
    }
    if shown.len() > ask.most {
        let more = shown.len() - ask.most;
        text.push_str(&format!(
            "and {} that changed (--all lists them)\n",
            human::several(more as u64, "more tensor")
        ));
    }
    text
}

/// What a cast to each dtype does by itself.
fn casts<'m>(measures: impl Iterator<Item = &'m Measures>) -> String {
    let known: BTreeMap<&str, f64> = measures
        .filter_map(|one| Some((one.noise.name, one.noise.relative.filter(|noise| *noise > 0.0)?)))
        .collect();
    let one = |(name, noise): (&str, f64)| {
        format!("a cast to {name} alone: {} %\n", human::number(Some(noise * 100.0)))
    };
    known.into_iter().map(one).collect()
}

fn row(pair: &Pair, measures: &Measures) -> Vec<String> {
    let percent = |share: Option<f64>| {
        share.map_or("-".to_owned(), |share| format!("{} %", human::number(Some(share * 100.0))))
    };
    vec![
        visible(pair.a.name()).into_owned(),
        percent(Some(measures.changed_share())),
        percent(measures.relative()),
        // What a cast to the coarser dtype does by itself.
        percent(measures.noise.relative.filter(|noise| *noise > 0.0)),
        human::number(measures.cosine()),
        human::number(Some(measures.largest.as_ref().map_or(0.0, |one| one.magnitude))),
        note(pair, measures),
    ]
}

/// What else is to be said of a pair, shortly.
fn note(pair: &Pair, measures: &Measures) -> String {
    let mut notes = Vec::new();
    let odd = &measures.odd;
    for (count, what) in [
        (odd.nan_came, "NaN came"),
        (odd.nan_went, "NaN went"),
        (odd.inf_came, "inf came"),
        (odd.inf_went, "inf went"),
    ] {
        if count > 0 {
            notes.push(format!("{} {what}", human::count(count)));
        }
    }
    if pair.is_noise() {
        notes.push(format!("{} rounding", measures.noise.name));
    }
    if let Some(found) = pair.low_rank() {
        notes.push(format!("rank {}", found.rank));
    } else if let Some(rank) = pair.spectrum.as_ref().and_then(|one| one.effective_rank()) {
        notes.push(format!("effective rank {}", human::number(Some(rank))));
    }
    match &pair.change {
        Change::None => {}
        Change::Axes { order, .. } if order.len() == 2 => notes.push("transposed".to_owned()),
        Change::Axes { .. } => notes.push("axes reordered".to_owned()),
        Change::Rotary { .. } => notes.push("rotary order".to_owned()),
        Change::Interleaved { .. } => notes.push("interleaved".to_owned()),
        Change::Flattened { .. } => notes.push("flatten order".to_owned()),
        Change::Part { .. } => notes.push("fused".to_owned()),
        Change::Expert { number } => notes.push(format!("expert {number}")),
        Change::Aligned { moved: 0, .. } => notes.push("inputs in order".to_owned()),
        Change::Aligned { moved, .. } => {
            notes.push(format!("{moved} units moved"));
        }
        Change::Tied => notes.push("tied".to_owned()),
        Change::Exponential { .. } => notes.push("-exp".to_owned()),
        Change::Reshaped => notes.push("reshaped".to_owned()),
        Change::Rows { a, b } => notes.push(format!("rows {a} → {b}")),
    }
    notes.join(", ")
}

/// A list under a heading, where there is anything to list.
pub(super) fn singles(
    what: &str,
    most: usize,
    lines: impl ExactSizeIterator<Item = String>,
) -> String {
    let count = lines.len();
    if count == 0 {
        return String::new();
    }
    let most = most.max(MOST_NAMES);
    let mut text = format!("\n{what}:\n");
    lines.take(most).for_each(|line| text.push_str(&format!("  {line}\n")));
    if count > most {
        text.push_str(&format!("  and {} more (--all lists them)\n", count - most));
    }
    text
}
