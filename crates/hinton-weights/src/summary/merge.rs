//! Merges several summaries into one.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use hinton_format::Limits;
use hinton_format::source::file::{is_dir, read_dir};
use hinton_format::summary::{SummaryFile, read_bytes};
use hinton_tensor::SummaryPart;
use hinton_words::visible;

use crate::Error;

/// The result of merging summaries.
#[derive(Debug, Clone)]
pub struct Merged {
    /// The bytes of the merged summary.
    pub bytes: Vec<u8>,
    /// Number of stripes it covers.
    pub known: u64,
    /// Number of stripes of the whole checkpoint.
    pub all: u64,
}

/// Most tensors whose missing stripes are named.
const MOST_NAMED: usize = 5;

/// Merges summaries, given in any order, each as a name for errors and its bytes.
///
/// The result has the bytes of the summary of everything they cover. If stripes are missing, that
/// is an error unless `partial` is true.
///
/// # Errors
/// Returns an error if one is not a summary, they are of different checkpoints, they disagree about
/// the same values, or stripes are missing.
pub fn merge(
    files: impl IntoIterator<Item = Result<(String, Vec<u8>), Error>>,
    partial: bool,
) -> Result<Merged, Error> {
    let mut first: Option<(String, SummaryFile)> = None;
    let mut parts: BTreeMap<usize, Vec<SummaryPart>> = BTreeMap::new();
    for file in files {
        let (name, bytes) = file?;
        let like = first.as_ref().map(|(_, file)| file);
        let mut file = SummaryFile::decode(&bytes, &Limits::default(), like)
            .map_err(|error| error.in_file(&name))?;
        if let Some((other, like)) = &first
            && let Some(difference) = like.source.difference(&file.source)
        {
            return Err(Error::unfit(
                format!(
                    "{} and {} are of different checkpoints: {difference} differ",
                    visible(other),
                    visible(&name)
                ),
                "merge parts of one path, planned and read while it does not change",
            ));
        }
        for (tensor, part) in std::mem::take(&mut file.parts) {
            parts.entry(tensor).or_default().push(part);
        }
        first.get_or_insert((name, file));
    }
    let Some((_, mut file)) = first else {
        return Err(Error::request("there is no summary to merge", "name one or more"));
    };
    for (tensor, parts) in parts {
        let name = &file.source.tensors[tensor].name;
        let merged = merged(parts).map_err(|error| {
            Error::unfit(
                format!("tensor {name:?}: {error}"),
                "merge parts of one plan, none of them merged before with others that are here too",
            )
        })?;
        file.parts.extend(merged.map(|part| (tensor, part)));
    }
    let missing = file.missing();
    if !missing.is_empty() && !partial {
        return Err(lacking(&file, &missing));
    }
    let count = |ranges: &[Range<u64>]| ranges.iter().map(|range| range.end - range.start).sum();
    let stripes = file.source.tensors.iter().map(|facts| facts.folding().stripes());
    let all: u64 = stripes.fold(0, u64::saturating_add);
    let lacks: u64 = missing.iter().map(|(_, ranges)| -> u64 { count(ranges) }).sum();
    Ok(Merged { bytes: file.encode(), known: all - lacks, all })
}

/// Merges summaries from files, from addresses, or all those (`.hs`) in folders; otherwise as
/// [`merge`].
///
/// # Errors
/// Returns the errors of [`merge`]; and an error if one cannot be read.
pub fn merge_files(paths: &[impl AsRef<Path>], partial: bool) -> Result<Merged, Error> {
    let mut files = Vec::new();
    for path in paths.iter().map(AsRef::as_ref) {
        if crate::is_address(path) || !is_dir(path) {
            files.push(path.to_owned());
            continue;
        }
        let entries = read_dir(path)?.into_iter().filter(|entry| !entry.is_dir);
        let names = entries.map(|entry| entry.name).filter(|name| name.ends_with(".hs"));
        files.extend(names.map(|name| path.join(name)));
    }
    let read = |path: &PathBuf| Ok((path.display().to_string(), read_bytes(path)?));
    merge(files.iter().map(read), partial)
}

/// Parts of one tensor as one. In the order of their stripes, so that the order in which they come changes
/// nothing; the same part twice is once.
fn merged(mut parts: Vec<SummaryPart>) -> Result<Option<SummaryPart>, hinton_tensor::PartError> {
    parts.sort_by_key(|part| {
        part.stripes().iter().map(|range| (range.start, range.end)).collect::<Vec<_>>()
    });
    parts.dedup();
    let mut parts = parts.into_iter();
    let Some(mut all) = parts.next() else { return Ok(None) };
    for part in parts {
        all.merge(&part)?;
    }
    Ok(Some(all))
}

fn lacking(file: &SummaryFile, missing: &[(usize, Vec<Range<u64>>)]) -> Error {
    let named = missing.iter().take(MOST_NAMED).map(|(tensor, ranges)| {
        let ranges: Vec<String> =
            ranges.iter().map(|range| format!("{} to {}", range.start, range.end - 1)).collect();
        let facts = &file.source.tensors[*tensor];
        let (name, all) = (visible(&facts.name), facts.folding().stripes());
        format!("stripes {} of {all} of {name}", ranges.join(", "))
    });
    let named: Vec<String> = named.collect();
    let more = match missing.len().saturating_sub(MOST_NAMED) {
        0 => String::new(),
        more => format!(", and of {more} more tensors"),
    };
    Error::missing(
        format!("parts are missing: {}{more}", named.join("; ")),
        "make the parts that are missing, or ask for a partial summary",
    )
}
