//! Darknet: weights of YOLO and friends, floats without names; the `.cfg` beside them says which
//! is which.
//!
//! Layout: `src/parser.c` (`load_weights_upto`) of <https://github.com/pjreddie/darknet> and of
//! <https://github.com/AlexeyAB/darknet>

mod cfg;
mod layers;

use hinton_tensor::{Dtype, Endian, Tensor, View, element_count};

use self::layers::{How, Weights};
use super::FormatRow;
use crate::source::wrapper::unwrapped_name;
use crate::source::{read_head, read_vec};
use crate::{Checkpoint, Error, Head, Input, Limits, Sniff, Warning};

/// The row of the table.
pub(crate) const ROW: FormatRow = FormatRow {
    name: "darknet",
    about: "Darknet weights (.weights, .conv.N), split into layers by the .cfg beside them",
    help: "Read: the weights of convolutional, deconvolutional, local, connected, batchnorm and \
           recurrent layers (rnn, lstm, gru, crnn) by the number and kind of the layer, if a .cfg of the same name is next to the file (yolo.cfg for yolo.weights \
           and for yolo.conv.15); a file of the first layers only is fine. Without a .cfg, or with \
           one that does not fit, all values are one flat tensor, and why is said. Recurrent and \
           batchnorm layers are taken as the version says: AlexeyAB's from 0.2.5 on. Not split: \
           layers of other kinds with weights. Layout: parser.c of Darknet",
    quantised: "",
    extensions: &["weights"],
    sniff,
    open,
};

/// Longest `.cfg` that is read.
const CFG: u64 = 16 << 20;

/// Whether it is named like the first layers of a network: `yolo.conv.15`.
fn is_partial_name(name: &str) -> bool {
    let Some((stem, number)) = name.rsplit_once('.') else { return false };
    stem.ends_with(".conv") && !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())
}

fn sniff(head: &Head<'_>) -> Sniff {
    let Some(version) = Version::read(head.bytes) else { return Sniff::No };
    let named = head.has_extension(ROW.extensions) || is_partial_name(unwrapped_name(head.name));
    let whole = head.len.is_none_or(|len| (len.saturating_sub(version.header())).is_multiple_of(4));
    match version {
        // What every Darknet since 2016 writes.
        Version { major: 0, minor: 2, revision: 5 } if whole => Sniff::Certain,
        Version { major: 0, minor: 0..=9, revision: 0..=99 } if named => Sniff::Certain,
        _ if head.has_extension(ROW.extensions) && version.is_sound() => Sniff::Likely,
        _ => Sniff::No,
    }
}

/// The version of the program that wrote the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Version {
    major: u32,
    minor: u32,
    revision: u32,
}

impl Version {
    fn read(bytes: &[u8]) -> Option<Version> {
        let number = |at: usize| Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
        Some(Version { major: number(0)?, minor: number(4)?, revision: number(8)? })
    }

    fn is_sound(self) -> bool {
        self.major <= 2000 && self.minor <= 2000
    }

    /// Bytes before the weights: the count of images seen has grown to 64 bits in 0.2.
    fn header(self) -> u64 {
        let Version { major, minor, .. } = self;
        let wide = major < 1000 && minor < 1000 && major * 10 + minor >= 2;
        if wide { 20 } else { 16 }
    }

    /// How weights lie: connected layers with inputs first in versions past 1000; AlexeyAB's writes
    /// 0.2.5.
    fn how(self) -> How {
        let Version { major, minor, revision } = self;
        How {
            transposed: major > 1000 || minor > 1000,
            forked: (major, minor) == (0, 2) && revision >= 5,
        }
    }
}

