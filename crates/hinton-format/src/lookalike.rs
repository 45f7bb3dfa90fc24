//! Files that are not weights but are often named like weights, and weights that are not read yet.
//! A table with one row per kind of file.

mod texts;

use crate::formats::tensorflow::index_of;
use crate::source::wrapper;
use crate::{Error, ErrorKind, Head, Sniff, is_events};

/// Something that can be recognised and not opened.
pub(crate) struct Lookalike {
    /// What it is, with its article: `a PNG image`.
    pub(crate) name: &'static str,
    /// [`Sniff::Certain`] where a magic number tells; [`Sniff::Likely`] is asked only after every
    /// format has declined.
    pub(crate) strength: Sniff,
    /// Whether a file that starts like this is it.
    pub(crate) test: fn(&Head<'_>) -> bool,
    /// What is said; `None` says that the name holds no weights, or that they are not read yet.
    pub(crate) message: Option<fn(&Head<'_>) -> String>,
    /// What to do, where the kind of text does not say.
    pub(crate) cure: &'static str,
    /// [`ErrorKind::Unsupported`] where there are weights inside.
    pub(crate) kind: ErrorKind,
    /// Which texts it may be.
    kinds: Option<&'static [texts::Kind]>,
}

impl Lookalike {
    fn error(&self, head: &Head<'_>) -> Error {
        let name = self.name;
        let message = match (self.message, self.kind) {
            (Some(message), _) => message(head),
            (None, ErrorKind::Unsupported) => {
                format!("this is {name}, a format that hinton knows but does not read yet")
            }
            (None, _) => format!("this is {name}; it holds no weights"),
        };
        let kind =
            self.kinds.zip(text(head)).and_then(|(kinds, text)| texts::kind(kinds, head, text));
        Error::new(self.kind, message).cure(kind.map_or(self.cure, |kind| kind.cure))
    }
}

/// The error for the first look-alike of that strength that a file is.
pub(crate) fn find(head: &Head<'_>, strength: Sniff) -> Option<Error> {
    LOOKALIKES
        .iter()
        .find(|row| row.strength == strength && (row.test)(head))
        .map(|row| row.error(head))
}

const DOWNLOAD: &str = "download the weights again, and look at what the server sent";
const CONVERT: &str = "convert it to safetensors or .npz with the library that wrote it";
const UNPACK: &str = "decompress it first";
const WRONG_FILE: &str = "choose the weights file";

/// A row for something that holds no weights and has a magic number.
const fn other(name: &'static str, test: fn(&Head<'_>) -> bool, cure: &'static str) -> Lookalike {
    Lookalike {
        name,
        strength: Sniff::Certain,
        test,
        message: None,
        cure,
        kind: ErrorKind::Unrecognised,
        kinds: None,
    }
}

/// A row for weights that are not read yet.
const fn later(name: &'static str, strength: Sniff, test: fn(&Head<'_>) -> bool) -> Lookalike {
    Lookalike {
        name,
        strength,
        test,
        message: None,
        cure: CONVERT,
        kind: ErrorKind::Unsupported,
        kinds: None,
    }
}

