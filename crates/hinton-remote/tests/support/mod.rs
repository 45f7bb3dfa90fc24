//! What the tests of this crate share.
#![allow(dead_code)]

pub(crate) mod buckets;
pub(crate) mod hub;
pub(crate) mod server;

use std::sync::{Arc, Mutex};

use hinton_format::Error;
use hinton_format::source::{Location, Places};
use hinton_remote::{Patience, Pause, Remote, Settings};
use hinton_tensor::Bytes;

/// Remembers how long it would have been waited.
#[derive(Default)]
pub(crate) struct NoPause(pub(crate) Mutex<Vec<u64>>);

impl Pause for NoPause {
    fn pause(&self, millis: u64) -> bool {
        self.0.lock().unwrap().push(millis);
        true
    }
}

/// Settings of tests: nobody is waited for long.
pub(crate) fn settings() -> (Settings, Arc<NoPause>) {
    let pause = Arc::new(NoPause::default());
    let mut settings = Settings::new("hinton-tests", pause.clone());
    settings.patience = Patience {
        connect: 2_000,
        answer: 300,
        slowest: 1 << 20,
        attempts: 3,
        first_wait: 10,
        longest_wait: 5_000,
    };
    settings.whole_bytes = 1 << 20;
    (settings, pause)
}

/// Bytes of which no two blocks are alike.
pub(crate) fn bytes(len: usize) -> Vec<u8> {
    (0..len as u64).map(|i| (i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8).collect()
}

pub(crate) fn find(remote: &Remote, address: &str) -> Result<Location, Error> {
    remote.find(address)
}

pub(crate) fn open(remote: &Remote, address: &str) -> Result<Arc<dyn Bytes>, Error> {
    find(remote, address)?.open()
}

/// All of a file, read in parts of that size.
pub(crate) fn read(data: &dyn Bytes, part: usize) -> Result<Vec<u8>, hinton_tensor::ReadError> {
    let mut out = vec![0; data.len() as usize];
    for (index, part_of) in out.chunks_mut(part).enumerate() {
        data.read_at((index * part) as u64, part_of)?;
    }
    Ok(out)
}
