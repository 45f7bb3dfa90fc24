//! Guesses which architecture a file holds, from the names of its tensors.

use std::collections::{BTreeMap, BTreeSet};

use hinton_tensor::Tensor;

use crate::select::fits_glob;

/// A family of networks and the names that tell it: every pattern must fit some tensor.
struct Family {
    name: &'static str,
    patterns: &'static [&'static str],
}

/// The most particular first. Names are those of the libraries that publish the checkpoints.
const FAMILIES: &[Family] = &[
    Family {
        name: "a mixture-of-experts transformer (Mixtral's names)",
        patterns: &["*.block_sparse_moe.experts.*"],
    },
    Family {
        name: "a mixture-of-experts transformer",
        patterns: &["*.mlp.experts.*", "*.self_attn.q_proj.weight"],
    },
    Family {
        name: "a transformer with low-rank adapters (LoRA)",
        patterns: &["*lora_A*", "*lora_B*"],
    },
    Family {
        name: "a decoder of Llama's kind (gated MLP, RMSNorm)",
        patterns: &["*.self_attn.q_proj.*", "*.mlp.gate_proj.*"],
    },
    Family {
        name: "a decoder of Phi's or Falcon's kind",
        patterns: &["*.self_attn.q_proj.*", "*.mlp.fc1.*"],
    },
    Family {
        name: "a decoder in GGUF's names (Llama's kind)",
        patterns: &["blk.*.attn_q.weight", "blk.*.ffn_gate.weight"],
    },
    Family { name: "GPT-2", patterns: &["*attn.c_attn.weight", "*mlp.c_fc.weight"] },
    Family {
        name: "GPT-NeoX",
        patterns: &["*.attention.query_key_value.weight", "*.mlp.dense_h_to_4h.weight"],
    },
    Family { name: "T5", patterns: &["*.SelfAttention.q.weight", "*.DenseReluDense.*"] },
    Family {
        name: "Whisper or BART",
        patterns: &[
            "*encoder.layers.*.self_attn.q_proj.weight",
            "*decoder.layers.*.encoder_attn.*",
        ],
    },
    Family { name: "CLIP", patterns: &["text_model.*", "vision_model.*"] },
    Family {
        name: "a vision transformer",
        patterns: &["*patch_embed*", "*blocks.0.attn.qkv.weight"],
    },
    Family {
        name: "a vision transformer",
        patterns: &["*patch_embeddings*", "*attention.query.weight"],
    },
    Family {
        name: "BERT",
        patterns: &["*.attention.self.query.weight", "*.attention.output.dense.weight"],
    },
    Family { name: "Mamba", patterns: &["*.mixer.A_log"] },
    Family { name: "RWKV", patterns: &["blocks.0.att.time_decay"] },
    Family {
        name: "a diffusion U-Net",
        patterns: &["*down_blocks.*", "*mid_block.*", "*up_blocks.*"],
    },
    Family {
        name: "a diffusion U-Net",
        patterns: &["*input_blocks.*", "*middle_block.*", "*output_blocks.*"],
    },
    Family { name: "a ResNet", patterns: &["*layer1.0.conv1.weight", "*layer4.0.conv1.weight"] },
    Family { name: "a MobileNet or Xception (separable convolutions)", patterns: &["*depthwise*"] },
    Family {
        name: "a MobileNet or Xception (separable convolutions)",
        patterns: &["*separable_conv*"],
    },
    Family {
        name: "a VGG or AlexNet (features, then a classifier)",
        patterns: &["features.0.weight", "classifier.*"],
    },
    Family {
        name: "a recurrent network (LSTM or GRU)",
        patterns: &["*weight_ih_l0*", "*weight_hh_l0*"],
    },
    Family { name: "a recurrent network (LSTM or GRU)", patterns: &["*recurrent_kernel*"] },
    Family { name: "a transformer", patterns: &["*attention*"] },
    Family { name: "a transformer", patterns: &["*attn*"] },
];

/// The probable architecture, in a few words with the number of layers; `None` if the names give no
/// clue.
///
/// It is a guess and should be shown as one.
pub fn architecture(tensors: &[&Tensor]) -> Option<String> {
    let has = |pattern: &&str| tensors.iter().any(|tensor| fits_glob(pattern, tensor.name()));
    let family = FAMILIES.iter().find(|family| family.patterns.iter().all(&has));
    match family {
        Some(family) => Some(match layers(tensors) {
            Some(1) => format!("{}, 1 layer", family.name),
            Some(count) => format!("{}, {count} layers", family.name),
            None => family.name.to_owned(),
        }),
        None => by_shape(tensors),
    }
}

