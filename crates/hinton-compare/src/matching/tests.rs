use super::*;

fn tensor(name: &str, shape: &[usize], seed: u32) -> Tensor {
    let count: usize = shape.iter().product();
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(1);
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    let values: Vec<f32> = (0..count).map(|_| next()).collect();
    Tensor::from_f32(name, shape, &values).unwrap()
}

fn matched(a: &[Tensor], b: &[Tensor], rule: Rule) -> Matching {
    match_tensors(a, b, rule).unwrap()
}

fn by_name(a: &Tensor, b: &Tensor) -> Matching {
    matched(std::slice::from_ref(a), std::slice::from_ref(b), Rule::Names)
}

#[test]
fn names_prefixes_and_conventions_in_that_order() {
    let a = [tensor("fc.weight", &[4, 3], 1), tensor("fc.bias", &[4], 2), tensor("x", &[2], 3)];
    let b: Vec<Tensor> =
        a[..2].iter().map(|one| one.clone().named(format!("module.{}", one.name()))).collect();
    let found = matched(&a, &b, Rule::Names);
    assert!(found.pairs.iter().all(|pair| pair.found == Found::Prefix("module.".into())));
    assert_eq!((found.pairs.len(), found.only_a.len(), found.only_b.len()), (2, 1, 0));
    let found = matched(&a, &b, Rule::Exact);
    assert_eq!((found.pairs.len(), found.only_a.len(), found.only_b.len()), (0, 3, 2));
    let a = [tensor("model.layers.1.self_attn.v_proj.weight", &[4, 3], 1)];
    let b = [a[0].clone().named("blk.1.attn_v.weight")];
    assert_eq!(matched(&a, &b, Rule::Names).pairs[0].found, Found::Convention);
}

#[test]
fn shapes_are_made_to_agree_or_told() {
    let a = [tensor("w", &[4, 3], 1), tensor("v", &[4, 3], 2), tensor("e", &[10, 3], 3)];
    let b = [a[0].transpose().unwrap(), tensor("v", &[5, 5], 2), tensor("e", &[12, 3], 3)];
    let found = matched(&a, &b, Rule::Values);
    assert_eq!(found.pairs[0].change, Change::Axes { order: vec![1, 0], errors: None });
    assert_eq!(found.pairs[0].b.to_f32().unwrap(), a[0].to_f32().unwrap());
    assert_eq!(found.pairs[1].change, Change::Rows { a: 10, b: 12 });
    assert_eq!(found.pairs[1].b.shape(), [10, 3]);
    assert_eq!(found.unlike.len(), 1);
    assert_eq!(matched(&a, &b, Rule::Exact).unlike.len(), 3);
}

#[test]
fn a_square_kernel_is_turned_unless_its_values_say_otherwise() {
    let weight = tensor("fc.weight", &[8, 8], 1);
    let kernel = weight.transpose().unwrap().named("fc/kernel");
    let found = by_name(&weight, &kernel);
    assert!(matches!(&found.pairs[0].change, Change::Axes { errors: Some((0.0, _)), .. }));
    let as_is = weight.clone().named("fc/kernel");
    let found = by_name(&weight, &as_is);
    assert_eq!(found.pairs[0].change, Change::None);
}

#[test]
fn conv_kernels_of_keras_are_turned() {
    let weight = tensor("conv.weight", &[6, 4, 3, 2], 1);
    let kernel = weight.permute(&[2, 3, 1, 0]).unwrap().named("conv/kernel");
    for (a, b) in [(&weight, &kernel), (&kernel, &weight)] {
        let found = by_name(a, b);
        assert_eq!(found.pairs[0].b.to_f32().unwrap(), a.to_f32().unwrap());
    }
}

