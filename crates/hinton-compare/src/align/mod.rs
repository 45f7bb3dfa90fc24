//! Aligns the hidden units of two networks that were trained separately.
//!
//! The units of a hidden layer can be in any order, provided that the next layer's weights follow.
//! Units are matched so that the inner product of all weights into and out of them is largest,
//! layer by layer until no layer changes: weight matching of Ainsworth et al. 2022 (Git Re-Basin,
//! arXiv:2209.04836, section 3.2). Only networks that are chains of matrices are aligned;
//! everything else is unchanged.

mod assign;

use std::sync::Arc;

use hinton_tensor::{Endian, Memory, Tensor, TensorError, View};

use crate::{Change, Match};

/// Most values that are held at once, of both networks together.
const MOST_VALUES: u64 = 64 << 20;
/// Most units of a layer.
const MOST_UNITS: usize = 4096;
/// Most rounds over all layers.
const MOST_ROUNDS: usize = 20;

/// A hidden layer whose units were reordered to match the first network.
#[derive(Debug, Clone, PartialEq)]
pub struct Aligned {
    /// The name of the first network's weights into this layer.
    pub layer: String,
    /// For each unit of the first network, the index of its counterpart in the second.
    pub order: Vec<usize>,
    /// Number of units whose index changed.
    pub moved: usize,
}

/// The result of an alignment: the layers, and the relative errors of all aligned matrices
/// together.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Alignment {
    /// The hidden layers, starting from the input.
    pub layers: Vec<Aligned>,
    /// ‖A − B‖ / ‖A‖ over the weights that were considered: after alignment, and before.
    pub errors: (f64, f64),
}

/// Weights of a layer, units by inputs.
struct Layer {
    /// Which pair.
    pair: usize,
    /// The pair of its bias.
    bias: Option<usize>,
    units: usize,
    inputs: usize,
    a: Vec<f64>,
    b: Vec<f64>,
    bias_a: Vec<f64>,
    bias_b: Vec<f64>,
}

/// Reorders the hidden units of the second network to match the first. Replaces the second tensors
/// of the pairs, which are then held in memory. `None` if there is no chain of matrices in which
/// each takes what the previous one gives.
/// takes what the one before gives.
/// # Errors
/// Returns an error if values cannot be read. When values cannot be read.
pub fn align(pairs: &mut [Match]) -> Result<Option<Alignment>, TensorError> {
    let Some((chain, is_turned)) = chain(pairs) else { return Ok(None) };
    let layers: Vec<Layer> =
        chain.iter().map(|&pair| load(pairs, pair, is_turned)).collect::<Result<_, _>>()?;
    let hidden = layers.len() - 1;
    let mut orders: Vec<Vec<usize>> =
        layers[..hidden].iter().map(|layer| (0..layer.units).collect()).collect();
    let before = error(&layers, &orders);
    for _ in 0..MOST_ROUNDS {
        let mut has_changed = false;
        for layer in 0..hidden {
            let found =
                assign::largest(&similarities(&layers, &orders, layer), layers[layer].units);
            has_changed |= found != orders[layer];
            orders[layer] = found;
        }
        if !has_changed {
            break;
        }
    }
    let after = error(&layers, &orders);
    let names: Vec<String> = layers.iter().map(|one| pairs[one.pair].a.name().to_owned()).collect();
    for (index, layer) in layers.iter().enumerate() {
        let rows = orders.get(index);
        let columns = index.checked_sub(1).map(|before| &orders[before]);
        let moved = rows.map_or(0, |order| moved(order));
        let change = Change::Aligned { moved, units: layer.units };
        let one = &mut pairs[layer.pair];
        let (first, second) = if is_turned { (columns, rows) } else { (rows, columns) };
        one.b = ordered(&one.b, first, second)?;
        one.change = change.clone();
        if let (Some(bias), Some(_)) = (layer.bias, rows) {
            let one = &mut pairs[bias];
            one.b = ordered(&one.b, rows, None)?;
            one.change = change;
        }
    }
    let layers = names.into_iter().zip(orders);
    let layers = layers.map(|(layer, order)| Aligned { layer, moved: moved(&order), order });
    Ok(Some(Alignment { layers: layers.collect(), errors: (after, before) }))
}

fn moved(order: &[usize]) -> usize {
    order.iter().enumerate().filter(|(place, unit)| *place != **unit).count()
}

