//! Recognises the format of a file by its content; the name only decides between equal candidates.

use crate::source::wrapper::unwrapped_name;

/// What a format is given to decide whether a file is in that format.
#[derive(Debug, Clone, Copy)]
pub struct Head<'a> {
    /// The first bytes, up to 4 KiB, after decompression.
    pub bytes: &'a [u8],
    /// Size of the whole file; `None` if it is only known after decompression.
    pub len: Option<u64>,
    /// The file name, for its extension.
    pub name: &'a str,
}

impl Head<'_> {
    /// Whether the name ends with one of these extensions (without the dot), ignoring case. The
    /// extension of a wrapper, such as `.gz`, is ignored.
    pub fn has_extension(&self, extensions: &[&str]) -> bool {
        let name = unwrapped_name(self.name).to_ascii_lowercase();
        extensions
            .iter()
            .any(|extension| name.strip_suffix(extension).is_some_and(|stem| stem.ends_with('.')))
    }
}

/// A format's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sniff {
    /// The file is not in this format.
    No,
    /// The file may be in this format: there is no magic number, but nothing contradicts it.
    Likely,
    /// The file is in this format.
    Certain,
}
