//! The components of quantised values: `value = scale × code + offset`.

use std::sync::Arc;

use crate::{Bytes, Dtype, Endian, Stored, Tensor, TensorError, View};

/// One of the numbers that make up a quantised value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Component {
    /// The numbers that codes stand for before scaling: in most types integers, one per value.
    Codes,
    /// The factors that codes are multiplied by, one per block.
    Scales,
    /// The constants that are added after scaling, one per block; only some types have them.
    Offsets,
}

impl Component {
    /// All components.
    pub const ALL: [Component; 3] = [Component::Codes, Component::Scales, Component::Offsets];

    /// The name of the component: `codes`, `scales`, `offsets`.
    pub fn word(self) -> &'static str {
        match self {
            Component::Codes => "codes",
            Component::Scales => "scales",
            Component::Offsets => "offsets",
        }
    }

    /// The component with this [name](Component::word).
    pub fn of_word(word: &str) -> Option<Self> {
        Component::ALL.into_iter().find(|component| component.word() == word)
    }
}

/// Access to the components of a quantised tensor.
pub trait Components: Send + Sync {
    /// Number of values that share a scale, at least 1: neighbours along the axis with the smallest
    /// stride.
    fn block(&self) -> usize;

    /// The values of a component as little-endian `f32`, in the order of the data: one code per
    /// value, one scale or offset per block. `None` if the type does not have this component.
    fn component(&self, component: Component) -> Option<Arc<dyn Bytes>>;
}

impl Tensor {
    /// The components of this tensor, if it is quantised in a type that hinton can take apart.
    pub fn components(&self) -> Vec<Component> {
        let Some(components) = self.stored().and_then(Stored::components) else {
            return Vec::new();
        };
        let has = |component: &Component| components.component(*component).is_some();
        Component::ALL.into_iter().filter(has).collect()
    }

    /// The number of values along each axis that share a scale; `None` if the tensor has no scales.
    pub fn block_shape(&self) -> Option<Vec<usize>> {
        let components = self.stored().and_then(Stored::components)?;
        let mut block = vec![1; self.shape().len()];
        *block.get_mut(*by_stride(self.view()).last()?)? = components.block();
        Some(block)
    }

    /// A component as a tensor, named `NAME@codes` and so on; `None` if this tensor does not have
    /// it. Codes have the shape of the tensor; scales and offsets have one value per block.
    ///
    /// # Errors
    /// Returns [`TensorError::Shape`] for a slice: take the component first, and slice it then.
    pub fn component(&self, component: Component) -> Result<Option<Tensor>, TensorError> {
        let Some(stored) = self.stored() else { return Ok(None) };
        let Some(components) = stored.components() else { return Ok(None) };
        let Some(data) = components.component(component) else { return Ok(None) };
        if self.byte_len() != self.data().len() {
            let why = format!("{} are taken of the whole tensor only", component.word());
            return Err(self.shape_error(why));
        }
        let mut shape = self.shape().to_vec();
        let order = by_stride(self.view());
        if component != Component::Codes
            && let Some(axis) = order.last()
        {
            shape[*axis] = shape[*axis].div_ceil(components.block().max(1));
        }
        let mut view = View::packed(&shape);
        let mut stride = 1;
        for &axis in order.iter().rev() {
            view.strides[axis] = stride;
            stride = stride.saturating_mul(shape[axis] as i64);
        }
        let name = format!("{}@{}", self.name(), component.word());
        let tensor = Tensor::new(name, self.file(), Dtype::F32, Endian::Little, view, 0, data)?;
        let remark = match component {
            Component::Codes => "what codes stand for before they are scaled",
            Component::Scales => "one a block: what its codes are multiplied by",
            Component::Offsets => "one a block: what is added to its scaled codes",
        };
        let remark = format!("{}: {remark}", stored.name());
        Ok(Some(tensor.stored_as(Stored::derived(component.word(), [])).remarked(remark)))
    }
}

/// The axes, the one whose neighbours lie farthest apart first.
fn by_stride(view: &View) -> Vec<usize> {
    let mut axes: Vec<usize> = (0..view.shape.len()).collect();
    axes.sort_by_key(|&axis| std::cmp::Reverse(view.strides[axis].unsigned_abs()));
    axes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Memory;

    /// Codes 0, 1, 2 …, scales 10, 11, 12 …, in blocks of two.
    struct Pairs(u64);

    impl Components for Pairs {
        fn block(&self) -> usize {
            2
        }

        fn component(&self, component: Component) -> Option<Arc<dyn Bytes>> {
            let (first, count) = match component {
                Component::Codes => (0, self.0),
                Component::Scales => (10, self.0 / 2),
                Component::Offsets => return None,
            };
            let values = (first..first + count).flat_map(|value| (value as f32).to_le_bytes());
            Some(Arc::new(Memory::new(values.collect::<Vec<u8>>())))
        }
    }

    fn quantised() -> Tensor {
        let tensor = Tensor::from_f32("w", &[3, 4], &[0.; 12]).unwrap();
        let stored = Stored::derived("PAIRS", []).made_of(Arc::new(Pairs(12)));
        tensor.stored_as(stored)
    }

    #[test]
    fn codes_have_the_shape_and_scales_one_a_block() {
        let tensor = quantised();
        assert_eq!(tensor.components(), [Component::Codes, Component::Scales]);
        assert_eq!(tensor.block_shape(), Some(vec![1, 2]));
        let codes = tensor.component(Component::Codes).unwrap().unwrap();
        assert_eq!((codes.name(), codes.shape()), ("w@codes", &[3, 4][..]));
        assert_eq!(codes.to_f32().unwrap(), (0..12).map(|value| value as f32).collect::<Vec<_>>());
        let scales = tensor.component(Component::Scales).unwrap().unwrap();
        assert_eq!((scales.shape(), scales.stored_type()), (&[3, 2][..], "scales"));
        assert_eq!(scales.to_f32().unwrap(), [10., 11., 12., 13., 14., 15.]);
        assert!(tensor.component(Component::Offsets).unwrap().is_none());
    }

    #[test]
    fn blocks_follow_a_transposed_tensor() {
        let tensor = quantised().transpose().unwrap();
        assert_eq!(tensor.block_shape(), Some(vec![2, 1]));
        let scales = tensor.component(Component::Scales).unwrap().unwrap();
        assert_eq!(scales.shape(), [2, 3]);
        assert_eq!(scales.to_f32().unwrap(), [10., 12., 14., 11., 13., 15.]);
    }

    #[test]
    fn slices_and_plain_tensors_have_none() {
        let part = quantised().slice(&"[1:]".parse().unwrap()).unwrap();
        let error = part.component(Component::Codes).unwrap_err().to_string();
        assert!(error.contains("codes are taken of the whole tensor only"), "{error}");
        let plain = Tensor::from_f32("w", &[1], &[0.]).unwrap();
        assert!(plain.components().is_empty() && plain.block_shape().is_none());
        assert!(plain.component(Component::Scales).unwrap().is_none());
    }
}
