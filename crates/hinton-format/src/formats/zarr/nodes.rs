//! The arrays of a store, one by one.

use std::sync::Arc;

use hinton_tensor::{Bytes, Tensor};
use serde_json::Value;

use super::chunked;
use super::meta::{self, Array, Described, V2_ARRAY, V3_NODE};
use super::store::Store;
use crate::formats::notes::{Skipped, check_path};
use crate::source::cache::ChunkCache;
use crate::source::read_vec;
use crate::words::json_fault;
use crate::{Error, ErrorKind, Limits};

/// Most bytes of a metadata file.
const LONGEST: u64 = 16 << 20;
/// What each text that is kept costs besides its bytes.
const TEXT_COST: u64 = 64;
/// Attributes of version 2.
const ATTRIBUTES: &str = ".zattrs";

/// What has been found in a store.
pub(crate) struct Nodes<'a> {
    limits: &'a Limits,
    cache: Arc<ChunkCache>,
    /// Arrays met, the skipped ones included.
    met: u64,
    /// Bytes that metadata may still take, read and kept: many keys may lie in one place.
    left: u64,
    pub(crate) tensors: Vec<Tensor>,
    pub(crate) metadata: Vec<(String, String)>,
    pub(crate) skipped: Skipped,
}

/// What lies under a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Node {
    Array,
    Group,
    Nothing,
}

impl<'a> Nodes<'a> {
    pub(crate) fn new(limits: &'a Limits) -> Self {
        Nodes {
            limits,
            cache: Arc::default(),
            met: 0,
            left: limits.header_bytes,
            tensors: Vec::new(),
            metadata: Vec::new(),
            skipped: Skipped::default(),
        }
    }

    /// Adds the array under a key, which is empty for the root, with that name and its attributes;
    /// or the attributes of the group there.
    ///
    /// # Errors
    /// Returns an error if its metadata is damaged, or there are too many arrays.
    pub(crate) fn add(
        &mut self,
        store: &Arc<dyn Store>,
        key: &str,
        name: &str,
    ) -> Result<Node, Error> {
        check_path(name)?;
        let prefix = if key.is_empty() { String::new() } else { format!("{key}/") };
        for file in [V3_NODE, V2_ARRAY] {
            let path = format!("{prefix}{file}");
            let Some(data) = store.get(&path)? else { continue };
            let named = |error: Error| error.for_tensor(name).in_file(&store.file(&path));
            let json = self.json(&*data).map_err(named)?;
            let node = match meta::read(file, &json, self.limits) {
                Ok(Described::Group) => Node::Group,
                Ok(Described::Array(array)) => {
                    self.array(store, name, &prefix, *array).map_err(named)?;
                    Node::Array
                }
                Err(error) => {
                    self.skip(name, error).map_err(named)?;
                    Node::Array
                }
            };
            match json.get("attributes") {
                Some(attributes) => {
                    self.attributes(name, key.is_empty(), attributes).map_err(named)?;
                }
                None => self.beside(store, &prefix, name)?,
            }
            return Ok(node);
        }
        Ok(Node::Nothing)
    }

    /// Adds the attributes that version 2 has in a file of their own.
    pub(crate) fn beside(
        &mut self,
        store: &Arc<dyn Store>,
        prefix: &str,
        name: &str,
    ) -> Result<(), Error> {
        let path = format!("{prefix}{ATTRIBUTES}");
        if let Some(data) = store.get(&path)? {
            let named = |error: Error| error.in_file(&store.file(&path));
            let json = self.json(&*data).map_err(named)?;
            self.attributes(name, prefix.is_empty(), &json).map_err(named)?;
        }
        Ok(())
    }

    /// Those of the root by their name, others as `name@attribute`.
    fn attributes(&mut self, name: &str, is_root: bool, json: &Value) -> Result<(), Error> {
        for (key, value) in json.as_object().into_iter().flatten() {
            let key = if is_root { key.clone() } else { format!("{name}@{key}") };
            self.note(key, text(value))?;
        }
        Ok(())
    }

    /// Keeps a text.
    ///
    /// # Errors
    /// Returns an error if there is no room for it.
    pub(crate) fn note(&mut self, key: String, value: String) -> Result<(), Error> {
        self.spend(TEXT_COST + key.len() as u64 + value.len() as u64)?;
        self.metadata.push((key, value));
        Ok(())
    }

    /// Reads a file of JSON.
    ///
    /// # Errors
    /// Returns an error if it is none, is too long, or when too much has been read.
    pub(crate) fn json(&mut self, data: &dyn Bytes) -> Result<Value, Error> {
        let len = data.len();
        if len > LONGEST {
            let message = format!("the metadata has {len} bytes, the limit is {LONGEST}");
            return Err(Error::new(ErrorKind::Limit, message));
        }
        self.spend(len)?;
        let text = read_vec(data, 0, len)?;
        serde_json::from_slice(&text).map_err(|error| {
            let at = crate::formats::json_byte(&text, &error);
            Error::malformed(format!("this is not JSON: {}", json_fault(&error))).at_byte(at)
        })
    }

    /// Takes bytes of what all metadata together may take.
    ///
    /// # Errors
    /// Returns an error if there are not as many.
    pub(crate) fn spend(&mut self, len: u64) -> Result<(), Error> {
        let limit = self.limits.header_bytes;
        self.left = self.left.checked_sub(len).ok_or_else(|| {
            let message = format!("all metadata together has more bytes than the limit of {limit}");
            Error::new(ErrorKind::Limit, message)
        })?;
        Ok(())
    }

    fn array(
        &mut self,
        store: &Arc<dyn Store>,
        name: &str,
        prefix: &str,
        array: Array,
    ) -> Result<(), Error> {
        if self.met >= self.limits.tensors as u64 {
            let limit = self.limits.tensors;
            let message = format!("there are more than {limit} arrays");
            return Err(Error::new(ErrorKind::Limit, message));
        }
        self.met += 1;
        let slots = (&self.cache, self.met);
        let tensor = chunked::tensor(name, prefix.to_owned(), array, store, slots, self.limits)?;
        self.tensors.push(tensor);
        Ok(())
    }

    /// Notes what is well-formed, and not read; gives back what is damaged.
    fn skip(&mut self, name: &str, error: Error) -> Result<(), Error> {
        match error.kind() {
            ErrorKind::Unsupported | ErrorKind::Limit | ErrorKind::Refused => {
                self.met += 1;
                self.skipped.add(name, format!("skipped: {}", error.message()));
                Ok(())
            }
            _ => Err(error),
        }
    }
}

/// A value as metadata has it: texts as they are, others as JSON.
pub(crate) fn text(json: &Value) -> String {
    json.as_str().map_or_else(|| json.to_string(), str::to_owned)
}
