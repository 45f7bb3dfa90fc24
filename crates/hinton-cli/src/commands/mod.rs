//! The commands: one file each, one row each.

mod animate;
mod check;
mod completions;
mod demo;
mod diff;
mod draw;
mod export;
mod inspect;
mod list;
mod manual;
mod plan;
mod space;
mod steps;
mod summary;
mod task;
mod train;
mod view;

use clap::{ArgMatches, Command};

use crate::failure::Failure;

pub(crate) use space::own_args as space_args;
pub use space::{SpaceWords, space_words};
pub(crate) use train::own_args as train_args;
pub use train::train;

/// A command.
pub(crate) struct CommandRow {
    /// Its name.
    pub(crate) name: &'static str,
    /// One line.
    pub(crate) about: &'static str,
    /// A paragraph.
    pub(crate) help: &'static str,
    /// What it looks like in use.
    pub(crate) examples: &'static str,
    /// Adds its arguments.
    pub(crate) args: fn(Command) -> Command,
    /// Does its work.
    pub(crate) run: fn(&ArgMatches) -> Result<(), Failure>,
}

/// Every command, in the order of the help.
pub(crate) const COMMANDS: &[CommandRow] = &[
    draw::ROW,
    view::ROW,
    animate::ROW,
    train::ROW,
    space::ROW,
    inspect::ROW,
    check::ROW,
    diff::ROW,
    export::ROW,
    summary::ROW,
    plan::ROW,
    task::ROW,
    demo::ROW,
    list::ROW,
    completions::ROW,
    manual::ROW,
];

/// The command of that name.
pub(crate) fn named(name: &str) -> Option<&'static CommandRow> {
    COMMANDS.iter().find(|row| row.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_whole() {
        crate::args::command().debug_assert();
        for row in COMMANDS {
            assert!(!row.about.is_empty() && !row.help.is_empty(), "{}", row.name);
            assert!(row.examples.contains(&format!("hinton {}", row.name)), "{}", row.name);
            assert_eq!(COMMANDS.iter().filter(|other| other.name == row.name).count(), 1);
        }
    }
}
