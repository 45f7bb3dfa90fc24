//! Parts of files at addresses that are kept on disk for the next time, within a size.
//!
//! Each file has a folder, named after a hash of its identity, which `key` in it holds in full; a part is a
//! file called after its first byte and the one behind its last. Parts are written under another name first,
//! so that a killed program leaves none that is cut.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use hinton_remote::Kept;
use hinton_view::Cache;

/// The file that holds a file's identity.
const KEY: &str = "key";

/// A folder of parts.
pub(crate) struct OnDisk {
    folder: PathBuf,
    /// Most bytes of all parts.
    most: u64,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    /// Parts of the files that were looked at, by their first byte.
    files: BTreeMap<String, Option<BTreeMap<u64, u64>>>,
    /// Bytes of all parts, once they were counted.
    size: Option<u64>,
}

impl OnDisk {
    pub(crate) fn new(folder: PathBuf, most: u64) -> Self {
        OnDisk { folder, most, inner: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn folder_of(&self, file: &str) -> PathBuf {
        self.folder.join(format!("{:016x}", hash(file)))
    }

    /// The parts of a file that are on disk; `None` where its folder is that of another.
    fn parts<'i>(&self, inner: &'i mut Inner, file: &str) -> Option<&'i mut BTreeMap<u64, u64>> {
        if !inner.files.contains_key(file) {
            let folder = self.folder_of(file);
            let found = match fs::read_to_string(folder.join(KEY)) {
                Ok(key) if key == file => Some(parts_in(&folder)),
                Ok(_) => None,
                Err(_) => Some(BTreeMap::new()),
            };
            inner.files.insert(file.to_owned(), found);
        }
        inner.files.get_mut(file)?.as_mut()
    }

    /// Writes a part, whole or not at all.
    fn write(&self, file: &str, offset: u64, bytes: &[u8]) -> std::io::Result<()> {
        let folder = self.folder_of(file);
        make(&folder)?;
        let key = folder.join(KEY);
        if !key.exists() {
            whole(&folder, KEY, file.as_bytes())?;
        }
        whole(&folder, &format!("{offset}-{}", offset + bytes.len() as u64), bytes)
    }

    /// Makes room for this many bytes: what was written longest ago goes first.
    fn make_room(&self, inner: &mut Inner, wanted: u64, keep: &Path) {
        let size = inner.size.unwrap_or_else(|| of_all(&self.folder).iter().map(|one| one.1).sum());
        inner.size = Some(size);
        if size + wanted <= self.most {
            return;
        }
        let mut all = of_all(&self.folder);
        all.sort();
        let mut size: u64 = all.iter().map(|one| one.1).sum();
        for (_, bytes, folder) in all {
            if size + wanted <= self.most / 10 * 9 {
                break;
            }
            // Another program may read what is taken away: it asks its server then.
            if folder != keep && fs::remove_dir_all(&folder).is_ok() {
                size -= bytes;
            }
        }
        inner.files.retain(|file, _| self.folder_of(file).exists());
        inner.size = Some(size);
    }
}

impl Kept for OnDisk {
    fn get(&self, file: &str, offset: u64, most: u64) -> Option<Vec<u8>> {
        let (start, end) = {
            let mut inner = self.lock();
            let (start, end) = self.parts(&mut inner, file)?.range(..=offset).next_back()?;
            (*start, *end)
        };
        let count = end.checked_sub(offset)?.min(most);
        let path = self.folder_of(file).join(format!("{start}-{end}"));
        let mut bytes = vec![0; usize::try_from(count).ok()?];
        let mut part = fs::File::open(path).ok()?;
        part.seek(SeekFrom::Start(offset - start)).ok()?;
        part.read_exact(&mut bytes).ok()?;
        (count > 0).then_some(bytes)
    }

    fn put(&self, file: &str, offset: u64, bytes: &[u8]) {
        let count = bytes.len() as u64;
        let mut inner = self.lock();
        if count == 0 || count > self.most / 2 || self.parts(&mut inner, file).is_none() {
            return;
        }
        self.make_room(&mut inner, count, &self.folder_of(file));
        if inner.size.is_none_or(|size| size + count > self.most) {
            return;
        }
        // What cannot be kept is asked for again the next time; nothing else is lost.
        if self.write(file, offset, bytes).is_ok() {
            inner.size = inner.size.map(|size| size + count);
            if let Some(parts) = self.parts(&mut inner, file) {
                parts.insert(offset, offset + count);
            }
        }
    }
}

