//! KataGo's networks for Go: words and sizes as text, and between them the values of each layer in
//! binary, behind `@BIN@`.
//!
//! Layout: `cpp/neuralnet/desc.cpp` and `python/export_model_pytorch.py` of
//! <https://github.com/lightvector/KataGo>.

use hinton_tensor::{Dtype, Endian, Tensor, View, element_count};

use super::FormatRow;
use super::notes::{check_path, distinct};
use crate::source::read_vec;
use crate::{Checkpoint, Error, ErrorKind, Head, Input, Limits, Sniff};

/// The row of the table.
pub(crate) const ROW: FormatRow = FormatRow {
    name: "katago",
    about: "networks of KataGo for the game of Go (.bin.gz)",
    help: "Read: every layer with binary values, under its name in the file: .weight of a convolution, \
           [height, width, in, out], and of a matrix, [in, out]; .bias; .mean, .variance, .scale and .bias \
           of a normalisation. Not read: models whose values are text (.txt.gz). Layout: \
           cpp/neuralnet/desc.cpp of KataGo",
    quantised: "",
    extensions: &["bin"],
    sniff,
    open,
};

/// What stands before the values of a layer.
const MARK: &[u8] = b"@BIN@";
/// Longest text between the values of two layers.
const LONGEST: u64 = 16 << 10;

/// The network's name, the version and the number of planes that come in, as text, then values.
fn sniff(head: &Head<'_>) -> Sniff {
    let Some(end) = find(head.bytes) else { return Sniff::No };
    let Ok(text) = std::str::from_utf8(&head.bytes[..end]) else { return Sniff::No };
    let mut words = text.split_ascii_whitespace().skip(1);
    let mut is_number = || words.next().is_some_and(|word| word.parse::<u32>().is_ok());
    if is_number() && is_number() { Sniff::Certain } else { Sniff::No }
}

/// Where the mark stands in these bytes.
fn find(bytes: &[u8]) -> Option<usize> {
    bytes.windows(MARK.len()).position(|window| window == MARK)
}

/// The values of a normalisation that follow one another without words between them.
const NORMALISATION: [&str; 4] = ["mean", "variance", "scale", "bias"];

/// A run of values: its tensor's name and shape.
#[derive(Debug, PartialEq)]
struct Run {
    name: String,
    shape: Vec<usize>,
}

/// The runs of values of the layer that this text ends with, in the file's order; `None` where it
/// is unknown. A layer's name is followed by its sizes, whose number tells its kind.
fn layer(text: &str) -> Option<Vec<Run>> {
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    let name = words.iter().rposition(|word| word.parse::<f64>().is_err())?;
    let sizes = &words[name + 1..];
    let size = |index: usize| sizes[index].parse::<usize>().ok().filter(|size| *size > 0);
    let run =
        |part: &str, shape: Vec<usize>| Run { name: format!("{}.{part}", words[name]), shape };
    Some(match sizes.len() {
        // Height, width, in, out; the two dilations are not of its shape.
        6 => vec![run("weight", (0..4).map(size).collect::<Option<_>>()?)],
        // Channels, epsilon, whether there is a scale and whether there is a bias.
        4 => {
            let channels = size(0)?;
            let has = [true, true, sizes[2] != "0", sizes[3] != "0"];
            let parts = NORMALISATION.iter().zip(has).filter(|(_, has)| *has);
            parts.map(|(part, _)| run(part, vec![channels])).collect()
        }
        2 => vec![run("weight", vec![size(0)?, size(1)?])],
        1 => vec![run("bias", vec![size(0)?])],
        _ => return None,
    })
}

