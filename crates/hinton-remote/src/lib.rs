//! Reads remote weights files: by `https://`, from the Hugging Face Hub by `hf://` and, with the
//! feature `cloud`, from buckets by `s3://`, `gs://` and `az://`. They are read by range: headers
//! to open them, and only those values that are needed.
//!
//! [`Remote`] opens addresses; [`install`] makes the readers of files use it for every path that is
//! an address. A server is asked only for files that the user named, or that a named file refers
//! to. This crate reads neither the environment nor the clock: [`Settings`] come from the program.
#![forbid(unsafe_code)]

mod agent;
mod ahead;
#[cfg(feature = "cloud")]
mod bucket;
mod client;
mod fault;
mod file;
mod head;
mod hub;
mod opened;
mod settings;
mod store;
mod url;
mod web;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hinton_format::source::{Location, Places, open_addresses_with};
use hinton_format::{Error, ErrorKind};

use crate::client::Client;
use crate::hub::Hub as HubPlaces;
use crate::url::Url;
use crate::web::WebFolder;

pub use crate::agent::said;
pub use crate::settings::{Buckets, Hub, Kept, Patience, Pause, Settings};

/// Schemes of buckets.
const BUCKETS: [&str; 8] = ["s3", "s3a", "gs", "gcs", "az", "azure", "abfs", "abfss"];

/// Opens addresses. Files stay open, in the state in which they were first read, as long as this
/// value exists.
pub struct Remote {
    client: Arc<Client>,
    hub: HubPlaces,
    #[cfg(feature = "cloud")]
    buckets: bucket::Buckets,
    /// Folders of web servers, by the address that was named.
    folders: Mutex<BTreeMap<Url, Arc<WebFolder>>>,
}

/// Statistics of what was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Traffic {
    /// Number of requests, including redirects and retries.
    pub requests: u64,
    /// Number of bytes in responses.
    pub bytes: u64,
    /// Total size in bytes of the files of which something was read.
    pub of: u64,
    /// Number of bytes that came from a cache of an earlier session instead of being requested.
    pub kept: u64,
}

/// Opens files at addresses wherever files on disk can be opened, in the whole process, from now
/// on. `None` if something else is already registered to open addresses.
pub fn install(settings: Settings) -> Option<Arc<Remote>> {
    let remote = Arc::new(Remote::new(settings));
    open_addresses_with(remote.clone()).then_some(remote)
}

impl Remote {
    /// Creates a reader with these settings. Does not send any request.
    pub fn new(settings: Settings) -> Self {
        let client = Arc::new(Client::new(settings));
        Remote {
            hub: HubPlaces::new(client.clone()),
            #[cfg(feature = "cloud")]
            buckets: bucket::Buckets::new(client.clone()),
            client,
            folders: Mutex::default(),
        }
    }

    /// Limits how many more bytes are downloaded from now on, replacing the limit in the settings;
    /// `None` removes the limit.
    pub fn limit(&self, most: Option<u64>) {
        self.client.limit(most);
    }

    /// Statistics of what was read so far.
    pub fn traffic(&self) -> Traffic {
        self.client.traffic()
    }

    /// Takes the notes for the user that have not been taken yet.
    pub fn take_notes(&self) -> Vec<String> {
        self.client.take_notes()
    }

    fn web(&self, address: &str) -> Result<Location, Error> {
        let url = Url::parse(address).map_err(|why| {
            Error::new(ErrorKind::Refused, why)
                .in_file(&without_secrets(address))
                .cure("an address is https://host/path/to/model.safetensors")
        })?;
        if !url.is_secure() && !url.is_loopback() {
            let note = "http:// without TLS: others on the way can read and change what comes";
            self.client.note(format!("{url}: {note}"));
        }
        if url.split().1.is_empty() {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "this is a folder, and a web server has no list of what is in it",
            )
            .in_file(&url.to_string())
            .cure("name a file: an index (model.safetensors.index.json) names the others"));
        }
        let folder = lock(&self.folders)
            .entry(url.clone())
            .or_insert_with(|| Arc::new(WebFolder::around(self.client.clone(), &url)))
            .clone();
        let (base, name) = folder.named();
        Ok(Location::remote(base, folder.clone()).join(name))
    }
}

impl Places for Remote {
    fn find(&self, address: &str) -> Result<Location, Error> {
        let scheme = address.split("://").next().unwrap_or_default().to_ascii_lowercase();
        match scheme.as_str() {
            "hf" => self.hub.find(address),
            "http" | "https" => self.web(address),
            other => self.elsewhere(other, address),
        }
    }
}

impl Remote {
    /// Where an address leads that is neither of the Hub nor of a web server.
    fn elsewhere(&self, scheme: &str, address: &str) -> Result<Location, Error> {
        #[cfg(feature = "cloud")]
        if let Some(cloud) = bucket::Cloud::of_scheme(scheme) {
            return self.buckets.find(cloud, address);
        }
        let is_bucket = BUCKETS.contains(&scheme);
        let (what, cure) = match is_bucket {
            true => (
                format!("this program was built without buckets ({scheme}://)"),
                "released programs and wheels of hinton open them, as does one built with the feature cloud; \
                 or take the https:// address of the file, a signed one where it is not public",
            ),
            false => (
                format!("addresses of {scheme}:// are not opened"),
                "https://, hf://, s3://, gs:// and az:// are",
            ),
        };
        Err(Error::new(ErrorKind::Unsupported, what).in_file(&without_secrets(address)).cure(cure))
    }
}

/// An address without a name and password and without its query.
fn without_secrets(address: &str) -> String {
    let (scheme, rest) = address.split_once("://").unwrap_or(("", address));
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = authority.rsplit('@').next().unwrap_or_default();
    format!("{scheme}://{host}{path}")
}

/// The lock, also after a thread that held it panicked: what is inside is whole after every step.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
