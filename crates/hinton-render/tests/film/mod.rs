//! Small films, and what independent decoders see in them.

mod decode;

use std::io::Cursor;
use std::ops::ControlFlow;

use hinton_render::films::{
    FILMS, FilmError, FilmOptions, FilmReport, FilmWriter, Frame, FrameSource, writer,
};
use hinton_scene::{
    Align, Baseline, Cells, Color, Item, MarkShape, Marks, Path, Point, Rect, Scene, Shape, Text,
    TextStyle, Weight,
};

pub(crate) use decode::{Picture, decode_apng, decode_gif, decode_png, decode_webp};

pub(crate) fn row(name: &str) -> hinton_render::films::FilmRow {
    *FILMS.iter().find(|row| row.name == name).expect("there is a row of that name")
}

/// The film as one file, and what was said.
pub(crate) fn write(
    name: &str,
    source: &dyn FrameSource,
    options: &FilmOptions,
) -> Result<(Vec<u8>, FilmReport), FilmError> {
    let FilmWriter::File(write) = writer(&row(name)) else { panic!("{name} is a folder") };
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
    let FilmWriter::Folder(write) = writer(&row("frames")) else { panic!("frames is a file") };
    let mut files = Vec::new();
    let mut take = |name: &str, bytes: &[u8]| {
        files.push((name.to_owned(), bytes.to_vec()));
        Ok(())
    };
    write(source, &mut take, options, &mut |_| ControlFlow::Continue(())).expect("a sound film");
    files
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
