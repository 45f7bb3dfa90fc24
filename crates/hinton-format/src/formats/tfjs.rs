//! TensorFlow.js: `model.json`, which says what lies where in the `group1-shard1of3.bin` beside it.
//!
//! Layout: `WeightsManifestConfig` in `tfjs-core/src/io/types.ts` and `decodeWeights` in
//! `tfjs-core/src/io/io_utils.ts` of <https://github.com/tensorflow/tfjs>.

use std::collections::BTreeMap;
use std::sync::Arc;

use hinton_tensor::{Bytes, Dtype, Endian, Stored, Tensor, View, element_count};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::beside::Beside;
use super::notes::{Skipped, check_path, distinct};
use super::{FormatRow, json_byte};
use crate::source::{Joined, Made, Part, read_vec};
use crate::words::json_fault;
use crate::{Checkpoint, Error, ErrorKind, Head, Input, Limits, Sniff};

/// The row of the table.
pub(crate) const ROW: FormatRow = FormatRow {
    name: "tfjs",
    about: "models of TensorFlow.js (model.json with its shards beside it)",
    help: "Read: the weights of layers-models and graph-models: float32, int32, bool and complex64, and \
           those quantised to float16, uint8 or uint16, as the values that TensorFlow.js computes. Open \
           model.json; its shards are next to it or below its folder. Skipped with a warning: texts. The \
           topology is not looked at. Layout: tfjs-core/src/io/types.ts of TensorFlow.js",
    quantised: "uint8 and uint16 with a scale, float16; decoded",
    extensions: &["model.json"],
    sniff,
    open,
};

/// What stands near the start of the file: the manifest itself comes behind the topology.
fn sniff(head: &Head<'_>) -> Sniff {
    let has = |word: &[u8]| head.bytes.windows(word.len()).any(|part| part == word);
    let is_json = head.bytes.trim_ascii_start().starts_with(b"{");
    let is_named = has(b"\"weightsManifest\"")
        || has(b"\"modelTopology\"") && has(b"\"format\"")
        || has(b"TensorFlow.js") && has(b"\"generatedBy\"");
    if is_json && is_named { Sniff::Certain } else { Sniff::No }
}

/// An object whose values are not parsed yet: what nobody asks for costs nothing.
type Object<'a> = BTreeMap<String, &'a RawValue>;

/// Files whose bytes, one after another, hold the values of weights, one after another.
struct Group {
    paths: Vec<String>,
    weights: Vec<Weight>,
}

struct Weight {
    name: String,
    shape: Vec<u64>,
    dtype: String,
    quantization: Option<Quantization>,
}

struct Quantization {
    dtype: String,
    scale: Option<f64>,
    min: Option<f64>,
}

/// The value of a key, of that type; `None` where there is none or it is null.
fn get<'a, T: Deserialize<'a>>(object: &Object<'a>, key: &str) -> Result<Option<T>, Error> {
    let Some(value) = object.get(key) else { return Ok(None) };
    serde_json::from_str(value.get()).map_err(|error| {
        Error::malformed(format!("its {key} is not as expected: {}", json_fault(&error)))
    })
}

fn need<'a, T: Deserialize<'a>>(object: &Object<'a>, key: &str) -> Result<T, Error> {
    get(object, key)?.ok_or_else(|| Error::malformed(format!("there is no {key}")))
}

impl Group {
    fn read(object: &Object<'_>) -> Result<Self, Error> {
        let weights: Vec<Object<'_>> = need(object, "weights")?;
        let weights = weights.iter().map(Weight::read).collect::<Result<_, _>>()?;
        Ok(Group { paths: need(object, "paths")?, weights })
    }
}

impl Weight {
    fn read(object: &Object<'_>) -> Result<Self, Error> {
        let quantization: Option<Object<'_>> = get(object, "quantization")?;
        let read = |codes: Object<'_>| {
            let (scale, min) = (get(&codes, "scale")?, get(&codes, "min")?);
            Ok::<_, Error>(Quantization { dtype: need(&codes, "dtype")?, scale, min })
        };
        Ok(Weight {
            name: need(object, "name")?,
            shape: need(object, "shape")?,
            dtype: need(object, "dtype")?,
            quantization: quantization.map(read).transpose()?,
        })
    }
}

fn dtype_of(name: &str) -> Option<Dtype> {
    Some(match name {
        "float32" => Dtype::F32,
        "int32" => Dtype::I32,
        "bool" => Dtype::Bool,
        "complex64" => Dtype::C64,
        "float16" => Dtype::F16,
        "uint8" => Dtype::U8,
        "uint16" => Dtype::U16,
        _ => return None,
    })
}

