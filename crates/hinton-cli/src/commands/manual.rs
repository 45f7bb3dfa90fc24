//! `hinton manual`: pages of the manual, as `man` reads them.

use clap::{Arg, ArgMatches, Command};
use clap_mangen::Man;

use super::CommandRow;
use crate::failure::Failure;
use crate::{args, out};

pub(super) const ROW: CommandRow = CommandRow {
    name: "manual",
    about: "Print a manual page for man",
    help: "Prints the manual page of hinton, or of one of its commands, in the format of man.",
    examples: "Examples:
  hinton manual draw | man -l -
  hinton manual > ~/.local/share/man/man1/hinton.1",
    args: |command| {
        command
            .arg(Arg::new("command").value_name("COMMAND").help("The command; without one, hinton"))
    },
    run,
};

fn run(matches: &ArgMatches) -> Result<(), Failure> {
    let mut whole: Command = args::command();
    whole.build();
    let command = match matches.get_one::<String>("command") {
        None => whole.clone(),
        Some(name) => {
            let names: Vec<&str> = whole.get_subcommands().map(Command::get_name).collect();
            let found = whole.find_subcommand(name).cloned();
            found.ok_or_else(|| {
                Failure::usage(
                    format!("there is no command {name:?}"),
                    format!("there are {}", names.join(", ")),
                )
            })?
        }
    };
    let mut page = Vec::new();
    Man::new(command)
        .date("")
        .render(&mut page)
        .map_err(|error| Failure::work(error.to_string()))?;
    out::emit(&page)
}
