//! Hyperbolic tangent, from -1 to 1.

use super::activation::{Pointwise, pointwise_layer};
use super::{Arguments, Builders, Layer, LayerRow};
use crate::{Real, Shape};

pub(super) const ROW: LayerRow = LayerRow {
    name: "tanh",
    title: "Tanh",
    about: "Hyperbolic tangent, from -1 to 1",
    help: "y = tanh(x)",
    usage: "tanh",
    example: "3-4-tanh-2",
    build: Builders { f32: build, f64: build },
};

/// Hyperbolic tangent, from -1 to 1.
#[derive(Debug, Clone)]
pub struct Tanh;

impl Pointwise for Tanh {
    #[inline(always)]
    fn value<R: Real>(&self, x: R) -> R {
        x.tanh()
    }

    #[inline(always)]
    fn slope<R: Real>(&self, _x: R, y: R) -> R {
        R::ONE - y * y
    }
}

impl<R: Real> Layer<R> for Tanh {
    pointwise_layer!();
}

fn build<R: Real>(arguments: &Arguments<'_>, _: &Shape) -> Result<Box<dyn Layer<R>>, String> {
    arguments.at_most(0)?;
    Ok(Box::new(Tanh))
}
