//! Computes how large the values of an ONNX graph can become, before the engine allocates them: an
//! engine that runs out of memory ends the process.
//!
//! Shapes follow the operators' definitions (<https://onnx.ai/onnx/operators/>). If a shape is not
//! known, the largest possible number of values is assumed.

use std::collections::BTreeMap;

use super::{Node, product};

/// Most values of one tensor.
pub(super) const MOST_VALUES: usize = 1 << 24;

/// How large a tensor is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Size {
    /// Its shape, where that is known.
    pub(super) shape: Option<Vec<usize>>,
    /// Values that it has at most.
    pub(super) values: usize,
}

impl Size {
    /// Of a shape.
    pub(super) fn of(shape: Vec<usize>) -> Self {
        let values = product(&shape).unwrap_or(usize::MAX);
        Size { shape: Some(shape), values }
    }

    /// At most this many values.
    pub(super) fn at_most(values: usize) -> Self {
        Size { shape: None, values }
    }
}

/// Sizes by the names of tensors.
pub(super) type Sizes = BTreeMap<String, Size>;

/// The size of what a node makes.
///
/// # Errors
/// Why it cannot be bounded, or that it is too large.
pub(super) fn after(node: &Node, sizes: &Sizes) -> Result<Size, String> {
    let named = node.inputs.iter().filter(|name| !name.is_empty());
    let inputs: Vec<&Size> = named.filter_map(|name| sizes.get(name)).collect();
    let size = match node.operator.as_str() {
        "Constant" => node.constant.clone().ok_or("the constant has no value")?,
        "Add" | "Sub" | "Mul" | "Div" | "Pow" | "PRelu" | "Max" | "Min" => broadcast(&inputs),
        "MatMul" => matmul(&inputs, false),
        "Gemm" => matmul(&inputs, node.is_turned),
        "Conv" => windows(node, &inputs, true)?,
        "AveragePool" | "MaxPool" => windows(node, &inputs, false)?,
        "GlobalAveragePool" | "GlobalMaxPool" | "ReduceMean" | "Reshape" | "Flatten"
        | "Transpose" | "Squeeze" | "Unsqueeze" => moved(node, &inputs),
        _ => inputs.first().map_or_else(|| Size::at_most(1), |size| (*size).clone()),
    };
    match size.values <= MOST_VALUES {
        true => Ok(size),
        false => Err(match &size.shape {
            Some(shape) => {
                format!("it makes values of shape {shape:?}, the limit is {MOST_VALUES}")
            }
            None => format!("it may make more than {MOST_VALUES} values, which is the limit"),
        }),
    }
}

/// Elementwise, axes of length 1 repeated.
fn broadcast(inputs: &[&Size]) -> Size {
    let all = inputs.iter().fold(1usize, |all, size| all.saturating_mul(size.values.max(1)));
    let shapes: Option<Vec<&[usize]>> = inputs.iter().map(|size| size.shape.as_deref()).collect();
    let Some(shapes) = shapes else { return Size::at_most(all) };
    let axes = shapes.iter().map(|shape| shape.len()).max().unwrap_or(0);
    let length = |axis: usize| {
        let of =
            |shape: &&[usize]| (shape.len() + axis).checked_sub(axes).map_or(1, |at| shape[at]);
        shapes.iter().map(of).max().unwrap_or(1)
    };
    Size::of((0..axes).map(length).collect())
}

/// A product with a matrix `[in, out]`, or `[out, in]` where it is turned; else with anything.
fn matmul(inputs: &[&Size], is_turned: bool) -> Size {
    let (Some(a), Some(b)) = (inputs.first(), inputs.get(1)) else { return Size::at_most(1) };
    let Some(&[rows, columns]) = b.shape.as_deref() else {
        return Size::at_most(a.values.saturating_mul(b.values));
    };
    let (inside, outside) = if is_turned { (columns, rows) } else { (rows, columns) };
    match a.shape.as_deref() {
        Some([before @ .., _]) => Size::of([before, &[outside]].concat()),
        _ => Size::at_most((a.values / inside.max(1)).saturating_mul(outside)),
    }
}

/// Windows that slide over the axes behind the first two: convolutions, whose second input has the
/// weights, and pools.
fn windows(node: &Node, inputs: &[&Size], is_conv: bool) -> Result<Size, String> {
    let unknown = || "its shape is not known, so that its values cannot be bounded".to_owned();
    let shape = inputs.first().and_then(|size| size.shape.as_deref()).ok_or_else(unknown)?;
    let [batch, channels, places @ ..] = shape else { return Err(unknown()) };
    let weights = inputs.get(1).and_then(|size| size.shape.as_deref());
    let (made, kernel) = match weights {
        Some([made, _, kernel @ ..]) if is_conv => (*made, kernel.to_vec()),
        _ if is_conv => return Err(unknown()),
        _ => (*channels, node.lengths("kernel_shape", places.len(), 1)),
    };
    let pads = node.lengths("pads", 2 * places.len(), 0);
    let strides = node.lengths("strides", places.len(), 1);
    let dilations = node.lengths("dilations", places.len(), 1);
    let mut out = vec![*batch, made];
    let mut padded = batch.saturating_mul(*channels);
    for (axis, &place) in places.iter().enumerate() {
        let whole = place.saturating_add(pads[axis]).saturating_add(pads[axis + places.len()]);
        padded = padded.saturating_mul(whole);
        let window = kernel.get(axis).copied().unwrap_or(1).saturating_sub(1);
        let left = whole.saturating_sub(window.saturating_mul(dilations[axis]));
        // Lengths may be rounded up.
        out.push(left.div_ceil(strides[axis].max(1)).max(1));
    }
    // What is padded is copied first.
    if padded > MOST_VALUES {
        return Err(format!(
            "with pads {pads:?} its input has {padded} values, the limit is {MOST_VALUES}"
        ));
    }
    Ok(Size::of(out))
}

