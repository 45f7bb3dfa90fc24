//! The law that libraries speak no shell: in their texts a setting is `` `range` `` and a command is a
//! verb. The command line prints `--range`, Python `range=`; both spell what the library names.

/// Where texts are those of a shell, and why.
const ALLOWED: &[(&str, &str)] = &[
    ("crates/hinton-cli/", "the command line"),
    ("crates/hinton-py/", "Python, which names commands that it has no function for"),
    ("crates/hinton/src/demo/", "a page that shows commands, and the styles of that page"),
    ("crates/hinton-view/src/pictures.rs", "the command that draws what the viewer shows"),
    ("crates/hinton-view/src/cache.rs", "the key of a cache"),
    ("crates/hinton-space/src/html.rs", "styles of a page"),
    ("crates/hinton-format/src/foreign.rs", "what other programs are told"),
    ("crates/hinton-remote/src/bucket/mod.rs", "what other programs are told"),
];

/// The commands of `hinton`.
const COMMANDS: &[&str] = &[
    "draw", "animate", "train", "space", "inspect", "check", "diff", "export", "view", "summary",
    "list", "demo", "plan", "help",
];

/// Whether the texts of a file are those of a library.
pub(crate) fn applies(shown: &str) -> bool {
    let is_allowed = |(place, _): &(&str, &str)| match place.ends_with('/') {
        true => shown.starts_with(place),
        false => shown == *place,
    };
    !ALLOWED.iter().any(is_allowed)
}

/// The option or command that a line of code has in its text.
pub(crate) fn found(line: &str) -> Option<String> {
    option(line).or_else(|| command(line))
}

/// A word such as `--range` or `--{name}`.
fn option(line: &str) -> Option<String> {
    line.match_indices("--").find_map(|(index, _)| {
        let is_start = !line[..index].ends_with(|c: char| c.is_alphanumeric() || c == '-');
        let word = &line[index + 2..];
        let is_word = word.starts_with(|c: char| c.is_ascii_lowercase() || c == '{');
        let end = word.find(|c: char| !(c.is_ascii_lowercase() || c == '-')).unwrap_or(word.len());
        (is_start && is_word).then(|| format!("--{}", &word[..end]))
    })
}

/// A command line such as `hinton draw`.
fn command(line: &str) -> Option<String> {
    line.match_indices("hinton ").find_map(|(index, name)| {
        let is_start = !line[..index].ends_with(|c: char| c.is_alphanumeric() || c == '-');
        let word = line[index + name.len()..].split(|c: char| !c.is_ascii_lowercase()).next()?;
        (is_start && COMMANDS.contains(&word)).then(|| format!("hinton {word}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_and_commands_are_found_in_texts() {
        for (line, word) in [
            ("Err(\"--range: it is empty\")", Some("--range")),
            ("format!(\"--{name} has no effect\")", Some("--")),
            ("    as with --row-labels, \\", Some("--row-labels")),
            ("\"see `hinton list charts`\"", Some("hinton list")),
            ("\"draw it: hinton draw RUN\"", Some("hinton draw")),
            ("\"`range`: only trainings that hinton recorded\"", None),
            ("\"models--a--b\"", None),
            ("let x = y - -z;", None),
            ("\"hinton drawing\"", None),
        ] {
            assert_eq!(found(line).as_deref(), word, "{line}");
        }
    }

    #[test]
    fn faces_are_free() {
        assert!(applies("crates/hinton-chart/src/size.rs"));
        assert!(!applies("crates/hinton-cli/src/args.rs"));
        assert!(!applies("crates/hinton-space/src/html.rs"));
    }
}
