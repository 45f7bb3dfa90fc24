//! Which of several weights files of a folder is the model.

use std::collections::BTreeSet;

use super::numbered::shard_number;
use super::{Weights, left_out};
use crate::Warning;
use crate::formats::{archive, csv, idx, npy};
use crate::source::file::Entry;

/// Names under which Hugging Face's libraries and those beside them save one and the same model,
/// the one that is opened first. Numbers of shards are left away.
const MODEL: [&str; 15] = [
    "model.safetensors",
    "diffusion_pytorch_model.safetensors",
    "adapter_model.safetensors",
    "open_clip_model.safetensors",
    "pytorch_model.bin",
    "diffusion_pytorch_model.bin",
    "adapter_model.bin",
    "open_clip_pytorch_model.bin",
    "consolidated.safetensors",
    "consolidated.00.pth",
    "tf_model.h5",
    "flax_model.msgpack",
    "rust_model.ot",
    "model.onnx",
    "model.gguf",
];

/// Formats of which a file is one array, and not a model.
const ARRAYS: [&str; 3] = [csv::ROW.name, npy::ROW.name, idx::ROW.name];

/// What a trainer saves beside a model to go on from it.
const TRAINING: [&str; 8] = [
    "optimizer.",
    "scheduler.",
    "scaler.",
    "rng_state",
    "random_states_",
    "training_args.",
    "trainer_state.",
    "sampler.",
];

/// The place of a file among the names of a model.
fn rank(name: &str) -> Option<usize> {
    let plain = match shard_number(name) {
        Some(shard) => format!("{}.{}", shard.stem, shard.ending),
        None => name.to_owned(),
    };
    let known = MODEL.iter().position(|known| *known == plain);
    // Quantised copies have names of their own.
    known.or_else(|| (plain.ends_with(".gguf")).then_some(MODEL.len()))
}

fn is_training(name: &str) -> bool {
    // Stable-Baselines3 writes policy.optimizer.pth and pytorch_variables.pth beside policy.pth.
    let of_part = name.contains(".optimizer.") || name == "pytorch_variables.pth";
    of_part || TRAINING.iter().any(|start| name.starts_with(start))
}

/// Words in the name of a copy of a model in another precision, or of its averaged weights.
const VARIANTS: [&str; 10] =
    ["fp16", "fp32", "bf16", "fp8", "int8", "int4", "ema", "non_ema", "ema_only", "pruned"];

/// Whether a name is that of another file with the word of a variant more, `model.fp16.safetensors`
/// for `model.safetensors`.
fn is_variant(name: &str, weights: &[Weights<'_>]) -> bool {
    VARIANTS.iter().any(|word| {
        [".", "-", "_"].iter().any(|mark| {
            let part = format!("{mark}{word}");
            name.match_indices(&part).any(|(start, _)| {
                let (before, after) = (&name[..start], &name[start + part.len()..]);
                let plain = format!("{before}{after}");
                after.starts_with(['.', '-', '_'])
                    && weights.iter().any(|(other, _)| *other == plain)
            })
        })
    })
}

/// The weights that are the model, and notes about the others. Several are left where nothing
/// tells.
pub(super) fn model(mut weights: Vec<Weights<'_>>) -> (Vec<Weights<'_>>, Vec<Warning>) {
    let mut notes = Vec::new();
    let mut leave =
        |weights: &mut Vec<Weights<'_>>, why: &str, test: &dyn Fn(&Weights<'_>) -> bool| {
            // Where nothing else is there, it is what was meant.
            if weights.iter().all(test) {
                return;
            }
            let names: Vec<&str> =
                weights.iter().filter(|one| test(one)).map(|(name, _)| *name).collect();
            notes.extend(left_out(&names, why));
            weights.retain(|one| !test(one));
        };
    leave(&mut weights, "an archive beside the weights", &|(_, format)| archive::is_name(format));
    if weights.iter().any(|(_, format)| !ARRAYS.contains(format)) {
        // A log of the training, say. Beside arrays it may be one of them.
        leave(&mut weights, "a table beside the weights", &|(_, format)| super::is_table(format));
    }
    leave(&mut weights, "the state of training beside the model", &|(name, _)| is_training(name));
    let all = weights.clone();
    leave(&mut weights, "variants of the model", &|(name, _)| is_variant(name, &all));
    let ranks: Option<Vec<usize>> = weights.iter().map(|(name, _)| rank(name)).collect();
    if let Some(first) = ranks.and_then(|ranks| ranks.into_iter().min()) {
        leave(&mut weights, SAME, &|(name, _)| rank(name) != Some(first));
    }
    (weights, notes)
}

const SAME: &str = "the same model in another file";

/// Notes about weights beside those that were opened, by their names.
pub(super) fn beside(files: &[Entry], opened: &[String], is_index: bool) -> Vec<Warning> {
    let opened: BTreeSet<&str> =
        opened.iter().filter_map(|file| file.rsplit(['/', '\\']).next()).collect();
    let others = files.iter().map(|file| file.name.as_str()).filter(|name| !opened.contains(name));
    let same: Vec<&str> = others.filter(|name| rank(name).is_some()).collect();
    // Nobody has compared them.
    let why = if is_index { "which the index does not name" } else { SAME };
    left_out(&same, why).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(names: &[&'static str]) -> (Vec<&'static str>, Vec<String>) {
        let format = |name: &str| match name.rsplit('.').next() {
            Some("csv") => "csv",
            Some("zip") => "zip",
            _ => "pytorch",
        };
        let (chosen, notes) = model(names.iter().map(|name| (*name, format(name))).collect());
        let notes = notes.into_iter().map(|note| note.to_string()).collect();
        (chosen.into_iter().map(|(name, _)| name).collect(), notes)
    }

    #[test]
    fn the_model_is_told_from_what_lies_beside_it() {
        let (names, notes) =
            chosen(&["flax_model.msgpack", "model.safetensors", "pytorch_model.bin"]);
        assert_eq!(names, ["model.safetensors"]);
        assert_eq!(
            notes,
            ["left out, the same model in another file: \"flax_model.msgpack\", \
              \"pytorch_model.bin\""]
        );
        let (names, notes) =
            chosen(&["data.csv", "old.zip", "optimizer.pt", "w.pt", "rng_state_0.pth"]);
        assert_eq!(names, ["w.pt"]);
        assert_eq!(notes.len(), 3, "{notes:?}");
        let (names, notes) = chosen(&["unet.fp16.bin", "unet.bin", "unet.non_ema.bin"]);
        assert_eq!(names, ["unet.bin"]);
        assert_eq!(
            notes,
            ["left out, variants of the model: \"unet.fp16.bin\", \"unet.non_ema.bin\""]
        );
        assert_eq!(chosen(&["unet.fp16.bin", "vae.bin"]).0.len(), 2);
        let (names, _) = chosen(&["policy.optimizer.pth", "policy.pth", "pytorch_variables.pth"]);
        assert_eq!(names, ["policy.pth"]);
        assert_eq!(chosen(&["optimizer.pt"]).0, ["optimizer.pt"]);
        assert_eq!(chosen(&["a.pt", "model.safetensors"]).0.len(), 2, "nothing tells");
        let shards = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"];
        assert_eq!(chosen(&[shards[0], shards[1], "pytorch_model.bin"]).0, shards);
        assert_eq!(chosen(&["a.Q4_0.gguf", "model.safetensors"]).0, ["model.safetensors"]);
        assert_eq!(chosen(&["a.Q4_0.gguf", "a.Q8_0.gguf"]).0.len(), 2);
    }
}
