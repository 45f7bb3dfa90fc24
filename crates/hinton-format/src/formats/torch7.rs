//! Torch7's `.t7`: an object of Lua in binary, tables and tensors in each other, each written once.
//!
//! Layout: `File.lua` and `Tensor.c` of <https://github.com/torch/torch7>, `doc/serialization.md` there.

use std::collections::{BTreeMap, BTreeSet};

use hinton_tensor::{Dtype, Endian, Tensor, View};

use super::FormatRow;
use super::notes::{Skipped, check_path, distinct};
use crate::source::Cursor;
use crate::{Checkpoint, Error, ErrorKind, Head, Input, Limits, Sniff, Warning};

/// The row of the table.
pub(crate) const ROW: FormatRow = FormatRow {
    name: "torch7",
    about: "models and tensors of Torch7 (.t7)",
    help: "Read: every tensor of a file in binary, of the processor and of CUDA, named by its path through tables \
           and modules (`modules.1.weight`), with its strides; numbers, texts and booleans are metadata. A tensor \
           that stands in several places is listed at the first. Functions are passed over, never run. Not read: \
           files as text, files of 32-bit systems, what is behind an object whose class writes itself in its own \
           way (that is said). Layout: doc/serialization.md of torch7",
    quantised: "",
    extensions: &["t7", "th", "net"],
    sniff,
    open,
};

/// The types of objects.
mod tag {
    pub(super) const NIL: u32 = 0;
    pub(super) const NUMBER: u32 = 1;
    pub(super) const TEXT: u32 = 2;
    pub(super) const TABLE: u32 = 3;
    pub(super) const TORCH: u32 = 4;
    pub(super) const BOOLEAN: u32 = 5;
    pub(super) const FUNCTION: u32 = 6;
    pub(super) const OLD_FUNCTION: u32 = 7;
    pub(super) const NEW_FUNCTION: u32 = 8;
}

/// A table or an object that is number 1, with what begins one.
fn sniff(head: &Head<'_>) -> Sniff {
    let word = |at: usize| {
        let bytes = head.bytes.get(at..at + 4)?.first_chunk()?;
        Some(u32::from_le_bytes(*bytes))
    };
    let is_class = |at: usize| {
        let name = head.bytes.get(at..).and_then(|rest| rest.split_first_chunk::<4>());
        let name = name.and_then(|(len, rest)| rest.get(..u32::from_le_bytes(*len) as usize));
        name.is_some_and(|name| {
            name.contains(&b'.') && name.iter().all(|byte| byte.is_ascii_graphic())
        })
    };
    match (word(0), word(4)) {
        (Some(tag::TORCH), Some(1)) if word(8) == Some(3) && is_class(15) => Sniff::Certain,
        // A table begins with its length and a key: a number or a text.
        (Some(tag::TABLE), Some(1)) => match (word(8), word(12)) {
            (Some(1..=0xff_ffff), Some(tag::NUMBER)) => Sniff::Likely,
            (Some(1..=0xff_ffff), Some(tag::TEXT)) if word(16).is_some_and(|len| len < 4096) => {
                Sniff::Likely
            }
            _ => Sniff::No,
        },
        _ => Sniff::No,
    }
}

/// The type of values by the name of a tensor or storage: `torch.FloatTensor`, `torch.CudaStorage`.
fn dtype_of(class: &str, kind: &str) -> Option<Dtype> {
    let name = class.strip_prefix("torch.")?.strip_suffix(kind)?;
    Some(match name {
        "Cuda" => Dtype::F32,
        name => match name.strip_prefix("Cuda").unwrap_or(name) {
            "Double" => Dtype::F64,
            "Float" => Dtype::F32,
            "Half" => Dtype::F16,
            "Long" => Dtype::I64,
            "Int" => Dtype::I32,
            "Short" => Dtype::I16,
            "Char" => Dtype::I8,
            "Byte" => Dtype::U8,
            _ => return None,
        },
    })
}

/// Values that lie in the file.
#[derive(Clone, Copy)]
struct Storage {
    dtype: Dtype,
    start: u64,
    len: u64,
}

/// What an object was, as far as others need it.
enum Object {
    Nothing,
    /// A number or a text, as it is shown to the user.
    Plain(String),
    Storage(Storage),
}

/// Why reading ends.
enum Stop {
    Error(Error),
    /// An object of this class, whose bytes have no known end.
    Class(String),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Stop::Error(error)
    }
}

struct Reader<'a> {
    cursor: Cursor<'a>,
    input: &'a Input,
    limits: &'a Limits,
    /// Objects that were met, by their numbers.
    met: BTreeSet<u32>,
    storages: BTreeMap<u32, Storage>,
    steps: u64,
    /// Bytes of all paths.
    path_bytes: u64,
    tensors: Vec<Tensor>,
    skipped: Skipped,
    metadata: Vec<(String, String)>,
}

