//! Sentences of the library in the words of the command line.

use hinton::settings::{Mention, Takes, respelled};

/// Options of commands that are no settings of the library and that its sentences name.
const OTHERS: [&str; 2] = ["map", "spectrum"];

/// A sentence whose settings are options: `` `order=rows` `` becomes `--order rows`.
pub(crate) fn in_options(text: &str) -> String {
    respelled(text, |mention| match mention {
        Mention::Setting { name, value: None } => is_option(name).then(|| format!("--{name}")),
        Mention::Setting { name, value: Some(value) } => {
            let separator = if takes_perhaps(name) { '=' } else { ' ' };
            is_option(name).then(|| format!("--{name}{separator}{value}"))
        }
        Mention::Given(name) => is_option(name).then(|| format!("--{name} ")),
        Mention::List(name) => Some(format!("`hinton list {name}`")),
    })
}

fn is_option(name: &str) -> bool {
    OTHERS.contains(&name) || hinton::settings::all().any(|row| row.name == name)
}

/// Whether the value of an option may be left out, so that it must be joined by `=`.
fn takes_perhaps(name: &str) -> bool {
    hinton::settings::all().any(|row| row.name == name && matches!(row.takes, Takes::Perhaps(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_options() {
        let text =
            "`range` \"x\": expected LOW..HIGH, or `scale=symlog`, `annotate=.2f`; `list charts`";
        let said = "--range \"x\": expected LOW..HIGH, or --scale symlog, --annotate=.2f; `hinton list charts`";
        assert_eq!(in_options(text), said);
        assert_eq!(
            in_options("`Tensor`, `hinton draw`, `weight`"),
            "`Tensor`, `hinton draw`, `weight`"
        );
    }

    #[test]
    fn other_options_exist() {
        let command = crate::args::command();
        for name in OTHERS {
            let mut options = command.get_subcommands().flat_map(|sub| sub.get_arguments());
            assert!(options.any(|option| option.get_long() == Some(name)), "{name}");
        }
    }
}
