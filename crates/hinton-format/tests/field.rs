//! Files made after public bug reports, in `shared/field` beside the repository: what a person
//! expects of each.

use std::path::PathBuf;

use hinton_format::{Checkpoint, Limits, open};

/// The file of that name; `None`, and the test counts as skipped, where the files are not there.
fn field(name: &str) -> Option<PathBuf> {
    hinton_testing::shared("field").map(|folder| folder.join(name))
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
fn long_doubles_and_records_are_their_numbers() {
    let Some(long) = opened("npy-float8-message/longdouble.npy") else { return };
    assert_eq!((names(&long), long.tensors[0].dtype().name()), (vec!["longdouble"], "f64"));
    assert_eq!(told(&long).matches("long doubles").count(), 1, "{}", told(&long));
    println!("{:?}", long.tensors[0].to_f64().unwrap());
    let Some(record) = opened("npy-float8-message/struct.npy") else { return };
    println!("{:?}", names(&record));
    assert!(record.tensors.len() > 1 && record.warnings.is_empty(), "{}", told(&record));
    for tensor in &record.tensors {
        println!("{}: {:?}", tensor.name(), tensor.to_f64().unwrap());
    }
    let Some(path) = field("npy-float8-message/ml_int4.npy") else { return };
    let error = open(&path, &Limits::default()).unwrap_err();
    assert!(error.message().contains("4-bit integers of ml_dtypes"), "{error}");
}

#[test]
fn small_texts_are_what_they_are() {
    let Some(printed) = opened("small-texts/numpy_repr.txt") else { return };
    assert_eq!(names(&printed), ["numpy_repr"]);
    assert_eq!(printed.tensors[0].to_f64().unwrap(), [1.0, 2.0, 3.0, 4.0]);
    assert!(told(&printed).contains("as it was printed"), "{}", told(&printed));
    let Some(brain) = opened("small-texts/brain.json") else { return };
    assert!(names(&brain).contains(&"layers.1.weights"), "{:?}", names(&brain));
    let Some(weights) = opened("small-texts/weights.json") else { return };
    assert_eq!(names(&weights), ["W1", "b1"]);
    let Some(path) = field("small-texts/checkpoint") else { return };
    let error = open(&path, &Limits::default()).unwrap_err();
    assert!(
        error.message().contains("TensorFlow") && error.message().contains("ckpt-1"),
        "{error}"
    );
    assert!(error.cure_text().unwrap().contains(".index"), "{error:?}");
}

#[test]
fn tables_of_every_kind_keep_their_rows() {
    let Some(gaps) = opened("csv-row-lost/na.csv") else { return };
    let values = gaps.tensors[0].to_f64().unwrap();
    assert_eq!(gaps.tensors[0].shape(), [3, 2]);
    assert!(values[1].is_nan() && values[2].is_nan() && values[4].is_nan(), "{values:?}");
    assert_eq!((values[0], values[3], values[5], told(&gaps).as_str()), (1.0, 4.0, 5.0, ""));
    let Some(grouped) = opened("csv-row-lost/thousands.csv") else { return };
    assert_eq!(grouped.tensors[0].to_f64().unwrap(), [1000.0, 2.0, 3.0, 4.0]);
    for (name, rows) in [("iris.csv", 30), ("iris.data", 3)] {
        let Some(iris) = opened(&format!("table-with-a-text-column/{name}")) else { return };
        assert_eq!(iris.tensors[0].shape(), [rows, 4], "{name}");
        let words = iris.metadata.iter().find(|(key, _)| key.starts_with("text."));
        assert!(words.is_some_and(|(_, text)| text.contains("setosa")), "{:?}", iris.metadata);
    }
    for (name, shape, word) in [
        ("hash.txt", [10, 6], "\"#\""),
        ("header.vec", [8, 6], "\"the\""),
        ("num_tok.txt", [10, 6], "\"10\""),
    ] {
        let Some(words) = opened(&format!("text-embeddings/{name}")) else { return };
        assert_eq!(words.tensors[0].shape(), shape, "{name}");
        let rows = words.metadata.iter().find(|(key, _)| key == "rows");
        assert!(rows.is_some_and(|(_, rows)| rows.contains(word)), "{name}: {:?}", words.metadata);
    }
}

#[test]
fn both_archives_of_torch_export_hold_the_same_weights() {
    let Some(new) = opened("torch-export-pt2/new.pt2") else { return };
    let Some(old) = opened("torch-export-pt2/old.pt2") else { return };
    assert_eq!((names(&new), names(&old)), (vec!["fc.weight"], vec!["fc.weight"]));
    assert_eq!(new.tensors[0].to_f64().unwrap(), old.tensors[0].to_f64().unwrap());
}

/// What a person expects of a file or folder that has no other test here: its tensors, or a word of
/// what is said.
#[test]
fn every_other_file_is_what_a_person_expects() {
    enum Is {
        /// It opens with this many tensors.
        Open(usize),
        /// It is refused with this word.
        Says(&'static str),
    }
    for (name, is) in [
        ("annotate-too-small/i64.npy", Is::Open(1)),
        ("blank-picture-of-a-large-layer/like_an_llm_layer.npy", Is::Open(1)),
        ("compare-nan-and-prefix/before.pt", Is::Open(2)),
        ("compare-nan-and-prefix/after.pt", Is::Open(2)),
        ("compare-nan-and-prefix/dataparallel.pt", Is::Open(2)),
        ("curves-of-real-logs/first_epoch.csv", Is::Open(1)),
        ("curves-of-real-logs/lightning_metrics.csv", Is::Open(1)),
        ("curves-of-real-logs/tensorboard_export.csv", Is::Open(1)),
        ("expanded-tensor-never-ends/expand_huge.pt", Is::Open(1)),
        ("folder-taken-for-a-run/bestlast", Is::Says("\"best.pt\", \"last.pt\"")),
        ("folder-taken-for-a-run/dates", Is::Says("3 weights files")),
        ("folder-taken-for-a-run/ggufs", Is::Says("4 weights files")),
        ("folder-taken-for-a-run/keras_shards", Is::Open(22)),
        ("folder-taken-for-a-run/kohya", Is::Says("3 weights files")),
        ("folder-taken-for-a-run/megatron", Is::Says("one for each rank")),
        ("folder-taken-for-a-run/unet", Is::Open(2)),
        ("hinton-beyond-f32/big.npy", Is::Open(1)),
        ("hinton-beyond-f32/huge_outlier.npy", Is::Open(1)),
        ("hinton-beyond-f32/imshow10072.npy", Is::Open(1)),
        ("hinton-beyond-f32/tiny.npy", Is::Open(1)),
        ("integer-histogram-comb/u.npz", Is::Open(4)),
        ("keras-log-off-by-one/with_training.csv/model_01.h5", Is::Open(1)),
        ("legend-above-count/huge_outlier.npy", Is::Open(1)),
        ("no-glyphs-cjk/m.npy", Is::Open(1)),
        ("no-glyphs-cjk/u.npz", Is::Open(6)),
        ("overview-too-tall/dense-720-tensors.safetensors", Is::Open(720)),
        ("overview-too-tall/moe-2000-tensors.safetensors", Is::Open(2000)),
        ("packed-weights-shown-raw/exl2", Is::Open(6)),
        ("packed-weights-shown-raw/keras_int8.keras", Is::Open(12)),
        ("packed-weights-shown-raw/matmulnbits.onnx", Is::Open(3)),
        ("std-of-a-constant/const.npy", Is::Open(1)),
        ("train-four-points/xor.csv", Is::Open(1)),
    ] {
        let Some(path) = field(name) else { return };
        match (open(&path, &Limits::default()), is) {
            (Ok(found), Is::Open(tensors)) => {
                assert_eq!(found.tensors.len(), tensors, "{name}: {:?}", names(&found));
            }
            (Err(error), Is::Says(word)) => {
                assert!(error.to_string().contains(word), "{name}: {error}");
            }
            (Ok(found), _) => panic!("{name}: it opens: {:?}", names(&found)),
            (Err(error), _) => panic!("{name}: {error}"),
        }
    }
}

/// No folder of `shared/field` is without a test here or in another crate that knows of it.
#[test]
fn every_kind_has_a_test() {
    let Some(root) = field("") else { return };
    let here = include_str!("field.rs");
    for entry in std::fs::read_dir(root).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(name.ends_with(".md") || here.contains(&name), "no test names {name}");
    }
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

#[test]
fn keras_bfloat16_is_read_by_its_name() {
    let Some(checkpoint) = opened("keras-bf16-opaque/bf16.weights.h5") else { return };
    assert_eq!(checkpoint.tensors.len(), 8);
    for tensor in &checkpoint.tensors {
        assert_eq!(tensor.dtype().name(), "bf16", "{}", tensor.name());
        assert!(tensor.to_f64().unwrap().iter().all(|value| value.abs() < 2.0));
    }
    assert!(checkpoint.warnings.is_empty(), "{:?}", checkpoint.warnings);
}

#[test]
fn filters_of_plugins_are_undone() {
    let Some(checkpoint) = opened("hdf5-blosc-and-others/filters.h5") else { return };
    // What h5py with hdf5plugin reads in each.
    for name in ["bitshuffle", "blosc", "blosc_zstd_bs", "bz2", "gzip", "lz4", "lzf", "zstd"] {
        let tensor = checkpoint.tensors.iter().find(|tensor| tensor.name() == name).unwrap();
        let sum: f64 = tensor.to_f64().unwrap().iter().sum();
        assert!((sum + 101.91332382685505).abs() < 1e-9, "{name}: {sum}");
    }
    let told: Vec<String> = checkpoint.warnings.iter().map(ToString::to_string).collect();
    for name in ["Blosc2", "szip", "scale-offset"] {
        assert!(told.iter().any(|one| one.contains(name)), "{name}: {told:?}");
    }
}

#[test]
fn matlab_files_of_others_are_read() {
    let told = |checkpoint: &Checkpoint| {
        checkpoint.warnings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    let Some(sparse) = opened("matlab-real-files/logical_sparse.mat") else { return };
    assert_eq!(names(&sparse), ["W", "mask"]);
    assert_eq!(sparse.tensors[1].dtype().name(), "bool");
    assert_eq!(sparse.tensors[1].shape(), [5, 4]);
    assert_eq!(sparse.tensors[1].to_f64().unwrap().iter().sum::<f64>(), 5.0);
    let Some(unsigned) = opened("matlab-real-files/uint32_dims.mat") else { return };
    assert_eq!((names(&unsigned), unsigned.tensors[0].shape()), (vec!["W"], &[2, 3][..]));
    let Some(workspace) = opened("matlab-real-files/workspace.mat") else { return };
    assert_eq!(names(&workspace), ["W"]);
    assert!(told(&workspace).contains("function workspace"), "{}", told(&workspace));
    let Some(object) = opened("matlab-real-files/opaque.mat") else { return };
    assert!(told(&object).contains("an object of the class DAGNetwork"), "{}", told(&object));
    assert!(told(&object).contains("exportONNXNetwork"), "{}", told(&object));
}

fn told(checkpoint: &Checkpoint) -> String {
    checkpoint.warnings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn corners_of_indexes() {
    for (name, word) in [
        ("stale_index", "of another cut of the model"),
        ("null_meta", ""),
        ("one_of_ten", "9 of the 10 shards of this model are missing"),
        ("stray_single", "left out, which the index does not name: \"model.safetensors\""),
        ("index_wrong_shard", "it is in another shard than the index says"),
    ] {
        let Some(checkpoint) = opened(&format!("sharded-index-corners/{name}")) else { return };
        assert!(told(&checkpoint).contains(word), "{name}: {}", told(&checkpoint));
        let all =
            if name == "one_of_ten" { vec!["l1.weight"] } else { vec!["l1.weight", "l2.weight"] };
        let mut found = names(&checkpoint);
        found.sort_unstable();
        assert_eq!(found, all, "{name}");
    }
}

#[test]
fn a_model_of_keras_in_shards_is_one() {
    for name in ["keras-sharded-weights", "keras-sharded-weights/sh.weights.json"] {
        let Some(checkpoint) = opened(name) else { return };
        let found = names(&checkpoint);
        assert!(found.contains(&"layers/dense/vars/0"), "{found:?}");
        assert!(found.contains(&"layers/dense_1/vars/1"), "{found:?}");
        assert_eq!(checkpoint.files.len(), 6, "{:?}", checkpoint.files);
        assert_eq!(told(&checkpoint), "");
    }
}

#[test]
fn the_policy_of_stable_baselines_is_the_model() {
    let Some(checkpoint) = opened("sb3-zip/ppo_model.zip") else { return };
    assert!(checkpoint.files[0].ends_with("policy.pth"), "{:?}", checkpoint.files);
    assert!(told(&checkpoint).contains("policy.optimizer.pth"), "{}", told(&checkpoint));
}

#[test]
fn variants_and_settings_are_not_the_model() {
    let Some(unet) = opened("folder-taken-for-a-run/unet") else { return };
    assert!(unet.files[0].ends_with("model.safetensors"), "{:?}", unet.files);
    assert!(told(&unet).contains("variants of the model"), "{}", told(&unet));
    let fails = |name: &str| match field(name).map(|path| open(&path, &Limits::default())) {
        Some(Err(error)) => error.to_string(),
        other => panic!("{name}: {other:?}"),
    };
    let root = "settings-read-as-a-table";
    let settings = fails(&format!("{root}/lightning_logs/version_0/hparams.yaml"));
    assert!(settings.contains("a configuration (YAML)"), "{settings}");
    let megatron = fails(&format!("{root}/megatron"));
    assert!(megatron.contains("one for each rank"), "{megatron}");
    let lightning = fails(&format!("{root}/lightning_logs/version_0"));
    assert!(lightning.contains("checkpoints/epoch=0-step=10.ckpt"), "{lightning}");
}

#[test]
fn models_in_xml_are_no_errors_of_servers() {
    let Some(path) = field("xml-called-server-error/openvino.xml") else { return };
    let error = open(&path, &Limits::default()).unwrap_err().to_string();
    assert!(error.contains("which is missing") && !error.contains("server's error"), "{error}");
    let Some(model) = opened("xml-called-server-error/model.pmml") else { return };
    assert_eq!((model.format, model.tensors.len()), ("pmml", 0));
    assert!(told(&model).contains("skipped: one NeuralNetwork"), "{}", told(&model));
}

#[test]
fn what_is_not_known_is_named() {
    let root = "unknown-file-told-by-extension";
    for (name, what) in [
        ("gpt2_124M.bin", "its settings ask for"),
        ("group1-shard1of1.bin", "a shard of a TensorFlow.js model"),
        ("input_0.pb", "an ONNX tensor on its own"),
        (
            "openvino.bin",
            "not a format that hinton knows, and its content is not ggjt, in spite of its name",
        ),
        ("shape_predictor.dat", "not a format that hinton knows"),
        ("stories260K.bin", "a model of llama2.c"),
    ] {
        let Some(path) = field(&format!("{root}/{name}")) else { return };
        let is_read = ["gpt2_124M.bin", "group1-shard1of1.bin", "stories260K.bin"].contains(&name);
        let error = open(&path, &Limits::default()).unwrap_err();
        assert!(error.message().contains(what), "{error}");
        let whole = format!("{error} {}", error.cure_text().unwrap_or_default());
        // Of gpt2_124M.bin only the start is there.
        let is_cut = name == "gpt2_124M.bin";
        assert_eq!(whole.contains("damaged"), is_cut, "{whole}");
        assert!(!is_read || !whole.contains("does not read"), "{whole}");
    }
    for (name, format) in [
        ("GoogleNews-like.bin", "word2vec"),
        ("imatrix.dat", "imatrix"),
        ("model.msgpack", "thinc"),
    ] {
        let Some(file) = opened(&format!("{root}/{name}")) else { return };
        assert_eq!((file.format, file.warnings.len()), (format, 0), "{name}");
    }
    let Some(network) = opened("caffe2-as-empty-caffe/init_net.pb") else { return };
    assert_eq!((network.format, network.tensors.len()), ("caffe2", 1));
    let Some(path) = field("caffe2-as-empty-caffe/predict_net.pb") else { return };
    let error = open(&path, &Limits::default()).unwrap_err();
    assert!(error.message().contains("describes a network of Caffe2"), "{error}");
}

#[test]
fn external_data_of_other_systems_and_of_none() {
    let Some(windows) = opened("onnx-external-paths/ext_winpath.onnx") else { return };
    assert_eq!(windows.tensors[0].to_f64().unwrap().len(), 24);
    let Some(path) = field("onnx-external-paths/ext_mem.onnx") else { return };
    let error = open(&path, &Limits::default()).unwrap_err();
    assert!(error.message().contains("in the memory of ONNX Runtime"), "{error}");
}
