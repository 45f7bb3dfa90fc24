//! Names from files, made safe to show.

use std::borrow::Cow;
use std::fmt::Write as _;

/// A text from a file, made visible: control characters, terminal escapes and characters that
/// reorder or hide text become `\u{1b}`-like escapes; all else stays. Every name that comes from a
/// file goes through here before a person sees it, in any output.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
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
}
