//! Zip archives of `torch.save` and `torch.jit.save`: `data.pkl` and a member for each storage.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use hinton_tensor::{Bytes, Endian};

use super::{LIBRARIES, ROW, optimizer};
use crate::container::pickle::load;
use crate::container::zip::Zip;
use crate::formats::unpickle::{self, Found, Reader, Storages, Stored, walk};
use crate::{Checkpoint, Error, ErrorKind, Head, Input, Limits, Sniff, Warning};

/// What a lone tensor is called.
const LONE: &str = "tensor";

/// Bytes of a member that says something in a word.
const WORD_BYTES: u64 = 64;

/// By the names of the members that the head shows, which `torch.save` writes in a fixed order.
pub(super) fn sniff(head: &Head<'_>, extensions: &[&str]) -> Sniff {
    if !head.bytes.starts_with(b"PK\x03\x04") {
        return Sniff::No;
    }
    let names = member_names(head.bytes);
    let any = |test: fn(&str) -> bool| names.iter().any(|name| test(name));
    if any(|name| name == "data.pkl" || name.ends_with("/data.pkl")) {
        return Sniff::Certain;
    }
    if any(|name| name.ends_with(".npy")) {
        return Sniff::No;
    }
    let of_torch = |name: &str| {
        name.ends_with("/.data/serialization_id")
            || name.ends_with("/byteorder")
            || name.ends_with("/constants.pkl")
            || name.ends_with("/version")
            || name.contains("/code/__torch__")
            || name.split_once('/').is_some_and(|(_, rest)| is_storage(rest))
    };
    if names.iter().any(|name| of_torch(name)) || head.has_extension(extensions) {
        return Sniff::Likely;
    }
    Sniff::No
}

fn is_storage(name: &str) -> bool {
    name.strip_prefix("data/").is_some_and(|key| key.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Names in the local headers that lie in the first bytes of an archive.
fn member_names(bytes: &[u8]) -> Vec<&str> {
    let mut names = Vec::new();
    let mut rest = bytes;
    while let Some(header) = rest.get(..30).filter(|header| header.starts_with(b"PK\x03\x04")) {
        let short = |at: usize| usize::from(u16::from_le_bytes([header[at], header[at + 1]]));
        let size = u32::from_le_bytes([header[18], header[19], header[20], header[21]]);
        let (name_len, extra) = (short(26), short(28));
        let Some(name) = rest.get(30..30 + name_len) else { break };
        names.extend(std::str::from_utf8(name).ok());
        // Where sizes stand behind the data, the next header must be searched.
        let body = 30 + name_len + extra;
        let unknown = short(6) & 8 != 0 || size == u32::MAX;
        let next = if unknown {
            rest.get(body..).and_then(|rest| find(rest, b"PK\x03\x04")).map(|at| body + at)
        } else {
            body.checked_add(size as usize)
        };
        match next.and_then(|next| rest.get(next..)) {
            Some(after) => rest = after,
            None => break,
        }
    }
    names
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|part| part == wanted)
}

/// The storages of one pickle of an archive.
struct Members<'z> {
    zip: &'z Zip,
    limits: Limits,
    /// What stands before a key in a member's name, e.g. `archive/data/`.
    prefix: String,
    endian: Endian,
    opened: RefCell<HashMap<String, Stored>>,
}

impl Storages for Members<'_> {
    fn find(&self, key: &str) -> Result<Stored, Error> {
        if let Some(stored) = self.opened.borrow().get(key) {
            return Ok(stored.clone());
        }
        let name = format!("{}{key}", self.prefix);
        let member = self.zip.find(&name).ok_or_else(|| {
            Error::malformed(format!("its storage {name:?} is not in the archive"))
                .cure("the file is incomplete: download or save it again")
        })?;
        let data = self.zip.bytes(member, &self.limits)?;
        let stored = Stored { start: 0, len: data.len(), data, name: format!("{name:?}") };
        self.opened.borrow_mut().insert(key.to_owned(), stored.clone());
        Ok(stored)
    }

    fn endian(&self) -> Endian {
        self.endian
    }
}

pub(super) fn open(input: &Input, limits: &Limits) -> Result<Checkpoint, Error> {
    open_zip(input, &Zip::open(input.data.clone(), limits)?, limits)
}

