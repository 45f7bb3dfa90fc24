//! bzip2: streams one after another, each with its own checksums.

use ::bzip2::bufread::MultiBzDecoder;

use super::Wrapper;
use crate::source::coding::Coding;

/// A block of up to 900,000 bytes of one value, which runs make 45,000,000 (5 bytes for each 259),
/// in some 40 bytes.
const BEST_RATIO: u64 = 2 << 20;

pub(crate) const CODING: Coding = Coding {
    what: "bzip2 data",
    best_ratio: BEST_RATIO,
    open: |source, _| Box::new(MultiBzDecoder::new(source)),
};

pub(super) const ROW: Wrapper = Wrapper {
    name: "bzip2",
    extension: "bz2",
    starts: |bytes| {
        bytes.starts_with(b"BZh") && bytes.get(4..10) == Some(&b"\x31\x41\x59\x26\x53\x59"[..])
    },
    coding: &CODING,
    promised: |_, _| Ok(None),
};
