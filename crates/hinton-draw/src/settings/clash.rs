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
    /// What is wrong, in one sentence.
    pub fn sentence(&self) -> String {
        let (said, other) = (self.said.name, self.other.name);
        match self.is_missing {
            true => format!("`{said}` means nothing without `{other}`"),
            false => format!("`{said}` and `{other}` do not go together"),
        }
    }

    /// What to do about it.
    pub fn cure(&self) -> String {
        match self.is_missing {
            true => format!("say `{}`, too", self.other.name),
            false => format!("leave out one of them; {}", self.said.about),
        }
    }
}

impl From<Clash> for Error {
    fn from(clash: Clash) -> Error {
        Error::request(clash.sentence(), clash.cure())
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
