//! MAT-files of version 7.3: HDF5 whose attributes say what the datasets are to MATLAB. Variables are named,
//! shaped and skipped as those of version 5 are.

use std::collections::BTreeMap;
use std::sync::Arc;

use hinton_tensor::{Dtype, Endian, Memory, Tensor, View};
use serde_json::Value;

use super::broken::Broken;
use super::sparse::{self, Run};
use super::words;
use crate::formats::hdf5::{Browser, Item, Thing};
use crate::formats::notes::{Skipped, check_path};
use crate::{Checkpoint, Error, ErrorKind, Input, Limits};

/// Most characters of a text that becomes metadata.
const TEXT: u64 = 1 << 15;

/// Attributes that only MATLAB needs.
const OWN: [&str; 8] = [
    "MATLAB_class",
    "MATLAB_empty",
    "MATLAB_int_decode",
    "MATLAB_object_decode",
    "MATLAB_fields",
    "MATLAB_sparse",
    "MATLAB_global",
    "H5PATH",
];

/// Groups of MATLAB's own: what cells refer to, and what belongs to objects.
const REFERRED: &str = "#refs#";
const SUBSYSTEM: &str = "#subsystem#";

/// Adds the variables, as MATLAB sees them.
pub(super) fn open(
    input: &Input,
    limits: &Limits,
    checkpoint: &mut Checkpoint,
) -> Result<(), Error> {
    let browser = Browser::open(input.data.clone(), &input.name, limits)?;
    let root = browser.root();
    // Each place of a cell takes eight bytes: no file can honestly have more, and one that refers to itself ends.
    let visits = input.data.len() / 8 + 1024;
    let skipped = Skipped::default();
    let mut reader =
        Reader { browser, input, limits, checkpoint, skipped, visits, broken: Broken::default() };
    let item = reader.browser.item(root, "", 0)?;
    reader.own_attributes(&item, "");
    let Thing::Group(variables) = item.thing else {
        return Err(Error::malformed("the root of the file is not a group").at_byte(root));
    };
    for (name, place) in variables {
        match name.as_str() {
            REFERRED => {}
            SUBSYSTEM => reader.skipped.add("", words::WORKSPACE),
            _ => reader.guarded(place, &name)?,
        }
    }
    let Reader { skipped, broken, checkpoint, .. } = reader;
    broken.finish(skipped, checkpoint)
}

struct Reader<'a> {
    browser: Browser,
    input: &'a Input,
    limits: &'a Limits,
    checkpoint: &'a mut Checkpoint,
    skipped: Skipped,
    /// How many objects may still be looked at.
    visits: u64,
    broken: Broken,
}

/// An attribute.
fn attribute<'i>(item: &'i Item, name: &str) -> Option<&'i Value> {
    item.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value)
}

/// The number in an attribute.
fn number(item: &Item, name: &str) -> Option<u64> {
    let value = attribute(item, name)?;
    // h5py writes numbers as lists of one, too.
    value.as_u64().or_else(|| value.as_array()?.first()?.as_u64())
}

/// Fields in the order of the struct.
fn in_order(mut fields: Vec<(String, u64)>, order: &[Value]) -> Vec<(String, u64)> {
    let names = order.iter().filter_map(Value::as_str).enumerate();
    let places: BTreeMap<&str, usize> = names.map(|(index, name)| (name, index)).collect();
    fields.sort_by_key(|(name, _)| places.get(&**name).copied().unwrap_or(usize::MAX));
    fields
}

