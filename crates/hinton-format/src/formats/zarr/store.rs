//! Where an array's chunks lie: under keys of a folder or a database.

use std::sync::Arc;

use hinton_tensor::Bytes;

use crate::Error;
use crate::container::ocdbt::{Database, MANIFEST};
use crate::source::Folder;

/// Bytes under keys, with `/` between their parts.
pub(crate) trait Store: Send + Sync {
    /// What lies under a key; `None` where nothing does.
    ///
    /// # Errors
    /// Returns an error if it cannot be read.
    fn get(&self, key: &str) -> Result<Option<Arc<dyn Bytes>>, Error>;

    /// The file that holds the value of a key, as it is shown to the user.
    fn file(&self, key: &str) -> String;
}

/// A folder, whose files' names are the keys.
pub(crate) struct Files(pub(crate) Arc<dyn Folder>);

impl Store for Files {
    fn get(&self, key: &str) -> Result<Option<Arc<dyn Bytes>>, Error> {
        self.0.file(key)
    }

    fn file(&self, key: &str) -> String {
        self.0.shown(key)
    }
}

/// A database in a folder.
pub(crate) struct Keyed {
    pub(crate) database: Database,
    pub(crate) folder: Arc<dyn Folder>,
}

impl Store for Keyed {
    fn get(&self, key: &str) -> Result<Option<Arc<dyn Bytes>>, Error> {
        Ok(self.database.entries.get(key.as_bytes()).map(|value| value.data.clone()))
    }

    fn file(&self, key: &str) -> String {
        let value = self.database.entries.get(key.as_bytes());
        self.folder.shown(value.map_or(MANIFEST, |value| &value.file))
    }
}
