//! Dataspace, layout and fill value: the shape of a dataset, and how its bytes lie.

use super::file::{Fields, H5File};
use super::object::Message;
use crate::{Error, ErrorKind, Limits};

/// The shape of a dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Space {
    /// Length of each axis; none for a single value.
    pub(super) dims: Vec<u64>,
    /// Longest that each axis may grow; `None` where it has no bound.
    pub(super) most: Vec<Option<u64>>,
}

impl Space {
    /// The lengths, where this machine can count them.
    pub(super) fn shape(&self) -> Option<Vec<usize>> {
        self.dims.iter().map(|dim| usize::try_from(*dim).ok()).collect()
    }
}

/// Reads a dataspace message; `None` for one that says that there are no values.
pub(super) fn space(fields: &mut Fields<'_>, limits: &Limits) -> Result<Option<Space>, Error> {
    let version = fields.version(1..=2)?;
    let (axes, flags) = (usize::from(fields.u8()?), fields.u8()?);
    if version == 2 && fields.u8()? == 2 {
        return Ok(None);
    }
    if version == 1 {
        fields.take(5)?;
    }
    if axes > limits.axes {
        let limit = limits.axes;
        let message = format!("the shape has {axes} axes, the limit is {limit}");
        return Err(Error::new(ErrorKind::Limit, message).at_byte(fields.at()));
    }
    let dims: Result<Vec<u64>, Error> = (0..axes).map(|_| fields.length()).collect();
    let dims = dims?;
    let mut most: Vec<Option<u64>> = dims.iter().map(|dim| Some(*dim)).collect();
    if flags & 1 != 0 {
        let unlimited = u64::MAX >> (64 - 8 * fields.frame().length_size);
        for (most, dim) in most.iter_mut().zip(&dims) {
            let found = fields.length()?;
            *most = (found != unlimited).then_some(found);
            if most.is_some_and(|most| most < *dim) {
                return Err(fields.wrong(format!("an axis of {dim} may have {found} at most")));
            }
        }
    }
    Ok(Some(Space { dims, most }))
}

/// How a dataset's bytes lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Layout {
    /// In one run at that byte of the file; `None` where nothing was ever written.
    Run { at: Option<u64>, len: u64 },
    /// In chunks.
    Chunks(Chunks),
    /// Parts of other datasets, possibly in other files.
    Virtual,
}

/// A dataset in chunks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chunks {
    /// Extent of a chunk along each axis, in elements.
    pub(super) extent: Vec<u64>,
    /// Bytes of an element.
    pub(super) element: u64,
    pub(super) index: Index,
    /// Byte of the file at which the index lies; `None` where no chunk was ever written.
    pub(super) at: Option<u64>,
    /// Whether chunks that reach over the edge are left unfiltered.
    pub(super) plain_edges: bool,
}

/// How chunks are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Index {
    /// A B-tree of version 1.
    Tree1,
    /// There is one chunk; its packed size and filter mask, where it is filtered.
    Single(Option<(u64, u32)>),
    /// All chunks lie one after another.
    Implicit,
    /// An array with a place for each chunk.
    Fixed,
    /// An array that grows along one axis.
    Extensible,
    /// A B-tree of version 2.
    Tree2,
}

/// Reads a layout message.
pub(super) fn layout(file: &H5File, message: &Message) -> Result<Layout, Error> {
    let mut fields = message.fields(file, "layout");
    match fields.version(1..=5)? {
        1 | 2 => old_layout(&mut fields),
        version => new_layout(&mut fields, version),
    }
}

