//! The formats: one file each, one row each.

use crate::{Checkpoint, Error, Head, Input, Limits, Sniff};

/// A format hinton reads.
pub struct FormatRow {
    /// Its name, as people and `--json` say it.
    pub name: &'static str,
    /// One line.
    pub about: &'static str,
    /// A paragraph: what is read, what is not, where the layout is specified.
    pub help: &'static str,
    /// Usual extensions, without the dot; they only break ties.
    pub extensions: &'static [&'static str],
    /// Whether a file that starts like this is of the format.
    pub sniff: fn(&Head<'_>) -> Sniff,
    /// Reads the index of such a file, and no values.
    pub open: fn(&Input, &Limits) -> Result<Checkpoint, Error>,
}

/// Every format, the most certain first.
pub const FORMATS: &[FormatRow] = &[];
