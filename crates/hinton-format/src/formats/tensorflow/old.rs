//! Checkpoints of version 1: one table of `SavedTensorSlices`, the first of which lists the tensors,
//! the others hold a slice each.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use hinton_tensor::{Endian, Memory, Tensor, View, element_count};

use super::CHECKPOINT;
use super::dtype::{dtype, skipped};
use super::proto::{Proto, shape, slice};
use crate::container::protobuf::{Field, Wire};
use crate::container::table::Entry;
use crate::formats::notes::Skipped;
use crate::formats::pieces::{Extent, Part, axes, join};
use crate::{Checkpoint, Error, Input, Limits};

/// `SavedSliceMeta`: a tensor, as the list has it.
#[derive(Default)]
struct Listed {
    name: String,
    shape: Vec<usize>,
    data_type: u64,
}

/// A slice of a tensor: its extents, and its values.
type Slice = (Vec<Extent>, Proto, Rc<Wire>);

pub(super) fn open(input: &Input, limits: &Limits, entries: &[Entry]) -> Result<Checkpoint, Error> {
    let mut listed = Vec::new();
    let mut slices: BTreeMap<String, Vec<Slice>> = BTreeMap::new();
    for entry in entries {
        let wire = Rc::new(Wire::new(Arc::new(Memory::new(entry.value.as_slice())), limits));
        for field in wire.fields(wire.root()) {
            let field = field?;
            match field.number {
                1 => listed.extend(list(&wire, &field, limits)?),
                2 => {
                    if let Some((name, slice)) = saved(&wire, &field, limits)? {
                        slices.entry(name).or_default().push(slice);
                    }
                }
                _ => {}
            }
        }
    }
    let mut tensors = Vec::new();
    let mut skips = Skipped::default();
    let file: Arc<str> = input.name.as_str().into();
    for one in listed {
        let own = slices.remove(&one.name).unwrap_or_default();
        match tensor(&one, own, &file, limits).map_err(|error| error.for_tensor(&*one.name))? {
            Ok(tensor) => tensors.push(tensor),
            Err(why) => skips.add(&*one.name, why),
        }
    }
    Ok(Checkpoint::of_file(
        input,
        CHECKPOINT.name,
        vec![("version".to_owned(), "1".to_owned())],
        tensors,
        skips.warnings(),
    ))
}

/// `SavedTensorSliceMeta`.
fn list(wire: &Wire, field: &Field, limits: &Limits) -> Result<Vec<Listed>, Error> {
    let mut all = Vec::new();
    for field in wire.fields(wire.enter(field)?) {
        let field = field?;
        if field.number != 1 {
            continue;
        }
        let mut one = Listed::default();
        for field in wire.fields(wire.enter(&field)?) {
            let field = field?;
            match field.number {
                1 => one.name = wire.text(&field)?,
                2 => one.shape = shape(wire, &field, limits)?,
                3 => one.data_type = field.integer()?,
                _ => {}
            }
        }
        all.push(one);
    }
    Ok(all)
}

/// `SavedSlice`, with the name of its tensor.
fn saved(
    wire: &Rc<Wire>,
    field: &Field,
    limits: &Limits,
) -> Result<Option<(String, Slice)>, Error> {
    let (mut name, mut extents, mut proto) = (String::new(), Vec::new(), None);
    for field in wire.fields(wire.enter(field)?) {
        let field = field?;
        match field.number {
            1 => name = wire.text(&field)?,
            2 => extents = slice(wire, &field, limits)?,
            3 => proto = Some(Proto::read(wire, wire.enter(&field)?, limits)?),
            _ => {}
        }
    }
    Ok(proto.map(|proto| (name, (extents, proto, wire.clone()))))
}

fn tensor(
    listed: &Listed,
    slices: Vec<Slice>,
    file: &Arc<str>,
    limits: &Limits,
) -> Result<Result<Tensor, String>, Error> {
    let Some(dtype) = dtype(listed.data_type) else {
        return Ok(Err(skipped(listed.data_type)));
    };
    let shape = &listed.shape;
    let counted = element_count(shape).filter(|count| dtype.bytes_of(*count).is_some());
    let Some(elements) = counted else {
        let message = format!("its shape {shape:?} is more than 64 bits can count");
        return Err(Error::malformed(message));
    };
    let mut parts = Vec::with_capacity(slices.len());
    for (extents, mut proto, wire) in slices {
        let axes = axes(&extents, shape)?;
        let count = axes.iter().fold(1u64, |all, (_, len)| all.saturating_mul(*len));
        // The values do not say their type; the list does.
        proto.data_type = listed.data_type;
        match proto.values(&wire, count, limits)? {
            Ok((_, data, start)) => parts.push(Part::new(axes, shape, data, start)),
            Err(why) => return Ok(Err(why)),
        }
    }
    let data = join(parts, shape, elements, dtype.bits() / 8)?;
    let view = View::packed(shape);
    Ok(Ok(Tensor::new(&*listed.name, file.clone(), dtype, Endian::Little, view, 0, data)?))
}
