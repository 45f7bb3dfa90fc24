//! Runs networks of ONNX files with the engine rten, which returns every intermediate value by
//! name.
//!
//! The graph is first read by hinton's own bounded reader: only chains of known operators reach the
//! engine, and only if the memory they may need is bounded ([`bound`]). If the engine panics
//! anyway, the panic is caught and reported as an error. Format:
//! <https://onnx.ai/onnx/repo-docs/IR.html>.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use hinton_format::Limits;
use hinton_format::container::protobuf::Wire;
use hinton_format::source::{Location, read_vec};
use hinton_weights::Error;
use rten::{Dimension, Model as Engine, ModelOptions, NodeId, ShapeInferenceMode, Value};
use rten_tensor::prelude::*;

use super::model::Kind;
use super::{LinearMap, Model, Stage, Values};
use bound::{MOST_VALUES, Size, Sizes};
use graph::{Node, read_graph};

mod bound;
mod graph;

/// Operators whose output is no larger than inputs and attributes say, and that make points of points.
const OPERATORS: &[&str] = &[
    "Abs",
    "Add",
    "AveragePool",
    "BatchNormalization",
    "Cast",
    "Celu",
    "Clip",
    "Constant",
    "Conv",
    "Div",
    "Dropout",
    "Elu",
    "Erf",
    "Exp",
    "Flatten",
    "Gelu",
    "Gemm",
    "GlobalAveragePool",
    "GlobalMaxPool",
    "HardSigmoid",
    "HardSwish",
    "Identity",
    "InstanceNormalization",
    "LayerNormalization",
    "LeakyRelu",
    "Log",
    "LogSoftmax",
    "MatMul",
    "Max",
    "MaxPool",
    "Min",
    "Mish",
    "Mul",
    "Neg",
    "Pow",
    "PRelu",
    "ReduceMean",
    "Relu",
    "Reshape",
    "Selu",
    "Sigmoid",
    "Softmax",
    "Softplus",
    "Softsign",
    "Sqrt",
    "Squeeze",
    "Sub",
    "Tanh",
    "ThresholdedRelu",
    "Transpose",
    "Unsqueeze",
];
/// Largest file that is run.
const MOST_BYTES: u64 = 1 << 30;
/// Most values after all steps together: of the points that go through the engine at once, and of
/// all points.
const MOST_AT_ONCE: usize = 1 << 26;
const MOST_IN_ALL: usize = 1 << 28;
/// Most points that go through together.
const BATCH: usize = 256;

/// A graph that is a chain, ready to be run.
pub(crate) struct Graph {
    engine: Engine,
    path: String,
    input: NodeId,
    /// The shape of one point, without the batch.
    shape: Vec<usize>,
    /// Points that have to go through together, where the file fixes that.
    batch: Option<usize>,
    /// Points that go through together else.
    at_once: usize,
    /// Values after all steps of one point, or of the points that have to go through together.
    together: usize,
    steps: Vec<(Node, NodeId)>,
    maps: BTreeMap<String, LinearMap>,
}

impl std::fmt::Debug for Graph {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Graph").field("steps", &self.steps.len()).finish_non_exhaustive()
    }
}

/// Opens an ONNX file as a network.
///
/// # Errors
/// Returns an error if it is no chain, has operators that are not known, is too large, or the
/// engine refuses it.
pub(crate) fn open(path: &Path) -> Result<Model, Error> {
    let name = path.display().to_string();
    let data = Location::find(path, &Limits::default())?.open()?;
    if data.len() > MOST_BYTES {
        return Err(Error::unfit(
            format!("{name}: {} bytes are more than the {MOST_BYTES} that are run", data.len()),
            "export a smaller part of the model",
        ));
    }
    // Opened as a checkpoint too: that checks what the file says, and has the weights.
    let checkpoint = hinton_weights::open(path)?;
    let wire = Wire::new(data.clone(), &Limits::default());
    let (nodes, constants) = read_graph(&wire)?;
    let sizes = sizes(&name, &nodes, &constants, &checkpoint, data.len())?;
    let bytes = read_vec(&*data, 0, data.len()).map_err(|error| odd(&name, &error.to_string()))?;
    let chain = chain(&name, nodes, &constants)?;
    let mut options = ModelOptions::with_all_ops();
    options.enable_optimization(false);
    options.shape_inference(ShapeInferenceMode::On);
    let engine = guarded(&name, || options.load(bytes).map_err(|error| error.to_string()))?;
    let mut graph = assemble(engine, name, chain, sizes)?;
    graph.read_maps(&checkpoint)?;
    let file = path.file_name().map_or_else(String::new, |f| f.to_string_lossy().into_owned());
    let mut notes = Vec::new();
    if graph.batch == Some(1) {
        notes.push(format!("{file} takes one point at a time"));
    }
    Ok(Model { title: file, notes, is_trained: true, kind: Kind::Onnx(Box::new(graph)) })
}