/// Every look-alike, the most certain first.
pub(crate) const LOOKALIKES: &[Lookalike] = &[
    Lookalike {
        message: Some(|_| "the file is empty: it has 0 bytes".to_owned()),
        ..other(
            "an empty file",
            |head| head.bytes.is_empty(),
            "a download or a save did not finish: fetch or write it again",
        )
    },
    Lookalike {
        message: Some(lfs_message),
        ..other(
            "a Git LFS pointer",
            |head| starts(head, b"version https://git-lfs.github.com/spec/"),
            "run git lfs pull in its repository",
        )
    },
    Lookalike {
        message: Some(|_| "this is an HTML page, not weights: the download failed".to_owned()),
        ..other(
            "an HTML page",
            |head| text_starts(head, &["<!doctype html", "<html", "<head", "<body"]),
            DOWNLOAD,
        )
    },
    Lookalike {
        message: Some(|_| "this is an XML page, not weights: a server's error message".to_owned()),
        ..other("a server's error in XML", |head| is_root(head, "Error"), DOWNLOAD)
    },
    Lookalike {
        message: Some(|head| match root(head) {
            Some(root) => format!("this is an XML document, its root element is <{root}>"),
            None => "this is an XML document".to_owned(),
        }),
        ..other("an XML document", |head| text_starts(head, &["<?xml"]), WRONG_FILE)
    },
    other("a PNG image", |head| starts(head, b"\x89PNG\r\n\x1a\n"), WRONG_FILE),
    other("a JPEG image", |head| starts(head, b"\xff\xd8\xff"), WRONG_FILE),
    other("a GIF image", |head| starts(head, b"GIF87a") || starts(head, b"GIF89a"), WRONG_FILE),
    other("a WebP image", |head| starts(head, b"RIFF") && at(head, 8, b"WEBP"), WRONG_FILE),
    other(
        "a TIFF image",
        |head| starts(head, b"II\x2a\x00") || starts(head, b"MM\x00\x2a"),
        WRONG_FILE,
    ),
    other("a WAV sound", |head| starts(head, b"RIFF") && at(head, 8, b"WAVE"), WRONG_FILE),
    other("an SVG image", |head| text_starts(head, &["<svg"]), WRONG_FILE),
    other("a BMP image", |head| starts(head, b"BM") && at(head, 6, b"\0\0\0\0"), WRONG_FILE),
    other(
        "an AVIF or HEIF image",
        |head| {
            let brands: [&[u8]; 4] = [b"ftypavif", b"ftypheic", b"ftypmif1", b"ftypheix"];
            brands.iter().any(|brand| at(head, 4, brand))
        },
        WRONG_FILE,
    ),
    other("a FLAC sound", |head| starts(head, b"fLaC"), WRONG_FILE),
    other("an Ogg sound or film", |head| starts(head, b"OggS"), WRONG_FILE),
    other("a Matroska or WebM film", |head| starts(head, b"\x1a\x45\xdf\xa3"), WRONG_FILE),
    other(
        "a TensorBoard log of a training (summaries)",
        |head| is_events(head.bytes),
        "draw it to see its scalars as curves; weights lie in checkpoints beside it",
    ),
    other("a SentencePiece tokenizer", is_sentencepiece, "choose the weights file beside it"),
    other("a tiktoken tokenizer", is_tiktoken, "choose the weights file beside it"),
    other("an MP4 film", |head| at(head, 4, b"ftyp"), WRONG_FILE),
    other("a PDF document", |head| starts(head, b"%PDF-"), WRONG_FILE),
    other("an ELF program or library", |head| starts(head, b"\x7fELF"), WRONG_FILE),
    other("a Windows program or library", is_pe, WRONG_FILE),
    other(
        "a Mach-O program or library",
        |head| starts(head, b"\xcf\xfa\xed\xfe") || starts(head, b"\xca\xfe\xba\xbe"),
        WRONG_FILE,
    ),
    other("an SQLite database", |head| starts(head, b"SQLite format 3\0"), WRONG_FILE),
    other("a Parquet table", |head| starts(head, b"PAR1"), WRONG_FILE),
    other("an Arrow table", |head| starts(head, b"ARROW1"), WRONG_FILE),
    compressed("a 7-Zip archive", |head| starts(head, b"7z\xbc\xaf\x27\x1c")),
    compressed("a RAR archive", |head| starts(head, b"Rar!\x1a\x07")),
    Lookalike {
        message: Some(|head| {
            let inner = wrapper::starts_wrapped(head.bytes).map_or("data", |inner| inner.name);
            format!("there is {inner} data inside what is packed; one layer is looked through")
        }),
        ..other(
            "packed data inside packed data",
            |head| wrapper::starts_wrapped(head.bytes).is_some(),
            UNPACK,
        )
    },
    later("ExecuTorch of another version", Sniff::Certain, |head| at(head, 4, b"ET1")),
    Lookalike {
        strength: Sniff::Likely,
        message: Some(|head| {
            let file = head.name.rsplit(['/', '\\']).next().unwrap_or_default();
            let index = index_of(file).unwrap_or_default();
            format!("this belongs to a TensorFlow checkpoint, which is opened by {index:?}")
        }),
        ..other(
            "part of a TensorFlow checkpoint",
            |head| index_of(head.name.rsplit(['/', '\\']).next().unwrap_or_default()).is_some(),
            "name the .index file beside it",
        )
    },
    Lookalike {
        strength: Sniff::Likely,
        message: Some(|head| {
            let kind = text(head).and_then(|text| texts::kind(texts::JSON, head, text));
            let what = kind.map_or("settings", |kind| kind.name);
            format!("this is JSON text ({what}), not weights")
        }),
        kinds: Some(texts::JSON),
        ..other("JSON text", is_json, "choose the weights file beside it")
    },
    Lookalike {
        strength: Sniff::Likely,
        message: Some(|_| "this is Darknet's description of a network, without weights".to_owned()),
        ..other(
            "a description of Darknet",
            |head| text(head).is_some_and(|text| begins(text, &["[net]", "[network]"])),
            "open the .weights or .conv.N file beside it: it is split into layers by this one",
        )
    },
    Lookalike {
        strength: Sniff::Likely,
        message: Some(|_| "this is Caffe's description of a network, without weights".to_owned()),
        ..other(
            "a description of Caffe",
            |head| {
                text(head).is_some_and(|text| {
                    begins(text, &["name:", "layer", "input"])
                        && text.contains("layer")
                        && text.contains('{')
                })
            },
            "open the .caffemodel of this network",
        )
    },
    Lookalike {
        strength: Sniff::Likely,
        message: Some(|head| {
            let line: String = String::from_utf8_lossy(head.bytes)
                .lines()
                .next()
                .unwrap_or_default()
                .chars()
                .take(60)
                .collect();
            let kind = text(head).and_then(|text| texts::kind(texts::TEXTS, head, text));
            let what = kind.map_or("text", |kind| kind.name);
            format!("this is {what}, not weights; it begins {line:?}")
        }),
        kinds: Some(texts::TEXTS),
        ..other("text", |head| text(head).is_some(), WRONG_FILE)
    },
];

