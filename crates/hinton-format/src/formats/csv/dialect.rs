//! Which separator, header and labels a table has, decided on its first lines.

use std::borrow::Cow;

/// Lines that are looked at to tell the dialect.
const LINES: usize = 20;

/// How a table is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Dialect {
    separator: Separator,
    /// The names in the first row, without the label column's.
    pub(super) header: Option<Vec<String>>,
    /// Whether the first row holds the number of rows and of columns, as word2vec writes them.
    pub(super) counted: bool,
    /// For each column behind the labels whether it holds words.
    pub(super) words: Vec<bool>,
    /// Whether the first column holds labels.
    pub(super) labels: bool,
    /// Columns of numbers; not those of words.
    pub(super) columns: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Separator {
    Byte(u8),
    Space,
}

const SEPARATORS: [Separator; 4] =
    [Separator::Byte(b'\t'), Separator::Byte(b';'), Separator::Byte(b','), Separator::Space];

/// One line that is not blank.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line<'a> {
    /// Counted from 1, blank lines and comments too.
    pub(super) number: usize,
    /// Byte of the text at which it starts.
    pub(super) start: usize,
    /// The line without its end.
    pub(super) bytes: &'a [u8],
    /// Whether it starts with `#`.
    pub(super) comment: bool,
}

/// What spreadsheets write for a value that cannot be computed.
const ERROR_VALUES: [&[u8]; 7] =
    [b"#n/a", b"#div/0!", b"#value!", b"#num!", b"#ref!", b"#name?", b"#null!"];

/// Whether a line begins with a cell of that kind: it is a row and no comment.
fn is_error_value(line: &[u8]) -> bool {
    let cell = line.split(|byte| b",;\t ".contains(byte)).next().unwrap_or_default();
    ERROR_VALUES.iter().any(|value| cell.eq_ignore_ascii_case(value))
}

/// The lines of a text that are not blank.
pub(super) struct Lines<'a> {
    text: &'a [u8],
    at: usize,
    number: usize,
}

impl<'a> Lines<'a> {
    pub(super) fn new(text: &'a [u8]) -> Self {
        let at = if text.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        Lines { text, at, number: 0 }
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = Line<'a>;

    fn next(&mut self) -> Option<Line<'a>> {
        loop {
            let start = self.at;
            let rest = self.text.get(start..).filter(|rest| !rest.is_empty())?;
            let len = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
            self.at = start + len + 1;
            self.number += 1;
            let bytes = rest[..len].strip_suffix(b"\r").unwrap_or(&rest[..len]);
            let content = bytes.trim_ascii_start();
            if !content.is_empty() {
                let comment = content[0] == b'#' && !is_error_value(content);
                return Some(Line { number: self.number, start, bytes, comment });
            }
        }
    }
}

/// The first lines that hold cells; the last is left out where the text goes on behind it, unless
/// it is the only one (then up to its last separator).
pub(super) fn first_lines(text: &[u8], whole: bool) -> Vec<&[u8]> {
    let mut lines: Vec<&[u8]> = Lines::new(text)
        .filter(|line| !line.comment)
        .map(|line| line.bytes)
        .take(if whole { LINES } else { usize::MAX })
        .collect();
    if whole || text.ends_with(b"\n") {
        lines.truncate(LINES);
        return lines;
    }
    if let Some(last) = lines.pop()
        && lines.is_empty()
    {
        let end = last.iter().rposition(|byte| matches!(byte, b',' | b';' | b'\t' | b' '));
        let start = end.map(|end| &last[..end]);
        lines.extend(start.filter(|start| !start.trim_ascii().is_empty()));
    }
    lines.truncate(LINES);
    lines
}

/// Whether at least one of the lines is a row of two or more numbers.
pub(super) fn has_numbers(lines: &[&[u8]]) -> bool {
    lines.iter().any(|line| {
        SEPARATORS.iter().any(|separator| {
            let mut cells = 0;
            cells_of(*separator, line).inspect(|_| cells += 1).all(|cell| cell.is_finite())
                && cells > 1
        })
    })
}

