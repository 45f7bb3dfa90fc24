//! The `hinton` command: arguments in, the library's work, messages out.
//!
//! A library, so that the Python package has the same command, and what only a program has: addresses that
//! open as the environment says, a viewer that listens.
#![forbid(unsafe_code)]

mod args;
mod clouds;
mod commands;
mod download;
mod encoder;
mod failure;
mod film;
mod fonts;
mod human;
mod interrupt;
mod kept;
mod out;
mod progress;
mod remote;
mod said;
mod table;
mod terminal;
mod viewing;

use std::ffi::OsString;
use std::io::Write as _;

use failure::Failure;

pub use commands::{Points, space_points, train};
pub use fonts::use_system_fonts;
pub use interrupt::embed;
pub use remote::{bytes_of, limit_downloads, notes_of_addresses, open_addresses};
pub use terminal::terminal_options;
pub use viewing::{Listening, Viewing, page_of};

/// Runs a command line and returns its exit code: 0 for success, 1 if the input or the work failed,
/// 2 if the command line was wrong. The first word is the name of the program.
///
/// Writes to the standard streams. If work was stopped by a signal, the process ends by that
/// signal.
pub fn run(words: impl IntoIterator<Item = OsString>) -> u8 {
    use_system_fonts();
    let words = with_command(with_format(words.into_iter().collect()));
    let matches = match args::command().try_get_matches_from(&words) {
        Ok(matches) => matches,
        Err(error) => return refuse(&error, &words),
    };
    let Some((name, arguments)) = matches.subcommand() else {
        return 2;
    };
    let Some(row) = commands::named(name) else {
        return 2;
    };
    let result = remote::allow(&words, arguments).and_then(|()| (row.run)(arguments));
    remote::report();
    let failure = match result {
        Err(_) if interrupt::asked() => Some(Failure::stopped()),
        result => result.err(),
    };
    failure.iter().for_each(Failure::report);
    interrupt::end();
    failure.map_or(0, |failure| failure.code())
}

/// Help and version are printed; anything else was a wrong command line. Without any word the help
/// is what was asked for.
fn refuse(error: &clap::Error, words: &[OsString]) -> u8 {
    let printed = error.print().and_then(|()| std::io::stdout().flush());
    // A closed pipe is no error; help that a full disk did not take is one.
    if let (false, Err(failure)) = (error.use_stderr(), out::finish(printed)) {
        failure.report();
        return failure.code();
    }
    match words.len() {
        0 | 1 => 0,
        _ => u8::try_from(error.exit_code()).unwrap_or(2),
    }
}

/// `hinton FILE` is short for `hinton draw FILE`, unless the file is named as a command is.
fn with_command(mut words: Vec<OsString>) -> Vec<OsString> {
    let is_path = words.get(1).is_some_and(|word| {
        let is_command = word.to_str().is_some_and(|word| commands::named(word).is_some());
        !is_command && (std::path::Path::new(word).exists() || remote::is_address(word))
    });
    if is_path {
        words.insert(1, "draw".into());
    }
    words
}

/// `--annotate .2f` is `--annotate=.2f`: the option takes its value after `=` alone, because a path
/// may follow it. A word that is a number format and no path is the value.
fn with_format(words: Vec<OsString>) -> Vec<OsString> {
    let is_format = |word: &str| {
        let word = word.strip_prefix('%').unwrap_or(word);
        let digits = word.trim_end_matches(|c: char| "fegEG%".contains(c));
        let has_kind = digits.len() + 1 == word.len();
        has_kind && digits.trim_start_matches('+').chars().all(|c| c == '.' || c.is_ascii_digit())
    };
    let mut joined: Vec<OsString> = Vec::with_capacity(words.len());
    for word in words {
        let is_value =
            word.to_str().is_some_and(is_format) && !std::path::Path::new(&word).exists();
        match joined.last_mut() {
            Some(last) if is_value && last == "--annotate" => {
                last.push("=");
                last.push(&word);
            }
            _ => joined.push(word),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_follows_annotate_without_an_equals_sign() {
        let joined = |words: &[&str]| {
            let words = with_format(words.iter().map(OsString::from).collect());
            words.into_iter().map(|word| word.into_string().unwrap()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(joined(&["--annotate", ".2f", "w.npy"]), "--annotate=.2f w.npy");
        assert_eq!(joined(&["--annotate", "+.1e"]), "--annotate=+.1e");
        assert_eq!(joined(&["--annotate", "%.3g"]), "--annotate=%.3g");
        assert_eq!(joined(&["--annotate", "w.npy"]), "--annotate w.npy");
        assert_eq!(joined(&["--annotate", "Cargo.toml"]), "--annotate Cargo.toml");
        assert_eq!(joined(&["draw", ".2f"]), "draw .2f");
    }
}
