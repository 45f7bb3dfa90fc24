//! `.keras`: Keras 3's archive, a zip with the architecture as JSON and the weights as HDF5.
//!
//! Layout: `keras/src/saving/saving_lib.py` of <https://github.com/keras-team/keras>: the members
//! `metadata.json`, `config.json` and `model.weights.h5`.

use std::sync::Arc;

use hinton_tensor::Bytes;
use serde_json::Value;

use super::{FormatRow, hdf5, json_byte};
use crate::container::zip::{Member, Zip};
use crate::source::read_vec;
use crate::words::json_fault;
use crate::{Checkpoint, Error, ErrorKind, Head, Input, Limits, Sniff, Warning, lookalike};

/// The row of the table.
pub(crate) const ROW: FormatRow = FormatRow {
    name: "keras",
    about: "Keras 3 archives (.keras): weights as HDF5 in a zip archive",
    help: "Read: the weights of every HDF5 member, as in `hdf5`, named by the member and the path \
           in it: `model.weights.h5:layers/dense/vars/0`. The version of Keras and the \
           architecture (as JSON text, `config.json`) are metadata. The architecture is never run: \
           Lambda layers and custom objects are text like the rest. Layers quantised to int8 have \
           their weights beside the codes, named with (dequantised); int4 is shown as stored. Other \
           members are skipped with a warning. Layout: saving_lib.py of Keras 3",
    quantised: "int8: as stored and as weights",
    extensions: &["keras"],
    sniff,
    open,
};

const METADATA: &str = "metadata.json";
const CONFIG: &str = "config.json";

fn sniff(head: &Head<'_>) -> Sniff {
    let named = head.has_extension(ROW.extensions);
    match lookalike::zip_member(head) {
        Some(METADATA | CONFIG) if named => Sniff::Certain,
        Some(METADATA | CONFIG) => Sniff::Likely,
        Some(member) if is_weights(member) => Sniff::Likely,
        _ if named && lookalike::is_zip(head) => Sniff::Likely,
        _ => Sniff::No,
    }
}

fn is_weights(member: &str) -> bool {
    member.ends_with(".h5") || member.ends_with(".hdf5")
}

fn open(input: &Input, limits: &Limits) -> Result<Checkpoint, Error> {
    let zip = Zip::open(input.data.clone(), limits)?;
    let mut checkpoint = Checkpoint::of_file(input, ROW.name, Vec::new(), Vec::new(), Vec::new());
    if !zip.members().iter().any(|member| is_weights(&member.name)) {
        if !input.name.ends_with(".keras") {
            // Its first member is called as Keras calls it, but it is a folder that was packed.
            return (super::archive::ZIP.open)(input, limits);
        }
        let message = "the archive has no member .weights.h5, so it holds no weights of Keras";
        return Err(Error::new(ErrorKind::Unrecognised, message)
            .cure("unpack it and open the weights in it"));
    }
    for member in zip.members() {
        match member.name.as_str() {
            METADATA => add_metadata(&zip, member, limits, &mut checkpoint)?,
            CONFIG => {
                let text = text(&zip, member, limits)?;
                checkpoint.metadata.push(("model_config".to_owned(), text));
            }
            name if is_weights(name) => {
                let bytes = zip.bytes(member, limits)?;
                check_hdf5(&*bytes, member)?;
                hdf5::add(bytes, &input.name, &format!("{name}:"), limits, &mut checkpoint)
                    .map_err(|error| in_member(error, member))?;
            }
            name if name.ends_with('/') => {}
            name => {
                let warning = Warning::about(name, "skipped: it is not an HDF5 file of weights");
                checkpoint.warnings.push(warning);
            }
        }
    }
    Ok(checkpoint)
}

/// Bytes in an error of the weights count from the start of their member.
fn in_member(error: Error, member: &Member) -> Error {
    let message = match error.byte() {
        Some(byte) => format!("at byte {byte} of {:?}: {}", member.name, error.message()),
        None => error.message().to_owned(),
    };
    let told = Error::new(error.kind(), message).for_tensor(error.tensor().unwrap_or(&member.name));
    match error.cure_text() {
        Some(cure) => told.cure(cure),
        None => told,
    }
}

fn check_hdf5(bytes: &dyn Bytes, member: &Member) -> Result<(), Error> {
    let start = read_vec(bytes, 0, bytes.len().min(4096))
        .map_err(|error| Error::from(error).for_tensor(&*member.name))?;
    if hdf5::is_hdf5(&start) {
        return Ok(());
    }
    let found = lookalike::first_bytes(&start);
    Err(Error::malformed(format!("expected an HDF5 file, its first bytes are {found}"))
        .for_tensor(&*member.name)
        .at_byte(member.start))
}

/// The whole of a small member as text.
fn text(zip: &Zip, member: &Member, limits: &Limits) -> Result<String, Error> {
    let limit = limits.header_bytes;
    if member.size > limit {
        let message = format!("the member has {} bytes, the limit is {limit}", member.size);
        return Err(Error::new(ErrorKind::Limit, message).for_tensor(&*member.name));
    }
    let bytes: Arc<dyn Bytes> = zip.bytes(member, limits)?;
    let bytes = read_vec(&*bytes, 0, bytes.len())
        .map_err(|error| Error::from(error).for_tensor(&*member.name))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The entries of `metadata.json`, by key.
fn add_metadata(
    zip: &Zip,
    member: &Member,
    limits: &Limits,
    checkpoint: &mut Checkpoint,
) -> Result<(), Error> {
    let text = text(zip, member, limits)?;
    let entries = match serde_json::from_str(&text) {
        Ok(Value::Object(entries)) => entries,
        Ok(_) => {
            let warning = Warning::about(METADATA, "skipped: it is not a JSON object");
            checkpoint.warnings.push(warning);
            return Ok(());
        }
        Err(error) => {
            let byte = json_byte(text.as_bytes(), &error);
            let message = format!("skipped: it is not JSON (byte {byte}: {})", json_fault(&error));
            checkpoint.warnings.push(Warning::about(METADATA, message));
            return Ok(());
        }
    };
    for (key, value) in entries {
        let value = match value {
            Value::String(text) => text,
            other => other.to_string(),
        };
        checkpoint.metadata.push((key, value));
    }
    Ok(())
}
