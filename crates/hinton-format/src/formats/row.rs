//! The rows of the tables of formats.

use std::sync::Arc;

use crate::source::Folder;
use crate::source::file::Entry;
use crate::{Checkpoint, Error, Head, Input, Limits, Sniff};

/// A format that hinton reads.
pub struct FormatRow {
    /// Its name, in messages and in JSON.
    pub name: &'static str,
    /// A description in one line.
    pub about: &'static str,
    /// A description in a paragraph: what is read, what is not, where the layout is specified.
    pub help: &'static str,
    /// Which quantised types it has, and what is read of them; empty where it has none.
    pub quantised: &'static str,
    /// Usual extensions, without the dot; they only break ties.
    pub extensions: &'static [&'static str],
    /// Whether a file that starts like this is of the format.
    pub(crate) sniff: fn(&Head<'_>) -> Sniff,
    /// Reads the index of such a file, and no values.
    pub(crate) open: fn(&Input, &Limits) -> Result<Checkpoint, Error>,
}

/// Opens a file as this format, whatever it looks like.
///
/// # Errors
/// Returns an error if it is not in this format, or cannot be read.
pub fn open_as(row: &FormatRow, input: &Input, limits: &Limits) -> Result<Checkpoint, Error> {
    (row.open)(input, limits)
}

/// A format whose checkpoints are folders that no single file in them can stand for.
pub(crate) struct FolderRow {
    /// What a folder of that name (as the user gave it) with these entries is to the format.
    pub(crate) holds: fn(&str, &[Entry], &dyn Folder) -> Holds,
    /// Reads the index of such a folder, and no values.
    pub(crate) open: OpenFolder,
}

/// Opens a folder, under the name that the user gave.
type OpenFolder = fn(&str, Arc<dyn Folder>, &Limits) -> Result<Checkpoint, Error>;

/// What a folder is to a format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holds {
    Nothing,
    /// One checkpoint, or what is left of one.
    One,
    /// A folder of checkpoints.
    Several,
}
