//! From a pickle's root to its arrays, each under the name of the way that leads to it.

use std::collections::HashMap;
use std::rc::Rc;

use hinton_tensor::Tensor;

use super::reader::{Leaf, Reader};
use super::{known, metadata, numbers, numpy};
use crate::container::pickle::{How, Id, Node, Object, Pickle};
use crate::formats::notes;
use crate::formats::pytorch::composite::{self, PartName};
use crate::{Error, ErrorKind, Warning};

/// What a pickle holds.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) tensors: Vec<Tensor>,
    pub(crate) metadata: Vec<(String, String)>,
    pub(crate) warnings: Vec<Warning>,
    /// Why the first array that is not shown is not.
    pub(crate) first_skipped: Option<Error>,
}

/// A part of a container, and how it is named there.
#[derive(Clone, Copy)]
pub(super) enum Label {
    /// By its position.
    Index(usize),
    /// By a key.
    Key(Id),
    /// By a word of ours.
    Word(&'static str),
    /// Not at all: it is the container itself in another guise.
    Same,
}

/// How often the same arrays may be reached on different ways, on average, past a few.
const SHARING: usize = 16;

/// Finds every array below the root; a lone one is called `root_name`. Then the metadata, and one
/// warning for the classes and functions that were not loaded.
///
/// # Errors
/// Returns an error if the file lies about an array, or nests, repeats or holds more than the
/// limits allow.
pub(crate) fn walk(reader: &mut Reader<'_>, root_name: &str) -> Result<Found, Error> {
    let mut effort = Effort::of(reader);
    let map = Map::of(reader, &mut effort)?;
    let mut walker = Walker {
        found: Found::default(),
        count: 0,
        name_bytes: 0,
        effort,
        most: 1000 + SHARING * map.leaves,
        sorted: HashMap::new(),
        map,
        root_name,
    };
    walker.run(reader)?;
    let Walker { mut found, map, .. } = walker;
    notes::distinct(&mut found.tensors, &mut found.warnings);
    metadata::collect(reader, &map, &mut found)?;
    known::warn(reader.pickle, &mut found);
    Ok(found)
}

/// How much may still be looked at. Parts can be shared, so a short pickle can describe a long way.
struct Effort {
    left: u64,
}

impl Effort {
    fn of(reader: &Reader<'_>) -> Effort {
        let size = reader.pickle.len() as u64 + reader.data.len();
        Effort { left: (1 << 16) + 64 * size }
    }

    fn spend(&mut self, count: usize) -> Result<(), Error> {
        self.left = self.left.checked_sub(count as u64).ok_or_else(|| {
            Error::new(ErrorKind::Limit, "the pickle's parts are shared too often to be listed")
        })?;
        Ok(())
    }
}

/// Where arrays are: found once for every node, so that no way without them is walked.
pub(super) struct Map {
    /// Per node: whether an array is at it or below it.
    holds: Vec<bool>,
    pub(super) lists: numbers::Shapes,
    leaves: usize,
}

impl Map {
    pub(super) fn holds(&self, id: Id) -> bool {
        self.holds[id.index()]
    }

    fn of(reader: &Reader<'_>, effort: &mut Effort) -> Result<Map, Error> {
        let pickle = reader.pickle;
        let mut map =
            Map { holds: vec![false; pickle.len()], lists: numbers::Shapes::default(), leaves: 0 };
        let mut seen = vec![false; pickle.len()];
        let mut open: Vec<(Id, std::vec::IntoIter<Id>)> = Vec::new();
        let mut next = Some(pickle.root());
        loop {
            if let Some(id) = next.take() {
                seen[id.index()] = true;
                let parts = if reader.is_leaf(id) {
                    map.holds[id.index()] = true;
                    map.leaves += 1;
                    Vec::new()
                } else {
                    parts(pickle, id).into_iter().map(|(_, part)| part).collect()
                };
                effort.spend(parts.len())?;
                open.push((id, parts.into_iter()));
            }
            let Some((id, rest)) = open.last_mut() else { return Ok(map) };
            match rest.next() {
                Some(part) if !seen[part.index()] => next = Some(part),
                Some(part) => {
                    let holds = map.holds[part.index()];
                    map.holds[id.index()] |= holds;
                }
                None => {
                    let id = *id;
                    open.pop();
                    // One that has no tensor among its parts is named all the same.
                    if let Some((object, _)) = pickle.object(id)
                        && composite::is_composite(pickle, object)
                    {
                        map.holds[id.index()] = true;
                        map.leaves += 1;
                    }
                    if reader.lists_are_arrays {
                        map.lists.note(reader, id);
                    }
                    // A tuple of numbers is a setting (a shape, a pair), a list is data.
                    if matches!(pickle.node(id), Node::List(_)) && map.lists.is_array(id) {
                        map.holds[id.index()] = true;
                        map.leaves += 1;
                    }
                    if let Some((parent, _)) = open.last() {
                        let holds = map.holds[id.index()];
                        map.holds[parent.index()] |= holds;
                    }
                }
            }
        }
    }

