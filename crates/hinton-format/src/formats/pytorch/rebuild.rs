//! The functions of `torch._utils` that rebuild tensors, as facts about where their values lie.

use std::sync::Arc;

use hinton_tensor::{Bytes, Endian, View};

use super::dtype::{self, Element};
use super::legacy;
use super::signs::{Signs, Turned};
use crate::container::pickle::{Id, Node, Object, Pickle};
use crate::formats::unpickle::{Leaf, Nested, Placed, Raw, Reader, Stored};
use crate::source::Part;
use crate::{Error, ErrorKind};

/// Longest key of a storage; torch's are numbers.
const KEY_BYTES: usize = 1024;

/// Whether a callable makes a tensor, one that is read or one that is named as not read.
pub(super) fn is_tensor(module: &str, name: &str) -> bool {
    match module {
        "torch._utils" => name.starts_with("_rebuild_"),
        "torch._tensor" => matches!(name, "_rebuild_from_type" | "_rebuild_from_type_v2"),
        "torch.storage" => name == "_load_from_bytes",
        _ => false,
    }
}

/// The tensor of a call for which [`is_tensor`] holds.
pub(super) fn build(
    reader: &mut Reader<'_>,
    object: &Object,
    function: &str,
    name: &str,
) -> Result<Leaf, Error> {
    let pickle = reader.pickle;
    let args = pickle.args(object);
    match (function, args) {
        // (function, class, arguments, state): a tensor of a subclass, or with attributes.
        ("_rebuild_from_type" | "_rebuild_from_type_v2", [inner, _, inner_args, ..]) => {
            match (pickle.global_name(*inner), pickle.sequence(*inner_args)) {
                (Some(("torch._utils", inner)), Some(args)) => rebuild(reader, inner, args, name),
                _ => Ok(Leaf::unsupported(format!(
                    "a tensor made by {}: not read",
                    pickle.global(*inner).map_or("something".to_owned(), |inner| inner.shown())
                ))),
            }
        }
        _ => rebuild(reader, function, args, name),
    }
}

/// The tensor that a persistent id stands for, where the file keeps tensors beside the pickle.
fn placed(reader: &Reader<'_>, id: Id) -> Result<Option<Placed>, Error> {
    let (Some(storages), Node::Persid(key)) = (reader.storages, reader.pickle.node(id)) else {
        return Ok(None);
    };
    match number_key(reader.pickle, *key) {
        Some(key) => storages.tensor(&key),
        None => Ok(None),
    }
}

/// A storage that no tensor is made of, as a row of its elements.
pub(super) fn lone_storage(
    reader: &mut Reader<'_>,
    storage: Id,
    name: &str,
) -> Result<Leaf, Error> {
    if let Some(placed) = placed(reader, storage)? {
        let Placed { dtype, view, stored, note } = placed;
        let part = Part::new(stored.data, stored.start, stored.len)?;
        let raw = Raw { data: Arc::new(part), start: 0, len: stored.len };
        let tensor = reader.tensor(name, (dtype, Endian::Little), view, &raw)?;
        return Ok(Leaf::Tensor(tensor, note));
    }
    let reference = match Reference::of(reader, storage)? {
        Ok(reference) => reference,
        Err(why) => return Ok(Leaf::unsupported(why)),
    };
    let dtype = reference.element.dtype();
    let count = reference.len / reference.element.bytes() * reference.element.values();
    let count = usize::try_from(count)
        .map_err(|_| Error::malformed("its storage has an impossible number of elements"))?;
    let raw = reference.bytes(reader, count == 0)?;
    let endian = reader.storages.map(|storages| storages.endian()).unwrap_or_default();
    let tensor = reader.tensor(name, (dtype, endian), View::packed(&[count]), &raw)?;
    Ok(Leaf::Tensor(tensor, Some("a storage without a shape, shown as a row".to_owned())))
}

