//! The two simple heaps: local ones hold the names of a group, global ones texts of any length.

use super::file::{Fields, H5File};
use crate::Error;

/// The names of an old group's links.
pub(super) struct LocalHeap {
    bytes: Vec<u8>,
    at: u64,
}

impl LocalHeap {
    pub(super) fn read(file: &H5File, at: u64) -> Result<LocalHeap, Error> {
        let len = 8 + 2 * file.frame.length_size as u64 + file.frame.offset_size as u64;
        let head = file.block(at, len, "local heap")?;
        let mut fields = Fields::new(&head, at, file.frame, "local heap");
        fields.signature(b"HEAP")?;
        fields.take(4)?;
        let size = fields.length()?;
        fields.length()?;
        let at = fields.needed_address("local heap's data")?;
        Ok(LocalHeap { bytes: file.block(at, size, "local heap's data")?, at })
    }

    /// The text that starts at an offset.
    pub(super) fn text(&self, offset: u64) -> Result<String, Error> {
        let rest = usize::try_from(offset).ok().and_then(|offset| self.bytes.get(offset..));
        let text = rest.and_then(|rest| {
            let len = rest.iter().position(|byte| *byte == 0)?;
            Some(String::from_utf8_lossy(&rest[..len]).into_owned())
        });
        text.ok_or_else(|| {
            let size = self.bytes.len();
            let message = format!("no name starts at byte {offset} of the heap of {size} bytes");
            Error::malformed(message).at_byte(self.at)
        })
    }
}

/// An object of a global heap.
pub(super) fn global_object(file: &H5File, at: u64, index: u32) -> Result<Vec<u8>, Error> {
    let head_len = 8 + file.frame.length_size as u64;
    let head = file.block(at, head_len, "global heap")?;
    let mut fields = Fields::new(&head, at, file.frame, "global heap");
    fields.signature(b"GCOL")?;
    fields.take(4)?;
    let size = fields.length()?;
    let bytes = file.block(at, size, "global heap")?;
    let mut fields = Fields::new(&bytes, at, file.frame, "global heap");
    fields.take(head_len as usize)?;
    while fields.left() > head_len as usize {
        let found = u32::from(fields.u16()?);
        fields.take(6)?;
        let size = usize::try_from(fields.length()?).unwrap_or(usize::MAX);
        if found == index {
            return Ok(fields.take(size)?.to_vec());
        }
        if found == 0 {
            break;
        }
        let padded = size.checked_next_multiple_of(8).unwrap_or(usize::MAX);
        fields.take(padded.min(fields.left()))?;
    }
    Err(Error::malformed(format!("the global heap has no object {index}")).at_byte(at))
}