    /// Whether a node is itself an array, or a list of numbers that is one.
    pub(super) fn is_leaf(&self, reader: &Reader<'_>, id: Id) -> bool {
        reader.is_leaf(id)
            || (matches!(reader.pickle.node(id), Node::List(_)) && self.lists.is_array(id))
    }
}

struct Walker<'r> {
    found: Found,
    map: Map,
    /// Arrays found, and bytes of their names.
    count: usize,
    name_bytes: u64,
    effort: Effort,
    /// Most arrays that may be found.
    most: usize,
    /// The parts that lead to arrays, for containers that were entered: one that is reached on many
    /// ways is sorted out once.
    sorted: HashMap<usize, Rc<[(Label, Id)]>>,
    root_name: &'r str,
}

/// A container on the way: its parts still to come, and the length of its own name.
struct Frame {
    id: Id,
    parts: Rc<[(Label, Id)]>,
    next: usize,
    name_len: usize,
}

impl Walker<'_> {
    fn run(&mut self, reader: &mut Reader<'_>) -> Result<(), Error> {
        let pickle = reader.pickle;
        let root = pickle.root();
        if self.map.is_leaf(reader, root) {
            return self.leaf(reader, root, self.root_name.to_owned());
        }
        let mut name = reader.prefix.to_owned();
        let mut on_way = vec![false; pickle.len()];
        let mut way = Vec::new();
        self.note(reader, root, self.root_name)?;
        self.enter(pickle, root, name.len(), &mut way, &mut on_way)?;
        while let Some(frame) = way.last_mut() {
            let Some(&(label, part)) = frame.parts.get(frame.next) else {
                on_way[frame.id.index()] = false;
                way.pop();
                continue;
            };
            frame.next += 1;
            name.truncate(frame.name_len);
            push_label(&mut name, pickle, label);
            if self.map.is_leaf(reader, part) {
                let name = if name.is_empty() { self.root_name } else { &name };
                self.leaf(reader, part, name.to_owned())?;
            } else if !on_way[part.index()] {
                let limit = reader.limits.depth;
                if way.len() >= limit {
                    return Err(Error::new(
                        ErrorKind::Limit,
                        format!("the pickle nests more than {limit} containers"),
                    ));
                }
                self.note(reader, part, &name)?;
                self.enter(pickle, part, name.len(), &mut way, &mut on_way)?;
            }
        }
        Ok(())
    }

    fn enter(
        &mut self,
        pickle: &Pickle<'_>,
        id: Id,
        name_len: usize,
        way: &mut Vec<Frame>,
        on_way: &mut [bool],
    ) -> Result<(), Error> {
        let parts = match self.sorted.get(&id.index()) {
            Some(parts) => parts.clone(),
            None => {
                let mut found = last_of_each_key(pickle, parts(pickle, id), &mut self.effort)?;
                found.retain(|(_, part)| self.map.holds(*part));
                let found: Rc<[(Label, Id)]> = found.into();
                self.sorted.insert(id.index(), found.clone());
                found
            }
        };
        self.effort.spend(1)?;
        on_way[id.index()] = true;
        way.push(Frame { id, parts, next: 0, name_len });
        Ok(())
    }

    /// Says what a tensor is that is listed as its parts.
    fn note(&mut self, reader: &Reader<'_>, id: Id, name: &str) -> Result<(), Error> {
        let Some(note) = composite::note(reader.pickle, id) else { return Ok(()) };
        let name = if name.is_empty() { self.root_name } else { name };
        self.admit(reader, name)?;
        self.found.warnings.push(Warning::about(name, note));
        Ok(())
    }

    /// Counts something that gets a name of its own.
    fn admit(&mut self, reader: &Reader<'_>, name: &str) -> Result<(), Error> {
        self.name_bytes += name.len() as u64;
        let most = self.most.min(reader.limits.tensors);
        if self.count >= most || self.name_bytes > reader.limits.header_bytes {
            return Err(Error::new(
                ErrorKind::Limit,
                format!("the pickle leads to more than {} arrays by its names", self.count),
            ));
        }
        self.count += 1;
        Ok(())
    }

    fn leaf(&mut self, reader: &mut Reader<'_>, id: Id, name: String) -> Result<(), Error> {
        self.admit(reader, &name)?;
        let mut leaf = reader.build(id, &name);
        // A parameter stands for its tensor; a chain of them would be made by hand.
        for _ in 0..4 {
            match leaf {
                Ok(Leaf::Alias(other)) if reader.is_leaf(other) => {
                    leaf = reader.build(other, &name);
                }
                _ => break,
            }
        }
        match leaf.map_err(|error| error.for_tensor(&name))? {
            Leaf::Tensor(tensor, note) => {
                self.found.tensors.push(tensor);
                if let Some(note) = note {
                    self.found.warnings.push(Warning::about(&name, note));
                }
            }
            Leaf::Alias(other) => {
                let kind = reader.pickle.kind(other);
                let message = format!("a tensor made of {kind}: not read");
                self.found.warnings.push(Warning::about(&name, message));
            }
            Leaf::Skipped(error) => {
                self.found.warnings.push(Warning::about(&name, error.message()));
                self.found.first_skipped.get_or_insert_with(|| error.for_tensor(&name));
            }
        }
        Ok(())
    }
}