impl Reader<'_> {
    /// Adds a variable; one that is damaged hides no other.
    fn guarded(&mut self, place: u64, name: &str) -> Result<(), Error> {
        let done = self.object(place, name.to_owned(), 0);
        self.broken.guard(done.map_err(|error| error.for_tensor(name)), self.checkpoint)
    }

    /// Attributes that other programs have added are metadata.
    fn own_attributes(&mut self, item: &Item, path: &str) {
        for (name, value) in item.attributes.iter().filter(|(name, _)| !OWN.contains(&&**name)) {
            let key = if path.is_empty() { name.clone() } else { format!("{path}@{name}") };
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            self.checkpoint.metadata.push((key, text));
        }
    }

    /// Adds what lies at a place.
    fn object(&mut self, place: u64, path: String, depth: usize) -> Result<(), Error> {
        check_path(&path)?;
        let limit = self.limits.depth;
        let left = self.visits.checked_sub(1);
        let Some(left) = left.filter(|_| depth <= limit) else {
            let message = format!("arrays are nested deeper than {limit}, or refer to each other");
            return Err(Error::new(ErrorKind::Limit, message).at_byte(place));
        };
        self.visits = left;
        let item = self.browser.item(place, &path, self.visits)?;
        self.own_attributes(&item, &path);
        let class = attribute(&item, "MATLAB_class").and_then(Value::as_str).unwrap_or_default();
        let class = class.to_owned();
        let is_empty = number(&item, "MATLAB_empty").is_some_and(|empty| empty != 0);
        if class == "function_handle" {
            self.skipped.add(path, words::FUNCTION);
            return Ok(());
        }
        // Objects of classes are numbers that point into what only MATLAB knows.
        if number(&item, "MATLAB_object_decode") == Some(3) {
            self.skipped.add(path, words::object(&class));
            return Ok(());
        }
        if number(&item, "MATLAB_sparse").is_some() {
            return self.sparse(&item, path, &class);
        }
        let order = attribute(&item, "MATLAB_fields").and_then(Value::as_array).cloned();
        match item.thing {
            Thing::Group(fields) => {
                let order = order.as_deref().unwrap_or_default();
                self.structure(in_order(fields, order), &path, depth)
            }
            Thing::References(places) => {
                for (index, place) in places.into_iter().enumerate() {
                    let Some(place) = place else { continue };
                    self.object(place, format!("{path}{{{}}}", index + 1), depth + 1)?;
                }
                Ok(())
            }
            Thing::Numbers(tensor) if is_empty => self.empty(&tensor, path, &class),
            Thing::Numbers(tensor) => self.numbers(tensor, path, &class),
            Thing::Other(why) => {
                self.skipped.add(path, format!("skipped: {why}"));
                Ok(())
            }
        }
    }

    /// A struct; its fields are lists of references where it is an array of structs.
    fn structure(
        &mut self,
        fields: Vec<(String, u64)>,
        path: &str,
        depth: usize,
    ) -> Result<(), Error> {
        // Each field with what it holds in each place.
        let mut lists = Vec::new();
        for (name, place) in &fields {
            let item = self.browser.item(*place, name, self.visits)?;
            let is_list = attribute(&item, "MATLAB_class").is_none();
            match item.thing {
                Thing::References(places) if is_list => {
                    self.visits = self.visits.saturating_sub(places.len() as u64);
                    lists.push(places);
                }
                _ => break,
            }
        }
        let count = lists.first().map_or(0, Vec::len);
        let is_array = lists.len() == fields.len() && lists.iter().all(|list| list.len() == count);
        if !is_array {
            for (name, place) in fields {
                self.object(place, format!("{path}.{name}"), depth + 1)?;
            }
            return Ok(());
        }
        for index in 0..count {
            let of = if count == 1 { String::new() } else { format!("({})", index + 1) };
            for ((name, _), list) in fields.iter().zip(&lists) {
                if let Some(place) = list[index] {
                    self.object(place, format!("{path}{of}.{name}"), depth + 1)?;
                }
            }
        }
        Ok(())
    }

    /// An array without values, in whose place its lengths are stored.
    fn empty(&mut self, lengths: &Tensor, path: String, class: &str) -> Result<(), Error> {
        let dtype = match class {
            "char" => {
                self.checkpoint.metadata.push((path, String::new()));
                return Ok(());
            }
            "logical" => Some(Dtype::Bool),
            "double" => Some(Dtype::F64),
            "single" => Some(Dtype::F32),
            "int8" => Some(Dtype::I8),
            "int16" => Some(Dtype::I16),
            "int32" => Some(Dtype::I32),
            "int64" => Some(Dtype::I64),
            "uint8" => Some(Dtype::U8),
            "uint16" => Some(Dtype::U16),
            "uint32" => Some(Dtype::U32),
            "uint64" => Some(Dtype::U64),
            // Cells and structs without places.
            _ => None,
        };
        let Some(dtype) = dtype else { return Ok(()) };
        let most = self.limits.axes as u64;
        let lengths = if lengths.elements() <= most { lengths.to_f64()? } else { Vec::new() };
        let shape: Vec<usize> = lengths.iter().map(|len| *len as usize).collect();
        if !shape.contains(&0) {
            let message = format!("it is said to be empty and to have the shape {shape:?}");
            return Err(Error::malformed(message));
        }
        let (file, view) = (self.input.name.as_str(), View::packed_fortran(&shape));
        let none = Arc::new(Memory::new(Vec::new()));
        self.keep(Tensor::new(path, file, dtype, Endian::Little, view, 0, none)?)
    }

    fn numbers(&mut self, tensor: Tensor, path: String, class: &str) -> Result<(), Error> {
        match class {
            "char" => {
                match text(&tensor) {
                    Some(text) => self.checkpoint.metadata.push((path, text)),
                    None => {
                        let shape: Vec<usize> = tensor.shape().iter().rev().copied().collect();
                        self.skipped.add(path, format!("skipped: texts of shape {shape:?}"));
                    }
                }
                Ok(())
            }
            "logical" if matches!(tensor.dtype(), Dtype::U8 | Dtype::I8) => {
                self.keep(as_bool(&tensor)?.transpose()?)
            }
            // HDF5 has the axes in C order, MATLAB in Fortran's: the same bytes, the other way round.
            _ => self.keep(tensor.transpose()?),
        }
    }

    /// A group of rows, of where columns begin, and of values. Without values only the columns are there.
    fn sparse(&mut self, item: &Item, path: String, class: &str) -> Result<(), Error> {
        let rows = number(item, "MATLAB_sparse").unwrap_or_default();
        let Thing::Group(parts) = &item.thing else {
            return Err(Error::malformed("a sparse matrix that is not a group"));
        };
        let mut found: [Option<Tensor>; 3] = [const { None }; 3];
        for (name, place) in parts {
            let Some(index) = ["ir", "jc", "data"].iter().position(|part| part == name) else {
                continue;
            };
            if let Thing::Numbers(tensor) = self.browser.item(*place, name, 0)?.thing {
                found[index] = Some(tensor);
            }
        }
        let [ir, jc, values] = found;
        let counts = |tensor: &Tensor| tensor.dtype().is_integer();
        let Some(jc) = jc.filter(counts).filter(|_| ir.as_ref().is_none_or(counts)) else {
            return Err(Error::malformed("a sparse matrix without the numbers of its columns"));
        };
        let columns = usize::try_from(jc.elements().saturating_sub(1)).unwrap_or(usize::MAX);
        let shape = [usize::try_from(rows).unwrap_or(usize::MAX), columns];
        let is_logical = class == "logical";
        let without = if is_logical { Dtype::U8 } else { Dtype::F64 };
        let dtype = values.as_ref().map_or(without, Tensor::dtype);
        let made = if dtype.is_complex() {
            Err(format!("skipped: a sparse matrix of complex values, shape {shape:?}"))
        } else {
            let [rows, values] =
                [ir, values].map(|one| one.as_ref().map_or_else(Run::empty, Run::of));
            let parts = sparse::Parts { shape, rows, columns: Run::of(&jc), values };
            sparse::filled(parts, &path, &self.input.name, (dtype, is_logical), self.limits)?
        };
        match made {
            Ok((tensor, word)) => {
                self.skipped.add(path, word);
                self.keep(tensor)
            }
            Err(why) => {
                self.skipped.add(path, why);
                Ok(())
            }
        }
    }

    fn keep(&mut self, tensor: Tensor) -> Result<(), Error> {
        let limit = self.limits.tensors;
        if self.checkpoint.tensors.len() >= limit {
            let message = format!("there are more than {limit} arrays");
            return Err(Error::new(ErrorKind::Limit, message));
        }
        self.checkpoint.tensors.push(tensor);
        Ok(())
    }
}

fn as_bool(tensor: &Tensor) -> Result<Tensor, Error> {
    let (view, data) = (tensor.view().clone(), tensor.data().clone());
    let (file, endian, start) = (tensor.file(), tensor.endian(), tensor.start());
    Ok(Tensor::new(tensor.name(), file, Dtype::Bool, endian, view, start, data)?)
}

/// A line of text, which MATLAB stores as 16-bit units.
fn text(tensor: &Tensor) -> Option<String> {
    let line = tensor.shape().get(1..).is_none_or(|rest| rest.iter().all(|dim| *dim == 1));
    if !line || tensor.dtype() != Dtype::U16 || tensor.elements() > TEXT {
        return None;
    }
    let bytes = tensor.packed_bytes().ok()?;
    let units = bytes.as_chunks::<2>().0.iter().map(|unit| u16::from_le_bytes(*unit));
    let units: Vec<u16> = units.collect();
    Some(String::from_utf16_lossy(&units))
}
