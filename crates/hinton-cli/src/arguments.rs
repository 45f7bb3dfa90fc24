//! Words as values: for those who call a command's work from another language.

use clap::error::{ContextKind, ContextValue};
use clap::{ArgMatches, Command};
use hinton::Error;

/// The words as a command reads them, none of which is its name.
///
/// # Errors
/// [`Error::Request`] says which word is not understood, and why.
pub(crate) fn matches(command: Command, words: &[String]) -> Result<ArgMatches, Error> {
    let command = command.no_binary_name(true).args_override_self(true);
    command.try_get_matches_from(words).map_err(|error| {
        let text = error.to_string();
        // What follows is about the command line.
        let said = text.split("\n\n").next().unwrap_or(&text);
        let message = said.trim_start_matches("error: ").lines().next().unwrap_or(said).to_owned();
        let choices = match error.get(ContextKind::ValidValue) {
            Some(ContextValue::Strings(words)) => Some(format!("it takes {}", words.join(", "))),
            _ => None,
        };
        Error::Request { message, help: choices }
    })
}
