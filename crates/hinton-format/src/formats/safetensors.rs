//! safetensors: a JSON header with every tensor's dtype, shape and byte range, then the bytes.
//!
//! Layout and rules: <https://github.com/huggingface/safetensors#format>.

mod header;

use std::sync::Arc;

use hinton_tensor::{Dtype, Endian, Tensor, View, element_count};

use self::header::{Entry, Header};
use super::FormatRow;
use crate::safetensors::dtype_of;
use crate::source::read_vec;
use crate::{Checkpoint, Error, ErrorKind, Head, Input, Limits, Sniff, Warning};

/// The row of the table.
pub(crate) const ROW: FormatRow = FormatRow {
    name: "safetensors",
    about: "tensors after a JSON header, by Hugging Face",
    help: "Read: every dtype of safetensors 0.8 (F64 F32 F16 BF16, the 8, 6 and 4 bit floats, \
           integers, BOOL, C64), metadata, and models split into shards (see `sharded`). Checked: \
           header, byte ranges, shapes, overlaps. A tensor of another dtype is skipped with a \
           warning; bytes that belong to no tensor are a warning. \
           Quantised weights are recognised by the names and shapes of their parts: FP8 with scales, \
           GPTQ (2, 3, 4, 8 bits), AWQ, NF4, FP4 and INT8 of bitsandbytes, integers of compressed-tensors, \
           INT8 of quanto, HQQ, BitNet, Marlin, MLX with its modes, MXFP4 and MXFP8, NVFP4; the weight they stand for \
           comes beside them, under its own name where that is free. Codes of other layouts (EXL2, EXL3 \
           and unknown ones) are shown as stored, and that is said wherever they are shown. \
           Layout: https://github.com/huggingface/safetensors#format",
    quantised: "FP8, GPTQ, AWQ, bitsandbytes, compressed-tensors, quanto, HQQ, BitNet, Marlin, MLX, MXFP4, MXFP8, \
                NVFP4: \
                as stored and as weights",
    extensions: &["safetensors"],
    sniff,
    open,
};

/// Bytes of the length that stands before the header.
const PREFIX: u64 = 8;
const LIE: &str = "its header and its data do not fit: get the file again from its source";
const CUT: &str = "the file is cut or damaged: download or copy it again";

fn sniff(head: &Head<'_>) -> Sniff {
    let len = head.bytes.first_chunk().map(|bytes| u64::from_le_bytes(*bytes));
    let fits = match (len, head.len) {
        (Some(len), Some(file)) => len >= 2 && len <= file.saturating_sub(PREFIX),
        // Inside gzip the length is not known yet; headers past 4 GiB do not exist.
        (Some(len), None) => len >= 2 && len <= u64::from(u32::MAX),
        (None, _) => false,
    };
    match head.bytes.get(8) {
        Some(b'{') if fits => Sniff::Certain,
        // A header that ends behind the file: it was cut.
        Some(b'{') if head.has_extension(ROW.extensions) => Sniff::Likely,
        _ => Sniff::No,
    }
}

fn open(input: &Input, limits: &Limits) -> Result<Checkpoint, Error> {
    let (bytes, data_start) = read_header(input, limits)?;
    let header = header::parse(&bytes, limits)?;
    check_duplicates(&header)?;

    let data_len = input.data.len() - data_start;
    let mut warnings = header.warnings;
    let file: Arc<str> = input.name.as_str().into();
    let mut tensors = Vec::with_capacity(header.entries.len());
    for entry in &header.entries {
        let Entry { name, dtype, begin, end, .. } = entry;
        check_range(entry, data_start, data_len)?;
        let Some(dtype) = dtype_of(dtype) else {
            warnings.push(Warning::about(
                name.as_str(),
                format!("skipped: its dtype {dtype:?} is not supported"),
            ));
            continue;
        };
        let start = data_start + begin;
        let shape = shape_of(entry, dtype, start)?;
        check_size(entry, dtype, &shape, end - begin, start)?;
        let view = View::packed(&shape);
        let data = input.data.clone();
        tensors.push(Tensor::new(
            name.as_str(),
            file.clone(),
            dtype,
            Endian::Little,
            view,
            start,
            data,
        )?);
    }
    check_cover(&header.entries, data_start, data_len, &mut warnings)?;
    Ok(Checkpoint::of_file(input, ROW.name, header.metadata, tensors, warnings))
}