fn open(input: &Input, limits: &Limits) -> Result<Checkpoint, Error> {
    let text = input.whole("model", limits.header_bytes)?;
    let model: Object<'_> = serde_json::from_slice(&text).map_err(|error| {
        let byte = json_byte(&text, &error);
        Error::malformed(format!("it is not as expected: {}", json_fault(&error))).at_byte(byte)
    })?;
    let groups: Vec<Object<'_>> = get(&model, "weightsManifest")?.unwrap_or_default();
    let groups: Vec<Group> = groups.iter().map(Group::read).collect::<Result<_, _>>()?;
    let count: usize = groups.iter().map(|group| group.weights.len()).sum();
    if count == 0 {
        return Err(Error::malformed("the model lists no weights: its weightsManifest is empty")
            .cure("save it with its weights"));
    }
    if count > limits.tensors {
        let message = format!("it has {count} tensors, the limit is {}", limits.tensors);
        return Err(Error::new(ErrorKind::Limit, message));
    }
    let mut beside = Beside::new(input);
    let (mut tensors, mut skipped) = (Vec::new(), Skipped::default());
    for group in &groups {
        read_group(group, &mut beside, limits, &mut tensors, &mut skipped)?;
    }
    let mut warnings = skipped.warnings();
    distinct(&mut tensors, &mut warnings);
    let mut metadata = Vec::new();
    for key in ["format", "generatedBy", "convertedBy"] {
        let text: Option<String> = get(&model, key)?;
        metadata.extend(text.map(|text| (key.to_owned(), text)));
    }
    let mut files = vec![input.name.clone()];
    files.extend(beside.files());
    Ok(Checkpoint {
        path: input.name.clone(),
        format: ROW.name,
        metadata,
        tensors,
        files,
        warnings,
    })
}

fn read_group(
    group: &Group,
    beside: &mut Beside<'_>,
    limits: &Limits,
    tensors: &mut Vec<Tensor>,
    skipped: &mut Skipped,
) -> Result<(), Error> {
    let mut parts = Vec::new();
    let mut shown: Option<Arc<str>> = None;
    for path in &group.paths {
        let (file, data) = beside.file(path)?;
        shown.get_or_insert_with(|| file.as_str().into());
        let len = data.len();
        parts.push(Part::new(data, 0, len)?);
    }
    let file = shown.unwrap_or_else(|| "".into());
    let data: Arc<dyn Bytes> = Arc::new(Joined::new(parts));
    let mut start = 0u64;
    for weight in &group.weights {
        check_path(&weight.name)?;
        let named = |error: Error| error.for_tensor(&*weight.name);
        let wrong = |why: String| named(Error::malformed(why));
        if weight.shape.len() > limits.axes {
            return Err(wrong(format!("it has {} axes", weight.shape.len())));
        }
        let stored = weight.quantization.as_ref().map_or(&weight.dtype, |stored| &stored.dtype);
        let Some(dtype) = dtype_of(stored) else {
            // Texts have lengths of their own, so that what follows them has no known place.
            skipped.add(&*weight.name, format!("skipped, with what follows it: it holds {stored}"));
            return Ok(());
        };
        let shape: Option<Vec<usize>> =
            weight.shape.iter().map(|dim| usize::try_from(*dim).ok()).collect();
        let bytes = shape.as_ref().and_then(|shape| dtype.bytes_of(element_count(shape)?));
        let (Some(shape), Some(bytes)) = (shape, bytes) else {
            return Err(wrong(format!("shape {:?} cannot be counted", weight.shape)));
        };
        let end = start.checked_add(bytes).filter(|end| *end <= data.len());
        let Some(end) = end else {
            return Err(wrong(format!(
                "its values should be {bytes} bytes from byte {start} of the shards, which have {}",
                data.len()
            ))
            .cure("download the shards again"));
        };
        let view = View::packed(&shape);
        let tensor = Tensor::new(
            &*weight.name,
            file.clone(),
            dtype,
            Endian::Little,
            view,
            start,
            data.clone(),
        )?;
        start = end;
        match &weight.quantization {
            Some(Quantization { scale: Some(scale), min, .. })
                if matches!(dtype, Dtype::U8 | Dtype::U16) =>
            {
                let is_integer = weight.dtype == "int32";
                tensors.push(decoded(&tensor, *scale, min.unwrap_or(0.0), is_integer)?);
            }
            _ => tensors.push(tensor),
        }
    }
    if start < data.len() {
        let left = data.len() - start;
        skipped.add(&*file, format!("{left} bytes after the values belong to no tensor"));
    }
    Ok(())
}

/// `stored * scale + min`, computed in double precision as JavaScript does; of integers the nearest.
fn decoded(stored: &Tensor, scale: f64, min: f64, is_integer: bool) -> Result<Tensor, Error> {
    let (data, start, narrow) =
        (stored.data().clone(), stored.start(), stored.dtype() == Dtype::U8);
    let width = if narrow { 1 } else { 2 };
    let fill = move |first: u64, out: &mut [u8]| {
        let codes = read_vec(&*data, start + first * width, out.len() as u64 / 4 * width)?;
        for (at, out) in out.as_chunks_mut::<4>().0.iter_mut().enumerate() {
            let code = match narrow {
                true => f64::from(codes[at]),
                false => f64::from(u16::from_le_bytes([codes[2 * at], codes[2 * at + 1]])),
            };
            let value = code * scale + min;
            *out = match is_integer {
                true => ((value + 0.5).floor() as i32).to_le_bytes(),
                false => (value as f32).to_le_bytes(),
            };
        }
        Ok(())
    };
    let data = Arc::new(Made::new(stored.elements(), 4, fill));
    let dtype = if is_integer { Dtype::I32 } else { Dtype::F32 };
    let view = View::packed(stored.shape());
    let tensor = Tensor::new(stored.name(), stored.file(), dtype, Endian::Little, view, 0, data)?;
    Ok(tensor.stored_as(Stored::derived("from codes", vec![stored.clone()])))
}
