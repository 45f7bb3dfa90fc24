//! Flattens a picture to a row of values.

use super::{Arguments, Backward, Builders, Forward, Layer, LayerRow};
use crate::{Real, Shape};

pub(super) const ROW: LayerRow = LayerRow {
    name: "flatten",
    title: "Flatten",
    about: "A picture becomes a row of values",
    help: "The values stay as they are, channel by channel and row by row. A width after a picture \
           flattens it first, so the word may be left out",
    usage: "flatten",
    example: "1x2x3-flatten-2",
    build: Builders { f32: build, f64: build },
};

/// Flattens a picture to a row of values.
#[derive(Debug, Clone)]
pub struct Flatten;

impl<R: Real> Layer<R> for Flatten {
    fn row(&self) -> &'static LayerRow {
        &ROW
    }

    fn output(&self, input: &Shape) -> Result<Shape, String> {
        Ok(Shape::Flat(input.width()))
    }

    fn forward(&self, batch: Forward<'_, R>) {
        batch.output.copy_from_slice(batch.input);
    }

    fn backward(&self, batch: Backward<'_, R>) {
        if let Some(by_input) = batch.by_input {
            by_input.copy_from_slice(batch.by_output);
        }
    }

    fn boxed(&self) -> Box<dyn Layer<R>> {
        Box::new(self.clone())
    }
}

fn build<R: Real>(arguments: &Arguments<'_>, _: &Shape) -> Result<Box<dyn Layer<R>>, String> {
    arguments.at_most(0)?;
    Ok(Box::new(Flatten))
}
