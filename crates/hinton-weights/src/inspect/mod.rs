//! Lists what a file holds: names, shapes, sizes and, on request, statistics.

mod guess;
mod spectra;
mod totals;

use std::borrow::Cow;
use std::io;

use hinton_format::{CONFIGURED, Checkpoint};
use hinton_tensor::{Summary, Tensor, Work, summarize};
use hinton_words::visible;
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use serde_json::ser::Formatter;

use crate::{Error, Selected, select};
pub use guess::architecture;
pub use spectra::Singular;
pub use spectra::{is_matrix, singular};
pub use totals::{Module, Total, by_dtype, by_kind, kind, modules};

/// The quantiles that are reported, and their names in JSON.
pub const QUANTILES: [(f64, &str); 7] = [
    (0.01, "0.01"),
    (0.05, "0.05"),
    (0.25, "0.25"),
    (0.5, "0.5"),
    (0.75, "0.75"),
    (0.95, "0.95"),
    (0.99, "0.99"),
];

/// What one file holds, or the requested part of it.
#[derive(Debug, Clone)]
pub struct InspectReport {
    /// The file.
    pub checkpoint: Checkpoint,
    /// Its tensors, in the file's order.
    pub tensors: Vec<TensorReport>,
}

/// What is reported about one tensor.
#[derive(Debug, Clone)]
pub struct TensorReport {
    /// The tensor, or a slice of one.
    pub selected: Selected,
    /// Its statistics, if they were requested.
    pub summary: Option<Summary>,
    /// Its singular values, if they were requested and it is a matrix.
    pub singular: Option<Singular>,
}

/// Lists the tensors that match the patterns (all, without patterns). Reads no values.
///
/// # Errors
/// Returns the errors of [`select`].
pub fn inspect<S: AsRef<str>>(
    checkpoint: &Checkpoint,
    patterns: &[S],
) -> Result<InspectReport, Error> {
    let selected = select(checkpoint, patterns)?.into_iter();
    let tensors =
        selected.map(|selected| TensorReport { selected, summary: None, singular: None }).collect();
    Ok(InspectReport { checkpoint: checkpoint.clone(), tensors })
}

/// The order in which tensors are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// By size in bytes, largest first.
    Size,
    /// By Euclidean norm, largest first; needs statistics.
    Norm,
    /// By largest magnitude, largest first; needs statistics.
    Max,
    /// By name.
    Name,
}

impl Sort {
    /// The names of the orders, as `--sort` accepts them.
    pub const WORDS: [(&str, Sort); 4] =
        [("size", Sort::Size), ("norm", Sort::Norm), ("max", Sort::Max), ("name", Sort::Name)];

    /// Whether this order needs statistics.
    pub fn needs_stats(self) -> bool {
        matches!(self, Sort::Norm | Sort::Max)
    }
}

impl InspectReport {
    fn total(&self, of: impl Fn(&Tensor) -> u64) -> u64 {
        self.tensors.iter().map(|one| of(&one.selected.tensor)).fold(0, u64::saturating_add)
    }

    /// Total number of values. Tensors that are computed from other tensors of the file are not
    /// counted again, unless only such tensors were requested.
    pub fn parameters(&self) -> u64 {
        let derived = self.tensors.iter().all(|one| one.selected.tensor.is_derived());
        self.total(|tensor| match tensor.is_derived() && !derived {
            true => 0,
            false => tensor.elements(),
        })
    }

    /// Total size of all values as stored in the file, in bytes.
    pub fn bytes(&self) -> u64 {
        self.total(Tensor::stored_len)
    }

    /// Number of bytes that statistics will read: all values, decoded.
    pub fn bytes_to_read(&self) -> u64 {
        self.total(Tensor::byte_len)
    }

    /// Reads every value and fills in the statistics.
    ///
    /// # Errors
    /// Returns an error if values cannot be read, or the work was cancelled.
    pub fn summarize(&mut self, work: Work<'_>) -> Result<(), Error> {
        for one in &mut self.tensors {
            one.summary = Some(summarize(&one.selected.tensor, work)?);
        }
        Ok(())
    }

