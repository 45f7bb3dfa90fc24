//! Caffe: a network as protocol buffers, with each layer's weights as blobs.
//!
//! Layout: <https://github.com/BVLC/caffe/blob/master/src/caffe/proto/caffe.proto>.

use std::sync::Arc;

use hinton_tensor::{Dtype, Endian, Tensor, View, element_count};

use super::FormatRow;
use super::notes::{Skipped, distinct};
use crate::container::protobuf::{
    Encoding, Field, Message, Numbers, Sketch, Wire, sketch, sketch_head,
};
use crate::{Checkpoint, Error, ErrorKind, Head, Input, Limits, Sniff, Warning};

/// The row of the table.
pub(crate) const ROW: FormatRow = FormatRow {
    name: "caffe",
    about: "a trained network of Caffe",
    help: "Read: the blobs of every layer, single and double, in the layers of today (LayerParameter), \
           of version 1 and of version 0. A blob is named LAYER.0, LAYER.1 … in the layer's order: \
           weights first, then biases. Old blobs have four axes (num, channels, height, width). \
           Gradients (diff) are not shown. Layout: caffe.proto of Caffe",
    quantised: "",
    extensions: &["caffemodel"],
    sniff,
    open,
};

fn sniff(head: &Head<'_>) -> Sniff {
    match sketch_head(head, ROW.extensions) {
        Some(fields) if is_network(&fields) => Sniff::Likely,
        _ => Sniff::No,
    }
}

/// There is no magic number: the fields of `NetParameter` with their types, the name a text.
fn is_network(fields: &[Sketch<'_>]) -> bool {
    let right = |field: &Sketch<'_>| match (field.number, field.kind) {
        (1 | 3, 2) => field.is_text() && !field.content.contains(&b'\n'),
        (2 | 6 | 8 | 100, 2) => true,
        (4 | 5 | 7, 0) | (4, 2) => true,
        _ => false,
    };
    // A layer begins with its name and its type, or with what goes into it. That of version 1 has
    // its type as a number; Caffe2 has operators there, with their type in words.
    let layer = |field: &Sketch<'_>| {
        let begins = sketch(field.content, None).unwrap_or_default();
        let has = |number, kind| begins.iter().any(|one| (one.number, one.kind) == (number, kind));
        let is_operator = field.number == 2 && has(4, 2) && !has(5, 0);
        matches!(field.number, 2 | 100)
            && !is_operator
            && begins.first().is_some_and(|first| {
                matches!((first.number, first.kind), (1..=4, 2)) || first.number == 5
            })
    };
    fields.iter().all(right) && fields.iter().any(layer) && fields[0].number != 2
}

fn open(input: &Input, limits: &Limits) -> Result<Checkpoint, Error> {
    let wire = Wire::new(input.data.clone(), limits);
    let mut reader = Reader {
        wire: &wire,
        limits,
        file: input.name.as_str().into(),
        tensors: Vec::new(),
        skipped: Skipped::default(),
        gradients: 0,
    };
    let mut metadata = Vec::new();
    let mut layers = 0u64;
    for field in wire.fields(wire.root()) {
        let field = field?;
        match field.number {
            1 => metadata.push(("network".to_owned(), wire.text(&field)?)),
            2 => reader.layer(&field, &VERSION_1)?,
            100 => reader.layer(&field, &TODAY)?,
            _ => continue,
        }
        layers += u64::from(field.number != 1);
    }
    if layers == 0 {
        let error = Error::malformed("it holds no layer of a network");
        return Err(error.cure("the file is cut or no network of Caffe: get it again"));
    }
    metadata.push(("layers".to_owned(), layers.to_string()));
    let mut warnings = reader.skipped.warnings();
    if reader.gradients > 0 {
        let blobs = if reader.gradients == 1 { "blob" } else { "blobs" };
        let message = format!("the gradients (diff) of {} {blobs} are not shown", reader.gradients);
        warnings.push(Warning::file(message));
    }
    let mut tensors = reader.tensors;
    distinct(&mut tensors, &mut warnings);
    Ok(Checkpoint::of_file(input, ROW.name, metadata, tensors, warnings))
}

