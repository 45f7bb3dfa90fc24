//! Which names a mistyped one might have meant.

use hinton_format::Checkpoint;
use hinton_scene::visible;

/// Names that are compared; more would take longer than a person's patience is worth.
const MOST_COMPARED: usize = 20_000;
/// Characters of a name that are compared.
const MOST_CHARS: usize = 200;
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

fn ranked<'a>(names: impl Iterator<Item = &'a str>, wanted: &str) -> Vec<(usize, &'a str)> {
    let wanted = short(wanted);
    let mut ranked: Vec<(usize, &str)> =
        names.take(MOST_COMPARED).map(|name| (distance(&wanted, &short(name)), name)).collect();
    // Stable: names that are as near stay in their order.
    ranked.sort_by_key(|(far, _)| *far);
    ranked
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

fn short(name: &str) -> Vec<char> {
    name.to_lowercase().chars().take(MOST_CHARS).collect()
}

/// How far two names are apart: edits, but one that holds the other is near.
fn distance(wanted: &[char], name: &[char]) -> usize {
    let holds = |long: &[char], part: &[char]| {
        !part.is_empty() && long.windows(part.len()).any(|window| window == part)
    };
    let edits = edits(wanted, name);
    if holds(name, wanted) || (name.len() >= 3 && holds(wanted, name)) {
        // Nearer than anything mistyped, the closer in length the nearer.
        return edits.min(1 + edits / 16);
    }
    edits
}

/// Levenshtein's distance, with one row of memory.
fn edits(one: &[char], two: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=two.len()).collect();
    for (i, a) in one.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in two.iter().enumerate() {
            let replaced = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(row[j + 1] + 1);
        }
    }
    row[two.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chars(text: &str) -> Vec<char> {
        text.chars().collect()
    }

    #[test]
    fn edits_are_counted() {
        for (one, two, count) in
            [("kitten", "sitting", 3), ("", "abc", 3), ("abc", "", 3), ("same", "same", 0)]
        {
            assert_eq!(edits(&chars(one), &chars(two)), count);
        }
    }

    #[test]
    fn a_name_that_holds_the_word_is_near() {
        let wanted = chars("fc.weight");
        let held = distance(&wanted, &chars("model.decoder.fc.weight"));
        let other = distance(&wanted, &chars("fd.wieght"));
        assert!(held < other, "{held} {other}");
    }
}
