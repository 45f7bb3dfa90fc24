//! Weights that an ML program stores compressed: operations called `constexpr_…`, of iOS 16 and 18.
//!
//! Values are those of coremltools (`iOS16/constexpr_ops.py`, `iOS18/compression.py`), computed in
//! `f32` when they are read.

use std::collections::BTreeMap;
use std::sync::Arc;

use hinton_tensor::{Dtype, Endian, ReadError, Stored, Tensor, View, decode_f32, element_count};

use super::bits::{self, First};
use crate::formats::affine::{Affine, Steps, dequantised};
use crate::source::once::Once;
use crate::source::{Made, read_vec};

/// What an operation is given, by the names of its parameters.
pub(super) type Operands = BTreeMap<String, Tensor>;

/// The weight that an operation of that name and shape stands for; nothing of other operations.
///
/// # Errors
/// Why it is not read.
pub(super) fn decompressed(
    operator: &str,
    operands: &Operands,
    name: &str,
    shape: &[usize],
) -> Result<Option<Tensor>, String> {
    let given = |key: &str| operands.get(key).ok_or_else(|| format!("it has no {key}"));
    let dense = match operator {
        "constexpr_affine_dequantize" => return affine(operands, name, shape).map(Some),
        "constexpr_blockwise_shift_scale" => {
            let codes = Codes::Plain(given("data")?.clone());
            Dense::scaled(codes, given("scale")?, operands.get("offset"), shape)?
        }
        "constexpr_sparse_blockwise_shift_scale" => {
            let codes = Codes::sparse(given("data_mask")?, given("nonzero_data")?, shape)?;
            Dense::scaled(codes, given("scale")?, operands.get("offset"), shape)?
        }
        "constexpr_lut_to_dense" => {
            let (indices, lut) = (given("indices")?, given("lut")?);
            match operands.contains_key("shape") {
                true => Dense::flat_table(indices, lut, shape)?,
                false => {
                    let codes = Codes::Plain(indices.clone());
                    Dense::table(codes, indices.shape(), lut, operands.get("vector_axis"), shape)?
                }
            }
        }
        "constexpr_lut_to_sparse" => {
            let codes = given("indices_nonzero_data")?;
            let codes = Codes::sparse(given("indices_mask")?, codes, shape)?;
            Dense::table(codes, shape, given("lut")?, operands.get("vector_axis"), shape)?
        }
        "constexpr_sparse_to_dense" => {
            let values = given("nonzero_data")?;
            if values.shape() == shape && values.is_derived() {
                // What stands for it was made dense before.
                return Ok(Some(values.clone().named(name)));
            }
            let codes = Codes::sparse(given("mask")?, values, shape)?;
            Dense { codes, code_shape: shape.to_vec(), shape: shape.to_vec(), rule: Rule::Values }
        }
        _ => return Ok(None),
    };
    let kind = match dense.rule {
        Rule::Scaled { .. } => "from codes",
        Rule::Table { .. } => "from a table",
        Rule::Values => "from sparse",
    };
    let parts: Vec<Tensor> = operands.values().filter(|one| !one.is_derived()).cloned().collect();
    let file = parts.first().map_or("", Tensor::file).to_owned();
    let count = element_count(shape).ok_or("its shape cannot be counted")?;
    let fill = move |first: u64, out: &mut [u8]| dense.fill(first, out);
    let data = Arc::new(Made::new(count, 4, fill));
    let tensor = Tensor::new(name, file, Dtype::F32, Endian::Little, View::packed(shape), 0, data);
    let tensor = tensor.map_err(|error| error.to_string())?;
    Ok(Some(tensor.stored_as(Stored::derived(kind, parts))))
}

/// iOS 16: a scale and a zero point for all, or for each position of an axis.
fn affine(operands: &Operands, name: &str, shape: &[usize]) -> Result<Tensor, String> {
    let given = |key: &str| operands.get(key).ok_or_else(|| format!("it has no {key}"));
    let (codes, scales, zeros) = (given("quantized_data")?, given("scale")?, given("zero_point")?);
    if codes.shape() != shape {
        return Err(format!("its codes have shape {:?}, it {shape:?}", codes.shape()));
    }
    let steps = match scales.elements().max(zeros.elements()) {
        1 => Steps::Whole,
        _ => {
            let axis = given("axis")?.to_f64().map_err(|error| error.to_string())?;
            let axis = axis.first().copied().unwrap_or(0.0) as i64;
            let axis = if axis < 0 { axis + shape.len() as i64 } else { axis };
            let axis = usize::try_from(axis).ok();
            axis.and_then(|axis| Steps::of_axis(shape, axis)).ok_or("it does not have this axis")?
        }
    };
    let affine = Affine { scales: scales.clone(), zeros: Some(zeros.clone()), steps };
    dequantised(codes, &affine, name).map_err(|error| error.message().to_owned())
}

