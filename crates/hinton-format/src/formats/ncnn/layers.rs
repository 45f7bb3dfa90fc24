//! Which weights each type of layer has: `load_param` and `load_model` in `src/layer/*.cpp` of ncnn.

use super::Params;
use crate::formats::affine::Steps;

/// The weights of a layer, in the order in which they are stored.
#[derive(Default)]
pub(super) struct Plan {
    pub(super) weights: Vec<Weight>,
    pub(super) scaled: Vec<Scaled>,
}

impl Plan {
    pub(super) fn is_empty(&self) -> bool {
        self.weights.is_empty()
    }

    /// Values behind a mark that tells how they are stored (`mb.load(…, 0)`).
    fn marked(&mut self, name: &'static str, shape: &[i64]) -> Planned<'_> {
        self.add(name, shape, Storage::Marked)
    }

    /// Values in f32 without a mark (`mb.load(…, 1)`).
    fn plain(&mut self, name: &'static str, shape: &[i64]) -> Planned<'_> {
        self.add(name, shape, Storage::Plain)
    }

    fn add(&mut self, name: &'static str, shape: &[i64], storage: Storage) -> Planned<'_> {
        let shape = shape.iter().map(|&dim| usize::try_from(dim).ok()).collect::<Option<Vec<_>>>();
        let shape = shape.ok_or_else(|| format!("the shape of its {name} has a negative axis"))?;
        self.weights.push(Weight { name, shape, storage });
        Ok(self)
    }

    /// Codes whose value is `code / scale`.
    fn scaled(&mut self, codes: &'static str, scales: &'static str, steps: ScaleSteps) {
        self.scaled.push(Scaled { codes, scales, steps });
    }
}

type Planned<'a> = Result<&'a mut Plan, String>;

pub(super) struct Weight {
    pub(super) name: &'static str,
    pub(super) shape: Vec<usize>,
    pub(super) storage: Storage,
}

/// How values lie in the file.
#[derive(Clone, Copy)]
pub(super) enum Storage {
    Marked,
    Plain,
    /// Rows of signed integers of this many bits, each row in whole bytes.
    Packed(u32),
}

/// Which codes have which scales.
pub(super) struct Scaled {
    pub(super) codes: &'static str,
    pub(super) scales: &'static str,
    pub(super) steps: ScaleSteps,
}

#[derive(Clone, Copy)]
pub(super) enum ScaleSteps {
    Whole,
    /// As many scales as there are, each for an equal run of values: rows, groups.
    Runs,
    /// A scale for each this many values of a row.
    Blocks(u64),
}

impl ScaleSteps {
    /// `None` where the scales do not divide the values.
    pub(super) fn of(self, shape: &[usize], values: u64, scales: u64) -> Option<Steps> {
        match self {
            ScaleSteps::Whole => Some(Steps::Whole),
            ScaleSteps::Runs if scales > 0 && values.is_multiple_of(scales) => {
                Some(Steps::Axis { len: scales, inner: values / scales })
            }
            ScaleSteps::Runs => None,
            ScaleSteps::Blocks(block) => {
                Steps::of_blocks(shape, shape.len().checked_sub(1)?, block)
            }
        }
    }
}

/// Types of layers that have no weights.
const WITHOUT: &[&str] = &[
    "AbsVal",
    "ArgMax",
    "BNLL",
    "BinaryOp",
    "CELU",
    "Cast",
    "Clip",
    "Concat",
    "CopyTo",
    "Crop",
    "CumulativeSum",
    "DeepCopy",
    "DetectionOutput",
    "Diag",
    "Dropout",
    "ELU",
    "Einsum",
    "Eltwise",
    "Erf",
    "Exp",
    "ExpandDims",
    "Flatten",
    "Flip",
    "Fold",
    "GELU",
    "GLU",
    "GridSample",
    "HardSigmoid",
    "HardSwish",
    "Input",
    "Interp",
    "InverseSpectrogram",
    "LRN",
    "Log",
    "MVN",
    "MatMul",
    "Mish",
    "Noop",
    "PSROIPooling",
    "Packing",
    "Permute",
    "PixelShuffle",
    "Pooling",
    "Pooling1D",
    "Pooling3D",
    "Power",
    "PriorBox",
    "Proposal",
    "ROIAlign",
    "ROIPooling",
    "ReLU",
    "Reduction",
    "Reorg",
    "Reshape",
    "RotaryEmbed",
    "SDPA",
    "SELU",
    "SPP",
    "Shrink",
    "ShuffleChannel",
    "Sigmoid",
    "Slice",
    "Softmax",
    "Softplus",
    "Spectrogram",
    "Split",
    "Squeeze",
    "StatisticsPooling",
    "Swish",
    "TanH",
    "Threshold",
    "Tile",
    "UnaryOp",
    "Unfold",
    "YoloDetectionOutput",
    "Yolov3DetectionOutput",
];

/// Fills in the weights that the parameters of a layer give.
type Rule = fn(&Params, &mut Plan) -> Result<(), String>;

/// Types of layers with weights.
const WITH: &[(&str, Rule)] = &[
    ("BatchNorm", |params, plan| {
        let shape = [params.get(0, 0)];
        plan.plain("slope", &shape)?.plain("mean", &shape)?;
        plan.plain("var", &shape)?.plain("bias", &shape)?;
        Ok(())
    }),
    ("Bias", |params, plan| plan.plain("bias", &[params.get(0, 0)]).map(drop)),
    ("Convolution", |params, plan| convolution(params, plan, (2, 19))),
    ("Convolution1D", |params, plan| convolution(params, plan, (1, 19))),
    ("Convolution3D", |params, plan| convolution(params, plan, (3, NEVER))),
    ("ConvolutionDepthWise", depthwise),
    ("ConvolutionDepthWise1D", |params, plan| convolution(params, plan, (1, 19))),
    ("ConvolutionDepthWise3D", |params, plan| convolution(params, plan, (3, NEVER))),
    ("Deconvolution", |params, plan| convolution(params, plan, (2, 28))),
    ("Deconvolution1D", |params, plan| convolution(params, plan, (1, 28))),
    ("Deconvolution3D", |params, plan| convolution(params, plan, (3, NEVER))),
    ("DeconvolutionDepthWise", |params, plan| convolution(params, plan, (2, 28))),
    ("DeconvolutionDepthWise1D", |params, plan| convolution(params, plan, (1, 28))),
    ("DeconvolutionDepthWise3D", |params, plan| convolution(params, plan, (3, NEVER))),
    ("DeformableConv2D", |params, plan| convolution(params, plan, (2, NEVER))),
    ("Dequantize", |params, plan| {
        plan.plain("scale", &[params.get(0, 1)])?;
        optional(plan, "bias", params.get(1, 0))
    }),
    ("Embed", |params, plan| {
        let (width, words) = (params.get(0, 0), params.get(1, 0));
        matrix(plan, "weight", params.get(3, 0), &[words, width])?;
        if params.get(2, 0) != 0 {
            plan.plain("bias", &[width])?;
        }
        if params.get(18, 0) != 0 {
            plan.plain("weight_scale", &[1])?;
            plan.scaled("weight", "weight_scale", ScaleSteps::Whole);
        }
        Ok(())
    }),
    ("GRU", |params, plan| recurrent(params, plan, (3, 4))),
    ("Gemm", gemm),
    ("GroupNorm", |params, plan| norm(params, plan, (1, 3))),
    ("InnerProduct", |params, plan| {
        let outputs = params.get(0, 0);
        matrix(plan, "weight", params.get(2, 0), &[outputs, ANY])?;
        if params.get(1, 0) != 0 {
            plan.plain("bias", &[outputs])?;
        }
        if params.get(8, 0) != 0 {
            plan.plain("weight_scales", &[outputs])?.plain("input_scale", &[1])?;
            plan.scaled("weight", "weight_scales", ScaleSteps::Runs);
        }
        Ok(())
    }),
    ("InstanceNorm", |params, plan| norm(params, plan, (0, 2))),
    ("LSTM", |params, plan| recurrent(params, plan, (4, 4))),
    ("LayerNorm", |params, plan| norm(params, plan, (0, 2))),
    ("MemoryData", |params, plan| {
        // Width, height, depth, channels: what is 0 is no axis.
        let [width, height, depth, channels] = [0, 1, 11, 2].map(|id| params.get(id, 0));
        let shape: Vec<i64> = match (depth, channels, height, width) {
            (0, 0, 0, 0) => return Ok(()),
            (0, 0, 0, _) => vec![width],
            (0, 0, ..) => vec![height, width],
            (0, ..) => vec![channels, height, width],
            _ => vec![channels, depth, height, width],
        };
        match params.get(21, 1) {
            0 => plan.marked("data", &shape)?,
            1 => plan.plain("data", &shape)?,
            other => return Err(format!("its values are of type {other}, 0 and 1 are read")),
        };
        Ok(())
    }),
    ("MultiHeadAttention", attention),
    ("Normalize", |params, plan| plan.plain("scale", &[params.get(3, 0)]).map(drop)),
    ("PReLU", |params, plan| plan.plain("slope", &[params.get(0, 0)]).map(drop)),
    ("Padding", |params, plan| optional(plan, "per_channel_pad", params.get(6, 0))),
    ("Quantize", |params, plan| plan.plain("scale", &[params.get(0, 1)]).map(drop)),
    ("RMSNorm", |params, plan| {
        if params.get(2, 1) != 0 {
            plan.plain("gamma", &[params.get(0, 0)])?;
        }
        Ok(())
    }),
    ("RNN", |params, plan| recurrent(params, plan, (1, 1))),
    ("Requantize", |params, plan| {
        plan.plain("scale_in", &[params.get(0, 1)])?.plain("scale_out", &[params.get(1, 1)])?;
        optional(plan, "bias", params.get(2, 0))
    }),
    ("Scale", |params, plan| {
        let size = params.get(0, 0);
        // -233: the scale is an input.
        if size == -233 {
            return Ok(());
        }
        plan.plain("scale", &[size])?;
        optional(plan, "bias", if params.get(1, 0) != 0 { size } else { 0 })
    }),
];

/// The weights of a layer, or why there can be none; `None` where ncnn has no such type.
pub(super) fn plan(kind: &str, params: &Params) -> Option<Result<Plan, String>> {
    if WITHOUT.contains(&kind) {
        return Some(Ok(Plan::default()));
    }
    let (_, rule) = WITH.iter().find(|(name, _)| *name == kind)?;
    let mut plan = Plan::default();
    Some(rule(params, &mut plan).map(|()| plan))
}

/// The id of no parameter.
const NEVER: u8 = u8::MAX;
/// An axis as long as the others leave it.
const ANY: i64 = -1;

fn optional(plan: &mut Plan, name: &'static str, len: i64) -> Result<(), String> {
    if len != 0 {
        plan.plain(name, &[len])?;
    }
    Ok(())
}

/// Values of a number that a parameter tells, in a shape of which an axis may be [`ANY`].
fn matrix(plan: &mut Plan, name: &'static str, size: i64, shape: &[i64]) -> Result<(), String> {
    let known = shape.iter().filter(|dim| **dim != ANY);
    let others = known.copied().try_fold(1i64, i64::checked_mul).unwrap_or(0);
    if size <= 0 || others <= 0 || size % others != 0 {
        return Err(format!("{size} values of its {name} do not fit the shape {shape:?}"));
    }
    let rest = size / others;
    if !shape.contains(&ANY) && rest != 1 {
        return Err(format!("{size} values of its {name} do not fit the shape {shape:?}"));
    }
    let shape: Vec<i64> = shape.iter().map(|dim| if *dim == ANY { rest } else { *dim }).collect();
    plan.marked(name, &shape).map(drop)
}

/// A convolution of this many axes; `dynamic` is the parameter that makes its weights an input.
fn convolution(
    params: &Params,
    plan: &mut Plan,
    (axes, dynamic): (usize, u8),
) -> Result<(), String> {
    if params.get(dynamic, 0) != 0 {
        return Ok(());
    }
    let outputs = kernel(params, plan, axes)?;
    let term = params.get(8, 0);
    if term != 0 {
        plan.plain("weight_scales", &[outputs])?.plain("input_scale", &[1])?;
        plan.scaled("weight", "weight_scales", ScaleSteps::Runs);
    }
    if term > 100 {
        plan.plain("output_scale", &[1])?;
    }
    Ok(())
}

/// Weight and bias of a convolution; returns the number of its outputs.
fn kernel(params: &Params, plan: &mut Plan, axes: usize) -> Result<i64, String> {
    let outputs = params.get(0, 0);
    let width = params.get(1, 0);
    let (height, depth) = (params.get(11, width), params.get(21, width));
    let all = [outputs, ANY, depth, height, width];
    let mut shape = vec![outputs, ANY];
    shape.extend(&all[all.len() - axes..]);
    matrix(plan, "weight", params.get(6, 0), &shape)?;
    if params.get(5, 0) != 0 {
        plan.plain("bias", &[outputs])?;
    }
    Ok(outputs)
}

/// Scales of INT8 go by groups, or there is one.
fn depthwise(params: &Params, plan: &mut Plan) -> Result<(), String> {
    if params.get(19, 0) != 0 {
        return Ok(());
    }
    kernel(params, plan, 2)?;
    let term = params.get(8, 0);
    let scales = match term {
        1 | 101 => params.get(7, 1),
        2 | 102 => 1,
        _ => 0,
    };
    if scales != 0 {
        plan.plain("weight_scales", &[scales])?.plain("input_scale", &[1])?;
        plan.scaled("weight", "weight_scales", ScaleSteps::Runs);
    }
    if term > 100 {
        plan.plain("output_scale", &[1])?;
    }
    Ok(())
}

/// `gamma` and `beta`, with the ids of their length and of whether there are any.
fn norm(params: &Params, plan: &mut Plan, (len, affine): (u8, u8)) -> Result<(), String> {
    if params.get(affine, 1) != 0 {
        let shape = [params.get(len, 0)];
        plan.plain("gamma", &shape)?.plain("beta", &shape)?;
    }
    Ok(())
}

/// RNN, GRU and LSTM, with the numbers of their gates and of rows of their bias.
fn recurrent(params: &Params, plan: &mut Plan, (gates, biases): (i64, i64)) -> Result<(), String> {
    let outputs = params.get(0, 0);
    let directions = if params.get(2, 0) == 2 { 2 } else { 1 };
    // An LSTM may have a projection behind its hidden state.
    let hidden = if (gates, biases) == (4, 4) { params.get(3, outputs) } else { outputs };
    let rows = hidden.checked_mul(gates).unwrap_or(0);
    matrix(plan, "weight_xc", params.get(1, 0), &[directions, rows, ANY])?;
    plan.marked("bias_c", &[directions, biases, hidden])?;
    plan.marked("weight_hc", &[directions, rows, outputs])?;
    if hidden != outputs {
        plan.marked("weight_hr", &[directions, outputs, hidden])?;
    }
    if params.get(8, 0) != 0 {
        plan.plain("weight_xc_scales", &[directions, rows])?;
        plan.plain("weight_hc_scales", &[directions, rows])?;
        plan.scaled("weight_xc", "weight_xc_scales", ScaleSteps::Runs);
        plan.scaled("weight_hc", "weight_hc_scales", ScaleSteps::Runs);
    }
    Ok(())
}

/// Quantisation of blocks (`quantize_term` = bits, whether inputs are scaled, length of a block).
struct InBlocks {
    bits: u32,
    block: i64,
    scales_inputs: bool,
}

impl InBlocks {
    fn of(term: i64) -> Option<Self> {
        let (bits, inputs, block) = (term / 100, term % 100 / 10, term % 10);
        let known = matches!(bits, 4 | 6 | 8) && matches!(inputs, 0 | 1) && matches!(block, 0..=2);
        known.then(|| InBlocks {
            bits: bits.unsigned_abs() as u32,
            block: 32 << block,
            scales_inputs: inputs == 1,
        })
    }

    /// The scales of a matrix of that shape.
    fn scales(&self, [rows, width]: [i64; 2]) -> [i64; 2] {
        [rows, width.checked_add(self.block - 1).map_or(0, |width| width / self.block)]
    }
}

fn gemm(params: &Params, plan: &mut Plan) -> Result<(), String> {
    let [turn_a, turn_b, has_a, has_b, has_c, m, n, k] =
        [2, 3, 4, 5, 6, 7, 8, 9].map(|id| params.get(id, 0));
    let term = params.get(18, 0);
    let in_blocks = InBlocks::of(term);
    if has_a == 1 {
        plan.marked("A", &if turn_a == 0 { [m, k] } else { [k, m] })?;
    }
    if has_b == 1 {
        match &in_blocks {
            Some(blocks) if turn_b != 0 => plan.add("B", &[n, k], Storage::Packed(blocks.bits))?,
            _ => plan.marked("B", &if turn_b == 0 { [k, n] } else { [n, k] })?,
        };
    }
    if has_c == 1 {
        match params.get(10, 0) {
            0 => plan.marked("C", &[1])?,
            1 => plan.marked("C", &[m])?,
            2 => plan.marked("C", &[m, 1])?,
            3 => plan.marked("C", &[m, n])?,
            4 => plan.marked("C", &[1, n])?,
            _ => plan,
        };
    }
    match in_blocks {
        Some(blocks) => {
            plan.plain("B_scales", &blocks.scales([n, k]))?;
            if blocks.scales_inputs {
                plan.plain("B_input_scales", &[k])?;
            }
            plan.scaled("B", "B_scales", ScaleSteps::Blocks(blocks.block.unsigned_abs()));
        }
        None if term != 0 => {
            if has_a == 1 {
                plan.plain("A_scales", &[m])?;
                if turn_a == 0 {
                    plan.scaled("A", "A_scales", ScaleSteps::Runs);
                }
            }
            if has_b == 1 {
                plan.plain("B_scale", &[1])?;
                plan.scaled("B", "B_scale", ScaleSteps::Whole);
            }
        }
        None => {}
    }
    Ok(())
}

/// The names of the four matrices: weight, bias, scales of the weight, of its inputs.
const PARTS: [[&str; 4]; 4] = [
    ["q_weight", "q_bias", "q_weight_scales", "q_weight_input_scales"],
    ["k_weight", "k_bias", "k_weight_scales", "k_weight_input_scales"],
    ["v_weight", "v_bias", "v_weight_scales", "v_weight_input_scales"],
    ["out_weight", "out_bias", "out_weight_scales", "out_weight_input_scales"],
];

fn attention(params: &Params, plan: &mut Plan) -> Result<(), String> {
    let (width, size) = (params.get(0, 0), params.get(2, 0));
    if width <= 0 || size <= 0 || size % width != 0 {
        return Err(format!("{size} values do not fit a width of {width}"));
    }
    let queries = size / width;
    let (keys, values) = (params.get(3, width), params.get(4, width));
    let shapes = [[width, queries], [width, keys], [width, values], [queries, width]];
    let term = params.get(18, 0);
    let in_blocks = InBlocks::of(term);
    for ([weight, bias, ..], shape) in PARTS.into_iter().zip(shapes) {
        let storage = in_blocks.as_ref().map_or(Storage::Marked, |own| Storage::Packed(own.bits));
        plan.add(weight, &shape, storage)?.plain(bias, &shape[..1])?;
    }
    let all = || PARTS.into_iter().zip(shapes);
    match in_blocks {
        Some(blocks) => {
            for ([weight, _, scales, _], shape) in all() {
                plan.plain(scales, &blocks.scales(shape))?;
                plan.scaled(weight, scales, ScaleSteps::Blocks(blocks.block.unsigned_abs()));
            }
            for ([.., inputs], shape) in all().filter(|_| blocks.scales_inputs) {
                plan.plain(inputs, &shape[1..])?;
            }
        }
        None if term != 0 => {
            for ([weight, _, scales, _], shape) in all() {
                let is_last = weight == PARTS[3][0];
                plan.plain(scales, &if is_last { [1] } else { [shape[0]] })?;
                plan.scaled(weight, scales, ScaleSteps::Runs);
            }
        }
        None => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_in_one_list_once() {
        let mut names: Vec<&str> = WITHOUT.to_vec();
        names.extend(WITH.iter().map(|(name, _)| *name));
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
        assert!(plan("SiLU", &Params::default()).is_none());
    }

    #[test]
    fn sizes_that_make_no_sense_are_refused() {
        for kind in WITH.iter().map(|(name, _)| *name) {
            for value in [-1, 0, 1, 7, i64::from(i32::MAX)] {
                let params = Params((0..40).map(|id| (id, value)).collect());
                // An error or a plan, never an overflow.
                let _ = plan(kind, &params).unwrap();
            }
        }
    }
}
