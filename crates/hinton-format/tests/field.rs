//! Files made after public bug reports, in `shared/field` beside the repository: what a person
//! expects of each.

use std::path::{Path, PathBuf};

use hinton_format::{Checkpoint, Limits, open};

/// The file of that name; `None`, with a word, where the folder is not there.
fn field(name: &str) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/field");
    if folder.is_dir() {
        return Some(folder.join(name));
    }
    println!("skipped: {name}, there is no {}", folder.display());
    None
}

fn opened(name: &str) -> Option<Checkpoint> {
    let path = field(name)?;
    Some(open(&path, &Limits::default()).unwrap_or_else(|error| panic!("{name}: {error}")))
}

fn names(checkpoint: &Checkpoint) -> Vec<&str> {
    checkpoint.tensors.iter().map(|tensor| tensor.name()).collect()
}

#[test]
fn arrays_of_objects_are_what_they_hold() {
    for (name, first) in [
        ("npy-object-arrays/vgg_like.npy", "conv1_1.0"),
        ("npy-object-arrays/get_weights.npy", "0"),
        ("npy-object-arrays/tensorlayer_params.npz", "params.0"),
    ] {
        let Some(checkpoint) = opened(name) else { return };
        assert_eq!(names(&checkpoint)[0], first, "{name}: {:?}", names(&checkpoint));
        for tensor in &checkpoint.tensors {
            tensor.to_f64().unwrap();
        }
    }
}

#[test]
fn arrays_among_the_arguments_of_calls_are_shown() {
    for name in ["cupy2.pkl", "flax_frozen.pkl", "haiku_params.pkl"] {
        let Some(checkpoint) = opened(&format!("pickle-arrays-in-arguments/{name}")) else {
            return;
        };
        println!("{name}: {:?}", names(&checkpoint));
        assert!(!checkpoint.tensors.is_empty(), "{name}");
    }
}

#[test]
fn two_raw_bytes_are_bfloat16() {
    for name in ["jax_savez_bf16.npz", "siglip.npz"] {
        let Some(checkpoint) = opened(&format!("npz-bf16-void/{name}")) else { return };
        assert!(checkpoint.tensors.iter().any(|tensor| tensor.dtype().name() == "bf16"), "{name}");
        assert!(checkpoint.warnings.iter().any(|one| one.message.contains("bfloat16")), "{name}");
    }
    let Some(checkpoint) = opened("npy-float8-message/ml_float8_e5m2.npy") else { return };
    assert_eq!(checkpoint.tensors[0].dtype().name(), "f8_e5m2");
}

#[test]
fn arrays_one_behind_another_are_all_read() {
    for name in ["model.eqx", "model_with_header.eqx"] {
        let Some(checkpoint) = opened(&format!("equinox-eqx/{name}")) else { return };
        assert!(checkpoint.tensors.len() > 1, "{name}");
        assert_eq!(names(&checkpoint)[..2], ["0", "1"], "{name}");
        assert!(checkpoint.warnings.is_empty(), "{name}: {:?}", checkpoint.warnings);
        assert_eq!(checkpoint.metadata.is_empty(), name == "model.eqx");
    }
}

#[test]
fn lazy_signs_of_torch_are_applied() {
    for name in ["torch-neg-conj/neg.pt", "torch-neg-conj/conj.pt"] {
        let Some(checkpoint) = opened(name) else { return };
        let values: Vec<Vec<f64>> =
            checkpoint.tensors.iter().map(|tensor| tensor.to_f64().unwrap()).collect();
        println!("{name}: {:?} {values:?}", names(&checkpoint));
        assert!(checkpoint.warnings.is_empty(), "{:?}", checkpoint.warnings);
    }
}

#[test]
fn two_tensors_of_one_name_have_names_of_their_own() {
    let Some(checkpoint) = opened("two-tensors-of-one-name/collide.pt") else { return };
    assert_eq!(names(&checkpoint), ["a.b", "a.b#2"]);
}

#[test]
fn packed_pickles_are_looked_through() {
    for name in ["arrays.z", "mlp_c3.joblib", "mnist_like.pkl.bz2", "zlib.pkl"] {
        let Some(checkpoint) = opened(&format!("packed-with-zlib-bz2-lz4/{name}")) else { return };
        println!("{name}: {:?} {:?}", names(&checkpoint), checkpoint.warnings);
        for tensor in &checkpoint.tensors {
            tensor.to_f64().unwrap();
        }
        assert!(!checkpoint.tensors.is_empty(), "{name}");
    }
}
