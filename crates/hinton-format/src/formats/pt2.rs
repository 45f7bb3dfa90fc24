//! `.pt2`: what `torch.export.save` and AOTInductor's packages write, a zip archive with the bytes of each
//! weight as a member and JSON that says what they are.
//!
//! Layout: the "PT2 Archive Spec" of PyTorch's documentation, `torch/export/pt2_archive/constants.py` and
//! `torch/_export/serde/schema.py`. Before PyTorch 2.8 the archive held `serialized_state_dict.pt`, a file of
//! `torch.save`.

use std::collections::BTreeMap;
use std::sync::Arc;

use hinton_tensor::{Bytes, Dtype, Endian, Tensor, View};
use serde_json::Value;

use super::{FormatRow, json_byte, pytorch};
use crate::container::zip::{Member, Zip};
use crate::source::read_vec;
use crate::words::json_fault;
use crate::{Checkpoint, Error, ErrorKind, Head, Input, Limits, Sniff, Warning, lookalike};

/// The row of the table.
pub(crate) const ROW: FormatRow = FormatRow {
    name: "pt2",
    about: "a model of torch.export or AOTInductor (.pt2)",
    help: "Read: the weights and constants of every model in the archive, with strides and offsets, by the \
           names of the state dict; of archives before PyTorch 2.8 serialized_state_dict.pt and \
           serialized_constants.pt, as in `pytorch`. Weights that are pickled (custom classes, tensor \
           subclasses) are skipped with a warning, and graphs are not looked at. Compiled code is never \
           loaded. Layout: the PT2 Archive Spec of PyTorch",
    quantised: "",
    extensions: &["pt2"],
    sniff,
    open,
};

/// Endings of the members that say which weights there are, and what their values lie below.
const CONFIGS: [(&str, &str); 2] =
    [("_weights_config.json", "data/weights/"), ("_constants_config.json", "data/constants/")];

/// Members of an archive before PyTorch 2.8 that hold weights.
const OLDER: [&str; 2] = ["serialized_state_dict.pt", "serialized_constants.pt"];

/// Longest JSON that is parsed: some 200,000 weights.
const LONGEST: u64 = 64 << 20;

fn sniff(head: &Head<'_>) -> Sniff {
    let named = head.has_extension(ROW.extensions);
    match lookalike::zip_member(head) {
        Some(name) if name.ends_with("/archive_format") => Sniff::Certain,
        Some("serialized_exported_program.json" | "serialized_state_dict.pt") => Sniff::Certain,
        Some(_) if named => Sniff::Certain,
        _ => Sniff::No,
    }
}

/// `SymInt` of the schema: a number, or a symbol that is none.
fn number(value: &Value) -> Option<u64> {
    value["as_int"].as_u64()
}

/// `Layout.Strided` of the schema.
const STRIDED: u64 = 7;

/// `ScalarType` of the schema.
fn dtype_of(code: u64) -> Option<Dtype> {
    Some(match code {
        1 => Dtype::U8,
        2 => Dtype::I8,
        3 => Dtype::I16,
        4 => Dtype::I32,
        5 => Dtype::I64,
        6 => Dtype::F16,
        7 => Dtype::F32,
        8 => Dtype::F64,
        10 => Dtype::C64,
        11 => Dtype::C128,
        12 => Dtype::Bool,
        13 => Dtype::Bf16,
        28 => Dtype::U16,
        29 => Dtype::F8E4m3,
        30 => Dtype::F8E5m2,
        31 => Dtype::F8E4m3Fnuz,
        32 => Dtype::F8E5m2Fnuz,
        _ => return None,
    })
}

fn open(input: &Input, limits: &Limits) -> Result<Checkpoint, Error> {
    let zip = Zip::open(input.data.clone(), limits)?;
    let mut checkpoint = Checkpoint::of_file(input, ROW.name, Vec::new(), Vec::new(), Vec::new());
    let mut has_weights = false;
    for member in zip.members() {
        let found = CONFIGS.iter().find(|(ending, folder)| {
            let stem = member.name.strip_suffix(ending);
            stem.is_some_and(|stem| stem.rfind('/').is_some_and(|at| stem[..=at].ends_with(folder)))
        });
        if found.is_some() {
            has_weights = true;
            add(&zip, member, limits, &mut checkpoint).map_err(|error| in_member(error, member))?;
        }
    }
    let older = OLDER.iter().filter_map(|name| zip.find(name));
    for member in older {
        has_weights = true;
        add_older(&zip, member, limits, &mut checkpoint)?;
    }
    if !has_weights {
        let message = "the archive holds no weights: there is neither \
                       data/weights/model_weights_config.json nor serialized_state_dict.pt";
        return Err(Error::new(ErrorKind::Unrecognised, message)
            .cure("save it with torch.export.save, or save its state_dict"));
    }
    for (name, key) in [("archive_version", "archive_version"), ("version", "schema_version")] {
        let is_it = |member: &&Member| {
            let rest = member.name.rsplit_once('/').map_or(&*member.name, |(_, rest)| rest);
            rest == name && !member.name.contains("/.data/")
        };
        if let Some(member) = zip.members().iter().find(is_it) {
            let text = zip.head(member, 64, limits)?;
            let text = String::from_utf8_lossy(&text).trim().to_owned();
            checkpoint.metadata.push((key.to_owned(), text));
        }
    }
    Ok(checkpoint)
}

