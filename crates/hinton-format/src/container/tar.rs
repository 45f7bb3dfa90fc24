//! Tar archives (POSIX.1-2001 ustar and pax, GNU's long names, and the older headers), read only: a
//! table of members, each of which is a range of the archive.

use std::sync::Arc;

use hinton_tensor::Bytes;

use crate::source::{Part, read_vec};
use crate::{Error, ErrorKind, Limits};

/// Headers and data are padded to blocks of this size.
const BLOCK: u64 = 512;

/// Most bytes of a member's pax records.
const LONGEST_RECORD: u64 = 1 << 20;

/// Most bytes of a name: as many as the longest path of any system.
const LONGEST_NAME: u64 = 32 << 10;

/// An archive whose headers have been read.
pub struct Tar {
    data: Arc<dyn Bytes>,
    members: Vec<Member>,
}

/// One member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its name, as the archive spells it; never used as a path.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// The offset of its data in the archive.
    pub start: u64,
    /// Size of its data in bytes.
    pub size: u64,
}

/// The kind of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A file.
    File,
    /// A folder.
    Folder,
    /// A link, a device or a sparse file, which cannot be read.
    Other,
}

/// Whether bytes start with the header of a tar archive, judged by its checksum.
pub fn is_tar(head: &[u8]) -> bool {
    head.first_chunk().is_some_and(|block: &[u8; 512]| Header(block).checksum_fits())
}

/// Names of the members whose headers are among the first bytes of an archive.
pub fn first_names(head: &[u8]) -> Vec<String> {
    let whole: Arc<dyn Bytes> = Arc::new(hinton_tensor::Memory::new(head));
    let mut walk = Walk::new(&*whole, &Limits::default());
    let mut names = Vec::new();
    while let Ok(Some(member)) = walk.next() {
        names.push(member.name);
    }
    names
}

impl Tar {
    /// Reads the headers. The data of every member must be inside the archive. If two members have
    /// the same name, the last one counts.
    ///
    /// # Errors
    /// [`ErrorKind::Malformed`] for a damaged or truncated archive; [`ErrorKind::Limit`] for one
    /// with more than `limits.tensors` headers, or with names and records larger than
    /// `limits.header_bytes`.
    pub fn open(data: Arc<dyn Bytes>, limits: &Limits) -> Result<Tar, Error> {
        let mut walk = Walk::new(&*data, limits);
        let mut members = Vec::new();
        while let Some(member) = walk.next()? {
            let end = member.start.checked_add(member.size);
            if end.is_none_or(|end| end > data.len()) {
                return Err(Error::malformed(format!(
                    "the member {:?} should have {} bytes here, the archive has {} in all",
                    member.name,
                    member.size,
                    data.len()
                ))
                .at_byte(member.start)
                .cure("the archive is cut short: download or copy it again"));
            }
            members.push(member);
        }
        Ok(Tar { data, members })
    }

    /// The members, in the archive's order.
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// The last file with this name.
    pub fn find(&self, name: &str) -> Option<&Member> {
        let plain = |name: &str| name.strip_prefix("./").unwrap_or(name).to_owned();
        let is_it = |member: &&Member| member.kind == Kind::File && plain(&member.name) == name;
        self.members.iter().rev().find(is_it)
    }

    /// A member's bytes, without a copy.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] if it is not a file.
    pub fn bytes(&self, member: &Member) -> Result<Arc<dyn Bytes>, Error> {
        if member.kind != Kind::File {
            let message = format!("the member {:?} of the tar archive is not a file", member.name);
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
        Ok(Arc::new(Part::new(self.data.clone(), member.start, member.size)?))
    }
}

/// What records before a header say about the member that follows.
#[derive(Default)]
struct Long {
    name: Option<String>,
    size: Option<u64>,
    is_sparse: bool,
}

/// Goes from header to header.
struct Walk<'d> {
    data: &'d dyn Bytes,
    /// Where the next header is.
    at: u64,
    long: Long,
    limits: Limits,
    /// Headers so far, and bytes of the names and records that they brought.
    headers: usize,
    bytes: u64,
}

impl<'d> Walk<'d> {
    fn new(data: &'d dyn Bytes, limits: &Limits) -> Self {
        Walk { data, at: 0, long: Long::default(), limits: *limits, headers: 0, bytes: 0 }
    }

