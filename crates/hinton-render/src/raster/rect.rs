//! Fills axis-parallel rectangles with exact coverage.

use hinton_scene::{MarkShape, Marks, Path, Point};

use super::canvas::{Bounds, Canvas, blend, blend_span, rgba};
use super::fill::Filler;

/// Fills the rectangle from (x0, y0) to (x1, y1), in pixels; what is not finite is not drawn.
pub(super) fn fill_rect(
    canvas: &mut Canvas,
    bounds: Bounds,
    [x0, y0, x1, y1]: [f64; 4],
    color: [u8; 4],
) {
    // `max` and `min` ignore NaN, so a NaN edge becomes an edge of the bounds: asked for first.
    if ![x0, y0, x1, y1].iter().all(|edge| edge.is_finite()) {
        return;
    }
    let (x0, x1) = (x0.max(bounds.x0 as f64), x1.min(bounds.x1 as f64));
    let (y0, y1) = (y0.max(bounds.y0 as f64), y1.min(bounds.y1 as f64));
    if x0 >= x1 || y0 >= y1 {
        return;
    }
    let (first, last) = (x0 as usize, last_pixel(x1));
    let (top, bottom) = (y0 as usize, last_pixel(y1));
    let (left, right) =
        if first == last { (x1 - x0, 0.0) } else { ((first + 1) as f64 - x0, x1 - last as f64) };
    for y in top..=bottom {
        let height = y1.min((y + 1) as f64) - y0.max(y as f64);
        let span = canvas.span(y, first, last + 1);
        let coverage = |width: f64| (width * height * 255.0 + 0.5) as u8;
        blend(&mut span[0], color, coverage(left));
        if let [_, middle @ .., end] = span {
            blend_span(middle, color, coverage(1.0));
            blend(end, color, coverage(right));
        }
    }
}

/// The last pixel that an edge above 0 touches: `ceil` is a call where the processor has none.
fn last_pixel(edge: f64) -> usize {
    let whole = edge as usize;
    if whole as f64 == edge { whole - 1 } else { whole }
}

/// Draws marks; `scale` is pixels to the point, `origin` the point at the canvas's corner.
pub(super) fn draw_marks(
    canvas: &mut Canvas,
    bounds: Bounds,
    scale: f64,
    origin: (f64, f64),
    marks: &Marks,
    filler: &mut Filler,
) {
    let color = rgba(marks.fill);
    for place in &marks.places {
        let [x, y, w, h] = place.map(f64::from);
        let [x, y, w, h] = [x - origin.0, y - origin.1, w, h].map(|number| number * scale);
        match marks.shape {
            MarkShape::Rect => fill_rect(canvas, bounds, [x, y, x + w, y + h], color),
            MarkShape::Disc => {
                fill_ellipse(canvas, bounds, [x, y, w, h], color, filler);
            }
        }
    }
}

/// Fills the ellipse inside the rectangle x, y, w, h, in pixels.
fn fill_ellipse(
    canvas: &mut Canvas,
    bounds: Bounds,
    [x, y, w, h]: [f64; 4],
    color: [u8; 4],
    filler: &mut Filler,
) {
    let around = [x, y, x + w, y + h];
    if w <= 0.0 || h <= 0.0 || !around.iter().all(|edge| edge.is_finite()) {
        return;
    }
    let unit = Path::circle(Point::new(0.5, 0.5), 0.5);
    filler.path(bounds, &unit, |point| Point::new(x + point.x * w, y + point.y * h));
    filler.spans(bounds, |row, x0, x1, coverage| {
        blend_span(canvas.span(row, x0, x1), color, coverage);
    });
}

#[cfg(test)]
mod tests {
    use hinton_scene::Color;

    use super::*;
    use crate::raster::testing::{Random, coverage_by_samples};

    #[test]
    fn a_rectangle_covers_what_it_covers() {
        let mut random = Random::new(7);
        for _ in 0..300 {
            let mut canvas = Canvas::new(12, 9, [255; 4]);
            let bounds = canvas.bounds();
            let [x0, y0] = [random.between(-3.0, 12.0), random.between(-3.0, 9.0)];
            let [x1, y1] = [x0 + random.between(0.0, 8.0), y0 + random.between(0.0, 8.0)];
            fill_rect(&mut canvas, bounds, [x0, y0, x1, y1], [0, 0, 0, 255]);
            let inside = |x: f64, y: f64| x >= x0 && x < x1 && y >= y0 && y < y1;
            let want = coverage_by_samples(12, 9, 32, inside);
            for (pixel, want) in canvas.pixels().iter().zip(want) {
                let got = 1.0 - f64::from(pixel[0]) / 255.0;
                assert!((got - want).abs() < 0.08, "{got} {want} {x0} {y0} {x1} {y1}");
            }
        }
    }

    #[test]
    fn whole_pixels_are_exact_and_odd_numbers_draw_nothing() {
        let mut canvas = Canvas::new(4, 4, [255; 4]);
        let bounds = canvas.bounds();
        fill_rect(&mut canvas, bounds, [1.0, 1.0, 3.0, 2.0], [9, 9, 9, 255]);
        let dark: Vec<usize> = (0..16).filter(|&at| canvas.pixels()[at] != [255; 4]).collect();
        assert_eq!(dark, [5, 6]);
        let before = canvas.clone();
        let nan = f64::NAN;
        fill_rect(&mut canvas, bounds, [nan, 0.0, 4.0, 4.0], [0, 0, 0, 255]);
        fill_rect(&mut canvas, bounds, [0.0, 0.0, f64::INFINITY, 4.0], [0, 0, 0, 255]);
        fill_rect(&mut canvas, bounds, [3.0, 3.0, 1.0, 1.0], [0, 0, 0, 255]);
        fill_rect(&mut canvas, bounds, [-9.0, -9.0, -1.0, -1.0], [0, 0, 0, 255]);
        assert_eq!(canvas, before);
    }

    #[test]
    fn a_disc_covers_its_ellipse() {
        let mut canvas = Canvas::new(20, 16, [255; 4]);
        let bounds = canvas.bounds();
        let marks = Marks {
            fill: Color::BLACK,
            shape: MarkShape::Disc,
            places: vec![[1.3, 2.2, 7.0, 4.5]],
        };
        draw_marks(&mut canvas, bounds, 2.0, (0.0, 0.0), &marks, &mut Filler::default());
        let inside = |x: f64, y: f64| {
            let (dx, dy) = ((x - 2.6) / 14.0 - 0.5, (y - 4.4) / 9.0 - 0.5);
            dx * dx + dy * dy < 0.25
        };
        for (pixel, want) in canvas.pixels().iter().zip(coverage_by_samples(20, 16, 32, inside)) {
            let got = 1.0 - f64::from(pixel[0]) / 255.0;
            assert!((got - want).abs() < 0.05, "{got} {want}");
        }
    }
}
