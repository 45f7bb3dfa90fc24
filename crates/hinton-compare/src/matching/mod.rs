//! Matches the tensors of two files.
//!
//! First by name; then by name without a prefix or wrapper, or by the name in another library; then
//! by values, if no other candidate is nearly as close. How each pair was matched is recorded.

mod experts;
mod exponent;
mod flattened;
mod fused;
mod interleaved;
mod names;
mod rotary;
mod shapes;
mod values;

use std::collections::{BTreeMap, BTreeSet};

use hinton_tensor::{Tensor, TensorError};

use crate::relative_error;

pub use names::canonical;
pub use rotary::Heads;
pub use shapes::Change;

/// A head and an embedding are taken for tied where the relative error of a sample is no larger.
const MOST_ALIKE: f64 = 0.5;

/// How much names and shapes may differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Rule {
    /// Names and shapes must be the same.
    Exact,
    /// Names may be those of another library, or have an additional prefix or wrapper.
    Names,
    /// In addition, tensors that cannot be matched by name are matched by their values.
    #[default]
    Values,
}

impl Rule {
    /// The names of the rules.
    pub const WORDS: [(&str, Rule); 3] =
        [("exact", Rule::Exact), ("names", Rule::Names), ("values", Rule::Values)];
}

/// How two tensors were matched.
#[derive(Debug, Clone, PartialEq)]
pub enum Found {
    /// The same name.
    Name,
    /// The same name except for this prefix, in the first or the second file.
    Prefix(String),
    /// The user named the pair. The text describes what is applied to the second; empty if nothing
    /// is.
    Map(String),
    /// Another library's name for it, or a wrapper in the name.
    Convention,
    /// Their values: the relative error of a sample, and that of the next best candidate.
    Values {
        /// The relative error of this pair.
        error: f64,
        /// The relative error of the next best candidate with the same shape; `None` if there was
        /// none.
        next: Option<f64>,
    },
}

/// Two tensors that are compared.
#[derive(Debug, Clone)]
pub struct Match {
    /// The first tensor, as it is compared.
    pub a: Tensor,
    /// The second tensor, as it is compared: with the axes of the first.
    pub b: Tensor,
    /// How they were matched.
    pub found: Found,
    /// What was done to make their shapes agree.
    pub change: Change,
}

/// Two tensors with the same name that cannot be compared.
#[derive(Debug, Clone)]
pub struct Unlike {
    /// The first tensor.
    pub a: Tensor,
    /// The second tensor.
    pub b: Tensor,
}

/// The tensors of two files, matched.
#[derive(Debug, Clone, Default)]
pub struct Matching {
    /// Tensors that are in both files, in the order of the first.
    pub pairs: Vec<Match>,
    /// Tensors whose names agree, but whose shapes do not.
    pub unlike: Vec<Unlike>,
    /// Tensors that only the first file has.
    pub only_a: Vec<Tensor>,
    /// Tensors that only the second file has.
    pub only_b: Vec<Tensor>,
}

/// Finds for each tensor of the first file its counterpart in the second. Values are read only if
/// names or axes leave the match ambiguous: a sample of at most 32,768 values of each tensor.
///
/// # Errors
/// Returns an error if bytes cannot be read.
pub fn match_tensors(a: &[Tensor], b: &[Tensor], rule: Rule) -> Result<Matching, TensorError> {
    match_tensors_of(a, b, rule, None)
}

/// Matches tensors as [`match_tensors`] does, for models with a known number of attention heads.
///
/// # Errors
/// Returns the errors of [`match_tensors`].
pub fn match_tensors_of(
    a: &[Tensor],
    b: &[Tensor],
    rule: Rule,
    heads: Option<Heads>,
) -> Result<Matching, TensorError> {
    let mut state = State {
        a,
        b,
        rule,
        heads,
        left_a: (0..a.len()).collect(),
        left_b: (0..b.len()).collect(),
        pairs: Vec::new(),
        unlike: Vec::new(),
    };
    state.without_codes();
    state.by_key(names::plain, &Found::Name)?;
    if rule != Rule::Exact {
        state.by_prefix()?;
        let key = |tensor: &Tensor| names::canonical(names::plain(tensor));
        state.by_key(key, &Found::Convention)?;
    }
    if rule != Rule::Exact {
        state.by_rows()?;
        state.by_experts()?;
        state.tied()?;
    }
    if rule == Rule::Values {
        for values::Closest { a: index_a, b: index_b, error, next } in
            values::closest(a, &state.left_a, b, &state.left_b)?
        {
            state.pair(index_a, index_b, Found::Values { error, next })?;
        }
        state.flattened()?;
    }
    Ok(state.finished())
}

