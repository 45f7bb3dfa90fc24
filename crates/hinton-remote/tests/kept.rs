//! Parts of files that are kept from one program to the next.

use crate::support;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Mutex};

use hinton_remote::{Kept, Remote};
use support::server::{Seen, Server, ranged};
use support::{bytes, open, read, settings};

/// Parts of a file with their places.
type Parts = Vec<(Range<u64>, Vec<u8>)>;

/// Keeps parts in memory.
#[derive(Default)]
struct InMemory(Mutex<BTreeMap<String, Parts>>);

impl Kept for InMemory {
    fn get(&self, file: &str, offset: u64, most: u64) -> Option<Vec<u8>> {
        let parts = self.0.lock().unwrap();
        let (range, bytes) = parts.get(file)?.iter().find(|(range, _)| range.contains(&offset))?;
        let rest = &bytes[(offset - range.start) as usize..];
        Some(rest[..rest.len().min(most as usize)].to_vec())
    }

    fn put(&self, file: &str, offset: u64, bytes: &[u8]) {
        let range = offset..offset + bytes.len() as u64;
        let mut parts = self.0.lock().unwrap();
        parts.entry(file.to_owned()).or_default().push((range, bytes.to_vec()));
    }
}

fn remote(kept: &Arc<InMemory>) -> Remote {
    let (mut settings, _) = settings();
    settings.kept = Some(kept.clone());
    Remote::new(settings)
}

const LEN: usize = 9_000_001;

#[test]
fn the_next_program_asks_for_the_beginning_alone() {
    let file = bytes(LEN);
    let served = file.clone();
    let server = Server::new(move |seen| ranged(&served, seen));
    let kept = Arc::new(InMemory::default());
    for (time, most) in [(0, LEN as u64), (1, 65_536)] {
        let remote = remote(&kept);
        let data = open(&remote, &server.url("/model.bin")).unwrap();
        assert!(read(&*data, 700_000).unwrap() == file, "time {time}");
        let traffic = remote.traffic();
        assert_eq!(traffic.bytes, most, "time {time}");
        assert_eq!(traffic.kept, LEN as u64 - most);
    }
    // Of what is kept in part the rest is asked for.
    for parts in kept.0.lock().unwrap().values_mut() {
        parts.retain(|(range, _)| range.start < 4 << 20);
        parts.iter_mut().for_each(|(range, bytes)| {
            bytes.truncate(100_000);
            range.end = range.start + bytes.len() as u64;
        });
    }
    let data = open(&remote(&kept), &server.url("/model.bin")).unwrap();
    assert!(read(&*data, LEN).unwrap() == file);
}

#[test]
fn another_state_of_the_file_is_read_anew() {
    let state = Arc::new(Mutex::new(bytes(LEN)));
    let served = state.clone();
    let server = Server::new(move |seen| ranged(&served.lock().unwrap(), seen));
    let kept = Arc::new(InMemory::default());
    read(&*open(&remote(&kept), &server.url("/model.bin")).unwrap(), LEN).unwrap();
    state.lock().unwrap()[LEN / 2] ^= 0x55;
    let now = state.lock().unwrap().clone();
    let again = remote(&kept);
    assert!(read(&*open(&again, &server.url("/model.bin")).unwrap(), LEN).unwrap() == now);
    assert_eq!(again.traffic().kept, 0);
}

#[test]
fn nothing_is_kept_of_a_file_without_a_strong_etag() {
    for etag in [None, Some("W/\"1\"")] {
        let file = bytes(300_000);
        let answer = move |seen: &Seen| {
            let mut reply = ranged(&file, seen);
            reply.headers.retain(|(name, _)| name != "etag");
            match etag {
                Some(etag) => reply.header("etag", etag),
                None => reply,
            }
        };
        let server = Server::new(answer);
        let kept = Arc::new(InMemory::default());
        read(&*open(&remote(&kept), &server.url("/model.bin")).unwrap(), 300_000).unwrap();
        assert!(kept.0.lock().unwrap().is_empty(), "{etag:?}");
    }
}
