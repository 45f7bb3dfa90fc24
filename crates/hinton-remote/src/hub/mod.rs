//! The Hugging Face Hub: a repository is a folder at one commit, listed by the Hub's API and read
//! by range from its storage. The local cache is read first, and never written.
//!
//! Sources: the Hub's API reference (`/api/models/{id}/revision/{rev}`, `/tree/{rev}`,
//! `/{id}/resolve/{rev}/{path}`, `X-Error-Code`), "Rate limits" and `huggingface_hub`'s "Manage
//! your cache".

mod address;
mod api;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use hinton_format::source::file::{self, Entry};
use hinton_format::source::{Disk, Folder, Location, folder, read_head};
use hinton_format::{Error, ErrorKind};
use hinton_tensor::{Bytes, Memory, share_out};

use self::address::Repository;
use crate::client::Client;
use crate::fault::{Fault, FaultKind};
use crate::file::RemoteFile;
use crate::lock;
use crate::opened::{Found, Opened, is_below};
use crate::store::BLOCK;
use crate::url::Url;

/// Most bytes of the name of a commit in the local cache.
const LONGEST_COMMIT: u64 = 128;

/// Repositories that were opened, each of one commit for as long as the program runs.
pub(crate) struct Hub {
    client: Arc<Client>,
    opened: Mutex<BTreeMap<Repository, Arc<HubFolder>>>,
}

impl Hub {
    pub(crate) fn new(client: Arc<Client>) -> Self {
        Hub { client, opened: Mutex::default() }
    }

    /// Where an address leads: to the local cache where that has all that is named, else to the Hub.
    pub(crate) fn find(&self, text: &str) -> Result<Location, Error> {
        let (repository, path) = address::parse(text).map_err(|why| {
            Error::new(ErrorKind::Io, why)
                .in_file(text)
                .cure("an address of the Hub is hf://org/name, hf://org/name@revision/file")
        })?;
        let cached = Cached::of(&self.client, &repository);
        if self.client.settings.hub.is_offline {
            return cached.offline(&repository, &path, text);
        }
        // A commit never changes: a file of it that is here is the file.
        if repository.is_commit()
            && let Some(snapshot) = cached.snapshot(repository.wanted())
            && !path.is_empty()
            && file::is_file(&snapshot.join(&path))
        {
            return Ok(snapshot.join(&path).into());
        }
        match self.folder(&repository, &cached) {
            Ok(folder) => {
                let root = Location::remote(repository.to_string(), folder);
                Ok(if path.is_empty() { root } else { root.join(&path) })
            }
            Err(fault) if fault.kind == FaultKind::Unreachable => {
                let found = cached.offline(&repository, &path, text);
                let location = found.map_err(|_| fault.clone().into_error(text))?;
                self.client.note(format!(
                    "{text}: the Hub can't be reached ({}), the local cache is read",
                    fault.what
                ));
                Ok(location)
            }
            Err(fault) => Err(self.explained(&repository, fault).into_error(text)),
        }
    }

    fn folder(&self, repository: &Repository, cached: &Cached) -> Result<Arc<HubFolder>, Fault> {
        if let Some(folder) = lock(&self.opened).get(repository) {
            return Ok(folder.clone());
        }
        let endpoint = endpoint(&self.client)?;
        let listing = api::list(&self.client, &endpoint, repository)?;
        let kind = repository.kind;
        let resolve = format!("{kind}{}/resolve/{}", repository.id, listing.commit);
        let folder = Arc::new(HubFolder {
            client: self.client.clone(),
            root: repository.to_string(),
            files: listing.files,
            resolve: endpoint.below(&resolve),
            page: page(&endpoint, repository),
            cached: cached.snapshot(&listing.commit).map(Disk),
            opened: Opened::default(),
        });
        lock(&self.opened).insert(repository.clone(), folder.clone());
        Ok(folder)
    }

    /// A fault of the API in the words of the repository.
    fn explained(&self, repository: &Repository, fault: Fault) -> Fault {
        let endpoint = match endpoint(&self.client) {
            Ok(endpoint) => endpoint,
            Err(fault) => return fault,
        };
        let has_token = self.client.settings.hub.token.is_some();
        let fault = explained(fault, &page(&endpoint, repository), has_token);
        if fault.code.as_deref() != Some("RevisionNotFound") {
            return fault;
        }
        let wanted = repository.wanted();
        let what = format!("there is no revision {wanted:?}");
        let known = api::revisions(&self.client, &endpoint, repository).unwrap_or_default();
        let near = hinton_format::nearest(known.iter().map(String::as_str), wanted);
        let near: Vec<String> =
            near.into_iter().take(3).map(|(_, name)| format!("{name:?}")).collect();
        let cure = match near.as_slice() {
            [] => "name a branch, a tag or a commit".to_owned(),
            names => format!("there is {}", names.join(", ")),
        };
        Fault { what, cure: cure.into(), ..fault }
    }
}

fn endpoint(client: &Client) -> Result<Url, Fault> {
    let text = &client.settings.hub.endpoint;
    Url::parse(text).map_err(|why| {
        let cure = "HF_ENDPOINT is an address such as https://huggingface.co";
        Fault::new(FaultKind::Refused, "HF_ENDPOINT", why, cure)
    })
}

/// The page of a repository, for people.
fn page(endpoint: &Url, repository: &Repository) -> String {
    endpoint.below(&format!("{}{}", repository.kind, repository.id)).to_string()
}

