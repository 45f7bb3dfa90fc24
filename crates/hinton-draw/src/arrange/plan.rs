//! Chooses the chart that suits a shape, and how a tensor of that shape becomes pictures.

use hinton_chart::Lays;

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
    /// One colour picture `[height, width, channel]`.
    Color,
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
    /// Colour pictures `[picture, height, width, channel]`.
    Pictures,
    /// A stack of matrices that are no kernels, such as attention weights: the first axis runs down, the
    /// second right.
    Stack,
}

impl Kernels {
    /// Whether there is a picture for each pair of the first two axes.
    pub(super) fn is_grid(self) -> bool {
        matches!(self, Kernels::Grid | Kernels::Stack)
    }
}

/// `[out, in, height, width]`, PyTorch's order.
const TORCH: [usize; 4] = [0, 1, 2, 3];
/// Where PyTorch's axes are in Keras' `[height, width, in, out]`.
const KERAS: [usize; 4] = [3, 2, 0, 1];

/// Sides of a colour picture are at least so long, so that a kernel is not mistaken for one.
const PICTURE_SIDE: usize = 12;

/// The chart and plan for a tensor of this shape when nothing was asked; `known` says which axes are
/// out, in, height and width, where the format does.
pub(super) fn default(shape: &[usize], known: Option<[usize; 4]>) -> (&'static str, Plan) {
    match *shape {
        [rows, cols] => match class_pictures(rows, cols) {
            Some(plan) => ("tiles", plan),
            None => (matrix_chart(rows, cols), Plan::Matrix),
        },
        [height, width, 3] if is_picture(height, width) => ("tiles", Plan::Color),
        [_, _, _] => ("tiles", Plan::Each { axis: 0, shape: None }),
        [a, b, c, d] => {
            let (order, kind) = kernels([a, b, c, d], known);
            let [outputs, inputs, height, width] = order.map(|axis| shape[axis]);
            let plan = Plan::Kernels { order, kind };
            match inputs {
                // A 1 x 1 convolution is a matrix, as are filters of one dimension over one input.
                _ if height == 1 && width == 1 && (order == TORCH || known.is_some()) => {
                    (matrix_chart(outputs, inputs), Plan::Matrix)
                }
                1 if height == 1 && known.is_some() => (matrix_chart(outputs, width), Plan::Matrix),
                1 | 3 => ("tiles", plan),
                _ if kind == Kernels::Stack && outputs.saturating_mul(inputs) <= KERNELS => {
                    ("tiles", plan)
                }
                _ if height.max(width) > KERNEL_SIDE => ("heatmap", Plan::Matrix),
                _ if outputs.saturating_mul(inputs) > KERNELS => ("heatmap", Plan::Matrix),
                _ => ("tiles", plan),
            }
        }
        [values] if values > 1 => ("bars", Plan::Matrix),
        _ => ("heatmap", Plan::Matrix),
    }
}

/// The plan for a chart that was asked for.
pub(super) fn for_chart(lays: Lays, shape: &[usize], known: Option<[usize; 4]>) -> Plan {
    match lays {
        Lays::Lines => return Plan::Lines,
        Lays::Matrices | Lays::Whole | Lays::Model => return Plan::Matrix,
        Lays::Tiles => {}
    }
    match *shape {
        [] | [_] => Plan::Matrix,
        [rows, cols] => class_pictures(rows, cols).unwrap_or(Plan::Matrix),
        [height, width, 3] if is_picture(height, width) => Plan::Color,
        [a, b, c, d] => {
            let (order, kind) = kernels([a, b, c, d], known);
            Plan::Kernels { order, kind }
        }
        _ => Plan::Each { axis: 0, shape: None },
    }
}

fn matrix_chart(rows: usize, cols: usize) -> &'static str {
    match (rows.min(cols), rows.max(cols)) {
        (_, longest) if longest <= HINTON_SIDE => "hinton",
        (1, _) => "bars",
        _ => "heatmap",
    }
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

