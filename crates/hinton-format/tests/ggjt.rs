//! The files of whisper.cpp, of ggml's examples and of llama.cpp before GGUF.

use crate::common;

use std::sync::Arc;

use hinton_format::{Checkpoint, Error, Input, Limits, open, open_input};
use hinton_tensor::{Memory, Tensor};

fn opened(name: &str) -> Checkpoint {
    let path = common::fixtures().join("ggjt").join(name);
    open(&path, &Limits::default()).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn tensor<'c>(checkpoint: &'c Checkpoint, name: &str) -> &'c Tensor {
    checkpoint.tensors.iter().find(|tensor| tensor.name() == name).unwrap()
}

fn told<'c>(checkpoint: &'c Checkpoint, key: &str) -> &'c str {
    checkpoint.metadata.iter().find(|(known, _)| known == key).map_or("", |(_, value)| value)
}

#[test]
fn every_model_is_told_by_what_fits() {
    for (name, layout, model, count) in [
        ("whisper.bin", "ggml", "whisper", 7),
        ("llama.bin", "ggml", "llama", 2),
        ("gpt2.bin", "ggml", "gpt-2", 2),
        ("gptj.bin", "ggml", "gpt-j", 2),
        ("ggmf.bin", "ggmf 1", "llama", 2),
        ("ggjt3.bin", "ggjt 3", "llama", 4),
        ("lora.bin", "ggla 1", "lora", 2),
    ] {
        let file = opened(name);
        assert_eq!((file.format, file.tensors.len()), ("ggjt", count), "{name}");
        assert_eq!((told(&file, "layout"), told(&file, "model")), (layout, model), "{name}");
        assert_eq!(file.warnings, [], "{name}");
        let values = |tensor_name| tensor(&file, tensor_name).to_f64().unwrap();
        assert_eq!(values("emb.weight"), [0., 1., 2., 3., 4., 5.], "{name}");
        assert_eq!(values("ln.bias"), [0.5, -1., 2., 0.], "{name}");
        assert_eq!(tensor(&file, "emb.weight").shape(), [2, 3]);
    }
}

#[test]
fn whispers_filters_are_a_tensor_and_settings_are_metadata() {
    for name in ["whisper.bin", "whisper_vocab.bin"] {
        let file = opened(name);
        let mel = tensor(&file, "mel_filters");
        assert_eq!(mel.shape(), [2, 5]);
        assert_eq!(mel.to_f64().unwrap()[9], 9.0);
        assert_eq!((told(&file, "n_mels"), told(&file, "tokens")), ("2", "3"));
    }
}

/// The values beside the blocks are those of the package gguf.
#[test]
fn blocks_of_today_are_decoded_and_older_ones_are_skipped() {
    for (name, kind) in [
        ("whisper.bin", "Q5_1"),
        ("whisper.bin", "Q8_0"),
        ("ggjt3.bin", "Q4_0"),
        ("ggjt2.bin", "Q5_0"),
    ] {
        let file = opened(name);
        let blocks = tensor(&file, kind);
        assert_eq!(blocks.stored_type(), kind);
        let values = tensor(&file, &format!("{kind}.values")).to_f32().unwrap();
        assert_eq!(blocks.to_f32().unwrap(), values, "{name}: {kind}");
    }
    for (name, skipped) in [("ggjt2.bin", &["old"][..]), ("ggjt1.bin", &["old", "Q5_0"])] {
        let file = opened(name);
        let subjects: Vec<&str> = file.warnings.iter().map(|one| one.subject.as_str()).collect();
        assert_eq!(subjects, skipped, "{name}");
        assert!(file.warnings[0].message.contains("its Q4_0 is of a layout given up since"));
        // What follows is found.
        assert_eq!(tensor(&file, "last.weight").to_f64().unwrap()[5], 5.0, "{name}");
    }
}

fn of_bytes(bytes: Vec<u8>) -> Result<Checkpoint, Error> {
    let data = Arc::new(Memory::new(bytes));
    open_input(&Input { name: "model.bin".to_owned(), path: None, data }, &Limits::default())
}

#[test]
fn cut_files_and_unknown_models_are_an_error() {
    for name in ["whisper.bin", "ggjt3.bin", "ggmf.bin", "llama.bin"] {
        let whole = std::fs::read(common::fixtures().join("ggjt").join(name)).unwrap();
        let ends = opened(name);
        let ends: Vec<u64> =
            ends.tensors.iter().map(|one| one.start() + one.stored_len()).collect();
        for len in (4..whole.len()).step_by(3) {
            // A file that is cut between two tensors is whole.
            let between = ends.contains(&(len as u64)) || of_bytes(whole[..len].to_vec()).is_err();
            let opened = of_bytes(whole[..len].to_vec());
            assert!(between || opened.unwrap().tensors.len() < ends.len(), "{name}: {len}");
        }
    }
    let error = of_bytes([b"lmgg".to_vec(), vec![0xff; 64]].concat()).unwrap_err();
    assert!(error.message().contains("of no model that hinton knows"), "{error}");
    let error = of_bytes([b"tjgg\x03\0\0\0".to_vec(), vec![1; 24]].concat()).unwrap_err();
    assert!(error.to_string().contains("byte"), "{error}");
}
