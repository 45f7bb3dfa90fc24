//! TensorFlow Lite, Core ML and Caffe: the fixtures value by value, and what is said of the rest.

use crate::common;

use std::path::Path;
use std::sync::Arc;

use common::{fixture, metadata, warnings};
use hinton_format::{ErrorKind, Input, Limits, open, open_input};
use hinton_tensor::Memory;

#[test]
fn tflite_of_every_dtype_and_quantisation() {
    common::check_truth("tflite");
}

#[test]
fn core_ml_of_every_layer_and_quantisation() {
    common::check_truth("coreml");
}

#[test]
fn caffe_of_every_version() {
    common::check_truth("caffe");
}

#[test]
fn what_is_quantised_or_skipped_is_said() {
    let quantised = fixture("tflite/quantised.tflite");
    let told = metadata(&quantised, "quantised").unwrap();
    assert!(
        told.starts_with("whole: scale 0.5, zero point 3; rows: 3 scales along axis 0, "),
        "{told}"
    );
    assert!(told.contains("0.5 to 2, zero points 0 to 2; columns: "), "{told}");
    assert_eq!(metadata(&quantised, "description"), Some("made by make.py"));
    assert_eq!(
        warnings(&fixture("tflite/dtypes.tflite")),
        [
            "\"words\": skipped: it holds text",
            "\"sparse\": skipped: it is sparse, and only its other values are stored",
        ]
    );
    let today = fixture("caffe/today.caffemodel");
    assert_eq!(warnings(&today), ["the gradients (diff) of 1 blob are not shown"]);
    assert_eq!(metadata(&today, "network"), Some("today"));
    let plain = fixture("coreml/plain.mlmodel");
    assert_eq!(metadata(&plain, "author"), Some("make.py"));
    assert_eq!(metadata(&plain, "specification"), Some("5"));
}

#[test]
fn formats_without_a_magic_number_are_told_from_each_other() {
    // Whatever the extension, even none: the fields tell.
    let files = [
        ("onnx/graphs.onnx", "onnx"),
        ("onnx/raw.onnx", "onnx"),
        ("coreml/plain.mlmodel", "coreml"),
        ("coreml/pipeline.mlmodel", "coreml"),
        ("caffe/today.caffemodel", "caffe"),
        ("caffe/version_1.caffemodel", "caffe"),
        ("tfgraph/frozen.pb", "tfgraph"),
        ("tfgraph/saved/saved_model.pb", "tfgraph"),
    ];
    for (file, format) in files {
        let bytes = std::fs::read(common::fixtures().join(file)).unwrap();
        for name in [file, "model", "model.bin"] {
            let data = Arc::new(Memory::new(bytes.as_slice()));
            let input = Input { name: name.to_owned(), path: None, data };
            let opened = open_input(&input, &Limits::default());
            let opened = opened.unwrap_or_else(|error| panic!("{file} as {name}: {error}"));
            assert_eq!(opened.format, format, "{file} as {name}");
        }
    }
}

#[test]
fn an_ml_program_stays_in_its_folder() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("mlprogram");
    std::fs::create_dir_all(&folder).unwrap();
    let own = common::fixtures().join("coreml/half.mlpackage/Data/com.apple.CoreML");
    let bytes = std::fs::read(own.join("model.mlmodel")).unwrap();
    let path = folder.join("m.mlmodel");
    std::fs::write(&path, &bytes).unwrap();
    let error = open(&path, &Limits::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    assert!(error.message().contains("\"weights/weight.bin\", which is missing"), "{error}");
    // As many characters, but out of the folder.
    let (from, to) = (b"@model_path/weights/", b"@model_path/../ghts/");
    let at = bytes.windows(from.len()).position(|window| window == from).unwrap();
    let mut leaving = bytes;
    leaving[at..at + to.len()].copy_from_slice(to);
    std::fs::write(&path, &leaving).unwrap();
    let error = open(&path, &Limits::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused, "{error}");
}

