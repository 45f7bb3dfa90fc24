//! Which chart suits a shape, and how a tensor of that shape becomes pictures.

/// Most rows and columns of a matrix that is drawn as a Hinton diagram without being asked.
const HINTON_SIDE: usize = 64;
/// Most classes of a classifier of 28 x 28 pictures that is recognised by its shape.
const CLASSES: usize = 64;
/// Largest kernel side by which `[out, in, height, width]` is recognised.
const KERNEL_SIDE: usize = 32;
/// Largest kernel side by which Keras' `[height, width, in, out]` is recognised.
const KERAS_SIDE: usize = 11;
/// Most kernels that are drawn one by one without being asked.
const KERNELS: usize = 1_024;
/// Values of a picture of MNIST, and its side.
const MNIST: (usize, usize) = (784, 28);

/// How one tensor becomes pictures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Plan {
    /// One matrix: the first axis runs down, all others run right as one.
    Matrix,
    /// One picture for each position of an axis, reshaped where a shape is given.
    Each { axis: usize, shape: Option<Vec<usize>> },
    /// A line for each row of numbers.
    Lines,
    /// One picture for each kernel of a convolution.
    Kernels { order: [usize; 4], kind: Kernels },
}

/// What the kernels of a convolution look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kernels {
    /// One input channel: one grey picture a filter.
    Grey,
    /// Three input channels: one colour picture a filter.
    Color,
    /// A picture for each pair: filters run down, input channels run right.
    Grid,
}

/// `[out, in, height, width]`, PyTorch's order.
const TORCH: [usize; 4] = [0, 1, 2, 3];
/// Where PyTorch's axes are in Keras' `[height, width, in, out]`.
const KERAS: [usize; 4] = [3, 2, 0, 1];

/// The chart and plan for a tensor of this shape when nothing was asked.
pub(super) fn default(shape: &[usize]) -> (&'static str, Plan) {
    match *shape {
        [rows, cols] => match class_pictures(rows, cols) {
            Some(plan) => ("tiles", plan),
            None => (matrix_chart(rows, cols), Plan::Matrix),
        },
        [_, _, _] => ("tiles", Plan::Each { axis: 0, shape: None }),
        [a, b, c, d] => {
            let order = kernel_order([a, b, c, d]);
            let [outputs, inputs, height, width] = order.map(|axis| shape[axis]);
            let plan = Plan::Kernels { order, kind: kernels(inputs) };
            match inputs {
                // A 1 x 1 convolution is a matrix.
                _ if height == 1 && width == 1 && order == TORCH => {
                    (matrix_chart(outputs, inputs), Plan::Matrix)
                }
                1 | 3 => ("tiles", plan),
                _ if height.max(width) > KERNEL_SIDE => ("heatmap", Plan::Matrix),
                _ if outputs.saturating_mul(inputs) > KERNELS => ("heatmap", Plan::Matrix),
                _ => ("tiles", plan),
            }
        }
        _ => ("heatmap", Plan::Matrix),
    }
}

/// The plan for a chart that was asked for.
pub(super) fn for_chart(chart: &str, shape: &[usize]) -> Plan {
    if chart == "curve" {
        return Plan::Lines;
    }
    if chart != "tiles" {
        return Plan::Matrix;
    }
    match *shape {
        [] | [_] => Plan::Matrix,
        [rows, cols] => class_pictures(rows, cols).unwrap_or(Plan::Matrix),
        [a, b, c, d] => {
            let order = kernel_order([a, b, c, d]);
            Plan::Kernels { order, kind: kernels(shape[order[1]]) }
        }
        _ => Plan::Each { axis: 0, shape: None },
    }
}

fn matrix_chart(rows: usize, cols: usize) -> &'static str {
    if rows.max(cols) <= HINTON_SIDE { "hinton" } else { "heatmap" }
}

/// Weights of a classifier of 28 x 28 pictures: a picture for each class.
fn class_pictures(rows: usize, cols: usize) -> Option<Plan> {
    let (pixels, side) = MNIST;
    let shape = Some(vec![side, side]);
    match (rows, cols) {
        (_, classes) if rows == pixels && classes <= CLASSES => Some(Plan::Each { axis: 1, shape }),
        (classes, _) if cols == pixels && classes <= CLASSES => Some(Plan::Each { axis: 0, shape }),
        _ => None,
    }
}

