//! Dropout, which has no effect outside training, and none here.

use super::activation::{Pointwise, pointwise_layer};
use super::{Arguments, Builders, Layer, LayerRow};
use crate::{Real, Shape};

pub(super) const ROW: LayerRow = LayerRow {
    name: "dropout",
    title: "Dropout",
    about: "Nothing: dropout only acts in training",
    help: "y = x. It is here so that networks trained elsewhere can be written; training here does not \
           drop anything either",
    usage: "dropout[:RATE]",
    example: "3-4-dropout:0.5-2",
    build: Builders { f32: build, f64: build },
};

const RATE: f64 = 0.5;

/// Dropout; here it has no effect.
#[derive(Debug, Clone)]
pub struct Dropout {
    /// The share of values that training in other programs drops, 0 to 1.
    pub rate: f64,
}

impl Pointwise for Dropout {
    #[inline(always)]
    fn value<R: Real>(&self, x: R) -> R {
        x
    }

    #[inline(always)]
    fn slope<R: Real>(&self, _: R, _: R) -> R {
        R::ONE
    }
}

impl<R: Real> Layer<R> for Dropout {
    fn word(&self) -> String {
        if self.rate == RATE { ROW.name.to_owned() } else { format!("{}:{}", ROW.name, self.rate) }
    }

    pointwise_layer!();
}

fn build<R: Real>(arguments: &Arguments<'_>, _: &Shape) -> Result<Box<dyn Layer<R>>, String> {
    arguments.at_most(1)?;
    let rate = arguments.number(0, "the rate", RATE)?;
    if !(0.0..=1.0).contains(&rate) {
        return Err(format!("the rate is from 0 to 1, not {rate}"));
    }
    Ok(Box::new(Dropout { rate }))
}
