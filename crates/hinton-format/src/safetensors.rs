//! What readers and writers of safetensors share: the names of dtypes, and the beginning of a file
//! (<https://github.com/huggingface/safetensors#format>).

use std::collections::BTreeSet;

use hinton_tensor::Dtype;
use serde::ser::{Serialize, SerializeMap, Serializer};

/// The key of the header that holds texts instead of a tensor.
pub const METADATA: &str = "__metadata__";

/// The dtypes of safetensors 0.8 (`safetensors::Dtype`).
const DTYPES: [(&str, Dtype); 22] = [
    ("BOOL", Dtype::Bool),
    ("F4", Dtype::F4),
    ("F6_E2M3", Dtype::F6E2m3),
    ("F6_E3M2", Dtype::F6E3m2),
    ("U8", Dtype::U8),
    ("I8", Dtype::I8),
    ("F8_E5M2", Dtype::F8E5m2),
    ("F8_E4M3", Dtype::F8E4m3),
    ("F8_E8M0", Dtype::F8E8m0),
    ("F8_E4M3FNUZ", Dtype::F8E4m3Fnuz),
    ("F8_E5M2FNUZ", Dtype::F8E5m2Fnuz),
    ("I16", Dtype::I16),
    ("U16", Dtype::U16),
    ("F16", Dtype::F16),
    ("BF16", Dtype::Bf16),
    ("I32", Dtype::I32),
    ("U32", Dtype::U32),
    ("F32", Dtype::F32),
    ("C64", Dtype::C64),
    ("F64", Dtype::F64),
    ("I64", Dtype::I64),
    ("U64", Dtype::U64),
];

/// The dtype of that name.
pub fn dtype_of(name: &str) -> Option<Dtype> {
    DTYPES.iter().find(|(known, _)| *known == name).map(|(_, dtype)| *dtype)
}

/// The name of a dtype; `None` if safetensors has none for it.
pub fn dtype_name(dtype: Dtype) -> Option<&'static str> {
    DTYPES.iter().find(|(_, known)| *known == dtype).map(|(name, _)| *name)
}

/// A tensor to be written.
#[derive(Debug, Clone, Copy)]
pub struct Part<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its dtype.
    pub dtype: Dtype,
    /// Its shape.
    pub shape: &'a [usize],
    /// The length of its values in bytes.
    pub bytes: u64,
}

/// Why tensors cannot be in one file, and the index of the first that cannot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unfit {
    /// The name is [`METADATA`].
    KeptName(usize),
    /// An earlier one has the same name.
    SameName(usize),
    /// There is no name for its dtype.
    Dtype(usize),
    /// 64 bits cannot count the bytes.
    TooLarge(usize),
}

/// The beginning of a file: the length of the header, and the header, padded with spaces to a multiple of
/// 8 bytes. The values of the tensors follow, one behind the other. `metadata` are texts about the file.
///
/// # Errors
/// Says what is wrong with which tensor.
pub fn beginning(metadata: &[(&str, String)], parts: &[Part<'_>]) -> Result<Vec<u8>, Unfit> {
    let (mut entries, mut names, mut offset) = (Vec::new(), BTreeSet::new(), 0u64);
    for (at, part) in parts.iter().enumerate() {
        if part.name == METADATA {
            return Err(Unfit::KeptName(at));
        }
        if !names.insert(part.name) {
            return Err(Unfit::SameName(at));
        }
        let dtype = dtype_name(part.dtype).ok_or(Unfit::Dtype(at))?;
        let end = offset.checked_add(part.bytes).ok_or(Unfit::TooLarge(at))?;
        entries.push((part.name, Entry { dtype, shape: part.shape, offsets: [offset, end] }));
        offset = end;
    }
    // Texts and numbers alone: nothing of this fails.
    let mut header = serde_json::to_vec(&Header { metadata, entries }).unwrap_or_default();
    header.resize(header.len().next_multiple_of(8), b' ');
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.append(&mut header);
    Ok(bytes)
}

struct Header<'a> {
    metadata: &'a [(&'a str, String)],
    entries: Vec<(&'a str, Entry<'a>)>,
}

impl Serialize for Header<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if !self.metadata.is_empty() {
            map.serialize_entry(METADATA, &Texts(self.metadata))?;
        }
        for (name, entry) in &self.entries {
            map.serialize_entry(name, entry)?;
        }
        map.end()
    }
}

struct Texts<'a>(&'a [(&'a str, String)]);

impl Serialize for Texts<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, text)| (key, text)))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn part(name: &str, dtype: Dtype, bytes: u64) -> Part<'_> {
        Part { name, dtype, shape: &[2, 3], bytes }
    }

    #[test]
    fn a_beginning_has_these_bytes() {
        let parts = [part("b\"", Dtype::F32, 24), part("a", Dtype::F8E4m3, 6)];
        let bytes = beginning(&[("step", "7".to_owned())], &parts).unwrap();
        let header = r#"{"__metadata__":{"step":"7"},"b\"":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},"a":{"dtype":"F8_E4M3","shape":[2,3],"data_offsets":[24,30]}}"#;
        assert_eq!(bytes[..8], (header.len().next_multiple_of(8) as u64).to_le_bytes());
        let text = std::str::from_utf8(&bytes[8..]).unwrap();
        assert_eq!((text.trim_end_matches(' '), text.len() % 8), (header, 0));
        assert_eq!(beginning(&[], &[]).unwrap(), b"\x08\0\0\0\0\0\0\0{}      ");
    }

    #[test]
    fn what_one_file_cannot_hold_is_told_by_its_place() {
        let one = part("a", Dtype::F32, 24);
        for (second, expected) in [
            (part(METADATA, Dtype::F32, 24), Unfit::KeptName(1)),
            (part("a", Dtype::F32, 24), Unfit::SameName(1)),
            (part("b", Dtype::C128, 24), Unfit::Dtype(1)),
            (part("b", Dtype::F32, u64::MAX), Unfit::TooLarge(1)),
        ] {
            assert_eq!(beginning(&[], &[one, second]), Err(expected));
        }
    }

    #[test]
    fn a_dtype_has_one_name() {
        for (name, dtype) in DTYPES {
            assert_eq!((dtype_of(name), dtype_name(dtype)), (Some(dtype), Some(name)));
        }
    }
}
