//! The files of whisper.cpp, of ggml's examples, and of llama.cpp before GGUF: settings, a vocabulary,
//! then one tensor behind another, each with a header of its own.
//!
//! Layouts: `convert-pt-to-ggml.py` of whisper.cpp, `convert-llama-ggml-to-gguf.py` of llama.cpp,
//! `examples/gpt-2` and `examples/gpt-j` of ggml.

use std::collections::BTreeSet;
use std::sync::Arc;

use hinton_tensor::{Dtype, Endian, Tensor, View};

use super::FormatRow;
use super::ggml::TensorHead;
use super::notes::Skipped;
use crate::ggml::{self, GgmlType, Place};
use crate::source::Cursor;
use crate::{Checkpoint, Error, ErrorKind, Head, Input, Limits, Sniff};

/// The row of the table.
pub(crate) const ROW: FormatRow = FormatRow {
    name: "ggjt",
    about: "models of whisper.cpp, and of llama.cpp before GGUF (.bin: ggml, ggmf, ggjt)",
    help: "Read: whisper.cpp's models with their mel filters (`mel_filters`, which the file does not \
           name); LLaMA in ggml, ggmf 1 and ggjt 1 to 3, its LoRA adapters (ggla); GPT-2 and GPT-J \
           of ggml's examples. f32, f16 and the quantised types that ggml still has, listed as \
           stored and drawn as the values that ggml computes. Shapes are in numpy's order; the file \
           lists them the other way round. The vocabulary is counted, not read. Skipped with a \
           warning: tensors of types whose layout was changed since (Q4_0, Q4_1 and Q8_0 before \
           ggjt 3, Q5_0 and Q5_1 before ggjt 2). Not read: other models with ggml's magic number. \
           Layout: convert-pt-to-ggml.py of whisper.cpp, convert-llama-ggml-to-gguf.py of llama.cpp",
    quantised: "Q4_0 to Q8_0, Q2_K to Q6_K, decoded; older layouts are skipped",
    extensions: &["bin"],
    sniff,
    open,
};

/// A model whose files are read: what stands before its tensors.
struct Family {
    name: &'static str,
    /// Its settings, 32 bits each.
    settings: &'static [&'static str],
    /// Whether filters of sounds stand behind them.
    mel: bool,
    vocabulary: Vocabulary,
}

/// How texts of tokens lie.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Vocabulary {
    None,
    /// As many as the first setting says.
    Told,
    /// The same, each with a score (ggmf and ggjt).
    Scored,
    /// Behind their count, which is the first setting again.
    Again,
    /// Behind their count.
    Counted,
}

const LLAMA: &[&str] = &["n_vocab", "n_embd", "n_mult", "n_head", "n_layer", "n_rot", "ftype"];

const fn llama(vocabulary: Vocabulary) -> Family {
    Family { name: "llama", settings: LLAMA, mel: false, vocabulary }
}

/// What a file of ggml's first magic number may be: it does not say, but only one fits.
const FAMILIES: &[Family] = &[
    Family {
        name: "whisper",
        settings: &[
            "n_vocab",
            "n_audio_ctx",
            "n_audio_state",
            "n_audio_head",
            "n_audio_layer",
            "n_text_ctx",
            "n_text_state",
            "n_text_head",
            "n_text_layer",
            "n_mels",
            "ftype",
        ],
        mel: true,
        vocabulary: Vocabulary::Counted,
    },
    Family {
        name: "gpt-2",
        settings: &["n_vocab", "n_ctx", "n_embd", "n_head", "n_layer", "ftype"],
        mel: false,
        vocabulary: Vocabulary::Again,
    },
    Family {
        name: "gpt-j",
        settings: &["n_vocab", "n_ctx", "n_embd", "n_head", "n_layer", "n_rot", "ftype"],
        mel: false,
        vocabulary: Vocabulary::Again,
    },
    llama(Vocabulary::Told),
];
const SCORED: &[Family] = &[llama(Vocabulary::Scored)];
const LORA: &[Family] =
    &[Family { name: "lora", settings: &["r", "alpha"], mel: false, vocabulary: Vocabulary::None }];

/// A magic number.
struct Magic {
    bytes: &'static [u8; 4],
    name: &'static str,
    /// The versions that follow it; none where no version does.
    versions: std::ops::RangeInclusive<u32>,
    families: &'static [Family],
    /// Whether data begin at a multiple of 32 bytes.
    aligned: bool,
}

const MAGICS: &[Magic] = &[
    Magic { bytes: b"lmgg", name: "ggml", versions: 0..=0, families: FAMILIES, aligned: false },
    Magic { bytes: b"fmgg", name: "ggmf", versions: 1..=1, families: SCORED, aligned: false },
    Magic { bytes: b"tjgg", name: "ggjt", versions: 1..=3, families: SCORED, aligned: true },
    Magic { bytes: b"algg", name: "ggla", versions: 1..=1, families: LORA, aligned: true },
];

