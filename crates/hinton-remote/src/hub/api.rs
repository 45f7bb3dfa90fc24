//! Parses the responses of the Hub's API about a repository.

use std::collections::BTreeMap;

use serde_json::Value;

use super::HubFile;
use super::address::Repository;
use crate::client::{Client, Want};
use crate::fault::{Fault, FaultKind};
use crate::head::next_page;
use crate::url::{Url, encoded};

/// Most bytes of one answer, and most pages of a list.
const LONGEST: u64 = 64 << 20;
const PAGES: usize = 200;
/// Most files of a repository.
const FILES: usize = 1_000_000;

/// The files of a repository at a commit.
pub(super) struct Listing {
    pub(super) commit: String,
    pub(super) files: BTreeMap<String, HubFile>,
}

/// The commit that a revision is now, and its files: by one request, or where the answer has no
/// sizes by the pages of the tree.
pub(super) fn list(
    client: &Client,
    endpoint: &Url,
    repository: &Repository,
) -> Result<Listing, Fault> {
    let revision = encoded(repository.wanted(), b"");
    let url = of(endpoint, repository, &format!("/revision/{revision}"))
        .with_query(Some("blobs=true".to_owned()));
    let (value, _) = json(client, &url)?;
    let commit = value["sha"].as_str().unwrap_or_default();
    let is_commit = commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !is_commit {
        return Err(odd(&url, "it names no commit"));
    }
    let commit = commit.to_owned();
    let siblings = value["siblings"].as_array().map_or(&[][..], Vec::as_slice);
    let sized = |file: &Value| {
        let name = file["rfilename"].as_str()?.to_owned();
        let size = file["size"].as_u64().or_else(|| file["lfs"]["size"].as_u64())?;
        Some((name, HubFile { size }))
    };
    let files: Option<BTreeMap<_, _>> = siblings.iter().take(FILES).map(sized).collect();
    match files {
        Some(files) if !files.is_empty() => Ok(Listing { commit, files }),
        _ => {
            let files = tree(client, endpoint, repository, &commit)?;
            Ok(Listing { commit, files })
        }
    }
}

/// The files of a commit, page by page.
fn tree(
    client: &Client,
    endpoint: &Url,
    repository: &Repository,
    commit: &str,
) -> Result<BTreeMap<String, HubFile>, Fault> {
    let mut url = of(endpoint, repository, &format!("/tree/{commit}"))
        .with_query(Some("recursive=1".to_owned()));
    let mut files = BTreeMap::new();
    for _ in 0..PAGES {
        let (value, link) = json(client, &url)?;
        let entries = value.as_array().ok_or_else(|| odd(&url, "it is not a list of files"))?;
        for entry in entries.iter().filter(|entry| entry["type"] == "file") {
            let size = entry["size"].as_u64().or_else(|| entry["lfs"]["size"].as_u64());
            if let (Some(path), Some(size)) = (entry["path"].as_str(), size) {
                files.insert(path.to_owned(), HubFile { size });
            }
        }
        let next = link.as_deref().and_then(next_page);
        let Some(next) = next.filter(|_| files.len() < FILES) else { return Ok(files) };
        let next = url.join(next).map_err(|why| odd(&url, &why))?;
        if !next.has_origin_of(&url) {
            return Err(odd(&url, "its next page is on another server"));
        }
        url = next;
    }
    Err(odd(&url, "its list of files has too many pages"))
}

/// The branches and tags of a repository.
pub(super) fn revisions(
    client: &Client,
    endpoint: &Url,
    repository: &Repository,
) -> Result<Vec<String>, Fault> {
    let (value, _) = json(client, &of(endpoint, repository, "/refs"))?;
    let lists = ["branches", "tags"].iter().filter_map(|key| value[key].as_array()).flatten();
    Ok(lists.filter_map(|one| one["name"].as_str().map(str::to_owned)).collect())
}

/// An address of the API; `rest` is encoded.
fn of(endpoint: &Url, repository: &Repository, rest: &str) -> Url {
    let kind = if repository.kind.is_empty() { "models/" } else { repository.kind };
    endpoint.below(&format!("api/{kind}{}", repository.id)).with_encoded(rest)
}

fn json(client: &Client, url: &Url) -> Result<(Value, Option<String>), Fault> {
    let answer = client.ask(url, &Want::Whole(LONGEST))?;
    let value = serde_json::from_slice(&answer.bytes).map_err(|_| odd(url, "it is not JSON"))?;
    Ok((value, answer.link))
}

fn odd(url: &Url, why: &str) -> Fault {
    let what = format!("the answer is not what the Hub answers: {why}");
    Fault::new(FaultKind::Failed, url, what, "check HF_ENDPOINT, and the way to it")
}