/// What the modules are called that a network repeats.
const REPEATED: [&str; 6] = ["layers", "layer", "blocks", "block", "blk", "h"];

/// How many layers there are: the different numbers after such a word and what stands before it, of
/// the word that has most. A file that holds only layer 31 has one.
fn layers(tensors: &[&Tensor]) -> Option<usize> {
    let mut numbers: BTreeMap<Vec<&str>, BTreeSet<usize>> = BTreeMap::new();
    for tensor in tensors {
        let parts: Vec<&str> = tensor.name().split(['.', '/']).collect();
        for (index, pair) in parts.windows(2).enumerate() {
            let number = pair[1].parse::<usize>().ok().filter(|number| *number < 10_000);
            if let Some(number) = number.filter(|_| REPEATED.contains(&pair[0])) {
                numbers.entry(parts[..=index].to_vec()).or_default().insert(number);
                break;
            }
        }
    }
    numbers.values().map(BTreeSet::len).max()
}

/// Networks of plain layers, from the shapes.
fn by_shape(tensors: &[&Tensor]) -> Option<String> {
    let axes = |count: usize| tensors.iter().filter(|tensor| tensor.shape().len() == count).count();
    let (matrices, kernels) = (axes(2), axes(4));
    let others = tensors.len() - matrices - kernels - axes(1) - axes(0);
    if others > 0
        || super::totals::by_kind(tensors.iter().copied())
            .iter()
            .any(|(kind, _)| *kind == super::totals::OPTIMIZER)
    {
        return None;
    }
    match (kernels, matrices, axes(1)) {
        (0, 1, 1) if biases_fit(tensors) => {
            Some("one linear layer (a linear or softmax classifier)".to_owned())
        }
        (0, layers, biases) if layers > 1 && biases <= layers && biases_fit(tensors) => {
            match is_chain(tensors) {
                true => Some(format!("a network of {layers} dense layers")),
                // Heads side by side: what has a bias each is a layer all the same.
                false if biases == layers => {
                    Some(format!("{layers} dense layers that are not one chain"))
                }
                false => None,
            }
        }
        (convolutions, layers, _) if convolutions > 0 => {
            let several = |count: usize, what: &str| match count {
                1 => format!("1 {what}"),
                count => format!("{count} {what}s"),
            };
            let mut text =
                format!("a convolutional network: {}", several(convolutions, "convolution"));
            if layers > 0 {
                text.push_str(&format!(", {}", several(layers, "dense layer")));
            }
            Some(text)
        }
        _ => None,
    }
}

/// The rows and columns of the matrices.
fn matrices(tensors: &[&Tensor]) -> Vec<[usize; 2]> {
    tensors.iter().filter_map(|tensor| <[usize; 2]>::try_from(tensor.shape()).ok()).collect()
}

/// Whether every vector is as long as a side of some matrix.
fn biases_fit(tensors: &[&Tensor]) -> bool {
    let widths: BTreeSet<usize> = matrices(tensors).into_iter().flatten().collect();
    let mut vectors = tensors.iter().filter(|tensor| tensor.shape().len() == 1);
    vectors.all(|vector| widths.contains(&vector.shape()[0]))
}

/// Whether the matrices, in some order, are layers of which each takes what the one before gives.
///
/// Widths are places and matrices ways between them, so this asks for a walk along every way once (Euler):
/// there is one where all ways hang together and at most one place has a way more out than in, another
/// one more in than out. Which side of a matrix is the input does not matter: the walk goes back the same.
fn is_chain(tensors: &[&Tensor]) -> bool {
    let ways = matrices(tensors);
    let mut more_out = BTreeMap::<usize, i64>::new();
    for &[from, to] in &ways {
        *more_out.entry(from).or_default() += 1;
        *more_out.entry(to).or_default() -= 1;
    }
    let uneven: i64 = more_out.values().map(|more| more.abs()).sum();
    uneven <= 2 && hang_together(&ways)
}