/// Where a layer has its name, its blobs, and the layer of version 0 inside it.
struct Layer {
    name: u64,
    blobs: u64,
    inner: Option<u64>,
}

/// `LayerParameter`.
const TODAY: Layer = Layer { name: 1, blobs: 7, inner: None };
/// `V1LayerParameter`.
const VERSION_1: Layer = Layer { name: 4, blobs: 6, inner: Some(1) };
/// `V0LayerParameter`.
const VERSION_0: Layer = Layer { name: 1, blobs: 50, inner: None };

struct Reader<'a> {
    wire: &'a Wire,
    limits: &'a Limits,
    file: Arc<str>,
    tensors: Vec<Tensor>,
    skipped: Skipped,
    gradients: u64,
}

impl Reader<'_> {
    fn layer(&mut self, field: &Field, layer: &Layer) -> Result<(), Error> {
        let (mut name, mut blobs) = (String::new(), Vec::new());
        for field in self.wire.fields(self.wire.enter(field)?) {
            let field = field?;
            if field.number == layer.name {
                name = self.wire.text(&field)?;
            } else if field.number == layer.blobs {
                blobs.push(field);
            } else if layer.inner == Some(field.number) {
                self.layer(&field, &VERSION_0)?;
            }
        }
        for (index, blob) in blobs.iter().enumerate() {
            let name = format!("{name}.{index}");
            let message = self.wire.enter(blob)?;
            self.blob(message, &name)
                .map_err(|error| error.for_tensor(&*name).at_byte(message.start()))?;
        }
        Ok(())
    }

    /// `BlobProto`.
    fn blob(&mut self, message: Message, name: &str) -> Result<(), Error> {
        let wire = self.wire;
        let mut dims: Option<Vec<u64>> = None;
        let mut old = [None; 4];
        let mut single = Numbers::new(message, 5, Encoding::Fixed(4));
        let mut double = Numbers::new(message, 8, Encoding::Fixed(8));
        for field in wire.fields(message) {
            let field = field?;
            match field.number {
                1..=4 => old[field.number as usize - 1] = Some(field.integer()?),
                5 => single.add(&field)?,
                7 => {
                    let list = dims.get_or_insert_default();
                    for field in wire.fields(wire.enter(&field)?) {
                        let field = field?;
                        if field.number == 1 {
                            wire.integers(&field, list, self.limits.axes)?;
                        }
                    }
                }
                8 => double.add(&field)?,
                6 | 9 if field.range().is_ok_and(|range| range.is_empty()) => {}
                6 | 9 => self.gradients += 1,
                _ => {}
            }
        }
        let (numbers, dtype) =
            if double.is_empty() { (single, Dtype::F32) } else { (double, Dtype::F64) };
        let count = numbers.count().unwrap_or(0);
        let dims = match (dims, old) {
            (Some(dims), _) => dims,
            (None, [None, None, None, None]) => vec![count],
            (None, old) => old.iter().map(|dim| dim.unwrap_or(0)).collect(),
        };
        let shape: Option<Vec<usize>> = dims
            .iter()
            .map(|dim| i64::try_from(*dim).ok().and_then(|dim| usize::try_from(dim).ok()))
            .collect();
        let Some((shape, elements)) =
            shape.and_then(|shape| element_count(&shape).map(|elements| (shape, elements)))
        else {
            let message = format!("its shape {dims:?} cannot be counted");
            return Err(Error::malformed(message));
        };
        if count == 0 && elements > 0 {
            self.skipped.add(name, "skipped: its values are not in the file");
            return Ok(());
        }
        let width = (dtype.bits() / 8) as usize;
        let (data, start) = numbers.values(wire, elements, width, self.limits)?;
        let (file, view) = (self.file.clone(), View::packed(&shape));
        self.tensors.push(Tensor::new(name, file, dtype, Endian::Little, view, start, data)?);
        if self.tensors.len() > self.limits.tensors {
            let message = format!("it has more tensors than {}", self.limits.tensors);
            return Err(Error::new(ErrorKind::Limit, message));
        }
        Ok(())
    }
}
