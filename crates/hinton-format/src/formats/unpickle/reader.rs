//! What a node of a pickle is: an array, or something to look inside.

use std::collections::HashMap;
use std::sync::Arc;

use hinton_tensor::{Bytes, Dtype, Endian, Memory, Tensor, View};

use super::library::{self, Libraries, making};
use super::{numbers, numpy};
use crate::container::pickle::{Blob, Id, Node, Object, Pickle};
use crate::{Error, ErrorKind, Limits};

/// What building a leaf gave.
pub(crate) enum Leaf {
    /// A tensor, and what the user should know about it.
    Tensor(Tensor, Option<String>),
    /// It stands for another node.
    Alias(Id),
    /// It cannot be shown; the error says why. The rest of the file is fine.
    Skipped(Error),
}

impl Leaf {
    /// Something well-formed that is not read.
    pub(crate) fn unsupported(why: impl Into<String>) -> Leaf {
        Leaf::Skipped(Error::new(ErrorKind::Unsupported, why))
    }
}

/// Where the values of a tensor outside the pickle are.
#[derive(Clone)]
pub(crate) struct Stored {
    /// The bytes that hold them.
    pub(crate) data: Arc<dyn Bytes>,
    /// First byte of the storage in `data`.
    pub(crate) start: u64,
    /// Bytes of the storage.
    pub(crate) len: u64,
    /// What users call it: a member's name, a key.
    pub(crate) name: String,
}

/// The storages beside a pickle, by key.
pub(crate) trait Storages {
    /// The storage of that key.
    fn find(&self, key: &str) -> Result<Stored, Error>;
    /// The byte order of all of them.
    fn endian(&self) -> Endian;
    /// The tensor of that key, in files that keep tensors beside the pickle.
    ///
    /// # Errors
    /// Returns an error if the file lies about it, or has none of that key.
    fn tensor(&self, _key: &str) -> Result<Option<Placed>, Error> {
        Ok(None)
    }
}

/// A file inside the pickle that holds nothing but a row of values.
#[derive(Clone)]
pub(crate) struct Nested {
    pub(crate) dtype: Dtype,
    pub(crate) stored: Stored,
}

/// A tensor that is stored outside the pickle.
pub(crate) struct Placed {
    pub(crate) dtype: Dtype,
    pub(crate) view: View,
    pub(crate) stored: Stored,
    /// What the user should know about it.
    pub(crate) note: Option<String>,
}

/// Numbers of lists that are copied, for each byte of the pickle.
const NUMBERS_PER_BYTE: u64 = 2;

/// Reads arrays and tensors out of a pickle.
pub(crate) struct Reader<'p> {
    pub(crate) pickle: &'p Pickle<'p>,
    /// The bytes of the pickle's stream.
    pub(crate) data: Arc<dyn Bytes>,
    /// The file, as it is shown to the user.
    pub(crate) file: Arc<str>,
    pub(crate) limits: Limits,
    /// The libraries whose arrays are read, beside numpy's.
    pub(super) libraries: Libraries,
    /// What is stored beside the pickle; `None` if the pickle is the whole file.
    pub(crate) storages: Option<&'p dyn Storages>,
    /// Whether lists of numbers are arrays (else they are metadata).
    pub(crate) lists_are_arrays: bool,
    /// What names start with; empty for nothing.
    pub(crate) prefix: &'p str,
    /// Numbers of lists that may still be copied.
    pub(crate) numbers_left: u64,
    /// Files inside the pickle that were opened before, by where their bytes are.
    pub(crate) nested: HashMap<Place, Nested>,
    /// Bytes that had to be decoded, by the node that holds them.
    decoded: HashMap<Id, Arc<dyn Bytes>>,
}

/// Where bytes are: which block of memory, first byte, length.
type Place = (usize, u64, u64);

/// Bytes of a value, in the stream or decoded.
pub(crate) struct Raw {
    pub(crate) data: Arc<dyn Bytes>,
    pub(crate) start: u64,
    pub(crate) len: u64,
}

impl Raw {
    /// Tells these bytes from all others that a reader hands out.
    pub(crate) fn place(&self) -> Place {
        (Arc::as_ptr(&self.data).cast::<()>() as usize, self.start, self.len)
    }

