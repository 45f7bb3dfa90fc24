//! Sigmoid: the logistic function, from 0 to 1.

use super::activation::{Pointwise, pointwise_layer};
use super::{Arguments, Builders, Layer, LayerRow};
use crate::{Real, Shape};

pub(super) const ROW: LayerRow = LayerRow {
    name: "sigmoid",
    title: "Sigmoid",
    about: "Logistic function, from 0 to 1",
    help: "y = 1 / (1 + exp(-x))",
    usage: "sigmoid",
    example: "3-4-sigmoid-2",
    build: Builders { f32: build, f64: build },
};

/// Sigmoid: the logistic function, from 0 to 1.
#[derive(Debug, Clone)]
pub struct Sigmoid;

impl Pointwise for Sigmoid {
    #[inline(always)]
    fn value<R: Real>(&self, x: R) -> R {
        R::ONE / (R::ONE + (-x).exp())
    }

    #[inline(always)]
    fn slope<R: Real>(&self, _x: R, y: R) -> R {
        y * (R::ONE - y)
    }
}

impl<R: Real> Layer<R> for Sigmoid {
    pointwise_layer!();
}

fn build<R: Real>(arguments: &Arguments<'_>, _: &Shape) -> Result<Box<dyn Layer<R>>, String> {
    arguments.at_most(0)?;
    Ok(Box::new(Sigmoid))
}