fn odd(path: &str, why: &str) -> Error {
    Error::unfit(format!("{path}: {why}"), "check the file with onnx.checker, or export it again")
}

/// Runs the engine; a panic of it becomes an error.
fn guarded<T>(path: &str, run: impl FnOnce() -> Result<T, String>) -> Result<T, Error> {
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(why)) => Err(odd(path, &format!("the engine refuses it: {why}"))),
        Err(_) => Err(odd(path, "the engine failed on it")),
    }
}

/// The sizes of the graph's constants, and of all that is computed from constants alone, which the
/// engine does while it loads.
fn sizes(
    path: &str,
    nodes: &[Node],
    constants: &BTreeSet<String>,
    checkpoint: &hinton_format::Checkpoint,
    file_len: u64,
) -> Result<Sizes, Error> {
    // A constant that is not among the tensors has no more values than the file has bytes.
    let most = usize::try_from(file_len).unwrap_or(usize::MAX);
    let unknown = constants.iter().map(|name| (name.clone(), Size::at_most(most)));
    let mut sizes: Sizes = unknown.collect();
    for tensor in &checkpoint.tensors {
        if let Some(size) = sizes.get_mut(tensor.name()) {
            *size = Size::of(tensor.shape().to_vec());
        }
    }
    for node in nodes {
        let is_known = |name: &String| name.is_empty() || sizes.contains_key(name);
        if node.inputs.iter().all(is_known) {
            let size = bound::after(node, &sizes).map_err(|why| too_large(path, node, &why))?;
            sizes.insert(node.output.clone(), size);
        }
    }
    Ok(sizes)
}

fn too_large(path: &str, node: &Node, why: &str) -> Error {
    odd(path, &format!("step {:?} ({}): {why}", node.output, node.operator))
}

/// The steps from the input on, each of which takes what the one before it gives.
fn chain(path: &str, nodes: Vec<Node>, constants: &BTreeSet<String>) -> Result<Vec<Node>, Error> {
    let mut constants = constants.clone();
    let mut steps: Vec<Node> = Vec::new();
    for node in nodes {
        if !OPERATORS.contains(&node.operator.as_str()) {
            let near = hinton_format::nearest(OPERATORS.iter().copied(), &node.operator);
            let near = near
                .first()
                .map_or(String::new(), |(_, name)| format!("; the nearest known is {name}"));
            return Err(Error::unfit(
                format!(
                    "{path}: step {:?}: the operator {:?} is not known here{near}",
                    node.output, node.operator
                ),
                "networks that are a chain of layers can be shown: export such a part of the model",
            ));
        }
        let moving: Vec<&String> = node
            .inputs
            .iter()
            .filter(|input| !input.is_empty() && !constants.contains(*input))
            .collect();
        match moving.as_slice() {
            [] => {
                constants.insert(node.output);
            }
            [input] => {
                if let Some(before) = steps.last().filter(|before| before.output != **input) {
                    return Err(no_chain(
                        path,
                        &node,
                        &format!("{input:?}, not {:?}", before.output),
                    ));
                }
                steps.push(node);
            }
            several => {
                let names: Vec<String> = several.iter().map(|name| format!("{name:?}")).collect();
                return Err(no_chain(path, &node, &format!("{} together", names.join(" and "))));
            }
        }
    }
    match steps.is_empty() {
        true => Err(odd(path, "the graph has no steps that depend on an input")),
        false => Ok(steps),
    }
}

fn no_chain(path: &str, node: &Node, found: &str) -> Error {
    Error::unfit(
        format!(
            "{path}: the graph is not a chain: step {:?} ({}) takes {found}",
            node.output, node.operator
        ),
        "networks that are a chain of layers can be shown: export such a part of the model",
    )
}