/// The viewer's entries are files of one part, beside the parts of files at addresses.
impl Cache for OnDisk {
    fn load(&self, key: &str) -> Option<Vec<u8>> {
        Kept::get(self, key, 0, u64::MAX)
    }

    fn store(&self, key: &str, bytes: &[u8]) {
        Kept::put(self, key, 0, bytes);
    }
}

/// FNV-1a of 64 bits. Two files of one hash are distinguished by their keys.
fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// The parts in a folder that have the length that their name says.
fn parts_in(folder: &Path) -> BTreeMap<u64, u64> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let part = |entry: fs::DirEntry| {
        let name = entry.file_name().into_string().ok()?;
        let (start, end) = name.split_once('-')?;
        let (start, end): (u64, u64) = (start.parse().ok()?, end.parse().ok()?);
        (entry.metadata().ok()?.len() == end.checked_sub(start)?).then_some((start, end))
    };
    entries.filter_map(part).collect()
}

/// The folders of files: when something was written there last, how many bytes they hold, and where.
fn of_all(folder: &Path) -> Vec<(std::time::SystemTime, u64, PathBuf)> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let one = |entry: fs::DirEntry| {
        let path = entry.path();
        let inside = fs::read_dir(&path).ok()?.flatten();
        let bytes = inside.filter_map(|part| Some(part.metadata().ok()?.len())).sum();
        Some((entry.metadata().ok()?.modified().ok()?, bytes, path))
    };
    entries.filter_map(one).collect()
}

/// A folder that its user alone may read: what was downloaded may be private.
fn make(folder: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Writes a file under another name first.
fn whole(folder: &Path, name: &str, bytes: &[u8]) -> std::io::Result<()> {
    let part = folder.join(format!("{name}.{}.part", std::process::id()));
    let written = fs::File::create(&part).and_then(|mut file| file.write_all(bytes));
    let moved = written.and_then(|()| fs::rename(&part, folder.join(name)));
    if moved.is_err() {
        let _ = fs::remove_file(&part);
    }
    moved
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let path =
                std::env::temp_dir().join(format!("hinton-kept-{name}-{}", std::process::id()));
            let _ = fs::remove_dir_all(&path);
            Folder(path)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn parts_are_found_again_by_another_program() {
        let folder = Folder::new("again");
        let one = OnDisk::new(folder.0.clone(), 1 << 20);
        one.put("a\n100\n\"x\"", 10, &[1, 2, 3, 4]);
        one.put("a\n100\n\"x\"", 50, &[5; 8]);
        let other = OnDisk::new(folder.0.clone(), 1 << 20);
        assert_eq!(other.get("a\n100\n\"x\"", 12, 100), Some(vec![3, 4]));
        assert_eq!(other.get("a\n100\n\"x\"", 52, 3), Some(vec![5; 3]));
        assert_eq!(other.get("a\n100\n\"x\"", 14, 9), None, "behind the end of a part");
        assert_eq!(other.get("a\n100\n\"y\"", 10, 4), None, "another state of the file");
    }

    #[test]
    fn a_part_that_is_cut_and_a_folder_of_another_file_count_for_nothing() {
        let folder = Folder::new("cut");
        let kept = OnDisk::new(folder.0.clone(), 1 << 20);
        kept.put("a", 0, &[7; 100]);
        let place = kept.folder_of("a");
        fs::write(place.join("0-100"), [7; 60]).unwrap();
        assert_eq!(OnDisk::new(folder.0.clone(), 1 << 20).get("a", 0, 10), None);
        fs::write(place.join("0-100"), [7; 100]).unwrap();
        fs::write(place.join(KEY), "b").unwrap();
        let again = OnDisk::new(folder.0.clone(), 1 << 20);
        assert_eq!(again.get("a", 0, 10), None, "two files of one hash");
        again.put("a", 200, &[1; 9]);
        assert!(!place.join("200-209").exists());
    }

    #[test]
    fn the_size_is_kept_to_and_the_oldest_goes() {
        let folder = Folder::new("size");
        let kept = OnDisk::new(folder.0.clone(), 1000);
        for file in 0..8 {
            kept.put(&format!("file {file}"), 0, &[file; 300]);
            let bytes: u64 = of_all(&folder.0).iter().map(|one| one.1).sum();
            assert!(bytes <= 1000 + 8 * 10, "{bytes} bytes, keys among them");
        }
        assert_eq!(kept.get("file 7", 0, 300), Some(vec![7; 300]));
        kept.put("large", 0, &[1; 501]);
        assert_eq!(kept.get("large", 0, 1), None, "no more than half is one part");
    }
}
