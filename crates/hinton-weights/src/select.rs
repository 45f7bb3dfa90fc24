//! Finds the tensors that a user names by name, glob or slice.

mod component;
pub mod near;

use std::sync::Arc;

use hinton_format::{Checkpoint, KernelAxes};
use hinton_run::glob::{Brackets, Glob};
use hinton_tensor::{Component, Index, Slice, Tensor};
use hinton_words::{Numbering, visible};

use crate::Error;
use crate::structure::Structure;

/// A tensor, or a slice of one, that was selected to be drawn or written.
#[derive(Debug, Clone)]
pub struct Selected {
    /// The selection as a lazy view; its name is that of the whole tensor.
    pub tensor: Tensor,
    /// The slice as text, `[0,:,:]`; empty for the whole tensor.
    pub part: String,
    /// For each remaining axis, the axis of the whole tensor that it is.
    pub axes: Vec<usize>,
    /// For each remaining axis, how the whole tensor numbers its indices.
    pub numbers: Vec<Numbering>,
    /// The names that the file gives to the columns of a table; empty if it has none, or if the
    /// columns were sliced.
    pub columns: Vec<String>,
    /// The names of its rows, likewise.
    pub rows: Vec<String>,
    /// What the axes of the whole tensor are, if it is a convolution kernel with four axes and its
    /// format defines their order.
    pub kernel: Option<KernelAxes>,
    /// What the settings of its model say of parts of matrices, and the shape of the whole tensor.
    pub(crate) structure: Option<(Arc<Structure>, Vec<usize>)>,
    /// The file it is from, if several files have a tensor with the same name; else empty.
    pub of: String,
}

/// What the settings of its model say of parts of a selected matrix, and the shape of the whole
/// tensor.
pub fn structure_of(selected: &Selected) -> Option<&(Arc<Structure>, Vec<usize>)> {
    selected.structure.as_ref()
}

impl Selected {
    /// Selects a whole tensor.
    pub fn whole(tensor: Tensor) -> Self {
        let axes: Vec<usize> = (0..tensor.shape().len()).collect();
        let numbers = vec![Numbering::default(); axes.len()];
        Selected {
            tensor,
            part: String::new(),
            axes,
            numbers,
            columns: Vec::new(),
            rows: Vec::new(),
            kernel: None,
            structure: None,
            of: String::new(),
        }
    }

    /// Selects a slice of a tensor.
    ///
    /// # Errors
    /// Returns an error if the slice does not fit the tensor's shape.
    pub fn sliced(tensor: &Tensor, slice: &Slice) -> Result<Self, Error> {
        let part = addressable(tensor)?.slice(slice)?;
        let (axes, numbers) = remaining_axes(slice, tensor.shape()).into_iter().unzip();
        Ok(Selected { part: slice.to_string(), axes, numbers, ..Selected::whole(part) })
    }

    /// The name with the slice, as in the file (not escaped).
    pub fn label(&self) -> String {
        format!("{}{}", self.tensor.name(), self.part)
    }
}

impl From<Tensor> for Selected {
    fn from(tensor: Tensor) -> Self {
        Selected::whole(tensor)
    }
}

/// Most values of a dtype narrower than a byte that are widened in memory.
const MOST_WIDENED: u64 = 256 << 20;

/// The same values in a dtype that can be sliced: those narrower than a byte become `f32`.
///
/// # Errors
/// Returns an error if there are too many to hold in memory.
pub fn addressable(tensor: &Tensor) -> Result<Tensor, Error> {
    if tensor.dtype().is_byte_sized() {
        return Ok(tensor.clone());
    }
    if tensor.elements() > MOST_WIDENED {
        let message = format!(
            "{} of {} values in {} is too large to be taken apart",
            visible(tensor.name()),
            tensor.elements(),
            tensor.dtype()
        );
        return Err(Error::unfit(message, ""));
    }
    Ok(Tensor::from_f32(tensor.name(), tensor.shape(), &tensor.to_f32()?)?)
}

