//! Which layers have weights, in which fields, and of which shape (NeuralNetwork.proto).

use crate::container::protobuf::{Field, Wire};
use crate::{Error, Limits};

/// A kind of layer with weights.
pub(super) struct Layer {
    /// Its field in `NeuralNetworkLayer`.
    pub(super) number: u64,
    /// Its weights.
    pub(super) weights: &'static [Weight],
    /// The shape of the weight of that name, from the layer's other fields; `None` for a list.
    pub(super) shape: Shape,
}

type Shape = fn(&Wire, &[Field], &str, &Limits) -> Result<Option<Vec<usize>>, Error>;

/// A field that holds weights, or messages with weights inside.
pub(super) struct Weight {
    pub(super) number: u64,
    pub(super) name: &'static str,
    pub(super) inside: &'static [Weight],
}

const fn weight(number: u64, name: &'static str) -> Weight {
    Weight { number, name, inside: &[] }
}

const ACTIVATION: &[Weight] = &[
    Weight { number: 25, name: "PReLU", inside: &[weight(1, "alpha")] },
    Weight {
        number: 71,
        name: "parametricSoftplus",
        inside: &[weight(1, "alpha"), weight(2, "beta")],
    },
];
const PLAIN: &[Weight] = &[weight(20, "weights"), weight(21, "bias")];
const LSTM: &[Weight] = &[
    weight(1, "inputGateWeightMatrix"),
    weight(2, "forgetGateWeightMatrix"),
    weight(3, "blockInputWeightMatrix"),
    weight(4, "outputGateWeightMatrix"),
    weight(20, "inputGateRecursionMatrix"),
    weight(21, "forgetGateRecursionMatrix"),
    weight(22, "blockInputRecursionMatrix"),
    weight(23, "outputGateRecursionMatrix"),
    weight(40, "inputGateBiasVector"),
    weight(41, "forgetGateBiasVector"),
    weight(42, "blockInputBiasVector"),
    weight(43, "outputGateBiasVector"),
    weight(60, "inputGatePeepholeVector"),
    weight(61, "forgetGatePeepholeVector"),
    weight(62, "outputGatePeepholeVector"),
];
const IN_LSTM: &[Weight] = &[Weight { number: 20, name: "weightParams", inside: LSTM }];

/// The layers with weights.
pub(super) const LAYERS: &[Layer] = &[
    Layer {
        number: 100,
        weights: &[weight(90, "weights"), weight(91, "bias")],
        shape: convolution,
    },
    Layer { number: 130, weights: ACTIVATION, shape: list },
    // innerProduct: [outputChannels, inputChannels].
    Layer {
        number: 140,
        weights: PLAIN,
        shape: |wire, fields, name, limits| matrix(wire, fields, name, limits, [2, 1]),
    },
    // embedding: [outputChannels, inputDim].
    Layer {
        number: 150,
        weights: PLAIN,
        shape: |wire, fields, name, limits| matrix(wire, fields, name, limits, [2, 1]),
    },
    Layer {
        number: 160,
        weights: &[
            weight(15, "gamma"),
            weight(16, "beta"),
            weight(17, "mean"),
            weight(18, "variance"),
        ],
        shape: list,
    },
    Layer { number: 245, weights: &[weight(2, "scale"), weight(5, "bias")], shape: scale },
    Layer { number: 250, weights: &[weight(2, "bias")], shape: own },
    Layer { number: 290, weights: &[weight(2, "data")], shape: own },
    Layer {
        number: 400,
        weights: &[
            weight(30, "weightMatrix"),
            weight(31, "recursionMatrix"),
            weight(32, "biasVector"),
        ],
        shape: recurrent,
    },
    Layer {
        number: 410,
        weights: &[
            weight(30, "updateGateWeightMatrix"),
            weight(31, "resetGateWeightMatrix"),
            weight(32, "outputGateWeightMatrix"),
            weight(50, "updateGateRecursionMatrix"),
            weight(51, "resetGateRecursionMatrix"),
            weight(52, "outputGateRecursionMatrix"),
            weight(70, "updateGateBiasVector"),
            weight(71, "resetGateBiasVector"),
            weight(72, "outputGateBiasVector"),
        ],
        shape: recurrent,
    },
    Layer { number: 420, weights: IN_LSTM, shape: list },
    Layer { number: 430, weights: IN_LSTM, shape: list },
    Layer { number: 500, weights: &[weight(20, "weights")], shape: list },
    // embeddingND: [embeddingSize, vocabSize].
    Layer {
        number: 1040,
        weights: PLAIN,
        shape: |wire, fields, name, limits| matrix(wire, fields, name, limits, [2, 1]),
    },
    Layer { number: 1045, weights: &[weight(8, "weights"), weight(9, "bias")], shape: list },
    Layer { number: 1070, weights: &[weight(2, "data")], shape: own },
    Layer { number: 1350, weights: &[weight(3, "gamma"), weight(4, "beta")], shape: own },
    Layer { number: 1471, weights: &[weight(60, "weights"), weight(61, "bias")], shape: list },
];

