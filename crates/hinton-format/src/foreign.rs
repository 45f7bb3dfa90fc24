//! Weights formats that are not read, and the messages for files of unknown format. A table with
//! one row per format, which says how to convert it.

use crate::container::protobuf::{Sketch, sketch};
use crate::lookalike::first_bytes;
use crate::{Error, ErrorKind, FORMATS, FormatRow, Head};

/// A format whose files hold weights, and which is not read.
struct Foreign {
    /// What such a file is, with its article.
    name: &'static str,
    /// Usual extensions, without the dot.
    extensions: &'static [&'static str],
    /// Whether its files can be told by a mark; where not, the extension lets one guess.
    is_marked: bool,
    /// Whether content or name show that it is one; the extension alone is no evidence.
    test: fn(&Head<'_>) -> bool,
    /// How to get its weights into a file that opens.
    cure: &'static str,
    /// Whether the format is read, and this file alone is not enough or not whole.
    is_read: bool,
}

/// A row for a format that is known by its content.
const fn marked(
    name: &'static str,
    extensions: &'static [&'static str],
    test: fn(&Head<'_>) -> bool,
    cure: &'static str,
) -> Foreign {
    Foreign { name, extensions, is_marked: true, test, cure, is_read: false }
}

/// A row for a part of a model of a format that is read.
const fn part(
    name: &'static str,
    extensions: &'static [&'static str],
    test: fn(&Head<'_>) -> bool,
    cure: &'static str,
) -> Foreign {
    Foreign { name, extensions, is_marked: true, test, cure, is_read: true }
}

/// A row for a format whose files have no mark.
const fn unmarked(
    name: &'static str,
    extensions: &'static [&'static str],
    cure: &'static str,
) -> Foreign {
    Foreign { name, extensions, is_marked: false, test: |_| false, cure, is_read: false }
}

/// The error for a file that is seen to be of a format that is not read.
pub(crate) fn find(head: &Head<'_>) -> Option<Error> {
    let row = FOREIGN.iter().find(|row| (row.test)(head))?;
    let message = match row.is_read {
        true => format!("this is {}", row.name),
        false => format!("this is {}, a format that hinton does not read", row.name),
    };
    Some(Error::new(ErrorKind::Unsupported, message).cure(row.cure))
}

/// The error for a file that is of no format that hinton knows. `named` is the format whose
/// extension it has.
pub(crate) fn unknown(head: &Head<'_>, named: Option<&FormatRow>) -> Error {
    let first = first_bytes(head.bytes);
    let message = match named {
        Some(row) => format!(
            "this is not a format that hinton knows, and its content is not {}, in spite of its name; its first \
             bytes are {first}",
            row.name
        ),
        None => format!("this is not a format that hinton knows; its first bytes are {first}"),
    };
    let likely: Vec<String> = FOREIGN
        .iter()
        // Those with a mark would have been recognised.
        .filter(|row| !row.is_marked && head.has_extension(row.extensions))
        .map(|row| format!("{} ({})", row.name, row.cure))
        .collect();
    let cure = match (likely.is_empty(), named) {
        (false, _) => format!("files with this extension can be {}", likely.join(", ")),
        (true, Some(_)) => {
            "it may be another format under this name, encrypted, or a download that \
                            did not finish: look at where it comes from"
                .to_owned()
        }
        (true, None) => {
            let names: Vec<&str> = FORMATS.iter().map(|row| row.name).collect();
            format!("hinton opens {}", names.join(", "))
        }
    };
    Error::new(ErrorKind::Unrecognised, message).cure(cure)
}

const NUMPY: &str = "load it there and save its arrays with numpy.savez";

