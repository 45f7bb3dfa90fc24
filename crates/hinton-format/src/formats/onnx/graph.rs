//! `ModelProto`, `GraphProto` and `NodeProto`: where tensors are, and what each is called.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use hinton_tensor::{Dtype, Endian, Tensor, View};

use super::dense::dense;
use super::nbits::{self, Parts, Sizes};
use super::tensor::{Proto, pair};
use crate::container::protobuf::{Encoding, Field, Message, Numbers, Wire};
use crate::formats::affine::{Affine, Steps, dequantised};
use crate::formats::beside::Beside;
use crate::formats::notes::{Skipped, check_path, distinct};
use crate::{Checkpoint, Error, ErrorKind, Input, Limits, Warning};

/// Reads a model.
pub(super) struct Reader<'a> {
    wire: Wire,
    input: &'a Input,
    limits: &'a Limits,
    file: Arc<str>,
    beside: Beside<'a>,
    tensors: Vec<Tensor>,
    skipped: Skipped,
    metadata: Vec<(String, String)>,
    operators: BTreeMap<String, u64>,
    /// Bytes of names that were made, of names in names.
    name_bytes: u64,
    /// Bytes of dense tensors that sparse ones may still become.
    dense_left: u64,
}

/// A node, without its attributes' contents.
#[derive(Default)]
struct Node {
    inputs: Vec<String>,
    output: String,
    name: String,
    operator: String,
    domain: String,
    attributes: Vec<Field>,
}

/// An attribute of a node: the fields of it that may hold weights.
struct Attribute {
    name: String,
    integer: Option<u64>,
    float: Option<Field>,
    floats: Numbers,
    integers: Numbers,
    tensor: Option<Field>,
    tensors: Vec<Field>,
    graph: Option<Field>,
    graphs: Vec<Field>,
    sparse: Option<Field>,
    text: bool,
}

/// A graph or a function: the tensors of its own, and the nodes that dequantise some of them.
#[derive(Default)]
struct Scope {
    prefix: String,
    own: BTreeMap<String, usize>,
    dequantise: Vec<Dequantise>,
    /// Nodes that take codes in blocks, see [`nbits`].
    blocks: Vec<Blocks>,
}

/// A `MatMulNBits` or `GatherBlockQuantized` node.
struct Blocks {
    inputs: Vec<String>,
    is_matrix: bool,
    sizes: Sizes,
}

/// A `DequantizeLinear` node.
struct Dequantise {
    inputs: Vec<String>,
    output: String,
    axis: i64,
    block: u64,
}

impl<'a> Reader<'a> {
    pub(super) fn new(input: &'a Input, limits: &'a Limits) -> Self {
        Reader {
            wire: Wire::new(input.data.clone(), limits),
            input,
            limits,
            file: input.name.as_str().into(),
            beside: Beside::new(input),
            tensors: Vec::new(),
            skipped: Skipped::default(),
            metadata: Vec::new(),
            operators: BTreeMap::new(),
            name_bytes: 0,
            dense_left: limits.held_bytes / 2,
        }
    }

    /// What was read.
    pub(super) fn finish(mut self, format: &'static str) -> Checkpoint {
        let mut counts: Vec<(String, u64)> = self.operators.into_iter().collect();
        counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        if !counts.is_empty() {
            let list: Vec<String> =
                counts.iter().map(|(name, count)| format!("{name} {count}")).collect();
            self.metadata.push(("operators".to_owned(), list.join(", ")));
        }
        let mut warnings: Vec<Warning> = self.skipped.warnings();
        distinct(&mut self.tensors, &mut warnings);
        let mut files = vec![self.input.name.clone()];
        files.extend(self.beside.files());
        Checkpoint {
            path: self.input.name.clone(),
            format,
            metadata: self.metadata,
            tensors: self.tensors,
            files,
            warnings,
        }
    }

