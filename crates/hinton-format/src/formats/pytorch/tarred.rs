//! Files of `torch.save` before torch 0.1.10: tar archives of four members. `pickle` is the object, in
//! which a tensor is a key; `tensors` says of each key the storage, sizes and strides; `storages`
//! holds the numbers. Specified by `legacy_load` in torch/serialization.py.

mod stretch;

use std::collections::HashMap;
use std::sync::Arc;

use hinton_tensor::{Bytes, Endian, View};

use self::stretch::Stretch;
use super::LIBRARIES;
use super::dtype::{self, Element};
use super::legacy::checkpoint;
use super::rebuild::number_key;
use crate::container::pickle::{Id, Pickle, load};
use crate::container::tar::{self, Tar};
use crate::formats::unpickle::{self, Placed, Reader, Storages, Stored, walk};
use crate::source::Cursor;
use crate::{Checkpoint, Error, ErrorKind, Head, Input, Limits, Sniff};

/// The members of such an archive.
const MEMBERS: [&str; 4] = ["sys_info", "pickle", "tensors", "storages"];

/// Bytes that are read for a pickle between data, where they are not addressable: this many at first,
/// and more where it does not end in them.
const FIRST: u64 = 4 << 10;
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
    let data = unpickle::addressable(&member("pickle")?, limits)?;
    let main =
        load(unpickle::whole(&data), 0, limits).map_err(|error| in_member("pickle", error))?;
    let mut reader = Reader::new(&main, data.clone(), &input.name, limits).with(LIBRARIES);
    reader.storages = Some(&table);
    let found = walk(&mut reader, "tensor")?;
    checkpoint(&main, found, input).map_err(|error| in_member("pickle", error))
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
        let mut stretch = Stretch::new(&**data);
        let (count, mut at) = counted(&mut stretch, "storages", limits)?;
        for _ in 0..count {
            let ((key, element), end) = pickle_at(&mut stretch, at, limits, |pickle| {
                let [key, _, class] = pickle.sequence(pickle.root())? else { return None };
                let (module, name) = pickle.global_name(*class)?;
                Some((number_key(pickle, *key)?, dtype::of_storage(module, name)?))
            })?;
            let Some(count) = stretch.from(end, 8)?.first_chunk() else {
                let message = format!("storage {key:?} has no number of elements");
                return Err(Error::malformed(message).at_byte(end));
            };
            let (count, start) = (u64::from_le_bytes(*count), end + 8);
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
        let (views, _) = pickle_at(&mut stretch, at, limits, |pickle| {
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
        let data = unpickle::addressable(data, limits)?;
        let mut stretch = Stretch::new(&*data);
        let (count, mut at) = counted(&mut stretch, "tensors", limits)?;
        for _ in 0..count {
            let ((key, storage), end) = pickle_at(&mut stretch, at, limits, |pickle| {
                let [key, storage, _] = pickle.sequence(pickle.root())? else { return None };
                Some((number_key(pickle, *key)?, number_key(pickle, *storage)))
            })?;
            let mut cursor = Cursor::whole(&*data, Endian::Little);
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

/// The number that a member starts with, and the byte behind it.
fn counted(stretch: &mut Stretch<'_>, what: &str, limits: &Limits) -> Result<(u64, u64), Error> {
    let (count, end) =
        pickle_at(stretch, 0, limits, |pickle| u64::try_from(pickle.int(pickle.root())?).ok())?;
    let limit = limits.tensors;
    if usize::try_from(count).is_ok_and(|count| count <= limit) {
        return Ok((count, end));
    }
    let message = format!("the file has {count} {what}, the limit is {limit}");
    Err(Error::new(ErrorKind::Limit, message).at_byte(0))
}

/// What the pickle at a byte says, and the byte behind it.
fn pickle_at<T>(
    stretch: &mut Stretch<'_>,
    at: u64,
    limits: &Limits,
    read: impl FnOnce(&Pickle<'_>) -> Option<T>,
) -> Result<(T, u64), Error> {
    let left = stretch.left(at);
    let mut want = FIRST;
    loop {
        let stream = stretch.from(at, want)?;
        let is_all = want >= WINDOW || stream.len() as u64 >= left;
        match load(stream, 0, limits) {
            Ok(loaded) => {
                let value = read(&loaded).ok_or_else(|| {
                    Error::malformed("the pickle there is not what torch writes").at_byte(at)
                })?;
                return Ok((value, at + loaded.end() as u64));
            }
            Err(error) if is_all => return Err(moved(&error, at)),
            Err(_) => want *= 2,
        }
    }
}

/// An error of a pickle that starts at a byte.
fn moved(error: &Error, at: u64) -> Error {
    let byte = error.byte().unwrap_or(0).saturating_add(at);
    let said = Error::new(error.kind(), error.message()).at_byte(byte);
    match error.cure_text() {
        Some(cure) => said.cure(cure),
        None => said,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hinton_tensor::ReadError;
    use std::ops::Range;
    use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

    /// Bytes as a stream gives them.
    #[derive(Default)]
    struct Stream {
        bytes: Vec<u8>,
        at: AtomicU64,
        jumps_back: AtomicU64,
    }

    impl Bytes for Stream {
        fn len(&self) -> u64 {
            self.bytes.len() as u64
        }

        fn slice(&self, _: Range<u64>) -> Option<&[u8]> {
            None
        }

        fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<(), ReadError> {
            let end = offset + buf.len() as u64;
            if self.at.swap(end, Relaxed) > offset {
                self.jumps_back.fetch_add(1, Relaxed);
            }
            buf.copy_from_slice(&self.bytes[offset as usize..end as usize]);
            Ok(())
        }
    }

    fn storage(key: &str, place: &str, count: u64) -> Vec<u8> {
        let pickle = format!("(S'{key}'\nS'{place}'\nctorch\nFloatStorage\nt.");
        let data = vec![7; count as usize * 4];
        [pickle.as_bytes(), &count.to_le_bytes(), &data].concat()
    }

    #[test]
    fn storages_are_read_from_front_to_back() {
        let mut bytes = b"I1002\n.".to_vec();
        bytes.extend((0..1000u64).flat_map(|n| storage(&n.to_string(), "cpu", n % 90)));
        bytes.extend(storage("large", "cpu", 500_000));
        bytes.extend(storage("long", &"cpu".repeat(20_000), 1));
        bytes.extend(b"(l.");
        let data = Arc::new(Stream { bytes, ..Stream::default() });
        let read: Arc<dyn Bytes> = data.clone();
        let mut table = Table::default();
        table.storages(&read, &Limits::default()).unwrap();
        assert_eq!(table.storages.len(), 1002);
        assert_eq!(table.storages["large"].1.len, 2_000_000);
        assert_eq!(data.jumps_back.load(Relaxed), 0);
        for cut in [3, 8, 60, 5_000, data.bytes.len() - 2] {
            let bytes = data.bytes[..cut].to_vec();
            let cut: Arc<dyn Bytes> = Arc::new(Stream { bytes, ..Stream::default() });
            assert!(Table::default().storages(&cut, &Limits::default()).is_err());
        }
        let limits = Limits { tensors: 1000, ..Limits::default() };
        let error = Table::default().storages(&read, &limits).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Limit);
        let error = Table::default().tensors(&read, &limits).unwrap_err();
        assert!(error.message().contains("1002 tensors"), "{error}");
    }
}
