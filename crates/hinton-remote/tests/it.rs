//! The tests of this crate from outside, in one binary: each file is a module.

#[cfg(feature = "cloud")]
mod buckets;
mod faults;
mod hub;
mod kept;
mod support;