/// Longest key of a dictionary, as text. A long one that stands once in a file may be a key, or a part
/// of one, any number of times.
const LONGEST_KEY: usize = 1 << 16;

fn push_label(name: &mut String, pickle: &Pickle<'_>, label: Label) {
    let text = match label {
        Label::Same => return,
        Label::Index(index) => index.to_string(),
        Label::Key(key) => key_text(pickle, key, LONGEST_KEY),
        Label::Word(word) => word.to_owned(),
    };
    if !name.is_empty() {
        name.push('.');
    }
    name.push_str(&text);
}

/// A dictionary's key as a part of a name: as is for text, else as Python prints it. Texts in it
/// are cut to `most` bytes.
pub(super) fn key_text(pickle: &Pickle<'_>, key: Id, most: usize) -> String {
    if let Some((text, _)) = pickle.text_start(key, most) {
        return text.into_owned();
    }
    match pickle.node(key) {
        Node::Int(value) => value.to_string(),
        Node::Float(value) => format!("{value:?}"),
        Node::Bool(true) => "True".to_owned(),
        Node::Bool(false) => "False".to_owned(),
        Node::None => "None".to_owned(),
        Node::Bytes(blob) => {
            let bytes = pickle.blob(blob);
            String::from_utf8_lossy(&bytes[..bytes.len().min(most)]).into_owned()
        }
        Node::Tuple(items) if items.len() <= 16 => {
            let parts: Vec<String> = items
                .iter()
                .map(|&item| match pickle.node(item) {
                    Node::Tuple(_) => "(…)".to_owned(),
                    _ => key_text(pickle, item, most),
                })
                .collect();
            format!("({})", parts.join(", "))
        }
        Node::Global(_) => pickle.global(key).map_or(String::new(), |global| global.shown()),
        _ => pickle.kind(key).to_owned(),
    }
}