/// A row for weights that may be inside something packed.
const fn compressed(name: &'static str, test: fn(&Head<'_>) -> bool) -> Lookalike {
    Lookalike {
        message: Some(|_| {
            format!(
                "this is packed in a way that hinton does not unpack; it reads {}",
                wrapper::names()
            )
        }),
        ..other(name, test, UNPACK)
    }
}

fn starts(head: &Head<'_>, magic: &[u8]) -> bool {
    head.bytes.starts_with(magic)
}

fn at(head: &Head<'_>, offset: usize, magic: &[u8]) -> bool {
    head.bytes.get(offset..).is_some_and(|rest| rest.starts_with(magic))
}

/// Whether it is text that starts with one of these words (lower case), in any case, after white
/// space and a byte order mark.
fn text_starts(head: &Head<'_>, words: &[&str]) -> bool {
    let bytes = head.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head.bytes).trim_ascii_start();
    words.iter().any(|word| {
        bytes.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word.as_bytes()))
    })
}

/// The name of the root element, where it is XML.
fn root<'a>(head: &Head<'a>) -> Option<&'a str> {
    xml_root(text(head)?)
}

/// The name of the root element of a text, where it is XML: behind the declaration, comments and a DTD.
pub(crate) fn xml_root(text: &str) -> Option<&str> {
    let mut rest = text.trim_start();
    loop {
        rest = rest.strip_prefix('<')?;
        let end = match rest.as_bytes().first()? {
            b'?' => "?>",
            b'!' if rest.starts_with("!--") => "-->",
            b'!' => ">",
            _ => break,
        };
        rest = rest.split_once(end)?.1.trim_start();
    }
    let len = rest.find(|c: char| c.is_whitespace() || matches!(c, '>' | '/'))?;
    Some(rest[..len].get(..60.min(len)).unwrap_or_default()).filter(|name| !name.is_empty())
}

fn is_root(head: &Head<'_>, name: &str) -> bool {
    root(head).is_some_and(|root| root.eq_ignore_ascii_case(name))
}

/// Whether the first line that is no comment begins with one of these words.
fn begins(text: &str, words: &[&str]) -> bool {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'));
    line.is_some_and(|line| words.iter().any(|word| line.starts_with(word)))
}

