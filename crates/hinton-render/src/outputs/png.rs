//! PNG, in the smallest kind that loses nothing.

use std::collections::HashMap;

use hinton_scene::Scene;
use png::{BitDepth, ColorType, DeflateCompression, Encoder, EncodingError, Filter};

use super::{OutputRow, RenderOptions};
use crate::RenderError;
use crate::raster::{self, canvas::Canvas};

/// The row of this output.
pub(super) const ROW: OutputRow = OutputRow {
    name: "png",
    about: "Pixels, lossless (PNG)",
    help: "Pixels at --dpi dots to the inch, lossless. Pictures of 256 colours or fewer are stored \
           with a palette, so charts are small. Opens everywhere: slides, web pages, chats. The \
           title and the description go in as text chunks. For print, prefer pdf; for the web, svg.",
    extensions: &["png"],
    mime: "image/png",
    write,
};

fn write(scene: &Scene, options: &RenderOptions) -> Result<Vec<u8>, RenderError> {
    let canvas = raster::draw(scene, options.dpi / 72.0)?;
    let about = About {
        dpi: Some(options.dpi),
        texts: &[
            ("Title", &scene.title),
            ("Description", &scene.description),
            ("Software", "hinton"),
        ],
    };
    encode(&canvas, &about)
}

/// What a file says about its picture.
#[derive(Default)]
pub(super) struct About<'a> {
    /// Pixels to the inch.
    pub(super) dpi: Option<f64>,
    /// Keys and texts; empty texts are left out.
    pub(super) texts: &'a [(&'a str, &'a str)],
}

/// A picture as a PNG file.
pub(super) fn encode(canvas: &Canvas, about: &About) -> Result<Vec<u8>, RenderError> {
    encode_inner(canvas, about)
        .map_err(|error| RenderError::Encode { output: "png", why: error.to_string() })
}

fn encode_inner(canvas: &Canvas, about: &About) -> Result<Vec<u8>, EncodingError> {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, canvas.width() as u32, canvas.height() as u32);
    if let Some(dpi) = about.dpi {
        let per_metre = (dpi / 0.0254 + 0.5) as u32;
        encoder.set_pixel_dims(Some(png::PixelDimensions {
            xppu: per_metre,
            yppu: per_metre,
            unit: png::Unit::Meter,
        }));
    }
    for (key, text) in about.texts.iter().filter(|(_, text)| !text.is_empty()) {
        // tEXt holds Latin-1 only.
        if text.chars().all(|c| (c as u32) < 256 && c != '\0') {
            encoder.add_text_chunk((*key).to_string(), (*text).to_string())?;
        } else {
            encoder.add_itxt_chunk((*key).to_string(), text.replace('\0', ""))?;
        }
    }
    let data = match index(canvas) {
        Some(indexed) => {
            encoder.set_color(ColorType::Indexed);
            encoder.set_depth(indexed.depth);
            encoder.set_palette(indexed.colors);
            if !indexed.alphas.is_empty() {
                encoder.set_trns(indexed.alphas);
            }
            encoder.set_filter(Filter::NoFilter);
            encoder.set_deflate_compression(DeflateCompression::Level(1));
            indexed.data
        }
        None => {
            let opaque = canvas.pixels().iter().all(|pixel| pixel[3] == 255);
            encoder.set_depth(BitDepth::Eight);
            encoder.set_color(if opaque { ColorType::Rgb } else { ColorType::Rgba });
            encoder.set_filter(Filter::Up);
            encoder.set_deflate_compression(DeflateCompression::FdeflateUltraFast);
            if opaque {
                canvas.pixels().iter().flat_map(|[r, g, b, _]| [*r, *g, *b]).collect()
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
    let mut places: HashMap<[u8; 4], u8> = HashMap::new();
    let mut palette: Vec<[u8; 4]> = Vec::new();
    let mut data = Vec::with_capacity(canvas.pixels().len());
    let mut before = ([0; 4], 0);
    for &pixel in canvas.pixels() {
        if pixel != before.0 || palette.is_empty() {
            let place = match places.get(&pixel) {
                Some(&place) => place,
                None if palette.len() == 256 => return None,
                None => {
                    let place = palette.len() as u8;
                    palette.push(pixel);
                    places.insert(pixel, place);
                    place
                }
            };
            before = (pixel, place);
        }
        data.push(before.1);
    }
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

/// Packs places of `bits` bits, the first in the high bits.
fn pack(places: &[u8], width: usize, bits: usize) -> Vec<u8> {
    let share = 8 / bits;
    let packed = places.chunks(width.max(1)).flat_map(|row| {
        row.chunks(share).map(|group| {
            let full = group.iter().fold(0, |byte, &place| (byte << bits) | usize::from(place));
            (full << (bits * (share - group.len()))) as u8
        })
    });
    packed.collect()
}
