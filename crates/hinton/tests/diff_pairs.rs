//! One model as different programs keep it: `fixtures/diff/make_pairs.py` made the files, and numpy's
//! truth of every pair once it is matched.

use std::path::{Path, PathBuf};

use hinton::diff::{Change, Diff, Found, Rule, diff};
use hinton::{Work, open};
use serde_json::Value;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/diff").join(name)
}

fn compared(a: &str, b: &str) -> Diff {
    let (a, b) = (open(fixture(a)).unwrap(), open(fixture(b)).unwrap());
    let mut found = diff(&a, &b, &[] as &[&str], Rule::default()).unwrap();
    found.read(Work::on(2)).unwrap();
    found
}

/// Every pair is the one that numpy compared, with its numbers.
fn agrees(found: &Diff, case: &str) {
    let truth = std::fs::read_to_string(fixture("pairs.json")).unwrap();
    let truth: Value = serde_json::from_str(&truth).unwrap();
    let truth = truth[case].as_object().unwrap();
    let found: Value = serde_json::from_str(&hinton::inspect::to_json(found).unwrap()).unwrap();
    let matched = found["matched"].as_array().unwrap();
    assert_eq!(matched.len(), truth.len(), "{case}");
    for one in matched {
        let name = one["a"].as_str().unwrap();
        let expected = &truth[name];
        for key in ["elements", "equal", "relative", "cosine", "max_abs"] {
            let (got, want) = (one[key].as_f64().unwrap(), expected[key].as_f64().unwrap());
            assert!((got - want).abs() <= 1e-9 * want.abs(), "{case} {name} {key}: {got} {want}");
        }
        // Of a permuted tensor the place is in the axes in which it is compared.
        if one["change"] != "rotary" && expected.get("at").is_some() {
            assert_eq!(one["at"], expected["at"], "{case} {name}");
        }
    }
}

fn said(found: &Diff) -> String {
    found.summary().join("\n")
}

#[test]
fn a_wrapped_model_with_a_grown_vocabulary() {
    let found = compared("base.safetensors", "wrapped_grown_b.safetensors");
    agrees(&found, "wrapped_grown");
    let said = said(&found);
    assert!(said.contains("matched by name without module."), "{said}");
    assert!(said.contains("by the 48 rows that both have (of 48 and 56)"), "{said}");
    // Frozen but for the layers.
    let frozen = found.pairs.iter().filter(|pair| pair.is_equal());
    assert_eq!(frozen.count(), 3);
    assert!(!found.is_same());
}

#[test]
fn fused_weights_are_the_same_as_split_ones() {
    let found = compared("base.safetensors", "fused_b.safetensors");
    assert!(found.is_same(), "{}", said(&found));
    let parts = found.pairs.iter().filter(|pair| matches!(pair.change, Change::Part { .. }));
    assert_eq!(parts.count(), 10);
}

#[test]
fn an_adapter_is_compared_as_what_it_makes_of_the_base() {
    let found = compared("base.safetensors", "adapter");
    agrees(&found, "adapter");
    let said = said(&found);
    let words =
        "an adapter of rank 4, compared as a with it applied, scaled by 4; 15 of 19 tensors";
    assert!(said.contains(words), "{said}");
    assert!(found.only_a.is_empty() && found.only_b.is_empty());
}

#[test]
fn a_merged_lora_is_named_as_such() {
    let mut found = compared("base.safetensors", "merged_b.safetensors");
    agrees(&found, "merged");
    found.decompose(Work::on(2)).unwrap();
    let said = said(&found);
    assert!(said.contains("LoRA of rank 4"), "{said}");
    assert!(said.contains(
        "model.layers.*.self_attn.q_proj.weight, model.layers.*.self_attn.v_proj.weight"
    ));
    let of_rank = |pair: &&hinton::diff::Pair| pair.low_rank().is_some();
    assert_eq!(found.pairs.iter().filter(of_rank).count(), 4);
}

#[test]
fn rotary_permutations_are_undone_where_the_values_say_so() {
    for (a, b, case, heads) in [
        ("base.safetensors", "rotary_q8_b.gguf", "rotary_q8", 4),
        ("wide.safetensors", "rotary_q4_k_b.gguf", "rotary_q4_k", 2),
    ] {
        let found = compared(a, b);
        agrees(&found, case);
        let turned: Vec<_> = found
            .pairs
            .iter()
            .filter_map(|pair| match pair.change {
                Change::Rotary { errors, .. } => Some(errors),
                _ => None,
            })
            .collect();
        assert_eq!(turned.len(), heads, "{case}");
        assert!(turned.iter().all(|(so, as_is)| so * 5.0 <= *as_is), "{turned:?}");
        let said = said(&found);
        assert!(said.contains("after undoing the permutation for rotary embedding"), "{said}");
        assert!(found.pairs.iter().all(|pair| pair.found == Found::Convention));
        // The name of one file is enough.
        let (a, b) = (open(fixture(a)).unwrap(), open(fixture(b)).unwrap());
        let name = "model.layers.0.self_attn.q_proj.weight";
        let mut one = diff(&a, &b, &[name], Rule::default()).unwrap();
        one.read(Work::on(1)).unwrap();
        assert_eq!((one.pairs.len(), one.only_a.len(), one.only_b.len()), (1, 0, 0));
        assert!(one.draw_values(&hinton::Options::default(), Work::on(1)).is_ok());
    }
}

