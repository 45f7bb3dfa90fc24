//! Draws text: glyph outlines by coverage, cached once drawn.

use std::collections::HashMap;

use hinton_scene::{Color, Font, Glyph, Path, Point, Text, turn};

use super::canvas::{Bounds, Canvas, blend, blend_span, rgba};
use super::fill::Filler;

/// Places between two pixels at which a glyph may start.
const PHASES: f64 = 4.0;
/// Level text larger than this, in pixels, is not kept: few glyphs of it are alike.
const MOST_KEPT_SIZE: f64 = 96.0;

/// Coverage of one glyph.
struct Mask {
    /// Where its left column lies, in pixels from the pen.
    left: i64,
    /// Where its top row lies, in pixels from the baseline.
    top: i64,
    width: usize,
    height: usize,
    coverage: Vec<u8>,
}

/// Which outline: font, glyph.
type Letter = (u16, u16);

/// Which glyph: outline, size in pixels (its bits), phase.
type Key = (Letter, u64, u8);

/// The glyphs drawn so far. The map is only asked, never walked, so its order is not seen.
#[derive(Default)]
pub(super) struct Glyphs {
    masks: HashMap<Key, Mask>,
    outlines: HashMap<Letter, Path>,
    /// Shades above clear that text may have; 0 lets it have all.
    steps: u8,
}

/// Glyphs kept over many pictures: sizes seldom change, and a few megabytes hold this many.
const MOST_KEPT: usize = 8192;

impl Glyphs {
    /// Glyphs of this many shades above clear.
    pub(super) fn with_steps(steps: u8) -> Self {
        Glyphs { steps, ..Glyphs::default() }
    }

    /// Starts again when many are kept.
    pub(super) fn forget_when_many(&mut self) {
        if self.masks.len() > MOST_KEPT {
            self.masks.clear();
        }
    }

    fn outline(&mut self, letter: Letter) -> &Path {
        let (font, glyph) = letter;
        self.outlines.entry(letter).or_insert_with(|| Font::numbered(font).outline(glyph))
    }

    fn mask(&mut self, key: Key, filler: &mut Filler) -> &Mask {
        if !self.masks.contains_key(&key) {
            let (letter, size, phase) = key;
            let outline = self.outline(letter);
            let mask = draw_mask(outline, f64::from_bits(size), f64::from(phase) / PHASES, filler);
            self.masks.insert(key, mask);
        }
        &self.masks[&key]
    }
}

/// Draws a line of text; `scale` is pixels to the point.
pub(super) fn draw_text(
    canvas: &mut Canvas,
    bounds: Bounds,
    scale: f64,
    text: &Text,
    glyphs: &mut Glyphs,
    filler: &mut Filler,
) {
    let size = text.style.size * scale;
    if !(size.is_finite() && size > 0.0 && text.x.is_finite() && text.y.is_finite()) {
        return;
    }
    let weights = shades(text.style.color, glyphs.steps);
    let letter = |glyph: &Glyph| (glyph.face, glyph.id);
    if text.rotation == 0.0 && size <= MOST_KEPT_SIZE {
        for glyph in &text.glyphs {
            // The baseline lies on a pixel edge: the feet of letters are sharp.
            let baseline = ((text.y - glyph.up) * scale + 0.5).floor();
            let pen = ((text.x + glyph.x) * scale * PHASES + 0.5).floor() / PHASES;
            let phase = ((pen - pen.floor()) * PHASES) as u8;
            let key = (letter(glyph), size.to_bits(), phase);
            let mask = glyphs.mask(key, filler);
            stamp(canvas, bounds, (pen.floor(), baseline), mask, rgba(text.style.color), &weights);
        }
        return;
    }
    let (sin, cos) = turn(text.rotation);
    for glyph in &text.glyphs {
        let outline = glyphs.outline(letter(glyph));
        filler.path(bounds, outline, |point| {
            let (along, down) =
                (glyph.x * scale + point.x * size, -glyph.up * scale - point.y * size);
            Point::new(
                text.x * scale + along * cos - down * sin,
                text.y * scale + along * sin + down * cos,
            )
        });
        filler.spans(bounds, |y, x0, x1, coverage| {
            let coverage = weights[usize::from(coverage)];
            blend_span(canvas.span(y, x0, x1), rgba(text.style.color), coverage);
        });
    }
}

