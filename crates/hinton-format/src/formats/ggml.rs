//! The files of rwkv.cpp: a short header, then one tensor behind another, each with a header of its
//! own.
//!
//! Layout: <https://github.com/RWKV/rwkv.cpp/blob/master/docs/FILE_FORMAT.md>.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::sync::Arc;

use hinton_tensor::{Endian, Tensor};

use super::FormatRow;
use crate::ggml::{self, Place};
use crate::source::Cursor;
use crate::{Checkpoint, Error, ErrorKind, Head, Input, Limits, Sniff, Warning};

/// The row of the table.
pub(crate) const ROW: FormatRow = FormatRow {
    name: "ggml",
    about: "RWKV models of rwkv.cpp (.bin)",
    help: "Read: versions 100 and 101 in both byte orders, f32, f16, and of version 101 the \
           quantised types Q4_0 to Q8_1 and Q2_K to Q8_K, listed as stored and drawn as the values \
           that ggml computes. Shapes are in numpy's order; the file lists them the other way \
           round. Not read: quantised files of version 100 and the types that ggml gave up \
           (Q4_1_O, Q4_2, Q4_3). Other models of that time: see `ggjt`. \
           Layout: https://github.com/RWKV/rwkv.cpp/blob/master/docs/FILE_FORMAT.md",
    quantised: "Q4_0 to Q8_1, Q2_K to Q8_K, decoded",
    extensions: &[],
    sniff,
    open,
};

/// The magic number, as it lies in files of either byte order.
const MAGICS: [(&[u8; 4], Endian); 2] = [(b"fmgg", Endian::Little), (b"ggmf", Endian::Big)];
const VERSIONS: std::ops::RangeInclusive<u32> = 100..=101;
/// The tensor that every model ends with; nothing else tells a file cut between two tensors.
const LAST: &str = "head.weight";
/// Longest name of a tensor.
const LONGEST_NAME: u32 = 1 << 16;

/// Types by rwkv.cpp's number: their names, and ggml's number where it still has them.
const TYPES: [(&str, Option<u32>); 17] = [
    ("FP32", Some(0)),
    ("FP16", Some(1)),
    ("Q4_0", Some(2)),
    ("Q4_1", Some(3)),
    ("Q4_1_O", None),
    ("Q4_2", None),
    ("Q4_3", None),
    ("Q5_0", Some(6)),
    ("Q5_1", Some(7)),
    ("Q8_0", Some(8)),
    ("Q8_1", Some(9)),
    ("Q2_K", Some(10)),
    ("Q3_K", Some(11)),
    ("Q4_K", Some(12)),
    ("Q5_K", Some(13)),
    ("Q6_K", Some(14)),
    ("Q8_K", Some(15)),
];

fn sniff(head: &Head<'_>) -> Sniff {
    match start(head.bytes) {
        Some((_, version)) if VERSIONS.contains(&version) => Sniff::Certain,
        _ => Sniff::No,
    }
}

/// Byte order and version, where the magic number is right.
fn start(bytes: &[u8]) -> Option<(Endian, u32)> {
    let (_, endian) = MAGICS.iter().find(|(magic, _)| bytes.starts_with(*magic))?;
    let version = *bytes.get(4..)?.first_chunk()?;
    let version = match endian {
        Endian::Little => u32::from_le_bytes(version),
        Endian::Big => u32::from_be_bytes(version),
    };
    Some((*endian, version))
}

fn open(input: &Input, limits: &Limits) -> Result<Checkpoint, Error> {
    let head = crate::source::read_head(&*input.data, 8)?;
    let (endian, version) = start(&head).ok_or_else(|| {
        Error::malformed("expected the magic number 0x67676d66 and a version").at_byte(0)
    })?;
    if !VERSIONS.contains(&version) {
        let message = format!("its version is {version}; hinton reads 100 and 101, of rwkv.cpp");
        return Err(Error::new(ErrorKind::Unsupported, message).at_byte(4));
    }
    let mut cursor = Cursor::whole(&*input.data, endian);
    cursor.skip(8, "the header")?;
    let mut metadata = vec![("version".to_owned(), version.to_string())];
    for key in ["n_vocab", "n_embed", "n_layer"] {
        metadata.push((key.to_owned(), cursor.u32(key)?.to_string()));
    }
    let kind = cursor.u32("data_type")?;
    let kind = TYPES.get(kind as usize).map_or(kind.to_string(), |(name, _)| (*name).to_owned());
    metadata.push(("data_type".to_owned(), kind));

    let mut file = File {
        input,
        limits,
        version,
        endian,
        shown: input.name.as_str().into(),
        names: BTreeSet::new(),
        warnings: Vec::new(),
    };
    let mut tensors = Vec::new();
    while cursor.left() > 0 {
        if tensors.len() >= limits.tensors {
            let message = format!("the file has more than {} tensors, the limit", limits.tensors);
            return Err(Error::new(ErrorKind::Limit, message).at_byte(cursor.at()));
        }
        tensors.extend(file.tensor(&mut cursor)?);
    }
    let mut warnings = file.warnings;
    if !file.names.contains(LAST) {
        let message =
            format!("there is no {LAST}: the file may be cut, it does not say how long it is");
        warnings.push(Warning::file(message));
    }
    Ok(Checkpoint::of_file(input, ROW.name, metadata, tensors, warnings))
}

