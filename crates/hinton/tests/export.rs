//! Values that go out come back as they were.

use crate::common;

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use common::{Folder, counting};
use hinton::errors::TensorError;
use hinton::export::{EXPORTS, export_to};
use hinton::tensors::Endian;
use hinton::{Dtype, Error, Progress, Selected, Tensor, export, open, select};
use hinton_tensor::{Memory, View};

fn of_bytes(dtype: Dtype, shape: &[usize]) -> Tensor {
    let count: usize = shape.iter().product();
    let len = dtype.bytes_of(count as u64).unwrap();
    // Every byte pattern, NaN and infinities among them; booleans are 0 and 1.
    let bytes: Vec<u8> = (0..len)
        .map(|at| if dtype == Dtype::Bool { (at % 2) as u8 } else { (at * 37 % 256) as u8 })
        .collect();
    let data = Arc::new(Memory::new(bytes));
    Tensor::new("w", "memory", dtype, Endian::Little, View::packed(shape), 0, data).unwrap()
}

#[test]
fn safetensors_keep_every_dtype() {
    let folder = Folder::new();
    for dtype in Dtype::ALL {
        let tensor = of_bytes(dtype, &[4, 8]);
        let path = folder.path("w.safetensors");
        if dtype == Dtype::C128 {
            let error = export([tensor], &path).unwrap_err();
            assert!(error.to_string().contains("no c128"), "{error}");
            continue;
        }
        assert!(export([tensor.clone()], &path).unwrap().is_empty());
        let back = open(&path).unwrap().tensors.remove(0);
        assert_eq!((back.name(), back.dtype(), back.shape()), ("w", dtype, &[4usize, 8][..]));
        assert_eq!(back.packed_bytes().unwrap(), tensor.packed_bytes().unwrap(), "{dtype}");
    }
}

#[test]
fn safetensors_refuse_the_name_of_their_notes() {
    let folder = Folder::new();
    let path = folder.path("w.safetensors");
    let tensor = of_bytes(Dtype::F32, &[4, 8]).named("__metadata__");
    let error = export([tensor.clone()], &path).unwrap_err();
    assert!(error.to_string().contains("__metadata__"), "{error}");
    assert!(error.help().is_some_and(|help| help.contains(".npy")), "{error:?}");
    assert!(!path.exists());
    assert!(export([tensor], folder.path("w.npy")).is_ok());
}

#[test]
fn npy_keeps_numpys_dtypes_and_says_what_it_changes() {
    let folder = Folder::new();
    let path = folder.path("w.npy");
    for dtype in Dtype::ALL {
        let tensor = of_bytes(dtype, &[2, 3, 8]);
        let notes = export([tensor.clone()], &path).unwrap();
        let back = open(&path).unwrap().tensors.remove(0);
        assert_eq!(back.shape(), [2, 3, 8]);
        if notes.is_empty() {
            assert_eq!(back.dtype(), dtype);
            assert_eq!(back.packed_bytes().unwrap(), tensor.packed_bytes().unwrap(), "{dtype}");
        } else {
            assert_eq!(notes, [format!("numpy has no {dtype}: the values are written as float32")]);
            assert_eq!(back.dtype(), Dtype::F32);
            let bits = |tensor: &Tensor| -> Vec<u32> {
                let values = tensor.to_f32().unwrap();
                values.iter().map(|v| if v.is_nan() { 0 } else { v.to_bits() }).collect()
            };
            assert_eq!(bits(&back), bits(&tensor), "{dtype}");
        }
    }
}

#[test]
fn csv_reads_back_to_the_last_digit() {
    let folder = Folder::new();
    let path = folder.path("w.csv");
    let values: Vec<f64> = (1..=12).map(|n| (1.0 / n as f64 - 0.3) * 10f64.powi(n - 6)).collect();
    let tensor = hinton::tensor_of("w", &[4, 3], &values).unwrap();
    export([tensor.clone()], &path).unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 4);
    let back = open(&path).unwrap().tensors.remove(0);
    assert_eq!(back.to_f64().unwrap(), values);
    export([tensor.transpose().unwrap()], &path).unwrap();
    assert_eq!(open(&path).unwrap().tensors[0].shape(), [3, 4]);
}

