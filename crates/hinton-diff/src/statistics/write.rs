//! Writes a comparison of statistics as JSON, CSV or Markdown.

use hinton_weights::inspect::Stats;
use hinton_words::visible;
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::{Counts, StatisticsDiff, StatisticsPair};
use crate::write::{Sides, Singles, cell};

/// The version of the JSON.
const VERSION: u32 = 1;

impl Serialize for StatisticsDiff {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("version", &VERSION)?;
        map.serialize_entry("compared", "statistics")?;
        map.serialize_entry("a", &self.path_a)?;
        map.serialize_entry("b", &self.path_b)?;
        map.serialize_entry("summary_a", &self.is_summary[0])?;
        map.serialize_entry("summary_b", &self.is_summary[1])?;
        map.serialize_entry("same_statistics", &self.is_same())?;
        map.serialize_entry("summary", &self.summary())?;
        map.serialize_entry("matched", &self.pairs)?;
        map.serialize_entry("unlike", &Sides(&self.unlike))?;
        map.serialize_entry("only_a", &Singles(&self.only_a))?;
        map.serialize_entry("only_b", &Singles(&self.only_b))?;
        map.end()
    }
}

impl Serialize for StatisticsPair {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("a", self.a.name())?;
        map.serialize_entry("b", self.b.name())?;
        map.serialize_entry("shape_a", self.a.shape())?;
        map.serialize_entry("shape_b", self.b.shape())?;
        map.serialize_entry("dtype_a", self.a.stored_type())?;
        map.serialize_entry("dtype_b", self.b.stored_type())?;
        map.serialize_entry("elements", &self.a.elements())?;
        if let Some(found) = &self.found {
            map.serialize_entry("counts", word(found.counts))?;
            let least = match found.counts {
                Counts::Changed(least) => Some(least),
                Counts::Unknown => None,
                _ => Some(0),
            };
            map.serialize_entry("changed_at_least", &least)?;
            map.serialize_entry("stripes_a", &found.stripes[0])?;
            map.serialize_entry("stripes_b", &found.stripes[1])?;
            map.serialize_entry("stats_a", &Stats(&found.summaries[0]))?;
            map.serialize_entry("stats_b", &Stats(&found.summaries[1]))?;
        }
        map.end()
    }
}

fn word(counts: Counts) -> &'static str {
    match counts {
        Counts::SameDigest => "same_digest",
        Counts::OtherBytes => "other_bytes",
        Counts::Same => "same",
        Counts::SameInBins => "same_in_bins",
        Counts::OtherSums => "other_sums",
        Counts::Changed(_) => "changed",
        Counts::Unknown => "unknown",
    }
}

/// The figures of a pair that stand in a table: of the first and of the second file.
const FIGURES: [&str; 8] = ["nan", "inf", "zeros", "min", "max", "mean", "std", "median"];

impl StatisticsDiff {
    /// The pairs as CSV with a header line; unknown values are empty.
    pub fn to_csv(&self) -> String {
        let heads = |side: char| FIGURES.map(|figure| format!("{figure}_{side}")).join(",");
        let mut text = format!(
            "a,b,dtype_a,dtype_b,elements,counts,changed_at_least,{},{}\n",
            heads('a'),
            heads('b')
        );
        let empty = ",".repeat(2 * FIGURES.len());
        for pair in &self.pairs {
            let Some(found) = &pair.found else { continue };
            let number =
                |value: Option<f64>| value.map_or(String::new(), |value| format!("{value:e}"));
            let figures = found.summaries.iter().flat_map(|one| {
                let counts = [one.nan, one.pos_inf.saturating_add(one.neg_inf), one.zeros];
                let values = [one.min(), one.max(), one.mean(), one.std(), one.quantile(0.5)];
                let counts = counts.iter().map(u64::to_string);
                counts.chain(values.map(number)).collect::<Vec<_>>()
            });
            let least = match found.counts {
                Counts::Changed(least) => least.to_string(),
                Counts::Unknown => String::new(),
                _ => "0".to_owned(),
            };
            text.push_str(&format!(
                "{},{},{},{},{},{},{least},{}\n",
                cell(pair.a.name()),
                cell(pair.b.name()),
                pair.a.stored_type(),
                pair.b.stored_type(),
                pair.a.elements(),
                word(found.counts),
                figures.collect::<Vec<_>>().join(",")
            ));
        }
        for (a, b) in &self.unlike {
            let (name_a, name_b) = (cell(a.name()), cell(b.name()));
            let (type_a, type_b) = (a.stored_type(), b.stored_type());
            text.push_str(&format!("{name_a},{name_b},{type_a},{type_b},,other shapes,{empty}\n"));
        }
        for one in &self.only_a {
            let (name, dtype, count) = (cell(one.name()), one.stored_type(), one.elements());
            text.push_str(&format!("{name},,{dtype},,{count},only in a,{empty}\n"));
        }
        for one in &self.only_b {
            let (name, dtype, count) = (cell(one.name()), one.stored_type(), one.elements());
            text.push_str(&format!(",{name},,{dtype},{count},only in b,{empty}\n"));
        }
        text
    }

    /// The sentences and the `most` pairs with the largest change, as Markdown for a pull request.
    pub fn to_markdown(&self, most: usize) -> String {
        let code =
            |text: &str| format!("`{}`", visible(text).replace('`', "'").replace('|', "\\|"));
        let mut text = format!("**{} → {}**\n\n", code(&self.path_a), code(&self.path_b));
        let lines = self.summary();
        lines.iter().for_each(|line| text.push_str(&format!("- {}\n", line.replace('|', "\\|"))));
        let differ: Vec<&StatisticsPair> =
            self.by_change().into_iter().filter(|pair| !pair.is_same()).collect();
        if !differ.is_empty() {
            text.push_str("\n| tensor | changed | what differs |\n| --- | ---: | --- |\n");
        }
        for pair in differ.iter().take(most) {
            let figures = pair.figures().join(", ");
            text.push_str(&format!("| {} | {} | {figures} |\n", code(pair.a.name()), pair.said()));
        }
        if differ.len() > most {
            text.push_str(&format!("\nand {} more tensors that differ\n", differ.len() - most));
        }
        text
    }
}
