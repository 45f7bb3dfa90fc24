//! Decay rates of state-space models: one file stores their logarithm, the other the negative of
//! their exponential.

use std::sync::Arc;

use hinton_tensor::{
    Computed, Decode, Dtype, Endian, ReadError, Tensor, TensorError, View, read_values,
};

use super::Change;
use crate::relative_error;

/// The exponential is taken where its error is so much smaller.
const BETTER: f64 = 5.0;
/// Most values: such tensors have one a head or a channel and state.
const MOST: u64 = 1 << 24;

/// Both with the exponential taken of the one that stores logarithms, where names say that the other
/// does not and values agree.
pub(super) fn undone(
    a: &Tensor,
    b: &Tensor,
) -> Result<Option<(Tensor, Tensor, Change)>, TensorError> {
    let (log_a, log_b) = (is_logarithm(a.name()), is_logarithm(b.name()));
    if log_a == log_b || a.elements() != b.elements() || a.elements() > MOST || a.elements() == 0 {
        return Ok(None);
    }
    let b = if a.shape() == b.shape() { b.clone() } else { b.reshape(a.shape())? };
    let so = match log_a {
        true => (negated_exponential(a)?, b.clone()),
        false => (a.clone(), negated_exponential(&b)?),
    };
    let (error, as_is) = (relative_error(&so.0, &so.1)?, relative_error(a, &b)?);
    let is_better = error * BETTER <= as_is;
    Ok(is_better.then_some((so.0, so.1, Change::Exponential { errors: (error, as_is) })))
}

/// Whether it is called as PyTorch's models call logarithms of decay rates.
fn is_logarithm(name: &str) -> bool {
    name.rsplit('.').next().is_some_and(|leaf| leaf.eq_ignore_ascii_case("a_log"))
}

fn negated_exponential(tensor: &Tensor) -> Result<Tensor, TensorError> {
    let view = View::packed(tensor.shape());
    let data = Arc::new(Computed::new(NegatedExponential(tensor.clone())));
    Tensor::new(tensor.name(), tensor.file(), Dtype::F32, Endian::Little, view, 0, data)
}

/// −exp(x).
struct NegatedExponential(Tensor);

impl Decode for NegatedExponential {
    fn values(&self) -> u64 {
        self.0.elements()
    }

    fn decode(&self, first: u64, out: &mut [f32]) -> Result<(), ReadError> {
        let mut values = vec![0.0f64; out.len()];
        read_values(&self.0, first, &mut values).map_err(|error| {
            ReadError::of_tensor(first.saturating_mul(4), out.len() as u64 * 4, &error)
        })?;
        for (out, value) in out.iter_mut().zip(values) {
            *out = -libm::exp(value) as f32;
        }
        Ok(())
    }
}
