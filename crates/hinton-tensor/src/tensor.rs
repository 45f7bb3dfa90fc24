//! A tensor: a name, a dtype, a view, and the bytes that hold the values.

use std::sync::Arc;

use crate::{
    Bytes, Dtype, Endian, FilePart, Index, Memory, Slice, Stored, SummaryPart, TensorError, View,
    decode, element_count,
};

/// A named tensor whose values are in some bytes and have not been read yet.
///
/// Cheap to clone. Slicing, transposing and reshaping give new views of the same bytes.
#[derive(Clone)]
pub struct Tensor {
    name: String,
    file: Arc<str>,
    dtype: Dtype,
    endian: Endian,
    view: View,
    start: u64,
    data: Arc<dyn Bytes>,
    stored: Option<Arc<Stored>>,
    remark: Option<Arc<str>>,
    known: Option<Arc<SummaryPart>>,
    file_parts: Arc<[FilePart]>,
}

impl std::fmt::Debug for Tensor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tensor")
            .field("name", &self.name)
            .field("dtype", &self.dtype)
            .field("shape", &self.view.shape)
            .finish_non_exhaustive()
    }
}

impl Tensor {
    /// A tensor whose element 0 is at byte `start` of `data`. Checks that the view stays inside the
    /// data.
    ///
    /// `file` names the file, for the user and in errors. Dtypes narrower than a byte must be
    /// packed in C order, and the first value must begin at a byte boundary.
    ///
    /// # Errors
    /// [`TensorError::OutOfBytes`] or [`TensorError::TooManyElements`].
    pub fn new(
        name: impl Into<String>,
        file: impl Into<Arc<str>>,
        dtype: Dtype,
        endian: Endian,
        view: View,
        start: u64,
        data: Arc<dyn Bytes>,
    ) -> Result<Self, TensorError> {
        let (name, file) = (name.into(), file.into());
        let tensor = Tensor {
            name,
            file,
            dtype,
            endian,
            view,
            start,
            data,
            stored: None,
            remark: None,
            known: None,
            file_parts: [].into(),
        };
        tensor.check()?;
        Ok(tensor)
    }

    /// A packed little-endian tensor with values in memory.
    ///
    /// # Errors
    /// Returns [`TensorError::Shape`] if the number of values does not match `shape`.
    pub fn from_f32(
        name: impl Into<String>,
        shape: &[usize],
        values: &[f32],
    ) -> Result<Self, TensorError> {
        let name = name.into();
        if element_count(shape) != Some(values.len() as u64) {
            let why = format!("{} values do not fill it", values.len());
            return Err(TensorError::Shape { name, shape: shape.to_vec(), why });
        }
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        let data = Arc::new(Memory::new(bytes));
        Tensor::new(name, "memory", Dtype::F32, Endian::Little, View::packed(shape), 0, data)
    }

    fn check(&self) -> Result<(), TensorError> {
        let View { shape, strides, .. } = &self.view;
        let elements = element_count(shape).ok_or_else(|| TensorError::TooManyElements {
            name: self.name.clone(),
            shape: shape.clone(),
        })?;
        if shape.len() != strides.len() {
            return Err(self.shape_error(format!(
                "{} strides for {} axes",
                strides.len(),
                shape.len()
            )));
        }
        if elements == 0 {
            return Ok(());
        }
        let bits = self.dtype.bits();
        let on_border = self.view.offset.checked_mul(bits).is_some_and(|at| at.is_multiple_of(8));
        let readable = self.dtype.is_byte_sized() || (self.view.is_packed() && on_border);
        if !readable {
            let why = format!("{} can only be read packed and from a whole byte on", self.dtype);
            return Err(self.shape_error(why));
        }
        let end = self.view.reach().and_then(|(_, high)| {
            let bytes = self.dtype.bytes_of(high.checked_add(1)?)?;
            self.start.checked_add(bytes)
        });
        match end {
            Some(end) if end <= self.data.len() => Ok(()),
            _ => Err(TensorError::OutOfBytes {
                name: self.name.clone(),
                shape: shape.clone(),
                dtype: self.dtype.name(),
                needs: match end {
                    Some(end) => format!("{}..{end}", self.start),
                    None => "below zero or past 2^63".to_owned(),
                },
                have: self.data.len(),
            }),
        }
    }

    /// Its name, exactly as in the file. Escape it before you show it: it may contain control
    /// characters.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The file that holds it, as it is shown to the user.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The dtype of its values.
    pub fn dtype(&self) -> Dtype {
        self.dtype
    }

    /// The byte order of its values.
    pub fn endian(&self) -> Endian {
        self.endian
    }

    /// Length of each axis; empty for a single number.
    pub fn shape(&self) -> &[usize] {
        &self.view.shape
    }

