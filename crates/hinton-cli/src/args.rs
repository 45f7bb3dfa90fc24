//! The command line, built from the tables.

use crate::said::in_options;
use std::io::Read as _;
use std::path::PathBuf;

use clap::builder::{PossibleValue, StringValueParser, TypedValueParser};
use clap::error::Error;
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use hinton::DrawRequest;
use hinton::settings::{Kind, SETTINGS, Set, SettingRow, Takes};

use crate::commands::COMMANDS;
use crate::failure::{Failure, plain};

const ABOUT: &str = "See neural networks: any weights file becomes a picture";
const AFTER: &str = "Examples:
  hinton demo                                  a gallery of everything, from data that ships inside
  hinton model.safetensors                     a picture in the terminal: short for hinton draw
  hinton draw model.pt -t fc.weight -o fc.png  a picture in a file
  hinton inspect model.npz --stats             names, shapes and statistics

`hinton COMMAND --help` shows examples and every option.";

/// Help in the order in which it is read: what the command does, how it is written, examples, and
/// then every option.
const HELP: &str =
    "{before-help}{about-with-newline}\n{usage-heading} {usage}{after-help}\n\n{all-args}";

/// The whole command line.
pub(crate) fn command() -> Command {
    let mut command = Command::new("hinton")
        .version(env!("CARGO_PKG_VERSION"))
        .about(ABOUT)
        .after_help(AFTER)
        .help_template(HELP)
        .arg_required_else_help(true)
        .subcommand_required(true)
        .subcommand_value_name("COMMAND")
        .subcommand_help_heading("Commands")
        .disable_help_subcommand(true)
        .max_term_width(100);
    for row in COMMANDS {
        let sub = Command::new(row.name)
            .about(row.about)
            .long_about(row.help)
            .after_help(row.examples)
            .help_template(HELP)
            .args_override_self(true);
        command = command.subcommand((row.args)(sub));
    }
    command
}

