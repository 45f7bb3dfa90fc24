//! Addresses: paths that are not on this disk, such as `https://…`.
//!
//! This crate opens no connections. The program registers, once, what opens addresses; from then on
//! an address works wherever a path does, including where a file refers to others next to it.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use super::Location;
use crate::{Error, ErrorKind};

/// Opens addresses.
pub trait Places: Send + Sync {
    /// The location that an address refers to. Whether its files exist may be checked only when
    /// they are opened.
    ///
    /// # Errors
    /// Returns an error if the address is not understood, or cannot be reached.
    fn find(&self, address: &str) -> Result<Location, Error>;
}

static PLACES: OnceLock<Arc<dyn Places>> = OnceLock::new();

/// Registers `places` to open addresses in the whole process. Only the first call has an effect;
/// returns whether this was it.
pub fn open_addresses_with(places: Arc<dyn Places>) -> bool {
    PLACES.set(places).is_ok()
}

/// The text of a path, if it is an address: a scheme of two or more letters, then `://`.
pub fn address(path: &Path) -> Option<&str> {
    let text = path.to_str()?;
    let (scheme, _) = text.split_once("://")?;
    let is_letter = |letter: u8| letter.is_ascii_alphanumeric() || b"+-.".contains(&letter);
    (scheme.len() >= 2
        && scheme.as_bytes()[0].is_ascii_alphabetic()
        && scheme.bytes().all(is_letter))
    .then_some(text)
}

/// Where an address leads.
pub(super) fn find(address: &str) -> Result<Location, Error> {
    match PLACES.get() {
        Some(places) => places.find(address),
        None => Err(Error::new(
            ErrorKind::Unsupported,
            "this is an address, and this program opens files on this machine only",
        )
        .in_file(address)
        .cure("download it first")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Limits;

    #[test]
    fn addresses_have_a_scheme() {
        for text in ["https://a/b", "hf://org/name", "s3://x", "git+ssh://x"] {
            assert_eq!(address(Path::new(text)), Some(text));
        }
        for text in ["a/b", "C://x", "c:\\x", "://x", "a b://x", "1a://x", "x:/y"] {
            assert_eq!(address(Path::new(text)), None, "{text}");
        }
        let error = Location::find(Path::new("https://a/b"), &Limits::default()).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert_eq!(error.file(), "https://a/b");
    }
}
