//! What makes the shapes of two tensors agree: views of the same values.

use hinton_tensor::{Index, Slice, Tensor, TensorError};

use super::{Heads, flattened, interleaved, rotary};
use crate::relative_error;

/// One arrangement of axes is taken over another where its error is so much smaller.
const BETTER: f64 = 5.0;

/// What was done so that two shapes agree.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// Nothing: they do.
    None,
    /// The second one's axes stand in another order.
    Axes {
        /// Axis `k` of the first is axis `order[k]` of the second.
        order: Vec<usize>,
        /// The relative error of a sample so, and with the axes as they stand; `None` where the
        /// shapes left no choice.
        errors: Option<(f64, f64)>,
    },
    /// One stores the rows of each attention head in the order that its rotary embedding wants, as
    /// GGUF does: pairs beside one another, not halves behind one another. Both are compared with the
    /// rows as three axes, in the first one's order.
    Rotary {
        /// Rows of a head.
        head: usize,
        /// The relative error of a sample so, and with the rows as they stand.
        errors: (f64, f64),
    },
    /// One stores query, key and value of each head beside one another, the other all queries before all
    /// keys. Both are compared in the rows of the one, as several axes.
    Interleaved {
        /// Heads, or groups of heads that share a key.
        groups: usize,
        /// Rows that are compared.
        rows: usize,
        /// The relative error of a sample so, and with the parts behind one another.
        errors: (f64, f64),
    },
    /// One stores the inputs of a layer behind a convolution channel by channel, the other, as Keras, place
    /// by place. Both are compared with the inputs as two axes, in the first one's order.
    Flattened {
        /// Channels of the convolution.
        channels: usize,
        /// The first one's shape as its file has it.
        shape: [usize; 2],
        /// The relative error of a sample so, and with the inputs as they stand.
        errors: (f64, f64),
    },
    /// Rows of a tensor that the other file keeps as several.
    Part {
        /// The first of them.
        first: usize,
        /// How many.
        rows: usize,
    },
    /// An expert of a tensor that stacks them, which the other file keeps by itself.
    Expert {
        /// Which.
        number: usize,
    },
    /// The head of one file, and the embedding of the other, which is its head too.
    Tied,
    /// One stores logarithms, the other minus their exponentials, as which both are compared.
    Exponential {
        /// The relative error of a sample so, and as the values stand.
        errors: (f64, f64),
    },
    /// The second one's hidden units stand in the first one's order.
    Aligned {
        /// Units of this layer that stood in another place.
        moved: usize,
        /// All of them.
        units: usize,
    },
    /// The second is read in C order with the first one's axes.
    Reshaped,
    /// One has more positions on axis 0; only those that both have are compared.
    Rows {
        /// Positions of the first.
        a: usize,
        /// Of the second.
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
