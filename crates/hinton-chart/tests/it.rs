//! The tests of this crate from outside, in one binary: each file is a module.

mod charts;
mod common;
mod fold;
mod golden;
mod over_steps;
mod overview;
mod presets;
mod profile;
mod space;
mod spectrum;
mod words;