/// The matrices of a network one after the other, and whether each is inputs x units, as Keras has
/// them, instead of units x inputs.
fn chain(pairs: &[Match]) -> Option<(Vec<usize>, bool)> {
    let is_matrix = |pair: &Match| pair.a.shape().len() == 2 && pair.a.elements() > 0;
    let matrices: Vec<usize> = (0..pairs.len()).filter(|&index| is_matrix(&pairs[index])).collect();
    let values: u64 = matrices.iter().map(|&index| pairs[index].a.elements()).sum();
    let fits = |is_turned: bool| {
        matrices.windows(2).all(|two| {
            let (one, next) = (pairs[two[0]].a.shape(), pairs[two[1]].a.shape());
            let (units, inputs) = if is_turned { (one[1], next[0]) } else { (one[0], next[1]) };
            units == inputs && units <= MOST_UNITS
        })
    };
    let are_whole = matrices.iter().all(|&index| pairs[index].b.dtype().is_byte_sized());
    if matrices.len() < 2 || values > MOST_VALUES / 2 || !are_whole {
        return None;
    }
    [false, true].into_iter().find(|is_turned| fits(*is_turned)).map(|turned| (matrices, turned))
}

fn load(pairs: &[Match], pair: usize, is_turned: bool) -> Result<Layer, TensorError> {
    let values = |tensor: &Tensor| match is_turned {
        true => tensor.transpose()?.to_f64(),
        false => tensor.to_f64(),
    };
    let one = &pairs[pair];
    let shape = one.a.shape();
    let (units, inputs) = if is_turned { (shape[1], shape[0]) } else { (shape[0], shape[1]) };
    let bias = bias_of(pairs, one.a.name(), units);
    let of_bias = |side: fn(&Match) -> &Tensor| match bias {
        Some(index) => side(&pairs[index]).to_f64(),
        None => Ok(Vec::new()),
    };
    Ok(Layer {
        pair,
        bias,
        units,
        inputs,
        a: finite(values(&one.a)?),
        b: finite(values(&one.b)?),
        bias_a: finite(of_bias(|one| &one.a)?),
        bias_b: finite(of_bias(|one| &one.b)?),
    })
}

/// What is not finite says nothing of which unit is which.
fn finite(mut values: Vec<f64>) -> Vec<f64> {
    values.iter_mut().filter(|value| !value.is_finite()).for_each(|value| *value = 0.0);
    values
}

/// The vector beside a matrix in its module.
fn bias_of(pairs: &[Match], name: &str, units: usize) -> Option<usize> {
    let module = |name: &str| name.rfind(['.', '/']).map(|end| name[..end].to_owned());
    let here = module(name)?;
    pairs.iter().position(|pair| {
        pair.a.shape() == [units] && module(pair.a.name()).as_deref() == Some(here.as_str())
    })
}

/// How well each unit of the second (columns) stands for each of the first (rows): the inner product
/// of the weights into and out of both, with the neighbouring layers in the order found so far.
fn similarities(layers: &[Layer], orders: &[Vec<usize>], index: usize) -> Vec<f64> {
    let (layer, next) = (&layers[index], &layers[index + 1]);
    let units = layer.units;
    let mut found = vec![0.0; units * units];
    let before = index.checked_sub(1).map(|before| &orders[before]);
    // In order of the first network's inputs.
    let b = columns_ordered(&layer.b, layer.inputs, before);
    for (i, row) in found.chunks_mut(units).enumerate() {
        let a = &layer.a[i * layer.inputs..][..layer.inputs];
        for (j, sum) in row.iter_mut().enumerate() {
            let b = &b[j * layer.inputs..][..layer.inputs];
            *sum = a.iter().zip(b).map(|(a, b)| a * b).sum();
            if let (Some(a), Some(b)) = (layer.bias_a.get(i), layer.bias_b.get(j)) {
                *sum += a * b;
            }
        }
    }
    for out in 0..next.units {
        let out_b = orders.get(index + 1).map_or(out, |order| order[out]);
        let a = &next.a[out * units..][..units];
        let b = &next.b[out_b * units..][..units];
        for (row, a) in found.chunks_mut(units).zip(a) {
            for (sum, b) in row.iter_mut().zip(b) {
                *sum += a * b;
            }
        }
    }
    found
}

fn columns_ordered(values: &[f64], columns: usize, order: Option<&Vec<usize>>) -> Vec<f64> {
    let Some(order) = order else { return values.to_vec() };
    values.chunks(columns).flat_map(|row| order.iter().map(|&column| row[column])).collect()
}