/// Whether nothing but the start of one line of many cells is seen: it may be a long header.
pub(super) fn is_wide(lines: &[&[u8]], whole: bool) -> bool {
    let many = |line: &[u8]| {
        let bytes = SEPARATORS.iter().filter(|separator| **separator != Separator::Space);
        bytes.into_iter().any(|separator| cells_of(*separator, line).count() >= 16)
    };
    !whole && lines.len() == 1 && many(lines[0])
}

impl Dialect {
    /// The dialect in which all of the lines make sense; several columns rather than one.
    pub(super) fn detect(lines: &[&[u8]]) -> Option<Dialect> {
        let fits: Vec<Dialect> =
            SEPARATORS.iter().filter_map(|separator| Dialect::fit(*separator, lines)).collect();
        let wide = fits.iter().find(|dialect| dialect.columns + usize::from(dialect.labels) > 1);
        wide.or(fits.first()).cloned()
    }

    /// The dialect of the rows behind the first, where that is no header though a cell of it is not
    /// a number: the row is read, so that the cell is reported.
    pub(super) fn behind_first(lines: &[&[u8]]) -> Option<Dialect> {
        let dialect = Dialect::detect(lines.get(1..)?)?;
        let is_plain = dialect.header.is_none() && !dialect.labels && !dialect.counted;
        let first: Vec<Cell<'_>> = dialect.cells(lines[0]).collect();
        let fits = first.len() == dialect.words.len() && first.iter().any(Cell::is_finite);
        (is_plain && fits).then_some(dialect)
    }

    /// The dialect in which the first lines make sense, though later ones do not; it is good
    /// enough to say which line is wrong.
    pub(super) fn guess(lines: &[&[u8]]) -> Option<Dialect> {
        (1..lines.len()).rev().find_map(|count| Dialect::detect(&lines[..count]))
    }

    fn fit(separator: Separator, lines: &[&[u8]]) -> Option<Dialect> {
        if let Some((first, rest)) = lines.split_first()
            && is_counted(separator, first, rest)
        {
            let dialect = Dialect::fit(separator, rest).filter(|dialect| dialect.header.is_none());
            return dialect.map(|dialect| Dialect { counted: true, ..dialect });
        }
        let rows: Vec<Vec<Cell<'_>>> =
            lines.iter().map(|line| cells_of(separator, line).collect()).collect();
        let (first, others) = rows.split_first()?;
        let is_text = |cell: &Cell<'_>| cell.number().is_none();
        let width = rows.last()?.len();
        if others.iter().any(|row| row.len() != width) {
            return None;
        }
        // pandas writes its index below an empty name, R a header that is one cell short.
        let short = first.len() + 1 == width && first.iter().all(is_text);
        let index = first.len() > 1
            && first[0].is_blank()
            && first[1..].iter().all(is_text)
            && !others.is_empty();
        if first.len() != width && !short {
            return None;
        }
        let data_has_labels = match others {
            [] => is_text(&first[0]),
            // Of the words of a language some are numbers: 1990.
            rows if separator == Separator::Space && width > 2 => {
                let is_row = first.len() == width && !first[1..].iter().any(is_text);
                let first = is_row.then_some(first).into_iter();
                let all: Vec<bool> = first.chain(rows).map(|row| is_text(&row[0])).collect();
                2 * all.iter().filter(|is_text| **is_text).count() >= all.len()
            }
            rows => rows.iter().all(|row| is_text(&row[0])),
        };
        let labels = width > 1 && (short || index || data_has_labels);
        let skip = usize::from(labels);
        let named = if short { &first[..] } else { &first[skip.min(first.len())..] };
        let words = words(separator, others, skip, width);
        let is_number = |column: usize| !words.get(column).is_some_and(|is_word| *is_word);
        let numbers_of = |row: &'_ [Cell<'_>]| -> Vec<bool> {
            let cells = row.iter().enumerate().filter(|(column, _)| is_number(*column));
            cells.map(|(_, cell)| cell.number().is_none()).collect()
        };
        let in_first = numbers_of(named);
        let header = short || in_first.iter().any(|is_text| *is_text);
        let is_mixed = in_first.contains(&true) && named.iter().any(Cell::is_finite);
        let data = if header { others } else { &rows[..] };
        let all = data.iter().all(|row| !numbers_of(&row[skip..]).contains(&true));
        let any = data.iter().any(|row| row[skip..].iter().any(Cell::is_finite));
        // A table of nothing but gaps, a row with a cell that should be a number, or no table at all.
        if !all || !any || is_mixed {
            return None;
        }
        let header = header.then(|| named.iter().map(Cell::text).collect());
        let columns = words.iter().filter(|is_word| !**is_word).count();
        Some(Dialect { separator, header, counted: false, labels, words, columns })
    }

    /// Whether a line that looks like a comment is a row of this table: the word `#` and its numbers.
    pub(super) fn is_row(&self, line: &[u8]) -> bool {
        let mut cells = self.cells(line).skip(1);
        let is_of_words = self.labels && self.separator == Separator::Space && self.columns > 2;
        is_of_words
            && cells.by_ref().take(self.columns).filter(|cell| cell.number().is_some()).count()
                == self.columns
            && cells.next().is_none()
    }

    /// The cells of a line.
    pub(super) fn cells<'a>(&self, line: &'a [u8]) -> impl Iterator<Item = Cell<'a>> {
        cells_of(self.separator, line)
    }
}

