//! Tensors: a name, a dtype, a shape, and values that are read on request.

use std::str::FromStr;

use hinton::Selected;
use hinton::tensors::Slice;
use pyo3::buffer::PyBuffer;
use pyo3::exceptions::{PyIndexError, PyValueError};
use pyo3::prelude::*;

use crate::errors::with_cure;

/// A tensor of a file or of memory, or a slice of one.
#[pyclass(frozen, module = "hinton._hinton")]
pub(crate) struct Tensor(pub(crate) Selected);

impl Tensor {
    pub(crate) fn whole(tensor: hinton::Tensor) -> Self {
        Tensor(Selected::whole(tensor))
    }
}

impl Tensor {
    fn no_slice(&self, message: String) -> PyErr {
        let cure = format!("its shape is {:?}", self.0.tensor.shape());
        with_cure(PyIndexError::new_err(message), Some(&cure))
    }
}

#[pymethods]
impl Tensor {
    /// The name, and the slice where it is one: `fc1.weight[0:3]`.
    #[getter]
    fn name(&self) -> String {
        self.0.label()
    }

    /// The type of the values: `f32`, `bf16` …
    #[getter]
    fn dtype(&self) -> &'static str {
        self.0.tensor.dtype().name()
    }

    /// The type as the file stores it: `Q4_K` for values that are decoded when they are read.
    #[getter]
    fn stored(&self) -> &'static str {
        self.0.tensor.stored_type()
    }

    /// Length of each axis.
    #[getter]
    fn shape<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, pyo3::types::PyTuple>> {
        pyo3::types::PyTuple::new(py, self.0.tensor.shape())
    }

    /// Bytes in the file.
    #[getter]
    fn nbytes(&self) -> u64 {
        self.0.tensor.stored_len()
    }

    /// The file that holds it.
    #[getter]
    fn file(&self) -> &str {
        self.0.tensor.file()
    }

    /// The address of the first value, where it lies in the memory that another object lent.
    #[getter]
    fn address(&self) -> u64 {
        let tensor = &self.0.tensor;
        let size = tensor.dtype().bits() / 8;
        tensor.data().place(tensor.start() + tensor.view().offset * size).1
    }

    /// The values that a slice in numpy's notation (`[0,:,::2]`) takes, as a view.
    fn slice(&self, text: &str) -> PyResult<Tensor> {
        let slice = Slice::from_str(text).map_err(|error| self.no_slice(error.to_string()))?;
        let part = Selected::sliced(&self.0.tensor, &slice);
        Ok(Tensor(part.map_err(|error| self.no_slice(error.to_string()))?))
    }

    /// Writes the values, packed in C order, into an array of bytes of just that size: as they are, or
    /// as `f32` where `as_f32` says so, for types that numpy does not have.
    fn read_into(&self, py: Python<'_>, target: &Bound<'_, PyAny>, as_f32: bool) -> PyResult<()> {
        let target = PyBuffer::<u8>::get(target)?;
        let bytes = crate::work::run(py, |_| {
            let tensor = &self.0.tensor;
            Ok(match as_f32 {
                true => tensor.to_f32()?.iter().flat_map(|value| value.to_le_bytes()).collect(),
                false => tensor.packed_bytes()?,
            })
        })?;
        if bytes.len() != target.len_bytes() {
            let message = format!("{} bytes for {}", bytes.len(), target.len_bytes());
            return Err(PyValueError::new_err(message));
        }
        target.copy_from_slice(py, &bytes)
    }

    /// The same under another name.
    fn named(&self, name: &str) -> Tensor {
        let mut named = self.0.clone();
        named.tensor = named.tensor.named(name);
        Tensor(named)
    }
}
