//! Files of `torch.save` before torch 1.6: a magic number, the protocol, facts about the machine,
//! the object and the list of storage keys, each a pickle; then the storages one behind the other.

use std::collections::HashMap;
use std::sync::Arc;

use hinton_tensor::{Bytes, Endian};

use super::dtype::{self, Element};
use super::rebuild::storage_key;
use super::{LIBRARIES, ROW, optimizer};
use crate::container::pickle::{Id, Node, Pickle, load};
use crate::formats::unpickle::{self, Found, Nested, Reader, Storages, Stored, walk};
use crate::source::read_vec;
use crate::{Checkpoint, Error, ErrorKind, Input, Limits, Warning};

/// The number every such file starts with.
const MAGIC: i128 = 0x1950_a86a_20f9_469c_fc6c;
/// It as a LONG1, and as protocols 0 and 1 write it.
const MAGIC_BYTES: &[u8] = b"\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";
const MAGIC_TEXT: &[u8] = b"L119547037146038801333356L\n.";
/// The only protocol there has been.
const PROTOCOL: i128 = 1001;

/// Whether the first bytes are those of a file of torch.save before 1.6.
pub(crate) fn is_legacy_torch(head: &[u8]) -> bool {
    // PROTO comes before the number, and a FRAME from protocol 4 on.
    let start = &head[..head.len().min(32)];
    start.starts_with(MAGIC_TEXT)
        || (start.first() == Some(&0x80)
            && start.windows(MAGIC_BYTES.len()).any(|part| part == MAGIC_BYTES))
}

struct Table {
    storages: HashMap<String, Stored>,
}

impl Storages for Table {
    fn find(&self, key: &str) -> Result<Stored, Error> {
        self.storages.get(key).cloned().ok_or_else(|| {
            Error::malformed(format!("its storage {key:?} is not in the file's list"))
                .cure("the file is damaged: download or save it again")
        })
    }

    /// Whatever machine wrote it: torch writes storages little-endian.
    fn endian(&self) -> Endian {
        Endian::Little
    }
}

pub(super) fn open(input: &Input, limits: &Limits) -> Result<Checkpoint, Error> {
    let data = prefix(&input.data, limits)?;
    let (main, table) = read(&input.data, unpickle::whole(&data), limits)?;
    let mut reader = Reader::new(&main, data.clone(), &input.name, limits).with(LIBRARIES);
    reader.storages = Some(&table);
    let found = walk(&mut reader, "tensor")?;
    checkpoint(&main, found, input)
}

/// What was found in the object of a file: an error where a refused call is why there is nothing.
pub(super) fn checkpoint(
    main: &Pickle<'_>,
    mut found: Found,
    input: &Input,
) -> Result<Checkpoint, Error> {
    if found.tensors.is_empty() {
        match unpickle::refused_call(main, LIBRARIES) {
            Some(error) => return Err(error),
            None => found.warnings.push(Warning::file("the file holds no tensor")),
        }
    }
    if optimizer::is_alone(main, &found.tensors) {
        found.warnings.push(optimizer::note());
    }
    Ok(Checkpoint::of_file(input, ROW.name, found.metadata, found.tensors, found.warnings))
}

/// The storage of a torch file that holds nothing else.
pub(super) fn lone_storage(data: &Arc<dyn Bytes>, limits: &Limits) -> Result<Nested, Error> {
    let (main, table) = read(data, unpickle::whole(data), limits)?;
    let reference = match main.node(main.root()) {
        Node::Persid(reference) => reference_element(&main, *reference),
        _ => None,
    };
    let Some((key, element)) = reference else {
        return Err(Error::malformed("the torch file inside the pickle holds no storage"));
    };
    Ok(Nested { dtype: element.dtype(), stored: table.find(&key)? })
}

