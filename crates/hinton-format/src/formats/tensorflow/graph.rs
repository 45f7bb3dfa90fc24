//! `GraphDef` and `SavedModel`: the constants of a graph, and the variables beside it.

use std::sync::Arc;

use hinton_tensor::Tensor;

use super::proto::Proto;
use super::{CHECKPOINT, GRAPH};
use crate::container::protobuf::{Field, Message, Sketch, Wire, sketch};
use crate::formats::notes::{Skipped, distinct};
use crate::{Checkpoint, Error, ErrorKind, Input, Limits, Warning};

/// Fields of `SavedModel`: a version, then graphs that begin with what describes them.
pub(super) fn is_saved_model(fields: &[Sketch<'_>]) -> bool {
    let (Some(version), Some(graph)) = (fields.first(), fields.get(1)) else { return false };
    let right = |field: &Sketch<'_>| matches!((field.number, field.kind), (1, 0) | (2, 2));
    let meta = sketch(graph.content, None).unwrap_or_default();
    let known = |field: &Sketch<'_>| matches!((field.number, field.kind), (1..=7, 2));
    fields.iter().all(right)
        && (version.number, version.integer) == (1, 1)
        && !meta.is_empty()
        && meta.iter().all(known)
        && meta[0].number == 1
        && sketch(meta[0].content, None).is_some_and(|info| {
            info.iter().all(|field| matches!((field.number, field.kind), (1..=6 | 8, 2) | (7, 0)))
        })
}

/// Fields of `GraphDef`: nodes, each of which begins with its name and its operator.
pub(super) fn is_graph(fields: &[Sketch<'_>]) -> bool {
    let right =
        |field: &Sketch<'_>| matches!((field.number, field.kind), (1 | 2 | 4 | 5, 2) | (3, 0));
    let Some(first) = fields.first().filter(|_| fields.iter().all(right)) else { return false };
    let node = sketch(first.content, Some(first.integer)).unwrap_or_default();
    let text = |at: usize| {
        node.get(at).is_some_and(|field| {
            (field.number, field.kind) == (at as u64 + 1, 2)
                && !field.content.is_empty()
                && field.is_text()
        })
    };
    first.number == 1 && text(0) && text(1)
}

/// Reads the constants of graphs.
struct Reader<'a> {
    wire: Wire,
    limits: &'a Limits,
    file: Arc<str>,
    /// Constants of fewer values, and then those of text, are counted and not listed.
    least: u64,
    tensors: Vec<Tensor>,
    skipped: Skipped,
    metadata: Vec<(String, String)>,
    nodes: u64,
    small: u64,
    /// Variables, whose values lie elsewhere.
    variables: u64,
}

/// Operators that stand for a variable: of TensorFlow 2 and of 1.
const VARIABLES: [&str; 3] = ["VarHandleOp", "VariableV2", "Variable"];

pub(super) fn open(input: &Input, limits: &Limits) -> Result<Checkpoint, Error> {
    let mut reader = Reader {
        wire: Wire::new(input.data.clone(), limits),
        limits,
        file: input.name.as_str().into(),
        least: 0,
        tensors: Vec::new(),
        skipped: Skipped::default(),
        metadata: Vec::new(),
        nodes: 0,
        small: 0,
        variables: 0,
    };
    let first = reader.wire.fields(reader.wire.root()).next().transpose()?;
    let saved = first.is_some_and(|field| field.number == 1 && field.integer().is_ok());
    let (mut tensors, mut files, mut warnings) = (Vec::new(), vec![input.name.clone()], Vec::new());
    let mut has_variables = false;
    if saved {
        reader.least = 2;
        reader.saved_model()?;
        if let Some(variables) = variables(input, limits)? {
            has_variables = true;
            tensors = variables.tensors;
            reader.metadata.extend(variables.metadata);
            files.extend(variables.files);
            warnings = variables.warnings;
        }
    } else {
        reader.graph(reader.wire.root(), "")?;
    }
    if reader.nodes == 0 {
        let error = Error::malformed("it holds no node of a graph");
        return Err(error.cure("the file is cut or no graph of TensorFlow: get it again"));
    }
    reader.metadata.push(("nodes".to_owned(), reader.nodes.to_string()));
    if reader.variables > 0 && !has_variables {
        warnings.push(Warning::file(match saved {
            true => "the values of its variables are in the folder \"variables\", which is not beside it: open the whole folder",
            false => "the values of its variables are in a checkpoint: open its .index file",
        }));
    }
    if reader.small > 0 {
        let message = "constants of one value or of text are not listed";
        warnings.push(Warning::file(format!("{} {message}", reader.small)));
    }
    tensors.append(&mut reader.tensors);
    warnings.extend(reader.skipped.warnings());
    distinct(&mut tensors, &mut warnings);
    Ok(Checkpoint {
        path: input.name.clone(),
        format: GRAPH.name,
        metadata: reader.metadata,
        tensors,
        files,
        warnings,
    })
}

/// The variables beside a SavedModel.
fn variables(input: &Input, limits: &Limits) -> Result<Option<Checkpoint>, Error> {
    let Some(path) = &input.path else { return Ok(None) };
    let index = path.beside("variables/variables.index");
    if index.is_missing() {
        return Ok(None);
    }
    index.check_beside(path)?;
    let input = Input::at(&index)?;
    (CHECKPOINT.open)(&input, limits).map(Some).map_err(|error| error.in_file(&input.name))
}

impl Reader<'_> {
    fn saved_model(&mut self) -> Result<(), Error> {
        for field in self.fields(self.wire.root(), 2)? {
            let meta = self.wire.enter(&field)?;
            for field in self.fields(meta, 1)? {
                self.about(&field)?;
            }
            for field in self.fields(meta, 2)? {
                let graph = self.wire.enter(&field)?;
                self.graph(graph, "")?;
            }
        }
        Ok(())
    }

    /// `MetaInfoDef`.
    fn about(&mut self, field: &Field) -> Result<(), Error> {
        let mut tags = Vec::new();
        for field in self.wire.fields(self.wire.enter(field)?) {
            let field = field?;
            match field.number {
                4 => tags.push(self.wire.text(&field)?),
                5 => self.metadata.push(("tensorflow".to_owned(), self.wire.text(&field)?)),
                _ => {}
            }
        }
        if !tags.is_empty() {
            self.metadata.push(("tags".to_owned(), tags.join(", ")));
        }
        Ok(())
    }

    /// The fields of that number.
    fn fields(&self, message: Message, number: u64) -> Result<Vec<Field>, Error> {
        let mut found = Vec::new();
        for field in self.wire.fields(message) {
            let field = field?;
            if field.number == number {
                found.push(field);
            }
        }
        Ok(found)
    }

    /// `GraphDef`: its nodes, and the functions of its library.
    fn graph(&mut self, message: Message, prefix: &str) -> Result<(), Error> {
        for field in self.fields(message, 1)? {
            self.node(&field, prefix)?;
        }
        for library in self.fields(message, 2)? {
            for function in self.fields(self.wire.enter(&library)?, 1)? {
                self.function(&function)?;
            }
        }
        Ok(())
    }

    /// `FunctionDef`.
    fn function(&mut self, field: &Field) -> Result<(), Error> {
        let message = self.wire.enter(field)?;
        let mut name = String::new();
        for signature in self.fields(message, 1)? {
            for field in self.fields(self.wire.enter(&signature)?, 1)? {
                name = self.wire.text(&field)?;
            }
        }
        for node in self.fields(message, 3)? {
            self.node(&node, &format!("{name}/"))?;
        }
        Ok(())
    }

    /// `NodeDef`: the value of a constant.
    fn node(&mut self, field: &Field, prefix: &str) -> Result<(), Error> {
        self.nodes += 1;
        let (mut name, mut operator, mut attributes) = (String::new(), String::new(), Vec::new());
        for field in self.wire.fields(self.wire.enter(field)?) {
            let field = field?;
            match field.number {
                1 => name = self.wire.text(&field)?,
                2 => operator = self.wire.text(&field)?,
                5 => attributes.push(field),
                _ => {}
            }
        }
        self.variables += u64::from(VARIABLES.contains(&operator.as_str()));
        if operator != "Const" {
            return Ok(());
        }
        for attribute in attributes {
            let Some(value) = self.value(&attribute)? else { continue };
            for field in self.fields(value, 8)? {
                let proto = Proto::read(&self.wire, self.wire.enter(&field)?, self.limits)?;
                self.keep(&proto, format!("{prefix}{name}"))?;
            }
        }
        Ok(())
    }

    /// The `AttrValue` of the attribute called `value`.
    fn value(&self, attribute: &Field) -> Result<Option<Message>, Error> {
        let (mut key, mut value) = (String::new(), None);
        for field in self.wire.fields(self.wire.enter(attribute)?) {
            let field = field?;
            match field.number {
                1 => key = self.wire.text(&field)?,
                2 => value = Some(self.wire.enter(&field)?),
                _ => {}
            }
        }
        Ok(value.filter(|_| key == "value"))
    }

    fn keep(&mut self, proto: &Proto, name: String) -> Result<(), Error> {
        let small = proto.elements().is_some_and(|elements| elements < self.least);
        // What a SavedModel does to save and restore itself is full of names.
        if small || (self.least > 0 && proto.is_text()) {
            self.small += 1;
            return Ok(());
        }
        match proto.tensor(&self.wire, &name, &self.file, self.limits)? {
            Ok(tensor) => self.tensors.push(tensor),
            Err(why) => self.skipped.add(name, why),
        }
        if self.tensors.len() > self.limits.tensors {
            let message = format!("it has more tensors than {}", self.limits.tensors);
            return Err(Error::new(ErrorKind::Limit, message));
        }
        Ok(())
    }
}
