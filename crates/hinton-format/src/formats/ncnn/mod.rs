//! ncnn: `net.param`, the layers as lines of text, and `net.bin` beside it, the weights of all layers
//! one after another. Nothing in the `.bin` says which is which: each type of layer has its own list.
//!
//! Layout: `docs/developer-guide/param-and-model-file-structure.md`, `src/modelbin.cpp` and `load_model` of
//! the layers in `src/layer` of <https://github.com/Tencent/ncnn>.

mod layers;
mod weights;

use std::collections::BTreeMap;

use super::FormatRow;
use super::beside::Beside;
use super::notes::{check_path, distinct};
use crate::{Checkpoint, Error, ErrorKind, Head, Input, Limits, Sniff, Warning};
use layers::Plan;
use weights::Weights;

/// The row of the table.
pub(crate) const ROW: FormatRow = FormatRow {
    name: "ncnn",
    about: "networks of ncnn and pnnx (.param with its .bin beside it)",
    help: "Read: the weights of every type of layer that ncnn itself has, under LAYER.weight, LAYER.bias and the \
           names that the layer's source uses, with the axes as they are stored ([out, in, height, width] of \
           convolutions and deconvolutions). Values in f32, f16 (as stored), and of 256 entries in a table. Open \
           the .param; the .bin of the same name is next to it. Of a layer whose type ncnn does not have \
           (a custom one) nothing says how long its weights are: where the others do not fill the .bin, reading \
           stops there, and that is said. Not read: .param.bin, which has no names. Layout: ncnn's \
           developer guide and load_model of its layers",
    quantised: "INT8, and 4, 6 and 8 bits in blocks (Gemm, MultiHeadAttention): as stored and dequantised; tables, decoded",
    extensions: &["param"],
    sniff,
    open,
};

/// The first line of a text.
const MAGIC: &[u8] = b"7767517";

fn sniff(head: &Head<'_>) -> Sniff {
    match head.bytes.strip_prefix(MAGIC) {
        Some([b'\n' | b'\r' | b' ', ..]) => Sniff::Certain,
        _ => Sniff::No,
    }
}

/// A line of the text.
struct Layer<'a> {
    kind: &'a str,
    name: &'a str,
    params: Params,
    /// The byte at which the line begins.
    at: u64,
}

/// The parameters of a layer, `0=64 1=3`: those that are whole numbers; lists and texts say nothing
/// of weights.
#[derive(Default)]
struct Params(BTreeMap<u8, i64>);

impl Params {
    fn get(&self, id: u8, default: i64) -> i64 {
        self.0.get(&id).copied().unwrap_or(default)
    }
}

