//! The tests of this crate from outside, in one binary: each file is a module.

mod bars;
mod charts;
mod common;
mod eyes;
mod fold;
mod golden;
mod margins;
mod over_steps;
mod overview;
mod presets;
mod profile;
mod space;
mod spectrum;
mod words;
