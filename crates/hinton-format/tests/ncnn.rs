//! ncnn: what is said of files that do not fit, and changed files with the weights beside them.

use crate::common;
use crate::python_support;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use common::warnings;
use hinton_format::source::{InMemory, Location};
use hinton_format::{Checkpoint, Error, ErrorKind, Input, Limits, open_input};
use python_support::Numbers;

fn files(name: &str) -> (String, Vec<u8>) {
    let own = common::fixtures().join("ncnn");
    let text = std::fs::read_to_string(own.join(format!("{name}.param"))).unwrap();
    (text, std::fs::read(own.join(format!("{name}.bin"))).unwrap())
}

/// The network of a text and of the values beside it.
fn opened(text: &[u8], values: Option<&[u8]>) -> Result<Checkpoint, Error> {
    let mut files = BTreeMap::from([("net.param".to_owned(), Arc::from(text))]);
    files.extend(values.map(|values| ("net.bin".to_owned(), Arc::from(values))));
    let folder = Location::remote("folder", Arc::new(InMemory(files.into_iter().collect())));
    open_input(&Input::at(&folder.join(Path::new("net.param")))?, &Limits::default())
}

#[test]
fn a_layer_of_an_unknown_type_ends_the_reading_where_it_has_weights() {
    let (text, values) = files("plain");
    let known = opened(text.as_bytes(), Some(&values)).unwrap();
    // Without weights of its own the others fill the file: it is seen that it has none.
    let text = text.replace("ReLU relu", "Custom relu");
    let custom = opened(text.as_bytes(), Some(&values)).unwrap();
    assert_eq!(custom.tensors.len(), known.tensors.len());
    assert!(custom.warnings.is_empty(), "{:?}", custom.warnings);
    // The same in the place of a layer with weights.
    let text = text.replace("BatchNorm bn", "Odd bn");
    let odd = opened(text.as_bytes(), Some(&values)).unwrap();
    let names: Vec<&str> = odd.tensors.iter().map(|tensor| tensor.name()).collect();
    assert_eq!(names, ["conv.weight", "conv.bias"], "those before the first unknown one");
    let told = warnings(&odd).concat();
    assert!(told.contains("layer \"relu\" is of type \"Custom\""), "{told}");
}

#[test]
fn files_that_do_not_fit_are_told() {
    let (text, values) = files("plain");
    let fails = |text: &str, values: Option<&[u8]>| opened(text.as_bytes(), values).unwrap_err();
    let missing = fails(&text, None);
    assert_eq!(missing.kind(), ErrorKind::Io);
    assert!(missing.to_string().contains("\"net.bin\", which is missing"), "{missing}");
    let cut = fails(&text, Some(&values[..values.len() - 1]));
    assert!(cut.to_string().contains("net.bin: tensor \"memory.data\""), "{cut}");
    assert!(cut.cure_text().unwrap().contains("is not the .bin of this .param"), "{cut:?}");
    let more = [&values[..], &[0; 8]].concat();
    let told = warnings(&opened(text.as_bytes(), Some(&more)).unwrap()).concat();
    assert!(told.contains("8 bytes after the weights"), "{told}");
    for (from, to, says) in [
        ("2=15", "2=16", "16 values of its weight do not fit the shape [3, -1]"),
        ("6=36", "6=-36", "-36 values of its weight"),
        ("0=2 1=96", "0=2 1=97", "97 values of its weight_xc"),
        ("bn 1 1", "bn 1 x", "the number of inputs or outputs of \"bn\", found \"x\""),
        ("0=3 1=1e-5", "0", "expected key=value, found \"0\""),
        ("7767517\n23", "7767517\n99", "it tells 99 layers"),
        ("7767517\n", "7767517\nx", "expected the numbers of layers and blobs"),
    ] {
        let changed = text.replace(from, to);
        assert_ne!(changed, text, "{from}");
        let error = fails(&changed, Some(&values)).to_string();
        assert!(error.contains(says), "{error}");
    }
    let binary = Input {
        name: "net.param.bin".to_owned(),
        path: None,
        data: Arc::new(hinton_tensor::Memory::new(7_767_517_u32.to_le_bytes())),
    };
    let error = open_input(&binary, &Limits::default()).unwrap_err();
    assert!(error.cure_text().unwrap().contains("open the .param"), "{error}");
}

#[test]
fn changed_files_never_panic() {
    for name in ["plain", "quantised"] {
        let (text, values) = files(name);
        let text = text.into_bytes();
        for len in (0..text.len()).step_by(3) {
            // The last line may lack its last characters: settings that are not given have values.
            let is_whole = text[len..].iter().filter(|byte| **byte == b'\n').count() <= 1;
            // A few digits alone are a table.
            let is_network = |it: Checkpoint| it.format == "ncnn";
            let opens = opened(&text[..len], Some(&values)).is_ok_and(is_network);
            assert!(!opens || is_whole, "{name} cut at {len}");
        }
        for len in (0..values.len()).step_by(7) {
            assert!(opened(&text, Some(&values[..len])).is_err(), "{name} cut at {len}");
        }
        let mut numbers = Numbers(7);
        let mut read = 0;
        for _ in 0..3000 {
            let (mut text, mut values) = (text.clone(), values.clone());
            for _ in 0..=numbers.below(3) {
                // Mostly digits, so that it stays a description.
                let at = numbers.below(text.len());
                text[at] = match text[at] {
                    b'0'..=b'9' => b'0' + numbers.below(10) as u8,
                    other => other ^ u8::from(numbers.below(50) == 0),
                };
                let at = numbers.below(values.len());
                values[at] = numbers.next() as u8;
            }
            let Ok(checkpoint) = opened(&text, Some(&values)) else { continue };
            common::read_values(&checkpoint);
            read += 1;
        }
        assert!(read > 100, "{name}: {read}");
    }
}
