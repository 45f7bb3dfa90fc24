//! Initialisations: the weights before training.

use crate::layers::{ParameterShape, Start};
use crate::random::Random;
use crate::{NetError, Real};

mod row;

pub use row::InitRow;

/// Every kind of initialisation.
pub const INITS: &[InitRow] = &[
    InitRow {
        name: "uniform",
        about: "Uniform within 1/sqrt(fan_in) of zero",
        help: "PyTorch's default for linear maps and convolutions, including biases.",
        fill: |shape, random, out| uniform(random, out, 1.0 / root(shape.fan_in)),
        biases: true,
    },
    InitRow {
        name: "zeros",
        about: "All zero",
        help: "Enough for softmax regression; hidden layers learn nothing from it, because their units stay identical.",
        fill: |_, _, out| out.fill(0.0),
        biases: false,
    },
    InitRow {
        name: "normal",
        about: "Normal with standard deviation 1/sqrt(fan_in)",
        help: "LeCun et al. 1998, Efficient BackProp. Biases are zero.",
        fill: |shape, random, out| normal(random, out, 1.0 / root(shape.fan_in)),
        biases: false,
    },
    InitRow {
        name: "he",
        about: "Normal with standard deviation sqrt(2/fan_in)",
        help: "He et al. 2015, for relu. Biases are zero.",
        fill: |shape, random, out| normal(random, out, (2.0 / shape.fan_in.max(1) as f64).sqrt()),
        biases: false,
    },
    InitRow {
        name: "xavier",
        about: "Uniform within sqrt(6/(fan_in + fan_out)) of zero",
        help: "Glorot and Bengio 2010, for tanh and sigmoid. Biases are zero.",
        fill: |shape, random, out| {
            let fans = (shape.fan_in + shape.fan_out).max(1) as f64;
            uniform(random, out, (6.0 / fans).sqrt());
        },
        biases: false,
    },
    InitRow {
        name: "identity",
        about: "Ones on the diagonal, zeros elsewhere",
        help: "A map to as many dimensions changes nothing; a map to fewer drops the last ones, a map to more \
               adds zeros. Kernels of a convolution are read as rows. Biases are zero.",
        fill: |shape, _, out| {
            let columns = columns(shape);
            for (index, value) in out.iter_mut().enumerate() {
                *value = if index / columns == index % columns { 1.0 } else { 0.0 };
            }
        },
        biases: false,
    },
    InitRow {
        name: "orthogonal",
        about: "A random rotation, or rows or columns of one",
        help: "Saxe, McClelland and Ganguli 2013: normal numbers made orthonormal by Gram and Schmidt. Biases \
               are zero.",
        fill: orthogonal,
        biases: false,
    },
];

/// An initialisation: a row of [`INITS`], and a factor.
#[derive(Debug, Clone, Copy)]
pub struct Init {
    /// The kind.
    pub row: &'static InitRow,
    /// The factor that all weights are multiplied by.
    pub scale: f64,
}

impl Default for Init {
    fn default() -> Self {
        Init { row: &INITS[0], scale: 1.0 }
    }
}

impl Init {
    /// The initialisation with this name.
    ///
    /// # Errors
    /// Returns an error if there is none; the error lists the known ones.
    pub fn named(name: &str) -> Result<Self, NetError> {
        let row = INITS.iter().find(|row| row.name == name);
        let row = row.ok_or_else(|| NetError::Option {
            option: "init",
            value: name.to_owned(),
            why: format!("expected one of {}", names().join(", ")),
        })?;
        Ok(Init { row, scale: 1.0 })
    }

    /// The values of a parameter, as they lie in the network.
    pub(crate) fn values<R: Real>(&self, shape: &ParameterShape, random: &mut Random) -> Vec<R> {
        let mut values = vec![0.0; shape.count()];
        match shape.start {
            Start::Zeros => {}
            Start::Ones => values.fill(1.0),
            Start::Weight => (self.row.fill)(shape, random, &mut values),
            Start::Bias if self.row.biases => (self.row.fill)(shape, random, &mut values),
            Start::Bias => {}
        }
        if matches!(shape.start, Start::Weight | Start::Bias) {
            values.iter_mut().for_each(|value| *value *= self.scale);
        }
        // Drawn in f64 and in PyTorch's order, so that f32 and f64 begin alike.
        let values: Vec<R> = values.into_iter().map(R::of).collect();
        match shape.is_transposed {
            true => crate::product::transposed(&values, shape.shape[0], columns(shape)),
            false => values,
        }
    }
}

