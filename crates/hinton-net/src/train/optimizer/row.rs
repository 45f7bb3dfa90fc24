//! The row of an optimiser.

use super::Update;

/// A kind of optimiser.
pub struct OptimizerRow {
    /// Its name.
    pub name: &'static str,
    /// A description in one line.
    pub about: &'static str,
    /// The formula, and where it was proposed.
    pub help: &'static str,
    /// The default learning rate.
    pub rate: f64,
    /// The state it keeps for each weight, by PyTorch's names.
    pub remembers: &'static [&'static str],
    pub(super) update: fn(Update<'_>),
}

impl std::fmt::Debug for OptimizerRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "OptimizerRow({})", self.name)
    }
}
