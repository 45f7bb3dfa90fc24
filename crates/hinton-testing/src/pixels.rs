//! Pictures as pixels, and how two of them differ.

use std::fmt;
use std::io::Cursor;

/// The pixels of a picture: red, green, blue and alpha, row after row, whatever the file stores.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pixels {
    /// Pixels in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// `width * height` pixels.
    pub rgba: Vec<[u8; 4]>,
}

impl Pixels {
    /// Decodes a PNG file.
    ///
    /// # Errors
    /// Says what is wrong with a file that is none.
    pub fn of_png(bytes: &[u8]) -> Result<Self, String> {
        let mut decoder = png::Decoder::new(Cursor::new(bytes));
        let all_alike = png::Transformations::normalize_to_color8() | png::Transformations::ALPHA;
        decoder.set_transformations(all_alike);
        let mut reader = decoder.read_info().map_err(|error| error.to_string())?;
        let len = reader.output_buffer_size().ok_or("it is too large to decode")?;
        let mut samples = vec![0; len];
        let info = reader.next_frame(&mut samples).map_err(|error| error.to_string())?;
        samples.truncate(info.buffer_size());
        let rgba = match info.color_type {
            png::ColorType::GrayscaleAlpha => {
                samples.chunks_exact(2).map(|it| [it[0], it[0], it[0], it[1]]).collect()
            }
            png::ColorType::Rgba => {
                samples.chunks_exact(4).map(|it| [it[0], it[1], it[2], it[3]]).collect()
            }
            other => return Err(format!("it was decoded to {other:?}, expected RGB and alpha")),
        };
        Ok(Pixels { width: info.width as usize, height: info.height as usize, rgba })
    }

    /// Encodes them as PNG.
    ///
    /// # Panics
    /// Panics if there are not `width * height` pixels, or too many for PNG.
    #[must_use]
    pub fn to_png(&self) -> Vec<u8> {
        let side = |side: usize| u32::try_from(side).expect("a side that PNG can count");
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, side(self.width), side(self.height));
        encoder.set_color(png::ColorType::Rgba);
        let mut writer = encoder.write_header().expect("memory takes it");
        writer.write_image_data(self.rgba.as_flattened()).expect("a pixel for each place");
        writer.finish().expect("memory takes it");
        bytes
    }

    /// How `drawn` differs from these; `None` if every pixel is the same.
    #[must_use]
    pub fn difference(&self, drawn: &Pixels) -> Option<Difference> {
        if (self.width, self.height) != (drawn.width, drawn.height) {
            return Some(Difference::Size {
                golden: (self.width, self.height),
                drawn: (drawn.width, drawn.height),
            });
        }
        let mut pairs = self.rgba.iter().zip(&drawn.rgba).enumerate().filter(|(_, (a, b))| a != b);
        let (at, (&golden, &now)) = pairs.next()?;
        let (mut count, mut largest) = (1, step(golden, now));
        for (_, (&a, &b)) in pairs {
            count += 1;
            largest = largest.max(step(a, b));
        }
        let first = (at % self.width, at / self.width);
        Some(Difference::Pixels { count, of: self.rgba.len(), first, golden, drawn: now, largest })
    }

    /// A picture of where `drawn` differs: these, pale, with what differs in full red, and the places that only one
    /// of the two has in blue.
    #[must_use]
    pub fn marked(&self, drawn: &Pixels) -> Pixels {
        let (width, height) = (self.width.max(drawn.width), self.height.max(drawn.height));
        let pixel =
            |at: usize| match (self.at(at % width, at / width), drawn.at(at % width, at / width)) {
                (Some(a), Some(b)) if a == b => pale(a),
                (Some(_), Some(_)) => [255, 0, 0, 255],
                _ => [0, 80, 255, 255],
            };
        Pixels { width, height, rgba: (0..width * height).map(pixel).collect() }
    }

    fn at(&self, x: usize, y: usize) -> Option<[u8; 4]> {
        (x < self.width && y < self.height).then(|| self.rgba[y * self.width + x])
    }
}

/// The largest difference of a channel.
fn step(a: [u8; 4], b: [u8; 4]) -> u8 {
    a.iter().zip(b).map(|(a, b)| a.abs_diff(b)).max().unwrap_or(0)
}