/// Codes in C order: as they are, or only those that are not zero.
enum Codes {
    Plain(Tensor),
    Sparse(Box<Sparse>),
}

struct Sparse {
    /// 1 where a value is stored.
    mask: Tensor,
    values: Tensor,
    /// How many values are stored before each run of [`RUN`].
    before: Once<Vec<u64>>,
}

/// Positions between two counts of stored values.
const RUN: u64 = 4096;

impl Codes {
    /// `mask` may be packed, eight positions a byte, low bits first (iOS 16).
    fn sparse(mask: &Tensor, values: &Tensor, shape: &[usize]) -> Result<Codes, String> {
        let count = element_count(shape).ok_or("its shape cannot be counted")?;
        let mask = match mask.elements() {
            all if all == count => mask.clone(),
            bytes if bytes == count.div_ceil(8) => unpacked(mask, count, 1)?,
            other => return Err(format!("its mask has {other} values, expected {count}")),
        };
        let (values, before) = (values.clone(), Once::new());
        Ok(Codes::Sparse(Box::new(Sparse { mask, values, before })))
    }

    /// So many values from number `first` on; of sparse ones also which are stored.
    fn read(&self, first: u64, count: usize) -> Result<(Vec<f32>, Option<Vec<bool>>), ReadError> {
        let sparse = match self {
            Codes::Plain(tensor) => return Ok((values(tensor, first, count)?, None)),
            Codes::Sparse(sparse) => sparse,
        };
        let before = sparse.before.get(|| sparse.count())?;
        let run = first / RUN;
        let skip = (first - run * RUN) as usize;
        let mask = values(&sparse.mask, run * RUN, skip + count)?;
        let stored = |part: &[f32]| part.iter().filter(|bit| **bit != 0.0).count();
        let start = before.get(run as usize).copied().unwrap_or(0) + stored(&mask[..skip]) as u64;
        let mask = &mask[skip..];
        let mut own = values(&sparse.values, start, stored(mask))?.into_iter();
        let all = mask.iter().map(|bit| if *bit == 0.0 { 0.0 } else { own.next().unwrap_or(0.0) });
        Ok((all.collect(), Some(mask.iter().map(|bit| *bit != 0.0).collect())))
    }
}

impl Sparse {
    fn count(&self) -> Result<Vec<u64>, ReadError> {
        let all = self.mask.elements();
        let (mut counts, mut sum) = (Vec::new(), 0);
        for first in (0..all).step_by(RUN as usize) {
            counts.push(sum);
            let mask = values(&self.mask, first, RUN.min(all - first) as usize)?;
            sum += mask.iter().filter(|bit| **bit != 0.0).count() as u64;
        }
        match sum == self.values.elements() {
            true => Ok(counts),
            false => Err(ReadError::damaged(
                0,
                0,
                format!("its mask has {sum} ones for {} values", self.values.elements()),
            )),
        }
    }
}

/// Values of a packed tensor of whole bytes.
fn values(tensor: &Tensor, first: u64, count: usize) -> Result<Vec<f32>, ReadError> {
    let size = tensor.dtype().bits() / 8;
    let start = tensor.start().saturating_add(first.saturating_mul(size));
    let bytes = read_vec(&**tensor.data(), start, count as u64 * size)?;
    let mut out = vec![0.0; count];
    decode_f32(tensor.dtype(), tensor.endian(), &bytes, &mut out);
    Ok(out)
}

/// `count` numbers of `bits` bits one after the other in the bytes of a tensor, low bits first.
fn unpacked(packed: &Tensor, count: u64, bits: u64) -> Result<Tensor, String> {
    let (data, start) = (packed.data().clone(), packed.start());
    let data = Arc::new(bits::unpacked(data, start, count, bits, First::Low));
    let view = View::packed(&[usize::try_from(count).map_err(|error| error.to_string())?]);
    let (name, file) = (packed.name(), packed.file());
    Tensor::new(name, file, Dtype::U8, Endian::Little, view, 0, data).map_err(|e| e.to_string())
}