#[test]
fn names_that_say_nothing_are_matched_by_values() {
    let a = [tensor("p", &[8, 4], 1), tensor("q", &[8, 4], 2), tensor("r", &[9], 3)];
    let b = [a[1].clone().named("x"), a[0].transpose().unwrap().named("y"), tensor("z", &[9], 7)];
    let found = matched(&a, &b, Rule::Values);
    let names: Vec<(&str, &str)> =
        found.pairs.iter().map(|pair| (pair.a.name(), pair.b.name())).collect();
    assert_eq!(names, [("p", "y"), ("q", "x")]);
    assert_eq!((found.only_a.len(), found.only_b.len()), (1, 1));
    assert!(matched(&a, &b, Rule::Names).pairs.is_empty());
}

#[test]
fn the_rotary_permutation_of_gguf_is_undone() {
    let (heads, head, inputs) = (4, 8, 6);
    let weight = tensor("model.layers.0.self_attn.q_proj.weight", &[heads * head, inputs], 1);
    // As llama.cpp: reshape(heads, 2, head / 2, inputs).swapaxes(1, 2).
    let parts = weight.reshape(&[heads, 2, head / 2, inputs]).unwrap();
    let permuted = parts.permute(&[0, 2, 1, 3]).unwrap().reshape(&[heads * head, inputs]).unwrap();
    let permuted = permuted.named("blk.0.attn_q.weight");
    for (a, b) in [(&weight, &permuted), (&permuted, &weight)] {
        let found = by_name(a, b);
        let pair = &found.pairs[0];
        assert!(matches!(pair.change, Change::Rotary { head: 8, errors: (0.0, _) }), "{pair:?}");
        assert_eq!(pair.a.to_f32().unwrap(), pair.b.to_f32().unwrap());
    }
    // What has not been permuted stays as it is, and so do values that have nothing in common.
    let as_is = weight.clone().named("blk.0.attn_q.weight");
    assert_eq!(by_name(&weight, &as_is).pairs[0].change, Change::None);
    let other = tensor("blk.0.attn_q.weight", &[heads * head, inputs], 9);
    assert_eq!(by_name(&weight, &other).pairs[0].change, Change::None);
}

#[test]
fn fused_rows_are_compared_with_what_they_are_made_of() {
    let whole = tensor("model.layers.0.self_attn.qkv_proj.weight", &[8, 3], 1);
    let part = |word: &str, rows: &str| {
        let slice = rows.parse().unwrap();
        let name = format!("model.layers.0.self_attn.{word}.weight");
        whole.slice(&slice).unwrap().named(name)
    };
    let parts = [part("v_proj", "[6:8]"), part("q_proj", "[0:4]"), part("k_proj", "[4:6]")];
    let whole = [whole.clone()];
    for (a, b) in [(&whole[..], &parts[..]), (&parts[..], &whole[..])] {
        let found = matched(a, b, Rule::Names);
        assert_eq!((found.pairs.len(), found.only_a.len(), found.only_b.len()), (3, 0, 0));
        for pair in &found.pairs {
            assert_eq!(pair.a.to_f32().unwrap(), pair.b.to_f32().unwrap(), "{pair:?}");
        }
    }
    // One part is missing: nothing is assumed.
    assert!(matched(&whole, &parts[..2], Rule::Names).pairs.is_empty());
}

/// Eight experts of a layer, one by one.
fn experts() -> Vec<Tensor> {
    let mut all = Vec::new();
    for expert in 0..8 {
        for (word, shape, seed) in
            [("gate_proj", [6, 4], 10), ("up_proj", [6, 4], 30), ("down_proj", [4, 6], 50)]
        {
            let name = format!("model.layers.2.mlp.experts.{expert}.{word}.weight");
            all.push(tensor(&name, &shape, seed + expert));
        }
    }
    all
}

/// The same stacked; `words` are side by side in each.
fn stack(name: &str, words: &[&str], is_turned: bool) -> Tensor {
    let all = experts();
    let mut values = Vec::new();
    let (mut rows, mut columns) = (0, 0);
    for expert in 0..8 {
        let mut one = Vec::new();
        rows = 0;
        for word in words {
            let part = format!("experts.{expert}.{word}.");
            let part = all.iter().find(|tensor| tensor.name().contains(&part)).unwrap();
            (rows, columns) = (rows + part.shape()[0], part.shape()[1]);
            one.extend(part.to_f32().unwrap());
        }
        let one = Tensor::from_f32("x", &[rows, columns], &one).unwrap();
        let one = if is_turned { one.transpose().unwrap() } else { one };
        values.extend(one.to_f32().unwrap());
    }
    let shape = if is_turned { [8, columns, rows] } else { [8, rows, columns] };
    Tensor::from_f32(name, &shape, &values).unwrap()
}

