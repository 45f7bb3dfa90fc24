//! What a setting is: a row of a table.

use hinton_chart::{CHARTS, ChartRow};
use hinton_run::RunOptions;

use crate::space::SpaceRequest;
use crate::training::TrainRequest;
use crate::{AnimateRequest, DrawRequest, Error, FilmSettings};

/// Whether a setting takes a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// No value: the name is enough.
    Nothing,
    /// A value; the text is its placeholder in help texts.
    Value(&'static str),
    /// An optional value; the text is its placeholder in help texts.
    Perhaps(&'static str),
    /// A value, any number of times; the text is its placeholder in help texts.
    Values(&'static str),
}

/// What its value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A text.
    Text,
    /// A text that may begin with a minus.
    Signed,
    /// A number.
    Number,
    /// A whole number, not below zero.
    Count,
    /// The path of a file or a folder.
    Path,
}

/// Which charts a setting affects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Every chart.
    Every,
    /// Those whose rows name it among [`heeds`](hinton_chart::ChartRow::heeds).
    Some,
}

/// What a setting is set on, and how. Without a value, the text is empty.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum Set {
    /// A picture, see [`DrawRequest::set`].
    Draw(fn(&mut DrawRequest, &str) -> Result<(), Error>),
    /// A film of a run, see [`AnimateRequest::set`].
    Animate(fn(&mut AnimateRequest, &str) -> Result<(), Error>),
    /// Points that are sent through a network, see [`SpaceRequest::set`].
    Space(fn(&mut SpaceRequest, &str) -> Result<(), Error>),
    /// A training, see [`TrainRequest::set`].
    Train(fn(&mut TrainRequest, &str) -> Result<(), Error>),
    /// How a run is opened.
    Open(fn(&mut RunOptions, &str) -> Result<(), Error>),
    /// How a film is saved.
    Save(fn(&mut FilmSettings, &str) -> Result<(), Error>),
    /// Nothing: a program does it by itself, or by calling something else, which the text names.
    Program(&'static str),
}

/// One setting.
#[derive(Clone, Copy)]
pub struct SettingRow {
    /// Its name, without dashes.
    pub name: &'static str,
    /// Whether it takes a value.
    pub takes: Takes,
    /// What its value is.
    pub kind: Kind,
    /// A description in one line.
    pub about: &'static str,
    /// What holds where nothing is said; empty if the description says it, or there is nothing to say.
    pub default: &'static str,
    /// A description in a paragraph; empty if the line says everything.
    pub help: &'static str,
    /// What it is about: the heading above it in help texts; empty for the first and the foremost.
    pub topic: &'static str,
    /// The commands that have it.
    pub commands: &'static [&'static str],
    /// Which charts it affects.
    pub scope: Scope,
    /// The values it accepts, if they can be listed.
    pub choices: fn() -> Vec<&'static str>,
    /// Whether it accepts others besides.
    pub others: bool,
    /// Settings without which it means nothing.
    pub requires: &'static [&'static str],
    /// Settings that may not be said together with it.
    pub excludes: &'static [&'static str],
    /// What it is set on, and how.
    pub set: Set,
}

impl SettingRow {
    /// What rows have where they say nothing else; the rest of a row is its own.
    pub(super) const PLAIN: SettingRow = SettingRow {
        name: "",
        takes: Takes::Nothing,
        kind: Kind::Text,
        about: "",
        default: "",
        help: "",
        topic: "",
        commands: &[],
        scope: Scope::Every,
        choices: Vec::new,
        others: false,
        requires: &[],
        excludes: &[],
        set: Set::Program(""),
    };

    /// The description in one line, with the default.
    pub fn line(&self) -> String {
        match self.default {
            "" => self.about.to_owned(),
            default => format!("{} [default: {default}]", self.about),
        }
    }

    /// The description in full, with the charts that the setting affects if it does not affect all.
    pub fn full_help(&self) -> String {
        if self.scope == Scope::Every {
            return self.help.to_owned();
        }
        let charts = format!("Charts: {}.", self.charts().join(", "));
        [self.help, &charts].join(" ").trim_start().to_owned()
    }

    /// Whether it affects a chart.
    pub fn affects(&self, chart: &str) -> bool {
        self.scope == Scope::Every || self.charts().contains(&chart)
    }

    /// The charts that it affects, if it does not affect every chart; empty otherwise.
    pub fn charts(&self) -> Vec<&'static str> {
        let heeds = |chart: &&ChartRow| chart.heeds.contains(&self.name);
        match self.scope {
            Scope::Every => Vec::new(),
            Scope::Some => CHARTS.iter().filter(heeds).map(|chart| chart.name).collect(),
        }
    }
}
