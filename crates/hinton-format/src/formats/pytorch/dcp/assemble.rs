//! From the index to a checkpoint: every tensor from its chunks.

use std::collections::BTreeMap;
use std::sync::Arc;

use hinton_tensor::{Bytes, Endian, FilePart, Memory, Tensor, View, element_count};

use super::ROW;
use super::index::{Chunk, Described, Index, Kind, Place};
use super::item::{self, Budget, Source};
use crate::formats::beside::Beside;
use crate::formats::notes::Skipped;
use crate::formats::pieces::{self, Part};
use crate::formats::pytorch::dtype::Element;
use crate::formats::pytorch::optimizer;
use crate::formats::safetensors;
use crate::formats::sharded::listed;
use crate::source::Made;
use crate::{Checkpoint, Error, ErrorKind, Input, Limits, Warning};

/// Most Python objects that are looked into.
const MOST_VALUES: usize = 300;
/// How often two chunks of a tensor are compared, in all.
const COMPARISONS: u64 = 50_000_000;

/// Puts a checkpoint together.
pub(super) struct Assembly<'a> {
    index: &'a Index,
    input: &'a Input,
    limits: &'a Limits,
    beside: Beside<'a>,
    /// The chunks of files in safetensors form, by file and where it begins.
    safetensors: BTreeMap<(String, u64), Result<BTreeMap<String, Tensor>, Error>>,
    budget: Budget,
    comparisons: u64,
}

impl<'a> Assembly<'a> {
    pub(super) fn new(input: &'a Input, index: &'a Index, limits: &'a Limits) -> Self {
        Assembly {
            index,
            input,
            limits,
            beside: Beside::new(input),
            safetensors: BTreeMap::new(),
            budget: Budget::new(limits),
            comparisons: COMPARISONS,
        }
    }

    /// Opens what can be opened; one odd tensor hides no other.
    ///
    /// # Errors
    /// Returns an error if nothing can be opened, or a file would reach outside its folder or run
    /// code.
    pub(super) fn checkpoint(mut self) -> Result<Checkpoint, Error> {
        let (mut tensors, mut warnings) = (Vec::new(), Vec::new());
        let (mut broken, mut unread) = (Skipped::default(), Skipped::default());
        let mut first = None;
        let index = self.index;
        for entry in &index.entries {
            let described = match &entry.kind {
                Ok(Kind::Object) => continue,
                Ok(Kind::Tensor(described)) => Ok(described),
                Err(error) => Err(error.clone()),
            };
            match described.and_then(|described| self.tensor(&entry.name, described)) {
                Ok((tensor, note)) => {
                    warnings.extend(note.map(|note| Warning::about(&entry.name, note)));
                    tensors.push(tensor);
                }
                Err(error) if error.kind() == ErrorKind::Refused => {
                    return Err(error.for_tensor(&entry.name));
                }
                Err(error) => {
                    let kinds = [ErrorKind::Unsupported, ErrorKind::Limit];
                    let list =
                        if kinds.contains(&error.kind()) { &mut unread } else { &mut broken };
                    list.add(&entry.name, error.message());
                    first.get_or_insert_with(|| error.for_tensor(&entry.name));
                }
            }
        }
        if let (true, Some(error)) = (tensors.is_empty(), first) {
            return Err(error);
        }
        warnings.extend(broken.warnings().into_iter().map(Warning::as_fault));
        warnings.extend(unread.warnings());
        let metadata = self.values(&mut warnings)?;
        if tensors.is_empty() {
            warnings.push(Warning::file("the folder holds no tensor"));
        }
        let names = tensors.iter().map(Tensor::name);
        let objects = index.entries.iter().filter(|entry| matches!(entry.kind, Ok(Kind::Object)));
        if optimizer::is_alone_by_names(names, objects.map(|entry| entry.name.as_str())) {
            warnings.push(optimizer::note());
        }
        Ok(Checkpoint {
            path: self.input.name.clone(),
            format: ROW.name,
            metadata,
            tensors,
            files: self.beside.files(),
            warnings,
        })
    }

    fn tensor(
        &mut self,
        name: &str,
        described: &Described,
    ) -> Result<(Tensor, Option<String>), Error> {
        let Described { element, shape, chunks } = described;
        let element_total = element_count(shape).ok_or_else(|| {
            Error::malformed(format!("its shape {shape:?} is more than 64 bits can count"))
        })?;
        let mut chunks: Vec<Chunk> = chunks.clone();
        if element_total == 0 {
            let (dtype, view) = (element.dtype(), View::packed(shape));
            let none: Arc<dyn Bytes> = Arc::new(Memory::new(Vec::new()));
            let file = self.input.name.as_str();
            return Ok((Tensor::new(name, file, dtype, Endian::Little, view, 0, none)?, None));
        }
        // A rank may hold an empty part of a tensor, and ranks may hold the same.
        chunks.retain(|chunk| !chunk.shape.contains(&0));
        chunks.sort();
        chunks.dedup();
        for chunk in &chunks {
            check_inside(chunk, shape)?;
        }
        match chunks.as_slice() {
            [] => Err(Error::malformed("its metadata lists no chunk")),
            [chunk] if chunk.shape == *shape => {
                let (tensor, note) = self.chunk(name, *element, chunk, true)?;
                Ok((tensor.named(name), note))
            }
            _ => self.joined(name, *element, shape, &chunks, element_total),
        }
    }

