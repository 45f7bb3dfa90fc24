//! Strided values to packed little-endian bytes: the one place where views meet bytes.

mod layout;
mod source;
mod stripes;

pub(crate) use layout::Layout;
pub(crate) use source::{Piece, Source, swap};
pub use stripes::share_out;
pub(crate) use stripes::{Turn, for_each};
