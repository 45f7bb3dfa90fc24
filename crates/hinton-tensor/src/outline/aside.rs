//! What is in a file of a model and is no weight of it: optimizer states, counters, masks.

use super::Named;

/// Why a tensor is put aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Aside {
    /// What an optimizer remembers, such as the moments of Adam.
    Optimizer,
    /// A counter, mask or table that training does not change.
    Buffer,
}

impl Aside {
    /// What such tensors are called.
    pub fn words(self) -> &'static str {
        match self {
            Aside::Optimizer => "tensors of the optimizer's state",
            Aside::Buffer => "buffers",
        }
    }
}

/// Parts of names, between separators, of optimizers' states.
const OPTIMIZER: [&str; 14] = [
    "optimizer",
    "optim",
    "opt_state",
    "optimizer_state",
    "optimizer_state_dict",
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

/// Whether a tensor is no weight, judged by its name.
pub fn aside(tensor: Named<'_>) -> Option<Aside> {
    let name = tensor.name.to_ascii_lowercase();
    let mut parts = name.split(['.', '/', ':', '[', ']', ' ']);
    if parts.clone().any(|part| OPTIMIZER.contains(&part)) {
        return Some(Aside::Optimizer);
    }
    let last = parts.next_back().unwrap_or_default();
    BUFFERS.contains(&last).then_some(Aside::Buffer)
}
