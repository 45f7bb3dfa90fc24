//! Word vectors in word2vec's binary: `WORDS WIDTH` in text, then of each word its text, a space and
//! its values.
//!
//! Layout: `word2vec.c` of <https://code.google.com/archive/p/word2vec/>, `save_word2vec_format` of
//! gensim, which leaves out the line's end behind the values.

use std::sync::Arc;

use hinton_tensor::{Bytes, Dtype, Endian, ReadError, Tensor, View};

use super::FormatRow;
use crate::lookalike;
use crate::source::once::Once;
use crate::source::{Made, read_vec};
use crate::{Checkpoint, Error, ErrorKind, Head, Input, Limits, Sniff, Warning};

/// The row of the table.
pub(crate) const ROW: FormatRow = FormatRow {
    name: "word2vec",
    about: "word vectors of word2vec in binary (GoogleNews-vectors-negative300.bin)",
    help: "Read: the matrix `vectors`, a row for each word; of at most 10,000 words their texts (as \
           `rows`), which charts show beside the rows. With and without a line break after the values. \
           Text files of the same tools open as csv. Layout: word2vec.c",
    quantised: "",
    extensions: &["bin"],
    sniff,
    open,
};

/// Most words whose texts are kept.
const MOST_LABELS: u64 = 10_000;
/// Longest word, and most values of one.
const LONGEST: usize = 4096;
const WIDEST: u64 = 1 << 16;

/// The first line's numbers and its length.
fn heading(bytes: &[u8]) -> Option<(u64, u64, u64)> {
    let end = bytes.iter().take(40).position(|byte| *byte == b'\n')?;
    let line = std::str::from_utf8(&bytes[..end]).ok()?;
    let (words, width) = line.trim_end_matches('\r').split_once(' ')?;
    let (words, width) = (words.parse().ok()?, width.parse().ok()?);
    let fits = (1..=u64::from(u32::MAX)).contains(&words) && (1..=WIDEST).contains(&width);
    fits.then_some((words, width, end as u64 + 1))
}

fn sniff(head: &Head<'_>) -> Sniff {
    let Some((words, width, start)) = heading(head.bytes) else { return Sniff::No };
    let least = words.saturating_mul(width * 4 + 2);
    let fits = head.len.is_none_or(|len| len.saturating_sub(start) >= least);
    match fits && lookalike::text(head).is_none() {
        true => Sniff::Certain,
        false => Sniff::No,
    }
}

fn open(input: &Input, _limits: &Limits) -> Result<Checkpoint, Error> {
    let head = crate::source::read_head(&*input.data, 64)?;
    let (words, width, start) = heading(&head).ok_or_else(|| {
        let found = lookalike::first_bytes(&head);
        Error::malformed(format!("expected the numbers of words and of values, found {found}"))
            .at_byte(0)
    })?;
    let have = input.data.len() - start;
    // A word has a letter and a space at least.
    if words.saturating_mul(width * 4 + 2) > have {
        let message = format!("{words} words of {width} values do not fit in {have} bytes");
        return Err(Error::malformed(message)
            .at_byte(start)
            .cure("the file is cut or damaged: download or copy it again"));
    }
    let (Ok(rows), Ok(columns)) = (usize::try_from(words), usize::try_from(width)) else {
        return Err(Error::new(ErrorKind::Limit, "it has more words than can be addressed"));
    };
    let (mut metadata, mut warnings) = (Vec::new(), Vec::new());
    if words <= MOST_LABELS {
        let mut walk = Walk { data: &*input.data, at: start, width };
        let texts: Result<Vec<String>, ReadError> =
            (0..words).map(|_| walk.next().map(|(word, _)| word)).collect();
        let texts =
            texts.map_err(|error| Error::of_read(&error, &*error.why).at_byte(error.offset))?;
        if walk.at < input.data.len() {
            let message = format!("{} bytes after the words", input.data.len() - walk.at);
            warnings.push(Warning::file(message).as_fault());
        }
        metadata.push(("rows".to_owned(), serde_json::Value::from(texts).to_string()));
    } else {
        let message = format!("the {words} words are not read (the limit is {MOST_LABELS})");
        warnings.push(Warning::file(message));
    }
    let data = Arc::new(rows_of(input.data.clone(), start, (words, width)));
    let (file, view) = (input.name.as_str(), View::packed(&[rows, columns]));
    let tensor = Tensor::new("vectors", file, Dtype::F32, Endian::Little, view, 0, data)?;
    Ok(Checkpoint::of_file(input, ROW.name, metadata, vec![tensor], warnings))
}

/// A place in the list of words.
struct Walk<'a> {
    data: &'a dyn Bytes,
    at: u64,
    width: u64,
}

impl Walk<'_> {
    /// The next word, and where its values begin.
    fn next(&mut self) -> Result<(String, u64), ReadError> {
        let mut text = Vec::new();
        let fail = |at: u64, why: &str| ReadError::damaged(at, 0, why.to_owned());
        let from = self.at;
        loop {
            let left = self.data.len().saturating_sub(self.at);
            let part = read_vec(self.data, self.at, left.min(64))?;
            if let Some(end) = part.iter().position(|byte| *byte == b' ') {
                text.extend_from_slice(&part[..end]);
                self.at += end as u64 + 1;
                break;
            }
            text.extend_from_slice(&part);
            self.at += part.len() as u64;
            if part.is_empty() || text.len() > LONGEST {
                return Err(fail(
                    from,
                    "there is no space after a word: the file is cut or damaged",
                ));
            }
        }
        let values = self.at;
        let end = values + self.width * 4;
        if end > self.data.len() {
            return Err(fail(values, "the values of a word are cut short"));
        }
        self.at = end;
        // word2vec.c ends each word with a line's end, gensim does not.
        let word = text.strip_prefix(b"\n").unwrap_or(&text);
        if self.at + 1 == self.data.len() && read_vec(self.data, self.at, 1)? == b"\n" {
            self.at += 1;
        }
        Ok((String::from_utf8_lossy(word).into_owned(), values))
    }
}

/// The values alone, row by row; where each row lies is found when the first is read.
fn rows_of(data: Arc<dyn Bytes>, start: u64, (words, width): (u64, u64)) -> Made {
    let places: Once<Vec<u64>> = Once::new();
    Made::new(words * width, 4, move |first, out| {
        let places = places.get(|| {
            let mut walk = Walk { data: &*data, at: start, width };
            (0..words).map(|_| walk.next().map(|(_, at)| at)).collect()
        })?;
        let (mut number, mut rest) = (first, out);
        while !rest.is_empty() {
            let (row, column) = (number / width, number % width);
            let count = ((width - column) * 4).min(rest.len() as u64);
            let (own, behind) = rest.split_at_mut(count as usize);
            let Some(at) = places.get(row as usize) else {
                return Err(ReadError::past_end(row, 1, words));
            };
            data.read_at(at + column * 4, own)?;
            number += count / 4;
            rest = behind;
        }
        Ok(())
    })
}
