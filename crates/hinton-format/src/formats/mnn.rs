//! MNN: a FlatBuffer of operators, with the weights in their parameters, whole or as codes in a buffer (IDST).
//!
//! Layout: `schema/default/*.fbs` and `source/core/ConvolutionCommon.cpp` of <https://github.com/alibaba/MNN>.

mod quantised;

use hinton_tensor::{Dtype, Endian, Tensor, View, element_count};

use super::FormatRow;
use super::notes::{Skipped, check_path, distinct};
use crate::container::flatbuffer::{Flat, Table, Vector};
use crate::{Checkpoint, Error, ErrorKind, Head, Input, Limits, Sniff};

/// The row of the table.
pub(crate) const ROW: FormatRow = FormatRow {
    name: "mnn",
    about: "models of MNN (.mnn)",
    help: "Read: the weights and biases of convolutions and matrix products ([out, in, height, width]; of \
           deconvolutions [in, out, height, width]), constants, norms, scales and LSTMs, as OPERATOR.weight and so \
           on, also of subgraphs. Values in f32 and f16; integers of IDST as codes, and once more as \
           NAME.dequantised, computed as they are read. Skipped with a warning: sparse weights, values in a \
           file of their own (.mnn.weight). Layout: the schema of MNN and ConvolutionCommon.cpp",
    quantised: "IDST of 1 to 8 bits and INT8, symmetric and asymmetric: as stored and dequantised",
    extensions: &["mnn"],
    sniff,
    open,
};

/// There is no mark: the extension, and an outermost table of operators.
fn sniff(head: &Head<'_>) -> Sniff {
    let number = |at: usize| Some(u32::from_le_bytes(*head.bytes.get(at..at + 4)?.first_chunk()?));
    let is_table = || {
        let table = number(0)? as usize;
        let fields = table.checked_add_signed(-(number(table)?.cast_signed() as isize))?;
        let len = u16::from_le_bytes(*head.bytes.get(fields..fields + 2)?.first_chunk()?);
        let operators = head.bytes.get(fields + 10..fields + 12)?;
        Some((12..=64).contains(&len) && len.is_multiple_of(2) && operators != [0, 0])
    };
    match head.has_extension(ROW.extensions) && is_table() == Some(true) {
        true => Sniff::Likely,
        false => Sniff::No,
    }
}

/// Kinds of parameters (`OpParameter`), by their numbers.
mod kind {
    pub(super) const BLOB: u8 = 7;
    pub(super) const CONVOLUTION: u8 = 9;
    pub(super) const INNER_PRODUCT: u8 = 20;
    pub(super) const CONVOLUTION_3D: u8 = 80;
}

/// Fields that are lists of f32, by the kind of the parameters.
const LISTS: &[(u8, &[(u64, &str)])] = &[
    (5, &[(1, "slope"), (2, "mean"), (3, "variance"), (4, "bias")]),
    (32, &[(1, "slope")]),
    (58, &[(1, "scale"), (2, "bias")]),
    (88, &[(2, "gamma"), (3, "beta")]),
    (95, &[(2, "gamma"), (3, "beta")]),
];
/// Fields that are blobs.
const BLOBS: &[(u8, &[(u64, &str)])] = &[(24, &[(3, "weight_i"), (4, "weight_h"), (5, "bias")])];

/// Operators whose weights have the inputs first (`OpType`).
const DECONVOLUTIONS: [i32; 2] = [19, 20];

pub(super) struct Reader<'a> {
    flat: Flat,
    input: &'a Input,
    limits: &'a Limits,
    tensors: Vec<Tensor>,
    skipped: Skipped,
}

