//! A dataset in chunks as plain bytes in C order: a read decodes the chunks it touches, once each.

use std::ops::Range;

use hinton_tensor::{Bytes, ReadError};

use super::chunks::{self, Chunk, Grid, Table};
use super::file::H5File;
use super::filters::{self, Filter};
use super::layout::{Chunks, Index, Space};
use crate::source::grid::{Answer, ChunkGrid, Piece, place, put_fill};
use crate::source::once::Once;
use crate::source::read_vec;

/// A dataset in chunks.
pub(super) struct Chunked {
    file: H5File,
    /// Tells the chunks of datasets apart in the file's cache.
    id: u64,
    space: Space,
    chunks: Chunks,
    filters: Vec<Filter>,
    /// Bytes of an element where no chunk was written; empty for zeros.
    fill: Vec<u8>,
    grid: ChunkGrid,
    table: Once<Table>,
}

/// What a dataset in chunks is made of.
pub(super) struct Parts {
    pub(super) file: H5File,
    pub(super) id: u64,
    pub(super) space: Space,
    pub(super) chunks: Chunks,
    pub(super) filters: Vec<Filter>,
    pub(super) fill: Vec<u8>,
}

impl Chunked {
    /// Puts it together; `None` where its sizes cannot be counted.
    pub(super) fn new(parts: Parts) -> Option<Self> {
        let Parts { file, id, space, chunks, filters, fill } = parts;
        let most_row = file.limits.held_bytes;
        let grid = ChunkGrid::new(&space.dims, &chunks.extent, chunks.element, most_row)?;
        Some(Chunked { file, id, space, filters, fill, grid, table: Once::new(), chunks })
    }

    fn places(&self) -> Grid<'_> {
        Grid {
            space: &self.space,
            chunks: &self.chunks,
            chunk_bytes: self.grid.chunk_bytes() as u64,
            filtered: !self.filters.is_empty(),
        }
    }

    /// The stored chunk of that number; `None` where it was never written.
    fn chunk(&self, number: u64) -> Result<Option<Chunk>, ReadError> {
        if self.chunks.index == Index::Implicit {
            return Ok(chunks::implicit(&self.file, &self.places(), &self.place(number)));
        }
        let table = self.table.get(|| {
            let table = chunks::table(&self.file.afresh(), &self.places());
            table.map_err(|error| {
                ReadError::new(
                    error.read_kind(),
                    error.byte().unwrap_or(0),
                    0,
                    format!("the index of its chunks: {}", error.message()),
                )
            })
        });
        table.map(|table| table.find(number))
    }

    /// The place of a chunk in the grid of all axes.
    fn place(&self, number: u64) -> Vec<u64> {
        place(&self.space.dims, &self.chunks.extent, number)
    }

    /// Fills the piece that a chunk has of what is read.
    fn copy(&self, number: u64, piece: Piece<'_>) -> Answer {
        let Some(chunk) = self.chunk(number)? else {
            return piece.fill(|at, _, to| {
                put_fill(&self.fill, at, to);
                Ok(())
            });
        };
        let chunk_bytes = self.grid.chunk_bytes();
        let plain = self.filters.is_empty() || self.is_plain_edge(number);
        if plain {
            if chunk.size < chunk_bytes as u64 {
                let why = format!("it has {} bytes, expected {chunk_bytes}", chunk.size);
                return Err(wrong(number, &chunk, &why));
            }
            return piece.fill(|_, inside, to| self.file.data.read_at(chunk.at + inside, to));
        }
        let slot = self.file.cache.slot((self.id, number), chunk_bytes, self.grid.row());
        let bytes = slot.get(|| self.decode(number, &chunk))?;
        piece.fill(|_, inside, to| {
            to.copy_from_slice(&bytes[inside as usize..][..to.len()]);
            Ok(())
        })
    }

    fn decode(&self, number: u64, chunk: &Chunk) -> Result<Vec<u8>, ReadError> {
        let stored = read_vec(&*self.file.data, chunk.at, chunk.size)?;
        filters::undo(&self.filters, chunk.mask, stored, self.grid.chunk_bytes())
            .map_err(|why| wrong(number, chunk, &why))
    }

    /// Whether the chunk reaches over the edge and was left unfiltered for it.
    fn is_plain_edge(&self, number: u64) -> bool {
        self.chunks.plain_edges && {
            let axes = self.space.dims.iter().zip(&self.chunks.extent);
            self.place(number).iter().zip(axes).any(|(at, (dim, extent))| (at + 1) * extent > *dim)
        }
    }
}

fn wrong(number: u64, chunk: &Chunk, why: &str) -> ReadError {
    ReadError::damaged(
        chunk.at,
        chunk.size,
        format!("chunk {number} of the dataset is damaged: {why}"),
    )
}

impl Bytes for Chunked {
    fn len(&self) -> u64 {
        self.grid.len()
    }

    fn slice(&self, _range: Range<u64>) -> Option<&[u8]> {
        None
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<(), ReadError> {
        self.grid.read(offset, buf, |number, piece| self.copy(number, piece))
    }
}
