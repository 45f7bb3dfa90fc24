//! Bytes to checkpoints: every weights file `hinton` opens, lazily and safely.
//!
//! [`open`] reads headers and no values. It decides by content, not by name; it never executes
//! anything; every number in a file is checked before it sizes an allocation.
//!
//! One file a format in `formats/`, one row each in [`FORMATS`].
#![deny(unsafe_code)]

mod adapter;
mod checkpoint;
mod error;
mod events;
mod foreign;
mod ggml;
mod kernels;
mod limits;
mod lookalike;
mod nearest;
mod open;
mod quantised;
mod sniff;
mod words;

pub mod container;
pub mod formats;
pub mod source;
pub mod summary;

pub use adapter::ADAPTER;
pub use checkpoint::{Checkpoint, Warning};
pub use error::{Error, ErrorKind};
pub use events::{EventScalar, Events, is_events, open_events, read_events};
pub use formats::sharded::{CONFIG, CONFIGURED};
pub use formats::tensorflow::index_of;
pub use formats::{FORMATS, FormatRow};
pub use kernels::{HWIO, KERNEL_AXES, KernelAxes, OHWI, OIHW};
pub use limits::Limits;
pub use nearest::nearest;
pub use open::{Input, is_one_folder, open, open_at, open_folder, open_input};
pub use quantised::DEQUANTISED;
pub use sniff::{Head, Sniff};
pub use source::utf8_text;
pub use source::wrapper::unwrapped_name;
pub use words::{io_fault, json_fault};

/// The tokens that the tokenizer inside a file has, at most `most`, in the order of their numbers: those of
/// a GGUF file. `None` where there are none.
pub fn tokens_inside(
    data: &dyn hinton_tensor::Bytes,
    most: usize,
    limits: &Limits,
) -> Option<Vec<String>> {
    formats::gguf::tokens(data, most, limits)
}
