//! Writes a comparison as JSON, CSV or Markdown.

use hinton_tensor::Tensor;
use hinton_tensor::spectrum::Spectrum;
use hinton_words::{short, visible};
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

use super::summary::percent;
use super::{BlockErrors, Change, Diff, Found, LowRank, Measures, Offer, Pair};

/// The version of the JSON.
const VERSION: u32 = 1;

impl Serialize for Diff {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("version", &VERSION)?;
        map.serialize_entry("a", &self.path_a)?;
        map.serialize_entry("b", &self.path_b)?;
        map.serialize_entry("same", &self.is_same())?;
        map.serialize_entry("relative", &self.relative())?;
        map.serialize_entry("summary", &self.summary())?;
        if let Some(found) = &self.alignment {
            map.serialize_entry("alignment", &Layers(found))?;
        }
        map.serialize_entry("matched", &self.pairs)?;
        map.serialize_entry("unlike", &Sides(&self.unlike))?;
        map.serialize_entry("only_a", &Singles(&self.only_a))?;
        map.serialize_entry("only_b", &Singles(&self.only_b))?;
        map.serialize_entry("offers", &Offers(&self.offers))?;
        map.end()
    }
}

struct Layers<'a>(&'a super::Alignment);

impl Serialize for Layers<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let layers = &self.0.layers;
        let names: Vec<&str> = layers.iter().map(|layer| layer.layer.as_str()).collect();
        let moved: Vec<usize> = layers.iter().map(|layer| layer.moved).collect();
        let orders: Vec<&[usize]> = layers.iter().map(|layer| layer.order.as_slice()).collect();
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("layers", &names)?;
        map.serialize_entry("moved", &moved)?;
        map.serialize_entry("orders", &orders)?;
        map.serialize_entry("relative", &self.0.errors.0)?;
        map.serialize_entry("relative_before", &self.0.errors.1)?;
        map.end()
    }
}

impl Serialize for Pair {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("a", self.a.name())?;
        map.serialize_entry("b", self.b.name())?;
        map.serialize_entry("how", &self.how())?;
        map.serialize_entry("found", found_word(&self.found))?;
        map.serialize_entry("change", change_word(&self.change))?;
        map.serialize_entry("shape", &self.shape())?;
        map.serialize_entry("dtype_a", self.a.stored_type())?;
        map.serialize_entry("dtype_b", self.b.stored_type())?;
        map.serialize_entry("elements", &self.a.elements())?;
        if let Some(measures) = &self.measures {
            figures(&mut map, measures)?;
            map.serialize_entry("within_noise", &self.is_noise())?;
        }
        if let Some(spectrum) = &self.spectrum {
            map.serialize_entry("spectrum", &OfDifference(spectrum, self.low_rank()))?;
        }
        if let Some(blocks) = &self.blocks {
            map.serialize_entry("blocks", &OfBlocks(blocks))?;
        }
        map.end()
    }
}

/// Errors of quantised blocks, in few numbers.
struct OfBlocks<'a>(&'a BlockErrors);

impl Serialize for OfBlocks<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let one = self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("block", &one.block)?;
        map.serialize_entry("count", &one.count)?;
        map.serialize_entry("median", &one.median)?;
        map.serialize_entry("percentile_99", &one.high)?;
        map.serialize_entry("largest", &one.largest)?;
        map.serialize_entry("at", &one.at)?;
        map.end()
    }
}

/// What may be the same: names, and how far histograms are apart.
struct Offers<'a>(&'a [Offer]);

impl Serialize for Offers<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.0.len()))?;
        for Offer { a, b, distance } in self.0 {
            list.serialize_element(&(a, b, distance))?;
        }
        list.end()
    }
}

/// Singular values of a difference, in few numbers.
struct OfDifference<'a>(&'a Spectrum, Option<LowRank>);

