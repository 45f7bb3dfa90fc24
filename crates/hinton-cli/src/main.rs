//! The `hinton` command: arguments in, the library's work, messages out.
#![forbid(unsafe_code)]

mod args;
mod commands;
mod encoder;
mod failure;
mod human;
mod interrupt;
mod out;
mod progress;
mod table;
mod terminal;

use std::process::ExitCode;

use clap::error::ErrorKind;

use failure::Failure;

fn main() -> ExitCode {
    let words: Vec<_> = std::env::args_os().collect();
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

/// Help and version are printed; anything else was a wrong command line.
fn refuse(error: &clap::Error, words: &[std::ffi::OsString]) -> ExitCode {
    let code = u8::try_from(error.exit_code()).unwrap_or(2);
    let word = words.get(1).filter(|word| std::path::Path::new(word).exists());
    if let (ErrorKind::InvalidSubcommand, Some(word)) = (error.kind(), word) {
        let kind = if std::path::Path::new(word).is_dir() { "folder" } else { "file" };
        let file = word.to_string_lossy();
        Failure::usage(
            format!("{file} is a {kind}; what is to be done with it?"),
            format!("`hinton draw {file}` draws it, `hinton inspect {file}` lists what it holds"),
        )
        .report();
        return ExitCode::from(2);
    }
    // A closed pipe is no error, and there is nowhere else to say it.
    let _ = error.print();
    ExitCode::from(code)
}
