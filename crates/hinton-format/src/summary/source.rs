//! Identifies the checkpoint that a summary is about.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use hinton_tensor::{
    Blocks, Bytes, Dtype, Endian, Folding, ReadError, ReadErrorKind, Stored, Tensor, View,
    element_count,
};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;

use super::{NO_VALUES, checksum};
use crate::source::file_state;
use crate::source::places::address;
use crate::words::json_fault;
use crate::{Checkpoint, Error, ErrorKind, Limits};

/// A checkpoint as a summary describes it. Summaries can be merged if these are identical.
#[derive(Debug, Clone, PartialEq)]
pub struct SummarySource {
    /// The path or address as it was given.
    pub path: String,
    /// The name of its format.
    pub format: String,
    /// A checksum of some of its values, to distinguish files with the same tensors; empty if the
    /// files do not contain the values directly.
    pub sample: String,
    /// Its files, and their sizes in bytes if they are on this disk.
    pub files: Vec<(String, Option<u64>)>,
    /// Its tensors, in its order.
    pub tensors: Vec<SummaryFacts>,
    /// All of it as JSON.
    head: String,
}

/// What a summary records about a tensor besides its statistics.
#[derive(Debug, Clone, PartialEq)]
pub struct SummaryFacts {
    /// Its name.
    pub name: String,
    /// The index of the file that holds it.
    pub file: usize,
    /// The dtype of its values.
    pub dtype: Dtype,
    /// Length of each axis.
    pub shape: Vec<usize>,
    /// Number of values that are stored, each counted once.
    pub values: u64,
    /// How often the tensor repeats them.
    pub repeats: u64,
    /// How it is stored, if not as a plain array: the type, its size in bytes, and whether it is
    /// computed from others.
    pub stored: Option<(String, u64, bool)>,
    /// What must be known to interpret its values.
    pub remark: Option<String>,
}

/// The head of a file, with keys in a fixed order: equal sources have equal heads.
impl Serialize for SummarySource {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let files: Vec<File<'_>> = self.files.iter().map(File).collect();
        let mut map = serializer.serialize_map(Some(6))?;
        map.serialize_entry("path", &self.path)?;
        map.serialize_entry("format", &self.format)?;
        map.serialize_entry("stripe", &Folding::STRIPE)?;
        map.serialize_entry("sample", &self.sample)?;
        map.serialize_entry("files", &files)?;
        map.serialize_entry("tensors", &self.tensors)?;
        map.end()
    }
}

/// A file and its size.
struct File<'a>(&'a (String, Option<u64>));

impl Serialize for File<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (name, bytes) = self.0;
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("name", name)?;
        map.serialize_entry("bytes", bytes)?;
        map.end()
    }
}

impl Serialize for SummaryFacts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("name", &self.name)?;
        map.serialize_entry("file", &self.file)?;
        map.serialize_entry("dtype", &self.dtype.to_string())?;
        map.serialize_entry("shape", &self.shape)?;
        map.serialize_entry("values", &self.values)?;
        map.serialize_entry("repeats", &self.repeats)?;
        if let Some(stored) = &self.stored {
            map.serialize_entry("stored", &StoredAs(stored))?;
        }
        if let Some(remark) = &self.remark {
            map.serialize_entry("remark", remark)?;
        }
        map.end()
    }
}

/// The type of a stored tensor, its size in bytes, and whether it is computed from others.
struct StoredAs<'a>(&'a (String, u64, bool));

impl Serialize for StoredAs<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (name, bytes, derived) = self.0;
        let mut map = serializer.serialize_map(Some(3))?;
        map.serialize_entry("type", name)?;
        map.serialize_entry("bytes", bytes)?;
        map.serialize_entry("derived", derived)?;
        map.end()
    }
}

impl SummaryFacts {
    /// What parts of its statistics must agree on to be merged.
    pub fn folding(&self) -> Folding {
        Folding { dtype: self.dtype, elements: self.values, repeats: self.repeats }
    }

    fn of(tensor: &Tensor, file: usize) -> Self {
        let folding = Folding::of(tensor);
        let stored = tensor
            .stored()
            .map(|stored| (stored.name().to_owned(), tensor.stored_len(), tensor.is_derived()));
        SummaryFacts {
            name: tensor.name().to_owned(),
            file,
            dtype: tensor.dtype(),
            shape: tensor.shape().to_vec(),
            values: folding.elements,
            repeats: folding.repeats,
            stored,
            remark: tensor.remark().map(str::to_owned),
        }
    }

