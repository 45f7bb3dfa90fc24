//! Arrays out of a pickle that has been read: those of numpy, lists of numbers, and what the
//! libraries of a table make. Nothing here knows a library but numpy; each is a row of the table.

mod known;
mod library;
mod metadata;
mod numbers;
mod numpy;
mod parts;
mod reader;
mod walk;

use std::sync::Arc;

use hinton_tensor::{Bytes, Memory};

use crate::source::read_vec;
use crate::{Error, ErrorKind, Limits};

pub(crate) use known::refused_call;
pub(crate) use library::{Libraries, Library, Parts};
pub(crate) use metadata::plain_value;
pub(crate) use parts::Label;
pub(crate) use reader::{Leaf, Nested, Placed, Raw, Reader, Storages, Stored};
pub(crate) use walk::{Found, walk};

/// The bytes as one slice of memory can show them: as they are where they are mapped or in memory,
/// else a copy, where they are no more than an index may have.
pub(crate) fn addressable(data: &Arc<dyn Bytes>, limits: &Limits) -> Result<Arc<dyn Bytes>, Error> {
    let len = data.len();
    if data.slice(0..len).is_some() {
        return Ok(data.clone());
    }
    // Arrays lie in a pickle beside what leads to them.
    let most = limits.header_bytes.max(limits.inflate_bytes);
    if len > most {
        return Err(Error::new(
            ErrorKind::Limit,
            format!(
                "the pickle has {len} bytes that must be unpacked to memory, the limit is {most}"
            ),
        )
        .cure("unpack the file and open it unpacked"));
    }
    Ok(Arc::new(Memory::new(read_vec(&**data, 0, len)?)))
}

/// All bytes of [`addressable`] data.
pub(crate) fn whole(data: &Arc<dyn Bytes>) -> &[u8] {
    data.slice(0..data.len()).unwrap_or(&[])
}