/// What the Hub's codes mean, and the cure.
fn explained(fault: Fault, page: &str, has_token: bool) -> Fault {
    let token = "set HF_TOKEN (a token is made at https://huggingface.co/settings/tokens)";
    let (what, cure) = match fault.code.as_deref() {
        Some("GatedRepo") if has_token => (
            format!(
                "the repository is gated, and this token's user has not been let in: {}",
                fault.what
            ),
            format!("accept its conditions at {page}"),
        ),
        Some("GatedRepo") => (
            "the repository is gated: who reads it must have accepted its conditions".to_owned(),
            format!("accept them at {page}, and {token}"),
        ),
        Some("RepoNotFound") => (
            "there is no such repository, or it is private".to_owned(),
            match has_token {
                true => format!("check the name at {page}, and that the token's user may see it"),
                false => format!("check the name at {page}; for a private one {token}"),
            },
        ),
        Some("EntryNotFound") => ("there is no such file".to_owned(), format!("see {page}")),
        _ if fault.kind == FaultKind::Forbidden && !has_token => {
            (fault.what.clone(), format!("check the name at {page}; for a private one {token}"))
        }
        _ => return fault,
    };
    Fault { what, cure: cure.into(), ..fault }
}

/// A file as the Hub lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HubFile {
    pub(crate) size: u64,
}

/// A repository at one commit.
pub(crate) struct HubFolder {
    client: Arc<Client>,
    root: String,
    files: BTreeMap<String, HubFile>,
    /// The address below which its files are.
    resolve: Url,
    page: String,
    /// The same commit in the local cache.
    cached: Option<Disk>,
    opened: Opened,
}

impl HubFolder {
    fn open(&self, name: &str) -> Found {
        let Some(listed) = self.files.get(name) else { return Ok(None) };
        if listed.size == 0 {
            return Ok(Some(Arc::new(Memory::new(Vec::new()))));
        }
        // What is in the cache and cannot be used is fetched.
        let cached = self.cached.as_ref().and_then(|folder| folder.file(name).ok().flatten());
        if let Some(bytes) = cached.filter(|bytes| bytes.len() == listed.size) {
            return Ok(Some(bytes));
        }
        let url = self.resolve.below(name);
        let has_token = self.client.settings.hub.token.is_some();
        let page = self.page.clone();
        let explain = move |fault| explained(fault, &page, has_token);
        let file = RemoteFile::sized(&self.client, url, &self.shown(name), listed.size);
        Ok(Some(Arc::new(file.explained_by(explain))))
    }
}

impl Folder for HubFolder {
    fn file(&self, name: &str) -> Result<Option<Arc<dyn Bytes>>, Error> {
        if !is_below(name) {
            let message = format!("it names the file {name:?}, which is not in its folder");
            return Err(Error::new(ErrorKind::Refused, message));
        }
        self.opened.get(name, || self.open(name))
    }

    fn list(&self, below: &str) -> Result<Vec<Entry>, Error> {
        Ok(folder::entries(&self.files, below, |file| file.size))
    }

    fn will_open(&self, names: &[&str]) {
        let most = self.client.settings.connections;
        share_out(names.to_vec(), most, |name| {
            // The beginning of each; whoever reads it hears what is wrong with it.
            if let Ok(Some(bytes)) = self.file(name) {
                drop(read_head(&*bytes, BLOCK));
            }
        });
    }

    fn shown(&self, name: &str) -> String {
        format!("{}/{name}", self.root)
    }
}

/// A repository's folder in the local cache.
struct Cached(Option<PathBuf>);

impl Cached {
    fn of(client: &Client, repository: &Repository) -> Self {
        let cache = client.settings.hub.cache.as_ref();
        Cached(cache.map(|cache| cache.join(repository.cache_folder())))
    }

    /// The folder of a commit.
    fn snapshot(&self, commit: &str) -> Option<PathBuf> {
        let folder = self.0.as_ref()?.join("snapshots").join(commit);
        file::is_dir(&folder).then_some(folder)
    }

    /// The folder of the commit that a revision meant when it was fetched last.
    fn last(&self, repository: &Repository) -> Option<PathBuf> {
        let wanted = repository.wanted();
        if let Some(folder) = self.snapshot(wanted) {
            return Some(folder);
        }
        let reference = self.0.as_ref()?.join("refs").join(wanted);
        let bytes = file::is_file(&reference).then(|| file::map_file(&reference).ok()).flatten()?;
        let commit = String::from_utf8(read_head(&*bytes, LONGEST_COMMIT).ok()?).ok()?;
        let commit = commit.trim();
        commit.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| self.snapshot(commit))?
    }

    /// What is here of a repository, without asking the Hub.
    fn offline(&self, repository: &Repository, path: &str, text: &str) -> Result<Location, Error> {
        let missing = |what: String| {
            Err(Error::new(ErrorKind::Io, what)
                .in_file(text)
                .cure("without HF_HUB_OFFLINE the Hub is asked"))
        };
        let Some(snapshot) = self.last(repository) else {
            return missing(format!(
                "the local cache has no revision {:?} of it",
                repository.wanted()
            ));
        };
        if path.is_empty() {
            return Ok(snapshot.into());
        }
        let place = snapshot.join(path);
        if file::is_file(&place) || file::is_dir(&place) {
            return Ok(place.into());
        }
        missing(format!("the local cache has no {path:?} of it"))
    }
}
