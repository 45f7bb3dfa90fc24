//! GGUF: metadata, a list of tensors, then their bytes, each aligned.
//!
//! Layout: <https://github.com/ggml-org/ggml/blob/master/docs/gguf.md>.

mod header;
mod split;
mod value;

use std::collections::BTreeSet;
use std::sync::Arc;

use hinton_tensor::{Bytes, Endian};

use self::header::{Header, Info};
use super::FormatRow;
use crate::ggml::{self, GgmlType, Place};
use crate::{Checkpoint, Error, Head, Input, Limits, Sniff, Warning};

/// The row of the table.
pub(crate) const ROW: FormatRow = FormatRow {
    name: "gguf",
    about: "tensors of llama.cpp and others, quantised in blocks or plain",
    help: "Read: versions 1 to 3 in both byte orders; every type of ggml (F64 F32 F16 BF16, integers, \
           Q1_0 to Q8_1, Q2_K to Q8_K, IQ1 to IQ4, TQ1_0, TQ2_0, MXFP4, NVFP4), listed as stored \
           and drawn as the values that llama.cpp's reference decoder computes; metadata, of \
           which long lists show their length, their start and their last item. Shapes are in \
           numpy's order, slowest axis first; the file lists them the other way round. A model \
           split into -00001-of-00003.gguf opens whole by its first part or its folder, another \
           part alone. Types that ggml gave up (Q4_2, Q4_3, those repacked for ARM) are skipped \
           with a warning. Layout: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md",
    quantised: "every block type of ggml, decoded",
    extensions: &["gguf"],
    sniff,
    open,
};

const CUT: &str = "the file is cut or damaged: download or copy it again";
/// Most warnings of one kind; the rest is counted.
const MOST_WARNINGS: usize = 10;

/// The tokens that the file's tokenizer has, at most `most`, in their order; `None` of a file that is no
/// GGUF, or has none.
pub(crate) fn tokens(data: &dyn Bytes, most: usize, limits: &Limits) -> Option<Vec<String>> {
    header::texts(data, "tokenizer.ggml.tokens", most, limits).ok().flatten()
}

fn sniff(head: &Head<'_>) -> Sniff {
    if head.bytes.starts_with(header::MAGIC) { Sniff::Certain } else { Sniff::No }
}

fn open(input: &Input, limits: &Limits) -> Result<Checkpoint, Error> {
    let (checkpoint, part) = open_one(input, limits)?;
    match part {
        Some(part) => split::complete(input, checkpoint, part, limits),
        None => Ok(checkpoint),
    }
}

/// One file, and which part of a split model it is.
fn open_one(input: &Input, limits: &Limits) -> Result<(Checkpoint, Option<split::Part>), Error> {
    let header = header::read(&*input.data, limits)?;
    let part = split::part(&header);
    let mut warnings = Vec::new();
    let mut names = BTreeSet::new();
    let mut placed: Vec<Placed<'_>> = Vec::new();
    let file: Arc<str> = input.name.as_str().into();
    let mut tensors = Vec::new();
    let mut skipped = false;
    for info in &header.infos {
        let Some(kind) = ggml::type_of(info.kind) else {
            warnings.push(Warning::about(info.name.as_str(), ggml::unknown(info.kind)));
            skipped = true;
            continue;
        };
        let (start, len) = place(info, kind, &header, input.data.len())?;
        placed.push(Placed { info, start, end: start + len });
        if !names.insert(info.name.as_str()) {
            let message = "skipped: the file lists a tensor of that name before";
            warnings.push(Warning::about(info.name.as_str(), message));
            continue;
        }
        let place = Place {
            file: file.clone(),
            data: input.data.clone(),
            start,
            len,
            endian: header.endian,
        };
        tensors.push(ggml::tensor(&info.name, kind, &info.shape, place)?);
    }
    warn_of_guesses(&header, &mut warnings);
    warn_of_places(&header, &mut placed, &mut warnings);
    if !skipped {
        warn_of_rest(&header, &placed, input.data.len(), &mut warnings);
    }
    let mut metadata = vec![("GGUF".to_owned(), about(&header))];
    warnings.splice(0..0, header.warnings);
    metadata.extend(header.metadata);
    let checkpoint = Checkpoint::of_file(input, ROW.name, metadata, tensors, warnings);
    Ok((checkpoint, part))
}

