//! Databases of OCDBT made by hand, with right checksums, so that what is wrong is behind them.

#![allow(dead_code)] // Every test file uses some of it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use hinton_format::container::ocdbt;
use hinton_format::source::InMemory;
use hinton_format::{Error, Limits};

/// First bytes of a manifest and of a node.
pub(crate) const MANIFEST: u32 = 0x0cdb_3a2a;
pub(crate) const NODE: u32 = 0x0cdb_20de;

pub(crate) fn varint(mut value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    while value > 0x7f {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
    out
}

/// CRC-32C, bit by bit.
fn sum(bytes: &[u8]) -> [u8; 4] {
    let mut crc = !0u32;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0x82f6_3b78 } else { crc >> 1 };
        }
    }
    (!crc).to_le_bytes()
}

/// A block that is not packed.
pub(crate) fn block(magic: u32, body: &[u8]) -> Vec<u8> {
    let mut out = magic.to_be_bytes().to_vec();
    out.extend((body.len() as u64 + 18).to_le_bytes());
    out.extend([0, 0]);
    out.extend(body);
    let sum = sum(&out);
    out.extend(sum);
    out
}

/// The body of a block, where it is not packed and of that kind.
pub(crate) fn body(magic: u32, block: &[u8]) -> Option<&[u8]> {
    let inside = block.strip_prefix(&magic.to_be_bytes())?.get(8..)?;
    inside.strip_prefix(&[0, 0])?.split_last_chunk::<4>().map(|(body, _)| body)
}

/// A value of a leaf: key, file and start where it lies elsewhere, length, bytes where it does not.
type Entry<'a> = (&'a [u8], Option<(u64, u64)>, u64, &'a [u8]);

/// The body of a leaf, whose keys share nothing, and whose files lie below no base.
pub(crate) fn leaf(files: &[&str], entries: &[Entry<'_>]) -> Vec<u8> {
    let column = |values: Vec<u64>| values.into_iter().flat_map(varint).collect::<Vec<u8>>();
    let zeros = |count: usize| vec![0; count];
    let far: Vec<(u64, u64)> = entries.iter().filter_map(|entry| entry.1).collect();
    [
        vec![0],
        varint(files.len() as u64),
        zeros(files.len().saturating_sub(1)),
        column(files.iter().map(|file| file.len() as u64).collect()),
        zeros(files.len()),
        files.concat().into_bytes(),
        varint(entries.len() as u64),
        zeros(entries.len() - 1),
        column(entries.iter().map(|entry| entry.0.len() as u64).collect()),
        entries.iter().flat_map(|entry| entry.0.to_vec()).collect(),
        column(entries.iter().map(|entry| entry.2).collect()),
        entries.iter().map(|entry| u8::from(entry.1.is_some())).collect(),
        column(far.iter().map(|place| place.0).collect()),
        column(far.iter().map(|place| place.1).collect()),
        entries.iter().flat_map(|entry| entry.3.to_vec()).collect(),
    ]
    .concat()
}

/// Files of a database.
#[derive(Clone, Default)]
pub(crate) struct Database {
    pub(crate) files: BTreeMap<String, Vec<u8>>,
}

impl Database {
    /// The same with a manifest whose newest version has that root.
    pub(crate) fn with_root(&self, height: u8, body: &[u8]) -> Self {
        let mut database = self.clone();
        let node = block(NODE, body);
        let len = node.len() as u64;
        database.files.insert("d/root".to_owned(), node);
        database.with_root_at(height, "d/root", 0, len)
    }

    /// The same with a manifest whose newest version has its root there.
    pub(crate) fn with_root_at(&self, height: u8, file: &str, start: u64, len: u64) -> Self {
        let config = [vec![7; 16], vec![0, 100, 100, 4, 0]].concat();
        let table = [vec![1, file.len() as u8, 0], file.as_bytes().to_vec()].concat();
        let place = [varint(0), varint(start), varint(len)].concat();
        let version = [vec![1, 1, height], place, vec![0; 3 + 8], vec![0]].concat();
        let mut database = self.clone();
        let manifest = block(MANIFEST, &[config, table, version].concat());
        database.files.insert("manifest.ocdbt".to_owned(), manifest);
        database
    }

    pub(crate) fn folder(&self) -> InMemory {
        let files = self.files.iter();
        InMemory(files.map(|(name, bytes)| (name.clone(), Arc::from(&**bytes))).collect())
    }

    pub(crate) fn read(&self) -> Result<ocdbt::Database, Error> {
        ocdbt::read(&self.folder(), &Limits::default())
    }
}

/// The files of a folder on disk, by their names below it.
pub(crate) fn copied(folder: &Path, prefix: &str, files: &mut BTreeMap<String, Arc<[u8]>>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = format!("{prefix}{}", path.file_name().unwrap().to_string_lossy());
        if path.is_dir() {
            copied(&path, &format!("{name}/"), files);
        } else if !name.ends_with(".py") && name != "truth.json" {
            files.insert(name, Arc::from(std::fs::read(&path).unwrap()));
        }
    }
}