/// Coverage of a glyph whose pen stands `phase` of a pixel right of a pixel edge.
fn draw_mask(outline: &Path, size: f64, phase: f64, filler: &mut Filler) -> Mask {
    // Control points enclose their curves.
    let (mut low, mut high) = (Point::new(0.0, 0.0), Point::new(0.0, 0.0));
    for point in super::points(outline) {
        low = Point::new(low.x.min(point.x), low.y.min(-point.y));
        high = Point::new(high.x.max(point.x), high.y.max(-point.y));
    }
    let (left, top) = ((low.x * size + phase).floor(), (low.y * size).floor());
    let width = (high.x * size + phase).ceil() - left;
    let height = (high.y * size).ceil() - top;
    let bounds = Bounds { x0: 0, y0: 0, x1: width as usize, y1: height as usize };
    let mut coverage = vec![0; bounds.x1 * bounds.y1];
    filler.path(bounds, outline, |point| {
        Point::new(point.x * size + phase - left, -point.y * size - top)
    });
    filler.spans(bounds, |y, x0, x1, covered| {
        coverage[y * bounds.x1 + x0..y * bounds.x1 + x1].fill(covered);
    });
    Mask { left: left as i64, top: top as i64, width: bounds.x1, height: bounds.y1, coverage }
}

/// Lays a mask over the canvas with its pen at a whole pixel.
fn stamp(
    canvas: &mut Canvas,
    bounds: Bounds,
    (x, y): (f64, f64),
    mask: &Mask,
    color: [u8; 4],
    weights: &[u8; 256],
) {
    let (left, top) = ((x as i64).saturating_add(mask.left), (y as i64).saturating_add(mask.top));
    // Columns and rows of the mask that lie inside the bounds.
    let inside = |start: i64, length: usize, from: usize, to: usize| {
        let first = (from as i64).saturating_sub(start).clamp(0, length as i64);
        let end = (to as i64).saturating_sub(start).clamp(first, length as i64);
        first as usize..end as usize
    };
    let cols = inside(left, mask.width, bounds.x0, bounds.x1);
    if cols.is_empty() {
        return;
    }
    for row in inside(top, mask.height, bounds.y0, bounds.y1) {
        let start = (left + cols.start as i64) as usize;
        let span = canvas.span((top + row as i64) as usize, start, start + cols.len());
        let coverage = &mask.coverage[row * mask.width..][cols.clone()];
        for (pixel, &coverage) in span.iter_mut().zip(coverage) {
            if coverage > 0 {
                blend(pixel, color, weights[usize::from(coverage)]);
            }
        }
    }
}

/// How strong each coverage of a glyph is drawn: pale text on dark looks thinner than dark text on
/// pale when sRGB values are mixed, so the half-covered pixels of pale text are made stronger.
///
/// With `steps`, the strength is one of this many above 0.
fn shades(color: Color, steps: u8) -> [u8; 256] {
    let level =
        (f64::from(color.r) * 0.3 + f64::from(color.g) * 0.59 + f64::from(color.b) * 0.11) / 255.0;
    let boost = 0.15 + 0.25 * level;
    let mut shades = [0; 256];
    for (at, shade) in shades.iter_mut().enumerate() {
        let coverage = at as f64 / 255.0;
        let strong = coverage + boost * coverage * (1.0 - coverage);
        *shade = (strong * 255.0 + 0.5) as u8;
        if steps > 0 {
            *shade = step(*shade, steps);
        }
    }
    shades
}

/// The nearest of `steps` equal steps above 0.
fn step(shade: u8, steps: u8) -> u8 {
    let steps = u32::from(steps);
    let nearest = (u32::from(shade) * steps * 2 + 255) / 510;
    step_coverage(nearest, steps)
}

/// The strength of step `at` of `steps`, of 255.
pub(crate) fn step_coverage(at: u32, steps: u32) -> u8 {
    ((at * 510 + steps) / (2 * steps)) as u8
}

#[cfg(test)]
mod tests {
    use hinton_scene::{Align, Baseline, Segment, TextStyle, Weight};

    use super::*;
    use crate::raster::fill::flatten;
    use crate::raster::testing::{coverage_by_samples, winding};

