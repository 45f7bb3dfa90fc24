//! Two files side by side.

use std::path::Path;

use hinton::inspect::{Pair, compare, to_json};
use hinton::{Work, visible};

use crate::failure::{Failure, warnings};
use crate::human;
use crate::progress::Bar;
use crate::table::Table;

/// What to compare, and how.
pub(super) struct Ask<'a> {
    pub(super) first: &'a Path,
    pub(super) second: &'a Path,
    pub(super) patterns: &'a [String],
    pub(super) reads: bool,
    pub(super) json: bool,
    pub(super) threads: usize,
    pub(super) width: Option<usize>,
}

pub(super) fn report(ask: &Ask<'_>) -> Result<String, Failure> {
    let (first, second) = (hinton::open(ask.first)?, hinton::open(ask.second)?);
    if !ask.json {
        warnings(&first);
        warnings(&second);
    }
    let mut comparison = compare(&first, &second, ask.patterns)?;
    if ask.reads {
        let bar = Bar::new();
        bar.expect(comparison.bytes());
        comparison.read(Work { threads: hinton::threads(ask.threads), progress: &bar })?;
    }
    if ask.json {
        let text = to_json(&comparison).map_err(|error| Failure::work(error.to_string()))?;
        return Ok(text + "\n");
    }
    let mut text = format!(
        "first   {}: {}\nsecond  {}: {}\n",
        visible(&first.path),
        human::several(first.tensors.len() as u64, "tensor"),
        visible(&second.path),
        human::several(second.tensors.len() as u64, "tensor")
    );
    text.push_str(&table(&comparison.pairs, ask.reads).text(ask.width));
    text.push_str(&verdicts(&comparison.pairs));
    if !ask.reads {
        text.push_str("--stats reads the values and says how far they are from each other\n");
    }
    Ok(text)
}

fn table(pairs: &[Pair], reads: bool) -> Table {
    let mut head = vec!["name", "shape", "dtype", "verdict"];
    if reads {
        head.extend([">differing", ">largest", ">change"]);
    }
    let mut table = Table::new(&head);
    for pair in pairs {
        let sides = [&pair.first, &pair.second].map(Option::as_ref);
        let both = |text: &dyn Fn(&hinton::Tensor) -> String| {
            let texts: Vec<String> = sides.iter().flatten().map(|tensor| text(tensor)).collect();
            match texts.as_slice() {
                [a, b] if a != b => format!("{a} → {b}"),
                [one, ..] => one.clone(),
                [] => String::new(),
            }
        };
        let mut row = vec![
            visible(&pair.name).into_owned(),
            both(&|tensor| human::shape(tensor.shape())),
            both(&|tensor| tensor.dtype().name().to_owned()),
            pair.verdict().to_owned(),
        ];
        if reads {
            let difference = pair.difference.as_ref().map(|(difference, _)| difference);
            row.push(difference.map_or("-".to_owned(), |one| human::count(one.differing)));
            row.push(human::number(difference.map(|one| one.largest)));
            let percent = pair.relative().map(|share| share * 100.0);
            row.push(
                percent.map_or("-".to_owned(), |one| format!("{} %", human::number(Some(one)))),
            );
        }
        table.push(row);
    }
    table
}

/// `3 equal, 1 only in the first`.
fn verdicts(pairs: &[Pair]) -> String {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for pair in pairs {
        match counts.iter_mut().find(|(verdict, _)| *verdict == pair.verdict()) {
            Some((_, count)) => *count += 1,
            None => counts.push((pair.verdict(), 1)),
        }
    }
    let parts: Vec<String> =
        counts.iter().map(|(verdict, count)| format!("{count} {verdict}")).collect();
    format!("{}\n", parts.join(", "))
}
