//! `hinton list`: what there is, printed from the tables.

use crate::said::in_options;
use clap::{Arg, ArgAction, ArgMatches};
use hinton::export::EXPORTS;
use hinton::files::FORMATS;
use hinton::look::{CHARTS, Colormap, PRESETS, colormaps};
use hinton::outputs::{Graphics, OUTPUTS, OutputRow};
use hinton::settings::{self, SETTINGS, Set, SettingRow, Takes};
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::{COMMANDS, CommandRow};
use crate::failure::Failure;
use crate::out;
use crate::table::Table;
use crate::terminal::Terminal;

pub(super) const ROW: CommandRow = CommandRow {
    name: "list",
    about: "List formats, charts, outputs, colour maps, presets, layers, data sets",
    help: "Lists what is available: the file formats that are read, charts, outputs, colour maps \
           (with their colours, in a terminal with 24-bit colour), presets, exports, layers for \
           models, data sets, optimisers, initialisations, options and commands.",
    examples: "Examples:
  hinton list charts
  hinton list colormaps
  hinton list formats --markdown > formats.md",
    args: |command| {
        command
            .arg(
                Arg::new("what")
                    .value_name("WHAT")
                    .required(true)
                    .value_parser(KINDS.map(|kind| kind.0))
                    .help("What to list"),
            )
            .arg(
                Arg::new("markdown")
                    .long("markdown")
                    .action(ArgAction::SetTrue)
                    .help("Print Markdown, help texts included"),
            )
            .arg(
                Arg::new("json")
                    .long("json")
                    .action(ArgAction::SetTrue)
                    .conflicts_with("markdown")
                    .help("Print JSON"),
            )
    },
    run,
};

type Entries = fn() -> Vec<Entry>;

/// What can be listed.
const KINDS: [(&str, Entries); 15] = [
    ("formats", formats),
    ("charts", charts),
    ("outputs", outputs),
    ("colormaps", maps),
    ("presets", presets),
    ("exports", exports),
    ("layers", layers),
    ("data", data),
    ("optimizers", optimizers),
    ("inits", inits),
    ("options", options),
    ("film-options", film_options),
    ("space-options", space_options),
    ("training-options", training_options),
    ("commands", commands),
];

/// One row of a table, whichever table it is.
struct Entry {
    name: String,
    about: String,
    help: String,
    extensions: Vec<String>,
    /// Of a file format, its quantised types.
    quantised: Option<&'static str>,
}

impl Serialize for Entry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("name", &self.name)?;
        map.serialize_entry("about", &self.about)?;
        map.serialize_entry("help", &self.help)?;
        map.serialize_entry("extensions", &self.extensions)?;
        if let Some(types) = self.quantised {
            map.serialize_entry("quantised", types)?;
        }
        map.end()
    }
}

fn entry(name: &str, about: &str, help: &str, extensions: &[&str]) -> Entry {
    Entry {
        name: name.to_owned(),
        about: about.to_owned(),
        help: help.to_owned(),
        extensions: extensions.iter().map(|e| format!(".{e}")).collect(),
        quantised: None,
    }
}

/// A row whose texts name settings.
fn with_options(entry: Entry) -> Entry {
    Entry { about: in_options(&entry.about), help: in_options(&entry.help), ..entry }
}

fn layers() -> Vec<Entry> {
    let row = |row: &hinton::train::LayerRow| {
        entry(row.name, row.about, &format!("Written `{}`. {}.", row.usage, row.help), &[])
    };
    hinton::train::LAYERS.iter().map(row).collect()
}

fn data() -> Vec<Entry> {
    hinton::train::DATA.iter().map(|row| entry(row.name, row.about, row.help, &[])).collect()
}

fn optimizers() -> Vec<Entry> {
    let rows = hinton::train::OPTIMIZERS.iter();
    rows.map(|row| entry(row.name, row.about, &format!("{}.", row.help), &[])).collect()
}

fn inits() -> Vec<Entry> {
    hinton::train::INITS.iter().map(|row| entry(row.name, row.about, row.help, &[])).collect()
}

fn formats() -> Vec<Entry> {
    let row = |row: &hinton::files::FormatRow| Entry {
        quantised: Some(row.quantised),
        ..entry(row.name, row.about, row.help, row.extensions)
    };
    FORMATS.iter().map(row).collect()
}

fn charts() -> Vec<Entry> {
    CHARTS.iter().map(|row| with_options(entry(row.name, row.about, row.help, &[]))).collect()
}

fn outputs() -> Vec<Entry> {
    let row = |row: &OutputRow| with_options(entry(row.name, row.about, row.help, row.extensions));
    OUTPUTS.iter().map(row).collect()
}

fn maps() -> Vec<Entry> {
    colormaps().map(|row| entry(row.name, row.kind.name(), "", &[])).collect()
}

fn presets() -> Vec<Entry> {
    PRESETS.iter().map(|row| entry(row.name, row.about, row.help, &[])).collect()
}

fn exports() -> Vec<Entry> {
    EXPORTS.iter().map(|row| entry(row.name, row.about, "", &[row.extension])).collect()
}

fn options() -> Vec<Entry> {
    SETTINGS.iter().map(setting).collect()
}

fn film_options() -> Vec<Entry> {
    own_options("animate")
}

fn space_options() -> Vec<Entry> {
    own_options("space")
}

