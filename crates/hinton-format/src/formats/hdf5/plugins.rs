//! Filters that plugins of HDF5 add, with a layout of their own around a common codec.
//!
//! LZ4: <https://github.com/HDFGroup/hdf5_plugins/blob/master/docs/RegisteredFilterPlugins.md> and
//! its H5Zlz4.c; bitshuffle: <https://github.com/kiyo-masui/bitshuffle>, bshuf_h5filter.c.

use crate::Error;
use crate::source::blosc::lz4;
use crate::source::shuffle::unshuffle_bits;
use crate::source::unzstd::unzstd;

/// Bytes that bitshuffle's blocks have where nothing else is said, before they are rounded.
const BLOCK_BYTES: usize = 8192;
/// Fewest elements of a block.
const LEAST_ELEMENTS: usize = 128;

/// How bits were shuffled, and what the blocks were packed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bitshuffle {
    /// Bytes of an element.
    element: usize,
    /// Elements of a block.
    block: usize,
    packing: Packing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Packing {
    None,
    Lz4,
    Zstd,
}

impl Bitshuffle {
    /// Of the settings of the filter: version (twice), bytes of an element, elements of a block
    /// and the codec; what is missing is 0.
    ///
    /// # Errors
    /// Where they cannot be.
    pub(super) fn of(settings: [u32; 5], element: u64) -> Result<Bitshuffle, Error> {
        let [.., size, block, codec] = settings;
        let element = if size == 0 { element as usize } else { size as usize }.max(1);
        let usual = (BLOCK_BYTES / element / 8 * 8).max(LEAST_ELEMENTS);
        let block = if block == 0 { usual } else { block as usize };
        let packing = match codec {
            0 => Packing::None,
            2 => Packing::Lz4,
            3 => Packing::Zstd,
            _ => return Err(Error::malformed(format!("bitshuffle with codec {codec}"))),
        };
        if !block.is_multiple_of(8) || block.checked_mul(element).is_none() {
            let message = format!("bitshuffle in blocks of {block} elements of {element} bytes");
            return Err(Error::malformed(message));
        }
        Ok(Bitshuffle { element, block, packing })
    }

    /// What `packed` unpacks to: no more than `most` bytes.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn undo(self, packed: Vec<u8>, most: usize) -> Result<Vec<u8>, String> {
        let damaged = || "its bitshuffle data is damaged".to_owned();
        if self.packing == Packing::None {
            return Ok(self.unshuffled(&packed, self.block * self.element));
        }
        let (len, mut rest) = length(&packed, most)?;
        let (block, after) = rest.split_first_chunk::<4>().ok_or_else(damaged)?;
        rest = after;
        let block = u32::from_be_bytes(*block) as usize;
        if block == 0 || !block.is_multiple_of(8 * self.element) {
            return Err(format!("blocks of {block} bytes do not hold elements in eights"));
        }
        let mut out: Vec<u8> = Vec::new();
        while len - out.len() >= 8 * self.element {
            // The last block is as many elements as make eights; what is left is copied.
            let size = block.min((len - out.len()) / (8 * self.element) * (8 * self.element));
            let (stored, after) = rest.split_first_chunk::<4>().ok_or_else(damaged)?;
            let stored = u32::from_be_bytes(*stored) as usize;
            let (stored, after) = after.split_at_checked(stored).ok_or_else(damaged)?;
            rest = after;
            let bits = match self.packing {
                Packing::Zstd => unzstd(stored, size)?,
                _ => lz4(stored, size).ok_or_else(damaged)?,
            };
            if bits.len() != size {
                return Err(damaged());
            }
            out.extend(unshuffle_bits(&bits, self.element));
        }
        let left = rest.get(..len - out.len()).ok_or_else(damaged)?;
        out.extend(left);
        Ok(out)
    }

    fn unshuffled(self, bytes: &[u8], block: usize) -> Vec<u8> {
        bytes.chunks(block).flat_map(|block| unshuffle_bits(block, self.element)).collect()
    }
}

/// The length in the first eight bytes, which is no more than `most`, and what follows.
fn length(packed: &[u8], most: usize) -> Result<(usize, &[u8]), String> {
    let (len, rest) = packed.split_first_chunk::<8>().ok_or("its packed data is cut")?;
    let len = u64::from_be_bytes(*len);
    match usize::try_from(len) {
        Ok(len) if len <= most => Ok((len, rest)),
        _ => Err(format!("it says that it unpacks to {len} bytes, the chunk has {most}")),
    }
}

/// Blocks of LZ4, each behind its length; one that did not get shorter is copied.
///
/// # Errors
/// What is wrong with them.
pub(super) fn lz4_blocks(packed: &[u8], most: usize) -> Result<Vec<u8>, String> {
    let damaged = || "its LZ4 data is damaged".to_owned();
    let (len, rest) = length(packed, most)?;
    let (block, mut rest) = rest.split_first_chunk::<4>().ok_or_else(damaged)?;
    let block = u32::from_be_bytes(*block) as usize;
    if block == 0 && len > 0 {
        return Err(damaged());
    }
    let mut out: Vec<u8> = Vec::new();
    while out.len() < len {
        let size = block.min(len - out.len());
        let (stored, after) = rest.split_first_chunk::<4>().ok_or_else(damaged)?;
        let stored = u32::from_be_bytes(*stored) as usize;
        let (stored, after) = after.split_at_checked(stored).ok_or_else(damaged)?;
        rest = after;
        if stored.len() == size {
            out.extend(stored);
        } else {
            out.extend(lz4(stored, size).ok_or_else(damaged)?);
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_of_lz4_are_joined_and_damage_is_told() {
        // Eight bytes in blocks of five: one of LZ4 (a literal, four copies of it), one copied.
        let mut packed = vec![0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 5];
        packed.extend([0, 0, 0, 4, 0x10, b'a', 1, 0, 0, 0, 0, 3, b'x', b'y', b'z']);
        // A block must end in literals; this one does not.
        assert!(lz4_blocks(&packed, 8).is_err());
        let mut plain = vec![0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 5, 0, 0, 0, 5];
        plain.extend(b"abcde\0\0\0\x03xyz");
        assert_eq!(lz4_blocks(&plain, 8).unwrap(), b"abcdexyz");
        assert!(lz4_blocks(&plain, 7).unwrap_err().contains("unpacks to 8 bytes"));
        for len in 0..plain.len() {
            assert!(lz4_blocks(&plain[..len], 8).is_err(), "{len}");
        }
        let empty_blocks = [0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0];
        assert!(lz4_blocks(&empty_blocks, 8).is_err());
    }

    #[test]
    fn odd_settings_of_bitshuffle_are_errors() {
        assert!(Bitshuffle::of([0, 4, 4, 0, 2], 4).is_ok());
        assert!(Bitshuffle::of([0, 4, 4, 7, 2], 4).is_err());
        assert!(Bitshuffle::of([0, 4, 4, 0, 9], 4).is_err());
        let how = Bitshuffle::of([0, 4, 1, 0, 2], 1).unwrap();
        assert!(how.undo(vec![0; 12], 0).is_err(), "blocks of 0 bytes");
        assert!(how.undo(vec![0; 5], 9).is_err(), "cut");
    }
}
