//! Compares two checkpoints: matches their tensors and measures each pair in one pass.
//!
//! ```
//! # let folder = std::env::temp_dir().join(format!("hinton-doc-diff-{}", std::process::id()));
//! # std::fs::create_dir_all(&folder)?;
//! # let (before, after) = (folder.join("a.safetensors"), folder.join("b.safetensors"));
//! # hinton::export(hinton::train::digits("softmax", 1)?.tensors, &before)?;
//! # std::fs::copy(&before, &after)?;
//! use hinton::diff::{Rule, diff};
//!
//! let (before, after) = (hinton::open(before)?, hinton::open(after)?);
//! let mut found = diff(&before, &after, &[] as &[&str], Rule::default())?;
//! found.read(hinton::Work::quiet())?;
//! assert!(found.is_same());
//! # std::fs::remove_dir_all(&folder)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Users find all of it as `hinton::diff`; this crate itself may change without notice.
#![forbid(unsafe_code)]

mod adapter;
mod fail;
mod map;
mod picture;
mod spectra;
mod statistics;
mod steps;
mod summary;
mod write;

use std::collections::BTreeSet;

use hinton_chart::change::{Against, AgainstUnit};
pub use hinton_compare::{
    Aligned, Alignment, Bin, BlockErrors, Change, Found, Histogram, Largest, Line, Lines, Measures,
    Noise, Odd, Offer, Rule,
};
use hinton_compare::{
    Heads, JOINT, Joint, Match, Unlike, align, block_errors, block_length, match_tensors_of,
    measure_as, offers,
};
use hinton_format::Checkpoint;
use hinton_tensor::outline::{Named, aside};
use hinton_tensor::spectrum::Spectrum;
use hinton_tensor::{Tensor, Work};
use hinton_weights::{Error, Selected, Structure, select};
use hinton_words::visible;

pub use fail::{CONDITIONS, Condition, ConditionRow, conditions};
pub use map::TensorMap;
pub use picture::MOST_BESIDE;
pub use spectra::LowRank;
pub use statistics::{
    Counts, FoundStatistics, MOST_HISTOGRAMS, StatisticsDiff, StatisticsPair, diff_statistics,
    is_summary,
};
pub use steps::{StepChange, StepChanges, TensorChanges, diff_steps};
pub use write::{to_csv, to_markdown};

/// A cast is recognised by an error of at most this many times that of normally distributed values.
const NOISE_SLACK: f64 = 1.25;

/// The comparison of two checkpoints, tensor by tensor.
#[derive(Debug, Clone, Default)]
pub struct Diff {
    /// Path of the first file.
    pub path_a: String,
    /// Path of the second file.
    pub path_b: String,
    /// Tensors that both files have, in the order of the first.
    pub pairs: Vec<Pair>,
    /// Tensors with the same name whose shapes cannot be made to agree: from the first and the
    /// second file.
    pub unlike: Vec<(Tensor, Tensor)>,
    /// Tensors that only the first file has.
    pub only_a: Vec<Tensor>,
    /// Tensors that only the second file has.
    pub only_b: Vec<Tensor>,
    /// Histogram of the magnitudes of the differences, over all pairs; filled by [`Diff::read`].
    /// Integer tensors are counters rather than weights, so they are skipped unless all tensors are
    /// integers.
    pub histogram: Histogram,
    /// Values of the second file against those of the first, for the pairs that changed; filled by
    /// [`Diff::read`]. Integer tensors are skipped as above.
    pub against: Option<Against>,
    /// Tensors that only one file has, but that may be the same as one of the other file, judged by
    /// shape and by the distribution of the values; filled by [`Diff::read`]. They are not
    /// compared.
    pub offers: Vec<Offer>,
    /// If the second file is a low-rank adapter: how it was applied, in one sentence. Its weights
    /// are then those of the first file with the adapter applied, and weights that it does not
    /// change are not compared.
    pub adapter: Option<String>,
    /// How hidden units were reordered to match; filled by [`Diff::align`].
    pub alignment: Option<Alignment>,
}

/// A tensor that both files have.
#[derive(Debug, Clone)]
pub struct Pair {
    /// The tensor of the first file, as it is compared.
    pub a: Tensor,
    /// The tensor of the second file, with its axes in the order of the first.
    pub b: Tensor,
    /// How the two were matched.
    pub found: Found,
    /// What was done to make their shapes agree.
    pub change: Change,
    /// How far they are apart; filled by [`Diff::read`].
    pub measures: Option<Measures>,
    /// Singular values of the difference; filled by [`Diff::decompose`].
    pub spectrum: Option<Spectrum>,
    /// Errors of quantised blocks; filled by [`Diff::read_blocks`].
    pub blocks: Option<BlockErrors>,
}

