//! The places of a picture that a small window visits.

use crate::Shape;

/// A square window that moves over pictures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Window {
    /// Channels of a picture.
    pub channels: usize,
    /// Rows of a picture.
    pub height: usize,
    /// Columns of a picture.
    pub width: usize,
    /// Side of the window.
    pub size: usize,
    /// How far it moves.
    pub stride: usize,
    /// Zeros around the picture on each side.
    pub padding: usize,
}

impl Window {
    /// The window over pictures of that shape, when there is room for it.
    pub(crate) fn new(
        (channels, height, width): (usize, usize, usize),
        size: usize,
        stride: usize,
        padding: usize,
    ) -> Result<Self, String> {
        if padding >= size {
            return Err(format!("padding {padding} is not smaller than the window of {size}"));
        }
        if height + 2 * padding < size || width + 2 * padding < size {
            return Err(format!(
                "a window of {size}x{size} does not fit a picture of {height}x{width}"
            ));
        }
        Ok(Window { channels, height, width, size, stride, padding })
    }

    /// The shape of the pictures.
    pub(crate) fn shape(&self) -> Shape {
        Shape::Image { channels: self.channels, height: self.height, width: self.width }
    }

    /// Rows and columns of places.
    pub(crate) fn places(&self) -> (usize, usize) {
        let along = |length: usize| (length + 2 * self.padding - self.size) / self.stride + 1;
        (along(self.height), along(self.width))
    }

    /// How many places.
    pub(crate) fn count(&self) -> usize {
        let (rows, columns) = self.places();
        rows * columns
    }

    /// Calls with each place, each cell of the window there, both in order, and the cell's index in a
    /// channel; cells in the padding are left out.
    #[inline]
    pub(crate) fn visit(&self, mut cell: impl FnMut(usize, usize, usize)) {
        let (rows, columns) = self.places();
        for place in 0..rows * columns {
            let (top, left) = (place / columns * self.stride, place % columns * self.stride);
            for y in 0..self.size {
                let Some(y_in) = (top + y).checked_sub(self.padding) else { continue };
                if y_in >= self.height {
                    continue;
                }
                for x in 0..self.size {
                    let Some(x_in) = (left + x).checked_sub(self.padding) else { continue };
                    if x_in < self.width {
                        cell(place, y * self.size + x, y_in * self.width + x_in);
                    }
                }
            }
        }
    }
}