/// The axes that a slice leaves, and the numbers of their positions: a single position removes its
/// axis.
fn remaining_axes(slice: &Slice, shape: &[usize]) -> Vec<(usize, Numbering)> {
    let axes = shape.len();
    let whole = |axis| (axis, Numbering::default());
    let named = slice.0.iter().filter(|index| **index != Index::Rest).count();
    let unnamed = axes.saturating_sub(named);
    let mut remaining = Vec::new();
    let mut axis = 0;
    for index in &slice.0 {
        match index {
            Index::At(_) => axis += 1,
            Index::Range { start, step, .. } => {
                let length = shape.get(axis).copied().unwrap_or(0);
                remaining
                    .push((axis, Numbering { first: first(*start, *step, length), step: *step }));
                axis += 1;
            }
            Index::Rest => {
                remaining.extend((axis..axis + unnamed).map(whole));
                axis += unnamed;
            }
        }
    }
    remaining.extend((axis..axes).map(whole));
    remaining
}

/// The first position that a range takes of an axis of that length, clamped as numpy does.
fn first(start: Option<i64>, step: i64, length: usize) -> i64 {
    let length = i64::try_from(length).unwrap_or(i64::MAX);
    let last = (length - 1).max(0);
    match start {
        None => {
            if step > 0 {
                0
            } else {
                last
            }
        }
        Some(start) if start < 0 => start.saturating_add(length).clamp(0, last),
        Some(start) => start.min(last),
    }
}

/// Selects the tensors that match the patterns, in the order of the patterns and, within a glob, of
/// the file.
///
/// No tensor is selected twice. Without patterns, every tensor is selected.
///
/// A pattern is a name or a glob, in which `*` matches any characters and `?` matches one. Either
/// may end with a slice in numpy's notation, `conv1.weight[0,:,:,:]`. Since a name may itself
/// contain brackets, stars and question marks, the whole pattern is first tried as a name. A slice
/// by itself (`[:,3]`) selects from the only tensor of a file that has just one. `@codes`,
/// `@scales` or `@offsets` after a name or glob, before the slice, selects that
/// [component](Component) of quantised tensors.
///
/// # Errors
/// Returns an error if a name is missing (the error suggests the three nearest names), a glob
/// matches nothing (the error shows some names), or a slice does not fit every tensor that it
/// applies to.
pub fn select<S: AsRef<str>>(
    checkpoint: &Checkpoint,
    patterns: &[S],
) -> Result<Vec<Selected>, Error> {
    let known = checkpoint.kernel_axes();
    let of_model = Structure::of(checkpoint).map(Arc::new);
    let structure = |tensor: &Tensor| {
        let matrix = of_model.clone().filter(|_| tensor.shape().len() == 2);
        matrix.map(|structure| (structure, tensor.shape().to_vec()))
    };
    let kernel = |tensor: &Tensor| known.filter(|_| tensor.shape().len() == 4);
    let whole = |tensor: &Tensor| Selected {
        columns: table_names(checkpoint, "columns", tensor, 1),
        rows: table_names(checkpoint, "rows", tensor, 0),
        kernel: kernel(tensor),
        structure: structure(tensor),
        ..Selected::whole(tensor.clone())
    };
    if patterns.is_empty() {
        return Ok(checkpoint.tensors.iter().map(whole).collect());
    }
    let mut seen = std::collections::BTreeSet::new();
    let mut selected = Vec::new();
    for pattern in patterns {
        let (pattern, component) = component::split(checkpoint, pattern.as_ref());
        let (mut places, slice) = find(checkpoint, &pattern)?;
        if let Some(component) = component {
            places = component::having(checkpoint, places, component)?;
        }
        for place in places {
            let part = slice.as_ref().map(Slice::to_string).unwrap_or_default();
            if !seen.insert((place, component.map(Component::word), part)) {
                continue;
            }
            let tensor = &component::of(&checkpoint.tensors[place], component)?;
            selected.push(match &slice {
                Some(slice) => Selected {
                    kernel: kernel(tensor),
                    structure: structure(tensor),
                    ..Selected::sliced(tensor, slice)?
                },
                None => whole(tensor),
            });
        }
    }
    Ok(selected)
}