#[test]
fn csv_is_plain() {
    let text = |tensor: Tensor| {
        let mut out = Vec::new();
        export_to(
            &[Selected::whole(tensor)],
            hinton::export::named("csv").unwrap(),
            &mut out,
            &hinton::Quiet,
        )
        .unwrap();
        String::from_utf8(out).unwrap()
    };
    assert_eq!(text(counting("w", &[3])), "0.0\n1.0\n2.0\n");
    assert_eq!(
        text(hinton::tensor_of("w", &[1, 2], &[u64::MAX, 0]).unwrap()),
        "18446744073709551615,0\n"
    );
    assert_eq!(text(hinton::tensor_of("w", &[2], &[i8::MIN, 3]).unwrap()), "-128\n3\n");
    assert_eq!(
        text(hinton::tensor_of("w", &[2], &[f32::NAN, f32::INFINITY]).unwrap()),
        "nan\ninf\n"
    );
    assert_eq!(text(hinton::tensor_of("w", &[], &[0.1f32]).unwrap()), "0.1\n");
}

#[test]
fn what_does_not_fit_is_refused_with_a_cure() {
    let folder = Folder::new();
    let refused = |tensors: Vec<Tensor>, name: &str| {
        let error = export(tensors, folder.path(name)).unwrap_err();
        (error.to_string(), error.help().unwrap_or_default().to_owned())
    };
    let (message, help) = refused(vec![counting("w", &[2, 2, 2])], "w.csv");
    assert!(message.contains("3 axes") && help.contains("slice it"), "{message} {help}");
    let (message, help) = refused(vec![counting("a", &[2]), counting("b", &[2])], "w.npy");
    assert!(message.contains("2 were asked for") && help.contains(".safetensors"), "{message}");
    let (message, _) = refused(vec![counting("a", &[2]), counting("a", &[2])], "w.safetensors");
    assert!(message.contains("two tensors are called \"a\""), "{message}");
    let (_, help) = refused(vec![counting("a", &[2])], "w.xlsx");
    assert_eq!(help, "there are .npy, .npz, .csv, .safetensors");
    let (message, _) = refused(vec![of_bytes(Dtype::C64, &[2])], "w.csv");
    assert!(message.contains("no complex"), "{message}");
    // Nothing was begun that is not finished.
    assert!(folder.names().is_empty(), "{:?}", folder.names());
}

#[test]
fn large_tensors_go_out_in_pieces() {
    let folder = Folder::new();
    let tensor = counting("w", &[3, 1_200_000]).transpose().unwrap();
    let path = folder.path("w.npy");
    export([tensor.clone()], &path).unwrap();
    let back = open(&path).unwrap().tensors.remove(0);
    assert_eq!(back.to_f32().unwrap(), tensor.to_f32().unwrap());
}

#[test]
fn several_tensors_and_slices_keep_their_names() {
    let folder = Folder::new();
    let path = folder.path("w.safetensors");
    let file = common::checkpoint(&[("\u{1b}\"a\"\n", &[2, 3]), ("b", &[4])]);
    export(select(&file, &["*a*", "b", "b[1:3]"]).unwrap(), &path).unwrap();
    let back = open(&path).unwrap();
    let names: Vec<&str> = back.tensors.iter().map(Tensor::name).collect();
    assert_eq!(names, ["\u{1b}\"a\"\n", "b", "b[1:3]"]);
    assert_eq!(back.tensors[2].to_f32().unwrap(), [1., 2.]);
    assert_eq!(std::fs::read(&path).unwrap().len() % 8, 0);
}

/// Stops when this many bytes were written.
struct Counter {
    written: AtomicU64,
    most: u64,
}

