//! Pictures of neural networks: turns the tensors of any weights file into charts.
//!
//! Open a file, select tensors, draw them, save the picture:
//!
//! ```
//! # let folder = std::env::temp_dir().join(format!("hinton-doc-{}", std::process::id()));
//! # std::fs::create_dir_all(&folder)?;
//! # let (model, picture_path) = (folder.join("digits.safetensors"), folder.join("weight.png"));
//! # hinton::export(hinton::train::digits("softmax", 1)?.tensors, &model)?;
//! use hinton::{DrawRequest, draw, open, save, select};
//!
//! let file = open(model)?;
//! let picture = draw(select(&file, &["weight"])?, &DrawRequest::chart("heatmap"))?;
//! save(&picture, picture_path)?;
//! # std::fs::remove_dir_all(&folder)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Weights that your program already holds need no file: [`tensor`](tensor()) takes an `ndarray`
//! array, [`tensor_of`] a slice.
//!
//! # In the order of the work
//!
//! The names that nearly every program uses are here, at the root. The rest is in modules, each with
//! an example of its own.
//!
//! ## 1. Open
//!
//! [`open`] reads the headers of a file, but no values: safetensors, PyTorch, GGUF, numpy, pickles,
//! CSV, IDX … [`files`] has the formats, folders, addresses and places of your own.
//!
//! ```
//! # use std::sync::Arc;
//! use hinton::{Memory, open_bytes};
//!
//! let checkpoint = open_bytes("table.csv", Arc::new(Memory::new("1,2,3\n4,5,6\n".as_bytes())))?;
//! assert_eq!(checkpoint.tensors[0].shape(), [2, 3]);
//! # Ok::<(), hinton::Error>(())
//! ```
//!
//! ## 2. Look into it
//!
//! [`select`] picks tensors by name, glob and slice; see [`tensors`]. [`inspect`](mod@inspect) lists
//! what a file holds, [`check`](mod@check) says whether it is sound, and [`summary`] computes
//! statistics on many machines.
//!
//! ```
//! # let checkpoint = hinton::train::digits("softmax", 1)?;
//! let selected = hinton::select(&checkpoint, &["weight", "bias[:5]"])?;
//! assert_eq!(selected[1].tensor.shape(), [5]);
//! # Ok::<(), hinton::Error>(())
//! ```
//!
//! ## 3. Draw
//!
//! [`draw`](draw()) lays tensors out by their shape, or as a [`DrawRequest`] says. How the picture
//! looks is in [`look`], and by name in [`settings`]; how tensors are laid out is in
//! [`arrange`](mod@arrange). [`fonts`] are for other scripts.
//!
//! ```
//! # let weights = hinton::tensor_of("w", &[2, 3], &[0.5_f32, -1.0, 2.0, 0.0, 1.5, -0.5])?;
//! use hinton::{DrawRequest, draw};
//!
//! let request = DrawRequest::chart("heatmap").set("cmap", "viridis")?.set("theme", "dark")?;
//! let picture = draw([weights], &request)?;
//! # let _ = picture;
//! # Ok::<(), hinton::Error>(())
//! ```
//!
//! ## 4. Save
//!
//! [`save`] writes PNG, SVG or PDF, by the file's extension. [`outputs`] has the other ways out,
//! [`scene`] is for outputs of your own, and [`export`](mod@export) writes the values themselves.
//!
//! ```
//! # let weights = hinton::tensor_of("w", &[2, 3], &[0.5_f32, -1.0, 2.0, 0.0, 1.5, -0.5])?;
//! # let picture = hinton::draw([weights], &Default::default())?;
//! use hinton::outputs::{RenderOptions, output_named};
//!
//! let svg = hinton::render(&picture, output_named("svg")?, &RenderOptions::default())?;
//! assert!(svg.starts_with(b"<svg") || svg.starts_with(b"<?xml"));
//! # Ok::<(), hinton::Error>(())
//! ```
//!
//! ## Beyond one picture of one file
//!
//! - [`runs`]: the same tensors over the steps of a training, with metrics.
//! - [`films`]: those steps as GIF, WebP or MP4.
//! - [`space`]: what a network does to points, layer by layer.
//! - [`diff`](mod@diff): two checkpoints compared.
//! - [`train`]: small networks, trained to watch them learn.
//! - [`tiles`]: a matrix at levels of detail, for a viewer of your own.
//! - [`text`] and [`errors`]: what hinton says, for programs that say it themselves.
//! - [`demo`]: a gallery of every chart.
//!
//! # What holds everywhere
//!
//! - Nothing is printed, and neither the environment nor the clock is read. What the user should
//!   know is a [`Warning`] of a file or a note of a [`Picture`].
//! - The same input gives the same bytes, with any number of threads.
//! - The simple call works with a thread per core and reports to nobody. Beside it stands one whose
//!   name ends in `_with` and that takes more: [`Limits`], options, or a [`Work`], which says how
//!   many threads, and which [`Progress`] watches and may cancel.
//! - Every failure is an [`Error`], which says what to do about it, or one of the [`errors`] inside,
//!   which `?` makes an [`Error`].
//! - A file is either written completely or not at all.
#![forbid(unsafe_code)]

pub mod arrange;
pub mod check;
pub mod demo;
pub mod diff;
pub mod errors;
pub mod export;
pub mod files;
pub mod films;
pub mod fonts;
pub mod inspect;
pub mod look;
pub mod outputs;
pub mod runs;
pub mod scene;
pub mod settings;
pub mod space;
pub mod summary;
pub mod tensors;
pub mod text;
pub mod tiles;
pub mod train;

pub use hinton_draw::{DrawRequest, draw, draw_with};
pub use hinton_format::{Checkpoint, Limits, Warning};
pub use hinton_picture::{Picture, render, save, save_with};
pub use hinton_tensor::{Bytes, Cancelled, Dtype, Memory, Progress, Quiet, Tensor, Work, threads};
pub use hinton_weights::export::export;
pub use hinton_weights::{
    Error, Fault, Selected, open, open_bytes, open_with, select, tensor, tensor_of,
};
