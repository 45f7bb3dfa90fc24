//! PNG, in the smallest colour type that is lossless.

use hinton_scene::{Color, Item, Scene};
use png::{BitDepth, ColorType, DeflateCompression, Encoder, EncodingError, Filter};

use super::{OutputRow, RenderOptions, readable};
use crate::RenderError;
use crate::raster::{self, canvas::Canvas};

/// The row of this output.
pub(super) const ROW: OutputRow = OutputRow {
    name: "png",
    about: "Pixels, lossless (PNG)",
    help: "Pixels at `dpi` dots per inch, lossless. Pictures of 256 colours or fewer are stored \
           with a palette, so charts are small. Opens everywhere: slides, web pages, chats. The \
           title and the description go in as text chunks. For print, prefer pdf; for the web, svg.",
    extensions: &["png"],
    mime: "image/png",
    write,
};

fn write(scene: &Scene, options: &RenderOptions) -> Result<Vec<u8>, RenderError> {
    let canvas = raster::draw(scene, options.dpi / 72.0)?;
    let (title, description) = (readable(&scene.title), readable(&scene.description));
    let about = About {
        dpi: Some(options.dpi),
        texts: &[("Title", &title), ("Description", &description), ("Software", "hinton")],
        unlike: has_dots(&scene.items),
    };
    encode(&canvas, &about)
}

/// Whether there are dots. They are scattered, so that pixels say little of those beside them: such
/// pictures pack better (by a sixth), and in half the time, as they are than as differences.
fn has_dots(items: &[Item]) -> bool {
    items.iter().any(|item| match item {
        Item::Dots(dots) => !dots.pieces.is_empty(),
        Item::Group(group) => has_dots(&group.items),
        _ => false,
    })
}

/// Pictures of more pixels than this are compressed less: time counts more than a tenth in size.
const LARGE: usize = 2_000_000;

/// What a file says about its picture.
#[derive(Default)]
pub(crate) struct About<'a> {
    /// Pixels to the inch.
    pub(crate) dpi: Option<f64>,
    /// Keys and texts; empty texts are left out.
    pub(crate) texts: &'a [(&'a str, &'a str)],
    /// Whether neighbouring pixels are unlike: then they are packed as they are.
    pub(crate) unlike: bool,
}

/// A picture as a PNG file.
pub(crate) fn encode(canvas: &Canvas, about: &About) -> Result<Vec<u8>, RenderError> {
    encode_inner(canvas, about)
        .map_err(|error| RenderError::Encode { output: "png", why: error.to_string() })
}

/// Places in a palette of at most 256 colours as a PNG file.
pub(crate) fn encode_indexed(
    places: &[u8],
    (width, height): (usize, usize),
    colors: &[Color],
    dpi: f64,
) -> Result<Vec<u8>, RenderError> {
    let bytes = || -> Result<Vec<u8>, EncodingError> {
        let mut bytes = Vec::new();
        let mut encoder = Encoder::new(&mut bytes, width as u32, height as u32);
        encoder.set_pixel_dims(Some(dimensions(dpi)));
        encoder.set_color(ColorType::Indexed);
        encoder.set_depth(BitDepth::Eight);
        encoder.set_palette(colors.iter().flat_map(|c| [c.r, c.g, c.b]).collect::<Vec<u8>>());
        encoder.set_filter(Filter::NoFilter);
        encoder.set_deflate_compression(DeflateCompression::Level(level(places.len())));
        let mut writer = encoder.write_header()?;
        writer.write_image_data(places)?;
        writer.finish()?;
        Ok(bytes)
    };
    bytes().map_err(|error| RenderError::Encode { output: "png", why: error.to_string() })
}

fn dimensions(dpi: f64) -> png::PixelDimensions {
    let per_metre = (dpi / 0.0254 + 0.5) as u32;
    png::PixelDimensions { xppu: per_metre, yppu: per_metre, unit: png::Unit::Meter }
}

fn level(pixels: usize) -> u8 {
    if pixels > LARGE { 1 } else { 2 }
}

