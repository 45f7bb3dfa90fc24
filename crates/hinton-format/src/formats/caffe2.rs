//! Caffe2: a network as protocol buffers whose operators fill the weights in (`init_net.pb`).
//!
//! Layout: `caffe2/proto/caffe2.proto` of <https://github.com/pytorch/pytorch> up to version 2.3;
//! the operators: `caffe2/operators/given_tensor_fill_op.h` and `filler_op.h`.

use std::sync::Arc;

use hinton_tensor::{Dtype, Endian, Tensor, View, element_count};

use super::FormatRow;
use super::notes::{Skipped, check_path, distinct};
use crate::container::protobuf::{
    Encoding, Field, Message, Numbers, Sketch, Wire, sketch, sketch_head,
};
use crate::{Checkpoint, Error, ErrorKind, Head, Input, Limits, Sniff};

/// The row of the table.
pub(crate) const ROW: FormatRow = FormatRow {
    name: "caffe2",
    about: "a network of Caffe2 (init_net.pb)",
    help: "Read: what the operators GivenTensorFill, GivenTensorDoubleFill, GivenTensorIntFill, \
           GivenTensorInt64Fill, GivenTensorBoolFill and GivenTensorByteStringToUInt8Fill fill in, under the \
           names of their outputs. Weights that are drawn at random are named. predict_net.pb describes the network \
           and has no weights. Layout: caffe2.proto",
    quantised: "",
    extensions: &["pb"],
    sniff,
    open,
};

fn sniff(head: &Head<'_>) -> Sniff {
    match sketch_head(head, &["pb"]) {
        Some(fields) if is_network(&fields) => Sniff::Likely,
        _ => Sniff::No,
    }
}

/// Fields of `NetDef`: operators, whose outputs are their field 2 and whose type is the text in field 4.
fn is_network(fields: &[Sketch<'_>]) -> bool {
    let is_operator = |field: &Sketch<'_>| {
        let inside = sketch(field.content, Some(field.integer)).unwrap_or_default();
        let is_type = |field: &Sketch<'_>| {
            (field.number, field.kind) == (4, 2)
                && field.content.first().is_some_and(u8::is_ascii_uppercase)
                && field.is_text()
        };
        // Layers of Caffe have a number as their type there.
        let caffe = |field: &Sketch<'_>| (field.number, field.kind) == (5, 0);
        (field.number, field.kind) == (2, 2)
            && inside.iter().all(|field| (1..=12).contains(&field.number) && !caffe(field))
            && inside.iter().any(is_type)
    };
    fields.iter().all(|field| (1..=9).contains(&field.number)) && fields.iter().any(is_operator)
}

/// An operator that holds values.
struct Fill {
    operator: &'static str,
    /// The field of `Argument` that has them.
    field: u64,
    dtype: Dtype,
}

const FILLS: [Fill; 6] = [
    Fill { operator: "GivenTensorFill", field: FLOATS, dtype: Dtype::F32 },
    Fill { operator: "GivenTensorDoubleFill", field: FLOATS, dtype: Dtype::F32 },
    Fill { operator: "GivenTensorIntFill", field: INTS, dtype: Dtype::I32 },
    Fill { operator: "GivenTensorInt64Fill", field: INTS, dtype: Dtype::I64 },
    Fill { operator: "GivenTensorBoolFill", field: INTS, dtype: Dtype::Bool },
    Fill { operator: "GivenTensorByteStringToUInt8Fill", field: STRINGS, dtype: Dtype::U8 },
];

/// Operators whose values are random, so that no file holds them.
const RANDOM: [&str; 5] =
    ["XavierFill", "MSRAFill", "GaussianFill", "UniformFill", "UniformIntFill"];

/// Fields of `Argument`.
const FLOATS: u64 = 5;
const INTS: u64 = 6;
const STRINGS: u64 = 7;

