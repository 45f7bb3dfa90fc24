//! `hinton completions`: what a shell needs to complete commands and options.

use clap::{Arg, ArgMatches, Command, value_parser};
use clap_complete::Shell;

use super::CommandRow;
use crate::failure::Failure;
use crate::{args, out};

pub(super) const ROW: CommandRow = CommandRow {
    name: "completions",
    about: "Print completions for a shell",
    help: "Prints a script with which a shell completes hinton's commands, options and their \
           values.",
    examples: "Examples:
  hinton completions bash > ~/.local/share/bash-completion/completions/hinton
  hinton completions zsh > ~/.zfunc/_hinton
  hinton completions fish > ~/.config/fish/completions/hinton.fish",
    args: |command| {
        command.arg(
            Arg::new("shell")
                .value_name("SHELL")
                .required(true)
                .value_parser(value_parser!(Shell))
                .help("The shell"),
        )
    },
    run,
};

fn run(matches: &ArgMatches) -> Result<(), Failure> {
    let Some(&shell) = matches.get_one::<Shell>("shell") else { return Ok(()) };
    let mut command: Command = args::command();
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, "hinton", &mut script);
    out::emit(&script)
}
