//! A linear map, with or without a bias.

use super::{Arguments, Backward, Builders, Forward, Layer, LayerRow, ParameterShape, Start};
use crate::product::{self, Left};
use crate::{Real, Shape};

pub(super) const ROW: LayerRow = LayerRow {
    name: "linear",
    title: "Linear Layer",
    about: "A linear map: each output is a weighted sum of all inputs",
    help: "y = W x + b. A plain number in a model is a linear map to that width; `linear:WIDTH:nobias` \
           leaves out b. Parameters: weight [out, in], bias [out]",
    usage: "WIDTH, or linear:WIDTH[:nobias]",
    example: "3-4-linear:2:nobias",
    build: Builders { f32: build, f64: build },
};

/// The words that leave out the bias.
pub(crate) const NO_BIAS: &str = "nobias";

/// A linear map.
#[derive(Debug, Clone)]
pub struct Linear {
    /// Number of input values.
    pub inputs: usize,
    /// Number of output values.
    pub outputs: usize,
    /// Whether a bias is added.
    pub has_bias: bool,
}

impl<R: Real> Layer<R> for Linear {
    fn row(&self) -> &'static LayerRow {
        &ROW
    }

    fn word(&self) -> String {
        let outputs = self.outputs;
        if self.has_bias {
            outputs.to_string()
        } else {
            format!("{}:{outputs}:{NO_BIAS}", ROW.name)
        }
    }

    fn label(&self) -> String {
        format!("{} ({}D → {}D)", ROW.title, self.inputs, self.outputs)
    }

    fn output(&self, input: &Shape) -> Result<Shape, String> {
        match *input {
            Shape::Flat(width) if width == self.inputs => Ok(Shape::Flat(self.outputs)),
            _ => Err(Shape::Flat(self.inputs).takes()),
        }
    }

    fn parameters(&self) -> Vec<ParameterShape> {
        let weight = ParameterShape {
            name: "weight",
            shape: vec![self.outputs, self.inputs],
            is_transposed: true,
            is_trained: true,
            fan_in: self.inputs,
            fan_out: self.outputs,
            start: Start::Weight,
        };
        let bias = ParameterShape {
            name: "bias",
            shape: vec![self.outputs],
            is_transposed: false,
            start: Start::Bias,
            ..weight.clone()
        };
        if self.has_bias { vec![weight, bias] } else { vec![weight] }
    }

    fn forward(&self, batch: Forward<'_, R>) {
        let (weight, bias) = batch.values.split_at(self.inputs * self.outputs);
        let left = Left::rows(batch.input, self.inputs);
        product::product(left, weight, batch.output, self.outputs);
        product::add_to_rows(batch.output, bias);
    }

    fn backward(&self, batch: Backward<'_, R>) {
        let count = self.inputs * self.outputs;
        let (by_weight, by_bias) = batch.by_values.split_at_mut(count);
        let columns = Left::columns(batch.input, self.inputs);
        product::add_product(columns, batch.by_output, by_weight, self.outputs);
        product::add_rows(batch.by_output, by_bias);
        if let Some(by_input) = batch.by_input {
            let weight = product::transposed(&batch.values[..count], self.inputs, self.outputs);
            let left = Left::rows(batch.by_output, self.outputs);
            product::product(left, &weight, by_input, self.inputs);
        }
    }

    fn linear(&self) -> Option<&Linear> {
        Some(self)
    }

    fn boxed(&self) -> Box<dyn Layer<R>> {
        Box::new(self.clone())
    }
}

fn build<R: Real>(arguments: &Arguments<'_>, input: &Shape) -> Result<Box<dyn Layer<R>>, String> {
    arguments.at_most(2)?;
    let outputs = arguments.count(0, "the width", 1, None)?;
    let has_bias = match arguments.parts.get(1) {
        None => true,
        Some(&NO_BIAS) => false,
        Some(other) => return Err(format!("expected {NO_BIAS} after the width, not {other:?}")),
    };
    Ok(Box::new(Linear { inputs: input.width(), outputs, has_bias }))
}
