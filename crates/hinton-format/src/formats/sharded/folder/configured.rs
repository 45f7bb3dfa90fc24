//! What the `config.json` of Hugging Face's transformers says that a model is.

use serde_json::Value;

use crate::source::{Location, read_vec};

/// The key of metadata under which a model's `config.json` says what it is: the class of
/// transformers, or the type of the model.
pub const CONFIGURED: &str = "config.json: architecture";

/// The keys of metadata under which a `config.json` says how many attention heads there are: of queries,
/// and of keys and values.
pub const HEADS: [&str; 2] =
    ["config.json: num_attention_heads", "config.json: num_key_value_heads"];

/// Longest settings that are looked into.
const LONGEST: u64 = 4 << 20;
/// Longest name.
const LONGEST_NAME: usize = 100;

/// The pairs of metadata that say so.
pub(super) fn entries(place: &Location) -> Vec<(String, String)> {
    let Some(value) = settings(place) else { return Vec::new() };
    let heads = HEADS.iter().filter_map(|key| {
        let number = value[key.trim_start_matches("config.json: ")].as_u64()?;
        Some(((*key).to_owned(), number.to_string()))
    });
    architecture(&value).into_iter().chain(heads).collect()
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