const FOREIGN: &[Foreign] = &[
    part(
        "a model of llama2.c, but not as long as its settings say",
        &["bin"],
        is_llama2,
        "get the file again, or open the .pt that it was exported from",
    ),
    marked(
        "a Llama 3 of llm.c",
        &["bin"],
        |head| head.bytes.starts_with(&20_240_803_u32.to_le_bytes()),
        "open the checkpoint of Hugging Face that it was made from",
    ),
    part(
        "a shard of a TensorFlow.js model, which holds values without names",
        &["bin"],
        |head| head.name.contains("-shard") && head.has_extension(&["bin"]),
        "open the model.json beside it",
    ),
    marked(
        "an ONNX tensor on its own (TensorProto), such as the test data of a model",
        &["pb"],
        is_tensor_proto,
        "onnx.numpy_helper.to_array(onnx.load_tensor(FILE)), then numpy.save",
    ),
    marked(
        "a network of KataGo whose values are text",
        &["txt"],
        is_katago_text,
        "open the .bin.gz of the same network",
    ),
    marked(
        "the description of an ncnn network in binary, without names",
        &["param.bin"],
        |head| head.bytes.starts_with(&7_767_517_u32.to_le_bytes()),
        "open the .param of the same network: it is the text that this was made from",
    ),
    marked(
        "parameters of TVM",
        &["params"],
        |head| head.bytes.starts_with(&0xf7e5_8d4f_0504_9cb7_u64.to_le_bytes()),
        "tvm.runtime.load_param_dict, then numpy.savez of each numpy()",
    ),
    marked(
        "a model of Torch7 as text",
        &["t7", "th", "net"],
        |head| head.bytes.starts_with(b"4\n1\n3\nV 1\n"),
        "in Torch: torch.save(FILE, torch.load(FILE, 'ascii')) writes it in binary, which opens",
    ),
    marked(
        "an engine of TensorRT, compiled for one GPU",
        &["engine", "plan", "trt"],
        |head| head.bytes.starts_with(b"ftrt") || head.bytes.starts_with(b"ptrt"),
        "open the .onnx that it was built from",
    ),
    marked(
        "a model of RKNN",
        &["rknn"],
        |head| head.bytes.starts_with(b"RKNN"),
        "open the .onnx that it was converted from",
    ),
    marked(
        "trees of CatBoost",
        &["cbm"],
        |head| head.bytes.starts_with(b"CBM1"),
        "it has trees and no matrices of weights",
    ),
    marked(
        "trees of XGBoost",
        &["ubj", "json", "model", "bst"],
        |head| {
            contains_within(head, b"learner", 24) && matches!(head.bytes.first(), Some(b'{'))
                || head.bytes.starts_with(b"binf")
        },
        "it has trees and no matrices of weights",
    ),
    marked(
        "trees of LightGBM",
        &["txt", "model"],
        |head| head.bytes.starts_with(b"tree\nversion="),
        "it has trees and no matrices of weights",
    ),
    marked(
        "data of R",
        &["rds", "rdata", "rda"],
        |head| {
            [&b"RDX2\n"[..], b"RDX3\n", b"X\n\0\0\0\x02", b"X\n\0\0\0\x03", b"RDA2\n", b"RDA3\n"]
                .iter()
                .any(|mark| head.bytes.starts_with(mark))
        },
        "in R: write.csv of a matrix, or rhdf5::h5write",
    ),
    marked(
        "data of Octave",
        &["mat", "oct", "txt"],
        |head| {
            head.bytes.starts_with(b"# Created by Octave") || head.bytes.starts_with(b"Octave-1-")
        },
        "in Octave: save -v7 FILE.mat writes the file of MATLAB, which opens",
    ),
    marked(
        "serialised objects of Java, such as a model of Weka",
        &["model", "ser", "bin"],
        |head| head.bytes.starts_with(b"\xac\xed\0\x05"),
        "load it in Java and write the weights as .csv",
    ),
    marked(
        "a model of Kaldi in binary",
        &["mdl", "nnet", "raw", "ark"],
        |head| head.bytes.starts_with(b"\0B<") || head.bytes.starts_with(b"\0BFM "),
        "nnet3-copy --binary=false writes it as text; kaldiio reads its matrices",
    ),
    unmarked("values of a TensorFlow.js model", &["bin"], "open it by its model.json"),
    unmarked("weights of OpenVINO", &["bin"], "open the .xml beside it"),
    unmarked("weights of ncnn", &["bin"], "open the .param beside it"),
    unmarked(
        "bare values",
        &["bin", "dat", "raw", "f32"],
        "numpy.fromfile(FILE, dtype).reshape(shape), then numpy.save",
    ),
    unmarked(
        "a network of another engine of chess or shogi (NNUE)",
        &["nnue", "bin"],
        "open the checkpoint that its trainer wrote",
    ),
    unmarked("a model of dlib", &["dat"], "dlib's net_to_xml writes it as XML"),
    unmarked("a model of Paddle Lite", &["nb"], "open the .pdparams that it was made from"),
    unmarked("a model of CNTK", &["dnn", "cntk", "model"], NUMPY),
    unmarked("a model of Tengine", &["tmfile"], "open the model that it was converted from"),
    unmarked("a model of SNPE or QNN", &["dlc"], "open the .onnx that it was converted from"),
    unmarked("a model of Ascend", &["om", "mindir"], "open the checkpoint that it was made from"),
    unmarked("a model of gensim or scikit-learn", &["model"], NUMPY),
    unmarked("a graph of TensorFlow of another layout", &["pb"], NUMPY),
];

