//! Which tensors a person means: names, globs and slices.

mod glob;
pub(crate) mod near;

use hinton_format::Checkpoint;
use hinton_scene::visible;
use hinton_tensor::{Index, Slice, Tensor};

use crate::Error;

/// A tensor, or a slice of one, that was asked for.
#[derive(Debug, Clone)]
pub struct Selected {
    /// What was taken, as a lazy view; its name is the whole tensor's.
    pub tensor: Tensor,
    /// The slice as text, `[0,:,:]`; empty for the whole tensor.
    pub part: String,
    /// Which axis of the whole tensor each remaining axis is.
    pub axes: Vec<usize>,
}

impl Selected {
    /// The whole tensor.
    pub fn whole(tensor: Tensor) -> Self {
        let axes = (0..tensor.shape().len()).collect();
        Selected { tensor, part: String::new(), axes }
    }

    /// A slice of a tensor.
    ///
    /// # Errors
    /// When the slice does not fit the tensor's shape.
    pub fn sliced(tensor: &Tensor, slice: &Slice) -> Result<Self, Error> {
        let axes = remaining_axes(slice, tensor.shape().len());
        let part = addressable(tensor)?.slice(slice)?;
        Ok(Selected { tensor: part, part: slice.to_string(), axes })
    }

    /// Name and slice as one text, as the file has it (not escaped).
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
/// When there are too many to hold in memory.
pub(crate) fn addressable(tensor: &Tensor) -> Result<Tensor, Error> {
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
        return Err(Error::missing(message, ""));
    }
    Ok(Tensor::from_f32(tensor.name(), tensor.shape(), &tensor.to_f32()?)?)
}

/// The axes that a slice leaves: a single position removes its axis.
fn remaining_axes(slice: &Slice, axes: usize) -> Vec<usize> {
    let named = slice.0.iter().filter(|index| **index != Index::Rest).count();
    let unnamed = axes.saturating_sub(named);
    let mut remaining = Vec::new();
    let mut axis = 0;
    for index in &slice.0 {
        match index {
            Index::At(_) => axis += 1,
            Index::Range { .. } => {
                remaining.push(axis);
                axis += 1;
            }
            Index::Rest => {
                remaining.extend(axis..axis + unnamed);
                axis += unnamed;
            }
        }
    }
    remaining.extend(axis..axes);
    remaining
}

/// The tensors that these patterns mean, in the order of the patterns and, within a glob, of the
/// file; none twice. No pattern means every tensor.
///
/// A pattern is a name, or a glob in which `*` stands for any characters and `?` for one; either
/// may end with a slice in numpy's notation, `conv1.weight[0,:,:,:]`. A name may itself hold
/// brackets, stars and question marks: the whole pattern is tried as a name first. A slice alone
/// (`[:,3]`) means the only tensor of a file that has one.
///
/// # Errors
/// A name that is not there offers the three nearest; a glob that matches nothing shows some of
/// those there are; a slice must fit each tensor it is applied to.
pub fn select<S: AsRef<str>>(
    checkpoint: &Checkpoint,
    patterns: &[S],
) -> Result<Vec<Selected>, Error> {
    if patterns.is_empty() {
        return Ok(checkpoint.tensors.iter().cloned().map(Selected::whole).collect());
    }
    let mut seen = std::collections::BTreeSet::new();
    let mut selected = Vec::new();
    for pattern in patterns {
        let (places, slice) = find(checkpoint, pattern.as_ref())?;
        for place in places {
            let part = slice.as_ref().map(Slice::to_string).unwrap_or_default();
            if !seen.insert((place, part)) {
                continue;
            }
            let tensor = &checkpoint.tensors[place];
            selected.push(match &slice {
                Some(slice) => Selected::sliced(tensor, slice)?,
                None => Selected::whole(tensor.clone()),
            });
        }
    }
    Ok(selected)
}

/// Whether the pattern may mean several tensors of this file: a glob that is not itself a name.
pub fn is_glob(checkpoint: &Checkpoint, pattern: &str) -> bool {
    let base = split_slice(pattern).map_or(pattern, |(base, _)| base);
    let named = |name: &str| checkpoint.tensors.iter().any(|tensor| tensor.name() == name);
    !named(pattern) && !named(base) && glob::is_glob(base)
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
        if found.is_empty() && glob::is_glob(base) {
            found = places(checkpoint, |tensor| glob::matches(base, tensor.name()));
        }
        if !found.is_empty() {
            let slice = slice
                .parse::<Slice>()
                .map_err(|error| Error::request(format!("-t {}: {error}", visible(pattern)), ""))?;
            return Ok((found, Some(slice)));
        }
    }
    if glob::is_glob(pattern) {
        let found = places(checkpoint, |tensor| glob::matches(pattern, tensor.name()));
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
        count => Err(Error::missing(
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
    if glob::is_glob(base) {
        let message = format!("{path}: no tensor matches {:?}", visible(base));
        return Error::missing(
            message,
            format!("there are {}", near::some_names(checkpoint, base)),
        );
    }
    let message = format!("{path}: there is no tensor {:?}", visible(base));
    let nearest = near::nearest(checkpoint.tensors.iter().map(Tensor::name), base);
    Error::missing(message, format!("the nearest names are {}", nearest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axes(slice: &str, count: usize) -> Vec<usize> {
        remaining_axes(&slice.parse().unwrap(), count)
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
