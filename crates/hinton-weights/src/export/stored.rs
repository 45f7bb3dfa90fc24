//! Exports tensors as the file stores them: bytes of blocks, codes and scales, bits of unusual
//! dtypes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use hinton_tensor::{Dtype, Stored, Tensor, View};
use hinton_words::visible;

use super::{ExportRow, Told};
use crate::{Error, Selected};

/// Most names of parts that an error offers.
const MOST_NAMES: usize = 6;

/// The selected tensors as stored, their types, and what the user should know.
pub(super) fn as_stored(
    tensors: &[Selected],
    row: &ExportRow,
) -> Result<(Vec<Selected>, Told, Vec<String>), Error> {
    let mut list = List::default();
    for one in tensors.iter().filter(|one| !one.tensor.is_derived()) {
        list.seen.insert(place(&one.tensor));
    }
    for one in tensors {
        match one.tensor.stored() {
            Some(_) if one.tensor.is_derived() => list.add_parts(one, row)?,
            _ => list.add(one, row)?,
        }
    }
    let notes = list.notes();
    Ok((list.tensors, list.told, notes))
}

/// Where a tensor lies: parts that were selected too are written once.
fn place(tensor: &Tensor) -> (usize, u64, u64, String) {
    let data = Arc::as_ptr(tensor.data()).cast::<u8>() as usize;
    (data, tensor.start(), tensor.view().offset, tensor.name().to_owned())
}

#[derive(Default)]
struct List {
    tensors: Vec<Selected>,
    told: Told,
    seen: BTreeSet<(usize, u64, u64, String)>,
    /// How many tensors are bytes of blocks: by type, and how its blocks are.
    blocks: BTreeMap<(&'static str, u64, u64), usize>,
    /// How many weights are left out, by what they are computed from.
    derived: BTreeMap<&'static str, usize>,
    /// Dtypes that the kind of file has not, and what their bits are written as.
    bits: BTreeSet<(&'static str, &'static str)>,
}

impl List {
    fn add(&mut self, one: &Selected, row: &ExportRow) -> Result<(), Error> {
        let stored = one.tensor.stored().and_then(Stored::blocks);
        let tensor = match one.tensor.as_blocks()? {
            Some(bytes) => {
                let kind = one.tensor.stored_type();
                let order = stored.map(|blocks| blocks.endian).unwrap_or_default();
                let order = if order == hinton_tensor::Endian::Big { ", big-endian" } else { "" };
                self.told.insert(one.label(), format!("{kind}{order}"));
                let geometry = stored.map_or((0, 0), |blocks| (blocks.values, blocks.bytes));
                *self.blocks.entry((kind, geometry.0, geometry.1)).or_default() += 1;
                bytes
            }
            None if (row.holds)(one.tensor.dtype()) => one.tensor.clone(),
            None => match as_bits(&one.tensor)? {
                Some(bits) => {
                    let dtype = one.tensor.dtype();
                    self.told.insert(one.label(), dtype.name().to_owned());
                    self.bits.insert((dtype.name(), bits.dtype().name()));
                    bits
                }
                None => one.tensor.clone(),
            },
        };
        self.tensors.push(Selected { tensor, ..one.clone() });
        Ok(())
    }

    /// What a weight is computed from, in its place.
    fn add_parts(&mut self, one: &Selected, row: &ExportRow) -> Result<(), Error> {
        let (kind, parts) = match one.tensor.stored() {
            Some(stored) => (stored.name(), stored.parts()),
            None => return Ok(()),
        };
        if !one.part.is_empty() {
            let names: Vec<String> = parts
                .iter()
                .take(MOST_NAMES)
                .map(|part| visible(part.name()).into_owned())
                .collect();
            return Err(Error::unfit(
                format!("{} is computed: a slice of it is not stored", visible(&one.label())),
                format!("ask for all of it, or for what it is computed from: {}", names.join(", ")),
            ));
        }
        *self.derived.entry(kind).or_default() += 1;
        for part in parts {
            if self.seen.insert(place(part)) {
                self.add(&Selected::whole(part.clone()), row)?;
            }
        }
        Ok(())
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        for ((kind, values, bytes), count) in &self.blocks {
            let tensors = if *count == 1 { "tensor is" } else { "tensors are" };
            notes.push(format!(
                "{count} {tensors} written as bytes of {kind} blocks, u8: {bytes} bytes for each \
                 {values} values of a row"
            ));
        }
        for (kind, count) in &self.derived {
            let weights = if *count == 1 { "weight" } else { "weights" };
            notes.push(format!(
                "{count} dequantised {weights} ({kind}) left out: what is stored is written instead"
            ));
        }
        for (dtype, bits) in &self.bits {
            notes.push(format!("values of {dtype} are written as their bits, {bits}"));
        }
        notes
    }
}

/// The values' bits as whole numbers of that width, or as packed bytes where values are narrower
/// than a byte; `None` where there is no such number.
fn as_bits(tensor: &Tensor) -> Result<Option<Tensor>, Error> {
    let dtype = match tensor.dtype().bits() {
        8 => Dtype::U8,
        16 => Dtype::U16,
        bits if bits < 8 => {
            let shape = bytes_shape(tensor);
            let start = tensor.start() + tensor.view().offset * bits / 8;
            let (file, data) = (tensor.file(), tensor.data().clone());
            let (name, view) = (tensor.name(), View::packed(&shape));
            let bytes = Tensor::new(name, file, Dtype::U8, tensor.endian(), view, start, data)?;
            return Ok(Some(bytes));
        }
        _ => return Ok(None),
    };
    let (file, data) = (tensor.file(), tensor.data().clone());
    let (view, start) = (tensor.view().clone(), tensor.start());
    Ok(Some(Tensor::new(tensor.name(), file, dtype, tensor.endian(), view, start, data)?))
}

/// The shape of packed values as bytes: the last axis in bytes where rows are whole bytes, else one
/// axis.
fn bytes_shape(tensor: &Tensor) -> Vec<usize> {
    let bits = tensor.dtype().bits() as usize;
    match tensor.shape().split_last() {
        Some((last, lead)) if last.saturating_mul(bits).is_multiple_of(8) => {
            let mut shape = lead.to_vec();
            shape.push(last.saturating_mul(bits) / 8);
            shape
        }
        _ => vec![usize::try_from(tensor.byte_len()).unwrap_or(usize::MAX)],
    }
}
