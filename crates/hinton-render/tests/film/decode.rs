//! Films as decoders see them that are not ours. Also used by the tests of the command.

use std::io::Cursor;

/// A decoded picture: red, green, blue, alpha of every pixel, and its time.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Picture {
    pub(crate) width: usize,
    pub(crate) pixels: Vec<[u8; 4]>,
    pub(crate) ms: u64,
}

pub(crate) fn decode_png(bytes: &[u8]) -> Picture {
    let mut decoder = png::Decoder::new(Cursor::new(bytes));
    decoder.set_transformations(png::Transformations::EXPAND | png::Transformations::ALPHA);
    let mut reader = decoder.read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut pixels).unwrap();
    let width = reader.info().width as usize;
    Picture { width, pixels: pixels.as_chunks().0.to_vec(), ms: 0 }
}

/// A cut of a picture as a decoder gives it, laid over the one before.
fn lay(below: &mut Picture, [left, top, width]: [usize; 3], pixels: &[[u8; 4]], over: bool) {
    for (at, &pixel) in pixels.iter().enumerate() {
        let place = (top + at / width) * below.width + left + at % width;
        if !over || pixel[3] != 0 {
            below.pixels[place] = pixel;
        }
    }
}

pub(crate) fn decode_gif(bytes: &[u8]) -> Vec<Picture> {
    let mut options = gif::DecodeOptions::new();
    options.set_color_output(gif::ColorOutput::RGBA);
    options.check_frame_consistency(true);
    let mut decoder = options.read_info(Cursor::new(bytes)).unwrap();
    let (width, height) = (usize::from(decoder.width()), usize::from(decoder.height()));
    let mut now = Picture { width, pixels: vec![[0; 4]; width * height], ms: 0 };
    let mut pictures = Vec::new();
    while let Some(frame) = decoder.read_next_frame().unwrap() {
        assert_eq!(frame.dispose, gif::DisposalMethod::Keep);
        assert!(frame.palette.is_none(), "one palette for all");
        let at = [frame.left, frame.top, frame.width].map(usize::from);
        lay(&mut now, at, frame.buffer.as_chunks().0, true);
        now.ms = u64::from(frame.delay) * 10;
        pictures.push(now.clone());
    }
    pictures
}

pub(crate) fn decode_apng(bytes: &[u8]) -> Vec<Picture> {
    let mut decoder = png::Decoder::new(Cursor::new(bytes));
    decoder.set_transformations(png::Transformations::EXPAND | png::Transformations::ALPHA);
    let mut reader = decoder.read_info().unwrap();
    let (width, height) = (reader.info().width as usize, reader.info().height as usize);
    let count = reader.info().animation_control.unwrap().num_frames;
    let mut now = Picture { width, pixels: vec![[0; 4]; width * height], ms: 0 };
    let mut buffer = vec![0; reader.output_buffer_size().unwrap()];
    let mut pictures = Vec::new();
    for _ in 0..count {
        let info = reader.next_frame(&mut buffer).unwrap();
        let control = *reader.info().frame_control().unwrap();
        assert_eq!(control.dispose_op, png::DisposeOp::None);
        let at = [control.x_offset, control.y_offset, info.width].map(|number| number as usize);
        let pixels = &buffer[..info.buffer_size()];
        lay(&mut now, at, pixels.as_chunks().0, control.blend_op == png::BlendOp::Over);
        now.ms = u64::from(control.delay_num) * 1000 / u64::from(control.delay_den);
        pictures.push(now.clone());
    }
    reader.finish().unwrap();
    pictures
}

/// The pictures of a WebP file. They are laid over one another here: `image-webp` makes some opaque
/// pixels of a cut one step darker when it blends (its `blend_pixel_nonpremult` rounds down).
pub(crate) fn decode_webp(bytes: &[u8]) -> Vec<Picture> {
    let decoder = image_webp::WebPDecoder::new(Cursor::new(bytes)).unwrap();
    let (width, height) = decoder.dimensions();
    let (width, height) = (width as usize, height as usize);
    let mut now = Picture { width, pixels: vec![[0; 4]; width * height], ms: 0 };
    let three = |at: usize| bytes[at..at + 3].iter().rev().fold(0, |n, b| n << 8 | usize::from(*b));
    let (mut at, mut pictures) = (12, Vec::new());
    while at < bytes.len() {
        let length = three(at + 4);
        if &bytes[at..at + 4] == b"ANMF" {
            let mut still = b"RIFF\0\0\0\0WEBP".to_vec();
            still.extend_from_slice(&bytes[at + 24..at + 8 + length]);
            let size = (still.len() as u32 - 8).to_le_bytes();
            still[4..8].copy_from_slice(&size);
            let mut decoder = image_webp::WebPDecoder::new(Cursor::new(still)).unwrap();
            let mut buffer = vec![0; decoder.output_buffer_size().unwrap()];
            decoder.read_image(&mut buffer).unwrap();
            let pixels: Vec<[u8; 4]> = if decoder.has_alpha() {
                buffer.as_chunks().0.to_vec()
            } else {
                buffer.as_chunks().0.iter().map(|[r, g, b]: &[u8; 3]| [*r, *g, *b, 255]).collect()
            };
            let place = [2 * three(at + 8), 2 * three(at + 11), three(at + 14) + 1];
            lay(&mut now, place, &pixels, bytes[at + 23] & 2 == 0);
            now.ms = three(at + 20) as u64;
            pictures.push(now.clone());
        }
        at += 8 + length + length % 2;
    }
    assert_eq!(pictures.len(), decoder.num_frames() as usize);
    pictures
}
