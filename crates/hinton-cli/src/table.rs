//! Text in columns that never wrap.

/// Characters between columns.
const GAP: &str = "  ";
/// Fewest characters of a shortened cell.
const LEAST: usize = 12;

/// A table whose first column gives way where the terminal is narrow.
pub(crate) struct Table {
    head: Vec<&'static str>,
    right: Vec<bool>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these headings; those that start with `>` are aligned right.
    pub(crate) fn new(head: &[&'static str]) -> Self {
        let right = head.iter().map(|text| text.starts_with('>')).collect();
        let head = head.iter().map(|text| text.trim_start_matches('>')).collect();
        Table { head, right, rows: Vec::new() }
    }

    pub(crate) fn push(&mut self, row: Vec<String>) {
        self.rows.push(row);
    }

    fn widths(&self) -> Vec<usize> {
        let mut widths: Vec<usize> = self.head.iter().map(|text| text.len()).collect();
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(width_of(cell));
            }
        }
        widths
    }

    /// Characters of the widest line.
    pub(crate) fn width(&self) -> usize {
        let widths = self.widths();
        widths.iter().sum::<usize>() + GAP.len() * widths.len().saturating_sub(1)
    }

    /// The lines, at most `most` characters wide where that can be done by shortening names.
    pub(crate) fn text(&self, most: Option<usize>) -> String {
        let mut widths = self.widths();
        let over = most.map_or(0, |most| self.width().saturating_sub(most));
        if let Some(first) = widths.first_mut() {
            *first = first.saturating_sub(over).max(LEAST.min(*first));
        }
        let mut text = String::new();
        let head: Vec<String> = self.head.iter().map(|text| text.to_uppercase()).collect();
        for row in std::iter::once(&head).chain(&self.rows) {
            let mut line = String::new();
            for (at, cell) in row.iter().enumerate() {
                if at > 0 {
                    line.push_str(GAP);
                }
                let cell = shortened(cell, widths[at]);
                let space = " ".repeat(widths[at].saturating_sub(width_of(&cell)));
                let (before, after) = if self.right[at] { (&*space, "") } else { ("", &*space) };
                line.extend([before, &cell, after]);
            }
            let line = line.trim_end();
            match most {
                Some(most) => text.push_str(&cut(line, most)),
                None => text.push_str(line),
            }
            text.push('\n');
        }
        text
    }
}

impl Table {
    /// The lines, with the last column in several where the terminal is narrow; nothing is lost.
    pub(crate) fn whole_text(&self, most: Option<usize>) -> String {
        let widths = self.widths();
        let indent: usize = widths.iter().rev().skip(1).map(|width| width + GAP.len()).sum();
        let room = most.map(|most| most.saturating_sub(indent)).filter(|room| *room >= LEAST);
        let Some(room) = room else { return self.text(None) };
        let mut wrapped =
            Table { head: self.head.clone(), right: self.right.clone(), rows: vec![] };
        for row in &self.rows {
            let Some((last, before)) = row.split_last() else { continue };
            for (at, line) in lines(last, room).into_iter().enumerate() {
                let mut cells: Vec<String> = match at {
                    0 => before.to_vec(),
                    _ => vec![String::new(); before.len()],
                };
                cells.push(line);
                wrapped.push(cells);
            }
        }
        wrapped.text(None)
    }
}

/// A text in lines of at most `most` characters, cut between words.
pub(crate) fn lines(text: &str, most: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let Some(line) = lines.last_mut() else { break };
        if !line.is_empty() && width_of(line) + 1 + width_of(word) > most {
            lines.push(word.to_owned());
        } else {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}

/// Columns of a terminal that a text takes; wide characters of East Asia take two.
pub(crate) fn width_of(text: &str) -> usize {
    text.chars().map(char_width).sum()
}

/// The columns of one character. Each counts by itself, so that a text can be cut anywhere.
fn char_width(c: char) -> usize {
    unicode_width::UnicodeWidthChar::width(c).unwrap_or(1)
}

/// A name that is too long loses its middle: ends tell layers apart.
fn shortened(text: &str, most: usize) -> String {
    if width_of(text) <= most {
        return text.to_owned();
    }
    let end = most.saturating_sub(1) * 2 / 3;
    let start = most.saturating_sub(1) - end;
    let reversed: String = text.chars().rev().collect();
    let tail: String = cut(&reversed, end).chars().rev().collect();
    format!("{}…{tail}", cut(text, start))
}

/// The first characters that fit.
fn cut(text: &str, most: usize) -> String {
    let mut width = 0;
    text.chars()
        .take_while(|&c| {
            width += char_width(c);
            width <= most
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_those_of_terminals() {
        for (text, columns) in [
            ("weight", 6),
            ("重み", 4),
            ("e\u{301}", 1),
            ("한", 2),
            ("ｗ", 2),
            ("🧠", 2),
            ("a\u{200b}b", 2),
            ("", 0),
        ] {
            assert_eq!(width_of(text), columns, "{text:?}");
        }
        assert_eq!(cut("重み", 3), "重");
    }

    fn table() -> Table {
        let mut table = Table::new(&["name", ">bytes"]);
        table.push(vec!["model.layers.0.self_attn.q_proj.weight".to_owned(), "1.00 MB".to_owned()]);
        table.push(vec!["größe".to_owned(), "12 B".to_owned()]);
        table
    }

    #[test]
    fn columns_align() {
        let text = table().text(None);
        let ends: Vec<usize> = text.lines().map(width_of).collect();
        assert_eq!(ends, [47, 47, 47]);
        assert!(text.starts_with("NAME "));
    }

    #[test]
    fn narrow_tables_shorten_names_and_never_wrap() {
        for most in [40, 30, 20, 10, 1] {
            for line in table().text(Some(most)).lines() {
                assert!(width_of(line) <= most, "{most}: {line:?}");
            }
        }
        let text = table().text(Some(40));
        assert!(text.contains("model.laye…f_attn.q_proj.weight"), "{text}");
    }
}
