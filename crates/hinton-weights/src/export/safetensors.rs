//! safetensors: <https://github.com/huggingface/safetensors#format>.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use hinton_tensor::{Dtype, Progress};
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::{ExportRow, Stop, Told, pieces};
use crate::{Error, Selected};

pub(super) const ROW: ExportRow = ExportRow {
    name: "safetensors",
    about: "One or several tensors with their names and dtypes",
    extension: "safetensors",
    holds: |dtype| dtype_name(dtype).is_some(),
    write,
};

/// The key of the header that holds strings instead of a tensor.
const METADATA: &str = "__metadata__";
/// The key of the notes that says of which types stored bytes are: JSON of names and types.
const STORED: &str = "stored";

fn write(
    tensors: &[Selected],
    told: &Told,
    out: &mut dyn Write,
    progress: &dyn Progress,
) -> Result<Vec<String>, Stop> {
    let mut entries = Vec::new();
    let mut names = BTreeSet::new();
    let mut offset = 0u64;
    for selected in tensors {
        let tensor = &selected.tensor;
        let dtype = dtype_name(tensor.dtype()).ok_or_else(|| no_dtype(tensor.dtype()))?;
        let name = selected.label();
        if name == METADATA {
            let message = format!("safetensors keeps the name {METADATA} for notes on the file");
            let help = "rename the tensor, or write it alone as .npy";
            return Err(Stop::Other(Error::unfit(message, help)));
        }
        if !names.insert(name.clone()) {
            let message = format!("two tensors are called {:?}", hinton_words::visible(&name));
            return Err(Stop::Other(Error::unfit(message, "export them one by one")));
        }
        let end = offset.checked_add(tensor.byte_len()).ok_or_else(too_large)?;
        entries.push((name, Entry { dtype, shape: tensor.shape(), offsets: [offset, end] }));
        offset = end;
    }
    let mut header =
        serde_json::to_vec(&Header { entries: &entries, told }).map_err(std::io::Error::other)?;
    header.resize(header.len().next_multiple_of(8), b' ');
    out.write_all(&(header.len() as u64).to_le_bytes())?;
    out.write_all(&header)?;
    for selected in tensors {
        pieces(&selected.tensor, progress, |piece| Ok(out.write_all(&piece.packed_bytes()?)?))?;
    }
    Ok(Vec::new())
}

fn too_large() -> Error {
    Error::unfit("the tensors have more bytes than 64 bits can count", "")
}

fn no_dtype(dtype: Dtype) -> Error {
    Error::unfit(format!("safetensors has no {dtype}"), "write .npy instead")
}

fn dtype_name(dtype: Dtype) -> Option<&'static str> {
    Some(match dtype {
        Dtype::F64 => "F64",
        Dtype::F32 => "F32",
        Dtype::F16 => "F16",
        Dtype::Bf16 => "BF16",
        Dtype::F8E4m3 => "F8_E4M3",
        Dtype::F8E5m2 => "F8_E5M2",
        Dtype::F8E4m3Fnuz => "F8_E4M3FNUZ",
        Dtype::F8E5m2Fnuz => "F8_E5M2FNUZ",
        Dtype::F8E8m0 => "F8_E8M0",
        Dtype::F6E2m3 => "F6_E2M3",
        Dtype::F6E3m2 => "F6_E3M2",
        Dtype::F4 => "F4",
        Dtype::I64 => "I64",
        Dtype::I32 => "I32",
        Dtype::I16 => "I16",
        Dtype::I8 => "I8",
        Dtype::U64 => "U64",
        Dtype::U32 => "U32",
        Dtype::U16 => "U16",
        Dtype::U8 => "U8",
        Dtype::Bool => "BOOL",
        Dtype::C64 => "C64",
        _ => return None,
    })
}

struct Header<'a> {
    entries: &'a [(String, Entry<'a>)],
    told: &'a Told,
}

impl Serialize for Header<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let notes = usize::from(!self.told.is_empty());
        let mut map = serializer.serialize_map(Some(self.entries.len() + notes))?;
        if notes > 0 {
            // The format has texts alone here.
            let types = serde_json::to_string(self.told).map_err(serde::ser::Error::custom)?;
            map.serialize_entry(METADATA, &BTreeMap::from([(STORED, types)]))?;
        }
        for (name, entry) in self.entries {
            map.serialize_entry(name, entry)?;
        }
        map.end()
    }
}

struct Entry<'a> {
    dtype: &'static str,
    shape: &'a [usize],
    offsets: [u64; 2],
}

impl Serialize for Entry<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(3))?;
        map.serialize_entry("dtype", self.dtype)?;
        map.serialize_entry("shape", self.shape)?;
        map.serialize_entry("data_offsets", &self.offsets)?;
        map.end()
    }
}
