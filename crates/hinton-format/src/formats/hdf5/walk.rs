//! From the root through all groups, each once.

use std::collections::BTreeMap;

use super::attribute::{Attribute, attributes};
use super::file::H5File;
use super::links::{Target, is_group, links};
use super::object::Object;
use super::{dataset, order};
use crate::formats::notes::check_path;
use crate::{Checkpoint, Error, ErrorKind, Warning};

/// Adds all datasets of numbers and all attributes to the checkpoint.
pub(super) fn walk(file: &H5File, prefix: &str, checkpoint: &mut Checkpoint) -> Result<(), Error> {
    let mut walk = Walk { file, prefix, checkpoint, seen: BTreeMap::new() };
    let root = Object::read(file, file.root)?;
    walk.group(file.root, &root, "", 0)
}

struct Walk<'a> {
    file: &'a H5File,
    prefix: &'a str,
    checkpoint: &'a mut Checkpoint,
    /// Groups by the byte of their header, and the path that led there first.
    seen: BTreeMap<u64, String>,
}

impl Walk<'_> {
    /// Adds what a group holds; `path` ends with a slash, unless it is the root.
    fn group(&mut self, at: u64, object: &Object, path: &str, depth: usize) -> Result<(), Error> {
        let prefix = self.prefix;
        let name = || format!("{prefix}{}", path.trim_end_matches('/'));
        let limit = self.file.limits.depth;
        if depth > limit {
            let message = format!("groups are nested deeper than {limit}");
            return Err(Error::new(ErrorKind::Limit, message).for_tensor(name()).at_byte(at));
        }
        self.seen.insert(at, name());
        let attributes = self.attributes(object, path.trim_end_matches('/'))?;
        let start = self.checkpoint.tensors.len();
        let links = links(self.file, object).map_err(|error| error.for_tensor(name()))?;
        for link in links {
            let path = format!("{path}{}", link.name);
            check_path(&path).map_err(|error| error.at_byte(at))?;
            match link.target {
                Target::Object(at) => self.object(at, &path, depth)?,
                Target::Soft(to) => self.skip(&path, format!("a link to {to:?}, listed there")),
                Target::External { file } => {
                    let why = format!("a link into the file {file:?}; other files are not opened");
                    self.skip(&path, why);
                }
                Target::Other(kind) => {
                    self.skip(&path, format!("a link of an unknown kind {kind}"))
                }
            }
        }
        let path = format!("{}{path}", self.prefix);
        let order = order::of(&attributes);
        order::sort(&mut self.checkpoint.tensors[start..], &path, &order);
        Ok(())
    }

    fn object(&mut self, at: u64, path: &str, depth: usize) -> Result<(), Error> {
        if let Some(first) = self.seen.get(&at) {
            self.skip(path, format!("the same group as {first:?}, listed there"));
            return Ok(());
        }
        let name = format!("{}{path}", self.prefix);
        let named = |error: Error| error.for_tensor(&*name);
        let object = Object::read(self.file, at).map_err(named)?;
        if is_group(&object) {
            return self.group(at, &object, &format!("{path}/"), depth + 1);
        }
        if !dataset::is_dataset(&object) {
            self.skip(path, "a committed datatype, which holds no values".to_owned());
            return Ok(());
        }
        let limit = self.file.limits.tensors;
        if self.checkpoint.tensors.len() >= limit {
            let message = format!("there are more than {limit} datasets");
            return Err(named(Error::new(ErrorKind::Limit, message)));
        }
        match dataset::tensor(self.file, &object, &name, at) {
            Ok(tensor) => self.checkpoint.tensors.push(tensor),
            Err(error) if matches!(error.kind(), ErrorKind::Unsupported | ErrorKind::Limit) => {
                self.skip(path, format!("skipped: {}", error.message()));
                return Ok(());
            }
            Err(error) => return Err(named(error)),
        }
        self.attributes(&object, path)?;
        Ok(())
    }

    /// Adds an object's attributes to the metadata: those of the root by their name, others as
    /// `path@name`. What only says an order is left to the order.
    fn attributes(&mut self, object: &Object, path: &str) -> Result<Vec<Attribute>, Error> {
        let found = match attributes(self.file, object) {
            Ok(found) => found,
            Err(error) if error.kind() == ErrorKind::Unsupported => {
                self.skip(path, format!("its attributes are not read: {}", error.message()));
                Vec::new()
            }
            Err(error) => return Err(error.for_tensor(format!("{}{path}", self.prefix))),
        };
        for attribute in found.iter().filter(|attribute| !order::is_order(&attribute.name)) {
            let name = &attribute.name;
            let key = if path.is_empty() { name.clone() } else { format!("{path}@{name}") };
            self.checkpoint.metadata.push((format!("{}{key}", self.prefix), attribute.text()));
        }
        Ok(found)
    }

    fn skip(&mut self, path: &str, why: String) {
        self.checkpoint.warnings.push(Warning::about(format!("{}{path}", self.prefix), why));
    }
}