/// Numbers that are read whole, once.
struct Numbers {
    tensor: Tensor,
    values: Once<Vec<f32>>,
}

impl Numbers {
    fn of(tensor: &Tensor) -> Self {
        Numbers { tensor: tensor.clone(), values: Once::new() }
    }

    fn get(&self) -> Result<&[f32], ReadError> {
        let read = || {
            let bytes = self.tensor.byte_len();
            self.tensor.to_f32().map_err(|error| ReadError::of_tensor(0, bytes, &error))
        };
        self.values.get(read).map(Vec::as_slice)
    }
}

/// What codes become.
enum Rule {
    /// `scale * (code - offset)`, one of each for a block along every axis.
    Scaled { scales: Numbers, offsets: Option<Box<Numbers>>, groups: Vec<usize> },
    /// The entry of the table of a block; entries are vectors along an axis.
    Table { table: Numbers, groups: Vec<usize>, entries: usize, vector: usize, axis: usize },
    /// They are the values.
    Values,
}

struct Dense {
    codes: Codes,
    code_shape: Vec<usize>,
    shape: Vec<usize>,
    rule: Rule,
}

/// Whether there is a whole number of positions for each group of every axis.
fn divides(groups: &[usize], shape: &[usize]) -> bool {
    groups.len() == shape.len()
        && groups.iter().zip(shape).all(|(groups, len)| *groups > 0 && len % groups == 0)
}

impl Dense {
    fn scaled(
        codes: Codes,
        scale: &Tensor,
        offset: Option<&Tensor>,
        shape: &[usize],
    ) -> Result<Dense, String> {
        let fits = match &codes {
            Codes::Plain(codes) => codes.shape() == shape,
            Codes::Sparse(_) => true,
        };
        let same = offset.is_none_or(|offset| offset.shape() == scale.shape());
        if !fits || !same || !divides(scale.shape(), shape) {
            return Err(format!("scales of shape {:?} do not fit {shape:?}", scale.shape()));
        }
        let groups = scale.shape().to_vec();
        let (scales, offsets) =
            (Numbers::of(scale), offset.map(|offset| Box::new(Numbers::of(offset))));
        let rule = Rule::Scaled { scales, offsets, groups };
        Ok(Dense { codes, code_shape: shape.to_vec(), shape: shape.to_vec(), rule })
    }

    /// iOS 16: one table; codes of as few bits as it needs, one after the other.
    fn flat_table(indices: &Tensor, lut: &Tensor, shape: &[usize]) -> Result<Dense, String> {
        let count = element_count(shape).ok_or("its shape cannot be counted")?;
        let entries = usize::try_from(lut.elements()).map_err(|error| error.to_string())?;
        if !(2..=256).contains(&entries) || !entries.is_power_of_two() {
            return Err(format!("its table has {entries} entries"));
        }
        let bits = u64::from(entries.trailing_zeros());
        let needs = count.saturating_mul(bits).div_ceil(8);
        if indices.byte_len() != needs {
            return Err(format!("its codes have {} bytes, expected {needs}", indices.byte_len()));
        }
        let codes = Codes::Plain(unpacked(indices, count, bits)?);
        let groups = vec![1; shape.len()];
        let table = Numbers::of(lut);
        let rule = Rule::Table { table, groups, entries, vector: 1, axis: 0 };
        Ok(Dense { codes, code_shape: shape.to_vec(), shape: shape.to_vec(), rule })
    }

    /// iOS 18: a table for each block, its last two axes entries and their vectors.
    fn table(
        codes: Codes,
        code_shape: &[usize],
        lut: &Tensor,
        axis: Option<&Tensor>,
        shape: &[usize],
    ) -> Result<Dense, String> {
        let misfit = || format!("a table of shape {:?} does not fit {shape:?}", lut.shape());
        let (groups, &[entries, vector]) =
            lut.shape().split_last_chunk::<2>().ok_or_else(misfit)?;
        let axis = match axis.filter(|_| vector > 1) {
            None => 0,
            Some(axis) => {
                let axis = axis.to_f64().map_err(|error| error.to_string())?;
                let axis = axis.first().copied().unwrap_or(0.0) as i64;
                let axis = if axis < 0 { axis + shape.len() as i64 } else { axis };
                usize::try_from(axis).map_err(|error| error.to_string())?
            }
        };
        let mut expected = code_shape.to_vec();
        match expected.get_mut(axis) {
            Some(len) => *len = len.saturating_mul(vector),
            None if vector == 1 => {}
            None => return Err(misfit()),
        }
        if expected != shape || entries == 0 || vector == 0 || !divides(groups, code_shape) {
            return Err(misfit());
        }
        let (table, groups) = (Numbers::of(lut), groups.to_vec());
        let rule = Rule::Table { table, groups, entries, vector, axis };
        Ok(Dense { codes, code_shape: code_shape.to_vec(), shape: shape.to_vec(), rule })
    }

