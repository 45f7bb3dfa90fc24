//! Sorted tables of keys and values, as LevelDB and TensorFlow write them (`.ldb`, `.index`).
//!
//! Layout: <https://github.com/google/leveldb/blob/main/doc/table_format.md>; Snappy:
//! <https://github.com/google/snappy/blob/main/format_description.txt>.

use hinton_tensor::Bytes;

use super::protobuf::varint;
use crate::source::read_vec;
use crate::{Error, ErrorKind, Limits};

/// Bytes of the footer at the end.
const FOOTER: u64 = 48;
/// The last eight bytes of a table.
pub(crate) const MAGIC: [u8; 8] = 0xdb47_7524_8b80_fb57_u64.to_le_bytes();
const CUT: &str = "the file is cut or damaged: copy it again";

/// A key with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The key, arbitrary bytes.
    pub key: Vec<u8>,
    /// The value.
    pub value: Vec<u8>,
    /// The offset of the value in the file, if its block is not compressed.
    pub at: Option<u64>,
}

/// Reads every entry of a table, in the order of the keys. Verifies the checksum of each block.
///
/// # Errors
/// Returns an error if it is not a table, is truncated or damaged, or holds more than
/// `limits.header_bytes`.
pub fn read(data: &dyn Bytes, limits: &Limits) -> Result<Vec<Entry>, Error> {
    let len = data.len();
    let Some(start) = len.checked_sub(FOOTER) else {
        let message = format!("expected a footer of {FOOTER} bytes, the file has {len}");
        return Err(Error::malformed(message).at_byte(0).cure(CUT));
    };
    let footer = read_vec(data, start, FOOTER)?;
    if footer[40..] != MAGIC {
        let message = "it does not end with the magic number of a table";
        return Err(Error::malformed(message).at_byte(start + 40).cure(CUT));
    }
    let handles = || {
        let (_, rest) = handle(&footer[..40])?;
        handle(rest)
    };
    let Some((index, _)) = handles() else {
        return Err(Error::malformed("its footer names no index").at_byte(start).cure(CUT));
    };
    let mut budget = limits.header_bytes;
    let mut entries = Vec::new();
    for block in block(data, index, &mut budget)? {
        let Some((place, _)) = handle(&block.value) else {
            return Err(Error::malformed("its index names no block").at_byte(index.0).cure(CUT));
        };
        entries.extend(self::block(data, place, &mut budget)?);
    }
    Ok(entries)
}

/// A block's offset and size, and what stands behind them.
fn handle(bytes: &[u8]) -> Option<((u64, u64), &[u8])> {
    let (offset, len) = varint(bytes)?;
    let rest = &bytes[len..];
    let (size, len) = varint(rest)?;
    Some(((offset, size), &rest[len..]))
}

/// The entries of one block.
fn block(data: &dyn Bytes, place: (u64, u64), budget: &mut u64) -> Result<Vec<Entry>, Error> {
    let (offset, size) = place;
    let fail = |message: &str| Error::malformed(message).at_byte(offset).cure(CUT);
    // Behind the block stand a byte that says how it is packed, and a checksum of both.
    let end = offset.checked_add(size).and_then(|end| end.checked_add(5));
    if end.is_none_or(|end| end > data.len()) {
        return Err(fail("a block of the table is outside the file"));
    }
    spend(budget, size).map_err(|error| error.at_byte(offset))?;
    let mut bytes = read_vec(data, offset, size + 5)?;
    let checksum = bytes.split_off(size as usize + 1);
    let stored = checksum.first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes));
    if unmask(stored) != crc32c(&bytes) {
        return Err(fail("a block of the table does not have its checksum"));
    }
    let (content, at) = match bytes.pop() {
        Some(0) => (bytes, Some(offset)),
        Some(1) => {
            let (size, _) = varint(&bytes).ok_or_else(|| fail("a packed block has no size"))?;
            spend(budget, size).map_err(|error| error.at_byte(offset))?;
            (unsnap(&bytes).ok_or_else(|| fail("a block cannot be unpacked (Snappy)"))?, None)
        }
        _ => return Err(fail("a block is packed in a way that is not known")),
    };
    entries(&content, at, budget)?.ok_or_else(|| fail("a block of the table is damaged"))
}

fn spend(budget: &mut u64, bytes: u64) -> Result<(), Error> {
    match budget.checked_sub(bytes) {
        Some(left) => {
            *budget = left;
            Ok(())
        }
        None => Err(Error::new(ErrorKind::Limit, "the table is larger than an index may be")),
    }
}

