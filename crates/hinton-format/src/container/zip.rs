//! Zip archives (APPNOTE 6.3.10, with zip64), read only: a table of members, each readable as
//! bytes.

use std::sync::Arc;

use ::zip::{CompressionMethod, ZipArchive, result::ZipError};
use hinton_tensor::{Bytes, ReadError};

use crate::source::coding::{Coding, DEFLATE};
use crate::source::wrapper::{XZ, ZSTD};
use crate::source::{ByteReader, Inflate, Part, inflate, read_head};
use crate::{Error, ErrorKind, Limits};

/// An archive whose table of members has been read and checked.
pub struct Zip {
    data: Arc<dyn Bytes>,
    members: Vec<Member>,
    /// Indexes of the members, sorted by name.
    by_name: Vec<usize>,
}

/// One member, as the central directory describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its name, as the archive spells it; never used as a path.
    pub name: String,
    /// How it is compressed.
    pub method: Method,
    /// Whether it is encrypted, and so cannot be read.
    pub encrypted: bool,
    /// The offset of its compressed data in the archive.
    pub start: u64,
    /// Size of the compressed data in bytes.
    pub packed: u64,
    /// Size after decompression in bytes.
    pub size: u64,
    /// CRC-32 of the decompressed data.
    pub crc: u32,
}

/// How a member is compressed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Method {
    /// Not compressed.
    Stored,
    /// Deflate (RFC 1951).
    Deflated,
    /// Zstandard (RFC 8878).
    Zstd,
    /// xz streams.
    Xz,
    /// A method that hinton does not support, by name.
    Other(String),
}

impl Zip {
    /// Reads the table of members. Their data must be inside the archive and must not overlap.
    ///
    /// # Errors
    /// [`ErrorKind::Malformed`] for a damaged or inconsistent archive; [`ErrorKind::Limit`] for one
    /// with more than `limits.tensors` members.
    pub fn open(data: Arc<dyn Bytes>, limits: &Limits) -> Result<Zip, Error> {
        let mut archive = ZipArchive::new(ByteReader::whole(data.clone())).map_err(zip_error)?;
        let (count, limit) = (archive.len(), limits.tensors);
        if count > limit {
            return Err(Error::new(
                ErrorKind::Limit,
                format!("the zip archive has {count} members, the limit is {limit}"),
            ));
        }
        if archive.has_duplicate_names() {
            return Err(Error::malformed("two members of the zip archive have the same name"));
        }
        let directory = archive.central_directory_start();
        let mut members = Vec::with_capacity(archive.len());
        let mut ranges = Vec::with_capacity(archive.len());
        for index in 0..archive.len() {
            let entry = archive.by_index_raw(index).map_err(zip_error)?;
            let name = match entry.name() {
                Ok(name) => name.into_owned(),
                Err(_) => String::from_utf8_lossy(entry.name_raw()).into_owned(),
            };
            let start = entry.data_start().unwrap_or(u64::MAX);
            let packed = entry.compressed_size();
            let end = start.checked_add(packed).filter(|end| *end <= directory);
            let Some(end) = end else {
                return Err(Error::malformed(format!(
                    "the member has {packed} bytes of data from byte {start}, but the archive's \
                     data ends at byte {directory}"
                ))
                .for_tensor(name)
                .at_byte(entry.header_start()));
            };
            ranges.push((entry.header_start(), end, index));
            members.push(Member {
                name,
                method: method(entry.compression()),
                encrypted: entry.encrypted(),
                start,
                packed,
                size: entry.size(),
                crc: entry.crc32(),
            });
        }
        ranges.sort_unstable();
        for pair in ranges.windows(2) {
            let ((_, end, first), (start, _, second)) = (pair[0], pair[1]);
            if start < end {
                return Err(Error::malformed(format!(
                    "the member starts inside member {:?}, which ends at byte {end}",
                    members[first].name
                ))
                .for_tensor(members[second].name.clone())
                .at_byte(start));
            }
        }
        let mut by_name: Vec<usize> = (0..members.len()).collect();
        by_name.sort_by(|a, b| members[*a].name.cmp(&members[*b].name));
        Ok(Zip { data, members, by_name })
    }

