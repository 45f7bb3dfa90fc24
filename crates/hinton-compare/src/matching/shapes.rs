//! Makes the shapes of two tensors agree, by views of the same values.

use hinton_tensor::{Index, Slice, Tensor, TensorError};

use super::{Heads, flattened, interleaved, rotary};
use crate::relative_error;

/// One arrangement of axes is taken over another where its error is so much smaller.
const BETTER: f64 = 5.0;

/// What was done to make two shapes agree.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// Nothing: they agree.
    None,
    /// The second tensor's axes are in another order.
    Axes {
        /// Axis `k` of the first is axis `order[k]` of the second.
        order: Vec<usize>,
        /// The relative error of a sample in this order, and with the axes unchanged; `None` if the
        /// shapes allow only this order.
        errors: Option<(f64, f64)>,
    },
    /// One tensor stores the rows of each attention head in the order that its rotary embedding
    /// needs, as in GGUF: pairs next to each other, rather than the first halves before the second
    /// halves. Both are compared with the rows as three axes, in the first tensor's order.
    Rotary {
        /// Number of rows of a head.
        head: usize,
        /// The relative error of a sample in this order, and with the rows unchanged.
        errors: (f64, f64),
    },
    /// One tensor stores query, key and value of each head together, the other all queries before
    /// all keys. Both are compared in the row order of one of them, as several axes.
    Interleaved {
        /// Number of heads, or of groups of heads that share a key.
        groups: usize,
        /// Number of rows that are compared.
        rows: usize,
        /// The relative error of a sample in this order, and with the parts unchanged.
        errors: (f64, f64),
    },
    /// One tensor stores the inputs of a layer after a convolution channel by channel; the other,
    /// like Keras, position by position. Both are compared with the inputs as two axes, in the
    /// first tensor's order.
    Flattened {
        /// Number of channels of the convolution.
        channels: usize,
        /// The first tensor's shape in its file.
        shape: [usize; 2],
        /// The relative error of a sample in this order, and with the inputs unchanged.
        errors: (f64, f64),
    },
    /// Some rows of a tensor that the other file stores as several tensors.
    Part {
        /// The index of the first of these rows.
        first: usize,
        /// Number of these rows.
        rows: usize,
    },
    /// One expert of a tensor that stacks experts, which the other file stores separately.
    Expert {
        /// The index of the expert.
        number: usize,
    },
    /// The output head of one file, and the embedding of the other, which shares its weights with
    /// the head.
    Tied,
    /// One tensor stores logarithms, the other the negatives of their exponentials; both are
    /// compared as the latter.
    Exponential {
        /// The relative error of a sample in this form, and with the values unchanged.
        errors: (f64, f64),
    },
    /// The second tensor's hidden units were reordered to match the first.
    Aligned {
        /// Number of units of this layer whose index changed.
        moved: usize,
        /// Number of units of this layer.
        units: usize,
    },
    /// The second tensor was reshaped, in C order, to the first one's shape.
    Reshaped,
    /// One tensor is longer along axis 0; only the indices that both have are compared.
    Rows {
        /// Length of the first along axis 0.
        a: usize,
        /// Length of the second along axis 0.
        b: usize,
    },
}

