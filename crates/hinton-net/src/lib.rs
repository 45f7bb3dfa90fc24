//! Small neural networks for visualisation: forward and backward passes, training, data sets.
//!
//! A [`Network`] is a chain of named steps. It is described by a [`Spec`], with the same syntax
//! everywhere in `hinton`: in `2-3-tanh-3-tanh-2`, numbers are widths, and words are rows of
//! [`LAYERS`].
//!
//! The same seed and data give the same bits on every machine and with any number of threads: sums
//! have a fixed order, nothing is contracted to a fused multiply-add, and functions such as exp,
//! tanh and ln are computed here rather than by the system's library.
//!
//! ```
//! use hinton_net::{Init, Network};
//!
//! let network = Network::<f64>::from_spec("2-3-tanh-2", &Init::default(), 7)?;
//! let points = [0.5, -1.0, 2.0, 0.25];
//! let values = network.forward(&points)?;
//! assert_eq!(values.len(), 4);
//! # Ok::<(), hinton_net::NetError>(())
//! ```
//!
//! Internal to `hinton`: this crate may change without notice.
#![deny(unsafe_code)]

pub mod data;
mod error;
mod init;
pub mod layers;
pub mod linear_map;
pub mod math;
mod network;
pub mod product;
pub mod random;
mod real;
mod shape;
pub mod sparse;
mod spec;
pub mod spectrum;
mod trace;
pub mod train;

pub use error::NetError;
pub use init::{INITS, Init, InitRow};
pub use layers::{Backward, Forward, LAYERS, Layer, LayerRow, ParameterShape};
pub use network::{Array, Network, NetworkStep};
pub use real::Real;
pub use shape::Shape;
pub use spec::Spec;
pub use trace::{Trace, TraceError};