/// Matches the tensors of two files that match the patterns (all, without patterns).
///
/// # Errors
/// Returns the errors of [`select`], if a pattern matches nothing in both files; and an error if
/// names leave a match ambiguous and the values that would decide it cannot be read.
pub fn diff<S: AsRef<str>>(
    a: &Checkpoint,
    b: &Checkpoint,
    patterns: &[S],
    rule: Rule,
) -> Result<Diff, Error> {
    let (mut of_a, mut of_b) = (Vec::new(), Vec::new());
    let none: &[&str] = &[];
    let all = || -> Result<_, Error> { Ok((select(a, none)?, select(b, none)?)) };
    if patterns.is_empty() {
        (of_a, of_b) = all()?;
    }
    for pattern in patterns {
        let pattern = std::slice::from_ref(pattern);
        match (select(a, pattern), select(b, pattern)) {
            // A tensor that one file lacks is what a comparison is to show.
            (Err(error), Err(_)) => return Err(error),
            (in_a, in_b) => {
                of_a.extend(in_a.unwrap_or_default());
                of_b.extend(in_b.unwrap_or_default());
            }
        }
    }
    // Names of one file may mean tensors that the other calls otherwise: all are matched, and those that
    // are meant are kept. A slice is taken of both files before.
    let mut meant = None;
    if rule != Rule::Exact && !patterns.is_empty() && !patterns.iter().any(is_sliced) {
        meant = Some((names_of(&of_a), names_of(&of_b)));
        (of_a, of_b) = all()?;
    }
    let (of_a, of_b) = (named(of_a), named(of_b));
    let adapted = adapter::applied(&of_a, &of_b, &b.metadata, rule)?;
    let mut found = match &adapted {
        Some(adapted) => matched(&adapted.bases, &adapted.tensors, rule, None)?,
        None => matched(&of_a, &of_b, rule, heads(a).or_else(|| heads(b)))?,
    };
    if let Some(adapted) = adapted {
        found.only_b.extend(adapted.rest);
        found.adapter = Some(adapted.words);
    }
    if let Some((in_a, in_b)) = meant {
        found.keep(&in_a, &in_b);
    }
    Ok(Diff { path_a: a.path.clone(), path_b: b.path.clone(), ..found })
}

fn is_sliced<S: AsRef<str>>(pattern: &S) -> bool {
    pattern.as_ref().ends_with(']')
}

fn names_of(selected: &[Selected]) -> BTreeSet<String> {
    selected.iter().map(|one| one.tensor.name().to_owned()).collect()
}

/// What was selected, once each, under the names of the slices.
fn named(selected: Vec<Selected>) -> Vec<Tensor> {
    let mut known = BTreeSet::new();
    let named = selected.into_iter().map(|one| one.tensor.clone().named(one.label()));
    // Several patterns may mean one tensor.
    named.filter(|tensor| known.insert(tensor.name().to_owned())).collect()
}

/// Matches what was selected of two files.
fn compared(of_a: Vec<Selected>, of_b: Vec<Selected>, rule: Rule) -> Result<Diff, Error> {
    matched(&named(of_a), &named(of_b), rule, None)
}

/// How many attention heads a model has, where its settings or its GGUF metadata say so.
fn heads(file: &Checkpoint) -> Option<Heads> {
    Structure::of(file)?.heads()
}

fn matched(
    of_a: &[Tensor],
    of_b: &[Tensor],
    rule: Rule,
    heads: Option<Heads>,
) -> Result<Diff, Error> {
    let matching = match_tensors_of(of_a, of_b, rule, heads)?;
    let pair = |Match { a, b, found, change }| Pair {
        a,
        b,
        found,
        change,
        measures: None,
        spectrum: None,
        blocks: None,
    };
    Ok(Diff {
        pairs: matching.pairs.into_iter().map(pair).collect(),
        unlike: matching.unlike.into_iter().map(|Unlike { a, b }| (a, b)).collect(),
        only_a: matching.only_a,
        only_b: matching.only_b,
        ..Diff::default()
    })
}