    /// The next member; `None` at the end, which is a block of zeros or the last byte.
    fn next(&mut self) -> Result<Option<Member>, Error> {
        loop {
            if self.at >= self.data.len() {
                return Ok(None);
            }
            let at = self.at;
            let mut block = [0; BLOCK as usize];
            self.data.read_at(at, &mut block).map_err(|_| cut(at))?;
            if block == [0; BLOCK as usize] {
                return Ok(None);
            }
            let header = Header(&block);
            if !header.checksum_fits() {
                let message = "the header of a member of the tar archive has a wrong checksum";
                return Err(Error::malformed(message)
                    .at_byte(at)
                    .cure("the archive is damaged: download or copy it again"));
            }
            self.count_header(at)?;
            let Some(mut size) = header.size() else {
                let message = "the size of a member of the tar archive is not a number";
                return Err(Error::malformed(message).at_byte(at));
            };
            // `at` is less than the archive's length, which no archive makes near 2^64.
            let start = self.behind_map(&header, at.saturating_add(BLOCK))?;
            let kind = header.kind();
            // Links and devices have no data, whatever their size says.
            if let (b'0' | 0 | b'7', Some(long)) = (kind, self.long.size) {
                size = long;
            } else if matches!(kind, b'1'..=b'6') {
                size = 0;
            }
            let padded = size.div_ceil(BLOCK).saturating_mul(BLOCK);
            self.at = start.saturating_add(padded);
            match kind {
                b'L' => {
                    let name = self.record(start, size, LONGEST_NAME)?;
                    self.long.name = Some(text(&name));
                }
                b'x' => {
                    let records = self.record(start, size, LONGEST_RECORD)?;
                    pax(&records, &mut self.long);
                }
                // GNU's long link, and what holds for all members that follow.
                b'K' | b'g' => {}
                _ => {
                    let long = std::mem::take(&mut self.long);
                    let name = long.name.unwrap_or_else(|| header.name());
                    self.count_bytes(at, name.len() as u64, LONGEST_NAME)?;
                    let kind = match kind {
                        b'5' => Kind::Folder,
                        // Before ustar a folder is a file whose name ends so.
                        0 | b'0' if name.ends_with('/') => Kind::Folder,
                        0 | b'0' | b'7' if !long.is_sparse => Kind::File,
                        _ => Kind::Other,
                    };
                    return Ok(Some(Member { name, kind, start, size }));
                }
            }
        }
    }

    /// Where the data of a member starts. Before it a sparse file of GNU tar may go on with the map
    /// of its holes, of which each block says whether another follows; its size leaves them out.
    fn behind_map(&mut self, header: &Header<'_>, mut start: u64) -> Result<u64, Error> {
        let mut goes_on = header.map_goes_on();
        while goes_on {
            self.count_header(start)?;
            let mut block = [0; BLOCK as usize];
            self.data.read_at(start, &mut block).map_err(|_| cut(start))?;
            goes_on = block[504] != 0;
            start = start.saturating_add(BLOCK);
        }
        Ok(start)
    }

    fn record(&mut self, start: u64, size: u64, most: u64) -> Result<Vec<u8>, Error> {
        self.count_bytes(start, size, most)?;
        read_vec(self.data, start, size).map_err(|_| cut(start))
    }

    fn count_header(&mut self, at: u64) -> Result<(), Error> {
        let limit = self.limits.tensors;
        if self.headers >= limit {
            let message = format!("the tar archive has more than {limit} headers");
            return Err(Error::new(ErrorKind::Limit, message).at_byte(at));
        }
        self.headers += 1;
        Ok(())
    }

    /// Counts the bytes of a name or of records, of which there may be at most `most`.
    fn count_bytes(&mut self, at: u64, len: u64, most: u64) -> Result<(), Error> {
        let all = self.bytes.saturating_add(len);
        let limit = self.limits.header_bytes;
        let message = if len > most {
            format!("a name or record of the tar archive has {len} bytes, the limit is {most}")
        } else if all > limit {
            format!("the names and records of the tar archive have more than {limit} bytes")
        } else {
            self.bytes = all;
            return Ok(());
        };
        Err(Error::new(ErrorKind::Limit, message).at_byte(at))
    }
}

fn cut(at: u64) -> Error {
    Error::malformed("the tar archive is cut short")
        .at_byte(at)
        .cure("download or copy the archive again")
}

/// Pax records: `LENGTH KEY=VALUE\n`, where the length counts the whole record.
fn pax(mut records: &[u8], long: &mut Long) {
    while let Some(space) = records.iter().position(|byte| *byte == b' ') {
        let len = std::str::from_utf8(&records[..space]).ok().and_then(|len| len.parse().ok());
        let Some(len) = len.filter(|len: &usize| *len > space && *len <= records.len()) else {
            return;
        };
        let record = &records[space + 1..len];
        let record = record.strip_suffix(b"\n").unwrap_or(record);
        records = &records[len..];
        let Some(equals) = record.iter().position(|byte| *byte == b'=') else { continue };
        let (key, value) = (&record[..equals], &record[equals + 1..]);
        match key {
            b"path" => long.name = Some(text(value)),
            b"size" => long.size = std::str::from_utf8(value).ok().and_then(|v| v.parse().ok()),
            _ if key.starts_with(b"GNU.sparse.") => long.is_sparse = true,
            _ => {}
        }
    }
}

