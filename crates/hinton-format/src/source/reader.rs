//! Bytes as `Read + Seek`, for libraries that need it.

use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;

use hinton_tensor::Bytes;

use crate::words::{carried, said};

/// Reads some bytes from `start` up to `end`; position 0 is `start`.
#[derive(Clone)]
pub(crate) struct ByteReader {
    data: Arc<dyn Bytes>,
    start: u64,
    len: u64,
    position: u64,
}

impl ByteReader {
    /// Reads `len` bytes from `start`; a range that leaves the data ends with it.
    pub(crate) fn new(data: Arc<dyn Bytes>, start: u64, len: u64) -> Self {
        let start = start.min(data.len());
        let len = len.min(data.len() - start);
        ByteReader { data, start, len, position: 0 }
    }

    /// Reads all of the bytes.
    pub(crate) fn whole(data: Arc<dyn Bytes>) -> Self {
        let len = data.len();
        ByteReader::new(data, 0, len)
    }
}

impl Read for ByteReader {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let left = self.len.saturating_sub(self.position);
        let count = usize::try_from(left).unwrap_or(usize::MAX).min(buf.len());
        if count == 0 {
            return Ok(0);
        }
        self.data
            .read_at(self.start + self.position, &mut buf[..count])
            .map_err(|error| carried(&error))?;
        self.position += count as u64;
        Ok(count)
    }
}

impl Seek for ByteReader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(step) => self.len.checked_add_signed(step),
            SeekFrom::Current(step) => self.position.checked_add_signed(step),
        };
        self.position = target.ok_or_else(|| said("a seek to before the first byte"))?;
        Ok(self.position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hinton_tensor::Memory;

    #[test]
    fn reads_its_range_and_seeks_in_it() {
        let data: Arc<dyn Bytes> = Arc::new(Memory::new(*b"0123456789"));
        let mut reader = ByteReader::new(data.clone(), 2, 5);
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        assert_eq!(text, "23456");
        reader.seek(SeekFrom::End(-2)).unwrap();
        text.clear();
        reader.read_to_string(&mut text).unwrap();
        assert_eq!(text, "56");
        assert!(reader.seek(SeekFrom::Current(-9)).is_err());
        assert_eq!(reader.seek(SeekFrom::Start(99)).unwrap(), 99);
        assert_eq!(reader.read(&mut [0; 4]).unwrap(), 0);
        let mut cut = ByteReader::new(data, 8, 100);
        text.clear();
        cut.read_to_string(&mut text).unwrap();
        assert_eq!(text, "89");
    }
}
