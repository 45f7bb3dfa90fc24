//! Tables of numbers as text: comma, tab, semicolon or white space between cells.
//!
//! RFC 4180 where it applies; headers, labels and comments as numpy, pandas and R write them.

mod dialect;

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use hinton_tensor::{Bytes, Dtype, Endian, ReadError, Tensor, View};

use self::dialect::{Dialect, Line, Lines};
use super::FormatRow;
use crate::source::once::Once;
use crate::source::{read_vec, utf8_text};
use crate::{Checkpoint, Error, ErrorKind, Head, Input, Limits, Sniff, Warning, lookalike};

/// The row of the table.
pub(crate) const ROW: FormatRow = FormatRow {
    name: "csv",
    about: "a table of numbers as text: commas, tabs, semicolons or white space",
    help: "Read: cells between commas, tabs, semicolons or white space; an optional first row of \
           names (as metadata `columns`); an optional first column of labels (as `rows` \
           where there are up to 10,000); other columns of words (as `text.NAME` up to 200,000 rows, for labels and \
           classes); word vectors in the text form of GloVe, word2vec and fastText; UTF-16 with its mark; comments after `#` at the start of a line; texts in \
           double quotes. Empty cells, NA, null and nan are NaN; thousands may be parted by commas in quotes; inf is infinite. The values are \
           f64; the tensor is named after the file and has two axes, or one where the table has \
           one column. Every row must have as many cells. A decimal comma is not read. \
           Layout: RFC 4180, read generously",
    quantised: "",
    extensions: &["csv", "tsv", "tab", "txt", "dat"],
    sniff,
    open,
};

/// Most row labels that are kept as metadata.
pub(super) const MOST_LABELS: usize = 10_000;
/// Most rows whose words are kept as metadata.
const MOST_TEXTS: usize = 200_000;

/// Most cells of a line.
const MOST_COLUMNS: usize = 2_000_000;

fn sniff(head: &Head<'_>) -> Sniff {
    let decoded = utf_16(head.bytes);
    let text = match &decoded {
        Some(text) => std::str::from_utf8(text).ok(),
        None => lookalike::text(head),
    };
    let Some(text) = text else { return Sniff::No };
    // JSON that was cut has commas and numbers, too.
    if head.has_extension(&["yaml", "yml"]) || is_settings(text) || lookalike::is_json(head) {
        return Sniff::No;
    }
    let whole = head.len.is_some_and(|len| len <= head.bytes.len() as u64);
    let lines = dialect::first_lines(text.as_bytes(), whole);
    let named = head.has_extension(&["csv", "tsv", "tab"]);
    let likely = Dialect::detect(&lines).is_some()
        || (named && (dialect::has_numbers(&lines) || dialect::is_wide(&lines, whole)));
    if likely { Sniff::Likely } else { Sniff::No }
}

/// Whether the first lines are names with values, `lr: 0.1`, as settings are written.
fn is_settings(text: &str) -> bool {
    let is_pair = |line: &str| {
        line.split_once(": ").is_some_and(|(name, _)| {
            name.starts_with(|c: char| c.is_alphabetic() || c == '_')
                && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))
        })
    };
    let mut lines = text.lines().filter(|line| !line.trim().is_empty()).take(8).peekable();
    lines.peek().is_some() && lines.all(is_pair)
}

