//! Suggests the names that a mistyped one might have meant.

/// Names that are compared; more would take seconds.
const MOST_COMPARED: usize = 20_000;
/// Characters of a name that are compared.
const MOST_CHARS: usize = 200;

/// The first 20,000 `names` with their distance from `wanted`, nearest first; those with equal
/// distance stay in order.
///
/// The distance is the number of edits (insert, delete, replace; Levenshtein 1966), ignoring case,
/// over at most 200 characters. A name that contains the other, or is contained in it, counts as
/// nearer than that.
pub fn nearest<'a>(
    names: impl IntoIterator<Item = &'a str>,
    wanted: &str,
) -> Vec<(usize, &'a str)> {
    let wanted = short(wanted);
    let names = names.into_iter().take(MOST_COMPARED);
    let mut ranked: Vec<(usize, &str)> =
        names.map(|name| (distance(&wanted, &short(name)), name)).collect();
    ranked.sort_by_key(|(far, _)| *far);
    ranked
}

fn short(name: &str) -> String {
    name.to_lowercase().chars().take(MOST_CHARS).collect()
}

/// How far two names are apart: edits, but one that holds the other is near.
fn distance(wanted: &str, name: &str) -> usize {
    let holds = |long: &str, part: &str| !part.is_empty() && long.contains(part);
    let edits = strsim::levenshtein(wanted, name);
    if holds(name, wanted) || (name.chars().count() >= 3 && holds(wanted, name)) {
        // Nearer than anything mistyped, the closer in length the nearer.
        return edits.min(1 + edits / 16);
    }
    edits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_counted() {
        for (one, two, count) in [
            ("kitten", "sitting", 3),
            ("", "abc", 3),
            ("abc", "", 3),
            ("same", "SAME", 0),
            ("größe", "grösse", 2),
        ] {
            assert_eq!(nearest([two], one), [(count, two)]);
        }
    }

    #[test]
    fn very_long_names_are_compared_as_far_as_it_is_quick() {
        let (one, two) = ("a".repeat(100_000), "b".repeat(100_000));
        assert_eq!(nearest([two.as_str()], &one)[0].0, MOST_CHARS);
    }

    #[test]
    fn a_name_that_holds_the_word_is_near() {
        let names = ["fd.wieght", "model.decoder.fc.weight", "FC.Weight"];
        let found: Vec<&str> = nearest(names, "fc.weight").iter().map(|(_, name)| *name).collect();
        assert_eq!(found, ["FC.Weight", "model.decoder.fc.weight", "fd.wieght"]);
    }

    #[test]
    fn what_is_as_near_stays_in_order() {
        assert_eq!(nearest(["b", "a", "c"], "x"), [(1, "b"), (1, "a"), (1, "c")]);
        assert!(nearest([], "x").is_empty());
    }
}
