//! The object graph of a checkpoint (`TrackableObjectGraph`): what the program called its variables.

use std::sync::Arc;

use hinton_tensor::Bytes;

use crate::container::protobuf::{Field, Wire, varint};
use crate::source::{Part, read_head};
use crate::{Error, Limits};

/// What every key of a variable ends with.
const ENDING: &str = "/.ATTRIBUTES/VARIABLE_VALUE";

/// Metadata: how many objects there are, and `key = name` of each variable whose name in the
/// program is not in its key.
pub(super) fn names(
    data: &Arc<dyn Bytes>,
    offset: u64,
    size: u64,
    limits: &Limits,
) -> Result<Vec<(String, String)>, Error> {
    // One text: its length, four bytes of checksum, the text.
    let entry: Arc<dyn Bytes> = Arc::new(Part::new(data.clone(), offset, size)?);
    let (len, from) = varint(&read_head(&*entry, 10)?).unwrap_or((0, 0));
    let text = Arc::new(Part::new(entry, from as u64 + 4, len)?);
    let wire = Wire::new(text, limits);
    let mut objects = 0;
    let mut names = Vec::new();
    for field in wire.fields(wire.root()) {
        let field = field?;
        if field.number != 1 {
            continue;
        }
        objects += 1;
        for field in wire.fields(wire.enter(&field)?) {
            let field = field?;
            if field.number == 2 {
                names.extend(name(&wire, &field)?);
            }
        }
    }
    let mut metadata = vec![("objects".to_owned(), format!("{objects}"))];
    if !names.is_empty() {
        names.sort();
        names.dedup();
        metadata.push(("variables".to_owned(), names.join(", ")));
    }
    Ok(metadata)
}

/// `key = name` of a `SerializedTensor`.
fn name(wire: &Wire, field: &Field) -> Result<Option<String>, Error> {
    let (mut full, mut key) = (String::new(), String::new());
    for field in wire.fields(wire.enter(field)?) {
        let field = field?;
        match field.number {
            2 => full = wire.text(&field)?,
            3 => key = wire.text(&field)?,
            _ => {}
        }
    }
    let short = key.strip_suffix(ENDING).unwrap_or(&key);
    Ok((!full.is_empty() && full != short).then(|| format!("{short} = {full}")))
}
