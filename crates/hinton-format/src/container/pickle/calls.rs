//! Opcodes that name, call and build: they are written down, never done.

use super::machine::{Fault, Machine, NAME_BYTES, Step, wrong};
use super::opcode as op;
use super::{Blob, Global, How, Id, Node, Object, globals, text};
use crate::{Error, ErrorKind};

/// The end of a pickle that would run what it names.
pub(super) fn refused<T>(shown: &str) -> Step<T> {
    Err(Fault::Other(Box::new(
        Error::new(
            ErrorKind::Refused,
            format!("the pickle calls {shown}: refused, nothing was executed"),
        )
        .cure("do not load this file in Python; get the weights as safetensors"),
    )))
}

impl Machine<'_> {
    pub(super) fn global(&mut self, code: u8) -> Step<()> {
        let id = if code == op::GLOBAL {
            let (_, module) = self.line()?;
            let (_, name) = self.line()?;
            self.named(module, name)?
        } else {
            let name = self.pop("STACK_GLOBAL")?;
            let module = self.pop("STACK_GLOBAL")?;
            let (Some(module), Some(name)) = (self.name_bytes(module), self.name_bytes(name))
            else {
                return wrong("STACK_GLOBAL wants two str");
            };
            self.named(&module, &name)?
        };
        self.push(id)
    }

    /// The bytes of a str that is to be a name.
    pub(super) fn name_bytes(&self, id: Id) -> Option<Vec<u8>> {
        match &self.nodes[id.index()] {
            Node::Str(Blob::Span { start, len }) | Node::ByteStr(Blob::Span { start, len }) => {
                // One byte past the longest name is enough to see that it is too long.
                let len = (*len).min(NAME_BYTES + 1);
                Some(self.cursor.bytes[*start..*start + len].to_vec())
            }
            Node::Str(Blob::Owned(bytes)) | Node::ByteStr(Blob::Owned(bytes)) => {
                Some(bytes[..bytes.len().min(NAME_BYTES + 1)].to_vec())
            }
            _ => None,
        }
    }

    /// The node of a class or function; refuses the dangerous ones.
    pub(super) fn named(&mut self, module: &[u8], name: &[u8]) -> Step<Id> {
        if module.len().max(name.len()) > NAME_BYTES {
            return wrong(format!("a module or class name has more than {NAME_BYTES} bytes"));
        }
        let key = (
            String::from_utf8_lossy(module).into_owned(),
            String::from_utf8_lossy(name).into_owned(),
        );
        if let Some(&id) = self.global_ids.get(&key) {
            return Ok(id);
        }
        let (module, name) = key.clone();
        if globals::is_dangerous(&module, &name) {
            return refused(&globals::shown(&module, &name));
        }
        self.charge(4 * (module.len() + name.len()) + 256)?;
        let byte = self.op_at as u64;
        let index = self.globals.len() as u32;
        self.globals.push(Global { module, name, byte, called: false });
        let id = self.add(Node::Global(index))?;
        self.global_ids.insert(key, id);
        Ok(id)
    }

    pub(super) fn call(&mut self, code: u8) -> Step<()> {
        let who = op::name(code).unwrap_or("a call");
        let mut kwargs = None;
        let (callable, args) = match code {
            op::INST => {
                let (_, module) = self.line()?;
                let (_, name) = self.line()?;
                let callable = self.named(module, name)?;
                (callable, self.marked_tuple(who)?)
            }
            op::OBJ => {
                let mut items = self.take_marked(who)?;
                if items.is_empty() {
                    return wrong("OBJ finds no class above the MARK");
                }
                let callable = items.remove(0);
                self.charge(items.len() * size_of::<Id>())?;
                (callable, self.add(Node::Tuple(items.into()))?)
            }
            _ => {
                if code == op::NEWOBJ_EX {
                    let dict = self.pop(who)?;
                    if !matches!(self.nodes[dict.index()], Node::Dict(_)) {
                        return wrong(format!("{who} wants a dict of keywords"));
                    }
                    kwargs = Some(dict);
                }
                let args = self.pop(who)?;
                (self.pop(who)?, args)
            }
        };
        if !matches!(self.nodes[args.index()], Node::Tuple(_)) {
            return wrong(format!(
                "{who} wants a tuple of arguments, not {}",
                self.nodes[args.index()].kind()
            ));
        }
        self.judge(callable, args)?;
        match &self.nodes[callable.index()] {
            Node::Global(index) => self.globals[*index as usize].called = true,
            Node::Object(_) | Node::Persid(_) => {}
            _ => return wrong(format!("{who} calls {}", self.nodes[callable.index()].kind())),
        }
        let how = if matches!(code, op::NEWOBJ | op::NEWOBJ_EX) { How::New } else { How::Call };
        self.charge(size_of::<Object>())?;
        self.make(Node::Object(Box::new(Object {
            callable,
            args,
            kwargs,
            how,
            state: Vec::new(),
            items: Vec::new(),
            pairs: Vec::new(),
        })))
    }

    pub(super) fn marked_tuple(&mut self, who: &str) -> Step<Id> {
        let items = self.take_marked(who)?;
        self.charge(items.len() * size_of::<Id>())?;
        self.add(Node::Tuple(items.into()))
    }

    pub(super) fn build(&mut self) -> Step<()> {
        let state = self.pop("BUILD")?;
        let target = self.peek("BUILD")?;
        self.charge(size_of::<Id>())?;
        match &mut self.nodes[target.index()] {
            Node::Object(object) => {
                object.state.push(state);
                self.joblib_array(target)
            }
            other => wrong(format!("BUILD cannot set the state of {}", other.kind())),
        }
    }

    pub(super) fn persistent(&mut self, code: u8) -> Step<()> {
        let id = if code == op::BINPERSID {
            self.pop("BINPERSID")?
        } else {
            let (start, line) = self.line()?;
            if !text::is_python_utf8(line) {
                return wrong("PERSID is not followed by text");
            }
            self.add(Node::Str(Blob::Span { start, len: line.len() }))?
        };
        self.make(Node::Persid(id))
    }
}