/// The integers of a field.
fn numbers(
    wire: &Wire,
    fields: &[Field],
    number: u64,
    limits: &Limits,
) -> Result<Vec<usize>, Error> {
    let mut list = Vec::new();
    for field in fields.iter().filter(|field| field.number == number) {
        wire.integers(field, &mut list, limits.axes)?;
    }
    // A length that cannot be is no length: the weights stay a list.
    Ok(list.into_iter().map(|value| usize::try_from(value).unwrap_or(0)).collect())
}

fn list(
    _wire: &Wire,
    _fields: &[Field],
    _name: &str,
    _limits: &Limits,
) -> Result<Option<Vec<usize>>, Error> {
    Ok(None)
}

/// A matrix whose rows and columns are the integers of two fields.
fn matrix(
    wire: &Wire,
    fields: &[Field],
    name: &str,
    limits: &Limits,
    [rows, columns]: [u64; 2],
) -> Result<Option<Vec<usize>>, Error> {
    if name != "weights" {
        return Ok(None);
    }
    let rows = numbers(wire, fields, rows, limits)?;
    let columns = numbers(wire, fields, columns, limits)?;
    Ok(Some([rows, columns].concat()))
}

/// The field `shape` of the layer.
fn own(
    wire: &Wire,
    fields: &[Field],
    _name: &str,
    limits: &Limits,
) -> Result<Option<Vec<usize>>, Error> {
    numbers(wire, fields, 1, limits).map(Some)
}

fn scale(
    wire: &Wire,
    fields: &[Field],
    name: &str,
    limits: &Limits,
) -> Result<Option<Vec<usize>>, Error> {
    numbers(wire, fields, if name == "scale" { 1 } else { 4 }, limits).map(Some)
}

/// `[outputVectorSize, inputVectorSize]`, and square matrices of what comes back.
fn recurrent(
    wire: &Wire,
    fields: &[Field],
    name: &str,
    limits: &Limits,
) -> Result<Option<Vec<usize>>, Error> {
    let inputs = numbers(wire, fields, 1, limits)?;
    let outputs = numbers(wire, fields, 2, limits)?;
    let name = name.to_ascii_lowercase();
    Ok(if name.ends_with("weightmatrix") {
        Some([outputs, inputs].concat())
    } else if name.ends_with("recursionmatrix") {
        Some([outputs.clone(), outputs].concat())
    } else {
        None
    })
}

/// `[outputChannels, kernelChannels, height, width]`; of a transposed convolution
/// `[kernelChannels, outputChannels / nGroups, height, width]`.
fn convolution(
    wire: &Wire,
    fields: &[Field],
    name: &str,
    limits: &Limits,
) -> Result<Option<Vec<usize>>, Error> {
    if name != "weights" {
        return Ok(None);
    }
    let first = |number| Ok::<_, Error>(numbers(wire, fields, number, limits)?.first().copied());
    let (outputs, kernels) = (first(1)?.unwrap_or(0), first(2)?.unwrap_or(0));
    let groups = first(10)?.unwrap_or(1).max(1);
    let mut shape = match first(60)? {
        Some(1) => vec![kernels, outputs / groups],
        _ => vec![outputs, kernels],
    };
    let size = numbers(wire, fields, 20, limits)?;
    shape.extend(if size.is_empty() { vec![3, 3] } else { size });
    Ok(Some(shape))
}
