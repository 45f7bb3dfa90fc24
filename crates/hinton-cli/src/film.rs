//! What films of several commands have in common: the poster, and a word about their size.

use std::path::Path;

use clap::{ArgMatches, Command};
use hinton::films::{FilmSettings, Playable, Poster};
use hinton::settings::{self, Set};

use crate::args::said;
use crate::failure::{Failure, note};
use crate::human;

/// Files larger than this are remarked on, bytes.
const LARGE: u64 = 20_000_000;
/// Frames after which the size of a film can be told.
const ENOUGH: usize = 12;

/// Says of the option `--poster` what holds without it.
pub(crate) fn poster(command: Command, default: &'static str) -> Command {
    command.mut_arg("poster", |poster| {
        let line = poster.get_help().map(ToString::to_string).unwrap_or_default();
        let text = poster.get_long_help().map(ToString::to_string).unwrap_or_default();
        let poster = poster.help(format!("{line} {default}")).default_missing_value("0");
        poster.long_help(format!("{text} {default}"))
    })
}

/// How the film is saved.
pub(crate) fn settings(matches: &ArgMatches) -> Result<FilmSettings, Failure> {
    let mut film = FilmSettings::default();
    let rows = settings::all().filter(|row| matches!(row.set, Set::Save(_)));
    for (row, value) in said(matches, rows)? {
        settings::set_save(&mut film, row.name, &value)?;
    }
    Ok(film)
}

/// How long the last frame is shown first; `None` where it is not.
pub(crate) fn hold(matches: &ArgMatches, default: Option<f64>) -> Result<Option<f64>, Failure> {
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
