//! `.metadata`: the dataclasses of torch.distributed.checkpoint, as far as they say which tensors
//! there are and where their chunks lie.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use hinton_tensor::Bytes;

use crate::container::pickle::{Id, Node, Pickle};
use crate::formats::notes::check_path;
use crate::formats::pytorch::LIBRARIES;
use crate::formats::pytorch::dtype::{self, Element};
use crate::formats::unpickle::Reader;
use crate::{Error, ErrorKind, Limits};

/// What a folder holds, in the order of the file.
#[derive(Default)]
pub(super) struct Index {
    pub(super) entries: Vec<Entry>,
    /// Which entry has a name.
    by_name: HashMap<String, usize>,
    /// Where the bytes of a chunk lie, by name and first position (none for Python objects).
    places: BTreeMap<Key, Place>,
    /// The version of the layout, where it is said.
    pub(super) version: Option<String>,
}

type Key = (String, Option<Vec<usize>>);

/// A tensor or another object of the state dict.
pub(super) struct Entry {
    pub(super) name: String,
    /// An error where the metadata of this entry makes no sense; the others may.
    pub(super) kind: Result<Kind, Error>,
}

pub(super) enum Kind {
    Tensor(Described),
    /// A Python object.
    Object,
}

/// A tensor as the metadata describes it.
pub(super) struct Described {
    pub(super) element: Element,
    pub(super) shape: Vec<usize>,
    pub(super) chunks: Vec<Chunk>,
}

/// A box of a tensor.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Chunk {
    /// First position on each axis.
    pub(super) start: Vec<usize>,
    /// Length on each axis.
    pub(super) shape: Vec<usize>,
}

/// Where the bytes of a chunk or object lie.
#[derive(Clone)]
pub(super) struct Place {
    /// The file, relative to the folder, as the metadata has it.
    pub(super) file: String,
    pub(super) offset: u64,
    pub(super) len: u64,
    /// What was done to the bytes after they were saved: `stream.zstd/1`.
    pub(super) packed: Option<String>,
}

impl Index {
    pub(super) fn read(
        pickle: &Pickle<'_>,
        data: &Arc<dyn Bytes>,
        file: &str,
        limits: &Limits,
    ) -> Result<Index, Error> {
        let parser = Parser {
            reader: Reader::new(pickle, data.clone(), file, limits).with(LIBRARIES),
            pickle,
            // Parts may be shared, but torch shares none of these.
            chunks_left: pickle.len(),
            names_left: limits.header_bytes,
        };
        parser.index()
    }

    /// Where a Python object lies.
    pub(super) fn object(&self, name: &str) -> Option<&Place> {
        self.places.get(&(name.to_owned(), None))
    }

    /// Where the chunk that starts there lies; `is_only` where the tensor has no other. Metadata
    /// before torch 2.0 leaves out where the only chunk of a tensor starts.
    pub(super) fn chunk(&self, name: &str, start: &[usize], is_only: bool) -> Option<&Place> {
        let place = self.places.get(&(name.to_owned(), Some(start.to_vec())));
        place.or_else(|| self.object(name).filter(|_| is_only))
    }

    /// Takes in what another rank wrote.
    ///
    /// # Errors
    /// Returns an error if together they have more entries than there may be.
    pub(super) fn merge(&mut self, other: Index, limits: &Limits) -> Result<(), Error> {
        for entry in other.entries {
            let Some(&at) = self.by_name.get(&entry.name) else {
                self.by_name.insert(entry.name.clone(), self.entries.len());
                self.entries.push(entry);
                continue;
            };
            match (&mut self.entries[at].kind, entry.kind) {
                (Ok(Kind::Tensor(all)), Ok(Kind::Tensor(more))) if all.shape == more.shape => {
                    all.chunks.extend(more.chunks);
                }
                (Ok(Kind::Object), Ok(Kind::Object)) => {}
                (Ok(_), Ok(_)) => {
                    let message = "two ranks describe it in different ways";
                    self.entries[at].kind = Err(Error::malformed(message));
                }
                (Ok(_), Err(error)) => self.entries[at].kind = Err(error),
                (Err(_), _) => {}
            }
        }
        for (key, place) in other.places {
            self.places.entry(key).or_insert(place);
        }
        if self.entries.len() > limits.tensors {
            return Err(too_many(limits));
        }
        Ok(())
    }
}

fn too_many(limits: &Limits) -> Error {
    let message = format!("the metadata lists more than {} entries", limits.tensors);
    Error::new(ErrorKind::Limit, message)
}

struct Parser<'p> {
    reader: Reader<'p>,
    pickle: &'p Pickle<'p>,
    /// Chunks that may still be listed.
    chunks_left: usize,
    /// Bytes of names that may still be copied.
    names_left: u64,
}