fn open(input: &Input, limits: &Limits) -> Result<Checkpoint, Error> {
    let len = input.data.len();
    if len > limits.text_bytes {
        let limit = limits.text_bytes;
        let message = format!("the text has {len} bytes, the limit is {limit}");
        return Err(Error::new(ErrorKind::Limit, message).cure("save it as .npy"));
    }
    let text = whole_text(&*input.data)?;
    let lines = dialect::first_lines(&text, true);
    if text.contains(&0) {
        let found = lookalike::first_bytes(&text);
        let message = format!("expected text, but there are zero bytes; it begins {found}");
        return Err(Error::new(ErrorKind::Unrecognised, message));
    }
    // Cells of the first lines are stored until the dialect is known: many times their bytes.
    let separators = |line: &[u8]| line.iter().filter(|byte| b",;\t ".contains(byte)).count();
    if lines.iter().any(|line| separators(line) > MOST_COLUMNS) {
        let message = format!("a line has more than {MOST_COLUMNS} cells, the limit");
        return Err(Error::new(ErrorKind::Limit, message).cure("save it as .npy"));
    }
    let dialect = Dialect::detect(&lines)
        .or_else(|| Dialect::behind_first(&lines))
        .or_else(|| Dialect::guess(&lines))
        .ok_or_else(|| Error::malformed("there is no row of numbers in the text"))?;

    // This pass keeps no values: they are parsed when they are used.
    let mut labels = Vec::new();
    let mut texts: Vec<Vec<String>> = vec![Vec::new(); dialect.words.len()];
    let scan = scan(
        &text,
        &dialect,
        |_| {},
        |column, text| match column {
            None if labels.len() <= MOST_LABELS => labels.push(text()),
            Some(column) if texts[column].len() <= MOST_TEXTS => texts[column].push(text()),
            _ => {}
        },
    )?;
    let (rows, columns) = (scan.rows, dialect.columns);
    let mut checkpoint = Checkpoint::of_file(input, ROW.name, Vec::new(), Vec::new(), Vec::new());
    if let Some(header) = &dialect.header {
        let names: Vec<String> = header
            .iter()
            .enumerate()
            .filter(|(column, _)| !dialect.words.get(*column).is_some_and(|is_word| *is_word))
            .map(|(_, name)| name.clone())
            .collect();
        checkpoint.metadata.push(("columns".to_owned(), json_texts(&names)));
    }
    for (column, texts) in texts.iter().enumerate().filter(|(column, _)| dialect.words[*column]) {
        let name = dialect.header.as_ref().and_then(|header| header.get(column)).cloned();
        let name = name.unwrap_or_else(|| column.to_string());
        let message = match texts.len() > MOST_TEXTS {
            true => format!("its words are not read: {rows} rows (the limit is 200,000)"),
            false => "it holds words: they are labels, and no part of the tensor".to_owned(),
        };
        if texts.len() <= MOST_TEXTS {
            checkpoint.metadata.push((format!("text.{name}"), json_texts(texts)));
        }
        checkpoint.warnings.push(Warning::about(format!("column {name}"), message));
    }
    if labels.len() > MOST_LABELS {
        let message = format!("the labels of {rows} rows are not read (the limit is 10,000)");
        checkpoint.warnings.push(Warning::file(message));
    } else if !labels.is_empty() {
        checkpoint.metadata.push(("rows".to_owned(), json_texts(&labels)));
    }
    if scan.late_comments > 0 {
        let count = scan.late_comments;
        let message = format!("{count} lines between the rows start with # and are not read");
        checkpoint.warnings.push(Warning::file(message));
    }

    let shape = if columns == 1 { vec![rows] } else { vec![rows, columns] };
    // Cells are fewer than bytes of text, so this cannot overflow.
    let bytes = rows as u64 * columns as u64 * 8;
    let table = Table { text: input.data.clone(), dialect, len: bytes, values: Once::new() };
    checkpoint.tensors.push(Tensor::new(
        input.stem(),
        input.name.as_str(),
        Dtype::F64,
        Endian::Little,
        View::packed(&shape),
        0,
        Arc::new(table),
    )?);
    Ok(checkpoint)
}

fn json_texts(texts: &[String]) -> String {
    serde_json::Value::from(texts.to_vec()).to_string()
}

/// All of the text: in place where it is addressable, else read; UTF-16 as UTF-8.
fn whole_text(data: &dyn Bytes) -> Result<Cow<'_, [u8]>, ReadError> {
    let text = match data.slice(0..data.len()) {
        Some(text) => Cow::Borrowed(text),
        None => Cow::Owned(read_vec(data, 0, data.len())?),
    };
    Ok(match utf_16(&text) {
        Some(decoded) => Cow::Owned(decoded),
        None => text,
    })
}