fn open(input: &Input, limits: &Limits) -> Result<Checkpoint, Error> {
    let text = input.whole("description", limits.header_bytes)?;
    let (count, layers) = parse(&text, limits)?;
    let mut tensors = Vec::new();
    let mut warnings = Vec::new();
    let mut beside = Beside::new(input);
    let bin = format!("{}.bin", input.stem());
    let mut weights: Option<Weights> = None;
    // Where the first layer of an unknown type stands, and how many tensors come before it.
    let mut unknown: Option<(&Layer<'_>, usize)> = None;
    for layer in &layers {
        let told = |error: Error| error.for_tensor(layer.name);
        let plan = match layers::plan(layer.kind, &layer.params) {
            Some(plan) => plan.map_err(|why| told(Error::malformed(why).at_byte(layer.at)))?,
            None => {
                unknown.get_or_insert((layer, tensors.len()));
                continue;
            }
        };
        if plan.is_empty() {
            continue;
        }
        let weights = match &mut weights {
            Some(weights) => weights,
            None => {
                let (file, data) = beside.file(&bin)?;
                weights.insert(Weights::new(file, data))
            }
        };
        match read(weights, layer.name, &plan, &mut tensors) {
            Ok(()) => {}
            // Behind weights of an unknown length everything is elsewhere.
            Err(_) if unknown.is_some() => break,
            Err(error) => return Err(error),
        }
        if tensors.len() > limits.tensors {
            let message = format!("it has more tensors than {}", limits.tensors);
            return Err(Error::new(ErrorKind::Limit, message));
        }
    }
    let left = weights.as_ref().map_or(0, Weights::left);
    // Where the known layers fill the file exactly, the unknown ones have no weights.
    match unknown {
        Some((layer, before)) if left > 0 || weights.is_none() => {
            tensors.truncate(before);
            let message = format!(
                "layer {:?} is of type {:?}, which ncnn itself does not have: how long its weights are is \
                 not known, so that those of it and of the layers after it are not read",
                layer.name, layer.kind
            );
            warnings.push(Warning::file(message).as_fault());
        }
        _ if left > 0 => {
            let message = format!("{left} bytes after the weights in {bin:?} belong to no layer");
            warnings.push(Warning::file(message).as_fault());
        }
        _ => {}
    }
    distinct(&mut tensors, &mut warnings);
    let mut files = vec![input.name.clone()];
    files.extend(beside.files());
    Ok(Checkpoint {
        path: input.name.clone(),
        format: ROW.name,
        metadata: vec![("layers".to_owned(), count.to_string())],
        tensors,
        files,
        warnings,
    })
}

/// The weights of one layer.
fn read(
    weights: &mut Weights,
    layer: &str,
    plan: &Plan,
    tensors: &mut Vec<hinton_tensor::Tensor>,
) -> Result<(), Error> {
    let first = tensors.len();
    for weight in &plan.weights {
        let name = format!("{layer}.{}", weight.name);
        tensors.push(weights.next(&name, weight)?);
    }
    for scaled in &plan.scaled {
        let own = |part: &str| {
            let whole = format!("{layer}.{part}");
            tensors[first..].iter().find(|tensor| tensor.name() == whole).cloned()
        };
        if let (Some(codes), Some(scales)) = (own(scaled.codes), own(scaled.scales)) {
            tensors.extend(weights::dequantised_by(&codes, &scales, scaled.steps)?);
        }
    }
    Ok(())
}

/// The number of layers that the text tells, and the layers.
fn parse<'a>(text: &'a [u8], limits: &Limits) -> Result<(usize, Vec<Layer<'a>>), Error> {
    let text = std::str::from_utf8(text).map_err(|error| {
        Error::malformed("the description is not text").at_byte(error.valid_up_to() as u64)
    })?;
    let mut byte = 0;
    let mut lines = text.split_inclusive('\n').filter_map(|line| {
        let at = byte as u64;
        byte += line.len();
        Some((at, line.trim())).filter(|(_, line)| !line.is_empty())
    });
    let magic = lines.next().map(|(_, line)| line);
    if magic.map(str::as_bytes) != Some(MAGIC) {
        let message = format!("expected 7767517, found {:?}", magic.unwrap_or_default());
        return Err(Error::malformed(message).at_byte(0));
    }
    let (at, counts) = lines.next().unwrap_or((text.len() as u64, ""));
    let count = counts.split_whitespace().next().and_then(|count| count.parse::<usize>().ok());
    let Some(count) = count.filter(|_| counts.split_whitespace().count() == 2) else {
        let message = format!("expected the numbers of layers and blobs, found {counts:?}");
        return Err(Error::malformed(message).at_byte(at));
    };
    let mut layers = Vec::new();
    for (at, line) in lines.by_ref().take(count.min(limits.tensors)) {
        layers.push(layer(line, at).map_err(|why| Error::malformed(why).at_byte(at))?);
        check_path(line.split_whitespace().nth(1).unwrap_or_default())?;
    }
    if layers.len() < count {
        let message = format!("it tells {count} layers, {} lines are there", layers.len());
        return Err(Error::malformed(message)
            .at_byte(text.len() as u64)
            .cure("the file is cut or damaged: download or copy it again"));
    }
    Ok((count, layers))
}

/// `TYPE NAME INPUTS OUTPUTS blobs… key=value…`.
fn layer(line: &str, at: u64) -> Result<Layer<'_>, String> {
    let mut words = line.split_whitespace();
    let (Some(kind), Some(name), Some(inputs), Some(outputs)) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return Err("expected a type, a name and two numbers, the line is shorter".to_owned());
    };
    let number = |text: &str| {
        text.parse::<u32>().map(|number| number as usize).map_err(|_| {
            format!("expected the number of inputs or outputs of {name:?}, found {text:?}")
        })
    };
    let blobs = number(inputs)?.saturating_add(number(outputs)?);
    let passed = words.by_ref().take(blobs).count();
    if passed < blobs {
        return Err(format!("{name:?} names {passed} blobs of {blobs}"));
    }
    let mut params = Params::default();
    for word in words {
        let pair = word.split_once('=');
        let Some((Ok(id), value)) = pair.map(|(id, value)| (id.parse::<i64>(), value)) else {
            return Err(format!("expected key=value, found {word:?}"));
        };
        // A negative key has a list. What is not a whole number is of no use here.
        if let (Ok(id), Ok(value)) = (u8::try_from(id), value.parse::<i32>()) {
            params.0.insert(id, i64::from(value));
        }
    }
    Ok(Layer { kind, name, params, at })
}
