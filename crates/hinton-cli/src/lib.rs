//! The `hinton` command: arguments in, the library's work, messages out.
//!
//! A library of one function, so that the Python package has the same command.
#![forbid(unsafe_code)]

mod args;
mod commands;
mod download;
mod encoder;
mod failure;
mod human;
mod interrupt;
mod out;
mod progress;
mod table;
mod terminal;

use std::ffi::OsString;

use failure::Failure;

/// Does what a command line says and returns its exit code: 0 is success, 1 says that the input or the
/// work failed, 2 that the command line was wrong. The first word is the program's name.
///
/// Writes to the standard streams. Where work was stopped by a signal, the process ends by it.
pub fn run(words: impl IntoIterator<Item = OsString>) -> u8 {
    let words = with_command(words.into_iter().collect());
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
    let result = (row.run)(arguments);
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
    // A closed pipe is no error, and there is nowhere else to say it.
    let _ = error.print();
    match words.len() {
        0 | 1 => 0,
        _ => u8::try_from(error.exit_code()).unwrap_or(2),
    }
}

/// `hinton FILE` is short for `hinton draw FILE`, unless the file is named as a command is.
fn with_command(mut words: Vec<OsString>) -> Vec<OsString> {
    let is_path = words.get(1).is_some_and(|word| {
        let is_command = word.to_str().is_some_and(|word| commands::named(word).is_some());
        !is_command && std::path::Path::new(word).exists()
    });
    if is_path {
        words.insert(1, "draw".into());
    }
    words
}