    /// The tensor of a chunk, checked to be what the metadata says; `is_only` where there is no
    /// other.
    fn chunk(
        &mut self,
        name: &str,
        element: Element,
        chunk: &Chunk,
        is_only: bool,
    ) -> Result<(Tensor, Option<String>), Error> {
        let Some(place) = self.index.chunk(name, &chunk.start, is_only) else {
            let start = &chunk.start;
            let message = format!("the metadata does not say where its chunk at {start:?} is");
            return Err(Error::malformed(message));
        };
        let read = match item::source(place, &mut self.beside)? {
            Source::Saved(input) => item::tensor(&input, &mut self.budget),
            Source::Safetensors(input) => self.named(name, place, &input).map(|one| (one, None)),
        };
        let (tensor, note) = read.map_err(|error| {
            let message = format!("its chunk in {:?}: {}", place.file, error.message());
            Error::new(error.kind(), message)
        })?;
        let mut wanted = chunk.shape.clone();
        if element == Element::PairsOfF4
            && let Some(last) = wanted.last_mut()
        {
            *last = last.saturating_mul(2);
        }
        if (tensor.dtype(), tensor.shape()) != (element.dtype(), &wanted) {
            return Err(Error::malformed(format!(
                "its chunk in {:?} is {} {:?}, the metadata says {} {wanted:?}",
                place.file,
                tensor.dtype(),
                tensor.shape(),
                element.dtype(),
            ))
            .cure("copy the files and .metadata again, from the same checkpoint"));
        }
        Ok((tensor, note))
    }

    /// The chunk of that name in a safetensors file.
    fn named(&mut self, name: &str, place: &Place, input: &Input) -> Result<Tensor, Error> {
        let key = (place.file.clone(), place.offset);
        if !self.safetensors.contains_key(&key) {
            let opened = self.header(input);
            self.safetensors.insert(key.clone(), opened);
        }
        let missing = || Error::malformed("no tensor there has its name");
        match self.safetensors.get(&key) {
            Some(Ok(tensors)) => tensors.get(name).cloned().ok_or_else(missing),
            Some(Err(error)) => Err(error.clone()),
            None => Err(missing()),
        }
    }

    /// The tensors that a safetensors file lists.
    fn header(&mut self, input: &Input) -> Result<BTreeMap<String, Tensor>, Error> {
        let mut len = [0; 8];
        input.data.read_at(0, &mut len)?;
        // One that says it is longer is an error, and costs nothing.
        let len = u64::from_le_bytes(len);
        self.budget.spend(if len <= self.limits.header_bytes { len } else { 0 })?;
        let opened = (safetensors::ROW.open)(input, self.limits)?;
        let tensors = opened.tensors.into_iter();
        Ok(tensors.map(|tensor| (tensor.name().to_owned(), tensor)).collect())
    }

