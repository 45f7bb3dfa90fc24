//! MAT-files of version 7.3: HDF5 whose attributes say what the datasets are to MATLAB.

use std::collections::BTreeMap;

use hinton_tensor::{Dtype, Tensor};

use crate::formats::hdf5;
use crate::{Checkpoint, Error, Input, Limits, Warning};

/// Most characters of a text that becomes metadata.
const TEXT: u64 = 1 << 15;

/// Attributes that only MATLAB needs.
const OWN: [&str; 4] = ["MATLAB_class", "MATLAB_empty", "MATLAB_int_decode", "MATLAB_fields"];

/// Adds the variables, as MATLAB sees them.
pub(super) fn open(
    input: &Input,
    limits: &Limits,
    checkpoint: &mut Checkpoint,
) -> Result<(), Error> {
    hdf5::add(input.data.clone(), &input.name, "", limits, checkpoint)?;
    let mut own: BTreeMap<(String, &str), String> = BTreeMap::new();
    checkpoint.metadata.retain(|(key, value)| {
        let Some((path, name)) = key.rsplit_once('@') else { return true };
        let Some(name) = OWN.into_iter().find(|known| *known == name) else { return true };
        own.insert((path.to_owned(), name), value.clone());
        false
    });
    for tensor in std::mem::take(&mut checkpoint.tensors) {
        let name = tensor.name().to_owned();
        let of = |key| own.get(&(name.clone(), key)).map(String::as_str);
        let class = of("MATLAB_class").unwrap_or_default();
        if of("MATLAB_empty").is_some_and(|empty| empty != "0") {
            let warning = Warning::about(name, format!("skipped: an empty array ({class})"));
            checkpoint.warnings.push(warning);
            continue;
        }
        match class {
            "char" => match text(&tensor) {
                Some(text) => checkpoint.metadata.push((name, text)),
                None => {
                    let why = format!("skipped: texts of shape {:?}", reversed(&tensor));
                    checkpoint.warnings.push(Warning::about(name, why));
                }
            },
            "logical" if matches!(tensor.dtype(), Dtype::U8 | Dtype::I8) => {
                checkpoint.tensors.push(as_bool(&tensor)?.transpose()?);
            }
            // HDF5 has the axes in C order, MATLAB in Fortran's: the same bytes, the other way
            // round.
            _ => checkpoint.tensors.push(tensor.transpose()?),
        }
    }
    Ok(())
}

fn reversed(tensor: &Tensor) -> Vec<usize> {
    tensor.shape().iter().rev().copied().collect()
}

fn as_bool(tensor: &Tensor) -> Result<Tensor, Error> {
    let (view, data) = (tensor.view().clone(), tensor.data().clone());
    let (file, endian, start) = (tensor.file(), tensor.endian(), tensor.start());
    Ok(Tensor::new(tensor.name(), file, Dtype::Bool, endian, view, start, data)?)
}

/// A line of text, which MATLAB stores as 16-bit units.
fn text(tensor: &Tensor) -> Option<String> {
    let line = tensor.shape().get(1..).is_none_or(|rest| rest.iter().all(|dim| *dim == 1));
    if !line || tensor.dtype() != Dtype::U16 || tensor.elements() > TEXT {
        return None;
    }
    let bytes = tensor.packed_bytes().ok()?;
    let units = bytes.as_chunks::<2>().0.iter().map(|unit| u16::from_le_bytes(*unit));
    let units: Vec<u16> = units.collect();
    Some(String::from_utf16_lossy(&units))
}
