//! MP4 with H.264, by Cisco's openh264 built from source: docs/licences-video.md.

use std::sync::Arc;

use openh264::OpenH264API;
use openh264::encoder::{
    BitRate, Complexity, Encoder, EncoderConfig, FrameRate, IntraFramePeriod, QpRange,
    RateControlMode, TransferCharacteristics, UsageType, VuiConfig,
};
use openh264::formats::YUVSlices;

use super::gif::{SameSize, on_white, told};
use super::mux::Muxer;
use super::pipeline::{self, Steps};
use super::raw::even_sides;
use super::yuv::Planes;
use super::{FilmError, FilmOptions, FilmReport, FilmRow, FilmWriter, FrameSource, Sink, Watch};
use crate::raster::Artist;

/// The row of this output.
pub(super) const ROW: FilmRow = FilmRow {
    name: "mp4",
    about: "Video that plays everywhere (MP4, H.264)",
    help: "Small, and plays in every browser, player and slide program. Not exact: colour is stored once \
           for every four pixels, so thin coloured lines blur; for exact pixels take webp or apng. Transparent \
           pages become white, odd sides get a line of the page's colour. At most 3840 x 2160 pixels. \
           How often it plays is up to the player.",
    extensions: &["mp4", "m4v"],
    mime: "video/mp4",
    write: FilmWriter::File(write),
};

/// Largest picture of the encoder: level 5.2, longer and shorter side.
const MOST: (usize, usize) = (3840, 2160);
/// Smallest side it takes.
const LEAST: usize = 16;
/// After this many pictures comes one that needs none before it, for those who jump in a film.
const KEY_EVERY: u32 = 250;

/// A drawn frame.
struct Drawn {
    planes: Arc<Planes>,
    duration_ms: u32,
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
    let (mut before, mut size) = (None::<Arc<Planes>>, SameSize::default());
    let steps = Steps {
        worker: Artist::default,
        draw: |artist: &mut Artist, index| draw(artist, source, index, options.dpi),
        order: |index, drawn: Drawn| {
            size.check(index, (drawn.planes.width, drawn.planes.height))?;
            Ok((before.replace(Arc::clone(&drawn.planes)), drawn))
        },
        encode: |_: &mut Artist, (before, drawn): (Option<Arc<Planes>>, Drawn)| {
            let same = before.is_some_and(|before| before == drawn.planes);
            Ok((drawn, same))
        },
    };
    let mut writer = Writer { sink: Some(sink), coder: None, most: source.len(), time: 0 };
    let mut report = FilmReport { frames: source.len(), ..FilmReport::default() };
    pipeline::run(source.len(), options.threads, steps, |index, (drawn, same)| {
        (report.width, report.height) = (drawn.planes.width, drawn.planes.height);
        writer.add(&drawn, same)?;
        told(watch, index + 1)
    })?;
    (report.pictures, report.duration_ms) = writer.finish()?;
    Ok(report)
}

fn draw(
    artist: &mut Artist,
    source: &dyn FrameSource,
    index: usize,
    dpi: f64,
) -> Result<Drawn, FilmError> {
    let frame = source.frame(index).map_err(|error| FilmError::Source { frame: index, error })?;
    let scale = dpi / 72.0;
    let scene = even_sides(on_white(frame.scene), scale);
    let canvas =
        artist.draw(&scene, scale).map_err(|error| FilmError::Render { frame: index, error })?;
    Ok(Drawn { planes: Arc::new(Planes::new(canvas)), duration_ms: frame.duration_ms.max(1) })
}

fn refused(error: openh264::Error) -> FilmError {
    FilmError::Encode { output: "mp4", why: error.to_string() }
}

/// The encoder, set for drawings: one thread, so that the bytes are always the same, and a narrow
/// range of quality, so that still parts do not pulse. The other modes that keep to a range write
/// warnings to the standard error when they may not skip frames.
fn encoder() -> Result<Encoder, FilmError> {
    let color = VuiConfig::bt709().transfer_characteristics(TransferCharacteristics::Srgb);
    let config = EncoderConfig::new()
        .num_threads(1)
        .usage_type(UsageType::CameraVideoRealTime)
        .complexity(Complexity::Low)
        .rate_control_mode(RateControlMode::Bufferbased)
        .bitrate(BitRate::from_bps(40_000_000))
        .max_frame_rate(FrameRate::from_hz(30.0))
        .qp(QpRange::new(18, 20))
        .skip_frames(false)
        .scene_change_detect(false)
        .adaptive_quantization(false)
        .background_detection(false)
        .intra_frame_period(IntraFramePeriod::from_num_frames(KEY_EVERY))
        .vui(color);
    Encoder::with_api_config(OpenH264API::from_source(), config).map_err(refused)
}

struct Writer<'a> {
    sink: Option<&'a mut dyn Sink>,
    coder: Option<(Encoder, Muxer<'a>)>,
    most: usize,
    /// When the next picture is shown, milliseconds.
    time: u64,
}

impl Writer<'_> {
    fn add(&mut self, drawn: &Drawn, same: bool) -> Result<(), FilmError> {
        let size = (drawn.planes.width, drawn.planes.height);
        if let Some(sink) = self.sink.take() {
            let (long, short) = (size.0.max(size.1), size.0.min(size.1));
            if long > MOST.0 || short > MOST.1 || short < LEAST {
                return Err(FilmError::Limit {
                    output: "mp4",
                    what: format!("pictures of {} x {} pixels", size.0, size.1),
                    most: "3840 x 2160, and 16 a side the least",
                });
            }
            self.coder = Some((encoder()?, Muxer::new(sink, size, self.most)?));
        }
        let Some((encoder, muxer)) = &mut self.coder else { return Ok(()) };
        let time = openh264::Timestamp::from_millis(self.time);
        self.time += u64::from(drawn.duration_ms);
        if same {
            muxer.extend(drawn.duration_ms);
            return Ok(());
        }
        let strides = (size.0, size.0 / 2, size.0 / 2);
        let picture = YUVSlices::new(drawn.planes.planes(), size, strides);
        let stream = encoder.encode_at(&picture, time).map_err(refused)?.to_vec();
        muxer.add(&stream, drawn.duration_ms)
    }

    /// Gives the pictures and the time of the film.
    fn finish(self) -> Result<(usize, u64), FilmError> {
        let Some((_, muxer)) = self.coder else { return Err(FilmError::Empty) };
        Ok((muxer.len(), muxer.finish()?))
    }
}
