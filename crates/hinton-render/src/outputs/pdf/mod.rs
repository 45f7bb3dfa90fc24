//! PDF 1.7: one page with vector shapes, real text and embedded fonts.
//!
//! The structure follows ISO 32000-1. Nothing in the file depends on the time or the machine.

mod content;
mod fonts;

use std::io::Write as _;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use hinton_scene::Scene;
use pdf_writer::{Filter, Finish, Name, Pdf, Rect, Ref, TextStr};

use super::{OutputRow, RenderOptions, png, readable};
use crate::RenderError;
use crate::raster::canvas::Canvas;
use content::{Content, font_name};

/// The row of this output.
pub(super) const ROW: OutputRow = OutputRow {
    name: "pdf",
    about: "Vector graphics for print and papers (PDF)",
    help: "One page of the picture's size with vector shapes and real text that can be searched and \
           copied, the used part of its font inside: for papers, LaTeX and print. Scenes of more than \
           20,000 cells and pixels hold them as lossless bitmaps with one pixel per cell, and more \
           than 1,100,000 squares of a Hinton diagram, or 100,000 points and lines in space, as a \
           picture of up to 16 megapixels. The title and the description stand in the document's properties.",
    extensions: &["pdf"],
    mime: "application/pdf",
    write,
};

/// Streams longer than this are packed faster and a little less.
const LONG: usize = 4_000_000;

fn write(scene: &Scene, _: &RenderOptions) -> Result<Vec<u8>, RenderError> {
    super::check_page(scene.width, scene.height)?;
    let content = Content::new(scene);
    let packed = deflated(&content.out)?;

    let mut pdf = Pdf::new();
    let mut last = 0;
    let mut next = || {
        last += 1;
        Ref::new(last)
    };
    let (catalog, pages, page, instructions, info) = (next(), next(), next(), next(), next());
    pdf.catalog(catalog).pages(pages).viewer_preferences().display_doc_title(true);
    pdf.pages(pages).kids([page]).count(1);
    pdf.stream(instructions, &packed).filter(Filter::FlateDecode);

    let mut fonts = Vec::new();
    for (index, used) in content.fonts.iter().enumerate() {
        fonts.push((font_name(&content.fonts, index), used));
    }
    fonts.sort_by(|one, two| one.0.cmp(&two.0));
    let fonts: Vec<(String, Ref)> = fonts
        .into_iter()
        .map(|(name, used)| Ok((name, fonts::write(&mut pdf, &mut next, used)?)))
        .collect::<Result<_, RenderError>>()?;
    let mut pictures = Vec::new();
    for canvas in &content.pictures {
        pictures.push(picture(&mut pdf, &mut next, canvas)?);
    }
    let mut alphas = Vec::new();
    for &alpha in &content.alphas {
        let id = next();
        let share = f32::from(alpha) / 255.0;
        pdf.ext_graphics(id).non_stroking_alpha(share).stroking_alpha(share);
        alphas.push((alpha, id));
    }

    let mut leaf = pdf.page(page);
    leaf.parent(pages).contents(instructions);
    leaf.media_box(Rect::new(0.0, 0.0, scene.width as f32, scene.height as f32));
    let mut resources = leaf.resources();
    if !fonts.is_empty() {
        let mut names = resources.fonts();
        for (name, id) in &fonts {
            names.pair(Name(name.as_bytes()), *id);
        }
    }
    if !pictures.is_empty() {
        let mut names = resources.x_objects();
        for (at, id) in pictures.iter().enumerate() {
            names.pair(Name(format!("I{at}").as_bytes()), *id);
        }
    }
    if !alphas.is_empty() {
        let mut names = resources.ext_g_states();
        for (alpha, id) in &alphas {
            names.pair(Name(format!("A{alpha}").as_bytes()), *id);
        }
    }
    resources.finish();
    leaf.finish();

    let mut about = pdf.document_info(info);
    about.creator(TextStr("hinton")).producer(TextStr("hinton"));
    if !scene.title.is_empty() {
        about.title(TextStr(&readable(&scene.title)));
    }
    if !scene.description.is_empty() {
        about.subject(TextStr(&readable(&scene.description)));
    }
    about.finish();
    let id = file_id(scene, &content.out);
    pdf.set_file_id((id.clone(), id));
    Ok(pdf.finish())
}

/// Writes a picture, and its opacity as a second one where it is not opaque.
fn picture(
    pdf: &mut Pdf,
    next: &mut impl FnMut() -> Ref,
    canvas: &Canvas,
) -> Result<Ref, RenderError> {
    let id = next();
    let opaque = canvas.pixels().iter().all(|pixel| pixel[3] == 255);
    let mask = (!opaque).then(&mut *next);
    let (width, height) = (canvas.width() as i32, canvas.height() as i32);
    let indexed = png::index(canvas);
    let packed = match &indexed {
        Some(indexed) => deflated(&indexed.data)?,
        None => {
            let colors: Vec<u8> =
                canvas.pixels().iter().flat_map(|[r, g, b, _]| [*r, *g, *b]).collect();
            deflated(&colors)?
        }
    };
    let mut object = pdf.image_xobject(id, &packed);
    object.filter(Filter::FlateDecode);
    object.width(width).height(height).interpolate(false);
    match &indexed {
        Some(indexed) => {
            let last = (indexed.colors.len() / 3) as i32 - 1;
            object.color_space().indexed(Name(b"DeviceRGB"), last, &indexed.colors);
            object.bits_per_component(indexed.depth as i32);
        }
        None => {
            object.color_space_name(Name(b"DeviceRGB"));
            object.bits_per_component(8);
        }
    }
    if let Some(mask) = mask {
        object.s_mask(mask);
    }
    object.finish();
    if let Some(mask) = mask {
        let alphas: Vec<u8> = canvas.pixels().iter().map(|pixel| pixel[3]).collect();
        let packed = deflated(&alphas)?;
        let mut object = pdf.image_xobject(mask, &packed);
        object.filter(Filter::FlateDecode);
        object.width(width).height(height).interpolate(false);
        object.color_space_name(Name(b"DeviceGray"));
        object.bits_per_component(8);
    }
    Ok(id)
}

/// Data packed for `FlateDecode`.
fn deflated(data: &[u8]) -> Result<Vec<u8>, RenderError> {
    let level = if data.len() > LONG { 2 } else { 6 };
    let mut packer = ZlibEncoder::new(Vec::new(), Compression::new(level));
    packer
        .write_all(data)
        .and_then(|()| packer.finish())
        .map_err(|error| RenderError::Encode { output: "pdf", why: error.to_string() })
}

/// A name for the file made from what is in it: the same picture, the same name.
fn file_id(scene: &Scene, content: &[u8]) -> Vec<u8> {
    let mut hashes = [0xCBF2_9CE4_8422_2325u64, 0x9AE1_6A3B_2F90_404F];
    let texts = [scene.title.as_bytes(), scene.description.as_bytes(), content];
    for &byte in texts.into_iter().flatten() {
        for hash in &mut hashes {
            *hash = (*hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3).rotate_left(1);
        }
    }
    hashes.iter().flat_map(|hash| hash.to_be_bytes()).collect()
}
