//! Archives whose bytes depend on nothing but what is in them: POSIX ustar, gzip, and `ar`, of which a .deb is
//! made. Formats: POSIX.1-1988 (ustar), RFC 1952 (gzip), deb(5).

use std::io::Write as _;

use flate2::{Compression, GzBuilder};

use crate::Failure;

/// A file of an archive.
pub(crate) struct Entry {
    /// Where it lies, with forward slashes and without one at its beginning.
    pub(crate) path: String,
    /// What is in it.
    pub(crate) bytes: Vec<u8>,
    /// Whether it can be run.
    pub(crate) is_program: bool,
}

impl Entry {
    pub(crate) fn new(path: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Entry { path: path.into(), bytes: bytes.into(), is_program: false }
    }

    pub(crate) fn program(path: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Entry { is_program: true, ..Entry::new(path, bytes) }
    }
}

/// A packed archive of the files and of the folders they lie in, all of one time (seconds since 1970) and
/// owned by root.
pub(crate) fn packed(entries: &[Entry], time: u64) -> Result<Vec<u8>, Failure> {
    let mut entries: Vec<&Entry> = entries.iter().collect();
    entries.sort_by(|a, b| a.path.cmp(&b.path));
    let mut archive = Vec::new();
    let mut folders: Vec<String> = Vec::new();
    for entry in entries {
        for (slash, _) in entry.path.match_indices('/') {
            let folder = format!("{}/", &entry.path[..slash]);
            if !folders.contains(&folder) {
                archive.extend(header(&folder, 0, 0o755, b'5', time)?);
                folders.push(folder);
            }
        }
        let mode = if entry.is_program { 0o755 } else { 0o644 };
        archive.extend(header(&entry.path, entry.bytes.len(), mode, b'0', time)?);
        archive.extend(&entry.bytes);
        archive.resize(archive.len().next_multiple_of(512), 0);
    }
    archive.resize(archive.len() + 1024, 0);
    gzipped(&archive)
}

/// The bytes as gzip has them, without a name or a time.
pub(crate) fn gzipped(bytes: &[u8]) -> Result<Vec<u8>, Failure> {
    let mut packed = GzBuilder::new().mtime(0).write(Vec::new(), Compression::new(6));
    packed.write_all(bytes)?;
    Ok(packed.finish()?)
}

fn header(path: &str, size: usize, mode: u32, kind: u8, time: u64) -> Result<[u8; 512], Failure> {
    let mut block = [0; 512];
    let mut put = |offset: usize, text: &str| {
        block[offset..offset + text.len()].copy_from_slice(text.as_bytes());
    };
    // A name of more than 100 bytes is parted at a slash.
    let split = match path.len() > 100 {
        false => Some(("", path)),
        true => path
            .match_indices('/')
            .map(|(slash, _)| (&path[..slash], &path[slash + 1..]))
            .find(|(prefix, name)| prefix.len() <= 155 && !name.is_empty() && name.len() <= 100),
    };
    let (prefix, name) = split.ok_or_else(|| format!("{path}: too long a name"))?;
    put(0, name);
    put(100, &format!("{mode:07o}"));
    put(108, "0000000");
    put(116, "0000000");
    put(124, &format!("{size:011o}"));
    put(136, &format!("{time:011o}"));
    put(148, "        ");
    put(156, std::str::from_utf8(&[kind])?);
    put(257, "ustar\0");
    put(263, "00");
    put(265, "root");
    put(297, "root");
    put(345, prefix);
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    Ok(block)
}

/// The members as `ar` has them, in order.
pub(crate) fn ar(members: &[(&str, &[u8])], time: u64) -> Vec<u8> {
    let mut archive = b"!<arch>\n".to_vec();
    for (name, bytes) in members {
        let size = bytes.len();
        archive.extend(
            format!("{name:<16}{time:<12}{:<6}{:<6}{:<8}{size:<10}`\n", 0, 0, "100644").bytes(),
        );
        archive.extend(*bytes);
        if size % 2 == 1 {
            archive.push(b'\n');
        }
    }
    archive
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_files_give_equal_bytes_in_any_order() {
        let one = [Entry::new("a/b.txt", "b"), Entry::program("a/run", "r")];
        let two = [Entry::program("a/run", "r"), Entry::new("a/b.txt", "b")];
        assert_eq!(packed(&one, 7).unwrap(), packed(&two, 7).unwrap());
        assert_ne!(packed(&one, 7).unwrap(), packed(&one, 8).unwrap());
        let long = format!("{}/{}/{}", "p".repeat(60), "q".repeat(60), "n".repeat(90));
        assert!(packed(&[Entry::new(long, "")], 0).is_ok());
        assert!(packed(&[Entry::new("n".repeat(101), "")], 0).is_err());
    }

    #[test]
    fn members_of_ar_begin_at_even_places() {
        let archive = ar(&[("one", b"odd"), ("two", b"even")], 1);
        assert!(archive.starts_with(
            b"!<arch>\none             1           0     0     100644  3         `\nodd\ntwo"
        ));
    }
}