    /// `ModelProto`.
    pub(super) fn model(&mut self) -> Result<(), Error> {
        let mut graphs = 0;
        let mut trainings = 0;
        for field in Wire::new(self.input.data.clone(), self.limits).fields(self.wire.root()) {
            let field = field?;
            match field.number {
                1 => self.note("ir_version", field.integer()?.to_string()),
                2 => self.note_text("producer", &field)?,
                3 => self.note_text("producer_version", &field)?,
                4 => self.note_text("domain", &field)?,
                5 => self.note("model_version", field.integer()?.to_string()),
                6 => self.note_text("doc", &field)?,
                7 => {
                    graphs += 1;
                    let graph = self.wire.enter(&field)?;
                    self.graph(graph, "")?;
                }
                8 => self.opset(&field)?,
                14 => {
                    let entry = pair(&self.wire, self.wire.enter(&field)?)?;
                    self.metadata.push(entry);
                }
                20 => {
                    let training = self.wire.enter(&field)?;
                    self.training(training, trainings)?;
                    trainings += 1;
                }
                25 => {
                    let function = self.wire.enter(&field)?;
                    self.function(function)?;
                }
                _ => {}
            }
        }
        if graphs == 0 {
            let error = Error::malformed("it holds no graph");
            return Err(error.cure("the file is cut or no ONNX: get it again"));
        }
        Ok(())
    }

    fn note(&mut self, key: &str, value: String) {
        self.metadata.push((key.to_owned(), value));
    }

    fn note_text(&mut self, key: &str, field: &Field) -> Result<(), Error> {
        let text = self.wire.text(field)?;
        if !text.is_empty() {
            self.note(key, text);
        }
        Ok(())
    }

    fn opset(&mut self, field: &Field) -> Result<(), Error> {
        let (mut domain, mut version) = (String::new(), 0);
        for field in self.wire.fields(self.wire.enter(field)?) {
            let field = field?;
            match field.number {
                1 => domain = self.wire.text(&field)?,
                2 => version = field.integer()?,
                _ => {}
            }
        }
        let domain = if domain.is_empty() { "ai.onnx" } else { &domain };
        self.note("opset", format!("{domain} {version}"));
        Ok(())
    }

