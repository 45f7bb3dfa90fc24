//! The stack machine: every opcode, no call.

use std::collections::{HashMap, HashSet};

use super::cursor::{Cursor, Cut};
use super::memo::Memo;
use super::opcode as op;
use super::{Global, Id, Node, Pickle};
use crate::{Error, ErrorKind, Limits};

/// Nodes that every pickle has, so that the commonest values cost nothing.
pub(super) const NONE: Id = Id(0);
pub(super) const FALSE: Id = Id(1);
pub(super) const TRUE: Id = Id(2);
pub(super) const EMPTY_TUPLE: Id = Id(3);

/// Memory the arena may take for each byte that [`Limits::header_bytes`] allows.
const MEMORY_PER_HEADER_BYTE: u64 = 4;

const MARK_BYTES: usize = size_of::<usize>();

/// Longest name of a module or class, in bytes.
pub(super) const NAME_BYTES: usize = 4096;

/// Reads the pickle that starts at byte `start` of `stream`, up to its STOP. Positions in the
/// result and in errors count from the start of `stream`.
///
/// Nothing is imported, resolved or called, and nothing but the stream is read.
///
/// # Errors
/// [`ErrorKind::Refused`] when it names something dangerous, [`ErrorKind::Malformed`] when it is
/// cut or wrong, [`ErrorKind::Unsupported`] for extension codes, out-of-band buffers and old joblib,
/// [`ErrorKind::Limit`] past `limits.pickle_steps` or memory of four times `limits.header_bytes`.
/// Each names the byte and the opcode.
pub fn load<'a>(stream: &'a [u8], start: usize, limits: &Limits) -> Result<Pickle<'a>, Error> {
    let mut machine = Machine::new(stream, start, limits);
    match machine.run() {
        Ok(root) => Ok(Pickle {
            stream,
            nodes: machine.nodes,
            globals: machine.globals,
            attributes: machine.attributes,
            root,
            end: machine.cursor.at,
            protocol: machine.protocol,
        }),
        Err(fault) => Err(machine.error(fault)),
    }
}

/// Whether bytes are the start of a pickle: they run to STOP, or to their end without a fault.
/// `whole` says that there are no more bytes than these.
pub fn starts_like_pickle(head: &[u8], whole: bool) -> bool {
    let limits = Limits { pickle_steps: 100_000, header_bytes: 1 << 20, ..Limits::default() };
    let mut machine = Machine::new(head, 0, &limits);
    match machine.run() {
        Ok(_) => true,
        Err(Fault::Cut { .. }) => !whole && machine.names_are_plain(),
        Err(Fault::Other(error)) => error.kind() != ErrorKind::Malformed,
    }
}

/// Why the machine stopped before STOP.
pub(super) enum Fault {
    /// The stream ended.
    Cut { wanted: String, left: usize },
    /// Anything else.
    Other(Box<Error>),
}

impl From<Cut> for Fault {
    fn from(cut: Cut) -> Self {
        Fault::Cut { wanted: format!("{} more bytes", cut.wanted), left: cut.left }
    }
}

pub(super) type Step<T> = Result<T, Fault>;

pub(super) fn wrong<T>(why: impl Into<String>) -> Step<T> {
    Err(Fault::Other(Box::new(Error::malformed(why))))
}

pub(super) struct Machine<'a> {
    pub(super) cursor: Cursor<'a>,
    /// Byte of the current opcode.
    pub(super) op_at: usize,
    pub(super) protocol: u8,
    pub(super) nodes: Vec<Node>,
    pub(super) stack: Vec<Id>,
    /// Heights of the stack at each MARK.
    pub(super) marks: Vec<usize>,
    pub(super) memo: Memo,
    pub(super) globals: Vec<Global>,
    pub(super) global_ids: HashMap<(String, String), Id>,
    /// What `getattr` would look up, each once, and to tell that.
    pub(super) attributes: Vec<String>,
    pub(super) attributes_seen: HashSet<String>,
    /// How many pickles this one is inside of.
    pub(super) nesting: usize,
    pub(super) steps_left: u64,
    pub(super) memory_left: u64,
    pub(super) limits: Limits,
}