/// Both as views of one shape; `None` where nothing here makes their shapes agree.
pub(super) fn agree(
    a: &Tensor,
    b: &Tensor,
    heads: Option<Heads>,
) -> Result<Option<(Tensor, Tensor, Change)>, TensorError> {
    let done = |b: Tensor, change| Ok(Some((a.clone(), b, change)));
    let is_turned = is_kernel(a.name()) != is_kernel(b.name());
    if a.shape() == b.shape() {
        let order = turned_order(a.shape().len(), is_kernel(a.name()));
        let turned =
            order.filter(|_| is_turned).and_then(|order| Some((with_axes(a, b, &order)?, order)));
        let Some((turned, order)) = turned else {
            // Values narrower than a byte can't be put in another order without a copy.
            if !a.dtype().is_byte_sized() || !b.dtype().is_byte_sized() {
                return done(b.clone(), Change::None);
            }
            let reordered = match rotary::undone(a, b, heads)? {
                Some(found) => Some(found),
                None => interleaved::undone(a, b)?,
            };
            return Ok(Some(reordered.unwrap_or_else(|| (a.clone(), b.clone(), Change::None))));
        };
        // Square: the names say that it is turned, unless the values clearly say otherwise.
        let (so, as_is) = (relative_error(a, &turned)?, relative_error(a, b)?);
        if let Some(found) = flattened::undone(a, &turned)? {
            return Ok(Some(found));
        }
        return match as_is * BETTER <= so {
            true => done(b.clone(), Change::None),
            false => done(turned, Change::Axes { order, errors: Some((so, as_is)) }),
        };
    }
    for order in orders(a.shape().len(), is_kernel(a.name())) {
        if let Some(turned) = with_axes(a, b, &order) {
            if is_turned && let Some(found) = flattened::undone(a, &turned)? {
                return Ok(Some(found));
            }
            return done(turned, Change::Axes { order, errors: None });
        }
    }
    let squeezed = |tensor: &Tensor| -> Vec<usize> {
        tensor.shape().iter().copied().filter(|&len| len != 1).collect()
    };
    if squeezed(a) == squeezed(b) && b.elements() > 0 {
        return done(b.reshape(a.shape())?, Change::Reshaped);
    }
    rows(a, b)
}

/// A vocabulary that has grown: all axes but the first agree.
fn rows(a: &Tensor, b: &Tensor) -> Result<Option<(Tensor, Tensor, Change)>, TensorError> {
    let (&[rows_a, ref rest_a @ ..], &[rows_b, ref rest_b @ ..]) = (a.shape(), b.shape()) else {
        return Ok(None);
    };
    let (fewer, more) = (rows_a.min(rows_b), rows_a.max(rows_b));
    let is_grown = !rest_a.is_empty() && rest_a == rest_b && fewer >= more - fewer;
    if !is_grown || !a.dtype().is_byte_sized() || !b.dtype().is_byte_sized() {
        return Ok(None);
    }
    let common = |tensor: &Tensor| {
        let stop = i64::try_from(fewer).ok();
        tensor.slice(&Slice(vec![Index::Range { start: None, stop, step: 1 }]))
    };
    Ok(Some((common(a)?, common(b)?, Change::Rows { a: rows_a, b: rows_b })))
}

/// Whether it is called as Keras and Flax call weights, which they store inputs first.
pub(super) fn is_kernel(name: &str) -> bool {
    name.strip_suffix(":0").unwrap_or(name).rsplit(['.', '/']).next() == Some("kernel")
}

/// The order of axes between PyTorch (outputs, inputs, places) and Keras (places, inputs, outputs).
fn turned_order(axes: usize, first_is_kernel: bool) -> Option<Vec<usize>> {
    match axes {
        0 | 1 => None,
        2 => Some(vec![1, 0]),
        axes if first_is_kernel => Some((2..axes).chain([1, 0]).collect()),
        axes => Some([axes - 1, axes - 2].into_iter().chain(0..axes - 2).collect()),
    }
}

/// Orders of axes that are tried where shapes differ.
fn orders(axes: usize, first_is_kernel: bool) -> Vec<Vec<usize>> {
    let conventional = [first_is_kernel, !first_is_kernel].map(|first| turned_order(axes, first));
    let mut orders: Vec<Vec<usize>> = conventional.into_iter().flatten().collect();
    if axes > 2 {
        orders.push((0..axes).rev().collect());
    }
    orders
}

fn with_axes(a: &Tensor, b: &Tensor, order: &[usize]) -> Option<Tensor> {
    let fits = b.shape().len() == order.len()
        && order.iter().zip(a.shape()).all(|(&axis, &len)| b.shape()[axis] == len);
    // Values narrower than a byte can't be turned without a copy.
    if fits { b.permute(order).ok() } else { None }
}
