//! Summary files: statistics of the tensors of a checkpoint, or of parts of them.
//!
//! Layout: docs/summary-format.md.

mod source;

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use hinton_tensor::{Looked, SummaryPart};

use crate::{Error, ErrorKind, Input, Limits};
pub use source::{SummaryFacts, SummarySource};

/// The first bytes of a summary file.
pub const MAGIC: &[u8; 8] = b"HINTONHS";
/// The versions that are read. The first is written if there is nothing for checks, which the second adds.
pub const VERSIONS: [u32; 2] = [1, 2];
/// The error message of a summary that is asked for values.
pub const NO_VALUES: &str = "a summary holds statistics and no values";

/// Most bytes of a summary: that of a checkpoint of terabytes has some hundred megabytes.
pub(crate) const MOST: u64 = 4 << 30;

/// Bytes before the head: magic number, version, and the head's length.
const START: usize = 16;
/// Bytes of a record before its part: its tensor's number, and the part's length.
const RECORD: usize = 12;
/// Bytes of the checksum.
const CHECKSUM: usize = 4;

/// The contents of a summary file.
#[derive(Debug, Clone)]
pub struct SummaryFile {
    /// The checkpoint that was summarised.
    pub source: Arc<SummarySource>,
    /// Parts by the index of their tensor, at most one per tensor.
    pub parts: BTreeMap<usize, SummaryPart>,
}

impl SummaryFile {
    /// Encodes the summary as the bytes of a file; the same summary gives the same bytes.
    pub fn encode(&self) -> Vec<u8> {
        let head = self.source.head().as_bytes();
        let mut out = MAGIC.to_vec();
        let has_checks = self.parts.values().any(|part| part.looked().is_some());
        out.extend(VERSIONS[usize::from(has_checks)].to_le_bytes());
        out.extend((head.len() as u32).to_le_bytes());
        out.extend(head);
        // Of what is not known there is no record, so that equal summaries have equal bytes.
        let parts = || self.parts.iter().filter(|(_, part)| !part.stripes().is_empty());
        out.extend((parts().count() as u32).to_le_bytes());
        let mut coded = Vec::new();
        for (&tensor, part) in parts() {
            coded.clear();
            part.encode(&mut coded);
            if let Some(looked) = part.looked() {
                looked.encode(&mut coded);
            }
            out.extend((tensor as u32).to_le_bytes());
            out.extend((coded.len() as u64).to_le_bytes());
            out.extend(&coded);
        }
        out.extend(checksum(&out).to_le_bytes());
        out
    }

    /// Decodes the bytes of a file. If it is about the same checkpoint as `like`, they share the
    /// description of it.
    ///
    /// # Errors
    /// Returns an error if the bytes are not a summary, have another version, are truncated or
    /// changed, or are inconsistent.
    pub fn decode(
        bytes: &[u8],
        limits: &Limits,
        like: Option<&SummaryFile>,
    ) -> Result<Self, Error> {
        let (version, body) = whole(bytes)?;
        let (head, mut rest) = split_head(body)?;
        let source = match like.filter(|like| like.source.head().as_bytes() == head) {
            Some(like) => like.source.clone(),
            None => Arc::new(SummarySource::read(head, limits)?),
        };
        let at = |rest: &[u8]| (body.len() - rest.len()) as u64;
        let wrong = |message: &str| Error::malformed(message);
        let records = number(&mut rest).ok_or_else(|| wrong("it ends before its records"))?;
        let mut parts = BTreeMap::new();
        let mut next = 0;
        for _ in 0..records {
            let start = at(rest);
            let (tensor, part) = record(&mut rest)
                .ok_or_else(|| wrong("it ends in the middle of a record").at_byte(start))?;
            let facts = source.tensors.get(tensor).filter(|_| tensor >= next);
            let facts = facts.ok_or_else(|| {
                wrong("a record is of a tensor that there is not, or out of order").at_byte(start)
            })?;
            next = tensor + 1;
            let mut left = part;
            let named = |error: Error| error.at_byte(start).for_tensor(&*facts.name);
            let part = SummaryPart::decode(facts.folding(), &mut left).and_then(|part| {
                if left.is_empty() || version == VERSIONS[0] || facts.repeats > 1 {
                    return Ok(part);
                }
                let stripes = part.stripes();
                let looked = Looked::decode(&facts.shape, facts.dtype, stripes, &mut left)?;
                Ok(part.with_looked(looked))
            });
            let part = part.map_err(|error| named(Error::malformed(error.to_string())))?;
            if !left.is_empty() {
                return Err(named(wrong("bytes are left behind its record")));
            }
            parts.insert(tensor, part);
        }
        match rest {
            [] => Ok(SummaryFile { source, parts }),
            rest => Err(wrong("bytes are left behind its records").at_byte(at(rest))),
        }
    }