/// Adds the tensors that one JSON member lists.
fn add(
    zip: &Zip,
    member: &Member,
    limits: &Limits,
    checkpoint: &mut Checkpoint,
) -> Result<(), Error> {
    let limit = limits.header_bytes.min(LONGEST);
    if member.size > limit {
        let message = format!("it has {} bytes, the limit is {limit}", member.size);
        return Err(Error::new(ErrorKind::Limit, message));
    }
    let bytes = zip.bytes(member, limits)?;
    let text = read_vec(&*bytes, 0, bytes.len())?;
    let mut config: Value = serde_json::from_slice(&text).map_err(|error| {
        let byte = json_byte(&text, &error);
        Error::malformed(format!("it is not as expected (byte {byte}): {}", json_fault(&error)))
    })?;
    let Value::Object(config) = config["config"].take() else {
        return Err(Error::malformed("it is not as expected: it has no config of names"));
    };
    if checkpoint.tensors.len() + config.len() > limits.tensors {
        let limit = limits.tensors;
        let message = format!("the archive has more tensors than the limit, {limit}");
        return Err(Error::new(ErrorKind::Limit, message));
    }
    let folder = member.name.rsplit_once('/').map_or("", |(folder, _)| folder);
    // Several tensors may share the bytes of one member.
    let mut opened: BTreeMap<String, Arc<dyn Bytes>> = BTreeMap::new();
    for (name, payload) in config {
        let path = format!("{folder}/{}", payload["path_name"].as_str().unwrap_or_default());
        let Some(stored) = zip.find(&path) else {
            let message = format!("its member {path:?} is not in the archive");
            return Err(Error::malformed(message)
                .for_tensor(name)
                .cure("the file is incomplete: download or save it again"));
        };
        let described = match (&payload["tensor_meta"], &payload["use_pickle"]) {
            (_, Value::Bool(true)) => {
                Err("it is pickled, as tensors of classes of their own are".to_owned())
            }
            (meta @ Value::Object(_), _) => describe(meta, limits),
            _ => Err("it is not a tensor".to_owned()),
        };
        let (dtype, view) = match described {
            Ok(described) => described,
            Err(why) => {
                let warning = Warning::about(name, format!("skipped: {why}"));
                checkpoint.warnings.push(warning);
                continue;
            }
        };
        let data = match opened.get(&path) {
            Some(data) => data.clone(),
            None => {
                let data = zip.bytes(stored, limits)?;
                opened.insert(path, data.clone());
                data
            }
        };
        let file = checkpoint.path.as_str();
        let tensor = Tensor::new(name, file, dtype, Endian::Little, view, 0, data)?;
        checkpoint.tensors.push(tensor);
    }
    Ok(())
}

/// The dtype and view that a tensor's entry gives, or why it is skipped.
fn describe(meta: &Value, limits: &Limits) -> Result<(Dtype, View), String> {
    let code = meta["dtype"].as_u64().unwrap_or_default();
    let dtype = dtype_of(code)
        .ok_or_else(|| format!("its dtype has the code {code}, which is not read"))?;
    if meta["layout"].as_u64() != Some(STRIDED) {
        return Err("it is sparse, or laid out by a library of its own".to_owned());
    }
    let (Some(sizes), Some(strides)) = (meta["sizes"].as_array(), meta["strides"].as_array())
    else {
        return Err("it has no sizes or no strides".to_owned());
    };
    if sizes.len() != strides.len() || sizes.len() > limits.axes {
        return Err(format!("it has {} axes and {} strides", sizes.len(), strides.len()));
    }
    let symbol = || "its shape is not fixed".to_owned();
    let sizes = sizes.iter().map(|size| usize::try_from(number(size)?).ok());
    let strides = strides.iter().map(|stride| i64::try_from(number(stride)?).ok());
    let view = View {
        shape: sizes.collect::<Option<_>>().ok_or_else(symbol)?,
        strides: strides.collect::<Option<_>>().ok_or_else(symbol)?,
        offset: number(&meta["storage_offset"]).ok_or_else(symbol)?,
    };
    Ok((dtype, view))
}

/// Adds the tensors of a member that is a file of `torch.save`.
fn add_older(
    zip: &Zip,
    member: &Member,
    limits: &Limits,
    checkpoint: &mut Checkpoint,
) -> Result<(), Error> {
    let data = zip.bytes(member, limits)?;
    let name = format!("{}/{}", checkpoint.path, member.name);
    let inner = Input { name, path: None, data };
    let opened = (pytorch::ROW.open)(&inner, limits).map_err(|error| in_member(error, member))?;
    let known: std::collections::BTreeSet<String> =
        checkpoint.tensors.iter().map(|tensor| tensor.name().to_owned()).collect();
    let new = opened.tensors.into_iter().filter(|tensor| !known.contains(tensor.name()));
    checkpoint.tensors.extend(new);
    checkpoint.warnings.extend(opened.warnings);
    Ok(())
}

/// Names the member; bytes in it are not bytes of the file.
fn in_member(error: Error, member: &Member) -> Error {
    let message = match error.byte() {
        Some(byte) => format!("at byte {byte} of {:?}: {}", member.name, error.message()),
        None => error.message().to_owned(),
    };
    let told = Error::new(error.kind(), message).for_tensor(error.tensor().unwrap_or(&member.name));
    match error.cure_text() {
        Some(cure) => told.cure(cure),
        None => told,
    }
}