#[test]
fn stacked_experts_are_those_one_by_one() {
    let all = experts();
    let gguf = [
        stack("blk.2.ffn_gate_exps.weight", &["gate_proj"], false),
        stack("blk.2.ffn_up_exps.weight", &["up_proj"], false),
        stack("blk.2.ffn_down_exps.weight", &["down_proj"], false),
    ];
    let turned = [
        stack("model.layers.2.mlp.experts.gate_up_proj", &["gate_proj", "up_proj"], true),
        stack("model.layers.2.mlp.experts.down_proj", &["down_proj"], true),
    ];
    let straight = [
        stack("model.layers.2.mlp.experts.gate_up_proj", &["gate_proj", "up_proj"], false),
        stack("model.layers.2.mlp.experts.down_proj", &["down_proj"], false),
    ];
    for stacks in [&gguf[..], &turned, &straight] {
        for found in [matched(&all, stacks, Rule::Names), matched(stacks, &all, Rule::Names)] {
            assert_eq!((found.pairs.len(), found.only_a.len(), found.only_b.len()), (24, 0, 0));
            for pair in found.pairs {
                assert!(matches!(pair.change, Change::Expert { .. }));
                assert_eq!(pair.a.to_f32().unwrap(), pair.b.to_f32().unwrap(), "{}", pair.b.name());
            }
        }
    }
    // One that is missing leaves the stack unmatched.
    assert!(matched(&all[1..], &gguf[..1], Rule::Names).pairs.is_empty());
}

#[test]
fn a_tied_head_is_the_embedding() {
    let embedding = tensor("model.embed_tokens.weight", &[10, 4], 1);
    let tied = [embedding.clone(), embedding.clone().named("lm_head.weight")];
    let one = [embedding.clone()];
    for (a, b) in [(&tied[..], &one[..]), (&one, &tied)] {
        let found = matched(a, b, Rule::Names);
        assert_eq!((found.pairs.len(), found.only_a.len(), found.only_b.len()), (2, 0, 0));
        assert!(found.pairs.iter().any(|pair| pair.change == Change::Tied));
    }
    let other = [embedding, tensor("lm_head.weight", &[10, 4], 9)];
    assert_eq!(matched(&other, &one, Rule::Names).only_a.len(), 1);
}

#[test]
fn logarithms_are_minus_exponentials() {
    let logs: Vec<f32> = (0..12).map(|index| index as f32 * 0.3).collect();
    let rates: Vec<f32> = logs.iter().map(|log| -log.exp()).collect();
    let log = Tensor::from_f32("model.layers.1.mixer.A_log", &[12], &logs).unwrap();
    let rate = Tensor::from_f32("blk.1.ssm_a", &[12, 1], &rates).unwrap();
    for (a, b) in [(&log, &rate), (&rate, &log)] {
        let found = by_name(a, b);
        let Change::Exponential { errors } = found.pairs[0].change else { panic!("{found:?}") };
        assert!(errors.0 < 1e-6 && errors.1 > 0.5, "{errors:?}");
    }
}

/// The rows of a weight, given as heads x parts x rows of a head, with the parts one after the other.
fn straight(interleaved: &Tensor, heads: usize, name: &str) -> Tensor {
    let [rows, inputs] = *interleaved.shape() else { panic!() };
    let parts = interleaved.reshape(&[heads, 3, rows / heads / 3, inputs]).unwrap();
    parts.permute(&[1, 0, 2, 3]).unwrap().reshape(&[rows, inputs]).unwrap().named(name)
}

