//! A canvas of pixels, and how colours are blended onto it.

use hinton_scene::{Color, Rect};

pub use hinton_words::{MOST_PIXELS, MOST_SIDE};

/// A bitmap of RGBA pixels, with 8 bits per channel and straight alpha.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Canvas {
    width: usize,
    height: usize,
    pixels: Vec<[u8; 4]>,
}

/// A rectangle of a canvas: pixels `x0..x1` of rows `y0..y1`; empty if an end is not after its
/// start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// First column.
    pub x0: usize,
    /// First row.
    pub y0: usize,
    /// Column after the last.
    pub x1: usize,
    /// Row after the last.
    pub y1: usize,
}

impl Bounds {
    /// Whether it contains no pixels.
    pub fn is_empty(&self) -> bool {
        self.x0 >= self.x1 || self.y0 >= self.y1
    }

    /// The intersection with a rectangle in pixels, whose edges are rounded to the nearest pixel
    /// edge.
    pub fn clipped(&self, rect: Rect) -> Bounds {
        Bounds {
            x0: self.x0.max(snap(rect.x)),
            y0: self.y0.max(snap(rect.y)),
            x1: self.x1.min(snap(rect.right())),
            y1: self.y1.min(snap(rect.bottom())),
        }
    }
}

/// Rounds to the nearest pixel edge; negative numbers and NaN give 0.
pub fn snap(edge: f64) -> usize {
    (edge + 0.5).floor() as usize
}

impl Canvas {
    /// A canvas filled with one colour.
    pub fn new(width: usize, height: usize, color: [u8; 4]) -> Self {
        Canvas { width, height, pixels: vec![color; width * height] }
    }

    /// Resizes the canvas and fills it with one colour, reusing its memory.
    pub fn clear(&mut self, width: usize, height: usize, color: [u8; 4]) {
        self.pixels.clear();
        self.pixels.resize(width * height, color);
        (self.width, self.height) = (width, height);
    }

    /// Width in pixels.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Height in pixels.
    pub fn height(&self) -> usize {
        self.height
    }

    /// All pixels, row by row: red, green, blue, alpha.
    pub fn pixels(&self) -> &[[u8; 4]] {
        &self.pixels
    }

    /// The pixels of one row.
    pub fn row(&self, y: usize) -> &[[u8; 4]] {
        &self.pixels[y * self.width..(y + 1) * self.width]
    }

    /// Columns `x0..x1` of a row, mutably.
    pub fn span(&mut self, y: usize, x0: usize, x1: usize) -> &mut [[u8; 4]] {
        &mut self.pixels[y * self.width + x0..y * self.width + x1]
    }

    /// Copies columns `x0..x1` of row `from` to row `to`.
    pub fn copy_row(&mut self, from: usize, to: usize, x0: usize, x1: usize) {
        let start = from * self.width;
        self.pixels.copy_within(start + x0..start + x1, to * self.width + x0);
    }

    /// The bounds of the whole canvas.
    pub fn bounds(&self) -> Bounds {
        Bounds { x0: 0, y0: 0, x1: self.width, y1: self.height }
    }
}

/// Converts a colour to its form in pixels.
pub fn rgba(color: Color) -> [u8; 4] {
    [color.r, color.g, color.b, color.a]
}

/// `a * b / 255`, rounded to the nearest, for `a * b` up to 65,025.
fn scaled(a: u32, b: u32) -> u32 {
    let product = a * b + 128;
    (product + (product >> 8)) >> 8
}

/// Blends `color`, with its opacity reduced by `coverage`, onto one pixel.
#[inline]
pub fn blend(pixel: &mut [u8; 4], color: [u8; 4], coverage: u8) {
    let over = scaled(u32::from(color[3]), u32::from(coverage));
    if over == 255 {
        *pixel = color;
    } else if pixel[3] == 255 {
        *pixel = mixed(*pixel, color, over);
    } else if over > 0 {
        blend_clear(pixel, color, over);
    }
}

/// An opaque pixel under a colour of opacity `over`: `(a * over + b * (255 - over)) / 255` for each
/// channel, rounded. Red and blue share a word, as no product of theirs reaches the other.
#[inline]
fn mixed(below: [u8; 4], above: [u8; 4], over: u32) -> [u8; 4] {
    const PAIR: u32 = 0x00ff_00ff;
    let (below, above) = (u32::from_le_bytes(below), u32::from_le_bytes(above));
    let mix = |below: u32, above: u32| {
        let sum = (above & PAIR) * over + (below & PAIR) * (255 - over) + 0x0080_0080;
        ((sum + ((sum >> 8) & PAIR)) >> 8) & PAIR
    };
    let (red_blue, green) = (mix(below, above), mix((below >> 8) & 0xff, (above >> 8) & 0xff));
    (0xff00_0000 | red_blue | green << 8).to_le_bytes()
}

