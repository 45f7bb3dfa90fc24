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

/// Every pair is the one that numpy compared, with every number that numpy gave.
fn agrees(found: &Diff, case: &str) {
    let truth = std::fs::read_to_string(fixture("pairs.json")).unwrap();
    let truth: Value = serde_json::from_str(&truth).unwrap();
    let truth = truth[case].as_object().unwrap();
    let found: Value = serde_json::from_str(&hinton::inspect::to_json(found).unwrap()).unwrap();
    let matched = found["matched"].as_array().unwrap();
    for name in truth.keys() {
        // The slices of a stack are named by the other file's tensors.
        let is_there = |one: &&Value| one["a"] == name.as_str() || one["b"] == name.as_str();
        let one = matched.iter().find(is_there);
        let one = one.unwrap_or_else(|| panic!("{case}: {name} was not matched"));
        for (key, want) in truth[name].as_object().unwrap() {
            is_as_numpy(&one[key], want, &format!("{case} {name} {key}"));
        }
    }
    assert_eq!(matched.len(), truth.len(), "{case}");
}

pub(crate) fn is_as_numpy(got: &Value, want: &Value, what: &str) {
    match (got.as_f64(), want.as_f64()) {
        (Some(got), Some(want)) => {
            // Sums of differences cancel; norms of rows and columns are of differences in single precision.
            let share = if what.ends_with("moved_most") { 1e-6 } else { 1e-9 };
            let slack =
                share * want.abs() + if what.ends_with("mean_difference") { 1e-14 } else { 0.0 };
            assert!((got - want).abs() <= slack, "{what}: {got} {want}");
        }
        _ if want.is_array() && want[0].is_array() => {
            for (got, want) in got.as_array().unwrap().iter().zip(want.as_array().unwrap()) {
                assert_eq!(got[0], want[0], "{what}");
                is_as_numpy(&got[1], &want[1], what);
            }
        }
        _ => assert_eq!(got, want, "{what}"),
    }
}

/// A picture of it can be drawn, and says the first sentence.
fn drawn(found: &Diff) -> String {
    let picture = found.draw(&hinton::look::Options::default()).unwrap();
    format!("{} {}", picture.scene.title, picture.scene.description)
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
        assert!(one.draw_values(&hinton::look::Options::default(), Work::on(1)).is_ok());
    }
}

#[test]
fn identical_files_are_said_to_be() {
    let found = compared("small.safetensors", "small.safetensors");
    assert!(found.is_same());
    assert_eq!(found.summary(), ["identical: 13 tensors, 2,864 values, all equal"]);
    assert!(drawn(&found).contains("identical: 13 tensors"));
}

#[test]
fn one_changed_value_is_no_lora() {
    let mut found = compared("small.safetensors", "one_value_b.safetensors");
    agrees(&found, "one_value");
    found.decompose(Work::on(2)).unwrap();
    let said = said(&found);
    assert!(said.starts_with("1 of 13 tensors changed, 1 of 2,864 values; "), "{said}");
    let place = "1 value of model.layers.1.self_attn.q_proj.weight changed: [3, 5] from ";
    assert!(said.contains(place), "{said}");
    assert!(!said.contains("like a merged LoRA of rank"), "{said}");
    assert!(found.pairs.iter().all(|pair| pair.low_rank().is_none()));
    assert!(drawn(&found).contains("1 of 13 tensors changed"));
}

#[test]
fn nan_and_infinities_that_came_are_said_first_in_a_picture() {
    let found = compared("small.safetensors", "with_nan_b.safetensors");
    agrees(&found, "with_nan");
    let said = said(&found);
    assert!(said.contains("NaN came: 1 in model.layers.0.self_attn.v_proj.weight"), "{said}");
    assert!(said.contains("infinities came: 1 in model.layers.1.input_layernorm.weight"), "{said}");
    let picture = found.draw(&hinton::look::Options::default()).unwrap();
    assert!(picture.scene.description.starts_with("NaN came: 1"));
    let worst = found.by_change()[0];
    assert!(worst.measures.as_ref().unwrap().odd.changed() == 1 && !worst.is_equal());
}

#[test]
fn a_frozen_embedding_is_named() {
    let found = compared("small.safetensors", "frozen_embedding_b.safetensors");
    agrees(&found, "frozen_embedding");
    let said = said(&found);
    assert!(said.starts_with("12 of 13 tensors changed, "), "{said}");
    assert!(said.contains("\nunchanged: model.embed_tokens.weight\n"), "{said}");
    assert!(drawn(&found).contains("unchanged: model.embed_tokens.weight"));
}

#[test]
fn a_data_parallel_prefix_is_no_difference() {
    let found = compared("small.safetensors", "data_parallel_b.safetensors");
    agrees(&found, "data_parallel");
    assert!(found.is_same());
    let said = said(&found);
    assert!(said.starts_with("identical: 13 tensors"), "{said}");
    assert!(said.contains("13 tensors matched by name without module."), "{said}");
}

