//! Zstandard (RFC 8878): frames one after another, each of which may say how long it is.

mod frame;

use std::sync::Arc;

use hinton_tensor::Bytes;

use super::Wrapper;
use crate::source::coding::Coding;
use crate::source::unzstd::Frames;
use crate::{Error, Limits};

pub(crate) use frame::first_window;

/// A block of one repeated byte: 128 KiB in 4 bytes (RFC 8878, 3.1.1.2).
const BEST_RATIO: u64 = 32 << 10;

pub(crate) const CODING: Coding = Coding {
    what: "zstd data",
    best_ratio: BEST_RATIO,
    open: |source, window| Box::new(Frames::new(source, window)),
};

pub(super) const ROW: Wrapper = Wrapper {
    name: "zstd",
    extension: "zst",
    starts: |bytes| bytes.starts_with(&frame::MAGIC) || frame::is_skippable(bytes),
    coding: &CODING,
    promised: len,
};

fn len(data: &Arc<dyn Bytes>, limits: &Limits) -> Result<Option<u64>, Error> {
    frame::content_len(&**data, limits.held_bytes)
}
