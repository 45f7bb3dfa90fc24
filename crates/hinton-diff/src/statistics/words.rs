//! Summarises the differences of statistics in sentences.

use hinton_tensor::Summary;
use hinton_words::{short, short_count};

use super::{Counts, FoundStatistics, StatisticsDiff, StatisticsPair};
use crate::summary::{percent, several, type_name};

/// Most tensors that are named in a sentence.
const MOST_NAMED: usize = 3;

/// How sentences about NaN and infinities begin.
pub(super) const ODD: [&str; 3] = ["NaN: ", "+inf: ", "-inf: "];

/// A number of values, and a figure of them.
type Count = fn(&Summary) -> u64;
type Figure = fn(&Summary) -> Option<f64>;

pub(super) fn sentences(diff: &StatisticsDiff) -> Vec<String> {
    let mut lines = vec![headline(diff)];
    lines.extend(odd(diff));
    lines.extend(counts(diff));
    lines.extend(casts(diff));
    lines.extend(turned(diff));
    lines.extend(partial(diff));
    lines.push(caveat(diff));
    lines
}

fn found(diff: &StatisticsDiff) -> impl Iterator<Item = &FoundStatistics> {
    diff.pairs.iter().filter_map(|pair| pair.found.as_ref())
}

fn headline(diff: &StatisticsDiff) -> String {
    let count = diff.pairs.len() as u64;
    if count == 0 {
        return match diff.unlike.len() {
            0 => "nothing in common: no tensor of one file was found in the other".to_owned(),
            unlike => format!(
                "nothing can be compared: {} of the same name, with other shapes",
                several(unlike as u64, "tensor")
            ),
        };
    }
    let values: u64 =
        found(diff).map(|found| found.summaries[0].elements).fold(0, u64::saturating_add);
    let all = format!("{}, {}", several(count, "tensor"), several(values, "value"));
    if diff.is_same() {
        return format!("the same statistics: {all}");
    }
    let others = match diff.unlike.is_empty() && diff.only_a.is_empty() && diff.only_b.is_empty() {
        true => "",
        false => "; not every tensor is in both",
    };
    let differ = diff.pairs.iter().filter(|pair| !pair.is_same());
    let changed: Vec<&StatisticsPair> = differ.filter(|pair| !pair.is_unknown()).collect();
    if changed.is_empty() {
        return match diff.pairs.iter().any(StatisticsPair::is_unknown) {
            true => format!("nothing differs where both know the same values: {all}{others}"),
            false => format!("the same statistics where both have it: {all}{others}"),
        };
    }
    let least = |pair: &&StatisticsPair| match pair.found.as_ref()?.counts {
        Counts::Changed(least) => Some(least),
        _ => None,
    };
    let least: u64 = changed.iter().filter_map(least).fold(0, u64::saturating_add);
    let share = match least {
        0 => String::new(),
        least if least < 10 => format!(", at least {} changed", several(least, "value")),
        least => format!(
            ", at least {} of the values changed",
            percent(least as f64 / values.max(1) as f64)
        ),
    };
    format!("statistics of {} of {} differ{share}{others}", changed.len(), several(count, "tensor"))
}

fn counts(diff: &StatisticsDiff) -> Option<String> {
    let of = |test: fn(&Counts) -> bool| found(diff).filter(|one| test(&one.counts)).count();
    let parts: Vec<String> = [
        (of(|one| *one == Counts::SameDigest), "with the same bytes by a digest"),
        (of(|one| *one == Counts::OtherBytes), "with the same counts and other bytes"),
        (of(|one| *one == Counts::Same), "with each value as often in both"),
        (
            of(|one| *one == Counts::SameInBins),
            "with the same counts in bins of 0.8 % and the same sums",
        ),
        (
            of(|one| *one == Counts::OtherSums),
            "with the same counts in bins of 0.8 % and other sums",
        ),
        (of(|one| matches!(one, Counts::Changed(_))), "with other values"),
        (of(|one| *one == Counts::Unknown), "of which the files know different parts"),
        (diff.unlike.len(), "with other shapes"),
        (diff.only_a.len(), "only in a"),
        (diff.only_b.len(), "only in b"),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, what)| format!("{} {what}", short_count(count as u64)))
    .collect();
    (parts.len() > 1).then(|| parts.join(", "))
}

/// NaN and infinities whose number is another.
fn odd(diff: &StatisticsDiff) -> Vec<String> {
    let of: [fn(&Summary) -> u64; 3] = [|one| one.nan, |one| one.pos_inf, |one| one.neg_inf];
    let lines = ODD.into_iter().zip(of).filter_map(|(what, of)| {
        let both = |pair: &StatisticsPair| {
            let found = pair.found.as_ref().filter(|found| found.counts != Counts::Unknown)?;
            let counts = [of(&found.summaries[0]), of(&found.summaries[1])];
            (counts[0] != counts[1]).then(|| (pair.label(), counts))
        };
        let changed: Vec<(String, [u64; 2])> = diff.pairs.iter().filter_map(both).collect();
        let named = changed
            .iter()
            .take(MOST_NAMED)
            .map(|(name, [a, b])| format!("{} → {} in {name}", short_count(*a), short_count(*b)));
        let more = match changed.len().saturating_sub(MOST_NAMED) {
            0 => String::new(),
            more => format!(", and in {}", several(more as u64, "more tensor")),
        };
        let named: Vec<String> = named.collect();
        (!changed.is_empty()).then(|| format!("{what}{}{more}", named.join(", ")))
    });
    lines.collect()
}

