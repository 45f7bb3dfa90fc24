//! Structured arrays of numpy: each field of numbers is an array of its own.

use std::ops::Range;
use std::sync::Arc;

use hinton_tensor::{Bytes, ReadError, View};

use super::element::Element;
use super::literal::Literal;
use super::{Header, unsupported};
use crate::source::{Part, read_vec};
use crate::{Checkpoint, Error, ErrorKind, Limits, Warning};

/// Most fields of a record, those of records in it too.
const MOST_FIELDS: usize = 10_000;
/// Bytes of records that are read at once to take a field out of them.
const BLOCK: u64 = 1 << 16;

/// A record: what each element of a structured array is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Record {
    /// Bytes of a record.
    pub(crate) size: u64,
    /// Its fields of numbers.
    pub(crate) fields: Vec<Field>,
    /// Names of the others, with what they are.
    pub(crate) skipped: Vec<(String, String)>,
}

/// A field of numbers.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Field {
    /// `position`, or `position.x` of a record in the record.
    pub(crate) name: String,
    pub(crate) element: Element,
    /// Of an array in every record; empty where the field is a number.
    pub(crate) shape: Vec<usize>,
    /// Where it starts in the record.
    pub(crate) offset: u64,
}

impl Record {
    /// Of numpy's `descr`: `[('x', '<f4'), ('y', '<i4', (2,)), ('in', [('z', '<f8')])]`.
    ///
    /// # Errors
    /// Returns an error if that is no list of fields.
    pub(super) fn of(descr: &[Literal]) -> Result<Record, Error> {
        let mut record = Record { size: 0, fields: Vec::new(), skipped: Vec::new() };
        record.size = record.add(descr, "", 0)?;
        Ok(record)
    }

    /// Adds the fields of a record that starts at byte `start`; gives the bytes of it.
    fn add(&mut self, descr: &[Literal], prefix: &str, start: u64) -> Result<u64, Error> {
        let mut offset = start;
        for field in descr {
            if self.fields.len() + self.skipped.len() >= MOST_FIELDS {
                let message = format!("a record has more than {MOST_FIELDS} fields, the limit");
                return Err(Error::new(ErrorKind::Limit, message));
            }
            let (name, of, shape) = parts(field).ok_or_else(|| {
                let kind = field.kind();
                Error::malformed(format!(
                    "a field of the structured dtype is {kind} without a name and a dtype"
                ))
            })?;
            let name = if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") };
            let count = shape.iter().try_fold(1u64, |count, dim| count.checked_mul(*dim as u64));
            let size = match of {
                Literal::Text(descr) => self.element(&name, descr, &shape, offset)?,
                Literal::List(inner) if shape.is_empty() => self.add(inner, &name, offset)?,
                // Records in an array in a record: the sizes count, the values are left out.
                Literal::List(inner) => {
                    let inner = Record::of(inner)?;
                    self.skipped.push((name.clone(), "an array of records".to_owned()));
                    inner.size
                }
                other => {
                    let kind = other.kind();
                    return Err(Error::malformed(format!("the dtype of a field is {kind}")));
                }
            };
            let bytes = count.and_then(|count| count.checked_mul(size));
            offset = bytes.and_then(|bytes| offset.checked_add(bytes)).ok_or_else(|| {
                Error::malformed("a record has more bytes than 64 bits can count")
            })?;
        }
        Ok(offset - start)
    }

    /// Adds a field that is no record; gives the bytes of one of its elements.
    fn element(
        &mut self,
        name: &str,
        descr: &str,
        shape: &[usize],
        offset: u64,
    ) -> Result<u64, Error> {
        // Bytes without a name fill the record up.
        let is_padding = name.is_empty() || name.ends_with('.');
        match Element::of(descr) {
            Ok(element) if !(is_padding && descr.contains('V')) => {
                let size = element.width();
                let (name, shape) = (name.to_owned(), shape.to_vec());
                self.fields.push(Field { name, element, shape, offset });
                Ok(size)
            }
            other => {
                let size = match (odd_size(descr), other) {
                    (None, Err(error)) => return Err(error),
                    (size, _) => size.unwrap_or_default(),
                };
                if !is_padding {
                    self.skipped.push((name.to_owned(), format!("values of {descr:?}")));
                }
                Ok(size)
            }
        }
    }
}