    /// The values from number `first` on, as bytes.
    fn fill(&self, first: u64, out: &mut [u8]) -> Result<(), ReadError> {
        let out = out.as_chunks_mut::<4>().0;
        let (mut group_of, (vector, axis)) = match &self.rule {
            Rule::Values => (Vec::new(), (1, 0)),
            Rule::Scaled { groups, .. } => (groups.clone(), (1, 0)),
            Rule::Table { groups, vector, axis, .. } => (groups.clone(), (*vector, *axis)),
        };
        // Positions of a group along each axis.
        for (groups, len) in group_of.iter_mut().zip(&self.code_shape) {
            *groups = (len / *groups).max(1);
        }
        let places = self.places(first, out.len(), &group_of, (vector, axis));
        let mut out = out.iter_mut();
        // Values whose codes go up one by one are read together.
        let follows = |a: &PlaceOf, b: &PlaceOf| b.code == a.code || b.code == a.code + 1;
        for places in places.chunk_by(follows) {
            let (Some(low), Some(high)) = (places.first(), places.last()) else { continue };
            let (codes, stored) = self.codes.read(low.code, (high.code - low.code + 1) as usize)?;
            for (place, out) in places.iter().zip(&mut out) {
                let at = (place.code - low.code) as usize;
                let code = codes.get(at).copied().unwrap_or(0.0);
                let here = stored.as_ref().is_none_or(|stored| stored.get(at) == Some(&true));
                let value = if here { self.value(code, place.group, place.within)? } else { 0.0 };
                *out = value.to_le_bytes();
            }
        }
        Ok(())
    }

    fn value(&self, code: f32, group: usize, within: usize) -> Result<f32, ReadError> {
        Ok(match &self.rule {
            Rule::Values => code,
            Rule::Scaled { scales, offsets, .. } => {
                let offset = match offsets {
                    Some(offsets) => offsets.get()?.get(group).copied().unwrap_or(0.0),
                    None => 0.0,
                };
                scales.get()?.get(group).copied().unwrap_or(f32::NAN) * (code - offset)
            }
            Rule::Table { table, entries, vector, .. } => {
                let at = (group * entries + code as usize) * vector + within;
                let known = (code as usize) < *entries;
                table.get()?.get(at).copied().filter(|_| known).unwrap_or(f32::NAN)
            }
        })
    }

    /// Code, group and place in a vector of this many values from number `first` on.
    fn places(
        &self,
        first: u64,
        count: usize,
        each: &[usize],
        (vector, axis): (usize, usize),
    ) -> Vec<PlaceOf> {
        let mut at: Vec<usize> = vec![0; self.shape.len()];
        let mut rest = first;
        for (at, len) in at.iter_mut().zip(&self.shape).rev() {
            *at = (rest % (*len).max(1) as u64) as usize;
            rest /= (*len).max(1) as u64;
        }
        let mut places = Vec::with_capacity(count);
        for _ in 0..count {
            let (mut code, mut group, mut within) = (0u64, 0, 0);
            for (number, (at, len)) in at.iter().zip(&self.code_shape).enumerate() {
                let at = match number == axis && vector > 1 {
                    true => {
                        within = at % vector;
                        at / vector
                    }
                    false => *at,
                };
                code = code * *len as u64 + at as u64;
                if let Some(each) = each.get(number) {
                    group = group * (len / each) + at / each;
                }
            }
            places.push(PlaceOf { code, group, within });
            for (at, len) in at.iter_mut().zip(&self.shape).rev() {
                *at += 1;
                if *at < *len {
                    break;
                }
                *at = 0;
            }
        }
        places
    }
}

struct PlaceOf {
    code: u64,
    group: usize,
    within: usize,
}
