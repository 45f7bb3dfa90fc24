//! The row of a command.

use clap::{ArgMatches, Command};

use crate::failure::Failure;

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
