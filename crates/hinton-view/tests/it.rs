//! The tests of this crate from outside, in one binary: each file is a module.

mod cache;
mod common;
mod viewer;
mod views;
