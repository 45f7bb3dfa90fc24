//! Layers whose names follow one pattern, as a table: one row per layer, one column per kind of
//! tensor.

use std::collections::{BTreeMap, BTreeSet};

use super::Named;
use super::index::Indices;

/// A layer is what two indices together count (`layer1.0`) where this share of its kinds is behind a
/// second one.
const DESCEND: f64 = 0.75;
/// Longest name of a leaf such as `weight` that modules are put in columns by, and most of them.
const MOST_LEAVES: usize = 12;

/// Layers whose names follow one pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stack {
    /// The pattern, with `{}` for each index: `model.layers.{}`. Empty if the rows are modules that
    /// do not repeat.
    pub pattern: String,
    /// Its layers, in natural order.
    pub layers: Vec<Layer>,
    /// The kinds of tensor in the layers, in the file's order.
    pub kinds: Vec<Kind>,
    /// The indices of the tensors of each layer and kind, layer by layer.
    pub cells: Vec<Vec<usize>>,
}

/// A row of a [`Stack`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layer {
    /// What distinguishes it from other layers: `7`, `1.0`, or the name of a module.
    pub label: String,
}

/// A column of a [`Stack`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kind {
    /// Its name within the layer, without a leading separator; `{}` stands for the index of an
    /// expert or the like.
    pub name: String,
}

/// What the rows of a pattern are called: experts, or layers for any other pattern.
pub fn rows_of(pattern: &str) -> &'static str {
    let words = pattern.trim_end_matches(|c: char| !c.is_alphanumeric());
    if words.ends_with("experts") || words.ends_with("expert") { "experts" } else { "layers" }
}

impl Stack {
    /// The tensors of a layer and kind: none, one, or one per expert in natural order.
    pub fn cell(&self, layer: usize, kind: usize) -> &[usize] {
        self.cells.get(layer * self.kinds.len() + kind).map_or(&[], Vec::as_slice)
    }

    /// All its tensors, layer by layer.
    pub fn members(&self) -> impl Iterator<Item = &usize> {
        self.cells.iter().flatten()
    }
}

/// What is known of a tensor of a stack before rows and columns are counted.
struct Member {
    tensor: usize,
    layer: Vec<u64>,
    kind: String,
    inner: Vec<u64>,
}

