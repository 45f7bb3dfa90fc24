//! Networks of Leela Chess Zero: protocol buffers in which the path of a layer is its name.
//!
//! Layout: `proto/net.proto` of <https://github.com/LeelaChessZero/lczero-common>; what a layer's axes
//! are: `src/neural/network_legacy.cc` and `src/neural/backends/shared/` of
//! <https://github.com/LeelaChessZero/lc0>.

mod schema;
mod shapes;

use std::collections::BTreeMap;
use std::sync::Arc;

use hinton_tensor::{Dtype, Endian, ReadError, Stored, Tensor, View, element_count};

use self::schema::{Kind, NET, Row};
use super::FormatRow;
use super::notes::{Skipped, check_path, distinct};
use super::onnx;
use crate::container::protobuf::{Field, Message, Wire};
use crate::source::{Made, Part, read_vec};
use crate::{Checkpoint, Error, ErrorKind, Head, Input, Limits, Sniff, Warning};

/// The row of the table.
pub(crate) const ROW: FormatRow = FormatRow {
    name: "leela",
    about: "networks of Leela Chess Zero (.pb.gz)",
    help: "Read: every layer under its path (residual.3.conv1.weights), as f32 where it is stored in 16 bits \
           between a least and a largest value, else in its own type; a network that is ONNX inside, as \
           ONNX. Older files have no shapes: those of convolutions [out, in, height, width] and of \
           matrices [out, in] follow from the biases beside them; what has none is a vector. Layout: \
           net.proto of lczero-common",
    quantised: "16-bit codes between a least and a largest value, decoded",
    extensions: &["pb"],
    sniff,
    open,
};

/// Field 1, a number of four bytes: 0x1c0.
fn sniff(head: &Head<'_>) -> Sniff {
    match head.bytes.starts_with(&[0x0d, 0xc0, 0x01, 0, 0]) {
        true => Sniff::Certain,
        false => Sniff::No,
    }
}

fn open(input: &Input, limits: &Limits) -> Result<Checkpoint, Error> {
    let wire = Wire::new(input.data.clone(), limits);
    let mut reader = Reader { wire: &wire, limits, layers: Vec::new(), counts: Vec::new() };
    let (mut model, mut license) = (None, None);
    for field in wire.fields(wire.root()) {
        let field = field?;
        match field.number {
            2 => license = Some(wire.text(&field)?),
            11 => model = Some(field),
            _ => {
                if let Some(row) = NET.iter().find(|row| row.number == field.number) {
                    reader.enter(row, &field, "")?;
                }
            }
        }
    }
    if let (true, Some(model)) = (reader.layers.is_empty(), model) {
        return onnx_inside(&wire, &model, input, limits);
    }
    let mut metadata: Vec<(String, String)> = reader.counts;
    metadata.extend(license.map(|license| ("license".to_owned(), license)));
    let mut skipped = Skipped::default();
    let sizes: BTreeMap<&str, u64> =
        reader.layers.iter().map(|layer| (layer.name.as_str(), layer.values)).collect();
    let mut tensors = Vec::new();
    for layer in &reader.layers {
        match layer.tensor(shapes::shape(layer, &sizes), input)? {
            Some(tensor) => tensors.push(tensor),
            None => skipped.add(&layer.name, "skipped: its encoding is not supported"),
        }
    }
    let mut warnings = skipped.warnings();
    distinct(&mut tensors, &mut warnings);
    if tensors.is_empty() {
        warnings.push(Warning::file("it holds no weights"));
    }
    Ok(Checkpoint::of_file(input, ROW.name, metadata, tensors, warnings))
}

/// The ONNX model in `OnnxModel`.
fn onnx_inside(
    wire: &Wire,
    field: &Field,
    input: &Input,
    limits: &Limits,
) -> Result<Checkpoint, Error> {
    for field in wire.fields(wire.enter(field)?) {
        let field = field?;
        if field.number == 1 {
            let range = field.range()?;
            let part = Part::new(input.data.clone(), range.start, range.end - range.start)?;
            let inner = Input { name: input.name.clone(), path: None, data: Arc::new(part) };
            return (onnx::ROW.open)(&inner, limits);
        }
    }
    Err(Error::malformed("its ONNX model is empty").at_byte(field.at))
}

/// A layer as the file has it.
struct Layer {
    name: String,
    least: f32,
    largest: f32,
    /// `Layer.Encoding`.
    encoding: u64,
    dims: Vec<u64>,
    start: u64,
    bytes: u64,
    values: u64,
}

struct Reader<'a> {
    wire: &'a Wire,
    limits: &'a Limits,
    layers: Vec<Layer>,
    /// Numbers of heads, by their paths.
    counts: Vec<(String, String)>,
}

