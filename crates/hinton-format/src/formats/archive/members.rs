//! The members of an archive, as files of a folder.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use hinton_tensor::{Bytes, ReadError};

use crate::container::{tar, zip};
use crate::source::file::{Entry, is_below};
use crate::source::{Folder, Location, folder, read_head, wrapper};
use crate::{Error, Input, Limits};

/// Bytes of each member that are kept, where the archive can only be read from its start.
const HEAD: u64 = 4096;
/// Most members whose first bytes are kept.
const MOST_HEADS: usize = 5_000;

/// Makes the bytes of the member with that number.
type Open = dyn Fn(usize) -> Result<Arc<dyn Bytes>, Error> + Send + Sync;

/// The files in an archive, by name.
pub(super) struct Members {
    files: BTreeMap<String, File>,
    open: Box<Open>,
    /// Members that are no files of the folder, and why.
    pub(super) left_out: Vec<(String, &'static str)>,
}

struct File {
    number: usize,
    len: u64,
    /// Kept, so that what is inflated once serves all.
    bytes: OnceLock<Result<Arc<dyn Bytes>, Error>>,
}

impl Members {
    /// The members of a file that is an archive, wrapped or not; `None` where it is none.
    pub(super) fn open(input: &Input, limits: &Limits) -> Result<Option<Members>, Error> {
        let data = match wrapper::around(&*input.data)? {
            Some(wrapper) => wrapper.open(&input.data, limits)?,
            None => input.data.clone(),
        };
        let start = read_head(&*data, 512)?;
        if start.starts_with(b"PK\x03\x04") || start.starts_with(b"PK\x05\x06") {
            return Ok(Some(Members::of_zip(zip::Zip::open(data, limits)?, limits)));
        }
        tar::is_tar(&start).then(|| Members::of_tar(&data, limits)).transpose()
    }

    pub(super) fn of_zip(zip: zip::Zip, limits: &Limits) -> Members {
        let listed: Vec<(String, u64, bool)> = zip
            .members()
            .iter()
            .map(|member| (member.name.clone(), member.size, !member.name.ends_with('/')))
            .collect();
        let limits = *limits;
        let open = move |number: usize| match zip.members().get(number) {
            Some(member) => zip.bytes(member, &limits),
            None => Err(Error::malformed("the zip archive has no such member")),
        };
        Members::new(listed, Box::new(open))
    }

    pub(super) fn of_tar(data: &Arc<dyn Bytes>, limits: &Limits) -> Result<Members, Error> {
        let tar = tar::Tar::open(data.clone(), limits)?;
        let mut members = Vec::new();
        let mut others = Vec::new();
        for (number, member) in tar.members().iter().enumerate() {
            match member.kind {
                tar::Kind::File => members.push((number, member.name.clone(), member.size)),
                tar::Kind::Folder => {}
                tar::Kind::Other => {
                    others.push((member.name.clone(), "links or special files"));
                }
            }
        }
        let heads = if data.is_sequential() { heads(&tar)? } else { BTreeMap::new() };
        let numbers: Vec<usize> = members.iter().map(|(number, ..)| *number).collect();
        let open = move |number: usize| {
            let number = numbers.get(number).copied().unwrap_or(usize::MAX);
            let Some(member) = tar.members().get(number) else {
                return Err(Error::malformed("the tar archive has no such member"));
            };
            let whole = tar.bytes(member)?;
            Ok(match heads.get(&number) {
                Some(head) => Arc::new(Headed { head: head.clone(), whole }),
                None => whole,
            })
        };
        let listed = members.into_iter().map(|(_, name, size)| (name, size, true)).collect();
        let mut members = Members::new(listed, Box::new(open));
        members.left_out.extend(others);
        Ok(members)
    }

    /// `listed` has for each member its name, its length, and whether it is a file.
    fn new(listed: Vec<(String, u64, bool)>, open: Box<Open>) -> Members {
        let mut files = BTreeMap::new();
        let mut left_out = Vec::new();
        for (number, (name, len, is_file)) in listed.into_iter().enumerate() {
            let mut plain = name.as_str();
            while let Some(rest) = plain.strip_prefix("./") {
                plain = rest.trim_start_matches('/');
            }
            if !is_file || plain.is_empty() {
                continue;
            }
            if !is_below(plain) || plain.split('/').any(|part| part.is_empty() || part == ".") {
                left_out.push((name, "their names lead out of the archive"));
                continue;
            }
            // Of two with one name the last counts, as when they are unpacked.
            files.insert(plain.to_owned(), File { number, len, bytes: OnceLock::new() });
        }
        Members { files, open, left_out }
    }

    /// The names of all files.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// The folder of everything, of an archive at that path.
    pub(super) fn root(self, path: PathBuf) -> Location {
        Location::root_of(path, Arc::new(self))
    }
}

impl Folder for Members {
    fn file(&self, name: &str) -> Result<Option<Arc<dyn Bytes>>, Error> {
        folder::check(name)?;
        let Some(file) = self.files.get(name) else { return Ok(None) };
        file.bytes.get_or_init(|| (self.open)(file.number)).clone().map(Some)
    }

    fn list(&self, below: &str) -> Result<Vec<Entry>, Error> {
        let start = if below.is_empty() { String::new() } else { format!("{below}/") };
        let mut entries: Vec<Entry> = Vec::new();
        let inside =
            self.files.range(start.clone()..).take_while(|(name, _)| name.starts_with(&start));
        for (name, file) in inside {
            let rest = &name[start.len()..];
            let (name, is_dir) = match rest.split_once('/') {
                Some((folder, _)) => (folder, true),
                None => (rest, false),
            };
            if entries.last().is_none_or(|last| last.name != name) {
                let len = if is_dir { 0 } else { file.len };
                entries.push(Entry { name: name.to_owned(), is_dir, len });
            }
        }
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        entries.dedup_by(|a, b| a.name == b.name);
        Ok(entries)
    }

    fn shown(&self, name: &str) -> String {
        name.to_owned()
    }
}

/// The first bytes of every file, read in the archive's order: what they are is then told without
/// going back.
fn heads(tar: &tar::Tar) -> Result<BTreeMap<usize, Vec<u8>>, Error> {
    let mut heads = BTreeMap::new();
    let files = tar.members().iter().enumerate().filter(|(_, one)| one.kind == tar::Kind::File);
    for (number, member) in files.take(MOST_HEADS) {
        heads.insert(number, read_head(&*tar.bytes(member)?, HEAD)?);
    }
    Ok(heads)
}

/// Bytes of which the first are in memory.
struct Headed {
    head: Vec<u8>,
    whole: Arc<dyn Bytes>,
}

impl Bytes for Headed {
    fn len(&self) -> u64 {
        self.whole.len()
    }

    fn slice(&self, range: Range<u64>) -> Option<&[u8]> {
        self.whole.slice(range)
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<(), ReadError> {
        let end = offset.saturating_add(buf.len() as u64);
        match (usize::try_from(offset), usize::try_from(end)) {
            (Ok(start), Ok(end)) if end <= self.head.len() => {
                buf.copy_from_slice(&self.head[start..end]);
                Ok(())
            }
            _ => self.whole.read_at(offset, buf),
        }
    }

    fn is_sequential(&self) -> bool {
        self.whole.is_sequential()
    }
}
