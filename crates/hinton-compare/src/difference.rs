//! The difference of two tensors as a tensor, computed when it is read.

use std::sync::Arc;

use hinton_tensor::{
    Computed, Decode, Dtype, Endian, ReadError, Tensor, TensorError, View, read_values,
};

use crate::measure::readable;

/// Most values that are copied to memory where they can only be read forwards.
const MOST_HELD: u64 = 32 << 20;

/// The second tensor minus the first, value by value, as `f32`: a tensor that reads both in stripes
/// and caches nothing. If either value is NaN, so is the difference.
///
/// # Errors
/// Returns an error if the shapes differ, or bytes cannot be read.
pub fn difference(a: &Tensor, b: &Tensor) -> Result<Tensor, TensorError> {
    if a.shape() != b.shape() {
        let (name, shape) = (b.name().to_owned(), b.shape().to_vec());
        let why = format!("it is compared with the shape {:?}", a.shape());
        return Err(TensorError::Shape { name, shape, why });
    }
    let near = |tensor: &Tensor| match tensor.data().is_sequential() {
        true if tensor.elements() <= MOST_HELD => tensor.to_memory(),
        _ => readable(tensor),
    };
    let rule = Between { a: near(a)?, b: near(b)? };
    let (name, view) = (format!("{} changed", a.name()), View::packed(a.shape()));
    let data = Arc::new(Computed::new(rule));
    Tensor::new(name, a.file(), Dtype::F32, Endian::Little, view, 0, data)
}

struct Between {
    a: Tensor,
    b: Tensor,
}

impl Decode for Between {
    fn values(&self) -> u64 {
        self.a.elements()
    }

    fn decode(&self, first: u64, out: &mut [f32]) -> Result<(), ReadError> {
        let failed = |error: TensorError| {
            ReadError::of_tensor(first.saturating_mul(4), out.len() as u64 * 4, &error)
        };
        let (mut a, mut b) = (vec![0.0f64; out.len()], vec![0.0f64; out.len()]);
        read_values(&self.a, first, &mut a).map_err(failed)?;
        read_values(&self.b, first, &mut b).map_err(failed)?;
        for ((out, a), b) in out.iter_mut().zip(a).zip(b) {
            *out = (b - a) as f32;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_the_second_less_the_first() {
        let a = Tensor::from_f32("a", &[2, 3], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).unwrap();
        let b = Tensor::from_f32("b", &[3, 2], &[1.5, 4.0, 2.0, f32::NAN, 0.0, 6.0]).unwrap();
        let found = difference(&a, &b.transpose().unwrap()).unwrap();
        let values = found.to_f64().unwrap();
        assert_eq!(values[..3], [0.5, 0.0, -3.0]);
        assert!(values[4].is_nan());
        assert_eq!(values[5], 0.0);
        assert!(difference(&a, &b).unwrap_err().to_string().contains("[2, 3]"));
    }
}
