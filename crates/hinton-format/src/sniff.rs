//! Which format a file is, by its content; the name only breaks ties.

use crate::source::wrapper::unwrapped_name;

/// What a format sees when it is asked whether a file is its own.
#[derive(Debug, Clone, Copy)]
pub struct Head<'a> {
    /// The first bytes, up to 4 KiB (of what is packed, where the file is).
    pub bytes: &'a [u8],
    /// Length of the whole file; `None` where it is not known before inflating.
    pub len: Option<u64>,
    /// File name, for its extension.
    pub name: &'a str,
}

impl Head<'_> {
    /// Whether the name ends with one of these extensions (without the dot), in any case.
    /// That of a wrapper at the end, such as `.gz`, is looked through.
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
    /// Not this format.
    No,
    /// Could be: there is no magic number, but nothing speaks against it.
    Likely,
    /// It is this format.
    Certain,
}
