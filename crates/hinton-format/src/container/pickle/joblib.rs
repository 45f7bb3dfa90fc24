//! Arrays of joblib: behind the opcodes that build a `NumpyArrayWrapper` come its bytes, raw, and
//! then the pickle goes on (joblib/numpy_pickle.py).

use super::machine::{Fault, Machine, Step, wrong};
use super::{Blob, Id, Node};
use crate::{Error, ErrorKind};

/// Deepest nesting of pickles, which arrays of objects are.
const DEEPEST: usize = 16;

impl Machine<'_> {
    /// Takes what follows the opcode BUILD, where that built an array of joblib: its bytes, or the
    /// pickle that an array of objects is. The object gets it as its only item.
    pub(super) fn joblib_array(&mut self, target: Id) -> Step<()> {
        let Node::Object(object) = &self.nodes[target.index()] else { return Ok(()) };
        let Node::Global(index) = &self.nodes[object.callable.index()] else { return Ok(()) };
        let global = &self.globals[*index as usize];
        if !super::is_joblib_array(&global.module, &global.name) || !object.items.is_empty() {
            return Ok(());
        }
        if global.name != "NumpyArrayWrapper" {
            let message = "a file of joblib before 0.10, whose arrays are in files next to it";
            return Err(Fault::Other(Box::new(
                Error::new(ErrorKind::Unsupported, message)
                    .cure("save the arrays again with numpy.savez or a newer joblib"),
            )));
        }
        let Some(&state) = object.state.last() else { return Ok(()) };
        let found = |wanted: &str| {
            let Node::Dict(pairs) = &self.nodes[state.index()] else { return None };
            let is_it = |key: Id| self.name_bytes(key).is_some_and(|key| key == wanted.as_bytes());
            pairs.iter().take(64).find(|(key, _)| is_it(*key)).map(|(_, value)| *value)
        };
        let (Some(shape), Some(dtype)) = (found("shape"), found("dtype")) else {
            return wrong("an array of joblib without a shape or a dtype");
        };
        let is_aligned = found("numpy_array_alignment_bytes")
            .is_some_and(|id| matches!(self.nodes[id.index()], Node::Int(_)));
        let item = match self.item_bytes(dtype) {
            None => return wrong("an array of joblib whose dtype has no size"),
            Some(None) => self.nested()?,
            Some(Some(size)) => {
                let Some(len) = self.elements(shape).and_then(|count| count.checked_mul(size))
                else {
                    return wrong("an array of joblib whose shape is more than can be counted");
                };
                if is_aligned {
                    let [padding] = self.cursor.array()?;
                    self.cursor.skip(u64::from(padding))?;
                }
                let start = self.cursor.skip(len)?;
                self.add(Node::Bytes(Blob::Span { start, len: self.cursor.at - start }))?
            }
        };
        self.charge(size_of::<Id>())?;
        if let Node::Object(object) = &mut self.nodes[target.index()] {
            object.items.push(item);
        }
        Ok(())
    }

    /// Values of an array of that shape.
    fn elements(&self, shape: Id) -> Option<u64> {
        let Node::Tuple(axes) = &self.nodes[shape.index()] else { return None };
        axes.iter().try_fold(1u64, |count, axis| match &self.nodes[axis.index()] {
            Node::Int(length) => count.checked_mul(u64::try_from(*length).ok()?),
            _ => None,
        })
    }

    /// Bytes of a value of a dtype of numpy; `Some(None)` for Python objects.
    fn item_bytes(&self, dtype: Id) -> Option<Option<u64>> {
        let Node::Object(object) = &self.nodes[dtype.index()] else { return None };
        let Node::Tuple(args) = &self.nodes[object.args.index()] else { return None };
        let code = self.name_bytes(*args.first()?)?;
        let code = std::str::from_utf8(&code).ok()?.trim_start_matches(['|', '<', '>', '=']);
        let kind = *code.as_bytes().first()?;
        let size: u64 = match code.get(1..)? {
            "" if kind == b'?' => 1,
            digits => digits.parse().ok()?,
        };
        match kind {
            b'O' => Some(None),
            // Characters of four bytes.
            b'U' => Some(Some(size.checked_mul(4)?)),
            b'M' | b'm' => Some(Some(8)),
            _ => Some(Some(size)),
        }
    }

    /// The pickle that starts here, with a stack and a memo of its own.
    fn nested(&mut self) -> Step<Id> {
        if self.nesting >= DEEPEST {
            return self.over(format!("pickles nest deeper than {DEEPEST}"));
        }
        self.nesting += 1;
        let stack = std::mem::take(&mut self.stack);
        let marks = std::mem::take(&mut self.marks);
        let memo = std::mem::take(&mut self.memo);
        let root = self.run()?;
        (self.stack, self.marks, self.memo) = (stack, marks, memo);
        self.nesting -= 1;
        Ok(root)
    }
}