impl<'a> Machine<'a> {
    pub(super) fn new(stream: &'a [u8], start: usize, limits: &Limits) -> Self {
        Machine {
            cursor: Cursor { bytes: stream, at: start.min(stream.len()) },
            op_at: start,
            protocol: 0,
            nodes: vec![
                Node::None,
                Node::Bool(false),
                Node::Bool(true),
                Node::Tuple(Box::default()),
            ],
            stack: Vec::new(),
            marks: Vec::new(),
            memo: Memo::default(),
            globals: Vec::new(),
            global_ids: HashMap::new(),
            attributes: Vec::new(),
            attributes_seen: HashSet::new(),
            nesting: 0,
            steps_left: limits.pickle_steps,
            memory_left: limits.header_bytes.saturating_mul(MEMORY_PER_HEADER_BYTE),
            limits: *limits,
        }
    }

    pub(super) fn error(&self, fault: Fault) -> Error {
        let opcode = self.cursor.bytes.get(self.op_at).and_then(|byte| op::name(*byte));
        let at = self.op_at as u64;
        match fault {
            Fault::Cut { wanted, left } => {
                let who = opcode.unwrap_or("an opcode");
                Error::malformed(format!(
                    "the pickle is cut short: {who} wants {wanted}, {left} are left"
                ))
                .at_byte(at)
                .cure("download or copy the file again")
            }
            Fault::Other(error) => error.at_byte(at),
        }
    }

    /// Whether the globals seen so far are written as Python names.
    pub(super) fn names_are_plain(&self) -> bool {
        let plain = |name: &str| {
            !name.is_empty()
                && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.'))
        };
        self.globals.iter().all(|global| plain(&global.module) && plain(&global.name))
    }

    pub(super) fn run(&mut self) -> Step<Id> {
        loop {
            self.op_at = self.cursor.at;
            if self.steps_left == 0 {
                return self.over(format!(
                    "the pickle takes more than {} steps",
                    self.limits.pickle_steps
                ));
            }
            self.steps_left -= 1;
            let Some(&code) = self.cursor.bytes.get(self.cursor.at) else {
                let wanted = "STOP".to_owned();
                return Err(Fault::Cut { wanted, left: 0 });
            };
            self.cursor.at += 1;
            if code == op::STOP {
                let root = self.pop("STOP")?;
                // The outermost pickle has the values of all.
                if self.nesting == 0 {
                    self.judge_values(root)?;
                }
                return Ok(root);
            }
            self.step(code)?;
        }
    }

    pub(super) fn step(&mut self, code: u8) -> Step<()> {
        match code {
            op::PROTO => self.proto(),
            op::FRAME => self.frame(),
            op::MARK => {
                self.charge(MARK_BYTES)?;
                self.marks.push(self.stack.len());
                Ok(())
            }
            op::POP => self.pop_or_unmark(),
            op::POP_MARK => self.take_marked("POP_MARK").map(drop),
            op::DUP => {
                let top = self.peek("DUP")?;
                self.push(top)
            }
            op::NONE => self.push(NONE),
            op::NEWTRUE => self.push(TRUE),
            op::NEWFALSE => self.push(FALSE),
            op::INT
            | op::LONG
            | op::BININT
            | op::BININT1
            | op::BININT2
            | op::LONG1
            | op::LONG4
            | op::FLOAT
            | op::BINFLOAT => self.number(code),
            op::STRING | op::UNICODE => self.text_line(code),
            op::BINSTRING
            | op::SHORT_BINSTRING
            | op::BINUNICODE
            | op::SHORT_BINUNICODE
            | op::BINUNICODE8
            | op::BINBYTES
            | op::SHORT_BINBYTES
            | op::BINBYTES8
            | op::BYTEARRAY8 => self.counted(code),
            op::EMPTY_LIST => self.make(Node::List(Vec::new())),
            op::EMPTY_DICT => self.make(Node::Dict(Vec::new())),
            op::EMPTY_SET => self.make(Node::Set(Vec::new())),
            op::EMPTY_TUPLE => self.push(EMPTY_TUPLE),
            op::LIST
            | op::DICT
            | op::TUPLE
            | op::FROZENSET
            | op::TUPLE1
            | op::TUPLE2
            | op::TUPLE3 => self.collect(code),
            op::APPEND | op::APPENDS | op::ADDITEMS | op::SETITEM | op::SETITEMS => self.fill(code),
            op::GET | op::BINGET | op::LONG_BINGET => self.get(code),
            op::PUT | op::BINPUT | op::LONG_BINPUT | op::MEMOIZE => self.put(code),
            op::GLOBAL | op::STACK_GLOBAL => self.global(code),
            op::REDUCE | op::NEWOBJ | op::NEWOBJ_EX | op::INST | op::OBJ => self.call(code),
            op::BUILD => self.build(),
            op::PERSID | op::BINPERSID => self.persistent(code),
            op::EXT1 | op::EXT2 | op::EXT4 => Err(Fault::Other(Box::new(
                Error::new(
                    ErrorKind::Unsupported,
                    "the pickle uses extension codes, whose meaning only the program that wrote it \
                     knows",
                )
                .cure("save it again without copyreg.add_extension"),
            ))),
            op::NEXT_BUFFER | op::READONLY_BUFFER => Err(Fault::Other(Box::new(
                Error::new(
                    ErrorKind::Unsupported,
                    "the pickle keeps its data in buffers outside the file",
                )
                .cure("save it again without buffer_callback"),
            ))),
            _ => wrong(format!("there is no pickle opcode {code:#04x}")),
        }
    }

