//! What the `config.json` of Hugging Face's transformers says that a model is.

use hinton_tensor::Tensor;
use serde_json::Value;

use crate::Checkpoint;
use crate::source::{Location, read_vec};

/// The key of metadata under which a model's `config.json` says what it is: the class of
/// transformers, or the type of the model.
pub const CONFIGURED: &str = "config.json: architecture";

/// What stands before the keys of metadata that come from a model's `config.json`.
pub const CONFIG: &str = "config.json: ";

/// The whole numbers of a `config.json` that become metadata: how wide the model is, how many attention heads
/// there are, of queries and of keys and values, how many values a head has, and how many experts there are,
/// by the words of transformers.
const NUMBERS: &[&str] = &[
    "hidden_size",
    "n_embd",
    "d_model",
    "num_attention_heads",
    "n_head",
    "num_heads",
    "num_key_value_heads",
    "num_kv_heads",
    "head_dim",
    "d_kv",
    "num_local_experts",
    "num_experts",
    "n_routed_experts",
];

/// Longest settings that are looked into.
const LONGEST: u64 = 4 << 20;
/// Longest name.
const LONGEST_NAME: usize = 100;

/// Adds to a file or folder what the `config.json` in that folder says of it.
pub(super) fn add(checkpoint: &mut Checkpoint, place: &Location) {
    let Some(value) = settings(place) else { return };
    let numbers = NUMBERS.iter().filter_map(|key| {
        let number = value[*key].as_u64()?;
        Some((format!("{CONFIG}{key}"), number.to_string()))
    });
    let found: Vec<_> = architecture(&value).into_iter().chain(numbers).collect();
    let known = |key: &str| checkpoint.metadata.iter().any(|(known, _)| known == key);
    let new: Vec<_> = found.into_iter().filter(|(key, _)| !known(key)).collect();
    checkpoint.metadata.extend(new);
}

/// Adds to a file of its own what the `config.json` beside it says, where its names are those of a transformer.
/// A file far away is not looked beside: that would be one more request.
pub(crate) fn add_beside(checkpoint: &mut Checkpoint, folder: Option<&Location>) {
    let Some(folder) = folder.filter(|folder| !folder.is_remote()) else { return };
    let is_of_transformer = |tensor: &Tensor| {
        let name = tensor.name();
        tensor.shape().len() > 1 && ["att", "Att", "expert"].iter().any(|word| name.contains(word))
    };
    if checkpoint.tensors.iter().any(is_of_transformer) {
        add(checkpoint, folder);
    }
}

fn settings(place: &Location) -> Option<Value> {
    let config = place.join("config.json");
    if !config.is_file() {
        return None;
    }
    let data = config.open().ok().filter(|data| data.len() <= LONGEST)?;
    serde_json::from_slice(&read_vec(&*data, 0, data.len()).ok()?).ok()
}

fn architecture(value: &Value) -> Option<(String, String)> {
    let name = value["architectures"][0].as_str().or_else(|| value["model_type"].as_str())?;
    let is_name = |letter: char| letter.is_alphanumeric() || "_-. /".contains(letter);
    let plain = !name.is_empty() && name.len() <= LONGEST_NAME && name.chars().all(is_name);
    plain.then(|| (CONFIGURED.to_owned(), name.to_owned()))
}
