//! Provides dropped files as a folder, with addresses that the whole library can open.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, Once, PoisonError};

use hinton_format::source::file::Entry;
use hinton_format::source::{Folder, Location, Places, folder, open_addresses_with};
use hinton_format::{Error, ErrorKind};
use hinton_tensor::Bytes;

use crate::File;

/// Where dropped files lie, as an address.
const ROOT: &str = "dropped://files";

/// The address of a file or folder by its name among the dropped ones; empty for the folder of all.
pub(crate) fn address(name: &str) -> PathBuf {
    match name {
        "" => ROOT.into(),
        name => format!("{ROOT}/{name}").into(),
    }
}

/// A message with names in place of addresses.
pub(crate) fn without_address(text: &str) -> String {
    text.replace(&format!("{ROOT}/"), "").replace(ROOT, "the dropped files")
}

/// Files by their names.
pub(crate) struct Dropped(BTreeMap<String, Arc<dyn Bytes>>);

impl Dropped {
    pub(crate) fn new(files: Vec<File>) -> Self {
        Dropped(files.into_iter().collect())
    }
}

impl Folder for Dropped {
    fn file(&self, name: &str) -> Result<Option<Arc<dyn Bytes>>, Error> {
        Ok(self.0.get(name).cloned())
    }

    fn list(&self, below: &str) -> Result<Vec<Entry>, Error> {
        Ok(folder::entries(&self.0, below, |file| file.len()))
    }

    fn shown(&self, name: &str) -> String {
        name.to_owned()
    }
}

/// The files that were dropped last.
static NOW: Mutex<Option<Arc<Dropped>>> = Mutex::new(None);

/// From now on these are the dropped files.
pub(crate) fn hand_over(files: Dropped) {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        open_addresses_with(Arc::new(DroppedPlaces));
    });
    *NOW.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(files));
}

/// Opens addresses of dropped files and no others.
struct DroppedPlaces;

impl Places for DroppedPlaces {
    fn find(&self, address: &str) -> Result<Location, Error> {
        let files = NOW.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match (address.strip_prefix(ROOT), files) {
            (Some(name), Some(files)) => {
                let root = Location::remote(ROOT, files);
                let name = name.trim_start_matches('/');
                Ok(if name.is_empty() { root } else { root.join(name) })
            }
            _ => Err(Error::new(ErrorKind::Unsupported, "a page opens dropped files only")
                .in_file(address)),
        }
    }
}
