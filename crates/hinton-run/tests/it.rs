//! The tests of this crate from outside, in one binary: each file is a module.

mod common;
mod far;
mod killed;
mod logs;
mod python;
mod run_folder;
mod sources;