/// Source-over onto a pixel that is not opaque, with alpha not multiplied in.
fn blend_clear(pixel: &mut [u8; 4], color: [u8; 4], over: u32) {
    let below = scaled(u32::from(pixel[3]), 255 - over);
    let alpha = over + below;
    for (under, above) in pixel[..3].iter_mut().zip(color) {
        let sum = u32::from(above) * over + u32::from(*under) * below;
        *under = ((sum + alpha / 2) / alpha) as u8;
    }
    pixel[3] = alpha as u8;
}

/// Blends `color`, with its opacity reduced by `coverage`, onto every pixel of a span.
#[inline]
pub fn blend_span(span: &mut [[u8; 4]], color: [u8; 4], coverage: u8) {
    let over = scaled(u32::from(color[3]), u32::from(coverage));
    if over == 255 {
        span.fill(color);
    } else if span.iter().fold(255, |all, pixel| all & pixel[3]) == 255 {
        // Without a branch, so that vectors do several at once.
        span.iter_mut().for_each(|pixel| *pixel = mixed(*pixel, color, over));
    } else {
        span.iter_mut().for_each(|pixel| blend(pixel, color, coverage));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Source-over as the formula says it, in floating point.
    fn plain(below: [u8; 4], above: [u8; 4], coverage: u8) -> [f64; 4] {
        let over = f64::from(above[3]) / 255.0 * f64::from(coverage) / 255.0;
        let under = f64::from(below[3]) / 255.0 * (1.0 - over);
        let alpha = over + under;
        let mut result = [0.0; 4];
        for at in 0..3 {
            let sum = f64::from(above[at]) * over + f64::from(below[at]) * under;
            result[at] = if alpha > 0.0 { sum / alpha } else { f64::from(below[at]) };
        }
        result[3] = alpha * 255.0;
        result
    }

    #[test]
    fn blending_is_source_over() {
        let levels = [0, 1, 30, 127, 128, 200, 254, 255];
        for below in levels {
            for above in levels {
                for coverage in levels {
                    for (below_alpha, above_alpha) in [(255, 255), (255, 90), (70, 255), (0, 128)] {
                        let below = [below, 255 - below, 13, below_alpha];
                        let above = [above, 200, 255 - above, above_alpha];
                        let mut pixel = below;
                        blend(&mut pixel, above, coverage);
                        let want = plain(below, above, coverage);
                        // Alpha is rounded first; a colour of little alpha feels that.
                        let slack = 1.0 + 255.0 / want[3].max(1.0);
                        for (got, want) in pixel.iter().zip(want) {
                            let off = (f64::from(*got) - want).abs();
                            assert!(off <= slack, "{below:?} {above:?} {coverage} {pixel:?}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn nothing_and_everything_are_exact() {
        let (below, above) = ([1, 2, 3, 255], [200, 100, 50, 255]);
        let mut pixel = below;
        blend(&mut pixel, above, 0);
        assert_eq!(pixel, below);
        blend(&mut pixel, above, 255);
        assert_eq!(pixel, above);
    }

    #[test]
    fn channels_that_share_a_word_do_not_meet() {
        for over in 0..=255u32 {
            for below in 0..=255u8 {
                for above in [0, 1, 2, 100, 127, 128, 129, 253, 254, 255] {
                    let exact = u32::from(above) * over + u32::from(below) * (255 - over);
                    // x.5 does not occur: 255 is odd.
                    let want = ((exact * 2 + 255) / 510) as u8;
                    let got = mixed([below, 255, below, 255], [above, 0, 255 - above, 9], over);
                    let other = u32::from(255 - above) * over + u32::from(below) * (255 - over);
                    assert_eq!(
                        got,
                        [want, (255 - over) as u8, ((other * 2 + 255) / 510) as u8, 255]
                    );
                }
            }
        }
    }

    #[test]
    fn bounds_stay_inside() {
        let all = Canvas::new(10, 8, [0; 4]).bounds();
        assert_eq!(all.clipped(Rect::new(-5.0, -5.0, 100.0, 100.0)), all);
        assert_eq!(
            all.clipped(Rect::new(1.4, 1.6, 3.0, 3.0)),
            Bounds { x0: 1, y0: 2, x1: 4, y1: 5 }
        );
        assert!(all.clipped(Rect::new(f64::NAN, 0.0, f64::NAN, 1.0)).is_empty());
        assert!(all.clipped(Rect::new(50.0, 0.0, 10.0, 10.0)).is_empty());
    }
}