/// Longest text of a token, and longest name of a tensor.
const LONGEST: u32 = 4096;
/// Most tokens.
const MOST_TOKENS: u32 = 1 << 22;
/// Most axes of a tensor in ggml.
const AXES: usize = 4;
/// Setting `ftype` counts changes of quantised layouts in thousands (whisper.cpp, ggml's examples).
const GENERATION: u32 = 1000;

/// Layouts that were changed: number, name, values and bytes of a block, and the first generation in
/// which the type is as it is today.
const OLD: [(u32, &str, u64, u64, u32); 7] = [
    (2, "Q4_0", 32, 20, 2),
    (3, "Q4_1", 32, 24, 2),
    (4, "Q4_2", 16, 10, u32::MAX),
    (5, "Q4_3", 16, 12, u32::MAX),
    (6, "Q5_0", 32, 22, 1),
    (7, "Q5_1", 32, 24, 1),
    (8, "Q8_0", 32, 36, 2),
];

fn magic_of(bytes: &[u8]) -> Option<(&'static Magic, u32)> {
    let magic = MAGICS.iter().find(|magic| bytes.starts_with(magic.bytes))?;
    let version = match *magic.versions.end() {
        // None follows.
        0 => 0,
        _ => u32::from_le_bytes(*bytes.get(4..)?.first_chunk()?),
    };
    Some((magic, version))
}

fn sniff(head: &Head<'_>) -> Sniff {
    match magic_of(head.bytes) {
        // rwkv.cpp's.
        Some((magic, 100..=101)) if magic.name == "ggmf" => Sniff::No,
        Some(_) => Sniff::Certain,
        None => Sniff::No,
    }
}

fn open(input: &Input, limits: &Limits) -> Result<Checkpoint, Error> {
    let head = crate::source::read_head(&*input.data, 8)?;
    let Some((magic, version)) = magic_of(&head) else {
        return Err(Error::malformed("expected a magic number of ggml and a version").at_byte(0));
    };
    if !magic.versions.contains(&version) {
        let (name, last) = (magic.name, magic.versions.end());
        let message = format!("its version is {name} {version}; hinton reads {name} up to {last}");
        return Err(Error::new(ErrorKind::Unsupported, message).at_byte(4));
    }
    let begin = if version == 0 { 4 } else { 8 };
    let mut first = None;
    for family in magic.families {
        match start(input, family, magic, begin) {
            Ok(Some(start)) => {
                return tensors(input, limits, magic, version, start);
            }
            Ok(None) => {}
            Err(error) => first = first.or(Some(error)),
        }
    }
    match first {
        // Of one family it is known what does not fit.
        Some(error) if magic.families.len() == 1 => Err(error),
        _ => {
            let names: Vec<&str> = magic.families.iter().map(|family| family.name).collect();
            let message = format!(
                "this is a file of ggml, but of no model that hinton knows ({}), or it is cut",
                names.join(", ")
            );
            Err(Error::new(ErrorKind::Unsupported, message)
                .at_byte(begin)
                .cure("convert it to GGUF or safetensors with the program that wrote it"))
        }
    }
}

/// What stood before the tensors.
struct Start {
    metadata: Vec<(String, String)>,
    /// Rows, columns and first byte of the filters.
    mel: Option<(u32, u32, u64)>,
    ftype: u32,
    /// The first byte of the first tensor.
    at: u64,
}

/// Reads what comes before the tensors as a family has it; nothing where what follows is no tensor.
fn start(
    input: &Input,
    family: &Family,
    magic: &Magic,
    begin: u64,
) -> Result<Option<Start>, Error> {
    let mut cursor = Cursor::whole(&*input.data, Endian::Little);
    cursor.skip(begin, "the header")?;
    let mut metadata = vec![("model".to_owned(), family.name.to_owned())];
    let (mut told, mut ftype) = (0, 0);
    for (at, key) in family.settings.iter().enumerate() {
        let value = cursor.u32(key)?;
        told = if at == 0 { value } else { told };
        ftype = if *key == "ftype" { value } else { ftype };
        metadata.push(((*key).to_owned(), value.to_string()));
    }
    let mut mel = None;
    if family.mel {
        let (rows, columns) = (cursor.u32("mel filters")?, cursor.u32("mel filters")?);
        mel = Some((rows, columns, cursor.at()));
        let len = u64::from(rows).saturating_mul(u64::from(columns)).saturating_mul(4);
        cursor.skip(len, "the mel filters")?;
    }
    let tokens = match family.vocabulary {
        Vocabulary::None => 0,
        Vocabulary::Told | Vocabulary::Scored => told,
        Vocabulary::Again | Vocabulary::Counted => cursor.u32("the number of tokens")?,
    };
    if family.vocabulary == Vocabulary::Again && tokens != told {
        return Ok(None);
    }
    if tokens > MOST_TOKENS {
        let message = format!("{tokens} tokens, expected at most {MOST_TOKENS}");
        return Err(Error::malformed(message).at_byte(cursor.at()));
    }
    for _ in 0..tokens {
        let len = cursor.u32("the length of a token")?;
        if len > LONGEST {
            let message = format!("a token of {len} bytes, expected at most {LONGEST}");
            return Err(Error::malformed(message).at_byte(cursor.at()));
        }
        let score = if family.vocabulary == Vocabulary::Scored { 4 } else { 0 };
        cursor.skip(u64::from(len) + score, "a token")?;
    }
    if family.vocabulary == Vocabulary::Counted {
        metadata.push(("tokens".to_owned(), tokens.to_string()));
    }
    let at = cursor.at();
    // Only the right family comes to a tensor, or to the end of a file without one.
    let fits = cursor.left() == 0 || header(&mut cursor, magic).is_ok();
    Ok(fits.then_some(Start { metadata, mel, ftype, at }))
}

