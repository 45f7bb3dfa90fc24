//! Shared by the vector outputs: when dots become pixels, and sequences of dots with one colour.

use hinton_scene::{Color, Dots, Item, Piece, Rect, Scene};

use super::number;
use crate::raster::{canvas::Canvas, draw_dots};

/// The maximum number of dots and lines that are written as paths of 20 to 80 bytes each. If a
/// scene has more, all of them are written as bitmaps.
pub const MOST_PATH_DOTS: usize = 100_000;
/// Most pixels to the point of such a picture: 288 to the inch.
const FINEST: f64 = 4.0;
/// Most pixels of such a picture.
const MOST_PIXELS: f64 = 16_000_000.0;

/// Whether a scene's dots are written as paths.
pub(super) fn as_paths(scene: &Scene) -> bool {
    count(&scene.items) <= MOST_PATH_DOTS
}

fn count(items: &[Item]) -> usize {
    items.iter().fold(0, |sum: usize, item| {
        sum.saturating_add(match item {
            Item::Dots(dots) => dots.pieces.len(),
            Item::Group(group) => count(&group.items),
            _ => 0,
        })
    })
}

/// Pieces of one kind and colour that follow one another.
pub(super) struct Run<'a> {
    pub(super) color: Color,
    /// Width of the line, points.
    pub(super) width: f64,
    /// Whether its ends are round: dots.
    pub(super) is_round: bool,
    pieces: &'a [Piece],
}

impl Run<'_> {
    /// Both ends of each, in thousandths: x, y, x, y.
    pub(super) fn lines(&self) -> impl Iterator<Item = [i64; 4]> {
        self.pieces.iter().filter_map(|piece| {
            let ([x0, y0], [x1, y1]) = ends(piece);
            let all = [x0, y0, x1, y1];
            let finite = all.iter().all(|number| number.is_finite());
            finite.then(|| all.map(|number| number::thousandths(f64::from(number))))
        })
    }
}

fn ends(piece: &Piece) -> ([f32; 2], [f32; 2]) {
    match *piece {
        Piece::Dot { at, .. } => (at, at),
        Piece::Line { from, to, .. } => (from, to),
    }
}

/// What a piece has in common with those that go on its path: whether it is a dot, its colour.
fn kind(piece: &Piece) -> (bool, u16) {
    match *piece {
        Piece::Dot { color, .. } => (true, color),
        Piece::Line { color, .. } => (false, color),
    }
}

/// The runs of dots, in order; those without a colour, a width or a place are left out.
pub(super) fn runs(dots: &Dots) -> impl Iterator<Item = Run<'_>> {
    let groups = dots.pieces.chunk_by(|one, two| kind(one) == kind(two));
    groups.filter_map(|pieces| {
        let (is_round, color) = kind(pieces.first()?);
        let color = *dots.palette.get(usize::from(color))?;
        let width = if is_round { dots.diameter } else { dots.width };
        let run = Run { color, width, is_round, pieces };
        (width > 0.0 && width.is_finite() && run.lines().next().is_some()).then_some(run)
    })
}

/// Dots as pixels on a clear ground, and where they go on a page of that width and height; `None`
/// where none of them shows.
pub(super) fn as_pixels(dots: &Dots, page: (f64, f64)) -> Option<(Rect, Canvas)> {
    let rect = around(dots, page)?;
    let scale = (MOST_PIXELS / (rect.w * rect.h)).sqrt().min(FINEST);
    let pixels = |side: f64| (side * scale).ceil().clamp(1.0, MOST_PIXELS);
    let (across, down) = (pixels(rect.w), pixels(rect.h));
    // Each side is rounded up to a whole pixel, on paper too.
    let rect = Rect::new(rect.x, rect.y, across / scale, down / scale);
    let mut canvas = Canvas::new(across as usize, down as usize, [0; 4]);
    draw_dots(&mut canvas, scale, (rect.x, rect.y), dots);
    Some((rect, canvas))
}

/// The box around all of them, on the page.
fn around(dots: &Dots, (width, height): (f64, f64)) -> Option<Rect> {
    let reach = dots.diameter.max(dots.width).max(0.0);
    let (mut left, mut top) = (f64::INFINITY, f64::INFINITY);
    let (mut right, mut bottom) = (f64::NEG_INFINITY, f64::NEG_INFINITY);
    for piece in &dots.pieces {
        let (from, to) = ends(piece);
        for [x, y] in [from, to].map(|point| point.map(f64::from)) {
            if x.is_finite() && y.is_finite() {
                (left, top) = (left.min(x - reach), top.min(y - reach));
                (right, bottom) = (right.max(x + reach), bottom.max(y + reach));
            }
        }
    }
    let (left, top) = (left.max(0.0), top.max(0.0));
    let (right, bottom) = (right.min(width), bottom.min(height));
    (left < right && top < bottom).then(|| Rect::new(left, top, right - left, bottom - top))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dots(pieces: Vec<Piece>) -> Dots {
        let palette = vec![Color::BLACK, Color::WHITE];
        Dots { palette, diameter: 2.0, width: 0.5, pieces }
    }

    #[test]
    fn runs_keep_the_order_and_join_what_is_alike() {
        let dot = |color| Piece::Dot { at: [1.0, 2.0], color };
        let line = Piece::Line { from: [0.0, 0.0], to: [3.0, 1.0], color: 0 };
        let odd = Piece::Dot { at: [f32::NAN, 0.0], color: 1 };
        let all = dots(vec![dot(0), dot(0), dot(1), line, odd, dot(7), dot(0)]);
        let found: Vec<(bool, usize)> =
            runs(&all).map(|run| (run.is_round, run.lines().count())).collect();
        assert_eq!(found, [(true, 2), (true, 1), (false, 1), (true, 1)]);
    }

    #[test]
    fn pixels_lie_where_the_dots_are() {
        let all = dots(vec![Piece::Dot { at: [10.0, 20.0], color: 0 }]);
        let (rect, canvas) = as_pixels(&all, (100.0, 100.0)).unwrap();
        assert_eq!(rect, Rect::new(8.0, 18.0, 4.0, 4.0));
        assert_eq!(canvas.row(8)[8], [0, 0, 0, 255]);
        assert_eq!(canvas.row(0)[0], [0; 4]);
        let gone = dots(vec![Piece::Dot { at: [-50.0, 20.0], color: 0 }]);
        assert!(as_pixels(&gone, (100.0, 100.0)).is_none());
    }
}
