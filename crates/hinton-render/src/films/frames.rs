//! A folder of numbered PNGs.

use super::gif::{Indexed, IndexedFilm, SameSize, told};
use super::pipeline::{self, Steps};
use super::{FilmError, FilmOptions, FilmReport, FilmRow, FilmWriter, Folder, FrameSource, Watch};
use crate::outputs::png::{About, encode, encode_indexed};
use crate::raster::Artist;

/// The row of this output.
pub(super) const ROW: FilmRow = FilmRow {
    name: "frames",
    about: "A folder of numbered pictures (PNG)",
    help: "frame_0000.png, frame_0001.png and so on, one per frame, lossless; with `indexed` with the same \
           256 colours, pixel by pixel, as gif. For other programs to make a film of. Durations are not stored.",
    extensions: &[],
    mime: "image/png",
    write: FilmWriter::Folder(write),
};

struct Part {
    size: (usize, usize),
    duration_ms: u32,
    png: Vec<u8>,
}

fn write(
    source: &dyn FrameSource,
    folder: Folder,
    options: &FilmOptions,
    watch: Watch,
) -> Result<FilmReport, FilmError> {
    if source.is_empty() {
        return Err(FilmError::Empty);
    }
    let mut report = FilmReport { frames: source.len(), ..FilmReport::default() };
    let digits = (source.len() - 1).to_string().len().max(4);
    let mut deliver = |index: usize, part: Part| {
        folder(&format!("frame_{index:0digits$}.png"), &part.png)?;
        (report.width, report.height) = part.size;
        report.pictures += 1;
        report.duration_ms += u64::from(part.duration_ms);
        told(watch, index + 1)
    };
    let mut size = SameSize::default();
    let mut order = |index: usize, part: Part| {
        size.check(index, part.size)?;
        Ok(part)
    };
    if options.indexed {
        let film = IndexedFilm::new(source, options, &mut |_| std::ops::ControlFlow::Continue(()))?;
        let draw = |worker: &mut (_, _), index: usize| {
            let Indexed { width, height, places, duration_ms } =
                film.draw(worker, source, index, options.dpi)?;
            let colors = film.palette.colors();
            let png = encode_indexed(&places, (width, height), colors, options.dpi)
                .map_err(|error| FilmError::Render { frame: index, error })?;
            Ok(Part { size: (width, height), duration_ms, png })
        };
        let steps =
            Steps { worker: || film.worker(), draw, order, encode: |_: &mut _, part| Ok(part) };
        pipeline::run(source.len(), options.threads, steps, deliver)?;
        report.notes = film.notes;
        return Ok(report);
    }
    let draw = |artist: &mut Artist, index: usize| {
        let frame =
            source.frame(index).map_err(|error| FilmError::Source { frame: index, error })?;
        let render = |error| FilmError::Render { frame: index, error };
        let canvas = artist.draw(&frame.scene, options.dpi / 72.0).map_err(render)?;
        let about =
            About { dpi: Some(options.dpi), texts: &[("Software", "hinton")], unlike: false };
        let png = encode(canvas, &about).map_err(render)?;
        let size = (canvas.width(), canvas.height());
        Ok(Part { size, duration_ms: frame.duration_ms, png })
    };
    let encode = |_: &mut Artist, part| Ok(part);
    let steps = Steps { worker: Artist::default, draw, order: &mut order, encode };
    pipeline::run(source.len(), options.threads, steps, &mut deliver)?;
    Ok(report)
}