/// A quarter as dark, so that marks stand out.
fn pale([red, green, blue, alpha]: [u8; 4]) -> [u8; 4] {
    let pale = |channel: u8| 255 - (255 - channel) / 4;
    [pale(red), pale(green), pale(blue), alpha]
}

/// How two pictures differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Difference {
    /// They do not have the same size: width and height of each.
    Size {
        /// Of the golden picture.
        golden: (usize, usize),
        /// Of the one drawn now.
        drawn: (usize, usize),
    },
    /// Some pixels differ.
    Pixels {
        /// How many.
        count: usize,
        /// How many there are.
        of: usize,
        /// Column and row of the first, counted from 0, row by row.
        first: (usize, usize),
        /// Its colour in the golden picture.
        golden: [u8; 4],
        /// Its colour now.
        drawn: [u8; 4],
        /// The largest difference of a channel, over all pixels, of 255.
        largest: u8,
    },
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Difference::Size { golden, drawn } => {
                let ((width, height), (now_width, now_height)) = (golden, drawn);
                write!(f, "has {now_width} x {now_height} pixels, expected {width} x {height}")
            }
            Difference::Pixels { count, of, first: (x, y), golden, drawn, largest } => write!(
                f,
                "{count} of {of} pixels differ, by up to {largest} of 255; the first is at column {x}, row {y}: {}, \
                 expected {} (by {})",
                hex(drawn),
                hex(golden),
                step(golden, drawn)
            ),
        }
    }
}

/// A colour as pages write it, alpha only where it is not full.
fn hex([red, green, blue, alpha]: [u8; 4]) -> String {
    match alpha {
        255 => format!("#{red:02x}{green:02x}{blue:02x}"),
        _ => format!("#{red:02x}{green:02x}{blue:02x}{alpha:02x}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(width: usize, height: usize) -> Pixels {
        Pixels { width, height, rgba: vec![[255; 4]; width * height] }
    }

    #[test]
    fn the_same_pixels_of_another_kind_of_file_do_not_differ() {
        let (grey, mut bytes) = (plain(3, 2), Vec::new());
        let mut encoder = png::Encoder::new(&mut bytes, 3, 2);
        encoder.set_color(png::ColorType::Indexed);
        encoder.set_depth(png::BitDepth::One);
        encoder.set_palette(vec![255; 6]);
        let mut writer = encoder.write_header().unwrap();
        writer.write_image_data(&[0b1010_0000, 0b0100_0000]).unwrap();
        writer.finish().unwrap();
        assert_ne!(bytes, grey.to_png());
        assert_eq!(Pixels::of_png(&bytes).unwrap(), grey);
        assert_eq!(grey.difference(&Pixels::of_png(&grey.to_png()).unwrap()), None);
    }

    #[test]
    fn a_difference_says_how_many_where_and_by_how_much() {
        let golden = plain(4, 3);
        let mut drawn = golden.clone();
        drawn.rgba[6] = [255, 250, 255, 255];
        drawn.rgba[11] = [255, 255, 255, 15];
        let told = golden.difference(&drawn).unwrap().to_string();
        assert_eq!(
            told,
            "2 of 12 pixels differ, by up to 240 of 255; the first is at column 2, row 1: #fffaff, \
             expected #ffffff (by 5)"
        );
        let told = golden.difference(&plain(4, 2)).unwrap().to_string();
        assert_eq!(told, "has 4 x 2 pixels, expected 4 x 3");
    }

    #[test]
    fn what_differs_is_marked() {
        let mut golden = plain(2, 1);
        golden.rgba[0] = [15, 55, 255, 255];
        let mut drawn = plain(2, 2);
        drawn.rgba[0] = golden.rgba[0];
        drawn.rgba[1] = [0, 0, 0, 255];
        let marked = golden.marked(&drawn);
        let blue = [0, 80, 255, 255];
        assert_eq!(marked.rgba, [[195, 205, 255, 255], [255, 0, 0, 255], blue, blue]);
    }

    #[test]
    fn what_is_no_png_is_told() {
        assert!(Pixels::of_png(b"<svg>").is_err());
        let whole = plain(9, 9).to_png();
        assert!(Pixels::of_png(&whole[..whole.len() / 2]).is_err());
    }
}
