//! The `hinton` command: arguments in, the library's work, messages out.
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

use std::process::ExitCode;

use failure::Failure;

fn main() -> ExitCode {
    let words = words();
    let matches = match args::command().try_get_matches_from(&words) {
        Ok(matches) => matches,
        Err(error) => return refuse(&error, &words),
    };
    let Some((name, arguments)) = matches.subcommand() else {
        return ExitCode::from(2);
    };
    let Some(row) = commands::named(name) else {
        return ExitCode::from(2);
    };
    let result = (row.run)(arguments);
    let failure = match result {
        Err(_) if interrupt::asked() => Some(Failure::stopped()),
        result => result.err(),
    };
    failure.iter().for_each(Failure::report);
    interrupt::end();
    failure.map_or(ExitCode::SUCCESS, |failure| ExitCode::from(failure.code()))
}

/// Help and version are printed; anything else was a wrong command line. Without any word the help
/// is what was asked for.
fn refuse(error: &clap::Error, words: &[std::ffi::OsString]) -> ExitCode {
    // A closed pipe is no error, and there is nowhere else to say it.
    let _ = error.print();
    match words.len() {
        0 | 1 => ExitCode::SUCCESS,
        _ => ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2)),
    }
}

/// `hinton FILE` is short for `hinton draw FILE`, unless the file is named as a command is.
fn words() -> Vec<std::ffi::OsString> {
    let mut words: Vec<_> = std::env::args_os().collect();
    let is_path = words.get(1).is_some_and(|word| {
        let is_command = word.to_str().is_some_and(|word| commands::named(word).is_some());
        !is_command && std::path::Path::new(word).exists()
    });
    if is_path {
        words.insert(1, "draw".into());
    }
    words
}