/// Whether every way is reached from the first.
fn hang_together(ways: &[[usize; 2]]) -> bool {
    let mut beside = BTreeMap::<usize, Vec<usize>>::new();
    for &[from, to] in ways {
        beside.entry(from).or_default().push(to);
        beside.entry(to).or_default().push(from);
    }
    let mut waiting: Vec<usize> = ways.first().map(|way| way[0]).into_iter().collect();
    let mut reached = BTreeSet::new();
    while let Some(width) = waiting.pop() {
        if reached.insert(width) {
            waiting.extend(beside.get(&width).into_iter().flatten());
        }
    }
    reached.len() == beside.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guess(names: &[(&str, &[usize])]) -> Option<String> {
        let tensors: Vec<Tensor> = names
            .iter()
            .map(|(name, shape)| {
                Tensor::from_f32(*name, shape, &vec![0.0; shape.iter().product()]).unwrap()
            })
            .collect();
        architecture(&tensors.iter().collect::<Vec<_>>())
    }

    #[test]
    fn families_are_told_by_names_and_plain_networks_by_shapes() {
        let llama = guess(&[
            ("model.layers.0.self_attn.q_proj.weight", &[2, 2]),
            ("model.layers.1.mlp.gate_proj.weight", &[2, 2]),
        ]);
        assert_eq!(
            llama.as_deref(),
            Some("a decoder of Llama's kind (gated MLP, RMSNorm), 2 layers")
        );
        let last = guess(&[("layers.31.attn.q", &[2, 2]), ("layers.31.attn.k", &[2, 2])]);
        assert_eq!(last.as_deref(), Some("a transformer, 1 layer"));
        let softmax = guess(&[("weight", &[4, 2]), ("bias", &[2])]);
        assert_eq!(softmax.as_deref(), Some("one linear layer (a linear or softmax classifier)"));
        let dense = guess(&[("0.weight", &[4, 2]), ("0.bias", &[4]), ("2.weight", &[3, 4])]);
        assert_eq!(dense.as_deref(), Some("a network of 2 dense layers"));
        let conv = guess(&[("conv1.weight", &[4, 1, 3, 3]), ("fc.weight", &[2, 4])]);
        let text = "a convolutional network: 1 convolution, 1 dense layer";
        assert_eq!(conv.as_deref(), Some(text));
        assert_eq!(guess(&[("x", &[2, 3, 4])]), None);
    }

    #[test]
    fn dense_layers_fit_one_another() {
        let chain = |shapes: &[[usize; 2]]| {
            let names: Vec<String> = (0..shapes.len()).map(|at| at.to_string()).collect();
            let tensors: Vec<(&str, &[usize])> =
                names.iter().zip(shapes).map(|(name, shape)| (&**name, &shape[..])).collect();
            guess(&tensors)
        };
        let of = |count: usize| Some(format!("a network of {count} dense layers"));
        // Rows out or rows in, in order or as names are sorted, square ones between.
        assert_eq!(chain(&[[8, 4], [3, 8]]), of(2));
        assert_eq!(chain(&[[4, 8], [8, 3]]), of(2));
        assert_eq!(chain(&[[2, 5], [7, 3], [5, 5], [5, 7], [7, 7]]), of(5));
        assert_eq!(chain(&[[3, 4], [4, 3]]), of(2), "there and back");
        // Tables that have nothing to do with one another.
        assert_eq!(chain(&[[8, 4], [3, 9]]), None);
        assert_eq!(chain(&[[8, 4], [8, 4], [8, 4]]), None);
        assert_eq!(chain(&[[4, 4], [5, 5]]), None);
        // Two heads behind one layer: layers, for each has a bias, and no chain.
        let heads = [
            ("a.weight", &[8, 4][..]),
            ("a.bias", &[8]),
            ("b.weight", &[2, 8]),
            ("b.bias", &[2]),
            ("c.weight", &[3, 8]),
            ("c.bias", &[3]),
            ("d.weight", &[3, 8]),
            ("d.bias", &[3]),
        ];
        assert_eq!(guess(&heads).as_deref(), Some("4 dense layers that are not one chain"));
        assert_eq!(guess(&[("w", &[4, 2]), ("b", &[7])]), None, "a bias of another length");
        assert_eq!(guess(&[("v", &[8, 4]), ("w", &[3, 8]), ("b", &[5])]), None);
    }
}
