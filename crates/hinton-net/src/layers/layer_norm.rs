//! Layer normalisation: normalises each point by its own mean and variance.

use super::{Arguments, Backward, Builders, Forward, Layer, LayerRow, ParameterShape, Start};
use crate::{Real, Shape};

pub(super) const ROW: LayerRow = LayerRow {
    name: "layernorm",
    title: "Layer Norm",
    about: "Each point is shifted and scaled by its own mean and variance",
    help: "y = (x - mean) / sqrt(variance + EPSILON) * weight + bias, mean and variance over the values of \
           the point (Ba, Kiros and Hinton 2016); EPSILON is 0.00001. Parameters: weight [width], bias \
           [width]",
    usage: "layernorm[:EPSILON]",
    example: "3-4-layernorm-2",
    build: Builders { f32: build, f64: build },
};

const EPSILON: f64 = 1e-5;

/// Layer normalisation.
#[derive(Debug, Clone)]
pub struct LayerNorm {
    /// Number of values of a point.
    pub width: usize,
    /// Added to the variance.
    pub epsilon: f64,
}

impl LayerNorm {
    /// Mean and 1 / standard deviation of a point.
    fn statistics<R: Real>(&self, row: &[R]) -> (R, R) {
        let count = R::of(row.len() as f64);
        let mut sum = R::ZERO;
        row.iter().for_each(|x| sum += *x);
        let mean = sum / count;
        let mut squares = R::ZERO;
        row.iter().for_each(|x| squares += (*x - mean) * (*x - mean));
        (mean, R::ONE / (squares / count + R::of(self.epsilon)).sqrt())
    }
}

impl<R: Real> Layer<R> for LayerNorm {
    fn row(&self) -> &'static LayerRow {
        &ROW
    }

    fn word(&self) -> String {
        if self.epsilon == EPSILON {
            ROW.name.to_owned()
        } else {
            format!("{}:{}", ROW.name, self.epsilon)
        }
    }

    fn output(&self, input: &Shape) -> Result<Shape, String> {
        if input.width() == self.width { Ok(*input) } else { Err(Shape::Flat(self.width).takes()) }
    }

    fn parameters(&self) -> Vec<ParameterShape> {
        let parameter = |(name, start)| ParameterShape {
            name,
            shape: vec![self.width],
            is_transposed: false,
            is_trained: true,
            fan_in: 1,
            fan_out: 1,
            start,
        };
        [("weight", Start::Ones), ("bias", Start::Zeros)].into_iter().map(parameter).collect()
    }

    fn forward(&self, batch: Forward<'_, R>) {
        let (weight, bias) = batch.values.split_at(self.width);
        let rows = batch.input.chunks_exact(self.width);
        for (y, x) in batch.output.chunks_exact_mut(self.width).zip(rows) {
            let (mean, scale) = self.statistics(x);
            for (index, (y, x)) in y.iter_mut().zip(x).enumerate() {
                *y = (*x - mean) * scale * weight[index] + bias[index];
            }
        }
    }

    fn backward(&self, batch: Backward<'_, R>) {
        let weight = &batch.values[..self.width];
        let (by_weight, by_bias) = batch.by_values.split_at_mut(self.width);
        let count = R::of(self.width as f64);
        let mut by_input = batch.by_input;
        let rows = batch.input.chunks_exact(self.width);
        for (point, (x, by_y)) in rows.zip(batch.by_output.chunks_exact(self.width)).enumerate() {
            let (mean, scale) = self.statistics(x);
            // Gradient by the normalised values: its mean, and its mean along them.
            let (mut level, mut along) = (R::ZERO, R::ZERO);
            for index in 0..self.width {
                let normal = (x[index] - mean) * scale;
                by_weight[index] += by_y[index] * normal;
                by_bias[index] += by_y[index];
                level += by_y[index] * weight[index];
                along += by_y[index] * weight[index] * normal;
            }
            let Some(by_input) = &mut by_input else { continue };
            let by_x = &mut by_input[point * self.width..][..self.width];
            for index in 0..self.width {
                let normal = (x[index] - mean) * scale;
                let own = by_y[index] * weight[index];
                by_x[index] = scale * (own - level / count - normal * (along / count));
            }
        }
    }

    fn boxed(&self) -> Box<dyn Layer<R>> {
        Box::new(self.clone())
    }
}

fn build<R: Real>(arguments: &Arguments<'_>, input: &Shape) -> Result<Box<dyn Layer<R>>, String> {
    arguments.at_most(1)?;
    let epsilon = arguments.number(0, "epsilon", EPSILON)?;
    Ok(Box::new(LayerNorm { width: input.width(), epsilon }))
}
