//! Sources of bytes: mapped files, parts of other bytes, decompressed members, decoded lists.
//!
//! Only [`mod@file`] accesses the file system; nothing is ever written.

pub(crate) mod blosc;
pub(crate) mod cache;
pub(crate) mod coding;
pub(crate) mod cursor;
pub mod file;
pub mod folder;
pub(crate) mod grid;
pub mod inflate;
pub mod joined;
pub(crate) mod kept;
pub mod location;
pub mod made;
pub(crate) mod once;
pub mod part;
pub mod places;
pub(crate) mod reader;
pub(crate) mod shuffle;
pub mod text;
pub(crate) mod unzstd;
pub(crate) mod wrapper;

pub(crate) use cursor::Cursor;
pub use file::{FileState, file_state, map_file};
pub use folder::{Below, Disk, Folder, InMemory};
pub use inflate::Inflate;
pub use joined::Joined;
pub use location::Location;
pub use made::{Lazy, Made};
pub use part::Part;
pub use places::{Places, open_addresses_with};
pub(crate) use reader::ByteReader;
pub use text::utf8_text;

use hinton_tensor::{Bytes, ReadError, range_end};

/// The first `want` bytes, or all of them if there are fewer.
///
/// # Errors
/// Returns an error if the underlying bytes cannot be read.
pub fn read_head(data: &dyn Bytes, want: u64) -> Result<Vec<u8>, ReadError> {
    read_vec(data, 0, want.min(data.len()))
}

/// Copies `len` bytes at `offset`. The range is checked before memory is allocated.
///
/// # Errors
/// Returns an error if the range is out of bounds, or the underlying bytes cannot be read.
pub fn read_vec(data: &dyn Bytes, offset: u64, len: u64) -> Result<Vec<u8>, ReadError> {
    range_end(offset, len, data.len())?;
    let size = usize::try_from(len).map_err(|_| {
        ReadError::memory(offset, len, "that is more than this machine can address")
    })?;
    let mut bytes = Vec::new();
    bytes
        .try_reserve_exact(size)
        .map_err(|_| ReadError::memory(offset, len, "there is not enough memory"))?;
    bytes.resize(size, 0);
    data.read_at(offset, &mut bytes)?;
    Ok(bytes)
}
