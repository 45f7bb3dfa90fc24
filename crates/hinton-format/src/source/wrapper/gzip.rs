//! gzip (RFC 1952): members one after another, each with its own checksum.

use flate2::bufread::MultiGzDecoder;

use super::Wrapper;
use crate::source::coding::{Coding, DEFLATE_RATIO};

pub(crate) const CODING: Coding = Coding {
    what: "gzip data",
    best_ratio: DEFLATE_RATIO,
    open: |source, _| Box::new(MultiGzDecoder::new(source)),
};

pub(super) const ROW: Wrapper = Wrapper {
    name: "gzip",
    extension: "gz",
    starts: |bytes| bytes.starts_with(b"\x1f\x8b\x08"),
    coding: &CODING,
    // The trailer holds the length of the last member only, and that modulo 2^32.
    promised: |_, _| Ok(None),
};
