//! Globs over paths: `*` matches any characters except slashes, `?` matches one, `[a-c]` one of a
//! set.

use std::path::{Component, Path, PathBuf};

use hinton_format::Error;

use crate::disk::{self, Kind};

/// Whether the text has a wildcard.
pub(crate) fn is_glob(text: &str) -> bool {
    text.contains(['*', '?', '['])
}

/// Every path that fits the pattern, folder by folder, sorted by name. Names that start with a dot
/// fit only where the pattern has that dot.
pub(crate) fn expand(pattern: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut found = vec![PathBuf::new()];
    for part in pattern.components() {
        let Component::Normal(part) = part else {
            found.iter_mut().for_each(|path| path.push(part));
            continue;
        };
        let text = part.to_string_lossy();
        if !is_glob(&text) {
            found.iter_mut().for_each(|path| path.push(part));
            found.retain(|path| disk::kind(path).is_some());
            continue;
        }
        let wanted: Vec<char> = text.chars().collect();
        let mut next = Vec::new();
        for folder in found {
            let here = if folder.as_os_str().is_empty() { Path::new(".") } else { &folder };
            if disk::kind(here) != Some(Kind::Folder) {
                continue;
            }
            let entries = disk::list(here)?;
            let fitting = entries.iter().filter(|entry| {
                let hidden = entry.name.starts_with('.') && wanted.first() != Some(&'.');
                !hidden && matches(&wanted, &entry.name)
            });
            next.extend(
                fitting.filter_map(|entry| entry.path.file_name().map(|name| folder.join(name))),
            );
        }
        found = next;
    }
    Ok(found)
}

/// Whether the whole name fits. Takes at most pattern × name steps.
fn matches(pattern: &[char], name: &str) -> bool {
    let name: Vec<char> = name.chars().collect();
    let (mut p, mut n) = (0, 0);
    // Where to go on when a guess for the last star was too short.
    let mut retry: Option<(usize, usize)> = None;
    while n < name.len() {
        if pattern.get(p) == Some(&'*') {
            p += 1;
            retry = Some((p, n));
        } else if let Some(taken) = one(&pattern[p..], name[n]) {
            p += taken;
            n += 1;
        } else if let Some((after_star, start)) = retry {
            retry = Some((after_star, start + 1));
            (p, n) = (after_star, start + 1);
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|&c| c == '*')
}

/// How much of the pattern stands for this one character; `None` where it does not fit.
fn one(pattern: &[char], c: char) -> Option<usize> {
    let first = *pattern.first()?;
    let set_end = pattern.iter().skip(2).position(|&end| end == ']').map(|at| at + 2);
    match (first, set_end) {
        ('?', _) => Some(1),
        ('[', Some(end)) => {
            let set = &pattern[1..end];
            let (set, negated) = match set.first() {
                Some('!' | '^') if set.len() > 1 => (&set[1..], true),
                _ => (set, false),
            };
            (in_set(set, c) != negated).then_some(end + 1)
        }
        _ => (first == c).then_some(1),
    }
}

fn in_set(set: &[char], c: char) -> bool {
    let mut rest = set;
    while let Some(&low) = rest.first() {
        if rest.len() >= 3 && rest[1] == '-' {
            if (low..=rest[2]).contains(&c) {
                return true;
            }
            rest = &rest[3..];
        } else {
            if low == c {
                return true;
            }
            rest = &rest[1..];
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_match_whole_names() {
        for (pattern, name, fits) in [
            ("*", "a.b", true),
            ("epoch_*.npz", "epoch_10.npz", true),
            ("epoch_*.npz", "epoch_10.npz.bak", false),
            ("epoch_?.npz", "epoch_10.npz", false),
            ("e[0-9]", "e7", true),
            ("e[!0-9]", "e7", false),
            ("e[ab]c", "ebc", true),
            ("e[", "e[", true),
            ("e[]x]", "e]", true),
            ("a*b*c", "axxbyyc", true),
        ] {
            let chars: Vec<char> = pattern.chars().collect();
            assert_eq!(matches(&chars, name), fits, "{pattern} {name}");
        }
    }
}
