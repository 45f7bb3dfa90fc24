//! Checkpoints of version 2: a table of `BundleEntryProto` in `NAME.index`, the values in
//! `NAME.data-00000-of-00001` beside it.

use std::collections::BTreeMap;
use std::sync::Arc;

use hinton_tensor::{Bytes, Endian, Memory, Tensor, View, element_count};

use super::dtype::{dtype, skipped};
use super::proto::{shape, slice};
use super::{CHECKPOINT, objects, old};
use crate::container::protobuf::Wire;
use crate::container::table::{self, Entry};
use crate::formats::notes::Skipped;
use crate::formats::pieces::{Extent, Part, axes, join};
use crate::source::wrapper::unwrapped_name;
use crate::{Checkpoint, Error, ErrorKind, Input, Limits, Warning};

/// The key of the object graph, which is no variable.
const OBJECTS: &str = "_CHECKPOINTABLE_OBJECT_GRAPH";

pub(super) fn open(input: &Input, limits: &Limits) -> Result<Checkpoint, Error> {
    let entries = table::read(&*input.data, limits)?;
    match entries.split_first() {
        Some((first, rest)) if first.key.is_empty() => {
            let header = Header::read(first, limits)?;
            match header {
                Some(header) => Bundle::new(input, limits, header, rest).open(),
                None => old::open(input, limits, &entries),
            }
        }
        _ => Err(Error::malformed("the table has no header; it is not a checkpoint of TensorFlow")),
    }
}

/// The index beside it to which a file of that name belongs: `NAME.index` for the values in
/// `NAME.data-00000-of-00001` and for the graph in `NAME.meta`.
pub fn index_of(name: &str) -> Option<String> {
    let digits = |text: &str| text.len() >= 5 && text.bytes().all(|byte| byte.is_ascii_digit());
    let data = name.rsplit_once(".data-").filter(|(_, numbers)| {
        numbers.split_once("-of-").is_some_and(|(shard, shards)| digits(shard) && digits(shards))
    });
    let stem = data.map(|(stem, _)| stem).or_else(|| name.strip_suffix(".meta"))?;
    (!stem.is_empty()).then(|| format!("{stem}.index"))
}

/// `BundleHeaderProto`.
struct Header {
    shards: u64,
    endian: Endian,
}

impl Header {
    /// `None` where the entry is the header of version 1.
    fn read(entry: &Entry, limits: &Limits) -> Result<Option<Self>, Error> {
        let wire = Wire::new(Arc::new(Memory::new(entry.value.as_slice())), limits);
        let mut header = Header { shards: 1, endian: Endian::Little };
        for field in wire.fields(wire.root()) {
            let field = field?;
            match (field.number, field.integer()) {
                (1, Ok(shards)) => header.shards = shards,
                (1, Err(_)) => return Ok(None),
                (2, Ok(1)) => header.endian = Endian::Big,
                _ => {}
            }
        }
        Ok(Some(header))
    }
}

/// `BundleEntryProto`.
#[derive(Debug, Default)]
struct Variable {
    data_type: u64,
    shape: Vec<usize>,
    shard: u64,
    offset: u64,
    size: u64,
    slices: Vec<Vec<Extent>>,
}

impl Variable {
    fn read(entry: &Entry, limits: &Limits) -> Result<Self, Error> {
        let wire = Wire::new(Arc::new(Memory::new(entry.value.as_slice())), limits);
        let mut variable = Variable::default();
        for field in wire.fields(wire.root()) {
            let field = field?;
            match field.number {
                1 => variable.data_type = field.integer()?,
                2 => variable.shape = shape(&wire, &field, limits)?,
                3 => variable.shard = field.integer()?,
                4 => variable.offset = field.integer()?,
                5 => variable.size = field.integer()?,
                7 => variable.slices.push(slice(&wire, &field, limits)?),
                _ => {}
            }
        }
        Ok(variable)
    }
}

struct Bundle<'a> {
    input: &'a Input,
    limits: &'a Limits,
    header: Header,
    entries: BTreeMap<&'a [u8], &'a Entry>,
    shards: BTreeMap<u64, (Arc<str>, Arc<dyn Bytes>)>,
}

impl<'a> Bundle<'a> {
    fn new(input: &'a Input, limits: &'a Limits, header: Header, entries: &'a [Entry]) -> Self {
        let entries = entries.iter().map(|entry| (&*entry.key, entry)).collect();
        Bundle { input, limits, header, entries, shards: BTreeMap::new() }
    }

