//! The structure of a model, derived from the names of its tensors: its layers, the kinds of tensor
//! in each, experts, and what comes before and after the layers.
//!
//! There is no list of architectures. A number in a name is a layer index if the rest of the name
//! repeats for its values. So `model.layers.0.self_attn.q_proj.weight` is kind
//! `self_attn.q_proj.weight` of layer 0, and `blk.3.ffn_gate_inp.weight`,
//! `h.11.attn.c_attn.weight`, `layer_4/attention/self/query/kernel` and `layer1.0.conv1.weight` are
//! assigned to layers the same way. Only names and shapes are used; no values are read.

mod aside;
mod index;
mod stack;

use std::collections::BTreeSet;

pub use aside::{Aside, aside};
pub use stack::{Kind, Layer, Stack, rows_of};

use crate::natural_cmp;

/// The name and shape of a tensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Named<'a> {
    /// Its full name.
    pub name: &'a str,
    /// Its shape.
    pub shape: &'a [usize],
}

impl Named<'_> {
    /// Whether it holds a single value, whatever its number of axes.
    pub fn is_scalar(&self) -> bool {
        self.shape.iter().all(|&length| length == 1)
    }
}

/// The tensors of a model, grouped. Each tensor is in exactly one of the lists, by its index.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outline {
    /// Tensors before the layers, such as embeddings, in the file's order.
    pub first: Vec<usize>,
    /// Repeated layers; if no names repeat, the modules and their tensors.
    pub stacks: Vec<Stack>,
    /// Tensors after the layers, such as output heads, in the file's order.
    pub last: Vec<usize>,
    /// Tensors with a single value that do not belong to a layer.
    pub scalars: Vec<usize>,
}

/// More tensors than this outside of layers are put in order as modules.
const FEW_SINGLES: usize = 12;
/// And only where a module holds this many tensors on average: else most of a table would be empty.
const LEAST_PER_MODULE: f64 = 1.5;
/// Words in names of what stands before the layers.
const FIRST: [&str; 8] = ["embed", "embd", "wte", "wpe", "token", "patch", "conv_in", "stem"];
/// Words in names of what stands behind them.
const LAST: [&str; 9] = [
    "head",
    "output",
    "classifier",
    "logit",
    "pooler",
    "final",
    "ln_f",
    "conv_out",
    "conv_norm_out",
];

/// Groups the tensors of a model into layers. Layers are in natural order (2 before 10). Everything
/// else is in the file's order or, if the file is sorted by name, in natural order.
///
/// Takes as long as sorting the names.
pub fn outline(tensors: &[Named<'_>]) -> Outline {
    let mut rest: Vec<usize> = (0..tensors.len()).collect();
    if rest.windows(2).all(|pair| tensors[pair[0]].name <= tensors[pair[1]].name) {
        rest.sort_by(|&a, &b| natural_cmp(tensors[a].name, tensors[b].name));
    }
    let mut place = vec![0; tensors.len()];
    rest.iter().enumerate().for_each(|(position, &index)| place[index] = position);
    let found = index::find(tensors, &rest);
    let mut outline =
        Outline { stacks: stack::stacks(tensors, &rest, &found), ..Outline::default() };
    let stacked: BTreeSet<usize> =
        outline.stacks.iter().flat_map(Stack::members).copied().collect();
    rest.retain(|index| !stacked.contains(index));
    let (scalars, singles): (Vec<usize>, Vec<usize>) =
        rest.into_iter().partition(|&index| tensors[index].is_scalar());
    outline.scalars = scalars;
    let middle = stacked.iter().map(|&index| place[index]).min();
    if singles.len() > FEW_SINGLES
        && let Some(modules) = stack::modules(tensors, &singles)
        && singles.len() as f64 >= LEAST_PER_MODULE * modules.layers.len() as f64
    {
        // Few modules beside large stacks stay behind them.
        let is_first = middle.is_none_or(|middle| {
            let before = singles.iter().filter(|&&index| place[index] < middle).count();
            2 * before >= singles.len()
        });
        let position = if is_first { 0 } else { outline.stacks.len() };
        outline.stacks.insert(position, modules);
        return outline;
    }
    for index in singles {
        let name = tensors[index].name.to_ascii_lowercase();
        let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
        let before = match (has(&LAST), has(&FIRST)) {
            (_, true) => true,
            (true, false) => false,
            _ => middle.is_none_or(|middle| place[index] < middle),
        };
        if before { outline.first.push(index) } else { outline.last.push(index) }
    }
    outline
}

/// Groups tensors whose names do not repeat: one row per module and one column per leaf such as
/// `weight`, in the file's order. If there are too many leaves, one row per tensor.
pub fn modules(tensors: &[Named<'_>]) -> Stack {
    let order: Vec<usize> = (0..tensors.len()).collect();
    stack::modules(tensors, &order).unwrap_or_else(|| Stack {
        pattern: String::new(),
        layers: tensors.iter().map(|one| Layer { label: one.name.to_owned() }).collect(),
        kinds: vec![Kind { name: String::new() }],
        cells: order.into_iter().map(|index| vec![index]).collect(),
    })
}

/// Splits a name into module and leaf: in `encoder.fc.bias`, `encoder.fc` and `bias`. The leaf is
/// empty if the name has only one part.
pub fn module_and_leaf(name: &str) -> (&str, &str) {
    stack::split(name)
}

#[cfg(test)]
mod tests;