/// Most plain values that become metadata.
const PLAIN: usize = 1000;
/// Longest text that is kept.
const TEXT: u64 = 4096;

fn open(input: &Input, limits: &Limits) -> Result<Checkpoint, Error> {
    let mut reader = Reader {
        cursor: Cursor::whole(&*input.data, Endian::Little),
        input,
        limits,
        met: BTreeSet::new(),
        storages: BTreeMap::new(),
        steps: 0,
        path_bytes: 0,
        tensors: Vec::new(),
        skipped: Skipped::default(),
        metadata: Vec::new(),
    };
    let mut warnings = Vec::new();
    match reader.object("", 0) {
        Ok(_) if reader.cursor.left() > 0 => {
            let message = format!("{} bytes after the object are not read", reader.cursor.left());
            warnings.push(Warning::file(message).as_fault());
        }
        Ok(_) => {}
        Err(Stop::Error(error)) => return Err(error),
        Err(Stop::Class(class)) => {
            let message = format!(
                "an object of class {class:?} at byte {} writes itself in its own way: what follows it is \
                 not read",
                reader.cursor.at()
            );
            warnings.push(Warning::file(message).as_fault());
        }
    }
    let Reader { mut tensors, skipped, metadata, .. } = reader;
    warnings.extend(skipped.warnings());
    distinct(&mut tensors, &mut warnings);
    Ok(Checkpoint::of_file(input, ROW.name, metadata, tensors, warnings))
}

