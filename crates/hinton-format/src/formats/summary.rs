//! Summaries: statistics of a checkpoint's tensors in place of their values.
//!
//! Layout: docs/summary-format.md; bytes to parts in `crate::summary`.

use super::FormatRow;
use crate::summary::{MAGIC, MOST, SummaryFile};
use crate::{Checkpoint, Error, Head, Input, Limits, Sniff, Warning};

/// The row of the table.
pub(crate) const ROW: FormatRow = FormatRow {
    name: "summary",
    about: "statistics of a checkpoint's tensors, without the values",
    help: "Read: name, type and shape of every tensor and the statistics that inspection, \
           histograms and profiles show, bit for bit as from the file; of a summary of parts, those of the values that it \
           knows, with a note; where it was made with checks, the first NaN and infinities, rows and columns of zeros, and a digest. \
           Not in it: values, so that whatever needs them says so. \
           Layout: docs/summary-format.md of hinton",
    quantised: "",
    extensions: &["hs"],
    sniff,
    open,
};

fn sniff(head: &Head<'_>) -> Sniff {
    if head.bytes.starts_with(MAGIC) { Sniff::Certain } else { Sniff::No }
}

fn open(input: &Input, limits: &Limits) -> Result<Checkpoint, Error> {
    let bytes = input.whole("summary", MOST)?;
    let file = SummaryFile::decode(&bytes, limits, None)?;
    let missing = file.missing();
    let mut warnings = Vec::new();
    if !missing.is_empty() {
        let stripes = missing.iter().flat_map(|(_, ranges)| ranges);
        let lacks: u64 = stripes.map(|range| range.end - range.start).sum();
        let tensors = file.source.tensors.iter();
        let all = tensors.map(|facts| facts.folding().stripes()).fold(0, u64::saturating_add);
        warnings.push(Warning::file(format!(
            "the summary knows {} of {all} stripes of its tensors: statistics of {} of {} tensors are \
             of a part of their values",
            all.saturating_sub(lacks),
            missing.len(),
            file.source.tensors.len()
        )));
    }
    let empty =
        |number: usize| hinton_tensor::SummaryPart::empty(file.source.tensors[number].folding());
    let mut parts = file.parts.clone();
    let tensors = file.source.tensors()?.into_iter().enumerate().map(|(number, tensor)| {
        tensor.with_known(parts.remove(&number).unwrap_or_else(|| empty(number)))
    });
    let metadata = vec![
        ("summary of".to_owned(), file.source.path.clone()),
        ("its format".to_owned(), file.source.format.clone()),
    ];
    Ok(Checkpoint::of_file(input, ROW.name, metadata, tensors.collect(), warnings))
}