    fn read(value: &Value) -> Option<Self> {
        let shape = value["shape"].as_array()?.iter();
        let shape: Option<Vec<usize>> =
            shape.map(|len| usize::try_from(len.as_u64()?).ok()).collect();
        let stored = match value.get("stored") {
            Some(stored) => Some((
                stored["type"].as_str()?.to_owned(),
                stored["bytes"].as_u64()?,
                stored["derived"].as_bool()?,
            )),
            None => None,
        };
        let facts = SummaryFacts {
            name: value["name"].as_str()?.to_owned(),
            file: usize::try_from(value["file"].as_u64()?).ok()?,
            dtype: Dtype::from_name(value["dtype"].as_str()?)?,
            shape: shape?,
            values: value["values"].as_u64()?,
            repeats: value["repeats"].as_u64().filter(|repeats| *repeats > 0)?,
            stored,
            remark: value.get("remark").and_then(Value::as_str).map(str::to_owned),
        };
        let all = facts.values.checked_mul(facts.repeats);
        (all.is_some() && element_count(&facts.shape) == all).then_some(facts)
    }
}

impl SummarySource {
    /// Describes an opened checkpoint. Reads a few hundred bytes of a few tensors.
    ///
    /// # Errors
    /// Returns an error if these cannot be read.
    pub fn of(checkpoint: &Checkpoint) -> Result<Self, Error> {
        let mut files: Vec<String> = checkpoint.files.clone();
        let mut numbers: BTreeMap<String, usize> =
            files.iter().enumerate().map(|(number, name)| (name.clone(), number)).collect();
        let mut number_of = |name: &str| match numbers.get(name) {
            Some(&number) => number,
            None => {
                files.push(name.to_owned());
                numbers.insert(name.to_owned(), files.len() - 1);
                files.len() - 1
            }
        };
        let tensors: Vec<SummaryFacts> = checkpoint
            .tensors
            .iter()
            .map(|tensor| SummaryFacts::of(tensor, number_of(tensor.file())))
            .collect();
        let size = |name: String| {
            let state = file_state(Path::new(&name)).map(|state| state.len);
            (name, state)
        };
        let source = SummarySource {
            path: checkpoint.path.clone(),
            format: checkpoint.format.to_owned(),
            sample: sample(checkpoint)?,
            files: files.into_iter().map(size).collect(),
            tensors,
            head: String::new(),
        };
        Ok(SummarySource { head: source.json(), ..source })
    }

    /// The description as JSON, as stored in a file.
    pub fn head(&self) -> &str {
        &self.head
    }

    /// A short identifier, with which a task verifies that it runs on the checkpoint that was
    /// planned.
    pub fn identity(&self) -> String {
        format!("{:08x}", checksum(self.head.as_bytes()))
    }

    /// How it differs from `other`, in words; `None` if it does not.
    pub fn difference(&self, other: &SummarySource) -> Option<String> {
        if self == other {
            return None;
        }
        let pair = |what: &str, a: &str, b: &str| Some(format!("{what} {a:?} and {b:?}"));
        if self.path != other.path {
            return pair("the paths", &self.path, &other.path);
        }
        if self.format != other.format {
            return pair("the formats", &self.format, &other.format);
        }
        if let Some((a, b)) = self.files.iter().zip(&other.files).find(|(a, b)| a != b) {
            let size = |one: &(String, Option<u64>)| match one.1 {
                Some(bytes) => format!("{} of {bytes} bytes", one.0),
                None => one.0.clone(),
            };
            return pair("the files", &size(a), &size(b));
        }
        let tensor = |one: &SummaryFacts| format!("{} {} {:?}", one.name, one.dtype, one.shape);
        if let Some((a, b)) = self.tensors.iter().zip(&other.tensors).find(|(a, b)| a != b) {
            return pair("the tensors", &tensor(a), &tensor(b));
        }
        let count = |one: &SummarySource| one.tensors.len().to_string();
        match self.tensors.len() == other.tensors.len() {
            true => Some("the values in it".to_owned()),
            false => pair("the numbers of tensors", &count(self), &count(other)),
        }
    }

