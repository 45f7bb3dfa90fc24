//! What a FileStorage holds, whichever syntax it is written in: maps, sequences, numbers, texts, as a
//! flat list of nodes that say where in the text they stand.

use std::ops::Range;

use super::number::count;
use crate::container::xml::{Document, Element};
use crate::{Error, ErrorKind, Limits};

/// What stands at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Map,
    Sequence,
    /// A sequence of numbers alone.
    Numbers {
        count: u32,
        /// Whether one of them is not an integer of 32 bits.
        is_real: bool,
    },
    /// One number.
    Number {
        is_real: bool,
    },
    Text,
    /// Values in base64.
    Binary,
}

/// What a map is said to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Label {
    None,
    Matrix,
    /// A matrix of any number of axes.
    NdMatrix,
    Sparse,
}

impl Label {
    /// `opencv-matrix` and the like, behind `type_id` or `!!`.
    pub(super) fn of(word: &str) -> Label {
        match word {
            "opencv-matrix" => Label::Matrix,
            "opencv-nd-matrix" => Label::NdMatrix,
            "opencv-sparse-matrix" => Label::Sparse,
            _ => Label::None,
        }
    }
}

struct Node {
    name: Range<u32>,
    kind: Kind,
    label: Label,
    /// The text of a value.
    text: Range<u32>,
    /// The number of the first node behind all that is in it.
    next: u32,
}

/// All nodes of a text, in its order; the first is the map around them.
pub(super) struct Tree<'a> {
    pub(super) text: &'a [u8],
    nodes: Vec<Node>,
    most: usize,
    deepest: usize,
    depth: usize,
}

/// A place of a tree.
#[derive(Clone, Copy)]
pub(super) struct Place<'t> {
    tree: &'t Tree<'t>,
    index: usize,
}

impl<'a> Tree<'a> {
    pub(super) fn new(text: &'a [u8], limits: &Limits) -> Result<Self, Error> {
        if u32::try_from(text.len()).is_err() {
            return Err(Error::new(ErrorKind::Limit, "the text has more than 4 GiB"));
        }
        let most = usize::try_from(limits.header_bytes / 32).unwrap_or(usize::MAX);
        Ok(Tree { text, nodes: Vec::new(), most, deepest: limits.depth, depth: 0 })
    }

    /// Begins a map or a sequence, which [`Tree::end`] ends.
    pub(super) fn begin(
        &mut self,
        name: Range<usize>,
        kind: Kind,
        at: usize,
    ) -> Result<usize, Error> {
        self.depth += 1;
        if self.depth > self.deepest {
            let what = format!("maps and sequences nest more than {} deep", self.deepest);
            return Err(Error::new(ErrorKind::Limit, what).at_byte(at as u64));
        }
        self.push(name, kind, at..at)
    }

    pub(super) fn end(&mut self, index: usize) {
        self.depth -= 1;
        self.nodes[index].next = self.nodes.len() as u32;
    }

    pub(super) fn push(
        &mut self,
        name: Range<usize>,
        kind: Kind,
        text: Range<usize>,
    ) -> Result<usize, Error> {
        let index = self.nodes.len();
        if index >= self.most {
            let what = format!("the file has more than {} nodes, the limit", self.most);
            return Err(Error::new(ErrorKind::Limit, what).at_byte(text.start as u64));
        }
        let short = |range: Range<usize>| range.start as u32..range.end as u32;
        let (name, text, next) = (short(name), short(text), index as u32 + 1);
        self.nodes.push(Node { name, kind, label: Label::None, text, next });
        Ok(index)
    }

    /// Adds a value of one or more words: numbers where each word is one.
    pub(super) fn value(&mut self, name: Range<usize>, text: Range<usize>) -> Result<usize, Error> {
        let kind = match count(&self.text[text.clone()]) {
            Some((1, is_real)) => Kind::Number { is_real },
            Some((count, is_real)) => Kind::Numbers { count, is_real },
            None => Kind::Text,
        };
        self.push(name, kind, text)
    }

