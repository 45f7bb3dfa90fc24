//! Reads consecutive numbers and byte ranges from the header of a binary file.

use std::borrow::Cow;

use hinton_tensor::{Bytes, Endian};

use crate::{Error, ErrorKind, Limits};

/// Bytes read at once where they are not addressable.
const WINDOW: u64 = 64 << 10;

/// A place in a file that moves on as it is read. It never reads past the file's end, nor more
/// than a header may have.
pub(crate) struct Cursor<'a> {
    data: &'a dyn Bytes,
    endian: Endian,
    at: u64,
    /// Where reading ends: the file's end, or the limit.
    end: u64,
    window: Vec<u8>,
    /// The byte of the file at which the window starts.
    window_at: u64,
}

impl<'a> Cursor<'a> {
    /// At byte 0 of `data`.
    pub(crate) fn new(data: &'a dyn Bytes, endian: Endian, limits: &Limits) -> Self {
        let end = data.len().min(limits.header_bytes);
        Cursor { data, endian, at: 0, end, window: Vec::new(), window_at: 0 }
    }

    /// At byte 0 of `data`, whose headers lie between data of any size.
    pub(crate) fn whole(data: &'a dyn Bytes, endian: Endian) -> Self {
        Cursor { data, endian, at: 0, end: data.len(), window: Vec::new(), window_at: 0 }
    }

    /// The byte that is read next.
    pub(crate) fn at(&self) -> u64 {
        self.at
    }

    /// Bytes that may still be read.
    pub(crate) fn left(&self) -> u64 {
        self.end - self.at
    }

    /// From here on numbers have this byte order.
    pub(crate) fn set_endian(&mut self, endian: Endian) {
        self.endian = endian;
    }

    /// The next `len` bytes; `what` names them in the error.
    pub(crate) fn take(&mut self, len: u64, what: &str) -> Result<Cow<'_, [u8]>, Error> {
        let from = self.advance(len, what)?;
        let data = self.data;
        if let Some(bytes) = data.slice(from..self.at) {
            return Ok(Cow::Borrowed(bytes));
        }
        let held = from >= self.window_at
            && self.at <= self.window_at.saturating_add(self.window.len() as u64);
        if !held {
            let want = len.max(WINDOW).min(data.len() - from);
            self.window = super::read_vec(data, from, want)?;
            self.window_at = from;
        }
        let first = (from - self.window_at) as usize;
        Ok(Cow::Borrowed(&self.window[first..first + len as usize]))
    }

    /// Goes on by `len` bytes, without a look at them.
    pub(crate) fn skip(&mut self, len: u64, what: &str) -> Result<(), Error> {
        self.advance(len, what).map(|_| ())
    }

    /// Moves on; returns where it was.
    fn advance(&mut self, len: u64, what: &str) -> Result<u64, Error> {
        let from = self.at;
        match from.checked_add(len).filter(|&to| to <= self.end) {
            Some(to) => {
                self.at = to;
                Ok(from)
            }
            None => Err(self.past_end(len, what)),
        }
    }

    fn past_end(&self, len: u64, what: &str) -> Error {
        let have = self.data.len();
        if self.end < have && self.at.saturating_add(len) <= have {
            let message =
                format!("the header is longer than {} bytes, which is the limit", self.end);
            return Error::new(ErrorKind::Limit, message).at_byte(self.at);
        }
        Error::malformed(format!("{what} should have {len} bytes here, the file has {have} in all"))
            .at_byte(self.at)
            .cure("the file is cut or damaged: download or copy it again")
    }

    /// The next number of `N` bytes, little-endian.
    pub(crate) fn number<const N: usize>(&mut self, what: &str) -> Result<[u8; N], Error> {
        let endian = self.endian;
        let bytes = self.take(N as u64, what)?;
        let mut number = [0; N];
        number.copy_from_slice(&bytes);
        if endian == Endian::Big {
            number.reverse();
        }
        Ok(number)
    }

    /// The next unsigned number of 32 bits.
    pub(crate) fn u32(&mut self, what: &str) -> Result<u32, Error> {
        Ok(u32::from_le_bytes(self.number(what)?))
    }

    /// The next unsigned number of 64 bits.
    pub(crate) fn u64(&mut self, what: &str) -> Result<u64, Error> {
        Ok(u64::from_le_bytes(self.number(what)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Part;
    use hinton_tensor::{Memory, ReadError};
    use std::ops::Range;
    use std::sync::Arc;

    /// Bytes that must be read.
    struct Far(Memory);

    impl Bytes for Far {
        fn len(&self) -> u64 {
            self.0.len()
        }

        fn slice(&self, _range: Range<u64>) -> Option<&[u8]> {
            None
        }

        fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<(), ReadError> {
            self.0.read_at(offset, buf)
        }
    }

    #[test]
    fn reads_alike_from_memory_and_from_afar() {
        let bytes: Vec<u8> = (0..=255).cycle().take(200_000).collect();
        let near = Memory::new(bytes.clone());
        let far = Far(near.clone());
        for data in [&near as &dyn Bytes, &far] {
            let mut cursor = Cursor::new(data, Endian::Little, &Limits::default());
            assert_eq!(cursor.u32("a").unwrap(), 0x0302_0100);
            cursor.set_endian(Endian::Big);
            assert_eq!(cursor.u64("b").unwrap(), 0x0405_0607_0809_0a0b);
            cursor.skip(70_000, "c").unwrap();
            assert_eq!(&cursor.take(3, "d").unwrap()[..], &bytes[70_012..70_015]);
            assert_eq!(cursor.take(100_000, "e").unwrap().len(), 100_000);
            let left = cursor.left();
            let error = cursor.take(left + 1, "the name").unwrap_err();
            assert!(error.to_string().contains("at byte 170015: the name should have 29986 bytes"));
            assert!(cursor.skip(u64::MAX, "f").is_err());
            assert_eq!(cursor.at(), 170_015, "a failed read moves nowhere");
        }
    }

    #[test]
    fn a_header_has_a_limit() {
        let data: Arc<dyn Bytes> = Arc::new(Memory::new(vec![0; 100]));
        let data = Part::new(data, 0, 100).unwrap();
        let limits = Limits { header_bytes: 10, ..Limits::default() };
        let mut cursor = Cursor::new(&data, Endian::Little, &limits);
        cursor.skip(8, "a").unwrap();
        assert_eq!(cursor.u32("b").unwrap_err().kind(), ErrorKind::Limit);
        assert_eq!(cursor.skip(200, "c").unwrap_err().kind(), ErrorKind::Malformed);
    }
}