    /// No bytes.
    pub(crate) fn empty() -> Self {
        Raw { data: Arc::new(Memory::new(Vec::new())), start: 0, len: 0 }
    }
}

impl<'p> Reader<'p> {
    /// A reader that knows numpy's arrays only.
    pub(crate) fn new(
        pickle: &'p Pickle<'p>,
        data: Arc<dyn Bytes>,
        file: &str,
        limits: &Limits,
    ) -> Self {
        Reader {
            pickle,
            numbers_left: NUMBERS_PER_BYTE * data.len(),
            data,
            file: file.into(),
            limits: *limits,
            libraries: &[],
            storages: None,
            lists_are_arrays: false,
            prefix: "",
            nested: HashMap::new(),
            decoded: HashMap::new(),
        }
    }

    /// The same reader, which also reads the arrays of these libraries.
    pub(crate) fn with(self, libraries: Libraries) -> Self {
        Reader { libraries, ..self }
    }

    /// Whether a node is an array or tensor, which [`build`](Self::build) makes or skips.
    pub(crate) fn is_leaf(&self, id: Id) -> bool {
        if matches!(self.pickle.node(id), Node::Persid(_)) {
            return true;
        }
        match self.pickle.object(id) {
            Some((object, Some((module, name)))) => {
                (numpy::is_array(module, name)
                    && (self.lists_are_arrays || name != "scalar")
                    && numpy::objects(self.pickle, object).is_none())
                    || making(self.libraries, module, name)
                        .is_some_and(|library| !(library.is_composite)(self.pickle, object))
            }
            _ => false,
        }
    }

    /// Whether a node is a number of numpy.
    pub(crate) fn is_scalar(&self, id: Id) -> bool {
        match self.pickle.object(id) {
            Some((_, Some((module, name)))) => name == "scalar" && numpy::is_array(module, name),
            _ => false,
        }
    }

    /// Makes the tensor of a leaf.
    ///
    /// # Errors
    /// Returns an error if the file lies about it: bytes missing, a shape that does not fit.
    pub(crate) fn build(&mut self, id: Id, name: &str) -> Result<Leaf, Error> {
        let pickle = self.pickle;
        if matches!(pickle.node(id), Node::Persid(_)) {
            let persistent = self.libraries.iter().find_map(|library| library.persistent);
            return match persistent {
                Some(build) => build(self, id, name),
                None => Ok(Leaf::unsupported("it is stored outside the pickle: not read")),
            };
        }
        let Some((object, Some((module, function)))) = pickle.object(id) else {
            return numbers::build(self, id, name);
        };
        match making(self.libraries, module, function) {
            Some(library) => (library.build)(self, object, function, name),
            None => numpy::build(self, object, function, name),
        }
    }

    /// A shape: a tuple or list of lengths.
    pub(crate) fn shape(&self, id: Id, what: &str) -> Result<Vec<usize>, Error> {
        self.integers(id, what)?
            .iter()
            .map(|&length| {
                usize::try_from(length)
                    .ok()
                    .filter(|length| i64::try_from(*length).is_ok())
                    .ok_or_else(|| Error::malformed(format!("its {what} holds {length}")))
            })
            .collect()
    }

    /// A tuple or list of integers, one for each axis, or an object that stands for one.
    pub(crate) fn integers(&self, id: Id, what: &str) -> Result<Vec<i128>, Error> {
        let pickle = self.pickle;
        let list = match pickle.object(id) {
            Some((object, _)) => library::plain(self.libraries, pickle, object),
            None => None,
        };
        let id = list.unwrap_or(id);
        let items = pickle.sequence(id).ok_or_else(|| {
            Error::malformed(format!("its {what} is {}, not a tuple", pickle.kind(id)))
        })?;
        let limit = self.limits.axes;
        if items.len() > limit {
            return Err(Error::new(
                ErrorKind::Limit,
                format!("its {what} has {} axes, the limit is {limit}", items.len()),
            ));
        }
        items
            .iter()
            .map(|&item| {
                pickle.int(item).ok_or_else(|| {
                    Error::malformed(format!("its {what} holds {}", pickle.kind(item)))
                })
            })
            .collect()
    }

