//! GIF: one palette for all frames, storing only what changed, times in hundredths of a second
//! (GIF89a specification, CompuServe 1990; the loop count is Netscape's application extension).

use std::ops::ControlFlow;
use std::sync::Arc;

use hinton_scene::Scene;

use super::clock::Clock;
use super::colors::{FilmColors, Mapper, Palette, page};
use super::delta::{changed, cut};
use super::lzw::Lzw;
use super::pipeline::{self, Steps};
use super::{FilmError, FilmOptions, FilmReport, FilmRow, FilmWriter, FrameSource, Sink, Watch};
use crate::raster::Artist;
use crate::raster::canvas::Bounds;

/// The row of this output.
pub(super) const ROW: FilmRow = FilmRow {
    name: "gif",
    about: "Animation that plays everywhere, 256 colours (GIF)",
    help: "One palette for the whole film, made from the colours of the scenes: constant parts stay \
           constant, cells have their exact colours while the colour map has few enough levels, and \
           edges of text take a few steps. Only what changed is stored. Times are hundredths of a \
           second; browsers slow down below two of them.",
    extensions: &["gif"],
    mime: "image/gif",
    write: FilmWriter::File(write),
};

/// Largest delay a frame can have, hundredths.
const MOST_DELAY: u64 = 65_535;
/// Browsers show frames shorter than this for a tenth of a second.
const LEAST_MS: u64 = 20;

/// A drawn frame in places of the palette.
pub(super) struct Indexed {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) places: Arc<Vec<u8>>,
    pub(super) duration_ms: u32,
}

/// Frames in the colours of one palette.
pub(super) struct IndexedFilm {
    pub(super) palette: Palette,
    pub(super) notes: Vec<String>,
}

impl IndexedFilm {
    /// Finds the palette: from the options, or from all frames.
    pub(super) fn new(
        source: &dyn FrameSource,
        options: &FilmOptions,
        watch: Watch,
    ) -> Result<Self, FilmError> {
        let gathered;
        let colors = match &options.colors {
            Some(colors) => colors,
            None => {
                gathered = gather(source, options, watch)?;
                &gathered
            }
        };
        let (palette, note) = colors.palette();
        Ok(IndexedFilm { palette, notes: note.into_iter().collect() })
    }

    /// An artist and a mapper for one thread.
    pub(super) fn worker(&self) -> (Artist, Mapper<'_>) {
        (Artist::with_text_steps(self.palette.text_steps()), Mapper::new(&self.palette))
    }

    /// Builds, draws and maps a frame.
    pub(super) fn draw(
        &self,
        (artist, mapper): &mut (Artist, Mapper<'_>),
        source: &dyn FrameSource,
        index: usize,
        dpi: f64,
    ) -> Result<Indexed, FilmError> {
        let frame =
            source.frame(index).map_err(|error| FilmError::Source { frame: index, error })?;
        let scene = on_white(frame.scene);
        let canvas = artist
            .draw(&scene, dpi / 72.0)
            .map_err(|error| FilmError::Render { frame: index, error })?;
        let places = Arc::new(mapper.map(canvas));
        let (width, height) = (canvas.width(), canvas.height());
        Ok(Indexed { width, height, places, duration_ms: frame.duration_ms })
    }
}

/// The scene on a page that lets nothing through: formats without opacity show it on white.
pub(super) fn on_white(mut scene: Scene) -> Scene {
    scene.background = Some(page(&scene));
    scene
}

/// The colours of all frames.
fn gather(
    source: &dyn FrameSource,
    options: &FilmOptions,
    watch: Watch,
) -> Result<FilmColors, FilmError> {
    let mut all = FilmColors::new();
    let steps = Steps {
        worker: || (),
        draw: |(): &mut (), index: usize| {
            let frame =
                source.frame(index).map_err(|error| FilmError::Source { frame: index, error })?;
            let mut colors = FilmColors::new();
            colors.add_scene(&frame.scene);
            Ok(colors)
        },
        order: |_, colors| Ok(colors),
        encode: |(): &mut (), colors| Ok(colors),
    };
    pipeline::run(source.len(), options.threads, steps, |_, colors: FilmColors| {
        all.merge(&colors);
        told(watch, 0)
    })?;
    Ok(all)
}

/// Tells how many frames are done.
pub(super) fn told(
    watch: &mut dyn FnMut(usize) -> ControlFlow<()>,
    done: usize,
) -> Result<(), FilmError> {
    match watch(done) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(FilmError::Cancelled),
    }
}

/// Compares every frame's size with the first.
#[derive(Default)]
pub(super) struct SameSize(Option<(usize, usize)>);

