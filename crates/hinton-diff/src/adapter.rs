//! Compares a low-rank adapter with its base: the base by itself, and with the adapter applied.

use std::collections::{BTreeMap, BTreeSet};

use hinton_compare::{LowRankPair, adapted, low_rank_pairs, match_tensors};
use hinton_format::ADAPTER;
use hinton_tensor::Tensor;
use hinton_weights::Error;
use hinton_words::short;

use super::{Rule, summary};

/// Weights of a base that an adapter changes, before and after.
pub(super) struct Applied {
    /// Those of the base.
    pub(super) bases: Vec<Tensor>,
    /// The same with the adapter applied.
    pub(super) tensors: Vec<Tensor>,
    /// Tensors of the adapter that could not be applied, and those that are no part of a pair.
    pub(super) rest: Vec<Tensor>,
    /// What was done, in a sentence.
    pub(super) words: String,
}

/// Applies the second file to the first, where it is an adapter; `None` where it is none.
pub(super) fn applied(
    base: &[Tensor],
    adapter: &[Tensor],
    metadata: &[(String, String)],
    rule: Rule,
) -> Result<Option<Applied>, Error> {
    let (pairs, mut rest) = low_rank_pairs(adapter)?;
    if pairs.is_empty() {
        return Ok(None);
    }
    // The base's names are found as those of any other file: by tensors of the weights' shapes.
    let stand_ins: Vec<Tensor> = pairs.iter().filter_map(|pair| stand_in(pair).ok()).collect();
    let by_name = if rule == Rule::Exact { Rule::Exact } else { Rule::Names };
    let matching = match_tensors(base, &stand_ins, by_name)?;
    let targets: BTreeMap<&str, &LowRankPair> =
        pairs.iter().map(|pair| (pair.target.as_str(), pair)).collect();
    let settings = Settings::of(metadata);
    let (mut bases, mut tensors) = (Vec::new(), Vec::new());
    let mut used = BTreeSet::new();
    let mut ranks = BTreeSet::new();
    let mut is_scaled = true;
    for one in &matching.pairs {
        let Some(pair) = targets.get(one.b.name()) else { continue };
        let (scale, is_known) = settings.scale(pair);
        if let Some(tensor) = adapted(&one.a, pair, scale)? {
            // The base's name: what is compared is one weight before and after.
            tensors.push(tensor.named(one.a.name()));
            bases.push(one.a.clone());
            used.insert(pair.target.as_str());
            ranks.insert(pair.rank());
            is_scaled &= is_known;
        }
    }
    let lost = pairs.iter().filter(|pair| !used.contains(pair.target.as_str()));
    rest.extend(lost.flat_map(|pair| [pair.a.clone(), pair.b.clone()]));
    let ranks: Vec<String> = ranks.iter().map(usize::to_string).collect();
    let factor = match (bases.is_empty(), is_scaled) {
        (true, _) => String::new(),
        (_, true) => {
            let scale = pairs.iter().map(|pair| settings.scale(pair).0).next().unwrap_or(1.0);
            format!(", scaled by {}", short(scale))
        }
        (_, false) => ", not scaled: no alpha is known".to_owned(),
    };
    let words = format!(
        "b is an adapter of rank {}, compared as a with it applied{factor}; {} of {} are left as they are",
        if ranks.is_empty() { "?".to_owned() } else { ranks.join(", ") },
        base.len() - bases.len(),
        summary::several(base.len() as u64, "tensor"),
    );
    Ok(Some(Applied { bases, tensors, rest, words }))
}

/// A tensor of the name and shape of a pair's weight; its values are never read.
fn stand_in(pair: &LowRankPair) -> Result<Tensor, Error> {
    let length = |tensor: &Tensor, axis: usize| tensor.shape().get(axis).copied().unwrap_or(0);
    let shape = [length(&pair.b, 0), length(&pair.a, 1)];
    let zero = Tensor::from_f32(pair.target.clone(), &[1], &[0.0])?;
    let view = hinton_tensor::View { shape: shape.to_vec(), strides: vec![0, 0], offset: 0 };
    let data = zero.data().clone();
    let tensor = Tensor::new(
        pair.target.clone(),
        pair.a.file(),
        zero.dtype(),
        zero.endian(),
        view,
        0,
        data,
    )?;
    Ok(tensor)
}

/// What is known of the scale.
struct Settings {
    alpha: Option<f64>,
    is_rank_stabilised: bool,
}

impl Settings {
    fn of(metadata: &[(String, String)]) -> Settings {
        let find = |key: &str| metadata.iter().find(|(name, _)| name == key).map(|(_, text)| text);
        let [alpha, _, rank_stabilised] = ADAPTER;
        // llama.cpp writes it into its own adapters.
        let alpha = find(alpha).or_else(|| find("adapter.lora.alpha"));
        Settings {
            alpha: alpha.and_then(|text| text.parse().ok()).filter(|alpha: &f64| alpha.is_finite()),
            is_rank_stabilised: find(rank_stabilised).is_some_and(|text| text == "true"),
        }
    }

    /// The factor of a pair; 1, and whether that is known, where nothing says.
    fn scale(&self, pair: &LowRankPair) -> (f64, bool) {
        let rank = pair.rank().max(1) as f64;
        match pair.alpha.or(self.alpha) {
            Some(alpha) if self.is_rank_stabilised => (alpha / rank.sqrt(), true),
            Some(alpha) => (alpha / rank, true),
            None => (1.0, false),
        }
    }
}