    /// The tensors of the report.
    pub fn tensors(&self) -> impl Iterator<Item = &Tensor> {
        self.tensors.iter().map(|one| &one.selected.tensor)
    }

    /// The probable architecture: from the file's `config.json`, and guessed from names and shapes.
    pub fn architecture(&self) -> Option<String> {
        let guess = architecture(&self.tensors().collect::<Vec<_>>());
        let told = self.checkpoint.metadata.iter().find(|(key, _)| key == CONFIGURED);
        match (told, guess) {
            (Some((_, told)), Some(guess)) => Some(format!("{told} (config.json); {guess}")),
            (Some((_, told)), None) => Some(format!("{told} (config.json)")),
            (None, guess) => guess,
        }
    }

    /// Sorts the tensors: names in natural order (`layer.2` before `layer.10`), anything else
    /// largest first. Tensors without the statistic come last; equal ones stay in the file's order.
    pub fn sort(&mut self, by: Sort) {
        let figure = |one: &TensorReport| {
            let summary = one.summary.as_ref();
            match by {
                Sort::Size => Some(one.selected.tensor.byte_len() as f64),
                Sort::Norm => summary.and_then(Summary::l2),
                Sort::Max => summary.and_then(Summary::max_abs),
                Sort::Name => None,
            }
        };
        match by {
            Sort::Name => self
                .tensors
                .sort_by(|a, b| hinton_run::natural_cmp(&a.selected.label(), &b.selected.label())),
            _ => self.tensors.sort_by(|a, b| {
                let (a, b) = (figure(a).unwrap_or(-1.0), figure(b).unwrap_or(-1.0));
                b.total_cmp(&a)
            }),
        }
    }

    /// The report as one line of JSON. Keys are in a fixed order, tensors and metadata in the
    /// file's order; a non-finite number is `null`.
    ///
    /// # Errors
    /// Never fails for a report; the error type is serde's.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        to_json(self)
    }
}

/// Serialises a value as one line of JSON. Invisible characters, terminal controls and characters
/// that reorder text are escaped (`\u202e`), which does not change the meaning.
///
/// # Errors
/// Returns an error if serialisation fails.
pub fn to_json(value: &(impl Serialize + ?Sized)) -> Result<String, serde_json::Error> {
    let mut bytes = Vec::new();
    value.serialize(&mut serde_json::Serializer::with_formatter(&mut bytes, Shown))?;
    String::from_utf8(bytes).map_err(serde::ser::Error::custom)
}

/// As [`to_json`], on several indented lines.
///
/// # Errors
/// Returns an error if serialisation fails.
pub fn to_json_pretty(value: &(impl Serialize + ?Sized)) -> Result<String, serde_json::Error> {
    let text = serde_json::to_string_pretty(value)?;
    // Ends of lines in texts are escaped already.
    let lines: Vec<Cow<'_, str>> = text.split('\n').map(escaped).collect();
    Ok(lines.join("\n"))
}

/// Writes what [`visible`] would escape as JSON's own escapes.
struct Shown;

impl Formatter for Shown {
    fn write_string_fragment<W: io::Write + ?Sized>(
        &mut self,
        out: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        out.write_all(escaped(fragment).as_bytes())
    }
}

/// A part of JSON with what [`visible`] would escape as JSON's own escapes.
fn escaped(text: &str) -> Cow<'_, str> {
    if let Cow::Borrowed(same) = visible(text) {
        return Cow::Borrowed(same);
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let mut one = [0; 4];
        let one = c.encode_utf8(&mut one);
        match visible(one) {
            Cow::Borrowed(same) => out.push_str(same),
            Cow::Owned(_) => one.encode_utf16().for_each(|unit| out += &format!("\\u{unit:04x}")),
        }
    }
    Cow::Owned(out)
}

