//! Which names a mistyped one might have meant.

use hinton_format::{Checkpoint, nearest as ranked};
use hinton_scene::visible;

/// Names that are offered.
const OFFERED: usize = 3;

/// The three nearest names, quoted and escaped, for a sentence.
pub(crate) fn nearest<'a>(names: impl Iterator<Item = &'a str>, wanted: &str) -> String {
    quoted(ranked(names, wanted).into_iter().map(|(_, name)| name).take(OFFERED))
}

/// The nearest name, where it is near enough to be a slip of the finger.
pub(crate) fn near_enough<'a>(
    names: impl Iterator<Item = &'a str>,
    wanted: &str,
) -> Option<&'a str> {
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

fn quoted<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<String> =
        names.into_iter().map(|name| format!("\"{}\"", visible(name))).collect();
    names.join(", ")
}