fn rebuild(
    reader: &mut Reader<'_>,
    function: &str,
    args: &[Id],
    name: &str,
) -> Result<Leaf, Error> {
    match (function, args) {
        ("_rebuild_tensor" | "_rebuild_tensor_v2", [storage, offset, size, stride, rest @ ..]) => {
            let metadata = rest.get(2).copied();
            strided(reader, name, *storage, None, [*offset, *size, *stride], metadata)
        }
        ("_rebuild_tensor_v3", [storage, offset, size, stride, _, _, dtype, rest @ ..]) => {
            let metadata = rest.first().copied();
            strided(reader, name, *storage, Some(*dtype), [*offset, *size, *stride], metadata)
        }
        ("_rebuild_qtensor", [storage, offset, size, stride, quantiser, ..]) => {
            let note = quantiser_note(reader, *quantiser);
            let leaf = strided(reader, name, *storage, None, [*offset, *size, *stride], None)?;
            Ok(match leaf {
                Leaf::Tensor(tensor, _) => Leaf::Tensor(tensor, Some(note)),
                other => other,
            })
        }
        (
            "_rebuild_parameter"
            | "_rebuild_parameter_with_state"
            | "_rebuild_device_tensor_from_numpy"
            | "_rebuild_device_tensor_from_cpu_tensor"
            | "_rebuild_xla_tensor",
            [data, ..],
        ) => Ok(Leaf::Alias(*data)),
        ("_rebuild_sparse_tensor" | "_rebuild_sparse_csr_tensor", _) => {
            Ok(Leaf::unsupported("a sparse tensor: not read"))
        }
        ("_rebuild_nested_tensor", _) => Ok(Leaf::unsupported("a nested tensor: not read")),
        ("_rebuild_meta_tensor_no_storage", _) => {
            Ok(Leaf::unsupported("a tensor on the meta device: it has a shape and no values"))
        }
        _ => Ok(Leaf::unsupported(format!("a tensor made by {function}: not read"))),
    }
}

/// A strided view of a storage: offset, size and stride count elements.
fn strided(
    reader: &mut Reader<'_>,
    name: &str,
    storage: Id,
    dtype: Option<Id>,
    [offset, size, stride]: [Id; 3],
    metadata: Option<Id>,
) -> Result<Leaf, Error> {
    let pickle = reader.pickle;
    let source = match nested(reader, storage)? {
        Some(nested) => Source::Nested(nested),
        None => match Reference::of(reader, storage)? {
            Ok(reference) => Source::Outside(reference),
            Err(why) => return Ok(Leaf::unsupported(why)),
        },
    };
    let element = match dtype.map(|dtype| (dtype, pickle.global_name(dtype))) {
        None => source.element(),
        Some((dtype, global)) => {
            let known = global.and_then(|(module, name)| dtype::of_dtype(module, name));
            let Some(element) = known else {
                let shown = pickle.global(dtype).map_or("unknown".to_owned(), |g| g.shown());
                return Ok(Leaf::unsupported(format!("a tensor of dtype {shown}: not read")));
            };
            element
        }
    };
    let offset = pickle
        .int(offset)
        .and_then(|offset| u64::try_from(offset).ok())
        .ok_or_else(|| Error::malformed("its storage offset is not a whole number from 0"))?;
    let shape = reader.shape(size, "size")?;
    let strides = reader
        .integers(stride, "stride")?
        .into_iter()
        .map(|stride| {
            i64::try_from(stride)
                .map_err(|_| Error::malformed(format!("its stride holds {stride}")))
        })
        .collect::<Result<Vec<i64>, Error>>()?;
    if shape.len() != strides.len() {
        return Err(Error::malformed(format!("size {shape:?} and stride {strides:?} do not fit")));
    }
    let mut view = View { shape, strides, offset };
    if element == Element::PairsOfF4 {
        match pairs(view) {
            Some(whole) => view = whole,
            None => return Ok(Leaf::unsupported("a strided tensor of 4-bit floats: not read")),
        }
    }
    if view.elements() == 0 {
        // An empty tensor's storage may be missing, and its offset may be anything.
        view.offset = 0;
    }
    let mut raw = source.bytes(reader, view.elements() == 0)?;
    let endian = reader.storages.map(|storages| storages.endian()).unwrap_or_default();
    let (negative, conjugate) = (is_set(reader, metadata, "neg"), is_set(reader, metadata, "conj"));
    let dtype = element.dtype();
    if let Some(signs) = Signs::of(dtype, endian, negative, conjugate) {
        raw.data = Arc::new(Turned { data: raw.data, start: raw.start, signs });
    } else if negative {
        return Ok(Leaf::unsupported(format!("a negated view of {dtype}: not read")));
    }
    let tensor = reader.tensor(name, (dtype, endian), view, &raw)?;
    Ok(Leaf::Tensor(tensor, None))
}

