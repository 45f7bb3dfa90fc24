use super::*;
use crate::Dtype;

fn of(names: &[String]) -> Outline {
    let tensors: Vec<Named<'_>> = names.iter().map(|name| Named { name, shape: &[4, 4] }).collect();
    outline(&tensors)
}

/// Names from a pattern for each count of `#`.
fn layers(count: usize, kinds: &[&str]) -> Vec<String> {
    (0..count)
        .flat_map(|layer| kinds.iter().map(move |kind| kind.replacen('#', &layer.to_string(), 1)))
        .collect()
}

fn with(mut names: Vec<String>, more: &[&str]) -> Vec<String> {
    names.extend(more.iter().map(|name| (*name).to_owned()));
    names
}

/// Patterns, layers and kinds of the stacks; tensors before and behind.
fn summary(names: &[String]) -> (Vec<(String, usize, usize)>, usize, usize) {
    let found = of(names);
    let stacks = found.stacks.iter();
    let stacks = stacks
        .map(|stack| (stack.pattern.clone(), stack.layers.len(), stack.kinds.len()))
        .collect();
    (stacks, found.first.len(), found.last.len())
}

fn stack(pattern: &str, layers: usize, kinds: usize) -> (String, usize, usize) {
    (pattern.to_owned(), layers, kinds)
}

#[test]
fn language_models_are_layers_between_two_ends() {
    let llama = [
        "model.layers.#.self_attn.q_proj.weight",
        "model.layers.#.mlp.up_proj.weight",
        "model.layers.#.input_layernorm.weight",
    ];
    let names = with(
        layers(32, &llama),
        &["model.embed_tokens.weight", "model.norm.weight", "lm_head.weight"],
    );
    assert_eq!(summary(&names), (vec![stack("model.layers.{}", 32, 3)], 1, 2));
    let gpt2 =
        ["h.#.attn.c_attn.weight", "h.#.ln_1.weight", "h.#.ln_2.weight", "h.#.mlp.c_fc.bias"];
    let names = with(layers(12, &gpt2), &["wte.weight", "wpe.weight", "ln_f.weight"]);
    assert_eq!(summary(&names), (vec![stack("h.{}", 12, 4)], 2, 1));
    let gguf = ["blk.#.attn_q.weight", "blk.#.ffn_gate_exps.weight", "blk.#.attn_norm.weight"];
    let names = with(layers(22, &gguf), &["token_embd.weight", "output.weight"]);
    assert_eq!(summary(&names), (vec![stack("blk.{}", 22, 3)], 1, 1));
    let bert = [
        "bert/encoder/layer_#/attention/self/query/kernel",
        "bert/encoder/layer_#/output/dense/bias",
    ];
    let names = with(layers(12, &bert), &["bert/embeddings/word_embeddings"]);
    assert_eq!(summary(&names), (vec![stack("bert/encoder/layer_{}", 12, 2)], 1, 0));
}

#[test]
fn layers_are_in_natural_order() {
    let mut names = layers(12, &["h.#.a.weight", "h.#.b.weight"]);
    names.sort();
    let labels: Vec<String> = of(&names).stacks[0].layers.iter().map(|l| l.label.clone()).collect();
    assert_eq!(labels, (0..12).map(|n: usize| n.to_string()).collect::<Vec<_>>());
}

#[test]
fn experts_are_members_of_their_layer() {
    for (experts, gate) in
        [("block_sparse_moe.experts", "block_sparse_moe.gate"), ("mlp.experts", "mlp.gate")]
    {
        let mut names = Vec::new();
        for layer in 0..4 {
            for part in ["self_attn.q_proj", "self_attn.o_proj", "input_layernorm", gate] {
                names.push(format!("model.layers.{layer}.{part}.weight"));
            }
            for expert in 0..16 {
                for part in ["w1", "w2", "w3"] {
                    names.push(format!("model.layers.{layer}.{experts}.{expert}.{part}.weight"));
                }
            }
        }
        let found = of(&names);
        assert_eq!(found.stacks.len(), 1, "{experts}");
        let stack = &found.stacks[0];
        assert_eq!((stack.layers.len(), stack.kinds.len()), (4, 7));
        let kind =
            stack.kinds.iter().position(|kind| kind.name == format!("{experts}.{{}}.w2.weight"));
        let cell = stack.cell(2, kind.unwrap());
        assert_eq!(cell.len(), 16);
        assert_eq!(names[cell[10]], format!("model.layers.2.{experts}.10.w2.weight"));
    }
}

