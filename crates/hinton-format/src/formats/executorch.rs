//! ExecuTorch's `.pte`: a program as a FlatBuffer, and segments behind it with the values of its constants.
//!
//! Layout: `schema/program.fbs`, `schema/scalar_type.fbs` and `schema/extended_header.h` of
//! <https://github.com/pytorch/executorch>.

use std::collections::BTreeSet;

use hinton_tensor::{Dtype, Endian, Tensor, View, element_count};

use super::FormatRow;
use super::notes::{Skipped, check_path, distinct};
use crate::container::flatbuffer::{Flat, Table, Vector};
use crate::source::read_head;
use crate::{Checkpoint, Error, ErrorKind, Head, Input, Limits, Sniff, Warning};

/// The row of the table.
pub(crate) const ROW: FormatRow = FormatRow {
    name: "executorch",
    about: "programs of ExecuTorch (.pte)",
    help: "Read: the constants of every method that ExecuTorch's own kernels use, and the initial values of \
           mutable tensors, inside the program and in segments after it, in their order of dimensions. \
           Export drops the names of most constants: those are called constant.1, constant.2 by their place in \
           the file. What was handed to a backend (XNNPACK, Core ML, Vulkan …) is in the backend's own layout: \
           it is named with its size, and not read. Tensors in files of their own (.ptd) are skipped with a \
           warning. Layout: program.fbs of ExecuTorch",
    quantised: "integers as stored; their scales are constants or inside the program's calls",
    extensions: &["pte"],
    sniff,
    open,
};

fn sniff(head: &Head<'_>) -> Sniff {
    if head.bytes.get(4..8) == Some(b"ET12") { Sniff::Certain } else { Sniff::No }
}

/// `ScalarType`.
fn dtype_of(number: u8) -> Option<Dtype> {
    Some(match number {
        0 | 13 => Dtype::U8,
        1 | 12 => Dtype::I8,
        2 => Dtype::I16,
        3 | 14 => Dtype::I32,
        4 => Dtype::I64,
        5 => Dtype::F16,
        6 => Dtype::F32,
        7 => Dtype::F64,
        9 => Dtype::C64,
        10 => Dtype::C128,
        11 => Dtype::Bool,
        15 => Dtype::Bf16,
        22 | 27 => Dtype::U16,
        23 => Dtype::F8E5m2,
        24 => Dtype::F8E4m3,
        25 => Dtype::F8E5m2Fnuz,
        26 => Dtype::F8E4m3Fnuz,
        28 => Dtype::U32,
        29 => Dtype::U64,
        _ => return None,
    })
}

/// Where constants lie: their ranges in the file, by their numbers. A range in a segment ends with
/// the segment.
struct Ranges(Vec<Vector>);

struct Reader<'a> {
    flat: Flat,
    input: &'a Input,
    limits: &'a Limits,
    /// Segments, as ranges of the file.
    segments: Vec<Vector>,
    constants: Ranges,
    mutable: Vec<Ranges>,
    /// Constants that were met: methods share them. The list of mutable ones and a place in it.
    met: BTreeSet<(Option<u64>, u64)>,
    tensors: Vec<Tensor>,
    skipped: Skipped,
    warnings: Vec<Warning>,
}

