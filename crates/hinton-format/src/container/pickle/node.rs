//! What a pickle holds once it has been read: an arena of nodes that point at one another by number.

use std::borrow::Cow;
use std::ops::Range;

/// The number of a node in its [`Pickle`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(pub(super) u32);

impl Id {
    /// The number, from 0, below [`Pickle::len`].
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Bytes of a string or bytes object: a range of the stream where they lie there as they are, or a
/// copy where the stream holds them escaped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Blob {
    /// Bytes `start..start + len` of the stream.
    Span {
        /// First byte.
        start: usize,
        /// Number of bytes.
        len: usize,
    },
    /// Bytes that had to be decoded.
    Owned(Box<[u8]>),
}

/// One value. Shared values are one node with several parents; cycles are possible.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    /// `None`.
    None,
    /// `True` or `False`.
    Bool(bool),
    /// An integer of up to 128 bits.
    Int(i128),
    /// An integer of more than 128 bits; its value is not kept.
    HugeInt,
    /// A float.
    Float(f64),
    /// `bytes`.
    Bytes(Blob),
    /// `bytearray`.
    ByteArray(Blob),
    /// `str`, in UTF-8 (lone surrogates may occur).
    Str(Blob),
    /// A `str` of Python 2: bytes of no stated encoding.
    ByteStr(Blob),
    /// A list.
    List(Vec<Id>),
    /// A tuple.
    Tuple(Box<[Id]>),
    /// A dictionary, in the order of insertion; a key may come twice, then the last one counts.
    Dict(Vec<(Id, Id)>),
    /// A set, in the order of the stream.
    Set(Vec<Id>),
    /// A frozen set, in the order of the stream.
    FrozenSet(Box<[Id]>),
    /// A class or function by name (index into [`Pickle::globals`]); never imported.
    Global(u32),
    /// What a call would have made; never called.
    Object(Box<Object>),
    /// A reference to something outside the stream, by this value.
    Persid(Id),
}

impl Node {
    /// What kind of value it is, for messages: `a list`, `a str` …
    pub fn kind(&self) -> &'static str {
        match self {
            Node::None => "None",
            Node::Bool(_) => "a bool",
            Node::Int(_) | Node::HugeInt => "an int",
            Node::Float(_) => "a float",
            Node::Bytes(_) => "a bytes",
            Node::ByteArray(_) => "a bytearray",
            Node::Str(_) | Node::ByteStr(_) => "a str",
            Node::List(_) => "a list",
            Node::Tuple(_) => "a tuple",
            Node::Dict(_) => "a dict",
            Node::Set(_) => "a set",
            Node::FrozenSet(_) => "a frozenset",
            Node::Global(_) => "a class or function",
            Node::Object(_) => "an object",
            Node::Persid(_) => "a persistent id",
        }
    }
}

/// How an object would have been made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// `callable(*args)` (REDUCE, INST, OBJ).
    Call,
    /// `callable.__new__(callable, *args, **kwargs)` (NEWOBJ, NEWOBJ_EX).
    New,
}

/// A call that was not made, and what would have been done to its result.
#[derive(Debug, Clone, PartialEq)]
pub struct Object {
    /// What would be called: mostly a [`Node::Global`].
    pub callable: Id,
    /// A [`Node::Tuple`].
    pub args: Id,
    /// A [`Node::Dict`], for NEWOBJ_EX only.
    pub kwargs: Option<Id>,
    /// Call or `__new__`.
    pub how: How,
    /// Arguments of BUILD (`__setstate__`), in order.
    pub state: Vec<Id>,
    /// Values appended to it, for subclasses of list and set.
    pub items: Vec<Id>,
    /// Pairs set in it, for subclasses of dict.
    pub pairs: Vec<(Id, Id)>,
}

/// A class or function that the stream names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Global {
    /// Its module, e.g. `torch._utils`.
    pub module: String,
    /// Its name, e.g. `_rebuild_tensor_v2`.
    pub name: String,
    /// Byte of the opcode that named it first.
    pub byte: u64,
    /// Whether the stream calls it anywhere.
    pub called: bool,
}

impl Global {
    /// `module.name`, escaped and cut so that it can be shown.
    pub fn shown(&self) -> String {
        super::globals::shown(&self.module, &self.name)
    }
}

/// A pickle that has been read.
#[derive(Debug)]
pub struct Pickle<'a> {
    pub(super) stream: &'a [u8],
    pub(super) nodes: Vec<Node>,
    pub(super) globals: Vec<Global>,
    pub(super) attributes: Vec<String>,
    pub(super) root: Id,
    pub(super) end: usize,
    pub(super) protocol: u8,
}

