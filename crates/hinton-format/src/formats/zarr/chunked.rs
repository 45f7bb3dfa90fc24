//! An array in chunks as plain bytes: a read decodes the chunks it touches, once each.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use hinton_tensor::{Bytes, Dtype, ReadError, ReadErrorKind, Tensor, View, element_count};

use super::codec::{self, checked};
use super::meta::{Array, Shards};
use super::store::Store;
use super::streamed::{self, Streams};
use super::value::widen;
use crate::source::cache::ChunkCache;
use crate::source::grid::{Answer, ChunkGrid, Piece, place, put_fill};
use crate::source::{Made, Part, read_vec};
use crate::{Error, Limits};

/// Tells the index of a shard from a chunk in the cache.
const INDEX: u64 = 1 << 63;

/// An array that has not been read. Its bytes are in the order of its chunks.
struct Chunked {
    store: Arc<dyn Store>,
    cache: Arc<ChunkCache>,
    /// Tells the chunks of arrays apart in the cache.
    id: u64,
    /// What the keys of its chunks begin with.
    prefix: String,
    array: Array,
    grid: ChunkGrid,
    /// Of chunks that are too large to be held.
    streams: Option<Streams>,
    /// Most bytes of the index of a shard.
    longest_index: u64,
    /// Lengths of the array and its chunks along the axes as chunks have them.
    dims: Vec<u64>,
    extents: Vec<u64>,
    /// What was asked for of chunks that are not there.
    missing: Missing,
}

/// How much was asked for of chunks that were never written, beside those that were, of an array that
/// is large: a few bytes can describe one that nobody can read to its end.
#[derive(Default)]
struct Missing {
    pieces: AtomicU64,
    bytes: AtomicU64,
    /// Bytes that were asked for of chunks that are there.
    written: AtomicU64,
}

impl Missing {
    const MOST_PIECES: u64 = 200_000;
    const MOST_BYTES: u64 = 1 << 30;
    /// How many bytes may be missing beside one that is there, and a piece beside 4 KiB of those.
    const SHARE: u64 = 4;