    /// The members, in the order of the archive's table.
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// The member with this name.
    pub fn find(&self, name: &str) -> Option<&Member> {
        let name_of = |index: &usize| self.members[*index].name.as_str();
        let found = self.by_name.binary_search_by(|index| name_of(index).cmp(name)).ok()?;
        Some(&self.members[self.by_name[found]])
    }

    /// The contents of a member: without a copy if it is not compressed, else decompressed on first
    /// use. The CRC-32 is verified for compressed members when their end is read, but not for
    /// uncompressed ones, which need not be read completely.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] for encrypted members and unsupported compression methods;
    /// [`ErrorKind::Malformed`] for impossible sizes.
    pub fn bytes(&self, member: &Member, limits: &Limits) -> Result<Arc<dyn Bytes>, Error> {
        check_readable(member)?;
        let Member { start, packed, size, crc, .. } = *member;
        let data = self.data.clone();
        let bytes: Result<Arc<dyn Bytes>, ReadError> = match coding(&member.method) {
            None => Part::new(data, start, size).map(|part| Arc::new(part) as _),
            Some(coding) => Inflate::new(coding, data, (start, packed), size, Some(crc), limits)
                .map(|inflate| Arc::new(inflate) as _),
        };
        bytes.map_err(|error| {
            Error::of_read(&error, &*error.why).for_tensor(&*member.name).at_byte(start)
        })
    }

    /// The first bytes of a member's contents, at most `want`, without decompressing the rest.
    ///
    /// # Errors
    /// Returns the errors of [`Zip::bytes`]; and an error if the compressed data is damaged from
    /// the start.
    pub fn head(&self, member: &Member, want: u64, limits: &Limits) -> Result<Vec<u8>, Error> {
        check_readable(member)?;
        let Member { start, packed, size, .. } = *member;
        let head = match coding(&member.method) {
            None => {
                Part::new(self.data.clone(), start, size).and_then(|part| read_head(&part, want))
            }
            Some(coding) => {
                inflate::head(coding, &self.data, (start, packed), want.min(size), limits)
            }
        };
        head.map_err(|error| {
            Error::of_read(&error, &*error.why).for_tensor(&*member.name).at_byte(start)
        })
    }
}

/// How a member is unpacked; `None` for those that are stored.
fn coding(method: &Method) -> Option<&'static Coding> {
    match method {
        Method::Stored | Method::Other(_) => None,
        Method::Deflated => Some(&DEFLATE),
        Method::Zstd => Some(&ZSTD),
        Method::Xz => Some(&XZ),
    }
}

fn check_readable(member: &Member) -> Result<(), Error> {
    let unsupported = |message: String| {
        Err(Error::new(ErrorKind::Unsupported, message)
            .for_tensor(&*member.name)
            .at_byte(member.start)
            .cure("unpack the archive, or write it again stored or deflated"))
    };
    if member.encrypted {
        return unsupported("the zip member is encrypted".to_owned());
    }
    match &member.method {
        Method::Other(name) => unsupported(format!(
            "the zip member is packed with {name}; stored ones and those packed with deflate, zstd \
             or xz can be read"
        )),
        Method::Stored if member.packed != member.size => Err(Error::malformed(format!(
            "the stored zip member has {} bytes of data and claims {}",
            member.packed, member.size
        ))
        .for_tensor(&*member.name)
        .at_byte(member.start)),
        _ => Ok(()),
    }
}

/// The method's name by its number in the archive (APPNOTE 4.4.5).
fn method(method: CompressionMethod) -> Method {
    if method == CompressionMethod::STORE {
        return Method::Stored;
    }
    let read = [
        (CompressionMethod::DEFLATE, Method::Deflated),
        (CompressionMethod::ZSTD, Method::Zstd),
        (CompressionMethod::XZ, Method::Xz),
    ];
    if let Some((_, read)) = read.into_iter().find(|(known, _)| *known == method) {
        return read;
    }
    let names = [
        (CompressionMethod::DEFLATE64, "deflate64"),
        (CompressionMethod::BZIP2, "bzip2"),
        (CompressionMethod::LZMA, "lzma"),
        (CompressionMethod::AES, "AES encryption"),
    ];
    let name = names.iter().find(|(known, _)| *known == method);
    Method::Other(name.map_or_else(|| format!("{method:?}"), |(_, name)| (*name).to_owned()))
}

