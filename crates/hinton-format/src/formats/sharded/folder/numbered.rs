//! Shards that nothing but their names joins: `model-00001-of-00003.safetensors`.

use super::Weights;
use crate::formats::{gguf, safetensors};
use crate::{Error, ErrorKind};

/// Formats whose files are numbered parts; their names are the files' extensions too.
const SPLIT: [&str; 2] = [safetensors::ROW.name, gguf::ROW.name];

/// The names, where all are shards of one model (`model-00001-of-00003.safetensors`), in order.
pub(super) fn shards<'a>(weights: &[Weights<'a>]) -> Result<Option<Vec<&'a str>>, Error> {
    let mut found = Vec::new();
    for (name, format) in weights {
        match shard_number(name) {
            Some(shard) if SPLIT.contains(format) => found.push((shard, *name)),
            _ => return Ok(None),
        }
    }
    found.sort_unstable();
    let Some((Shard { stem, total, digits, ending, .. }, _)) = found.first().copied() else {
        return Ok(None);
    };
    let mixed = weights.iter().any(|(_, format)| *format != weights[0].1);
    if mixed || found.iter().any(|(shard, _)| (shard.stem, shard.total) != (stem, total)) {
        return Ok(None);
    }
    // The number of files bounds this, not the total that a name claims.
    let missing: Vec<u64> = (1..=total)
        .take(found.len() + 10)
        .filter(|number| !found.iter().any(|shard| shard.0.number == *number))
        .collect();
    if let Some(first) = missing.first() {
        let file = format!("{stem}-{first:0digits$}-of-{total:0digits$}.{ending}");
        return Err(Error::new(
            ErrorKind::Io,
            format!("the folder has {} of {total} shards; {file:?} is missing", found.len()),
        )
        .cure(format!("download {file:?} into the folder")));
    }
    Ok(Some(found.into_iter().map(|(_, name)| name).collect()))
}

/// The full set of numbered shards among names; `None` where there is none, or several.
pub(super) fn full_set<'a>(names: &[&'a str]) -> Option<Vec<&'a str>> {
    let mut found: Vec<_> =
        names.iter().filter_map(|name| Some((shard_number(name)?, *name))).collect();
    found.sort_unstable();
    let (first, _) = *found.first()?;
    let same = |shard: &Shard<'_>| {
        (shard.stem, shard.total, shard.ending) == (first.stem, first.total, first.ending)
    };
    let in_order =
        (1..).zip(&found).all(|(number, (shard, _))| shard.number == number && same(shard));
    (in_order && found.len() as u64 == first.total)
        .then(|| found.into_iter().map(|(_, name)| name).collect())
}

/// How many shards a file of that name is one of; `None` where it is no shard.
pub(super) fn one_of(name: &str) -> Option<u64> {
    shard_number(name).map(|shard| shard.total)
}

/// What the name of a shard says: `stem-00001-of-00003.ending`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Shard<'a> {
    pub(super) stem: &'a str,
    total: u64,
    number: u64,
    /// Digits of each of the two numbers.
    digits: usize,
    /// The name's extension, which need not be that of what the file holds.
    pub(super) ending: &'a str,
}

/// The parts of `stem-00001-of-00003.safetensors`.
pub(super) fn shard_number(name: &str) -> Option<Shard<'_>> {
    let (name, ending) = name.rsplit_once('.').filter(|(_, ending)| SPLIT.contains(ending))?;
    let (rest, total) = name.rsplit_once("-of-")?;
    let (stem, number) = rest.rsplit_once('-')?;
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(number) || !is_number(total) || number.len() != total.len() {
        return None;
    }
    let digits = number.len();
    Some(Shard { stem, total: total.parse().ok()?, number: number.parse().ok()?, digits, ending })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_are_told_by_their_names() {
        let parts = |ending| Shard { stem: "m", total: 3, number: 2, digits: 5, ending };
        assert_eq!(shard_number("m-00002-of-00003.safetensors"), Some(parts("safetensors")));
        assert_eq!(shard_number("m-2-of-00003.safetensors"), None);
        assert_eq!(shard_number("m.safetensors"), None);
        assert_eq!(shard_number("m-00002-of-00003.gguf"), Some(parts("gguf")));
        assert_eq!(shard_number("m-00002-of-00003.pt"), None);
        let of = |names: &[&'static str]| {
            let weights: Vec<_> = names.iter().map(|name| (*name, "safetensors")).collect();
            shards(&weights).map_err(|error| error.to_string())
        };
        let [a, b] = ["m-00001-of-00002.safetensors", "m-00002-of-00002.safetensors"];
        assert_eq!(of(&[b, a]), Ok(Some(vec![a, b])));
        assert_eq!(of(&[a, "n-00002-of-00002.safetensors"]), Ok(None));
        assert_eq!(of(&[a, "other.safetensors"]), Ok(None));
        let error = of(&["m-00001-of-00003.safetensors", "m-00003-of-00003.safetensors"]);
        assert!(error.unwrap_err().contains("\"m-00002-of-00003.safetensors\" is missing"));
        // The content is safetensors, whatever the names say.
        let error = of(&["m-1-of-3.gguf", "m-2-of-3.gguf"]);
        assert!(error.unwrap_err().contains("\"m-3-of-3.gguf\" is missing"));
    }
}
