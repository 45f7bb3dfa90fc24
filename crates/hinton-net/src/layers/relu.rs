//! ReLU: x above zero, zero below.

use super::activation::{Pointwise, pointwise_layer};
use super::{Arguments, Builders, Layer, LayerRow};
use crate::{Real, Shape};

pub(super) const ROW: LayerRow = LayerRow {
    name: "relu",
    title: "ReLU",
    about: "Zero below zero, x above",
    help: "y = max(x, 0)",
    usage: "relu",
    example: "3-4-relu-2",
    build: Builders { f32: build, f64: build },
};

/// ReLU: x above zero, zero below.
#[derive(Debug, Clone)]
pub struct Relu;

impl Pointwise for Relu {
    #[inline(always)]
    fn value<R: Real>(&self, x: R) -> R {
        if x < R::ZERO { R::ZERO } else { x }
    }

    #[inline(always)]
    fn slope<R: Real>(&self, x: R, _y: R) -> R {
        if x > R::ZERO { R::ONE } else { R::ZERO }
    }
}

impl<R: Real> Layer<R> for Relu {
    pointwise_layer!();
}

fn build<R: Real>(arguments: &Arguments<'_>, _: &Shape) -> Result<Box<dyn Layer<R>>, String> {
    arguments.at_most(0)?;
    Ok(Box::new(Relu))
}