/// A text in UTF-16 as UTF-8; `None` where it does not begin with the mark of UTF-16.
fn utf_16(text: &[u8]) -> Option<Vec<u8>> {
    let is_marked = text.starts_with(b"\xff\xfe") || text.starts_with(b"\xfe\xff");
    is_marked.then(|| utf8_text(text).into_owned())
}

/// What a pass over all rows found.
struct Scan {
    rows: usize,
    /// Comment lines behind the first row.
    late_comments: usize,
}

/// Parses every row: values in order to `value`; to `word` labels (of no column) and words with their
/// column behind the labels, as what makes the text where it is wanted.
fn scan(
    text: &[u8],
    dialect: &Dialect,
    mut value: impl FnMut(f64),
    mut word: impl FnMut(Option<usize>, &dyn Fn() -> String),
) -> Result<Scan, Error> {
    let mut rows = 0;
    let mut late_comments = 0;
    let mut skip_header = dialect.header.is_some() || dialect.counted;
    let skip = usize::from(dialect.labels);
    let has_words = dialect.words.contains(&true);
    for Line { number, start, bytes, comment } in Lines::new(text) {
        if comment && !dialect.is_row(bytes) {
            late_comments += usize::from(rows > 0);
            continue;
        }
        if std::mem::take(&mut skip_header) {
            continue;
        }
        let mut count = 0;
        for cell in dialect.cells(bytes) {
            if dialect.labels && count == 0 {
                word(None, &|| cell.text());
            } else if has_words && dialect.words.get(count - skip).is_some_and(|is_word| *is_word) {
                word(Some(count - skip), &|| cell.text());
            } else {
                let number_of = cell.number().ok_or_else(|| {
                    Error::malformed(format!(
                        "line {number}, column {}: {:?} is not a number",
                        count + 1,
                        dialect::shortened(&cell.text())
                    ))
                    .at_byte((start + cell.start) as u64)
                })?;
                value(number_of);
            }
            count += 1;
        }
        let expected = dialect.words.len() + skip;
        if count != expected {
            return Err(Error::malformed(format!(
                "line {number} has {count} cells, the rows before it have {expected}; the first \
                 difference is in column {}",
                count.min(expected) + 1
            ))
            .at_byte(start as u64)
            .cure("give every row as many cells, or save the table as .npy"));
        }
        rows += 1;
    }
    Ok(Scan { rows, late_comments })
}

/// The values of the table as little-endian f64, parsed on first use.
struct Table {
    text: Arc<dyn Bytes>,
    dialect: Dialect,
    len: u64,
    values: Once<Vec<u8>>,
}

impl Table {
    fn values(&self) -> Result<&Vec<u8>, ReadError> {
        self.values.get(|| {
            let fails = |why: String| ReadError::damaged(0, self.len, why);
            let text = whole_text(&*self.text)?;
            let mut values = Vec::new();
            let size = usize::try_from(self.len).unwrap_or(usize::MAX);
            values.try_reserve_exact(size).map_err(|_| {
                ReadError::memory(0, self.len, "there is not enough memory for the table")
            })?;
            let push = |value: f64| values.extend_from_slice(&value.to_le_bytes());
            scan(&text, &self.dialect, push, |_, _| {})
                .map_err(|error| fails(error.to_string()))?;
            if values.len() as u64 != self.len {
                return Err(fails("the file has changed since it was opened".to_owned()));
            }
            Ok(values)
        })
    }
}

impl Bytes for Table {
    fn len(&self) -> u64 {
        self.len
    }