/// Compares all tensors as [`diff`] does, with some of the pairs named by the user.
///
/// # Errors
/// Returns the errors of [`diff`]; and an error if the map names a missing tensor, or tensors whose
/// shapes do not agree.
pub fn diff_mapped(
    a: &Checkpoint,
    b: &Checkpoint,
    map: &TensorMap,
    rule: Rule,
) -> Result<Diff, Error> {
    let named = map.resolve(a, b)?;
    let rest = |file: &Checkpoint, used: &[String]| Checkpoint {
        tensors: file
            .tensors
            .iter()
            .filter(|tensor| !used.iter().any(|name| name == tensor.name()))
            .cloned()
            .collect(),
        ..file.clone()
    };
    let (rest_a, rest_b) = (rest(a, &named.used_a), rest(b, &named.used_b));
    let none: &[&str] = &[];
    let mut found = match (rest_a.tensors.is_empty(), rest_b.tensors.is_empty()) {
        (true, true) => Diff { path_a: a.path.clone(), path_b: b.path.clone(), ..Diff::default() },
        _ => diff(&rest_a, &rest_b, none, rule)?,
    };
    let pair = |one: map::Named| Pair {
        a: one.a,
        b: one.b,
        found: Found::Map(one.operations),
        change: Change::None,
        measures: None,
        spectrum: None,
        blocks: None,
    };
    found.pairs.splice(0..0, named.pairs.into_iter().map(pair));
    Ok(found)
}

/// Adds the values of one pair to those of all; several are counted in steps of their own ranges.
fn add_joint(all: &mut Option<Against>, joint: &Joint) {
    let counts = joint.counts.iter().map(|count| count.saturating_mul(joint.every));
    let is_sampled = joint.every > 1;
    match all {
        Some(all) => {
            (all.range, all.unit) = (1.0, AgainstUnit::Ranges);
            all.is_sampled |= is_sampled;
            for (sum, count) in all.counts.iter_mut().zip(counts) {
                *sum = sum.saturating_add(count);
            }
        }
        none => {
            let (range, unit) = (joint.range, AgainstUnit::Values);
            let counts = counts.collect();
            *none = Some(Against { side: JOINT, counts, range, unit, is_sampled });
        }
    }
}

impl Diff {
    /// Reorders the hidden units of the second network to match the first, for networks that were
    /// trained separately. Call it before values are [read](Diff::read). The matrices must follow
    /// one another in a chain, and the aligned tensors are held in memory.
    ///
    /// # Errors
    /// Returns an error if there is no such chain, or values cannot be read.
    pub fn align(&mut self) -> Result<(), Error> {
        let one = |pair: &Pair| Match {
            a: pair.a.clone(),
            b: pair.b.clone(),
            found: pair.found.clone(),
            change: pair.change.clone(),
        };
        // What an optimiser remembers has no units.
        let is_weight = |pair: &&mut Pair| {
            let shape = pair.a.shape();
            aside(Named { name: pair.a.name(), shape }, Some(pair.a.dtype())).is_none()
        };
        let mut weights: Vec<&mut Pair> = self.pairs.iter_mut().filter(is_weight).collect();
        let mut matches: Vec<Match> = weights.iter().map(|pair| one(pair)).collect();
        self.alignment = align(&mut matches)?;
        if self.alignment.is_none() {
            return Err(Error::unfit(
                "there are no hidden units to align: each matrix must take what the one before gives",
                "-t names the matrices and biases of a network whose layers follow one another",
            ));
        }
        for (pair, aligned) in weights.iter_mut().zip(matches) {
            (pair.b, pair.change) = (aligned.b, aligned.change);
        }
        Ok(())
    }

    /// Number of bytes that [`read`](Diff::read) will read.
    pub fn bytes(&self) -> u64 {
        let sides = self.pairs.iter().flat_map(|pair| [&pair.a, &pair.b]);
        sides.map(Tensor::byte_len).fold(0, u64::saturating_add)
    }

    /// Reads and measures every pair: one pass over the values, with a few stripes in memory at a
    /// time.
    ///
    /// # Errors
    /// Returns an error if values cannot be read, or the work was cancelled.
    pub fn read(&mut self, work: Work<'_>) -> Result<(), Error> {
        self.histogram = Histogram::default();
        self.against = None;
        let has_weights = self.has_weights();
        for pair in &mut self.pairs {
            let found = measure_as(&pair.a, &pair.b, &pair.shape(), work)?;
            if !has_weights || pair.is_weight() {
                self.histogram.merge(&found.histogram);
                if !found.measures.is_same() {
                    add_joint(&mut self.against, &found.joint);
                }
            }
            pair.measures = Some(found.measures);
        }
        self.offers = offers(&self.only_a, &self.only_b)?;
        Ok(())
    }

    /// Number of bytes that [`read_blocks`](Diff::read_blocks) will read.
    pub fn bytes_of_blocks(&self) -> u64 {
        let pairs = self.pairs.iter().filter(|pair| block_length(&pair.a, &pair.b).is_some());
        let sides = pairs.flat_map(|pair| [&pair.a, &pair.b]);
        sides.map(Tensor::byte_len).fold(0, u64::saturating_add)
    }

