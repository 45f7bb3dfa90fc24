//! What the bytes of a chunk went through when they were written, undone.

use flate2::bufread::{MultiGzDecoder, ZlibDecoder};
use serde_json::Value;

use crate::container::table::crc32c;
use crate::source::blosc::{self, inflate, lz4};
use crate::source::shuffle::unshuffle;
use crate::source::unzstd::unzstd;
use crate::{Error, ErrorKind};

/// One step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Codec {
    Zstd,
    Gzip,
    Zlib,
    Blosc,
    /// A block of LZ4 behind its length.
    Lz4,
    /// The first bytes of all elements, then their second bytes …; with the bytes of an element.
    Shuffle(usize),
    /// A checksum at the end.
    Crc32c,
}

/// The codecs by their names in metadata; both versions of zarr name them alike.
const CODECS: &[(&str, Codec)] = &[
    ("zstd", Codec::Zstd),
    ("gzip", Codec::Gzip),
    ("zlib", Codec::Zlib),
    ("blosc", Codec::Blosc),
    ("lz4", Codec::Lz4),
    ("crc32c", Codec::Crc32c),
    ("shuffle", Codec::Shuffle(4)),
];

/// The codec of that name; `settings` has what else is said of it.
///
/// # Errors
/// [`ErrorKind::Unsupported`] for one that is not undone.
pub(super) fn codec(name: &str, settings: &Value) -> Result<Codec, Error> {
    // Packages of codecs put their own name before it.
    let plain = name.strip_prefix("numcodecs.").unwrap_or(name);
    let found = CODECS.iter().find(|(known, _)| *known == plain).map(|(_, codec)| *codec);
    match found {
        Some(Codec::Shuffle(usual)) => {
            let size = settings.get("elementsize").and_then(Value::as_u64);
            let size = size.map_or(Some(usual), |size| usize::try_from(size).ok());
            size.map(Codec::Shuffle).ok_or_else(|| Error::malformed("its shuffle has an odd size"))
        }
        Some(codec) => Ok(codec),
        None => {
            let names: Vec<&str> = CODECS.iter().map(|(name, _)| *name).collect();
            let message =
                format!("its chunks are packed with {name:?}; {} are read", names.join(", "));
            Err(Error::new(ErrorKind::Unsupported, message)
                .cure("write it again with zstd or gzip"))
        }
    }
}

/// Most bytes that a chunk of `size` bytes is packed to. What does not get shorter gets longer by a
/// 255th (LZ4), and by what is said of it.
pub(super) fn longest(size: usize) -> u64 {
    let size = size as u64;
    size.saturating_add(size / 8).saturating_add(1 << 16)
}

/// Undoes the codecs, the last first. What comes out has `size` bytes.
///
/// # Errors
/// What is wrong with the chunk.
pub(super) fn undo(codecs: &[Codec], stored: Vec<u8>, size: usize) -> Result<Vec<u8>, String> {
    let mut bytes = stored;
    for (at, codec) in codecs.iter().enumerate().rev() {
        // What was packed once and is packed again is hardly larger than the chunk.
        let slack = if at == 0 { 0 } else { 1024 + size / 64 };
        let most = size.saturating_add(slack);
        bytes = match codec {
            Codec::Zstd => unzstd(&bytes, most)?,
            Codec::Gzip => inflate(MultiGzDecoder::new(&*bytes), most)?,
            Codec::Zlib => inflate(ZlibDecoder::new(&*bytes), most)?,
            Codec::Blosc => blosc::unpack(&bytes, most)?,
            Codec::Lz4 => {
                let (len, packed) = bytes.split_first_chunk::<4>().ok_or("it is too short")?;
                let len = u32::from_le_bytes(*len) as usize;
                if len > most {
                    return Err(format!("it says that it unpacks to {len} bytes, expected {size}"));
                }
                lz4(packed, len).ok_or("its LZ4 data is damaged")?
            }
            Codec::Shuffle(element) => unshuffle(bytes, *element),
            Codec::Crc32c => checked(bytes)?,
        };
    }
    if bytes.len() == size {
        Ok(bytes)
    } else {
        Err(format!("it unpacks to {} bytes, expected {size}", bytes.len()))
    }
}

/// The bytes before the checksum at their end.
pub(super) fn checked(mut bytes: Vec<u8>) -> Result<Vec<u8>, String> {
    let Some(len) = bytes.len().checked_sub(4) else {
        return Err("it is too short for its checksum".to_owned());
    };
    let sum = bytes.split_off(len);
    let expected = u32::from_le_bytes([sum[0], sum[1], sum[2], sum[3]]);
    let found = crc32c(&bytes);
    if found == expected {
        Ok(bytes)
    } else {
        Err(format!("its checksum is {found:08x}, expected {expected:08x}"))
    }
}