/// The same values, or fewer, in another shape.
fn moved(node: &Node, inputs: &[&Size]) -> Size {
    let Some(before) = inputs.first() else { return Size::at_most(1) };
    match (node.operator.as_str(), before.shape.as_deref()) {
        ("Flatten", Some([batch, rest @ ..])) if node.lengths("axis", 1, 1) == [1] => {
            Size::of(vec![*batch, product(rest).unwrap_or(usize::MAX)])
        }
        ("GlobalAveragePool" | "GlobalMaxPool", Some([batch, channels, places @ ..])) => {
            Size::of([&[*batch, *channels], vec![1; places.len()].as_slice()].concat())
        }
        _ => Size::at_most(before.values),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(operator: &str, inputs: &[&str], numbers: &[(&str, &[i64])]) -> Node {
        let own = |(name, list): &(&str, &[i64])| ((*name).to_owned(), list.to_vec());
        Node {
            operator: operator.to_owned(),
            inputs: inputs.iter().map(|&name| name.to_owned()).collect(),
            output: "y".to_owned(),
            is_turned: false,
            numbers: numbers.iter().map(own).collect(),
            constant: None,
        }
    }

    fn sizes(of: &[(&str, &[usize])]) -> Sizes {
        of.iter().map(|(name, shape)| ((*name).to_owned(), Size::of(shape.to_vec()))).collect()
    }

    #[test]
    fn shapes_are_those_of_the_operators() {
        let mut known = sizes(&[
            ("x", &[1, 3, 28, 28]),
            ("w", &[6, 3, 5, 5]),
            ("b", &[3, 1, 1]),
            ("row", &[1, 784]),
            ("m", &[784, 10]),
        ]);
        let halved = [("kernel_shape", &[2, 2][..]), ("strides", &[2, 2])];
        for (node, shape) in [
            (node("Conv", &["x", "w"], &[]), &[1, 6, 24, 24][..]),
            (node("Conv", &["x", "w"], &[("pads", &[2, 2, 2, 2])]), &[1, 6, 28, 28]),
            (node("Conv", &["x", "w"], &[("strides", &[2, 2])]), &[1, 6, 12, 12]),
            (node("MaxPool", &["x"], &halved), &[1, 3, 14, 14]),
            (node("GlobalAveragePool", &["x"], &[]), &[1, 3, 1, 1]),
            (node("Flatten", &["x"], &[]), &[1, 3 * 784]),
            (node("Gemm", &["row", "m"], &[]), &[1, 10]),
            (node("MatMul", &["row", "m"], &[]), &[1, 10]),
            (node("Add", &["x", "b"], &[]), &[1, 3, 28, 28]),
            (node("Relu", &["x"], &[]), &[1, 3, 28, 28]),
        ] {
            let size = after(&node, &known).unwrap();
            assert_eq!(size.shape.as_deref(), Some(shape), "{}", node.operator);
        }
        known.insert("r".to_owned(), after(&node("Reshape", &["x"], &[]), &known).unwrap());
        assert_eq!(known["r"], Size::at_most(3 * 784));
        assert_eq!(after(&node("MatMul", &["r", "m"], &[]), &known).unwrap().values, 30);
    }

    #[test]
    fn what_grows_without_bounds_is_refused() {
        let known = sizes(&[
            ("x", &[1, 65536, 1]),
            ("column", &[65536, 1]),
            ("row", &[1, 65536]),
            ("image", &[1, 1, 2, 2]),
            ("w", &[1, 1, 1, 1]),
        ]);
        let far = i64::from(i32::MAX);
        for refused in [
            node("Add", &["column", "row"], &[]),
            node("Mul", &["x", "row"], &[]),
            node("MatMul", &["column", "row"], &[]),
            node("Conv", &["image", "w"], &[("pads", &[40_000; 4])]),
            node("Conv", &["image", "w"], &[("pads", &[far; 4]), ("strides", &[far; 2])]),
            node("MaxPool", &["image"], &[("pads", &[40_000; 4]), ("kernel_shape", &[1, 1])]),
            node("Conv", &["x", "nothing"], &[]),
        ] {
            assert!(after(&refused, &known).is_err(), "{refused:?}");
        }
    }
}
