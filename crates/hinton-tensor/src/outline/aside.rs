//! Tensors in a model file that are not weights: optimizer states, counters, masks.

use super::Named;
use crate::Dtype;

/// Why a tensor is not a weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Aside {
    /// State of an optimizer, such as the moments of Adam.
    Optimizer,
    /// A counter, mask or table that training does not change.
    Buffer,
    /// A few integers that a graph computes with, such as the shape of a reshape.
    Constant,
}

impl Aside {
    /// A description of such tensors.
    pub fn words(self) -> &'static str {
        match self {
            Aside::Optimizer => "tensors of the optimizer's state",
            Aside::Buffer => "buffers",
            Aside::Constant => "constants of the graph, a few whole numbers each",
        }
    }
}

/// Parts of names, between separators, of optimizers' states. So is every part that begins with
/// `optimizer`, such as Keras' `optimizer_weights`.
const OPTIMIZER: [&str; 13] = [
    "optim",
    "opt_state",
    "adam_m",
    "adam_v",
    "exp_avg",
    "exp_avg_sq",
    "max_exp_avg_sq",
    "momentum_buffer",
    "square_avg",
    "adam",
    "adam_1",
    "rmsprop",
    "beta1_power",
];
/// Shapes, axes, paddings and ends of slices have at most this many numbers.
const MOST_NUMBERS: usize = 8;
/// Last parts of names of what is a weight whatever its numbers are.
const WEIGHTS: [&str; 5] = ["weight", "weights", "kernel", "bias", "biases"];
/// Last parts of names of buffers.
const BUFFERS: [&str; 8] = [
    "num_batches_tracked",
    "position_ids",
    "token_type_ids",
    "relative_position_index",
    "attn_mask",
    "masked_bias",
    "inv_freq",
    "rope_freqs",
];

/// Why a tensor is not a weight, judged by its name, and by its dtype if that is known; `None` if
/// it is one. Exported graphs hold the shapes and axes that their operators take among their
/// weights.
pub fn aside(tensor: Named<'_>, dtype: Option<Dtype>) -> Option<Aside> {
    let name = tensor.name.to_ascii_lowercase();
    let mut parts = name.split(['.', '/', ':', '[', ']', ' ']);
    let is_state = |part: &str| {
        let is_optimizer = part.starts_with("optimizer") || part.starts_with("optimiser");
        is_optimizer || OPTIMIZER.contains(&part)
    };
    if parts.clone().any(is_state) {
        return Some(Aside::Optimizer);
    }
    let last = parts.next_back().unwrap_or_default();
    if BUFFERS.contains(&last) {
        return Some(Aside::Buffer);
    }
    let is_whole = matches!(dtype, Some(Dtype::I32 | Dtype::I64));
    let is_list = tensor.shape.len() <= 2 && tensor.shape.iter().product::<usize>() <= MOST_NUMBERS;
    (is_whole && is_list && !WEIGHTS.contains(&last)).then_some(Aside::Constant)
}
