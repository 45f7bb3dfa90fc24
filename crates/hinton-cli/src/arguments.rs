//! The arguments of commands as a table, and words as values: for those who call the command's work from
//! another language.

use clap::error::{ContextKind, ContextValue};
use clap::{ArgMatches, Command};
use hinton::Error;

use crate::commands;

/// A named argument of a command.
#[derive(Debug, Clone)]
pub struct ArgumentRow {
    /// Its name, without leading dashes.
    pub name: String,
    /// Whether it takes a value; if not, it is a flag.
    pub takes_value: bool,
    /// A description in one line.
    pub about: String,
    /// The values it accepts, if they are a few words; else empty.
    pub choices: Vec<String>,
}

/// Arguments of a command line: where its output goes, and how.
const OF_A_COMMAND_LINE: &[&str] = &["output", "live", "graphics", "threads", "format", "loop"];

/// The arguments that [`space_words`](crate::space_words) (`"space"`) and [`train`](crate::train)
/// (`"train"`) accept, in the order of the help; empty for other commands. Those of `"train"` do
/// not include the settings of pictures.
pub fn arguments(command: &str) -> Vec<ArgumentRow> {
    let (command, has_settings) = match command {
        "space" => (commands::space_args(), false),
        "train" => (commands::train_args(), true),
        _ => return Vec::new(),
    };
    let is_setting = |name| has_settings && hinton::settings::named(name).is_some();
    let named = command.get_arguments().filter(|arg| {
        arg.get_long().is_some_and(|name| !OF_A_COMMAND_LINE.contains(&name) && !is_setting(name))
    });
    let rows = named.map(|arg| ArgumentRow {
        name: arg.get_long().unwrap_or_default().to_owned(),
        takes_value: arg.get_action().takes_values(),
        about: arg.get_help().map(ToString::to_string).unwrap_or_default(),
        choices: match arg.get_action().takes_values() {
            true => arg.get_possible_values().iter().map(|one| one.get_name().to_owned()).collect(),
            false => Vec::new(),
        },
    });
    rows.collect()
}

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
