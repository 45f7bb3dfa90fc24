//! Utilities that the tests of several crates share. No program uses this crate.
//!
//! - [`shared`] finds the shared test files, and [`skip`] counts a test that cannot run without
//!   them, or without another program.
//! - [`Folder`] is a temporary folder that is removed at the end of a test.
//! - [`Numbers`] is a small random number generator with the same numbers on every machine.
//! - [`files`] writes small files whose bytes are known.
//! - [`Golden`] compares what is drawn with what was drawn before, [`Pixels`] two pictures.
#![forbid(unsafe_code)]

pub mod files;
mod folder;
mod golden;
mod numbers;
mod outcomes;
mod pixels;
mod skip;

pub use folder::Folder;
pub use golden::{BLESS, Golden, hash};
pub use numbers::Numbers;
pub use outcomes::Outcomes;
pub use pixels::{Difference, Pixels};
pub use skip::{SKIPS, append_skip, shared, skip};
