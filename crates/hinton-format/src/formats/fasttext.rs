//! Models of fastText: `.bin`, and `.ftz`, whose vectors are packed by product quantisation.
//!
//! Layout: `saveModel` in `fasttext.cc`, `dictionary.cc`, `args.cc`, `densematrix.cc`, `quantmatrix.cc`
//! and `productquantizer.cc` of <https://github.com/facebookresearch/fastText>.

use std::sync::Arc;

use hinton_tensor::{Bytes, Dtype, Endian, ReadError, Stored, Tensor, View};

use super::FormatRow;
use crate::source::once::Once;
use crate::source::{Cursor, Made, read_vec};
use crate::{Checkpoint, Error, ErrorKind, Head, Input, Limits, Sniff, Warning};

/// The row of the table.
pub(crate) const ROW: FormatRow = FormatRow {
    name: "fasttext",
    about: "models of fastText (.bin, .ftz)",
    help: "Read: `input`, a row for each word and then one for each bucket of letters, and `output`; \
           quantised ones (.ftz) as the values that fastText computes. Of at most 10,000 words and labels \
           the texts are kept (`words`, `labels`), the settings all. The vector of a word as fastText \
           gives it is the mean of its row and those of its letters. Layout: fasttext.cc of fastText",
    quantised: "product quantisation of .ftz, with and without norms; decoded",
    extensions: &["bin", "ftz"],
    sniff,
    open,
};

const MAGIC: u32 = 793_712_314;
/// Versions: before 12 the settings `minn` and `maxn` of a supervised model did not hold.
const VERSIONS: std::ops::RangeInclusive<u32> = 11..=12;
/// Most words whose texts are kept.
const MOST_LABELS: usize = 10_000;
/// Longest word.
const LONGEST: usize = 1 << 16;
/// Centroids of a part of a vector (`ksub_`).
const CENTROIDS: u64 = 256;

const SETTINGS: [&str; 12] = [
    "dim",
    "ws",
    "epoch",
    "minCount",
    "neg",
    "wordNgrams",
    "loss",
    "model",
    "bucket",
    "minn",
    "maxn",
    "lrUpdateRate",
];

fn sniff(head: &Head<'_>) -> Sniff {
    match head.bytes.starts_with(&MAGIC.to_le_bytes()) {
        true => Sniff::Certain,
        false => Sniff::No,
    }
}

fn open(input: &Input, limits: &Limits) -> Result<Checkpoint, Error> {
    let mut cursor = Cursor::whole(&*input.data, Endian::Little);
    let (magic, version) = (cursor.u32("the magic number")?, cursor.u32("the version")?);
    if magic != MAGIC || !VERSIONS.contains(&version) {
        let message = format!("expected a model of fastText of version 11 or 12, found {version}");
        return Err(Error::new(ErrorKind::Unsupported, message).at_byte(4));
    }
    let mut metadata = vec![("version".to_owned(), version.to_string())];
    for name in SETTINGS {
        let value = cursor.u32("a setting")?.cast_signed();
        metadata.push((name.to_owned(), value.to_string()));
    }
    cursor.skip(8, "the sampling threshold")?;
    let mut warnings = Vec::new();
    dictionary(&mut cursor, limits, &mut metadata, &mut warnings)?;
    let is_packed = flag(&mut cursor)?;
    let reader = Reader { input };
    let mut tensors = vec![reader.matrix(&mut cursor, "input", is_packed)?];
    let output_packed = flag(&mut cursor)?;
    tensors.push(reader.matrix(&mut cursor, "output", is_packed && output_packed)?);
    if cursor.left() > 0 {
        let message = format!("{} bytes after the values belong to no tensor", cursor.left());
        warnings.push(Warning::file(message).as_fault());
    }
    Ok(Checkpoint::of_file(input, ROW.name, metadata, tensors, warnings))
}