fn open(input: &Input, limits: &Limits) -> Result<Checkpoint, Error> {
    let flat = Flat::new(input.data.clone(), limits);
    let net = flat.root()?;
    let mut reader =
        Reader { flat, input, limits, tensors: Vec::new(), skipped: Skipped::default() };
    let mut metadata = Vec::new();
    for (key, text) in [
        ("version", reader.version(net)?),
        ("uuid", reader.flat.text_in(net, 11)?),
        ("code", reader.flat.text_in(net, 0)?),
    ] {
        if !text.is_empty() {
            metadata.push((key.to_owned(), text));
        }
    }
    reader.operators(net, 3, "")?;
    let graphs: Vec<Table> = reader.flat.tables_in(net, 10)?.collect::<Result<_, _>>()?;
    for (index, graph) in graphs.into_iter().enumerate() {
        let name = match reader.flat.text_in(graph, 0)? {
            name if name.is_empty() => format!("subgraph.{index}"),
            name => name,
        };
        reader.operators(graph, 3, &format!("{name}/"))?;
    }
    let Reader { mut tensors, skipped, .. } = reader;
    let mut warnings = skipped.warnings();
    distinct(&mut tensors, &mut warnings);
    Ok(Checkpoint::of_file(input, ROW.name, metadata, tensors, warnings))
}

