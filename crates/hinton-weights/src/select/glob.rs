//! Globs over tensor names: `*` matches any characters (also dots and slashes), `?` matches one.

/// Whether the text has a wildcard.
pub(super) fn is_glob(text: &str) -> bool {
    text.contains(['*', '?'])
}

/// Whether the whole name fits the pattern. Takes at most pattern × name steps.
pub(super) fn matches(pattern: &str, name: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let name: Vec<char> = name.chars().collect();
    let (mut p, mut n) = (0, 0);
    // Where to go on when a guess for the last star was too short.
    let mut retry: Option<(usize, usize)> = None;
    while n < name.len() {
        match pattern.get(p) {
            Some('*') => {
                p += 1;
                retry = Some((p, n));
            }
            Some(&c) if c == '?' || c == name[n] => {
                p += 1;
                n += 1;
            }
            _ => match retry {
                Some((after_star, start)) => {
                    retry = Some((after_star, start + 1));
                    p = after_star;
                    n = start + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|&c| c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_match_whole_names() {
        for (pattern, name, fits) in [
            ("*", "", true),
            ("*", "a.b", true),
            ("*.weight", "conv1.weight", true),
            ("*.weight", "conv1.weights", false),
            ("fc?.bias", "fc1.bias", true),
            ("fc?.bias", "fc10.bias", false),
            ("a*b*c", "axxbyyc", true),
            ("a*b*c", "axxbyy", false),
            ("layers.[0].*", "layers.[0].w", true),
            ("**w**", "w", true),
            ("?", "é", true),
            ("", "", true),
            ("", "a", false),
        ] {
            assert_eq!(matches(pattern, name), fits, "{pattern} {name}");
        }
    }

    #[test]
    fn many_stars_do_not_explode() {
        let pattern = format!("{}b", "a*".repeat(60));
        assert!(!matches(&pattern, &"a".repeat(5000)));
    }
}