/// Finds every value of the chain in the engine, and bounds how large it may be.
fn assemble(
    engine: Engine,
    path: String,
    chain: Vec<Node>,
    mut sizes: Sizes,
) -> Result<Graph, Error> {
    let first = &chain[0];
    let input = first.inputs.iter().find_map(|name| {
        let id = engine.find_node(name)?;
        engine.input_ids().contains(&id).then_some(id)
    });
    let Some(input) = input else {
        return Err(odd(&path, &format!("step {:?} takes no input of the graph", first.output)));
    };
    let dims = engine.node_info(input).and_then(|info| info.shape()).unwrap_or_default();
    let Some((batch, rest)) = dims.split_first() else {
        return Err(odd(&path, "the input has no shape"));
    };
    let fixed = |dim: &Dimension| match dim {
        Dimension::Fixed(length) => Some(*length),
        Dimension::Symbolic(_) => None,
    };
    let Some(shape) = rest.iter().map(fixed).collect::<Option<Vec<usize>>>() else {
        return Err(odd(&path, "the size of a point is not fixed"));
    };
    let width = product(&shape).filter(|width| (1..=MOST_VALUES).contains(width));
    if width.is_none() {
        return Err(odd(&path, &format!("a point of shape {shape:?} is too large or empty")));
    }
    let batch = fixed(batch);
    if batch.is_some_and(|batch| batch == 0 || batch > BATCH) {
        return Err(odd(
            &path,
            "the number of points that go through together is fixed to too many",
        ));
    }
    let own = [&[batch.unwrap_or(1)], shape.as_slice()].concat();
    for name in &first.inputs {
        sizes.entry(name.clone()).or_insert_with(|| Size::of(own.clone()));
    }
    let mut together = 0usize;
    let mut steps = Vec::with_capacity(chain.len());
    for node in chain {
        let Some(id) = engine.find_node(&node.output) else {
            return Err(odd(
                &path,
                &format!("the engine does not know the value {:?}", node.output),
            ));
        };
        let mut size = bound::after(&node, &sizes).map_err(|why| too_large(&path, &node, &why))?;
        if size.shape.is_none()
            && let Some([first, rest @ ..]) =
                engine.node_info(id).and_then(|i| i.shape()).as_deref()
        {
            // The engine knows more of shapes; what it does not know is only how many points there are.
            let points = fixed(first).unwrap_or(batch.unwrap_or(1));
            let rest: Option<Vec<usize>> = rest.iter().map(fixed).collect();
            let found = rest.map(|rest| Size::of([&[points], rest.as_slice()].concat()));
            size = found.filter(|found| found.values <= size.values).unwrap_or(size);
        }
        together = together.saturating_add(size.values);
        if together > MOST_AT_ONCE {
            return Err(too_large(
                &path,
                &node,
                &format!(
                    "with the steps before it makes {together} values, the limit is {MOST_AT_ONCE}"
                ),
            ));
        }
        sizes.insert(node.output.clone(), size);
        steps.push((node, id));
    }
    // As many points go through at once as there is room for.
    let at_once = (MOST_AT_ONCE / together.max(1)).clamp(1, BATCH);
    Ok(Graph { engine, path, input, shape, batch, at_once, together, steps, maps: BTreeMap::new() })
}

fn product(lengths: &[usize]) -> Option<usize> {
    lengths.iter().try_fold(1usize, |all, &length| all.checked_mul(length))
}

impl Graph {
    /// The matrices of linear maps, from the file's tensors.
    fn read_maps(&mut self, checkpoint: &hinton_format::Checkpoint) -> Result<(), Error> {
        for (node, _) in &self.steps {
            if !matches!(node.operator.as_str(), "Gemm" | "MatMul") {
                continue;
            }
            let named = |at: usize| {
                let name = node.inputs.get(at)?;
                checkpoint.tensors.iter().find(|tensor| tensor.name() == name)
            };
            let Some(weight) = named(1).filter(|tensor| tensor.shape().len() == 2) else {
                continue;
            };
            let weight = if node.is_turned { weight.clone() } else { weight.transpose()? };
            let bias = named(2).map_or(Ok(Vec::new()), |bias| bias.to_f64())?;
            let map = LinearMap {
                rows: weight.shape()[0],
                columns: weight.shape()[1],
                weights: weight.to_f64()?,
                bias,
            };
            self.maps.insert(node.output.clone(), map);
        }
        Ok(())
    }