fn open(input: &Input, limits: &Limits) -> Result<Checkpoint, Error> {
    let flat = Flat::new(input.data.clone(), limits);
    let program = flat.root()?;
    let mut reader = Reader {
        flat,
        input,
        limits,
        segments: Vec::new(),
        constants: Ranges(Vec::new()),
        mutable: Vec::new(),
        met: BTreeSet::new(),
        tensors: Vec::new(),
        skipped: Skipped::default(),
        warnings: Vec::new(),
    };
    reader.places(program)?;
    let mut methods = Vec::new();
    let plans: Vec<Table> = reader.flat.tables_in(program, 1)?.collect::<Result<_, _>>()?;
    for plan in plans {
        methods.push(reader.flat.text_in(plan, 0)?);
        reader.values(plan)?;
        reader.delegates(plan, program)?;
    }
    let version = reader.number::<4>(program, 0)?.map_or(0, u32::from_le_bytes);
    let Reader { mut tensors, skipped, mut warnings, .. } = reader;
    warnings.extend(skipped.warnings());
    distinct(&mut tensors, &mut warnings);
    Ok(Checkpoint {
        path: input.name.clone(),
        format: ROW.name,
        metadata: vec![
            ("version".to_owned(), version.to_string()),
            ("methods".to_owned(), methods.join(", ")),
        ],
        tensors,
        files: vec![input.name.clone()],
        warnings,
    })
}

