//! How a tensor is stored, if not as a plain array of its dtype.

use std::sync::Arc;

use crate::examine::Look;
use crate::{Bytes, Components, Dtype, Endian, Tensor, TensorError, View};

/// What the file holds in place of an array of the tensor's dtype, such as blocks of codes with
/// scales. The tensor's own bytes are then the decoded values.
#[derive(Clone)]
pub struct Stored {
    /// What people call it: `Q4_K`, `GPTQ`.
    name: &'static str,
    how: How,
    look: Option<Arc<dyn Look>>,
    components: Option<Arc<dyn Components>>,
}

#[derive(Clone)]
enum How {
    Blocks(Blocks),
    /// Computed from these tensors of the same file, which hold the bytes.
    Derived(Arc<[Tensor]>),
}

/// Values in contiguous blocks of equal size, in C order.
#[derive(Clone)]
pub struct Blocks {
    /// The stored bytes of the whole tensor.
    pub raw: Arc<dyn Bytes>,
    /// Number of values that they decode to.
    pub elements: u64,
    /// Number of values per block, at least 1; each row is a whole number of blocks.
    pub values: u64,
    /// Number of bytes per block, at least 1.
    pub bytes: u64,
    /// Byte order of the numbers in a block.
    pub endian: Endian,
}

impl Stored {
    /// Describes a tensor that is stored in blocks.
    pub fn in_blocks(name: &'static str, blocks: Blocks) -> Self {
        Stored { name, how: How::Blocks(blocks), look: None, components: None }
    }

    /// Describes a tensor that is not stored, but computed from `parts`, other tensors of the file.
    pub fn derived(name: &'static str, parts: impl Into<Arc<[Tensor]>>) -> Self {
        Stored { name, how: How::Derived(parts.into()), look: None, components: None }
    }

    /// Its common name: `Q4_K`, `GPTQ`.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The stored blocks of the whole tensor; `None` if it is [derived](Stored::derived).
    pub fn blocks(&self) -> Option<&Blocks> {
        match &self.how {
            How::Blocks(blocks) => Some(blocks),
            How::Derived(_) => None,
        }
    }

    /// The tensors that it is computed from; none if it is stored in blocks.
    pub fn parts(&self) -> &[Tensor] {
        match &self.how {
            How::Blocks(_) => &[],
            How::Derived(parts) => parts,
        }
    }

    /// The same, with a way to examine its blocks.
    pub fn looked_at(mut self, look: Arc<dyn Look>) -> Self {
        self.look = Some(look);
        self
    }

    /// A way to examine its blocks, if there is one.
    pub fn look(&self) -> Option<&dyn Look> {
        self.look.as_deref()
    }

    /// The same, with access to its codes and scales.
    pub fn made_of(mut self, components: Arc<dyn Components>) -> Self {
        self.components = Some(components);
        self
    }

    /// Access to its codes and scales, if there is one.
    pub fn components(&self) -> Option<&dyn Components> {
        self.components.as_deref()
    }

    /// Stored bytes of `elements` of the values: their share, rounded up.
    pub(crate) fn bytes_of(&self, elements: u64) -> u64 {
        let Some(blocks) = self.blocks() else { return 0 };
        let share = u128::from(blocks.raw.len()) * u128::from(elements);
        share.div_ceil(u128::from(blocks.elements.max(1))).try_into().unwrap_or(u64::MAX)
    }
}

impl Tensor {
    /// The stored bytes of its blocks, as `u8` with the same axes, the last one counted in bytes;
    /// `None` if the tensor is not stored in [blocks](Stored::blocks).
    ///
    /// # Errors
    /// Returns [`TensorError::Shape`] for a slice that cuts through blocks or moves their axis.
    pub fn as_blocks(&self) -> Result<Option<Tensor>, TensorError> {
        let Some(blocks) = self.stored().and_then(Stored::blocks) else { return Ok(None) };
        let view = block_view(self.view(), blocks).ok_or_else(|| {
            let (name, values) = (self.stored_type(), blocks.values);
            self.shape_error(format!(
                "blocks of {name} hold {values} values each along the last axis, and the slice \
                 cuts or turns them"
            ))
        })?;
        let (file, data) = (self.file(), blocks.raw.clone());
        Tensor::new(self.name(), file, Dtype::U8, Endian::Little, view, 0, data).map(Some)
    }
}

