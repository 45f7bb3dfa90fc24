//! Buckets: `s3://`, `gs://` and `az://`. The crate `object_store` knows their protocols, finds
//! credentials and signs requests; the client of this crate sends them, and reads files by range
//! like all others.

mod address;
mod service;
mod store;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Mutex};

use hinton_format::source::file::Entry;
use hinton_format::source::{Folder, Location, read_head};
use hinton_format::{Error, ErrorKind};
use hinton_tensor::{Bytes, Memory, share_out};

use self::address::{BucketName, parse};
use self::store::{Store, said};
use crate::client::{Client, Sign, Signed, refused};
use crate::fault::{Fault, FaultKind};
use crate::file::{Origin, RemoteFile};
use crate::opened::{Found, Opened, is_below};
use crate::store::BLOCK;
use crate::url::Url;
use crate::{lock, without_secrets};

pub(crate) use self::address::Cloud;

/// Buckets that were opened.
pub(crate) struct Buckets {
    client: Arc<Client>,
    opened: Mutex<BTreeMap<BucketName, Arc<Bucket>>>,
}

impl Buckets {
    pub(crate) fn new(client: Arc<Client>) -> Self {
        Buckets { client, opened: Mutex::default() }
    }

    /// Where an address leads: to a file, or to a folder where something lies below that name.
    pub(crate) fn find(&self, cloud: Cloud, address: &str) -> Result<Location, Error> {
        let (name, key) = parse(cloud, address).map_err(|why| {
            let scheme = cloud.scheme();
            Error::new(ErrorKind::Io, why).in_file(&without_secrets(address)).cure(format!(
                "an address of a bucket is {scheme}://bucket/path/to/model.safetensors"
            ))
        })?;
        let bucket = self.bucket(&name)?;
        let root = Location::remote(name.to_string(), bucket.clone());
        if key.is_empty() {
            // A bucket that may not be listed is reported here, where it was named.
            bucket.list("")?;
            return Ok(root);
        }
        // Stores with folders of their own have an empty object for each.
        let is_file =
            !address.ends_with('/') && bucket.file(&key)?.is_some_and(|file| !file.is_empty());
        if !is_file && bucket.list(&key)?.is_empty() && bucket.file(&key)?.is_none() {
            return Err(Error::new(ErrorKind::Io, "there is no file or folder of that name")
                .in_file(address)
                .cure(bucket.near(&key)));
        }
        Ok(root.join(key))
    }

    fn bucket(&self, name: &BucketName) -> Result<Arc<Bucket>, Error> {
        if let Some(bucket) = lock(&self.opened).get(name) {
            return Ok(bucket.clone());
        }
        let store = Store::new(name, &self.client).map_err(|why| {
            Error::new(ErrorKind::Io, format!("the bucket cannot be asked: {why}"))
                .in_file(&name.to_string())
                .cure("check the variables that name your credentials")
        })?;
        let bucket = Arc::new(Bucket {
            client: self.client.clone(),
            name: name.clone(),
            store: Arc::new(store),
            opened: Opened::default(),
            lists: Mutex::default(),
        });
        lock(&self.opened).insert(name.clone(), bucket.clone());
        Ok(bucket)
    }
}

/// A bucket as a folder.
struct Bucket {
    client: Arc<Client>,
    name: BucketName,
    store: Arc<Store>,
    opened: Opened,
    /// Folders that were listed.
    lists: Mutex<BTreeMap<String, Arc<[Entry]>>>,
}

/// A file of a bucket, as what makes requests for it.
struct Object {
    store: Arc<Store>,
    key: String,
}

impl Sign for Object {
    fn sign(&self, range: &Range<u64>) -> Result<Signed, String> {
        self.store.signed(&self.key, range)
    }
}