/// The words and labels: their texts, counts and kinds.
fn dictionary(
    cursor: &mut Cursor<'_>,
    limits: &Limits,
    metadata: &mut Vec<(String, String)>,
    warnings: &mut Vec<Warning>,
) -> Result<(), Error> {
    let at = cursor.at();
    let size = cursor.u32("the number of entries")?;
    let (words, labels) = (cursor.u32("words")?, cursor.u32("labels")?);
    let (tokens, pruned) = (cursor.u64("tokens")?, cursor.u64("pruned")?.cast_signed());
    if words.checked_add(labels) != Some(size) || u64::from(size) > limits.fields {
        let message = format!("{words} words and {labels} labels are not its {size} entries");
        return Err(Error::malformed(message).at_byte(at));
    }
    let counts = [("nwords", u64::from(words)), ("nlabels", labels.into()), ("ntokens", tokens)];
    metadata.extend(counts.map(|(name, count)| (name.to_owned(), count.to_string())));
    let (mut texts, mut marks): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    for _ in 0..size {
        let text = word(cursor)?;
        cursor.skip(8, "how often a word was met")?;
        let [kind] = cursor.number::<1>("the kind of a word")?;
        let list = if kind == 0 { &mut texts } else { &mut marks };
        if list.len() <= MOST_LABELS {
            list.push(text);
        }
    }
    for (name, list) in [("words", texts), ("labels", marks)] {
        if list.len() > MOST_LABELS {
            let message = format!("the {name} are not read (the limit is {MOST_LABELS})");
            warnings.push(Warning::file(message));
        } else if !list.is_empty() {
            metadata.push((name.to_owned(), serde_json::Value::from(list).to_string()));
        }
    }
    // Buckets that were pruned: pairs of numbers.
    let pairs = u64::try_from(pruned).unwrap_or(0).saturating_mul(8);
    cursor.skip(pairs, "the pruned buckets")
}

fn word(cursor: &mut Cursor<'_>) -> Result<String, Error> {
    let at = cursor.at();
    let mut bytes = Vec::new();
    loop {
        match cursor.number::<1>("a word")? {
            [0] => return Ok(String::from_utf8_lossy(&bytes).into_owned()),
            [byte] => bytes.push(byte),
        }
        if bytes.len() > LONGEST {
            let message = format!("a word has more than {LONGEST} bytes");
            return Err(Error::malformed(message).at_byte(at));
        }
    }
}

fn flag(cursor: &mut Cursor<'_>) -> Result<bool, Error> {
    Ok(cursor.number::<1>("whether it is quantised")? != [0])
}

struct Reader<'a> {
    input: &'a Input,
}

impl Reader<'_> {
    fn matrix(
        &self,
        cursor: &mut Cursor<'_>,
        name: &str,
        is_packed: bool,
    ) -> Result<Tensor, Error> {
        let named = |error: Error| error.for_tensor(name);
        if is_packed {
            return self.packed(cursor, name).map_err(named);
        }
        let shape = shape(cursor).map_err(named)?;
        let bytes = (shape[0] as u64).checked_mul(shape[1] as u64).and_then(|n| n.checked_mul(4));
        let start = cursor.at();
        cursor.skip(bytes.unwrap_or(u64::MAX), "its values").map_err(named)?;
        let (view, data) = (View::packed(&shape), self.input.data.clone());
        let file = self.input.name.as_str();
        Ok(Tensor::new(name, file, Dtype::F32, Endian::Little, view, start, data)?)
    }

    /// `QuantMatrix`: a code for each part of a row, and perhaps one for its norm.
    fn packed(&self, cursor: &mut Cursor<'_>, name: &str) -> Result<Tensor, Error> {
        let has_norms = flag(cursor)?;
        let shape = shape(cursor)?;
        let at = cursor.at();
        let size = u64::from(cursor.u32("the number of codes")?);
        let codes = cursor.at();
        cursor.skip(size, "its codes")?;
        let parts = Quantizer::read(cursor)?;
        let rows = shape[0] as u64;
        let wrong = |why: String| Error::malformed(why).at_byte(at);
        if parts.dim != shape[1] as u64 || rows.checked_mul(parts.parts) != Some(size) {
            return Err(wrong(format!("{size} codes do not fill shape {shape:?}")));
        }
        let norms = match has_norms {
            true => {
                let codes = cursor.at();
                cursor.skip(rows, "the codes of its norms")?;
                let norms = Quantizer::read(cursor)?;
                if (norms.dim, norms.parts) != (1, 1) {
                    return Err(wrong("its norms are not single numbers".to_owned()));
                }
                Some((codes, norms))
            }
            false => None,
        };
        let whole = self.input.data.clone();
        let stored = self.codes(name, codes, [shape[0], parts.parts as usize])?;
        let tables: Once<Centroids> = Once::new();
        let fill = move |first: u64, out: &mut [u8]| {
            let tables = tables.get(|| {
                let own = parts.table(&*whole)?;
                let norms = norms.as_ref().map(|(_, norms)| norms.table(&*whole)).transpose()?;
                Ok((own, norms.unwrap_or_default()))
            });
            let (table, norm_table) = tables?;
            let mut number = first;
            let mut rest = out;
            while !rest.is_empty() {
                let (row, column) = (number / parts.dim, number % parts.dim);
                let count = ((parts.dim - column) * 4).min(rest.len() as u64);
                let (own, behind) = rest.split_at_mut(count as usize);
                let codes = read_vec(&*whole, codes + row * parts.parts, parts.parts)?;
                let norm = match &norms {
                    Some((at, _)) => {
                        let code = read_vec(&*whole, at + row, 1)?;
                        norm_table[usize::from(code[0])]
                    }
                    None => 1.0,
                };
                for (index, out) in (column..).zip(own.as_chunks_mut::<4>().0) {
                    let value = table[parts.place(index, &codes)] * norm;
                    *out = value.to_le_bytes();
                }
                number += count / 4;
                rest = behind;
            }
            Ok(())
        };
        let values = rows.saturating_mul(shape[1] as u64);
        let data = Arc::new(Made::new(values, 4, fill));
        let (file, view) = (self.input.name.as_str(), View::packed(&shape));
        let tensor = Tensor::new(name, file, Dtype::F32, Endian::Little, view, 0, data)?;
        Ok(tensor.stored_as(Stored::derived("from codes", vec![stored])))
    }

    fn codes(&self, name: &str, start: u64, shape: [usize; 2]) -> Result<Tensor, Error> {
        let (view, data) = (View::packed(&shape), self.input.data.clone());
        let file = self.input.name.as_str();
        let called = format!("{name}.codes");
        Ok(Tensor::new(called, file, Dtype::U8, Endian::Little, view, start, data)?)
    }
}