/// The view of a packed tensor whose elements hold two values each.
fn pairs(view: View) -> Option<View> {
    if !view.is_packed() || view.offset != 0 {
        return None;
    }
    let mut shape = view.shape;
    let last = shape.last_mut()?;
    *last = last.checked_mul(2)?;
    Some(View::packed(&shape))
}

/// Whether the tensor's metadata has a bit set.
fn is_set(reader: &Reader<'_>, metadata: Option<Id>, bit: &str) -> bool {
    let pickle = reader.pickle;
    let Some(Node::Dict(pairs)) = metadata.map(|metadata| pickle.node(metadata)) else {
        return false;
    };
    pairs.iter().take(16).any(|(key, value)| {
        matches!(pickle.node(*value), Node::Bool(true))
            && pickle.text_start(*key, 16).is_some_and(|(key, _)| key == bit)
    })
}

/// How the integers of a quantised tensor are meant.
fn quantiser_note(reader: &Reader<'_>, quantiser: Id) -> String {
    let pickle = reader.pickle;
    let parts = pickle.sequence(quantiser).unwrap_or(&[]);
    let number = |id: &Id| match pickle.node(*id) {
        Node::Float(value) => Some(format!("{value:?}")),
        Node::Int(value) => Some(value.to_string()),
        _ => None,
    };
    let how = match parts {
        [_, scale, zero] => match (number(scale), number(zero)) {
            (Some(scale), Some(zero)) => format!(", scale {scale}, zero point {zero}"),
            _ => String::new(),
        },
        _ => ", a scale for each channel".to_owned(),
    };
    format!("quantised{how}: the stored integers are shown")
}

/// Where a tensor's storage lies.
enum Source {
    /// In the same pickle.
    Nested(Nested),
    /// Elsewhere in the file.
    Outside(Reference),
}

impl Source {
    fn element(&self) -> Element {
        match self {
            Source::Nested(nested) => Element::Plain(nested.dtype),
            Source::Outside(reference) => reference.element,
        }
    }

    fn bytes(&self, reader: &Reader<'_>, is_empty: bool) -> Result<Raw, Error> {
        match self {
            Source::Nested(Nested { stored, .. }) => {
                let part = Part::new(stored.data.clone(), stored.start, stored.len)?;
                Ok(Raw { data: Arc::new(part), start: 0, len: stored.len })
            }
            Source::Outside(reference) => reference.bytes(reader, is_empty),
        }
    }
}

/// The storage of `torch.storage._load_from_bytes(bytes)`, as plain pickles hold it: the bytes are
/// a torch file of their own. `None` where the storage is something else.
fn nested(reader: &mut Reader<'_>, storage: Id) -> Result<Option<Nested>, Error> {
    let pickle = reader.pickle;
    let Some((object, Some(("torch.storage", "_load_from_bytes")))) = pickle.object(storage) else {
        return Ok(None);
    };
    let bytes = match pickle.args(object) {
        [bytes] => reader.raw(*bytes)?,
        _ => None,
    };
    let Some(raw) = bytes else {
        return Err(Error::malformed("its storage is made of no bytes"));
    };
    let place = raw.place();
    if let Some(known) = reader.nested.get(&place) {
        return Ok(Some(known.clone()));
    }
    let part: Arc<dyn Bytes> = Arc::new(Part::new(raw.data, raw.start, raw.len)?);
    let nested = legacy::lone_storage(&part, &reader.limits).map_err(|error| {
        Error::new(error.kind(), format!("in its storage: {}", error.message()))
    })?;
    reader.nested.insert(place, nested.clone());
    Ok(Some(nested))
}

/// The key of a storage: a short text.
pub(super) fn storage_key(pickle: &Pickle<'_>, key: Id) -> Option<String> {
    let (text, len) = pickle.text_start(key, KEY_BYTES)?;
    (len <= KEY_BYTES).then(|| text.into_owned())
}