    /// Shape, strides and offset.
    pub fn view(&self) -> &View {
        &self.view
    }

    /// The byte of `data` at which element 0 of the underlying storage begins.
    pub fn start(&self) -> u64 {
        self.start
    }

    /// The bytes that hold its values.
    pub fn data(&self) -> &Arc<dyn Bytes> {
        &self.data
    }

    /// Number of values.
    pub fn elements(&self) -> u64 {
        self.view.elements()
    }

    /// Size of its values in bytes, packed (not the size of storage that it may share with others).
    pub fn byte_len(&self) -> u64 {
        self.dtype.bytes_of(self.elements()).unwrap_or(u64::MAX)
    }

    /// How its values are stored, if not as a plain array of its dtype (a quantised tensor, whose
    /// dtype is that of the decoded values).
    pub fn stored(&self) -> Option<&Stored> {
        self.stored.as_deref()
    }

    /// The name of the type in the file: that of the [stored](Tensor::stored) values, else the
    /// dtype's.
    pub fn stored_type(&self) -> &'static str {
        self.stored().map_or(self.dtype.name(), Stored::name)
    }

    /// Size in the file, in bytes: that of the [stored](Tensor::stored) values (for a slice, its
    /// share of it), else [`byte_len`](Tensor::byte_len). Zero for values that are computed from
    /// other tensors.
    pub fn stored_len(&self) -> u64 {
        match &self.stored {
            Some(stored) => stored.bytes_of(self.elements()),
            None => self.byte_len(),
        }
    }

    /// Whether it is computed from other tensors of its file, and so not counted in the file's
    /// totals.
    pub fn is_derived(&self) -> bool {
        self.stored.as_ref().is_some_and(|stored| stored.blocks().is_none())
    }

    /// The same tensor, with a description of how it is stored.
    pub fn stored_as(mut self, stored: Stored) -> Self {
        self.stored = Some(Arc::new(stored));
        self
    }

    /// What the user must know to interpret its values, in a few words: for example, that they are
    /// packed codes.
    pub fn remark(&self) -> Option<&str> {
        self.remark.as_deref()
    }

    /// The same tensor with a [remark](Tensor::remark).
    pub fn remarked(mut self, remark: impl Into<Arc<str>>) -> Self {
        self.remark = Some(remark.into());
        self
    }

    /// Its statistics, if they came with it in place of its values.
    pub fn known(&self) -> Option<&SummaryPart> {
        self.known.as_deref()
    }

    /// The same tensor, with statistics that are used in place of reading its values.
    pub fn with_known(mut self, part: SummaryPart) -> Self {
        self.known = Some(Arc::new(part));
        self
    }

    /// Which of its values are in which file, if several files hold it together; empty if one does.
    pub fn file_parts(&self) -> &[FilePart] {
        &self.file_parts
    }

    /// The same tensor with the files that hold it together, each value in one of them.
    pub fn with_file_parts(mut self, parts: impl Into<Arc<[FilePart]>>) -> Self {
        self.file_parts = parts.into();
        self
    }

    /// The same tensor with another name.
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Applies a slice, without reading or copying values.
    ///
    /// # Errors
    /// Returns [`TensorError::Shape`] if the slice names more axes than there are, or an index out
    /// of bounds.
    pub fn slice(&self, slice: &Slice) -> Result<Tensor, TensorError> {
        let mut indexes = slice.0.clone();
        let named = indexes.iter().filter(|index| **index != Index::Rest).count();
        let axes = self.shape().len();
        if named > axes {
            return Err(
                self.shape_error(format!("the slice {slice} names {named} axes, it has {axes}"))
            );
        }
        let whole = Index::Range { start: None, stop: None, step: 1 };
        let rest = indexes.iter().position(|index| *index == Index::Rest);
        let at = rest.unwrap_or(indexes.len());
        indexes.splice(at..(at + rest.iter().count()), vec![whole; axes - named]);

        let mut view = View { shape: Vec::new(), strides: Vec::new(), offset: self.view.offset };
        let mut offset = self.view.offset as i64;
        for (axis, index) in indexes.into_iter().enumerate() {
            let len = self.view.shape[axis];
            let (first, step, count) = index.resolve(len).ok_or_else(|| {
                self.shape_error(format!(
                    "position {index} is outside axis {axis}, which has {len} (0 to {})",
                    len.saturating_sub(1)
                ))
            })?;
            // Checked to lie inside below; the strides of an empty tensor may be of any size.
            offset = offset.wrapping_add((first as i64).wrapping_mul(self.view.strides[axis]));
            if !matches!(index, Index::At(_)) {
                view.shape.push(count);
                view.strides.push(self.view.strides[axis].saturating_mul(step));
            }
        }
        // An empty result may point anywhere; zero is always inside.
        view.offset = if view.elements() == 0 { 0 } else { offset as u64 };
        self.with_view(view)
    }

    /// Takes index `at` of one axis, which is removed.
    ///
    /// # Errors
    /// Returns [`TensorError::Shape`] if there is no such axis or index.
    pub fn index_axis(&self, axis: usize, at: usize) -> Result<Tensor, TensorError> {
        if axis >= self.shape().len() {
            return Err(self.shape_error(format!("it has no axis {axis}")));
        }
        let whole = Index::Range { start: None, stop: None, step: 1 };
        let mut indexes = vec![whole; axis];
        indexes.push(Index::At(at as i64));
        self.slice(&Slice(indexes))
    }

    /// Reorders the axes: axis `k` of the result is axis `order[k]` of this tensor.
    ///
    /// # Errors
    /// Returns [`TensorError::Shape`] if `order` does not name each axis once.
    pub fn permute(&self, order: &[usize]) -> Result<Tensor, TensorError> {
        let mut sorted = order.to_vec();
        sorted.sort_unstable();
        if sorted != (0..self.shape().len()).collect::<Vec<_>>() {
            return Err(self.shape_error(format!("{order:?} does not name each axis once")));
        }
        let View { shape, strides, offset } = &self.view;
        self.with_view(View {
            shape: order.iter().map(|&axis| shape[axis]).collect(),
            strides: order.iter().map(|&axis| strides[axis]).collect(),
            offset: *offset,
        })
    }

    /// Reverses the order of the axes: a matrix is transposed.
    ///
    /// # Errors
    /// Returns [`TensorError::Shape`] for packed dtypes that cannot be transposed without a copy.
    pub fn transpose(&self) -> Result<Tensor, TensorError> {
        let order: Vec<usize> = (0..self.shape().len()).rev().collect();
        self.permute(&order)
    }

    /// Gives the values another shape, in C order. If strides cannot express it, the values are
    /// copied to memory, as in numpy.
    ///
    /// # Errors
    /// Returns [`TensorError::Shape`] if the numbers of values differ; reading errors if it has to
    /// copy.
    pub fn reshape(&self, shape: &[usize]) -> Result<Tensor, TensorError> {
        if element_count(shape) != Some(self.elements()) {
            let why = format!("{} values do not fill the shape {shape:?}", self.elements());
            return Err(self.shape_error(why));
        }
        match self.view.reshape(shape) {
            Some(view) => self.with_view(view),
            None => self.to_memory()?.reshape(shape),
        }
    }

    /// Copies the values to memory, packed in C order, little-endian, with the same dtype.
    ///
    /// # Errors
    /// Returns [`TensorError::Read`] if the bytes cannot be read.
    pub fn to_memory(&self) -> Result<Tensor, TensorError> {
        let bytes = self.packed_bytes()?;
        Ok(Tensor {
            view: View::packed(self.shape()),
            endian: Endian::Little,
            start: 0,
            data: Arc::new(Memory::new(bytes)),
            ..self.clone()
        })
    }

    /// Reads the bytes of the values, packed in C order, little-endian, with the same dtype.
    ///
    /// # Errors
    /// Returns [`TensorError::Read`] if the bytes cannot be read.
    pub fn packed_bytes(&self) -> Result<Vec<u8>, TensorError> {
        decode::packed_bytes(self)
    }

    /// Reads all values as `f32` in C order. Meant for tensors that fit in memory;
    /// [reduce](crate::reduce()) larger ones.
    ///
    /// # Errors
    /// Returns [`TensorError::Read`] if the bytes cannot be read.
    pub fn to_f32(&self) -> Result<Vec<f32>, TensorError> {
        decode::to_f32(self)
    }

    /// Reads all values as `f64` in C order; exact for every dtype except 64-bit integers beyond
    /// 2^53.
    ///
    /// # Errors
    /// Returns [`TensorError::Read`] if the bytes cannot be read.
    pub fn to_f64(&self) -> Result<Vec<f64>, TensorError> {
        decode::to_f64(self)
    }

    /// The same bytes seen through another view, checked like a new tensor.
    pub(crate) fn with_view(&self, view: View) -> Result<Tensor, TensorError> {
        let mut tensor = Tensor { view, ..self.clone() };
        tensor.check()?;
        // A view has each value once: as many are the same ones.
        if tensor.elements() != self.elements() {
            tensor.known = None;
        }
        if tensor.view != self.view {
            tensor.file_parts = [].into();
        }
        // Rows and columns are others there, and so are places.
        if tensor.view != self.view
            && let Some(part) = tensor.known.as_ref().filter(|part| part.looked().is_some())
        {
            tensor.known = Some(Arc::new((**part).clone().without_looked()));
        }
        Ok(tensor)
    }

    /// The error that a shape does not fit, with the reason.
    pub fn shape_error(&self, why: String) -> TensorError {
        TensorError::Shape { name: self.name.clone(), shape: self.view.shape.clone(), why }
    }

    pub(crate) fn read_error(&self, source: crate::ReadError) -> TensorError {
        TensorError::Read { name: self.name.clone(), file: self.file.to_string(), source }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counting(shape: &[usize]) -> Tensor {
        let count: usize = shape.iter().product();
        let values: Vec<f32> = (0..count).map(|value| value as f32).collect();
        Tensor::from_f32("t", shape, &values).unwrap()
    }

    fn sliced(tensor: &Tensor, text: &str) -> (Vec<usize>, Vec<f32>) {
        let part = tensor.slice(&text.parse().unwrap()).unwrap();
        (part.shape().to_vec(), part.to_f32().unwrap())
    }

    #[test]
    fn slices_are_numpys() {
        let tensor = counting(&[2, 3, 4]);
        assert_eq!(sliced(&tensor, "[1,:,2]"), (vec![3], vec![14., 18., 22.]));
        assert_eq!(sliced(&tensor, "[...,-1]"), (vec![2, 3], vec![3., 7., 11., 15., 19., 23.]));
        assert_eq!(sliced(&tensor, "[0,::2,::-3]"), (vec![2, 2], vec![3., 0., 11., 8.]));
        assert_eq!(sliced(&tensor, "[1,1,1]"), (vec![], vec![17.]));
        assert_eq!(sliced(&tensor, "[:,5:]"), (vec![2, 0, 4], vec![]));
    }

    #[test]
    fn slices_of_empty_tensors_of_any_length() {
        let data = Arc::new(Memory::new(Vec::new()));
        let view = View::packed(&[0, 1 << 61, 8]);
        let tensor =
            Tensor::new("e", "f", Dtype::F32, Endian::Little, view, 0, data.clone()).unwrap();
        assert_eq!(sliced(&tensor, "[:,-1]"), (vec![0, 8], vec![]));
        assert_eq!(sliced(&tensor, "[:,::-1,3]"), (vec![0, 1 << 61], vec![]));
        let view = View { shape: vec![0, 9, 9], strides: vec![i64::MAX; 3], offset: 0 };
        let tensor = Tensor::new("e", "f", Dtype::F32, Endian::Little, view, 0, data).unwrap();
        assert_eq!(sliced(&tensor, "[:,-1,-1]"), (vec![0], vec![]));
    }

    #[test]
    fn wrong_slices_say_what_is_there() {
        let tensor = counting(&[2, 3]);
        let error = |text: &str| tensor.slice(&text.parse().unwrap()).unwrap_err().to_string();
        assert!(error("[0,0,0]").contains("names 3 axes, it has 2"));
        assert!(error("[0,3]").contains("position 3 is outside axis 1, which has 3 (0 to 2)"));
    }

    #[test]
    fn transpose_and_reshape() {
        let tensor = counting(&[2, 3]);
        let transposed = tensor.transpose().unwrap();
        assert_eq!(transposed.to_f32().unwrap(), [0., 3., 1., 4., 2., 5.]);
        let flat = transposed.reshape(&[6]).unwrap();
        assert_eq!(flat.to_f32().unwrap(), [0., 3., 1., 4., 2., 5.]);
        assert!(tensor.reshape(&[4]).unwrap_err().to_string().contains("6 values"));
    }

    #[test]
    fn what_is_stored_is_told_and_survives_slices() {
        let tensor = counting(&[4, 8]);
        assert_eq!((tensor.stored_type(), tensor.stored_len()), ("f32", 128));
        let raw = Arc::new(Memory::new(vec![0u8; 34]));
        let endian = Endian::Little;
        let blocks = crate::Blocks { raw, elements: 32, values: 32, bytes: 34, endian };
        let tensor = tensor.stored_as(Stored::in_blocks("Q8_0", blocks));
        assert_eq!((tensor.stored_type(), tensor.stored_len()), ("Q8_0", 34));
        let row = tensor.slice(&"[1]".parse().unwrap()).unwrap();
        assert_eq!((row.stored_type(), row.stored_len()), ("Q8_0", 9), "a quarter, rounded up");
        let derived = tensor.stored_as(Stored::derived("GPTQ", []));
        assert_eq!((derived.stored_len(), derived.is_derived()), (0, true));
    }

    #[test]
    fn a_view_outside_its_bytes_is_refused() {
        let data = Arc::new(Memory::new(vec![0u8; 10]));
        let error = Tensor::new("w", "f", Dtype::F32, Endian::Little, View::packed(&[3]), 0, data)
            .unwrap_err();
        assert!(error.to_string().contains("needs bytes 0..12, its data has 10 bytes"), "{error}");
    }
}
