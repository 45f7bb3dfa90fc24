//! The objects of a file one by one, for formats that say with attributes what each is.

use std::sync::Arc;

use hinton_tensor::{Bytes, Tensor};
use serde_json::Value;

use super::attribute::{attributes, datatype_of};
use super::datatype::Kind;
use super::file::{Fields, H5File};
use super::links::{Target, is_group, links};
use super::object::{Object, kind};
use super::{dataset, layout};
use crate::source::read_vec;
use crate::{Error, ErrorKind, Limits};

/// An open file.
pub(crate) struct Browser {
    file: H5File,
}

/// An object and what is said of it.
pub(crate) struct Item {
    pub(crate) attributes: Vec<(String, Value)>,
    pub(crate) thing: Thing,
}

/// What an object is.
pub(crate) enum Thing {
    /// Names and the places of what they stand for.
    Group(Vec<(String, u64)>),
    Numbers(Tensor),
    /// The places of other objects, or none.
    References(Vec<Option<u64>>),
    /// Why it is not read.
    Other(String),
}

impl Browser {
    pub(crate) fn open(data: Arc<dyn Bytes>, name: &str, limits: &Limits) -> Result<Self, Error> {
        Ok(Browser { file: H5File::open(data, name.into(), limits)? })
    }

    /// The place of the group around all.
    pub(crate) fn root(&self) -> u64 {
        self.file.root
    }

    /// Reads what lies at a place; its tensor has that name. Lists hold at most this many references.
    ///
    /// # Errors
    /// Where the file is damaged, or more of it was read than its limit allows.
    pub(crate) fn item(&self, place: u64, name: &str, most: u64) -> Result<Item, Error> {
        let object = Object::read(&self.file, place)?;
        let attributes = match attributes(&self.file, &object) {
            Ok(found) => found.into_iter().map(|one| (one.name, one.value)).collect(),
            Err(error) if error.kind() == ErrorKind::Unsupported => Vec::new(),
            Err(error) => return Err(error),
        };
        let thing = if is_group(&object) {
            Thing::Group(self.links(&object)?)
        } else if dataset::is_dataset(&object) {
            match self.dataset(&object, name, place, most) {
                Ok(thing) => thing,
                Err(error) if matches!(error.kind(), ErrorKind::Unsupported | ErrorKind::Limit) => {
                    Thing::Other(error.message().to_owned())
                }
                Err(error) => return Err(error),
            }
        } else {
            Thing::Other("a committed datatype, which holds no values".to_owned())
        };
        Ok(Item { attributes, thing })
    }

    fn links(&self, object: &Object) -> Result<Vec<(String, u64)>, Error> {
        let links = links(&self.file, object)?.into_iter();
        let inside = links.filter_map(|link| match link.target {
            Target::Object(place) => Some((link.name, place)),
            _ => None,
        });
        Ok(inside.collect())
    }

    fn dataset(&self, object: &Object, name: &str, place: u64, most: u64) -> Result<Thing, Error> {
        let file = &self.file;
        let datatype = match object.find(file, kind::DATATYPE)? {
            Some(message) => datatype_of(file, &message)?,
            None => return Err(Error::malformed("the dataset has no datatype")),
        };
        if datatype.kind != Kind::Reference {
            return Ok(Thing::Numbers(dataset::tensor(file, object, name, place)?));
        }
        let message = object.find(file, kind::DATASPACE)?;
        let message = message.ok_or_else(|| Error::malformed("the dataset has no dataspace"))?;
        let space = layout::space(&mut message.fields(file, "dataspace"), &file.limits)?;
        let Some(space) = space else { return Ok(Thing::References(Vec::new())) };
        let shape = space.shape().unwrap_or_default();
        let count = hinton_tensor::element_count(&shape).filter(|count| *count <= most);
        let len = count.and_then(|count| count.checked_mul(datatype.size));
        let Some(len) = len else {
            let message = format!("it holds references to other objects, {shape:?}, too many");
            return Err(Error::new(ErrorKind::Limit, message));
        };
        let (start, data) = dataset::storage(file, object, &datatype, space, len, place)?;
        let bytes = read_vec(&*data, start, len)?;
        let size = usize::try_from(datatype.size).unwrap_or(usize::MAX).max(1);
        let places = bytes.chunks_exact(size).map(|reference| {
            // One that was never set is zero.
            match reference.iter().any(|byte| *byte != 0) {
                true => Fields::new(reference, 0, file.frame, "reference").address(),
                false => Ok(None),
            }
        });
        Ok(Thing::References(places.collect::<Result<_, _>>()?))
    }
}