struct State<'t> {
    a: &'t [Tensor],
    b: &'t [Tensor],
    rule: Rule,
    heads: Option<Heads>,
    left_a: BTreeSet<usize>,
    left_b: BTreeSet<usize>,
    pairs: Vec<(usize, Match)>,
    unlike: Vec<(usize, Unlike)>,
}

impl<'t> State<'t> {
    /// Leaves out codes and scales of weights that were decoded, where the other file has no such: the
    /// weights are compared, not the codes.
    fn without_codes(&mut self) {
        let parts = |tensors: &[Tensor]| -> BTreeSet<String> {
            let stored =
                tensors.iter().filter(|tensor| tensor.is_derived()).filter_map(Tensor::stored);
            stored.flat_map(|stored| stored.parts()).map(|part| part.name().to_owned()).collect()
        };
        let (of_a, of_b) = (parts(self.a), parts(self.b));
        let is_code = |tensor: &Tensor, here: &BTreeSet<String>, there: &BTreeSet<String>| {
            !tensor.is_derived() && here.contains(tensor.name()) && !there.contains(tensor.name())
        };
        let (a, b) = (self.a, self.b);
        self.left_a.retain(|&index| !is_code(&a[index], &of_a, &of_b));
        self.left_b.retain(|&index| !is_code(&b[index], &of_b, &of_a));
    }

