//! Changed files of the formats that are folders, in memory: an error or some values, never a
//! panic, in little time. For as long as one likes, by hand:
//! `MUTATE_SECONDS=600 cargo test -p hinton-format --test it folder_fuzz -- --ignored --nocapture`.

use crate::common;
use crate::ocdbt_support;
use crate::python_support;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hinton_format::source::InMemory;
use hinton_format::{Limits, open_folder};
use ocdbt_support::{MANIFEST, NODE, block, body, copied};
use python_support::Numbers;

/// Folders of fixtures that are changed.
const FOLDERS: [&str; 9] = [
    "orbax/many",
    "orbax/zarr3",
    "orbax/zarr2",
    "orbax/aged",
    "orbax/items",
    "zarr/v2",
    "zarr/v3",
    "zarr/packed",
    "orbax/manager/10",
];

/// Tight bounds: no folder of a few kilobytes may cost more.
fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.header_bytes = 1 << 20;
    limits.held_bytes = 1 << 20;
    limits
}

/// One to three bytes or runs set to something else; the length stays.
fn overwrite(bytes: &mut [u8], numbers: &mut Numbers) {
    for _ in 0..=numbers.below(3) {
        let at = numbers.below(bytes.len());
        let end = (at + 1 + numbers.below(8)).min(bytes.len());
        match numbers.below(5) {
            0 => bytes[at] ^= 1 << numbers.below(8),
            1 => bytes[at] = numbers.next() as u8,
            2 => bytes[at] = [0, 1, 0x7f, 0x80, 0xff, b'0', b'9', b'-'][numbers.below(8)],
            3 => bytes[at..end].fill(0xff),
            _ => {
                let from = numbers.below(bytes.len() - (end - at) + 1);
                bytes.copy_within(from..from + (end - at), at);
            }
        }
    }
}

/// The places of blocks in a log file.
fn blocks(bytes: &[u8], magic: u32) -> Vec<std::ops::Range<usize>> {
    let magic = magic.to_be_bytes();
    let starts = (0..bytes.len()).filter(|at| bytes[*at..].starts_with(&magic));
    let length = |at: usize| -> Option<usize> {
        let len = bytes.get(at + 4..at + 12)?.try_into().ok()?;
        usize::try_from(u64::from_le_bytes(len)).ok()
    };
    let whole =
        |at: usize| Some(at..at.checked_add(length(at)?).filter(|end| *end <= bytes.len())?);
    starts.filter_map(whole).collect()
}

/// Changes a file: of blocks that are not packed the body, with a checksum that is right again.
fn change(bytes: &[u8], numbers: &mut Numbers) -> Vec<u8> {
    let mut out = bytes.to_vec();
    let places: Vec<_> = [NODE, MANIFEST]
        .into_iter()
        .flat_map(|magic| blocks(bytes, magic).into_iter().map(move |place| (magic, place)))
        .filter(|(magic, place)| body(*magic, &bytes[place.clone()]).is_some())
        .collect();
    if places.is_empty() || numbers.below(8) == 0 {
        if numbers.below(6) == 0 {
            out.truncate(numbers.below(out.len()));
        } else {
            overwrite(&mut out, numbers);
        }
        return out;
    }
    let (magic, place) = places[numbers.below(places.len())].clone();
    let mut inside = body(magic, &bytes[place.clone()]).unwrap().to_vec();
    overwrite(&mut inside, numbers);
    out[place].copy_from_slice(&block(magic, &inside));
    out
}

/// Opens the files and reads what is not too large; whether they opened.
fn read(files: BTreeMap<String, Arc<[u8]>>) -> bool {
    let opened = open_folder("changed", Arc::new(InMemory(files)), &limits());
    let Ok(Some(checkpoint)) = opened else { return false };
    common::read_values(&checkpoint);
    true
}

fn run(for_seconds: Option<u64>) {
    let mut numbers = Numbers(17);
    for name in FOLDERS {
        let mut whole = BTreeMap::new();
        copied(&common::fixtures().join(name), "", &mut whole);
        let names: Vec<&String> = whole.keys().collect();
        assert!(read(whole.clone()), "{name}");
        let (mut tried, mut opened, start) = (0u64, 0u64, Instant::now());
        let mut slowest = Duration::ZERO;
        let more = |tried: u64| match for_seconds {
            Some(seconds) => start.elapsed() < Duration::from_secs(seconds),
            None => tried < 150,
        };
        while more(tried) {
            let mut files = whole.clone();
            for _ in 0..=numbers.below(2) {
                let name = names[numbers.below(names.len())];
                if numbers.below(40) == 0 {
                    files.remove(name);
                } else if let Some(bytes) = files.get(name).filter(|bytes| !bytes.is_empty()) {
                    let changed = change(bytes, &mut numbers);
                    files.insert(name.clone(), changed.into());
                }
            }
            let begin = Instant::now();
            opened += u64::from(read(files));
            slowest = slowest.max(begin.elapsed());
            tried += 1;
        }
        println!("{name}: {tried} changed, {opened} opened, slowest {slowest:?}");
        assert!(slowest.as_secs() < 5, "{name}");
        let refused = tried - opened;
        assert!(opened > tried / 50 && refused > tried / 50, "{name}: {opened} of {tried} opened");
    }
}

#[test]
fn changed_folders_never_panic() {
    run(None);
}

#[test]
#[ignore = "as long as MUTATE_SECONDS says, for each folder; run by hand"]
fn changed_folders_never_panic_for_long() {
    let seconds = std::env::var("MUTATE_SECONDS").ok().and_then(|text| text.parse().ok());
    run(Some(seconds.unwrap_or(60)));
}
