//! Batch normalisation with stored statistics.

use super::{Arguments, Backward, Builders, Forward, Layer, LayerRow, ParameterShape, Start};
use crate::{Real, Shape};

pub(super) const ROW: LayerRow = LayerRow {
    name: "batchnorm",
    title: "Batch Norm",
    about: "Each channel is shifted and scaled by statistics of the training data",
    help: "y = (x - running_mean) / sqrt(running_var + EPSILON) * weight + bias, for each value of a row \
           or each channel of a picture; EPSILON is 0.00001. The running statistics are parameters that \
           training here leaves unchanged. Parameters, all [channels]: weight, bias, running_mean, \
           running_var",
    usage: "batchnorm[:EPSILON]",
    example: "3-4-batchnorm-2",
    build: Builders { f32: build, f64: build },
};

const EPSILON: f64 = 1e-5;

/// Batch normalisation at inference, with stored statistics.
#[derive(Debug, Clone)]
pub struct BatchNorm {
    /// Channels, each with its own statistics.
    pub channels: usize,
    /// Number of values per channel.
    pub area: usize,
    /// Added to the variance.
    pub epsilon: f64,
}

impl BatchNorm {
    /// For inputs of this shape.
    pub fn new(input: &Shape, epsilon: f64) -> Self {
        match *input {
            Shape::Flat(channels) => BatchNorm { channels, area: 1, epsilon },
            Shape::Image { channels, height, width } => {
                BatchNorm { channels, area: height * width, epsilon }
            }
        }
    }

    /// Mean and 1 / standard deviation of each channel.
    fn statistics<R: Real>(&self, values: &[R]) -> Vec<(R, R)> {
        let (mean, variance) = values[2 * self.channels..].split_at(self.channels);
        let spread = |variance: &R| R::ONE / (*variance + R::of(self.epsilon)).sqrt();
        mean.iter().zip(variance).map(|(mean, variance)| (*mean, spread(variance))).collect()
    }
}

impl<R: Real> Layer<R> for BatchNorm {
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
        let own = BatchNorm::new(input, self.epsilon);
        if (own.channels, own.area) == (self.channels, self.area) {
            return Ok(*input);
        }
        Err(format!("{} channels of {} values", self.channels, self.area))
    }

    fn parameters(&self) -> Vec<ParameterShape> {
        let all = [
            ("weight", Start::Ones),
            ("bias", Start::Zeros),
            ("running_mean", Start::Zeros),
            ("running_var", Start::Ones),
        ];
        let parameter = |(name, start)| ParameterShape {
            name,
            shape: vec![self.channels],
            is_transposed: false,
            is_trained: !name.starts_with("running"),
            fan_in: 1,
            fan_out: 1,
            start,
        };
        all.into_iter().map(parameter).collect()
    }

    fn forward(&self, batch: Forward<'_, R>) {
        let statistics = self.statistics(batch.values);
        let (weight, bias) = batch.values.split_at(self.channels);
        let rows = batch.input.chunks_exact(self.area);
        for (index, (y, x)) in batch.output.chunks_exact_mut(self.area).zip(rows).enumerate() {
            let channel = index % self.channels;
            let (mean, scale) = statistics[channel];
            for (y, x) in y.iter_mut().zip(x) {
                *y = (*x - mean) * scale * weight[channel] + bias[channel];
            }
        }
    }

    fn backward(&self, batch: Backward<'_, R>) {
        let statistics = self.statistics(batch.values);
        let (by_weight, rest) = batch.by_values.split_at_mut(self.channels);
        let rows = batch.input.chunks_exact(self.area);
        for (index, (x, by_y)) in rows.zip(batch.by_output.chunks_exact(self.area)).enumerate() {
            let channel = index % self.channels;
            let (mean, scale) = statistics[channel];
            for (x, by_y) in x.iter().zip(by_y) {
                by_weight[channel] += *by_y * (*x - mean) * scale;
                rest[channel] += *by_y;
            }
        }
        if let Some(by_input) = batch.by_input {
            let rows = batch.by_output.chunks_exact(self.area);
            for (index, (by_x, by_y)) in by_input.chunks_exact_mut(self.area).zip(rows).enumerate()
            {
                let channel = index % self.channels;
                let slope = statistics[channel].1 * batch.values[channel];
                by_x.iter_mut().zip(by_y).for_each(|(by_x, by_y)| *by_x = *by_y * slope);
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
    Ok(Box::new(BatchNorm::new(input, epsilon)))
}
