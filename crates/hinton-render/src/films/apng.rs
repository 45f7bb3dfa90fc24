//! APNG: lossless, storing only what changed (PNG specification, third edition, 2025, section
//! 11.3.6).

use std::io::SeekFrom;

use flate2::Crc;
use png::{BitDepth, ColorType, DeflateCompression, Encoder, Filter};

use super::exact::{self, Cut, Part, Picture};
use super::gif::told;
use super::pipeline::{self, Steps};
use super::{FilmError, FilmOptions, FilmReport, FilmRow, FilmWriter, FrameSource, Sink, Watch};
use crate::outputs::png::{Finder, pack};
use crate::raster::Artist;
use crate::raster::canvas::Canvas;

/// The row of this output.
pub(super) const ROW: FilmRow = FilmRow {
    name: "apng",
    about: "Animation with every pixel exact (APNG)",
    help: "Lossless, all colours, transparent pages stay transparent, times in milliseconds. Plays in every \
           browser; programs that know only PNG show the first frame. Only what changed is stored; \
           films of 256 colours or fewer are stored with a palette.",
    extensions: &["apng", "png"],
    mime: "image/apng",
    write: FilmWriter::File(write),
};

/// How pixels are stored.
enum Kind {
    /// As places in a palette, sorted.
    Indexed { palette: Vec<u32>, depth: BitDepth, bits: usize },
    /// As they are, with opacity.
    Rgba,
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
    let kind = kind(source, options, watch)?;
    let report = FilmReport { frames: source.len(), ..FilmReport::default() };
    let start = sink.stream_position()?;
    let mut writer =
        Writer { sink, start, kind: &kind, options, waiting: None, sequence: 0, report };
    let compress = |cut: &Cut| compress(cut, &kind).map_err(refused);
    exact::run(source, options, watch, false, compress, |part| writer.add(part))?;
    writer.finish()
}

/// Whether one palette holds all frames. While frames have few colours all are drawn once more to
/// know; a heat map with text has more in the first already.
fn kind(source: &dyn FrameSource, options: &FilmOptions, watch: Watch) -> Result<Kind, FilmError> {
    let mut all = Finder::new();
    // "As before" is a colour too.
    let mut few = all.place(0).is_some();
    let steps = Steps {
        worker: Artist::default,
        draw: |artist: &mut Artist, index| {
            let (canvas, _) = exact::draw(artist, source, index, options.dpi)?;
            Ok(colors(&canvas))
        },
        order: |_, colors| Ok(colors),
        encode: |_: &mut Artist, colors| Ok(colors),
    };
    let known = pipeline::run(source.len(), options.threads, steps, |_, colors| {
        let mut add = |color: u32| all.place(color).is_some();
        few = few && colors.is_some_and(|colors| colors.into_iter().all(&mut add));
        if few { told(watch, 0) } else { Err(FilmError::Cancelled) }
    });
    match known {
        Err(FilmError::Cancelled) if !few => Ok(Kind::Rgba),
        Err(error) => Err(error),
        Ok(()) => {
            let mut palette = all.palette;
            // Colours that let through come first, so that only they need an opacity.
            palette.sort_unstable_by_key(|color| (color.to_le_bytes()[3] == 255, *color));
            let (depth, bits) = match palette.len() {
                0..=2 => (BitDepth::One, 1),
                3..=4 => (BitDepth::Two, 2),
                5..=16 => (BitDepth::Four, 4),
                _ => (BitDepth::Eight, 8),
            };
            Ok(Kind::Indexed { palette, depth, bits })
        }
    }
}

/// The colours of a picture; `None` with more than 256.
fn colors(canvas: &Canvas) -> Option<Vec<u32>> {
    let mut finder = Finder::new();
    let mut before = None;
    for pixel in canvas.pixels() {
        let pixel = u32::from_le_bytes(*pixel);
        if before != Some(pixel) {
            finder.place(pixel)?;
            before = Some(pixel);
        }
    }
    Some(finder.palette)
}

fn refused(error: png::EncodingError) -> FilmError {
    FilmError::Encode { output: "apng", why: error.to_string() }
}

/// The compressed pixels of a cut: what the IDAT chunks of a PNG of it hold.
fn compress(cut: &Cut, kind: &Kind) -> Result<Vec<u8>, png::EncodingError> {
    let (width, height) = (cut.at.x1 - cut.at.x0, cut.at.y1 - cut.at.y0);
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, width as u32, height as u32);
    encoder.set_deflate_compression(DeflateCompression::Level(LEVEL));
    match kind {
        Kind::Rgba => {
            encoder.set_color(ColorType::Rgba);
            encoder.set_filter(Filter::Adaptive);
            let mut writer = encoder.write_header()?;
            writer.write_image_data(cut.pixels.as_flattened())?;
            writer.finish()?;
        }
        Kind::Indexed { palette, depth, bits } => {
            let mut finder = Finder::new();
            for &color in palette {
                let _ = finder.place(color);
            }
            let mut before =
                cut.pixels.first().map_or((0, 0), |pixel| (!u32::from_le_bytes(*pixel), 0));
            let place = |pixel: &[u8; 4]| {
                let pixel = u32::from_le_bytes(*pixel);
                if before.0 != pixel {
                    // Every colour was seen when the palette was made.
                    before = (pixel, finder.place(pixel).unwrap_or(0));
                }
                before.1
            };
            let places: Vec<u8> = cut.pixels.iter().map(place).collect();
            let data = if *bits == 8 { places } else { pack(&places, width, *bits) };
            encoder.set_color(ColorType::Indexed);
            encoder.set_depth(*depth);
            encoder.set_palette(vec![0; 3 * palette.len()]);
            encoder.set_filter(Filter::NoFilter);
            let mut writer = encoder.write_header()?;
            writer.write_image_data(&data)?;
            writer.finish()?;
        }
    }
    Ok(data(&file))
}