    /// The missing stripes by the index of their tensor; empty if the summary is complete.
    pub fn missing(&self) -> Vec<(usize, Vec<Range<u64>>)> {
        let lacks = |(number, facts): (usize, &SummaryFacts)| match self.parts.get(&number) {
            Some(part) => (number, part.missing()),
            None => (number, SummaryPart::empty(facts.folding()).missing()),
        };
        let all = self.source.tensors.iter().enumerate().map(lacks);
        all.filter(|(_, missing)| !missing.is_empty()).collect()
    }
}

/// Reads the bytes of a summary, on disk or at an address.
///
/// # Errors
/// Returns an error if it cannot be read, or is larger than a summary can be.
pub fn read_bytes(path: &Path) -> Result<Vec<u8>, Error> {
    let input = Input::from_path(path);
    let bytes = input.and_then(|input| input.whole("summary", MOST));
    bytes.map_err(|error| error.in_file(&path.display().to_string()))
}

/// The CRC-32 of zip, gzip and Python's `zlib.crc32`.
pub(crate) fn checksum(bytes: &[u8]) -> u32 {
    let mut sum = flate2::Crc::new();
    sum.update(bytes);
    sum.sum()
}

/// The version, and what is before the checksum, if that is right.
fn whole(bytes: &[u8]) -> Result<(u32, &[u8]), Error> {
    if !bytes.starts_with(MAGIC) {
        return Err(Error::malformed("it does not begin as a summary does: HINTONHS").at_byte(0));
    }
    let version =
        bytes.get(8..12).and_then(|bytes| Some(u32::from_le_bytes(bytes.try_into().ok()?)));
    let version = match version {
        Some(version) if VERSIONS.contains(&version) => version,
        Some(version) => {
            let message = format!("the summary has version {version}, expected 1 or 2");
            return Err(Error::new(ErrorKind::Unsupported, message)
                .at_byte(8)
                .cure("make it again with this program, or read it with the one that made it"));
        }
        None => return Err(cut()),
    };
    let end = bytes.len().checked_sub(CHECKSUM).filter(|end| *end >= START).ok_or_else(cut)?;
    let (body, sum) = bytes.split_at(end);
    let found = checksum(body);
    if sum != found.to_le_bytes() {
        let message = format!("its checksum is wrong: its bytes have {found:08x}");
        return Err(Error::malformed(message).at_byte(end as u64).cure(AGAIN));
    }
    Ok((version, body))
}

const AGAIN: &str = "it is cut or changed: copy it again, or make this part again";

fn cut() -> Error {
    Error::malformed("the summary is cut short").cure(AGAIN)
}

fn split_head(body: &[u8]) -> Result<(&[u8], &[u8]), Error> {
    let mut rest = body.get(12..).ok_or_else(cut)?;
    let len = number(&mut rest).ok_or_else(cut)? as usize;
    rest.split_at_checked(len)
        .ok_or_else(|| Error::malformed(format!("its head has {len} bytes, more than there are")))
}

fn number(rest: &mut &[u8]) -> Option<u32> {
    let (now, later) = rest.split_first_chunk::<4>()?;
    *rest = later;
    Some(u32::from_le_bytes(*now))
}

/// A record's tensor and the bytes of its part.
fn record<'b>(rest: &mut &'b [u8]) -> Option<(usize, &'b [u8])> {
    let (start, later) = rest.split_first_chunk::<RECORD>()?;
    let (tensor, len) = start.split_first_chunk::<4>()?;
    let len = u64::from_le_bytes(len.try_into().ok()?);
    let (part, later) = later.split_at_checked(usize::try_from(len).ok()?)?;
    *rest = later;
    Some((u32::from_le_bytes(*tensor) as usize, part))
}
