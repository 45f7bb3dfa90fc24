//! The members of an archive, as files of a folder.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, PoisonError, Weak};

use hinton_tensor::{Bytes, ReadError};

use crate::container::{tar, zip};
use crate::source::file::{Entry, is_below};
use crate::source::{Folder, Location, folder, read_head, wrapper};
use crate::{Error, ErrorKind, Input, Limits};

/// Bytes of each member that are kept, where the archive can only be read from its start.
const HEAD: u64 = 4096;
/// Bytes of a packed member that are unpacked to tell what it is: as many as the reader of what is
/// packed in it asks for at once.
const LOOK: u64 = 64 << 10;
/// Most members whose first bytes are kept.
const MOST_HEADS: usize = 5_000;

/// Makes the bytes of the member with that number.
type Open = dyn Fn(usize) -> Result<Arc<dyn Bytes>, Error> + Send + Sync;

/// The files in an archive, by name.
pub(super) struct Members {
    files: BTreeMap<String, File>,
    open: Box<Open>,
    kept: Mutex<Kept>,
    /// Members that are no files of the folder, and why.
    pub(super) left_out: Vec<(String, &'static str)>,
    /// The names of links and special files.
    links: BTreeSet<String>,
}

struct File {
    number: usize,
    len: u64,
    is_packed: bool,
    /// As long as it is used or kept, so that what is inflated once serves all.
    bytes: Mutex<Option<Weak<dyn Bytes>>>,
}

/// A member, as an archive lists it.
struct Listed {
    name: String,
    len: u64,
    is_file: bool,
    is_packed: bool,
}

/// Packed members that were used last: what is read piece by piece is not inflated for each.
struct Kept {
    members: VecDeque<(u64, Arc<dyn Bytes>)>,
    bytes: u64,
    /// Most bytes that they may have together; one is kept in any case.
    most: u64,
}

impl Kept {
    fn keep(&mut self, len: u64, member: Arc<dyn Bytes>) {
        // A large one is inflated up to that, see `Inflate`; the smallest takes some memory too.
        let cost = len.min(self.most).saturating_add(1 << 10);
        self.members.push_back((cost, member));
        self.bytes = self.bytes.saturating_add(cost);
        while self.bytes > self.most
            && self.members.len() > 1
            && let Some((cost, _)) = self.members.pop_front()
        {
            self.bytes = self.bytes.saturating_sub(cost);
        }
    }
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
        let listed = |member: &zip::Member| Listed {
            name: member.name.clone(),
            len: member.size,
            is_file: !member.name.ends_with('/'),
            is_packed: member.method != zip::Method::Stored,
        };
        let listed: Vec<Listed> = zip.members().iter().map(listed).collect();
        let (zip, limits) = (Arc::new(zip), *limits);
        let open = move |number: usize| {
            let Some(member) = zip.members().get(number) else {
                return Err(Error::malformed("the zip archive does not have this member"));
            };
            let whole = zip.bytes(member, &limits)?;
            if member.method == zip::Method::Stored || member.size <= LOOK {
                return Ok(whole);
            }
            let (zip, member) = (zip.clone(), member.clone());
            // Where that fails, the whole says why.
            let head = move || zip.head(&member, LOOK, &limits).unwrap_or_default();
            Ok(Arc::new(Headed::new(LOOK, head, whole)))
        };
        Members::new(listed, Box::new(open), limits.held_bytes)
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
                return Err(Error::malformed("the tar archive does not have this member"));
            };
            let whole = tar.bytes(member)?;
            Ok(match heads.get(&number) {
                Some(head) => {
                    let head = head.clone();
                    Arc::new(Headed::new(HEAD, move || head, whole))
                }
                None => whole,
            })
        };
        let listed = members
            .into_iter()
            .map(|(_, name, len)| Listed { name, len, is_file: true, is_packed: false })
            .collect();
        let mut members = Members::new(listed, Box::new(open), limits.held_bytes);
        members.links = others.iter().map(|(name, _)| plain(name)).collect();
        members.left_out.extend(others);
        Ok(members)
    }

    /// Of packed ones at most this many bytes are kept when nothing uses them.
    fn new(listed: Vec<Listed>, open: Box<Open>, most: u64) -> Members {
        let mut files = BTreeMap::new();
        let mut left_out = Vec::new();
        for (number, Listed { name, len, is_file, is_packed }) in listed.into_iter().enumerate() {
            let plain = plain(&name);
            if !is_file || plain.is_empty() {
                continue;
            }
            if name.starts_with('/') || !is_below(&plain) {
                left_out.push((name, "their names lead out of the archive"));
                continue;
            }
            // Of two with one name the last counts, as when they are unpacked.
            files.insert(plain, File { number, len, is_packed, bytes: Mutex::new(None) });
        }
        let kept = Kept { members: VecDeque::new(), bytes: 0, most };
        Members { files, open, kept: Mutex::new(kept), left_out, links: BTreeSet::new() }
    }

    /// What is said of a name that is a link, or that one leads to: what it stands for is not known,
    /// but it is not nothing.
    fn linked(&self, name: &str) -> Option<Error> {
        let mut way = Path::new(name).ancestors().filter_map(Path::to_str);
        let link = way.find(|above| self.links.contains(*above))?;
        let message =
            format!("{link:?} is a link in the archive, or a special file; none is followed");
        Some(Error::new(ErrorKind::Refused, message).cure("unpack the archive first"))
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
        let Some(file) = self.files.get(name) else {
            return self.linked(name).map_or(Ok(None), Err);
        };
        let mut used = file.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bytes) = used.as_ref().and_then(Weak::upgrade) {
            return Ok(Some(bytes));
        }
        let bytes = (self.open)(file.number)?;
        *used = Some(Arc::downgrade(&bytes));
        if file.is_packed {
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            kept.keep(file.len, bytes.clone());
        }
        Ok(Some(bytes))
    }

    fn list(&self, below: &str) -> Result<Vec<Entry>, Error> {
        Ok(folder::entries(&self.files, below, |file| file.len))
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

/// A name as it is unpacked: without empty parts and `.`.
fn plain(name: &str) -> String {
    let parts: Vec<&str> =
        name.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    parts.join("/")
}

/// Bytes of which the first are had without the others.
struct Headed {
    /// Most bytes of the head.
    most: u64,
    head: LazyLock<Vec<u8>, Box<dyn FnOnce() -> Vec<u8> + Send>>,
    whole: Arc<dyn Bytes>,
}

impl Headed {
    /// `head` gives the first bytes, at most `most`, when they are wanted.
    fn new(
        most: u64,
        head: impl FnOnce() -> Vec<u8> + Send + 'static,
        whole: Arc<dyn Bytes>,
    ) -> Self {
        Headed { most, head: LazyLock::new(Box::new(head)), whole }
    }
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
        if end <= self.most
            && let Some(head) = self.head.get(offset as usize..end as usize)
        {
            buf.copy_from_slice(head);
            return Ok(());
        }
        self.whole.read_at(offset, buf)
    }

    fn is_sequential(&self) -> bool {
        self.whole.is_sequential()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::open::recognise;
    use ::zip::write::SimpleFileOptions;
    use ::zip::{CompressionMethod, ZipWriter};
    use hinton_tensor::Memory;
    use std::io::{Cursor, Write};

    /// Members of a zip archive of arrays of one megabyte, of which the last is damaged near its end.
    fn members() -> Members {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        let deflated = SimpleFileOptions::default().compression_method(CompressionMethod::DEFLATE);
        let mut array = b"\x93NUMPY\x01\0v\0".to_vec();
        array.extend(b"{'descr': '|u1', 'fortran_order': False, 'shape': (1000000,), }");
        array.resize(127, b' ');
        array.push(b'\n');
        array.extend(
            (0..1_000_000u32).map(|n| (n.wrapping_mul(n).wrapping_mul(0x9e37_79b1) >> 23) as u8),
        );
        for name in ["a.npy", "b.npy", "c.npy"] {
            writer.start_file(name, deflated).unwrap();
            writer.write_all(&array).unwrap();
        }
        let mut bytes = writer.finish().unwrap().into_inner();
        let zip = zip::Zip::open(Arc::new(Memory::new(bytes.clone())), &Limits::default()).unwrap();
        let last = &zip.members()[2];
        bytes[(last.start + last.packed) as usize - 1000] ^= 0x55;
        let limits = Limits { held_bytes: 1_500_000, ..Limits::default() };
        let zip = zip::Zip::open(Arc::new(Memory::new(bytes)), &limits).unwrap();
        Members::of_zip(zip, &limits)
    }

    #[test]
    fn members_are_told_without_unpacking_them_and_few_are_kept() {
        let members = members();
        let bytes = members.file("c.npy").unwrap().unwrap();
        assert!(read_head(&*bytes, LOOK).unwrap().starts_with(b"\x93NUMPY"));
        assert!(read_head(&*bytes, LOOK + 1).is_err(), "it is damaged further on");
        let one = members.file("a.npy").unwrap().unwrap();
        assert!(Arc::ptr_eq(&one, &members.file("a.npy").unwrap().unwrap()), "all share it");
        drop((bytes, one));
        let members = Arc::new(members);
        let root = Location::root_of(PathBuf::from("x.zip"), members.clone());
        for name in ["a.npy", "b.npy", "c.npy"] {
            assert_eq!(recognise(&root.join(name), &Limits::default()).unwrap().0.name, "npy");
        }
        let is_kept = |file: &File| file.bytes.lock().unwrap().as_ref()?.upgrade();
        assert_eq!(members.files.values().filter_map(is_kept).count(), 1);
    }

    #[test]
    fn names_are_plain() {
        let open = |_: usize| -> Result<Arc<dyn Bytes>, Error> { unreachable!() };
        let names = ["a//b", "c/./d", ".//e", "./", "f/../g", "/h", "../i", "j/"];
        let listed = names.map(|name| {
            let is_file = !name.ends_with('/');
            Listed { name: name.to_owned(), len: 1, is_file, is_packed: false }
        });
        let members = Members::new(listed.into(), Box::new(open), 0);
        assert_eq!(members.names().collect::<Vec<_>>(), ["a/b", "c/d", "e"]);
        let left: Vec<&str> = members.left_out.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(left, ["f/../g", "/h", "../i"]);
    }
}
