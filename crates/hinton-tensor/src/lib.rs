//! Tensors in files: dtype, shape and strides; decoding, statistics and reduction.
//!
//! This crate knows neither file formats nor colours. A [`Tensor`] is a *lazy* view: it knows where
//! its values are in some [`Bytes`], and reads them only on request. Slicing, transposing and
//! reshaping make new views and read nothing.
//!
//! Internal to `hinton`: this crate may change without notice.
#![deny(unsafe_code)]

mod bytes;
mod component;
mod computed;
mod digest;
mod dtype;
mod error;
mod file_part;
mod natural;
mod pyramid;
mod read;
mod read_error;
mod shape;
mod slice;
mod stored;
mod tensor;
mod tiling;
mod work;

pub mod decode;
pub mod examine;
pub mod outline;
pub mod reduce;
pub mod simd;
pub mod spectrum;
pub mod summary;

pub use bytes::{Bytes, Memory};
pub use component::{Component, Components};
pub use computed::{Computed, Decode};
pub use decode::{decode_f32, decode_f64, f16_to_f32};
pub use dtype::{Dtype, Endian};
pub use error::TensorError;
pub use examine::{Examination, Looked, examine, examine_part, find_first, same_bits};
pub use file_part::FilePart;
pub use natural::natural_cmp;
pub use pyramid::Pyramid;
pub use read::{Packed, STRIPE, Stripe, read_values, share_out, side_by_side};
pub use read_error::{ReadError, ReadErrorKind, range_end};
pub use reduce::{Fold, Grid, GridRequest, TileRequest, reduce, tile};
pub use shape::{View, element_count};
pub use slice::{Index, Slice};
pub use stored::{Blocks, Stored};
pub use summary::{
    Folding, PartError, Summary, SummaryPart, summarize, summarize_part, whole_bins,
};
pub use tensor::Tensor;
pub use tiling::{Levels, TILE, Tiling, Window};
pub use work::{Cancelled, Progress, Quiet, Work, threads};