/// Bytes up to the first zero, as text.
fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).into_owned()
}

/// The header of a member: one block.
struct Header<'b>(&'b [u8; BLOCK as usize]);

impl Header<'_> {
    /// The sum of all bytes, those of the sum itself taken as spaces. Old programs added them as
    /// signed numbers.
    fn checksum_fits(&self) -> bool {
        let Some(said) = octal(&self.0[148..156]) else { return false };
        let taken = |(at, byte): (usize, &u8)| if (148..156).contains(&at) { b' ' } else { *byte };
        let bytes = || self.0.iter().enumerate().map(taken);
        let unsigned: i64 = bytes().map(i64::from).sum();
        let signed: i64 = bytes().map(|byte| i64::from(byte as i8)).sum();
        let said = i64::try_from(said).unwrap_or(-1);
        said == unsigned || said == signed
    }

    fn kind(&self) -> u8 {
        self.0[156]
    }

    /// Whether a sparse file's map of holes goes on in the block that follows.
    fn map_goes_on(&self) -> bool {
        self.kind() == b'S' && self.0[257..265] == *b"ustar  \0" && self.0[482] != 0
    }

    fn name(&self) -> String {
        let name = text(&self.0[..100]);
        // GNU's magic has spaces here, and other things where ustar has the prefix.
        let prefix = match &self.0[257..263] {
            b"ustar\0" => text(&self.0[345..500]),
            _ => String::new(),
        };
        if prefix.is_empty() { name } else { format!("{prefix}/{name}") }
    }

    /// Octal digits, or, past 8 GiB, GNU's big-endian number with the uppermost bit set.
    fn size(&self) -> Option<u64> {
        let field = &self.0[124..136];
        if field[0] & 0x80 == 0 {
            return octal(field);
        }
        let (high, low) = field.split_at(4);
        if high != [0x80, 0, 0, 0] {
            return None;
        }
        Some(low.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }
}