impl Reader<'_> {
    /// What a field of a message holds, below the path.
    fn enter(&mut self, row: &Row, field: &Field, path: &str) -> Result<(), Error> {
        let path = match (path, row.name) {
            ("", name) => name.to_owned(),
            (path, "") => path.to_owned(),
            (path, name) => format!("{path}.{name}"),
        };
        check_path(&path)?;
        match row.kind {
            Kind::Layer => self.layer(self.wire.enter(field)?, path),
            Kind::Count => {
                self.counts.push((path, field.integer()?.to_string()));
                Ok(())
            }
            Kind::Message(rows) => self.message(self.wire.enter(field)?, rows, &path),
            Kind::Entry(rows) => {
                let message = self.wire.enter(field)?;
                let mut key = String::new();
                for field in self.wire.fields(message) {
                    let field = field?;
                    match field.number {
                        1 => key = self.wire.text(&field)?,
                        2 => {
                            let path = format!("{path}.{key}");
                            check_path(&path)?;
                            self.message(self.wire.enter(&field)?, rows, &path)?;
                        }
                        _ => {}
                    }
                }
                Ok(())
            }
        }
    }

    fn message(&mut self, message: Message, rows: &[Row], path: &str) -> Result<(), Error> {
        let mut indices: BTreeMap<u64, usize> = BTreeMap::new();
        for field in self.wire.fields(message) {
            let field = field?;
            let Some(row) = rows.iter().find(|row| row.number == field.number) else { continue };
            if !row.repeated {
                self.enter(row, &field, path)?;
                continue;
            }
            let index = indices.entry(field.number).or_default();
            let dot = if path.is_empty() { "" } else { "." };
            let path = format!("{path}{dot}{}.{index}", row.name);
            *index += 1;
            let unnamed = Row { name: "", ..*row };
            self.enter(&unnamed, &field, &path)?;
        }
        Ok(())
    }

    /// `Weights.Layer`.
    fn layer(&mut self, message: Message, name: String) -> Result<(), Error> {
        let mut layer = Layer {
            name,
            least: 0.0,
            largest: 0.0,
            encoding: LINEAR_16,
            dims: Vec::new(),
            start: message.start(),
            bytes: 0,
            values: 0,
        };
        for field in self.wire.fields(message) {
            let field = field?;
            match field.number {
                1 => layer.least = field.float()?,
                2 => layer.largest = field.float()?,
                3 => {
                    let range = field.range()?;
                    (layer.start, layer.bytes) = (range.start, range.end - range.start);
                }
                4 => layer.encoding = field.integer()?,
                5 => self.wire.integers(&field, &mut layer.dims, self.limits.axes)?,
                _ => {}
            }
        }
        let width = if layer.encoding == FLOAT_32 { 4 } else { 2 };
        if !layer.bytes.is_multiple_of(width) {
            let message =
                format!("{} bytes are not a whole number of values of {width} bytes", layer.bytes);
            return Err(Error::malformed(message).for_tensor(&*layer.name).at_byte(layer.start));
        }
        layer.values = layer.bytes / width;
        self.layers.push(layer);
        if self.layers.len() > self.limits.tensors {
            let message = format!("it has more tensors than {}", self.limits.tensors);
            return Err(Error::new(ErrorKind::Limit, message));
        }
        Ok(())
    }
}

/// `Layer.Encoding`; what says nothing is the first of these.
const LINEAR_16: u64 = 1;
const FLOAT_32: u64 = 4;

impl Layer {
    /// The tensor; `None` where its encoding is not known.
    fn tensor(&self, shape: Vec<usize>, input: &Input) -> Result<Option<Tensor>, Error> {
        debug_assert_eq!(element_count(&shape), Some(self.values));
        let (file, view) = (input.name.as_str(), View::packed(&shape));
        let plain = |dtype| {
            let (view, data) = (view.clone(), input.data.clone());
            Tensor::new(&*self.name, file, dtype, Endian::Little, view, self.start, data)
        };
        let stored = match self.encoding {
            0 | LINEAR_16 => plain(Dtype::U16)?,
            2 => return Ok(Some(plain(Dtype::F16)?)),
            3 => return Ok(Some(plain(Dtype::Bf16)?)),
            FLOAT_32 => return Ok(Some(plain(Dtype::F32)?)),
            _ => return Ok(None),
        };
        let (data, start) = (input.data.clone(), self.start);
        let (least, range) = (self.least, self.largest - self.least);
        let fill = move |first: u64, buf: &mut [u8]| -> Result<(), ReadError> {
            let codes = read_vec(&*data, start + first * 2, buf.len() as u64 / 2)?;
            let codes = codes.as_chunks::<2>().0.iter().map(|code| u16::from_le_bytes(*code));
            for (value, out) in codes.zip(buf.as_chunks_mut::<4>().0) {
                *out = (f32::from(value) / 65535.0 * range + least).to_le_bytes();
            }
            Ok(())
        };
        let data = Arc::new(Made::new(self.values, 4, fill));
        let tensor = Tensor::new(&*self.name, file, Dtype::F32, Endian::Little, view, 0, data)?;
        Ok(Some(tensor.stored_as(Stored::derived("from 16-bit codes", vec![stored]))))
    }
}
