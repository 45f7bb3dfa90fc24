//! What films of several commands have in common: the poster, and a word about their size.

use std::path::Path;

use clap::{Arg, ArgMatches, Command};
use hinton::{Playable, Poster};

use crate::failure::{Failure, note};
use crate::human;

/// Files larger than this are remarked on, bytes.
const LARGE: u64 = 20_000_000;
/// Frames after which the size of a film can be told.
const ENOUGH: usize = 12;

/// The option `--poster`.
pub(crate) fn poster_argument(command: Command, default: &'static str) -> Command {
    command.arg(
        Arg::new("poster")
            .long("poster")
            .value_name("SECONDS")
            .num_args(0..=1)
            .require_equals(true)
            .default_missing_value("0")
            .help(format!("Show the last frame first, for a list of files or a paper {default}"))
            .long_help(format!(
                "Show the last frame first: it is what a mail, a paper or a list of files shows of a \
                 film. For an instant, or for SECONDS: --poster=1. --poster=off begins at the beginning. {default}",
            ))
            .help_heading("Film"),
    )
}

/// How long the last frame is shown first; `None` where it is not.
pub(crate) fn poster(matches: &ArgMatches, default: Option<f64>) -> Result<Option<f64>, Failure> {
    match matches.get_one::<String>("poster").map(String::as_str) {
        None => Ok(default),
        Some("off") => Ok(None),
        Some(text) => match text.parse::<f64>() {
            Ok(seconds) if (0.0..=3600.0).contains(&seconds) => Ok(Some(seconds)),
            _ => Err(Failure::usage(
                format!("--poster {text}: expected seconds from 0 to 3600, or off"),
                "",
            )),
        },
    }
}

/// Calls `save` with the film as it is to be played.
pub(crate) fn with_poster<T>(
    film: &mut dyn Playable,
    hold: Option<f64>,
    save: impl FnOnce(&mut dyn Playable) -> T,
) -> T {
    match hold {
        Some(hold) => save(&mut Poster::new(film, hold)),
        None => save(film),
    }
}

/// Says once, as soon as it can be told, that a film will be large, and what makes it smaller.
pub(crate) struct SizeWatch<'a> {
    file: &'a Path,
    frames: usize,
    was_told: bool,
}

impl<'a> SizeWatch<'a> {
    /// For a film of this many frames.
    pub(crate) fn new(file: &'a Path, frames: usize) -> Self {
        SizeWatch { file, frames, was_told: false }
    }

    /// Records the bytes written for the frames done so far. Returns a note, once, if the film will be large.
    pub(crate) fn look(&mut self, done: usize, bytes: u64) -> Option<String> {
        let expected = bytes.saturating_mul(self.frames as u64) / done.max(1) as u64;
        let is_clear = done >= ENOUGH.min(self.frames) || bytes > LARGE;
        if self.was_told || !is_clear || expected <= LARGE {
            return None;
        }
        self.was_told = true;
        let is_webp = self.file.extension().is_some_and(|e| e.eq_ignore_ascii_case("webp"));
        let other = if is_webp { "--codec webp, by ffmpeg, or .mp4" } else { ".mp4" };
        Some(format!(
            "{}: the film will be about {}; smaller: {other}, a smaller --size, fewer --fps, a shorter \
             --duration (Ctrl-C stops it)",
            self.file.display(),
            human::bytes(expected)
        ))
    }

    /// As [`SizeWatch::look`], and says it.
    pub(crate) fn tell(&mut self, done: usize, bytes: u64, finish_bar: impl FnOnce()) {
        if let Some(text) = self.look(done, bytes) {
            finish_bar();
            note(&text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_film_is_told_of_once_and_early() {
        let file = Path::new("turn.webp");
        let mut watch = SizeWatch::new(file, 500);
        assert_eq!(watch.look(5, 5_000_000), None, "five frames are too few to tell");
        let said = watch.look(12, 6_000_000).unwrap();
        assert!(said.contains("about 250") && said.contains("--codec webp"), "{said}");
        assert_eq!(watch.look(13, 6_500_000), None);
        assert_eq!(SizeWatch::new(file, 500).look(12, 120_000), None, "5 MB are fine");
        assert!(SizeWatch::new(file, 2).look(1, 30_000_000).is_some());
    }
}
