//! Films by ffmpeg's codecs: frames go to it as raw pixels, when the user asks for that.

use std::ffi::OsString;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread::{Scope, ScopedJoinHandle};

use clap::{ArgMatches, Command as Arguments};
use hinton::errors::FilmError;
use hinton::films::{
    FilmReport, FilmRow, Playable, RawPicture, film_output_for, film_pictures, frame_rate,
};
use hinton::outputs::write_by;

use crate::failure::{Failure, plain};
use crate::interrupt;

mod row;
mod whole;

pub(crate) use row::CodecRow;

/// The program. It is looked for where the system looks for programs.
const PROGRAM: &str = "ffmpeg";

/// Every codec. The settings keep the edges of cells sharp.
pub(crate) const CODECS: &[CodecRow] = &[
    CodecRow {
        name: "h264",
        about: "plays everywhere",
        extensions: &["mp4", "m4v", "mov", "mkv"],
        encoders: &[
            ("libx264", "-crf 16 -preset medium -pix_fmt yuv420p"),
            ("libopenh264", "-b:v 8M -pix_fmt yuv420p"),
        ],
    },
    CodecRow {
        name: "h265",
        about: "smaller, for newer players",
        extensions: &["mp4", "m4v", "mov", "mkv"],
        encoders: &[("libx265", "-crf 18 -pix_fmt yuv420p -x265-params log-level=error")],
    },
    CodecRow {
        name: "av1",
        about: "smallest, for the web",
        extensions: &["mp4", "webm", "mkv"],
        encoders: &[
            ("libsvtav1", "-crf 22 -preset 8 -pix_fmt yuv420p"),
            ("libaom-av1", "-crf 20 -b:v 0 -cpu-used 6 -row-mt 1 -pix_fmt yuv420p"),
            ("librav1e", "-qp 70 -speed 8 -pix_fmt yuv420p"),
        ],
    },
    CodecRow {
        name: "vp9",
        about: "for the web",
        extensions: &["webm", "mkv", "mp4"],
        encoders: &[("libvpx-vp9", "-crf 18 -b:v 0 -row-mt 1 -cpu-used 3 -pix_fmt yuv420p")],
    },
    CodecRow {
        name: "webp",
        about: "lossy pictures in a row, a fraction of the exact ones",
        extensions: &["webp"],
        encoders: &[("libwebp_anim", "-quality 80 -loop 0 -pix_fmt yuv420p")],
    },
    CodecRow {
        name: "prores",
        about: "for cutting programs; full colour, large",
        extensions: &["mov", "mkv"],
        encoders: &[("prores_ks", "-profile:v 4444 -vendor apl0 -pix_fmt yuv444p10le")],
    },
    CodecRow {
        name: "ffv1",
        about: "loses nothing; for archives",
        extensions: &["mkv", "mov", "avi"],
        encoders: &[("ffv1", "-level 3 -pix_fmt bgr0")],
    },
];

/// What is asked of ffmpeg.
pub(crate) enum Asked<'a> {
    /// A codec of the table.
    Codec(&'static CodecRow),
    /// The user's own arguments for the output.
    Arguments(&'a str),
}

/// Says of the option `--codec` which there are; neither it nor `--ffmpeg` goes with the options
/// `but`.
pub(crate) fn args(command: Arguments, but: &[&'static str]) -> Arguments {
    let names: Vec<&str> = CODECS.iter().map(|row| row.name).collect();
    let rows = CODECS.iter().map(|row| {
        let extensions: Vec<String> = row.extensions.iter().map(|e| format!(".{e}")).collect();
        format!("  {:<7}{} ({})", row.name, row.about, extensions.join(" "))
    });
    let rows = rows.collect::<Vec<_>>().join("\n");
    command
        .mut_arg("codec", |codec| {
            let line = codec.get_help().map(ToString::to_string).unwrap_or_default();
            let text = codec.get_long_help().map(ToString::to_string).unwrap_or_default();
            let codec = codec.help(format!("{line}, by {}", names.join(", ")));
            codec.long_help(format!("{text}\n\n{rows}")).conflicts_with_all(but)
        })
        .mut_arg("ffmpeg", |ffmpeg| ffmpeg.conflicts_with("codec").conflicts_with_all(but))
}

/// What was asked of ffmpeg for a file, if anything.
pub(crate) fn asked<'a>(
    matches: &'a ArgMatches,
    file: &Path,
) -> Result<Option<Asked<'a>>, Failure> {
    let text = |name: &str| matches.get_one::<String>(name);
    match (text("codec"), text("ffmpeg")) {
        (Some(name), _) => Ok(Some(Asked::Codec(codec(name, file)?))),
        (None, Some(arguments)) => Ok(Some(Asked::Arguments(arguments))),
        (None, None) => Ok(None),
    }
}