#[test]
fn nested_counts_are_rows_where_all_of_a_layer_is_behind_them() {
    let mut names = vec!["conv1.weight".to_owned(), "bn1.weight".to_owned()];
    for (layer, blocks) in [(1, 3), (2, 4), (3, 6), (4, 3)] {
        for block in 0..blocks {
            for part in ["conv1.weight", "bn1.weight", "conv2.weight", "bn2.weight"] {
                names.push(format!("layer{layer}.{block}.{part}"));
            }
        }
        names.push(format!("layer{layer}.0.downsample.0.weight"));
    }
    names.push("fc.weight".to_owned());
    assert_eq!(summary(&names), (vec![stack("layer{}.{}", 16, 5)], 2, 1));
    assert_eq!(of(&names).stacks[0].layers[3].label, "2.0");
}

#[test]
fn numbers_that_repeat_nothing_are_part_of_the_name() {
    let t5 = [
        "encoder.block.#.layer.0.SelfAttention.q.weight",
        "encoder.block.#.layer.0.layer_norm.weight",
        "encoder.block.#.layer.1.DenseReluDense.wi.weight",
        "encoder.block.#.layer.1.layer_norm.weight",
    ];
    assert_eq!(summary(&layers(6, &t5)).0, [stack("encoder.block.{}", 6, 4)]);
    let small =
        ["conv1.weight", "conv1.bias", "conv2.weight", "conv2.bias", "fc1.weight", "fc1.bias"];
    assert_eq!(summary(&with(Vec::new(), &small)), (Vec::new(), 6, 0));
}

#[test]
fn flat_networks_are_tables_of_modules() {
    let mut names = Vec::new();
    for layer in 0..10 {
        let suffix = if layer == 0 { String::new() } else { format!("_{layer}") };
        names.push(format!("conv2d{suffix}/kernel"));
        names.push(format!("conv2d{suffix}/bias"));
    }
    let found = of(&names);
    assert_eq!((found.stacks.len(), found.stacks[0].layers.len()), (1, 10));
    assert_eq!(found.stacks[0].kinds.len(), 2);
}

#[test]
fn what_is_no_weight_is_known_by_its_name() {
    let of = |name| aside(Named { name, shape: &[3] }, Some(Dtype::F32));
    for name in [
        "optimizer.state.0.exp_avg",
        "dense/kernel/Adam_1",
        "state.3.momentum_buffer",
        "optimizer_weights/Variable_7:0",
        "dense/kernel/.OPTIMIZER_SLOT/optimizer/m/.ATTRIBUTES/VARIABLE_VALUE",
    ] {
        assert_eq!(of(name), Some(Aside::Optimizer), "{name}");
    }
    for (name, shape, dtype, expected) in [
        ("new_shape__805", &[4][..], Dtype::I64, Some(Aside::Constant)),
        ("const_axes__50", &[], Dtype::I32, Some(Aside::Constant)),
        ("conv.bias", &[4], Dtype::I32, None),
        ("table", &[40], Dtype::I64, None),
        ("codes", &[4], Dtype::I8, None),
        ("new_shape__805", &[4], Dtype::F32, None),
    ] {
        assert_eq!(aside(Named { name, shape }, Some(dtype)), expected, "{name} {dtype}");
    }
    for name in ["bn1.num_batches_tracked", "embeddings.position_ids", "rotary_emb.inv_freq"] {
        assert_eq!(of(name), Some(Aside::Buffer), "{name}");
    }
    for name in ["model.layers.0.weight", "adapter.weight", "bn1.running_mean"] {
        assert_eq!(of(name), None, "{name}");
    }
}

proptest::proptest! {
    #[test]
    fn every_tensor_is_in_exactly_one_place(
        names in proptest::collection::vec("[ab]{0,2}([./_]?[0-9]{0,2}[./_]?[ab]{0,1}){0,4}", 0..60),
    ) {
        let found = of(&names);
        let mut all: Vec<usize> = found.stacks.iter().flat_map(Stack::members).copied().collect();
        all.extend(found.first.iter().chain(&found.last).chain(&found.scalars));
        all.sort_unstable();
        proptest::prop_assert_eq!(all, (0..names.len()).collect::<Vec<_>>());
        for stack in &found.stacks {
            proptest::prop_assert_eq!(stack.cells.len(), stack.layers.len() * stack.kinds.len());
        }
    }
}

#[test]
fn rows_are_experts_where_the_pattern_says_so() {
    assert_eq!(rows_of("model.layers.0.mlp.experts.{}"), "experts");
    assert_eq!(rows_of("model.layers.0.mlp.experts"), "experts");
    assert_eq!(rows_of("model.layers.{}"), "layers");
    assert_eq!(rows_of("experts.{}.layers.{}"), "layers");
}
