//! zlib (RFC 1950), as joblib's `compress=` writes it.

use std::io::Read;

use flate2::bufread::ZlibDecoder;

use super::Wrapper;
use crate::source::coding::{Coding, DEFLATE_RATIO};

pub(crate) const CODING: Coding = Coding {
    what: "zlib data",
    best_ratio: DEFLATE_RATIO,
    open: |source, _| Box::new(ZlibDecoder::new(source)),
};

pub(super) const ROW: Wrapper =
    Wrapper { name: "zlib", extension: "z", starts, coding: &CODING, promised: |_, _| Ok(None) };

/// Its magic number is a text such as `x^` too, so that the first bytes must also inflate.
fn starts(bytes: &[u8]) -> bool {
    let &[method, level, ..] = bytes else { return false };
    let header = u32::from(method) << 8 | u32::from(level);
    if method != 0x78 || level & 0x20 != 0 || header % 31 != 0 {
        return false;
    }
    let mut some = [0; 64];
    match ZlibDecoder::new(bytes).read(&mut some) {
        Ok(count) => count > 0,
        // The first bytes alone may hold nothing but the tables of a block.
        Err(error) => error.kind() == std::io::ErrorKind::UnexpectedEof,
    }
}