/// Where a key comes twice, Python keeps the first one's place and the last one's value.
fn last_of_each_key(
    pickle: &Pickle<'_>,
    parts: Vec<(Label, Id)>,
    effort: &mut Effort,
) -> Result<Vec<(Label, Id)>, Error> {
    effort.spend(parts.len())?;
    let mut places: HashMap<(bool, String), usize> = HashMap::new();
    let mut out: Vec<(Label, Id)> = Vec::with_capacity(parts.len());
    for (label, part) in parts {
        if let Label::Key(key) = label {
            let is_text = pickle.text(key).is_some();
            let text = key_text(pickle, key, LONGEST_KEY + 1);
            if text.len() > LONGEST_KEY {
                let message =
                    format!("a key of a dictionary has more than {LONGEST_KEY} bytes, the limit");
                return Err(Error::new(ErrorKind::Limit, message));
            }
            effort.spend(text.len())?;
            let place = *places.entry((is_text, text)).or_insert(out.len());
            if let Some(old) = out.get_mut(place) {
                old.1 = part;
                continue;
            }
        }
        out.push((label, part));
    }
    Ok(out)
}

/// What a node contains, as far as the pickle itself says it: no call is guessed at.
pub(super) fn parts(pickle: &Pickle<'_>, id: Id) -> Vec<(Label, Id)> {
    match pickle.node(id) {
        Node::List(items) => indexed(items),
        Node::Tuple(items) | Node::FrozenSet(items) => indexed(items),
        Node::Set(items) => indexed(items),
        Node::Dict(pairs) => keyed(pairs),
        Node::Object(object) => object_parts(pickle, object),
        _ => Vec::new(),
    }
}

fn indexed(items: &[Id]) -> Vec<(Label, Id)> {
    items.iter().enumerate().map(|(index, &item)| (Label::Index(index), item)).collect()
}

fn keyed(pairs: &[(Id, Id)]) -> Vec<(Label, Id)> {
    pairs.iter().map(|&(key, value)| (Label::Key(key), value)).collect()
}

fn object_parts(pickle: &Pickle<'_>, object: &Object) -> Vec<(Label, Id)> {
    if let Some(parts) = composite::parts(pickle, object) {
        let label = |name| match name {
            PartName::Whole => Label::Same,
            PartName::Word(word) => Label::Word(word),
            PartName::Attribute(key) => Label::Key(key),
        };
        return parts.into_iter().map(|(name, part)| (label(name), part)).collect();
    }
    let args = pickle.args(object);
    if let Some((items, shape)) = numpy::objects(pickle, object) {
        // One object is the object; a row of them may be a row of numbers.
        return match (shape, items) {
            ([], [only]) => vec![(Label::Same, *only)],
            ([_], _) => object_list(pickle, object),
            _ => indexed(items),
        };
    }
    let mut out = match pickle.global_name(object.callable) {
        // Python 2 gives an OrderedDict its pairs as an argument.
        Some(("collections", "OrderedDict")) => args
            .first()
            .and_then(|&pairs| pickle.sequence(pairs))
            .unwrap_or(&[])
            .iter()
            .filter_map(|&pair| match pickle.sequence(pair) {
                Some(&[key, value]) => Some((Label::Key(key), value)),
                _ => None,
            })
            .collect(),
        // Parameters and variables before torch 0.4: the tensor first.
        Some(
            ("torch.nn.parameter", "Parameter" | "Buffer")
            | ("torch.autograd.variable" | "torch.autograd", "Variable"),
        ) => args.first().map(|&data| vec![(Label::Same, data)]).unwrap_or_default(),
        // A subclass of dict, list or tuple before protocol 2: class, base, contents.
        Some(("copy_reg" | "copyreg", "_reconstructor")) => match args {
            [_, _, contents] => vec![(Label::Same, *contents)],
            _ => Vec::new(),
        },
        Some(("array", "array")) => match args {
            [_, list] => vec![(Label::Same, *list)],
            _ => Vec::new(),
        },
        // Paddle writes a tensor as a pair of its name and its values.
        Some(("builtins" | "__builtin__", "tuple")) if pair(pickle, args).is_some() => {
            pair(pickle, args).map(|values| (Label::Same, values)).into_iter().collect()
        }
        Some(("builtins" | "__builtin__", "list" | "tuple" | "dict" | "set" | "frozenset")) => {
            args.iter().map(|&arg| (Label::Same, arg)).collect()
        }
        Some(("torch.jit._pickle", name)) if name.starts_with("build_") => {
            args.iter().map(|&arg| (Label::Same, arg)).collect()
        }
        // Named tuples: `__new__` gets the fields.
        _ if object.how == How::New => indexed(args),
        // Arrays of many libraries are calls with one of numpy's among the arguments (CuPy, Theano,
        // Flax's FrozenDict): the call is not made, what it is given is shown.
        _ => arguments(pickle, args),
    };
    if let Some(Node::Dict(pairs)) = object.kwargs.map(|kwargs| pickle.node(kwargs)) {
        out.extend(keyed(pairs));
    }
    for &state in &object.state {
        out.extend(state_parts(pickle, state));
    }
    out.extend(indexed(&object.items));
    out.extend(keyed(&object.pairs));
    out
}

