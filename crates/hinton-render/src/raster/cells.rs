//! Draws grids of coloured cells and bitmaps as sharp rectangles without seams.

use hinton_scene::{Cells, Image, Rect};

use super::canvas::{Bounds, Canvas, blend, rgba, snap};

/// Draws the cells of a heat map; a cell whose colour is missing from the palette stays clear.
pub(super) fn draw_cells(canvas: &mut Canvas, bounds: Bounds, scale: f64, cells: &Cells) {
    let palette: Vec<[u8; 4]> = cells.palette.iter().copied().map(rgba).collect();
    let grid = Grid::new(cells.rect, scale, cells.rows, cells.cols);
    let color = |at: usize| {
        let place = cells.cells.get(at).map(|&place| usize::from(place));
        place.and_then(|place| palette.get(place)).copied().unwrap_or([0; 4])
    };
    let opaque = palette.iter().all(|color| color[3] == 255);
    let whole = cells.rows.checked_mul(cells.cols) == Some(cells.cells.len());
    grid.draw(canvas, bounds, color, opaque && whole);
}

/// Draws a picture of pixels; missing pixels stay clear.
pub(super) fn draw_image(canvas: &mut Canvas, bounds: Bounds, scale: f64, image: &Image) {
    let grid = Grid::new(image.rect, scale, image.height, image.width);
    let color = |at: usize| image.pixels.get(at).map_or([0; 4], |&color| rgba(color));
    grid.draw(canvas, bounds, color, false);
}

/// A grid over a rectangle whose edges lie on pixel edges.
struct Grid {
    across: Axis,
    down: Axis,
}

/// One direction of a grid, in pixels.
struct Axis {
    start: f64,
    length: f64,
    count: usize,
}

impl Axis {
    /// The cell that each pixel of `from..to` shows.
    ///
    /// Cells wider than a pixel begin at the pixel edge nearest to their true edge. Of narrower
    /// cells each pixel shows the one under its middle.
    fn cells(&self, from: usize, to: usize) -> Vec<usize> {
        let (first, end) = (snap(self.start), snap(self.start + self.length));
        let (from, to) = (from.max(first), to.min(end));
        if self.count == 0 || from >= to {
            return Vec::new();
        }
        let most = self.count - 1;
        let share = self.length / self.count as f64;
        if share < 1.0 {
            let under = |pixel: usize| ((pixel as f64 + 0.5 - self.start) / share) as usize;
            return (from..to).map(|pixel| under(pixel).min(most)).collect();
        }
        let edge = |cell: usize| {
            if cell >= self.count { end } else { snap(self.start + cell as f64 * share) }
        };
        let mut cell = (((from as f64 - self.start) / share) as usize).min(most).saturating_sub(1);
        let mut cells = Vec::with_capacity(to - from);
        for pixel in from..to {
            while cell < most && edge(cell + 1) <= pixel {
                cell += 1;
            }
            cells.push(cell);
        }
        cells
    }

    /// First pixel.
    fn first(&self, from: usize) -> usize {
        snap(self.start).max(from)
    }
}

impl Grid {
    fn new(rect: Rect, scale: f64, rows: usize, cols: usize) -> Self {
        let axis = |start: f64, length: f64, count: usize| {
            let finite = start.is_finite() && length.is_finite();
            Axis { start, length, count: if finite { count } else { 0 } }
        };
        Grid {
            across: axis(rect.x * scale, rect.w * scale, cols),
            down: axis(rect.y * scale, rect.h * scale, rows),
        }
    }

