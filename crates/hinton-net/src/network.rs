//! A chain of named steps, with the values of its parameters.

use std::ops::Range;

use crate::layers::{Arguments, Flatten, Forward, Layer, ParameterShape};
use crate::random::Random;
use crate::{Init, NetError, Real, Shape, Spec};

/// Most parameters of a network, and most values of a row between two steps.
const MOST: (usize, usize) = (1 << 28, 1 << 24);

/// A network: a chain of named steps, with the values of its parameters.
///
/// The values of all parameters are in one vector, step after step. Names follow PyTorch's
/// `Sequential`: `0.weight`, `0.bias`, `2.weight` ….
#[derive(Debug)]
pub struct Network<R: Real> {
    input: Shape,
    steps: Vec<NetworkStep<R>>,
    values: Vec<R>,
}

/// A step of a [`Network`].
#[derive(Debug)]
pub struct NetworkStep<R: Real> {
    /// Its name: its index in the chain, or its name in a checkpoint.
    pub name: String,
    /// Its layer.
    pub layer: Box<dyn Layer<R>>,
    /// The shape of its input.
    pub input: Shape,
    /// The shape of its output.
    pub output: Shape,
    /// The range of its parameters in the network's values.
    pub at: Range<usize>,
}

/// A parameter with its values, laid out as in PyTorch.
#[derive(Debug, Clone, PartialEq)]
pub struct Array<R> {
    /// Its name, such as `0.weight`.
    pub name: String,
    /// Length of each axis.
    pub shape: Vec<usize>,
    /// The values in C order (last axis fastest).
    pub values: Vec<R>,
}

impl<R: Real> Clone for Network<R> {
    fn clone(&self) -> Self {
        let step = |step: &NetworkStep<R>| NetworkStep {
            name: step.name.clone(),
            layer: step.layer.boxed(),
            input: step.input,
            output: step.output,
            at: step.at.clone(),
        };
        let steps = self.steps.iter().map(step).collect();
        Network { input: self.input, steps, values: self.values.clone() }
    }
}

impl<R: Real> Network<R> {
    /// A network without steps, for points of this shape.
    pub fn new(input: Shape) -> Self {
        Network { input, steps: Vec::new(), values: Vec::new() }
    }

    /// Builds a network from a spec that begins with the width of the points.
    ///
    /// The same seed gives the same network; in `f32` and `f64` it differs only by rounding.
    ///
    /// # Errors
    /// Returns an error if the spec cannot be understood, or its layers do not fit together.
    pub fn from_spec(text: &str, init: &Init, seed: u64) -> Result<Self, NetError> {
        Network::build(&Spec::parse(text)?, init, seed)
    }

    /// Builds a network from a parsed spec, as [`Network::from_spec`] does.
    ///
    /// # Errors
    /// Returns an error if the spec does not begin with the width of the points, has unknown
    /// layers, or its layers do not fit together.
    pub fn build(spec: &Spec, init: &Init, seed: u64) -> Result<Self, NetError> {
        let Some(input) = spec.input else {
            return Err(spec.fault("it does not begin with the width of the points".to_owned()));
        };
        let mut network = Network::new(input);
        for (row, parts) in spec.layers()? {
            let is_linear = row.name == crate::LAYERS[0].name;
            if is_linear && matches!(network.output(), Shape::Image { .. }) {
                network.push(None, Box::new(Flatten))?;
            }
            let build = R::pick(&row.build);
            let layer = build(&Arguments { parts }, &network.output()).map_err(|why| {
                spec.fault(format!("{} at step {}: {why}", row.name, network.len()))
            })?;
            network.push(None, layer)?;
        }
        network.init(init, seed);
        Ok(network)
    }

    /// Adds a step at the end; without a name it is named after its index. Its parameters are zero.
    ///
    /// # Errors
    /// Returns an error if it does not fit the previous step, its name is taken, or the network
    /// becomes too large.
    pub fn push(&mut self, name: Option<&str>, layer: Box<dyn Layer<R>>) -> Result<(), NetError> {
        let name = name.map_or_else(|| self.steps.len().to_string(), str::to_owned);
        if self.steps.iter().any(|step| step.name == name) {
            let expected = "a name of its own".to_owned();
            return Err(NetError::Parameter {
                name,
                expected,
                found: "one that is taken".to_owned(),
            });
        }
        let input = self.output();
        let output = layer.output(&input).map_err(|expected| NetError::Chain {
            step: name.clone(),
            layer: layer.label(),
            expected,
            found: input.takes(),
        })?;
        let count: usize = layer.parameters().iter().map(ParameterShape::count).sum();
        let (all, width) = (self.values.len().saturating_add(count), output.width());
        if all > MOST.0 || width > MOST.1 {
            let what = match width > MOST.1 {
                true => format!("{width} values go out of it, the limit is {}", MOST.1),
                false => {
                    format!("the network would have {all} parameters, the limit is {}", MOST.0)
                }
            };
            return Err(NetError::Limit { step: name, layer: layer.label(), what });
        }
        let at = self.values.len()..self.values.len() + count;
        self.values.resize(at.end, R::ZERO);
        self.steps.push(NetworkStep { name, layer, input, output, at });
        Ok(())
    }

