//! Two-dimensional convolution.

use super::patches::Window;
use super::{
    Arguments, Backward, Builders, Forward, Layer, LayerRow, ParameterShape, Start, image,
};
use crate::product::{self, Left};
use crate::{Real, Shape};

pub(super) const ROW: LayerRow = LayerRow {
    name: "conv",
    title: "Convolution",
    about: "Small kernels that move over a picture",
    help: "Each of FILTERS kernels of SIZE x SIZE x channels is applied at every position of the picture (in \
           steps of STRIDE, 1 if not written, with PADDING zeros around it, 0 if not written); the sum of \
           products, and a bias, is a pixel of its own channel. As in all libraries the kernel is not \
           flipped. Parameters: weight [filters, channels, size, size], bias [filters]",
    usage: "conv:FILTERS:SIZE[:STRIDE[:PADDING]]",
    example: "2x5x4-conv:3:3:2:1-relu-2",
    build: Builders { f32: build, f64: build },
};

/// Two-dimensional convolution.
#[derive(Debug, Clone)]
pub struct Conv {
    filters: usize,
    window: Window,
}

impl Conv {
    /// Cells of a kernel.
    fn cells(&self) -> usize {
        self.window.channels * self.window.size * self.window.size
    }

    /// What each cell of a kernel sees at each place: `[cells, places]`. What lies in the padding is not
    /// written.
    fn seen<R: Real>(&self, picture: &[R], seen: &mut [R]) {
        let (places, stride) = (self.window.count(), self.window.stride);
        let (area, kernel) = (self.window.height * self.window.width, self.window.size.pow(2));
        for channel in 0..self.window.channels {
            let plane = &picture[channel * area..][..area];
            let rows = &mut seen[channel * kernel * places..][..kernel * places];
            self.window.visit_rows(|cell, range, at| {
                let row = &mut rows[cell * places + range.start..cell * places + range.end];
                match stride {
                    1 => row.copy_from_slice(&plane[at..at + row.len()]),
                    _ => {
                        let pixels = plane[at..].iter().step_by(stride);
                        row.iter_mut().zip(pixels).for_each(|(seen, pixel)| *seen = *pixel);
                    }
                }
            });
        }
    }

    /// Adds what each cell sees back to where it was seen.
    fn add_back<R: Real>(&self, seen: &[R], picture: &mut [R]) {
        let (places, stride) = (self.window.count(), self.window.stride);
        let (area, kernel) = (self.window.height * self.window.width, self.window.size.pow(2));
        for channel in 0..self.window.channels {
            let plane = &mut picture[channel * area..][..area];
            let rows = &seen[channel * kernel * places..][..kernel * places];
            self.window.visit_rows(|cell, range, at| {
                let row = &rows[cell * places + range.start..cell * places + range.end];
                match stride {
                    1 => {
                        let pixels = &mut plane[at..at + row.len()];
                        pixels.iter_mut().zip(row).for_each(|(pixel, seen)| *pixel += *seen);
                    }
                    _ => {
                        let pixels = plane[at..].iter_mut().step_by(stride);
                        pixels.zip(row).for_each(|(pixel, seen)| *pixel += *seen);
                    }
                }
            });
        }
    }
}

impl<R: Real> Layer<R> for Conv {
    fn row(&self) -> &'static LayerRow {
        &ROW
    }

    fn word(&self) -> String {
        let Window { size, stride, padding, .. } = self.window;
        let filters = self.filters;
        match (stride, padding) {
            (1, 0) => format!("conv:{filters}:{size}"),
            (_, 0) => format!("conv:{filters}:{size}:{stride}"),
            _ => format!("conv:{filters}:{size}:{stride}:{padding}"),
        }
    }

    fn label(&self) -> String {
        let (Window { channels, size, .. }, filters) = (&self.window, self.filters);
        format!("{} {size}x{size} ({channels} → {filters} channels)", ROW.title)
    }

    fn output(&self, input: &Shape) -> Result<Shape, String> {
        let (height, width) = self.window.places();
        if *input == self.window.shape() {
            return Ok(Shape::Image { channels: self.filters, height, width });
        }
        Err(self.window.shape().takes())
    }

    fn parameters(&self) -> Vec<ParameterShape> {
        let Window { channels, size, .. } = self.window;
        let weight = ParameterShape {
            name: "weight",
            shape: vec![self.filters, channels, size, size],
            is_transposed: false,
            is_trained: true,
            fan_in: self.cells(),
            fan_out: self.filters * size * size,
            start: Start::Weight,
        };
        let shape = vec![self.filters];
        let bias = ParameterShape { name: "bias", shape, start: Start::Bias, ..weight.clone() };
        vec![weight, bias]
    }

    fn forward(&self, batch: Forward<'_, R>) {
        let (cells, places) = (self.cells(), self.window.count());
        let (weight, bias) = batch.values.split_at(self.filters * cells);
        let mut seen = vec![R::ZERO; cells * places];
        let pictures = batch.input.chunks_exact(self.window.shape().width());
        for (output, picture) in batch.output.chunks_exact_mut(self.filters * places).zip(pictures)
        {
            self.seen(picture, &mut seen);
            product::product(Left::rows(weight, cells), &seen, output, places);
            for (channel, bias) in output.chunks_exact_mut(places).zip(bias) {
                channel.iter_mut().for_each(|value| *value += *bias);
            }
        }
    }

    fn backward(&self, batch: Backward<'_, R>) {
        let (cells, places) = (self.cells(), self.window.count());
        let weight = &batch.values[..self.filters * cells];
        let (by_weight, by_bias) = batch.by_values.split_at_mut(self.filters * cells);
        let mut seen = vec![R::ZERO; cells * places];
        let mut by_seen = vec![R::ZERO; cells * places];
        let mut by_turned = vec![R::ZERO; by_weight.len()];
        let mut by_input = batch.by_input;
        let width = self.window.shape().width();
        let pictures = batch.input.chunks_exact(width);
        let outputs = batch.by_output.chunks_exact(self.filters * places);
        for (point, (picture, by_y)) in pictures.zip(outputs).enumerate() {
            self.seen(picture, &mut seen);
            let by_places = product::transposed(by_y, self.filters, places);
            let left = Left::rows(&seen, places);
            product::add_product(left, &by_places, &mut by_turned, self.filters);
            for (by_bias, channel) in by_bias.iter_mut().zip(by_y.chunks_exact(places)) {
                channel.iter().for_each(|value| *by_bias += *value);
            }
            let Some(by_input) = &mut by_input else { continue };
            product::product(Left::columns(weight, cells), by_y, &mut by_seen, places);
            let by_picture = &mut by_input[point * width..][..width];
            by_picture.fill(R::ZERO);
            self.add_back(&by_seen, by_picture);
        }
        let by_turned = product::transposed(&by_turned, cells, self.filters);
        by_weight.iter_mut().zip(by_turned).for_each(|(sum, value)| *sum += value);
    }

    fn boxed(&self) -> Box<dyn Layer<R>> {
        Box::new(self.clone())
    }
}

fn build<R: Real>(arguments: &Arguments<'_>, input: &Shape) -> Result<Box<dyn Layer<R>>, String> {
    arguments.at_most(4)?;
    let filters = arguments.count(0, "the number of filters", 1, None)?;
    let size = arguments.count(1, "the size", 1, None)?;
    let stride = arguments.count(2, "the stride", 1, Some(1))?;
    let padding = arguments.count(3, "the padding", 0, Some(0))?;
    let window = Window::new(image(input)?, size, stride, padding)?;
    Ok(Box::new(Conv { filters, window }))
}