    /// Draws the grid; `color` gets row times columns plus column. A row of pixels that shows the
    /// same cells as the one above is copied when `opaque` says that no cell lets through what is below.
    fn draw(
        &self,
        canvas: &mut Canvas,
        bounds: Bounds,
        color: impl Fn(usize) -> [u8; 4],
        opaque: bool,
    ) {
        if bounds.is_empty() {
            return;
        }
        let cols = self.across.cells(bounds.x0, bounds.x1);
        let rows = self.down.cells(bounds.y0, bounds.y1);
        let (left, top) = (self.across.first(bounds.x0), self.down.first(bounds.y0));
        let right = left + cols.len();
        for (at, &row) in rows.iter().enumerate() {
            let y = top + at;
            if opaque && at > 0 && rows[at - 1] == row {
                canvas.copy_row(y - 1, y, left, right);
                continue;
            }
            let start = row.saturating_mul(self.across.count);
            let span = canvas.span(y, left, right);
            let mut before = (usize::MAX, [0; 4]);
            for (pixel, &col) in span.iter_mut().zip(&cols) {
                if col != before.0 {
                    before = (col, color(start.saturating_add(col)));
                }
                if opaque {
                    *pixel = before.1;
                } else {
                    blend(pixel, before.1, 255);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use hinton_scene::Color;

    use super::*;
    use crate::raster::testing::Random;

    fn cells(rect: Rect, rows: usize, cols: usize) -> Cells {
        let palette = (0..rows * cols).map(|at| Color::rgb(at as u32 * 7 + 1)).collect();
        Cells { rect, rows, cols, palette, cells: (0..rows * cols).map(|at| at as u16).collect() }
    }

    /// The same picture, pixel by pixel from the definition.
    fn plain(width: usize, height: usize, cells: &Cells) -> Vec<[u8; 4]> {
        let find = |pixel: usize, start: f64, length: f64, count: usize| {
            let share = length / count as f64;
            let near = |edge: f64| (edge + 0.5).floor();
            let p = pixel as f64;
            if p < near(start) || p >= near(start + length) {
                return None;
            }
            if share < 1.0 {
                return Some((((p + 0.5 - start) / share) as usize).min(count - 1));
            }
            (0..count).rev().find(|&cell| p >= near(start + cell as f64 * share)).or(Some(0))
        };
        let rect = cells.rect;
        let mut pixels = Vec::new();
        for y in 0..height {
            for x in 0..width {
                let row = find(y, rect.y, rect.h, cells.rows);
                let col = find(x, rect.x, rect.w, cells.cols);
                let color = row.zip(col).and_then(|(row, col)| cells.color(row, col));
                pixels.push(color.map_or([255; 4], rgba));
            }
        }
        pixels
    }

    #[test]
    fn every_pixel_shows_its_cell() {
        let mut random = Random::new(3);
        for _ in 0..300 {
            let rect = Rect::new(
                random.between(-10.0, 20.0),
                random.between(-10.0, 20.0),
                random.between(0.0, 60.0),
                random.between(0.0, 60.0),
            );
            let (rows, cols) = (1 + random.below(40), 1 + random.below(40));
            let grid = cells(rect, rows, cols);
            let mut canvas = Canvas::new(37, 29, [255; 4]);
            let bounds = canvas.bounds();
            draw_cells(&mut canvas, bounds, 1.0, &grid);
            assert_eq!(canvas.pixels(), plain(37, 29, &grid), "{rect:?} {rows} {cols}");
        }
    }

    #[test]
    fn no_seams_between_cells() {
        let mut canvas = Canvas::new(100, 100, [255; 4]);
        let bounds = canvas.bounds();
        draw_cells(&mut canvas, bounds, 1.3, &cells(Rect::new(0.0, 0.0, 100.0, 100.0), 17, 13));
        assert!(canvas.pixels().iter().all(|pixel| *pixel != [255; 4]));
    }

    #[test]
    fn clear_cells_and_wrong_lengths_do_no_harm() {
        let mut grid = cells(Rect::new(0.0, 0.0, 4.0, 4.0), 4, 4);
        grid.palette[0].a = 0;
        grid.palette.truncate(9);
        grid.cells.truncate(12);
        let mut canvas = Canvas::new(4, 4, [255; 4]);
        let bounds = canvas.bounds();
        draw_cells(&mut canvas, bounds, 1.0, &grid);
        let drawn = canvas.pixels().iter().filter(|pixel| **pixel != [255; 4]).count();
        assert_eq!(drawn, 8);
        grid.rect.w = f64::NAN;
        draw_cells(&mut canvas, bounds, 1.0, &grid);
    }

    #[test]
    fn a_picture_is_drawn_pixel_by_pixel() {
        let pixels = [0xFF0000, 0x00FF00, 0x0000FF, 0x888888].map(Color::rgb).to_vec();
        let image = Image { rect: Rect::new(0.6, 0.6, 4.0, 4.0), width: 2, height: 2, pixels };
        let mut canvas = Canvas::new(6, 6, [255; 4]);
        let bounds = canvas.bounds();
        draw_image(&mut canvas, bounds, 1.0, &image);
        let at = |x: usize, y: usize| canvas.row(y)[x];
        assert_eq!([at(1, 1), at(2, 2), at(0, 0)], [[255, 0, 0, 255], [255, 0, 0, 255], [255; 4]]);
        assert_eq!([at(3, 1), at(1, 3)], [[0, 255, 0, 255], [0, 0, 255, 255]]);
        assert_eq!([at(4, 4), at(5, 4)], [[136, 136, 136, 255], [255; 4]]);
    }
}