/// The object's pickle, and the storages behind it. `stream` is `data` or its start.
fn read<'s>(
    data: &Arc<dyn Bytes>,
    stream: &'s [u8],
    limits: &Limits,
) -> Result<(Pickle<'s>, Table), Error> {
    let magic = load(stream, 0, limits)?;
    if magic.int(magic.root()) != Some(MAGIC) {
        return Err(Error::malformed("the file does not start with torch's magic number"));
    }
    let protocol = load(stream, magic.end(), limits)?;
    if protocol.int(protocol.root()) != Some(PROTOCOL) {
        return Err(Error::new(
            ErrorKind::Unsupported,
            "the file's torch protocol is not 1001, the only one there has been",
        )
        .at_byte(magic.end() as u64));
    }
    let machine = load(stream, protocol.end(), limits)?;
    let main = load(stream, machine.end(), limits)?;
    let keys = load(stream, main.end(), limits)?;
    let table = table(data, &main, &keys)?;
    Ok((main, table))
}

/// The bytes in which the pickles lie: the whole file where that costs nothing, else its start.
fn prefix(data: &Arc<dyn Bytes>, limits: &Limits) -> Result<Arc<dyn Bytes>, Error> {
    if data.slice(0..data.len()).is_some() {
        return Ok(data.clone());
    }
    let len = data.len().min(limits.header_bytes);
    Ok(Arc::new(hinton_tensor::Memory::new(read_vec(&**data, 0, len)?)))
}

/// Where each storage lies: behind the last pickle, in the order of the list of keys, each with its
/// number of elements before it.
fn table(data: &Arc<dyn Bytes>, main: &Pickle<'_>, keys: &Pickle<'_>) -> Result<Table, Error> {
    let sizes = element_sizes(main);
    let list = keys.sequence(keys.root()).ok_or_else(|| {
        let kind = keys.kind(keys.root());
        Error::malformed(format!("the list of storage keys is {kind}"))
    })?;
    let mut storages = HashMap::new();
    let mut at = keys.end() as u64;
    for &key in list {
        let Some(key) = storage_key(keys, key) else {
            return Err(Error::malformed("a storage key is not text"));
        };
        let mut count = [0; 8];
        data.read_at(at, &mut count).map_err(|error| cut(&key, at, error))?;
        let count = u64::from_le_bytes(count);
        let start = at + 8;
        let left = data.len() - start;
        // A storage that no tensor uses has no known size, so nothing behind it can be found.
        let Some(&size) = sizes.get(&key) else {
            return Err(Error::malformed(format!(
                "the file lists a storage {key:?} that nothing in it uses"
            ))
            .at_byte(at));
        };
        let len = count.checked_mul(size).filter(|len| *len <= left).ok_or_else(|| {
            Error::malformed(format!(
                "storage {key:?} should have {count} elements of {size} bytes, {left} bytes are \
                 left"
            ))
            .at_byte(at)
            .cure("the file is cut short: download or copy it again")
        })?;
        let name = format!("{key:?}");
        let stored = Stored { data: data.clone(), start, len, name };
        storages.insert(key, stored);
        at = start + len;
    }
    Ok(Table { storages })
}

fn cut(key: &str, at: u64, error: hinton_tensor::ReadError) -> Error {
    Error::of_read(&error, format!("storage {key:?} is missing: {}", error.why))
        .at_byte(at)
        .cure("the file is cut short: download or copy it again")
}

/// Bytes of one element of each storage that the object refers to.
fn element_sizes(main: &Pickle<'_>) -> HashMap<String, u64> {
    let mut sizes = HashMap::new();
    for id in main.ids() {
        let Node::Persid(reference) = main.node(id) else { continue };
        if let Some((key, element)) = reference_element(main, *reference) {
            sizes.entry(key).or_insert(element.bytes());
        }
    }
    sizes
}

/// The key of a storage, and what it holds.
fn reference_element(main: &Pickle<'_>, reference: Id) -> Option<(String, Element)> {
    let [_, class, key, ..] = main.sequence(reference)? else { return None };
    let (module, name) = main.global_name(*class)?;
    Some((storage_key(main, *key)?, dtype::of_storage(module, name)?))
}