/// The key of a tensor or storage of the files that count them by address.
pub(super) fn number_key(pickle: &Pickle<'_>, key: Id) -> Option<String> {
    match pickle.int(key) {
        Some(number) => Some(number.to_string()),
        None => pickle.text_start(key, 64).filter(|(_, len)| *len <= 64).map(|(key, _)| key.into()),
    }
}

/// A reference to a storage: `('storage', class, key, location, numel[, view])`.
struct Reference {
    element: Element,
    key: String,
    /// Bytes the pickle says it has.
    len: u64,
    /// Bytes before it, where it is a view of another storage (files before torch 1.6).
    skip: u64,
}

impl Reference {
    /// `Ok(Err(why))` where it is well-formed and not read.
    fn of(reader: &Reader<'_>, storage: Id) -> Result<Result<Reference, String>, Error> {
        let pickle = reader.pickle;
        let Node::Persid(id) = pickle.node(storage) else {
            return Ok(Err(format!("a tensor over {}: not read", pickle.kind(storage))));
        };
        let parts = pickle.sequence(*id).unwrap_or(&[]);
        let [tag, class, key, _, numel, rest @ ..] = parts else {
            return Ok(Err("a tensor whose storage is named in an unknown way".to_owned()));
        };
        if pickle.text(*tag).as_deref() != Some("storage") {
            return Ok(Err("a tensor whose storage is named in an unknown way".to_owned()));
        }
        let Some(class) = pickle.global(*class) else {
            return Err(Error::malformed("its storage has no class"));
        };
        let Some(element) = dtype::of_storage(&class.module, &class.name) else {
            return Ok(Err(format!("a tensor over {}: not read", class.shown())));
        };
        let count = pickle.int(*numel).and_then(|count| u64::try_from(count).ok());
        let Some(len) = count.and_then(|count| count.checked_mul(element.bytes())) else {
            return Err(Error::malformed("its storage has an impossible number of elements"));
        };
        let Some(key) = storage_key(pickle, *key) else {
            return Err(Error::malformed("its storage has no key"));
        };
        let mut reference = Reference { element, key, len, skip: 0 };
        if let Some(&[_, offset, count]) = rest.first().and_then(|&view| pickle.sequence(view)) {
            let bytes = |id: Id| {
                let count = u64::try_from(pickle.int(id)?).ok()?;
                count.checked_mul(element.bytes())
            };
            let (Some(skip), Some(len)) = (bytes(offset), bytes(count)) else {
                return Err(Error::malformed("its storage is an impossible view of another"));
            };
            reference.skip = skip;
            reference.len = len;
        }
        Ok(Ok(reference))
    }

    /// Its bytes, checked to be as many as the pickle says.
    fn bytes(&self, reader: &Reader<'_>, is_empty: bool) -> Result<Raw, Error> {
        let found = match reader.storages {
            Some(storages) => storages.find(&self.key),
            None => Err(Error::new(
                ErrorKind::Unsupported,
                "the pickle refers to storages in other files: it is a part of a torch file",
            )
            .cure("open the .pt file it was taken from")),
        };
        let Stored { data, start, len, name } = match found {
            Err(_) if is_empty && self.len == 0 => return Ok(Raw::empty()),
            other => other?,
        };
        if self.skip.checked_add(self.len).is_none_or(|end| end > len) {
            return Err(Error::malformed(format!(
                "its storage {name} should have {} bytes from byte {}, it has {len} in all",
                self.len, self.skip
            ))
            .cure("the file is cut short or damaged: download or copy it again"));
        }
        let part = Part::new(data, start + self.skip, self.len)?;
        Ok(Raw { data: Arc::new(part), start: 0, len: self.len })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_of_f4_double_the_last_axis() {
        assert_eq!(pairs(View::packed(&[3, 2])), Some(View::packed(&[3, 4])));
        let transposed = View { shape: vec![2, 3], strides: vec![1, 2], offset: 0 };
        assert_eq!(pairs(transposed), None);
        assert_eq!(pairs(View::packed(&[])), None);
    }
}