    /// `TrainingInfoProto`.
    fn training(&mut self, message: Message, index: usize) -> Result<(), Error> {
        for (number, name) in [(1, "initialization"), (2, "algorithm")] {
            for field in self.fields(message, number)? {
                let graph = self.wire.enter(&field)?;
                self.graph(graph, &format!("training_info.{index}/{name}/"))?;
            }
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

    /// `FunctionProto`: nodes with constants of their own.
    fn function(&mut self, message: Message) -> Result<(), Error> {
        let mut name = String::new();
        for field in self.fields(message, 1)? {
            name = self.wire.text(&field)?;
        }
        let mut scope = Scope { prefix: format!("{name}/"), ..Scope::default() };
        for field in self.fields(message, 7)? {
            self.node(&field, &mut scope)?;
        }
        self.dequantise(&scope)?;
        self.blocks(&scope);
        Ok(())
    }

    /// `GraphProto`.
    fn graph(&mut self, message: Message, prefix: &str) -> Result<(), Error> {
        check_path(prefix)?;
        let mut scope = Scope { prefix: prefix.to_owned(), ..Scope::default() };
        let mut fields = Vec::new();
        for field in self.wire.fields(message) {
            let field = field?;
            if matches!(field.number, 1 | 2 | 5 | 15) {
                fields.push(field);
            }
        }
        for field in fields {
            match field.number {
                1 => self.node(&field, &mut scope)?,
                2 if prefix.is_empty() => self.note_text("graph", &field)?,
                5 => {
                    let proto = Proto::read(&self.wire, self.wire.enter(&field)?, self.limits)?;
                    let name = proto.name.clone();
                    self.keep(&proto, &name, &mut scope)?;
                }
                15 => self.sparse(&field, None, &mut scope)?,
                _ => {}
            }
        }
        self.dequantise(&scope)?;
        self.blocks(&scope);
        Ok(())
    }

    /// Keeps a tensor, or the reason why it is skipped.
    fn keep(&mut self, proto: &Proto, name: &str, scope: &mut Scope) -> Result<(), Error> {
        let full = format!("{}{name}", scope.prefix);
        let tensor = proto.tensor(&self.wire, &full, &self.file, &mut self.beside, self.limits)?;
        match tensor {
            Ok(tensor) => self.push(tensor, name, scope),
            Err(why) => {
                self.skipped.add(full, why);
                Ok(())
            }
        }
    }

    fn push(&mut self, tensor: Tensor, name: &str, scope: &mut Scope) -> Result<(), Error> {
        if self.tensors.len() == self.limits.tensors {
            let message = format!("it has more tensors than {}", self.limits.tensors);
            return Err(Error::new(ErrorKind::Limit, message));
        }
        self.name_bytes += tensor.name().len() as u64;
        if self.name_bytes > self.limits.header_bytes {
            let limit = self.limits.header_bytes;
            let message =
                format!("the names of its tensors are more than {limit} bytes, the limit");
            return Err(Error::new(ErrorKind::Limit, message));
        }
        scope.own.insert(name.to_owned(), self.tensors.len());
        self.tensors.push(tensor);
        Ok(())
    }

    /// `SparseTensorProto`, under the name of its values or that given.
    fn sparse(
        &mut self,
        field: &Field,
        name: Option<&str>,
        scope: &mut Scope,
    ) -> Result<(), Error> {
        let (mut values, mut places, mut dims) = (None, None, Vec::new());
        for field in self.wire.fields(self.wire.enter(field)?) {
            let field = field?;
            match field.number {
                1 => values = Some(field),
                2 => places = Some(field),
                3 => self.wire.integers(&field, &mut dims, self.limits.axes)?,
                _ => {}
            }
        }
        let (Some(values), Some(places)) = (values, places) else {
            let error = Error::malformed("a sparse tensor without values or indices");
            return Err(error.at_byte(field.at));
        };
        let mut tensor = |field: &Field| {
            let proto = Proto::read(&self.wire, self.wire.enter(field)?, self.limits)?;
            let name = name.map_or(proto.name.clone(), str::to_owned);
            let full = format!("{}{name}", scope.prefix);
            let part =
                proto.tensor(&self.wire, &full, &self.file, &mut self.beside, self.limits)?;
            Ok::<_, Error>((name, full, part))
        };
        let (name, full, values) = tensor(&values)?;
        let (_, _, places) = tensor(&places)?;
        let (values, places) = match (values, places) {
            (Ok(values), Ok(places)) => (values, places),
            (Err(why), _) | (_, Err(why)) => {
                self.skipped.add(full, why);
                return Ok(());
            }
        };
        let stored = values.elements();
        let filled = dense(&full, &dims, &values, &places, self.dense_left);
        match filled.map_err(|error| error.for_tensor(&*full).at_byte(field.at))? {
            Ok(tensor) => {
                self.dense_left = self.dense_left.saturating_sub(tensor.byte_len());
                let all = tensor.elements();
                let why = format!(
                    "it is sparse: {stored} of {all} values are stored, the others shown as zeros"
                );
                self.skipped.add(full, why);
                self.push(tensor, &name, scope)
            }
            Err(why) => {
                self.skipped.add(full, why);
                Ok(())
            }
        }
    }

    /// `NodeProto`: the tensors among its attributes, and in the graphs among them.
    fn node(&mut self, field: &Field, scope: &mut Scope) -> Result<(), Error> {
        let node = self.read_node(field)?;
        *self.operators.entry(node.operator.clone()).or_default() += 1;
        let constant = node.operator == "Constant" && node.domain.is_empty();
        let label = match (node.name.as_str(), node.output.as_str()) {
            ("", "") => node.operator.clone(),
            ("", output) => output.to_owned(),
            (name, _) => name.to_owned(),
        };
        let (mut axis, mut block) = (1, 0);
        let mut sizes = Sizes::default();
        for field in &node.attributes {
            let attribute = self.attribute(self.wire.enter(field)?)?;
            match (attribute.name.as_str(), attribute.integer) {
                ("axis", Some(value)) => axis = value as i64,
                ("block_size", Some(value)) => {
                    block = value;
                    sizes.block = Some(value);
                }
                ("K", value @ Some(_)) => sizes.columns = value,
                ("N", value @ Some(_)) => sizes.rows = value,
                ("bits", value @ Some(_)) => sizes.bits = value,
                ("quantize_axis", Some(value)) => sizes.quantise_axis = Some(value as i64),
                _ => {}
            }
            let name = match constant {
                true if !node.output.is_empty() => node.output.clone(),
                _ => format!("{label}.{}", attribute.name),
            };
            self.tensors_of(&attribute, &name, scope)?;
            if constant || node.domain == "ai.onnx.ml" {
                self.numbers_of(&attribute, &name, constant, scope)?;
            }
            let below = format!("{}{label}/{}", scope.prefix, attribute.name);
            if let Some(graph) = &attribute.graph {
                let graph = self.wire.enter(graph)?;
                self.graph(graph, &format!("{below}/"))?;
            }
            for (index, graph) in attribute.graphs.iter().enumerate() {
                let graph = self.wire.enter(graph)?;
                self.graph(graph, &format!("{below}.{index}/"))?;
            }
        }
        let is_matrix = node.operator == "MatMulNBits";
        if is_matrix || node.operator == "GatherBlockQuantized" {
            scope.blocks.push(Blocks { inputs: node.inputs, is_matrix, sizes });
            return Ok(());
        }
        if node.operator == "DequantizeLinear" && !node.output.is_empty() {
            let Node { inputs, output, .. } = node;
            scope.dequantise.push(Dequantise { inputs, output, axis, block });
        }
        Ok(())
    }

    fn read_node(&self, field: &Field) -> Result<Node, Error> {
        let mut node = Node::default();
        for field in self.wire.fields(self.wire.enter(field)?) {
            let field = field?;
            match field.number {
                1 => node.inputs.push(self.wire.text(&field)?),
                2 if node.output.is_empty() => node.output = self.wire.text(&field)?,
                3 => node.name = self.wire.text(&field)?,
                4 => node.operator = self.wire.text(&field)?,
                5 => node.attributes.push(field),
                7 => node.domain = self.wire.text(&field)?,
                _ => {}
            }
        }
        Ok(node)
    }

    fn attribute(&self, message: Message) -> Result<Attribute, Error> {
        let mut attribute = Attribute {
            name: String::new(),
            integer: None,
            float: None,
            floats: Numbers::new(message, 7, Encoding::Fixed(4)),
            integers: Numbers::new(message, 8, Encoding::Varint),
            tensor: None,
            tensors: Vec::new(),
            graph: None,
            graphs: Vec::new(),
            sparse: None,
            text: false,
        };
        for field in self.wire.fields(message) {
            let field = field?;
            match field.number {
                1 => attribute.name = self.wire.text(&field)?,
                2 => attribute.float = Some(field),
                3 => attribute.integer = Some(field.integer()?),
                4 | 9 => attribute.text = true,
                5 => attribute.tensor = Some(field),
                6 => attribute.graph = Some(field),
                7 => attribute.floats.add(&field)?,
                8 => attribute.integers.add(&field)?,
                10 => attribute.tensors.push(field),
                11 => attribute.graphs.push(field),
                22 => attribute.sparse = Some(field),
                _ => {}
            }
        }
        Ok(attribute)
    }

    fn tensors_of(
        &mut self,
        attribute: &Attribute,
        name: &str,
        scope: &mut Scope,
    ) -> Result<(), Error> {
        if let Some(field) = &attribute.tensor {
            let proto = Proto::read(&self.wire, self.wire.enter(field)?, self.limits)?;
            self.keep(&proto, name, scope)?;
        }
        for (index, field) in attribute.tensors.iter().enumerate() {
            let proto = Proto::read(&self.wire, self.wire.enter(field)?, self.limits)?;
            self.keep(&proto, &format!("{name}.{index}"), scope)?;
        }
        match &attribute.sparse {
            Some(field) => self.sparse(field, Some(name), scope),
            None => Ok(()),
        }
    }

    /// Numbers that stand in an attribute itself: a constant's value, or the weights of a classic
    /// model (`ai.onnx.ml`), which has them in lists.
    fn numbers_of(
        &mut self,
        attribute: &Attribute,
        name: &str,
        constant: bool,
        scope: &mut Scope,
    ) -> Result<(), Error> {
        let full = format!("{}{name}", scope.prefix);
        if let Some(count) = attribute.floats.count().filter(|count| *count > 0) {
            let (data, start) = attribute.floats.values(&self.wire, count, 4, self.limits)?;
            let (file, view) = (self.file.clone(), View::packed(&[count as usize]));
            let little = Endian::Little;
            let tensor = Tensor::new(full, file, Dtype::F32, little, view, start, data)?;
            return self.push(tensor, name, scope);
        }
        if !constant {
            return Ok(());
        }
        let memory = |dtype, shape: &[usize], bytes: Vec<u8>| {
            let data = Arc::new(hinton_tensor::Memory::new(bytes));
            let (file, view) = (self.file.clone(), View::packed(shape));
            Tensor::new(full.clone(), file, dtype, Endian::Little, view, 0, data)
        };
        let tensor = if let Some(field) = &attribute.float {
            memory(Dtype::F32, &[], field.float()?.to_le_bytes().to_vec())?
        } else if let Some(integer) = attribute.integer {
            memory(Dtype::I64, &[], integer.to_le_bytes().to_vec())?
        } else if !attribute.integers.is_empty() {
            let list = self.integers(attribute)?;
            let bytes = list.iter().flat_map(|value| value.to_le_bytes()).collect();
            memory(Dtype::I64, &[list.len()], bytes)?
        } else {
            if attribute.text {
                self.skipped.add(full, "skipped: it holds text");
            }
            return Ok(());
        };
        self.push(tensor, name, scope)
    }

    fn integers(&self, attribute: &Attribute) -> Result<Vec<u64>, Error> {
        /// A constant list in a node is short; longer ones are tensors.
        const MOST: usize = 1 << 20;
        let mut list = Vec::new();
        for field in self.fields(attribute.integers.message(), 8)? {
            self.wire.integers(&field, &mut list, MOST)?;
        }
        Ok(list)
    }

    /// Weights that operators take as codes in blocks, each once.
    fn blocks(&mut self, scope: &Scope) {
        let mut done = BTreeSet::new();
        for node in &scope.blocks {
            let name = |at: usize| node.inputs.get(at).filter(|name| !name.is_empty());
            let input = |at: usize| {
                let index = scope.own.get(name(at)?)?;
                self.tensors.get(*index)
            };
            // What comes behind the codes: scales, zero points, for a matrix an order of columns.
            let (codes, scales, zeros, order) = match node.is_matrix {
                true => (1, 2, 3, name(4)),
                false => (0, 2, 3, None),
            };
            let (Some(codes), Some(scales)) = (input(codes), input(scales)) else { continue };
            if !done.insert(codes.name().to_owned()) {
                continue;
            }
            let full = format!("{} (dequantised)", codes.name());
            if order.is_some() || name(zeros).is_some() && input(zeros).is_none() {
                self.skipped.add(full, "skipped: its zero points or its order are not in the file");
                continue;
            }
            let parts = Parts { codes, scales, zeros: input(zeros) };
            let made = match node.is_matrix {
                true => nbits::matrix(&parts, node.sizes, &full),
                false => nbits::table(&parts, node.sizes, &full, self.limits),
            };
            match made {
                Ok(tensor) => self.tensors.push(tensor),
                Err(error) => self.skipped.add(full, format!("skipped: {}", error.message())),
            }
        }
    }

    /// Weights that the graph stores quantised and dequantises itself, by scale and zero point.
    fn dequantise(&mut self, scope: &Scope) -> Result<(), Error> {
        for node in &scope.dequantise {
            let input = |at: usize| node.inputs.get(at).and_then(|name| scope.own.get(name));
            let (Some(&stored), Some(&scales)) = (input(0), input(1)) else { continue };
            let (stored, scales) = (&self.tensors[stored], &self.tensors[scales]);
            let zeros = match (input(2), node.inputs.get(2)) {
                (Some(&zeros), _) => Some(self.tensors[zeros].clone()),
                (None, Some(name)) if !name.is_empty() => continue,
                _ => None,
            };
            let shape = stored.shape();
            let axis = usize::try_from(match node.axis {
                axis if axis < 0 => axis.saturating_add(shape.len() as i64),
                axis => axis,
            });
            let steps = match (axis, node.block) {
                _ if scales.elements() == 1 => Some(Steps::Whole),
                (Ok(axis), 0) => Steps::of_axis(shape, axis),
                (Ok(axis), block) => Steps::of_blocks(shape, axis, block),
                (Err(_), _) => None,
            };
            let full = format!("{}{}", scope.prefix, node.output);
            let affine = steps.map(|steps| Affine { scales: scales.clone(), zeros, steps });
            match affine.map(|affine| dequantised(stored, &affine, &full)) {
                Some(Ok(tensor)) => self.tensors.push(tensor),
                Some(Err(error)) => self.skipped.add(full, format!("skipped: {}", error.message())),
                None => self.skipped.add(full, "skipped: its scales do not fit its shape"),
            }
        }
        Ok(())
    }
}