fn about(header: &Header) -> String {
    let order = match header.endian {
        Endian::Little => "little-endian",
        Endian::Big => "big-endian",
    };
    let shapes = "shapes in numpy's order; the file lists each the other way round";
    format!("version {}, {order}; {shapes}", header.version)
}

/// A tensor's bytes in the file.
struct Placed<'h> {
    info: &'h Info,
    start: u64,
    end: u64,
}

/// First byte and length of a tensor, inside the file.
fn place(info: &Info, kind: &GgmlType, header: &Header, have: u64) -> Result<(u64, u64), Error> {
    let fail = |message: String| Error::malformed(message).for_tensor(&info.name).at_byte(info.at);
    let len = kind.bytes_of(&info.shape).map_err(fail)?.ok_or_else(|| {
        fail(format!(
            "shape {:?} of {} is more bytes than 64 bits can count",
            info.shape, kind.name
        ))
    })?;
    let start = header.data_start.checked_add(info.offset);
    match start.and_then(|start| start.checked_add(len)) {
        // Nothing lies nowhere.
        _ if len == 0 => Ok((header.data_start.min(have), 0)),
        Some(end) if end <= have => Ok((end - len, len)),
        _ => Err(fail(format!(
            "its data of {len} bytes should start {} bytes behind byte {}, the file has {have}",
            info.offset, header.data_start
        ))
        .cure(CUT)),
    }
}

/// Blocks in an order that no program is known to write.
fn warn_of_guesses(header: &Header, warnings: &mut Vec<Warning>) {
    let kinds: BTreeSet<&str> = header
        .infos
        .iter()
        .filter_map(|info| ggml::type_of(info.kind))
        .filter(|kind| kind.is_guess(header.endian))
        .map(|kind| kind.name)
        .collect();
    if !kinds.is_empty() {
        let kinds: Vec<&str> = kinds.into_iter().collect();
        warnings.push(Warning::file(format!(
            "big-endian blocks of {}: llama.cpp's converter writes none, so the byte order of their \
             numbers is taken from the layout alone",
            kinds.join(", ")
        )));
    }
}

/// Data that is not aligned, or lies in another tensor's.
fn warn_of_places(header: &Header, placed: &mut [Placed<'_>], warnings: &mut Vec<Warning>) {
    let alignment = header.alignment;
    let mut unaligned = Vec::new();
    for Placed { info, .. } in placed.iter() {
        if !info.offset.is_multiple_of(alignment) {
            let offset = info.offset;
            let message =
                format!("its offset {offset} is not a multiple of the alignment {alignment}");
            unaligned.push(Warning::about(info.name.as_str(), message));
        }
    }
    push_some(unaligned, "more tensors are not aligned", warnings);
    placed.sort_by_key(|one| (one.start, one.end));
    let mut overlaps = Vec::new();
    let mut last: Option<&Placed<'_>> = None;
    for one in placed.iter().filter(|one| one.start < one.end) {
        if let Some(last) = last.filter(|last| one.start < last.end) {
            let message = format!(
                "its data from byte {} on overlaps that of {:?}, which ends at byte {}",
                one.start, last.info.name, last.end
            );
            overlaps.push(Warning::about(one.info.name.as_str(), message));
        }
        if last.is_none_or(|last| one.end > last.end) {
            last = Some(one);
        }
    }
    push_some(overlaps, "more tensors overlap", warnings);
}

fn push_some(mut found: Vec<Warning>, more: &str, warnings: &mut Vec<Warning>) {
    let count = found.len();
    found.truncate(MOST_WARNINGS);
    warnings.extend(found);
    if count > MOST_WARNINGS {
        warnings.push(Warning::file(format!("{} {more}", count - MOST_WARNINGS)));
    }
}

/// Bytes that are neither data nor padding.
fn warn_of_rest(header: &Header, placed: &[Placed<'_>], have: u64, warnings: &mut Vec<Warning>) {
    let mut covered = header.data_start;
    let mut rest = 0u64;
    let mut first = None;
    let mut hole = |from: u64, to: u64| {
        let padded = header.aligned(from).unwrap_or(u64::MAX);
        if to > padded {
            rest += to - padded;
            first.get_or_insert(padded);
        }
    };
    for one in placed.iter().filter(|one| one.start < one.end) {
        if one.start > covered {
            hole(covered, one.start);
        }
        covered = covered.max(one.end);
    }
    if have > covered {
        hole(covered, have);
    }
    if let Some(first) = first {
        let message = format!("{rest} bytes belong to no tensor, the first at byte {first}");
        warnings.push(Warning::file(message));
    }
}
