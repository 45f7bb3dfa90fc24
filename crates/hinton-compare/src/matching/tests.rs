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
