//! Small films, and what independent decoders see in them.

use std::io::Cursor;
use std::ops::ControlFlow;

use hinton_render::films::{
    FILMS, FilmError, FilmOptions, FilmReport, FilmWriter, Frame, FrameSource,
};
use hinton_scene::{
    Align, Baseline, Cells, Color, Item, MarkShape, Marks, Path, Point, Rect, Scene, Shape, Text,
    TextStyle, Weight,
};

/// A decoded picture: red, green, blue, alpha of every pixel, and its time.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Picture {
    pub(crate) width: usize,
    pub(crate) pixels: Vec<[u8; 4]>,
    pub(crate) ms: u64,
}

pub(crate) fn row(name: &str) -> hinton_render::films::FilmRow {
    *FILMS.iter().find(|row| row.name == name).expect("there is a row of that name")
}

/// The film as one file, and what was said.
pub(crate) fn write(
    name: &str,
    source: &dyn FrameSource,
    options: &FilmOptions,
) -> Result<(Vec<u8>, FilmReport), FilmError> {
    let FilmWriter::File(write) = row(name).write else { panic!("{name} is a folder") };
    let mut bytes = Cursor::new(Vec::new());
    let mut seen = 0;
    let mut watch = |done: usize| {
        assert!(done == seen || done == seen + 1 || done == 0, "{done} after {seen}");
        seen = done;
        ControlFlow::Continue(())
    };
    let report = write(source, &mut bytes, options, &mut watch)?;
    assert_eq!(seen, source.len());
    Ok((bytes.into_inner(), report))
}

/// The pictures that `frames` writes.
pub(crate) fn folder(source: &dyn FrameSource, options: &FilmOptions) -> Vec<(String, Vec<u8>)> {
    let FilmWriter::Folder(write) = row("frames").write else { panic!("frames is a file") };
    let mut files = Vec::new();
    let mut take = |name: &str, bytes: &[u8]| {
        files.push((name.to_owned(), bytes.to_vec()));
        Ok(())
    };
    write(source, &mut take, options, &mut |_| ControlFlow::Continue(())).expect("a sound film");
    files
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

/// Every item a scene can hold, and values that change with the step.
pub(crate) fn scene(step: usize, annotated: bool, [width, height]: [f64; 2]) -> Scene {
    let (rows, cols) = (4, 5);
    let count = hinton_render::films::map_levels(annotated);
    let (low, high) = (Color::rgb(0xFFFFE5), Color::rgb(0x004529));
    let palette: Vec<Color> =
        (0..count).map(|at| low.mix(high, at as f64 / (count - 1) as f64)).collect();
    let cells = (0..rows * cols).map(|at| ((at * 31 + step * (at % 3) * 5) % count) as u16);
    let rect = Rect::new(6.0, 14.0, width - 30.0, height - 24.0);
    let grid = Cells { rect, rows, cols, palette, cells: cells.collect() };
    let ink = Color::rgb(0x1F2933);
    let text = |content: &str, x: f64, y: f64, color: Color| {
        let style = TextStyle { size: 6.0, weight: Weight::Regular, color };
        Item::Text(Text::new(content, x, y, style, Align::Middle, Baseline::Middle))
    };
    let mut items = vec![Item::Cells(grid.clone())];
    if annotated {
        for at in 0..rows * cols {
            let color = grid.color(at / cols, at % cols).unwrap_or(Color::WHITE);
            let x = rect.x + ((at % cols) as f64 + 0.5) * rect.w / cols as f64;
            let y = rect.y + ((at / cols) as f64 + 0.5) * rect.h / rows as f64;
            let number = format!(".{:02}", grid.cells[at] % 100);
            items.push(text(&number, x, y, color.readable(Color::BLACK, Color::WHITE)));
        }
    }
    items.push(text(&format!("step {step}"), 24.0, 7.0, ink));
    let line = [(0.0, 4.0), (6.0, 1.0), (12.0, 3.3), (18.0, 2.0)];
    let line = line.map(|(x, y)| Point::new(width - 22.0 + x, height - 8.0 + y));
    items.push(Shape::stroked(Path::polyline(&line, false), Color::rgb(0xB2182B), 0.75));
    let at = line[step % 4];
    items.push(Item::Marks(Marks {
        fill: ink,
        shape: MarkShape::Disc,
        places: vec![[at.x as f32 - 1.5, at.y as f32 - 1.5, 3.0, 3.0]],
    }));
    Scene {
        width,
        height,
        background: Some(Color::WHITE),
        title: "film".to_owned(),
        description: String::new(),
        items,
    }
}

/// Frames that change, with one that does not.
pub(crate) fn film(count: usize, annotated: bool, size: [f64; 2]) -> Vec<Frame> {
    // Frames 3 and 4 look alike.
    let step = |at: usize| if at == 4 { 3 } else { at };
    (0..count)
        .map(|at| Frame {
            scene: scene(step(at), annotated, size),
            duration_ms: [40, 33, 55, 25, 70][at % 5],
        })
        .collect()
}

pub(crate) fn options(threads: usize) -> FilmOptions {
    FilmOptions { dpi: 144.0, threads, ..FilmOptions::default() }
}

/// FNV-1a, 64 bits (Fowler, Noll and Vo).
pub(crate) fn hash(bytes: &[u8]) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, step)
}