/// Higher levels take several times as long for a tenth in size.
const LEVEL: u8 = 2;

/// What all IDAT chunks of a PNG hold.
fn data(file: &[u8]) -> Vec<u8> {
    let (mut at, mut data) = (8, Vec::new());
    while let Some(head) = file.get(at..at + 8) {
        let length = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
        if &head[4..] == b"IDAT" {
            data.extend_from_slice(file.get(at + 8..at + 8 + length).unwrap_or_default());
        }
        at += 12 + length;
    }
    data
}

/// Where the number of pictures is in the file: behind the signature and IHDR.
const COUNT_AT: u64 = 8 + 25;

/// Writes the file; a picture waits until its time is known.
struct Writer<'a> {
    sink: &'a mut dyn Sink,
    start: u64,
    kind: &'a Kind,
    options: &'a FilmOptions,
    waiting: Option<(Picture, u64)>,
    /// Number of the next chunk of the animation.
    sequence: u32,
    report: FilmReport,
}

impl Writer<'_> {
    fn chunk(&mut self, name: &[u8; 4], data: &[u8]) -> Result<(), FilmError> {
        let mut crc = Crc::new();
        crc.update(name);
        crc.update(data);
        self.sink.write_all(&(data.len() as u32).to_be_bytes())?;
        self.sink.write_all(name)?;
        self.sink.write_all(data)?;
        Ok(self.sink.write_all(&crc.sum().to_be_bytes())?)
    }

    fn add(&mut self, part: Part) -> Result<(), FilmError> {
        let ms = u64::from(part.duration_ms);
        let Some(picture) = part.picture else {
            if let Some((_, waiting)) = &mut self.waiting {
                *waiting += ms;
            }
            return Ok(());
        };
        if self.waiting.is_none() {
            (self.report.width, self.report.height) = part.size;
            self.header()?;
        }
        self.flush()?;
        self.waiting = Some((picture, ms));
        Ok(())
    }

    fn header(&mut self) -> Result<(), FilmError> {
        self.sink.write_all(b"\x89PNG\r\n\x1a\n")?;
        let (depth, color) = match self.kind {
            Kind::Indexed { bits, .. } => (*bits as u8, 3),
            Kind::Rgba => (8, 6),
        };
        let mut head = Vec::new();
        for side in [self.report.width, self.report.height] {
            head.extend_from_slice(&(side as u32).to_be_bytes());
        }
        head.extend_from_slice(&[depth, color, 0, 0, 0]);
        self.chunk(b"IHDR", &head)?;
        self.control()?;
        if let Kind::Indexed { palette, .. } = self.kind {
            let colors: Vec<[u8; 4]> = palette.iter().map(|color| color.to_le_bytes()).collect();
            let rgb: Vec<u8> = colors.iter().flat_map(|[r, g, b, _]| [*r, *g, *b]).collect();
            self.chunk(b"PLTE", &rgb)?;
            let clear: Vec<u8> =
                colors.iter().map(|color| color[3]).take_while(|&alpha| alpha != 255).collect();
            if !clear.is_empty() {
                self.chunk(b"tRNS", &clear)?;
            }
        }
        Ok(())
    }

    /// Writes how many pictures there are and how often they play.
    fn control(&mut self) -> Result<(), FilmError> {
        let mut control = (self.report.pictures as u32).to_be_bytes().to_vec();
        control.extend_from_slice(&u32::from(self.options.loop_count).to_be_bytes());
        self.chunk(b"acTL", &control)
    }

    /// Writes the picture that waits, now that its time is known.
    fn flush(&mut self) -> Result<(), FilmError> {
        let Some((picture, ms)) = self.waiting.take() else { return Ok(()) };
        let (count, share, stored) = delay(ms);
        self.report.duration_ms += stored;
        let mut control = self.next_sequence();
        let Picture { at, over, bytes } = picture;
        for number in [at.x1 - at.x0, at.y1 - at.y0, at.x0, at.y0] {
            control.extend_from_slice(&(number as u32).to_be_bytes());
        }
        control.extend_from_slice(&count.to_be_bytes());
        control.extend_from_slice(&share.to_be_bytes());
        control.extend_from_slice(&[0, u8::from(over)]);
        self.chunk(b"fcTL", &control)?;
        self.report.pictures += 1;
        if self.report.pictures == 1 {
            return self.chunk(b"IDAT", &bytes);
        }
        let mut data = self.next_sequence();
        data.extend_from_slice(&bytes);
        self.chunk(b"fdAT", &data)
    }

    fn next_sequence(&mut self) -> Vec<u8> {
        self.sequence += 1;
        (self.sequence - 1).to_be_bytes().to_vec()
    }

    fn finish(mut self) -> Result<FilmReport, FilmError> {
        self.flush()?;
        self.chunk(b"IEND", &[])?;
        let end = self.sink.stream_position()?;
        self.sink.seek(SeekFrom::Start(self.start + COUNT_AT))?;
        self.control()?;
        self.sink.seek(SeekFrom::Start(end))?;
        self.sink.flush()?;
        Ok(self.report)
    }
}

/// A time as a fraction of a second of two 16-bit numbers, and what it comes to in milliseconds.
fn delay(ms: u64) -> (u16, u16, u64) {
    for share in [1000u16, 100, 10] {
        let unit = u64::from(1000 / share);
        if let Ok(count) = u16::try_from((ms + unit / 2) / unit) {
            return (count, share, u64::from(count) * unit);
        }
    }
    let seconds = u16::try_from((ms + 500) / 1000).unwrap_or(u16::MAX);
    (seconds, 1, u64::from(seconds) * 1000)
}
