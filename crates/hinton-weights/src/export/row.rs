//! The row of a kind of file that values are exported to.

use std::io::Write;

use hinton_tensor::{Dtype, Progress};

use super::{Stop, Told};
use crate::Selected;

/// A kind of file that values are exported to.
pub struct ExportRow {
    /// Its name.
    pub name: &'static str,
    /// A description in one line.
    pub about: &'static str,
    /// The extension that selects it, without the dot.
    pub extension: &'static str,
    /// Whether it has values of that dtype.
    pub(crate) holds: fn(Dtype) -> bool,
    /// Writes the tensors; returns what the user should know.
    pub(crate) write: WriteTensors,
}

type WriteTensors =
    fn(&[Selected], &Told, &mut dyn Write, &dyn Progress) -> Result<Vec<String>, Stop>;