fn open(input: &Input, limits: &Limits) -> Result<Checkpoint, Error> {
    let data = &*input.data;
    let (mut tensors, mut metadata) = (Vec::new(), Vec::new());
    let mut expected: std::collections::VecDeque<Run> = std::collections::VecDeque::new();
    let mut offset = 0;
    loop {
        let bytes = read_vec(data, offset, (data.len() - offset).min(LONGEST))?;
        let end = find(&bytes);
        let text = String::from_utf8_lossy(&bytes[..end.unwrap_or(bytes.len())]);
        let words = text.split_ascii_whitespace().count();
        let wrong = |message: String| Error::malformed(message).at_byte(offset);
        let Some(end) = end else {
            if words == 0 && expected.is_empty() && bytes.len() as u64 == data.len() - offset {
                break;
            }
            let start: String = text.trim().chars().take(40).collect();
            let message = format!("expected a layer and its values, found {start:?}");
            return Err(wrong(message).cure("the file is cut or damaged: download it again"));
        };
        if metadata.is_empty() {
            metadata = described(&text);
        }
        if words > 0 {
            if let Some(run) = expected.front() {
                return Err(
                    wrong("expected its values, found words".to_owned()).for_tensor(&*run.name)
                );
            }
            expected.extend(layer(&text).unwrap_or_default());
        }
        let Some(run) = expected.pop_front() else {
            let start: String = text.trim().chars().rev().take(60).collect();
            let start: String = start.chars().rev().collect();
            return Err(wrong(format!("{start:?} names no layer that is read")));
        };
        check_path(&run.name)?;
        if tensors.len() >= limits.tensors {
            let message = format!("the file has more than {} tensors, the limit", limits.tensors);
            return Err(Error::new(ErrorKind::Limit, message).at_byte(offset));
        }
        let start = offset + (end + MARK.len()) as u64;
        let bytes = element_count(&run.shape).and_then(|count| Dtype::F32.bytes_of(count));
        let after = bytes.and_then(|bytes| start.checked_add(bytes));
        let Some(after) = after.filter(|after| *after <= data.len()) else {
            let message = format!("its values of shape {:?} pass the end of the file", run.shape);
            return Err(wrong(message).for_tensor(&*run.name));
        };
        let view = View::packed(&run.shape);
        let (file, data) = (input.name.as_str(), input.data.clone());
        tensors.push(Tensor::new(run.name, file, Dtype::F32, Endian::Little, view, start, data)?);
        offset = after;
    }
    let mut warnings = Vec::new();
    distinct(&mut tensors, &mut warnings);
    Ok(Checkpoint::of_file(input, ROW.name, metadata, tensors, warnings))
}

/// The network's name and the version of the format.
fn described(text: &str) -> Vec<(String, String)> {
    let keys = ["network", "version", "planes", "global inputs"];
    let words = text.split_ascii_whitespace().map(str::to_owned);
    keys.iter().map(|key| (*key).to_owned()).zip(words).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layer_is_told_by_the_number_of_its_sizes() {
        let shapes = |text: &str| -> Vec<(String, Vec<usize>)> {
            layer(text).unwrap_or_default().into_iter().map(|run| (run.name, run.shape)).collect()
        };
        let one = |name: &str, shape: &[usize]| (name.to_owned(), shape.to_vec());
        assert_eq!(
            shapes("trunk 2 4 4 4 4 4\nconv1 5 3 22 8 1 1\n"),
            [one("conv1.weight", &[5, 3, 22, 8])]
        );
        assert_eq!(
            shapes("ordinary_block r1 r1/n 8 1e-20 0 1"),
            [one("r1/n.mean", &[8]), one("r1/n.variance", &[8]), one("r1/n.bias", &[8])]
        );
        assert_eq!(shapes("act ACTIVATION_MISH ip 12 8"), [one("ip.weight", &[12, 8])]);
        assert_eq!(shapes("b 8"), [one("b.bias", &[8])]);
        assert_eq!(shapes("conv1 5 5 0 8 1 1"), []);
        assert_eq!(shapes("odd 1 2 3"), []);
        assert_eq!(shapes("1 2"), []);
    }
}