/// The arguments of a call that is not made; where only one can hold anything, it stands for all.
fn arguments(pickle: &Pickle<'_>, args: &[Id]) -> Vec<(Label, Id)> {
    let holds = |id: &&Id| {
        let node = pickle.node(**id);
        let sequence = matches!(node, Node::List(_) | Node::Tuple(_) | Node::Set(_));
        sequence || matches!(node, Node::Dict(_) | Node::Object(_) | Node::FrozenSet(_))
    };
    let mut holding = args.iter().filter(holds);
    match (holding.next(), holding.next()) {
        (Some(only), None) => vec![(Label::Same, *only)],
        _ => indexed(args),
    }
}

/// The second part of `tuple((text, values))`.
fn pair(pickle: &Pickle<'_>, args: &[Id]) -> Option<Id> {
    let [inner] = args else { return None };
    match *pickle.sequence(*inner)? {
        [name, values] if pickle.text_start(name, 1).is_some() => Some(values),
        _ => None,
    }
}

/// The list in the state of an array of objects.
fn object_list(pickle: &Pickle<'_>, object: &Object) -> Vec<(Label, Id)> {
    // Of joblib the array is an item.
    if let Some(&inner) = object.items.first() {
        return vec![(Label::Same, inner)];
    }
    let state = object.state.last().and_then(|&state| pickle.sequence(state));
    state.and_then(|state| state.last()).map(|&list| (Label::Same, list)).into_iter().collect()
}

/// The attributes that a state sets: a dict, or a pair of a dict and one for slots.
fn state_parts(pickle: &Pickle<'_>, state: Id) -> Vec<(Label, Id)> {
    match pickle.node(state) {
        Node::Dict(pairs) => attributes(pickle, pairs),
        Node::Tuple(items) => match **items {
            [first, second] if is_dict_or_none(pickle, first) && is_dict(pickle, second) => {
                [first, second].into_iter().flat_map(|half| state_parts(pickle, half)).collect()
            }
            _ => indexed(items),
        },
        Node::List(_) | Node::Object(_) => vec![(Label::Same, state)],
        _ => Vec::new(),
    }
}

fn is_dict(pickle: &Pickle<'_>, id: Id) -> bool {
    matches!(pickle.node(id), Node::Dict(_))
}

fn is_dict_or_none(pickle: &Pickle<'_>, id: Id) -> bool {
    matches!(pickle.node(id), Node::Dict(_) | Node::None)
}

/// Attributes under their names, except the three dictionaries in which `torch.nn.Module` keeps
/// what people call `0.weight`.
fn attributes(pickle: &Pickle<'_>, pairs: &[(Id, Id)]) -> Vec<(Label, Id)> {
    pairs
        .iter()
        .map(|&(key, value)| {
            let name = pickle.text(key);
            match name.as_deref() {
                Some("_parameters" | "_buffers" | "_modules") => (Label::Same, value),
                _ => (Label::Key(key), value),
            }
        })
        .collect()
}