/// Selects the tensors that match the patterns in each of several files.
///
/// Tensors with the same name are distinguished by the [name of their file](Selected::of).
///
/// # Errors
/// Returns the errors of [`select`].
pub fn select_from<S: AsRef<str>>(
    checkpoints: &[Checkpoint],
    patterns: &[S],
) -> Result<Vec<Selected>, Error> {
    let mut all: Vec<(usize, Selected)> = Vec::new();
    for (at, checkpoint) in checkpoints.iter().enumerate() {
        all.extend(select(checkpoint, patterns)?.into_iter().map(|one| (at, one)));
    }
    let names: Vec<(usize, String)> = all.iter().map(|(at, one)| (*at, one.label())).collect();
    // The columns of tables bear their own names.
    let is_shared = |at: usize, one: &Selected| {
        !one.columns.is_empty()
            || names.iter().any(|(other, name)| *other != at && *name == one.label())
    };
    for (at, one) in &mut all {
        if checkpoints.len() > 1 && is_shared(*at, one) {
            one.of = file_name(&checkpoints[*at].path);
        }
    }
    Ok(all.into_iter().map(|(_, one)| one).collect())
}

fn file_name(path: &str) -> String {
    let name = std::path::Path::new(path).file_name();
    name.map_or_else(|| path.to_owned(), |name| name.to_string_lossy().into_owned())
}

/// What a file calls the positions on an axis of a table: those of that metadata, where they fit.
fn table_names(checkpoint: &Checkpoint, of: &str, tensor: &Tensor, axis: usize) -> Vec<String> {
    let entry = checkpoint.metadata.iter().find(|(key, _)| key == of);
    let names = entry.and_then(|(_, json)| serde_json::from_str::<Vec<String>>(json).ok());
    let is_matrix = tensor.shape().len() == 2;
    let fits = |names: &Vec<String>| is_matrix && tensor.shape()[axis] == names.len();
    names.filter(fits).unwrap_or_default()
}

/// Whether the pattern may match several tensors of this file: a glob that is not itself a name.
pub fn is_glob(checkpoint: &Checkpoint, pattern: &str) -> bool {
    let (pattern, _) = &component::split(checkpoint, pattern);
    let base = split_slice(pattern).map_or(&**pattern, |(base, _)| base);
    let named = |name: &str| checkpoint.tensors.iter().any(|tensor| tensor.name() == name);
    !named(pattern) && !named(base) && glob(base).has_wildcard()
}

/// Whether the whole name fits a glob.
pub fn fits_glob(pattern: &str, name: &str) -> bool {
    glob(pattern).fits(name)
}

/// A pattern for the names of tensors, in which brackets may stand.
fn glob(pattern: &str) -> Glob {
    Glob::new(pattern, Brackets::Literal)
}

/// Places in the file of what a pattern means, and the slice at its end.
fn find(checkpoint: &Checkpoint, pattern: &str) -> Result<(Vec<usize>, Option<Slice>), Error> {
    let named = |name: &str| places(checkpoint, |tensor| tensor.name() == name);
    let whole = named(pattern);
    if !whole.is_empty() {
        return Ok((whole, None));
    }
    if let Some((base, slice)) = split_slice(pattern) {
        let mut found = named(base);
        if base.is_empty() && found.is_empty() {
            found = only_tensor(checkpoint, pattern)?;
        }
        let glob = glob(base);
        if found.is_empty() && glob.has_wildcard() {
            found = places(checkpoint, |tensor| glob.fits(tensor.name()));
        }
        if !found.is_empty() {
            let slice = slice
                .parse::<Slice>()
                .map_err(|error| Error::request(format!("-t {}: {error}", visible(pattern)), ""))?;
            return Ok((found, Some(slice)));
        }
    }
    let glob = glob(pattern);
    if glob.has_wildcard() {
        let found = places(checkpoint, |tensor| glob.fits(tensor.name()));
        if !found.is_empty() {
            return Ok((found, None));
        }
    }
    Err(unknown(checkpoint, pattern))
}