    fn joined(
        &mut self,
        name: &str,
        element: Element,
        shape: &[usize],
        chunks: &[Chunk],
        elements: u64,
    ) -> Result<(Tensor, Option<String>), Error> {
        let dtype = element.dtype();
        if !dtype.is_byte_sized() {
            let message = format!("{dtype} in several chunks: not read");
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
        self.check_apart(chunks)?;
        let count = |chunk: &Chunk| element_count(&chunk.shape).unwrap_or(u64::MAX);
        let have = chunks.iter().map(count).fold(0, u64::saturating_add);
        if have != elements {
            let message = format!(
                "its shape {shape:?} has {elements} values, its chunks together {have}: there are \
                 holes"
            );
            return Err(Error::malformed(message));
        }
        let mut parts = Vec::with_capacity(chunks.len());
        let mut in_files = Vec::with_capacity(chunks.len());
        let mut first: Option<(Tensor, Option<String>)> = None;
        for chunk in chunks {
            let (tensor, note) = self.chunk(name, element, chunk, false)?;
            if first.as_ref().is_some_and(|(first, _)| first.endian() != tensor.endian()) {
                return Err(Error::malformed("its chunks have different byte orders"));
            }
            let (data, start) = packed(&tensor);
            let axes = chunk.start.iter().zip(&chunk.shape);
            let axes: Vec<(u64, u64)> =
                axes.map(|(start, len)| (*start as u64, *len as u64)).collect();
            in_files.push(FilePart { file: tensor.file().into(), axes: axes.clone() });
            parts.push(Part::new(axes, shape, data, start));
            first.get_or_insert((tensor, note));
        }
        let Some((first, note)) = first else {
            return Err(Error::malformed("its metadata lists no chunk"));
        };
        let bytes = pieces::join(parts, shape, elements, dtype.bits() / 8)?;
        let (file, view) = (first.file(), View::packed(shape));
        let tensor = Tensor::new(name, file, dtype, first.endian(), view, 0, bytes)?;
        Ok((tensor.with_file_parts(in_files), note))
    }

    /// No two chunks may hold the same value. They come sorted by where they start; only those
    /// that meet on the first axis that tells most of them apart are compared.
    fn check_apart(&mut self, chunks: &[Chunk]) -> Result<(), Error> {
        let axes = chunks.first().map_or(0, |chunk| chunk.start.len());
        let starts = |axis: usize| {
            let mut starts: Vec<usize> = chunks.iter().map(|chunk| chunk.start[axis]).collect();
            starts.sort_unstable();
            starts.dedup();
            starts.len()
        };
        let Some(axis) = (0..axes).max_by_key(|axis| starts(*axis)) else { return Ok(()) };
        let mut order: Vec<&Chunk> = chunks.iter().collect();
        order.sort_by_key(|chunk| chunk.start[axis]);
        let mut open: Vec<&Chunk> = Vec::new();
        for chunk in order {
            open.retain(|other| other.start[axis] + other.shape[axis] > chunk.start[axis]);
            self.comparisons =
                self.comparisons.checked_sub(open.len() as u64).ok_or_else(|| {
                    Error::new(ErrorKind::Limit, "its chunks are too many to be compared")
                })?;
            if let Some(other) = open.iter().find(|other| meet(other, chunk)) {
                return Err(Error::malformed(format!(
                    "its chunks at {:?} and {:?} overlap",
                    other.start, chunk.start
                )));
            }
            open.push(chunk);
        }
        Ok(())
    }

    /// The plain values among the Python objects; a warning counts the others.
    fn values(&mut self, warnings: &mut Vec<Warning>) -> Result<Vec<(String, String)>, Error> {
        let mut metadata = Vec::new();
        if let Some(version) = &self.index.version {
            metadata.push(("dcp_version".to_owned(), version.clone()));
        }
        let mut hidden = Vec::new();
        let mut broken = Skipped::default();
        let index = self.index;
        let objects = index.entries.iter().filter(|entry| matches!(entry.kind, Ok(Kind::Object)));
        for (number, entry) in objects.enumerate() {
            let name = entry.name.as_str();
            let Some(place) = index.object(name) else {
                broken.add(name, "the metadata does not say where this object is");
                continue;
            };
            let value = match number {
                0..MOST_VALUES => item::value(place, &mut self.beside, &mut self.budget),
                _ => Ok(None),
            };
            match value {
                Ok(Some(text)) => metadata.push((name.to_owned(), text)),
                Ok(None) => hidden.push(name),
                Err(error) if error.kind() == ErrorKind::Refused => {
                    return Err(error.for_tensor(name));
                }
                Err(error) => broken.add(name, error.message()),
            }
        }
        if !hidden.is_empty() {
            let count = match hidden.len() {
                1 => "1 Python object is not shown".to_owned(),
                more => format!("{more} Python objects are not shown"),
            };
            warnings.push(Warning::file(format!("{count}: {}", listed(&hidden))));
        }
        warnings.extend(broken.warnings().into_iter().map(Warning::as_fault));
        Ok(metadata)
    }
}

fn check_inside(chunk: &Chunk, shape: &[usize]) -> Result<(), Error> {
    let ends = chunk.start.iter().zip(&chunk.shape).zip(shape);
    let inside = |((start, len), dim): ((&usize, &usize), &usize)| {
        start.checked_add(*len).is_some_and(|end| end <= *dim)
    };
    let axes = (chunk.start.len(), chunk.shape.len());
    if axes != (shape.len(), shape.len()) || !ends.into_iter().all(inside) {
        let Chunk { start, shape: len } = chunk;
        return Err(Error::malformed(format!(
            "its chunk of {len:?} at {start:?} leaves its shape {shape:?}"
        )));
    }
    Ok(())
}

/// Whether two chunks share a value.
fn meet(one: &Chunk, other: &Chunk) -> bool {
    let axes = one.start.iter().zip(&one.shape).zip(other.start.iter().zip(&other.shape));
    axes.into_iter().all(|((start, len), (other, other_len))| {
        *start < other + other_len && *other < start + len
    })
}

/// A tensor's values in C order: as they lie, or gathered when they are asked for.
fn packed(tensor: &Tensor) -> (Arc<dyn Bytes>, u64) {
    let width = tensor.dtype().bits() / 8;
    let view = tensor.view().clone();
    let (data, start) = (tensor.data().clone(), tensor.start());
    if view.is_packed() {
        return (data, start + view.offset * width);
    }
    let elements = tensor.elements();
    let fill = move |first: u64, buf: &mut [u8]| {
        for (at, value) in (first..).zip(buf.chunks_exact_mut(width as usize)) {
            let (mut rest, mut element) = (at, view.offset as i64);
            for (dim, stride) in view.shape.iter().zip(&view.strides).rev() {
                // Inside the bytes, as was checked when the tensor was made.
                element += (rest % *dim as u64) as i64 * stride;
                rest /= *dim as u64;
            }
            data.read_at(start + element as u64 * width, value)?;
        }
        Ok(())
    };
    (Arc::new(Made::new(elements, width as usize, fill)), 0)
}
