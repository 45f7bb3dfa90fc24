//! The settings next to a low-rank adapter (LoRA): `adapter_config.json` of PEFT.

use serde_json::Value;

use crate::Checkpoint;
use crate::source::{Location, read_vec};

/// The metadata keys that hold the settings of an adapter.
pub const ADAPTER: [&str; 3] = [
    "adapter_config.json: lora_alpha",
    "adapter_config.json: r",
    "adapter_config.json: use_rslora",
];

/// Longest settings that are looked into.
const LONGEST: u64 = 4 << 20;

/// Adds the settings beside an adapter to its metadata; those that cannot be read are none.
pub(super) fn add(checkpoint: &mut Checkpoint, folder: Option<&Location>) {
    let is_adapter = checkpoint
        .tensors
        .iter()
        .any(|tensor| tensor.name().to_ascii_lowercase().contains("lora_"));
    let Some(folder) = folder.filter(|_| is_adapter) else { return };
    let Some(settings) = read(&folder.join("adapter_config.json")) else { return };
    for key in ADAPTER {
        let value = &settings[key.rsplit(' ').next().unwrap_or(key)];
        if value.is_number() || value.is_boolean() {
            checkpoint.metadata.push((key.to_owned(), value.to_string()));
        }
    }
}

fn read(place: &Location) -> Option<Value> {
    if !place.is_file() {
        return None;
    }
    let data = place.open().ok().filter(|data| data.len() <= LONGEST)?;
    serde_json::from_slice(&read_vec(&*data, 0, data.len()).ok()?).ok()
}
