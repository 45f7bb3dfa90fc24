//! The row of a kind of generated points.

use crate::random::Random;

/// A kind of generated points in the plane.
#[derive(Debug)]
pub struct ToyRow {
    /// Its name.
    pub name: &'static str,
    /// A description in one line.
    pub about: &'static str,
    /// Number of classes.
    pub classes: usize,
    /// A point of a class.
    pub(super) point: fn(usize, &mut Random) -> (f64, f64),
}