impl Reader<'_> {
    fn number<const N: usize>(&self, table: Table, index: u64) -> Result<Option<[u8; N]>, Error> {
        self.flat.field(table, index)?.map(|at| self.flat.number(at)).transpose()
    }

    /// `Program`: where everything lies.
    fn places(&mut self, program: Table) -> Result<(), Error> {
        let base = segment_base(self.input)?;
        let have = self.input.data.len();
        for segment in self.flat.tables_in(program, 4)? {
            let segment = segment?;
            let offset = self.number(segment, 0)?.map_or(0, u64::from_le_bytes);
            let len = self.number(segment, 1)?.map_or(0, u64::from_le_bytes);
            let start = base.checked_add(offset);
            let Some(start) =
                start.filter(|start| start.checked_add(len).is_some_and(|end| end <= have))
            else {
                let message = format!(
                    "a segment of {len} bytes at {offset} after byte {base} ends past the file's {have}"
                );
                return Err(Error::malformed(message)
                    .cure("the file is cut or damaged: download or copy it again"));
            };
            self.segments.push(Vector { start, len });
        }
        let mut inside = Vec::new();
        for buffer in self.flat.tables_in(program, 2)? {
            let own = self.flat.vector_in(buffer?, 0, 1)?;
            inside.push(own.unwrap_or(Vector { start: 0, len: 0 }));
        }
        self.constants = Ranges(inside);
        if self.constants.0.is_empty()
            && let Some(table) = self.flat.table_in(program, 5)?
        {
            self.constants = self.in_segment(table)?;
        }
        let mutable: Vec<Table> = self.flat.tables_in(program, 6)?.collect::<Result<_, _>>()?;
        self.mutable =
            mutable.into_iter().map(|table| self.in_segment(table)).collect::<Result<_, _>>()?;
        Ok(())
    }

    /// `SubsegmentOffsets`.
    fn in_segment(&self, table: Table) -> Result<Ranges, Error> {
        let index = self.number(table, 0)?.map_or(0, u32::from_le_bytes) as usize;
        let offsets = self.flat.numbers_in::<8>(table, 1)?;
        if offsets.is_empty() {
            return Ok(Ranges(Vec::new()));
        }
        let Some(segment) = self.segments.get(index) else {
            let message =
                format!("constants are in segment {index}, there are {}", self.segments.len());
            return Err(Error::malformed(message));
        };
        let ranges = offsets.into_iter().map(|offset| {
            let offset = u64::from_le_bytes(offset);
            let len = segment.len.checked_sub(offset).ok_or_else(|| {
                let message = format!("a constant at {offset} of a segment of {}", segment.len);
                Error::malformed(message).at_byte(segment.start)
            })?;
            Ok(Vector { start: segment.start + offset, len })
        });
        Ok(Ranges(ranges.collect::<Result<_, Error>>()?))
    }

    /// `ExecutionPlan.values`.
    fn values(&mut self, plan: Table) -> Result<(), Error> {
        /// `KernelTypes.Tensor`.
        const TENSOR: u8 = 5;
        let values: Vec<Table> = self.flat.tables_in(plan, 2)?.collect::<Result<_, _>>()?;
        for value in values {
            let kind = self.number::<1>(value, 0)?.map_or(0, u8::from_le_bytes);
            if kind != TENSOR {
                continue;
            }
            if let Some(tensor) = self.flat.table_in(value, 1)? {
                self.tensor(tensor)?;
            }
            if self.tensors.len() > self.limits.tensors {
                let message = format!("it has more tensors than {}", self.limits.tensors);
                return Err(Error::new(ErrorKind::Limit, message));
            }
        }
        Ok(())
    }

    /// `Tensor`: kept where the file has values for it.
    fn tensor(&mut self, table: Table) -> Result<(), Error> {
        let extra = self.flat.table_in(table, 9)?;
        let (mut name, mut list, mut is_outside) = (String::new(), 0, false);
        if let Some(extra) = extra {
            list = self.number(extra, 0)?.map_or(0, u64::from_le_bytes);
            name = self.flat.text_in(extra, 1)?;
            is_outside = self.number::<1>(extra, 2)? == Some([1]);
        }
        check_path(&name)?;
        if is_outside {
            self.skipped.add(name, "skipped: its values are in a file of their own (.ptd)");
            return Ok(());
        }
        let index = self.number(table, 5)?.map_or(0, u32::from_le_bytes).into();
        // Place 0 is kept for what has no values in the file.
        let is_mutable = self.flat.field(table, 6)?.is_some();
        let list = is_mutable.then_some(list);
        if index == 0 || !self.met.insert((list, index)) {
            return Ok(());
        }
        if name.is_empty() {
            name = match list {
                None => format!("constant.{index}"),
                Some(0) => format!("mutable.{index}"),
                Some(list) => format!("mutable.{list}.{index}"),
            };
        }
        let ranges = match list {
            None => Some(&self.constants),
            Some(list) => usize::try_from(list).ok().and_then(|list| self.mutable.get(list)),
        };
        let range = ranges.and_then(|ranges| ranges.0.get(index as usize)).copied();
        let made = match range {
            Some(range) => self.made(table, &name, range),
            None => {
                Err(Error::malformed(format!("its values are number {index}, which is not there")))
            }
        };
        match made.map_err(|error| error.for_tensor(&*name))? {
            Ok(tensor) => self.tensors.push(tensor),
            Err(why) => self.skipped.add(name, why),
        }
        Ok(())
    }

    /// A tensor whose values begin such a range, or why it is skipped.
    fn made(
        &self,
        table: Table,
        name: &str,
        range: Vector,
    ) -> Result<Result<Tensor, String>, Error> {
        let number = self.number(table, 0)?.map_or(0, u8::from_le_bytes);
        let Some(dtype) = dtype_of(number) else {
            return Ok(Err(format!("skipped: its type {number} is not supported")));
        };
        let dims = self.flat.numbers_in::<4>(table, 2)?;
        if dims.len() > self.limits.axes {
            return Err(Error::malformed(format!("it has {} axes", dims.len())));
        }
        let shape: Option<Vec<usize>> =
            dims.iter().map(|dim| usize::try_from(i32::from_le_bytes(*dim)).ok()).collect();
        let shape = shape.ok_or_else(|| Error::malformed("an axis has an impossible length"))?;
        let offset = self.number(table, 1)?.map_or(0, i32::from_le_bytes);
        let needs = u64::try_from(offset).ok().zip(element_count(&shape));
        let needs = needs.and_then(|(offset, count)| dtype.bytes_of(offset.checked_add(count)?));
        let needs = needs.ok_or_else(|| {
            Error::malformed(format!(
                "its shape {shape:?} from value {offset} on cannot be counted"
            ))
        })?;
        if needs > range.len {
            let message = format!("shape {shape:?} needs {needs} bytes, {} are there", range.len);
            return Err(Error::malformed(message).at_byte(range.start));
        }
        let order = self.flat.numbers_in::<1>(table, 3)?;
        let order: Vec<usize> = order.iter().map(|[axis]| usize::from(*axis)).collect();
        let mut view = View::packed(&shape);
        view.strides = strides(&shape, &order)
            .ok_or_else(|| Error::malformed(format!("its axes are in the order {order:?}")))?;
        view.offset = u64::from(offset.unsigned_abs());
        let (file, data) = (self.input.name.as_str(), self.input.data.clone());
        Ok(Ok(Tensor::new(name, file, dtype, Endian::Little, view, range.start, data)?))
    }

    /// What backends have: their layouts are their own.
    fn delegates(&mut self, plan: Table, program: Table) -> Result<(), Error> {
        let inline: Vec<Table> = self.flat.tables_in(program, 3)?.collect::<Result<_, _>>()?;
        let delegates: Vec<Table> = self.flat.tables_in(plan, 7)?.collect::<Result<_, _>>()?;
        for delegate in delegates {
            let backend = self.flat.text_in(delegate, 0)?;
            let Some(place) = self.flat.table_in(delegate, 1)? else { continue };
            let is_segment = self.number::<1>(place, 0)? == Some([1]);
            let index = self.number(place, 1)?.map_or(0, u32::from_le_bytes) as usize;
            let len = match is_segment {
                true => self.segments.get(index).map(|segment| segment.len),
                false => match inline.get(index) {
                    Some(table) => self.flat.vector_in(*table, 0, 1)?.map(|vector| vector.len),
                    None => None,
                },
            };
            let why = format!(
                "skipped: {} bytes in this backend's own layout",
                len.map_or("some".to_owned(), |len| len.to_string())
            );
            self.skipped.add(backend, why);
        }
        if self.warnings.is_empty() {
            let named = self.flat.tables_in(program, 7)?.len();
            if named > 0 {
                let message = match named {
                    1 => "a named blob of a backend is not read".to_owned(),
                    _ => format!("{named} named blobs of backends are not read"),
                };
                self.warnings.push(Warning::file(message));
            }
        }
        Ok(())
    }
}

