//! Compares two checkpoints of which at least one is a summary: its statistics are known, but not
//! its values.
//!
//! A summary does not contain the positions of values, so values are not paired here. What can be
//! determined exactly is how often each value occurs, and from that how many values must have
//! changed at least.

mod picture;
mod words;
mod write;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use hinton_compare::canonical;
use hinton_format::Checkpoint;
use hinton_tensor::{
    Folding, PartError, Summary, SummaryPart, Tensor, Work, examine_part, summarize_part,
};
use hinton_weights::{Error, Selected, select};
use hinton_words::visible;

use super::{Rule, named, names_of};
pub use picture::MOST_HISTOGRAMS;

/// The comparison of the statistics of two checkpoints, tensor by tensor.
#[derive(Debug, Clone, Default)]
pub struct StatisticsDiff {
    /// Path of the first file.
    pub path_a: String,
    /// Path of the second file.
    pub path_b: String,
    /// Which of the two are summaries; the values of the other are read.
    pub is_summary: [bool; 2],
    /// Tensors that both files have, in the order of the first.
    pub pairs: Vec<StatisticsPair>,
    /// Tensors with the same name whose shapes differ: from the first and the second file.
    pub unlike: Vec<(Tensor, Tensor)>,
    /// Tensors that only the first file has.
    pub only_a: Vec<Tensor>,
    /// Tensors that only the second file has.
    pub only_b: Vec<Tensor>,
}

/// A tensor that both files have.
#[derive(Debug, Clone)]
pub struct StatisticsPair {
    /// The tensor of the first file.
    pub a: Tensor,
    /// The tensor of the second file.
    pub b: Tensor,
    /// The statistics of both; filled by [`StatisticsDiff::read`].
    pub found: Option<FoundStatistics>,
}

/// The statistics of a tensor in both files.
#[derive(Debug, Clone)]
pub struct FoundStatistics {
    /// The statistics of both.
    pub summaries: [Summary; 2],
    /// The number of stripes of 131,072 values that each covers, and the total number.
    pub stripes: [(u64, u64); 2],
    /// What follows from the counts.
    pub counts: Counts,
}

/// What the counts of two tensors say about their values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counts {
    /// All bytes are the same, by their digest: both summaries were made with checks.
    SameDigest,
    /// Each value occurs equally often in both, perhaps at other positions.
    Same,
    /// Each bin (0.8 % of the value) has equally many values in both, and all sums are the same to
    /// the last bit.
    SameInBins,
    /// Each bin has equally many values in both, but sums differ: values changed within their bins,
    /// or are at other positions.
    OtherSums,
    /// Counts are the same, in bins or exactly, but the bytes differ, by their digest: values changed
    /// within their bins, or are at other positions.
    OtherBytes,
    /// At least this number of values changed.
    Changed(u64),
    /// The summaries cover different parts of the tensor, so nothing can be concluded.
    Unknown,
}

/// Whether any tensor has statistics in place of its values.
pub fn is_summary(checkpoint: &Checkpoint) -> bool {
    checkpoint.tensors.iter().any(|tensor| tensor.known().is_some())
}

/// Matches the tensors of two files that match the patterns (all, without patterns): by name, or
/// also by the names of other libraries, depending on the rule; never by values.
///
/// # Errors
/// Returns the errors of [`select`], if a pattern matches nothing in both files.
pub fn diff_statistics<S: AsRef<str>>(
    a: &Checkpoint,
    b: &Checkpoint,
    patterns: &[S],
    rule: Rule,
) -> Result<StatisticsDiff, Error> {
    let none: &[&str] = &[];
    let (all_a, all_b) = (named(select(a, none)?), named(select(b, none)?));
    let mut found = StatisticsDiff {
        path_a: a.path.clone(),
        path_b: b.path.clone(),
        is_summary: [is_summary(a), is_summary(b)],
        ..StatisticsDiff::default()
    };
    found.pair(&all_a, &all_b, rule);
    if !patterns.is_empty() {
        let (in_a, in_b) = meant(a, b, patterns)?;
        let is_in = |names: &BTreeSet<String>, tensor: &Tensor| names.contains(tensor.name());
        let both = |a: &Tensor, b: &Tensor| is_in(&in_a, a) || is_in(&in_b, b);
        found.pairs.retain(|pair| both(&pair.a, &pair.b));
        found.unlike.retain(|(a, b)| both(a, b));
        found.only_a.retain(|tensor| is_in(&in_a, tensor));
        found.only_b.retain(|tensor| is_in(&in_b, tensor));
    }
    Ok(found)
}