fn encode_inner(canvas: &Canvas, about: &About) -> Result<Vec<u8>, EncodingError> {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, canvas.width() as u32, canvas.height() as u32);
    if let Some(dpi) = about.dpi {
        encoder.set_pixel_dims(Some(dimensions(dpi)));
    }
    for (key, text) in about.texts.iter().filter(|(_, text)| !text.is_empty()) {
        // tEXt holds Latin-1 only.
        if text.chars().all(|c| (c as u32) < 256 && c != '\0') {
            encoder.add_text_chunk((*key).to_string(), (*text).to_string())?;
        } else {
            encoder.add_itxt_chunk((*key).to_string(), text.replace('\0', ""))?;
        }
    }
    encoder.set_deflate_compression(DeflateCompression::Level(level(canvas.pixels().len())));
    let data = match index(canvas) {
        Some(indexed) => {
            encoder.set_color(ColorType::Indexed);
            encoder.set_depth(indexed.depth);
            encoder.set_palette(indexed.colors);
            if !indexed.alphas.is_empty() {
                encoder.set_trns(indexed.alphas);
            }
            encoder.set_filter(Filter::NoFilter);
            indexed.data
        }
        None => {
            let opaque = canvas.pixels().iter().all(|pixel| pixel[3] == 255);
            encoder.set_depth(BitDepth::Eight);
            encoder.set_color(if opaque { ColorType::Rgb } else { ColorType::Rgba });
            encoder.set_filter(if about.unlike { Filter::NoFilter } else { Filter::Adaptive });
            if opaque {
                without_alpha(canvas.pixels())
            } else {
                canvas.pixels().as_flattened().to_vec()
            }
        }
    };
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&data)?;
    writer.finish()?;
    Ok(bytes)
}

/// Red, green and blue alone. Four pixels become three words, which takes a quarter of the time of
/// byte after byte.
fn without_alpha(pixels: &[[u8; 4]]) -> Vec<u8> {
    let mut data = vec![0; pixels.len() * 3];
    let (fours, rest) = pixels.as_chunks::<4>();
    let (twelves, bytes) = data.as_chunks_mut::<12>();
    for (to, four) in twelves.iter_mut().zip(fours) {
        let [a, b, c, d] = four.map(|pixel| u32::from_le_bytes(pixel) & 0x00ff_ffff);
        let words = [a | b << 24, b >> 8 | c << 16, c >> 16 | d << 8];
        to.copy_from_slice(words.map(u32::to_le_bytes).as_flattened());
    }
    for (to, pixel) in bytes.chunks_exact_mut(3).zip(rest) {
        to.copy_from_slice(&pixel[..3]);
    }
    data
}

/// A picture as places in a palette.
pub(super) struct Indexed {
    /// Red, green and blue of each colour.
    pub(super) colors: Vec<u8>,
    /// Opacity of the first colours; the rest are opaque.
    pub(super) alphas: Vec<u8>,
    /// Bits to the pixel.
    pub(super) depth: BitDepth,
    /// Rows of packed places, each row from a byte of its own.
    pub(super) data: Vec<u8>,
}

/// The palette of a picture and each pixel's place in it; `None` with more than 256 colours.
pub(super) fn index(canvas: &Canvas) -> Option<Indexed> {
    let mut finder = Finder::new();
    let mut data = Vec::with_capacity(canvas.pixels().len());
    let mut before = (canvas.pixels().first().map_or(0, |pixel| !u32::from_le_bytes(*pixel)), 0);
    for &pixel in canvas.pixels() {
        let pixel = u32::from_le_bytes(pixel);
        if pixel != before.0 {
            before = (pixel, finder.place(pixel)?);
        }
        data.push(before.1);
    }
    let palette: Vec<[u8; 4]> = finder.palette.iter().map(|color| color.to_le_bytes()).collect();
    let (depth, bits) = match palette.len() {
        0..=2 => (BitDepth::One, 1),
        3..=4 => (BitDepth::Two, 2),
        5..=16 => (BitDepth::Four, 4),
        _ => (BitDepth::Eight, 8),
    };
    let clear = palette.iter().rposition(|color| color[3] != 255).map_or(0, |last| last + 1);
    Some(Indexed {
        colors: palette.iter().flat_map(|[r, g, b, _]| [*r, *g, *b]).collect(),
        alphas: palette[..clear].iter().map(|color| color[3]).collect(),
        depth,
        data: if bits == 8 { data } else { pack(&data, canvas.width(), bits) },
    })
}

/// Slots of the table of colours: four to a colour, so that few share one.
const SLOTS: usize = 1024;

/// The palette so far, and a table that finds a colour in it in about one step.
pub(crate) struct Finder {
    pub(crate) palette: Vec<u32>,
    /// Place in the palette plus one; 0 is empty.
    slots: [u16; SLOTS],
}

impl Finder {
    pub(crate) fn new() -> Self {
        Finder { palette: Vec::with_capacity(256), slots: [0; SLOTS] }
    }

    /// The place of a colour, which is added when it is new; `None` when there are too many.
    pub(crate) fn place(&mut self, color: u32) -> Option<u8> {
        let mut slot = (color.wrapping_mul(0x9E37_79B1) >> 22) as usize;
        loop {
            match self.slots[slot] {
                0 if self.palette.len() == 256 => return None,
                0 => {
                    self.palette.push(color);
                    self.slots[slot] = self.palette.len() as u16;
                    return Some((self.palette.len() - 1) as u8);
                }
                place if self.palette[usize::from(place) - 1] == color => {
                    return Some((place - 1) as u8);
                }
                _ => slot = (slot + 1) % SLOTS,
            }
        }
    }
}

