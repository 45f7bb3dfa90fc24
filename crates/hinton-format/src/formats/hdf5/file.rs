//! The file below the objects: the superblock, blocks read by address, and the numbers in them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use hinton_tensor::Bytes;

use super::checksum::lookup3;
use crate::source::cache::ChunkCache;
use crate::source::read_vec;
use crate::{Error, ErrorKind, Limits};

/// The first bytes of a superblock.
pub(super) const SIGNATURE: &[u8; 8] = b"\x89HDF\r\n\x1a\n";

/// What every block costs of the budget besides its length, so that empty ones cannot be read for
/// ever.
const BLOCK_COST: u64 = 64;

/// Where addresses count from, and how many bytes addresses and lengths take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    base: u64,
    pub(super) offset_size: usize,
    pub(super) length_size: usize,
}

/// An HDF5 file whose superblock has been read.
pub(super) struct H5File {
    pub(super) data: Arc<dyn Bytes>,
    /// The file, as it is shown to the user.
    pub(super) name: Arc<str>,
    pub(super) frame: Frame,
    pub(super) limits: Limits,
    /// Decoded chunks of all its datasets.
    pub(super) cache: Arc<ChunkCache>,
    /// Byte at which the root group's object header lies.
    pub(super) root: u64,
    /// Bytes of metadata that may still be read.
    left: AtomicU64,
}

impl H5File {
    /// Finds and reads the superblock: at byte 0, or behind a user block of 512, 1024, 2048 … bytes.
    pub(super) fn open(
        data: Arc<dyn Bytes>,
        name: Arc<str>,
        limits: &Limits,
    ) -> Result<Self, Error> {
        let start = find_superblock(&*data)?;
        let mut file = H5File {
            data,
            name,
            frame: Frame { base: start, offset_size: 8, length_size: 8 },
            limits: *limits,
            cache: Arc::new(ChunkCache::default()),
            root: 0,
            left: AtomicU64::new(limits.header_bytes),
        };
        let version = file.block(start, 9, "superblock")?[8];
        match version {
            0 | 1 => file.read_old_superblock(start, version)?,
            2 | 3 => file.read_new_superblock(start)?,
            _ => {
                let message = format!("version {version} of HDF5's superblock; 0 to 3 are read");
                return Err(Error::new(ErrorKind::Unsupported, message).at_byte(start + 8));
            }
        }
        Ok(file)
    }

    /// The same file with the whole budget for metadata again.
    pub(super) fn afresh(&self) -> H5File {
        H5File {
            data: self.data.clone(),
            name: self.name.clone(),
            frame: self.frame,
            limits: self.limits,
            cache: self.cache.clone(),
            root: self.root,
            left: AtomicU64::new(self.limits.header_bytes),
        }
    }

    fn read_old_superblock(&mut self, start: u64, version: u8) -> Result<(), Error> {
        let fixed = if version == 0 { 24 } else { 28 };
        let sizes = self.block(start, fixed, "superblock")?;
        self.set_sizes(sizes[13], sizes[14], start + 13)?;
        let rest = start + fixed;
        let offsets = self.frame.offset_size as u64;
        let bytes = self.block(rest, 6 * offsets, "superblock")?;
        let mut fields = Fields::new(&bytes, rest, self.frame, "superblock");
        let base = fields.offset()?;
        fields.offset()?;
        let end = fields.offset()?;
        fields.offset()?;
        // The root's symbol table entry: the offset of its name, then its object header.
        fields.offset()?;
        self.root = fields.needed_address("root group")?;
        self.check_end(base, end, start)
    }

    fn read_new_superblock(&mut self, start: u64) -> Result<(), Error> {
        let sizes = self.block(start, 12, "superblock")?;
        self.set_sizes(sizes[9], sizes[10], start + 9)?;
        let len = 12 + 4 * self.frame.offset_size as u64 + 4;
        let bytes = self.checked_block(start, len, "superblock")?;
        let mut fields = Fields::new(&bytes, start, self.frame, "superblock");
        fields.take(12)?;
        let base = fields.offset()?;
        fields.offset()?;
        let end = fields.offset()?;
        self.root = fields.needed_address("root group")?;
        self.check_end(base, end, start)
    }