impl SameSize {
    pub(super) fn check(&mut self, frame: usize, size: (usize, usize)) -> Result<(), FilmError> {
        let first = *self.0.get_or_insert(size);
        if size == first { Ok(()) } else { Err(FilmError::SizeChanged { frame, size, first }) }
    }
}

/// What changed in a frame, compressed.
struct Part {
    size: (usize, usize),
    duration_ms: u32,
    /// Nothing when the frame looks like the one before.
    picture: Option<Picture>,
}

struct Picture {
    at: Bounds,
    /// Whether pixels may have the place of "as before".
    clear: bool,
    codes: Vec<u8>,
}

fn write(
    source: &dyn FrameSource,
    sink: &mut dyn Sink,
    options: &FilmOptions,
    watch: Watch,
) -> Result<FilmReport, FilmError> {
    if source.is_empty() {
        return Err(FilmError::Empty);
    }
    let film = IndexedFilm::new(source, options, watch)?;
    let (mut before, mut size) = (None, SameSize::default());
    let steps = Steps {
        worker: || (film.worker(), Coder::default()),
        draw: |(worker, _): &mut (_, Coder), index| film.draw(worker, source, index, options.dpi),
        order: |index, drawn: Indexed| {
            size.check(index, (drawn.width, drawn.height))?;
            let before = before.replace(Arc::clone(&drawn.places));
            Ok((before, drawn))
        },
        encode: |(_, coder): &mut (_, Coder), (before, drawn): (Option<Arc<Vec<u8>>>, Indexed)| {
            let before = before.as_ref().map(|places| places.as_slice());
            Ok(Part {
                size: (drawn.width, drawn.height),
                duration_ms: drawn.duration_ms,
                picture: coder.code(before, &drawn, &film.palette),
            })
        },
    };
    let mut writer = Writer::new(sink, &film.palette, options.loop_count);
    pipeline::run(source.len(), options.threads, steps, |index, part: Part| {
        writer.add(part)?;
        told(watch, index + 1)
    })?;
    let mut report = writer.finish()?;
    report.frames = source.len();
    report.notes.extend(film.notes);
    Ok(report)
}

/// Compresses what changed; its memory is used again.
#[derive(Default)]
struct Coder {
    lzw: Lzw,
    pixels: Vec<u8>,
    before: Vec<u8>,
}

impl Coder {
    fn code(
        &mut self,
        before: Option<&[u8]>,
        drawn: &Indexed,
        palette: &Palette,
    ) -> Option<Picture> {
        let (width, bits) = (drawn.width, palette.bits());
        let hole = palette.colors().len() as u8;
        let Some(before) = before else {
            let at = Bounds { x0: 0, y0: 0, x1: width, y1: drawn.height };
            let mut codes = Vec::new();
            self.lzw.encode(&drawn.places, None, bits, &mut codes);
            return Some(Picture { at, clear: false, codes });
        };
        let at = changed(before, &drawn.places, width)?;
        cut(&drawn.places, width, at, &mut self.pixels);
        cut(before, width, at, &mut self.before);
        let clear = self.holes_are_smaller(at.x1 - at.x0, bits, hole);
        let before = clear.then_some((self.before.as_slice(), hole));
        let mut codes = Vec::new();
        self.lzw.encode(&self.pixels, before, bits, &mut codes);
        Some(Picture { at, clear, codes })
    }

    /// Whether to say nothing where nothing changed: often smaller, but not where all is text. Where
    /// counting does not tell, a band of the picture is compressed both ways.
    fn holes_are_smaller(&mut self, width: usize, bits: u8, hole: u8) -> bool {
        let pairs = self.pixels.iter().zip(&self.before);
        let unchanged = pairs.filter(|(one, two)| one == two).count();
        if unchanged == 0 || unchanged * 4 >= self.pixels.len() * 3 {
            return unchanged > 0;
        }
        let rows = self.pixels.len() / width;
        let band = if rows < 64 { 0..rows } else { rows * 3 / 8..rows * 5 / 8 };
        let band = band.start * width..band.end * width;
        let (mut solid, mut holes) = (Vec::new(), Vec::new());
        self.lzw.encode(&self.pixels[band.clone()], None, bits, &mut solid);
        let before = Some((&self.before[band.clone()], hole));
        self.lzw.encode(&self.pixels[band], before, bits, &mut holes);
        holes.len() < solid.len()
    }
}

/// Writes the file; a picture waits until its time is known.
struct Writer<'a> {
    sink: &'a mut dyn Sink,
    palette: &'a Palette,
    loop_count: u16,
    waiting: Option<(Picture, u64)>,
    clock: Clock,
    shortest_ms: u64,
    report: FilmReport,
}

