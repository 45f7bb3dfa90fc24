//! The layers: one file each, one row of [`LAYERS`] each.

mod activation;
mod batch_norm;
mod conv;
mod dropout;
mod flatten;
mod gelu;
mod layer_norm;
mod leaky_relu;
mod linear;
mod patches;
mod pool;
mod relu;
mod sigmoid;
mod silu;
mod softmax;
mod tanh;

use std::fmt::Debug;

use crate::{Real, Shape};

pub use batch_norm::BatchNorm;
pub use conv::Conv;
pub use dropout::Dropout;
pub use flatten::Flatten;
pub use gelu::Gelu;
pub use layer_norm::LayerNorm;
pub use leaky_relu::LeakyRelu;
pub use linear::Linear;
pub(crate) use linear::NO_BIAS;
pub use pool::{AveragePool, MaxPool};
pub use relu::Relu;
pub use sigmoid::Sigmoid;
pub use silu::Silu;
pub use softmax::Softmax;
pub(crate) use softmax::softmax_rows;
pub use tanh::Tanh;

/// One step of a network: a function of rows, with its gradients.
///
/// A layer holds no values of parameters. They lie in one vector of the whole network, and a layer is
/// given its part, laid out as [`Layer::parameters`] says.
pub trait Layer<R: Real>: Debug + Send + Sync {
    /// What kind of layer it is.
    fn row(&self) -> &'static LayerRow;

    /// The layer as a word of a spec: `tanh`, `conv:6:5`; a linear map is its width.
    fn word(&self) -> String {
        self.row().name.to_owned()
    }

    /// The layer for people: `Linear Layer (2D → 3D)`, `Tanh`.
    fn label(&self) -> String {
        self.row().title.to_owned()
    }

    /// The shape of a row that goes out when one of shape `input` comes in.
    ///
    /// # Errors
    /// What the layer takes, in words, when it is not that.
    fn output(&self, input: &Shape) -> Result<Shape, String>;

    /// Its parameters, in the order in which their values lie.
    fn parameters(&self) -> Vec<ParameterShape> {
        Vec::new()
    }

    /// Computes the outputs of a batch.
    fn forward(&self, batch: Forward<'_, R>);

    /// Computes gradients of a batch.
    fn backward(&self, batch: Backward<'_, R>);

    /// The linear map that it is, if it is one.
    fn linear(&self) -> Option<&Linear> {
        None
    }

    /// A copy.
    fn boxed(&self) -> Box<dyn Layer<R>>;
}

/// A parameter of a layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParameterShape {
    /// Its name within the layer: `weight`, `bias`, `running_mean` …
    pub name: &'static str,
    /// Its shape as PyTorch has it.
    pub shape: Vec<usize>,
    /// Its two axes lie the other way round in the network's vector: `[in, out]` for a linear map.
    pub is_transposed: bool,
    /// Whether training changes it.
    pub is_trained: bool,
    /// Inputs that each output sums over.
    pub fan_in: usize,
    /// Outputs that each input goes to.
    pub fan_out: usize,
    /// What it is before anything else is said.
    pub start: Start,
}

/// What a parameter is before it is trained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// Zeros whatever the initialisation, such as a mean.
    Zeros,
    /// Ones whatever the initialisation, such as a scale.
    Ones,
    /// As the initialisation says for weights.
    Weight,
    /// As the initialisation says for biases.
    Bias,
}

impl ParameterShape {
    /// How many values it has.
    pub fn count(&self) -> usize {
        self.shape.iter().product()
    }
}

/// What [`Layer::forward`] works on. Rows are `points` one after another.
#[derive(Debug)]
pub struct Forward<'a, R> {
    /// The layer's parameters.
    pub values: &'a [R],
    /// Rows that come in.
    pub input: &'a [R],
    /// How many rows.
    pub points: usize,
    /// Rows that go out, to be overwritten.
    pub output: &'a mut [R],
}

