//! Models of thinc and spaCy (`model` in the folder of a pipe): nodes, attributes and parameters in MessagePack,
//! arrays as msgpack-numpy writes them.
//!
//! Layout: `Model.to_bytes` in `thinc/model.py` of <https://github.com/explosion/thinc>, `srsly/msgpack`.

use hinton_tensor::{Tensor, View, element_count};

use super::FormatRow;
use super::flax::msgpack::{Run, Value, Walker};
use super::notes::{Skipped, check_path, distinct};
use super::npy::element;
use crate::source::read_vec;
use crate::{Checkpoint, Error, ErrorKind, Head, Input, Limits, Sniff, Warning};

/// The row of the table.
pub(crate) const ROW: FormatRow = FormatRow {
    name: "thinc",
    about: "models of thinc and spaCy (the file model of a pipe)",
    help: "Read: the parameters of every node, under the node's place in the model's walk, its name and the \
           parameter's (`4.maxout.W`), each type of numpy's numbers. Skipped with a warning: what PyTorch and \
           other libraries wrote into a shim. A pipeline of spaCy is a folder: open the file `model` of a pipe in \
           it. Layout: Model.to_bytes of thinc",
    quantised: "",
    extensions: &["thinc"],
    sniff,
    open,
};

/// A map that begins with a list of nodes.
fn sniff(head: &Head<'_>) -> Sniff {
    match head.bytes {
        [0x82..=0x8f, 0xa5, b'n', b'o', b'd', b'e', b's', 0x90..=0x9f | 0xdc | 0xdd, ..] => {
            Sniff::Certain
        }
        _ => Sniff::No,
    }
}

/// Longest name and longest word of a description.
const TEXT: u64 = 4096;

/// An array as it lies in the file.
struct Array {
    descr: String,
    shape: Vec<usize>,
    bytes: Run,
}

struct Reader<'a> {
    walker: Walker<'a>,
    input: &'a Input,
    limits: &'a Limits,
    nodes: Vec<String>,
    /// Values that may still be met.
    left: u64,
    tensors: Vec<Tensor>,
    skipped: Skipped,
}

fn open(input: &Input, limits: &Limits) -> Result<Checkpoint, Error> {
    let data = &*input.data;
    let mut reader = Reader {
        walker: Walker::new(data, 0, data.len()),
        input,
        limits,
        nodes: Vec::new(),
        left: limits.fields,
        tensors: Vec::new(),
        skipped: Skipped::default(),
    };
    let count = reader.map("the model")?;
    for _ in 0..count {
        match &*reader.text("a part of the model")? {
            "nodes" => reader.nodes()?,
            "params" => reader.params()?,
            "shims" => reader.shims()?,
            _ => reader.pass(0)?,
        }
    }
    let Reader { walker, nodes, mut tensors, skipped, .. } = reader;
    let mut warnings = skipped.warnings();
    if walker.left() > 0 {
        let message = format!("{} bytes after the model belong to no part of it", walker.left());
        warnings.push(Warning::file(message).as_fault());
    }
    distinct(&mut tensors, &mut warnings);
    Ok(Checkpoint::of_file(
        input,
        ROW.name,
        vec![("nodes".to_owned(), nodes.len().to_string())],
        tensors,
        warnings,
    ))
}