/// The entries of a block's content; each key shares its beginning with the one before.
fn entries(content: &[u8], at: Option<u64>, budget: &mut u64) -> Result<Option<Vec<Entry>>, Error> {
    let Some(restarts) = content.last_chunk().map(|bytes| u32::from_le_bytes(*bytes)) else {
        return Ok(None);
    };
    let tail = (restarts as usize).checked_add(1).and_then(|count| count.checked_mul(4));
    let Some(end) = tail.and_then(|tail| content.len().checked_sub(tail)) else { return Ok(None) };
    let content = &content[..end];
    let mut place = 0;
    let mut found: Vec<Entry> = Vec::new();
    while place < content.len() {
        let mut number = || {
            let (value, len) = varint(&content[place..])?;
            place += len;
            usize::try_from(value).ok()
        };
        let (Some(shared), Some(own), Some(len)) = (number(), number(), number()) else {
            return Ok(None);
        };
        let before = found.last().map_or(&[][..], |entry| &entry.key);
        let Some(shared) = before.get(..shared) else { return Ok(None) };
        let rest = content[place..].split_at_checked(own);
        let Some((own_key, value)) = rest.and_then(|(key, rest)| Some((key, rest.get(..len)?)))
        else {
            return Ok(None);
        };
        // What keys share is stored once, and held by each.
        spend(budget, shared.len() as u64)?;
        let key = [shared, own_key].concat();
        place += own;
        found.push(Entry { key, value: value.to_vec(), at: at.map(|at| at + place as u64) });
        place += len;
    }
    Ok(Some(found))
}

/// Undoes how LevelDB and TensorFlow store a checksum beside the data that it checks.
pub(crate) fn unmask(stored: u32) -> u32 {
    stored.wrapping_sub(0xa282_ead8).rotate_left(15)
}

/// CRC-32C (Castagnoli; RFC 3720, B.4), bit by bit over a table of 16 steps.
pub(crate) fn crc32c(bytes: &[u8]) -> u32 {
    const STEPS: [u32; 16] = {
        let mut steps = [0; 16];
        let mut at = 0;
        while at < 16 {
            let mut value = at as u32;
            let mut bit = 0;
            while bit < 4 {
                value = if value & 1 == 1 { value >> 1 ^ 0x82f6_3b78 } else { value >> 1 };
                bit += 1;
            }
            steps[at] = value;
            at += 1;
        }
        steps
    };
    let mut crc = !0u32;
    for byte in bytes {
        crc ^= u32::from(*byte);
        crc = crc >> 4 ^ STEPS[(crc & 15) as usize];
        crc = crc >> 4 ^ STEPS[(crc & 15) as usize];
    }
    !crc
}

/// Snappy's raw format. The size that it declares was checked by the caller.
pub(crate) fn unsnap(bytes: &[u8]) -> Option<Vec<u8>> {
    let (size, len) = varint(bytes)?;
    let size = usize::try_from(size).ok()?;
    let mut rest = &bytes[len..];
    let mut take = |count: usize| {
        let (taken, left) = rest.split_at_checked(count)?;
        rest = left;
        Some(taken)
    };
    let mut out: Vec<u8> = Vec::new();
    while let Some(&[tag]) = take(1) {
        let upper = usize::from(tag >> 2);
        let (len, back) = match tag & 3 {
            0 => {
                let len = match upper {
                    0..60 => upper + 1,
                    _ => little(take(upper - 59)?).checked_add(1)?,
                };
                let literal = take(len)?;
                if out.len() + len > size {
                    return None;
                }
                out.extend_from_slice(literal);
                continue;
            }
            1 => (4 + (upper & 7), (upper >> 3) << 8 | little(take(1)?)),
            2 => (upper + 1, little(take(2)?)),
            _ => (upper + 1, little(take(4)?)),
        };
        if back == 0 || out.len() + len > size {
            return None;
        }
        let from = out.len().checked_sub(back)?;
        // What is copied may be what has just been written.
        for at in from..from + len {
            out.push(out[at]);
        }
    }
    (out.len() == size).then_some(out)
}

fn little(bytes: &[u8]) -> usize {
    bytes.iter().rev().fold(0, |value, byte| value << 8 | usize::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_those_of_the_standard() {
        // RFC 3720, B.4.
        assert_eq!(crc32c(&[0; 32]), 0x8a91_36aa);
        assert_eq!(crc32c(&[0xff; 32]), 0x62a8_ab43);
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
    }

    #[test]
    fn snappy_is_unpacked() {
        // A literal, then copies of each kind; the last overlaps what it writes.
        let packed = b"\x12\x08abc\x0d\x03\x0a\x03\x00\x13\x02\x00\x00\x00";
        assert_eq!(unsnap(packed), Some(b"abcabcabcabcacacac"[..].to_vec()));
        for len in 0..packed.len() {
            assert_eq!(unsnap(&packed[..len]), None, "{len}");
        }
        assert_eq!(unsnap(b"\x04\x01\x01"), None, "a copy of nothing");
    }
}