/// The view of values as one of bytes; `None` where it does not take whole blocks.
fn block_view(view: &View, blocks: &Blocks) -> Option<View> {
    let (&last, lead) = view.shape.split_last()?;
    let (&step, strides) = view.strides.split_last()?;
    if view.elements() == 0 {
        let mut shape = lead.to_vec();
        shape.push(bytes_of(last as u64, blocks)?.try_into().ok()?);
        return Some(View::packed(&shape));
    }
    if step != 1 && last != 1 || !last.is_multiple_of(usize::try_from(blocks.values).ok()?) {
        return None;
    }
    let mut in_bytes = Vec::with_capacity(view.shape.len());
    for (stride, len) in strides.iter().zip(lead) {
        let bytes = bytes_of(stride.unsigned_abs(), blocks).or((*len == 1).then_some(0))?;
        in_bytes.push(i64::try_from(bytes).ok()?.checked_mul(stride.signum())?);
    }
    in_bytes.push(1);
    let mut shape = lead.to_vec();
    shape.push(bytes_of(last as u64, blocks)?.try_into().ok()?);
    Some(View { shape, strides: in_bytes, offset: bytes_of(view.offset, blocks)? })
}

/// Bytes of this many values, where they are whole blocks.
fn bytes_of(values: u64, blocks: &Blocks) -> Option<u64> {
    let whole = values.is_multiple_of(blocks.values.max(1));
    whole.then(|| (values / blocks.values.max(1)).checked_mul(blocks.bytes)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Memory;

    /// 3 rows of 8 values in blocks of 4 values and 2 bytes: the bytes are 0, 1, 2 …
    fn blocks() -> Tensor {
        let raw = Arc::new(Memory::new((0..12).collect::<Vec<u8>>()));
        let values: Vec<f32> = (0..24).map(|value| value as f32).collect();
        let endian = Endian::Little;
        let blocks = Blocks { raw, elements: 24, values: 4, bytes: 2, endian };
        let stored = Stored::in_blocks("B4", blocks);
        Tensor::from_f32("w", &[3, 8], &values).unwrap().stored_as(stored)
    }

    #[test]
    fn blocks_are_rows_of_bytes() {
        let whole = blocks().as_blocks().unwrap().unwrap();
        assert_eq!((whole.shape(), whole.dtype(), whole.name()), (&[3, 4][..], Dtype::U8, "w"));
        assert_eq!(whole.packed_bytes().unwrap(), (0..12).collect::<Vec<u8>>());
        assert!(whole.stored().is_none());
    }

    #[test]
    fn slices_of_whole_blocks_are_theirs() {
        let bytes = |slice: &str| {
            let part = blocks().slice(&slice.parse().unwrap()).unwrap().as_blocks().unwrap();
            let part = part.unwrap();
            (part.shape().to_vec(), part.packed_bytes().unwrap())
        };
        assert_eq!(bytes("[1]"), (vec![4], vec![4, 5, 6, 7]));
        assert_eq!(bytes("[::-2]"), (vec![2, 4], vec![8, 9, 10, 11, 0, 1, 2, 3]));
        assert_eq!(bytes("[:,4:]"), (vec![3, 2], vec![2, 3, 6, 7, 10, 11]));
        assert_eq!(bytes("[3:]"), (vec![0, 4], vec![]));
    }

    #[test]
    fn a_slice_that_cuts_blocks_is_refused() {
        for slice in ["[:,1:]", "[:,::2]", "[:,::-1]", "[0,0]", "[:,2:6]"] {
            let part = blocks().slice(&slice.parse().unwrap()).unwrap();
            let error = part.as_blocks().unwrap_err().to_string();
            assert!(error.contains("blocks of B4 hold 4 values"), "{slice}: {error}");
        }
        assert!(blocks().transpose().unwrap().as_blocks().is_err());
    }
}
