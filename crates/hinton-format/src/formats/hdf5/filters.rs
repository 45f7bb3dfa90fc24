//! The filters that chunks went through when they were written, undone.

use bzip2::bufread::MultiBzDecoder;
use flate2::bufread::ZlibDecoder;

use super::checksum::fletcher32;
use super::file::H5File;
use super::object::Message;
use super::plugins::{self, Bitshuffle};
use crate::source::blosc::{self, inflate};
use crate::source::shuffle::unshuffle;
use crate::source::unzstd::unzstd;
use crate::{Error, ErrorKind};

/// One filter of a pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Filter {
    /// zlib.
    Deflate,
    /// The first bytes of all elements, then their second bytes …; with the bytes of an element.
    Shuffle(usize),
    /// A checksum at the end.
    Fletcher32,
    /// h5py's LZF.
    Lzf,
    Bzip2,
    Blosc,
    Zstd,
    /// Blocks of LZ4, each behind its length.
    Lz4,
    Bitshuffle(Bitshuffle),
}

/// Names of filters that are not undone, by number
/// (https://github.com/HDFGroup/hdf5_plugins and the registry it names).
const OTHERS: &[(u16, &str)] = &[
    (4, "szip"),
    (5, "n-bit packing"),
    (6, "scale-offset packing"),
    (32013, "ZFP"),
    (32026, "Blosc2"),
];

/// Reads a filter message.
///
/// # Errors
/// [`ErrorKind::Unsupported`] names a filter that cannot be undone.
pub(super) fn pipeline(
    file: &H5File,
    message: &Message,
    element: u64,
) -> Result<Vec<Filter>, Error> {
    let mut fields = message.fields(file, "filters");
    let version = fields.version(1..=2)?;
    let count = fields.u8()?;
    if version == 1 {
        fields.take(6)?;
    }
    let mut filters = Vec::new();
    for _ in 0..count {
        let id = fields.u16()?;
        let name_len = if version == 1 || id >= 256 { usize::from(fields.u16()?) } else { 0 };
        fields.u16()?;
        let values = usize::from(fields.u16()?);
        fields.take(if version == 1 { name_len.next_multiple_of(8) } else { name_len })?;
        let mut settings = [0; 5];
        for at in 0..values {
            let value = fields.u32()?;
            if let Some(setting) = settings.get_mut(at) {
                *setting = value;
            }
        }
        let first = (values > 0).then_some(settings[0]);
        if version == 1 && values % 2 == 1 {
            fields.take(4)?;
        }
        filters.push(match id {
            1 => Filter::Deflate,
            2 => Filter::Shuffle(first.map_or(element as usize, |size| size as usize)),
            3 => Filter::Fletcher32,
            307 => Filter::Bzip2,
            32000 => Filter::Lzf,
            32001 => Filter::Blosc,
            32004 => Filter::Lz4,
            32008 => Filter::Bitshuffle(Bitshuffle::of(settings, element)?),
            32015 => Filter::Zstd,
            _ => return Err(unknown(id).at_byte(fields.at())),
        });
    }
    Ok(filters)
}

/// What is undone, for a sentence.
const READ: &str = "gzip, LZF, bzip2, zstd, LZ4, Blosc, shuffle, bitshuffle and Fletcher-32";

fn unknown(id: u16) -> Error {
    let name = OTHERS.iter().find(|(known, _)| *known == id);
    let name = name.map_or_else(|| format!("filter {id}"), |(_, name)| (*name).to_owned());
    let message = format!("it is packed with {name}; {READ} are read");
    Error::new(ErrorKind::Unsupported, message)
        .cure("write it again with gzip, e.g. h5repack -f GZIP=6")
}