    fn set_sizes(&mut self, offset: u8, length: u8, at: u64) -> Result<(), Error> {
        for size in [offset, length] {
            if !matches!(size, 2 | 4 | 8) {
                let message = format!("addresses or lengths of {size} bytes; HDF5 has 2, 4 or 8");
                return Err(Error::malformed(message).at_byte(at));
            }
        }
        self.frame.offset_size = usize::from(offset);
        self.frame.length_size = usize::from(length);
        Ok(())
    }

    /// The superblock says where the file ends; a copy that was cut says so here.
    fn check_end(&self, base: u64, end: u64, start: u64) -> Result<(), Error> {
        // A file may have been put behind something else; addresses move with it.
        let end = end.checked_sub(base).and_then(|end| end.checked_add(start));
        let have = self.data.len();
        match end {
            Some(end) if end <= have => Ok(()),
            _ => {
                let says = end.map_or("no possible end".to_owned(), |end| format!("{end} bytes"));
                Err(Error::malformed(format!("its superblock says {says}, the file has {have}"))
                    .at_byte(start)
                    .cure("the file is cut short: download or copy it again"))
            }
        }
    }

    /// A block of metadata. It is paid for from the budget.
    pub(super) fn block(&self, at: u64, len: u64, what: &str) -> Result<Vec<u8>, Error> {
        let cost = len.saturating_add(BLOCK_COST);
        let paid = self
            .left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(cost));
        if paid.is_err() && len <= self.data.len() {
            let limit = self.limits.header_bytes;
            let message = format!("its metadata is more than the limit of {limit} bytes");
            return Err(Error::new(ErrorKind::Limit, message).at_byte(at));
        }
        read_vec(&*self.data, at, len).map_err(|error| {
            let message = format!("the {what} of {len} bytes cannot be read: {}", error.why);
            Error::of_read(&error, message)
                .at_byte(at)
                .cure("the file is cut or damaged: download or copy it again")
        })
    }

    /// A block whose last four bytes are the checksum of the others.
    pub(super) fn checked_block(&self, at: u64, len: u64, what: &str) -> Result<Vec<u8>, Error> {
        let bytes = self.block(at, len, what)?;
        let Some((content, sum)) = bytes.split_last_chunk::<4>() else {
            return Err(Error::malformed(format!("the {what} has only {len} bytes")).at_byte(at));
        };
        let (expected, found) = (u32::from_le_bytes(*sum), lookup3(content));
        // A fuzzer would hardly ever get past a checksum to what it guards.
        if expected != found && !cfg!(fuzzing) {
            return Err(Error::malformed(format!(
                "the {what} is damaged: its checksum is {found:08x}, expected {expected:08x}"
            ))
            .at_byte(at)
            .cure("download or copy the file again"));
        }
        Ok(bytes)
    }
}

fn find_superblock(data: &dyn Bytes) -> Result<u64, Error> {
    let mut at = 0u64;
    while at.saturating_add(8) <= data.len() {
        if read_vec(data, at, 8)? == SIGNATURE {
            return Ok(at);
        }
        at = (2 * at).max(512);
    }
    Err(Error::malformed("there is no HDF5 signature, neither at byte 0 nor after a user block")
        .at_byte(0))
}

/// Reads the numbers of a block one after another.
pub(super) struct Fields<'a> {
    bytes: &'a [u8],
    at: u64,
    position: usize,
    frame: Frame,
    what: &'a str,
}

impl<'a> Fields<'a> {
    /// The fields of `bytes`, which lie at byte `at` of the file.
    pub(super) fn new(bytes: &'a [u8], at: u64, frame: Frame, what: &'a str) -> Self {
        Fields { bytes, at, position: 0, frame, what }
    }

    /// Byte of the file at which the next field lies.
    pub(super) fn at(&self) -> u64 {
        self.at + self.position as u64
    }

    /// How widths and addresses are meant.
    pub(super) fn frame(&self) -> Frame {
        self.frame
    }

