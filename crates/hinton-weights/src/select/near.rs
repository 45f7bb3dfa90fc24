//! Suggests the names that a mistyped one might have meant.

use std::collections::BTreeSet;

use hinton_format::{Checkpoint, nearest as ranked};
use hinton_words::visible;

/// Names that are offered.
const OFFERED: usize = 3;

/// The three nearest names, quoted and escaped, for a sentence.
pub fn nearest<'a>(names: impl Iterator<Item = &'a str>, wanted: &str) -> String {
    quoted(ranked(names, wanted).into_iter().map(|(_, name)| name).take(OFFERED))
}

/// The nearest name, where it is near enough to be a slip of the finger.
pub fn near_enough<'a>(names: impl Iterator<Item = &'a str>, wanted: &str) -> Option<&'a str> {
    let near = wanted.chars().count().div_ceil(3);
    ranked(names, wanted).first().filter(|(far, _)| *far <= near).map(|(_, name)| *name)
}

/// Some names of the file, the first or those that share a word with the pattern.
pub(super) fn some_names(checkpoint: &Checkpoint, pattern: &str) -> String {
    let words: Vec<&str> =
        pattern.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let names = || checkpoint.tensors.iter().map(|tensor| tensor.name());
    let alike: Vec<&str> =
        names().filter(|name| words.iter().any(|word| name.contains(word))).take(OFFERED).collect();
    let shown = if alike.is_empty() { names().take(OFFERED).collect() } else { alike };
    let more = checkpoint.tensors.len() - shown.len().min(checkpoint.tensors.len());
    match more {
        0 => quoted(shown),
        more => format!("{} and {more} more", quoted(shown)),
    }
}

/// The glob with each misspelt word replaced by the nearest word of the names, where that matches
/// something: `layers.*.wieght` becomes `layers.*.weight`.
pub(super) fn mended_glob(checkpoint: &Checkpoint, pattern: &str) -> Option<String> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut known = BTreeSet::new();
    for tensor in &checkpoint.tensors {
        known.extend(tensor.name().split(|c| !is_word(c)).filter(|word| !word.is_empty()));
    }
    let mut mended = String::new();
    let mut rest = pattern;
    while let Some(first) = rest.chars().next() {
        let end = rest.find(|c| is_word(c) != is_word(first)).unwrap_or(rest.len());
        let (piece, after) = rest.split_at(end);
        // A piece beside a star is a part of a word.
        let is_part = mended.ends_with(['*', '?']) || after.starts_with(['*', '?']);
        let is_known = match is_part {
            true => known.iter().any(|word| word.contains(piece)),
            false => known.contains(piece),
        };
        match is_word(first) && !is_known {
            true => {
                let meant = near_enough(known.iter().copied(), piece)?;
                // Another number is another layer, no slip of the finger.
                let letters = |word: &str| word.replace(|c: char| c.is_ascii_digit(), "");
                if letters(meant) == letters(piece) {
                    return None;
                }
                mended.push_str(meant);
            }
            false => mended.push_str(piece),
        }
        rest = after;
    }
    let glob = super::glob(&mended);
    let fits = |tensor: &hinton_tensor::Tensor| glob.fits(tensor.name());
    (mended != pattern && checkpoint.tensors.iter().any(fits)).then_some(mended)
}

fn quoted<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<String> =
        names.into_iter().map(|name| format!("\"{}\"", visible(name))).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use hinton_tensor::Tensor;

    use super::*;

    #[test]
    fn misspelt_globs_are_mended() {
        let names = ["model.layers.0.fc.weight", "model.layers.0.fc.bias", "norm.weight"];
        let tensors = names.map(|name| Tensor::from_f32(name, &[1], &[1.0]).unwrap()).to_vec();
        let file = Checkpoint {
            path: "m".to_owned(),
            format: "npz",
            metadata: Vec::new(),
            tensors,
            files: Vec::new(),
            warnings: Vec::new(),
        };
        for (pattern, mended) in [
            ("*.layers.*.wieght", Some("*.layers.*.weight")),
            ("norn.*", Some("norm.*")),
            ("*.fc.bais", Some("*.fc.bias")),
            ("*.lyaers.?.fc.weigth", Some("*.layers.?.fc.weight")),
            ("decoder.*.wieght", None),
            ("*.fc2.*", None),
        ] {
            assert_eq!(mended_glob(&file, pattern).as_deref(), mended, "{pattern}");
        }
    }
}