    fn json(&self) -> String {
        // Texts and numbers always become JSON.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Of the head of a file.
    pub(super) fn read(head: &[u8], limits: &Limits) -> Result<Self, Error> {
        let wrong = |what: &str| Error::malformed(format!("the head of the summary {what}"));
        if head.len() as u64 > limits.header_bytes {
            let message = format!(
                "the head of the summary has {} bytes, the limit is {}",
                head.len(),
                limits.header_bytes
            );
            return Err(Error::new(ErrorKind::Limit, message));
        }
        let text = std::str::from_utf8(head).map_err(|_| wrong("is not valid UTF-8"))?;
        let value: Value = serde_json::from_str(text)
            .map_err(|error| wrong(&format!("is not JSON: {}", json_fault(&error))))?;
        let text_of = |key: &str| {
            let text = value[key].as_str().map(str::to_owned);
            text.ok_or_else(|| wrong(&format!("has no text {key:?}")))
        };
        let list_of =
            |key: &str| value[key].as_array().ok_or_else(|| wrong(&format!("has no list {key:?}")));
        if value["stripe"].as_u64() != Some(Folding::STRIPE) {
            return Err(wrong("has stripes of another length than 131072 values"));
        }
        let tensors = list_of("tensors")?;
        if tensors.len() > limits.tensors {
            let message = format!(
                "the summary is of {} tensors, the limit is {}",
                tensors.len(),
                limits.tensors
            );
            return Err(Error::new(ErrorKind::Limit, message));
        }
        let tensors: Option<Vec<SummaryFacts>> = tensors.iter().map(SummaryFacts::read).collect();
        let file = |file: &Value| Some((file["name"].as_str()?.to_owned(), file["bytes"].as_u64()));
        let files: Option<Vec<_>> = list_of("files")?.iter().map(file).collect();
        let source = SummarySource {
            path: text_of("path")?,
            format: text_of("format")?,
            sample: text_of("sample")?,
            files: files.ok_or_else(|| wrong("has a file without a name"))?,
            tensors: tensors.ok_or_else(|| wrong("has a tensor that is none"))?,
            head: text.to_owned(),
        };
        let count = source.files.len();
        match source
            .tensors
            .iter()
            .all(|facts| facts.file < count && facts.shape.len() <= limits.axes)
        {
            true => Ok(source),
            false => Err(wrong("has a tensor in no file, or of too many axes")),
        }
    }

    /// Its tensors without their values.
    pub(crate) fn tensors(&self) -> Result<Vec<Tensor>, Error> {
        let names: Vec<Arc<str>> =
            self.files.iter().map(|(name, _)| name.as_str().into()).collect();
        let why: Arc<str> =
            format!("{NO_VALUES}: name the file that it is of, {}", self.path).into();
        let tensor = |facts: &SummaryFacts| {
            let len = facts.dtype.bytes_of(element_count(&facts.shape).unwrap_or(0)).unwrap_or(0);
            let nothing = |len| Arc::new(Nothing { len, why: why.clone() });
            let tensor = Tensor::new(
                &*facts.name,
                names[facts.file].clone(),
                facts.dtype,
                Endian::Little,
                View::packed(&facts.shape),
                0,
                nothing(len),
            )?;
            let tensor = match &facts.stored {
                Some((name, _, true)) => tensor.stored_as(Stored::derived(kept(name), [])),
                Some((name, bytes, false)) => {
                    let elements = tensor.elements();
                    let blocks = Blocks {
                        raw: nothing(*bytes),
                        elements,
                        values: elements.max(1),
                        bytes: (*bytes).max(1),
                        endian: Endian::Little,
                    };
                    tensor.stored_as(Stored::in_blocks(kept(name), blocks))
                }
                None => tensor,
            };
            Ok(match &facts.remark {
                Some(remark) => tensor.remarked(remark.as_str()),
                None => tensor,
            })
        };
        self.tensors.iter().map(tensor).collect()
    }
}

/// Bytes that are elsewhere.
struct Nothing {
    len: u64,
    why: Arc<str>,
}

impl Bytes for Nothing {
    fn len(&self) -> u64 {
        self.len
    }

