//! GELU: x times the cumulative normal distribution at x.

use super::activation::{Pointwise, pointwise_layer};
use super::{Arguments, Builders, Layer, LayerRow};
use crate::{Real, Shape};

pub(super) const ROW: LayerRow = LayerRow {
    name: "gelu",
    title: "GELU",
    about: "x times the normal distribution up to x",
    help: "y = x (1 + erf(x / sqrt 2)) / 2, the exact one (Hendrycks and Gimpel 2016)",
    usage: "gelu",
    example: "3-4-gelu-2",
    build: Builders { f32: build, f64: build },
};

/// GELU: x times the cumulative normal distribution at x.
#[derive(Debug, Clone)]
pub struct Gelu;

impl Pointwise for Gelu {
    #[inline(always)]
    fn value<R: Real>(&self, x: R) -> R {
        x * below(x)
    }

    #[inline(always)]
    fn slope<R: Real>(&self, x: R, _y: R) -> R {
        // 1 / sqrt(2 pi)
        let density = R::of(0.398_942_280_401_432_7) * (R::of(-0.5) * x * x).exp();
        below(x) + x * density
    }
}

impl<R: Real> Layer<R> for Gelu {
    pointwise_layer!();
}

fn build<R: Real>(arguments: &Arguments<'_>, _: &Shape) -> Result<Box<dyn Layer<R>>, String> {
    arguments.at_most(0)?;
    Ok(Box::new(Gelu))
}

/// The share of a standard normal distribution that lies below `x`.
fn below<R: Real>(x: R) -> R {
    R::of(0.5) * (R::ONE + (x * R::of(std::f64::consts::FRAC_1_SQRT_2)).erf())
}