/// What [`Layer::backward`] works on. Gradients are those of a loss that is summed over the rows.
#[derive(Debug)]
pub struct Backward<'a, R> {
    /// The layer's parameters.
    pub values: &'a [R],
    /// Rows that came in.
    pub input: &'a [R],
    /// Rows that went out.
    pub output: &'a [R],
    /// How many rows.
    pub points: usize,
    /// Gradient of the loss by each value that went out.
    pub by_output: &'a [R],
    /// Gradient by each parameter, to be added to.
    pub by_values: &'a mut [R],
    /// Gradient by each value that came in, to be overwritten; none where nobody asks.
    pub by_input: Option<&'a mut [R]>,
}

/// A kind of layer.
pub struct LayerRow {
    /// The word in a spec, and its name in lists.
    pub name: &'static str,
    /// Its name for people, as it stands over pictures.
    pub title: &'static str,
    /// One line.
    pub about: &'static str,
    /// The formula, what follows the word, and what is particular.
    pub help: &'static str,
    /// How it is written: `conv:FILTERS:SIZE[:STRIDE[:PADDING]]`.
    pub usage: &'static str,
    /// A whole spec with this layer in it.
    pub example: &'static str,
    pub(crate) build: Builders,
}

impl Debug for LayerRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "LayerRow({})", self.name)
    }
}

/// Makes a layer from what follows its word, for rows of that shape. An error says what is wrong.
pub type BuildFn<R> = fn(&Arguments<'_>, &Shape) -> Result<Box<dyn Layer<R>>, String>;

/// [`BuildFn`] for each type of number.
pub struct Builders {
    pub(crate) f32: BuildFn<f32>,
    pub(crate) f64: BuildFn<f64>,
}

/// Every layer, in the order of lists.
pub const LAYERS: &[LayerRow] = &[
    linear::ROW,
    tanh::ROW,
    relu::ROW,
    leaky_relu::ROW,
    sigmoid::ROW,
    gelu::ROW,
    silu::ROW,
    softmax::ROW,
    batch_norm::ROW,
    layer_norm::ROW,
    dropout::ROW,
    flatten::ROW,
    conv::ROW,
    pool::MAX_ROW,
    pool::AVERAGE_ROW,
];

/// What follows a word of a spec, parted at its colons.
pub struct Arguments<'a> {
    /// The parts.
    pub parts: Vec<&'a str>,
}

impl Arguments<'_> {
    /// There are at most so many.
    ///
    /// # Errors
    /// When there are more.
    pub fn at_most(&self, count: usize) -> Result<(), String> {
        match self.parts.get(count) {
            None => Ok(()),
            Some(extra) => Err(format!("it has no use for {extra:?}")),
        }
    }

    /// A whole number of at least `least`; `otherwise` where nothing is written.
    ///
    /// # Errors
    /// When it is missing, no number or out of range.
    pub fn count(
        &self,
        index: usize,
        what: &str,
        least: usize,
        otherwise: Option<usize>,
    ) -> Result<usize, String> {
        let Some(text) = self.parts.get(index) else {
            return otherwise.ok_or_else(|| format!("{what} is missing"));
        };
        match text.parse() {
            Ok(count) if (least..=MOST).contains(&count) => Ok(count),
            _ => Err(format!("{what} is a whole number from {least} to {MOST}, not {text:?}")),
        }
    }

    /// A number; `otherwise` where nothing is written.
    ///
    /// # Errors
    /// When it is no finite number.
    pub fn number(&self, index: usize, what: &str, otherwise: f64) -> Result<f64, String> {
        let Some(text) = self.parts.get(index) else { return Ok(otherwise) };
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(number),
            _ => Err(format!("{what} is a number, not {text:?}")),
        }
    }
}

/// Most of any count in a spec.
pub(crate) const MOST: usize = 1 << 20;

/// The image that a layer takes, or what it takes in words.
pub(crate) fn image(input: &Shape) -> Result<(usize, usize, usize), String> {
    match *input {
        Shape::Image { channels, height, width } => Ok((channels, height, width)),
        Shape::Flat(_) => {
            Err("pictures: begin the model with their shape, such as 1x28x28".to_owned())
        }
    }
}