impl Serialize for InspectReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let checkpoint = &self.checkpoint;
        let warnings: Vec<String> = checkpoint.warnings.iter().map(ToString::to_string).collect();
        let mut map = serializer.serialize_map(Some(8))?;
        map.serialize_entry("path", &checkpoint.path)?;
        map.serialize_entry("format", checkpoint.format)?;
        map.serialize_entry("metadata", &Metadata(&checkpoint.metadata))?;
        map.serialize_entry("warnings", &warnings)?;
        map.serialize_entry("architecture_guess", &self.architecture())?;
        map.serialize_entry("by_dtype", &Totals(by_dtype(self.tensors())))?;
        map.serialize_entry("by_kind", &Totals(by_kind(self.tensors())))?;
        map.serialize_entry("tensors", &Tensors(&self.tensors))?;
        map.end()
    }
}

/// Key and value pairs as an object; of keys that stand twice, the first.
struct Metadata<'a>(&'a [(String, String)]);

impl Serialize for Metadata<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut seen = std::collections::BTreeSet::new();
        let mut map = serializer.serialize_map(None)?;
        for (key, value) in self.0 {
            if seen.insert(key) {
                map.serialize_entry(key, value)?;
            }
        }
        map.end()
    }
}

/// Totals by name, in order.
struct Totals(Vec<(&'static str, Total)>);

impl Serialize for Totals {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, total) in &self.0 {
            map.serialize_entry(name, total)?;
        }
        map.end()
    }
}

impl Serialize for Total {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(3))?;
        map.serialize_entry("tensors", &self.tensors)?;
        map.serialize_entry("values", &self.values)?;
        map.serialize_entry("bytes", &self.bytes)?;
        map.end()
    }
}

struct Tensors<'a>(&'a [TensorReport]);

impl Serialize for Tensors<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.0.len()))?;
        for tensor in self.0 {
            list.serialize_element(tensor)?;
        }
        list.end()
    }
}

impl Serialize for TensorReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let tensor = &self.selected.tensor;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("name", &self.selected.label())?;
        map.serialize_entry("dtype", tensor.stored_type())?;
        map.serialize_entry("shape", tensor.shape())?;
        map.serialize_entry("elements", &tensor.elements())?;
        map.serialize_entry("bytes", &tensor.stored_len())?;
        if tensor.stored().is_some() {
            map.serialize_entry("decoded", tensor.dtype().name())?;
            map.serialize_entry("derived", &tensor.is_derived())?;
        }
        if let Some(remark) = tensor.remark() {
            map.serialize_entry("remark", remark)?;
        }
        map.serialize_entry("file", tensor.file())?;
        if let Some(summary) = &self.summary {
            map.serialize_entry("stats", &Stats(summary))?;
        }
        if let Some(singular) = &self.singular {
            map.serialize_entry("spectrum", singular)?;
        }
        map.end()
    }
}

/// The statistics of a tensor, to be written as JSON.
pub struct Stats<'a>(pub &'a Summary);

impl Serialize for Stats<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let summary = self.0;
        let mut map = serializer.serialize_map(Some(10))?;
        map.serialize_entry("min", &summary.min())?;
        map.serialize_entry("max", &summary.max())?;
        map.serialize_entry("mean", &summary.mean())?;
        map.serialize_entry("std", &summary.std())?;
        map.serialize_entry("l2", &summary.l2())?;
        map.serialize_entry("zeros", &summary.zeros)?;
        map.serialize_entry("nan", &summary.nan)?;
        map.serialize_entry("pos_inf", &summary.pos_inf)?;
        map.serialize_entry("neg_inf", &summary.neg_inf)?;
        map.serialize_entry("quantiles", &Quantiles(summary))?;
        map.end()
    }
}

struct Quantiles<'a>(&'a Summary);

impl Serialize for Quantiles<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(QUANTILES.len()))?;
        for (q, name) in QUANTILES {
            map.serialize_entry(name, &self.0.quantile(q))?;
        }
        map.end()
    }
}