fn shape(cursor: &mut Cursor<'_>) -> Result<[usize; 2], Error> {
    let at = cursor.at();
    let (rows, columns) = (cursor.u64("its rows")?, cursor.u64("its columns")?);
    match (u32::try_from(rows), u32::try_from(columns)) {
        (Ok(rows), Ok(columns)) => Ok([rows as usize, columns as usize]),
        _ => Err(Error::malformed(format!("its shape is {rows} by {columns}")).at_byte(at)),
    }
}

/// The centroids of rows, and those of their norms.
type Centroids = (Vec<f32>, Vec<f32>);

/// `ProductQuantizer`: 256 centroids for each part of a vector; the last part may be shorter.
#[derive(Clone, Copy)]
struct Quantizer {
    dim: u64,
    /// Parts of a vector, and values of one.
    parts: u64,
    each: u64,
    /// Where the centroids lie.
    start: u64,
}

impl Quantizer {
    fn read(cursor: &mut Cursor<'_>) -> Result<Self, Error> {
        let at = cursor.at();
        let mut number = || cursor.u32("a size of the quantiser").map(u64::from);
        let (dim, parts, each, last) = (number()?, number()?, number()?, number()?);
        let whole = parts.checked_sub(1).and_then(|parts| parts.checked_mul(each));
        let fits = whole.and_then(|whole| whole.checked_add(last)) == Some(dim);
        if !fits || dim == 0 || dim > 1 << 20 || last > each || last == 0 {
            let message =
                format!("{parts} parts of {each} values, the last of {last}, are no {dim}");
            return Err(Error::malformed(message).at_byte(at));
        }
        let start = cursor.at();
        cursor.skip(dim * CENTROIDS * 4, "the centroids")?;
        Ok(Quantizer { dim, parts, each, start })
    }

    fn table(&self, data: &dyn Bytes) -> Result<Vec<f32>, ReadError> {
        let bytes = read_vec(data, self.start, self.dim * CENTROIDS * 4)?;
        Ok(bytes.as_chunks::<4>().0.iter().map(|value| f32::from_le_bytes(*value)).collect())
    }

    /// Where the value of a column lies among the centroids.
    fn place(&self, column: u64, codes: &[u8]) -> usize {
        let part = column / self.each;
        let last = self.dim - (self.parts - 1) * self.each;
        let width = if part + 1 == self.parts { last } else { self.each };
        let code = u64::from(codes[part as usize]);
        (part * CENTROIDS * self.each + code * width + column % self.each) as usize
    }
}