    /// Measures the error of each quantised block (values with a common scale), if a tensor of
    /// either file is stored in a block type of ggml.
    ///
    /// # Errors
    /// Returns an error if values cannot be read, or the work was cancelled.
    pub fn read_blocks(&mut self, work: Work<'_>) -> Result<(), Error> {
        for pair in &mut self.pairs {
            if let Some(block) = block_length(&pair.a, &pair.b) {
                pair.blocks = block_errors(&pair.a, &pair.b, block, work)?;
            }
        }
        Ok(())
    }

    /// Keeps the tensors of these names in the first or in the second file.
    fn keep(&mut self, in_a: &BTreeSet<String>, in_b: &BTreeSet<String>) {
        // A part of a fused tensor or of a stack is named by its slice.
        let is_in = |names: &BTreeSet<String>, tensor: &Tensor| {
            let name = tensor.name();
            let whole = name.split_once('[').map_or(name, |(whole, _)| whole);
            names.contains(name) || names.contains(whole)
        };
        self.pairs.retain(|pair| is_in(in_a, &pair.a) || is_in(in_b, &pair.b));
        self.unlike.retain(|(a, b)| is_in(in_a, a) || is_in(in_b, b));
        self.only_a.retain(|tensor| is_in(in_a, tensor));
        self.only_b.retain(|tensor| is_in(in_b, tensor));
    }

    /// Whether there is anything but integers.
    fn has_weights(&self) -> bool {
        self.pairs.iter().any(Pair::is_weight)
    }

    /// Measures of the pairs that weigh: all but integers, where there is anything else.
    fn weighed(&self) -> impl Iterator<Item = &Measures> {
        let has_weights = self.has_weights();
        let weights = self.pairs.iter().filter(move |pair| !has_weights || pair.is_weight());
        weights.filter_map(|pair| pair.measures.as_ref())
    }

    /// Whether both files hold the same tensors with equal values and dtypes. Names may differ if
    /// the matching rule allows it. False before [`read`](Diff::read).
    pub fn is_same(&self) -> bool {
        self.has_same_tensors() && self.pairs.iter().all(|pair| pair.is_equal() && !pair.is_cast())
    }

    /// Whether every tensor of each was found in the other, in full.
    fn has_same_tensors(&self) -> bool {
        let is_whole = |pair: &Pair| !matches!(pair.change, Change::Rows { .. });
        self.has_same_names() && self.pairs.iter().all(is_whole)
    }

    /// Whether every tensor of each was found in the other, if not all its rows.
    fn has_same_names(&self) -> bool {
        self.only_a.is_empty() && self.only_b.is_empty() && self.unlike.is_empty()
    }

    /// The pairs by relative change, largest first; pairs in which non-finite values appeared or
    /// disappeared come before all others. Equal pairs stay in order.
    pub fn by_change(&self) -> Vec<&Pair> {
        let mut pairs: Vec<&Pair> = self.pairs.iter().collect();
        pairs.sort_by(|a, b| b.weight().total_cmp(&a.weight()));
        pairs
    }

    /// The norm of all differences divided by the norm of the first file's values; `None` if those
    /// are all zero, or nothing has been read. Integer tensors are counters rather than weights, so
    /// they are skipped unless all tensors are integers.
    pub fn relative(&self) -> Option<f64> {
        let measures = || self.weighed();
        let norm = |of: fn(&Measures) -> f64| {
            // Scaled by the largest, so that squares neither vanish nor become infinite.
            let most = measures().map(of).fold(0.0, f64::max);
            let squares: f64 = measures().map(|one| (of(one) / most).powi(2)).sum();
            if most > 0.0 { most * squares.sqrt() } else { 0.0 }
        };
        let (difference, first) = (norm(|one| one.norm_difference), norm(|one| one.norm_a));
        match difference {
            0.0 => measures().next().map(|_| 0.0),
            _ => (first > 0.0).then(|| difference / first),
        }
    }

    /// What differs, in a few sentences, the most important first.
    pub fn summary(&self) -> Vec<String> {
        summary::sentences(self)
    }
}

impl Pair {
    /// Whether its values weigh rather than count.
    fn is_weight(&self) -> bool {
        !self.a.dtype().is_integer()
    }

    /// Whether all values are equal; false before they are read.
    pub fn is_equal(&self) -> bool {
        self.measures.as_ref().is_some_and(Measures::is_same)
    }

    /// Whether the two files store it in different dtypes.
    pub fn is_cast(&self) -> bool {
        self.a.stored_type() != self.b.stored_type()
    }