fn zip_error(error: ZipError) -> Error {
    let cure = "the file is cut or damaged: download or copy it again";
    match error {
        ZipError::UnsupportedArchive(why) => {
            Error::new(ErrorKind::Unsupported, format!("the zip archive cannot be read: {why}"))
        }
        ZipError::InvalidArchive(why) => {
            Error::malformed(format!("the zip archive is damaged: {why}")).cure(cure)
        }
        other => Error::malformed(format!("the zip archive is damaged: {other}")).cure(cure),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::zip::ZipWriter;
    use ::zip::write::SimpleFileOptions;
    use hinton_tensor::Memory;
    use std::io::{Cursor, Write};

    fn archive(large: bool) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        let stored = SimpleFileOptions::default()
            .compression_method(CompressionMethod::STORE)
            .large_file(large);
        let deflated = stored.compression_method(CompressionMethod::DEFLATE);
        writer.start_file("b", stored).unwrap();
        writer.write_all(b"stored bytes").unwrap();
        writer.start_file("../a", deflated).unwrap();
        writer.write_all(&[b'x'; 5000]).unwrap();
        writer.finish().unwrap().into_inner()
    }

    fn open(bytes: Vec<u8>) -> Result<Zip, Error> {
        Zip::open(Arc::new(Memory::new(bytes)), &Limits::default())
    }

    /// Every byte of every member, or the first error.
    fn read_all(zip: &Zip) -> Result<Vec<Vec<u8>>, String> {
        let read = |member: &Member| {
            let bytes = zip.bytes(member, &Limits::default()).map_err(|error| error.to_string())?;
            read_head(&*bytes, bytes.len()).map_err(|error| error.to_string())
        };
        zip.members().iter().map(read).collect()
    }

    #[test]
    fn members_keep_the_order_of_the_table() {
        for large in [false, true] {
            let zip = open(archive(large)).unwrap();
            let names: Vec<&str> = zip.members().iter().map(|member| &*member.name).collect();
            assert_eq!(names, ["b", "../a"]);
            assert_eq!(zip.find("../a").unwrap().method, Method::Deflated);
            assert_eq!(zip.find("c"), None);
            assert_eq!(read_all(&zip).unwrap(), [b"stored bytes".to_vec(), vec![b'x'; 5000]]);
            assert_eq!(zip.head(&zip.members()[1], 3, &Limits::default()).unwrap(), b"xxx");
            let stored = zip.bytes(&zip.members()[0], &Limits::default()).unwrap();
            assert!(stored.slice(0..6).is_some(), "a stored member is not copied");
        }
    }

    #[test]
    fn encrypted_and_foreign_members_are_refused_by_name() {
        let mut bytes = archive(false);
        // General purpose flag and method of both headers of the first member.
        let central = bytes.windows(4).position(|window| window == b"PK\x01\x02").unwrap();
        let mut encrypted = bytes.clone();
        encrypted[central + 8] |= 1;
        let error = read_all(&open(encrypted).unwrap()).unwrap_err();
        assert!(error.contains("encrypted"), "{error}");
        bytes[central + 10] = 12;
        let error = read_all(&open(bytes).unwrap()).unwrap_err();
        assert!(error.contains("bzip2"), "{error}");
    }

    #[test]
    fn overlapping_members_are_an_error() {
        let mut bytes = archive(false);
        let second = bytes
            .windows(4)
            .enumerate()
            .filter(|(_, window)| *window == b"PK\x01\x02")
            .map(|(at, _)| at)
            .nth(1)
            .unwrap();
        // The second entry of the table points to the first member's header.
        bytes[second + 42..second + 46].copy_from_slice(&[0; 4]);
        let error = open(bytes).err().unwrap().to_string();
        assert!(error.contains("inside member") || error.contains("ends at byte"), "{error}");
    }

    #[test]
    fn cut_anywhere_is_an_error_and_no_panic() {
        let whole = archive(false);
        for cut in 0..whole.len() {
            assert!(open(whole[..cut].to_vec()).is_err(), "cut at {cut}");
        }
    }
}