    fn text(content: &str, x: f64, y: f64, degrees: f64, color: Color) -> Text {
        let style = TextStyle { size: 12.0, weight: Weight::Regular, color };
        Text::rotated(content, x, y, style, Align::Start, Baseline::Alphabetic, degrees)
    }

    fn draw(text: &Text, background: [u8; 4], (width, height): (usize, usize)) -> Canvas {
        let mut canvas = Canvas::new(width, height, background);
        let bounds = canvas.bounds();
        let (mut glyphs, mut filler) = (Glyphs::default(), Filler::default());
        draw_text(&mut canvas, bounds, 2.0, text, &mut glyphs, &mut filler);
        canvas
    }

    /// A glyph's outline as closed polygons in pixels.
    fn polygons(glyph: u16, place: impl Fn(Point) -> Point) -> Vec<Vec<Point>> {
        let mut all: Vec<Vec<Point>> = Vec::new();
        for segment in Font::get(Weight::Regular).outline(glyph).segments {
            match segment {
                Segment::Move(to) => all.push(vec![place(to)]),
                Segment::Line(to) => all.last_mut().unwrap().push(place(to)),
                Segment::Cubic(one, two, to) => {
                    let now = all.last_mut().unwrap();
                    let curve = [*now.last().unwrap(), place(one), place(two), place(to)];
                    flatten(curve, |point| now.push(point));
                }
                Segment::Close => {}
            }
        }
        all
    }

    #[test]
    fn letters_cover_their_outlines() {
        let size = (26, 30);
        for (c, degrees, x) in
            [('R', 0.0, 2.0), ('g', 0.0, 3.1), ('8', 0.0, 2.3), ('e', -90.0, 8.0)]
        {
            let text = text(&c.to_string(), x, 10.0, degrees, Color::BLACK);
            let canvas = draw(&text, [255; 4], size);
            // The pen of level text stands on a quarter of a pixel.
            let pen = if degrees == 0.0 { (x * 2.0 * 4.0).round() / 4.0 } else { x * 2.0 };
            let outline = polygons(text.glyphs[0].id, |point| {
                let (along, up) = (point.x * 24.0, point.y * 24.0);
                if degrees == 0.0 {
                    Point::new(pen + along, 20.0 - up)
                } else {
                    Point::new(pen - up, 20.0 - along)
                }
            });
            let inside = |x: f64, y: f64| {
                outline.iter().map(|polygon| winding(polygon, x, y)).sum::<i32>() != 0
            };
            let weights = shades(Color::BLACK, 0);
            let want = coverage_by_samples(size.0, size.1, 16, inside);
            assert!(want.iter().sum::<f64>() > 40.0, "{c} is on the canvas");
            for (pixel, want) in canvas.pixels().iter().zip(want) {
                let want = f64::from(weights[(want * 255.0).round() as usize]) / 255.0;
                let got = 1.0 - f64::from(pixel[0]) / 255.0;
                assert!((got - want).abs() < 0.06, "{c} {got} {want}");
            }
        }
    }

    #[test]
    fn a_kept_glyph_is_cut_at_the_edges() {
        let whole = draw(&text("ag", 10.0, 15.0, 0.0, Color::BLACK), [255; 4], (90, 60));
        for (dx, dy) in [(-12.0, 0.0), (0.0, -16.0), (36.0, 0.0), (0.0, 16.0), (-90.0, 0.0)] {
            let moved =
                draw(&text("ag", 10.0 + dx, 15.0 + dy, 0.0, Color::BLACK), [255; 4], (90, 60));
            for y in 0..60 {
                for x in 0..90 {
                    let (from_x, from_y) = (x as i64 - 2 * dx as i64, y as i64 - 2 * dy as i64);
                    if (0..90).contains(&from_x) && (0..60).contains(&from_y) {
                        assert_eq!(moved.row(y)[x], whole.row(from_y as usize)[from_x as usize]);
                    }
                }
            }
        }
    }

    #[test]
    fn pale_letters_are_stronger_and_ends_are_exact() {
        let (dark, pale) = (shades(Color::BLACK, 0), shades(Color::WHITE, 0));
        assert_eq!((dark[0], dark[255], pale[0], pale[255]), (0, 255, 0, 255));
        assert!((1..255).all(|at| pale[at] >= dark[at] && usize::from(dark[at]) >= at));
    }
}
