//! What a file holds: names, shapes, sizes and, where asked, statistics.

mod guess;
mod spectra;
mod totals;

use std::borrow::Cow;
use std::io;

use hinton_format::{CONFIGURED, Checkpoint};
use hinton_scene::visible;
use hinton_tensor::{Summary, Tensor, Work, summarize};
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use serde_json::ser::Formatter;

use crate::{Error, Selected, select};
pub use guess::architecture;
pub use spectra::Singular;
pub(crate) use spectra::{is_matrix, singular};
pub use totals::{Module, Total, by_dtype, by_kind, kind, modules};

/// The quantiles that are reported, and how JSON names them.
pub const QUANTILES: [(f64, &str); 7] = [
    (0.01, "0.01"),
    (0.05, "0.05"),
    (0.25, "0.25"),
    (0.5, "0.5"),
    (0.75, "0.75"),
    (0.95, "0.95"),
    (0.99, "0.99"),
];

/// What one file holds, or the part of it that was asked for.
#[derive(Debug, Clone)]
pub struct InspectReport<'a> {
    /// The file.
    pub checkpoint: &'a Checkpoint,
    /// Its tensors, in the file's order.
    pub tensors: Vec<TensorReport>,
}

/// One tensor.
#[derive(Debug, Clone)]
pub struct TensorReport {
    /// The tensor, or a slice of one.
    pub selected: Selected,
    /// Its statistics, where they were asked for.
    pub summary: Option<Summary>,
    /// Its singular values, where they were asked for and it is a matrix.
    pub singular: Option<Singular>,
}

/// Lists the tensors that the patterns mean (all, without any). Reads no values.
///
/// # Errors
/// As [`select`].
pub fn inspect<'a, S: AsRef<str>>(
    checkpoint: &'a Checkpoint,
    patterns: &[S],
) -> Result<InspectReport<'a>, Error> {
    let selected = select(checkpoint, patterns)?.into_iter();
    let tensors =
        selected.map(|selected| TensorReport { selected, summary: None, singular: None }).collect();
    Ok(InspectReport { checkpoint, tensors })
}

/// An order of tensors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// By bytes, the largest first.
    Size,
    /// By Euclidean norm; needs statistics.
    Norm,
    /// By largest magnitude; needs statistics.
    Max,
    /// By name.
    Name,
}

impl Sort {
    /// The words for them, as `--sort` takes them.
    pub const WORDS: [(&str, Sort); 4] =
        [("size", Sort::Size), ("norm", Sort::Norm), ("max", Sort::Max), ("name", Sort::Name)];

    /// Whether it needs statistics.
    pub fn needs_stats(self) -> bool {
        matches!(self, Sort::Norm | Sort::Max)
    }
}

impl InspectReport<'_> {
    fn total(&self, of: impl Fn(&Tensor) -> u64) -> u64 {
        self.tensors.iter().map(|one| of(&one.selected.tensor)).fold(0, u64::saturating_add)
    }

    /// Values in all. Those computed from other tensors of the file are counted in these, unless
    /// they are all that was asked for.
    pub fn parameters(&self) -> u64 {
        let derived = self.tensors.iter().all(|one| one.selected.tensor.is_derived());
        self.total(|tensor| match tensor.is_derived() && !derived {
            true => 0,
            false => tensor.elements(),
        })
    }

    /// Bytes of all values as the file stores them.
    pub fn bytes(&self) -> u64 {
        self.total(Tensor::stored_len)
    }

    /// Bytes that statistics have to read: of all values, decoded.
    pub fn bytes_to_read(&self) -> u64 {
        self.total(Tensor::byte_len)
    }

    /// Reads every value and adds the statistics.
    ///
    /// # Errors
    /// When values cannot be read, or the work was stopped.
    pub fn summarize(&mut self, work: Work<'_>) -> Result<(), Error> {
        for one in &mut self.tensors {
            one.summary = Some(summarize(&one.selected.tensor, work)?);
        }
        Ok(())
    }

    /// The tensors themselves.
    pub fn tensors(&self) -> impl Iterator<Item = &Tensor> {
        self.tensors.iter().map(|one| &one.selected.tensor)
    }

    /// What the file probably is: what its `config.json` says, and a guess from names and shapes.
    pub fn architecture(&self) -> Option<String> {
        let guess = architecture(&self.tensors().collect::<Vec<_>>());
        let told = self.checkpoint.metadata.iter().find(|(key, _)| key == CONFIGURED);
        match (told, guess) {
            (Some((_, told)), Some(guess)) => Some(format!("{told} (config.json); {guess}")),
            (Some((_, told)), None) => Some(format!("{told} (config.json)")),
            (None, guess) => guess,
        }
    }

    /// Puts the tensors in another order: names as people count (`layer.2` before `layer.10`), or
    /// the largest first. What has no such figure comes last; equals stay in the file's order.
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
    /// file's; a number that is not finite is `null`.
    ///
    /// # Errors
    /// Never for a report; the type is serde's.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        to_json(self)
    }
}

/// Anything as one line of JSON in which no character is hidden, controls a terminal or reorders
/// text: those stand as `\u202e`, which means the same.
///
/// # Errors
/// As serde's.
pub fn to_json(value: &(impl Serialize + ?Sized)) -> Result<String, serde_json::Error> {
    let mut bytes = Vec::new();
    value.serialize(&mut serde_json::Serializer::with_formatter(&mut bytes, Shown))?;
    String::from_utf8(bytes).map_err(serde::ser::Error::custom)
}

/// As [`to_json`], on many lines.
///
/// # Errors
/// As serde's.
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

impl Serialize for InspectReport<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let checkpoint = self.checkpoint;
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

struct Stats<'a>(&'a Summary);

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