/// Name, dtype and shape of a field.
fn parts(field: &Literal) -> Option<(&str, &Literal, Vec<usize>)> {
    let Literal::Tuple(parts) = field else { return None };
    let (name, of, shape) = match parts.as_slice() {
        [name, of] => (name, of, Vec::new()),
        [name, of, shape] => (name, of, dims(shape)?),
        _ => return None,
    };
    let name = match name {
        Literal::Text(name) => name,
        // A title and the name.
        Literal::Tuple(both) => match both.as_slice() {
            [_, Literal::Text(name)] => name,
            _ => return None,
        },
        _ => return None,
    };
    Some((name, of, shape))
}

fn dims(shape: &Literal) -> Option<Vec<usize>> {
    let dim = |dim: &Literal| match dim {
        Literal::Int(dim) => usize::try_from(*dim).ok(),
        _ => None,
    };
    match shape {
        Literal::Tuple(dims) if dims.len() <= 32 => dims.iter().map(dim).collect(),
        only => Some(vec![dim(only)?]),
    }
}

/// Bytes of values that are no numbers: texts, dates, raw bytes.
fn odd_size(descr: &str) -> Option<u64> {
    let kind = descr.trim_start_matches(['<', '>', '=', '|']);
    let digits = kind.get(1..)?;
    match kind.as_bytes().first()? {
        b'S' | b'a' | b'V' => digits.parse().ok(),
        b'U' => digits.parse::<u64>().ok()?.checked_mul(4),
        b'M' | b'm' => Some(8),
        _ => None,
    }
}

/// Adds the fields of a structured array, each as a tensor `NAME.FIELD`.
pub(super) fn add(
    header: &Header,
    record: &Record,
    (data, count): (&Arc<dyn Bytes>, u64),
    (name, file): (&str, &str),
    limits: &Limits,
    checkpoint: &mut Checkpoint,
) -> Result<(), Error> {
    if record.fields.is_empty() {
        let message = "the array is structured, and none of its fields holds numbers";
        return Err(unsupported(message).for_tensor(name));
    }
    if checkpoint.tensors.len() + record.fields.len() > limits.tensors {
        let message = format!("the file has more tensors than the limit of {}", limits.tensors);
        return Err(Error::new(ErrorKind::Limit, message));
    }
    for field in &record.fields {
        let own =
            if name.is_empty() { field.name.clone() } else { format!("{name}.{}", field.name) };
        // Both are no more than the bytes of a record.
        let each = field.shape.iter().product::<usize>() as u64 * field.element.width();
        let start = header.data_start + field.offset;
        let values: Arc<dyn Bytes> = match each {
            0 => Arc::new(Part::new(data.clone(), 0, 0)?),
            _ => Arc::new(Gathered { data: data.clone(), start, count, size: record.size, each }),
        };
        // Records in Fortran's order, the values in each in C's.
        let turned = header.shape.iter().rev().filter(|_| header.fortran);
        let plain = header.shape.iter().filter(|_| !header.fortran);
        let shape: Vec<usize> = turned.chain(plain).chain(&field.shape).copied().collect();
        let place = (0, values.len());
        let tensor = field.element.tensor(&own, file, View::packed(&shape), values, place)?;
        let (outer, all) = (header.shape.len(), shape.len());
        let axes: Vec<usize> = (0..outer).rev().chain(outer..all).collect();
        let tensor = if header.fortran { tensor.permute(&axes)? } else { tensor };
        checkpoint.tensors.push(tensor);
    }
    for (field, what) in record.skipped.iter().take(MOST_TOLD) {
        let message = format!("the field {field:?} is left out: {what}");
        checkpoint.warnings.push(Warning::about(name, message));
    }
    if let Some(more) = record.skipped.len().checked_sub(MOST_TOLD).filter(|more| *more > 0) {
        checkpoint.warnings.push(Warning::about(name, format!("{more} more fields are left out")));
    }
    Ok(())
}

/// Most fields without numbers that are named.
const MOST_TOLD: usize = 10;

