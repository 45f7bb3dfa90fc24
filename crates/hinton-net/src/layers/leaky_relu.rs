//! Leaky ReLU: x above zero, a small slope below.

use super::activation::{Pointwise, pointwise_layer};
use super::{Arguments, Builders, Layer, LayerRow};
use crate::{Real, Shape};

pub(super) const ROW: LayerRow = LayerRow {
    name: "leakyrelu",
    title: "Leaky ReLU",
    about: "A small slope below zero, x above",
    help: "y = x above zero and SLOPE x below; SLOPE is 0.01 if it is not written",
    usage: "leakyrelu[:SLOPE]",
    example: "3-4-leakyrelu:0.1-2",
    build: Builders { f32: build, f64: build },
};

const SLOPE: f64 = 0.01;

/// Leaky ReLU: x above zero, a small slope below.
#[derive(Debug, Clone)]
pub struct LeakyRelu {
    /// The slope below zero.
    pub slope: f64,
}

impl Pointwise for LeakyRelu {
    #[inline(always)]
    fn value<R: Real>(&self, x: R) -> R {
        if x < R::ZERO { R::of(self.slope) * x } else { x }
    }

    #[inline(always)]
    fn slope<R: Real>(&self, x: R, _: R) -> R {
        if x > R::ZERO { R::ONE } else { R::of(self.slope) }
    }
}

impl<R: Real> Layer<R> for LeakyRelu {
    fn word(&self) -> String {
        if self.slope == SLOPE {
            ROW.name.to_owned()
        } else {
            format!("{}:{}", ROW.name, self.slope)
        }
    }

    pointwise_layer!();
}

fn build<R: Real>(arguments: &Arguments<'_>, _: &Shape) -> Result<Box<dyn Layer<R>>, String> {
    arguments.at_most(1)?;
    Ok(Box::new(LeakyRelu { slope: arguments.number(0, "the slope", SLOPE)? }))
}
