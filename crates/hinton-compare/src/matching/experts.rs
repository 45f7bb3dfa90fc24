//! Matches experts that one file stacks in one tensor and the other stores separately.

use std::collections::BTreeMap;

use hinton_tensor::{Index, Slice, Tensor, TensorError};

use super::names;
use crate::relative_error;

/// What other models call the parts of an expert, and what most do.
const WORDS: &[(&str, &str)] = &[("w1", "gate_proj"), ("w3", "up_proj"), ("w2", "down_proj")];
/// What other models call the module that holds the experts.
const HOLDERS: &[&str] = &["block_sparse_moe", "feed_forward", "moe", "ffn"];
/// One orientation of a square expert is taken over the other where its error is so much smaller.
const BETTER: f64 = 5.0;
/// Most experts of a stack.
const MOST: usize = 1 << 16;

/// One expert of a stack, as the other file has it.
pub(super) struct Expert {
    /// The stack.
    pub(super) whole: usize,
    /// The tensor of the other file.
    pub(super) part: usize,
    /// The values of the stack that belong to it, in its axes.
    pub(super) slice: Tensor,
    /// Which expert.
    pub(super) number: usize,
}

/// Where in a model an expert's part is: what stands before `experts`, and what behind the number.
type Key = (String, String);

/// All experts of stacks among `wholes` whose parts are all among `parts`.
pub(super) fn find(
    wholes: &[(usize, &Tensor)],
    parts: &[(usize, &Tensor)],
) -> Result<Vec<Expert>, TensorError> {
    let mut known: BTreeMap<Key, BTreeMap<usize, (usize, &Tensor)>> = BTreeMap::new();
    for (index, tensor) in parts {
        if let Some((key, number)) = single(tensor.name()) {
            known.entry(key).or_default().insert(number, (*index, tensor));
        }
    }
    let mut found = Vec::new();
    for (index, tensor) in wholes {
        let Some((place, word)) = stacked(tensor.name()) else { continue };
        let words: Vec<&str> = match word.as_str() {
            "gate_up_proj" => vec!["gate_proj", "up_proj"],
            word => vec![word],
        };
        let of = |word: &&str| known.get(&(place.clone(), (*word).to_owned()));
        let Some(lists) = words.iter().map(of).collect::<Option<Vec<_>>>() else { continue };
        found.extend(of_stack(*index, tensor, &lists)?);
    }
    Ok(found)
}

/// The experts of one stack; none where shapes or numbers do not fit.
fn of_stack(
    index: usize,
    stack: &Tensor,
    lists: &[&BTreeMap<usize, (usize, &Tensor)>],
) -> Result<Vec<Expert>, TensorError> {
    let &[count, rows, columns] = stack.shape() else { return Ok(Vec::new()) };
    let is_complete = |list: &&BTreeMap<usize, (usize, &Tensor)>| list.keys().copied().eq(0..count);
    // Values narrower than a byte can't be cut without a copy.
    if count == 0
        || count > MOST
        || !stack.dtype().is_byte_sized()
        || !lists.iter().all(is_complete)
    {
        return Ok(Vec::new());
    }
    let first =
        |list: &BTreeMap<usize, (usize, &Tensor)>| list.get(&0).map(|one| one.1.shape().to_vec());
    let mut all = 0usize;
    let mut width = None;
    for list in lists {
        let Some(&[part_rows, part_columns]) = first(list).as_deref() else {
            return Ok(Vec::new());
        };
        let shape = [part_rows, part_columns];
        if list.values().any(|one| one.1.shape() != shape)
            || width.is_some_and(|w| w != part_columns)
        {
            return Ok(Vec::new());
        }
        all = all.saturating_add(part_rows);
        width = Some(part_columns);
    }
    let fits = |rows: usize, columns: usize| all == rows && width == Some(columns);
    let is_turned = match (fits(rows, columns), fits(columns, rows)) {
        (true, true) => turned_is_closer(stack, lists)?,
        (true, false) => false,
        (false, true) => true,
        (false, false) => return Ok(Vec::new()),
    };
    let mut found = Vec::new();
    for number in 0..count {
        let mut from = 0;
        for list in lists {
            let Some(&(part, tensor)) = list.get(&number) else { continue };
            let count = tensor.shape()[0];
            let slice = expert(stack, number, from, count, is_turned)?;
            found.push(Expert { whole: index, part, slice, number });
            from += count;
        }
    }
    Ok(found)
}

/// Whether a square expert's values say that the stack has it transposed.
fn turned_is_closer(
    stack: &Tensor,
    lists: &[&BTreeMap<usize, (usize, &Tensor)>],
) -> Result<bool, TensorError> {
    let Some((_, part)) = lists.first().and_then(|list| list.get(&0)) else { return Ok(false) };
    let error =
        |is_turned: bool| relative_error(part, &expert(stack, 0, 0, part.shape()[0], is_turned)?);
    Ok(error(true)? * BETTER <= error(false)?)
}

/// Rows `first` and on of an expert, named as a slice of the stack.
fn expert(
    stack: &Tensor,
    number: usize,
    first: usize,
    count: usize,
    is_turned: bool,
) -> Result<Tensor, TensorError> {
    let one = stack.index_axis(0, number)?;
    let one = if is_turned { one.transpose()? } else { one };
    let whole = one.shape()[0] == count;
    let name = match whole {
        true => format!("{}[{number}]", stack.name()),
        false => format!("{}[{number},{first}:{}]", stack.name(), first + count),
    };
    let place = |row: usize| i64::try_from(row).unwrap_or(i64::MAX);
    let rows =
        Index::Range { start: Some(place(first)), stop: Some(place(first + count)), step: 1 };
    Ok(one.slice(&Slice(vec![rows]))?.named(name))
}

/// What an expert's own tensor is called: its place in the model, and its number.
fn single(name: &str) -> Option<(Key, usize)> {
    let name = names::canonical(name);
    let pieces: Vec<&str> = name.split('.').collect();
    let place = pieces.iter().position(|piece| *piece == "experts")?;
    let number = pieces.get(place + 1)?.parse().ok()?;
    Some(((holder(&pieces[..place]), word(&pieces[place + 2..])?), number))
}

/// The same of a stack.
fn stacked(name: &str) -> Option<Key> {
    let name = names::canonical(name);
    let pieces: Vec<&str> = name.split('.').collect();
    let place = pieces.iter().position(|piece| *piece == "experts")?;
    let word = word(&pieces[place + 1..])?;
    (!word.bytes().all(|byte| byte.is_ascii_digit())).then(|| (holder(&pieces[..place]), word))
}

fn holder(pieces: &[&str]) -> String {
    let ours =
        |piece: &str| if HOLDERS.contains(&piece) { "mlp".to_owned() } else { piece.to_owned() };
    pieces.iter().map(|piece| ours(piece)).collect::<Vec<_>>().join(".")
}

/// The name of a part without `weight`, as most models call it.
fn word(pieces: &[&str]) -> Option<String> {
    let pieces = match pieces {
        [rest @ .., "weight"] => rest,
        pieces => pieces,
    };
    let [word] = pieces else { return None };
    let ours = WORDS.iter().find(|(theirs, _)| theirs == word).map_or(*word, |(_, ours)| ours);
    Some(ours.to_owned())
}
