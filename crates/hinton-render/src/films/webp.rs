//! Animated WebP, lossless (WebP container specification, RFC 9649): the pictures are VP8L chunks
//! of `image-webp`; the container is written here.

use std::io::SeekFrom;

use image_webp::{ColorType, EncodingError, WebPEncoder};

use super::exact::{self, Cut, Part, Picture};
use super::{FilmError, FilmOptions, FilmReport, FilmRow, FilmWriter, FrameSource, Sink, Watch};

/// The row of this output.
pub(super) const ROW: FilmRow = FilmRow {
    name: "webp",
    about: "Animation with every pixel exact, for web pages (WebP)",
    help: "Lossless, all colours, transparent pages stay transparent, times in milliseconds. Plays in every \
           browser. Only what changed is stored. A side has at most 16,384 pixels.",
    extensions: &["webp"],
    mime: "image/webp",
    write: FilmWriter::File(write),
};

/// Most pixels a side that VP8L can hold.
const MOST_SIDE: usize = 16_384;
/// Longest time of a frame, milliseconds: 24 bits.
const MOST_MS: u64 = (1 << 24) - 1;

fn write(
    source: &dyn FrameSource,
    sink: &mut dyn Sink,
    options: &FilmOptions,
    watch: Watch,
) -> Result<FilmReport, FilmError> {
    if source.is_empty() {
        return Err(FilmError::Empty);
    }
    let report = FilmReport { frames: source.len(), ..FilmReport::default() };
    let start = sink.stream_position()?;
    let loop_count = options.loop_count;
    let mut writer = Writer { sink, start, loop_count, waiting: None, clear: false, report };
    exact::run(source, options, watch, true, encode, |part| writer.add(part))?;
    writer.finish()
}

/// The VP8L chunk of a cut.
fn encode(cut: &Cut) -> Result<Vec<u8>, FilmError> {
    let (width, height) = (cut.at.x1 - cut.at.x0, cut.at.y1 - cut.at.y0);
    if width > MOST_SIDE || height > MOST_SIDE {
        return Err(FilmError::Limit {
            output: "webp",
            what: format!("a picture of {width} x {height} pixels"),
            most: "16384 a side",
        });
    }
    let refused =
        |error: EncodingError| FilmError::Encode { output: "webp", why: error.to_string() };
    let mut file = Vec::new();
    let encoder = WebPEncoder::new(&mut file);
    if cut.pixels.iter().all(|pixel| pixel[3] == 255) {
        let rgb: Vec<u8> = cut.pixels.iter().flat_map(|[r, g, b, _]| [*r, *g, *b]).collect();
        encoder.encode(&rgb, width as u32, height as u32, ColorType::Rgb8).map_err(refused)?;
    } else {
        let rgba = cut.pixels.as_flattened();
        encoder.encode(rgba, width as u32, height as u32, ColorType::Rgba8).map_err(refused)?;
    }
    // What follows "RIFF", the size and "WEBP" is the chunk.
    file.drain(..12.min(file.len()));
    Ok(file)
}

/// Writes the file; a picture waits until its time is known.
struct Writer<'a> {
    sink: &'a mut dyn Sink,
    start: u64,
    loop_count: u16,
    waiting: Option<(Picture, u64)>,
    /// Whether a picture lets through.
    clear: bool,
    report: FilmReport,
}

impl Writer<'_> {
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
            self.header(0)?;
        }
        self.flush()?;
        self.waiting = Some((picture, ms));
        Ok(())
    }

    /// Writes the head of a file of `size` bytes after its first eight.
    fn header(&mut self, size: u32) -> Result<(), FilmError> {
        let mut head = b"RIFF".to_vec();
        head.extend_from_slice(&size.to_le_bytes());
        head.extend_from_slice(b"WEBPVP8X\x0a\0\0\0");
        let animated = 0x02 | if self.clear { 0x10 } else { 0 };
        head.extend_from_slice(&[animated, 0, 0, 0]);
        for side in [self.report.width, self.report.height] {
            head.extend_from_slice(&three(side - 1));
        }
        // The colour behind, which browsers ignore, and how often to play.
        head.extend_from_slice(b"ANIM\x06\0\0\0\xff\xff\xff\xff");
        head.extend_from_slice(&self.loop_count.to_le_bytes());
        Ok(self.sink.write_all(&head)?)
    }

    /// Writes the picture that waits, now that its time is known.
    fn flush(&mut self) -> Result<(), FilmError> {
        let Some((picture, ms)) = self.waiting.take() else { return Ok(()) };
        let ms = ms.min(MOST_MS);
        self.report.duration_ms += ms;
        self.report.pictures += 1;
        let Picture { at, over, bytes } = picture;
        // Bit 4 of the first byte behind the sizes says whether there is opacity.
        let clear = bytes.get(12).is_some_and(|byte| byte & 0x10 != 0);
        self.clear |= clear;
        let mut head = b"ANMF".to_vec();
        head.extend_from_slice(&(bytes.len() as u32 + 16).to_le_bytes());
        for number in [at.x0 / 2, at.y0 / 2, at.x1 - at.x0 - 1, at.y1 - at.y0 - 1, ms as usize] {
            head.extend_from_slice(&three(number));
        }
        head.push(if over { 0 } else { 2 });
        self.sink.write_all(&head)?;
        Ok(self.sink.write_all(&bytes)?)
    }

    fn finish(mut self) -> Result<FilmReport, FilmError> {
        self.flush()?;
        let end = self.sink.stream_position()?;
        let size = u32::try_from(end - self.start - 8).map_err(|_| FilmError::Limit {
            output: "webp",
            what: format!("a film of {end} bytes"),
            most: "4 GB",
        })?;
        self.sink.seek(SeekFrom::Start(self.start))?;
        self.header(size)?;
        self.sink.seek(SeekFrom::Start(end))?;
        self.sink.flush()?;
        Ok(self.report)
    }
}

/// The low 24 bits.
fn three(number: usize) -> [u8; 3] {
    let [a, b, c, ..] = (number as u32).to_le_bytes();
    [a, b, c]
}
