//! Blosc's container of packed blocks, as numcodecs, zarr, PyTables and hdf5plugin write it.
//!
//! Layout: <https://github.com/Blosc/c-blosc/blob/main/README_CHUNK_FORMAT.rst>; LZ4:
//! <https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md>.

use std::io::Read;

use flate2::bufread::ZlibDecoder;

use super::shuffle::{unshuffle, unshuffle_bits};
use super::unzstd::unzstd;
use crate::container::table::unsnap;
use crate::words::packed_fault;

/// Bytes of the header.
const HEADER: usize = 16;
/// Blocks are cut into as many streams as an element has bytes, but no more than these, and only
/// where each has as many bytes.
const MOST_STREAMS: usize = 16;
const SHORTEST_STREAM: usize = 128;

/// Flags of the header.
mod flag {
    pub(super) const SHUFFLED: u8 = 1;
    pub(super) const COPIED: u8 = 2;
    pub(super) const BITS_SHUFFLED: u8 = 4;
    pub(super) const WHOLE: u8 = 16;
}

/// What `packed` unpacks to: no more than `most` bytes.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn unpack(packed: &[u8], most: usize) -> Result<Vec<u8>, String> {
    let cut = || "its Blosc data is cut".to_owned();
    let number = |at: usize| -> Result<usize, String> {
        let bytes = packed.get(at..).and_then(|rest| rest.first_chunk::<4>()).ok_or_else(cut)?;
        Ok(u32::from_le_bytes(*bytes) as usize)
    };
    let &[version, _, flags, element, ..] = packed else { return Err(cut()) };
    let (size, block, stored) = (number(4)?, number(8)?, number(12)?);
    if !(1..=2).contains(&version) {
        return Err(format!("version {version} of Blosc's format; 1 and 2 are read"));
    }
    if size > most {
        return Err(format!("it says that it unpacks to {size} bytes, the chunk has {most}"));
    }
    if stored != packed.len() {
        return Err(format!("Blosc data of {stored} bytes, there are {}", packed.len()));
    }
    if flags & flag::COPIED != 0 {
        let copied = packed.get(HEADER..HEADER + size).ok_or_else(cut)?;
        return Ok(copied.to_vec());
    }
    if size == 0 {
        return Ok(Vec::new());
    }
    if block == 0 {
        return Err("its Blosc blocks are empty".to_owned());
    }
    let element = usize::from(element).max(1);
    let mut out = Vec::new();
    for at in 0..size.div_ceil(block) {
        let len = block.min(size - out.len());
        let start = number(HEADER + 4 * at)?;
        let streams = packed.get(start..).ok_or_else(cut)?;
        let is_cut = flags & flag::WHOLE == 0
            && element <= MOST_STREAMS
            && block / element >= SHORTEST_STREAM
            && len == block;
        let bytes = self::block(streams, len, if is_cut { element } else { 1 }, flags >> 5)?;
        out.extend(if flags & flag::SHUFFLED != 0 {
            unshuffle(bytes, element)
        } else if flags & flag::BITS_SHUFFLED != 0 && (len / element).is_multiple_of(8) {
            // Blocks with elements left over are not shuffled at all.
            unshuffle_bits(&bytes, element)
        } else {
            bytes
        });
    }
    Ok(out)
}

/// One block of `len` bytes, from as many streams.
fn block(packed: &[u8], len: usize, streams: usize, codec: u8) -> Result<Vec<u8>, String> {
    let damaged = || "its Blosc block is damaged".to_owned();
    let mut rest = packed;
    let mut out = Vec::new();
    let each = len / streams;
    for _ in 0..streams {
        let (size, after) = rest.split_first_chunk::<4>().ok_or_else(damaged)?;
        let size = u32::from_le_bytes(*size) as usize;
        let (stream, after) = after.split_at_checked(size).ok_or_else(damaged)?;
        rest = after;
        if size == each {
            // What does not get shorter is copied.
            out.extend(stream);
            continue;
        }
        let bytes = match codec {
            0 => blosclz(stream, each).ok_or_else(damaged)?,
            1 => lz4(stream, each).ok_or_else(damaged)?,
            2 => snappy(stream, each).ok_or_else(damaged)?,
            3 => inflate(ZlibDecoder::new(stream), each)?,
            4 => unzstd(stream, each)?,
            other => return Err(format!("Blosc's codec {other} is not known")),
        };
        if bytes.len() != each {
            return Err(damaged());
        }
        out.extend(bytes);
    }
    if out.len() == len { Ok(out) } else { Err(damaged()) }
}