/// Packs places of `bits` bits, the first in the high bits.
pub(crate) fn pack(places: &[u8], width: usize, bits: usize) -> Vec<u8> {
    let share = 8 / bits;
    let packed = places.chunks(width.max(1)).flat_map(|row| {
        row.chunks(share).map(|group| {
            let full = group.iter().fold(0, |byte, &place| (byte << bits) | usize::from(place));
            (full << (bits * (share - group.len()))) as u8
        })
    });
    packed.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_without_alpha_keep_their_order() {
        let pixels: Vec<[u8; 4]> = (0..11).map(|at| [at, at + 50, at + 100, 255]).collect();
        for count in 0..pixels.len() {
            let want: Vec<u8> = pixels[..count].iter().flat_map(|p| p[..3].to_vec()).collect();
            assert_eq!(without_alpha(&pixels[..count]), want);
        }
    }

    fn decode(bytes: &[u8]) -> (Vec<u8>, png::Info<'static>) {
        let mut decoder = png::Decoder::new(std::io::Cursor::new(bytes));
        decoder.set_transformations(png::Transformations::EXPAND | png::Transformations::ALPHA);
        let mut reader = decoder.read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut pixels).unwrap();
        reader.finish().unwrap();
        let info = reader.info().clone();
        (pixels, info)
    }

    /// A canvas of `count` colours.
    fn canvas(width: usize, height: usize, count: usize, alpha: u8) -> Canvas {
        let mut canvas = Canvas::new(width, height, [255; 4]);
        for y in 0..height {
            for (x, pixel) in canvas.span(y, 0, width).iter_mut().enumerate() {
                let at = (y * width + x) % count;
                *pixel = [at as u8, (at >> 8) as u8, 77, if at == 1 { alpha } else { 255 }];
            }
        }
        canvas
    }

    #[test]
    fn every_kind_comes_back_as_it_was() {
        let kinds = [
            (1, 255, ColorType::Indexed, BitDepth::One),
            (2, 0, ColorType::Indexed, BitDepth::One),
            (4, 255, ColorType::Indexed, BitDepth::Two),
            (16, 90, ColorType::Indexed, BitDepth::Four),
            (17, 255, ColorType::Indexed, BitDepth::Eight),
            (256, 3, ColorType::Indexed, BitDepth::Eight),
            (257, 255, ColorType::Rgb, BitDepth::Eight),
            (500, 128, ColorType::Rgba, BitDepth::Eight),
        ];
        for (count, alpha, color, depth) in kinds {
            let canvas = canvas(37, 29, count, alpha);
            let bytes = encode(&canvas, &About::default()).unwrap();
            let (pixels, info) = decode(&bytes);
            assert_eq!(pixels, canvas.pixels().as_flattened(), "{count}");
            assert_eq!((info.color_type, info.bit_depth), (color, depth), "{count}");
        }
    }

    #[test]
    fn the_file_says_what_it_is() {
        let texts = [("Title", "größe"), ("Description", "Δ\0 μ"), ("Author", "")];
        let about = About { dpi: Some(144.0), texts: &texts, unlike: true };
        let bytes = encode(&canvas(3, 3, 2, 255), &about).unwrap();
        let (_, info) = decode(&bytes);
        assert_eq!(info.pixel_dims.unwrap().xppu, 5669);
        let latin = &info.uncompressed_latin1_text;
        assert_eq!((latin.len(), latin[0].text.as_str()), (1, "größe"));
        assert_eq!(info.utf8_text[0].get_text().unwrap(), "Δ μ");
    }

    #[test]
    fn too_large_is_said_before_anything_is_made() {
        let mut scene = Scene {
            width: 1e6,
            height: 10.0,
            background: None,
            title: String::new(),
            description: String::new(),
            items: Vec::new(),
        };
        let options = RenderOptions::default();
        for (width, height) in
            [(1e6, 10.0), (3e4, 3e4), (f64::NAN, 1.0), (f64::INFINITY, 1.0), (-1.0, 5.0)]
        {
            (scene.width, scene.height) = (width, height);
            let error = write(&scene, &options).unwrap_err();
            let early = super::super::check_size(width, height, options.dpi).unwrap_err();
            assert_eq!(early.to_string(), error.to_string());
            let named = if width == 3e4 { "400 megapixels" } else { "at most 65535 pixels" };
            assert!(error.to_string().contains(named), "{error}");
            assert!(matches!(error, RenderError::TooLarge { .. }), "{width} {height}");
        }
        (scene.width, scene.height) = (0.1, 0.1);
        assert!(write(&scene, &options).is_ok());
    }
}
