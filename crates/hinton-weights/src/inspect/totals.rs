//! Totals over a file: by module, by dtype, by kind of tensor.

use std::collections::BTreeMap;

use hinton_tensor::Tensor;
use hinton_tensor::outline::{Aside, Named, aside};

/// Number of tensors, values and bytes in a part of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Total {
    /// Number of tensors.
    pub tensors: u64,
    /// Number of values.
    pub values: u64,
    /// Size as stored in the file, in bytes.
    pub bytes: u64,
}

impl Total {
    fn add(&mut self, tensor: &Tensor) {
        self.tensors += 1;
        self.values = self.values.saturating_add(tensor.elements());
        self.bytes = self.bytes.saturating_add(tensor.stored_len());
    }
}

/// A module: the tensors whose names start with the same path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Module {
    /// The name from the root, without a trailing separator: `encoder.layers.0`.
    pub path: String,
    /// The last part of the name: `0`.
    pub name: String,
    /// How deeply it is nested; modules at the root have depth 0.
    pub depth: usize,
    /// Totals of everything in it, at any depth.
    pub total: Total,
}

/// What separates the parts of a tensor's name.
const SEPARATORS: [char; 2] = ['.', '/'];

/// The modules of these tensors, at most `depth` levels deep (0 gives only the children of the
/// root).
///
/// Each module comes before its contents, in order of first appearance. A tensor at the root is a
/// module by itself. Tensors that are computed from others are not counted.
pub fn modules<'a>(tensors: impl IntoIterator<Item = &'a Tensor>, depth: usize) -> Vec<Module> {
    let mut root = Node::default();
    for tensor in tensors.into_iter().filter(|tensor| !tensor.is_derived()) {
        let mut node = &mut root;
        for (level, (part, path)) in parts(tensor.name()).into_iter().enumerate() {
            if level > depth {
                break;
            }
            node = node.child(part, path);
            node.total.add(tensor);
        }
    }
    let mut list = Vec::new();
    root.flatten(0, &mut list);
    list
}

/// Each part of a name, and the name up to its end.
fn parts(name: &str) -> Vec<(&str, &str)> {
    let mut parts = Vec::new();
    let mut start = 0;
    for part in name.split(SEPARATORS) {
        let end = start + part.len();
        parts.push((part, &name[..end]));
        start = end + 1;
    }
    parts
}

#[derive(Default)]
struct Node {
    path: String,
    name: String,
    total: Total,
    children: Vec<Node>,
    places: BTreeMap<String, usize>,
}

impl Node {
    fn child(&mut self, name: &str, path: &str) -> &mut Node {
        let next = self.children.len();
        let place = *self.places.entry(name.to_owned()).or_insert(next);
        if place == next {
            self.children.push(Node {
                name: name.to_owned(),
                path: path.to_owned(),
                ..Node::default()
            });
        }
        &mut self.children[place]
    }

    fn flatten(self, depth: usize, list: &mut Vec<Module>) {
        for child in self.children {
            list.push(Module {
                path: child.path.clone(),
                name: child.name.clone(),
                depth,
                total: child.total,
            });
            child.flatten(depth + 1, list);
        }
    }
}

/// Totals by dtype, largest size first.
pub fn by_dtype<'a>(tensors: impl IntoIterator<Item = &'a Tensor>) -> Vec<(&'static str, Total)> {
    grouped(tensors, Tensor::stored_type)
}

/// Totals by [`kind`], largest size first.
pub fn by_kind<'a>(tensors: impl IntoIterator<Item = &'a Tensor>) -> Vec<(&'static str, Total)> {
    grouped(tensors, kind)
}

fn grouped<'a>(
    tensors: impl IntoIterator<Item = &'a Tensor>,
    key: impl Fn(&Tensor) -> &'static str,
) -> Vec<(&'static str, Total)> {
    let mut groups: Vec<(&'static str, Total)> = Vec::new();
    for tensor in tensors.into_iter().filter(|tensor| !tensor.is_derived()) {
        let name = key(tensor);
        match groups.iter_mut().find(|(other, _)| *other == name) {
            Some((_, total)) => total.add(tensor),
            None => {
                let mut total = Total::default();
                total.add(tensor);
                groups.push((name, total));
            }
        }
    }
    groups.sort_by_key(|(_, total)| std::cmp::Reverse(total.bytes));
    groups
}

/// A kind of tensor: its name, words that its tensors' names have (lower case, compared with whole
/// parts of the name or their beginnings), and how many axes they have.
struct Kind {
    name: &'static str,
    words: &'static [&'static str],
    axes: std::ops::RangeInclusive<usize>,
}