/// ‖A − B‖ / ‖A‖ with units in that order.
fn error(layers: &[Layer], orders: &[Vec<usize>]) -> f64 {
    let (mut difference, mut norm) = (0.0, 0.0);
    for (index, layer) in layers.iter().enumerate() {
        let before = index.checked_sub(1).map(|before| &orders[before]);
        let b = columns_ordered(&layer.b, layer.inputs, before);
        for (unit, a) in layer.a.chunks(layer.inputs).enumerate() {
            let other = orders.get(index).map_or(unit, |order| order[unit]);
            for (a, b) in a.iter().zip(&b[other * layer.inputs..][..layer.inputs]) {
                difference += (a - b) * (a - b);
                norm += a * a;
            }
        }
    }
    if difference == 0.0 { 0.0 } else { (difference / norm).sqrt() }
}

/// The same values with positions of axis 0, and of axis 1, in another order; in memory.
fn ordered(
    tensor: &Tensor,
    first: Option<&Vec<usize>>,
    second: Option<&Vec<usize>>,
) -> Result<Tensor, TensorError> {
    let bytes = tensor.packed_bytes()?;
    let size = (tensor.dtype().bits() / 8) as usize;
    let columns = tensor.shape().get(1).copied().unwrap_or(1);
    let rows = tensor.shape().first().copied().unwrap_or(1);
    let mut out = Vec::with_capacity(bytes.len());
    for row in 0..rows {
        let row = first.map_or(row, |order| order[row]);
        for column in 0..columns {
            let column = second.map_or(column, |order| order[column]);
            let from = (row * columns + column) * size;
            out.extend_from_slice(&bytes[from..from + size]);
        }
    }
    let view = View::packed(tensor.shape());
    let data = Arc::new(Memory::new(out));
    Tensor::new(tensor.name(), tensor.file(), tensor.dtype(), Endian::Little, view, 0, data)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Rule, match_tensors};

    fn tensor(name: &str, shape: &[usize], seed: u32) -> Tensor {
        let count: usize = shape.iter().product();
        let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(1);
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 23) as f32 - 1.0
        };
        let values: Vec<f32> = (0..count).map(|_| next()).collect();
        Tensor::from_f32(name, shape, &values).unwrap()
    }

    fn network() -> Vec<Tensor> {
        vec![
            tensor("fc1.weight", &[12, 5], 1),
            tensor("fc1.bias", &[12], 2),
            tensor("fc2.weight", &[9, 12], 3),
            tensor("fc2.bias", &[9], 4),
            tensor("fc3.weight", &[4, 9], 5),
            tensor("fc3.bias", &[4], 6),
        ]
    }

    /// The same network with its hidden units in another order.
    fn shuffled() -> Vec<Tensor> {
        let one: Vec<usize> = (0..12).map(|unit| (unit * 5 + 3) % 12).collect();
        let two: Vec<usize> = (0..9).map(|unit| (unit * 4 + 1) % 9).collect();
        let all = network();
        let of = |index: usize, first, second| ordered(&all[index], first, second).unwrap();
        vec![
            of(0, Some(&one), None),
            of(1, Some(&one), None),
            of(2, Some(&two), Some(&one)),
            of(3, Some(&two), None),
            of(4, None, Some(&two)),
            of(5, None, None),
        ]
    }

    fn aligned(a: &[Tensor], b: &[Tensor]) -> (Vec<Match>, Option<Alignment>) {
        let mut pairs = match_tensors(a, b, Rule::Names).unwrap().pairs;
        let found = align(&mut pairs).unwrap();
        (pairs, found)
    }

    #[test]
    fn units_that_were_shuffled_are_found() {
        let (pairs, found) = aligned(&network(), &shuffled());
        let found = found.unwrap();
        assert!(found.errors.0 < 1e-12 && found.errors.1 > 0.5, "{:?}", found.errors);
        assert!(found.layers.iter().all(|layer| layer.moved > 5));
        for pair in &pairs {
            assert_eq!(pair.a.to_f32().unwrap(), pair.b.to_f32().unwrap(), "{}", pair.a.name());
        }
    }

    #[test]
    fn matrices_may_have_their_inputs_first() {
        let turn = |tensors: Vec<Tensor>| -> Vec<Tensor> {
            let one = |tensor: Tensor| {
                if tensor.shape().len() == 2 { tensor.transpose().unwrap() } else { tensor }
            };
            tensors.into_iter().map(one).collect()
        };
        let (_, found) = aligned(&turn(network()), &turn(shuffled()));
        assert!(found.unwrap().errors.0 < 1e-12);
    }

    #[test]
    fn what_is_no_chain_stays() {
        let one = [tensor("w", &[3, 4], 1), tensor("v", &[7, 5], 2)];
        assert!(aligned(&one, &one).1.is_none());
        let same = aligned(&network(), &network()).1.unwrap();
        assert!(same.layers.iter().all(|layer| layer.moved == 0));
    }
}
