//! Pooling: the maximum or the mean of each window.

use super::patches::Window;
use super::{Arguments, Backward, Builders, Forward, Layer, LayerRow, image};
use crate::{Real, Shape};

pub(super) const MAX_ROW: LayerRow = LayerRow {
    name: "maxpool",
    title: "Max Pooling",
    about: "The largest value of each window of a picture",
    help: "A window of SIZE x SIZE moves over each channel in steps of STRIDE, which is SIZE if it is not \
           written. What is left over at the right and lower edge is not used",
    usage: "maxpool:SIZE[:STRIDE]",
    example: "2x5x4-maxpool:2-2",
    build: Builders { f32: build_max, f64: build_max },
};

pub(super) const AVERAGE_ROW: LayerRow = LayerRow {
    name: "avgpool",
    title: "Average Pooling",
    about: "The mean of each window of a picture",
    help: "A window of SIZE x SIZE moves over each channel in steps of STRIDE, which is SIZE if it is not \
           written. What is left over at the right and lower edge is not used",
    usage: "avgpool:SIZE[:STRIDE]",
    example: "2x5x4-avgpool:2:1-2",
    build: Builders { f32: build_average, f64: build_average },
};

/// Max pooling: the largest value of each window.
#[derive(Debug, Clone)]
pub struct MaxPool(Window);

/// Average pooling: the mean of each window.
#[derive(Debug, Clone)]
pub struct AveragePool(Window);

impl Window {
    fn pooled(&self, input: &Shape) -> Result<Shape, String> {
        let (height, width) = self.places();
        if *input == self.shape() {
            return Ok(Shape::Image { channels: self.channels, height, width });
        }
        Err(self.shape().takes())
    }

    fn pool_word(&self, name: &str) -> String {
        let Window { size, stride, .. } = self;
        if size == stride { format!("{name}:{size}") } else { format!("{name}:{size}:{stride}") }
    }

    fn pool_label(&self, title: &str) -> String {
        format!("{title} {0}x{0}", self.size)
    }

    fn area(&self) -> usize {
        self.height * self.width
    }
}

impl<R: Real> Layer<R> for MaxPool {
    fn row(&self) -> &'static LayerRow {
        &MAX_ROW
    }

    fn word(&self) -> String {
        self.0.pool_word(MAX_ROW.name)
    }

    fn label(&self) -> String {
        self.0.pool_label(MAX_ROW.title)
    }

    fn output(&self, input: &Shape) -> Result<Shape, String> {
        self.0.pooled(input)
    }

    fn forward(&self, batch: Forward<'_, R>) {
        let channels = batch.input.chunks_exact(self.0.area());
        for (output, channel) in batch.output.chunks_exact_mut(self.0.count()).zip(channels) {
            self.0.visit(|place, cell, at| {
                // NaN is taken, and stays, for nothing is larger.
                let is_nan = channel[at].partial_cmp(&channel[at]).is_none();
                if cell == 0 || channel[at] > output[place] || is_nan {
                    output[place] = channel[at];
                }
            });
        }
    }

    fn backward(&self, batch: Backward<'_, R>) {
        let Some(by_input) = batch.by_input else { return };
        by_input.fill(R::ZERO);
        let count = self.0.count();
        let mut largest = vec![0usize; count];
        let rows = batch.input.chunks_exact(self.0.area()).zip(batch.by_output.chunks_exact(count));
        for (by_channel, (channel, by_y)) in by_input.chunks_exact_mut(self.0.area()).zip(rows) {
            // The first of several that are as large.
            self.0.visit(|place, cell, at| {
                if cell == 0 || channel[at] > channel[largest[place]] {
                    largest[place] = at;
                }
            });
            largest.iter().zip(by_y).for_each(|(at, by_y)| by_channel[*at] += *by_y);
        }
    }

    fn boxed(&self) -> Box<dyn Layer<R>> {
        Box::new(self.clone())
    }
}

impl<R: Real> Layer<R> for AveragePool {
    fn row(&self) -> &'static LayerRow {
        &AVERAGE_ROW
    }

    fn word(&self) -> String {
        self.0.pool_word(AVERAGE_ROW.name)
    }

    fn label(&self) -> String {
        self.0.pool_label(AVERAGE_ROW.title)
    }

    fn output(&self, input: &Shape) -> Result<Shape, String> {
        self.0.pooled(input)
    }

    fn forward(&self, batch: Forward<'_, R>) {
        let share = R::ONE / R::of((self.0.size * self.0.size) as f64);
        let channels = batch.input.chunks_exact(self.0.area());
        for (output, channel) in batch.output.chunks_exact_mut(self.0.count()).zip(channels) {
            output.fill(R::ZERO);
            self.0.visit(|place, _, at| output[place] += channel[at]);
            output.iter_mut().for_each(|value| *value *= share);
        }
    }

    fn backward(&self, batch: Backward<'_, R>) {
        let Some(by_input) = batch.by_input else { return };
        by_input.fill(R::ZERO);
        let share = R::ONE / R::of((self.0.size * self.0.size) as f64);
        let rows = batch.by_output.chunks_exact(self.0.count());
        for (by_channel, by_y) in by_input.chunks_exact_mut(self.0.area()).zip(rows) {
            self.0.visit(|place, _, at| by_channel[at] += by_y[place] * share);
        }
    }

    fn boxed(&self) -> Box<dyn Layer<R>> {
        Box::new(self.clone())
    }
}

fn window(arguments: &Arguments<'_>, input: &Shape) -> Result<Window, String> {
    arguments.at_most(2)?;
    let size = arguments.count(0, "the size", 1, None)?;
    let stride = arguments.count(1, "the stride", 1, Some(size))?;
    Window::new(image(input)?, size, stride, 0)
}

fn build_max<R: Real>(
    arguments: &Arguments<'_>,
    input: &Shape,
) -> Result<Box<dyn Layer<R>>, String> {
    Ok(Box::new(MaxPool(window(arguments, input)?)))
}

fn build_average<R: Real>(
    arguments: &Arguments<'_>,
    input: &Shape,
) -> Result<Box<dyn Layer<R>>, String> {
    Ok(Box::new(AveragePool(window(arguments, input)?)))
}