    pub(super) fn label(&mut self, index: usize, label: Label) {
        self.nodes[index].label = label;
    }

    /// The text of a value.
    pub(super) fn text_of(&self, index: usize) -> &'a [u8] {
        let text = &self.nodes[index].text;
        &self.text[text.start as usize..text.end as usize]
    }

    pub(super) fn root(&self) -> Place<'_> {
        Place { tree: self, index: 0 }
    }

    /// The tree of some XML.
    pub(super) fn of_xml(text: &'a [u8], limits: &Limits) -> Result<Self, Error> {
        let document = Document::parse(text, limits)?;
        let root = document.root();
        if root.name() != "opencv_storage" {
            let what = format!("expected <opencv_storage>, found <{}>", root.name());
            return Err(Error::malformed(what).at_byte(root.at()));
        }
        let mut tree = Tree::new(text, limits)?;
        tree.element(root, Kind::Map)?;
        Ok(tree)
    }

    fn element(&mut self, element: Element<'_>, kind: Kind) -> Result<(), Error> {
        let at = element.at() as usize;
        let name = match element.name() {
            "_" => at..at,
            name => at + 1..at + 1 + name.len(),
        };
        let index = self.begin(name, kind, at)?;
        for child in element.children() {
            let mut grandchildren = child.children().peekable();
            match grandchildren.peek() {
                Some(first) if first.name() == "_" => self.element(child, Kind::Sequence)?,
                Some(_) => self.element(child, Kind::Map)?,
                None => self.leaf(child)?,
            }
        }
        let label = element.get("type_id").map_or(Label::None, |word| Label::of(&word));
        self.label(index, label);
        self.end(index);
        Ok(())
    }

    /// An element without others in it.
    fn leaf(&mut self, element: Element<'_>) -> Result<(), Error> {
        let at = element.at() as usize;
        let (name, inside) = (at + 1..at + 1 + element.name().len(), element.inside());
        if element.get("type_id").is_some_and(|word| word == "binary") {
            self.push(name, Kind::Binary, inside)?;
        } else {
            let text = trimmed(self.text, inside);
            self.value(name, text)?;
        }
        Ok(())
    }
}

/// A range of a text without the white space around it, and without quotes.
pub(super) fn trimmed(text: &[u8], range: Range<usize>) -> Range<usize> {
    let inside = &text[range.clone()];
    let start = range.start + (inside.len() - inside.trim_ascii_start().len());
    let end = start + inside.trim_ascii().len();
    match &text[start..end] {
        [b'"', .., b'"'] => start + 1..end - 1,
        _ => start..end,
    }
}

impl<'t> Place<'t> {
    fn node(&self) -> &'t Node {
        &self.tree.nodes[self.index]
    }

    pub(super) fn kind(&self) -> Kind {
        self.node().kind
    }

    pub(super) fn label(&self) -> Label {
        self.node().label
    }

    pub(super) fn name(&self) -> &'t [u8] {
        let name = &self.node().name;
        &self.tree.text[name.start as usize..name.end as usize]
    }

    /// Where its value stands in the text.
    pub(super) fn range(&self) -> Range<u32> {
        self.node().text.clone()
    }

    pub(super) fn text(&self) -> &'t [u8] {
        let text = self.range();
        &self.tree.text[text.start as usize..text.end as usize]
    }

    pub(super) fn children(&self) -> impl Iterator<Item = Place<'t>> + use<'t> {
        let (tree, end) = (self.tree, self.node().next as usize);
        let mut index = self.index + 1;
        std::iter::from_fn(move || {
            let place = (index < end).then_some(Place { tree, index })?;
            index = place.node().next as usize;
            Some(place)
        })
    }

    pub(super) fn child(&self, name: &str) -> Option<Place<'t>> {
        self.children().find(|child| child.name() == name.as_bytes())
    }
}