/// Undoes the filters, the last one first, but for those whose bit is set in `mask`. What comes
/// out has `size` bytes.
///
/// # Errors
/// What is wrong with the chunk.
pub(super) fn undo(
    filters: &[Filter],
    mask: u32,
    stored: Vec<u8>,
    size: usize,
) -> Result<Vec<u8>, String> {
    // Checksums may be inside what was compressed.
    let most = size.saturating_add(4 * filters.len());
    let mut bytes = stored;
    for (number, filter) in filters.iter().enumerate().rev() {
        if number < 32 && mask >> number & 1 == 1 {
            continue;
        }
        bytes = match *filter {
            Filter::Deflate => inflate(ZlibDecoder::new(&*bytes), most)?,
            Filter::Shuffle(element) => unshuffle(bytes, element),
            Filter::Fletcher32 => checked(bytes)?,
            Filter::Lzf => lzf(&bytes, most)?,
            Filter::Bzip2 => inflate(MultiBzDecoder::new(&*bytes), most)?,
            Filter::Blosc => blosc::unpack(&bytes, most)?,
            Filter::Zstd => unzstd(&bytes, most)?,
            Filter::Lz4 => plugins::lz4_blocks(&bytes, most)?,
            Filter::Bitshuffle(how) => how.undo(bytes, most)?,
        };
    }
    if bytes.len() == size {
        Ok(bytes)
    } else {
        Err(format!("it unpacks to {} bytes, expected {size}", bytes.len()))
    }
}

fn checked(mut bytes: Vec<u8>) -> Result<Vec<u8>, String> {
    let Some(len) = bytes.len().checked_sub(4) else {
        return Err("it is too short for its checksum".to_owned());
    };
    let sum = bytes.split_off(len);
    let expected = u32::from_le_bytes([sum[0], sum[1], sum[2], sum[3]]);
    let found = fletcher32(&bytes);
    // Files of old versions on big-endian machines have the bytes of each half swapped.
    let swapped = (expected & 0x00ff_00ff) << 8 | (expected >> 8) & 0x00ff_00ff;
    if found == expected || found == swapped {
        return Ok(bytes);
    }
    Err(format!("its checksum is {found:08x}, expected {expected:08x}"))
}

/// LibLZF: runs of literals, and copies of what came out before.
fn lzf(packed: &[u8], most: usize) -> Result<Vec<u8>, String> {
    let cut = || "its LZF data is damaged".to_owned();
    // No better than 264 bytes for 3.
    let mut out = Vec::with_capacity(most.min(packed.len().saturating_mul(88)));
    let mut rest = packed;
    let mut next = |count: usize| -> Result<&[u8], String> {
        let (part, after) = rest.split_at_checked(count).ok_or_else(cut)?;
        rest = after;
        Ok(part)
    };
    let mut left = packed.len();
    while left > 0 {
        let control = usize::from(next(1)?[0]);
        left -= 1;
        if control < 32 {
            out.extend(next(control + 1)?);
            left -= control + 1;
        } else {
            let mut len = control >> 5;
            if len == 7 {
                len += usize::from(next(1)?[0]);
                left -= 1;
            }
            let low = usize::from(next(1)?[0]);
            left -= 1;
            let back = ((control & 31) << 8 | low) + 1;
            let from = out.len().checked_sub(back).ok_or_else(cut)?;
            // A copy may reach into itself, so it goes byte by byte.
            for at in from..from + len + 2 {
                out.push(out[at]);
            }
        }
        if out.len() > most {
            return Err(format!("it unpacks to more than {most} bytes"));
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lzf_copies_what_came_before() {
        // Two literals, then 5 bytes from 2 back, reaching into themselves.
        assert_eq!(lzf(&[1, b'a', b'b', 3 << 5, 1], 7).unwrap(), b"abababa");
        assert!(lzf(&[1, b'a', b'b', 3 << 5, 1], 6).is_err());
        assert!(lzf(&[1, b'a', b'b', 3 << 5, 2], 9).is_err(), "before the first byte");
        assert!(lzf(&[5, b'a'], 9).is_err(), "literals that are not there");
        assert!(lzf(&[7 << 5], 9).is_err(), "a length that is not there");
    }

    #[test]
    fn masked_filters_are_left_out_and_sizes_checked() {
        let filters = [Filter::Shuffle(2), Filter::Fletcher32];
        assert_eq!(undo(&filters, 0b11, b"abcd".to_vec(), 4).unwrap(), b"abcd");
        assert_eq!(undo(&filters, 0b10, b"acbd".to_vec(), 4).unwrap(), b"abcd");
        assert!(undo(&filters, 0b11, b"abc".to_vec(), 4).unwrap_err().contains("3 bytes"));
        assert!(undo(&filters, 0, b"abcdefgh".to_vec(), 4).unwrap_err().contains("checksum"));
        assert!(undo(&filters, 0, b"abc".to_vec(), 4).is_err());
    }
}
