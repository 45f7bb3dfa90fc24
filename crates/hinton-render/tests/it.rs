//! The tests of this crate from outside, in one binary: each file is a module.

mod common;
mod film;
mod films;
mod fonts;
mod golden;
mod outputs;
