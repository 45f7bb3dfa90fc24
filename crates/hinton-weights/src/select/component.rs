//! `NAME@codes`: selects a component of a quantised tensor.

use std::borrow::Cow;

use hinton_format::Checkpoint;
use hinton_tensor::{Component, Tensor};
use hinton_words::visible;

use super::split_slice;
use crate::Error;

/// A pattern without its `@codes`, `@scales` or `@offsets`, and which it is. A tensor may be called so
/// itself: its name goes first.
pub(super) fn split<'p>(
    checkpoint: &Checkpoint,
    pattern: &'p str,
) -> (Cow<'p, str>, Option<Component>) {
    let named = |name: &str| checkpoint.tensors.iter().any(|tensor| tensor.name() == name);
    let (base, slice) = split_slice(pattern).unwrap_or((pattern, ""));
    let found = base
        .rsplit_once('@')
        .and_then(|(name, word)| Some((name, Component::of_word(word)?)))
        .filter(|_| !named(pattern) && !named(base));
    match found {
        None => (pattern.into(), None),
        Some((name, component)) if slice.is_empty() => (name.into(), Some(component)),
        Some((name, component)) => (format!("{name}{slice}").into(), Some(component)),
    }
}

/// The places among `places` of tensors that have it.
///
/// # Errors
/// Where none has.
pub(super) fn having(
    checkpoint: &Checkpoint,
    places: Vec<usize>,
    component: Component,
) -> Result<Vec<usize>, Error> {
    let tensors = &checkpoint.tensors;
    let has = |place: &usize| tensors[*place].components().contains(&component);
    let found: Vec<usize> = places.iter().copied().filter(has).collect();
    let Some(&first) = places.first().filter(|_| found.is_empty()) else { return Ok(found) };
    let (path, word, tensor) = (&checkpoint.path, component.word(), &tensors[first]);
    let what = match places.len() {
        1 => format!("{:?} ({}) has no {word}", visible(tensor.name()), tensor.stored_type()),
        count => format!("none of {count} tensors has {word}"),
    };
    let help = match tensor.components().iter().map(|one| one.word()).collect::<Vec<_>>() {
        known if !known.is_empty() => format!("it has {}", known.join(" and ")),
        _ => "quantised tensors in blocks have them; leave out the @ and what follows it for the \
              values"
            .to_owned(),
    };
    Err(Error::missing(format!("{path}: {what}"), help))
}

/// The tensor itself, or its component.
pub(super) fn of(tensor: &Tensor, component: Option<Component>) -> Result<Tensor, Error> {
    let Some(component) = component else { return Ok(tensor.clone()) };
    let found = tensor.component(component)?;
    found.ok_or_else(|| {
        let message = format!("{} has no {}", visible(tensor.name()), component.word());
        Error::missing(message, "")
    })
}