/// The kind of what an optimizer remembers, which its name alone tells.
pub(super) const OPTIMIZER: &str = "optimizer state";

/// Of all else the first that fits counts. From what the common libraries call their tensors.
const KINDS: &[Kind] = &[
    Kind {
        name: "embeddings",
        words: &["embed", "embedding", "embeddings", "wte", "wpe", "emb", "token_embd", "lookup"],
        axes: 2..=usize::MAX,
    },
    Kind {
        name: "normalisation",
        words: &[
            "norm",
            "ln",
            "ln_f",
            "ln_1",
            "ln_2",
            "layernorm",
            "layer_norm",
            "batchnorm",
            "bn",
            "running_mean",
            "running_var",
            "num_batches_tracked",
            "gamma",
            "beta",
            "moving_mean",
            "moving_variance",
            "batch_normalization",
        ],
        axes: 0..=1,
    },
    Kind { name: "biases", words: &["bias", "b"], axes: 0..=1 },
    Kind { name: "matrices", words: &[], axes: 2..=2 },
    Kind { name: "kernels", words: &[], axes: 3..=usize::MAX },
    Kind { name: "vectors", words: &[], axes: 1..=1 },
    Kind { name: "scalars", words: &[], axes: 0..=0 },
];

/// The kind of a tensor, guessed from its name and number of axes.
pub fn kind(tensor: &Tensor) -> &'static str {
    let named = Named { name: tensor.name(), shape: tensor.shape() };
    if aside(named, None) == Some(Aside::Optimizer) {
        return OPTIMIZER;
    }
    let name = tensor.name().to_ascii_lowercase();
    let has = |word: &&str| {
        name.split(SEPARATORS).any(|part| {
            let rest = part.strip_prefix(*word);
            // `bn1`, `norm2`, `ln_1` and `layernorm_embedding`, but not `normal`.
            rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphabetic()))
                || part.strip_suffix(*word).is_some_and(|rest| rest.ends_with('_'))
        })
    };
    let fits = |kind: &&Kind| {
        kind.axes.contains(&tensor.shape().len())
            && (kind.words.is_empty() || kind.words.iter().any(has))
    };
    KINDS.iter().find(fits).map_or("others", |kind| kind.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str, shape: &[usize]) -> Tensor {
        let count = shape.iter().product();
        Tensor::from_f32(name, shape, &vec![0.0; count]).unwrap()
    }

    #[test]
    fn modules_come_before_what_lies_in_them() {
        let tensors = [
            of("encoder.0.weight", &[2, 3]),
            of("head/bias", &[2]),
            of("encoder.1.weight", &[2, 3]),
            of("scale", &[]),
        ];
        let shown: Vec<(usize, String, u64)> = modules(&tensors, 1)
            .into_iter()
            .map(|module| (module.depth, module.path, module.total.values))
            .collect();
        let expected = [
            (0, "encoder", 12),
            (1, "encoder.0", 6),
            (1, "encoder.1", 6),
            (0, "head", 2),
            (1, "head/bias", 2),
            (0, "scale", 1),
        ];
        assert_eq!(shown, expected.map(|(depth, path, values)| (depth, path.to_owned(), values)));
        assert_eq!(modules(&tensors, 0).len(), 3);
    }

    #[test]
    fn kinds_are_guessed_from_names_and_axes() {
        for (name, shape, expected) in [
            ("fc1.weight", &[2, 3][..], "matrices"),
            ("fc1.bias", &[2], "biases"),
            ("dense/b", &[2], "biases"),
            ("conv1.weight", &[2, 1, 3, 3], "kernels"),
            ("model.embed_tokens.weight", &[4, 2], "embeddings"),
            ("layers.0.input_layernorm.weight", &[2], "normalisation"),
            ("layer1.0.bn1.running_var", &[2], "normalisation"),
            ("norm2.weight", &[2], "normalisation"),
            ("normal", &[2], "vectors"),
            ("optimizer.exp_avg.weight", &[2, 3], "optimizer state"),
            ("logit_scale", &[], "scalars"),
        ] {
            assert_eq!(kind(&of(name, shape)), expected, "{name}");
        }
    }
}