impl Reader<'_> {
    fn version(&self, net: Table) -> Result<String, Error> {
        // `ExtraInfo.version`.
        let extra = self.flat.table_in(net, 2)?;
        extra.map_or(Ok(String::new()), |extra| self.flat.text_in(extra, 2))
    }

    fn int(&self, table: Table, index: u64, default: i32) -> Result<i32, Error> {
        let number = self.flat.field(table, index)?.map(|at| self.flat.number(at)).transpose()?;
        Ok(number.map_or(default, i32::from_le_bytes))
    }

    fn float(&self, table: Table, index: u64) -> Result<f32, Error> {
        let number = self.flat.field(table, index)?.map(|at| self.flat.number(at)).transpose()?;
        Ok(number.map_or(0.0, f32::from_le_bytes))
    }

    fn byte(&self, table: Table, index: u64) -> Result<u8, Error> {
        let number = self.flat.field(table, index)?.map(|at| self.flat.number(at)).transpose()?;
        Ok(number.map_or(0, u8::from_le_bytes))
    }

    /// The list of operators in that field.
    fn operators(&mut self, table: Table, index: u64, prefix: &str) -> Result<(), Error> {
        let operators: Vec<Table> = self.flat.tables_in(table, index)?.collect::<Result<_, _>>()?;
        for (index, operator) in operators.into_iter().enumerate() {
            let Some(main) = self.flat.table_in(operator, 2)? else { continue };
            let name = match self.flat.text_in(operator, 3)? {
                name if name.is_empty() => format!("{prefix}op.{index}"),
                name => format!("{prefix}{name}"),
            };
            check_path(&name)?;
            self.operator(operator, main, &name).map_err(|error| error.for_tensor(&*name))?;
            if self.tensors.len() > self.limits.tensors {
                let message = format!("it has more tensors than {}", self.limits.tensors);
                return Err(Error::new(ErrorKind::Limit, message));
            }
        }
        Ok(())
    }

    fn operator(&mut self, operator: Table, main: Table, name: &str) -> Result<(), Error> {
        let kind = self.byte(operator, 1)?;
        match kind {
            kind::BLOB => self.blob(main, name)?,
            kind::CONVOLUTION => {
                let common = self.flat.table_in(main, 0)?;
                let is_turned = DECONVOLUTIONS.contains(&self.int(operator, 5, 0)?);
                let shape = match common {
                    Some(common) => {
                        let first = if is_turned { 11 } else { 10 };
                        let first = self.int(common, first, 0)?;
                        vec![first, -1, self.int(common, 3, 1)?, self.int(common, 2, 1)?]
                    }
                    None => vec![-1],
                };
                self.weights(main, name, &shape, [1, 2, 3])?;
                self.integers(main, name, &shape)?;
                self.outside(main, 6, name)?;
            }
            kind::CONVOLUTION_3D => {
                let mut shape = vec![-1];
                if let Some(common) = self.flat.table_in(main, 0)? {
                    let kernels = self.flat.numbers_in::<4>(common, 2)?;
                    shape = vec![self.int(common, 6, 0)?, -1];
                    shape.extend(kernels.into_iter().map(i32::from_le_bytes));
                }
                self.weights(main, name, &shape, [1, 2, u64::MAX])?;
                self.outside(main, 3, name)?;
            }
            kind::INNER_PRODUCT => {
                let shape = [self.int(main, 0, 0)?, -1];
                self.weights(main, name, &shape, [3, 4, 7])?;
            }
            kind => {
                let of = |table: &'static [(u8, &'static [(u64, &'static str)])]| {
                    table
                        .iter()
                        .find(|(own, _)| *own == kind)
                        .map_or(&[][..], |(_, fields)| *fields)
                };
                for (field, part) in of(LISTS) {
                    self.floats(main, *field, &format!("{name}.{part}"), &[-1])?;
                }
                for (field, part) in of(BLOBS) {
                    if let Some(blob) = self.flat.table_in(main, *field)? {
                        self.blob(blob, &format!("{name}.{part}"))?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Weight, bias and quantised weight, in those fields.
    fn weights(
        &mut self,
        main: Table,
        name: &str,
        shape: &[i32],
        [weight, bias, quantised]: [u64; 3],
    ) -> Result<(), Error> {
        let own = format!("{name}.weight");
        self.floats(main, weight, &own, shape)?;
        if quantised != u64::MAX
            && let Some(table) = self.flat.table_in(main, quantised)?
        {
            self.quantised(table, &own, shape)?;
        }
        self.floats(main, bias, &format!("{name}.bias"), &[-1])
    }

    /// A list of f32 that fills a shape.
    fn floats(&mut self, table: Table, field: u64, name: &str, shape: &[i32]) -> Result<(), Error> {
        let Some(values) = self.flat.vector_in(table, field, 4)? else { return Ok(()) };
        if values.len == 0 {
            return Ok(());
        }
        let shape = filled(shape, values.len);
        self.push(name, Dtype::F32, &shape, values.start)
    }

    /// Values that lie in the file; returns the tensor's place in the list.
    fn push(&mut self, name: &str, dtype: Dtype, shape: &[usize], start: u64) -> Result<(), Error> {
        let (file, view, data) =
            (self.input.name.as_str(), View::packed(shape), self.input.data.clone());
        let tensor = Tensor::new(name, file, dtype, Endian::Little, view, start, data)?;
        self.tensors.push(tensor);
        Ok(())
    }

    /// INT8 weights of `symmetricQuan`, with the scales that make integers of integers.
    fn integers(&mut self, main: Table, name: &str, shape: &[i32]) -> Result<(), Error> {
        let Some(table) = self.flat.table_in(main, 4)? else { return Ok(()) };
        for (field, part, width, dtype) in
            [(0, "weight", 1, Dtype::I8), (1, "bias", 4, Dtype::I32), (2, "scale", 4, Dtype::F32)]
        {
            let Some(values) = self.flat.vector_in(table, field, width)? else { continue };
            if values.len > 0 {
                let shape = filled(if part == "weight" { shape } else { &[-1] }, values.len);
                self.push(&format!("{name}.int8.{part}"), dtype, &shape, values.start)?;
            }
        }
        Ok(())
    }

    /// Weights in a file of their own, which `[offset, bytes of weights, bytes of biases]` tell.
    fn outside(&mut self, main: Table, field: u64, name: &str) -> Result<(), Error> {
        if self.flat.vector_in(main, field, 8)?.is_some_and(|place| place.len > 0) {
            self.skipped.add(name, "skipped: its weights are in a file of their own (.mnn.weight)");
        }
        Ok(())
    }

    /// `Blob`: a constant.
    fn blob(&mut self, blob: Table, name: &str) -> Result<(), Error> {
        let number = self.int(blob, 2, 1)?;
        let field = |number: i32| {
            Some(match number {
                1 => (7, Dtype::F32),
                3 => (5, Dtype::I32),
                4 => (3, Dtype::U8),
                6 | 11 => (4, Dtype::I8),
                9 => (6, Dtype::I64),
                10 => (5, Dtype::I32),
                14 => (3, Dtype::Bf16),
                19 => (3, Dtype::F16),
                _ => return None,
            })
        };
        let Some((field, dtype)) = field(number) else {
            self.skipped.add(name, format!("skipped: its type {number} is not supported"));
            return Ok(());
        };
        let width = if field == 3 { 1 } else { dtype.bits() / 8 };
        let dims = self.flat.numbers_in::<4>(blob, 0)?;
        if dims.len() > self.limits.axes {
            return Err(Error::malformed(format!("it has {} axes", dims.len())));
        }
        let Some(values) = self.flat.vector_in(blob, field, width)?.filter(|own| own.len > 0)
        else {
            return self.outside(blob, 9, name);
        };
        let shape: Option<Vec<usize>> =
            dims.iter().map(|dim| usize::try_from(i32::from_le_bytes(*dim)).ok()).collect();
        let needs = shape.as_ref().and_then(|shape| dtype.bytes_of(element_count(shape)?));
        let have = values.len * width;
        match (shape, needs) {
            (Some(shape), Some(needs)) if needs == have => {
                self.push(name, dtype, &shape, values.start)
            }
            (shape, _) => {
                let why = format!("skipped: its shape {shape:?} does not fit its {have} bytes");
                self.skipped.add(name, why);
                Ok(())
            }
        }
    }

    /// `IDSTQuan`.
    fn quantised(&mut self, table: Table, name: &str, shape: &[i32]) -> Result<(), Error> {
        if self.flat.vector_in(table, 13, 4)?.is_some_and(|index| index.len > 0) {
            self.skipped.add(name, "skipped: it is sparse");
            return Ok(());
        }
        let Some(buffer) = self.flat.vector_in(table, 0, 1)?.filter(|own| own.len > 0) else {
            return Ok(());
        };
        let kind = self.int(table, 2, 0)?;
        let codes = match kind {
            1 => {
                let wide = self.byte(table, 11)? != 0;
                let (count, data) = quantised::codes(&self.input.data, buffer, wide)?;
                let view = View::packed(&filled(shape, count));
                let file = self.input.name.as_str();
                Tensor::new(name, file, Dtype::I8, Endian::Little, view, 0, data)?
            }
            3 => {
                let shape = filled(shape, buffer.len / 2);
                return self.push(name, Dtype::F16, &shape, buffer.start);
            }
            4 => {
                let (file, data) = (self.input.name.as_str(), self.input.data.clone());
                let view = View::packed(&filled(shape, buffer.len));
                Tensor::new(name, file, Dtype::I8, Endian::Little, view, buffer.start, data)?
            }
            2 => {
                self.skipped.add(name, "skipped: it is sparse");
                return Ok(());
            }
            other => {
                let why = format!("skipped: its codes are of kind {other}, which is not known");
                self.skipped.add(name, why);
                return Ok(());
            }
        };
        self.tensors.push(codes.clone());
        let scales = self.scales(table, kind)?;
        match scales.of(&codes) {
            Ok(made) => self.tensors.push(made),
            Err(why) => self.skipped.add(format!("{name}.dequantised"), why),
        }
        Ok(())
    }

    /// What makes values of codes.
    fn scales(&self, table: Table, kind: i32) -> Result<quantised::Scales, Error> {
        let is_half = self.byte(table, 15)? == 1;
        let (field, dtype) = if is_half { (14, Dtype::F16) } else { (1, Dtype::F32) };
        let alpha = self.flat.vector_in(table, field, dtype.bits() / 8)?;
        let alpha = alpha.unwrap_or(Vector { start: 0, len: 0 });
        let (low, factor) = (self.int(table, 8, 0)?, self.float(table, 4)?);
        // Files before these fields had neither.
        let is_old = kind == 4 && low == 0 && factor.abs() < 1e-6;
        let is_whole = self.byte(table, 10)? != 0 || is_old;
        Ok(quantised::Scales {
            data: self.input.data.clone(),
            alpha,
            dtype,
            has_offsets: self.int(table, 9, 0)? != 0 || is_old,
            low: if low == 0 { -128.0 } else { low as f32 },
            factor: if is_whole { 1.0 } else { factor },
        })
    }
}

/// A shape in which -1 stands for what the others leave; a list where they do not fit.
fn filled(shape: &[i32], count: u64) -> Vec<usize> {
    let list = || vec![usize::try_from(count).unwrap_or(usize::MAX)];
    let known = shape.iter().filter(|dim| **dim != -1);
    let others = known.copied().try_fold(1u64, |all, dim| {
        all.checked_mul(u64::try_from(dim).ok().filter(|dim| *dim > 0)?)
    });
    match others {
        Some(others) if count.is_multiple_of(others) => {
            let rest = count / others;
            let dim = |dim: &i32| if *dim == -1 { rest } else { u64::from(dim.unsigned_abs()) };
            shape.iter().map(|own| usize::try_from(dim(own)).unwrap_or(usize::MAX)).collect()
        }
        _ => list(),
    }
}
