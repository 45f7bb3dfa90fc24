//! The texts on a page, and how their lines break.

use crate::{Theme, short_count};

/// A number with a singular or plural noun: `1 value`, `2,310 values`.
pub fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{} {}", short_count(count as u64), if count == 1 { one } else { many })
}

/// What a page says besides data.
#[derive(Debug, Clone, Default)]
pub(crate) struct Words {
    pub(crate) title: String,
    /// Parts of the line under the title, joined by ` · ` and wrapped.
    pub(crate) subtitle: Vec<String>,
    /// Notes under the body, wrapped likewise.
    pub(crate) notes: Vec<String>,
    /// Height that the legend needs.
    pub(crate) legend_height: f64,
}

/// Parts joined by ` · ` into lines no wider than `width`.
pub(crate) fn wrap(parts: &[String], theme: &Theme, width: f64) -> Vec<String> {
    wrap_most(parts, theme, width, usize::MAX)
}

/// The same in at most this many lines: parts that do not fit whole are left out, shorter ones after
/// them are not.
pub(crate) fn wrap_most(parts: &[String], theme: &Theme, width: f64, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let clauses = parts.iter().flat_map(|part| part.split(" · ")).filter(|part| !part.is_empty());
    for part in clauses {
        match lines.last_mut() {
            Some(line) if theme.width_of(&format!("{line} · {part}")) <= width => {
                line.push_str(" · ");
                line.push_str(part);
            }
            _ => {
                let broken = wrap_words(part, theme, width);
                if lines.len() + broken.len() <= most {
                    lines.extend(broken);
                }
            }
        }
    }
    lines
}

/// One part broken between words.
fn wrap_words(part: &str, theme: &Theme, width: f64) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in part.split(' ') {
        let last = lines.len() - 1;
        let line = &mut lines[last];
        if line.is_empty() {
            line.push_str(word);
        } else if theme.width_of(&format!("{line} {word}")) <= width {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ThemeName;

    #[test]
    fn one_is_not_plural() {
        let values = |count| counted(count, "value", "values");
        assert_eq!([0, 1, 2310].map(values), ["0 values", "1 value", "2,310 values"]);
    }

    #[test]
    fn lines_break_by_the_width_that_letters_will_have() {
        let mut theme = Theme::named(ThemeName::Light);
        let parts = ["iiii iiii".to_owned(), "jjjj".to_owned()];
        assert_eq!(wrap(&parts, &theme, 60.0), ["iiii iiii · jjjj"]);
        theme.letter_width = 5.0;
        assert_eq!(wrap(&parts, &theme, 60.0), ["iiii iiii", "jjjj"]);
        assert_eq!(wrap(&parts, &theme, 30.0), ["iiii", "iiii", "jjjj"]);
    }
}
