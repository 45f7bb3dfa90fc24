//! The layers: one file and one row of [`LAYERS`] each.

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
mod row;
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
pub use row::{BuildFn, Builders, LayerRow};
pub use sigmoid::Sigmoid;
pub use silu::Silu;
pub use softmax::Softmax;
pub(crate) use softmax::softmax_rows;
pub use tanh::Tanh;

/// A layer: a function of rows of values, with its gradients.
///
/// A layer does not hold its parameters. They are in one vector of the whole network, and a layer
/// is given its part of it, laid out as [`Layer::parameters`] says.
pub trait Layer<R: Real>: Debug + Send + Sync {
    /// The kind of layer.
    fn row(&self) -> &'static LayerRow;

    /// The layer as a word of a spec: `tanh`, `conv:6:5`; for a linear map, its width.
    fn word(&self) -> String {
        self.row().name.to_owned()
    }

    /// A label for the user: `Linear Layer (2D → 3D)`, `Tanh`.
    fn label(&self) -> String {
        self.row().title.to_owned()
    }

    /// The shape of an output row for an input row of shape `input`.
    ///
    /// # Errors
    /// Returns an error if the layer does not take this shape; the error says, in words, what it
    /// takes.
    fn output(&self, input: &Shape) -> Result<Shape, String>;

    /// Its parameters, in the order of their values.
    fn parameters(&self) -> Vec<ParameterShape> {
        Vec::new()
    }

    /// Computes the outputs of a batch.
    fn forward(&self, batch: Forward<'_, R>);

    /// Computes the gradients of a batch.
    fn backward(&self, batch: Backward<'_, R>);

    /// The layer as a linear map, if it is one.
    fn linear(&self) -> Option<&Linear> {
        None
    }

    /// Clones the layer.
    fn boxed(&self) -> Box<dyn Layer<R>>;
}

/// A parameter of a layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParameterShape {
    /// Its name within the layer: `weight`, `bias`, `running_mean` …
    pub name: &'static str,
    /// Its shape, as in PyTorch.
    pub shape: Vec<usize>,
    /// Whether its two axes are swapped in the network's vector: `[in, out]` for a linear map.
    pub is_transposed: bool,
    /// Whether training changes it.
    pub is_trained: bool,
    /// Number of inputs that each output sums over.
    pub fan_in: usize,
    /// Number of outputs that each input contributes to.
    pub fan_out: usize,
    /// Its initial values.
    pub start: Start,
}

/// The initial values of a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// Zeros, whatever the initialisation, such as for a mean.
    Zeros,
    /// Ones, whatever the initialisation, such as for a scale.
    Ones,
    /// As the initialisation defines for weights.
    Weight,
    /// As the initialisation defines for biases.
    Bias,
}

impl ParameterShape {
    /// Number of values.
    pub fn count(&self) -> usize {
        self.shape.iter().product()
    }
}

/// The arguments of [`Layer::forward`]: `points` contiguous rows.
#[derive(Debug)]
pub struct Forward<'a, R> {
    /// The layer's parameters.
    pub values: &'a [R],
    /// The input rows.
    pub input: &'a [R],
    /// Number of rows.
    pub points: usize,
    /// The output rows, to be overwritten.
    pub output: &'a mut [R],
}

/// The arguments of [`Layer::backward`]. Gradients are those of a loss that is summed over the
/// rows.
#[derive(Debug)]
pub struct Backward<'a, R> {
    /// The layer's parameters.
    pub values: &'a [R],
    /// The input rows.
    pub input: &'a [R],
    /// The output rows.
    pub output: &'a [R],
    /// Number of rows.
    pub points: usize,
    /// Gradient of the loss with respect to each output value.
    pub by_output: &'a [R],
    /// Gradient with respect to each parameter, to be added to.
    pub by_values: &'a mut [R],
    /// Gradient with respect to each input value, to be overwritten; `None` if it is not needed.
    pub by_input: Option<&'a mut [R]>,
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

/// The arguments after a word of a spec, split at colons.
pub struct Arguments<'a> {
    /// The arguments.
    pub parts: Vec<&'a str>,
}

impl Arguments<'_> {
    /// Checks that there are at most `count` arguments.
    ///
    /// # Errors
    /// Returns an error if there are more.
    pub fn at_most(&self, count: usize) -> Result<(), String> {
        match self.parts.get(count) {
            None => Ok(()),
            Some(extra) => Err(format!("it has no use for {extra:?}")),
        }
    }

    /// An integer of at least `least`; `otherwise` if the argument is omitted.
    ///
    /// # Errors
    /// Returns an error if it is missing without a default, not an integer, or out of range.
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

    /// A number; `otherwise` if the argument is omitted.
    ///
    /// # Errors
    /// Returns an error if it is not a finite number.
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
