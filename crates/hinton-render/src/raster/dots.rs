//! Draws dots and thin lines by the hundred thousand.
//!
//! A dot is a stamp of coverage, computed once for each of 8 x 8 positions within a pixel. The
//! coverage of a pixel by a line depends on the distance of its centre from the line, like a box
//! filter as wide as a pixel.

use hinton_scene::{Dots, Piece};

use super::canvas::{Bounds, Canvas, blend, rgba};

/// Places within a pixel, each way.
const PLACES: i64 = 8;
/// Samples of a pixel, each way, where a dot is small.
const SAMPLES: usize = 16;
/// Dots wider than this many pixels are not stamped.
const MOST_STAMPED: f64 = 24.0;

/// Draws dots and lines; `scale` is pixels to the point, `origin` the point at the canvas's corner.
pub(super) fn draw_dots(
    canvas: &mut Canvas,
    bounds: Bounds,
    scale: f64,
    origin: (f64, f64),
    dots: &Dots,
) {
    let place =
        |[x, y]: [f32; 2]| [(f64::from(x) - origin.0) * scale, (f64::from(y) - origin.1) * scale];
    let palette: Vec<[u8; 4]> = dots.palette.iter().map(|&color| rgba(color)).collect();
    let diameter = dots.diameter * scale;
    let stamps = Stamps::new(diameter);
    let width = dots.width * scale;
    for piece in &dots.pieces {
        let (Piece::Dot { color, .. } | Piece::Line { color, .. }) = *piece;
        let Some(&color) = palette.get(usize::from(color)) else { continue };
        match *piece {
            Piece::Dot { at, .. } => match &stamps {
                Some(stamps) => stamps.put(canvas, bounds, place(at), color),
                None => draw_disc(canvas, bounds, place(at), diameter / 2.0, color),
            },
            Piece::Line { from, to, .. } => {
                draw_line(canvas, bounds, place(from), place(to), width, color);
            }
        }
    }
}

/// The coverage of a small disc at each place within a pixel.
struct Stamps {
    /// By row of places, then by column.
    stamps: Vec<Stamp>,
    coverage: Vec<u8>,
}

/// The pixels that one disc touches, from the pixel that its middle lies in.
struct Stamp {
    left: i64,
    top: i64,
    columns: i64,
    rows: i64,
    /// Where its coverage begins, row by row.
    start: usize,
}

impl Stamps {
    /// Stamps of a disc of this many pixels; `None` where they would be too large, or there is nothing.
    fn new(diameter: f64) -> Option<Self> {
        if !(diameter > 0.0 && diameter <= MOST_STAMPED) {
            return None;
        }
        let radius = diameter / 2.0;
        // The middle lies in the middle pixel of this many.
        let reach = radius.ceil() as i64;
        let side = 2 * reach as usize + 1;
        let mut made = Stamps { stamps: Vec::new(), coverage: Vec::new() };
        for place in 0..PLACES * PLACES {
            let within = |part: i64| reach as f64 + (part as f64 + 0.5) / PLACES as f64;
            let middle = [within(place % PLACES), within(place / PLACES)];
            let share = |at: usize| {
                let pixel = [(at % side) as f64, (at / side) as f64];
                (disc_share(pixel, middle, radius) * 255.0 + 0.5) as u8
            };
            let all: Vec<u8> = (0..side * side).map(share).collect();
            // Rows and columns that the disc does not touch are left out.
            let columns = touched(side, |column, row| all[row * side + column] > 0);
            let rows = touched(side, |row, column| all[row * side + column] > 0);
            made.stamps.push(Stamp {
                left: columns.start as i64 - reach,
                top: rows.start as i64 - reach,
                columns: columns.len() as i64,
                rows: rows.len() as i64,
                start: made.coverage.len(),
            });
            for row in rows {
                made.coverage.extend(&all[row * side..][columns.clone()]);
            }
        }
        Some(made)
    }

