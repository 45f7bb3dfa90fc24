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
            Some((stem, number, total)) if SPLIT.contains(format) => {
                found.push((stem, total, number, *name));
            }
            _ => return Ok(None),
        }
    }
    found.sort_unstable();
    let Some((stem, total, ..)) = found.first().copied() else { return Ok(None) };
    let mixed = weights.iter().any(|(_, format)| *format != weights[0].1);
    if mixed || found.iter().any(|shard| (shard.0, shard.1) != (stem, total)) {
        return Ok(None);
    }
    // The number of files bounds this, not the total that a name claims.
    let missing: Vec<u64> = (1..=total)
        .take(found.len() + 10)
        .filter(|number| !found.iter().any(|shard| shard.2 == *number))
        .collect();
    if let Some(first) = missing.first() {
        let ending = weights[0].1;
        let width = found[0].3.len() - stem.len() - "--of-.".len() - ending.len();
        let file = format!("{stem}-{first:0w$}-of-{total:0w$}.{ending}", w = width / 2);
        return Err(Error::new(
            ErrorKind::Io,
            format!("the folder has {} of {total} shards; {file:?} is missing", found.len()),
        )
        .cure(format!("download {file:?} into the folder")));
    }
    Ok(Some(found.into_iter().map(|shard| shard.3).collect()))
}

/// Stem, number and total of `stem-00001-of-00003.safetensors`.
pub(super) fn shard_number(name: &str) -> Option<(&str, u64, u64)> {
    let (name, _) = name.rsplit_once('.').filter(|(_, ending)| SPLIT.contains(ending))?;
    let (rest, total) = name.rsplit_once("-of-")?;
    let (stem, number) = rest.rsplit_once('-')?;
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(number) || !digits(total) || number.len() != total.len() {
        return None;
    }
    Some((stem, number.parse().ok()?, total.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_are_told_by_their_names() {
        assert_eq!(shard_number("m-00002-of-00003.safetensors"), Some(("m", 2, 3)));
        assert_eq!(shard_number("m-2-of-00003.safetensors"), None);
        assert_eq!(shard_number("m.safetensors"), None);
        assert_eq!(shard_number("m-00002-of-00003.gguf"), Some(("m", 2, 3)));
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
    }
}