#[test]
fn a_core_ml_model_of_another_kind_is_named() {
    // Specification 7, an input x, and an empty tree ensemble (field 302) or identity (900).
    for (tag, says) in [([0xa2, 0x38], "model of kind 900"), ([0xf2, 0x12], "model of kind 302")] {
        let bytes = [&[0x08, 7, 0x12, 5, 0x0a, 3, 0x0a, 1, b'x'][..], &tag, &[0]].concat();
        let input =
            Input { name: "m.mlmodel".into(), path: None, data: Arc::new(Memory::new(bytes)) };
        let error = open_input(&input, &Limits::default()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.message().contains(says), "{error}");
    }
}

/// The model beside its weights, since without them there is nothing to decompress.
#[test]
fn changed_compressed_programs_never_panic() {
    let folder = std::env::temp_dir().join(format!("hinton-program-{}", std::process::id()));
    for name in ["compressed16", "compressed18"] {
        let own = common::fixtures().join(format!("coreml/{name}.mlpackage/Data/com.apple.CoreML"));
        std::fs::create_dir_all(folder.join("weights")).unwrap();
        let weights = "weights/weight.bin";
        std::fs::copy(own.join(weights), folder.join(weights)).unwrap();
        let model = std::fs::read(own.join("model.mlmodel")).unwrap();
        let path = folder.join("model.mlmodel");
        let mut limits = Limits::default();
        limits.held_bytes = 1 << 20;
        let mut opened = 0;
        for at in (0..model.len()).step_by(19) {
            let mut bytes = model.clone();
            bytes[at] ^= 1 << (at / 19 % 8);
            std::fs::write(&path, bytes).unwrap();
            let Ok(checkpoint) = open(&path, &limits) else { continue };
            opened += 1;
            for tensor in checkpoint.tensors.iter().filter(|one| one.elements() < 1 << 16) {
                let _ = tensor.to_f32();
            }
        }
        assert!(opened > 50, "{name}: {opened}");
    }
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn word_vectors_and_models_of_small_programs_hold_what_made_them() {
    const FOLDERS: [&str; 21] = [
        "caffe2",
        "katago",
        "leela",
        "thinc",
        "tfjs",
        "word2vec",
        "fasttext",
        "llama2c",
        "imatrix",
        "ort",
        "opencv",
        "openvino",
        "ncnn",
        "mxnet",
        "mindspore",
        "executorch",
        "torch7",
        "mnn",
        "pdiparams",
        "pmml",
        "json",
    ];
    FOLDERS.iter().for_each(|folder| common::check_truth(folder));
    let list = fixture("json/list.json");
    assert_eq!((list.tensors[0].name(), list.tensors[0].shape()), ("list", &[2, 3][..]));
    assert!(list.tensors[0].to_f64().unwrap()[2].is_nan());
    let words = r##"["</s>","the","1990","Zürich","#","a_b"]"##;
    for name in ["gensim.bin", "original.bin"] {
        let file = fixture(&format!("word2vec/{name}"));
        assert_eq!(metadata(&file, "rows"), Some(words));
        assert!(file.warnings.is_empty(), "{:?}", file.warnings);
    }
    let fast = fixture("fasttext/words.bin");
    assert_eq!((metadata(&fast, "dim"), metadata(&fast, "bucket")), (Some("3"), Some("7")));
    assert!(metadata(&fast, "words").is_some_and(|words| words.contains("\"w0\"")));
    assert_eq!(metadata(&fixture("fasttext/norms.ftz"), "nlabels"), Some("2"));
    assert_eq!(metadata(&fixture("imatrix/imatrix.dat"), "calls"), Some("40 to 42"));
    assert_eq!(metadata(&fixture("imatrix/imatrix.dat"), "dataset"), Some("wiki.train.raw"));
    assert_eq!(metadata(&fixture("katago/tiny.bin"), "network"), Some("b1c4-tiny"));
    assert_eq!(metadata(&fixture("leela/attention.pb"), "headcount"), Some("2"));
    let random = warnings(&fixture("caffe2/init_net.pb"));
    assert!(random[0].contains("random numbers"), "{random:?}");
    assert_eq!(fixture("tfjs/model.json").files.len(), 3);
    assert_eq!(fixture("openvino/small.xml").files.len(), 2);
    let numbered = fixture("pdiparams/alone.pdiparams");
    assert!(warnings(&numbered)[0].contains("they are numbered"));
}

#[test]
fn models_in_xml_say_what_their_numbers_belong_to() {
    let line = fixture("pmml/linear.pmml");
    let fields = r#"["sepal length","sepal width","petal length","petal width"]"#;
    assert_eq!(metadata(&line, "columns"), Some(fields));
    assert_eq!(metadata(&line, "model"), Some("RegressionModel LinearRegression"));
    assert_eq!(metadata(&fixture("pmml/perceptron.pmml"), "inputs"), Some(fields));
    assert_eq!(metadata(&fixture("pmml/clusters.pmml"), "rows"), Some(r#"["0","1","2"]"#));
    let skipped = "a kind of model that holds no arrays of numbers";
    assert_eq!(
        warnings(&fixture("pmml/tree.pmml")),
        [format!("skipped: one TreeModel, {skipped}")]
    );
    let mixed = warnings(&fixture("pmml/general.pmml"));
    assert_eq!(mixed, [format!("skipped: 2 TreeModel, {skipped}")]);
    let cascade = fixture("opencv/cascade.xml");
    assert_eq!(metadata(&cascade, "cascade.featureType"), Some("HAAR"));
    let told = "\"cascade.features.rects\": the rows of 64 matrices of different lengths, one below another";
    assert_eq!(warnings(&cascade), [told]);
    let matrices = fixture("opencv/matrices.yml");
    assert_eq!(
        (metadata(&matrices, "steps"), metadata(&matrices, "rate")),
        (Some("12"), Some("0.5"))
    );
    let net = fixture("opencv/perceptron.json");
    assert_eq!(metadata(&net, "opencv_ml_ann_mlp.activation_function"), Some("SIGMOID_SYM"));
}

#[test]
fn a_model_in_xml_that_lies_is_an_error() {
    let replaced = |file: &str, from: &str, to: &str| {
        told(file, |bytes| {
            let text = String::from_utf8(bytes.clone()).unwrap();
            assert!(text.contains(from), "{file} has no {from}");
            *bytes = text.replace(from, to).into_bytes();
        })
    };
    let matrices = "opencv/matrices.xml";
    let fewer = replaced(matrices, "-32768 32767", "-32768");
    assert!(fewer.contains("1 values, where its shape [2, 1] needs 2"), "{fewer}");
    let huge = replaced(matrices, "<rows>2</rows>", "<rows>2000000000</rows>");
    assert!(huge.contains("needs 4000000000") || huge.contains("needs 6000000000"), "{huge}");
    let compound = replaced(matrices, "<dt>\"3u\"</dt>", "<dt>\"2if\"</dt>");
    assert!(compound.contains("its type \"2if\" is not supported"), "{compound}");
    let sparse =
        replaced("opencv/matrices.yml", "short: !!opencv-matrix", "short: !!opencv-sparse-matrix");
    assert_eq!(sparse, "\"short\": skipped: it is sparse");
    let odd = replaced("opencv/matrices.json", "\"rows\": 2,", "\"rows\": two,");
    assert!(odd.contains("\"two\" is not the size of a matrix"), "{odd}");
    let cut = replaced("opencv/base64.json", "==\"", "\"").contains("is cut");
    assert!(!cut, "the marks at the end of base64 may be missing");
    let general = "pmml/general.pmml";
    for (from, to, says) in [
        ("beta=\"-1.5\"", "beta=\"x\"", "the beta of <PCell> is \"x\", expected a number"),
        ("n=\"2\">0.5 9<", "n=\"3\">0.5 9<", "an array has 2 values where n is 3"),
        ("col=\"3\"", "col=\"4\"", "a cell at row 0, column 3 of a 2 × 3 matrix"),
        ("nbCols=\"3\"", "nbCols=\"4e9\"", "is larger than such a file may have"),
        ("</Segmentation>", "", "expected </Segmentation>, found </MiningModel>"),
    ] {
        let told = replaced(general, from, to);
        assert!(told.contains(says), "{told}");
    }
}

#[test]
fn what_frameworks_keep_elsewhere_is_said() {
    assert_eq!(
        warnings(&fixture("executorch/segments.pte")),
        [
            "a named blob of a backend is not read",
            "\"outside\": skipped: its values are in a file of their own (.ptd)",
            "\"XnnpackBackend\": skipped: 9 bytes in this backend's own layout",
        ]
    );
    assert_eq!(metadata(&fixture("executorch/segments.pte"), "methods"), Some("forward, encode"));
    assert_eq!(
        warnings(&fixture("mxnet/module-0001.params")),
        ["\"arg:rows\": skipped: it is sparse", "\"arg:csr\": skipped: it is sparse"]
    );
    let small = fixture("mindspore/small.ckpt");
    assert_eq!(warnings(&small), ["\"note\": skipped: it holds text"]);
    let sum = metadata(&fixture("mindspore/checked.ckpt"), "crc32").unwrap().len();
    assert_eq!(sum, 8);
    let net = fixture("torch7/net.t7");
    assert_eq!(metadata(&net, "class"), Some("nn.Sequential"));
    assert_eq!(metadata(&net, "modules.1.kW"), Some("2"));
    assert!(net.warnings.is_empty(), "{:?}", net.warnings);
    assert_eq!(metadata(&fixture("mnn/four.mnn"), "version"), Some("3.6.1"));
}

/// A change at a place, and what is said of the file then.
fn told(file: &str, change: impl Fn(&mut Vec<u8>)) -> String {
    let mut bytes = std::fs::read(common::fixtures().join(file)).unwrap();
    change(&mut bytes);
    let data = Arc::new(Memory::new(bytes));
    let input = Input { name: file.to_owned(), path: None, data };
    open_input(&input, &Limits::default())
        .map_or_else(|error| error.to_string(), |checkpoint| warnings(&checkpoint).concat())
}

#[test]
fn lengths_that_lie_are_told() {
    let set = |at: usize, value: u32| {
        move |bytes: &mut Vec<u8>| bytes[at..at + 4].copy_from_slice(&value.to_le_bytes())
    };
    // The first array of a list begins at byte 24: a mark, a storage type, the number of axes, their lengths.
    let list = "mxnet/list.params";
    assert!(told(list, set(16, 9000)).contains("the number of arrays is 9000"));
    assert!(told(list, set(28, 7)).contains("its storage type is 7"));
    assert!(told(list, set(32, 65)).contains("it has 65 axes"));
    assert!(told(list, set(36, 1 << 30)).contains("its values should have"));
    let one = "torch7/one.t7";
    assert!(told(one, |bytes| bytes.truncate(170)).contains("the values of a storage"));
    assert!(told(one, |bytes| bytes.extend([0; 3])).contains("3 bytes after the object"));
    // An object of an unknown class: its name is as long as that of the tensor.
    let odd = |bytes: &mut Vec<u8>| {
        let at = bytes.windows(12).position(|part| part == b"DoubleTensor").unwrap();
        bytes[at..at + 12].copy_from_slice(b"DoubleMatrix");
    };
    assert!(told(one, odd).contains("writes itself in its own way"), "{}", told(one, odd));
    let pieces = told("mindspore/pieces.ckpt", |bytes| bytes.truncate(1051));
    assert!(pieces.contains("needs 1600 bytes"), "{pieces}");
    let cut = told("executorch/segments.pte", |bytes| bytes.truncate(1400));
    assert!(cut.contains("ends past the file's 1400"), "{cut}");
}
