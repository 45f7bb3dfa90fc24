//! The row of an initialisation.

use crate::layers::ParameterShape;
use crate::random::Random;

/// A kind of initialisation.
#[derive(Debug)]
pub struct InitRow {
    /// Its name.
    pub name: &'static str,
    /// A description in one line, with the formula.
    pub about: &'static str,
    /// Where it was proposed, and what it does to biases.
    pub help: &'static str,
    pub(super) fill: Fill,
    /// Biases too, in the range of their weights.
    pub(super) biases: bool,
}

/// Fills a matrix `[out, in]`, row-major.
type Fill = fn(&ParameterShape, &mut Random, &mut [f64]);