#[test]
fn keras_and_pytorch_keep_the_same_network() {
    let found = compared("torch.safetensors", "keras_b.h5");
    assert!(found.is_same(), "{}", said(&found));
    assert_eq!(found.pairs.len(), 10);
    let turned = found.pairs.iter().filter(|pair| matches!(pair.change, Change::Axes { .. }));
    assert_eq!(turned.count(), 3);
}

/// The digits' MLP, trained from that seed.
fn digits(seed: u64) -> hinton::Checkpoint {
    use hinton::train::{Session, Settings, Unwatched};
    let data = hinton::train::named("digits", 0).unwrap();
    let mut settings = Settings::of(&data, "64-24-relu-10").unwrap();
    (settings.epochs, settings.seed) = (6, seed);
    let mut session = Session::new(&data, settings, 1).unwrap();
    session.run(&mut Unwatched).unwrap();
    session.checkpoint().unwrap()
}

#[test]
fn networks_of_two_seeds_are_aligned() {
    let (a, b) = (digits(1), digits(2));
    let none: &[&str] = &[];
    let apart = {
        let mut found = diff(&a, &b, none, Rule::default()).unwrap();
        found.read(Work::on(2)).unwrap();
        found.relative().unwrap()
    };
    let mut found = diff(&a, &b, none, Rule::default()).unwrap();
    found.align().unwrap();
    found.read(Work::on(2)).unwrap();
    let alignment = found.alignment.clone().unwrap();
    let (after, before) = alignment.errors;
    assert!(after < 0.9 * before, "{after} {before}");
    assert!(found.relative().unwrap() < apart);
    let said = said(&found);
    assert!(
        said.contains(&format!("{} of 24 hidden units moved", alignment.layers[0].moved)),
        "{said}"
    );
    let mut order = alignment.layers[0].order.clone();
    order.sort_unstable();
    assert_eq!(order, (0..24).collect::<Vec<_>>());
    // A network beside itself: no unit moves.
    let mut same = diff(&a, &a, none, Rule::default()).unwrap();
    same.align().unwrap();
    same.read(Work::on(2)).unwrap();
    assert!(same.is_same() && same.alignment.unwrap().layers[0].moved == 0);
    // What is no such network is refused.
    let conv = open(fixture("torch.safetensors")).unwrap();
    let mut conv = diff(&conv, &conv, &["conv1.*"], Rule::default()).unwrap();
    assert!(conv.align().unwrap_err().to_string().contains("no hidden units"));
}

#[test]
fn a_map_names_pairs_and_operations() {
    let (a, b) =
        (open(fixture("torch.safetensors")).unwrap(), open(fixture("keras_b.h5")).unwrap());
    let names: Vec<&str> = b.tensors.iter().map(hinton::Tensor::name).collect();
    let kernel = names.iter().find(|name| name.contains("dense_1") && name.contains("kernel"));
    let conv = names.iter().find(|name| name.contains("conv2d") && name.contains("kernel"));
    let text = format!(
        "# by hand\nfc2.weight = {} transpose\nconv1.weight = {} permute 3,2,0,1\nbn.* = -\n",
        kernel.unwrap(),
        conv.unwrap()
    );
    let map = text.parse().unwrap();
    let mut found = hinton::diff::diff_mapped(&a, &b, &map, Rule::Exact).unwrap();
    found.read(Work::on(1)).unwrap();
    assert_eq!(found.pairs.len(), 2);
    assert!(found.pairs.iter().all(hinton::diff::Pair::is_equal));
    assert_eq!(found.pairs[0].how(), "the map, transposed");
    assert!(found.only_a.iter().all(|tensor| !tensor.name().starts_with("bn.")));
    let wrong = "fc2.weight = nothing".parse().unwrap();
    let error = hinton::diff::diff_mapped(&a, &b, &wrong, Rule::Exact).unwrap_err();
    assert!(error.to_string().contains("map: line 1"), "{error}");
    let shape = format!("fc2.weight = {}", kernel.unwrap()).parse().unwrap();
    let error = hinton::diff::diff_mapped(&a, &b, &shape, Rule::Exact).unwrap_err().to_string();
    assert!(error.contains("has the shape 10 × 16"), "{error}");
}
