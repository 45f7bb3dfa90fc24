//! A drive that fails once: the error says so, and the next read gives the values.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use hinton_format::{Input, Limits, open_input};
use hinton_tensor::{Bytes, Memory, ReadError, ReadErrorKind, Tensor, TensorError};

use crate::common::fixtures;

/// Bytes that are read from a drive, which fails one read after it was told to.
struct Flaky {
    bytes: Memory,
    fails: AtomicBool,
    failed: AtomicUsize,
}

impl Bytes for Flaky {
    fn len(&self) -> u64 {
        self.bytes.len()
    }

    fn slice(&self, _: Range<u64>) -> Option<&[u8]> {
        None
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<(), ReadError> {
        if self.fails.swap(false, Ordering::Relaxed) {
            self.failed.fetch_add(1, Ordering::Relaxed);
            return Err(ReadError::system(offset, buf.len() as u64, "the drive is gone"));
        }
        self.bytes.read_at(offset, buf)
    }
}

fn below(folder: &Path, found: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut entries: Vec<PathBuf> = entries.collect();
    entries.sort();
    for path in entries {
        match path.is_dir() {
            true => below(&path, found),
            false => found.push(path),
        }
    }
}

fn bits(tensor: &Tensor) -> Result<Vec<u64>, TensorError> {
    Ok(tensor.to_f64()?.into_iter().map(f64::to_bits).collect())
}

#[test]
fn a_drive_that_fails_once_is_read_again() {
    let mut files = Vec::new();
    below(&fixtures(), &mut files);
    let (mut tensors, mut failures, mut wrong) = (0, 0, Vec::new());
    for path in files {
        let data = std::fs::read(&path).unwrap();
        let name = path.display().to_string();
        let flaky = Arc::new(Flaky {
            bytes: Memory::new(data),
            fails: AtomicBool::new(false),
            failed: AtomicUsize::new(0),
        });
        let open = || {
            let input = Input { name: name.clone(), path: None, data: flaky.clone() };
            open_input(&input, &Limits::default())
        };
        // Some are broken on purpose, or need files beside them.
        let (Ok(sound), Ok(other)) = (open(), open()) else { continue };
        for (sound, other) in sound.tensors.iter().zip(&other.tensors) {
            let what = format!("{name}: {}", sound.name());
            let Some(expected) = (sound.elements() < 1 << 16).then(|| bits(sound).ok()).flatten()
            else {
                continue;
            };
            tensors += 1;
            let before = flaky.failed.load(Ordering::Relaxed);
            flaky.fails.store(true, Ordering::Relaxed);
            let first = bits(other);
            flaky.fails.store(false, Ordering::Relaxed);
            if flaky.failed.load(Ordering::Relaxed) > before {
                failures += 1;
                match first {
                    Err(TensorError::Read { source, .. }) => {
                        let is_told = source.why.contains("the drive is gone");
                        if source.kind != ReadErrorKind::System || !is_told {
                            wrong.push(format!("{what}: {:?}: {source}", source.kind));
                        }
                    }
                    // What could not be looked ahead at, or held in memory, is streamed.
                    Ok(values) => assert_eq!(values, expected, "{what}"),
                    Err(error) => panic!("{what}: {error}"),
                }
            }
            if bits(other).as_ref() != Ok(&expected) {
                wrong.push(format!("{what}: read again: {:?}", bits(other).err()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(tensors > 500 && failures > 300, "{tensors} tensors, {failures} failed reads");
}
