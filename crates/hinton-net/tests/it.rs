//! The tests of this crate from outside, in one binary: each file is a module.

mod layers;
mod train;
