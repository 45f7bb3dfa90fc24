//! Makes tensors from arrays and slices of a Rust program.

use std::sync::Arc;

use hinton_tensor::{Dtype, Endian, Memory, Tensor, TensorError, View, element_count};
use ndarray::{ArrayBase, Data, Dimension};

use crate::Error;

mod sealed {
    pub trait Sealed: Copy {
        const DTYPE: super::Dtype;
        fn push(self, bytes: &mut Vec<u8>);
    }
}

/// A number type that tensors can hold: `f32`, `f64`, integers of 8 to 64 bits, `bool`.
pub trait Element: sealed::Sealed {}

macro_rules! element {
    ($($type:ty => $dtype:ident),*) => {$(
        impl sealed::Sealed for $type {
            const DTYPE: Dtype = Dtype::$dtype;
            fn push(self, bytes: &mut Vec<u8>) {
                bytes.extend_from_slice(&self.to_le_bytes());
            }
        }
        impl Element for $type {}
    )*};
}

element! {
    f64 => F64, f32 => F32,
    i64 => I64, i32 => I32, i16 => I16, i8 => I8,
    u64 => U64, u32 => U32, u16 => U16, u8 => U8
}

impl sealed::Sealed for bool {
    const DTYPE: Dtype = Dtype::Bool;
    fn push(self, bytes: &mut Vec<u8>) {
        bytes.push(u8::from(self));
    }
}
impl Element for bool {}

/// Makes a tensor from an `ndarray` array or view, with any number of axes and any strides. The
/// values are copied.
///
/// ```
/// let weights = ndarray::array![[0.5, -0.25], [0.0, 1.0]];
/// let picture = hinton::draw([hinton::tensor("w", &weights.view())?], &Default::default())?;
/// # Ok::<(), hinton::Error>(())
/// ```
///
/// # Errors
/// Returns an error if the array has more values than can be addressed.
pub fn tensor<T, S, D>(name: impl Into<String>, array: &ArrayBase<S, D>) -> Result<Tensor, Error>
where
    T: Element,
    S: Data<Elem = T>,
    D: Dimension,
{
    of_values(name.into(), array.shape(), array.iter().copied())
}

/// Makes a tensor from values in C order (last axis fastest). The values are copied.
///
/// # Errors
/// Returns an error if the number of values does not match the shape.
pub fn tensor_of<T: Element>(
    name: impl Into<String>,
    shape: &[usize],
    values: &[T],
) -> Result<Tensor, Error> {
    let name = name.into();
    if element_count(shape) != Some(values.len() as u64) {
        let why = format!("{} values do not fill it", values.len());
        return Err(TensorError::Shape { name, shape: shape.to_vec(), why }.into());
    }
    of_values(name, shape, values.iter().copied())
}

fn of_values<T: Element>(
    name: String,
    shape: &[usize],
    values: impl Iterator<Item = T>,
) -> Result<Tensor, Error> {
    let mut bytes = Vec::with_capacity(values.size_hint().0.saturating_mul(size_of::<T>()));
    values.for_each(|value| value.push(&mut bytes));
    let data = Arc::new(Memory::new(bytes));
    Ok(Tensor::new(name, "memory", T::DTYPE, Endian::Little, View::packed(shape), 0, data)?)
}