struct File<'i> {
    input: &'i Input,
    limits: &'i Limits,
    version: u32,
    endian: Endian,
    shown: Arc<str>,
    names: BTreeSet<String>,
    warnings: Vec<Warning>,
}

/// What stands before the values of a tensor, in all files before GGUF.
pub(super) struct TensorHead {
    pub(super) name: String,
    /// The number of its type.
    pub(super) code: u32,
    /// Slowest axis first.
    pub(super) shape: Vec<usize>,
}

impl TensorHead {
    /// Reads it; more axes and names of other lengths than these are damage.
    pub(super) fn read(
        cursor: &mut Cursor<'_>,
        most_axes: usize,
        name_lengths: RangeInclusive<u32>,
    ) -> Result<Self, Error> {
        let at = cursor.at();
        let axes = cursor.u32("a number of axes")?;
        let len = cursor.u32("the length of a name")?;
        let code = cursor.u32("a type")?;
        if axes as usize > most_axes || !name_lengths.contains(&len) {
            let message = format!("a tensor with {axes} axes and a name of {len} bytes");
            return Err(Error::malformed(message)
                .at_byte(at)
                .cure("the file is damaged: download or copy it again"));
        }
        let mut shape = Vec::with_capacity(axes as usize);
        for _ in 0..axes {
            shape.push(cursor.u32("the length of an axis")? as usize);
        }
        // The file has the fastest axis first.
        shape.reverse();
        let name = cursor.take(u64::from(len), "a name")?;
        Ok(TensorHead { name: String::from_utf8_lossy(&name).into_owned(), code, shape })
    }
}

impl File<'_> {
    /// The next tensor; nothing where an earlier one has its name.
    fn tensor(&mut self, cursor: &mut Cursor<'_>) -> Result<Option<Tensor>, Error> {
        let at = cursor.at();
        let TensorHead { name, code, shape } =
            TensorHead::read(cursor, self.limits.axes, 0..=LONGEST_NAME)?;
        let fail = |error: Error| error.for_tensor(&name).at_byte(at);

        let id = self.kind(code).map_err(fail)?;
        let kind = ggml::type_of(id)
            .ok_or_else(|| fail(Error::malformed(format!("ggml has no type {id}"))))?;
        let len = kind.bytes_of(&shape).map_err(|message| fail(Error::malformed(message)))?;
        let len = len.ok_or_else(|| {
            let kind = kind.name;
            let message = format!("shape {shape:?} of {kind} is more bytes than 64 bits can count");
            fail(Error::malformed(message))
        })?;
        let start = cursor.at();
        cursor.skip(len, "its data").map_err(|error| error.for_tensor(&name))?;
        if !self.names.insert(name.clone()) {
            let message = "skipped: the file has a tensor of that name before";
            self.warnings.push(Warning::about(name, message));
            return Ok(None);
        }
        let (file, data) = (self.shown.clone(), self.input.data.clone());
        let place = Place { file, data, start, len, endian: self.endian };
        Ok(Some(ggml::tensor(&name, kind, &shape, place)?))
    }

    /// ggml's number of a type. Without its size the next tensor cannot be found.
    fn kind(&self, code: u32) -> Result<u32, Error> {
        let Some((name, id)) = TYPES.get(code as usize) else {
            return Err(Error::malformed(format!("{code} is not a type of rwkv.cpp (0 to 16)")));
        };
        match id {
            Some(id) if self.version > 100 || code < 2 => Ok(*id),
            _ => Err(Error::new(
                ErrorKind::Unsupported,
                format!("its type is {name} of version {}, which ggml gave up", self.version),
            )
            .cure("quantise the original model again with a newer rwkv.cpp")),
        }
    }
}