/// How often which type became which.
fn casts(diff: &StatisticsDiff) -> Vec<String> {
    let mut known: Vec<(String, u64)> = Vec::new();
    for pair in diff.pairs.iter().filter(|pair| pair.is_cast()) {
        let [a, b] = [&pair.a, &pair.b].map(|one| type_name(one.stored_type()));
        let cast = format!("{a} → {b}");
        match known.iter_mut().find(|(one, _)| *one == cast) {
            Some((_, count)) => *count += 1,
            None => known.push((cast, 1)),
        }
    }
    let line = |(cast, count): (String, u64)| format!("{}: {cast}", several(count, "tensor"));
    known.into_iter().map(line).collect()
}

fn turned(diff: &StatisticsDiff) -> Option<String> {
    let count = diff.pairs.iter().filter(|pair| pair.is_turned()).count() as u64;
    (count > 0).then(|| {
        format!("{} with axes in another order, which changes no count", several(count, "tensor"))
    })
}

/// What a partial summary knows.
fn partial(diff: &StatisticsDiff) -> Vec<String> {
    let line = |(side, name): (usize, &str)| {
        let parts = || found(diff).map(|found| found.stripes[side]);
        let (known, all) = parts().fold((0u64, 0u64), |sum, one| {
            (sum.0.saturating_add(one.0), sum.1.saturating_add(one.1))
        });
        let count = parts().filter(|(known, all)| known < all).count() as u64;
        (count > 0).then(|| {
            format!(
                "of {name} {known} of {all} stripes are compared: {} in part, as far as both know the same \
                 stripes in the order of memory",
                several(count, "tensor")
            )
        })
    };
    [(0, "a"), (1, "b")].into_iter().filter_map(line).collect()
}

/// What is not said.
fn caveat(diff: &StatisticsDiff) -> String {
    let who = match diff.is_summary {
        [true, true] => "both are summaries",
        [true, false] => "a is a summary",
        _ => "b is a summary",
    };
    format!(
        "{who}: where values lie is not known, so equal statistics are not equal values, and how far values \
         moved is not told; name the files themselves for that"
    )
}

impl StatisticsPair {
    pub(super) fn is_unknown(&self) -> bool {
        self.found.as_ref().is_none_or(|found| found.counts == Counts::Unknown)
    }

    /// What the counts say, in a few words.
    pub fn said(&self) -> String {
        let Some(found) = &self.found else { return String::new() };
        match found.counts {
            Counts::SameDigest => "same bytes by a digest".to_owned(),
            Counts::OtherBytes => "same counts, other bytes".to_owned(),
            Counts::Same => "each value as often".to_owned(),
            Counts::SameInBins => "same in bins, same sums".to_owned(),
            Counts::OtherSums => "same in bins, other sums".to_owned(),
            Counts::Changed(least) if least < 10 => format!("≥ {}", several(least, "value")),
            Counts::Changed(_) => format!("≥ {}", percent(found.changed_share().unwrap_or(0.0))),
            Counts::Unknown => "other parts".to_owned(),
        }
    }

    /// The statistics that differ, except mean and standard deviation: `min -1 → -2, 3 → 5 zeros`.
    pub fn figures(&self) -> Vec<String> {
        let Some(found) = &self.found else { return Vec::new() };
        let [a, b] = &found.summaries;
        let mut figures = Vec::new();
        let counts: [(&str, Count); 4] = [
            ("NaN", |one| one.nan),
            ("+inf", |one| one.pos_inf),
            ("-inf", |one| one.neg_inf),
            ("zeros", |one| one.zeros),
        ];
        for (what, of) in counts.into_iter().filter(|(_, of)| of(a) != of(b)) {
            figures.push(format!("{what} {} → {}", short_count(of(a)), short_count(of(b))));
        }
        let ends: [(&str, Figure); 3] =
            [("min", Summary::min), ("max", Summary::max), ("median", |one| one.quantile(0.5))];
        for (what, of) in ends.into_iter().filter(|(_, of)| of(a) != of(b)) {
            let text = |value: Option<f64>| {
                value.map_or("none".to_owned(), |value| short(value).replace('−', "-"))
            };
            let (a, b) = (text(of(a)), text(of(b)));
            // What differs past the digits that are shown is in the JSON.
            if a != b {
                figures.push(format!("{what} {a} → {b}"));
            }
        }
        if !found.is_whole() {
            let stripes = found.stripes.map(|(known, all)| format!("{known} of {all}"));
            figures.push(format!("stripes {} and {}", stripes[0], stripes[1]));
        }
        figures
    }
}
