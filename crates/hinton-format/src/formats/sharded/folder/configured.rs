//! What the `config.json` of Hugging Face's transformers says that a model is.

use serde_json::Value;

use crate::source::{Location, read_vec};

/// The key of metadata under which a model's `config.json` says what it is: the class of
/// transformers, or the type of the model.
pub const CONFIGURED: &str = "config.json: architecture";

/// Longest settings that are looked into.
const LONGEST: u64 = 4 << 20;
/// Longest name.
const LONGEST_NAME: usize = 100;

/// The pair of metadata that says so.
pub(super) fn architecture(place: &Location) -> Option<(String, String)> {
    let config = place.join("config.json");
    if !config.is_file() {
        return None;
    }
    let data = config.open().ok().filter(|data| data.len() <= LONGEST)?;
    let value: Value = serde_json::from_slice(&read_vec(&*data, 0, data.len()).ok()?).ok()?;
    let name = value["architectures"][0].as_str().or_else(|| value["model_type"].as_str())?;
    let is_name = |letter: char| letter.is_alphanumeric() || "_-. /".contains(letter);
    let plain = !name.is_empty() && name.len() <= LONGEST_NAME && name.chars().all(is_name);
    plain.then(|| (CONFIGURED.to_owned(), name.to_owned()))
}
