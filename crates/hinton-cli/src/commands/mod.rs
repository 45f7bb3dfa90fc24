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
mod row;
mod space;
mod steps;
mod summary;
mod task;
mod train;
mod view;

pub(crate) use row::CommandRow;
pub use space::space_points;
pub use train::{Points, train};

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
    use clap::Command;

    use super::*;

    /// Options about the command line: where files are and go, and how the terminal shows them.
    const OF_THE_COMMAND_LINE: [&str; 13] = [
        "as-files",
        "as-run",
        "format",
        "graphics",
        "live",
        "max-download",
        "metric",
        "output",
        "step",
        "tensor",
        "threads",
        "help",
        "version",
    ];

    #[test]
    fn options_about_what_is_made_are_rows_and_rows_are_options() {
        for name in ["draw", "animate", "space", "train"] {
            let command = (named(name).unwrap().args)(Command::new(name));
            let rows: Vec<_> = hinton::settings::of(name).collect();
            for option in command.get_arguments().filter_map(|arg| arg.get_long()) {
                let is_row = rows.iter().any(|row| row.name == option);
                assert!(is_row || OF_THE_COMMAND_LINE.contains(&option), "{name} --{option}");
            }
            for row in rows {
                let arg = command.get_arguments().find(|arg| arg.get_long() == Some(row.name));
                let arg = arg.unwrap_or_else(|| panic!("{name} has no --{}", row.name));
                let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
                assert!(
                    help.starts_with(&crate::said::in_options(&row.line())),
                    "{name} --{}: {help}",
                    row.name
                );
                let takes_value = row.takes != hinton::settings::Takes::Nothing;
                assert_eq!(arg.get_action().takes_values(), takes_value, "{name} --{}", row.name);
            }
        }
    }

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
