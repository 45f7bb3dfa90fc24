//! Layers that apply a function to each value separately.

use std::fmt::Debug;

use super::{Backward, Forward};
use crate::Real;
use hinton_tensor::simd::{self, Kernel};

/// A function of one value.
pub(super) trait Pointwise: Debug + Clone + Send + Sync + 'static {
    /// The function.
    fn value<R: Real>(&self, x: R) -> R;

    /// Its derivative at `x`, where it is `y`.
    fn slope<R: Real>(&self, x: R, y: R) -> R;
}

/// The function of every value.
pub(super) fn forward<R: Real, F: Pointwise>(function: &F, batch: Forward<'_, R>) {
    simd::run(Values { function, input: batch.input, output: batch.output });
}

/// The gradient through every value.
pub(super) fn backward<R: Real, F: Pointwise>(function: &F, batch: Backward<'_, R>) {
    let Backward { input, output, by_output, by_input, .. } = batch;
    if let Some(by_input) = by_input {
        simd::run(Slopes { function, input, output, by_output, by_input });
    }
}

struct Values<'a, R, F> {
    function: &'a F,
    input: &'a [R],
    output: &'a mut [R],
}

impl<R: Real, F: Pointwise> Kernel for Values<'_, R, F> {
    type Output = ();

    #[inline(always)]
    fn run<const WIDE: bool>(self) {
        for (y, x) in self.output.iter_mut().zip(self.input) {
            *y = self.function.value(*x);
        }
    }
}

struct Slopes<'a, R, F> {
    function: &'a F,
    input: &'a [R],
    output: &'a [R],
    by_output: &'a [R],
    by_input: &'a mut [R],
}

impl<R: Real, F: Pointwise> Kernel for Slopes<'_, R, F> {
    type Output = ();

    #[inline(always)]
    fn run<const WIDE: bool>(self) {
        let values = self.input.iter().zip(self.output).zip(self.by_output);
        for (by_x, ((x, y), by_y)) in self.by_input.iter_mut().zip(values) {
            *by_x = *by_y * self.function.slope(*x, *y);
        }
    }
}

/// The parts of [`super::Layer`] that all functions of one value share.
macro_rules! pointwise_layer {
    () => {
        fn row(&self) -> &'static super::LayerRow {
            &ROW
        }

        fn output(&self, input: &crate::Shape) -> Result<crate::Shape, String> {
            Ok(*input)
        }

        fn forward(&self, batch: super::Forward<'_, R>) {
            super::activation::forward(self, batch);
        }

        fn backward(&self, batch: super::Backward<'_, R>) {
            super::activation::backward(self, batch);
        }

        fn boxed(&self) -> Box<dyn super::Layer<R>> {
            Box::new(self.clone())
        }
    };
}
pub(super) use pointwise_layer;