    fn slice(&self, range: Range<u64>) -> Option<&[u8]> {
        let start = usize::try_from(range.start).ok()?;
        let end = usize::try_from(range.end).ok()?;
        self.values().ok()?.get(start..end)
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<(), ReadError> {
        let len = buf.len() as u64;
        let past_end = || ReadError::past_end(offset, len, self.len);
        let end = offset.checked_add(len).ok_or_else(past_end)?;
        self.values()?;
        buf.copy_from_slice(self.slice(offset..end).ok_or_else(past_end)?);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hinton_tensor::Memory;

    fn table(text: &str) -> Result<Checkpoint, Error> {
        let data = Arc::new(Memory::new(text.as_bytes()));
        open(&Input { name: "t.csv".to_owned(), path: None, data }, &Limits::default())
    }

    fn values(checkpoint: &Checkpoint) -> Vec<f64> {
        let data = checkpoint.tensors[0].data();
        let bytes = read_vec(&**data, 0, data.len()).unwrap();
        bytes.chunks_exact(8).map(|value| f64::from_le_bytes(value.try_into().unwrap())).collect()
    }

    fn sniffed(text: &[u8], name: &str) -> Sniff {
        sniff(&Head { bytes: text, len: Some(text.len() as u64), name })
    }

    #[test]
    fn every_separator() {
        for text in ["1,2.5\n-3,4e2\n", "1;2.5\r\n-3;4e2", "1\t2.5\n-3\t4e2\n", " 1  2.5\n-3 4e2\n"]
        {
            let checkpoint = table(text).unwrap();
            assert_eq!(checkpoint.tensors[0].shape(), [2, 2], "{text:?}");
            assert_eq!(values(&checkpoint), [1., 2.5, -3., 400.], "{text:?}");
        }
        let column = table("\u{feff}1\n2\n\n3\n").unwrap();
        assert_eq!((column.tensors[0].shape(), values(&column)), (&[3][..], vec![1., 2., 3.]));
    }

    #[test]
    fn headers_labels_comments_and_gaps() {
        let checkpoint =
            table("# made by hand\nname,\"a, b\",c\nfirst,1,\n# between\n\"se\"\"cond\",NA,-inf\n")
                .unwrap();
        assert_eq!(checkpoint.tensors[0].name(), "t");
        assert_eq!(checkpoint.tensors[0].shape(), [2, 2]);
        let columns = r#"["a, b","c"]"#.to_owned();
        let rows = r#"["first","se\"cond"]"#.to_owned();
        assert_eq!(
            checkpoint.metadata,
            [("columns".to_owned(), columns), ("rows".to_owned(), rows)]
        );
        assert_eq!(checkpoint.warnings.len(), 1);
        let values = values(&checkpoint);
        assert_eq!(values[0], 1.);
        assert!(values[1].is_nan() && values[2].is_nan());
        assert_eq!(values[3], f64::NEG_INFINITY);
        // pandas writes its index below an empty name, R a header that is one cell short.
        for text in [",x,y\n0,1,2\n1,3,4\n", "x y\na 1 2\nb 3 4\n"] {
            let checkpoint = table(text).unwrap();
            assert_eq!(checkpoint.tensors[0].shape(), [2, 2], "{text:?}");
            assert_eq!(checkpoint.metadata[0].1, r#"["x","y"]"#);
        }
    }

    #[test]
    fn columns_of_words_are_labels() {
        let iris =
            table("sepal,petal,species\n5.1,1.4,setosa\n7,4.7,versicolor\n6,,setosa\n").unwrap();
        assert_eq!(iris.tensors[0].shape(), [3, 2]);
        assert_eq!(values(&iris)[..4], [5.1, 1.4, 7., 4.7]);
        let species = r#"["setosa","versicolor","setosa"]"#.to_owned();
        assert_eq!(iris.metadata[0].1, r#"["sepal","petal"]"#);
        assert_eq!(iris.metadata[1], ("text.species".to_owned(), species.clone()));
        assert!(iris.warnings[0].to_string().contains("column species"), "{:?}", iris.warnings);
        // Without a header, as the files of UCI are.
        let plain = table("5.1,1.4,setosa\n7,4.7,versicolor\n6,5,setosa\n").unwrap();
        assert_eq!(plain.tensors[0].shape(), [3, 2]);
        assert_eq!(plain.metadata, [("text.2".to_owned(), species)]);
        assert_eq!(sniffed(b"5,1,setosa\n7,4,virginica\n6,5,setosa\n", "iris.data"), Sniff::Likely);
    }

    #[test]
    fn no_row_is_lost_to_the_header() {
        let thousands = table("\"1,000\",5\n\"2,500.5\",6\n3,#DIV/0!\n").unwrap();
        assert_eq!(thousands.tensors[0].shape(), [3, 2]);
        assert_eq!(values(&thousands)[..4], [1000., 5., 2500.5, 6.]);
        let error = table("one,5\n2,6\n3,7\n").unwrap_err();
        assert!(error.message().contains("\"one\" is not a number"), "{error}");
    }

    #[test]
    fn word_vectors_keep_every_word() {
        let glove = table("the 0.1 0.2 0.3\n1990 0.4 0.5 0.6\n# 0.7 0.8 0.9\n").unwrap();
        assert_eq!(glove.tensors[0].shape(), [3, 3]);
        assert_eq!(glove.metadata, [("rows".to_owned(), r##"["the","1990","#"]"##.to_owned())]);
        let fast = table("2 3\nthe 0.1 0.2 0.3\n10 0.4 0.5 0.6\n").unwrap();
        assert_eq!((fast.tensors[0].shape(), values(&fast)[3]), (&[2, 3][..], 0.4));
    }

    #[test]
    fn texts_in_utf_16_are_read() {
        let text: Vec<u8> =
            "\u{feff}a\tb\r\n1\t2\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(sniffed(&text, "x.txt"), Sniff::Likely);
        let data = Arc::new(Memory::new(text));
        let input = Input { name: "t.txt".to_owned(), path: None, data };
        let checkpoint = open(&input, &Limits::default()).unwrap();
        assert_eq!(values(&checkpoint), [1., 2.]);
    }

    #[test]
    fn mistakes_have_line_and_column() {
        let error = table("1,2\n3,4\n5\n").unwrap_err();
        assert!(error.message().contains("line 3 has 1 cells"), "{error}");
        assert!(error.message().contains("column 2"), "{error}");
        assert_eq!(error.byte(), Some(8));
        let mut text = "1,2\n".repeat(30);
        text.push_str("1,two\n");
        let error = table(&text).unwrap_err();
        assert!(error.message().contains("line 31, column 2: \"two\" is not a number"), "{error}");
        assert_eq!(error.byte(), Some(122));
    }

    #[test]
    fn only_tables_are_claimed() {
        assert_eq!(sniffed(b"1,2\n3,4\n", "x"), Sniff::Likely);
        assert_eq!(sniffed(b"a,b\n3,4\n", "x"), Sniff::Likely);
        assert_eq!(sniffed(b"1,2\n3,4,5\n", "x"), Sniff::No);
        assert_eq!(sniffed(b"1,2\n3,4,5\n", "x.csv"), Sniff::Likely);
        assert_eq!(
            sniffed(b"Call me Ishmael. Some years ago,\nnever mind 2\n", "x.csv"),
            Sniff::No
        );
        assert_eq!(sniffed(b"12 monkeys\n", "x.txt"), Sniff::No);
        assert_eq!(sniffed(b"1,2\0\n3,4\n", "x.csv"), Sniff::No);
        assert_eq!(sniffed(b"{\"a\": 1}", "x.csv"), Sniff::No);
        assert_eq!(sniffed(b"nan\n", "x.csv"), Sniff::No);
        let wide: String = (0..3000).map(|cell| format!("{cell},")).collect();
        let head = Head { bytes: &wide.as_bytes()[..4096], len: Some(99_999), name: "x" };
        assert_eq!(sniff(&head), Sniff::Likely);
        let blank = " ".repeat(4095) + ",";
        let head = Head { bytes: blank.as_bytes(), len: None, name: "x" };
        assert_eq!(sniff(&head), Sniff::No);
        let names: String = (0..3000).map(|cell| format!("px{cell},")).collect();
        let head = Head { bytes: &names.as_bytes()[..4096], len: Some(99_999), name: "x.csv" };
        assert_eq!(sniff(&head), Sniff::Likely);
    }
}