/// The head as text, where it is: UTF-8 (a character cut at its end is fine), no control bytes.
pub(crate) fn text<'a>(head: &Head<'a>) -> Option<&'a str> {
    let bytes = head.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head.bytes);
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&bytes[..error.valid_up_to()]).ok()?
        }
        Err(_) => return None,
    };
    let control = |byte: u8| byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x0c);
    (!text.is_empty() && !text.bytes().any(control)).then_some(text)
}

/// Whether a text begins as JSON does that is an object, or a list of more than words.
pub(crate) fn is_json(head: &Head<'_>) -> bool {
    let Some(text) = text(head) else { return false };
    let mut significant = text.bytes().filter(|byte| !byte.is_ascii_whitespace());
    match (significant.next(), significant.next()) {
        (Some(b'{'), Some(b'"' | b'}')) => true,
        (Some(b'['), Some(second)) => matches!(second, b'"' | b'{' | b'[' | b'-' | b'0'..=b'9'),
        _ => false,
    }
}

pub(crate) fn is_zip(head: &Head<'_>) -> bool {
    starts(head, b"PK\x03\x04") || starts(head, b"PK\x05\x06")
}

/// The name of the first member of a zip archive, from its local header (APPNOTE 4.3.7).
pub(crate) fn zip_member<'a>(head: &Head<'a>) -> Option<&'a str> {
    if !starts(head, b"PK\x03\x04") {
        return None;
    }
    let len = u16::from_le_bytes([*head.bytes.get(26)?, *head.bytes.get(27)?]);
    std::str::from_utf8(head.bytes.get(30..30 + usize::from(len))?).ok()
}

/// Pieces one after another, each a text, a score and mostly a type (sentencepiece_model.proto);
/// among the first are those for unknown words and for ends.
fn is_sentencepiece(head: &Head<'_>) -> bool {
    let [0x0a, piece, 0x0a, text, ..] = *head.bytes else { return false };
    let marks: [&[u8]; 4] = [b"<unk>", b"<pad>", b"<s>", b"[PAD]"];
    let first = head.bytes.get(4..4 + usize::from(text)).unwrap_or_default();
    let behind = head.bytes.get(4 + usize::from(text)).copied();
    piece > text && marks.contains(&first) && behind == Some(0x15)
}

/// Lines of a piece in base64 and its number (tiktoken/load.py): the first pieces are single bytes,
/// so that no table of labels and numbers is taken for one.
fn is_tiktoken(head: &Head<'_>) -> bool {
    let Some(text) = text(head) else { return false };
    let is_piece = |(number, line): (usize, &str)| {
        let (piece, rank) = line.split_once(' ')?;
        let base64 = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
        let byte = piece.strip_suffix("==").filter(|digits| digits.len() == 2)?;
        Some(byte.bytes().all(base64) && rank.parse() == Ok(number))
    };
    let named = head.has_extension(&["tiktoken"]);
    let lines = text.lines().take(16);
    let count = lines.clone().count();
    named
        || (count > 3 && lines.enumerate().take(count - 1).all(|line| is_piece(line) == Some(true)))
}

fn is_pe(head: &Head<'_>) -> bool {
    // The offset of the PE header stands at 0x3c.
    let Some(offset) = head.bytes.get(0x3c..0x40) else { return false };
    let offset = u32::from_le_bytes([offset[0], offset[1], offset[2], offset[3]]) as usize;
    starts(head, b"MZ") && at(head, offset, b"PE\0\0")
}

/// The first bytes, as they are shown to the user: hexadecimal and text.
pub(crate) fn first_bytes(bytes: &[u8]) -> String {
    let shown = &bytes[..bytes.len().min(16)];
    let hex: Vec<String> = shown.iter().map(|byte| format!("{byte:02x}")).collect();
    let text: String = shown
        .iter()
        .map(|byte| if byte.is_ascii_graphic() || *byte == b' ' { *byte as char } else { '.' })
        .collect();
    format!("{} ({text:?})", hex.join(" "))
}