fn header(cursor: &mut Cursor<'_>, magic: &Magic) -> Result<TensorHead, Error> {
    let at = cursor.at();
    let TensorHead { name, code, shape } = TensorHead::read(cursor, AXES, 1..=LONGEST)?;
    if ggml::type_of(code).is_none() && OLD.iter().all(|(id, ..)| *id != code) {
        let message = format!("its type {code} is not a ggml type");
        return Err(Error::malformed(message).for_tensor(name).at_byte(at));
    }
    if magic.aligned {
        let padding = cursor.at().next_multiple_of(32) - cursor.at();
        // The last tensor of a file may have no values and no padding.
        cursor.skip(padding.min(cursor.left()), "padding")?;
    }
    Ok(TensorHead { name, code, shape })
}

fn tensors(
    input: &Input,
    limits: &Limits,
    magic: &Magic,
    version: u32,
    start: Start,
) -> Result<Checkpoint, Error> {
    let shown: Arc<str> = input.name.as_str().into();
    let layout = match version {
        0 => magic.name.to_owned(),
        version => format!("{} {version}", magic.name),
    };
    let mut metadata = vec![("layout".to_owned(), layout)];
    metadata.extend(start.metadata);
    let mut tensors = Vec::new();
    if let Some((rows, columns, at)) = start.mel {
        let view = View::packed(&[rows as usize, columns as usize]);
        let (little, data) = (Endian::Little, input.data.clone());
        let name = "mel_filters";
        tensors.push(Tensor::new(name, shown.clone(), Dtype::F32, little, view, at, data)?);
    }
    // ggjt counts layouts from 1, the others say it in the type of the file.
    let generation = match (magic.name, version) {
        ("ggjt", version) => version - 1,
        ("ggmf", _) => 0,
        ("ggla", _) => 2,
        _ => start.ftype / GENERATION,
    };
    let mut cursor = Cursor::whole(&*input.data, Endian::Little);
    cursor.skip(start.at, "what comes before the tensors")?;
    let (mut names, mut skipped) = (BTreeSet::new(), Skipped::default());
    while cursor.left() > 0 {
        if tensors.len() >= limits.tensors {
            let message = format!("the file has more than {} tensors, the limit", limits.tensors);
            return Err(Error::new(ErrorKind::Limit, message).at_byte(cursor.at()));
        }
        let at = cursor.at();
        let TensorHead { name, code, shape } = header(&mut cursor, magic)?;
        let named = |error: Error| error.for_tensor(&name).at_byte(at);
        let old = OLD.iter().find(|(id, .., since)| *id == code && generation < *since);
        let (len, kind) = match old {
            Some((_, _, values, bytes, _)) => (old_len(&shape, *values, *bytes), None),
            None => known(code, &shape).map_err(named)?,
        };
        let len = len.ok_or_else(|| {
            named(Error::malformed(format!("shape {shape:?} is more bytes than can be counted")))
        })?;
        let start = cursor.at();
        cursor.skip(len, "its data").map_err(|error| error.for_tensor(&name))?;
        let Some(kind) = kind else {
            let why = match old {
                Some((_, kind, ..)) => format!("skipped: its {kind} is of a layout given up since"),
                None => format!("skipped: its type {code} is not supported"),
            };
            skipped.add(name, why);
            continue;
        };
        if !names.insert(name.clone()) {
            skipped.add(name, "skipped: the file has a tensor of that name before");
            continue;
        }
        let (file, data, endian) = (shown.clone(), input.data.clone(), Endian::Little);
        let place = Place { file, data, start, len, endian };
        tensors.push(ggml::tensor(&name, kind, &shape, place)?);
    }
    Ok(Checkpoint::of_file(input, ROW.name, metadata, tensors, skipped.warnings()))
}

/// Bytes of a tensor in an old layout.
fn old_len(shape: &[usize], values: u64, bytes: u64) -> Option<u64> {
    (hinton_tensor::element_count(shape)? / values).checked_mul(bytes)
}

type Known = (Option<u64>, Option<&'static GgmlType>);

/// Bytes of a tensor in a layout of today, and its type.
fn known(code: u32, shape: &[usize]) -> Result<Known, Error> {
    let kind = ggml::type_of(code)
        .ok_or_else(|| Error::malformed(format!("its type {code} is not a ggml type")))?;
    Ok((kind.bytes_of(shape).map_err(Error::malformed)?, Some(kind)))
}
