//! How a tensor's values are stored, where that is no array of its dtype.

use std::sync::Arc;

use crate::Bytes;

/// What the file has instead of an array of the tensor's dtype: blocks of codes with scales, say.
/// The tensor's own bytes are then the decoded values.
#[derive(Clone)]
pub struct Stored {
    /// What people call it: `Q4_K`, `GPTQ`.
    name: &'static str,
    /// The bytes as stored; `None` where the tensor is computed from others of the same file, which
    /// hold the bytes.
    raw: Option<Arc<dyn Bytes>>,
    /// Values that the stored bytes stand for.
    elements: u64,
}

impl Stored {
    /// Stored as `raw`, which stands for `elements` values.
    pub fn encoded(name: &'static str, raw: Arc<dyn Bytes>, elements: u64) -> Self {
        Stored { name, raw: Some(raw), elements }
    }

    /// Not stored: computed from other tensors of the file.
    pub fn derived(name: &'static str) -> Self {
        Stored { name, raw: None, elements: 0 }
    }

    /// What people call it: `Q4_K`, `GPTQ`.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The bytes as stored, of the whole tensor; `None` where it is [derived](Stored::derived).
    pub fn raw(&self) -> Option<&Arc<dyn Bytes>> {
        self.raw.as_ref()
    }

    /// Stored bytes of `elements` of the values: their share, rounded up.
    pub(crate) fn bytes_of(&self, elements: u64) -> u64 {
        let whole = self.raw.as_ref().map_or(0, |raw| raw.len());
        let share = u128::from(whole) * u128::from(elements);
        share.div_ceil(u128::from(self.elements.max(1))).try_into().unwrap_or(u64::MAX)
    }
}