/// The header's bytes, and the byte at which the data starts.
fn read_header(input: &Input, limits: &Limits) -> Result<(Vec<u8>, u64), Error> {
    let have = input.data.len();
    if have < PREFIX {
        return Err(Error::malformed(format!(
            "expected 8 bytes of header length, the file has {have} bytes"
        ))
        .at_byte(0)
        .cure(CUT));
    }
    let mut prefix = [0; 8];
    input.data.read_at(0, &mut prefix)?;
    let len = u64::from_le_bytes(prefix);
    let Some(data_start) = len.checked_add(PREFIX).filter(|end| *end <= have) else {
        return Err(Error::malformed(format!(
            "the header claims {len} bytes, the file has {} bytes after its length",
            have - PREFIX
        ))
        .at_byte(0)
        .cure(CUT));
    };
    if len > limits.header_bytes {
        let limit = limits.header_bytes;
        return Err(Error::new(
            ErrorKind::Limit,
            format!("the header has {len} bytes, the limit is {limit}"),
        )
        .at_byte(0));
    }
    let header = read_vec(&*input.data, PREFIX, len)?;
    if header.first() != Some(&b'{') {
        return Err(Error::malformed(format!(
            "expected the header to start with '{{', found {}",
            header.first().map_or("nothing".to_owned(), |byte| format!("byte 0x{byte:02x}"))
        ))
        .at_byte(PREFIX));
    }
    Ok((header, data_start))
}

fn check_duplicates(header: &Header) -> Result<(), Error> {
    let mut names: Vec<&str> = header.entries.iter().map(|entry| entry.name.as_str()).collect();
    names.sort_unstable();
    match names.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(Error::malformed("the header names it twice").for_tensor(pair[0])),
        None => Ok(()),
    }
}

fn check_range(entry: &Entry, data_start: u64, data_len: u64) -> Result<(), Error> {
    let Entry { name, begin, end, .. } = entry;
    if begin <= end && *end <= data_len {
        return Ok(());
    }
    let (message, cure) = if begin > end {
        (format!("its data starts at {begin} and ends before that, at {end}"), None)
    } else {
        let message = format!(
            "its data should end at byte {} of the file, the file has {}",
            data_start.saturating_add(*end),
            data_start + data_len
        );
        (message, Some(CUT))
    };
    let error =
        Error::malformed(message).for_tensor(name).at_byte(data_start.saturating_add(*begin));
    Err(match cure {
        Some(cure) => error.cure(cure),
        None => error,
    })
}

/// The shape, where this machine and hinton can count in it.
fn shape_of(entry: &Entry, dtype: Dtype, start: u64) -> Result<Vec<usize>, Error> {
    let shape: Result<Vec<usize>, _> =
        entry.shape.iter().map(|dim| usize::try_from(*dim)).collect();
    let bytes = shape.as_ref().ok().and_then(|shape| dtype.bytes_of(element_count(shape)?));
    match (shape, bytes) {
        (Ok(shape), Some(_)) => Ok(shape),
        _ => Err(Error::malformed(format!(
            "shape {:?} of {} is more bytes than 64 bits can count, its data has {}",
            entry.shape,
            entry.dtype,
            entry.end - entry.begin
        ))
        .for_tensor(&entry.name)
        .at_byte(start)
        .cure(LIE)),
    }
}

fn check_size(
    entry: &Entry,
    dtype: Dtype,
    shape: &[usize],
    have: u64,
    start: u64,
) -> Result<(), Error> {
    let elements = element_count(shape).unwrap_or(0);
    let fail = |message: String| {
        Err(Error::malformed(message).for_tensor(&entry.name).at_byte(start).cure(LIE))
    };
    // The count of bits was checked with the shape.
    if !(elements * dtype.bits()).is_multiple_of(8) {
        return fail(format!(
            "{elements} values of {} bits do not fill whole bytes, which the format asks for",
            dtype.bits()
        ));
    }
    let needs = elements * dtype.bits() / 8;
    if needs != have {
        return fail(format!(
            "shape {shape:?} of {} needs {needs} bytes, its data has {have}",
            entry.dtype
        ));
    }
    Ok(())
}

/// Every byte of the data belongs to one tensor: two is an error, none a warning.
fn check_cover(
    entries: &[Entry],
    data_start: u64,
    data_len: u64,
    warnings: &mut Vec<Warning>,
) -> Result<(), Error> {
    let mut by_offset: Vec<&Entry> =
        entries.iter().filter(|entry| entry.begin < entry.end).collect();
    by_offset.sort_by_key(|entry| (entry.begin, entry.end));
    let mut covered = 0;
    let mut last = "";
    let mut hole = |from: u64, to: u64| {
        let message = format!(
            "{} bytes at byte {} belong to no tensor; other readers may refuse the file",
            to - from,
            data_start + from
        );
        warnings.push(Warning::file(message).as_fault());
    };
    for entry in by_offset {
        if entry.begin < covered {
            return Err(Error::malformed(format!(
                "its data overlaps that of tensor {last:?}, which ends at byte {}",
                data_start + covered
            ))
            .for_tensor(&entry.name)
            .at_byte(data_start + entry.begin)
            .cure(LIE));
        }
        if entry.begin > covered {
            hole(covered, entry.begin);
        }
        covered = entry.end;
        last = &entry.name;
    }
    if covered < data_len {
        hole(covered, data_len);
    }
    Ok(())
}