    fn put(&self, canvas: &mut Canvas, bounds: Bounds, [x, y]: [f64; 2], color: [u8; 4]) {
        let limit = 1e9;
        // False for NaN too.
        if !(x.abs() < limit && y.abs() < limit) {
            return;
        }
        let (x, y) = (floor(x * PLACES as f64), floor(y * PLACES as f64));
        let place = (y & (PLACES - 1)) * PLACES + (x & (PLACES - 1));
        let Stamp { left, top, columns, rows, start } = self.stamps[place as usize];
        let (left, top) =
            ((x >> PLACES.trailing_zeros()) + left, (y >> PLACES.trailing_zeros()) + top);
        let (x0, x1) = (left.max(bounds.x0 as i64), (left + columns).min(bounds.x1 as i64));
        let (y0, y1) = (top.max(bounds.y0 as i64), (top + rows).min(bounds.y1 as i64));
        if x0 >= x1 {
            return;
        }
        for row in y0..y1 {
            let from = start + ((row - top) * columns + (x0 - left)) as usize;
            let span = canvas.span(row as usize, x0 as usize, x1 as usize);
            for (pixel, &coverage) in span.iter_mut().zip(&self.coverage[from..]) {
                blend(pixel, color, coverage);
            }
        }
    }
}

/// The lines of a square of `side` from the first to the last in which `is` holds somewhere.
fn touched(side: usize, is: impl Fn(usize, usize) -> bool) -> std::ops::Range<usize> {
    let any = |&line: &usize| (0..side).any(|across| is(line, across));
    let first = (0..side).find(any).unwrap_or(0);
    first..(0..side).rev().find(any).map_or(first, |last| last + 1)
}

/// `floor`, which is a call where the processor has no instruction for it.
fn floor(value: f64) -> i64 {
    let whole = value as i64;
    whole - i64::from(whole as f64 > value)
}

/// The share of the pixel at (x, y) that a disc covers.
fn disc_share([x, y]: [f64; 2], middle: [f64; 2], radius: f64) -> f64 {
    // Far from the edge all samples agree: a pixel's middle is at most 0.71 from any of them.
    let (off_x, off_y) = (x + 0.5 - middle[0], y + 0.5 - middle[1]);
    let apart = (off_x * off_x + off_y * off_y).sqrt();
    if (apart - radius).abs() > 0.71 {
        return if apart < radius { 1.0 } else { 0.0 };
    }
    let at = |part: usize| (part as f64 + 0.5) / SAMPLES as f64;
    let hits = (0..SAMPLES * SAMPLES).filter(|sample| {
        let (dx, dy) = (x + at(sample % SAMPLES) - middle[0], y + at(sample / SAMPLES) - middle[1]);
        dx * dx + dy * dy <= radius * radius
    });
    hits.count() as f64 / (SAMPLES * SAMPLES) as f64
}

/// A large disc, by the distance of each pixel from its middle.
fn draw_disc(canvas: &mut Canvas, bounds: Bounds, [x, y]: [f64; 2], radius: f64, color: [u8; 4]) {
    if !(radius > 0.0 && radius.is_finite() && x.is_finite() && y.is_finite()) {
        return;
    }
    let reach = radius + 0.5;
    let columns = pixels(x - reach, x + reach, bounds.x0, bounds.x1);
    for row in pixels(y - reach, y + reach, bounds.y0, bounds.y1) {
        let dy = row as f64 + 0.5 - y;
        let span = canvas.span(row, columns.start, columns.end);
        for (column, pixel) in columns.clone().zip(span) {
            let dx = column as f64 + 0.5 - x;
            let share = (reach - (dx * dx + dy * dy).sqrt()).clamp(0.0, 1.0);
            blend(pixel, color, (share * 255.0 + 0.5) as u8);
        }
    }
}