    pub(crate) fn input_width(&self) -> usize {
        self.shape.iter().product()
    }

    /// Sends points through, some at a time.
    pub(crate) fn trace(&self, input: &Arc<Vec<f32>>) -> Result<Vec<Stage>, Error> {
        let width = self.input_width();
        if !input.len().is_multiple_of(width) {
            return Err(odd(
                &self.path,
                &format!("{} values are not a whole number of rows of {width}", input.len()),
            ));
        }
        let points = input.len() / width;
        let values = (self.together / self.batch.unwrap_or(1)).saturating_mul(points);
        if values > MOST_IN_ALL {
            return Err(Error::unfit(
                format!(
                    "{}: {points} points after every step are {values} values, the limit is \
                     {MOST_IN_ALL}",
                    self.path
                ),
                "send fewer points",
            ));
        }
        let mut after: Vec<Vec<f32>> = vec![Vec::new(); self.steps.len()];
        let mut batch = self.batch.unwrap_or(self.at_once);
        let mut done = 0;
        while done < points {
            let count = batch.min(points - done);
            let rows = &input[done * width..(done + count) * width];
            match self.run(rows, count) {
                Ok(values) => {
                    after.iter_mut().zip(values).for_each(|(all, part)| all.extend(part));
                    done += count;
                }
                // Shapes inside the graph may be made for one point.
                Err(_) if self.batch.is_none() && batch > 1 && done == 0 => batch = 1,
                Err(error) => return Err(error),
            }
        }
        let mut stages = vec![Stage {
            name: String::new(),
            label: "Input".to_owned(),
            width,
            values: Values::F32(input.clone()),
            map: None,
        }];
        let mut before = width;
        for ((node, _), values) in self.steps.iter().zip(after) {
            let width = values.len() / points.max(1);
            let map = self.maps.get(&node.output).cloned();
            let what = match &map {
                Some(_) => "Linear Layer",
                None => node.operator.as_str(),
            };
            let label = match before == width && map.is_none() {
                true => what.to_owned(),
                false => format!("{what} ({before}D → {width}D)"),
            };
            before = width;
            stages.push(Stage {
                name: node.output.clone(),
                label,
                width,
                values: values.into(),
                map,
            });
        }
        Ok(stages)
    }

    /// One batch through the engine: the rows after every step.
    fn run(&self, rows: &[f32], count: usize) -> Result<Vec<Vec<f32>>, Error> {
        let padded = self.batch.unwrap_or(count);
        let mut values = rows.to_vec();
        // A last batch that is too short is filled up, and what is too much is thrown away.
        values.resize(padded * self.input_width(), 0.0);
        let mut shape = vec![padded];
        shape.extend(&self.shape);
        let outputs: Vec<NodeId> = self.steps.iter().map(|(_, id)| *id).collect();
        let found = guarded(&self.path, || {
            let input = Value::from_shape(shape.as_slice(), values).map_err(|e| e.to_string())?;
            let inputs = vec![(self.input, input.into())];
            self.engine.run(inputs, &outputs, None).map_err(|error| error.to_string())
        })?;
        let rows = |(value, (node, _)): (Value, &(Node, NodeId))| {
            let tensor = value.into_tensor::<f32>().ok_or_else(|| {
                odd(
                    &self.path,
                    &format!(
                        "step {:?} ({}) gives no numbers of single precision",
                        node.output, node.operator
                    ),
                )
            })?;
            let shape = tensor.shape().to_vec();
            let mut values = tensor.to_vec();
            if values.is_empty()
                || !values.len().is_multiple_of(padded)
                || shape.first() != Some(&padded)
            {
                return Err(odd(
                    &self.path,
                    &format!(
                        "step {:?} ({}): expected {padded} points, found values of shape {shape:?}",
                        node.output, node.operator
                    ),
                ));
            }
            values.truncate(values.len() / padded * count);
            Ok(values)
        };
        found.into_iter().zip(&self.steps).map(rows).collect()
    }
}
