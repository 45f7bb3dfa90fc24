//! What every target does: open the bytes as one format, then read every value.

pub mod amplify;

use std::sync::Arc;

use hinton_format::formats::open_as;
use hinton_format::source::{InMemory, Location};
use hinton_format::{Checkpoint, FORMATS, Input, Limits};
use hinton_tensor::Memory;
use hinton_view::{Quiet, Viewer};

/// Most values that are read of a tensor; a few bytes can honestly stand for many (strides of 0).
const MOST_VALUES: u64 = 1 << 16;

/// Opens the bytes as the format of that row, whatever they look like, and once more as whatever
/// they look like.
pub fn open(format: &str, bytes: &[u8]) {
    let limits = limits();
    let data = Arc::new(Memory::new(bytes));
    let input = Input { name: format!("fuzz.{format}"), path: None, data };
    let row = FORMATS.iter().find(|row| row.name == format).expect("a row of that name");
    for opened in [open_as(row, &input, &limits), hinton_format::open_input(&input, &limits)] {
        let Ok(checkpoint) = opened else { continue };
        read(checkpoint);
    }
}

/// As [`open`], and once more with the values in a file beside it: the bytes are the model, a byte 0, and
/// the values.
pub fn open_beside(format: &str, model: &str, values: &str, bytes: &[u8]) {
    open(format, bytes);
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    let files = [(model, &bytes[..end]), (values, bytes.get(end + 1..).unwrap_or_default())];
    let files = files.map(|(name, bytes)| (name.to_owned(), Arc::from(bytes)));
    let folder = Location::remote("fuzz", Arc::new(InMemory(files.into())));
    let Ok(input) = Input::at(&folder.join(model)) else { return };
    if let Ok(checkpoint) = hinton_format::open_input(&input, &limits()) {
        read(checkpoint);
    }
}

/// The bytes with the CRC-32 of those before the last four in these: what changes bytes at random never
/// gets past a checksum.
pub fn with_checksum(bytes: &[u8]) -> Vec<u8> {
    let body = &bytes[..bytes.len().saturating_sub(4)];
    let mut crc = !0u32;
    for byte in body {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    [body, &(!crc).to_le_bytes()].concat()
}

/// Opens files as the folder that they make, and reads every value.
pub fn open_files(files: &[(&str, &[u8])]) {
    let files = files.iter().map(|(name, bytes)| ((*name).to_owned(), Arc::from(*bytes)));
    let folder = Arc::new(InMemory(files.collect()));
    if let Ok(Some(checkpoint)) = hinton_format::open_folder("fuzz", folder, &limits()) {
        read(checkpoint);
    }
}

/// Asks a viewer of a small model: the bytes are a route and a query, as in `tiles?q=0.r.0.0.0`.
pub fn ask(bytes: &[u8]) {
    thread_local! {
        static VIEWER: Viewer = viewer();
    }
    let Ok(question) = std::str::from_utf8(bytes) else { return };
    let (route, query) = question.split_once('?').unwrap_or((question, ""));
    let answer = VIEWER.with(|viewer| viewer.answer(route, query, &Quiet));
    if let Err(refusal) = answer {
        assert!(!refusal.as_json().is_empty(), "{question}");
    }
}

/// Of a matrix and a vector.
fn viewer() -> Viewer {
    let header = br#"{"w":{"dtype":"F32","shape":[40,30],"data_offsets":[0,4800]},"b":{"dtype":"F32","shape":[30],"data_offsets":[4800,4920]}}"#;
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header);
    bytes.extend((0..1230u32).flat_map(|value| (value as f32 - 600.0).to_le_bytes()));
    let input =
        Input { name: "w.safetensors".to_owned(), path: None, data: Arc::new(Memory::new(bytes)) };
    let checkpoint = hinton_format::open_input(&input, &limits()).expect("a file of our own opens");
    Viewer::of(vec![checkpoint], 1)
}

/// Two parts of the bytes; the first byte says how long the first is.
pub fn halves(bytes: &[u8]) -> (&[u8], &[u8]) {
    let Some((share, rest)) = bytes.split_first() else { return (&[], &[]) };
    rest.split_at(rest.len() * usize::from(*share) / 255)
}

/// A block of OCDBT that is not packed, with its length and checksum.
pub fn block(magic: u32, body: &[u8]) -> Vec<u8> {
    let mut out = magic.to_be_bytes().to_vec();
    out.extend((body.len() as u64 + 18).to_le_bytes());
    out.extend([0, 0]);
    out.extend(body);
    let mut crc = !0u32;
    for byte in &out {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0x82f6_3b78 } else { crc >> 1 };
        }
    }
    out.extend((!crc).to_le_bytes());
    out
}

fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.header_bytes = 1 << 20;
    limits.inflate_bytes = 1 << 16;
    limits.held_bytes = 1 << 20;
    limits.fields = 1 << 18;
    limits.text_bytes = 1 << 20;
    limits.pickle_steps = 1 << 16;
    limits
}

/// Opens the bytes as what gzip, zstd or xz packed: read as whatever the name says, which needs no
/// first bytes.
pub fn open_packed(bytes: &[u8]) {
    for (start, name) in
        [(&b"\x1f\x8b\x08"[..], "gz"), (b"\x28\xb5\x2f\xfd", "zst"), (b"\xfd7zXZ\0", "xz")]
    {
        let bytes = [start, bytes].concat();
        for inflate_bytes in [1 << 8, 1 << 16] {
            let mut limits = Limits::default();
            limits.inflate_bytes = inflate_bytes;
            limits.held_bytes = 1 << 20;
            limits.text_bytes = 1 << 20;
            let data = Arc::new(Memory::new(bytes.clone()));
            let input = Input { name: format!("fuzz.csv.{name}"), path: None, data };
            if let Ok(checkpoint) = hinton_format::open_input(&input, &limits) {
                read(checkpoint);
            }
        }
    }
}

fn read(checkpoint: Checkpoint) {
    for tensor in checkpoint.tensors {
        if tensor.elements() <= MOST_VALUES
            && let Ok(values) = tensor.to_f64()
        {
            assert_eq!(values.len() as u64, tensor.elements(), "{tensor:?}");
        }
    }
}
