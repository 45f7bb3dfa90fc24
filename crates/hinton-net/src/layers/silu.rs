//! SiLU (swish): x times the logistic function of x.

use super::activation::{Pointwise, pointwise_layer};
use super::{Arguments, Builders, Layer, LayerRow};
use crate::{Real, Shape};

pub(super) const ROW: LayerRow = LayerRow {
    name: "silu",
    title: "SiLU",
    about: "x times its logistic function (swish)",
    help: "y = x / (1 + exp(-x)) (Elfwing, Uchibe and Doya 2017)",
    usage: "silu",
    example: "3-4-silu-2",
    build: Builders { f32: build, f64: build },
};

/// SiLU (swish): x times the logistic function of x.
#[derive(Debug, Clone)]
pub struct Silu;

impl Pointwise for Silu {
    #[inline(always)]
    fn value<R: Real>(&self, x: R) -> R {
        x / (R::ONE + (-x).exp())
    }

    #[inline(always)]
    fn slope<R: Real>(&self, x: R, _y: R) -> R {
        let gate = R::ONE / (R::ONE + (-x).exp());
        gate * (R::ONE + x * (R::ONE - gate))
    }
}

impl<R: Real> Layer<R> for Silu {
    pointwise_layer!();
}

fn build<R: Real>(arguments: &Arguments<'_>, _: &Shape) -> Result<Box<dyn Layer<R>>, String> {
    arguments.at_most(0)?;
    Ok(Box::new(Silu))
}