    // ---- stack and arena ----

    pub(super) fn over<T>(&self, why: String) -> Step<T> {
        Err(Fault::Other(Box::new(Error::new(ErrorKind::Limit, why))))
    }

    pub(super) fn charge(&mut self, bytes: usize) -> Step<()> {
        match self.memory_left.checked_sub(bytes as u64) {
            Some(left) => {
                self.memory_left = left;
                Ok(())
            }
            None => self.over(format!(
                "the pickle's objects take more than {} bytes of memory",
                self.limits.header_bytes.saturating_mul(MEMORY_PER_HEADER_BYTE)
            )),
        }
    }

    pub(super) fn add(&mut self, node: Node) -> Step<Id> {
        self.charge(size_of::<Node>())?;
        let Ok(index) = u32::try_from(self.nodes.len()) else {
            return self.over("the pickle holds more than 2^32 objects".to_owned());
        };
        self.nodes.push(node);
        Ok(Id(index))
    }

    pub(super) fn push(&mut self, id: Id) -> Step<()> {
        self.charge(size_of::<Id>())?;
        self.stack.push(id);
        Ok(())
    }

    pub(super) fn make(&mut self, node: Node) -> Step<()> {
        let id = self.add(node)?;
        self.push(id)
    }

    /// Height below which nothing may be popped: the last MARK.
    pub(super) fn floor(&self) -> usize {
        self.marks.last().copied().unwrap_or(0)
    }

    pub(super) fn peek(&self, who: &str) -> Step<Id> {
        match self.stack.last() {
            Some(&id) if self.stack.len() > self.floor() => Ok(id),
            _ => wrong(format!("{who} finds nothing on the stack")),
        }
    }

    pub(super) fn pop(&mut self, who: &str) -> Step<Id> {
        let id = self.peek(who)?;
        self.stack.pop();
        self.memory_left += size_of::<Id>() as u64;
        Ok(id)
    }

    pub(super) fn pop_or_unmark(&mut self) -> Step<()> {
        if self.marks.last() == Some(&self.stack.len()) {
            self.marks.pop();
            self.memory_left += MARK_BYTES as u64;
            return Ok(());
        }
        self.pop("POP").map(drop)
    }

    /// Takes everything above the last MARK, and the mark.
    pub(super) fn take_marked(&mut self, who: &str) -> Step<Vec<Id>> {
        let Some(height) = self.marks.pop() else {
            return wrong(format!("{who} finds no MARK on the stack"));
        };
        let items = self.stack.split_off(height);
        self.memory_left += (MARK_BYTES + items.len() * size_of::<Id>()) as u64;
        Ok(items)
    }

    // ---- opcodes ----

    pub(super) fn proto(&mut self) -> Step<()> {
        let [version] = self.cursor.array()?;
        if version > 5 {
            return Err(Fault::Other(Box::new(Error::new(
                ErrorKind::Unsupported,
                format!("pickle protocol {version}; protocols 0 to 5 are known"),
            ))));
        }
        self.protocol = version;
        Ok(())
    }

    pub(super) fn frame(&mut self) -> Step<()> {
        let len = u64::from_le_bytes(self.cursor.array()?);
        let left = self.cursor.bytes.len() - self.cursor.at;
        if len > left as u64 {
            return Err(Fault::from(Cut { wanted: len, left }));
        }
        Ok(())
    }

    pub(super) fn line(&mut self) -> Step<(usize, &'a [u8])> {
        let left = self.cursor.bytes.len() - self.cursor.at;
        match self.cursor.line() {
            Some(line) => Ok(line),
            None => Err(Fault::Cut { wanted: "a line's end".to_owned(), left }),
        }
    }
}
