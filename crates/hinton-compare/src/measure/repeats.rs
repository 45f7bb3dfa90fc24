//! Views that repeat values: strides of zero, as in expanded tensors saved by PyTorch.

use hinton_tensor::{Index, Slice, Tensor, TensorError};

use super::{Measured, Measures, Odd};

/// Most values of a view that repeats some of them.
const MOST_REPEATED: u64 = 1 << 32;

/// Axes of which one position was compared for all.
pub(super) struct Repeats {
    /// How often each value that was compared is there.
    times: u64,
    /// Whether axes 0 and 1 are among them.
    lines: [bool; 2],
}

/// Both without the axes along which both repeat their values: those keep one position.
///
/// # Errors
/// Returns an error if what is left is a view of more than 2^32 values that repeats most of them.
pub(super) fn without(a: &Tensor, b: &Tensor) -> Result<(Tensor, Tensor, Repeats), TensorError> {
    let mut repeats = Repeats { times: 1, lines: [false; 2] };
    let mut indexes = Vec::new();
    if a.shape() == b.shape() && a.elements() > 0 {
        let strides = a.view().strides.iter().zip(&b.view().strides);
        for (axis, (&len, strides)) in a.shape().iter().zip(strides).enumerate() {
            let is_repeated = len > 1 && strides == (&0, &0);
            let stop = is_repeated.then_some(1);
            indexes.push(Index::Range { start: None, stop, step: 1 });
            if is_repeated {
                repeats.times = repeats.times.saturating_mul(len as u64);
                if let Some(line) = repeats.lines.get_mut(axis) {
                    *line = true;
                }
            }
        }
    }
    let (a, b) = match repeats.times {
        1 => (a.clone(), b.clone()),
        _ => (a.slice(&Slice(indexes.clone()))?, b.slice(&Slice(indexes))?),
    };
    refuse_repeats(&a)?;
    refuse_repeats(&b)?;
    Ok((a, b, repeats))
}

fn refuse_repeats(tensor: &Tensor) -> Result<(), TensorError> {
    let values = tensor.elements();
    let different = tensor.view().reach().map_or(0, |(low, high)| high - low + 1);
    if values > MOST_REPEATED && values / 2 > different {
        let (name, shape) = (tensor.name().to_owned(), tensor.shape().to_vec());
        let why = format!("its view repeats {different} values to {values}, too many to compare");
        return Err(TensorError::Shape { name, shape, why });
    }
    Ok(())
}

impl Repeats {
    /// Whether every value was compared.
    pub(super) fn is_none(&self) -> bool {
        self.times == 1
    }

    /// What was found, as of all positions.
    pub(super) fn applied(&self, found: Measured) -> Measured {
        if self.times == 1 {
            return found;
        }
        let times = |count: u64| count.saturating_mul(self.times);
        let (factor, root) = (self.times as f64, (self.times as f64).sqrt());
        let Measured { measures, histogram, joint } = found;
        let [rows, columns] = self.lines;
        let odd = measures.odd;
        let measures = Measures {
            elements: times(measures.elements),
            equal: times(measures.equal),
            within_step: times(measures.within_step),
            norm_a: measures.norm_a * root,
            norm_b: measures.norm_b * root,
            norm_difference: measures.norm_difference * root,
            dot: measures.dot * factor,
            sign_flips: times(measures.sign_flips),
            odd: Odd {
                nan_a: times(odd.nan_a),
                nan_b: times(odd.nan_b),
                inf_a: times(odd.inf_a),
                inf_b: times(odd.inf_b),
                nan_came: times(odd.nan_came),
                nan_went: times(odd.nan_went),
                inf_came: times(odd.inf_came),
                inf_went: times(odd.inf_went),
                first: odd.first,
            },
            rows: measures.rows.filter(|_| !rows),
            columns: measures.columns.filter(|_| !columns),
            ..measures
        };
        Measured { measures, histogram, joint }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use hinton_tensor::{Dtype, Endian, Memory, View, Work};

    use super::super::measure;
    use super::*;

    fn repeated(values: &[f32], shape: &[usize], strides: &[i64]) -> Tensor {
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        let view = View { shape: shape.to_vec(), strides: strides.to_vec(), offset: 0 };
        let data = Arc::new(Memory::new(bytes));
        Tensor::new("t", "memory", Dtype::F32, Endian::Little, view, 0, data).unwrap()
    }

    #[test]
    fn axes_that_both_repeat_are_compared_once_and_counted_in_full() {
        let shape = [1 << 40, 2];
        let a = repeated(&[3.0, 4.0], &shape, &[0, 1]);
        let b = repeated(&[3.0, 5.0], &shape, &[0, 1]);
        let found = measure(&a, &b, Work::quiet()).unwrap().measures;
        assert_eq!((found.elements, found.equal), (2 << 40, 1 << 40));
        assert_eq!(found.relative(), Some(1.0 / 5.0));
        assert_eq!(found.largest.unwrap().at, [0, 1]);
        assert!(found.rows.is_none() && found.columns.is_some());
    }

    #[test]
    fn many_values_of_which_only_one_side_repeats_some_are_refused() {
        let many = 1 << 20;
        let values = vec![1.0; many];
        let a = repeated(&values, &[many, many], &[0, 1]);
        let b = repeated(&values, &[many, many], &[1, 0]);
        let error = measure(&a, &b, Work::quiet()).unwrap_err().to_string();
        assert!(error.contains("repeats 1048576 values"), "{error}");
        let a = repeated(&values[..9], &[9, 9], &[0, 1]);
        let b = repeated(&values[..9], &[9, 9], &[1, 0]);
        assert_eq!(measure(&a, &b, Work::quiet()).unwrap().measures.equal, 81);
    }
}