    /// Pairs those left over that have the same key, where no other of their file has it.
    fn by_key<K: Ord>(
        &mut self,
        key: impl Fn(&'t Tensor) -> K,
        found: &Found,
    ) -> Result<(), TensorError> {
        let keys_b = unique(self.left_b.iter().map(|&index| (key(&self.b[index]), index)));
        let keys_a = unique(self.left_a.iter().map(|&index| (key(&self.a[index]), index)));
        for (key, index_a) in keys_a {
            if let (Some(index_a), Some(Some(index_b))) = (index_a, keys_b.get(&key)) {
                self.pair(index_a, *index_b, found.clone())?;
            }
        }
        Ok(())
    }

    /// Pairs those left over whose names agree behind one prefix, the most common one first.
    fn by_prefix(&mut self) -> Result<(), TensorError> {
        for _ in 0..names::MOST_PREFIXES {
            let of = |tensors: &'t [Tensor], left: &BTreeSet<usize>| -> Vec<&'t str> {
                left.iter().map(|&index| tensors[index].name()).collect()
            };
            let (names_a, names_b) = (of(self.a, &self.left_a), of(self.b, &self.left_b));
            let Some(prefix) = names::common_prefix(&names_a, &names_b) else { return Ok(()) };
            let before = self.left_a.len();
            let found = Found::Prefix(prefix.text.to_owned());
            let (cut_a, cut_b) =
                if prefix.is_first { (prefix.text, "") } else { ("", prefix.text) };
            let index_of: BTreeMap<&str, usize> =
                self.left_b.iter().map(|&index| (self.b[index].name(), index)).collect();
            for index_a in self.left_a.clone() {
                let rest = self.a[index_a].name().strip_prefix(cut_a);
                let name = rest.map(|rest| format!("{cut_b}{rest}"));
                if let Some(&index_b) = name.and_then(|name| index_of.get(name.as_str())) {
                    self.pair(index_a, index_b, found.clone())?;
                }
            }
            if self.left_a.len() == before {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Pairs rows of one tensor with those that other files keep apart: query, key and value.
    fn by_rows(&mut self) -> Result<(), TensorError> {
        let of = |tensors: &'t [Tensor], left: &BTreeSet<usize>| -> Vec<(usize, &'t Tensor)> {
            left.iter().map(|&index| (index, &tensors[index])).collect()
        };
        let (left_a, left_b) = (of(self.a, &self.left_a), of(self.b, &self.left_b));
        let (whole_a, whole_b) = (fused::find(&left_a, &left_b), fused::find(&left_b, &left_a));
        let sides = whole_a.into_iter().map(|one| (one, true));
        for (one, is_first) in sides.chain(whole_b.into_iter().map(|one| (one, false))) {
            let (wholes, parts) = if is_first { (self.a, self.b) } else { (self.b, self.a) };
            let whole = &wholes[one.whole];
            // Values narrower than a byte can't be cut without a copy.
            let left = if is_first { &self.left_b } else { &self.left_a };
            let are_left = one.parts.iter().all(|index| left.contains(index));
            let is_byte_sized = |index: &usize| parts[*index].dtype().is_byte_sized();
            let are_whole = whole.dtype().is_byte_sized() && one.parts.iter().all(is_byte_sized);
            if !are_left || !are_whole {
                continue;
            }
            let tensors: Vec<&Tensor> = one.parts.iter().map(|&index| &parts[index]).collect();
            if let Some(found) = interleaved::split(whole, &tensors)? {
                self.interleaved(&one, found, is_first);
                continue;
            }
            let mut first = 0;
            for &index in &one.parts {
                let part = &parts[index];
                let count = part.shape().first().copied().unwrap_or(0);
                let rows = fused::rows(whole, first, count)?;
                let (a, b) = if is_first { (rows, part.clone()) } else { (part.clone(), rows) };
                let change = Change::Part { first, rows: count };
                let pair = Match { a, b, found: Found::Convention, change };
                self.pairs.push((if is_first { one.whole } else { index }, pair));
                first += count;
                let left = if is_first { &mut self.left_b } else { &mut self.left_a };
                left.remove(&index);
            }
            let left = if is_first { &mut self.left_a } else { &mut self.left_b };
            left.remove(&one.whole);
        }
        Ok(())
    }

    /// Pairs query, key and value with what a fused tensor keeps of each head by head.
    fn interleaved(&mut self, one: &fused::Fused, found: interleaved::Split, whole_is_first: bool) {
        let interleaved::Split { pieces, groups, errors } = found;
        for (&index, (of_whole, part)) in one.parts.iter().zip(pieces) {
            let rows = part.shape()[..2].iter().product();
            let change = Change::Interleaved { groups, rows, errors };
            let (a, b) = if whole_is_first { (of_whole, part) } else { (part, of_whole) };
            let pair = Match { a, b, found: Found::Convention, change };
            self.pairs.push((if whole_is_first { one.whole } else { index }, pair));
            let left = if whole_is_first { &mut self.left_b } else { &mut self.left_a };
            left.remove(&index);
        }
        let left = if whole_is_first { &mut self.left_a } else { &mut self.left_b };
        left.remove(&one.whole);
    }

    /// Pairs the experts of a stack with those that the other file keeps one by one.
    fn by_experts(&mut self) -> Result<(), TensorError> {
        let of = |tensors: &'t [Tensor], left: &BTreeSet<usize>| -> Vec<(usize, &'t Tensor)> {
            left.iter().map(|&index| (index, &tensors[index])).collect()
        };
        let (left_a, left_b) = (of(self.a, &self.left_a), of(self.b, &self.left_b));
        for one in experts::find(&left_a, &left_b)? {
            let (a, b) = (one.slice, self.b[one.part].clone());
            let change = Change::Expert { number: one.number };
            self.pairs.push((one.whole, Match { a, b, found: Found::Convention, change }));
            self.left_a.remove(&one.whole);
            self.left_b.remove(&one.part);
        }
        for one in experts::find(&left_b, &left_a)? {
            let (a, b) = (self.a[one.part].clone(), one.slice);
            let change = Change::Expert { number: one.number };
            self.pairs.push((one.part, Match { a, b, found: Found::Convention, change }));
            self.left_b.remove(&one.whole);
            self.left_a.remove(&one.part);
        }
        Ok(())
    }

    /// Pairs what is left over of dense layers behind a convolution, whose inputs stand in another order: few
    /// matrices of one shape, of which two are clearly the same and no other is.
    fn flattened(&mut self) -> Result<(), TensorError> {
        const MOST: usize = 4;
        for index_a in self.left_a.clone() {
            let a = &self.a[index_a];
            let shape = |tensor: &Tensor| {
                let mut shape = tensor.shape().to_vec();
                shape.sort_unstable();
                shape
            };
            let of_shape = |tensors: &[Tensor], left: &BTreeSet<usize>| -> Vec<usize> {
                let alike = |index: &usize| shape(&tensors[*index]) == shape(a);
                left.iter().copied().filter(alike).collect()
            };
            if a.shape().len() != 2 || of_shape(self.a, &self.left_a).len() > MOST {
                continue;
            }
            let others = of_shape(self.b, &self.left_b);
            if others.len() > MOST {
                continue;
            }
            let mut found = Vec::new();
            for index_b in others {
                if let Some(pair) = flattened::found(a, &self.b[index_b])? {
                    found.push((index_b, pair));
                }
            }
            if let [(index_b, (a, b, change @ Change::Flattened { errors, .. }))] = found.as_slice()
            {
                let found = Found::Values { error: errors.0, next: None };
                let pair = Match { a: a.clone(), b: b.clone(), found, change: change.clone() };
                self.pairs.push((index_a, pair));
                self.left_a.remove(&index_a);
                self.left_b.remove(index_b);
            }
        }
        Ok(())
    }

    /// Pairs a head that only one file has with the embedding of the other, which is its head too
    /// where both are tied.
    fn tied(&mut self) -> Result<(), TensorError> {
        const HEAD: &str = "lm_head.weight";
        const EMBEDDING: &str = "embed_tokens.weight";
        let find = |tensors: &'t [Tensor], key: &str| {
            tensors.iter().position(|tensor| names::canonical(tensor.name()) == key)
        };
        let heads = (find(self.a, HEAD), find(self.b, HEAD));
        let embeddings = (find(self.a, EMBEDDING), find(self.b, EMBEDDING));
        let (index, a, b) = match (heads, embeddings) {
            ((Some(head), None), (_, Some(embedding))) if self.left_a.remove(&head) => {
                (head, &self.a[head], &self.b[embedding])
            }
            ((None, Some(head)), (Some(embedding), _)) if self.left_b.remove(&head) => {
                (embedding, &self.a[embedding], &self.b[head])
            }
            _ => return Ok(()),
        };
        let is_near = a.shape() == b.shape() && relative_error(a, b)? <= MOST_ALIKE;
        if !is_near {
            match heads {
                (Some(head), _) => self.left_a.insert(head),
                (None, Some(head)) => self.left_b.insert(head),
                (None, None) => false,
            };
            return Ok(());
        }
        let (a, b) = (a.clone(), b.clone());
        self.pairs.push((index, Match { a, b, found: Found::Convention, change: Change::Tied }));
        Ok(())
    }

    fn pair(&mut self, index_a: usize, index_b: usize, found: Found) -> Result<(), TensorError> {
        let (a, b) = (&self.a[index_a], &self.b[index_b]);
        let changed = match self.rule {
            Rule::Exact => (a.shape() == b.shape()).then(|| (a.clone(), b.clone(), Change::None)),
            _ => match exponent::undone(a, b)? {
                Some(changed) => Some(changed),
                None => shapes::agree(a, b, self.heads)?,
            },
        };
        match changed {
            Some((a, b, change)) => self.pairs.push((index_a, Match { a, b, found, change })),
            // Only one name for both makes it certain that they are meant to be the same.
            None if found == Found::Name => {
                self.unlike.push((index_a, Unlike { a: a.clone(), b: b.clone() }));
            }
            None => return Ok(()),
        }
        self.left_a.remove(&index_a);
        self.left_b.remove(&index_b);
        Ok(())
    }

    fn finished(mut self) -> Matching {
        self.pairs.sort_by_key(|(index, _)| *index);
        self.unlike.sort_by_key(|(index, _)| *index);
        let parts = self.parts();
        let of = |tensors: &[Tensor], left: BTreeSet<usize>| -> Vec<Tensor> {
            let left = left.into_iter().map(|index| tensors[index].clone());
            left.filter(|tensor| !parts.contains(tensor.name())).collect()
        };
        Matching {
            only_a: of(self.a, self.left_a),
            only_b: of(self.b, self.left_b),
            pairs: self.pairs.into_iter().map(|(_, pair)| pair).collect(),
            unlike: self.unlike.into_iter().map(|(_, pair)| pair).collect(),
        }
    }

    /// Names of what weights that were matched are computed from.
    fn parts(&self) -> BTreeSet<String> {
        let sides = self.pairs.iter().flat_map(|(_, pair)| [&pair.a, &pair.b]);
        let stored = sides.filter_map(Tensor::stored);
        stored.flat_map(|stored| stored.parts()).map(|part| part.name().to_owned()).collect()
    }
}

/// Each key with its index; `None` where several have it.
fn unique<K: Ord>(keys: impl Iterator<Item = (K, usize)>) -> BTreeMap<K, Option<usize>> {
    let mut found = BTreeMap::new();
    for (key, index) in keys {
        found.entry(key).and_modify(|index| *index = None).or_insert(Some(index));
    }
    found
}

#[cfg(test)]
mod tests;
