//! How sentences name settings, so that every program that shows them can spell them its own way.

/// A setting or list that a sentence names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mention<'t> {
    /// A setting, with a value where the sentence gives one.
    Setting {
        /// The name of the setting's row.
        name: &'t str,
        /// The value, if there is one.
        value: Option<&'t str>,
    },
    /// A setting that is followed by the value that a person gave, in quotes. What is put in its
    /// place ends with whatever separates the two.
    Given(&'t str),
    /// A list of names, such as that of all colour maps.
    List(&'t str),
}

/// A sentence with its settings spelled by `spell`; where it returns `None`, they stay as they are.
///
/// Errors, notes and help of this library name a setting in backticks, alone or with a value, and a
/// list of names as `` `list NAME` ``.
///
/// ```
/// use hinton_words::{Mention, respelled};
///
/// let spell = |mention: Mention<'_>| match mention {
///     Mention::Setting { name, value: None } => Some(format!("--{name}")),
///     Mention::Setting { name, value: Some(value) } => Some(format!("--{name} {value}")),
///     Mention::Given(name) => Some(format!("--{name} ")),
///     Mention::List(name) => Some(format!("`hinton list {name}`")),
/// };
/// let error = "`range` \"1\": expected LOW..HIGH; zero in the middle: `center=0`";
/// assert_eq!(respelled(error, spell), "--range \"1\": expected LOW..HIGH; zero in the middle: --center 0");
/// assert_eq!(respelled("`list colormaps` has all", spell), "`hinton list colormaps` has all");
/// ```
pub fn respelled(text: &str, mut spell: impl FnMut(Mention<'_>) -> Option<String>) -> String {
    let mut spelled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('`') {
        spelled.push_str(before);
        let Some((named, next)) = after.split_once('`') else {
            spelled.push('`');
            rest = after;
            continue;
        };
        let is_given = next.starts_with(" \"");
        let found = mention(named, is_given);
        rest = next;
        match (found.and_then(&mut spell), found) {
            (Some(word), Some(Mention::Given(_))) => {
                spelled.push_str(&word);
                // The face has put its own separator in place of the space.
                rest = &next[1..];
            }
            (Some(word), _) => spelled.push_str(&word),
            (None, _) => {
                spelled.push('`');
                spelled.push_str(named);
                spelled.push('`');
            }
        }
    }
    spelled.push_str(rest);
    spelled
}

/// What is named between two backticks.
fn mention(named: &str, is_given: bool) -> Option<Mention<'_>> {
    let is_name = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    };
    match (named.strip_prefix("list "), named.split_once('=')) {
        (Some(list), _) if is_name(list) => Some(Mention::List(list)),
        (_, Some((name, value))) if is_name(name) => {
            Some(Mention::Setting { name, value: Some(value) })
        }
        (None, None) if is_name(named) && is_given => Some(Mention::Given(named)),
        (None, None) if is_name(named) => Some(Mention::Setting { name: named, value: None }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn python(text: &str) -> String {
        respelled(text, |mention| match mention {
            Mention::Setting { name: "unknown", .. } | Mention::Given("unknown") => None,
            Mention::Setting { name, value: None } => Some(name.replace('-', "_")),
            Mention::Setting { name, value: Some(value) } => Some(format!("{name}={value:?}")),
            Mention::Given(name) => Some(format!("{name}=")),
            Mention::List(_) => None,
        })
    }

    #[test]
    fn settings_are_spelled_and_all_else_stays() {
        for (text, expected) in [
            ("`cmap` \"x\": none", "cmap=\"x\": none"),
            ("say `row-labels`, or `order=rows:norm`.", "say row_labels, or order=\"rows:norm\"."),
            ("`unknown` \"x\" and `unknown`", "`unknown` \"x\" and `unknown`"),
            (
                "`hinton draw RUN` and `Tensor` and `0.weight`",
                "`hinton draw RUN` and `Tensor` and `0.weight`",
            ),
            ("one ` alone, `size`", "one ` alone, `size`"),
            ("`ffmpeg='-c:v libx264'`", "ffmpeg=\"'-c:v libx264'\""),
            ("`list layers` ``", "`list layers` ``"),
            ("", ""),
        ] {
            assert_eq!(python(text), expected, "{text}");
        }
    }
}