/// The names that patterns mean in either file.
fn meant<S: AsRef<str>>(
    a: &Checkpoint,
    b: &Checkpoint,
    patterns: &[S],
) -> Result<(BTreeSet<String>, BTreeSet<String>), Error> {
    let (mut in_a, mut in_b) = (BTreeSet::new(), BTreeSet::new());
    for pattern in patterns {
        if super::is_sliced(pattern) {
            return Err(Error::unfit(
                format!(
                    "{}: a summary is of whole tensors, not of slices",
                    visible(pattern.as_ref())
                ),
                "name the tensor without a slice, or files that have the values",
            ));
        }
        let pattern = std::slice::from_ref(pattern);
        match (select(a, pattern), select(b, pattern)) {
            (Err(error), Err(_)) => return Err(error),
            (of_a, of_b) => {
                let names =
                    |found: Result<Vec<Selected>, Error>| names_of(&found.unwrap_or_default());
                in_a.extend(names(of_a));
                in_b.extend(names(of_b));
            }
        }
    }
    Ok((in_a, in_b))
}

impl StatisticsDiff {
    fn pair(&mut self, a: &[Tensor], b: &[Tensor], rule: Rule) {
        let mut partner: Vec<Option<usize>> = vec![None; a.len()];
        let mut is_left = vec![true; b.len()];
        let keys: &[fn(&str) -> String] = match rule {
            Rule::Exact => &[str::to_owned],
            _ => &[str::to_owned, |name| canonical(name)],
        };
        for key in keys {
            let of_a = once(a.iter().enumerate().filter(|(at, _)| partner[*at].is_none()), key);
            let of_b = once(b.iter().enumerate().filter(|(at, _)| is_left[*at]), key);
            for (name, at) in of_a {
                if let (Some(at), Some(Some(other))) = (at, of_b.get(&name)) {
                    partner[at] = Some(*other);
                    is_left[*other] = false;
                }
            }
        }
        for (one, other) in a.iter().zip(partner) {
            match other.map(|other| &b[other]) {
                None => self.only_a.push(one.clone()),
                Some(other) if fits(one, other, rule) => {
                    let (a, b) = (one.clone(), other.clone());
                    self.pairs.push(StatisticsPair { a, b, found: None });
                }
                Some(other) => self.unlike.push((one.clone(), other.clone())),
            }
        }
        self.only_b.extend(b.iter().zip(is_left).filter(|one| one.1).map(|one| one.0.clone()));
    }

    /// The maximum number of bytes that [`read`](StatisticsDiff::read) will read.
    pub fn bytes(&self) -> u64 {
        let sides = self.pairs.iter().flat_map(|pair| [&pair.a, &pair.b]);
        let read = sides.filter(|tensor| tensor.known().is_none());
        read.map(Tensor::byte_len).fold(0, u64::saturating_add)
    }

    /// Fills in the statistics of each pair. If a file has values, their statistics are computed
    /// for the same stripes that the other file covers.
    ///
    /// # Errors
    /// Returns an error if values cannot be read, or the work was cancelled.
    pub fn read(&mut self, work: Work<'_>) -> Result<(), Error> {
        for pair in &mut self.pairs {
            let of_a = known(&pair.a, pair.b.known(), work)?;
            let of_b = known(&pair.b, Some(&of_a), work)?;
            pair.found = Some(FoundStatistics::of(&of_a, &of_b));
        }
        Ok(())
    }

    /// Whether nothing that summaries contain differs: the same tensors, with the same dtypes,
    /// shapes and statistics. Their values may still differ. False before
    /// [`read`](StatisticsDiff::read).
    pub fn is_same(&self) -> bool {
        let singles = [&self.only_a, &self.only_b].iter().all(|list| list.is_empty());
        let same = |pair: &StatisticsPair| pair.is_same() && !pair.is_cast() && !pair.is_turned();
        singles && self.unlike.is_empty() && self.pairs.iter().all(same)
    }

    /// What differs, in a few sentences, the most important first.
    pub fn summary(&self) -> Vec<String> {
        words::sentences(self)
    }

    /// The pairs by the share of values that changed, largest first; pairs in which non-finite
    /// values appeared or disappeared come before all others. Equal pairs stay in order.
    pub fn by_change(&self) -> Vec<&StatisticsPair> {
        let mut pairs: Vec<&StatisticsPair> = self.pairs.iter().collect();
        pairs.sort_by(|a, b| b.weight().total_cmp(&a.weight()));
        pairs
    }
}

impl StatisticsPair {
    /// Whether nothing that is known about the values differs; false before they are read.
    pub fn is_same(&self) -> bool {
        let counts = self.found.as_ref().map(|found| found.counts);
        matches!(counts, Some(Counts::SameDigest | Counts::Same | Counts::SameInBins))
    }

    /// Whether the two files store it in different dtypes.
    pub fn is_cast(&self) -> bool {
        self.a.stored_type() != self.b.stored_type()
    }

    /// Whether the axes of one are in another order.
    pub fn is_turned(&self) -> bool {
        self.a.shape() != self.b.shape()
    }

    /// The name, and the name in the other file if it is different.
    pub fn label(&self) -> String {
        match self.a.name() == self.b.name() {
            true => visible(self.a.name()).into_owned(),
            false => format!("{} = {}", visible(self.a.name()), visible(self.b.name())),
        }
    }

