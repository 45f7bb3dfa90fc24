//! Singular values as numbers.

use hinton_net::spectrum::{Found, spectrum};
use hinton_tensor::spectrum::Spectrum;
use hinton_tensor::{Tensor, Work};
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::InspectReport;
use crate::Error;
use crate::select::addressable;

/// The singular values of one tensor, or why it has none.
#[derive(Debug, Clone, PartialEq)]
pub enum Singular {
    /// Its singular values.
    Values(Spectrum),
    /// It has none, because this number of its values is NaN or infinite.
    NotFinite(u64),
}

impl InspectReport {
    /// Number of bytes that computing singular values will read.
    pub fn bytes_of_matrices(&self) -> u64 {
        let matrices = self.tensors().filter(|tensor| is_matrix(tensor));
        matrices.map(Tensor::byte_len).fold(0, u64::saturating_add)
    }

    /// Computes the singular values of every matrix and adds them to the report; vectors and single
    /// values have none. A tensor of more than two axes is a matrix of its first axis by all
    /// others.
    ///
    /// # Errors
    /// Returns an error if values cannot be read, or the work was cancelled.
    pub fn decompose(&mut self, work: Work<'_>) -> Result<(), Error> {
        for one in self.tensors.iter_mut().filter(|one| is_matrix(&one.selected.tensor)) {
            one.singular = Some(singular(&one.selected.tensor, work)?);
        }
        Ok(())
    }
}

/// Whether a tensor has singular values: two axes or more that are longer than 1.
pub fn is_matrix(tensor: &Tensor) -> bool {
    tensor.shape().iter().filter(|&&length| length > 1).count() > 1
        && tensor.elements() > 0
        && !tensor.dtype().is_complex()
}

/// The singular values of a tensor, its first axis against all others; leading axes of length 1 say
/// nothing.
pub fn singular(tensor: &Tensor, work: Work<'_>) -> Result<Singular, Error> {
    let matrix = addressable(tensor)?;
    let matrix = match *matrix.shape() {
        [_, _] => matrix,
        ref shape => {
            let first = shape.iter().position(|&length| length > 1).unwrap_or(0);
            let rows = shape.get(first).copied().unwrap_or(1);
            let columns = shape.iter().skip(first + 1).product();
            matrix.reshape(&[rows, columns])?
        }
    };
    Ok(match spectrum(&matrix, work)? {
        Found::Spectrum(values) => Singular::Values(values),
        Found::NotFinite(count) => Singular::NotFinite(count),
    })
}

impl Serialize for Singular {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match self {
            Singular::NotFinite(count) => map.serialize_entry("not_finite", count)?,
            Singular::Values(spectrum) => {
                let law = spectrum.power_law();
                map.serialize_entry("rows", &spectrum.shape.0)?;
                map.serialize_entry("columns", &spectrum.shape.1)?;
                map.serialize_entry("estimated", &spectrum.is_sketch)?;
                map.serialize_entry("rank", &spectrum.rank())?;
                map.serialize_entry("effective_rank", &spectrum.effective_rank())?;
                map.serialize_entry("stable_rank", &spectrum.stable_rank())?;
                map.serialize_entry("condition", &spectrum.condition())?;
                map.serialize_entry("noise_edge", &spectrum.noise_edge())?;
                map.serialize_entry("above_noise_edge", &spectrum.above_noise())?;
                map.serialize_entry("power_law_alpha", &law.map(|law| law.alpha))?;
                map.serialize_entry("power_law_values", &law.map(|law| law.count))?;
                map.serialize_entry("singular_values", &spectrum.values)?;
            }
        }
        map.end()
    }
}