fn open(input: &Input, limits: &Limits) -> Result<Checkpoint, Error> {
    let start = read_head(&*input.data, 20)?;
    let have = input.data.len();
    let version = Version::read(&start).filter(|version| have >= version.header());
    let Some(version) = version else {
        return Err(Error::malformed(format!(
            "the header needs 16 or 20 bytes, the file has {have}"
        ))
        .at_byte(0)
        .cure("the file is cut or damaged: download or copy it again"));
    };
    if !version.is_sound() {
        let Version { major, minor, .. } = version;
        let message = format!("version {major}.{minor} is not a known version of Darknet");
        return Err(Error::malformed(message).at_byte(0));
    }
    let header = version.header();
    let seen = start[12..header as usize].iter().rev().fold(0u64, |n, b| n << 8 | u64::from(*b));
    let Version { major, minor, revision } = version;
    let mut checkpoint = Checkpoint {
        path: input.name.clone(),
        format: ROW.name,
        metadata: vec![
            ("version".to_owned(), format!("{major}.{minor}.{revision}")),
            ("images_seen".to_owned(), seen.to_string()),
        ],
        tensors: Vec::new(),
        files: vec![input.name.clone()],
        warnings: Vec::new(),
    };
    let floats = (have - header) / 4;
    if !(have - header).is_multiple_of(4) {
        let left = (have - header) % 4;
        let message =
            format!("{left} bytes after the last value: the file is cut short or no Darknet");
        return Err(Error::malformed(message)
            .at_byte(have - left)
            .cure("the file is cut or damaged: download or copy it again"));
    }
    let flat = || vec![Weights { name: "weights".to_owned(), shape: vec![floats as usize] }];
    let split = match config(input)? {
        None => {
            let message = "no .cfg with this name is next to it, so its values are not split into \
                           layers";
            checkpoint.warnings.push(Warning::file(message));
            flat()
        }
        Some((path, text)) => {
            checkpoint.files.push(path.clone());
            match layers::split(&text, floats, version.how(), limits) {
                Ok(split) => {
                    checkpoint.warnings.extend(split.note.map(Warning::file));
                    split.weights
                }
                Err(why) => {
                    let message = format!("{path:?} does not split it into layers: {why}");
                    checkpoint.warnings.push(Warning::file(message));
                    flat()
                }
            }
        }
    };
    let mut at = header;
    for Weights { name, shape } in split {
        let data = input.data.clone();
        let view = View::packed(&shape);
        let bytes = element_count(&shape).and_then(|count| Dtype::F32.bytes_of(count));
        let file = input.name.as_str();
        let tensor = Tensor::new(name, file, Dtype::F32, Endian::Little, view, at, data)?;
        checkpoint.tensors.push(tensor);
        // It lies inside the file, so there is no overflow.
        at += bytes.unwrap_or(0);
    }
    Ok(checkpoint)
}

/// The `.cfg` beside a file, its name and its text: `a.b.cfg` or `a.cfg` for `a.b.weights`.
fn config(input: &Input) -> Result<Option<(String, String)>, Error> {
    let Some(path) = &input.path else { return Ok(None) };
    let name = path.file_name();
    let mut stem = unwrapped_name(&name);
    while let Some((shorter, _)) = stem.rsplit_once('.') {
        stem = shorter;
        let beside = path.beside(format!("{stem}.cfg"));
        if stem.is_empty() || !beside.is_file() {
            continue;
        }
        let data = beside.open()?;
        if data.len() > CFG {
            return Ok(None);
        }
        let text = read_vec(&*data, 0, data.len())?;
        return Ok(Some((
            beside.display().to_string(),
            String::from_utf8_lossy(&text).into_owned(),
        )));
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_headers_tell() {
        let sniffed = |name: &str, version: [u32; 3], len: u64| {
            let bytes: Vec<u8> = version.iter().flat_map(|number| number.to_le_bytes()).collect();
            sniff(&Head { bytes: &bytes, len: Some(len), name })
        };
        assert_eq!(sniffed("x", [0, 2, 5], 24), Sniff::Certain);
        assert_eq!(sniffed("x", [0, 2, 5], 25), Sniff::No);
        assert_eq!(sniffed("yolo.weights", [0, 1, 0], 24), Sniff::Certain);
        assert_eq!(sniffed("yolo.conv.15", [0, 1, 0], 24), Sniff::Certain);
        assert_eq!(sniffed("x.bin", [0, 1, 0], 24), Sniff::No);
        assert_eq!(sniffed("x.weights", [1 << 30, 1, 0], 24), Sniff::No);
        assert_eq!(Version { major: 0, minor: 1, revision: 0 }.header(), 16);
        assert_eq!(Version { major: 0, minor: 2, revision: 0 }.header(), 20);
        assert!(Version { major: 0, minor: 1002, revision: 0 }.how().transposed);
        assert!(Version { major: 0, minor: 2, revision: 5 }.how().forked);
    }
}