impl Serialize for OfDifference<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let OfDifference(spectrum, low_rank) = self;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("estimated", &spectrum.is_sketch)?;
        map.serialize_entry("effective_rank", &spectrum.effective_rank())?;
        map.serialize_entry("stable_rank", &spectrum.stable_rank())?;
        map.serialize_entry("low_rank", &low_rank.map(|one| one.rank))?;
        for first in [1, 4, 16, 64] {
            map.serialize_entry(&format!("energy_{first}"), &spectrum.energy(first))?;
        }
        map.end()
    }
}

fn figures<M: SerializeMap>(map: &mut M, measures: &Measures) -> Result<(), M::Error> {
    map.serialize_entry("equal", &measures.equal)?;
    map.serialize_entry("within_step", &measures.within_step)?;
    map.serialize_entry("changed", &measures.changed())?;
    map.serialize_entry("relative", &measures.relative())?;
    map.serialize_entry("cosine", &measures.cosine())?;
    map.serialize_entry("norm_a", &measures.norm_a)?;
    map.serialize_entry("norm_b", &measures.norm_b)?;
    map.serialize_entry("norm_difference", &measures.norm_difference)?;
    map.serialize_entry("mean_difference", &measures.mean_difference)?;
    map.serialize_entry("snr_db", &measures.snr_db())?;
    let largest = measures.largest.as_ref();
    map.serialize_entry("max_abs", &largest.map_or(0.0, |one| one.magnitude))?;
    map.serialize_entry("at", &largest.map(|one| &one.at))?;
    map.serialize_entry("sign_flips", &measures.sign_flips)?;
    let odd = &measures.odd;
    for (key, count) in [
        ("nan_a", odd.nan_a),
        ("nan_b", odd.nan_b),
        ("inf_a", odd.inf_a),
        ("inf_b", odd.inf_b),
        ("nan_came", odd.nan_came),
        ("nan_went", odd.nan_went),
        ("inf_came", odd.inf_came),
        ("inf_went", odd.inf_went),
    ] {
        map.serialize_entry(key, &count)?;
    }
    for (key, lines) in [("rows", &measures.rows), ("columns", &measures.columns)] {
        if let Some(lines) = lines {
            let most: Vec<(usize, f64)> =
                lines.most.iter().map(|line| (line.index, line.norm)).collect();
            map.serialize_entry(&format!("{key}_changed"), &lines.changed)?;
            map.serialize_entry(&format!("{key}_moved_most"), &most)?;
        }
    }
    map.serialize_entry("noise_dtype", measures.noise.name)?;
    map.serialize_entry("noise_relative", &measures.noise.relative)
}

fn found_word(found: &Found) -> &'static str {
    match found {
        Found::Name => "name",
        Found::Prefix(_) => "prefix",
        Found::Map(_) => "map",
        Found::Convention => "convention",
        Found::Values { .. } => "values",
    }
}

fn change_word(change: &Change) -> &'static str {
    match change {
        Change::None => "none",
        Change::Axes { .. } => "axes",
        Change::Rotary { .. } => "rotary",
        Change::Interleaved { .. } => "interleaved",
        Change::Flattened { .. } => "flattened",
        Change::Part { .. } => "part",
        Change::Expert { .. } => "expert",
        Change::Tied => "tied",
        Change::Exponential { .. } => "exponential",
        Change::Aligned { .. } => "aligned",
        Change::Reshaped => "reshaped",
        Change::Rows { .. } => "rows",
    }
}

pub(super) struct Singles<'a>(pub(super) &'a [Tensor]);

impl Serialize for Singles<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.0.len()))?;
        for tensor in self.0 {
            list.serialize_element(&Single(tensor))?;
        }
        list.end()
    }
}

struct Single<'a>(&'a Tensor);

impl Serialize for Single<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(3))?;
        map.serialize_entry("name", self.0.name())?;
        map.serialize_entry("shape", self.0.shape())?;
        map.serialize_entry("dtype", self.0.stored_type())?;
        map.end()
    }
}

pub(super) struct Sides<'a>(pub(super) &'a [(Tensor, Tensor)]);

