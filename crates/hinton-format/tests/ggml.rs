//! The files of rwkv.cpp.

use crate::common;

use std::sync::Arc;

use hinton_format::{Checkpoint, Error, Input, Limits, open, open_input};
use hinton_tensor::{Memory, Tensor};

fn opened(name: &str) -> Checkpoint {
    let path = common::fixtures().join("ggml").join(name);
    open(&path, &Limits::default()).unwrap_or_else(|error| panic!("{error}"))
}

fn tensor<'c>(checkpoint: &'c Checkpoint, name: &str) -> &'c Tensor {
    checkpoint.tensors.iter().find(|tensor| tensor.name() == name).unwrap()
}

#[test]
fn plain_and_quantised_tensors_of_every_version_and_order() {
    for (name, count) in [("small.bin", 5), ("version_100.bin", 3), ("big_endian.bin", 3)] {
        let checkpoint = opened(name);
        assert_eq!(checkpoint.format, "ggml");
        assert_eq!(checkpoint.tensors.len(), count, "{name}");
        assert_eq!(checkpoint.warnings, [], "{name}");
        let values = |tensor_name| tensor(&checkpoint, tensor_name).to_f64().unwrap();
        assert_eq!(values("emb.weight"), [0., 1., 2., 3., 4., 5.]);
        assert_eq!(values("ln.bias"), [0.5, -1., 2., 0.]);
        assert_eq!(tensor(&checkpoint, "emb.weight").shape(), [2, 3]);
        assert!(checkpoint.metadata.contains(&("n_embed".to_owned(), "32".to_owned())));
    }
    let checkpoint = opened("small.bin");
    let quantised = tensor(&checkpoint, "att.weight");
    assert_eq!((quantised.stored_type(), quantised.stored_len()), ("Q5_1", 48));
    assert_eq!(quantised.to_f32().unwrap(), tensor(&checkpoint, "att.values").to_f32().unwrap());
}

fn made(version: u32, code: u32, shape: &[u32], data: usize) -> Result<Checkpoint, Error> {
    let mut bytes = b"fmgg".to_vec();
    let head = [version, 3, 32, 1, 1, shape.len() as u32, 1, code];
    head.iter().chain(shape).for_each(|number| bytes.extend(number.to_le_bytes()));
    bytes.push(b'w');
    bytes.resize(bytes.len() + data, 0);
    let data = Arc::new(Memory::new(bytes));
    open_input(&Input { name: "m.bin".to_owned(), path: None, data }, &Limits::default())
}

#[test]
fn lies_and_types_of_the_past_are_told() {
    let short = made(101, 0, &[4], 16).unwrap();
    assert!(short.warnings[0].message.starts_with("there is no head.weight: the file may be cut"));
    for (opened, says) in [
        (made(101, 0, &[4], 15), "tensor \"w\": at byte 41: its data should have 16 bytes here"),
        (made(101, 5, &[32], 20), "tensor \"w\": at byte 24: its type is Q4_2 of version 101"),
        (made(100, 2, &[32], 20), "its type is Q4_0 of version 100, which ggml gave up"),
        (made(101, 17, &[32], 20), "17 is not a type of rwkv.cpp"),
        (made(101, 2, &[33], 20), "its rows have 33 values"),
        (made(101, 0, &[u32::MAX; 3], 20), "more bytes than 64 bits can count"),
        (made(101, 0, &[1; 65], 20), "a tensor with 65 axes"),
        (made(7, 0, &[4], 16), "its version is ggmf 7"),
    ] {
        let error = opened.unwrap_err();
        assert!(error.to_string().contains(says), "{error}");
    }
}