    /// The bytes of a bytes object, also where a pickle before protocol 3 writes it as text.
    /// `None` where the node holds no bytes.
    pub(crate) fn raw(&mut self, id: Id) -> Result<Option<Raw>, Error> {
        let pickle = self.pickle;
        match pickle.node(id) {
            Node::Bytes(blob) | Node::ByteArray(blob) | Node::ByteStr(blob) => {
                Ok(Some(self.blob(id, blob)))
            }
            Node::Object(object) => self.raw_of_call(id, object),
            _ => Ok(None),
        }
    }

    fn raw_of_call(&mut self, id: Id, object: &Object) -> Result<Option<Raw>, Error> {
        let pickle = self.pickle;
        let args = pickle.args(object);
        match pickle.global_name(object.callable) {
            Some(("_codecs", "encode")) => {}
            Some(("__builtin__" | "builtins", "bytes" | "bytearray" | "str")) => match args {
                [] => return Ok(Some(self.memory(id, Vec::new()))),
                [inner] if !matches!(pickle.node(*inner), Node::Object(_)) => {
                    return self.raw(*inner);
                }
                // bytearray(_codecs.encode(…)): one level, so that nothing recurses deeper.
                [inner] => {
                    return match pickle.object(*inner) {
                        Some((call, Some(("_codecs", "encode")))) => self.raw_of_call(*inner, call),
                        _ => Ok(None),
                    };
                }
                _ => {}
            },
            _ => return Ok(None),
        }
        let Some(&text) = args.first() else { return Ok(None) };
        let Node::Str(blob) = pickle.node(text) else { return Ok(None) };
        let encoding = args.get(1).and_then(|&name| pickle.text(name));
        if !matches!(encoding.as_deref(), Some("latin1" | "latin-1" | "iso-8859-1")) {
            return Ok(None);
        }
        if let Some(data) = self.decoded.get(&text) {
            return Ok(Some(Raw { data: data.clone(), start: 0, len: data.len() }));
        }
        let bytes = latin1(pickle.blob(blob)).ok_or_else(|| {
            Error::malformed("its bytes are written as text with characters past U+00FF")
        })?;
        Ok(Some(self.memory(text, bytes)))
    }

    fn blob(&mut self, id: Id, blob: &Blob) -> Raw {
        match self.pickle.range(blob) {
            Some(range) => {
                Raw { data: self.data.clone(), start: range.start as u64, len: range.len() as u64 }
            }
            None => match self.decoded.get(&id) {
                Some(data) => Raw { data: data.clone(), start: 0, len: data.len() },
                None => self.memory(id, self.pickle.blob(blob).to_vec()),
            },
        }
    }

    fn memory(&mut self, id: Id, bytes: Vec<u8>) -> Raw {
        let len = bytes.len() as u64;
        let data: Arc<dyn Bytes> = Arc::new(Memory::new(bytes));
        self.decoded.insert(id, data.clone());
        Raw { data, start: 0, len }
    }

    /// A tensor of these parts.
    pub(crate) fn tensor(
        &self,
        name: &str,
        (dtype, endian): (Dtype, Endian),
        view: View,
        raw: &Raw,
    ) -> Result<Tensor, Error> {
        let file = self.file.clone();
        Tensor::new(name, file, dtype, endian, view, raw.start, raw.data.clone())
            .map_err(Error::from)
    }
}

/// UTF-8 to Latin-1; `None` where a character does not fit.
fn latin1(mut text: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    while let Some((&byte, rest)) = text.split_first() {
        text = rest;
        match byte {
            0..=0x7f => out.push(byte),
            0xc2 | 0xc3 => {
                let (&low, rest) = text.split_first()?;
                out.push((byte << 6) | (low & 0x3f));
                text = rest;
            }
            _ => return None,
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latin1_is_exact() {
        let all: Vec<u8> = (0..=255).collect();
        let text: String = all.iter().copied().map(char::from).collect();
        assert_eq!(latin1(text.as_bytes()).unwrap(), all);
        assert_eq!(latin1("Ā".as_bytes()), None);
    }
}
