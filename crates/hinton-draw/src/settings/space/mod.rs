//! Settings of `space`: the network, the points, how they are seen, the film.

mod film;
mod network;
mod page;
mod points;
mod seen;

use super::row::SettingRow;
use super::{count, joined};

/// What the rows of this folder have in common.
const ROW: SettingRow = SettingRow { commands: &["space"], ..SettingRow::PLAIN };

const TOPICS: &[&[SettingRow]] = &[network::ROWS, points::ROWS, seen::ROWS, film::ROWS, page::ROWS];

pub(super) const ROWS: [SettingRow; count(TOPICS)] = joined(TOPICS);