/// Opens an archive whose table of members has been read.
pub(super) fn open_zip(input: &Input, zip: &Zip, limits: &Limits) -> Result<Checkpoint, Error> {
    let mut mains: Vec<&str> = zip
        .members()
        .iter()
        .map(|member| member.name.as_str())
        .filter(|name| *name == "data.pkl" || name.ends_with("/data.pkl"))
        .collect();
    mains.sort_by_key(|name| name.matches('/').count());
    let Some(&main) = mains.first() else {
        return Err(Error::new(
            ErrorKind::Unrecognised,
            "a zip archive without a data.pkl: no file of torch.save",
        ));
    };
    let prefix = &main[..main.len() - "data.pkl".len()];
    let endian = match word(zip, &format!("{prefix}byteorder"), limits)?.as_deref() {
        None | Some("little") => Endian::Little,
        Some("big") => Endian::Big,
        Some(other) => {
            return Err(Error::malformed(format!(
                "the member \"{prefix}byteorder\" says {other:?}, not little or big"
            )));
        }
    };
    let mut found = part(input, zip, prefix, "data", endian, limits)?;
    for other in mains.iter().skip(1) {
        found.warnings.push(Warning::about(*other, "a second data.pkl: not read"));
    }
    if zip.find(&format!("{prefix}constants.pkl")).is_some() {
        let constants = part(input, zip, prefix, "constants", endian, limits)?;
        found.tensors.extend(constants.tensors);
        found.warnings.extend(constants.warnings);
    }
    Ok(Checkpoint::of_file(input, ROW.name, found.metadata, found.tensors, found.warnings))
}

/// The text of a short member; `None` where there is none.
fn word(zip: &Zip, name: &str, limits: &Limits) -> Result<Option<String>, Error> {
    let Some(member) = zip.find(name) else { return Ok(None) };
    let bytes = zip.head(member, WORD_BYTES, limits)?;
    Ok(Some(String::from_utf8_lossy(&bytes).trim().to_owned()))
}

/// What the pickle `{prefix}{stem}.pkl` holds, with its storages in `{prefix}{stem}/`.
fn part(
    input: &Input,
    zip: &Zip,
    prefix: &str,
    stem: &str,
    endian: Endian,
    limits: &Limits,
) -> Result<Found, Error> {
    let name = format!("{prefix}{stem}.pkl");
    let Some(member) = zip.find(&name) else { return Ok(Found::default()) };
    if member.size > limits.header_bytes {
        return Err(Error::new(
            ErrorKind::Limit,
            format!(
                "the member {name:?} has {} bytes, the limit for an index is {}",
                member.size, limits.header_bytes
            ),
        ));
    }
    let data: Arc<dyn Bytes> = unpickle::addressable(&zip.bytes(member, limits)?, limits)?;
    let loaded =
        load(unpickle::whole(&data), 0, limits).map_err(|error| in_member(&name, error))?;
    let storages = Members {
        zip,
        limits: *limits,
        prefix: format!("{prefix}{stem}/"),
        endian,
        opened: RefCell::default(),
    };
    let mut reader = Reader::new(&loaded, data.clone(), &input.name, limits).with(LIBRARIES);
    reader.storages = Some(&storages);
    reader.prefix = if stem == "constants" { "CONSTANTS" } else { "" };
    let mut found = walk(&mut reader, LONE)?;
    if found.tensors.is_empty() && stem == "data" {
        match unpickle::refused_call(&loaded, LIBRARIES) {
            Some(error) => return Err(in_member(&name, error)),
            None => found.warnings.push(Warning::file("the file holds no tensor")),
        }
    }
    if stem == "data" && optimizer::is_alone(&loaded, &found.tensors) {
        found.warnings.push(optimizer::note());
    }
    Ok(found)
}

/// The object of an archive as text, where it is a plain value or a list of them.
pub(super) fn plain_value(
    input: &Input,
    zip: &Zip,
    limits: &Limits,
) -> Result<Option<String>, Error> {
    let main = zip.members().iter().find(|member| member.name.ends_with("/data.pkl"));
    let Some(member) = main.filter(|member| member.size <= limits.header_bytes) else {
        return Ok(None);
    };
    let data = unpickle::addressable(&zip.bytes(member, limits)?, limits)?;
    let loaded =
        load(unpickle::whole(&data), 0, limits).map_err(|error| in_member(&member.name, error))?;
    let reader = Reader::new(&loaded, data.clone(), &input.name, limits);
    unpickle::plain_value(&mut reader.with(LIBRARIES))
}

/// An error about a position in a member, not in the file.
fn in_member(name: &str, error: Error) -> Error {
    let at = error.byte().map_or(String::new(), |byte| format!(" at byte {byte}"));
    let said = Error::new(error.kind(), format!("in {name:?}{at}: {}", error.message()));
    match error.cure_text() {
        Some(cure) => said.cure(cure),
        None => said,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn storages_are_numbered() {
        assert!(is_storage("data/12"));
        assert!(!is_storage("data/a"));
        assert!(!is_storage("code/1"));
    }

    #[test]
    fn broken_local_headers_end_the_search() {
        assert!(member_names(b"PK\x03\x04").is_empty());
        let mut header = b"PK\x03\x04".to_vec();
        header.resize(30, 0xff);
        assert!(member_names(&header).is_empty());
    }
}