impl Serialize for Sides<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.0.len()))?;
        for (a, b) in self.0 {
            list.serialize_element(&(Single(a), Single(b)))?;
        }
        list.end()
    }
}

/// The pairs as CSV with a header line; unknown values are empty.
pub fn to_csv(diff: &Diff) -> String {
    let mut text = "a,b,how,dtype_a,dtype_b,elements,changed,relative,cosine,max_abs,sign_flips,\
                    nan_a,nan_b,noise_relative\n"
        .to_owned();
    let number = |value: Option<f64>| value.map_or(String::new(), |value| format!("{value:e}"));
    for pair in &diff.pairs {
        let cells = [pair.a.name(), pair.b.name(), &pair.how()].map(cell);
        let Some(one) = &pair.measures else { continue };
        let figures = [
            pair.a.stored_type().to_owned(),
            pair.b.stored_type().to_owned(),
            one.elements.to_string(),
            one.changed().to_string(),
            number(one.relative()),
            number(one.cosine()),
            number(Some(one.largest.as_ref().map_or(0.0, |one| one.magnitude))),
            one.sign_flips.to_string(),
            one.odd.nan_a.to_string(),
            one.odd.nan_b.to_string(),
            number(one.noise.relative),
        ];
        text.push_str(&format!("{},{}\n", cells.join(","), figures.join(",")));
    }
    for (tensors, is_first) in [(&diff.only_a, true), (&diff.only_b, false)] {
        for tensor in tensors {
            let (name, dtype) = (cell(tensor.name()), tensor.stored_type());
            let elements = tensor.elements();
            text.push_str(&match is_first {
                true => format!("{name},,only in a,{dtype},,{elements},,,,,,,,\n"),
                false => format!(",{name},only in b,,{dtype},{elements},,,,,,,,\n"),
            });
        }
    }
    for (a, b) in &diff.unlike {
        let (a_name, b_name) = (cell(a.name()), cell(b.name()));
        let (a_type, b_type) = (a.stored_type(), b.stored_type());
        text.push_str(&format!("{a_name},{b_name},shapes differ,{a_type},{b_type},,,,,,,,,\n"));
    }
    text
}

/// A cell of CSV, in quotes where it needs them.
pub(super) fn cell(text: &str) -> String {
    let text = visible(text);
    match text.contains(['"', ',', '\n', '\r']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.into_owned(),
    }
}

/// The summary and the `most` pairs with the largest change, as Markdown for a pull request.
pub fn to_markdown(diff: &Diff, most: usize) -> String {
    let code = |text: &str| format!("`{}`", visible(text).replace('`', "'").replace('|', "\\|"));
    let mut text = format!("**{} → {}**\n\n", code(&diff.path_a), code(&diff.path_b));
    let lines = diff.summary();
    lines.iter().for_each(|line| text.push_str(&format!("- {}\n", line.replace('|', "\\|"))));
    let changed: Vec<&Pair> =
        diff.by_change().into_iter().filter(|pair| !pair.is_equal()).collect();
    if !changed.is_empty() {
        text.push_str("\n| tensor | changed | relative | cast | cosine | max abs |\n");
        text.push_str("| --- | ---: | ---: | ---: | ---: | ---: |\n");
    }
    for pair in changed.iter().take(most) {
        let Some(one) = &pair.measures else { continue };
        let largest = one.largest.as_ref().map(|one| one.magnitude);
        let number = |value: Option<f64>| value.map_or("–".to_owned(), short);
        text.push_str(&format!(
            "| {} | {} | {} | {} | {} | {} |\n",
            code(pair.a.name()),
            percent(one.changed_share()),
            one.relative().map_or("–".to_owned(), percent),
            one.noise.relative.filter(|noise| *noise > 0.0).map_or("–".to_owned(), percent),
            number(one.cosine()),
            number(largest),
        ));
    }
    if changed.len() > most {
        text.push_str(&format!("\nand {} more tensors that changed\n", changed.len() - most));
    }
    text
}