impl Progress for Counter {
    fn advance(&self, bytes: u64) -> ControlFlow<()> {
        match self.written.fetch_add(bytes, Ordering::Relaxed) + bytes > self.most {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }
}

#[test]
fn progress_counts_every_byte_and_may_stop() {
    // More than one piece.
    let selected = [Selected::whole(counting("w", &[1500, 2000]))];
    for row in EXPORTS {
        let counter = |most| Counter { written: AtomicU64::new(0), most };
        let all = counter(u64::MAX);
        export_to(&selected, row, &mut std::io::sink(), &all).unwrap();
        assert_eq!(all.written.load(Ordering::Relaxed), 12_000_000, "{}", row.name);
        let error = export_to(&selected, row, &mut std::io::sink(), &counter(0)).unwrap_err();
        assert!(matches!(error, Error::Tensor(TensorError::Cancelled(_))), "{error}");
    }
}

#[test]
fn npz_holds_several_and_is_the_same_every_time() {
    let folder = Folder::new();
    let path = folder.path("w.npz");
    let tensors: Vec<Tensor> = Dtype::ALL
        .into_iter()
        .map(|dtype| of_bytes(dtype, &[3, 8]).named(format!("a/{dtype}")))
        .chain([counting("empty", &[0, 4]), counting("scalar", &[])])
        .collect();
    let notes = export(tensors.clone(), &path).unwrap();
    assert!(notes.iter().any(|note| note.contains("numpy has no bf16")), "{notes:?}");
    let back = open(&path).unwrap().tensors;
    assert_eq!(back.len(), tensors.len());
    for (back, tensor) in back.iter().zip(&tensors) {
        assert_eq!((back.name(), back.shape()), (tensor.name(), tensor.shape()));
        let bits = |values: Vec<f64>| values.into_iter().map(f64::to_bits).collect::<Vec<_>>();
        assert_eq!(
            bits(back.to_f64().unwrap()),
            bits(tensor.to_f64().unwrap()),
            "{}",
            tensor.name()
        );
    }
    let again = folder.path("again.npz");
    export(tensors.clone(), &again).unwrap();
    assert!(std::fs::read(&path).unwrap() == std::fs::read(&again).unwrap());
    let twice = [tensors[0].clone(), tensors[0].clone()];
    let error = export(twice, folder.path("twice.npz")).unwrap_err();
    assert!(error.to_string().contains("two tensors are called"), "{error}");
    assert!(!folder.path("twice.npz").exists());
}

#[test]
fn quantised_tensors_are_listed_as_stored_and_exported_as_decoded() {
    let fixtures =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../hinton-format/tests/fixtures");
    let file = open(fixtures.join("gguf/every_type.gguf")).unwrap();
    let report = hinton::inspect::inspect(&file, &["Q4_K"]).unwrap();
    assert_eq!((report.parameters(), report.bytes(), report.bytes_to_read()), (512, 288, 2048));
    let json = report.to_json().unwrap();
    assert!(
        json.contains(r#""dtype":"Q4_K","shape":[2,256],"elements":512,"bytes":288,"#),
        "{json}"
    );
    assert!(json.contains(r#""decoded":"f32","derived":false"#), "{json}");

    let folder = Folder::new();
    let path = folder.path("w.safetensors");
    let notes = export(select(&file, &["Q4_K", "Q4_K.values"]).unwrap(), &path).unwrap();
    assert_eq!(notes, ["1 quantised tensor is written as decoded f32 values (Q4_K)"]);
    let back = open(&path).unwrap();
    assert_eq!(back.tensors[0].to_f32().unwrap(), back.tensors[1].to_f32().unwrap());
}

#[test]
fn weights_computed_from_others_count_in_no_total() {
    let fixtures =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../hinton-format/tests/fixtures");
    let file = open(fixtures.join("quantised/awq.safetensors")).unwrap();
    let report = hinton::inspect::inspect(&file, &["a.*"]).unwrap();
    // 64 x 4 words, 2 x 4 words, 2 x 32 halves; not the 32 x 64 weight.
    assert_eq!((report.tensors.len(), report.parameters(), report.bytes()), (4, 328, 1184));
    assert!(report.to_json().unwrap().contains(r#""bytes":0,"decoded":"f32","derived":true"#));
    let alone = hinton::inspect::inspect(&file, &["a.weight"]).unwrap();
    assert_eq!((alone.parameters(), alone.bytes()), (2048, 0));
    // It lies turned: its file has the inputs down.
    let folder = Folder::new();
    let path = folder.path("w.npy");
    export(select(&file, &["a.weight"]).unwrap(), &path).unwrap();
    let expected = select(&file, &["expected.a.weight"]).unwrap().remove(0).tensor;
    let back = open(&path).unwrap().tensors.remove(0);
    assert_eq!(back.shape(), [32, 64]);
    assert_eq!(back.to_f32().unwrap(), expected.to_f32().unwrap());
}
