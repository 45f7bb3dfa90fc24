//! Reading a stream byte by byte, never past its end.

/// A position in a stream.
pub(super) struct Cursor<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
}

/// The stream ended too early: what was wanted and what is left.
pub(super) struct Cut {
    pub(super) wanted: u64,
    pub(super) left: usize,
}

impl<'a> Cursor<'a> {
    /// Start of the next `len` bytes, which are stepped over.
    pub(super) fn skip(&mut self, len: u64) -> Result<usize, Cut> {
        let left = self.bytes.len() - self.at;
        match usize::try_from(len) {
            Ok(len) if len <= left => {
                let start = self.at;
                self.at += len;
                Ok(start)
            }
            _ => Err(Cut { wanted: len, left }),
        }
    }

    /// The next `len` bytes.
    pub(super) fn take(&mut self, len: u64) -> Result<&'a [u8], Cut> {
        let start = self.skip(len)?;
        Ok(&self.bytes[start..self.at])
    }

    /// The next `N` bytes.
    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Cut> {
        let mut out = [0; N];
        out.copy_from_slice(self.take(N as u64)?);
        Ok(out)
    }

    /// The bytes up to the next line feed, which is stepped over; `None` where none comes.
    pub(super) fn line(&mut self) -> Option<(usize, &'a [u8])> {
        let rest = &self.bytes[self.at..];
        let len = rest.iter().position(|&byte| byte == b'\n')?;
        let start = self.at;
        self.at += len + 1;
        Some((start, &rest[..len]))
    }
}
