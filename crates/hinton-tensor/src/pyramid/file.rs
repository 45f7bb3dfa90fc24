//! Pyramids as bytes, so that a matrix which has been read once need not be read again.
//!
//! All numbers are little-endian. The header has 64 bytes: the mark `hinton-p`, the version and the
//! level (32 bits each), rows and columns of the matrix and number of cells (64 bits each), the
//! digest of all these and of the cells (128 bits), and 8 bytes of zeros. Then follow the cells of the lowest level,
//! row by row, of 40 bytes each: Σ v, Σ |v| and Σ v² (`f64`), the least and the greatest finite
//! value (`f32`), and the number of finite values, in whose upper three bits NaN, +∞ and −∞ are
//! marked. Coarser levels are folded from these when they are read.

use super::{Layer, Pyramid, highest, layers};
use crate::digest;
use crate::reduce::Foldable;
use crate::tiling::Tiling;
use crate::{ReadError, ReadErrorKind};

const MARK: &[u8; 8] = b"hinton-p";
/// Increased when the same values make other cells.
const VERSION: u32 = 1;
const HEADER: usize = 64;

impl Pyramid {
    /// The pyramid as bytes, for a cache: the same for the same values, on every machine. What the
    /// matrix is (its file, range and dtype) is not part of them; the cache must know.
    pub fn to_bytes(&self) -> Vec<u8> {
        let (level, folded) = match self.layers.first() {
            Some(layer) => (layer.level, layer.folded.as_slice()),
            None => (0, &[][..]),
        };
        let (rows, cols) = self.tiling.shape;
        let mut bytes = Vec::with_capacity(HEADER + size_of_val(folded));
        bytes.extend(MARK);
        bytes.extend(VERSION.to_le_bytes());
        bytes.extend(level.to_le_bytes());
        for number in [rows as u64, cols as u64, folded.len() as u64] {
            bytes.extend(number.to_le_bytes());
        }
        bytes.resize(HEADER, 0);
        folded.iter().for_each(|cell| bytes.extend(cell.to_bytes()));
        let digest = digest_of(&bytes[..40], &bytes[HEADER..]);
        bytes[40..56].copy_from_slice(&digest.to_le_bytes());
        bytes
    }

    /// The pyramid that [`to_bytes`](Pyramid::to_bytes) wrote.
    ///
    /// # Errors
    /// Returns an error if the bytes are cut, changed, or of another version. No memory is
    /// allocated beyond a multiple of their length.
    pub fn from_bytes(bytes: &[u8]) -> Result<Pyramid, ReadError> {
        let have = bytes.len() as u64;
        let damaged = |why: &str| ReadError::damaged(0, have, format!("a pyramid: {why}"));
        let Some((header, cells)) = bytes.split_at_checked(HEADER) else {
            return Err(ReadError::past_end(0, HEADER as u64, have));
        };
        if !header.starts_with(MARK) {
            return Err(damaged("it does not begin with hinton-p"));
        }
        let version = u32::from_le_bytes(part(header, 8));
        if version != VERSION {
            let why = format!("a pyramid of version {version}, expected version {VERSION}");
            return Err(ReadError::damaged(8, 4, why));
        }
        let level = u32::from_le_bytes(part(header, 12));
        let number = |offset: usize| u64::from_le_bytes(part(header, offset));
        let (rows, cols, count) = (number(16), number(24), number(32));
        let (Ok(rows), Ok(cols)) = (usize::try_from(rows), usize::try_from(cols)) else {
            return Err(damaged("its matrix is larger than this machine can address"));
        };
        let tiling = Tiling::new(rows, cols);
        if level > highest(&tiling) {
            return Err(damaged("no pyramid of its matrix has its level"));
        }
        let (down, across) = tiling.cells((level, level));
        let expected = down.checked_mul(across).filter(|&cells| cells as u64 == count);
        let fits = expected.and_then(|cells| cells.checked_mul(Foldable::BYTES));
        if fits != Some(cells.len()) {
            return Err(damaged("its cells are not those of its matrix"));
        }
        if digest_of(&header[..40], cells) != u128::from_le_bytes(part(header, 40)) {
            return Err(damaged("its bytes do not have its digest"));
        }
        let mut folded = Vec::new();
        let count = cells.len() / Foldable::BYTES;
        folded.try_reserve_exact(count).map_err(|_| {
            ReadError::new(ReadErrorKind::Memory, 0, have, "there is no memory for its cells")
        })?;
        let chunks = cells.as_chunks::<{ Foldable::BYTES }>().0;
        folded.extend(chunks.iter().map(Foldable::from_bytes));
        let layers = layers(&tiling, Layer { level, cells: (down, across), folded });
        Ok(Pyramid { tiling, layers })
    }
}

/// The digest of what stands before it, and of the cells.
fn digest_of(header: &[u8], cells: &[u8]) -> u128 {
    digest::with_stripe(digest::of_stripe(header), digest::of_stripe(cells))
}

/// `N` bytes at an offset of the header.
fn part<const N: usize>(header: &[u8], offset: usize) -> [u8; N] {
    header.get(offset..).and_then(|rest| rest.first_chunk()).copied().unwrap_or([0; N])
}