/// The stacks that the indices make, in the order in which the file begins them.
pub(super) fn stacks(tensors: &[Named<'_>], order: &[usize], found: &[Indices]) -> Vec<Stack> {
    let depths = depths(tensors, order, found);
    let mut heads: Vec<String> = Vec::new();
    let mut groups: BTreeMap<String, Vec<Member>> = BTreeMap::new();
    for &tensor in order.iter().filter(|&&tensor| depths[tensor] > 0) {
        let (name, indices, depth) = (tensors[tensor].name, &found[tensor], depths[tensor]);
        let head = indices.head(name, depth);
        let members = groups.entry(head.clone()).or_default();
        if members.is_empty() {
            heads.push(head);
        }
        members.push(Member {
            tensor,
            layer: indices.numbers(name, 0..depth),
            kind: indices.tail(name, depth),
            inner: indices.numbers(name, depth..indices.0.len()),
        });
    }
    heads.into_iter().filter_map(|head| Some(table(groups.remove(&head)?, head))).collect()
}

/// How many indices of each name count its layer.
fn depths(tensors: &[Named<'_>], order: &[usize], found: &[Indices]) -> Vec<usize> {
    let mut depths: Vec<usize> =
        found.iter().map(|indices| usize::from(!indices.0.is_empty())).collect();
    loop {
        let mut kinds: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut deep: BTreeMap<String, usize> = BTreeMap::new();
        for &tensor in order.iter().filter(|&&tensor| depths[tensor] > 0) {
            let (name, depth) = (tensors[tensor].name, depths[tensor]);
            let head = found[tensor].head(name, depth);
            let tail = found[tensor].tail(name, depth);
            let is_deep = found[tensor].0.len() > depth;
            if kinds.entry(head.clone()).or_default().insert(tail) && is_deep {
                *deep.entry(head).or_default() += 1;
            }
        }
        let descends = |head: &String| {
            let all = kinds.get(head).map_or(0, BTreeSet::len) as f64;
            deep.get(head).is_some_and(|&deep| deep as f64 >= DESCEND * all)
        };
        let mut is_done = true;
        for &tensor in order {
            let depth = depths[tensor];
            if depth > 0
                && found[tensor].0.len() > depth
                && descends(&found[tensor].head(tensors[tensor].name, depth))
            {
                depths[tensor] += 1;
                is_done = false;
            }
        }
        if is_done {
            return depths;
        }
    }
}

fn table(members: Vec<Member>, pattern: String) -> Stack {
    let rows: BTreeSet<&Vec<u64>> = members.iter().map(|member| &member.layer).collect();
    let row_of: BTreeMap<&Vec<u64>, usize> =
        rows.iter().enumerate().map(|(row, layer)| (*layer, row)).collect();
    let mut kinds: Vec<&str> = Vec::new();
    let mut column_of: BTreeMap<&str, usize> = BTreeMap::new();
    for member in &members {
        column_of.entry(&member.kind).or_insert_with(|| {
            kinds.push(&member.kind);
            kinds.len() - 1
        });
    }
    let mut cells: Vec<Vec<&Member>> = vec![Vec::new(); rows.len() * kinds.len()];
    for member in &members {
        cells[row_of[&member.layer] * kinds.len() + column_of[member.kind.as_str()]].push(member);
    }
    cells.iter_mut().for_each(|cell| cell.sort_by(|a, b| a.inner.cmp(&b.inner)));
    let label = |layer: &&Vec<u64>| Layer {
        label: layer.iter().map(u64::to_string).collect::<Vec<_>>().join("."),
    };
    Stack {
        layers: rows.iter().map(label).collect(),
        kinds: kinds.iter().map(|kind| Kind { name: trimmed(kind).to_owned() }).collect(),
        cells: cells
            .into_iter()
            .map(|cell| cell.into_iter().map(|member| member.tensor).collect())
            .collect(),
        pattern,
    }
}

/// A name without the separators it begins with.
fn trimmed(name: &str) -> &str {
    name.trim_start_matches(['.', '/', '_', '-', ']', ':'])
}

/// Tensors whose names repeat nothing: a row for each module, a column for each leaf such as
/// `weight`. `None` where the leaves of the names are too many for columns.
pub(super) fn modules(tensors: &[Named<'_>], order: &[usize]) -> Option<Stack> {
    let mut layers: Vec<String> = Vec::new();
    let mut kinds: Vec<String> = Vec::new();
    let mut rows: BTreeMap<String, usize> = BTreeMap::new();
    let mut places = Vec::new();
    for &tensor in order {
        let name = tensors[tensor].name;
        let (module, leaf) = split(name);
        let row = *rows.entry(module.to_owned()).or_insert_with(|| {
            layers.push(module.to_owned());
            layers.len() - 1
        });
        let column = kinds.iter().position(|kind| kind == leaf).unwrap_or_else(|| {
            kinds.push(leaf.to_owned());
            kinds.len() - 1
        });
        if kinds.len() > MOST_LEAVES {
            return None;
        }
        places.push((row, column, tensor));
    }
    let mut cells = vec![Vec::new(); layers.len() * kinds.len()];
    for (row, column, tensor) in places {
        cells[row * kinds.len() + column].push(tensor);
    }
    Some(Stack {
        pattern: String::new(),
        layers: layers.into_iter().map(|label| Layer { label }).collect(),
        kinds: kinds.into_iter().map(|name| Kind { name }).collect(),
        cells,
    })
}

/// A name's module and leaf: `fc.bias` is `bias` of `fc`.
pub(super) fn split(name: &str) -> (&str, &str) {
    match name.rfind(['.', '/']) {
        Some(place) if place + 1 < name.len() => (&name[..place], &name[place + 1..]),
        _ => (name, ""),
    }
}
