//! Files of `torch.save` before torch 0.1.10: tar archives of four members. `pickle` is the object, in
//! which a tensor is a key; `tensors` says of each key the storage, sizes and strides; `storages`
//! holds the numbers. Specified by `legacy_load` in torch/serialization.py.

use std::collections::HashMap;
use std::sync::Arc;

use hinton_tensor::{Bytes, Endian, View};

use super::dtype::{self, Element};
use super::rebuild::number_key;
use super::{ROW, optimizer};
use crate::container::pickle::{Id, Pickle, load};
use crate::container::tar::{self, Tar};
use crate::formats::pickle::{self, Placed, Reader, Storages, Stored, walk};
use crate::source::{Cursor, read_vec};
use crate::{Checkpoint, Error, ErrorKind, Head, Input, Limits, Sniff, Warning};

/// The members of such an archive.
const MEMBERS: [&str; 4] = ["sys_info", "pickle", "tensors", "storages"];

/// Bytes that are read for a pickle between data, where they are not addressable.
const WINDOW: u64 = 1 << 20;

pub(super) fn sniff(head: &Head<'_>) -> Sniff {
    if !tar::is_tar(head.bytes) {
        return Sniff::No;
    }
    let names = tar::first_names(head.bytes);
    match names.iter().all(|name| MEMBERS.contains(&name.as_str())) && !names.is_empty() {
        true => Sniff::Certain,
        false => Sniff::No,
    }
}

pub(super) fn open(input: &Input, limits: &Limits) -> Result<Checkpoint, Error> {
    let archive = Tar::open(input.data.clone(), limits)?;
    let member = |name: &str| {
        let member = archive.find(name).ok_or_else(|| {
            Error::malformed(format!("the tar archive has no member {name:?}"))
                .cure("the file is incomplete: download or save it again")
        })?;
        archive.bytes(member)
    };
    let in_member = |name: &str, error: Error| {
        let at = error.byte().map_or(String::new(), |byte| format!(" at byte {byte}"));
        Error::new(error.kind(), format!("in {name:?}{at}: {}", error.message()))
            .cure(error.cure_text().unwrap_or("download or copy the file again"))
    };
    let mut table = Table::default();
    table.storages(&member("storages")?, limits).map_err(|error| in_member("storages", error))?;
    table.tensors(&member("tensors")?, limits).map_err(|error| in_member("tensors", error))?;
    let data = pickle::addressable(&member("pickle")?, limits)?;
    let main = load(pickle::whole(&data), 0, limits).map_err(|error| in_member("pickle", error))?;
    let mut reader = Reader::new(&main, data.clone(), &input.name, limits);
    reader.storages = Some(&table);
    let mut found = walk(&mut reader, "tensor")?;
    if found.tensors.is_empty() {
        match pickle::refused_call(&main) {
            Some(error) => return Err(in_member("pickle", error)),
            None => found.warnings.push(Warning::file("the file holds no tensor")),
        }
    }
    if optimizer::is_alone(&main, &found.tensors) {
        found.warnings.push(optimizer::note());
    }
    Ok(Checkpoint {
        path: input.name.clone(),
        format: ROW.name,
        metadata: found.metadata,
        tensors: found.tensors,
        files: vec![input.name.clone()],
        warnings: found.warnings,
    })
}

/// A storage's elements, and where they lie.
type Placement = (Element, Stored);

/// What lies beside the pickle, by key.
#[derive(Default)]
struct Table {
    storages: HashMap<String, Placement>,
    tensors: HashMap<String, (Option<String>, View)>,
}

impl Storages for Table {
    fn find(&self, key: &str) -> Result<Stored, Error> {
        let found = self.storages.get(key).map(|(_, stored)| stored.clone());
        found.ok_or_else(|| Error::malformed(format!("its storage {key:?} is not in the file")))
    }

    fn endian(&self) -> Endian {
        Endian::Little
    }

    fn tensor(&self, key: &str) -> Result<Option<Placed>, Error> {
        let storage = |key: &str| {
            self.storages.get(key).cloned().ok_or_else(|| {
                Error::malformed(format!("there is no tensor and no storage {key:?} in the file"))
            })
        };
        let Some((of, view)) = self.tensors.get(key) else {
            let (element, stored) = storage(key)?;
            let count = stored.len / element.bytes();
            let count = usize::try_from(count).map_err(|_| {
                Error::malformed("its storage has an impossible number of elements")
            })?;
            let (dtype, view) = (element.dtype(), View::packed(&[count]));
            let note = Some("a storage without a shape, shown as a row".to_owned());
            return Ok(Some(Placed { dtype, view, stored, note }));
        };
        let Some(of) = of else {
            return Err(Error::new(ErrorKind::Unsupported, "a tensor without a storage"));
        };
        let (element, stored) = storage(of)?;
        let (dtype, view) = (element.dtype(), view.clone());
        Ok(Some(Placed { dtype, view, stored, note: None }))
    }
}

