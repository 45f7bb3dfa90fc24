//! From a pickle's root to its arrays, each under the name of the way that leads to it.

use std::collections::HashMap;
use std::rc::Rc;

use hinton_tensor::Tensor;

use super::parts::{Label, parts};
use super::reader::{Leaf, Reader};
use super::{known, library, metadata, numbers};
use crate::container::pickle::{Id, Node, Pickle};
use crate::formats::notes;
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
    known::warn(reader.pickle, reader.libraries, &mut found);
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
                    parts(reader, id).into_iter().map(|(_, part)| part).collect()
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
                        && library::is_composite(reader.libraries, pickle, object)
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
        self.enter(reader, root, name.len(), &mut way, &mut on_way)?;
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
                self.enter(reader, part, name.len(), &mut way, &mut on_way)?;
            }
        }
        Ok(())
    }

    fn enter(
        &mut self,
        reader: &Reader<'_>,
        id: Id,
        name_len: usize,
        way: &mut Vec<Frame>,
        on_way: &mut [bool],
    ) -> Result<(), Error> {
        let pickle = reader.pickle;
        let parts = match self.sorted.get(&id.index()) {
            Some(parts) => parts.clone(),
            None => {
                let mut found = last_of_each_key(pickle, parts(reader, id), &mut self.effort)?;
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
        let note = match reader.pickle.object(id) {
            Some((object, _)) => library::note(reader.libraries, reader.pickle, object),
            None => None,
        };
        let Some(note) = note else { return Ok(()) };
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