impl Parser<'_> {
    fn index(mut self) -> Result<Index, Error> {
        let root = self.pickle.root();
        let pairs = self.field(root, "state_dict_metadata").and_then(|id| self.dict(id));
        let Some(pairs) = pairs else {
            let message = "the pickle holds no Metadata of torch.distributed.checkpoint";
            return Err(Error::new(ErrorKind::Unrecognised, message));
        };
        let limits = self.reader.limits;
        let mut index = Index::default();
        for (key, value) in pairs {
            let name = self.name(key)?;
            let kind = self.kind(value);
            // Of a key that comes twice the last one counts, as in Python.
            if let Some(&at) = index.by_name.get(&name) {
                let earlier: &mut Entry = &mut index.entries[at];
                earlier.kind = kind;
                continue;
            }
            if index.entries.len() >= limits.tensors {
                return Err(too_many(&limits));
            }
            index.by_name.insert(name.clone(), index.entries.len());
            index.entries.push(Entry { name, kind });
        }
        let places = self.field(root, "storage_data").and_then(|id| self.dict(id));
        let Some(places) = places else {
            return Err(Error::malformed("the metadata does not say where the chunks are")
                .cure("open the folder that torch.distributed.checkpoint.save wrote"));
        };
        for (key, value) in places {
            let (key, place) = self.place(key, value)?;
            index.places.insert(key, place);
        }
        index.version = self.field(root, "version").and_then(|id| self.short_text(id));
        Ok(index)
    }

    /// What an entry of `state_dict_metadata` is.
    fn kind(&mut self, id: Id) -> Result<Kind, Error> {
        let Some((_, class)) = self.class(id) else {
            let kind = self.pickle.kind(id);
            return Err(Error::malformed(format!("its metadata is {kind}")));
        };
        match class {
            "BytesStorageMetadata" => Ok(Kind::Object),
            "TensorStorageMetadata" => self.tensor(id).map(Kind::Tensor),
            _ => {
                let pickle = self.pickle;
                let shown = pickle.object(id).and_then(|(one, _)| pickle.global(one.callable));
                let shown = shown.map_or_else(|| "unknown".to_owned(), |global| global.shown());
                let message = format!("its metadata is of the class {shown}: not read");
                Err(Error::new(ErrorKind::Unsupported, message))
            }
        }
    }

    fn tensor(&mut self, id: Id) -> Result<Described, Error> {
        let Some(size) = self.field(id, "size") else {
            return Err(Error::malformed("its metadata has no size"));
        };
        let shape = self.reader.shape(size, "size")?;
        let element = self.element(id)?;
        let chunks = self.field(id, "chunks").and_then(|id| self.pickle.sequence(id));
        let Some(chunks) = chunks else {
            return Err(Error::malformed("its metadata has no chunks"));
        };
        let Some(left) = self.chunks_left.checked_sub(chunks.len()) else {
            let message = "the metadata lists the same chunks too often";
            return Err(Error::new(ErrorKind::Limit, message));
        };
        self.chunks_left = left;
        let chunks = chunks
            .iter()
            .map(|&chunk| {
                let (Some(start), Some(sizes)) =
                    (self.field(chunk, "offsets"), self.field(chunk, "sizes"))
                else {
                    return Err(Error::malformed("a chunk of it has no offsets and sizes"));
                };
                let start = self.reader.shape(start, "offset")?;
                Ok(Chunk { start, shape: self.reader.shape(sizes, "size of a chunk")? })
            })
            .collect::<Result<Vec<Chunk>, Error>>()?;
        Ok(Described { element, shape, chunks })
    }

    /// The elements that `TensorProperties` names first.
    fn element(&self, id: Id) -> Result<Element, Error> {
        let pickle = self.pickle;
        let dtype = self.field(id, "properties").and_then(|properties| {
            let (object, _) = pickle.object(properties)?;
            let state = *object.state.first()?;
            match pickle.sequence(state) {
                Some(parts) => parts.first().copied(),
                None => self.field(properties, "dtype"),
            }
        });
        let Some(dtype) = dtype else {
            return Err(Error::malformed("its metadata has no dtype"));
        };
        let element =
            pickle.global_name(dtype).and_then(|(module, name)| dtype::of_dtype(module, name));
        element.ok_or_else(|| {
            let shown = pickle.global(dtype).map_or("unknown".to_owned(), |dtype| dtype.shown());
            Error::new(ErrorKind::Unsupported, format!("a tensor of dtype {shown}: not read"))
        })
    }

    /// An entry of `storage_data`: `MetadataIndex` to `_StorageInfo`.
    fn place(&mut self, key: Id, value: Id) -> Result<(Key, Place), Error> {
        let wrong =
            |what: &str| Error::malformed(format!("an entry of storage_data has no {what}"));
        let name = self.field(key, "fqn").ok_or_else(|| wrong("fqn"))?;
        let name = self.name(name)?;
        let start = match self.field(key, "offset") {
            Some(id) if !matches!(self.pickle.node(id), Node::None) => {
                let start = self.reader.shape(id, "offset");
                Some(start.map_err(|error| error.for_tensor(&*name))?)
            }
            _ => None,
        };
        let number = |what: &str| {
            let number = self.field(value, what).and_then(|id| self.pickle.int(id));
            let number = number.and_then(|number| u64::try_from(number).ok());
            number.ok_or_else(|| wrong(what).for_tensor(&*name))
        };
        let (offset, len) = (number("offset")?, number("length")?);
        let file = self.field(value, "relative_path").ok_or_else(|| wrong("relative_path"))?;
        let packed = self.field(value, "transform_descriptors").and_then(|list| {
            let names = self.pickle.sequence(list)?.iter().take(4);
            let names: Vec<String> = names.filter_map(|&id| self.short_text(id)).collect();
            (!names.is_empty()).then(|| names.join(", "))
        });
        let file = self.name(file)?;
        Ok(((name, start), Place { file, offset, len, packed }))
    }

    /// A text that is a name, bounded each and all together.
    fn name(&mut self, id: Id) -> Result<String, Error> {
        let Some(text) = self.pickle.text(id) else {
            let kind = self.pickle.kind(id);
            return Err(Error::malformed(format!("a name in the metadata is {kind}")));
        };
        check_path(&text)?;
        match self.names_left.checked_sub(text.len() as u64) {
            Some(left) => self.names_left = left,
            None => {
                let limit = self.reader.limits.header_bytes;
                let message = format!("the names in the metadata take more than {limit} bytes");
                return Err(Error::new(ErrorKind::Limit, message));
            }
        }
        Ok(text.into_owned())
    }

    fn short_text(&self, id: Id) -> Option<String> {
        Some(self.pickle.text_start(id, 64)?.0.into_owned())
    }

    /// Module and name of an object's class.
    fn class(&self, id: Id) -> Option<(&str, &str)> {
        let (object, callable) = self.pickle.object(id)?;
        match callable {
            Some(("copyreg" | "copy_reg", "_reconstructor")) => {
                self.pickle.global_name(*self.pickle.args(object).first()?)
            }
            other => other,
        }
    }

    /// An attribute of an object.
    fn field(&self, id: Id, name: &str) -> Option<Id> {
        let (object, _) = self.pickle.object(id)?;
        object.state.iter().rev().take(4).find_map(|&state| match self.pickle.node(state) {
            Node::Dict(pairs) => self.last(pairs, name),
            // A pair of attributes, and of those in slots.
            Node::Tuple(halves) => halves.iter().take(2).find_map(|&half| {
                let Node::Dict(pairs) = self.pickle.node(half) else { return None };
                self.last(pairs, name)
            }),
            _ => None,
        })
    }

    fn last(&self, pairs: &[(Id, Id)], name: &str) -> Option<Id> {
        // A dataclass has a few fields; whoever writes more hides one.
        let is_it = |key: Id| {
            self.pickle
                .text_start(key, name.len())
                .is_some_and(|(text, len)| len == name.len() && text == name)
        };
        pairs.iter().take(32).rev().find(|(key, _)| is_it(*key)).map(|(_, value)| *value)
    }

    /// The pairs of a dict or of a subclass of it.
    fn dict(&self, id: Id) -> Option<Vec<(Id, Id)>> {
        match self.pickle.node(id) {
            Node::Dict(pairs) => Some(pairs.clone()),
            Node::Object(object) => Some(object.pairs.clone()),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(places: &[(&str, Option<Vec<usize>>)], objects: &[&str]) -> Index {
        let place = || Place { file: "f".to_owned(), offset: 0, len: 1, packed: None };
        let names = objects.iter().enumerate();
        Index {
            entries: objects
                .iter()
                .map(|name| Entry { name: (*name).to_owned(), kind: Ok(Kind::Object) })
                .collect(),
            by_name: names.map(|(at, name)| ((*name).to_owned(), at)).collect(),
            places: places
                .iter()
                .map(|(name, start)| (((*name).to_owned(), start.clone()), place()))
                .collect(),
            version: None,
        }
    }

    #[test]
    fn a_place_without_a_start_is_that_of_an_only_chunk() {
        let index = index(&[("old", None), ("new", Some(vec![2]))], &[]);
        assert!(index.chunk("old", &[0], true).is_some());
        assert!(index.chunk("old", &[0], false).is_none());
        assert!(index.chunk("new", &[2], false).is_some());
        assert!(index.chunk("new", &[0], true).is_none());
    }

    #[test]
    fn ranks_are_merged_by_name() {
        let mut all = index(&[], &["a", "b"]);
        for _ in 0..2 {
            all.merge(index(&[], &["b", "c"]), &Limits::default()).unwrap();
        }
        let names: Vec<&str> = all.entries.iter().map(|entry| entry.name.as_str()).collect();
        assert_eq!(names, ["a", "b", "c"]);
        let limits = Limits { tensors: 3, ..Limits::default() };
        assert!(all.merge(index(&[], &["d"]), &limits).is_err());
    }
}