impl Reader<'_> {
    fn object(&mut self, path: &str, depth: usize) -> Result<Object, Stop> {
        let at = self.cursor.at();
        self.steps += 1;
        self.path_bytes = self.path_bytes.saturating_add(path.len() as u64);
        if depth > self.limits.depth
            || self.steps > self.limits.fields
            || self.path_bytes > self.limits.header_bytes
        {
            let message = "its tables are nested too deep, or too many";
            return Err(Error::new(ErrorKind::Limit, message).at_byte(at).into());
        }
        Ok(match self.cursor.u32("the type of an object")? {
            tag::NIL => Object::Nothing,
            tag::NUMBER => {
                let number = f64::from_bits(self.cursor.u64("a number")?);
                self.plain(path, number.to_string())
            }
            tag::TEXT => {
                let text = self.text("a text")?;
                self.plain(path, text)
            }
            tag::BOOLEAN => {
                let value = self.cursor.u32("a boolean")? != 0;
                self.plain(path, value.to_string())
            }
            tag::TABLE => {
                if self.is_new("a table")?.is_ok() {
                    self.table(path, depth)?;
                }
                Object::Nothing
            }
            tag::TORCH => match self.is_new("an object")? {
                Ok(number) => self.torch(number, path, depth)?,
                Err(number) => {
                    self.storages.get(&number).copied().map_or(Object::Nothing, Object::Storage)
                }
            },
            tag::FUNCTION => {
                self.function(path, depth)?;
                Object::Nothing
            }
            tag::OLD_FUNCTION | tag::NEW_FUNCTION => {
                if self.is_new("a function")?.is_ok() {
                    self.function(path, depth)?;
                }
                Object::Nothing
            }
            other => {
                let message = format!("expected the type of an object, 0 to 8, found {other}");
                return Err(Error::malformed(message).at_byte(at).into());
            }
        })
    }

    /// A value of a table that is no tensor.
    fn plain(&mut self, path: &str, text: String) -> Object {
        if !path.is_empty() && self.metadata.len() < PLAIN {
            self.metadata.push((path.to_owned(), text.clone()));
        }
        Object::Plain(text)
    }

    /// The number of an object: `Ok` where it is met for the first time and follows.
    fn is_new(&mut self, what: &str) -> Result<Result<u32, u32>, Error> {
        let number = self.cursor.u32(what)?;
        Ok(if self.met.insert(number) { Ok(number) } else { Err(number) })
    }

    fn text(&mut self, what: &str) -> Result<String, Error> {
        let len = u64::from(self.cursor.u32(what)?);
        if len > TEXT {
            self.cursor.skip(len, what)?;
            return Ok(format!("({len} bytes)"));
        }
        Ok(String::from_utf8_lossy(&self.cursor.take(len, what)?).into_owned())
    }

    /// Code, which is skipped, and the values that it holds.
    fn function(&mut self, path: &str, depth: usize) -> Result<(), Stop> {
        let len = self.cursor.u32("a function")?;
        self.cursor.skip(u64::from(len), "a function")?;
        self.object(path, depth + 1).map(drop)
    }

    fn table(&mut self, path: &str, depth: usize) -> Result<(), Stop> {
        let at = self.cursor.at();
        let pairs = u64::from(self.cursor.u32("the length of a table")?);
        // A key and a value have eight bytes at least.
        if pairs > self.cursor.left() / 8 {
            let message =
                format!("a table of {pairs} pairs, {} bytes are left", self.cursor.left());
            return Err(Error::malformed(message).at_byte(at).into());
        }
        for _ in 0..pairs {
            let key = match self.object("", depth + 1)? {
                Object::Plain(key) => key,
                _ => "?".to_owned(),
            };
            let path = if path.is_empty() { key } else { format!("{path}.{key}") };
            check_path(&path)?;
            self.object(&path, depth + 1)?;
        }
        Ok(())
    }

    /// An object of a class of Torch.
    fn torch(&mut self, number: u32, path: &str, depth: usize) -> Result<Object, Stop> {
        let version = self.text("the version of a class")?;
        // Before versions the name of the class stood there.
        let class = match version.starts_with("V ") {
            true => self.text("the name of a class")?,
            false => version,
        };
        if let Some(dtype) = dtype_of(&class, "Storage") {
            let storage = self.storage(dtype)?;
            self.storages.insert(number, storage);
            return Ok(Object::Storage(storage));
        }
        if let Some(dtype) = dtype_of(&class, "Tensor") {
            self.tensor(dtype, path, depth)?;
            return Ok(Object::Nothing);
        }
        if self.metadata.len() < PLAIN {
            let key = if path.is_empty() { "class".to_owned() } else { format!("{path}.class") };
            self.metadata.push((key, class.clone()));
        }
        // Most classes are a table of their fields.
        let at = self.cursor.at();
        let is_table = self.cursor.left() < 4 || {
            let mut look = Cursor::whole(&*self.input.data, Endian::Little);
            look.skip(at, "an object")?;
            matches!(look.u32("an object")?, tag::TABLE | tag::NIL)
        };
        if !is_table {
            return Err(Stop::Class(class));
        }
        self.object(path, depth + 1)?;
        Ok(Object::Nothing)
    }

    fn storage(&mut self, dtype: Dtype) -> Result<Storage, Error> {
        let at = self.cursor.at();
        let len = self.cursor.u64("the length of a storage")?;
        let bytes = dtype.bytes_of(len).ok_or_else(|| {
            Error::malformed(format!("a storage of {len} values cannot be counted")).at_byte(at)
        })?;
        let start = self.cursor.at();
        self.cursor.skip(bytes, "the values of a storage")?;
        Ok(Storage { dtype, start, len })
    }

    /// Axes, strides, the place of the first value counted from 1, and a storage.
    fn tensor(&mut self, dtype: Dtype, path: &str, depth: usize) -> Result<(), Stop> {
        let at = self.cursor.at();
        let name = if path.is_empty() { "tensor" } else { path };
        let axes = self.cursor.u32("the number of axes")? as usize;
        let told = |message: String| Error::malformed(message).at_byte(at).for_tensor(name);
        if axes > self.limits.axes {
            return Err(
                told(format!("it has {axes} axes, the limit is {}", self.limits.axes)).into()
            );
        }
        let mut lengths = Vec::new();
        for _ in 0..axes {
            let dim = self.cursor.u64("the length of an axis")?;
            lengths.push(usize::try_from(dim.cast_signed()).ok());
        }
        let shape: Option<Vec<usize>> = lengths.into_iter().collect();
        let shape = shape.ok_or_else(|| told("an axis has an impossible length".to_owned()))?;
        let mut strides = Vec::new();
        for _ in 0..axes {
            strides.push(self.cursor.u64("a stride")?.cast_signed());
        }
        let first = self.cursor.u64("the place of the first value")?;
        let Object::Storage(storage) = self.object("", depth + 1)? else {
            // An empty tensor has no storage.
            return Ok(());
        };
        if axes == 0 {
            return Ok(());
        }
        if storage.dtype != dtype {
            let message =
                format!("its values are {}, it is of {}", storage.dtype.name(), dtype.name());
            return Err(told(message).into());
        }
        let Some(offset) = first.checked_sub(1) else {
            return Err(told("its first value is number 0, they count from 1".to_owned()).into());
        };
        if self.tensors.len() >= self.limits.tensors {
            let message = format!("it has more tensors than {}", self.limits.tensors);
            return Err(Error::new(ErrorKind::Limit, message).into());
        }
        let view = View { shape, strides, offset };
        // It must stay inside its own storage.
        let reach = view.reach();
        let is_inside =
            view.shape.contains(&0) || reach.is_some_and(|(_, high)| high < storage.len);
        if !is_inside {
            let message = format!("its values leave their storage of {}", storage.len);
            return Err(told(message).into());
        }
        let (file, data) = (self.input.name.as_str(), self.input.data.clone());
        match Tensor::new(name, file, dtype, Endian::Little, view, storage.start, data) {
            Ok(tensor) => self.tensors.push(tensor),
            Err(error) => self.skipped.add(name, format!("skipped: {error}")),
        }
        Ok(())
    }
}