#[test]
fn a_vocabulary_that_grew_by_eight() {
    let found = compared("small.safetensors", "grown_b.safetensors");
    agrees(&found, "grown");
    let said = said(&found);
    assert!(said.starts_with("equal where both have it: 13 tensors"), "{said}");
    assert!(said.contains("; not every row is in both"), "{said}");
    assert!(
        said.contains("2 tensors matched by the 24 rows that both have (of 24 and 32)"),
        "{said}"
    );
    assert!(!found.is_same());
}

#[test]
fn a_lora_of_rank_16_in_query_and_value_only() {
    let mut found = compared("lora_a.safetensors", "lora_b.safetensors");
    agrees(&found, "lora");
    found.decompose(Work::on(2)).unwrap();
    let said = said(&found);
    let sentence = "4 of 4 changed matrices look like a merged LoRA of rank 16, \
                    model.layers.*.self_attn.q_proj.weight, model.layers.*.self_attn.v_proj.weight: \
                    16 directions hold ";
    assert!(said.contains(sentence), "{said}");
    let layers = "in model.layers.*: self_attn.q_proj.weight in 2 of 2, self_attn.v_proj.weight in 2 of 2 \
                  layers; unchanged 1 kind";
    assert!(said.contains(layers), "{said}");
    let truth = std::fs::read_to_string(fixture("pairs.json")).unwrap();
    let truth: Value = serde_json::from_str(&truth).unwrap();
    for pair in found.pairs.iter().filter(|pair| !pair.is_equal()) {
        let expected = truth["lora_spectrum"][pair.a.name()].as_array().unwrap();
        let values = &pair.spectrum.as_ref().unwrap().values;
        for (got, want) in values.iter().zip(expected) {
            let want = want.as_f64().unwrap();
            // The difference is computed in single precision.
            assert!((got - want).abs() < 1e-5 * expected[0].as_f64().unwrap(), "{got} {want}");
        }
        assert_eq!(pair.low_rank().unwrap().rank, 16);
    }
}

#[test]
fn experts_one_by_one_and_stacked() {
    for (a, b) in [
        ("experts.safetensors", "stacked_b.safetensors"),
        ("stacked_b.safetensors", "experts.safetensors"),
    ] {
        let found = compared(a, b);
        let changed = found.pairs.iter().filter(|pair| !pair.is_equal());
        assert_eq!((found.pairs.len(), changed.count()), (12, 3));
        let said = said(&found);
        assert!(said.contains("12 tensors matched as experts of a stack"), "{said}");
        assert!(found.only_a.is_empty() && found.only_b.is_empty());
        assert!(drawn(&found).contains("3 of 12 tensors changed"));
    }
    agrees(&compared("experts.safetensors", "stacked_b.safetensors"), "experts");
}

#[test]
fn two_seeds_are_aligned_as_scipy_does() {
    let open = |name: &str| open(fixture(name)).unwrap();
    let (a, b) = (open("seed_1.safetensors"), open("seed_2.safetensors"));
    let mut found = diff(&a, &b, &[] as &[&str], Rule::default()).unwrap();
    found.align().unwrap();
    found.read(Work::on(2)).unwrap();
    agrees(&found, "seeds");
    let truth = std::fs::read_to_string(fixture("pairs.json")).unwrap();
    let truth: Value = serde_json::from_str(&truth).unwrap();
    let alignment = found.alignment.as_ref().unwrap();
    assert_eq!(serde_json::json!(alignment.layers[0].order), truth["seeds_order"]);
    let said = said(&found);
    let moved = format!("{} of 24 hidden units moved", alignment.layers[0].moved);
    assert!(said.contains(&moved), "{said}");
    assert!(drawn(&found).contains(&moved));
}

/// Files that PyTorch and Keras wrote of one network: `fixtures/diff/make_keras.py`.
#[test]
fn files_of_pytorch_and_keras_hold_the_same_network() {
    for (a, b) in [("net.pt", "net.keras"), ("net.keras", "net.pt")] {
        let found = compared(a, b);
        let said = said(&found);
        let unequal: Vec<String> = found
            .pairs
            .iter()
            .filter(|pair| !pair.is_equal())
            .map(|pair| format!("{}: {}", pair.label(), pair.how()))
            .collect();
        assert!(unequal.is_empty(), "{unequal:?} {said}");
        // What PyTorch counts besides, Keras does not.
        assert_eq!(found.pairs.len(), 12, "{said}");
        let only: Vec<&str> =
            found.only_a.iter().chain(&found.only_b).map(hinton::Tensor::name).collect();
        assert_eq!(only, ["bn.num_batches_tracked"], "{said}");
        let flattened: Vec<usize> = found
            .pairs
            .iter()
            .filter_map(|pair| match pair.change {
                Change::Flattened { channels, .. } => Some(channels),
                _ => None,
            })
            .collect();
        assert_eq!(flattened, [4], "{said}");
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
