//! Weights files far away, by `https://`, from the Hugging Face Hub by `hf://`, and, with the feature
//! `cloud`, from buckets by `s3://`, `gs://` and `az://`; read by range: headers to open, and of values what
//! is looked at.
//!
//! [`Remote`] opens addresses; [`install`] makes that what the readers of files do with a path that
//! is one. Nothing is asked of a server but what was named, or what a named file names beside it.
//! This crate reads no environment and no clock: [`Settings`] come from the program.
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

/// Opens addresses. Files stay open, in the state in which they were first read, as long as it
/// lives.
pub struct Remote {
    client: Arc<Client>,
    hub: HubPlaces,
    #[cfg(feature = "cloud")]
    buckets: bucket::Buckets,
    /// Folders of web servers, by the address that was named.
    folders: Mutex<BTreeMap<Url, Arc<WebFolder>>>,
}

/// What was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Traffic {
    /// Requests made, redirects and those tried again included.
    pub requests: u64,
    /// Bytes of answers.
    pub bytes: u64,
    /// Bytes of the files that something was read of.
    pub of: u64,
    /// Bytes that were kept from an earlier time, and not asked for.
    pub kept: u64,
}

/// From now on files at addresses open wherever files on disk do, in this whole process. `None`
/// where something else opens them already.
pub fn install(settings: Settings) -> Option<Arc<Remote>> {
    let remote = Arc::new(Remote::new(settings));
    open_addresses_with(remote.clone()).then_some(remote)
}

impl Remote {
    /// Reads as the settings say. Nothing is asked yet.
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

    /// From now on at most so many bytes more are downloaded, in place of what the settings said; with `None`
    /// there is no limit.
    pub fn limit(&self, most: Option<u64>) {
        self.client.limit(most);
    }

    /// What was read so far.
    pub fn traffic(&self) -> Traffic {
        self.client.traffic()
    }

    /// What a person should know and was not told yet.
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
