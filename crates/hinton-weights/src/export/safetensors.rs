//! safetensors: <https://github.com/huggingface/safetensors#format>.

use std::io::Write;

use hinton_format::safetensors::{self, METADATA, Part, Unfit, dtype_name};
use hinton_tensor::Progress;

use super::{ExportRow, Stop, Told, pieces};
use crate::{Error, Selected};

pub(super) const ROW: ExportRow = ExportRow {
    name: "safetensors",
    about: "One or several tensors with their names and dtypes",
    extension: "safetensors",
    holds: |dtype| dtype_name(dtype).is_some(),
    write,
};

/// The key of the notes that says of which types stored bytes are: JSON of names and types.
const STORED: &str = "stored";

fn write(
    tensors: &[Selected],
    told: &Told,
    out: &mut dyn Write,
    progress: &dyn Progress,
) -> Result<Vec<String>, Stop> {
    let names: Vec<String> = tensors.iter().map(Selected::label).collect();
    let mut parts = Vec::with_capacity(tensors.len());
    for (Selected { tensor, .. }, name) in tensors.iter().zip(&names) {
        let (dtype, shape, bytes) = (tensor.dtype(), tensor.shape(), tensor.byte_len());
        parts.push(Part { name, dtype, shape, bytes });
    }
    // The format has texts alone here.
    let stored = serde_json::to_string(told).map_err(std::io::Error::other)?;
    let metadata = [(STORED, stored)];
    let metadata = if told.is_empty() { &[][..] } else { &metadata };
    let beginning =
        safetensors::beginning(metadata, &parts).map_err(|unfit| unfit_of(unfit, &parts))?;
    out.write_all(&beginning)?;
    for selected in tensors {
        pieces(&selected.tensor, progress, |piece| Ok(out.write_all(&piece.packed_bytes()?)?))?;
    }
    Ok(Vec::new())
}

/// Why that file cannot be written, and what to do instead.
fn unfit_of(unfit: Unfit, parts: &[Part<'_>]) -> Error {
    let (message, help) = match unfit {
        Unfit::KeptName(_) => (
            format!("safetensors keeps the name {METADATA} for notes on the file"),
            "rename the tensor, or write it alone as .npy",
        ),
        Unfit::SameName(at) => {
            let name = hinton_words::visible(parts[at].name);
            (format!("two tensors are called {name:?}"), "export them one by one")
        }
        Unfit::Dtype(at) => {
            (format!("safetensors has no {}", parts[at].dtype), "write .npy instead")
        }
        Unfit::TooLarge(_) => ("the tensors have more bytes than 64 bits can count".to_owned(), ""),
    };
    Error::unfit(message, help)
}
