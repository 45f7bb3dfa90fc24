//! Escapes names from files so that they are safe to show.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Makes text from a file safe to show: control characters, terminal escapes, and characters that
/// reorder or hide text become escapes like `\u{1b}`.
///
/// Everything else is unchanged, including the joiners that some scripts and emoji need. Every name
/// from a file must pass through this function before it is shown, in any output.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    let mut before = None;
    for c in text.chars() {
        let joins = before.is_some_and(|before| joins(before, c));
        before = Some(c);
        match c {
            c if joins => shown.push(c),
            '\n' => shown.push_str("\\n"),
            '\t' => shown.push_str("\\t"),
            '\r' => shown.push_str("\\r"),
            c if is_hidden(c) => {
                // Writing to a String cannot fail.
                let _ = write!(shown, "\\u{{{:x}}}", c as u32);
            }
            c => shown.push(c),
        }
    }
    Cow::Owned(shown)
}

/// Whether `c` is written after `before` in plain text: a joiner within a script whose letters
/// join, the choice between the text and the picture of a sign, a joiner of emoji.
fn joins(before: char, c: char) -> bool {
    let is_sign = before >= '\u{2190}' && !before.is_alphanumeric() && !is_hidden(before);
    match c {
        '\u{200c}' => has_joining_letters(before),
        '\u{200d}' => has_joining_letters(before) || is_sign || before == '\u{fe0f}',
        '\u{fe0e}' | '\u{fe0f}' => is_sign,
        _ => false,
    }
}

/// From Arabic to Myanmar, and Khmer.
fn has_joining_letters(c: char) -> bool {
    matches!(c, '\u{620}'..='\u{109f}' | '\u{1780}'..='\u{17d3}')
}

/// Control characters, bidirectional controls, zero-width characters, noncharacters, private tags.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{061c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff0}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}')
        || (c as u32) & 0xfffe == 0xfffe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_seen_and_words_stay() {
        assert_eq!(visible("conv1.weight"), "conv1.weight");
        assert_eq!(visible("größe Δ"), "größe Δ");
        assert_eq!(visible("a\u{1b}[31mred"), "a\\u{1b}[31mred");
        assert_eq!(visible("a\nb\t\u{202e}c\u{200b}"), "a\\nb\\t\\u{202e}c\\u{200b}");
        assert_eq!(visible("\u{9b}31m"), "\\u{9b}31m");
    }

    #[test]
    fn joiners_stay_where_scripts_and_emoji_need_them() {
        for text in
            ["می\u{200c}خواهم", "क्\u{200d}ष", "❤\u{fe0f}", "👩\u{200d}🚀", "🏳\u{fe0f}\u{200d}🌈"]
        {
            assert_eq!(visible(text), text);
        }
        assert_eq!(visible("a\u{200d}b"), "a\\u{200d}b");
        assert_eq!(visible("\u{200c}ab\u{fe0f}"), "\\u{200c}ab\\u{fe0f}");
    }
}