    /// Whether non-finite values appeared or disappeared.
    pub fn is_odd(&self) -> bool {
        let odd = |one: &Summary| [one.nan, one.pos_inf, one.neg_inf];
        self.found.as_ref().is_some_and(|found| {
            found.counts != Counts::Unknown && odd(&found.summaries[0]) != odd(&found.summaries[1])
        })
    }

    fn is_changed(&self) -> bool {
        let counts = self.found.as_ref().map(|found| found.counts);
        matches!(counts, Some(Counts::Changed(_)))
    }

    fn weight(&self) -> f64 {
        let Some(found) = &self.found else { return -1.0 };
        match found.counts {
            _ if self.is_odd() => f64::INFINITY,
            Counts::Changed(_) => found.changed_share().unwrap_or(0.0) + 2.0,
            Counts::OtherSums | Counts::OtherBytes => 1.0,
            Counts::Unknown => 0.5,
            Counts::SameDigest | Counts::Same | Counts::SameInBins => 0.0,
        }
    }
}

impl FoundStatistics {
    fn of(a: &SummaryPart, b: &SummaryPart) -> FoundStatistics {
        let summaries = [a.summary(), b.summary()];
        // Of nothing nothing follows.
        let is_of_one =
            a.is_whole() && b.is_whole() || a.stripes() == b.stripes() && !a.stripes().is_empty();
        let least = summaries[0].changed_at_least(&summaries[1]).filter(|_| is_of_one);
        let is_digest_same = a.looked().zip(b.looked()).map(|(a, b)| a.has_digests_of(b));
        let is_alike = a.folding() == b.folding();
        let counts = match least {
            None => Counts::Unknown,
            Some(0) if is_digest_same == Some(true) => Counts::SameDigest,
            // Of other dtypes the bytes are others anyway.
            Some(0) if is_digest_same == Some(false) && is_alike => Counts::OtherBytes,
            Some(0) if summaries.iter().all(Summary::is_exact) => Counts::Same,
            Some(0) if summaries[0] == summaries[1] => Counts::SameInBins,
            Some(0) => Counts::OtherSums,
            Some(least) => Counts::Changed(least),
        };
        let stripes = [a, b].map(|part| {
            let known = part.stripes().iter().map(|range| range.end - range.start);
            (known.sum(), part.folding().stripes())
        });
        FoundStatistics { summaries, stripes, counts }
    }

    /// The minimum share of the values that changed; `None` if it is unknown.
    pub fn changed_share(&self) -> Option<f64> {
        let least = match self.counts {
            Counts::Changed(least) => least,
            Counts::Unknown => return None,
            _ => 0,
        };
        Some(least as f64 / self.summaries[0].elements.max(1) as f64)
    }

    /// Whether both files cover every value.
    pub fn is_whole(&self) -> bool {
        self.stripes.iter().all(|(known, all)| known == all)
    }
}

/// Names that occur once, and where; `None` for those that occur more often.
fn once<'t>(
    tensors: impl Iterator<Item = (usize, &'t Tensor)>,
    key: &fn(&str) -> String,
) -> BTreeMap<String, Option<usize>> {
    let mut places = BTreeMap::new();
    for (at, tensor) in tensors {
        places.entry(key(tensor.name())).and_modify(|place| *place = None).or_insert(Some(at));
    }
    places
}

/// Whether two tensors have the same lengths; in any order where libraries differ in it, which changes no count.
fn fits(a: &Tensor, b: &Tensor, rule: Rule) -> bool {
    let sorted = |tensor: &Tensor| {
        let mut shape: Vec<usize> =
            tensor.shape().iter().copied().filter(|length| *length != 1).collect();
        shape.sort_unstable();
        shape
    };
    a.shape() == b.shape() || rule != Rule::Exact && sorted(a) == sorted(b)
}

/// What is known of a tensor: what its summary holds, or what reading it gives, of the stripes that the other
/// knows where both are cut alike.
fn known(
    tensor: &Tensor,
    other: Option<&SummaryPart>,
    work: Work<'_>,
) -> Result<SummaryPart, Error> {
    if let Some(part) = tensor.known() {
        return Ok(part.clone());
    }
    let folding = Folding::of(tensor);
    let whole: Vec<Range<u64>> = std::iter::once(0..folding.stripes()).collect();
    let alike = other.filter(|other| {
        let theirs = other.folding();
        (theirs.elements, theirs.repeats) == (folding.elements, folding.repeats)
    });
    let ranges = alike.map_or(whole, |other| other.stripes().to_vec());
    let mut part = SummaryPart::empty(folding);
    for range in ranges {
        let has_checks = other.is_some_and(|other| other.looked().is_some());
        let take = if has_checks { examine_part } else { summarize_part };
        let more = take(tensor, range, work)?;
        part.merge(&more).map_err(|PartError { .. }| {
            Error::unfit(format!("{}: its parts do not fit", visible(tensor.name())), "")
        })?;
    }
    Ok(part)
}
