//! What every target does: open the bytes as one format, then read every value.

use std::sync::Arc;

use hinton_format::{FORMATS, Input, Limits};
use hinton_tensor::Memory;

/// Most values that are read of a tensor; a few bytes can honestly stand for many (strides of 0).
const MOST_VALUES: u64 = 1 << 16;

/// Opens the bytes as the format of that row, whatever they look like, and once more as whatever
/// they look like.
pub fn open(format: &str, bytes: &[u8]) {
    let mut limits = Limits::default();
    limits.header_bytes = 1 << 20;
    limits.inflate_bytes = 1 << 16;
    limits.held_bytes = 1 << 20;
    limits.fields = 1 << 18;
    limits.text_bytes = 1 << 20;
    limits.pickle_steps = 1 << 16;
    let data = Arc::new(Memory::new(bytes));
    let input = Input { name: format!("fuzz.{format}"), path: None, data };
    let row = FORMATS.iter().find(|row| row.name == format).expect("a row of that name");
    for opened in [(row.open)(&input, &limits), hinton_format::open_input(&input, &limits)] {
        read(opened);
    }
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
            read(hinton_format::open_input(&input, &limits));
        }
    }
}

fn read(opened: Result<hinton_format::Checkpoint, hinton_format::Error>) {
    let Ok(checkpoint) = opened else { return };
    for tensor in checkpoint.tensors {
        if tensor.elements() <= MOST_VALUES
            && let Ok(values) = tensor.to_f64()
        {
            assert_eq!(values.len() as u64, tensor.elements(), "{tensor:?}");
        }
    }
}