/// The pixels that a stretch touches, within the bounds; empty where there are none.
fn pixels(low: f64, high: f64, first: usize, end: usize) -> std::ops::Range<usize> {
    // `as` turns NaN and what is below 0 into 0 and stays within what a number can hold.
    let low = (low as usize).clamp(first, end.max(first));
    low..(high.ceil() as usize).min(end).max(low)
}

/// A line from one point to another, `width` pixels wide, with butt ends. What is thinner than a
/// pixel is drawn as wide as one, and so much paler.
fn draw_line(
    canvas: &mut Canvas,
    bounds: Bounds,
    from: [f64; 2],
    to: [f64; 2],
    width: f64,
    color: [u8; 4],
) {
    let (dx, dy) = (to[0] - from[0], to[1] - from[1]);
    let length = (dx * dx + dy * dy).sqrt();
    if !(length > 0.0 && length < 1e9 && width > 0.0 && width < 1e9) {
        return;
    }
    let strength = width.min(1.0) * 255.0;
    let half = width.max(1.0) / 2.0 + 0.5;
    let (along_x, along_y) = (dx / length, dy / length);
    let (left, right) = (from[0].min(to[0]) - half, from[0].max(to[0]) + half);
    let (top, bottom) = (from[1].min(to[1]) - half, from[1].max(to[1]) + half);
    // How far to each side of its middle the line reaches in one row.
    let reach = half / along_y.abs().max(1e-9);
    let lean = if along_y == 0.0 { 0.0 } else { along_x / along_y };
    for row in pixels(top, bottom, bounds.y0, bounds.y1) {
        let off_y = row as f64 + 0.5 - from[1];
        let middle = from[0] + off_y * lean;
        let (low, high) = (left.max(middle - reach - 0.5), right.min(middle + reach + 0.5));
        let columns = pixels(low, high, bounds.x0, bounds.x1);
        let span = canvas.span(row, columns.start, columns.end);
        for (column, pixel) in columns.zip(span) {
            let off_x = column as f64 + 0.5 - from[0];
            let across = (off_x * along_y - off_y * along_x).abs();
            let along = off_x * along_x + off_y * along_y;
            let side = (half - across).clamp(0.0, 1.0);
            let end = (along.min(length - along) + 0.5).clamp(0.0, 1.0);
            let coverage = (side * end * strength + 0.5) as u8;
            if coverage > 0 {
                blend(pixel, color, coverage);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use hinton_scene::Color;

    use super::*;
    use crate::raster::testing::{Random, coverage_by_samples};

    const SIDE: usize = 40;

    fn draw(diameter: f64, width: f64, scale: f64, pieces: Vec<Piece>) -> Vec<f64> {
        let mut canvas = Canvas::new(SIDE, SIDE, [255; 4]);
        let bounds = canvas.bounds();
        let dots = Dots { palette: vec![Color::BLACK], diameter, width, pieces };
        draw_dots(&mut canvas, bounds, scale, (0.0, 0.0), &dots);
        canvas.pixels().iter().map(|pixel| 1.0 - f64::from(pixel[0]) / 255.0).collect()
    }

    #[test]
    fn a_dot_covers_its_disc() {
        let mut random = Random::new(5);
        for diameter in [0.3, 0.8, 1.0, 2.4, 7.0, 23.0, 31.0] {
            for _ in 0..20 {
                let at = [random.between(-2.0, 42.0) as f32, random.between(-2.0, 42.0) as f32];
                let got = draw(
                    diameter / 2.0,
                    1.0,
                    2.0,
                    vec![Piece::Dot { at: at.map(|v| v / 2.0), color: 0 }],
                );
                let [x, y] = at.map(f64::from);
                let inside = |px: f64, py: f64| {
                    (px - x).powi(2) + (py - y).powi(2) <= diameter * diameter / 4.0
                };
                let want = coverage_by_samples(SIDE, SIDE, 16, inside);
                let ink = |all: &[f64]| all.iter().sum::<f64>();
                let on_page = (diameter..SIDE as f64 - diameter).contains(&x)
                    && (diameter..SIDE as f64 - diameter).contains(&y);
                if on_page {
                    let off = (ink(&got) - ink(&want)).abs();
                    assert!(off < 0.05 + ink(&want) * 0.03, "{diameter}: {off} {}", ink(&want));
                }
                // A place is known to a sixteenth of a pixel.
                for (got, want) in got.iter().zip(want) {
                    assert!((got - want).abs() < 0.13, "{diameter} {at:?}: {got} {want}");
                }
            }
        }
    }

    #[test]
    fn a_line_covers_its_stripe() {
        let mut random = Random::new(3);
        for round in 0..200 {
            let far = if round % 4 == 0 { 90.0 } else { 0.0 };
            let mut pick = || [0, 1].map(|_| random.between(3.0 - far, 37.0 + far) as f32);
            let (from, to) = (pick(), pick());
            let width = [0.4, 1.0, 1.7, 4.0][round % 4];
            let got = draw(1.0, width, 1.0, vec![Piece::Line { from, to, color: 0 }]);
            let ([x0, y0], [x1, y1]) = (from.map(f64::from), to.map(f64::from));
            let (dx, dy) = (x1 - x0, y1 - y0);
            let length = (dx * dx + dy * dy).sqrt();
            let inside = |x: f64, y: f64| {
                let along = ((x - x0) * dx + (y - y0) * dy) / length;
                let off = ((x - x0) * dy - (y - y0) * dx) / length;
                along >= 0.0 && along <= length && off.abs() <= width / 2.0
            };
            let want = coverage_by_samples(SIDE, SIDE, 12, inside);
            let ink = |all: &[f64]| all.iter().sum::<f64>();
            let off = (ink(&got) - ink(&want)).abs();
            assert!(
                off < 0.6 + ink(&want) * 0.06,
                "{width} {from:?} {to:?}: {off} of {}",
                ink(&want)
            );
            for (got, want) in got.iter().zip(want) {
                assert!((got - want).abs() < 0.35, "{width} {from:?} {to:?}: {got} {want}");
            }
        }
    }

    #[test]
    fn level_lines_meet_without_a_seam() {
        let line =
            |from: f32, to: f32| Piece::Line { from: [from, 10.5], to: [to, 10.5], color: 0 };
        let got = draw(1.0, 1.0, 1.0, vec![line(4.0, 12.0), line(12.0, 20.0)]);
        assert!(got[10 * SIDE + 4..10 * SIDE + 20].iter().all(|&share| share == 1.0));
        assert_eq!(got.iter().filter(|&&share| share > 0.0).count(), 16);
    }

    #[test]
    fn later_pieces_lie_above() {
        let dot = |color| Piece::Dot { at: [5.0, 5.0], color };
        let mut canvas = Canvas::new(10, 10, [255; 4]);
        let bounds = canvas.bounds();
        let palette = vec![Color::BLACK, Color::rgb(0xff0000)];
        let pieces = vec![dot(0), dot(1), dot(9)];
        let dots = Dots { palette, diameter: 6.0, width: 1.0, pieces };
        draw_dots(&mut canvas, bounds, 1.0, (0.0, 0.0), &dots);
        assert_eq!(canvas.row(5)[5], [255, 0, 0, 255]);
    }

    #[test]
    fn odd_numbers_draw_nothing() {
        for odd in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 3e38, -3e38] {
            let pieces = vec![
                Piece::Dot { at: [odd, 5.0], color: 0 },
                Piece::Dot { at: [5.0, odd], color: 0 },
                Piece::Line { from: [odd, 1.0], to: [5.0, 5.0], color: 0 },
                Piece::Line { from: [5.0, 5.0], to: [5.0, 5.0], color: 0 },
            ];
            for diameter in [0.0, -1.0, f64::NAN, 3.0, 90.0] {
                assert!(draw(diameter, 1.0, 1.0, pieces.clone()).iter().all(|&share| share == 0.0));
            }
        }
    }
}