impl Bucket {
    fn open(&self, key: &str) -> Found {
        let shown = self.shown(key);
        let explain = |fault: Fault| self.explained(fault).into_error(&shown);
        let object = Arc::new(Object { store: self.store.clone(), key: key.to_owned() });
        let url = match object.sign(&(0..BLOCK)) {
            Ok(Signed { url, .. }) => url.with_query(None),
            Err(why) => return Err(explain(self.unsigned(why))),
        };
        self.note_if_open(&url);
        let origin = Origin { url, sign: Some(object) };
        // A list tells lengths, so that nothing is asked before something is read.
        match self.listed(key) {
            Some(None) => return Ok(None),
            Some(Some(0)) => return Ok(Some(Arc::new(Memory::new(Vec::new())))),
            Some(Some(len)) => {
                let file = RemoteFile::sized(&self.client, origin, &shown, len);
                return Ok(Some(Arc::new(file.explained_by(self.words()))));
            }
            None => {}
        }
        match RemoteFile::open(&self.client, origin, &shown) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(fault) if fault.kind == FaultKind::Missing && !says_no_bucket(&fault) => Ok(None),
            Err(fault) => Err(explain(fault)),
        }
    }

    /// The length of a file in a folder that was listed: `None` where that was not, `Some(None)` where
    /// there is no such file.
    fn listed(&self, key: &str) -> Option<Option<u64>> {
        let (folder, name) = key.rsplit_once('/').unwrap_or(("", key));
        let entries = lock(&self.lists).get(folder)?.clone();
        let found = entries.binary_search_by(|entry| entry.name.as_str().cmp(name)).ok();
        Some(
            found.map(|index| &entries[index]).filter(|entry| !entry.is_dir).map(|entry| entry.len),
        )
    }

    fn note_if_open(&self, url: &Url) {
        if !url.is_secure() && !url.is_loopback() {
            let note = "http:// without TLS: others on the way can read and change what comes";
            self.client.note(format!("{url}: {note}"));
        }
    }

    fn unsigned(&self, why: String) -> Fault {
        let what = format!("the request cannot be signed: {why}");
        Fault::new(FaultKind::Forbidden, &self.name, what, self.credentials())
    }

    /// How credentials are given.
    fn credentials(&self) -> &'static str {
        match self.name.cloud {
            Cloud::S3 => {
                "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN), or AWS_PROFILE; for \
                 single sign-on: eval \"$(aws configure export-credentials --format env)\""
            }
            Cloud::Google => {
                "run gcloud auth application-default login, or name the file of a service account with \
                 GOOGLE_APPLICATION_CREDENTIALS"
            }
            Cloud::Azure => {
                "set AZURE_STORAGE_ACCOUNT_KEY or AZURE_STORAGE_SAS_TOKEN, or AZURE_USE_AZURE_CLI=true after \
                 az login"
            }
        }
    }

    fn explained(&self, fault: Fault) -> Fault {
        self.words()(fault)
    }

    /// Says a fault in the words of buckets.
    fn words(&self) -> impl Fn(Fault) -> Fault + Send + Sync + use<> {
        let (has_key, credentials) = (self.store.has_key, self.credentials());
        let cloud = self.name.cloud;
        move |fault| {
            match fault.kind {
            FaultKind::Forbidden if !has_key => Fault {
                what: format!("{}; it was asked for without credentials", fault.what),
                cure: credentials.into(),
                ..fault
            },
            FaultKind::Forbidden => Fault {
                cure: match cloud {
                    // S3 hides what is missing from who may not list.
                    Cloud::S3 => "check that these credentials may read it, and the name: without permission \
                                  to list the bucket, a missing file gives the same error",
                    _ => "check that these credentials may read it",
                }
                .into(),
                ..fault
            },
            FaultKind::Missing if says_no_bucket(&fault) => {
                Fault { cure: "check the name of the bucket".into(), ..fault }
            }
            _ => fault,
        }
        }
    }

    /// What there is in place of a name, for the cure of an error.
    fn near(&self, key: &str) -> String {
        let (folder, name) = key.rsplit_once('/').unwrap_or(("", key));
        let entries = self.list(folder).unwrap_or_default();
        let names: Vec<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
        let near = hinton_format::nearest(names.iter().copied(), name);
        let shown: Vec<String> = match near.is_empty() {
            false => near.into_iter().take(3).map(|(_, name)| format!("{name:?}")).collect(),
            true => names.iter().take(5).map(|name| format!("{name:?}")).collect(),
        };
        match shown.as_slice() {
            [] => "check the name".to_owned(),
            shown => format!("there is {}", shown.join(", ")),
        }
    }

    /// Lists a folder, trying again what may pass.
    fn fetch(&self, folder: &str) -> Result<Vec<Entry>, Fault> {
        let patience = self.client.settings.patience;
        let mut wait = patience.first_wait;
        let mut attempt = 1;
        loop {
            let error = match self.store.list(folder) {
                Ok(entries) => return Ok(entries),
                Err(error) => error,
            };
            let (fault, may_pass) = match self.store.service.take_refused() {
                Some((status, words)) => refused(&self.name, status, &words),
                None => {
                    let cure = "check the network and the address";
                    (Fault::new(FaultKind::Unreachable, &self.name, said(&error), cure), true)
                }
            };
            let tries = may_pass && attempt < patience.attempts.max(1);
            if !tries || !self.client.settings.pause.pause(wait) {
                let what = format!("it cannot be listed: {}", fault.what);
                return Err(Fault { what, ..fault });
            }
            wait = wait.saturating_mul(2);
            attempt += 1;
        }
    }
}

/// Whether it is the bucket that is not there.
fn says_no_bucket(fault: &Fault) -> bool {
    ["NoSuchBucket", "ContainerNotFound", "bucket does not exist"]
        .iter()
        .any(|word| fault.what.contains(word))
}

impl Folder for Bucket {
    fn file(&self, name: &str) -> Result<Option<Arc<dyn Bytes>>, Error> {
        if !is_below(name) {
            let message = format!("it names the file {name:?}, which is not in its folder");
            return Err(Error::new(ErrorKind::Refused, message));
        }
        self.opened.get(name, || self.open(name))
    }

    fn list(&self, below: &str) -> Result<Vec<Entry>, Error> {
        if let Some(entries) = lock(&self.lists).get(below) {
            return Ok(entries.to_vec());
        }
        let shown = self.shown(below);
        let entries =
            self.fetch(below).map_err(|fault| self.explained(fault).into_error(&shown))?;
        lock(&self.lists).insert(below.to_owned(), entries.clone().into());
        Ok(entries)
    }

    fn will_open(&self, names: &[&str]) {
        share_out(names.to_vec(), self.client.settings.connections, |name| {
            // The beginning of each; whoever reads it hears what is wrong with it.
            if let Ok(Some(bytes)) = self.file(name) {
                drop(read_head(&*bytes, BLOCK));
            }
        });
    }

    fn shown(&self, name: &str) -> String {
        match name {
            "" => self.name.to_string(),
            name => format!("{}/{name}", self.name),
        }
    }
}