    fn open(mut self) -> Result<Checkpoint, Error> {
        let mut tensors = Vec::new();
        let mut skips = Skipped::default();
        let mut metadata = Vec::new();
        let entries: Vec<&'a Entry> = self.entries.values().copied().collect();
        for entry in entries {
            // The values of a slice belong to the variable that lists it; its key starts with 0.
            if entry.key.first() == Some(&0) {
                continue;
            }
            let name = String::from_utf8_lossy(&entry.key).into_owned();
            let named = |error: Error| error.for_tensor(&*name).at_byte(entry.at.unwrap_or(0));
            let variable = Variable::read(entry, self.limits).map_err(named)?;
            if name == OBJECTS {
                metadata = self.objects(&variable);
                continue;
            }
            match self.tensor(&name, &variable).map_err(named)? {
                Ok(tensor) => tensors.push(tensor),
                Err(why) => skips.add(name, why),
            }
            if tensors.len() > self.limits.tensors {
                let message = format!("it has more tensors than {}", self.limits.tensors);
                return Err(Error::new(ErrorKind::Limit, message));
            }
        }
        let mut files = vec![self.input.name.clone()];
        files.extend(self.shards.values().map(|(name, _)| name.to_string()));
        let mut warnings: Vec<Warning> = skips.warnings();
        if tensors.is_empty() && warnings.is_empty() {
            warnings.push(Warning::file("the checkpoint lists no variables"));
        }
        Ok(Checkpoint {
            path: self.input.name.clone(),
            format: CHECKPOINT.name,
            metadata,
            tensors,
            files,
            warnings,
        })
    }

    /// What the object graph tells of the variables; nothing where it cannot be read, for it is
    /// only an ornament.
    fn objects(&mut self, variable: &Variable) -> Vec<(String, String)> {
        let Ok((_, data)) = self.shard(variable.shard) else { return Vec::new() };
        objects::names(&data, variable.offset, variable.size, self.limits).unwrap_or_default()
    }

    fn tensor(&mut self, name: &str, variable: &Variable) -> Result<Result<Tensor, String>, Error> {
        let Some(dtype) = dtype(variable.data_type) else {
            return Ok(Err(skipped(variable.data_type)));
        };
        let shape = &variable.shape;
        let elements = element_count(shape);
        let bytes = elements.and_then(|count| dtype.bytes_of(count));
        let (Some(elements), Some(bytes)) = (elements, bytes) else {
            let message = format!("its shape {shape:?} is more than 64 bits can count");
            return Err(Error::malformed(message));
        };
        let (file, data, start) = if variable.slices.is_empty() {
            if variable.size != bytes {
                return Err(wrong_size(shape, dtype.name(), bytes, variable.size));
            }
            match bytes {
                // The shard of something empty may not be there.
                0 => (self.input.name.as_str().into(), empty(), 0),
                _ => {
                    let (file, data) = self.shard(variable.shard)?;
                    (file, data, variable.offset)
                }
            }
        } else {
            let width = dtype.bits() / 8;
            let mut parts = Vec::with_capacity(variable.slices.len());
            let mut file = None;
            for extents in &variable.slices {
                let (part_file, part) = self.part(name, variable, extents, width)?;
                file.get_or_insert(part_file);
                parts.push(part);
            }
            let file = file.unwrap_or_else(|| self.input.name.as_str().into());
            (file, join(parts, shape, elements, width)?, 0)
        };
        let view = View::packed(shape);
        Ok(Ok(Tensor::new(name, file, dtype, self.header.endian, view, start, data)?))
    }

    /// A slice of a partitioned variable, which has an entry of its own.
    fn part(
        &mut self,
        name: &str,
        whole: &Variable,
        extents: &[Extent],
        width: u64,
    ) -> Result<(Arc<str>, Part), Error> {
        let axes = axes(extents, &whole.shape)?;
        let Some(entry) = self.entries.get(&*slice_key(name, extents)) else {
            let message = format!("its slice {extents:?} is not in the index");
            return Err(Error::malformed(message));
        };
        let variable = Variable::read(entry, self.limits)?;
        let (file, data) = self.shard(variable.shard)?;
        let part = Part::new(axes, &whole.shape, data, variable.offset);
        let needs = part.elements().saturating_mul(width);
        let end = variable.offset.checked_add(needs);
        if variable.size != needs || end.is_none_or(|end| end > part.data.len()) {
            let have = variable.size.min(part.data.len().saturating_sub(variable.offset));
            let message = format!("its slice {extents:?} needs {needs} bytes, there are {have}");
            return Err(Error::malformed(message));
        }
        Ok((file, part))
    }