/// Fields of records one behind the other: nothing is held.
pub(super) struct Gathered {
    pub(super) data: Arc<dyn Bytes>,
    /// Where the field of the first record starts.
    pub(super) start: u64,
    /// How many records, and the bytes of each.
    pub(super) count: u64,
    pub(super) size: u64,
    /// Bytes of the field, more than 0 and no more than those of the record.
    pub(super) each: u64,
}

impl Bytes for Gathered {
    fn len(&self) -> u64 {
        self.count.saturating_mul(self.each)
    }

    fn slice(&self, _range: Range<u64>) -> Option<&[u8]> {
        None
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<(), ReadError> {
        let len = buf.len() as u64;
        if offset.checked_add(len).is_none_or(|end| end > self.len()) {
            return Err(ReadError::past_end(offset, len, self.len()));
        }
        let Gathered { start, size, each, .. } = *self;
        let (mut rest, mut offset) = (buf, offset);
        while !rest.is_empty() {
            let (record, inside) = (offset / each, offset % each);
            let from = start + record * size + inside;
            let records = (rest.len() as u64 / each).min(BLOCK / size);
            let taken = if inside > 0 || records < 2 {
                // A part of a field, or records that are much larger than what is wanted of them.
                let part = rest.len().min((each - inside) as usize);
                self.data.read_at(from, &mut rest[..part])?;
                part
            } else {
                let packed = read_vec(&*self.data, from, (records - 1) * size + each)?;
                let width = each as usize;
                let values = rest.chunks_exact_mut(width).zip(packed.chunks(size as usize));
                values.for_each(|(value, record)| value.copy_from_slice(&record[..width]));
                records as usize * width
            };
            rest = &mut rest[taken..];
            offset += taken as u64;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use hinton_tensor::Memory;

    use super::super::literal;
    use super::*;

    fn record(text: &str) -> Result<Record, Error> {
        let Ok(Literal::List(descr)) = literal::parse(text.as_bytes()) else { panic!("{text}") };
        Record::of(&descr)
    }

    #[test]
    fn fields_have_their_places() {
        let found = record(
            "[('x', '<f4'), ('s', 'S3'), ('', '|V1'), (('title', 'y'), '>i2', (2, 3)), \
             ('in', [('z', '<f8'), ('t', '<M8[s]')]), ('rows', [('a', '|u1')], (4,))]",
        )
        .unwrap();
        let fields: Vec<(&str, u64, &[usize])> = found
            .fields
            .iter()
            .map(|field| (field.name.as_str(), field.offset, &*field.shape))
            .collect();
        assert_eq!(fields, [("x", 0, &[][..]), ("y", 8, &[2, 3]), ("in.z", 20, &[])]);
        assert_eq!(found.size, 4 + 3 + 1 + 12 + 16 + 4);
        let skipped: Vec<&str> = found.skipped.iter().map(|one| one.0.as_str()).collect();
        assert_eq!(skipped, ["s", "in.t", "rows"]);
        for wrong in ["[3]", "[('x',)]", "[('x', 3)]", "[('x', '<f4', (-1,))]", "[('x', '<q4')]"] {
            assert!(record(wrong).is_err(), "{wrong}");
        }
        let huge = record("[('x', '<f8', (4294967296, 4294967296)), ('y', '<f4')]").unwrap_err();
        assert!(huge.message().contains("64 bits"), "{huge}");
    }

    #[test]
    fn fields_are_gathered_by_any_range() {
        for size in [5u64, 40_000] {
            let bytes: Vec<u8> = (0..size * 4).map(|at| (at % 251) as u8).collect();
            let whole: Vec<u8> = (0..4)
                .flat_map(|record| bytes[(record * size + 1) as usize..][..3].to_vec())
                .collect();
            let data = Arc::new(Memory::new(bytes));
            let field = Gathered { data, start: 1, count: 4, size, each: 3 };
            for start in 0..=12 {
                for end in start..=12 {
                    let mut buf = vec![0; end - start];
                    field.read_at(start as u64, &mut buf).unwrap();
                    assert_eq!(buf, whole[start..end], "{size} {start} {end}");
                }
            }
            assert!(field.read_at(11, &mut [0; 2]).is_err());
        }
    }
}
