//! Converts pictures to the form that video codecs take: brightness per pixel, colour per four
//! pixels.

use crate::raster::canvas::Canvas;

/// A picture in planar Y'CbCr 4:2:0 of ITU-R BT.709, 16 to 235 and 16 to 240.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Planes {
    /// Pixels across, even.
    pub(super) width: usize,
    /// Pixels down, even.
    pub(super) height: usize,
    /// All of Y', then all of Cb, then all of Cr.
    pub(super) data: Vec<u8>,
}

impl Planes {
    /// A canvas of even sides; opacity does not count.
    pub(super) fn new(canvas: &Canvas) -> Self {
        let (width, height) = (canvas.width() & !1, canvas.height() & !1);
        let mut data = vec![0; width * height * 3 / 2];
        let (light, colors) = data.split_at_mut(width * height);
        let (blue, red) = colors.split_at_mut(width * height / 4);
        for y in 0..height {
            let row = &mut light[y * width..(y + 1) * width];
            for (light, pixel) in row.iter_mut().zip(canvas.row(y)) {
                *light = brightness(*pixel);
            }
        }
        for y in 0..height / 2 {
            let half = y * width / 2..(y + 1) * width / 2;
            let (above, below) = (canvas.row(2 * y), canvas.row(2 * y + 1));
            let pairs = above.as_chunks::<2>().0.iter().zip(below.as_chunks::<2>().0);
            let places = blue[half.clone()].iter_mut().zip(&mut red[half]);
            for (([a, b], [c, d]), (blue, red)) in pairs.zip(places) {
                let sum = |at: usize| {
                    i32::from(a[at]) + i32::from(b[at]) + i32::from(c[at]) + i32::from(d[at])
                };
                (*blue, *red) = chroma([sum(0), sum(1), sum(2)]);
            }
        }
        Planes { width, height, data }
    }

    /// Y', Cb and Cr.
    pub(super) fn planes(&self) -> (&[u8], &[u8], &[u8]) {
        let (light, colors) = self.data.split_at(self.width * self.height);
        let (blue, red) = colors.split_at(self.width * self.height / 4);
        (light, blue, red)
    }
}

/// 0.2126, 0.7152 and 0.0722 of 219 steps, in 65,536ths.
fn brightness([r, g, b, _]: [u8; 4]) -> u8 {
    let sum = 11_966 * u32::from(r) + 40_254 * u32::from(g) + 4_064 * u32::from(b);
    (((sum + 32_768) >> 16) + 16) as u8
}

/// Cb and Cr of the sums of four pixels, in 262,144ths.
fn chroma([r, g, b]: [i32; 3]) -> (u8, u8) {
    let place = |sum: i32| (((sum + 131_072) >> 18) + 128) as u8;
    (place(-6_596 * r - 22_189 * g + 28_785 * b), place(28_784 * r - 26_145 * g - 2_639 * b))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// BT.709 as its formulas say.
    fn plain([r, g, b]: [f64; 3]) -> [f64; 3] {
        let light = 0.2126 * r + 0.7152 * g + 0.0722 * b;
        let (blue, red) = ((b - light) / 1.8556, (r - light) / 1.5748);
        [16.0 + 219.0 * light / 255.0, 128.0 + 224.0 * blue / 255.0, 128.0 + 224.0 * red / 255.0]
    }

    #[test]
    fn colours_are_those_of_the_standard() {
        let levels = [0u8, 1, 40, 127, 128, 200, 255];
        for r in levels {
            for g in levels {
                for b in levels {
                    let planes = Planes::new(&Canvas::new(2, 2, [r, g, b, 255]));
                    let want = plain([r, g, b].map(f64::from));
                    let (light, blue, red) = planes.planes();
                    for (got, want) in [light[3], blue[0], red[0]].into_iter().zip(want) {
                        assert!((f64::from(got) - want).abs() < 0.52, "{r} {g} {b}: {got} {want}");
                    }
                }
            }
        }
    }

    #[test]
    fn each_pixel_is_in_its_place() {
        let mut canvas = Canvas::new(6, 4, [0, 0, 0, 255]);
        canvas.span(2, 3, 4).fill([255, 255, 255, 255]);
        canvas.span(0, 4, 6).fill([0, 0, 255, 255]);
        canvas.span(1, 4, 6).fill([0, 0, 255, 255]);
        let planes = Planes::new(&canvas);
        let (light, blue, red) = planes.planes();
        assert_eq!((light[2 * 6 + 3], light[0], light[4]), (235, 16, 32));
        assert_eq!(blue, [128, 128, 240, 128, 128, 128]);
        assert_eq!(red[2], 118);
    }
}
