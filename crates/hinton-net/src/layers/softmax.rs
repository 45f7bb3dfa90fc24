//! Softmax: turns scores into shares that sum to 1.

use super::{Arguments, Backward, Builders, Forward, Layer, LayerRow};
use crate::{Real, Shape};
use hinton_tensor::simd::{self, Kernel};

pub(super) const ROW: LayerRow = LayerRow {
    name: "softmax",
    title: "Softmax",
    about: "Scores become shares: positive, and 1 in sum",
    help: "y_i = exp(x_i) / sum_j exp(x_j), over the values of a point",
    usage: "softmax",
    example: "3-4-softmax",
    build: Builders { f32: build, f64: build },
};

/// Softmax: turns scores into shares that sum to 1.
#[derive(Debug, Clone)]
pub struct Softmax;

impl<R: Real> Layer<R> for Softmax {
    fn row(&self) -> &'static LayerRow {
        &ROW
    }

    fn output(&self, input: &Shape) -> Result<Shape, String> {
        match input {
            Shape::Flat(_) => Ok(*input),
            Shape::Image { .. } => Err("rows: put flatten before it".to_owned()),
        }
    }

    fn forward(&self, batch: Forward<'_, R>) {
        batch.output.copy_from_slice(batch.input);
        softmax_rows(batch.output, batch.points);
    }

    fn backward(&self, batch: Backward<'_, R>) {
        let Backward { output, by_output, by_input: Some(by_input), points, .. } = batch else {
            return;
        };
        let width = output.len() / points.max(1);
        let rows = output.chunks_exact(width).zip(by_output.chunks_exact(width));
        for (by_x, (y, by_y)) in by_input.chunks_exact_mut(width).zip(rows) {
            let mut along = R::ZERO;
            y.iter().zip(by_y).for_each(|(y, by_y)| along += *y * *by_y);
            for ((by_x, y), by_y) in by_x.iter_mut().zip(y).zip(by_y) {
                *by_x = *y * (*by_y - along);
            }
        }
    }

    fn boxed(&self) -> Box<dyn Layer<R>> {
        Box::new(self.clone())
    }
}

fn build<R: Real>(arguments: &Arguments<'_>, _: &Shape) -> Result<Box<dyn Layer<R>>, String> {
    arguments.at_most(0)?;
    Ok(Box::new(Softmax))
}

/// Each of `points` rows of scores becomes shares, in place.
pub(crate) fn softmax_rows<R: Real>(rows: &mut [R], points: usize) {
    simd::run(Rows { rows, points });
}

struct Rows<'a, R> {
    rows: &'a mut [R],
    points: usize,
}

impl<R: Real> Kernel for Rows<'_, R> {
    type Output = ();

    #[inline(always)]
    fn run<const WIDE: bool>(self) {
        let width = self.rows.len() / self.points.max(1);
        if width == 0 {
            return;
        }
        for row in self.rows.chunks_exact_mut(width) {
            // The largest becomes 0, so that no power is too large.
            let mut largest = row[0];
            row.iter().for_each(|x| largest = if *x > largest { *x } else { largest });
            row.iter_mut().for_each(|x| *x -= largest);
        }
        // All rows in one loop, for a row is often shorter than a vector.
        self.rows.iter_mut().for_each(|x| *x = x.exp());
        for row in self.rows.chunks_exact_mut(width) {
            let mut sum = R::ZERO;
            row.iter().for_each(|x| sum += *x);
            row.iter_mut().for_each(|x| *x = *x / sum);
        }
    }
}
