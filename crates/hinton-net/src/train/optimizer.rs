//! Optimisers: how gradients change the weights.

use crate::NetError;
use hinton_tensor::simd::{self, Kernel};

mod row;

pub use row::OptimizerRow;

/// Every kind of optimiser.
pub const OPTIMIZERS: &[OptimizerRow] = &[
    OptimizerRow {
        name: "adam",
        about: "Steps of even size, from the mean and the spread of past gradients",
        help: "m = 0.9 m + 0.1 g, v = 0.999 v + 0.001 g^2, both corrected for their start at zero; \
               w -= lr m / (sqrt(v) + 1e-8) (Kingma and Ba 2014)",
        rate: 0.001,
        remembers: &["exp_avg", "exp_avg_sq"],
        update: |update| simd::run(Adam(update)),
    },
    OptimizerRow {
        name: "sgd",
        about: "Steps against the gradient",
        help: "w -= lr g (Robbins and Monro 1951)",
        rate: 0.1,
        remembers: &[],
        update: |update| simd::run(Sgd(update)),
    },
    OptimizerRow {
        name: "momentum",
        about: "Steps against a running sum of gradients",
        help: "m = 0.9 m + g, w -= lr m (Polyak 1964, as PyTorch writes it)",
        rate: 0.02,
        remembers: &["momentum"],
        update: |update| simd::run(Momentum(update)),
    },
];

/// An optimiser with its learning rate and state.
#[derive(Debug, Clone)]
pub struct Optimizer {
    /// The kind.
    pub row: &'static OptimizerRow,
    /// The learning rate.
    pub rate: f64,
    /// Number of steps done.
    pub steps: u64,
    /// Its state, one vector for each name of the row.
    pub memory: Vec<Vec<f32>>,
}

struct Update<'a> {
    values: &'a mut [f32],
    gradient: &'a [f32],
    memory: &'a mut [Vec<f32>],
    rate: f64,
    /// Number of this step, from 1.
    step: u64,
}

impl OptimizerRow {
    /// The optimiser with this name.
    ///
    /// # Errors
    /// Returns an error if there is none; the error lists the known ones.
    pub fn named(name: &str) -> Result<&'static Self, NetError> {
        let names: Vec<&str> = OPTIMIZERS.iter().map(|row| row.name).collect();
        OPTIMIZERS.iter().find(|row| row.name == name).ok_or_else(|| NetError::Option {
            option: "optimizer",
            value: name.to_owned(),
            why: format!("expected one of {}", names.join(", ")),
        })
    }
}

impl Optimizer {
    /// A new optimiser for this number of weights.
    pub fn new(row: &'static OptimizerRow, rate: f64, weights: usize) -> Self {
        let memory = row.remembers.iter().map(|_| vec![0.0; weights]).collect();
        Optimizer { row, rate, steps: 0, memory }
    }

    /// Does one step.
    pub fn step(&mut self, values: &mut [f32], gradient: &[f32]) {
        self.steps += 1;
        let (memory, rate, step) = (&mut self.memory[..], self.rate, self.steps);
        (self.row.update)(Update { values, gradient, memory, rate, step });
    }
}

struct Sgd<'a>(Update<'a>);

impl Kernel for Sgd<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const WIDE: bool>(self) {
        let rate = self.0.rate as f32;
        for (value, gradient) in self.0.values.iter_mut().zip(self.0.gradient) {
            *value -= rate * *gradient;
        }
    }
}

struct Momentum<'a>(Update<'a>);

impl Kernel for Momentum<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const WIDE: bool>(self) {
        let rate = self.0.rate as f32;
        let [memory] = self.0.memory else { return };
        let weights = self.0.values.iter_mut().zip(self.0.gradient);
        for ((value, gradient), memory) in weights.zip(memory) {
            *memory = 0.9 * *memory + *gradient;
            *value -= rate * *memory;
        }
    }
}

struct Adam<'a>(Update<'a>);

impl Kernel for Adam<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const WIDE: bool>(self) {
        let [mean, square] = self.0.memory else { return };
        let step = self.0.step;
        // The corrections for the start at zero, in double precision as PyTorch has them.
        let rate = (self.0.rate / (1.0 - power(0.9, step))) as f32;
        let root = (1.0 - power(0.999, step)).sqrt() as f32;
        let memory = mean.iter_mut().zip(square.iter_mut());
        let weights = self.0.values.iter_mut().zip(self.0.gradient);
        for ((value, gradient), (mean, square)) in weights.zip(memory) {
            *mean = 0.9 * *mean + 0.1 * *gradient;
            *square = 0.999 * *square + 0.001 * (*gradient * *gradient);
            *value -= rate * *mean / (square.sqrt() / root + 1e-8);
        }
    }
}

/// A whole power by squaring, the same on every machine.
fn power(base: f64, mut exponent: u64) -> f64 {
    let (mut result, mut square) = (1.0, base);
    while exponent > 0 {
        if exponent & 1 == 1 {
            result *= square;
        }
        square *= square;
        exponent >>= 1;
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_those_of_the_formulas() {
        // What PyTorch 2 gives for one weight of 1 and the gradients 0.5, -2, 0.25.
        let run = |name: &str, rate: f64| {
            let mut optimizer = Optimizer::new(OptimizerRow::named(name).unwrap(), rate, 1);
            let mut values = [1.0f32];
            for gradient in [0.5f32, -2.0, 0.25] {
                optimizer.step(&mut values, &[gradient]);
            }
            values[0]
        };
        assert!((run("sgd", 0.1) - 1.125).abs() < 1e-6);
        assert!((run("momentum", 0.1) - 1.2195).abs() < 1e-6, "{}", run("momentum", 0.1));
        // Adam by hand in double precision.
        let (mut w, mut m, mut v) = (1.0f64, 0.0f64, 0.0f64);
        for (t, g) in [(1, 0.5), (2, -2.0), (3, 0.25)] {
            m = 0.9 * m + 0.1 * g;
            v = 0.999 * v + 0.001 * g * g;
            let (mc, vc) = (m / (1.0 - 0.9f64.powi(t)), v / (1.0 - 0.999f64.powi(t)));
            w -= 0.1 * mc / (vc.sqrt() + 1e-8);
        }
        assert!((f64::from(run("adam", 0.1)) - w).abs() < 1e-6);
        assert!(
            OptimizerRow::named("adm").unwrap_err().to_string().contains("adam, sgd, momentum")
        );
        assert!((power(0.999, 4730) - 0.999f64.powi(4730)).abs() < 1e-12);
    }
}