/// The output of our own for a film of that name; where there is none, what ffmpeg could do.
pub(crate) fn own(file: &Path) -> Result<&'static FilmRow, Failure> {
    film_output_for(file).map_err(|error| match advice(file) {
        Some(advice) => Failure::usage(error.to_string(), advice),
        None => error.into(),
    })
}

/// The codec of that name for a file of that name.
fn codec(name: &str, file: &Path) -> Result<&'static CodecRow, Failure> {
    let Some(row) = CODECS.iter().find(|row| row.name.eq_ignore_ascii_case(name)) else {
        let names: Vec<&str> = CODECS.iter().map(|row| row.name).collect();
        let help = format!("there are {}", names.join(", "));
        return Err(Failure::usage(format!("there is no codec {name:?}"), help));
    };
    let extension = extension_of(file);
    if !row.extensions.contains(&extension.as_str()) {
        let known: Vec<String> = row.extensions.iter().map(|e| format!(".{e}")).collect();
        return Err(Failure::usage(
            format!("{}: no file for the codec {}", file.display(), row.name),
            format!("name a file with {}", known.join(", ")),
        ));
    }
    Ok(row)
}

/// What to do about a file that only ffmpeg can write; `None` where it is no video.
fn advice(file: &Path) -> Option<String> {
    let extension = extension_of(file);
    // The usual one for the extension before those that merely allow it.
    let usual = CODECS.iter().find(|row| row.extensions.first() == Some(&extension.as_str()));
    let any = || CODECS.iter().find(|row| row.extensions.contains(&extension.as_str()));
    let row = usual.or_else(any)?;
    let by_ffmpeg = format!("add --codec {} to have {PROGRAM} write it", row.name);
    Some(match extension.as_str() {
        "mp4" | "m4v" => format!(
            "this program was built without its MP4 encoder. Where {PROGRAM} is installed, \
             {by_ffmpeg}; or build with `cargo build --release --features mp4`, which takes a C++ \
             compiler; or choose .gif, .apng, .webp"
        ),
        _ => format!("where {PROGRAM} is installed, {by_ffmpeg}; or choose .gif, .apng, .webp"),
    })
}

/// Whether the name is that of a video.
pub(crate) fn is_video(file: &Path) -> bool {
    let extension = extension_of(file);
    CODECS.iter().any(|row| row.extensions.contains(&extension.as_str()))
}

fn extension_of(file: &Path) -> String {
    file.extension().map(|e| e.to_string_lossy().to_ascii_lowercase()).unwrap_or_default()
}

/// Writes the film by ffmpeg, whole or not at all. `done` is told how many frames are.
pub(crate) fn save(
    film: &dyn Playable,
    file: &Path,
    asked: &Asked<'_>,
    done: &mut dyn FnMut(usize),
) -> Result<FilmReport, Failure> {
    if extension_of(file).is_empty() {
        return Err(Failure::usage(
            format!("{}: the name has no extension to choose the container", file.display()),
            "name a file such as film.mp4, film.mkv or film.webm",
        ));
    }
    let arguments = match asked {
        Asked::Arguments(text) => text.split_whitespace().map(str::to_owned).collect(),
        Asked::Codec(row) => of_codec(row, file)?,
    };
    let by_row = matches!(asked, Asked::Codec(_));
    let mut report = None;
    write_by(file, |temporary| {
        report = Some(encode(film, temporary, (&arguments, by_row), done)?);
        Ok::<(), Failure>(())
    })?;
    Ok(report.unwrap_or_default())
}

