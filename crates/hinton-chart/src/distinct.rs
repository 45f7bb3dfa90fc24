//! Shortens names by what all of them have in common, so that the difference stays visible.

/// Names up to this many characters stay whole.
const SHORT: usize = 16;
/// Signs between the parts of a name.
const SIGNS: [char; 6] = ['.', '/', '_', '-', ' ', ':'];

/// The names without the parts at their start and end that all of them have: of
/// `layers.0.mlp.weight` and `layers.1.mlp.weight` what is left is `0` and `1`. Short names stay as
/// they are, and so do all where one of them would be left empty.
pub(crate) fn distinct(names: &[String]) -> Vec<String> {
    shared(names).map_or_else(|| names.to_vec(), |shared| shared.inner)
}

/// Most names that are written out in one.
const MOST: usize = 3;

/// Several names as one, what they share written once: `layers.{0, 1}.mlp.weight`. Of more than three
/// the first two are named.
pub(crate) fn together(names: &[String]) -> String {
    let list = |names: &[String]| match names.len() > MOST {
        true => format!("{}, {} …", names[0], names[1]),
        false => names.join(", "),
    };
    match (shared(names), names.first()) {
        (Some(shared), Some(first)) => {
            let end = &first[first.len() - shared.suffix..];
            format!("{}{{{}}}{end}", &first[..shared.prefix], list(&shared.inner))
        }
        _ => list(names),
    }
}

/// What long names share.
struct Shared {
    /// Bytes at their start and at their end.
    prefix: usize,
    suffix: usize,
    /// The names without them.
    inner: Vec<String>,
}

fn shared(names: &[String]) -> Option<Shared> {
    let is_short = names.iter().all(|name| name.chars().count() <= SHORT);
    let first = names.first().filter(|_| names.len() >= 2 && !is_short)?;
    let start = |end: usize| names.iter().all(|name| name.starts_with(&first[..end]));
    let prefix = ends(first).filter(|&end| start(end)).max().unwrap_or(0);
    let finish = |from: usize| {
        let suffix = &first[from..];
        names.iter().all(|name| name.len() > prefix + suffix.len() && name.ends_with(suffix))
    };
    let starts = first.char_indices().filter(|(_, c)| SIGNS.contains(c)).map(|(at, _)| at);
    let suffix = starts.filter(|&from| from > prefix && finish(from)).min();
    let suffix = suffix.map_or(0, |from| first.len() - from);
    let trimmed = |name: &String| {
        let inner = &name[prefix..name.len() - suffix];
        inner.trim_matches(SIGNS).to_owned()
    };
    let inner: Vec<String> = names.iter().map(trimmed).collect();
    let is_told = prefix + suffix > 0 && inner.iter().all(|name| !name.is_empty());
    is_told.then_some(Shared { prefix, suffix, inner })
}

/// Where a part of the name ends: behind each sign.
fn ends(name: &str) -> impl Iterator<Item = usize> + '_ {
    name.char_indices().filter(|(_, c)| SIGNS.contains(c)).map(|(at, c)| at + c.len_utf8())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(names: &[&str]) -> Vec<String> {
        distinct(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn what_names_share_is_left_out() {
        assert_eq!(of(&["layers.0.mlp.weight", "layers.11.mlp.weight"]), ["0", "11"]);
        assert_eq!(of(&["eager-1 - train/loss", "calm-2 - train/loss"]), ["eager-1", "calm-2"]);
        // Where the parts end, not the letters.
        let [a, b] = ["encoder.weight.first", "encoder.weights.first"];
        assert_eq!(of(&[a, b]), ["weight", "weights"]);
        for whole in [&["loss", "val_loss"][..], &["a_single_name_of_some_length"]] {
            assert_eq!(of(whole), whole);
        }
        let title = |names: &[&str]| {
            together(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(
            title(&["layers.0.mlp.weight", "layers.1.mlp.weight"]),
            "layers.{0, 1}.mlp.weight"
        );
        let many = [
            "layers.0.mlp.weight",
            "layers.1.mlp.weight",
            "layers.2.mlp.weight",
            "layers.3.mlp.weight",
        ];
        assert_eq!(title(&many), "layers.{0, 1 …}.mlp.weight");
        assert_eq!(title(&["W", "b"]), "W, b");
        // One is the other's end.
        let nested = ["validation_perplexity", "perplexity"];
        assert_eq!(of(&nested), nested);
    }
}