impl<'a> Pickle<'a> {
    /// The value of the whole stream.
    pub fn root(&self) -> Id {
        self.root
    }

    /// The byte after STOP.
    pub fn end(&self) -> usize {
        self.end
    }

    /// The protocol the stream claims; 0 where it claims none.
    pub fn protocol(&self) -> u8 {
        self.protocol
    }

    /// Number of nodes.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there are no nodes; never so.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Every node, in the order in which the stream makes them.
    pub fn ids(&self) -> impl Iterator<Item = Id> {
        (0..self.nodes.len() as u32).map(Id)
    }

    /// Every class and function the stream names, in order, each once.
    pub fn globals(&self) -> &[Global] {
        &self.globals
    }

    /// What the stream would look up with `getattr`, as `module.Class.attribute`, in order, each
    /// once; escaped and cut so that it can be shown. `….attribute` where it is one of an object.
    pub fn attributes(&self) -> &[String] {
        &self.attributes
    }

    /// A node.
    pub fn node(&self, id: Id) -> &Node {
        &self.nodes[id.index()]
    }

    /// The bytes of a blob.
    pub fn blob<'b>(&'b self, blob: &'b Blob) -> &'b [u8] {
        match blob {
            Blob::Span { start, len } => &self.stream[*start..*start + *len],
            Blob::Owned(bytes) => bytes,
        }
    }

    /// Where a blob lies in the stream, unless it had to be decoded.
    pub fn range(&self, blob: &Blob) -> Option<Range<usize>> {
        match blob {
            Blob::Span { start, len } => Some(*start..*start + *len),
            Blob::Owned(_) => None,
        }
    }

    /// A `str`, or a Python-2 `str`: as UTF-8 where it is that, else as Latin-1.
    pub fn text(&self, id: Id) -> Option<Cow<'_, str>> {
        match self.node(id) {
            Node::Str(blob) => Some(String::from_utf8_lossy(self.blob(blob))),
            Node::ByteStr(blob) => {
                let bytes = self.blob(blob);
                Some(match std::str::from_utf8(bytes) {
                    Ok(text) => Cow::Borrowed(text),
                    Err(_) => Cow::Owned(bytes.iter().copied().map(char::from).collect()),
                })
            }
            _ => None,
        }
    }

    /// The start of a text as [`text`](Self::text) gives it, of at most `most` bytes of the stream,
    /// and the length of all of it in bytes.
    pub fn text_start(&self, id: Id, most: usize) -> Option<(Cow<'_, str>, usize)> {
        let (Node::Str(blob) | Node::ByteStr(blob)) = self.node(id) else { return None };
        let len = self.blob(blob).len();
        if len <= most {
            return self.text(id).map(|text| (text, len));
        }
        let start = &self.blob(blob)[..most];
        // A character may be cut in the middle; that is no reason to call the rest Latin-1.
        let whole = match std::str::from_utf8(start) {
            Err(error) if error.error_len().is_none() => &start[..error.valid_up_to()],
            _ => start,
        };
        let text = String::from_utf8_lossy(whole);
        Some((text, len))
    }

    /// An integer (or a bool, which Python counts as one).
    pub fn int(&self, id: Id) -> Option<i128> {
        match self.node(id) {
            Node::Int(value) => Some(*value),
            Node::Bool(value) => Some(i128::from(*value)),
            _ => None,
        }
    }

    /// The elements of a list or tuple.
    pub fn sequence(&self, id: Id) -> Option<&[Id]> {
        match self.node(id) {
            Node::List(items) => Some(items),
            Node::Tuple(items) => Some(items),
            _ => None,
        }
    }

    /// The class or function a node names.
    pub fn global(&self, id: Id) -> Option<&Global> {
        match self.node(id) {
            Node::Global(index) => self.globals.get(*index as usize),
            _ => None,
        }
    }

    /// Module and name of the class or function a node names.
    pub fn global_name(&self, id: Id) -> Option<(&str, &str)> {
        self.global(id).map(|global| (global.module.as_str(), global.name.as_str()))
    }

    /// An object, with module and name of its callable where that is a global.
    pub fn object(&self, id: Id) -> Option<(&Object, Option<(&str, &str)>)> {
        match self.node(id) {
            Node::Object(object) => Some((object, self.global_name(object.callable))),
            _ => None,
        }
    }

    /// The arguments of an object.
    pub fn args(&self, object: &Object) -> &[Id] {
        self.sequence(object.args).unwrap_or(&[])
    }

    /// What kind of value a node is, for messages: `a list`, `a str` …
    pub fn kind(&self, id: Id) -> &'static str {
        self.node(id).kind()
    }
}