/// Whether a word stands within the first bytes.
fn contains_within(head: &Head<'_>, word: &[u8], first: usize) -> bool {
    head.bytes[..head.bytes.len().min(first)].windows(word.len()).any(|part| part == word)
}

/// The 32-bit integers that it begins with.
fn integers<const N: usize>(head: &Head<'_>) -> Option<[i32; N]> {
    let mut integers = [0; N];
    for (integer, bytes) in integers.iter_mut().zip(head.bytes.get(..4 * N)?.chunks_exact(4)) {
        *integer = i32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
    }
    Some(integers)
}

/// Seven settings (of version 0), the number of kv heads divides that of heads; one whose length is
/// right, or not known yet, is read.
fn is_llama2(head: &Head<'_>) -> bool {
    if head.len.is_none() {
        return false;
    }
    let Some([dim, hidden, layers, heads, kv_heads, vocabulary, context]) = integers::<7>(head)
    else {
        return false;
    };
    let small = |value: i32, most: i32| (1..=most).contains(&value);
    small(dim, 1 << 16)
        && small(hidden, 1 << 18)
        && small(layers, 1 << 10)
        && small(heads, 1 << 10)
        && small(kv_heads, heads)
        && heads % kv_heads == 0
        && dim % heads == 0
        && small(vocabulary.saturating_abs(), 1 << 22)
        && small(context, 1 << 22)
}

/// The name of the network, the version and the planes that come in, a line each, and the trunk.
fn is_katago_text(head: &Head<'_>) -> bool {
    let Ok(text) = std::str::from_utf8(head.bytes) else { return false };
    let mut lines = text.lines().skip(1);
    let is_number = |line: Option<&str>| line.is_some_and(|line| line.parse::<u32>().is_ok());
    is_number(lines.next())
        && is_number(lines.next())
        && lines.any(|line| line.starts_with("trunk"))
}
/// `TensorProto` of onnx.proto: lengths of axes, then a type.
fn is_tensor_proto(head: &Head<'_>) -> bool {
    let Some(fields) = sketch(head.bytes, head.len) else { return false };
    let kind = fields.iter().find(|field| (field.number, field.kind) == (2, 0));
    let right = |field: &Sketch<'_>| match field.number {
        1 => matches!(field.kind, 0 | 2),
        2 | 14 => field.kind == 0,
        4..=13 => field.kind == 2,
        _ => false,
    };
    let values = |field: &Sketch<'_>| matches!(field.number, 4..=7 | 9..=11);
    kind.is_some_and(|kind| (1..=32).contains(&kind.integer))
        && fields.iter().all(right)
        && fields.iter().any(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_unique_and_say_how_to_convert() {
        let mut names: Vec<&str> = FOREIGN.iter().map(|row| row.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), FOREIGN.len());
        assert!(FOREIGN.iter().all(|row| !row.cure.is_empty() && !row.extensions.is_empty()));
    }

    #[test]
    fn a_name_alone_lists_what_files_of_that_name_are() {
        let head = Head { bytes: &[9, 0, 1, 2], len: Some(4), name: "w.dat" };
        assert!(find(&head).is_none());
        let pickle = FORMATS.iter().find(|row| row.name == "pickle");
        let error = unknown(&head, pickle);
        assert_eq!(error.kind(), ErrorKind::Unrecognised);
        assert!(
            error.message().contains("its content is not pickle, in spite of its name"),
            "{error}"
        );
        assert!(error.message().contains("09 00 01 02"), "{error}");
        let cure = error.cure_text().unwrap();
        assert!(cure.contains("dlib") && cure.contains("numpy.fromfile"), "{cure}");
    }

    #[test]
    fn marks_tell_formats() {
        for (name, bytes, what) in [
            ("g-shard1of1.bin", &b"\0\0\0\x3f"[..], "TensorFlow.js"),
            ("x.engine", b"ftrt\0\0", "TensorRT"),
            ("x.t7", b"4\n1\n3\nV 1\n13\nnn.Sequential\n", "Torch7 as text"),
            ("x.model", b"\xac\xed\0\x05sr", "Java"),
            ("x.txt", b"b20\n8\n22\n19\ntrunk 20 256\n", "KataGo"),
        ] {
            let head = Head { bytes, len: Some(bytes.len() as u64), name };
            let error = find(&head).unwrap_or_else(|| panic!("{name}"));
            assert!(error.message().contains(what), "{name}: {error}");
            assert!(error.cure_text().is_some());
        }
        let plain = Head { bytes: &[0; 64], len: Some(64), name: "x.bin" };
        assert!(find(&plain).is_none());
    }
}
