//! The viewer as a WebAssembly module: answers the questions of `hinton-view` about files that were
//! dropped on a page. The files are read by range, through the page.
//!
//! A page passes the names and lengths of files ([`Page::open`]) and then asks questions
//! ([`Page::ask`]) as it would ask a server. No byte leaves the machine, and no file is read
//! completely.
//!
//! Internal to `hinton`: this crate may change without notice.

#[cfg(target_arch = "wasm32")]
mod abi;
mod files;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use hinton_tensor::Bytes;
use hinton_view::{Quiet, Refusal, Viewer};
use serde_json::json;

use files::Dropped;

/// The opened files that were dropped on a page.
pub struct Page {
    viewer: Viewer,
}

/// A file to be opened: its path relative to the others, separated by `/`, and its bytes.
pub type File = (String, Arc<dyn Bytes>);

/// Why files could not be opened: each file with its error message.
pub type Refused = Vec<(String, String)>;

impl Page {
    /// Opens files: as one model if they are one (shards with their index, a SavedModel), else each
    /// by itself. Files that are not weights are skipped and returned next to the page.
    ///
    /// # Errors
    /// Returns an error if no file can be opened; the error lists the message for each.
    pub fn open(dropped: Vec<File>) -> Result<(Self, Refused), Refused> {
        let mut names: Vec<String> = dropped.iter().map(|(name, _)| name.clone()).collect();
        names.sort();
        files::hand_over(Dropped::new(dropped));
        let page = |viewer| Page { viewer };
        let open = |names: &[&str]| -> Result<Viewer, hinton_view::Error> {
            let paths: Vec<PathBuf> = names.iter().map(|name| files::address(name)).collect();
            Viewer::open(&paths, 1)
        };
        if names.len() > 1 {
            let folder = common_folder(&names);
            if let Ok(viewer) = open(&[&folder]) {
                return Ok((page(viewer), Vec::new()));
            }
        }
        let mut refused = Vec::new();
        let mut opened = Vec::new();
        for name in &names {
            match open(&[name]) {
                Ok(_) => opened.push(name.as_str()),
                Err(error) => refused.push((name.clone(), in_words(name, &error))),
            }
        }
        match open(&opened) {
            Ok(viewer) if !opened.is_empty() => Ok((page(viewer), refused)),
            Ok(_) => Err(refused),
            Err(error) => {
                let name = opened.join(", ");
                let why = in_words(&name, &error);
                Err(vec![(name, why)])
            }
        }
    }

    /// Computes the statistics of one tensor in advance; returns `false` if there is nothing left
    /// to do.
    pub fn work_ahead(&self) -> bool {
        self.viewer.work_ahead(&Quiet)
    }

    /// Answers a question: the name of a route, then optionally `?` and its query. The number is an
    /// HTTP status: 200, 400 for a question that makes no sense, 404, or 500.
    pub fn ask(&self, question: &str) -> (u32, Vec<u8>) {
        let (route, query) = question.split_once('?').unwrap_or((question, ""));
        match self.viewer.answer(route, query, &Quiet) {
            Ok(answer) if answer.media_type.starts_with("application/json") => {
                let text = String::from_utf8_lossy(&answer.bytes);
                (200, files::without_address(&text).into_bytes())
            }
            Ok(answer) => (200, answer.bytes),
            Err(refusal) => {
                let status = match &refusal {
                    Refusal::NoRoute => 404,
                    Refusal::Question(_) => 400,
                    Refusal::Work(_) => 500,
                };
                (status, refusal.as_json())
            }
        }
    }
}

/// The response to the page after opening: which files were skipped, and why.
pub fn refused_as_json(refused: &Refused) -> Vec<u8> {
    let each = |(file, why): &(String, String)| json!({ "file": file, "why": why });
    json!({ "refused": refused.iter().map(each).collect::<Vec<_>>() }).to_string().into_bytes()
}

/// What an error says of a file of that name, and the cure; the name is said by the code that shows it.
fn in_words(name: &str, error: &hinton_view::Error) -> String {
    let text = match error.help() {
        Some(help) => format!("{error}; {help}"),
        None => error.to_string(),
    };
    let text = files::without_address(&text);
    text.strip_prefix(name).and_then(|rest| rest.strip_prefix(": ")).unwrap_or(&text).to_owned()
}

/// The folder that all files lie in, empty for that of everything.
fn common_folder(names: &[String]) -> String {
    let folder = |name: &str| Path::new(name).parent().unwrap_or(Path::new("")).to_path_buf();
    let mut common = names.first().map(|name| folder(name)).unwrap_or_default();
    while !names.iter().all(|name| Path::new(name).starts_with(&common)) {
        if !common.pop() {
            break;
        }
    }
    common.to_string_lossy().into_owned()
}