    fn found(&self, bytes: usize) {
        self.written.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Counts a piece that is missing, of an array of `len` bytes in chunks of `chunk`.
    fn count(&self, bytes: usize, (len, chunk): (u64, u64)) -> Result<(), ReadError> {
        let bytes = bytes as u64;
        if len <= Self::MOST_BYTES && len / chunk.max(1) <= Self::MOST_PIECES {
            return Ok(());
        }
        let pieces = self.pieces.fetch_add(1, Ordering::Relaxed);
        let before = self.bytes.fetch_add(bytes, Ordering::Relaxed);
        let written = self.written.load(Ordering::Relaxed).saturating_mul(Self::SHARE);
        if pieces < (written / 4096).saturating_add(Self::MOST_PIECES)
            && before < written.saturating_add(Self::MOST_BYTES)
        {
            return Ok(());
        }
        let why = format!(
            "nearly all of its chunks were never written: {pieces} of them, {before} bytes, were \
             filled in; the limits are {} and {}, and {} times what is there",
            Self::MOST_PIECES,
            Self::MOST_BYTES,
            Self::SHARE
        );
        Err(ReadError::new(ReadErrorKind::Limit, 0, bytes, why))
    }
}

/// An array of a store as a tensor; `id` tells its chunks apart from those of others.
///
/// # Errors
/// Returns an error if its sizes cannot be counted.
pub(crate) fn tensor(
    name: &str,
    prefix: String,
    array: Array,
    store: &Arc<dyn Store>,
    (cache, id): (&Arc<ChunkCache>, u64),
    limits: &Limits,
) -> Result<Tensor, Error> {
    let uncounted = || Error::malformed(format!("its shape {:?} cannot be counted", array.shape));
    let shape: Option<Vec<usize>> =
        array.shape.iter().map(|dim| usize::try_from(*dim).ok()).collect();
    let shape = shape.filter(|shape| element_count(shape).is_some()).ok_or_else(uncounted)?;
    let in_order =
        |lengths: &[u64]| -> Vec<u64> { array.order.iter().map(|axis| lengths[*axis]).collect() };
    let (dims, extents) = (in_order(&array.shape), in_order(&array.chunk));
    let element = array.kind.dtype.bits() / 8;
    let grid = if shape.contains(&0) {
        // Nothing is read of it, and nothing of it need be counted.
        ChunkGrid::new(&[0], &[1], element, 0)
    } else {
        ChunkGrid::new(&dims, &extents, element, limits.held_bytes)
    };
    let grid = grid.ok_or_else(uncounted)?;
    let view = view(&shape, &array.order);
    let first = format!("{prefix}{}", array.keys.key(&vec![0; shape.len()]));
    let (file, kind) = (store.file(&first), array.kind);
    let (store, cache) = (store.clone(), cache.clone());
    let size = grid.chunk_bytes() as u64;
    let way = streamed::way(&array.codecs).filter(|_| size > limits.held_bytes);
    let streams = way.map(|way| Streams::new(way, size, limits));
    let longest_index = limits.header_bytes;
    let missing = Missing::default();
    let chunked = Chunked {
        store,
        cache,
        id,
        prefix,
        array,
        grid,
        streams,
        longest_index,
        dims,
        extents,
        missing,
    };
    let data: Arc<dyn Bytes> = match kind.bits {
        None => Arc::new(chunked),
        Some(bits) => Arc::new(Made::new(chunked.len(), 1, move |first, buf| {
            chunked.read_at(first, buf)?;
            widen(buf, bits, kind.dtype == Dtype::I8);
            Ok(())
        })),
    };
    Ok(Tensor::new(name, file, kind.dtype, kind.endian, view, 0, data)?)
}

/// The view of bytes whose axes are in another order than the array's.
fn view(shape: &[usize], order: &[usize]) -> View {
    let stored: Vec<usize> = order.iter().map(|axis| shape[*axis]).collect();
    let packed = View::packed(&stored);
    let mut strides = packed.strides.clone();
    for (stride, axis) in packed.strides.iter().zip(order) {
        strides[*axis] = *stride;
    }
    View { shape: shape.to_vec(), strides, offset: 0 }
}

impl Chunked {
    /// The place of a chunk along the axes of the array.
    fn place(&self, number: u64) -> Vec<u64> {
        let stored = place(&self.dims, &self.extents, number);
        let mut place = stored.clone();
        for (at, axis) in stored.iter().zip(&self.array.order) {
            place[*axis] = *at;
        }
        place
    }

    /// What is stored of a chunk; `None` where it was never written.
    fn stored(&self, number: u64) -> Result<Option<Arc<dyn Bytes>>, ReadError> {
        let place = self.place(number);
        match &self.array.shards {
            None => self.get(&place),
            Some(shards) => self.in_shard(&place, shards),
        }
    }

    fn get(&self, place: &[u64]) -> Result<Option<Arc<dyn Bytes>>, ReadError> {
        let key = format!("{}{}", self.prefix, self.array.keys.key(place));
        self.store.get(&key).map_err(|error| {
            ReadError::new(
                error.read_kind(),
                error.byte().unwrap_or(0),
                0,
                format!("its chunk {key:?}: {}", error.message()),
            )
        })
    }