fn places(checkpoint: &Checkpoint, is: impl Fn(&Tensor) -> bool) -> Vec<usize> {
    let tensors = checkpoint.tensors.iter().enumerate();
    tensors.filter(|(_, tensor)| is(tensor)).map(|(place, _)| place).collect()
}

fn only_tensor(checkpoint: &Checkpoint, pattern: &str) -> Result<Vec<usize>, Error> {
    match checkpoint.tensors.len() {
        1 => Ok(vec![0]),
        count => Err(Error::unfit(
            format!("{}: the slice {pattern} of which tensor? There are {count}", checkpoint.path),
            format!("write its name before the slice: {}", near::some_names(checkpoint, pattern)),
        )),
    }
}

/// `conv.weight[0,:]` as name and slice; the last bracket begins the slice.
fn split_slice(pattern: &str) -> Option<(&str, &str)> {
    if !pattern.ends_with(']') {
        return None;
    }
    let at = pattern.rfind('[')?;
    Some(pattern.split_at(at))
}

fn unknown(checkpoint: &Checkpoint, pattern: &str) -> Error {
    let base = split_slice(pattern)
        .filter(|(_, slice)| slice.parse::<Slice>().is_ok())
        .map_or(pattern, |(base, _)| base);
    let path = &checkpoint.path;
    if checkpoint.tensors.is_empty() {
        return Error::missing(format!("{path}: the file holds no tensors"), "");
    }
    if glob(base).has_wildcard() {
        let message = format!("{path}: no tensor matches {:?}", visible(base));
        let help = match near::mended_glob(checkpoint, base) {
            Some(mended) => format!("did you mean \"{}\"?", visible(&mended)),
            None => format!("the file has {}", near::some_names(checkpoint, base)),
        };
        return Error::missing(message, help);
    }
    let message = format!("{path}: there is no tensor {:?}", visible(base));
    let nearest = near::nearest(checkpoint.tensors.iter().map(Tensor::name), base);
    Error::missing(message, format!("the nearest names are {}", nearest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axes(slice: &str, count: usize) -> Vec<usize> {
        let slice: Slice = slice.parse().unwrap();
        remaining_axes(&slice, &vec![9; count]).into_iter().map(|(axis, _)| axis).collect()
    }

    #[test]
    fn positions_keep_their_numbers() {
        for (slice, first, step) in [
            ("[:]", 0, 1),
            ("[...]", 0, 1),
            ("[1:5]", 1, 1),
            ("[::2]", 0, 2),
            ("[::-1]", 9, -1),
            ("[7:2:-2]", 7, -2),
            ("[-3:]", 7, 1),
            ("[-30:]", 0, 1),
            ("[50::-1]", 9, -1),
        ] {
            let tensor = Tensor::from_f32("w", &[10], &[0., 1., 2., 3., 4., 5., 6., 7., 8., 9.]);
            let part = Selected::sliced(&tensor.unwrap(), &slice.parse().unwrap()).unwrap();
            assert_eq!(part.numbers, [Numbering { first, step }], "{slice}");
            // Each value is its number.
            let values = part.tensor.to_f32().unwrap();
            for (at, value) in values.iter().enumerate() {
                assert_eq!(*value, part.numbers[0].number(at) as f32, "{slice}");
            }
        }
    }

    #[test]
    fn positions_remove_their_axis() {
        assert_eq!(axes("[0,:]", 4), [1, 2, 3]);
        assert_eq!(axes("[:,3]", 2), [0]);
        assert_eq!(axes("[...,-1]", 3), [0, 1]);
        assert_eq!(axes("[0,...,1]", 4), [1, 2]);
        assert_eq!(axes("[::2,1:3]", 2), [0, 1]);
        assert_eq!(axes("[0,0]", 2), [0usize; 0]);
    }

    #[test]
    fn slices_start_at_the_last_bracket() {
        assert_eq!(split_slice("a[0].w[1,:]"), Some(("a[0].w", "[1,:]")));
        assert_eq!(split_slice("w"), None);
        assert_eq!(split_slice("[0]"), Some(("", "[0]")));
    }
}
