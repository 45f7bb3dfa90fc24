//! The tests of this crate from outside, in one binary: each file is a module.

mod common;
mod decode;
mod examine;
mod examine_part;
mod reduce;
mod summary;
mod summary_part;
mod tile;