    /// Bytes that are left.
    pub(super) fn left(&self) -> usize {
        self.bytes.len() - self.position
    }

    /// An error at the next field.
    pub(super) fn wrong(&self, message: impl Into<String>) -> Error {
        Error::malformed(message).at_byte(self.at())
    }

    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8], Error> {
        let part = self.position.checked_add(count).and_then(|end| {
            let part = self.bytes.get(self.position..end)?;
            self.position = end;
            Some(part)
        });
        part.ok_or_else(|| {
            let (what, left) = (self.what, self.left());
            self.wrong(format!("the {what} ends {left} bytes on, where {count} are expected"))
        })
    }

    /// An unsigned number of `count` bytes, at most 8.
    pub(super) fn uint(&mut self, count: usize) -> Result<u64, Error> {
        let bytes = self.take(count)?;
        Ok(bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    pub(super) fn u8(&mut self) -> Result<u8, Error> {
        Ok(self.take(1)?[0])
    }

    pub(super) fn u16(&mut self) -> Result<u16, Error> {
        Ok(self.uint(2)? as u16)
    }

    pub(super) fn u32(&mut self) -> Result<u32, Error> {
        Ok(self.uint(4)? as u32)
    }

    pub(super) fn u64(&mut self) -> Result<u64, Error> {
        self.uint(8)
    }

    /// A length, as wide as the superblock says.
    pub(super) fn length(&mut self) -> Result<u64, Error> {
        self.uint(self.frame.length_size)
    }

    /// An offset, as wide as the superblock says, as it stands there.
    pub(super) fn offset(&mut self) -> Result<u64, Error> {
        self.uint(self.frame.offset_size)
    }

    /// An address as a byte of the file; `None` where it is the undefined address.
    pub(super) fn address(&mut self) -> Result<Option<u64>, Error> {
        let undefined = u64::MAX >> (64 - 8 * self.frame.offset_size);
        let offset = self.offset()?;
        if offset == undefined {
            return Ok(None);
        }
        match self.frame.base.checked_add(offset) {
            Some(at) => Ok(Some(at)),
            None => Err(self.wrong(format!("the address {offset} is past the end of every file"))),
        }
    }

    /// An address that must be there.
    pub(super) fn needed_address(&mut self, of: &str) -> Result<u64, Error> {
        match self.address()? {
            Some(at) => Ok(at),
            None => Err(self.wrong(format!("the address of the {of} is undefined"))),
        }
    }

    /// Checks four bytes that say what follows.
    pub(super) fn signature(&mut self, expected: &[u8; 4]) -> Result<(), Error> {
        let found = self.take(4)?;
        if found == expected {
            return Ok(());
        }
        let (expected, found) = (expected.escape_ascii(), found.escape_ascii());
        let what = self.what;
        Err(Error::malformed(format!("expected {expected} at the {what}, found {found}"))
            .at_byte(self.at() - 4))
    }

    /// The version byte, which must be in the range.
    pub(super) fn version(&mut self, known: std::ops::RangeInclusive<u8>) -> Result<u8, Error> {
        let version = self.u8()?;
        if known.contains(&version) {
            return Ok(version);
        }
        let what = self.what;
        let (first, last) = (known.start(), known.end());
        let message = format!("version {version} of the {what}; {first} to {last} are read");
        Err(Error::new(ErrorKind::Unsupported, message).at_byte(self.at() - 1))
    }

    /// A text that ends with a zero byte, which is taken too; padded to a multiple of 8 bytes if
    /// asked.
    pub(super) fn text(&mut self, padded: bool) -> Result<String, Error> {
        let rest = &self.bytes[self.position..];
        let Some(len) = rest.iter().position(|byte| *byte == 0) else {
            return Err(self.wrong(format!("a name in the {} does not end", self.what)));
        };
        let text = String::from_utf8_lossy(&rest[..len]).into_owned();
        let size = len + 1;
        let size = if padded { size.next_multiple_of(8) } else { size };
        self.take(size)?;
        Ok(text)
    }
}