    fn slice(&self, _range: std::ops::Range<u64>) -> Option<&[u8]> {
        None
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<(), ReadError> {
        Err(ReadError::new(
            ReadErrorKind::NotStored,
            offset,
            buf.len() as u64,
            self.why.to_string(),
        ))
    }
}

/// Tensors of which some bytes go into the sample, of a checkpoint on this machine and of one at an
/// address, where each may be a request; and how many bytes.
const SAMPLED: (usize, usize, u64) = (16, 4, 256);

/// A checksum of the first bytes of some tensors, of those whose bytes the files have as they are: which
/// those are is the same wherever the checkpoint is read, from a cache or from afar.
fn sample(checkpoint: &Checkpoint) -> Result<String, Error> {
    let has = |data: &dyn Bytes, start: u64| {
        data.file_byte(start).is_some() || data.slice(start..start.saturating_add(1)).is_some()
    };
    let (near, far, len) = SAMPLED;
    let most = if address(Path::new(&checkpoint.path)).is_some() { far } else { near };
    let places: Vec<(&Tensor, &dyn Bytes, u64)> = checkpoint
        .tensors
        .iter()
        .filter(|tensor| tensor.elements() > 0)
        .map(|tensor| match tensor.stored().and_then(Stored::blocks) {
            Some(blocks) => (tensor, &*blocks.raw, 0),
            None => (tensor, &**tensor.data(), tensor.start()),
        })
        .filter(|(_, data, start)| has(*data, *start))
        .collect();
    let mut bytes = Vec::new();
    for (tensor, data, start) in places.iter().step_by(places.len().div_ceil(most).max(1)) {
        let mut first = vec![0; data.len().saturating_sub(*start).min(len) as usize];
        data.read_at(*start, &mut first).map_err(|error| {
            Error::new(ErrorKind::Io, error.to_string())
                .in_file(tensor.file())
                .for_tensor(tensor.name())
        })?;
        bytes.extend(first);
    }
    Ok(match bytes.as_slice() {
        [] => String::new(),
        bytes => format!("{:08x}", checksum(bytes)),
    })
}

/// Most names of stored types that are kept, and the longest: all that there are, many times over.
const MOST_NAMES: (usize, usize) = (1024, 64);

/// A name for as long as the program runs, as those of the readers are. Files can only add a limited number.
fn kept(name: &str) -> &'static str {
    static NAMES: Mutex<BTreeMap<String, &'static str>> = Mutex::new(BTreeMap::new());
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(name) = names.get(name) {
        return name;
    }
    if names.len() >= MOST_NAMES.0 || name.len() > MOST_NAMES.1 {
        return "quantised";
    }
    let kept: &'static str = Box::leak(name.to_owned().into_boxed_str());
    names.insert(name.to_owned(), kept);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_has_its_keys_in_order() {
        let facts = |name: &str, stored, remark| SummaryFacts {
            name: name.to_owned(),
            file: 0,
            dtype: Dtype::F32,
            shape: vec![2, 3],
            values: 6,
            repeats: 1,
            stored,
            remark,
        };
        let stored = Some(("q4".to_owned(), 7, true));
        let source = SummarySource {
            path: "a\"b".to_owned(),
            format: "npz".to_owned(),
            sample: String::new(),
            files: vec![("f".to_owned(), Some(9)), ("g".to_owned(), None)],
            tensors: vec![facts("é", None, None), facts("w", stored, Some("note".to_owned()))],
            head: String::new(),
        };
        let head = source.json();
        assert_eq!(
            head,
            concat!(
                r#"{"path":"a\"b","format":"npz","stripe":131072,"sample":"","#,
                r#""files":[{"name":"f","bytes":9},{"name":"g","bytes":null}],"tensors":["#,
                r#"{"name":"é","file":0,"dtype":"f32","shape":[2,3],"values":6,"repeats":1},"#,
                r#"{"name":"w","file":0,"dtype":"f32","shape":[2,3],"values":6,"repeats":1,"#,
                r#""stored":{"type":"q4","bytes":7,"derived":true},"remark":"note"}]}"#,
            )
        );
        let read = SummarySource::read(head.as_bytes(), &Limits::default()).unwrap();
        assert_eq!(read.tensors, source.tensors);
    }
}