fn old_layout(fields: &mut Fields<'_>) -> Result<Layout, Error> {
    let (axes, class) = (usize::from(fields.u8()?), fields.u8()?);
    fields.take(5)?;
    let at = if class == 0 { None } else { fields.address()? };
    let dims: Result<Vec<u64>, Error> = (0..axes).map(|_| Ok(u64::from(fields.u32()?))).collect();
    let mut dims = dims?;
    match class {
        0 => {
            let len = u64::from(fields.u32()?);
            Ok(Layout::Run { at: Some(fields.at()), len })
        }
        1 => {
            let len = dims.iter().try_fold(1u64, |len, dim| len.checked_mul(*dim));
            let len = len.ok_or_else(|| fields.wrong("the layout has no possible size"))?;
            Ok(Layout::Run { at, len })
        }
        2 => {
            let element = dims.pop().ok_or_else(|| fields.wrong("chunks of no axes"))?;
            chunks(fields, dims, element, Index::Tree1, at, false)
        }
        _ => Err(fields.wrong(format!("a layout of class {class}"))),
    }
}

fn new_layout(fields: &mut Fields<'_>, version: u8) -> Result<Layout, Error> {
    match fields.u8()? {
        0 => {
            let len = u64::from(fields.u16()?);
            Ok(Layout::Run { at: Some(fields.at()), len })
        }
        1 => Ok(Layout::Run { at: fields.address()?, len: fields.length()? }),
        2 if version == 3 => {
            let axes = usize::from(fields.u8()?);
            let at = fields.address()?;
            let dims: Result<Vec<u64>, Error> =
                (0..axes).map(|_| Ok(u64::from(fields.u32()?))).collect();
            let mut dims = dims?;
            let element = dims.pop().ok_or_else(|| fields.wrong("chunks of no axes"))?;
            chunks(fields, dims, element, Index::Tree1, at, false)
        }
        2 => indexed_chunks(fields),
        3 => Ok(Layout::Virtual),
        class => Err(fields.wrong(format!("a layout of class {class}"))),
    }
}

fn indexed_chunks(fields: &mut Fields<'_>) -> Result<Layout, Error> {
    let (flags, axes, width) = (fields.u8()?, usize::from(fields.u8()?), fields.u8()?);
    if !(1..=8).contains(&width) {
        return Err(fields.wrong(format!("extents of chunks in {width} bytes")));
    }
    let dims: Result<Vec<u64>, Error> = (0..axes).map(|_| fields.uint(width.into())).collect();
    let mut dims = dims?;
    let element = dims.pop().ok_or_else(|| fields.wrong("chunks of no axes"))?;
    let index = match fields.u8()? {
        1 if flags & 2 != 0 => Index::Single(Some((fields.length()?, fields.u32()?))),
        1 => Index::Single(None),
        2 => Index::Implicit,
        // How arrays and trees are built stands in their own headers too.
        3 => {
            fields.take(1)?;
            Index::Fixed
        }
        4 => {
            fields.take(5)?;
            Index::Extensible
        }
        5 => {
            fields.take(6)?;
            Index::Tree2
        }
        other => return Err(fields.wrong(format!("an index of chunks of kind {other}"))),
    };
    let at = fields.address()?;
    chunks(fields, dims, element, index, at, flags & 1 != 0)
}

fn chunks(
    fields: &Fields<'_>,
    extent: Vec<u64>,
    element: u64,
    index: Index,
    at: Option<u64>,
    plain_edges: bool,
) -> Result<Layout, Error> {
    if extent.contains(&0) || element == 0 {
        return Err(fields.wrong(format!("chunks of {extent:?} elements of {element} bytes")));
    }
    Ok(Layout::Chunks(Chunks { extent, element, index, at, plain_edges }))
}

/// The fill value's bytes from either kind of message; none where it is zero.
pub(super) fn fill_value(file: &H5File, message: &Message, old: bool) -> Result<Vec<u8>, Error> {
    let mut fields = message.fields(file, "fill value");
    if !old {
        let version = fields.version(1..=3)?;
        let defined = match version {
            3 => fields.u8()? & 0x20 != 0,
            _ => {
                fields.take(2)?;
                fields.u8()? != 0 || version == 1
            }
        };
        if !defined {
            return Ok(Vec::new());
        }
    }
    let size = fields.u32()?;
    // -1 stands for "undefined" in old files.
    if size == 0 || size > i32::MAX as u32 {
        return Ok(Vec::new());
    }
    Ok(fields.take(size as usize)?.to_vec())
}