/// Octal digits between spaces and zeros; none at all is 0.
fn octal(field: &[u8]) -> Option<u64> {
    let end = field.iter().position(|byte| *byte == 0).unwrap_or(field.len());
    let digits = std::str::from_utf8(&field[..end]).ok()?.trim_matches(' ');
    if digits.is_empty() {
        return Some(0);
    }
    if !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    u64::from_str_radix(digits, 8).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use hinton_tensor::Memory;

    /// A header and its data, padded.
    fn member(name: &str, kind: u8, data: &[u8]) -> Vec<u8> {
        let mut block = vec![0; 512];
        block[..name.len()].copy_from_slice(name.as_bytes());
        block[124..135].copy_from_slice(format!("{:011o}", data.len()).as_bytes());
        block[156] = kind;
        block[257..263].copy_from_slice(b"ustar\0");
        block[148..156].fill(b' ');
        let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
        block[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        block.extend_from_slice(data);
        block.resize(block.len().div_ceil(512) * 512, 0);
        block
    }

    fn open(bytes: &[u8]) -> Result<Tar, Error> {
        Tar::open(Arc::new(Memory::new(bytes)), &Limits::default())
    }

    #[test]
    fn members_are_listed_and_read() {
        let end = vec![0; 1024];
        let long = "deep/".repeat(40) + "w.npy";
        let bytes = [
            member("folder/", b'5', b""),
            member("a.bin", b'0', b"abc"),
            member("@LongLink", b'L', format!("{long}\0").as_bytes()),
            member("cut", b'0', b"defg"),
            member("pax", b'x', "14 path=ünï\n".as_bytes()),
            member("u", b'0', b"h"),
            member("link", b'2', b""),
            member("./a.bin", b'0', b"newer"),
            end,
        ]
        .concat();
        assert!(is_tar(&bytes));
        let tar = open(&bytes).unwrap();
        let names: Vec<&str> = tar.members().iter().map(|member| member.name.as_str()).collect();
        assert_eq!(names, ["folder/", "a.bin", &long, "ünï", "link", "./a.bin"]);
        assert_eq!(tar.members()[0].kind, Kind::Folder);
        assert_eq!(tar.members()[4].kind, Kind::Other);
        let content = |name: &str| {
            let bytes = tar.bytes(tar.find(name).unwrap()).unwrap();
            read_vec(&*bytes, 0, bytes.len()).unwrap()
        };
        assert_eq!(content(&long), b"defg");
        assert_eq!(content("a.bin"), b"newer");
        assert!(tar.bytes(&tar.members()[4]).is_err());
        assert_eq!(first_names(&bytes[..2000]), ["folder/", "a.bin"]);
    }

    #[test]
    fn the_map_of_a_sparse_file_goes_on_before_its_data() {
        let mut sparse = vec![0; 512];
        sparse[..4].copy_from_slice(b"hole");
        sparse[124..135].copy_from_slice(b"00000001000");
        sparse[156] = b'S';
        sparse[257..265].copy_from_slice(b"ustar  \0");
        sparse[482] = 1;
        sparse[148..156].fill(b' ');
        let sum: u32 = sparse.iter().map(|byte| u32::from(*byte)).sum();
        sparse[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        let mut map = vec![b'1'; 1024];
        map[504] = 1;
        map[1016] = 0;
        let bytes = [sparse, map, vec![b'd'; 512], member("w", b'0', b"abc")].concat();
        let tar = open(&bytes).unwrap();
        let found: Vec<_> = tar.members().iter().map(|m| (&*m.name, m.kind, m.start)).collect();
        assert_eq!(found, [("hole", Kind::Other, 1536), ("w", Kind::File, 2560)]);
        assert!(open(&bytes[..1200]).is_err());
    }

    #[test]
    fn names_and_records_are_bounded() {
        let long = |len| vec![b'n'; len];
        let fails = |bytes: &[u8], limits: &Limits| {
            let opened = Tar::open(Arc::new(Memory::new(bytes)), limits);
            let error = opened.err().expect("it asks for too much");
            assert_eq!(error.kind(), ErrorKind::Limit, "{error}");
            error.to_string()
        };
        let named = [member("l", b'L', &long(40_000)), member("a", b'0', b"")].concat();
        assert!(fails(&named, &Limits::default()).contains("the limit is 32768"));
        let path = [b"40011 path=", &long(39_999)[..], b"\n"].concat();
        let named = [member("x", b'x', &path), member("a", b'0', b"")].concat();
        assert!(fails(&named, &Limits::default()).contains("the limit is 32768"));
        // Each is small; all together are not.
        let many = [member("l", b'L', &long(1000)), member("a", b'0', b"")].concat().repeat(20);
        assert_eq!(open(&many).unwrap().members().len(), 20);
        let limits = Limits { header_bytes: 20_000, ..Limits::default() };
        assert!(fails(&many, &limits).contains("more than 20000 bytes"));
        // Records count as members do, though none of these has one.
        let limits = Limits { tensors: 10, ..Limits::default() };
        let records = member("g", b'g', b"").repeat(20);
        assert!(fails(&records, &limits).contains("more than 10 headers"));
    }

    #[test]
    fn cut_and_damaged_archives_are_errors() {
        let bytes = [member("a", b'0', &[7; 700]), member("b", b'0', b"x"), vec![0; 512]].concat();
        for len in 1..bytes.len() - 512 {
            match open(&bytes[..len]) {
                // Between members, an end without zeros is the end.
                Ok(tar) => assert!(tar.members().len() == len.div_ceil(1536), "{len}"),
                Err(error) => assert!(error.byte().is_some(), "{len}: {error}"),
            }
        }
        let mut wrong = bytes.clone();
        wrong[3] = b'x';
        assert!(open(&wrong).err().unwrap().to_string().contains("wrong checksum"));
        assert!(!is_tar(&wrong));
        assert!(!is_tar(&bytes[..511]));
        assert!(!is_tar(&[0; 512]));
    }

    #[test]
    fn sizes_are_octal_or_binary() {
        let mut block = [0; 512];
        block[124..136].copy_from_slice(b"\x80\0\0\0\0\0\0\x02\0\0\0\0");
        assert_eq!(Header(&block).size(), Some(2 << 32));
        block[124..136].fill(0xff);
        assert_eq!(Header(&block).size(), None);
        assert_eq!(octal(b" 0017 \0"), Some(15));
        assert_eq!(octal(b"0018\0"), None);
        assert_eq!(octal(b"\0\0"), Some(0));
        let limits = Limits { tensors: 1, ..Limits::default() };
        let two = [member("a", b'0', b""), member("b", b'0', b"")].concat();
        let error = Tar::open(Arc::new(Memory::new(two)), &limits).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Limit);
    }
}
