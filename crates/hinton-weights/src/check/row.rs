//! The row of a kind of finding.

/// A kind of finding.
#[derive(Debug, PartialEq, Eq)]
pub struct CheckRow {
    /// Its name, as `--allow` accepts it.
    pub name: &'static str,
    /// What it means, in one line.
    pub about: &'static str,
    /// Whether it is a fault (something is wrong) or a note (worth a look).
    pub is_fault: bool,
}
