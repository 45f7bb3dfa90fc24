//! What the names and settings of a run say about it: its weights, its classes, the shape of its
//! pictures.

use hinton_run::Run;
use serde_json::Value;

use crate::arrange::{Each, Reshape};

/// Most classes whose weights are shown as a picture each.
const MOST_PICTURES: usize = 64;

/// One of the run's settings.
fn setting(run: &Run, name: &str) -> Option<Value> {
    let settings: Value = serde_json::from_str(run.settings.as_deref()?).ok()?;
    settings.get(name).cloned()
}

/// The names of the classes, where the settings give this many.
pub(super) fn classes(run: &Run, count: usize) -> Option<Vec<String>> {
    let names = setting(run, "classes")?;
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let names: Vec<String> = names.as_array()?.iter().map(text).collect();
    (names.len() == count).then_some(names)
}

/// Rows and columns of the pictures that the network sees.
fn image(run: &Run) -> Option<[usize; 2]> {
    let image = setting(run, "image")?;
    let side = |value: &Value| value.as_u64().and_then(|side| usize::try_from(side).ok());
    let sides: Option<Vec<usize>> = image.as_array()?.iter().map(side).collect();
    sides?.try_into().ok()
}

/// How weights of that shape are taken apart into pictures of what the network sees: for each
/// class, or each hidden unit.
pub(super) fn pictures(run: &Run, shape: &[usize]) -> Option<(Each, Reshape)> {
    let [height, width] = image(run)?;
    let pixels = height.checked_mul(width).filter(|&pixels| pixels > 1)?;
    match *shape {
        [rows, cols] if rows == pixels && cols <= MOST_PICTURES => {
            Some((Each::Column, Reshape::from([height, width])))
        }
        [rows, cols] if cols == pixels && rows <= MOST_PICTURES => {
            Some((Each::Row, Reshape::from([height, width])))
        }
        _ => None,
    }
}

/// What the training is, in one line of settings.
pub(super) fn about(run: &Run) -> Vec<String> {
    let mut said: Vec<String> = run.trained.iter().cloned().collect();
    for name in ["data", "model", "optimizer", "lr", "batch"] {
        let value = match setting(run, name) {
            Some(Value::String(text)) if !text.is_empty() => text,
            Some(value @ Value::Number(_)) => value.to_string(),
            _ => continue,
        };
        said.push(format!("{name} {value}"));
    }
    said
}