fn names() -> Vec<&'static str> {
    INITS.iter().map(|row| row.name).collect()
}

fn root(count: usize) -> f64 {
    (count.max(1) as f64).sqrt()
}

/// Values of a row, the first axis being rows.
fn columns(shape: &ParameterShape) -> usize {
    (shape.count() / shape.shape.first().copied().unwrap_or(1).max(1)).max(1)
}

fn uniform(random: &mut Random, out: &mut [f64], within: f64) {
    out.iter_mut().for_each(|value| *value = random.between(-within, within));
}

fn normal(random: &mut Random, out: &mut [f64], deviation: f64) {
    out.iter_mut().for_each(|value| *value = random.normal() * deviation);
}

fn orthogonal(shape: &ParameterShape, random: &mut Random, out: &mut [f64]) {
    let columns = columns(shape);
    let rows = out.len() / columns;
    normal(random, out, 1.0);
    // The shorter of rows and columns can be made orthonormal.
    let (count, at): (usize, fn(usize, usize, usize) -> usize) = match rows <= columns {
        true => (rows, |vector, index, columns| vector * columns + index),
        false => (columns, |vector, index, columns| index * columns + vector),
    };
    let length = rows.max(columns);
    for vector in 0..count {
        // Twice, for the first time leaves rounding errors.
        for before in (0..vector).chain(0..vector) {
            let along: f64 = (0..length)
                .map(|index| out[at(vector, index, columns)] * out[at(before, index, columns)])
                .sum();
            for index in 0..length {
                out[at(vector, index, columns)] -= along * out[at(before, index, columns)];
            }
        }
        let square: f64 = (0..length).map(|index| out[at(vector, index, columns)].powi(2)).sum();
        let scale = if square > 0.0 { 1.0 / square.sqrt() } else { 0.0 };
        (0..length).for_each(|index| out[at(vector, index, columns)] *= scale);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weight(out: usize, inner: usize) -> ParameterShape {
        ParameterShape {
            name: "weight",
            shape: vec![out, inner],
            is_transposed: false,
            is_trained: true,
            fan_in: inner,
            fan_out: out,
            start: Start::Weight,
        }
    }

    #[test]
    fn orthogonal_rows_or_columns_are_orthonormal() {
        let init = Init::named("orthogonal").unwrap();
        for (rows, columns) in [(3, 3), (2, 5), (5, 2), (1, 1)] {
            let values: Vec<f64> = init.values(&weight(rows, columns), &mut Random::new(1));
            let (values, length) = match rows <= columns {
                true => (values, columns),
                false => (crate::product::transposed(&values, rows, columns), rows),
            };
            let vectors: Vec<&[f64]> = values.chunks(length).collect();
            for (i, a) in vectors.iter().enumerate() {
                for (j, b) in vectors.iter().enumerate() {
                    let along: f64 = a.iter().zip(*b).map(|(a, b)| a * b).sum();
                    assert!(
                        (along - f64::from(u8::from(i == j))).abs() < 1e-14,
                        "{rows}x{columns}"
                    );
                }
            }
        }
    }

    #[test]
    fn spreads_are_as_told() {
        let spread = |name: &str| {
            let values: Vec<f64> =
                Init::named(name).unwrap().values(&weight(300, 200), &mut Random::new(2));
            (values.iter().map(|x| x * x).sum::<f64>() / 60_000.0).sqrt()
        };
        let near = |a: f64, b: f64| assert!((a / b - 1.0).abs() < 0.02, "{a} {b}");
        near(spread("uniform"), (1.0f64 / 200.0 / 3.0).sqrt());
        near(spread("normal"), (1.0f64 / 200.0).sqrt());
        near(spread("he"), (2.0f64 / 200.0).sqrt());
        near(spread("xavier"), (6.0f64 / 500.0 / 3.0).sqrt());
        assert_eq!(spread("zeros"), 0.0);
        assert!(Init::named("hee").unwrap_err().to_string().contains("he, xavier"));
    }
}