/// Whether the first line holds two whole numbers of which the second is the width of the others,
/// which have a word first: the text form of word2vec and fastText.
fn is_counted(separator: Separator, first: &[u8], rest: &[&[u8]]) -> bool {
    if separator != Separator::Space {
        return false;
    }
    let whole = |cell: Cell<'_>| cell.number().filter(|number| number.fract() == 0.0);
    let counts: Option<Vec<f64>> = cells_of(separator, first).map(whole).collect();
    let Some([_, width]) = counts.as_deref() else { return false };
    let fits = |line: &&[u8]| cells_of(separator, line).count() as f64 == width + 1.0;
    *width > 1.0 && !rest.is_empty() && rest.iter().all(fits)
}

/// Which columns behind the labels hold words, in every row that is looked at. Words between blanks
/// are prose.
fn words(separator: Separator, rows: &[Vec<Cell<'_>>], skip: usize, width: usize) -> Vec<bool> {
    let is_word = |column: usize| {
        let mut cells = rows.iter().map(|row| &row[column]);
        let is_parted = separator != Separator::Space && rows.len() > 1;
        is_parted && cells.clone().any(|cell| !cell.is_blank()) && cells.all(Cell::is_word)
    };
    (skip..width).map(is_word).collect()
}

/// One cell.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cell<'a> {
    /// Byte of its line at which it starts.
    pub(super) start: usize,
    /// Its bytes, trimmed; quotes are still there.
    bytes: &'a [u8],
}

