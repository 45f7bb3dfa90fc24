//! The files of a remote folder that have been opened: each only once, so that all readers of a
//! file read the same state of it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock};

use hinton_format::Error;
use hinton_tensor::Bytes;

use crate::lock;

/// What opening a file gave; `None` where there is none of that name.
pub(crate) type Found = Result<Option<Arc<dyn Bytes>>, Error>;

/// The files of a folder that were looked for, by their names.
#[derive(Default)]
pub(crate) struct Opened(Mutex<BTreeMap<String, Arc<OnceLock<Found>>>>);

impl Opened {
    /// The file of that name; `open` opens it where nobody did yet. A failure is no state of the file: who asks
    /// later tries again.
    pub(crate) fn get(&self, name: &str, open: impl FnOnce() -> Found) -> Found {
        let slot = lock(&self.0).entry(name.to_owned()).or_default().clone();
        let found = slot.get_or_init(open).clone();
        if found.is_err() {
            let mut slots = lock(&self.0);
            if slots.get(name).is_some_and(|kept| Arc::ptr_eq(kept, &slot)) {
                slots.remove(name);
            }
        }
        found
    }
}

/// Whether a name stays below its folder, and is a plain one.
pub(crate) fn is_below(name: &str) -> bool {
    let is_plain = |part: &str| !part.is_empty() && part != "." && part != "..";
    name.split('/').all(is_plain) && !name.bytes().any(|byte| byte == b'\\' || byte < b' ')
}