impl Table {
    /// A number of storages; for each its key, place and class, its length and its elements; then
    /// the storages that are views of others.
    fn storages(&mut self, data: &Arc<dyn Bytes>, limits: &Limits) -> Result<(), Error> {
        let (count, mut at) = pickle_at(data, 0, limits, count)?;
        for _ in 0..count {
            let ((key, element), end) = pickle_at(data, at, limits, |pickle| {
                let [key, _, class] = pickle.sequence(pickle.root())? else { return None };
                let (module, name) = pickle.global_name(*class)?;
                Some((number_key(pickle, *key)?, dtype::of_storage(module, name)?))
            })?;
            let mut count = [0; 8];
            data.read_at(end, &mut count)?;
            let (count, start) = (u64::from_le_bytes(count), end + 8);
            let left = data.len() - start;
            let len = count.checked_mul(element.bytes()).filter(|len| *len <= left);
            let len = len.ok_or_else(|| {
                Error::malformed(format!(
                    "storage {key:?} should have {count} elements of {} bytes, {left} bytes are left",
                    element.bytes()
                ))
                .at_byte(end)
            })?;
            let name = format!("{key:?}");
            self.storages.insert(key, (element, Stored { data: data.clone(), start, len, name }));
            at = start + len;
        }
        let (views, _) = pickle_at(data, at, limits, |pickle| {
            let views = pickle.sequence(pickle.root())?;
            Some(views.iter().try_for_each(|&view| self.storage_view(pickle, view)))
        })?;
        views.map_err(|error| error.at_byte(at))
    }

    /// A storage that is a part of another: its key, the other's, first element, elements.
    fn storage_view(&mut self, pickle: &Pickle<'_>, view: Id) -> Result<(), Error> {
        let parts = pickle.sequence(view).unwrap_or(&[]);
        let (key, stored) = self.part_of_storage(pickle, parts).ok_or_else(|| {
            Error::malformed("a storage is said to be an impossible view of another")
        })?;
        self.storages.insert(key, stored);
        Ok(())
    }

    fn part_of_storage(&self, pickle: &Pickle<'_>, parts: &[Id]) -> Option<(String, Placement)> {
        let [key, root, offset, count] = parts else { return None };
        let (element, whole) = self.storages.get(&number_key(pickle, *root)?)?;
        let bytes = |id| u64::try_from(pickle.int(id)?).ok()?.checked_mul(element.bytes());
        let (skip, len) = (bytes(*offset)?, bytes(*count)?);
        skip.checked_add(len).filter(|end| *end <= whole.len)?;
        let start = whole.start + skip;
        Some((number_key(pickle, *key)?, (*element, Stored { start, len, ..whole.clone() })))
    }

    /// A number of tensors; for each its key, storage and class, then the number of axes, their
    /// lengths, their strides, and the first element.
    fn tensors(&mut self, data: &Arc<dyn Bytes>, limits: &Limits) -> Result<(), Error> {
        let (count, mut at) = pickle_at(data, 0, limits, count)?;
        for _ in 0..count {
            let ((key, storage), end) = pickle_at(data, at, limits, |pickle| {
                let [key, storage, _] = pickle.sequence(pickle.root())? else { return None };
                Some((number_key(pickle, *key)?, number_key(pickle, *storage)))
            })?;
            let mut cursor = Cursor::whole(&**data, Endian::Little);
            cursor.skip(end, "the tensors before it")?;
            // Eight bytes, of which torch reads four.
            let axes = cursor.u32("the number of axes")? as usize;
            cursor.skip(4, "the number of axes")?;
            if axes > limits.axes {
                let message =
                    format!("tensor {key:?} has {axes} axes, the limit is {}", limits.axes);
                return Err(Error::new(ErrorKind::Limit, message).at_byte(end));
            }
            let wrong = |what: &str, number: u64| {
                Error::malformed(format!("tensor {key:?} has a {what} of {number}")).at_byte(end)
            };
            let (mut shape, mut strides) = (Vec::new(), Vec::new());
            for _ in 0..axes {
                let length = cursor.u64("a length")?;
                let fits = i64::try_from(length).is_ok();
                let fits = usize::try_from(length).ok().filter(|_| fits);
                shape.push(fits.ok_or_else(|| wrong("length", length))?);
            }
            for _ in 0..axes {
                strides.push(cursor.u64("a stride")? as i64);
            }
            let offset = cursor.u64("the first element")?;
            at = cursor.at();
            self.tensors.insert(key, (storage, View { shape, strides, offset }));
        }
        Ok(())
    }
}

fn count(pickle: &Pickle<'_>) -> Option<u64> {
    u64::try_from(pickle.int(pickle.root())?).ok()
}

/// What the pickle at a byte says, and the byte behind it.
fn pickle_at<T>(
    data: &Arc<dyn Bytes>,
    at: u64,
    limits: &Limits,
    read: impl FnOnce(&Pickle<'_>) -> Option<T>,
) -> Result<(T, u64), Error> {
    let copy;
    let stream = match data.slice(at..data.len()) {
        Some(stream) => stream,
        None => {
            copy = read_vec(&**data, at, data.len().saturating_sub(at).min(WINDOW))?;
            &copy
        }
    };
    let loaded = load(stream, 0, limits).map_err(|error| {
        let byte = error.byte().unwrap_or(0).saturating_add(at);
        let said = Error::new(error.kind(), error.message()).at_byte(byte);
        match error.cure_text() {
            Some(cure) => said.cure(cure),
            None => said,
        }
    })?;
    match read(&loaded) {
        Some(value) => Ok((value, at + loaded.end() as u64)),
        None => Err(Error::malformed("the pickle there is not what torch writes").at_byte(at)),
    }
}
