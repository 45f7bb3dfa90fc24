//! xz (the .xz file format, version 1.2.1): streams of LZMA2 blocks, each with an index at its end.

use std::io::{self, Read};
use std::sync::Arc;

use hinton_tensor::Bytes;
use lzma_rust2::{XzReader, xz_uncompressed_size};

use super::{CUT, Wrapper};
use crate::source::ByteReader;
use crate::source::coding::{Coding, Source};
use crate::words::{packed_fault, said};
use crate::{Error, Limits};

/// LZMA spends at least 14 bits, each of the cheapest it has (0.022 bits), on a match of 273 bytes:
/// 7085 to 1 (lzma_decoder.c).
const BEST_RATIO: u64 = 8192;

pub(crate) const CODING: Coding = Coding {
    what: "xz data",
    best_ratio: BEST_RATIO,
    open: |source, window| reader(source, window),
};

pub(super) const ROW: Wrapper = Wrapper {
    name: "xz",
    extension: "xz",
    starts: |bytes| bytes.starts_with(b"\xfd7zXZ\0"),
    coding: &CODING,
    promised: len,
};

fn reader(source: Source, window: u64) -> Box<dyn Read + Send> {
    let kib = u32::try_from(window >> 10).unwrap_or(u32::MAX);
    Box::new(Xz { reader: XzReader::new_mem_limit(source, true, kib), window })
}

/// A reader that says what it may not hold.
struct Xz {
    reader: XzReader<Source>,
    window: u64,
}

impl Read for Xz {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.reader.read(buf).map_err(|error| match error.kind() {
            io::ErrorKind::OutOfMemory => {
                let limit = self.window;
                said(format!("its dictionary does not fit in the limit of {limit} bytes"))
            }
            _ => error,
        })
    }
}

/// By the indexes at the ends of the streams.
fn len(data: &Arc<dyn Bytes>, _: &Limits) -> Result<Option<u64>, Error> {
    xz_uncompressed_size(ByteReader::whole(data.clone())).map(Some).map_err(|error| {
        Error::malformed(format!(
            "the index at the end of the xz data cannot be read: {}",
            packed_fault(&error)
        ))
        .at_byte(data.len())
        .cure(CUT)
    })
}
