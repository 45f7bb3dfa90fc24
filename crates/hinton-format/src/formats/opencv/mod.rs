//! What OpenCV's `FileStorage` writes, in XML, YAML or JSON: matrices, models of `cv::ml`, cascades.
//!
//! Layout: `modules/core/src/persistence*.cpp` and `modules/ml/src` of
//! <https://github.com/opencv/opencv>, branch 4.x.

mod arrays;
mod number;
mod tree;
mod yaml;

use std::sync::Arc;

use hinton_tensor::{Bytes, Dtype, Endian, Memory, ReadError, Tensor, View, element_count};

use self::arrays::{Array, Arrays, Piece};
use self::tree::Tree;
use super::FormatRow;
use super::notes::distinct;
use crate::source::{Lazy, read_vec};
use crate::{Checkpoint, Error, ErrorKind, Head, Input, Limits, Sniff, Warning, lookalike};

/// The row of the table.
pub(crate) const ROW: FormatRow = FormatRow {
    name: "opencv",
    about: "matrices and models of OpenCV's FileStorage (.xml, .yml, .json)",
    help: "Read: every matrix of up to 32 axes, its channels as a last axis, also where its values are base64; \
           sequences of numbers as vectors; named by their place, `opencv_ml_ann_mlp.weights.0`. The weights of a \
           multilayer perceptron are [inputs + 1, outputs] each, the last row its biases. Sequences of things that are alike \
           are one array with an axis more, of every name in them: `stages.stageThreshold`. Plain numbers \
           are f64, or i32 where all are integers. Single numbers and texts are metadata, up to 200. \
           Skipped with a warning: sparse matrices, matrices of compound types. Layout: persistence.cpp of OpenCV",
    quantised: "",
    extensions: &["xml", "yml", "yaml", "json"],
    sniff,
    open,
};

/// Most texts and single numbers that are kept.
const MOST_TEXTS: usize = 200;
/// Most bytes of values that are kept.
const SMALL: u64 = 256;
/// Bytes before the values in base64: their type and spaces.
const HEADER: usize = 24;

/// The syntaxes.
#[derive(Clone, Copy)]
enum Syntax {
    Xml,
    Yaml,
    Json,
}

fn syntax(text: &str) -> Option<Syntax> {
    let text = text.trim_start();
    if text.starts_with("%YAML:1.") || text.starts_with("%YAML 1.0") {
        return Some(Syntax::Yaml);
    }
    if text.starts_with('{') {
        let marks =
            ["\"opencv-matrix\"", "\"opencv-nd-matrix\"", "\"opencv_ml_", "\"opencv-cascade"];
        return marks.iter().any(|mark| text.contains(mark)).then_some(Syntax::Json);
    }
    lookalike::xml_root(text).filter(|root| *root == "opencv_storage").map(|_| Syntax::Xml)
}

fn sniff(head: &Head<'_>) -> Sniff {
    match lookalike::text(head).and_then(syntax) {
        Some(_) => Sniff::Certain,
        None => Sniff::No,
    }
}

fn open(input: &Input, limits: &Limits) -> Result<Checkpoint, Error> {
    let text = input.whole("file", limits.text_bytes)?;
    let head = Head { bytes: &text[..text.len().min(4096)], len: None, name: &input.name };
    let none = || Error::new(ErrorKind::Unrecognised, "the text is not a FileStorage of OpenCV");
    let tree = match lookalike::text(&head).and_then(syntax).ok_or_else(none)? {
        Syntax::Xml => Tree::of_xml(&text, limits)?,
        Syntax::Yaml => yaml::yaml(&text, limits)?,
        Syntax::Json => yaml::json(&text, limits)?,
    };
    let mut arrays = Arrays::new(limits);
    let found = arrays.of(tree.root(), "")?;
    let mut metadata = std::mem::take(&mut arrays.texts);
    let (mut tensors, mut left_out) = (Vec::new(), 0);
    for (name, array) in found {
        if array.shape.is_empty() {
            match (metadata.len() < MOST_TEXTS, array.pieces.as_slice()) {
                (true, [Piece { start, end, .. }]) => {
                    let value = &text[*start as usize..*end as usize];
                    metadata.push((name, String::from_utf8_lossy(value).into_owned()));
                }
                _ => left_out += 1,
            }
            continue;
        }
        if tensors.len() >= limits.tensors || array.shape.len() > limits.axes {
            let message = format!("more than {} tensors, or {} axes", limits.tensors, limits.axes);
            return Err(Error::new(ErrorKind::Limit, message));
        }
        let name = if name.is_empty() { input.stem().to_owned() } else { name };
        tensors.push(tensor(input, name, array)?);
    }
    let mut warnings = arrays.skipped.warnings();
    if left_out > 0 {
        warnings.push(Warning::file(format!("{left_out} single numbers are left out")));
    }
    distinct(&mut tensors, &mut warnings);
    Ok(Checkpoint::of_file(input, ROW.name, metadata, tensors, warnings))
}

/// An array as a tensor, whose values are read from the text when they are asked for.
fn tensor(input: &Input, name: String, array: Array) -> Result<Tensor, Error> {
    let Array { shape, dtype, pieces } = array;
    let len = element_count(&shape).and_then(|count| dtype.bytes_of(count));
    let len =
        len.ok_or_else(|| Error::malformed(format!("the shape {shape:?} cannot be counted")))?;
    let text = input.data.clone();
    // What is small takes less memory than what makes it.
    let values: Arc<dyn Bytes> = match len {
        ..=SMALL => Arc::new(Memory::new(values(&*text, &pieces, dtype)?)),
        _ => Arc::new(Lazy::new(len, move || values(&*text, &pieces, dtype))),
    };
    let view = View::packed(&shape);
    Ok(Tensor::new(name, input.name.as_str(), dtype, Endian::Little, view, 0, values)?)
}

/// What these stretches of the text say.
fn values(text: &dyn Bytes, pieces: &[Piece], dtype: Dtype) -> Result<Vec<u8>, ReadError> {
    let mut out = Vec::new();
    for Piece { start, end, is_binary } in pieces {
        let (offset, len) = (u64::from(*start), u64::from(end - start));
        let changed =
            || ReadError::damaged(offset, len, "the text holds no numbers there".to_owned());
        let piece = read_vec(text, offset, len)?;
        if *is_binary {
            let bytes = number::base64(&piece).ok_or_else(changed)?;
            out.extend_from_slice(bytes.get(HEADER..).ok_or_else(changed)?);
            continue;
        }
        for word in number::words(&piece) {
            let (value, _) = number::number(word).ok_or_else(changed)?;
            number::encode(value, dtype, &mut out);
        }
    }
    Ok(out)
}
