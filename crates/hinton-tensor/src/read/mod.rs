//! Reads strided values as packed little-endian bytes. No other module combines views with bytes.

mod layout;
mod pairs;
mod source;
mod spans;
mod stripes;

pub(crate) use layout::Layout;
pub use pairs::{Packed, STRIPE, Stripe, read_values, side_by_side};
pub(crate) use source::{Piece, Source, swap};
pub use stripes::share_out;
pub(crate) use stripes::{Turn, for_each};
