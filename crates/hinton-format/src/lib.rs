//! Opens every kind of weights file that `hinton` reads, lazily and safely.
//!
//! [`open`] reads headers, but no values. It recognises formats by content, not by name, and never
//! executes anything. Every number in a file is checked before memory is allocated according to it.
//!
//! Each format is one file in `formats/` and one row in [`FORMATS`].
#![deny(unsafe_code)]

mod adapter;
mod cancel;
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
pub mod safetensors;
pub mod source;
pub mod summary;

pub use adapter::ADAPTER;
pub use cancel::Cancel;
pub use checkpoint::{Checkpoint, Warning};
pub use error::{Error, ErrorKind};
pub use events::{EventScalar, Events, is_events, open_events, read_events};
pub use formats::archive::locate;
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

/// The tokens of the tokenizer inside a file, at most `most`, in the order of their ids; only GGUF
/// files have one. `None` if there is none.
pub fn tokens_inside(
    data: &dyn hinton_tensor::Bytes,
    most: usize,
    limits: &Limits,
) -> Option<Vec<String>> {
    formats::gguf::tokens(data, most, limits)
}
