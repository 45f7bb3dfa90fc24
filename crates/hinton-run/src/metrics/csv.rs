//! Logs as text tables: a header, and one row per line.

use super::axis::are_metrics;
use super::table::{Origin, Row, Table, is_part, names_a_step};

/// Reads a table with a header of words, parted by commas, semicolons, tabs or white space. Cells
/// that are empty or no numbers are no values; `nan` is one.
pub(super) fn read(text: &str, any_header: bool) -> Option<Table> {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let header = lines.by_ref().find(|line| !line.starts_with('#'))?;
    let separator = separator(header)?;
    let names: Vec<String> = cells(header, separator).map(|cell| clean(cell).into()).collect();
    let has_number = names.iter().any(|name| number(name, separator).is_some());
    if has_number || !(any_header || names_a_step(&names) || are_metrics(&names)) {
        return None;
    }
    let part = names.iter().position(|name| is_part(name));
    let mut rows = Vec::new();
    for line in lines.filter(|line| !line.starts_with('#')) {
        let mut row = Row::default();
        for (column, cell) in cells(line, separator).enumerate().take(names.len()) {
            let cell = clean(cell);
            match number(&cell, separator) {
                Some(value) => row.cells.push((column, value)),
                None if part == Some(column) && !cell.is_empty() => row.part = Some(cell.into()),
                None => {}
            }
        }
        // Loggers write their header again when a training goes on.
        let is_header = row.cells.is_empty() && line.trim_end() == header.trim_end();
        if !is_header {
            rows.push(row);
        }
    }
    Some(Table { names, rows, origin: Origin::Csv, unread: 0 })
}

/// What stands between cells; `None` where the header is one word.
fn separator(header: &str) -> Option<char> {
    let is_there = |separator: &char| cells(header, *separator).nth(1).is_some();
    [',', ';', '\t', ' '].into_iter().find(is_there)
}

/// The cells of a line. What stands in double quotes is one cell; blanks may be several.
fn cells(line: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut rest = Some(line);
    std::iter::from_fn(move || {
        let mut text = rest?;
        if separator == ' ' {
            text = text.trim_ascii_start();
            if text.is_empty() {
                return None;
            }
        }
        let mut inside = false;
        let end = text.find(|c: char| {
            inside ^= c == '"';
            let is_separator = c == separator || (separator == ' ' && c.is_ascii_whitespace());
            is_separator && !inside
        });
        rest = end.map(|end| &text[end + 1..]);
        Some(&text[..end.unwrap_or(text.len())])
    })
}

fn clean(cell: &str) -> std::borrow::Cow<'_, str> {
    let cell = cell.trim();
    match cell.strip_prefix('"').and_then(|cell| cell.strip_suffix('"')) {
        Some(inner) if inner.contains("\"\"") => inner.replace("\"\"", "\"").into(),
        Some(inner) => inner.trim().into(),
        None => cell.into(),
    }
}

/// The number in a cell: also `nan` and infinities, thousands in groups of three, and a decimal
/// comma where commas part no cells.
fn number(cell: &str, separator: char) -> Option<f64> {
    if let Ok(number) = cell.parse() {
        return Some(number);
    }
    if !cell.contains(',') {
        return None;
    }
    if separator != ',' && cell.matches(',').count() == 1 && !cell.contains('.') {
        return cell.replace(',', ".").parse().ok();
    }
    let (whole, _) = cell.split_once('.').unwrap_or((cell, ""));
    let mut groups = whole.trim_start_matches(['-', '+']).split(',');
    let is_first = groups.next().is_some_and(|first| (1..=3).contains(&first.len()));
    let is_grouped = is_first && groups.all(|group| group.len() == 3);
    if is_grouped { cell.replace(',', "").parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Option<Vec<Vec<(usize, f64)>>> {
        Some(read(text, false)?.rows.into_iter().map(|row| row.cells).collect())
    }

    #[test]
    fn cells_may_be_empty_quoted_and_grouped() {
        let text = "#{\"t_start\": 1}\nstep,\"a, b\",loss\n\"1,000\",,nan\n2000,-inf,None\n";
        let rows = rows(text).unwrap();
        assert_eq!(rows[0][0], (0, 1000.0));
        assert!(rows[0][1].1.is_nan() && rows[0].len() == 2);
        assert_eq!(rows[1], [(0, 2000.0), (1, f64::NEG_INFINITY)]);
    }

    #[test]
    fn every_separator_and_a_decimal_comma() {
        let expected = Some(vec![vec![(0, 1.0), (1, 0.5)], vec![(0, 2.0), (1, 0.25)]]);
        for text in [
            "epoch,loss\n1,0.5\n2,0.25\n",
            "epoch;loss\r\n1;0,5\r\n2;0,25\r\n",
            "epoch\tloss\n1\t0.5\nepoch\tloss\n2\t0.25",
            "  epoch   loss\n 1  0.5\n 2   0.25",
        ] {
            assert_eq!(rows(text), expected, "{text:?}");
        }
    }

    #[test]
    fn tables_of_weights_are_no_logs() {
        for text in ["a,b\n1,2\n", "1,2\n3,4\n", "x,y,label\n1,2,0\n", "words\n", ",0,1\n0,1,2\n"] {
            assert_eq!(rows(text), None, "{text:?}");
        }
        assert!(read("a,b\n1,2\n", true).is_some());
    }
}
