//! Data elements of MAT-files, version 5: a tag of type and size, then the data.

use std::sync::Arc;

use hinton_tensor::{Bytes, Dtype, Endian};

use crate::Error;
use crate::source::read_vec;

/// Types of elements (`mi…` in the specification).
pub(super) mod kind {
    pub(crate) const INT8: u32 = 1;
    pub(crate) const UINT8: u32 = 2;
    pub(crate) const UINT16: u32 = 4;
    pub(crate) const INT32: u32 = 5;
    pub(crate) const UINT32: u32 = 6;
    pub(crate) const MATRIX: u32 = 14;
    pub(crate) const COMPRESSED: u32 = 15;
    pub(crate) const UTF8: u32 = 16;
    pub(crate) const UTF16: u32 = 17;
}

/// An element: what it is and where its data lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Element {
    pub(super) kind: u32,
    pub(super) at: u64,
    pub(super) len: u64,
}

/// Elements one after another.
#[derive(Clone)]
pub(super) struct Elements {
    pub(super) data: Arc<dyn Bytes>,
    pub(super) at: u64,
    end: u64,
    pub(super) endian: Endian,
}

impl Elements {
    /// Those in a range of bytes, which must lie in the data.
    pub(super) fn new(data: Arc<dyn Bytes>, at: u64, end: u64, endian: Endian) -> Self {
        let end = end.min(data.len());
        Elements { data, at, end, endian }
    }

    /// The elements that an element holds.
    pub(super) fn inside(&self, element: Element) -> Elements {
        let end = element.at + element.len;
        Elements { data: self.data.clone(), at: element.at, end, endian: self.endian }
    }

    /// Bytes that are left.
    pub(super) fn left(&self) -> u64 {
        self.end.saturating_sub(self.at)
    }

    fn number(&self, bytes: &[u8]) -> u32 {
        let bytes = [bytes[0], bytes[1], bytes[2], bytes[3]];
        match self.endian {
            Endian::Little => u32::from_le_bytes(bytes),
            Endian::Big => u32::from_be_bytes(bytes),
        }
    }

    /// The next element.
    pub(super) fn next(&mut self) -> Result<Element, Error> {
        let at = self.at;
        let cut = |message: String| {
            Error::malformed(message)
                .at_byte(at)
                .cure("the file is cut or damaged: download or copy it again")
        };
        if self.left() < 8 {
            return Err(cut(format!("an element is expected, {} bytes are left", self.left())));
        }
        let tag = read_vec(&*self.data, at, 8)?;
        let first = self.number(&tag);
        // Up to four bytes of data lie in the tag, whose upper half is then their count.
        if first >> 16 != 0 {
            let (kind, len) = (first & 0xffff, u64::from(first >> 16));
            if len > 4 {
                return Err(cut(format!("a small element of {len} bytes")));
            }
            self.at += 8;
            return Ok(Element { kind, at: at + 4, len });
        }
        let len = u64::from(self.number(&tag[4..]));
        if len > self.left() - 8 {
            return Err(cut(format!("an element of {len} bytes, {} are left", self.left() - 8)));
        }
        // All but compressed ones are padded; the last one may not be.
        let size = if first == kind::COMPRESSED { len } else { len.next_multiple_of(8) };
        self.at = (at + 8 + size).min(self.end);
        Ok(Element { kind: first, at: at + 8, len })
    }

    /// The next element, which must be of one of these types and have no more bytes than `most`;
    /// its bytes. Other programs than MATLAB write other types of the same size.
    pub(super) fn bytes(&mut self, kinds: &[u32], most: u64, what: &str) -> Result<Vec<u8>, Error> {
        let element = self.next()?;
        if !kinds.contains(&element.kind) || element.len > most {
            let Element { kind: found, at, len } = element;
            let wanted = kinds.first().copied().unwrap_or_default();
            let message =
                format!("expected the {what} (type {wanted}), found {len} bytes of type {found}");
            return Err(Error::malformed(message).at_byte(at));
        }
        Ok(read_vec(&*self.data, element.at, element.len)?)
    }

    /// The next element's text, which is a name.
    pub(super) fn name(&mut self, most: u64, what: &str) -> Result<String, Error> {
        let bytes = self.bytes(&[kind::INT8, kind::UINT8, kind::UTF8], most, what)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The next element's 32-bit numbers.
    pub(super) fn numbers(&mut self, most: u64, what: &str) -> Result<Vec<u32>, Error> {
        let bytes = self.bytes(&[kind::INT32, kind::UINT32], 4 * most, what)?;
        Ok(bytes.chunks_exact(4).map(|bytes| self.number(bytes)).collect())
    }
}

/// The dtype that an element of numbers stores.
pub(super) fn dtype_of(kind: u32) -> Option<Dtype> {
    Some(match kind {
        1 => Dtype::I8,
        2 => Dtype::U8,
        3 => Dtype::I16,
        4 => Dtype::U16,
        5 => Dtype::I32,
        6 => Dtype::U32,
        7 => Dtype::F32,
        9 => Dtype::F64,
        12 => Dtype::I64,
        13 => Dtype::U64,
        _ => return None,
    })
}