    /// Whether the values differ by no more than rounding: by no more than a cast of normally
    /// distributed values to the coarser of both dtypes would cause, or by at most one rounding
    /// step if one is a cast of the other.
    pub fn is_noise(&self) -> bool {
        let Some(measures) = &self.measures else { return false };
        // Very small values lose more digits than normally distributed ones.
        let is_rounded = self.is_cast() && measures.within_step == measures.elements;
        if is_rounded && !measures.is_same() && !self.a.dtype().is_integer() {
            return true;
        }
        let noise = measures.noise.relative.filter(|noise| *noise > 0.0);
        let relative = measures.relative().filter(|relative| *relative > 0.0);
        let is_small = relative.zip(noise).is_some_and(|(one, noise)| one <= noise * NOISE_SLACK);
        is_small && measures.odd.changed() == 0
    }

    /// The shape in the first file, where both are compared with more axes.
    fn shape(&self) -> Vec<usize> {
        match (&self.change, self.a.shape()) {
            (Change::Flattened { shape, .. }, _) => shape.to_vec(),
            (Change::Interleaved { rows, .. }, shape) => {
                let mut product = 1;
                let axes = shape.iter().take_while(|&&len| {
                    let is_part = product < *rows;
                    product *= len;
                    is_part
                });
                [&[*rows], &shape[axes.count()..]].concat()
            }
            (Change::Rotary { .. }, [heads, halves, pairs, rest @ ..]) => {
                [&[heads * halves * pairs], rest].concat()
            }
            (_, shape) => shape.to_vec(),
        }
    }

    /// The name, and the name in the other file if it is different.
    pub fn label(&self) -> String {
        match self.a.name() == self.b.name() {
            true => visible(self.a.name()).into_owned(),
            false => format!("{} = {}", visible(self.a.name()), visible(self.b.name())),
        }
    }

    /// How the two were matched, in a few words; `same name` if only the name was needed.
    pub fn how(&self) -> String {
        let found = match &self.found {
            Found::Name => "same name".to_owned(),
            Found::Prefix(prefix) => format!("prefix {}", visible(prefix)),
            Found::Map(operations) if operations.is_empty() => "the map".to_owned(),
            Found::Map(operations) => format!("the map, {operations}"),
            Found::Convention => "name of another library".to_owned(),
            Found::Values { error, next } => match next {
                Some(next) => format!(
                    "values (error {}, next best {})",
                    hinton_words::short(*error),
                    hinton_words::short(*next)
                ),
                None => format!("values (error {})", hinton_words::short(*error)),
            },
        };
        match &self.change {
            Change::None => found,
            Change::Axes { order, errors } => {
                let turned = if order.len() == 2 { "transposed" } else { "axes reordered" };
                let errors = errors.map_or(String::new(), |(so, as_is)| {
                    format!(
                        " (error {} against {})",
                        hinton_words::short(so),
                        hinton_words::short(as_is)
                    )
                });
                format!("{found}, {turned}{errors}")
            }
            Change::Rotary { head, errors: (so, as_is) } => format!(
                "{found}, rows of heads of {head} reordered (error {} against {})",
                hinton_words::short(*so),
                hinton_words::short(*as_is)
            ),
            Change::Interleaved { groups, errors: (so, as_is), .. } => format!(
                "{found}, rows of {groups} heads in one order (error {} against {})",
                hinton_words::short(*so),
                hinton_words::short(*as_is)
            ),
            Change::Flattened { channels, errors: (so, as_is), .. } => format!(
                "{found}, inputs of {channels} channels reordered (error {} against {})",
                hinton_words::short(*so),
                hinton_words::short(*as_is)
            ),
            Change::Part { first, rows } => {
                format!("{found}, rows {first} to {} of a fused tensor", first + rows)
            }
            Change::Expert { number } => format!("{found}, expert {number} of a stack"),
            Change::Tied => format!("{found}, tied: the head of one is the embedding of the other"),
            Change::Exponential { errors: (so, as_is) } => format!(
                "{found}, after minus the exponential of one (error {} against {})",
                hinton_words::short(*so),
                hinton_words::short(*as_is)
            ),
            Change::Aligned { moved, units } => {
                format!("{found}, {moved} of {units} units moved")
            }
            Change::Reshaped => format!("{found}, reshaped"),
            Change::Rows { a, b } => format!("{found}, common rows of {a} and {b}"),
        }
    }

    /// By what pairs are put in order.
    fn weight(&self) -> f64 {
        let Some(measures) = &self.measures else { return -1.0 };
        if measures.odd.changed() > 0 {
            return f64::INFINITY;
        }
        measures.relative().unwrap_or(f64::MAX)
    }
}