/// Accepts any text and tells help and completions what there is; the library checks, so that its
/// errors are the same everywhere.
#[derive(Clone)]
struct Offers(fn() -> Vec<&'static str>);

impl TypedValueParser for Offers {
    type Value = String;

    fn parse_ref(
        &self,
        command: &Command,
        arg: Option<&Arg>,
        value: &std::ffi::OsStr,
    ) -> Result<String, Error> {
        StringValueParser::new().parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        let choices = (self.0)();
        (!choices.is_empty()).then(|| Box::new(choices.into_iter().map(PossibleValue::new)) as _)
    }
}

/// An option for each of the library's settings of pictures.
pub(crate) fn settings(mut command: Command) -> Command {
    for row in SETTINGS {
        command = command.arg(setting(row));
    }
    command
}

/// An option for each of the library's settings of the command of that name, but for those of
/// pictures.
pub(crate) fn own_settings(mut command: Command, name: &str) -> Command {
    for row in hinton::settings::of(name).filter(|row| !matches!(row.set, Set::Draw(_))) {
        command = command.arg(setting(row));
    }
    command
}

fn setting(row: &'static SettingRow) -> Arg {
    let arg = Arg::new(row.name).long(row.name).help(in_options(&row.line()));
    let arg = if row.topic.is_empty() { arg } else { arg.help_heading(row.topic) };
    let arg = match row.full_help().as_str() {
        "" => arg,
        help => arg.long_help(help_text(&in_options(&row.line()), &in_options(help))),
    };
    // Of --legend and --no-legend the last one counts.
    let opposite = row.name.strip_prefix("no-");
    let arg = match opposite.filter(|name| row.commands.iter().any(|of| has(of, name))) {
        Some(opposite) => arg.overrides_with(opposite),
        None => arg,
    };
    let arg = row.requires.iter().fold(arg, |arg, other| arg.requires(*other));
    let arg = arg.conflicts_with_all(row.excludes);
    match row.takes {
        Takes::Nothing => arg.action(ArgAction::SetTrue),
        Takes::Value(word) => valued(arg, row, word),
        Takes::Values(word) => valued(arg, row, word).action(ArgAction::Append),
        Takes::Perhaps(word) => {
            arg.value_name(word).num_args(0..=1).require_equals(true).default_missing_value("")
        }
    }
}

/// Whether a command has a setting of that name.
fn has(command: &str, name: &str) -> bool {
    hinton::settings::of(command).any(|row| row.name == name)
}

fn valued(arg: Arg, row: &'static SettingRow, word: &'static str) -> Arg {
    let arg = arg.value_name(word);
    if row.kind == Kind::Path {
        return arg.value_parser(value_parser!(PathBuf));
    }
    // Long lists tire, and where other values fit too a list of words misleads.
    let hides_values = row.others || (row.choices)().len() > 12;
    arg.value_parser(Offers(row.choices))
        .hide_possible_values(hides_values)
        .allow_hyphen_values(row.kind == Kind::Signed)
        .allow_negative_numbers(row.kind == Kind::Number)
}

/// Leaves the settings of pictures out of a command's own help, which names them in one line and
/// says where they are explained. They work, and a shell completes them, as before.
pub(crate) fn settings_elsewhere(mut command: Command, but: &[&str]) -> Command {
    let hidden = || SETTINGS.iter().filter(|row| !but.contains(&row.name));
    for row in hidden() {
        command = command.mut_arg(row.name, |arg| arg.hide_short_help(true).hide_long_help(true));
    }
    let names: Vec<String> = hidden().map(|row| format!("--{}", row.name)).collect();
    let examples = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    command.after_help(format!(
        "{examples}\n\nPictures heed the options of `hinton draw` too, which its help explains:\n{}",
        names.join(", ")
    ))
}

/// Long help: the line, then the paragraph. Texts of the tables live as long as the program.
fn help_text(about: &str, help: &str) -> clap::builder::StyledStr {
    format!("{about}\n\n{help}").into()
}

/// Those settings as options.
pub(crate) fn settings_named(mut command: Command, names: &[&str]) -> Command {
    for row in SETTINGS.iter().filter(|row| names.contains(&row.name)) {
        command = command.arg(setting(row));
    }
    command
}

/// Applies the settings of pictures that were given, presets first.
pub(crate) fn apply_settings(
    matches: &ArgMatches,
    request: &mut DrawRequest,
) -> Result<(), Failure> {
    for (row, value) in said(matches, SETTINGS)? {
        *request = std::mem::take(request).set(row.name, &value)?;
    }
    Ok(())
}

/// The settings among these that were given, with their values, in the order of the table.
pub(crate) fn said(
    matches: &ArgMatches,
    rows: impl IntoIterator<Item = &'static SettingRow>,
) -> Result<Vec<(&'static SettingRow, String)>, Failure> {
    let mut all = Vec::new();
    for row in rows {
        for value in values(matches, row) {
            let value = if row.name.ends_with("-labels") { labels(&value)? } else { value };
            all.push((row, value));
        }
    }
    Ok(all)
}

/// What was given for a setting. A command may have some of them only: what clap says of one that it
/// has not depends on how clap was built, an error with its assertions, nothing without them.
fn values(matches: &ArgMatches, row: &SettingRow) -> Vec<String> {
    let name = row.name;
    match (row.takes, row.kind) {
        (Takes::Nothing, _) => {
            let is_set = matches.try_get_one::<bool>(name).ok().flatten();
            Vec::from_iter(is_set.copied().unwrap_or(false).then(String::new))
        }
        (_, Kind::Path) => {
            let paths = matches.try_get_many::<PathBuf>(name).ok().flatten().unwrap_or_default();
            paths.map(|path| path.to_string_lossy().into_owned()).collect()
        }
        _ => {
            let texts = matches.try_get_many::<String>(name).ok().flatten();
            texts.unwrap_or_default().cloned().collect()
        }
    }
}

/// Labels may lie in a file, one a line.
fn labels(value: &str) -> Result<String, Failure> {
    let is_word = matches!(value, "off" | "none" | "auto" | "") || value.contains("{}");
    if is_word {
        return Ok(value.to_owned());
    }
    /// Most bytes of a file of labels.
    const MOST: u64 = 16 << 20;
    let read = || {
        let mut text = String::new();
        std::fs::File::open(value)?.take(MOST + 1).read_to_string(&mut text)?;
        match text.len() as u64 > MOST {
            true => Err(std::io::Error::other("it has more than 16 MiB")),
            false => Ok(text),
        }
    };
    match read() {
        // A file of one line is a list too.
        Ok(text) => Ok(format!("{}\n", text.trim_end())),
        Err(_) if value.contains(',') => Ok(value.to_owned()),
        Err(error) => Err(Failure::usage(
            format!("cannot read the labels in {value}: {}", plain(&error)),
            "write a pattern such as 'unit {}', names with commas, a file of lines, or off",
        )),
    }
}

/// The weights file that a command reads.
pub(crate) fn path() -> Arg {
    Arg::new("path").value_name("PATH").required(true).value_parser(value_parser!(PathBuf)).help(
        "A weights file, or a folder that holds one; or its address: hf://org/name, s3://bucket/path, https://…",
    )
}

/// The weights files that a command reads.
pub(crate) fn paths() -> Arg {
    path()
        .action(ArgAction::Append)
        .help("Weights files, or folders that hold one; or addresses: hf://org/name, s3://bucket/path, https://…")
}

/// The file that a command writes.
pub(crate) fn output() -> Arg {
    Arg::new("output")
        .short('o')
        .long("output")
        .value_name("FILE")
        .value_parser(value_parser!(PathBuf))
}

/// `-t`, any number of times.
pub(crate) fn tensors() -> Arg {
    Arg::new("tensor")
        .short('t')
        .long("tensor")
        .value_name("TENSOR")
        .action(ArgAction::Append)
        .help("A name, a glob such as '*.weight', and a slice as in numpy: 'w[0,:,::2]'")
        .long_help(
            "A name, a glob such as '*.weight', and a slice as in numpy: 'w[0,:,::2]'. Of a tensor that is \
             quantised in blocks, 'w@codes', 'w@scales' and 'w@offsets' are what its values are made of: \
             scale x code + offset",
        )
}

/// The tensors that were named.
pub(crate) fn patterns(matches: &ArgMatches) -> Vec<String> {
    matches.get_many::<String>("tensor").map(|values| values.cloned().collect()).unwrap_or_default()
}

/// `--threads`.
pub(crate) fn threads() -> Arg {
    Arg::new("threads")
        .long("threads")
        .value_name("N")
        .value_parser(clap::value_parser!(u16).range(1..=1024))
        .help("Threads to use [default: one for each core]")
}

/// The threads that were asked for; 0 is one for each core.
pub(crate) fn thread_count(matches: &ArgMatches) -> usize {
    matches.get_one::<u16>("threads").map_or(0, |&threads| usize::from(threads))
}