    /// Initialises every parameter.
    pub fn init(&mut self, init: &Init, seed: u64) {
        let mut random = Random::of(seed, "weights");
        let mut values = Vec::with_capacity(self.values.len());
        for step in &self.steps {
            for shape in step.layer.parameters() {
                values.extend(init.values::<R>(&shape, &mut random));
            }
        }
        self.values = values;
    }

    /// The shape of an input point.
    pub fn input(&self) -> Shape {
        self.input
    }

    /// The shape of an output.
    pub fn output(&self) -> Shape {
        self.steps.last().map_or(self.input, |step| step.output)
    }

    /// The steps, in order.
    pub fn steps(&self) -> &[NetworkStep<R>] {
        &self.steps
    }

    /// Number of steps.
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    /// Whether it has no steps, and returns its input.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// The values of all parameters, step after step.
    pub fn values(&self) -> &[R] {
        &self.values
    }

    /// The values of all parameters, mutably.
    pub fn values_mut(&mut self) -> &mut [R] {
        &mut self.values
    }

    /// The network as a spec.
    pub fn spec(&self) -> String {
        let words = self.steps.iter().map(|step| step.layer.word());
        std::iter::once(self.input.to_string()).chain(words).collect::<Vec<_>>().join("-")
    }

    /// Every parameter, with its name in the network and the range of its values.
    pub fn parameters(&self) -> Vec<(String, ParameterShape, Range<usize>)> {
        let mut all = Vec::new();
        for step in &self.steps {
            let mut start = step.at.start;
            for shape in step.layer.parameters() {
                let at = start..start + shape.count();
                start = at.end;
                all.push((format!("{}.{}", step.name, shape.name), shape, at));
            }
        }
        all
    }

    /// One parameter by its name, without a list of all: networks of thousands of layers are filled
    /// one by one.
    fn parameter(&self, name: &str) -> Option<(ParameterShape, Range<usize>)> {
        self.steps.iter().find_map(|step| {
            let part = name.strip_prefix(step.name.as_str())?.strip_prefix('.')?;
            let mut start = step.at.start;
            for shape in step.layer.parameters() {
                let at = start..start + shape.count();
                start = at.end;
                if shape.name == part {
                    return Some((shape, at));
                }
            }
            None
        })
    }

    /// Every parameter with its values, laid out as in PyTorch.
    pub fn arrays(&self) -> Vec<Array<R>> {
        self.arrays_of(&self.values)
    }

    /// As [`Network::arrays`], for other values with the same layout: gradients, or the state of an
    /// optimiser.
    ///
    /// # Panics
    /// Panics if their number differs from the network's.
    pub fn arrays_of(&self, values: &[R]) -> Vec<Array<R>> {
        assert_eq!(values.len(), self.values.len(), "values of the network's layout");
        let array = |(name, shape, at): (String, ParameterShape, Range<usize>)| {
            let values = &values[at];
            let values = match shape.is_transposed {
                true => crate::product::transposed(values, shape.shape[1], shape.shape[0]),
                false => values.to_vec(),
            };
            Array { name, shape: shape.shape, values }
        };
        self.parameters().into_iter().map(array).collect()
    }

    /// Sets the values of a parameter, laid out as in PyTorch.
    ///
    /// # Errors
    /// Returns an error if there is no such parameter, or its shape is different.
    pub fn set(&mut self, name: &str, shape: &[usize], values: &[R]) -> Result<(), NetError> {
        let mut own = std::mem::take(&mut self.values);
        let result = self.set_in(&mut own, name, shape, values);
        self.values = own;
        result
    }

    /// As [`Network::set`], in other values with the same layout.
    ///
    /// # Errors
    /// Returns an error if there is no such parameter, or its shape is different.
    pub fn set_in(
        &self,
        all: &mut [R],
        name: &str,
        shape: &[usize],
        values: &[R],
    ) -> Result<(), NetError> {
        let fault = |expected: String, found: String| {
            Err(NetError::Parameter { name: name.to_owned(), expected, found })
        };
        let Some((own, at)) = self.parameter(name) else {
            let parameters = self.parameters();
            let names: Vec<&str> = parameters.iter().map(|(name, ..)| name.as_str()).collect();
            return fault(format!("one of {}", names.join(", ")), "no such name".to_owned());
        };
        if own.shape != shape {
            return fault(format!("shape {:?}", own.shape), format!("shape {shape:?}"));
        }
        if own.count() != values.len() {
            return fault(format!("{} values", own.count()), format!("{} values", values.len()));
        }
        match own.is_transposed {
            true => {
                let turned = crate::product::transposed(values, own.shape[0], own.shape[1]);
                all[at].copy_from_slice(&turned);
            }
            false => all[at].copy_from_slice(values),
        }
        Ok(())
    }

    /// The number of points in `values`.
    ///
    /// # Errors
    /// Returns an error if they are not a whole number of points.
    pub fn points<I>(&self, values: &[I]) -> Result<usize, NetError> {
        match values.len() % self.input.width() {
            0 => Ok(values.len() / self.input.width()),
            _ => Err(NetError::Points { expected: self.input, found: values.len() }),
        }
    }