fn kernels(inputs: usize) -> Kernels {
    match inputs {
        1 => Kernels::Grey,
        3 => Kernels::Color,
        _ => Kernels::Grid,
    }
}

/// Where out, in, height and width are. Keras' order is recognised by its small first two axes;
/// where the last two are alike and the first two are not, the last two are the kernel.
fn kernel_order([a, b, c, d]: [usize; 4]) -> [usize; 4] {
    let small = |one: usize, two: usize| one.max(two) <= KERAS_SIDE;
    if small(a, b) && !small(c, d) && (a == b || c != d) { KERAS } else { TORCH }
}

/// Whether the plan reads `[height, width, in, out]`.
pub(super) fn is_keras(plan: &Plan) -> bool {
    matches!(plan, Plan::Kernels { order, .. } if *order == KERAS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn each(axis: usize, side: Option<usize>) -> Plan {
        Plan::Each { axis, shape: side.map(|side| vec![side, side]) }
    }

    fn torch(kind: Kernels) -> Plan {
        Plan::Kernels { order: TORCH, kind }
    }

    fn keras(kind: Kernels) -> Plan {
        Plan::Kernels { order: KERAS, kind }
    }

    #[test]
    fn shapes_choose_their_chart() {
        let table: &[(&[usize], &str, Plan)] = &[
            (&[], "heatmap", Plan::Matrix),
            (&[10], "heatmap", Plan::Matrix),
            (&[64, 64], "hinton", Plan::Matrix),
            (&[64, 65], "heatmap", Plan::Matrix),
            (&[1, 2], "hinton", Plan::Matrix),
            (&[784, 10], "tiles", each(1, Some(28))),
            (&[784, 65], "heatmap", Plan::Matrix),
            (&[10, 784], "tiles", each(0, Some(28))),
            (&[784, 784], "heatmap", Plan::Matrix),
            (&[100, 8, 8], "tiles", each(0, None)),
            (&[64, 3, 11, 11], "tiles", torch(Kernels::Color)),
            (&[16, 1, 5, 5], "tiles", torch(Kernels::Grey)),
            (&[8, 1, 28, 28], "tiles", torch(Kernels::Grey)),
            (&[32, 3, 224, 224], "tiles", torch(Kernels::Color)),
            (&[6, 16, 5, 5], "tiles", torch(Kernels::Grid)),
            (&[10, 10, 3, 3], "tiles", torch(Kernels::Grid)),
            (&[64, 32, 3, 3], "heatmap", Plan::Matrix),
            (&[8, 4, 40, 40], "heatmap", Plan::Matrix),
            (&[3, 3, 3, 32], "tiles", keras(Kernels::Color)),
            (&[5, 5, 1, 16], "tiles", keras(Kernels::Grey)),
            (&[3, 3, 16, 32], "tiles", keras(Kernels::Grid)),
            (&[3, 3, 256, 256], "heatmap", Plan::Matrix),
            (&[64, 32, 1, 1], "hinton", Plan::Matrix),
            (&[256, 64, 1, 1], "heatmap", Plan::Matrix),
            (&[2, 3, 4, 5, 6], "heatmap", Plan::Matrix),
        ];
        for (shape, chart, plan) in table {
            assert_eq!(default(shape), (*chart, plan.clone()), "{shape:?}");
        }
    }

    #[test]
    fn charts_that_were_asked_for_take_any_shape() {
        let table: &[(&str, &[usize], Plan)] = &[
            ("hinton", &[784, 10], Plan::Matrix),
            ("heatmap", &[2, 3, 4], Plan::Matrix),
            ("tiles", &[20, 30], Plan::Matrix),
            ("tiles", &[784, 10], each(1, Some(28))),
            ("tiles", &[7], Plan::Matrix),
            ("tiles", &[64, 32, 3, 3], torch(Kernels::Grid)),
            ("tiles", &[2, 3, 4, 5, 6], each(0, None)),
            ("histogram", &[2, 3, 4], Plan::Matrix),
            ("curve", &[7], Plan::Lines),
        ];
        for (chart, shape, plan) in table {
            assert_eq!(for_chart(chart, shape), *plan, "{chart} {shape:?}");
        }
    }
}
