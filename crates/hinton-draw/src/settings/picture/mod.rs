//! Settings of a picture: of `draw`, and of the pictures in what other commands make.

mod charts;
mod colours;
mod drawn;
mod page;

use super::row::SettingRow;
use super::{count, joined};

/// What the rows of this folder have in common.
const ROW: SettingRow = SettingRow { commands: &["draw", "animate", "train"], ..SettingRow::PLAIN };

/// By topic, in the order in which they are applied: a preset first, and the others on top of it.
const TOPICS: &[&[SettingRow]] = &[drawn::ROWS, colours::ROWS, page::ROWS, charts::ROWS];

pub(super) const ROWS: [SettingRow; count(TOPICS)] = joined(TOPICS);
