//! What films cost: `cargo bench -p hinton-render --bench films [-- NAME…] [FOLDER/]`. Prints processor
//! time and bytes a frame; with a folder the films are written there.

use std::io::Cursor;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::Instant;

use hinton_render::films::{
    FILMS, FilmColors, FilmOptions, FilmWriter, Frame, FrameSource, SourceError, map_levels, writer,
};
use hinton_scene::{Align, Baseline, Cells, Color, Item, Rect, Scene, Text, TextStyle, Weight};

fn main() {
    let words: Vec<String> =
        std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let folder = words.iter().find(|word| word.ends_with('/')).map(PathBuf::from);
    let only: Vec<&String> = words.iter().filter(|word| !word.ends_with('/')).collect();
    let wanted = |name: &str| only.is_empty() || only.iter().any(|word| name.contains(*word));
    for film in films() {
        for row in FILMS {
            let name = format!("{} {}", film.name, row.name);
            if !wanted(&name) {
                continue;
            }
            let (before, start) = (processor_seconds(), Instant::now());
            let bytes = write(&film, writer(row));
            let (wall, cpu) = (start.elapsed().as_secs_f64(), processor_seconds() - before);
            let count = film.frames() as f64;
            println!(
                "{name:40} {:8.2} ms CPU a frame {:8.2} ms wall {:9.1} KB a frame",
                cpu / count * 1e3,
                wall / count * 1e3,
                bytes.len() as f64 / count / 1e3
            );
            if let Some(most) = most_memory() {
                println!("  at most {most:.0} MB of memory so far, the film itself among it");
            }
            if let Some(folder) = &folder {
                let path = folder.join(format!("{}.{}", film.name.replace(' ', "_"), row.name));
                std::fs::write(path, &bytes).expect("the folder can be written to");
            }
        }
    }
}

fn write(film: &Film, writer: FilmWriter) -> Vec<u8> {
    let options = FilmOptions {
        dpi: film.dpi,
        threads: 2,
        colors: Some(film.colors()),
        ..FilmOptions::default()
    };
    let mut watch = |_: usize| ControlFlow::Continue(());
    match writer {
        FilmWriter::File(write) => {
            let mut bytes = Cursor::new(Vec::new());
            let report = write(film, &mut bytes, &options, &mut watch).expect("the film is sound");
            for note in report.notes {
                println!("  {note}");
            }
            bytes.into_inner()
        }
        FilmWriter::Folder(write) => {
            let mut all = Vec::new();
            let mut folder = |_: &str, bytes: &[u8]| {
                all.extend_from_slice(bytes);
                Ok(())
            };
            write(film, &mut folder, &options, &mut watch).expect("the film is sound");
            all
        }
    }
}

/// Processor seconds of this process so far; 0 where /proc does not tell.
fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or("").split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok());
    (ticks(11).unwrap_or(0.0) + ticks(12).unwrap_or(0.0)) / 100.0
}

/// The most memory this process ever held, megabytes; `None` where /proc does not tell.
fn most_memory() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse::<f64>().ok().map(|kilobytes| kilobytes / 1e3)
}

struct Film {
    name: &'static str,
    count: usize,
    rows: usize,
    cols: usize,
    page: [f64; 2],
    dpi: f64,
    annotated: bool,
    /// Frames made beforehand, so that only drawing and encoding are seen.
    ready: Vec<Frame>,
}

fn films() -> Vec<Film> {
    let heat = Film {
        name: "annotated 8x16",
        count: 200,
        rows: 8,
        cols: 16,
        page: [1080.0, 720.0],
        dpi: 100.0,
        annotated: true,
        ready: Vec::new(),
    };
    let plain = Film { name: "plain 8x16", annotated: false, ready: Vec::new(), ..heat };
    let tiles = Film {
        name: "tiles 784x10",
        count: 1000,
        rows: 56,
        cols: 140,
        page: [800.0, 600.0],
        dpi: 72.0,
        annotated: false,
        ready: Vec::new(),
    };
    let mut films = vec![heat, plain, tiles];
    for film in &mut films {
        film.ready = (0..film.count.min(200)).map(|at| film.build(at)).collect();
    }
    films
}

impl FrameSource for Film {
    fn len(&self) -> usize {
        self.count
    }

    fn frame(&self, index: usize) -> Result<Frame, SourceError> {
        Ok(self.ready[index % self.ready.len()].clone())
    }
}

impl Film {
    fn frames(&self) -> usize {
        self.count
    }

    fn levels(&self) -> Vec<Color> {
        let (low, high) = (Color::rgb(0xFFFFE5), Color::rgb(0x004529));
        let middle = Color::rgb(0x78C679);
        let count = map_levels(self.annotated);
        let level = |at: usize| {
            let share = at as f64 / (count - 1) as f64 * 2.0;
            if share < 1.0 { low.mix(middle, share) } else { middle.mix(high, share - 1.0) }
        };
        (0..count).map(level).collect()
    }

    fn colors(&self) -> FilmColors {
        let mut colors = FilmColors::new();
        colors.add_scene(&self.build(0).scene);
        let text = |color: Color| Some(color.readable(Color::BLACK, Color::WHITE));
        colors.add_levels(&self.levels(), |color| if self.annotated { text(color) } else { None });
        colors
    }

    /// Values that walk at random, so that every digit of every number changes.
    fn build(&self, step: usize) -> Frame {
        let levels = self.levels();
        let [width, height] = self.page;
        let rect = Rect::new(0.06 * width, 0.08 * height, 0.92 * width, 0.88 * height);
        let value = |at: usize| {
            let phase = noise(at) + 0.002 * step as f64 * (0.5 + noise(at + 7));
            (2.0 * (phase - phase.floor()) - 1.0).abs()
        };
        let values: Vec<f64> = (0..self.rows * self.cols).map(value).collect();
        let place = |value: &f64| (value * (levels.len() - 1) as f64 + 0.5) as u16;
        let cells = values.iter().map(place).collect();
        let grid = Cells { rect, rows: self.rows, cols: self.cols, palette: levels.clone(), cells };
        let mut items = vec![Item::Cells(grid.clone())];
        let ink = Color::rgb(0x1F2933);
        let style = |size: f64, color: Color| TextStyle { size, weight: Weight::Regular, color };
        if self.annotated {
            for (at, value) in values.iter().enumerate() {
                let color = grid.color(at / self.cols, at % self.cols).unwrap_or(Color::WHITE);
                let style = style(8.0, color.readable(Color::BLACK, Color::WHITE));
                let x = rect.x + ((at % self.cols) as f64 + 0.5) * rect.w / self.cols as f64;
                let y = rect.y + ((at / self.cols) as f64 + 0.5) * rect.h / self.rows as f64;
                let (number, middle) = (format!("{:.9}", value * 0.05), Align::Middle);
                items.push(Item::Text(Text::new(&number, x, y, style, middle, Baseline::Middle)));
            }
        }
        let title = format!("step {step}");
        items.push(Item::Text(Text::new(
            &title,
            rect.x,
            0.05 * height,
            style(12.0, ink),
            Align::Start,
            Baseline::Alphabetic,
        )));
        let scene = Scene {
            width,
            height,
            background: Some(Color::WHITE),
            title: "Bench".to_owned(),
            description: String::new(),
            items,
        };
        Frame { scene, duration_ms: 100 }
    }
}

/// A number in 0..1 that looks random.
fn noise(at: usize) -> f64 {
    let mixed = (at as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    ((mixed ^ (mixed >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 11) as f64 / (1u64 << 53) as f64
}