fn lfs_message(head: &Head<'_>) -> String {
    let text = String::from_utf8_lossy(head.bytes);
    let size = text.lines().find_map(|line| line.strip_prefix("size "));
    let pointer = match head.len {
        Some(len) => format!("this is a Git LFS pointer of {len} bytes"),
        None => "this is a Git LFS pointer".to_owned(),
    };
    match size.and_then(|size| size.trim().parse::<u64>().ok()) {
        Some(size) => format!("{pointer}; the weights ({size} bytes) are elsewhere"),
        None => format!("{pointer}; the weights are elsewhere"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn told(bytes: &[u8], name: &str) -> Option<Error> {
        let head = Head { bytes, len: Some(bytes.len() as u64), name };
        find(&head, Sniff::Certain).or_else(|| find(&head, Sniff::Likely))
    }

    fn message(bytes: &[u8], name: &str) -> String {
        told(bytes, name).map(|error| error.message().to_owned()).unwrap_or_default()
    }

    #[test]
    fn names_are_unique_and_say_what_it_is() {
        let mut names: Vec<&str> = LOOKALIKES.iter().map(|row| row.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), LOOKALIKES.len());
        assert!(LOOKALIKES.iter().all(|row| !row.cure.is_empty()));
    }

    #[test]
    fn lookalikes_are_recognised() {
        let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5000\n";
        assert_eq!(
            message(pointer, "w.bin"),
            "this is a Git LFS pointer of 67 bytes; the weights (5000 bytes) are elsewhere"
        );
        assert!(message(b"\n <!DOCTYPE HTML><p>", "w.pt").contains("HTML"));
        assert!(message(b"\x89PNG\r\n\x1a\n....", "w.pt").contains("PNG"));
        assert!(message(b"{\"model_type\": 1}", "config.json").contains("a configuration"));
        assert!(message(b"{\"a\": 1}", "tokenizer.json").contains("a tokenizer"));
        assert!(message(b"Entry not found", "w.pt").contains("Entry not found"));
        let cfg = b"# tiny\n\n[net]\nbatch=1\n";
        assert!(message(cfg, "yolo.cfg").contains("Darknet's description"));
        let prototxt = b"name: \"LeNet\"\nlayer {\n  name: \"data\"\n}\n";
        assert!(message(prototxt, "lenet.prototxt").contains("Caffe's description"));
        assert!(message(b"name: someone\nlayers\n", "notes.txt").contains("it begins"));
        assert!(message(b"", "w.pt").contains("0 bytes"));
        assert_eq!(message(b"\x01\x02\x03\x04", "w.bin"), "");
        let pieces = b"\x0a\x0e\x0a\x05<unk>\x15\0\0\0\0\x18\x02\x0a\x0c\x0a\x03<s>";
        assert!(message(pieces, "tokenizer.model").contains("a SentencePiece tokenizer"));
        let ranks = "IQ== 0\nIg== 1\nIw== 2\nJA== 3\nJQ== 4\n";
        assert!(message(ranks.as_bytes(), "tokenizer.model").contains("a tiktoken tokenizer"));
        assert!(message(b"IGEgYg== 0\n", "qwen.tiktoken").contains("a tiktoken tokenizer"));
        let labels = b"ab== 5\ncd== 7\nef== 1\ngh== 0\nij== 4\n";
        assert!(!message(labels, "table.txt").contains("tiktoken"));
        let event = b"\x18\0\0\0\0\0\0\0\x01\x02\x03\x04\x09\0\0\0\0\0\0\0\0\x1a\x0dbrain.Event:2";
        let error = told(event, "events.out.tfevents.17.host").unwrap();
        assert!(error.message().contains("a TensorBoard log"), "{error}");
        assert!(error.cure_text().unwrap().contains("draw it"));
        assert!(message(b"\0\0\0\x1cftypavif", "x.avif").contains("AVIF"));
        assert!(message(b"<svg xmlns=''/>", "x.svg").contains("SVG"));
        assert!(message(b"<?xml version='1.0'?><Error><Code>", "w.pt").contains("server's error"));
        assert!(message(b"<?xml version='1.0'?><a b='c'/>", "x.xml").contains("element is <a>"));
    }
}
