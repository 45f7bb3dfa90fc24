//! The positions that a window visits in a picture.

use crate::Shape;

/// A square window that moves over pictures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Window {
    /// Number of channels of the picture.
    pub channels: usize,
    /// Number of rows of the picture.
    pub height: usize,
    /// Number of columns of the picture.
    pub width: usize,
    /// Side length of the window.
    pub size: usize,
    /// Distance between positions of the window.
    pub stride: usize,
    /// Number of zeros added on each side of the picture.
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
    /// channel. Windows without padding only.
    #[inline]
    pub(crate) fn visit(&self, mut cell: impl FnMut(usize, usize, usize)) {
        let (rows, columns) = self.places();
        for place in 0..rows * columns {
            let start = place / columns * self.stride * self.width + place % columns * self.stride;
            for y in 0..self.size {
                for x in 0..self.size {
                    cell(place, y * self.size + x, start + y * self.width + x);
                }
            }
        }
    }

    /// Calls with each cell of the window and each row of places at which the cell lies in the picture:
    /// the cell, its places, and where the first of them is in a channel. From place to place it is a
    /// stride further.
    #[inline]
    pub(crate) fn visit_rows(&self, mut row: impl FnMut(usize, std::ops::Range<usize>, usize)) {
        let (rows, columns) = self.places();
        let Window { size, stride, padding, .. } = *self;
        // Places whose cell at `offset` is not in the padding.
        let inside = |offset: usize, length: usize, places: usize| {
            let first = padding.saturating_sub(offset).div_ceil(stride);
            let end = (length + padding).saturating_sub(offset).div_ceil(stride);
            first..end.clamp(first, places.max(first))
        };
        for cell in 0..size * size {
            let (y, x) = (cell / size, cell % size);
            let across = inside(x, self.width, columns);
            for place in inside(y, self.height, rows) {
                if across.is_empty() || place >= rows {
                    continue;
                }
                let top = place * stride + y - padding;
                let left = across.start * stride + x - padding;
                let places = place * columns + across.start..place * columns + across.end;
                row(cell, places, top * self.width + left);
            }
        }
    }
}