/// The arguments for a codec: of its encoders the first that this ffmpeg has.
fn of_codec(row: &CodecRow, file: &Path) -> Result<Vec<String>, Failure> {
    let listed = Command::new(PROGRAM).args(["-hide_banner", "-encoders"]).output();
    let listed = String::from_utf8_lossy(&listed.map_err(not_started)?.stdout).into_owned();
    let has = |name: &str| listed.lines().any(|line| line.split_whitespace().nth(1) == Some(name));
    let Some((encoder, settings)) = row.encoders.iter().find(|(name, _)| has(name)) else {
        let names: Vec<&str> = row.encoders.iter().map(|(name, _)| *name).collect();
        let others = CODECS.iter().filter(|row| row.encoders.iter().any(|(name, _)| has(name)));
        let others: Vec<&str> = others.map(|row| row.name).collect();
        let help = match others.as_slice() {
            [] => format!("install a {PROGRAM} with it"),
            others => format!("it has {}; or install a {PROGRAM} with it", others.join(", ")),
        };
        let message =
            format!("this {PROGRAM} has no encoder for {} ({})", row.name, names.join(", "));
        return Err(Failure::work(message).with_help(help));
    };
    let mut words = vec!["-c:v", encoder];
    words.extend(settings.split(' '));
    if settings.contains("yuv") {
        // Without it ffmpeg takes the matrix of old television, and says nothing of it in the file.
        words.extend(["-vf", "scale=out_color_matrix=bt709:out_range=tv", "-color_range", "tv"]);
        words.extend(["-colorspace", "bt709", "-color_primaries", "bt709"]);
        words.extend(["-color_trc", "iec61966-2-1"]);
    }
    if matches!(extension_of(file).as_str(), "mp4" | "m4v" | "mov") {
        words.extend(["-movflags", "+faststart"]);
        if row.name == "h265" {
            words.extend(["-tag:v", "hvc1"]);
        }
    }
    Ok(words.into_iter().map(str::to_owned).collect())
}

fn encode(
    film: &dyn Playable,
    temporary: &Path,
    arguments: (&[String], bool),
    done: &mut dyn FnMut(usize),
) -> Result<FilmReport, Failure> {
    std::thread::scope(|scope| encode_in(scope, film, temporary, arguments, done))
}

fn encode_in<'scope>(
    scope: &'scope Scope<'scope, '_>,
    film: &dyn Playable,
    temporary: &Path,
    (arguments, by_row): (&[String], bool),
    done: &mut dyn FnMut(usize),
) -> Result<FilmReport, Failure> {
    let mut running: Option<Running<'scope>> = None;
    let mut not_running = None;
    let mut given = 0u64;
    let rate = frame_rate(film);
    let mut take = |picture: RawPicture<'_>| {
        if running.is_none() {
            let size = (picture.width, picture.height);
            match Running::start(scope, temporary, arguments, size, rate) {
                Ok(started) => running = Some(started),
                Err(error) => {
                    not_running = Some(not_started(error));
                    return Err(std::io::Error::other("not started"));
                }
            }
        }
        let Some(running) = &mut running else { return Ok(()) };
        given += picture.beats;
        (0..picture.beats).try_for_each(|_| running.input.write_all(picture.rgb))
    };
    let result = film_pictures(film, &mut take, &mut |frames| {
        done(frames);
        interrupt::flow()
    });
    if let Some(failure) = not_running {
        return Err(failure);
    }
    let Some(running) = running else { return Err(film_failure(result)) };
    match result {
        Ok(report) => {
            running.finish()?;
            whole::check(temporary, given, by_row)?;
            Ok(report)
        }
        // What it says explains why it takes no more.
        Err(FilmError::Write(error)) => Err(match running.finish() {
            Err(failure) => failure,
            Ok(()) => {
                Failure::work(format!("{PROGRAM} did not take all frames: {}", plain(&error)))
            }
        }),
        Err(error) => {
            running.stop();
            Err(film_failure(Err(error)))
        }
    }
}

fn film_failure(result: Result<FilmReport, FilmError>) -> Failure {
    match result {
        Err(error) => hinton::Error::from(error).into(),
        Ok(_) => Failure::work("the film has no frames"),
    }
}

