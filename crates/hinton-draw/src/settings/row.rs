//! What a setting is: a row of the table.

use hinton_chart::{CHARTS, ChartRow};
use hinton_weights::Error;

use crate::DrawRequest;

/// Whether a setting takes a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// No value: the name is enough.
    Nothing,
    /// A value; the text is its placeholder in help texts.
    Value(&'static str),
    /// An optional value; the text is its placeholder in help texts.
    Perhaps(&'static str),
}

/// Which charts a setting affects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Every chart.
    Every,
    /// Those whose rows name it among [`heeds`](hinton_chart::ChartRow::heeds).
    Some,
}

/// One setting of a picture.
pub struct SettingRow {
    /// Its name, without dashes.
    pub name: &'static str,
    /// Whether it takes a value.
    pub takes: Takes,
    /// A description in one line.
    pub about: &'static str,
    /// A description in a paragraph; empty if the line says everything.
    pub help: &'static str,
    /// Which charts it affects.
    pub scope: Scope,
    /// The values it accepts, if they can be listed.
    pub choices: fn() -> Vec<&'static str>,
    /// Applies it to a request; if there is no value, the text is empty.
    pub set: fn(&mut DrawRequest<'_>, &str) -> Result<(), Error>,
}

impl SettingRow {
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