impl Reader<'_> {
    fn next(&mut self) -> Result<Value, Error> {
        let Some(left) = self.left.checked_sub(1) else {
            let message = "the model has too many values";
            return Err(Error::new(ErrorKind::Limit, message).at_byte(self.walker.at));
        };
        self.left = left;
        self.walker.next()
    }

    fn odd(at: u64, what: &str, expected: &str, found: Value) -> Error {
        Error::malformed(format!("{what} is {}, expected {expected}", found.name())).at_byte(at)
    }

    /// The number of pairs of a map.
    fn map(&mut self, what: &str) -> Result<u64, Error> {
        let at = self.walker.at;
        match self.next()? {
            Value::Map(count) => Ok(count),
            other => Err(Self::odd(at, what, "a map", other)),
        }
    }

    /// The length of a list.
    fn list(&mut self, what: &str) -> Result<u64, Error> {
        let at = self.walker.at;
        match self.next()? {
            Value::List(count) => Ok(count),
            other => Err(Self::odd(at, what, "a list", other)),
        }
    }

    /// A text; keys of arrays are bytes.
    fn text(&mut self, what: &str) -> Result<String, Error> {
        let at = self.walker.at;
        match self.next()? {
            Value::Text(run) | Value::Binary(run) if run.len <= TEXT => {
                let bytes = read_vec(&*self.input.data, run.at, run.len)?;
                Ok(String::from_utf8_lossy(&bytes).into_owned())
            }
            other => Err(Self::odd(at, what, "a short text", other)),
        }
    }

    /// Goes over a value, whatever it is.
    fn pass(&mut self, depth: usize) -> Result<(), Error> {
        if depth > self.limits.depth {
            let message = format!("values are nested deeper than {}", self.limits.depth);
            return Err(Error::new(ErrorKind::Limit, message).at_byte(self.walker.at));
        }
        let inside = match self.next()? {
            Value::Map(count) => count.saturating_mul(2),
            Value::List(count) => count,
            _ => 0,
        };
        for _ in 0..inside {
            self.pass(depth + 1)?;
        }
        Ok(())
    }

    /// The names of the nodes.
    fn nodes(&mut self) -> Result<(), Error> {
        for _ in 0..self.list("the list of nodes")? {
            let mut name = String::new();
            for _ in 0..self.map("a node")? {
                match &*self.text("a part of a node")? {
                    "name" => name = self.text("the name of a node")?,
                    _ => self.pass(0)?,
                }
            }
            self.nodes.push(name);
            if self.nodes.len() > self.limits.tensors {
                let message = format!("it has more nodes than {}", self.limits.tensors);
                return Err(Error::new(ErrorKind::Limit, message));
            }
        }
        Ok(())
    }

    /// For each node its parameters by name; one that is not set is nil.
    fn params(&mut self) -> Result<(), Error> {
        for index in 0..self.list("the list of parameters")? {
            for _ in 0..self.map("the parameters of a node")? {
                let own = self.text("the name of a parameter")?;
                let node = usize::try_from(index).ok().and_then(|index| self.nodes.get(index));
                let name = format!("{index}.{}.{own}", node.map_or("node", String::as_str));
                check_path(&name)?;
                let at = self.walker.at;
                match self.next()? {
                    Value::Nil => {}
                    Value::Map(count) => {
                        self.array(count, &name).map_err(|error| error.for_tensor(&*name))?;
                    }
                    other => return Err(Self::odd(at, "a parameter", "an array", other)),
                }
            }
        }
        Ok(())
    }

    /// What other libraries keep in a node, in bytes of their own.
    fn shims(&mut self) -> Result<(), Error> {
        for index in 0..self.list("the list of shims")? {
            let count = self.list("the shims of a node")?;
            for _ in 0..count {
                self.pass(0)?;
            }
            if count > 0 {
                let node = usize::try_from(index).ok().and_then(|index| self.nodes.get(index));
                let name = format!("{index}.{}", node.map_or("node", String::as_str));
                self.skipped.add(name, "skipped: another library wrote it into a shim");
            }
        }
        Ok(())
    }

    /// `{"nd": true, "type": "<f4", "kind": "", "shape": […], "data": …}`.
    fn array(&mut self, pairs: u64, name: &str) -> Result<(), Error> {
        let start = self.walker.at;
        let mut array =
            Array { descr: String::new(), shape: Vec::new(), bytes: Run { at: start, len: 0 } };
        for _ in 0..pairs {
            match &*self.text("a part of an array")? {
                "type" => array.descr = self.text("the type of an array")?,
                "shape" => array.shape = self.shape()?,
                "data" => {
                    let at = self.walker.at;
                    match self.next()? {
                        Value::Binary(run) | Value::Text(run) => array.bytes = run,
                        other => return Err(Self::odd(at, "the data of an array", "bytes", other)),
                    }
                }
                _ => self.pass(0)?,
            }
        }
        let Ok((dtype, endian)) = element::dtype(&array.descr) else {
            let why = format!("skipped: its values are {:?}, no numbers", array.descr);
            self.skipped.add(name, why);
            return Ok(());
        };
        let Array { shape, bytes, .. } = array;
        let needs = element_count(&shape).and_then(|count| dtype.bytes_of(count));
        if needs != Some(bytes.len) {
            let message = format!("shape {shape:?} of {dtype} does not fit {} bytes", bytes.len);
            return Err(Error::malformed(message).at_byte(bytes.at));
        }
        if self.tensors.len() >= self.limits.tensors {
            let message = format!("it has more tensors than {}", self.limits.tensors);
            return Err(Error::new(ErrorKind::Limit, message));
        }
        let (file, view, data) =
            (self.input.name.as_str(), View::packed(&shape), self.input.data.clone());
        self.tensors.push(Tensor::new(name, file, dtype, endian, view, bytes.at, data)?);
        Ok(())
    }

    fn shape(&mut self) -> Result<Vec<usize>, Error> {
        let at = self.walker.at;
        let axes = self.list("the shape of an array")?;
        if axes > self.limits.axes as u64 {
            let message = format!("it has {axes} axes, the limit is {}", self.limits.axes);
            return Err(Error::malformed(message).at_byte(at));
        }
        let mut shape = Vec::new();
        for _ in 0..axes {
            match self.next()? {
                Value::Int(dim) => shape.push(usize::try_from(dim).map_err(|_| {
                    Error::malformed(format!("an axis of length {dim}")).at_byte(at)
                })?),
                other => return Err(Self::odd(at, "a length", "a number", other)),
            }
        }
        Ok(shape)
    }
}