    /// The file of values with that number, opened when first asked for.
    fn shard(&mut self, number: u64) -> Result<(Arc<str>, Arc<dyn Bytes>), Error> {
        if let Some((file, data)) = self.shards.get(&number) {
            return Ok((file.clone(), data.clone()));
        }
        let shards = self.header.shards;
        if number >= shards {
            let message = format!("its values are in shard {number} of {shards}");
            return Err(Error::malformed(message));
        }
        let Some(index) = &self.input.path else {
            let message = "its values are in a .data file beside the index";
            return Err(
                Error::new(ErrorKind::Unsupported, message).cure("open the index as a file")
            );
        };
        let stem = index.file_name();
        let stem = unwrapped_name(&stem);
        let stem = stem.strip_suffix(".index").unwrap_or(stem);
        let name = format!("{stem}.data-{number:05}-of-{shards:05}");
        let folder = index.folder();
        let path = folder.join(&name);
        if path.is_missing() {
            let message = format!("its values are in {name:?}, which is missing");
            let cure =
                format!("copy {name:?} into {}; it belongs to the index", folder.shown_folder());
            return Err(Error::new(ErrorKind::Io, message).cure(cure));
        }
        path.check_beside(index)?;
        let data = path.open()?;
        let file: Arc<str> = path.display().to_string().into();
        self.shards.insert(number, (file.clone(), data.clone()));
        Ok((file, data))
    }
}

fn empty() -> Arc<dyn Bytes> {
    Arc::new(Memory::new(Vec::new()))
}

fn wrong_size(shape: &[usize], dtype: &str, needs: u64, have: u64) -> Error {
    let message = format!("shape {shape:?} of {dtype} needs {needs} bytes, its data has {have}");
    Error::malformed(message).cure("copy index and data again, from the same checkpoint")
}

/// The key of a slice: 0, the name, the number of axes, and where it starts and how long it is on
/// each, so written that the order of the bytes is the order of the slices (ordered_code.cc).
fn slice_key(name: &str, extents: &[Extent]) -> Vec<u8> {
    let mut key = vec![0];
    for byte in name.bytes() {
        match byte {
            0 => key.extend([0, 0xff]),
            0xff => key.extend([0xff, 0]),
            byte => key.push(byte),
        }
    }
    key.extend([0, 1]);
    let count = (extents.len() as u64).to_be_bytes();
    let zeros = count.iter().take_while(|byte| **byte == 0).count();
    key.push((count.len() - zeros) as u8);
    key.extend(&count[zeros..]);
    for (start, len) in extents {
        signed(&mut key, *start as i64);
        signed(&mut key, len.map_or(-1, |len| len as i64));
    }
    key
}

/// A signed number whose first bits tell how many bytes follow (`WriteSignedNumIncreasing`).
fn signed(key: &mut Vec<u8>, value: i64) {
    let magnitude = if value < 0 { !value } else { value } as u64;
    let bits = 64 - magnitude.leading_zeros() as usize;
    // Each byte has seven bits of the number; the first also has its sign.
    let len = (bits / 7 + 1).min(10);
    let sign = if value < 0 { 0xff } else { 0 };
    let mut bytes = [sign; 10];
    bytes[2..].copy_from_slice(&value.to_be_bytes());
    // As many ones as there are bytes, then a zero; in two bytes where they do not fit one.
    let header = !(0xffff_u16.checked_shr(len as u32).unwrap_or(0));
    let [first, second] = header.to_be_bytes();
    let own = &mut bytes[10 - len..];
    own[0] ^= first;
    if len > 1 {
        own[1] ^= second;
    }
    key.extend(own.iter());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_in_order() {
        let written = |value| {
            let mut key = Vec::new();
            signed(&mut key, value);
            key
        };
        // ordered_code_test.cc of TensorFlow.
        assert_eq!(written(0), [0x80]);
        assert_eq!(written(63), [0xbf]);
        assert_eq!(written(-1), [0x7f]);
        assert_eq!(written(-64), [0x40]);
        assert_eq!(written(64), [0xc0, 0x40]);
        assert_eq!(written(-65), [0x3f, 0xbf]);
        let values = [i64::MIN, -(1 << 40), -8193, -8192, -1, 0, 8191, 8192, 1 << 40, i64::MAX];
        assert!(values.windows(2).all(|pair| written(pair[0]) < written(pair[1])));
    }

    #[test]
    fn data_files_are_told_by_their_names() {
        let index = |name| index_of(name).unwrap_or_default();
        assert_eq!(index("ckpt-1.data-00000-of-00002"), "ckpt-1.index");
        assert_eq!(index("ckpt-1.meta"), "ckpt-1.index");
        assert_eq!(index("ckpt-1.data-x-of-00002"), "");
        assert_eq!(index("ckpt-1.index"), "");
    }
}