fn open(input: &Input, limits: &Limits) -> Result<Checkpoint, Error> {
    let wire = Wire::new(input.data.clone(), limits);
    let file = input.name.as_str().into();
    let mut reader =
        Reader { wire: &wire, limits, file, tensors: Vec::new(), skipped: Skipped::default() };
    let (mut metadata, mut operators) = (Vec::new(), 0u64);
    for field in wire.fields(wire.root()) {
        let field = field?;
        match field.number {
            1 => metadata.push(("network".to_owned(), wire.text(&field)?)),
            2 => {
                operators += 1;
                reader.operator(wire.enter(&field)?)?;
            }
            _ => {}
        }
    }
    metadata.push(("operators".to_owned(), operators.to_string()));
    let mut warnings = reader.skipped.warnings();
    if reader.tensors.is_empty() && warnings.is_empty() {
        let message = "this describes a network of Caffe2 and holds no weights";
        let error = Error::new(ErrorKind::Unsupported, message);
        return Err(error.cure("open the init_net.pb that belongs to it"));
    }
    let mut tensors = reader.tensors;
    distinct(&mut tensors, &mut warnings);
    Ok(Checkpoint::of_file(input, ROW.name, metadata, tensors, warnings))
}

struct Reader<'a> {
    wire: &'a Wire,
    limits: &'a Limits,
    file: Arc<str>,
    tensors: Vec<Tensor>,
    skipped: Skipped,
}

impl Reader<'_> {
    /// `OperatorDef`.
    fn operator(&mut self, message: Message) -> Result<(), Error> {
        let (mut name, mut operator) = (None, String::new());
        let mut arguments: Vec<Field> = Vec::new();
        for field in self.wire.fields(message) {
            let field = field?;
            match field.number {
                2 if name.is_none() => name = Some(self.wire.text(&field)?),
                4 => operator = self.wire.text(&field)?,
                // A shape and values; others say where it runs.
                5 if arguments.len() < 16 => arguments.push(field),
                _ => {}
            }
        }
        let name = name.unwrap_or_default();
        check_path(&name)?;
        if RANDOM.contains(&operator.as_str()) {
            self.skipped.add(name, "skipped: it is filled with random numbers, which no file has");
            return Ok(());
        }
        let Some(fill) = FILLS.iter().find(|fill| fill.operator == operator) else { return Ok(()) };
        self.fill(fill, &arguments, &name)
            .map_err(|error| error.for_tensor(&*name).at_byte(message.start()))
    }

    /// Its arguments `shape` and `values`.
    fn fill(&mut self, fill: &Fill, arguments: &[Field], name: &str) -> Result<(), Error> {
        let wire = self.wire;
        let (mut dims, mut values, mut text) = (None, None, None);
        for argument in arguments {
            let message = wire.enter(argument)?;
            let encoding = if fill.field == INTS { Encoding::Varint } else { Encoding::Fixed(4) };
            let mut numbers = Numbers::new(message, fill.field, encoding);
            let (mut key, mut ints) = (String::new(), Vec::new());
            for field in wire.fields(message) {
                let field = field?;
                match field.number {
                    1 => key = wire.text(&field)?,
                    // The values may be as many as they like, the shape may not.
                    INTS if key == "shape" => wire.integers(&field, &mut ints, self.limits.axes)?,
                    STRINGS if fill.field == STRINGS => text = Some(field.range()?),
                    number if number == fill.field && key == "values" => numbers.add(&field)?,
                    _ => {}
                }
            }
            match key.as_str() {
                "shape" => dims = Some(ints),
                "values" => values = Some(numbers),
                _ => {}
            }
        }
        let dims = dims.unwrap_or_default();
        let shape: Option<Vec<usize>> = dims.iter().map(|dim| usize::try_from(*dim).ok()).collect();
        let counted = shape.and_then(|shape| element_count(&shape).map(|count| (shape, count)));
        let Some((shape, count)) = counted else {
            return Err(Error::malformed(format!("its shape {dims:?} cannot be counted")));
        };
        let width = (fill.dtype.bits() / 8) as usize;
        let (data, start) = match (fill.field, values, text) {
            (STRINGS, _, Some(range)) if range.end - range.start == count => {
                (wire.data().clone(), range.start)
            }
            (FLOATS | INTS, Some(values), _) => values.values(wire, count, width, self.limits)?,
            _ => return Err(Error::malformed(format!("its {count} values are not in the file"))),
        };
        let (file, view) = (self.file.clone(), View::packed(&shape));
        self.tensors.push(Tensor::new(name, file, fill.dtype, Endian::Little, view, start, data)?);
        if self.tensors.len() > self.limits.tensors {
            let message = format!("it has more tensors than {}", self.limits.tensors);
            return Err(Error::new(ErrorKind::Limit, message));
        }
        Ok(())
    }
}
