//! IDX: the format of MNIST, a big-endian array behind a header of a few bytes.
//!
//! Layout: Yann LeCun's description of the MNIST files, "the IDX file format": two zero bytes, a
//! code of the values' type, the number of axes, their lengths as big-endian 32-bit numbers.

use hinton_tensor::{Dtype, Endian, Tensor, View, element_count};

use super::FormatRow;
use crate::source::read_head;
use crate::{Checkpoint, Error, ErrorKind, Head, Input, Limits, Sniff, Warning};

/// The row of the table.
pub(crate) const ROW: FormatRow = FormatRow {
    name: "idx",
    about: "one array in the format of MNIST (train-images-idx3-ubyte)",
    help: "Read: all six types of values (u8, i8, i16, i32, f32, f64), any number of axes. The \
           tensor is named after the file, up to its first dot. \
           Layout: the IDX format, described with the MNIST files by Yann LeCun",
    quantised: "",
    extensions: &["idx", "idx1-ubyte", "idx2-ubyte", "idx3-ubyte", "idx4-ubyte", "ubyte"],
    sniff,
    open,
};

/// Type codes of the third byte.
fn dtype_of(code: u8) -> Option<Dtype> {
    Some(match code {
        0x08 => Dtype::U8,
        0x09 => Dtype::I8,
        0x0b => Dtype::I16,
        0x0c => Dtype::I32,
        0x0d => Dtype::F32,
        0x0e => Dtype::F64,
        _ => return None,
    })
}

fn sniff(head: &Head<'_>) -> Sniff {
    let [0, 0, code, axes, ..] = *head.bytes else { return Sniff::No };
    let Some(dtype) = dtype_of(code) else { return Sniff::No };
    let named = head.has_extension(ROW.extensions) || head.name.contains("-ubyte");
    let shape = head.bytes.get(4..4 + 4 * usize::from(axes)).map(shape_of);
    let total = shape.and_then(|shape| {
        dtype.bytes_of(element_count(&shape)?)?.checked_add(4 + 4 * u64::from(axes))
    });
    match head.len {
        Some(len) if axes > 0 && total == Some(len) => Sniff::Certain,
        None if axes > 0 && total.is_some() => Sniff::Likely,
        _ if named => Sniff::Likely,
        _ => Sniff::No,
    }
}

fn shape_of(lengths: &[u8]) -> Vec<usize> {
    lengths
        .chunks_exact(4)
        .map(|dim| u32::from_be_bytes([dim[0], dim[1], dim[2], dim[3]]) as usize)
        .collect()
}

fn open(input: &Input, limits: &Limits) -> Result<Checkpoint, Error> {
    let cut = |error: Error| error.cure("the file is cut or damaged: download or copy it again");
    let have = input.data.len();
    let head = read_head(&*input.data, 4 + 4 * 255)?;
    let [0, 0, code, axes, ref lengths @ ..] = *head.as_slice() else {
        return Err(cut(Error::malformed(format!(
            "expected two zero bytes, a type and a number of axes, found {}",
            crate::lookalike::first_bytes(&head)
        ))
        .at_byte(0)));
    };
    let dtype = dtype_of(code).ok_or_else(|| {
        Error::malformed(format!("0x{code:02x} is not a type of IDX (0x08 to 0x0e)")).at_byte(2)
    })?;
    let axes = usize::from(axes);
    if axes > limits.axes {
        let limit = limits.axes;
        let message = format!("the shape has {axes} axes, the limit is {limit}");
        return Err(Error::new(ErrorKind::Limit, message).at_byte(3));
    }
    let data_start = 4 + 4 * axes as u64;
    let Some(lengths) = lengths.get(..4 * axes) else {
        return Err(cut(Error::malformed(format!(
            "the header of {axes} axes needs {data_start} bytes, the file has {have}"
        ))
        .at_byte(4)));
    };
    let shape = shape_of(lengths);
    let needs = element_count(&shape).and_then(|count| dtype.bytes_of(count)).ok_or_else(|| {
        let message = format!("shape {shape:?} of {dtype} is more bytes than 64 bits can count");
        Error::malformed(message).at_byte(4)
    })?;
    let left = have - data_start;
    if needs > left {
        return Err(cut(Error::malformed(format!(
            "shape {shape:?} of {dtype} needs {needs} bytes, the file has {left} bytes after its header"
        ))
        .at_byte(data_start)));
    }
    let warning = (needs < left).then(|| {
        Warning::file(format!("{} bytes after the values belong to no tensor", left - needs))
            .as_fault()
    });
    let tensor = Tensor::new(
        name_of(input),
        input.name.as_str(),
        dtype,
        Endian::Big,
        View::packed(&shape),
        data_start,
        input.data.clone(),
    )?;
    Ok(Checkpoint::of_file(
        input,
        ROW.name,
        Vec::new(),
        vec![tensor],
        warning.into_iter().collect(),
    ))
}

/// `train-images.idx3-ubyte` and `train-images-idx3-ubyte.gz` are common names of the files.
fn name_of(input: &Input) -> &str {
    let stem = input.stem();
    match stem.split('.').next() {
        Some(first) if !first.is_empty() => first,
        _ => stem,
    }
}
