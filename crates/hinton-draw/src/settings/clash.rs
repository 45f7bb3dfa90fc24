//! Settings that do not go together, as their rows say.

use hinton_weights::Error;

use super::{SettingRow, of};

/// Two settings that do not go together.
#[derive(Clone, Copy)]
pub struct Clash {
    /// The setting that was said.
    pub said: &'static SettingRow,
    /// The one that it does not go with, or that is missing beside it.
    pub other: &'static SettingRow,
    /// Whether the other is missing.
    pub is_missing: bool,
}

impl Clash {
    /// What is wrong, in one sentence; `name` says how the caller writes a setting.
    pub fn sentence(&self, name: impl Fn(&'static SettingRow) -> String) -> String {
        let (said, other) = (name(self.said), name(self.other));
        match self.is_missing {
            true => format!("{said} means nothing without {other}"),
            false => format!("{said} and {other} do not go together"),
        }
    }

    /// What to do about it.
    pub fn cure(&self, name: impl Fn(&'static SettingRow) -> String) -> String {
        match self.is_missing {
            true => format!("say {}, too", name(self.other)),
            false => format!("leave out one of them; {}", self.said.about),
        }
    }
}

impl From<Clash> for Error {
    fn from(clash: Clash) -> Error {
        let plain = |row: &'static SettingRow| row.name.to_owned();
        Error::request(clash.sentence(plain), clash.cure(plain))
    }
}

/// The first clash among the settings of a command that were said, in the order of its rows.
pub fn clash(command: &str, said: &[&str]) -> Option<Clash> {
    let row = |name: &str| of(command).find(|row| row.name == name);
    of(command).filter(|row| said.contains(&row.name)).find_map(|one| {
        let missing = one.requires.iter().find(|name| !said.contains(name));
        let excluded = one.excludes.iter().find(|name| said.contains(name));
        let other = missing.or(excluded)?;
        Some(Clash { said: one, other: row(other)?, is_missing: missing.is_some() })
    })
}