fn not_started(error: std::io::Error) -> Failure {
    if error.kind() == std::io::ErrorKind::NotFound {
        return Failure::work(format!("{PROGRAM} is not installed"))
            .with_help("install it (https://ffmpeg.org), or choose .gif, .apng or .webp, which need no other program");
    }
    Failure::work(format!("{PROGRAM} cannot be started: {}", plain(&error)))
}

/// Most bytes of what ffmpeg says that are kept.
const MOST_SAID: usize = 64 << 10;

/// ffmpeg at work.
struct Running<'scope> {
    child: Child,
    input: ChildStdin,
    said: ScopedJoinHandle<'scope, String>,
}

impl<'scope> Running<'scope> {
    fn start(
        scope: &'scope Scope<'scope, '_>,
        temporary: &Path,
        arguments: &[String],
        (width, height): (usize, usize),
        millihertz: u32,
    ) -> std::io::Result<Self> {
        let (size, rate) = (format!("{width}x{height}"), format!("{millihertz}/1000"));
        let mut words: Vec<OsString> = ["-hide_banner", "-loglevel", "error", "-y"]
            .into_iter()
            .chain(["-f", "rawvideo", "-pixel_format", "rgb24", "-video_size", &size])
            .chain(["-framerate", &rate, "-i", "pipe:0", "-map_metadata", "-1"])
            .map(OsString::from)
            .collect();
        words.extend(arguments.iter().map(OsString::from));
        // A name that begins with a hyphen would be an option.
        words.push(if temporary.is_absolute() {
            temporary.into()
        } else {
            Path::new(".").join(temporary).into()
        });
        let mut command = Command::new(PROGRAM);
        command.args(words).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn()?;
        let (Some(input), Some(errors)) = (child.stdin.take(), child.stderr.take()) else {
            return Err(std::io::Error::other("no pipes"));
        };
        // Emptied as it fills: a full pipe would stop ffmpeg, and it us.
        let said = std::thread::Builder::new().spawn_scoped(scope, move || {
            let (mut errors, mut said) = (errors, Vec::new());
            let mut part = [0; 4096];
            while let Ok(count @ 1..) = errors.read(&mut part) {
                if said.len() < MOST_SAID {
                    said.extend_from_slice(&part[..count]);
                }
            }
            String::from_utf8_lossy(&said).trim().to_owned()
        })?;
        Ok(Running { child, input, said })
    }

    /// Waits until it has written the end of the file.
    fn finish(self) -> Result<(), Failure> {
        let Running { mut child, input, said } = self;
        drop(input);
        let status = child.wait();
        let said = said.join().unwrap_or_default();
        match status {
            Ok(status) if status.success() => Ok(()),
            Ok(status) if said.is_empty() => {
                Err(Failure::work(format!("{PROGRAM} failed and did not say why ({status})")))
            }
            Ok(_) => Err(Failure::work(format!("{PROGRAM} failed: {}", said.replace('\n', "; ")))),
            Err(error) => Err(Failure::work(format!("{PROGRAM}: {}", plain(&error)))),
        }
    }

    /// Ends it; the file is of no use.
    fn stop(self) {
        let Running { mut child, input, said } = self;
        let _ = child.kill();
        drop(input);
        let _ = child.wait();
        let _ = said.join();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_whole() {
        for (at, row) in CODECS.iter().enumerate() {
            assert!(!row.about.is_empty() && !row.encoders.is_empty(), "{}", row.name);
            assert!(CODECS[..at].iter().all(|other| other.name != row.name), "{}", row.name);
            let file = format!("x.{}", row.extensions[0].to_uppercase());
            assert!(codec(&row.name.to_uppercase(), Path::new(&file)).is_ok(), "{}", row.name);
        }
        assert!(codec("h266", Path::new("x.mp4")).is_err());
        assert!(codec("prores", Path::new("x.webm")).is_err());
    }

    #[test]
    fn advice_names_the_usual_codec() {
        for (file, codec) in [("x.mp4", "h264"), ("X.WEBM", "vp9"), ("x.mov", "prores")] {
            let advice = advice(Path::new(file)).unwrap();
            assert!(advice.contains(&format!("--codec {codec}")), "{advice}");
        }
        assert!(advice(Path::new("x.bmp")).is_none());
    }
}