#[test]
fn query_key_and_value_that_are_interleaved_by_head_are_told_apart() {
    let name = "gpt_neox.layers.0.attention.query_key_value.weight";
    let neox = tensor(name, &[4 * 3 * 5, 6], 1);
    let all = straight(&neox, 4, "blk.0.attn_qkv.weight");
    for (a, b) in [(&neox, &all), (&all, &neox)] {
        let found = by_name(a, b);
        let pair = &found.pairs[0];
        let is_undone =
            matches!(pair.change, Change::Interleaved { groups: 4, rows: 60, errors: (0.0, _) });
        assert!(is_undone, "{pair:?}");
        assert_eq!(pair.a.to_f32().unwrap(), pair.b.to_f32().unwrap());
        // In the first one's order.
        assert_eq!(pair.a.to_f32().unwrap(), a.to_f32().unwrap());
    }
    let part = |word: &str, rows: &str| {
        let name = format!("model.layers.0.self_attn.{word}.weight");
        all.slice(&rows.parse().unwrap()).unwrap().named(name)
    };
    let parts = [part("q_proj", "[:20]"), part("k_proj", "[20:40]"), part("v_proj", "[40:]")];
    for is_first in [true, false] {
        let whole = std::slice::from_ref(&neox);
        let found = match is_first {
            true => matched(whole, &parts, Rule::Names),
            false => matched(&parts, whole, Rule::Names),
        };
        assert_eq!((found.pairs.len(), found.only_a.len(), found.only_b.len()), (3, 0, 0));
        for pair in &found.pairs {
            assert!(matches!(pair.change, Change::Interleaved { groups: 4, rows: 20, .. }));
            assert_eq!(pair.a.to_f32().unwrap(), pair.b.to_f32().unwrap());
        }
    }
}

#[test]
fn groups_of_queries_that_share_a_key_are_told_apart() {
    // Falcon: two groups of three queries, a key and a value, each of four rows.
    let name = "transformer.h.0.self_attention.query_key_value.weight";
    let falcon = tensor(name, &[2 * 5 * 4, 6], 1);
    let groups = falcon.reshape(&[2, 20, 6]).unwrap();
    let part = |word: &str, rows: &str, count: usize| {
        let rows = groups.slice(&format!("[:,{rows}]").parse().unwrap()).unwrap();
        let name = format!("model.layers.0.self_attn.{word}.weight");
        rows.reshape(&[count, 6]).unwrap().named(name)
    };
    let parts = [part("q_proj", ":12", 24), part("k_proj", "12:16", 8), part("v_proj", "16:", 8)];
    let found = matched(&parts, &[falcon], Rule::Names);
    assert_eq!(found.pairs.len(), 3);
    for pair in &found.pairs {
        assert!(matches!(pair.change, Change::Interleaved { groups: 2, .. }), "{pair:?}");
        assert_eq!(pair.a.to_f32().unwrap(), pair.b.to_f32().unwrap());
    }
}

#[test]
fn inputs_behind_a_convolution_are_put_in_one_order() {
    let weight = tensor("fc.weight", &[5, 4 * 6], 1);
    let parts = weight.reshape(&[5, 4, 6]).unwrap().permute(&[2, 1, 0]).unwrap();
    let kernel = parts.reshape(&[24, 5]).unwrap().named("fc/kernel");
    for (a, b) in [(&weight, &kernel), (&kernel, &weight)] {
        let found = by_name(a, b);
        let pair = &found.pairs[0];
        let is_undone =
            matches!(pair.change, Change::Flattened { channels: 4, errors: (0.0, _), .. });
        assert!(is_undone, "{pair:?}");
        assert_eq!(pair.a.to_f32().unwrap(), pair.b.to_f32().unwrap());
        assert_eq!(pair.a.to_f32().unwrap(), a.to_f32().unwrap());
    }
    let turned = weight.transpose().unwrap().named("fc/kernel");
    assert!(matches!(by_name(&weight, &turned).pairs[0].change, Change::Axes { .. }));
}