/// Elements between neighbours along each axis; `order` lists the axes from the outermost to the
/// innermost. `None` where it does not name each axis once.
fn strides(shape: &[usize], order: &[usize]) -> Option<Vec<i64>> {
    // Without an order it is that of C.
    if order.is_empty() {
        return Some(View::packed(shape).strides);
    }
    let mut strides = vec![None; shape.len()];
    let mut next = 1i64;
    for &axis in order.iter().rev() {
        let slot = strides.get_mut(axis)?;
        if slot.replace(next).is_some() {
            return None;
        }
        next = next.checked_mul(i64::try_from(shape[axis].max(1)).ok()?)?;
    }
    strides.into_iter().collect()
}

/// Where segments begin: the extended header behind the FlatBuffer's identifier tells it.
fn segment_base(input: &Input) -> Result<u64, Error> {
    let head = read_head(&*input.data, 32)?;
    let is_extended = head.get(8..12) == Some(b"eh00");
    let base = head.get(24..32).and_then(|bytes| bytes.first_chunk());
    Ok(base.filter(|_| is_extended).map_or(0, |bytes| u64::from_le_bytes(*bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_of_axes_give_strides() {
        assert_eq!(strides(&[2, 3, 4], &[0, 1, 2]), Some(vec![12, 4, 1]));
        assert_eq!(strides(&[2, 3, 4], &[]), Some(vec![12, 4, 1]));
        // Channels last of [channels, rows, columns].
        assert_eq!(strides(&[2, 3, 4], &[1, 2, 0]), Some(vec![1, 8, 2]));
        assert_eq!(strides(&[2, 3], &[0]), None);
        assert_eq!(strides(&[2, 3], &[0, 0]), None);
        assert_eq!(strides(&[2, 3], &[0, 2]), None);
    }
}