impl<'a> Writer<'a> {
    fn new(sink: &'a mut dyn Sink, palette: &'a Palette, loop_count: u16) -> Self {
        Writer {
            sink,
            palette,
            loop_count,
            waiting: None,
            clock: Clock::new(10),
            shortest_ms: u64::MAX,
            report: FilmReport::default(),
        }
    }

    fn add(&mut self, part: Part) -> Result<(), FilmError> {
        let Some(picture) = part.picture else {
            if let Some((_, ms)) = &mut self.waiting {
                *ms += u64::from(part.duration_ms);
            }
            return Ok(());
        };
        if self.report.pictures == 0 && self.waiting.is_none() {
            (self.report.width, self.report.height) = part.size;
            self.header()?;
        }
        self.flush()?;
        self.waiting = Some((picture, u64::from(part.duration_ms)));
        Ok(())
    }

    fn header(&mut self) -> Result<(), FilmError> {
        let bits = self.palette.bits();
        let mut head = b"GIF89a".to_vec();
        for side in [self.report.width, self.report.height] {
            // The raster draws no larger picture.
            head.extend_from_slice(&(side as u16).to_le_bytes());
        }
        head.extend_from_slice(&[0x80 | (bits - 1) << 4 | (bits - 1), 0, 0]);
        for color in self.palette.colors() {
            head.extend_from_slice(&[color.r, color.g, color.b]);
        }
        head.resize(13 + 3 * (1 << bits), 0);
        // Netscape counts what comes after the first time; without the extension it plays once.
        if self.loop_count != 1 {
            head.extend_from_slice(b"\x21\xFF\x0BNETSCAPE2.0\x03\x01");
            head.extend_from_slice(&self.loop_count.saturating_sub(1).to_le_bytes());
            head.push(0);
        }
        Ok(self.sink.write_all(&head)?)
    }

    /// Writes the picture that waits, now that its time is known.
    fn flush(&mut self) -> Result<(), FilmError> {
        let Some((picture, ms)) = self.waiting.take() else { return Ok(()) };
        self.shortest_ms = self.shortest_ms.min(ms);
        let mut delay = self.clock.next(ms);
        let first = delay.min(MOST_DELAY);
        self.image(picture.at, picture.clear, first as u16, &picture.codes)?;
        delay -= first;
        // A longer time goes on with one pixel that changes nothing.
        while delay > 0 {
            let more = delay.min(MOST_DELAY);
            let clear = self.palette.colors().len() as u8;
            let mut codes = Vec::new();
            Lzw::default().encode(&[clear], None, self.palette.bits(), &mut codes);
            self.image(Bounds { x0: 0, y0: 0, x1: 1, y1: 1 }, true, more as u16, &codes)?;
            delay -= more;
        }
        Ok(())
    }

    fn image(
        &mut self,
        at: Bounds,
        clear: bool,
        delay: u16,
        codes: &[u8],
    ) -> Result<(), FilmError> {
        self.report.pictures += 1;
        let mut head = vec![0x21, 0xF9, 4, 1 << 2 | u8::from(clear)];
        head.extend_from_slice(&delay.to_le_bytes());
        head.extend_from_slice(&[
            if clear { self.palette.colors().len() as u8 } else { 0 },
            0,
            0x2C,
        ]);
        for number in [at.x0, at.y0, at.x1 - at.x0, at.y1 - at.y0] {
            head.extend_from_slice(&(number as u16).to_le_bytes());
        }
        head.push(0);
        let (least, codes) = codes.split_first().unwrap_or((&2, &[]));
        head.push(*least);
        for block in codes.chunks(255) {
            head.push(block.len() as u8);
            head.extend_from_slice(block);
        }
        head.push(0);
        Ok(self.sink.write_all(&head)?)
    }

    fn finish(mut self) -> Result<FilmReport, FilmError> {
        self.flush()?;
        self.sink.write_all(b"\x3B")?;
        self.sink.flush()?;
        let (stored, exact) = (self.clock.stored_ms(), self.clock.exact_ms());
        self.report.duration_ms = stored;
        if self.shortest_ms < LEAST_MS {
            self.report.notes.push(format!(
                "frames of {} ms: browsers show a GIF's frame of less than {LEAST_MS} ms for 100 ms; \
                 lower `fps` to 50, or write webp, apng or mp4",
                self.shortest_ms
            ));
        }
        if stored.abs_diff(exact) >= 10 {
            self.report.notes.push(format!(
                "the film takes {stored} ms instead of {exact} ms: a GIF's frame takes at least 10 ms"
            ));
        }
        Ok(self.report)
    }
}
