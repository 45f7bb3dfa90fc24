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
        let Ok(checkpoint) = opened else { continue };
        for tensor in checkpoint.tensors {
            if tensor.elements() <= MOST_VALUES
                && let Ok(values) = tensor.to_f64()
            {
                assert_eq!(values.len() as u64, tensor.elements(), "{tensor:?}");
            }
        }
    }
}
