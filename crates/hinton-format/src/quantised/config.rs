//! What a model's settings say about its quantisation.

use serde_json::Value;

use crate::source::{Location, read_vec};

/// Longest settings that are looked into.
const LONGEST: u64 = 4 << 20;
/// Files beside the weights that may hold settings.
const FILES: [&str; 2] = ["config.json", "quantize_config.json"];

/// The settings, where there are any.
#[derive(Debug, Default)]
pub(super) struct Config {
    /// `quantization_config` of Hugging Face, or the whole of AutoGPTQ's own file.
    quantisation: Value,
    /// `quantization` of MLX.
    mlx: Value,
    /// Whether the settings of a Keras model, `config.json` in its archive, name 4 bits.
    keras_int4: bool,
    /// Metadata of the weights file.
    metadata: Vec<(String, String)>,
}

/// Reads the settings beside the weights; those that cannot be read are none.
pub(super) fn read(folder: Option<&Location>, metadata: &[(String, String)]) -> Config {
    let keras = metadata.iter().find(|(key, _)| key == "model_config");
    let keras_int4 = keras.is_some_and(|(_, text)| text.contains("\"int4"));
    let metadata = metadata.iter().filter(|(key, _)| key.starts_with("gptq_")).cloned().collect();
    let mut config = Config { metadata, keras_int4, ..Config::default() };
    let Some(folder) = folder else { return config };
    for name in FILES {
        let path = folder.join(name);
        let Some(mut value) = read_json(&path) else { continue };
        if config.mlx.is_null() {
            config.mlx = value["quantization"].take();
        }
        if config.quantisation.is_null() {
            let nested = value["quantization_config"].take();
            config.quantisation = if name == FILES[0] { nested } else { value };
        }
    }
    config
}

fn read_json(path: &Location) -> Option<Value> {
    if !path.is_file() {
        return None;
    }
    let data = path.open().ok()?;
    if data.len() > LONGEST {
        return None;
    }
    serde_json::from_slice(&read_vec(&*data, 0, data.len()).ok()?).ok()
}

impl Config {
    /// A whole number of the settings of GPTQ, AWQ or FP8.
    pub(super) fn number(&self, key: &str) -> Option<u64> {
        self.quantisation[key].as_u64().or_else(|| {
            let key = format!("gptq_{key}");
            self.metadata.iter().find(|(name, _)| *name == key)?.1.parse().ok()
        })
    }

    /// Whether a model of Keras has layers of 4 bits, which look like layers of 8.
    pub(super) fn is_keras_int4(&self) -> bool {
        self.keras_int4
    }

    /// A text of the settings of GPTQ, AWQ or FP8.
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        self.quantisation[key].as_str()
    }

    /// Bits and group size of the weights of each group of modules, of compressed-tensors.
    pub(super) fn groups(&self) -> impl Iterator<Item = (Option<u64>, Option<u64>)> {
        let groups = self.quantisation["config_groups"].as_object();
        groups.into_iter().flat_map(|groups| groups.values()).map(|group| {
            let weights = &group["weights"];
            (weights["num_bits"].as_u64(), weights["group_size"].as_u64())
        })
    }

    /// Rows and columns of a block with one scale.
    pub(super) fn block(&self) -> Option<(usize, usize)> {
        let [rows, cols] = self.quantisation["weight_block_size"].as_array()?.as_slice() else {
            return None;
        };
        let of = |value: &Value| usize::try_from(value.as_u64()?).ok().filter(|&len| len > 0);
        Some((of(rows)?, of(cols)?))
    }

    /// Bits and group size of a module of MLX, which may have settings of its own.
    pub(super) fn mlx(&self, module: &str) -> Option<(u64, u64)> {
        let of = |value: &Value| Some((value["bits"].as_u64()?, value["group_size"].as_u64()?));
        of(&self.mlx[module]).or_else(|| of(&self.mlx))
    }
}
