//! A model in several files, `stem-00001-of-00003.gguf`: each is a GGUF file of its own whose
//! metadata says which part it is (`split.no`, from 0, and `split.count`).

use std::collections::BTreeSet;

use super::header::Header;
use super::open_one;
use crate::formats::sharded;
use crate::{Checkpoint, Error, Input, Limits, Warning};

/// Digits of the numbers in names.
const DIGITS: usize = 5;

/// Which part of a split model a file is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    /// From 0.
    number: u64,
    count: u64,
    /// Tensors of all parts together.
    tensors: Option<u64>,
}

/// What the metadata says of parts; nothing where the file is whole.
pub(super) fn part(header: &Header) -> Option<Part> {
    let count = header.number("split.count").filter(|&count| count > 1)?;
    let number = header.number("split.no")?;
    Some(Part { number, count, tensors: header.number("split.tensors.count") })
}

/// The first part joined with the others next to it; another part alone, with a warning.
pub(super) fn complete(
    input: &Input,
    mut first: Checkpoint,
    part: Part,
    limits: &Limits,
) -> Result<Checkpoint, Error> {
    let Part { number, count, .. } = part;
    let shown = number.saturating_add(1);
    let names = input.path.as_ref().and_then(|path| names(&path.file_name(), part));
    let (Some((own, names)), 0) = (input.path.as_ref().zip(names), number) else {
        first.warnings.push(Warning::file(format!(
            "this is part {shown} of {count}; open the first part or the folder for the whole model"
        )));
        return Ok(first);
    };
    let mut metadata = std::mem::take(&mut first.metadata);
    let mut keys: BTreeSet<String> = metadata.iter().map(|(key, _)| key.clone()).collect();
    let mut parts = vec![first];
    let mut missing = Vec::new();
    for name in names {
        let path = own.beside(&name);
        if path.is_missing() {
            missing.push(name);
            continue;
        }
        let (mut other, _) = path
            .check_beside(own)
            .and_then(|()| Input::at(&path))
            .and_then(|input| open_one(&input, limits))
            .map_err(|error| error.in_file(&path.display().to_string()))?;
        // Each part has a number of its own; that of the first says that it is the first.
        let new = std::mem::take(&mut other.metadata).into_iter();
        metadata.extend(new.filter(|(key, _)| keys.insert(key.clone())));
        parts.push(other);
    }
    let mut whole = sharded::join(&input.name, parts, limits)?;
    whole.metadata = metadata;
    if !missing.is_empty() {
        let message = format!(
            "{} of {count} parts are missing, their tensors are not shown: {}",
            missing.len(),
            sharded::listed(&missing.iter().map(String::as_str).collect::<Vec<_>>())
        );
        whole.warnings.push(Warning::file(message));
    } else if let Some(tensors) = part.tensors.filter(|&n| n != whole.tensors.len() as u64) {
        let have = whole.tensors.len();
        let message = format!("the parts have {have} tensors, the first part declares {tensors}");
        whole.warnings.push(Warning::file(message));
    }
    Ok(whole)
}

/// The names of the other parts, where the file's own name is that of the first.
fn names(name: &str, part: Part) -> Option<Vec<String>> {
    let count = part.count;
    let ending = format!("-of-{count:0DIGITS$}.gguf");
    let stem = name.strip_suffix(&ending)?.strip_suffix(&format!("-{:0DIGITS$}", 1))?;
    // Five digits bound the number of names.
    if count >= 10u64.pow(DIGITS as u32) {
        return None;
    }
    Some((2..=count).map(|number| format!("{stem}-{number:0DIGITS$}{ending}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_other_parts_are_named_after_the_first() {
        let part = |count| Part { number: 0, count, tensors: None };
        let of = |name: &str, count| names(name, part(count));
        let found = of("m-00001-of-00003.gguf", 3).unwrap();
        assert_eq!(found, ["m-00002-of-00003.gguf", "m-00003-of-00003.gguf"]);
        assert_eq!(of("m-00002-of-00003.gguf", 3), None);
        assert_eq!(of("m-00001-of-00003.gguf", 4), None);
        assert_eq!(of("m.gguf", 3), None);
        assert_eq!(of("m-00001-of-18446744073709551615.gguf", u64::MAX), None);
    }
}