fn training_options() -> Vec<Entry> {
    own_options("train")
}

/// The settings of a command, without those of pictures.
fn own_options(command: &str) -> Vec<Entry> {
    let rows = settings::of(command).filter(|row| !matches!(row.set, Set::Draw(_)));
    rows.map(setting).collect()
}

fn setting(row: &'static SettingRow) -> Entry {
    let word = match row.takes {
        Takes::Nothing => format!("--{}", row.name),
        Takes::Value(value) | Takes::Values(value) => format!("--{} {value}", row.name),
        Takes::Perhaps(value) => format!("--{}[={value}]", row.name),
    };
    with_options(entry(&word, &row.line(), &row.full_help(), &[]))
}

fn commands() -> Vec<Entry> {
    let help = |row: &CommandRow| format!("{}\n\n```text\n{}\n```", row.help, row.examples);
    COMMANDS.iter().map(|row| entry(row.name, row.about, &help(row), &[])).collect()
}

fn run(matches: &ArgMatches) -> Result<(), Failure> {
    let Some(what) = matches.get_one::<String>("what") else { return Ok(()) };
    let Some((_, entries)) = KINDS.iter().find(|(name, _)| name == what) else { return Ok(()) };
    let entries = entries();
    let text = if matches.get_flag("markdown") {
        markdown(&entries)
    } else if matches.get_flag("json") {
        json(&entries)?
    } else {
        let terminal = Terminal::detect(None);
        let has_strips = what == "colormaps"
            && terminal.is_there
            && terminal.has_color()
            && terminal.options.graphics != Graphics::Colors256;
        if has_strips { strips(&terminal) } else { table(&entries, terminal.text_width()) }
    };
    out::emit(text.as_bytes())
}

fn table(entries: &[Entry], width: Option<usize>) -> String {
    let has_extensions = entries.iter().any(|entry| !entry.extensions.is_empty());
    let mut table = match has_extensions {
        true => Table::new(&["name", "extensions", "what"]),
        false => Table::new(&["name", "what"]),
    };
    for entry in entries {
        let mut row = vec![entry.name.clone()];
        if has_extensions {
            row.push(entry.extensions.join(" "));
        }
        row.push(entry.about.clone());
        table.push(row);
    }
    table.whole_text(width)
}

/// A heading and its paragraphs for each; file formats in a table first.
fn markdown(entries: &[Entry]) -> String {
    let mut text = overview(entries);
    for entry in entries {
        text.push_str(&format!("## `{}`\n\n{}.\n", entry.name, entry.about.trim_end_matches('.')));
        if !entry.extensions.is_empty() {
            let extensions: Vec<String> =
                entry.extensions.iter().map(|extension| format!("`{extension}`")).collect();
            text.push_str(&format!("\nExtensions: {}.\n", extensions.join(", ")));
        }
        if !entry.help.is_empty() {
            let help = match entry.help.rsplit_once(" Layout: ") {
                Some((help, layout)) => {
                    format!("{help}\n\nLayout: {}.", layout.trim_end_matches('.'))
                }
                None => entry.help.clone(),
            };
            text.push_str(&format!("\n{help}\n"));
        }
        text.push('\n');
    }
    format!("{}\n", text.trim_end())
}

/// A table of what has quantised types or not; nothing of other rows.
fn overview(entries: &[Entry]) -> String {
    let line = |entry: &Entry| {
        let quantised = match entry.quantised? {
            "" => "–",
            types => types,
        };
        let extensions = match entry.extensions.as_slice() {
            [] => "–".to_owned(),
            all => format!("`{}`", all.join(" ")),
        };
        let Entry { name, about, .. } = entry;
        Some(format!("| [{name}](#{name}) | {extensions} | {about} | {quantised} |\n"))
    };
    let lines: Vec<String> = entries.iter().filter_map(line).collect();
    match lines.is_empty() {
        true => String::new(),
        false => format!(
            "| format | extensions | what it is | quantised types |\n| --- | --- | --- | --- |\n{}\n",
            lines.concat()
        ),
    }
}

fn json(entries: &[Entry]) -> Result<String, Failure> {
    let objects: Result<Vec<String>, _> = entries.iter().map(hinton::inspect::to_json).collect();
    let objects = objects.map_err(|error| Failure::work(error.to_string()))?;
    Ok(format!("[{}]\n", objects.join(",\n")))
}

/// Each colour map as a strip of its colours.
fn strips(terminal: &Terminal) -> String {
    let names = colormaps().map(|row| row.name.len()).max().unwrap_or(0);
    let cells = terminal.options.columns.saturating_sub(names + 2).clamp(8, 64);
    let mut text = String::new();
    let mut kind = None;
    for row in colormaps() {
        if kind != Some(row.kind) {
            text.push_str(&format!(
                "{}{}\n",
                if kind.is_some() { "\n" } else { "" },
                row.kind.name()
            ));
            kind = Some(row.kind);
        }
        let Some(map) = Colormap::named(row.name) else { continue };
        text.push_str(&format!("{:names$}  ", row.name));
        for cell in 0..cells {
            let color = map.color((cell as f64 + 0.5) / cells as f64);
            text.push_str(&format!("\x1b[48;2;{};{};{}m ", color.r, color.g, color.b));
        }
        text.push_str("\x1b[0m\n");
    }
    text
}
