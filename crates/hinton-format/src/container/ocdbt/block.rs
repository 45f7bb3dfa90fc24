//! What manifests and nodes share: a header, a body that may be packed, a checksum; and the numbers
//! in a body.

use hinton_tensor::Bytes;

use super::{MOST_ENTRIES, spend};
use crate::container::protobuf::varint;
use crate::container::table::crc32c;
use crate::source::{read_vec, unzstd::unzstd};
use crate::{Error, ErrorKind};

pub(super) const CUT: &str = "the file is cut or damaged: copy it again";

/// The kinds of block, by their first four bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Manifest,
    Node,
}

impl Kind {
    fn magic(self) -> [u8; 4] {
        match self {
            Kind::Manifest => [0x0c, 0xdb, 0x3a, 0x2a],
            Kind::Node => [0x0c, 0xdb, 0x20, 0xde],
        }
    }

    fn name(self) -> &'static str {
        match self {
            Kind::Manifest => "manifest",
            Kind::Node => "node of a B+tree",
        }
    }
}

/// Whether bytes begin as a manifest does.
pub(crate) fn is_manifest(head: &[u8]) -> bool {
    head.starts_with(&Kind::Manifest.magic())
}

/// The body of the block that `data` is. What it takes is taken from the budget.
///
/// # Errors
/// Returns an error if it is of another kind, cut, damaged, of another version, or too large.
pub(super) fn body(data: &dyn Bytes, kind: Kind, budget: &mut u64) -> Result<Vec<u8>, Error> {
    let (name, len) = (kind.name(), data.len());
    let wrong = |message: String| Error::malformed(message).cure(CUT);
    if len < 18 {
        return Err(wrong(format!("a {name} should be here, but there are only {len} bytes")));
    }
    spend(budget, len)?;
    let bytes = read_vec(data, 0, len)?;
    let (inside, sum) = bytes.split_at(bytes.len() - 4);
    let mut fields = Fields::new(inside, name);
    if *fields.take(4)? != kind.magic() {
        let found = u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        let expected = u32::from_be_bytes(kind.magic());
        return Err(wrong(format!("a {name} begins with {expected:08x}, here is {found:08x}")));
    }
    let claimed = fields.u64()?;
    if claimed != len {
        return Err(wrong(format!("the {name} should have {claimed} bytes, it has {len}")));
    }
    let expected = u32::from_le_bytes([sum[0], sum[1], sum[2], sum[3]]);
    let found = crc32c(inside);
    if found != expected {
        return Err(wrong(format!(
            "the checksum of the {name} is {found:08x}, expected {expected:08x}"
        )));
    }
    let version = fields.varint()?;
    if version != 0 {
        let message = format!("the {name} is of version {version}; 0 is read");
        return Err(Error::new(ErrorKind::Unsupported, message).cure("use a newer hinton"));
    }
    match fields.varint()? {
        0 => Ok(fields.rest().to_vec()),
        1 => {
            let most = usize::try_from(*budget).unwrap_or(usize::MAX);
            let body = unzstd(fields.rest(), most);
            let body = body.map_err(|why| wrong(format!("the {name} does not unpack: {why}")))?;
            spend(budget, body.len() as u64)?;
            Ok(body)
        }
        other => {
            let message =
                format!("the {name} is packed in way {other}; 0 (plain) and 1 (zstd) are read");
            Err(Error::new(ErrorKind::Unsupported, message))
        }
    }
}

/// The numbers and runs of bytes of a body, one after another.
pub(super) struct Fields<'a> {
    bytes: &'a [u8],
    at: usize,
    what: &'static str,
}

impl<'a> Fields<'a> {
    pub(super) fn new(bytes: &'a [u8], what: &'static str) -> Self {
        Fields { bytes, at: 0, what }
    }

    /// What is wrong with the block.
    pub(super) fn wrong(&self, message: &str) -> Error {
        Error::malformed(format!("the {} is damaged: {message}", self.what)).cure(CUT)
    }

    /// Bytes that are behind it in the body.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Bytes that are left.
    pub(super) fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    fn rest(&self) -> &'a [u8] {
        &self.bytes[self.at..]
    }

    pub(super) fn take(&mut self, len: usize) -> Result<&'a [u8], Error> {
        let rest = self.rest();
        let Some(taken) = rest.get(..len) else {
            return Err(
                self.wrong(&format!("{len} bytes more should be there, {} are", rest.len()))
            );
        };
        self.at += len;
        Ok(taken)
    }

    pub(super) fn u8(&mut self) -> Result<u8, Error> {
        Ok(self.take(1)?[0])
    }

    pub(super) fn u64(&mut self) -> Result<u64, Error> {
        let mut number = [0; 8];
        number.copy_from_slice(self.take(8)?);
        Ok(u64::from_le_bytes(number))
    }

    pub(super) fn varint(&mut self) -> Result<u64, Error> {
        let (number, len) =
            varint(self.rest()).ok_or_else(|| self.wrong("a number is cut or too long"))?;
        self.at += len;
        Ok(number)
    }

    /// How many things follow, each of which takes at least `each` bytes.
    pub(super) fn count(&mut self, each: usize) -> Result<usize, Error> {
        let count = self.varint()?;
        let most = (self.left() / each.max(1)).min(MOST_ENTRIES);
        match usize::try_from(count) {
            Ok(count) if count <= most => Ok(count),
            _ => {
                Err(self.wrong(&format!("{count} things should follow, there is room for {most}")))
            }
        }
    }

    /// That many numbers.
    pub(super) fn varints(&mut self, count: usize) -> Result<Vec<u64>, Error> {
        (0..count).map(|_| self.varint()).collect()
    }

    /// That many lengths of at most 65535, those of keys and paths.
    pub(super) fn lengths(&mut self, count: usize) -> Result<Vec<usize>, Error> {
        let lengths = self.varints(count)?.into_iter();
        let short = |len: u64| u16::try_from(len).map(usize::from);
        let lengths: Result<Vec<usize>, _> = lengths.map(short).collect();
        lengths.map_err(|_| self.wrong("a key or path has more than 65535 bytes"))
    }

    /// Whether everything was read.
    pub(super) fn end(&self) -> Result<(), Error> {
        match self.left() {
            0 => Ok(()),
            left => Err(self.wrong(&format!("{left} bytes are left over at its end"))),
        }
    }
}