fn is_picture(height: usize, width: usize) -> bool {
    height.min(width) >= PICTURE_SIDE
}

/// Which axes are out, in, height and width, and what their pictures look like. Colours are shown where
/// three inputs are sure: where the format says the axes, or the last two look like those of a kernel or
/// a picture.
fn kernels(shape: [usize; 4], known: Option<[usize; 4]>) -> ([usize; 4], Kernels) {
    if known.is_none() && shape[3] == 3 && is_picture(shape[1], shape[2]) {
        return ([0, 3, 1, 2], Kernels::Pictures);
    }
    let order = known.unwrap_or_else(|| kernel_order(shape));
    let [_, inputs, height, width] = order.map(|axis| shape[axis]);
    let is_sure = known.is_some() || (height == width && height > 1) || is_picture(height, width);
    let kind = match inputs {
        1 => Kernels::Grey,
        3 if is_sure => Kernels::Color,
        // Squares larger than kernels are.
        _ if known.is_none() && height == width && height > KERNEL_SIDE => Kernels::Stack,
        _ => Kernels::Grid,
    };
    (order, kind)
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
            (&[1], "heatmap", Plan::Matrix),
            (&[10], "bars", Plan::Matrix),
            (&[1, 65], "bars", Plan::Matrix),
            (&[65, 1], "bars", Plan::Matrix),
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
            (&[8, 4, 40, 40], "tiles", torch(Kernels::Stack)),
            (&[80, 40, 40, 40], "heatmap", Plan::Matrix),
            (&[3, 3, 1, 5], "tiles", torch(Kernels::Grid)),
            (&[60, 80, 3], "tiles", Plan::Color),
            (&[9, 9, 3], "tiles", each(0, None)),
            (
                &[10, 32, 48, 3],
                "tiles",
                Plan::Kernels { order: [0, 3, 1, 2], kind: Kernels::Pictures },
            ),
            (&[3, 3, 3, 32], "tiles", keras(Kernels::Color)),
            (&[5, 5, 1, 16], "tiles", keras(Kernels::Grey)),
            (&[3, 3, 16, 32], "tiles", keras(Kernels::Grid)),
            (&[3, 3, 256, 256], "heatmap", Plan::Matrix),
            (&[64, 32, 1, 1], "hinton", Plan::Matrix),
            (&[256, 64, 1, 1], "heatmap", Plan::Matrix),
            (&[2, 3, 4, 5, 6], "heatmap", Plan::Matrix),
        ];
        for (shape, chart, plan) in table {
            assert_eq!(default(shape, None), (*chart, plan.clone()), "{shape:?}");
        }
    }

    #[test]
    fn what_a_format_says_is_believed() {
        let table: &[(&[usize], [usize; 4], &str, Plan)] = &[
            (&[3, 3, 1, 5], KERAS, "tiles", keras(Kernels::Grey)),
            (&[7, 3, 32, 1], KERAS, "tiles", keras(Kernels::Grid)),
            (&[3, 3, 3, 5], TORCH, "tiles", torch(Kernels::Color)),
            (&[1, 1, 64, 32], KERAS, "hinton", Plan::Matrix),
            (&[1, 256, 1, 36], KERAS, "heatmap", Plan::Matrix),
            (&[8, 3, 39, 8], [0, 3, 1, 2], "heatmap", Plan::Matrix),
            (
                &[1, 5, 5, 8],
                [0, 3, 1, 2],
                "tiles",
                Plan::Kernels { order: [0, 3, 1, 2], kind: Kernels::Grid },
            ),
        ];
        for (shape, order, chart, plan) in table {
            assert_eq!(default(shape, Some(*order)), (*chart, plan.clone()), "{shape:?}");
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
            let lays = hinton_chart::charts::lays(hinton_chart::charts::named(chart).unwrap());
            assert_eq!(for_chart(lays, shape, None), *plan, "{chart} {shape:?}");
        }
    }
}