    /// The part of a shard that a chunk is.
    fn in_shard(
        &self,
        place: &[u64],
        shards: &Shards,
    ) -> Result<Option<Arc<dyn Bytes>>, ReadError> {
        let each: Vec<u64> = shards
            .extent
            .iter()
            .zip(&self.array.chunk)
            .map(|(shard, chunk)| shard / chunk)
            .collect();
        let of = |part: fn(u64, u64) -> u64| -> Vec<u64> {
            place.iter().zip(&each).map(|(at, each)| part(*at, *each)).collect()
        };
        let (shard_at, inside) = (of(|at, each| at / each), of(|at, each| at % each));
        let Some(shard) = self.get(&shard_at)? else { return Ok(None) };
        let wrong = |why: String| {
            ReadError::damaged(0, shard.len(), format!("the shard {shard_at:?} is damaged: {why}"))
        };
        let size = each.iter().try_fold(16u64, |size, each| size.checked_mul(*each));
        let size = size.and_then(|size| size.checked_add(if shards.is_checked { 4 } else { 0 }));
        let Some(size) = size.filter(|size| *size <= shard.len()) else {
            return Err(wrong(format!("an index of {each:?} chunks does not fit in it")));
        };
        if size > self.longest_index {
            let limit = self.longest_index;
            return Err(wrong(format!("its index has {size} bytes, the limit is {limit}")));
        }
        let number = numbered(&shard_at, &self.array.shape, &shards.extent);
        let slot = self.cache.slot((self.id | INDEX, number), size as usize, 0);
        let index = slot.get(|| {
            let start = if shards.index_first { 0 } else { shard.len() - size };
            let index = read_vec(&*shard, start, size)?;
            if !shards.is_checked {
                return Ok(index);
            }
            checked(index).map_err(|why| wrong(format!("its index: {why}")))
        })?;
        let row = inside.iter().zip(&each).fold(0, |row, (at, each)| row * each + at);
        let entry = &index[row as usize * 16..][..16];
        let number = |at: usize| {
            let mut number = [0; 8];
            number.copy_from_slice(&entry[at..at + 8]);
            u64::from_le_bytes(number)
        };
        let (start, len) = (number(0), number(8));
        if start == u64::MAX && len == u64::MAX {
            return Ok(None);
        }
        Ok(Some(Arc::new(Part::new(shard.clone(), start, len)?)))
    }

    /// Fills the piece that a chunk has of what is read.
    fn copy(&self, number: u64, piece: Piece<'_>) -> Answer {
        let size = self.grid.chunk_bytes();
        let wrong = |len: u64, why: &str| {
            ReadError::damaged(
                0,
                len,
                format!("its chunk {:?} is damaged: {why}", self.place(number)),
            )
        };
        if self.array.codecs.is_empty() {
            let Some(stored) = self.stored(number)? else { return self.missing(piece) };
            if stored.len() != size as u64 {
                let why = format!("it has {} bytes, expected {size}", stored.len());
                return Err(wrong(stored.len(), &why));
            }
            return piece.fill(|_, inside, to| {
                self.missing.found(to.len());
                stored.read_at(inside, to)
            });
        }
        if let Some(streams) = &self.streams {
            let Some(stored) = self.stored(number)? else { return self.missing(piece) };
            self.missing.found(piece.len());
            return streams.fill(number, &stored, piece);
        }
        let slot = self.cache.slot((self.id, number), size, self.grid.row());
        // Nothing is kept of a chunk that is missing.
        let bytes = slot.get(|| match self.stored(number)? {
            None => Ok(Vec::new()),
            Some(stored) => {
                let (len, most) = (stored.len(), codec::longest(size));
                if len > most {
                    let why = format!("it has {len} bytes, expected {most} at most");
                    return Err(wrong(len, &why));
                }
                let bytes = read_vec(&*stored, 0, len)?;
                codec::undo(&self.array.codecs, bytes, size).map_err(|why| wrong(len, &why))
            }
        })?;
        if bytes.is_empty() {
            return self.missing(piece);
        }
        piece.fill(|_, inside, to| {
            self.missing.found(to.len());
            to.copy_from_slice(&bytes[inside as usize..][..to.len()]);
            Ok(())
        })
    }

    fn missing(&self, piece: Piece<'_>) -> Answer {
        let sizes = (self.grid.len(), self.grid.chunk_bytes() as u64);
        piece.fill(|at, _, to| {
            self.missing.count(to.len(), sizes)?;
            put_fill(&self.array.fill, at, to);
            Ok(())
        })
    }
}

/// The number of a shard, for the cache.
fn numbered(place: &[u64], shape: &[u64], extent: &[u64]) -> u64 {
    let axes = shape.iter().zip(extent).map(|(dim, extent)| dim.div_ceil(*extent));
    place
        .iter()
        .zip(axes)
        .fold(0u64, |number, (at, count)| number.wrapping_mul(count).wrapping_add(*at))
}

impl Bytes for Chunked {
    fn len(&self) -> u64 {
        self.grid.len()
    }

    fn slice(&self, _range: Range<u64>) -> Option<&[u8]> {
        None
    }

    fn is_sequential(&self) -> bool {
        self.streams.is_some()
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<(), ReadError> {
        self.grid.read(offset, buf, |number, piece| self.copy(number, piece))
    }
}