    /// Computes the output of the network for each point, row after row.
    ///
    /// # Errors
    /// Returns an error if `values` are not a whole number of points.
    pub fn forward(&self, values: &[R]) -> Result<Vec<R>, NetError> {
        let points = self.points(values)?;
        let mut rows = values.to_vec();
        for step in &self.steps {
            let mut output = vec![R::ZERO; points * step.output.width()];
            self.step(step, &rows, points, &mut output);
            rows = output;
        }
        Ok(rows)
    }

    /// Computes one step: from `input` rows to `output` rows, which are overwritten.
    ///
    /// # Panics
    /// Panics if the lengths are not those of `points` rows, or the step belongs to another
    /// network.
    pub fn step(&self, step: &NetworkStep<R>, input: &[R], points: usize, output: &mut [R]) {
        assert_eq!(input.len(), points * step.input.width(), "rows of a step's input");
        assert_eq!(output.len(), points * step.output.width(), "rows of a step's output");
        let values = &self.values[step.at.clone()];
        step.layer.forward(Forward { values, input, points, output });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_torchs_sequential() {
        let network = Network::<f32>::from_spec("2-3-tanh-3-tanh-2", &Init::default(), 1).unwrap();
        let names: Vec<_> = network.parameters().into_iter().map(|(name, ..)| name).collect();
        assert_eq!(names, ["0.weight", "0.bias", "2.weight", "2.bias", "4.weight", "4.bias"]);
        assert_eq!(network.arrays()[0].shape, [3, 2]);
        assert_eq!(network.spec(), "2-3-tanh-3-tanh-2");
        assert_eq!(network.steps()[0].layer.label(), "Linear Layer (2D → 3D)");
        let twin = Network::<f64>::from_spec("2-3-tanh-3-tanh-2", &Init::default(), 1).unwrap();
        let rounded: Vec<f32> = twin.values().iter().map(|x| *x as f32).collect();
        assert_eq!(network.values(), rounded);
    }

    #[test]
    fn weights_by_hand_move_points_as_written() {
        let spec = Spec::parse("2-3").unwrap().without_bias();
        let mut network = Network::<f64>::build(&spec, &Init::default(), 0).unwrap();
        network.set("0.weight", &[3, 2], &[3.0, 0.0, 0.0, 3.0, 6.0, 6.0]).unwrap();
        assert_eq!(network.forward(&[1.0, 2.0, -1.0, 0.5]).unwrap(), [3., 6., 18., -3., 1.5, -3.]);
        assert_eq!(network.arrays()[0].values, [3.0, 0.0, 0.0, 3.0, 6.0, 6.0]);
        let fault = network.set("0.weight", &[2, 3], &[0.0; 6]).unwrap_err().to_string();
        assert_eq!(fault, "parameter \"0.weight\": expected shape [3, 2], found shape [2, 3]");
        let fault = network.set("1.weight", &[2, 3], &[0.0; 6]).unwrap_err().to_string();
        assert!(fault.contains("one of 0.weight"), "{fault}");
        assert!(network.forward(&[1.0; 3]).unwrap_err().to_string().contains("rows of 2 values"));
    }

    #[test]
    fn pictures_flow_and_flatten() {
        let text = "28x28-conv:6:5:1:2-relu-maxpool:2-conv:16:5-relu-maxpool:2-120-relu-10";
        let network = Network::<f32>::from_spec(text, &Init::default(), 1).unwrap();
        assert_eq!(network.steps()[6].input.to_string(), "16x5x5");
        assert_eq!(network.steps()[6].layer.label(), "Flatten");
        assert_eq!(network.output(), Shape::Flat(10));
        assert_eq!(network.forward(&[0.5; 784]).unwrap().len(), 10);
    }

    #[test]
    fn what_does_not_chain_is_told() {
        let fault = |text: &str| {
            Network::<f32>::from_spec(text, &Init::default(), 1)
                .map(|_| ())
                .unwrap_err()
                .to_string()
        };
        assert!(fault("784-conv:6:5").contains("conv at step 0: pictures"));
        assert!(fault("4x4-conv:6:5").contains("does not fit a picture of 4x4"));
        assert!(fault("4x4-conv:0:3").contains("whole number from 1"));
        assert!(fault("tanh").contains("begin with the width"));
        assert!(fault("4x4-softmax").contains("step 0 (Softmax): it takes rows"));
        assert!(fault("4-tanh:3").contains("no use for \"3\""));
        assert!(fault("1000000-1000000").contains("1000001000000 parameters, the limit is"));
        assert!(fault("1000x1000-conv:1000:1").contains("1000000000 values go out"));
        let mut network = Network::<f32>::from_spec("2-3", &Init::default(), 1).unwrap();
        let wrong = crate::layers::Linear { inputs: 4, outputs: 2, has_bias: true };
        let fault = network.push(Some("fc2"), Box::new(wrong)).unwrap_err().to_string();
        assert_eq!(
            fault,
            "step fc2 (Linear Layer (4D → 2D)): it takes rows of 4 values, but comes after rows of 3 values"
        );
    }
}