impl Cell<'_> {
    fn unquoted(&self) -> Cow<'_, [u8]> {
        match self.bytes {
            [b'"', inner @ .., b'"'] if inner.contains(&b'"') => {
                let text = String::from_utf8_lossy(inner).replace("\"\"", "\"");
                Cow::Owned(text.into_bytes())
            }
            [b'"', inner @ .., b'"'] => Cow::Borrowed(inner),
            bytes => Cow::Borrowed(bytes),
        }
    }

    /// Its text, without quotes.
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.unquoted()).into_owned()
    }

    /// Its number; NaN where it says that there is none, `None` where it is text.
    pub(super) fn number(&self) -> Option<f64> {
        if let Some(number) = parse(self.bytes) {
            return Some(number);
        }
        let bytes = self.unquoted();
        let bytes = bytes.trim_ascii();
        let gaps: [&[u8]; 5] = [b"", b"na", b"n/a", b"null", b"none"];
        let mut all = gaps.into_iter().chain(ERROR_VALUES);
        if all.any(|gap| bytes.eq_ignore_ascii_case(gap)) {
            return Some(f64::NAN);
        }
        parse(bytes).or_else(|| grouped(bytes))
    }

    /// Whether it is a word, or empty.
    fn is_word(&self) -> bool {
        self.number().is_none() || self.is_blank()
    }

    fn is_blank(&self) -> bool {
        self.unquoted().trim_ascii().is_empty()
    }

    fn is_finite(&self) -> bool {
        self.number().is_some_and(f64::is_finite)
    }
}

/// A number whose thousands are parted by commas: `1,234,567.5`.
fn grouped(bytes: &[u8]) -> Option<f64> {
    let text = std::str::from_utf8(bytes).ok()?;
    let whole = text.split('.').next()?.trim_start_matches(['-', '+']);
    let mut groups = whole.split(',');
    let first = groups.next()?;
    let is_first = (1..=3).contains(&first.len());
    let mut others = groups.peekable();
    let is_grouped = is_first && others.peek().is_some() && others.all(|group| group.len() == 3);
    if is_grouped { text.replace(',', "").parse().ok() } else { None }
}

fn parse(bytes: &[u8]) -> Option<f64> {
    // Whole numbers of a few digits are most of what large tables hold, and exact this way.
    if (1..=15).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_digit) {
        let digits = bytes.iter().map(|byte| u64::from(byte - b'0'));
        return Some(digits.fold(0, |number, digit| 10 * number + digit) as f64);
    }
    std::str::from_utf8(bytes).ok()?.parse().ok()
}

fn cells_of(separator: Separator, line: &[u8]) -> Cells<'_> {
    Cells { separator, line, at: 0, done: false }
}

struct Cells<'a> {
    separator: Separator,
    line: &'a [u8],
    at: usize,
    done: bool,
}

impl<'a> Cells<'a> {
    fn cell(&self, start: usize, end: usize) -> Cell<'a> {
        let bytes = &self.line[start..end];
        let spaces = bytes.len() - bytes.trim_ascii_start().len();
        Cell { start: start + spaces, bytes: bytes.trim_ascii() }
    }
}

impl<'a> Iterator for Cells<'a> {
    type Item = Cell<'a>;

    fn next(&mut self) -> Option<Cell<'a>> {
        let line = self.line;
        match self.separator {
            Separator::Space => {
                let space = |byte: &u8| byte.is_ascii_whitespace();
                let start = self.at + line[self.at..].iter().position(|byte| !space(byte))?;
                let len = line[start..].iter().position(space).unwrap_or(line.len() - start);
                self.at = start + len;
                Some(self.cell(start, self.at))
            }
            Separator::Byte(separator) => {
                if self.done {
                    return None;
                }
                let start = self.at;
                let rest = &line[start..];
                let mut end = rest.iter().position(|byte| *byte == separator);
                if rest.trim_ascii_start().first() == Some(&b'"') {
                    // A separator inside quotes is text; a doubled quote closes and opens again.
                    let mut inside = false;
                    end = rest.iter().position(|byte| {
                        inside ^= *byte == b'"';
                        *byte == separator && !inside
                    });
                }
                self.done = end.is_none();
                let end = end.map_or(line.len(), |end| start + end);
                self.at = end + 1;
                Some(self.cell(start, end))
            }
        }
    }
}

/// A text short enough for an error.
pub(super) fn shortened(text: &str) -> String {
    const MOST: usize = 40;
    if text.chars().count() <= MOST {
        return text.to_owned();
    }
    text.chars().take(MOST).chain(['…']).collect()
}
