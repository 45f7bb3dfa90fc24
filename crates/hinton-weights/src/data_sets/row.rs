//! The row of a data set.

/// A data set that is known by name.
#[derive(Debug)]
pub struct DataRow {
    /// Its name.
    pub name: &'static str,
    /// A description in one line.
    pub about: &'static str,
    /// Source and licence.
    pub help: &'static str,
    /// Its files; empty if it is embedded in the program.
    pub files: &'static [DataFile],
    /// Where the files can be downloaded, tried in order.
    pub mirrors: &'static [&'static str],
    /// Names of the classes; digits if there are none here.
    pub(super) classes: &'static [&'static str],
}

impl DataRow {
    /// Names of the classes where they are more than digits.
    pub fn classes(&self) -> &'static [&'static str] {
        self.classes
    }
}

/// A file of a data set that is not embedded in the program.
#[derive(Debug)]
pub struct DataFile {
    /// Its name.
    pub name: &'static str,
    /// Its length in bytes.
    pub bytes: u64,
    /// Its SHA-256, in hexadecimal digits.
    pub sha256: &'static str,
}
