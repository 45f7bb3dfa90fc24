//! Shared by the vector outputs: when cells become pixels, and how cells are merged into boxes.

use hinton_scene::{Cells, Color, Image, Item, Scene};

use crate::raster::canvas::{Canvas, rgba};

/// Most cells that are written as paths; with more in a scene, every grid of it is written as a
/// lossless picture of one pixel a cell.
pub(super) const MOST_PATH_CELLS: usize = 20_000;

/// Whether a scene's cells are written as paths.
pub(super) fn as_paths(scene: &Scene) -> bool {
    count(&scene.items, false) <= MOST_PATH_CELLS
}

/// The same where pictures of pixels count too: PDF viewers smooth pictures, whatever they are told.
pub(super) fn as_paths_with_images(scene: &Scene) -> bool {
    count(&scene.items, true) <= MOST_PATH_CELLS
}

fn count(items: &[Item], images: bool) -> usize {
    items.iter().fold(0, |sum: usize, item| {
        sum.saturating_add(match item {
            Item::Cells(grid) => grid.rows.saturating_mul(grid.cols),
            Item::Image(image) if images => image.width.saturating_mul(image.height),
            Item::Group(group) => count(&group.items, images),
            _ => 0,
        })
    })
}

/// Cells of one colour that fill a box: columns `x..x + w` of rows `y..y + h`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) x: usize,
    pub(super) y: usize,
    pub(super) w: usize,
    pub(super) h: usize,
}

/// The boxes of each colour, in the palette's order; clear and unused colours are left out.
pub(super) fn blocks(grid: &Cells) -> Vec<(Color, Vec<Block>)> {
    let mut found: Vec<(Color, Vec<Block>)> =
        grid.palette.iter().map(|&color| (color, Vec::new())).collect();
    // The open run of each starting column: its colour's place and its place among the boxes.
    let mut open: Vec<Option<(u16, usize)>> = vec![None; grid.cols.min(grid.cells.len())];
    for (y, row) in grid.cells.chunks(grid.cols.max(1)).take(grid.rows).enumerate() {
        let mut x = 0;
        while x < row.len() {
            let place = row[x];
            let w = row[x..].iter().take_while(|&&other| other == place).count();
            if let Some((color, boxes)) = found.get_mut(usize::from(place))
                && color.a > 0
            {
                let above = open[x].filter(|&(other, at)| {
                    let fits =
                        |block: &Block| block.x == x && block.w == w && block.y + block.h == y;
                    other == place && boxes.get(at).is_some_and(fits)
                });
                if let Some((_, at)) = above {
                    boxes[at].h += 1;
                } else {
                    open[x] = Some((place, boxes.len()));
                    boxes.push(Block { x, y, w, h: 1 });
                }
            }
            x += w;
        }
    }
    found.retain(|(_, boxes)| !boxes.is_empty());
    found
}

/// A grid as pixels, one a cell; `None` when it has no cell.
pub(super) fn cells_as_pixels(grid: &Cells) -> Option<Canvas> {
    pixels(grid.cols, grid.rows, |at| {
        let place = usize::from(*grid.cells.get(at)?);
        grid.palette.get(place).copied()
    })
}

/// A picture's pixels; `None` when it has none.
pub(super) fn image_as_pixels(image: &Image) -> Option<Canvas> {
    pixels(image.width, image.height, |at| image.pixels.get(at).copied())
}

/// A canvas of `width * height`; colours that are missing stay clear.
fn pixels(width: usize, height: usize, color: impl Fn(usize) -> Option<Color>) -> Option<Canvas> {
    let most = crate::raster::canvas::MOST_PIXELS as usize;
    let total = width.checked_mul(height).filter(|&total| total > 0 && total <= most)?;
    let mut canvas = Canvas::new(width, height, [0; 4]);
    for at in 0..total {
        if let Some(color) = color(at) {
            canvas.span(at / width, at % width, at % width + 1)[0] = rgba(color);
        }
    }
    Some(canvas)
}

#[cfg(test)]
mod tests {
    use hinton_scene::Rect;

    use super::*;
    use crate::raster::testing::Random;

    #[test]
    fn boxes_cover_every_cell_once() {
        let mut random = Random::new(9);
        for _ in 0..200 {
            let (rows, cols) = (1 + random.below(9), 1 + random.below(9));
            let cells: Vec<u16> = (0..rows * cols).map(|_| random.below(3) as u16).collect();
            let palette = [1, 2, 3].map(Color::rgb).to_vec();
            let grid = Cells { rect: Rect::default(), rows, cols, palette, cells };
            let mut seen = vec![None; rows * cols];
            for (color, boxes) in blocks(&grid) {
                for block in boxes {
                    for y in block.y..block.y + block.h {
                        for x in block.x..block.x + block.w {
                            assert_eq!(seen[y * cols + x].replace(color), None);
                        }
                    }
                }
            }
            for (at, seen) in seen.iter().enumerate() {
                assert_eq!(*seen, grid.color(at / cols, at % cols));
            }
        }
    }

    #[test]
    fn equal_cells_become_one_box() {
        let palette = vec![Color::WHITE];
        let grid = Cells { rect: Rect::default(), rows: 4, cols: 6, palette, cells: vec![0; 24] };
        assert_eq!(blocks(&grid), [(Color::WHITE, vec![Block { x: 0, y: 0, w: 6, h: 4 }])]);
    }
}
