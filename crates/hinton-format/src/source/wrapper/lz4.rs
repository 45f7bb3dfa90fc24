//! Frames of LZ4 (lz4_Frame_format.md), as joblib's `compress='lz4'` writes them.

use lz4_flex::frame::FrameDecoder;

use super::Wrapper;
use crate::source::coding::Coding;

pub(crate) const CODING: Coding = Coding {
    what: "lz4 data",
    // A match grows by 255 bytes for each byte of its length.
    best_ratio: 256,
    open: |source, _| Box::new(FrameDecoder::new(source)),
};

pub(super) const ROW: Wrapper = Wrapper {
    name: "lz4",
    extension: "lz4",
    starts: |bytes| bytes.starts_with(b"\x04\x22\x4d\x18"),
    coding: &CODING,
    promised: |_, _| Ok(None),
};