/// What a decoder gives: no more than `most` bytes.
///
/// # Errors
/// What is wrong with the data.
pub(crate) fn inflate(decoder: impl Read, most: usize) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let mut decoder = decoder.take(most as u64 + 1);
    decoder
        .read_to_end(&mut bytes)
        .map_err(|error| format!("it does not inflate: {}", packed_fault(&error)))?;
    if bytes.len() > most {
        return Err(format!("it inflates to more than {most} bytes"));
    }
    Ok(bytes)
}

fn snappy(packed: &[u8], size: usize) -> Option<Vec<u8>> {
    let (claimed, _) = crate::container::protobuf::varint(packed)?;
    (claimed == size as u64).then(|| unsnap(packed)).flatten()
}

/// A block of LZ4 that unpacks to `size` bytes.
pub(crate) fn lz4(packed: &[u8], size: usize) -> Option<Vec<u8>> {
    let mut rest = packed.iter();
    let mut out: Vec<u8> = Vec::new();
    /// A length whose first part is in half a byte.
    fn length<'a>(half: u8, rest: &mut impl Iterator<Item = &'a u8>) -> Option<usize> {
        let mut len = usize::from(half);
        if half == 15 {
            loop {
                let more = *rest.next()?;
                len += usize::from(more);
                if more < 255 {
                    break;
                }
            }
        }
        Some(len)
    }
    loop {
        let token = *rest.next()?;
        let literals = length(token >> 4, &mut rest)?;
        let taken = rest.as_slice().get(..literals)?;
        if out.len() + literals > size {
            return None;
        }
        out.extend(taken);
        rest = rest.as_slice()[literals..].iter();
        if rest.as_slice().is_empty() {
            return (out.len() == size).then_some(out);
        }
        let back = usize::from(u16::from_le_bytes([*rest.next()?, *rest.next()?]));
        let len = length(token & 15, &mut rest)? + 4;
        copy(&mut out, back, len, size)?;
    }
}

/// A stream of BloscLZ, a kind of FastLZ, that unpacks to `size` bytes.
fn blosclz(packed: &[u8], size: usize) -> Option<Vec<u8>> {
    /// Copies from farther back have their distance behind them.
    const FAR: usize = 8191;
    let mut rest = packed;
    let mut next = |count: usize| {
        let (taken, after) = rest.split_at_checked(count)?;
        rest = after;
        Some((taken, after.is_empty()))
    };
    let mut out: Vec<u8> = Vec::new();
    let (first, _) = next(1)?;
    // The first three bits say nothing: it is always literals.
    let mut control = usize::from(first[0] & 31);
    loop {
        let is_last;
        if control < 32 {
            let (literals, end) = next(control + 1)?;
            if out.len() + literals.len() > size {
                return None;
            }
            out.extend(literals);
            is_last = end;
        } else {
            let mut len = (control >> 5) - 1;
            let high = (control & 31) << 8;
            if len == 6 {
                loop {
                    let (more, _) = next(1)?;
                    len += usize::from(more[0]);
                    if more[0] < 255 {
                        break;
                    }
                }
            }
            let (low, mut end) = next(1)?;
            let mut back = high + usize::from(low[0]);
            if back == FAR {
                let far;
                (far, end) = next(2)?;
                back += usize::from(u16::from_be_bytes([far[0], far[1]]));
            }
            copy(&mut out, back + 1, len + 3, size)?;
            is_last = end;
        }
        if is_last {
            return (out.len() == size).then_some(out);
        }
        control = usize::from(next(1)?.0[0]);
    }
}

/// Repeats `len` bytes from `back` bytes before the end, which may reach into what it writes.
fn copy(out: &mut Vec<u8>, back: usize, len: usize, size: usize) -> Option<()> {
    let from = out.len().checked_sub(back).filter(|_| back > 0)?;
    if len > size - out.len() {
        return None;
    }
    for at in from..from + len {
        out.push(out[at]);
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_may_reach_into_themselves_and_no_further() {
        // One literal, seven copies of it, two literals.
        let packed = [0x13, b'a', 1, 0, 0x20, b'b', b'c'];
        assert_eq!(lz4(&packed, 10).unwrap(), b"aaaaaaaabc");
        assert_eq!(lz4(&packed, 9), None);
        assert_eq!(lz4(&packed, 11), None);
        for len in 0..packed.len() {
            assert_eq!(lz4(&packed[..len], 10), None, "{len}");
        }
        assert_eq!(lz4(&[0x13, b'a', 2, 0, 0], 8), None, "before the first byte");
        assert_eq!(lz4(&[0x13, b'a', 0, 0, 0], 8), None, "a copy of nothing");
        // One literal, then five from one back.
        assert_eq!(blosclz(&[0, b'a', 3 << 5, 0], 6).unwrap(), b"aaaaaa");
        assert_eq!(blosclz(&[0, b'a', 3 << 5, 1], 6), None);
    }
}
