//! Summarises the differences in sentences.

use std::collections::BTreeMap;

use hinton_tensor::outline::{Named, outline, rows_of};
use hinton_words::{short, short_count, visible};

use super::{Change, Diff, Found, Pair};

/// Kinds of tensor that are named for a stack of layers.
const MOST_KINDS: usize = 6;

/// So few changed values are counted, where more are a share.
const FEW_VALUES: u64 = 9;

pub(super) fn sentences(diff: &Diff) -> Vec<String> {
    let mut lines = vec![headline(diff)];
    lines.extend(odd(diff));
    lines.extend(diff.adapter.clone());
    lines.extend(aligned(diff));
    lines.extend(counts(diff));
    lines.extend(kinds(diff));
    lines.extend(untouched(diff));
    lines.extend(places(diff));
    lines.extend(concentrated(diff));
    lines.extend(low_rank(diff));
    lines.extend(casts(diff));
    lines.extend(blocks(diff));
    lines.extend(matched(diff));
    lines.extend(offered(diff));
    lines
}

fn headline(diff: &Diff) -> String {
    let pairs = &diff.pairs;
    let count = pairs.len() as u64;
    let changed = || pairs.iter().filter(|pair| !pair.is_equal());
    if pairs.is_empty() {
        return match diff.unlike.len() {
            0 => "nothing in common: no tensor of one file was found in the other".to_owned(),
            unlike => format!(
                "nothing can be compared: {} of the same name, with other shapes",
                several(unlike as u64, "tensor")
            ),
        };
    }
    if pairs.iter().any(|pair| pair.measures.is_none()) {
        return format!("{} in both; no values were read", several(count, "tensor"));
    }
    let values: u64 = pairs.iter().map(|pair| pair.a.elements()).fold(0, u64::saturating_add);
    let all = format!("{}, {}", several(count, "tensor"), several(values, "value"));
    if diff.is_same() {
        return format!("identical: {all}, all equal");
    }
    let others = match (diff.has_same_tensors(), diff.has_same_names()) {
        (true, _) => "",
        (false, true) => "; not every row is in both",
        (false, false) => "; not every tensor is in both",
    };
    if changed().next().is_none() {
        return match pairs.iter().any(Pair::is_cast) {
            true => format!("equal values in other dtypes: {all}{others}"),
            false => format!("equal where both have it: {all}{others}"),
        };
    }
    let touched: u64 =
        pairs.iter().filter_map(|pair| Some(pair.measures.as_ref()?.changed())).sum();
    let share = match touched {
        1..=FEW_VALUES => format!("{touched} of {}", several(values, "value")),
        _ => format!("{} of the values", percent(touched as f64 / values.max(1) as f64)),
    };
    let change =
        diff.relative().map_or(String::new(), |one| format!("; relative change {}", percent(one)));
    let number = changed().count() as u64;
    // What is not finite has no part in a norm.
    let is_odd = |pair: &Pair| pair.measures.as_ref().is_some_and(|one| one.odd.changed() > 0);
    let finite = if pairs.iter().any(is_odd) { " where both are finite" } else { "" };
    let noise = match changed().all(Pair::is_noise) {
        true => "the same up to rounding: ",
        false => "",
    };
    format!(
        "{noise}{number} of {} changed, {share}{change}{finite}{others}",
        several(count, "tensor")
    )
}

fn counts(diff: &Diff) -> Option<String> {
    let equal = diff.pairs.iter().filter(|pair| pair.is_equal()).count();
    let read = diff.pairs.iter().filter(|pair| pair.measures.is_some()).count();
    let mut parts = Vec::new();
    let mut add = |count: usize, what: String| {
        if count > 0 {
            parts.push(format!("{} {what}", short_count(count as u64)));
        }
    };
    add(equal, "identical".to_owned());
    add(read - equal, "changed".to_owned());
    add(diff.unlike.len(), "with other shapes".to_owned());
    add(diff.only_a.len(), "only in a".to_owned());
    add(diff.only_b.len(), "only in b".to_owned());
    (parts.len() > 1).then(|| parts.join(", "))
}

/// How many hidden units moved, and what that did.
fn aligned(diff: &Diff) -> Option<String> {
    let found = diff.alignment.as_ref()?;
    let units: usize = found.layers.iter().map(|layer| layer.order.len()).sum();
    let layers: Vec<String> = found
        .layers
        .iter()
        .map(|layer| {
            format!("{} of {} behind {}", layer.moved, layer.order.len(), visible(&layer.layer))
        })
        .collect();
    let moved: usize = found.layers.iter().map(|layer| layer.moved).sum();
    let (after, before) = found.errors;
    let only = if layers.len() > 1 { format!(" ({})", layers.join(", ")) } else { String::new() };
    Some(format!(
        "{} of {units} hidden units moved{only}: relative change of the matrices {} aligned, {} as they stand",
        short_count(moved as u64),
        percent(after),
        percent(before)
    ))
}

/// Where in a model's layers it changed, unless that is everywhere: a fine-tuning of few kinds of
/// tensor, layers that were frozen.
fn kinds(diff: &Diff) -> Vec<String> {
    let named: Vec<Named<'_>> = diff
        .pairs
        .iter()
        .map(|pair| Named { name: pair.a.name(), shape: pair.a.shape() })
        .collect();
    let is_changed = |index: &usize| !diff.pairs[*index].is_equal();
    let stacks = outline(&named).stacks;
    let lines = stacks.iter().filter(|stack| !stack.pattern.is_empty()).filter_map(|stack| {
        let layers = 0..stack.layers.len();
        let mut changed: Vec<(&str, usize)> = stack
            .kinds
            .iter()
            .enumerate()
            .map(|(kind, row)| {
                let has_changed = |layer: &usize| stack.cell(*layer, kind).iter().any(is_changed);
                (row.name.as_str(), layers.clone().filter(has_changed).count())
            })
            .filter(|(_, count)| *count > 0)
            .collect();
        let still = stack.kinds.len() - changed.len();
        if changed.is_empty() || still == 0 {
            return None;
        }
        changed.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let all = layers.len();
        let part = |(name, count): &(&str, usize)| format!("{} in {count} of {all}", visible(name));
        let parts: Vec<String> = changed.iter().take(MOST_KINDS).map(part).collect();
        let more = match changed.len().saturating_sub(MOST_KINDS) {
            0 => String::new(),
            more => format!(" and {} more", several(more as u64, "kind")),
        };
        let pattern = stack.pattern.replace("{}", "*");
        Some(format!(
            "in {}: {} {}{more}; unchanged {}",
            visible(&pattern),
            parts.join(", "),
            rows_of(&stack.pattern),
            several(still as u64, "kind")
        ))
    });
    lines.collect()
}

/// Tensors outside of layers that did not change, where others did: an embedding that was frozen.
fn untouched(diff: &Diff) -> Option<String> {
    if diff.pairs.iter().all(Pair::is_equal) {
        return None;
    }
    let named: Vec<Named<'_>> = diff
        .pairs
        .iter()
        .map(|pair| Named { name: pair.a.name(), shape: pair.a.shape() })
        .collect();
    let stacks = outline(&named).stacks;
    let mut is_layer = vec![false; named.len()];
    for stack in stacks.iter().filter(|stack| !stack.pattern.is_empty()) {
        for (layer, kind) in (0..stack.layers.len())
            .flat_map(|layer| (0..stack.kinds.len()).map(move |kind| (layer, kind)))
        {
            stack.cell(layer, kind).iter().for_each(|&member| is_layer[member] = true);
        }
    }
    let still = diff.pairs.iter().zip(is_layer).filter(|(pair, is_layer)| {
        !is_layer && pair.is_equal() && pair.is_weight() && pair.a.elements() > 0
    });
    let names: Vec<String> = still.map(|(pair, _)| visible(pair.a.name()).into_owned()).collect();
    let more = names.len().saturating_sub(MOST_KINDS);
    let mut shown = names.into_iter().take(MOST_KINDS).collect::<Vec<_>>();
    if more > 0 {
        shown.push(format!("{more} more"));
    }
    (!shown.is_empty()).then(|| format!("unchanged: {}", shown.join(", ")))
}

/// A change in at most this share of the rows, or columns, is said to be in few.
const FEW_LINES: f64 = 0.25;
/// Tensors that are named as having changed in few places.
const FEW_NAMED: usize = 3;

/// Tensors that changed in few rows, few columns or one value alone.
fn places(diff: &Diff) -> Vec<String> {
    let all: Vec<String> = diff.pairs.iter().filter_map(place).collect();
    let more = all.len().saturating_sub(FEW_NAMED);
    let mut lines: Vec<String> = all.into_iter().take(FEW_NAMED).collect();
    if more > 0 {
        lines.push(format!(
            "{} more changed in few rows or columns",
            several(more as u64, "tensor")
        ));
    }
    lines
}

fn place(pair: &Pair) -> Option<String> {
    let measures = pair.measures.as_ref().filter(|one| !one.is_same())?;
    let name = visible(pair.a.name());
    let odd = measures.odd.changed();
    if let (1, 0, Some(one)) = (measures.changed(), odd, &measures.largest) {
        let place: Vec<String> = one.at.iter().map(usize::to_string).collect();
        return Some(format!(
            "1 value of {name} changed: [{}] from {} to {}",
            place.join(", "),
            short(one.a),
            short(one.b)
        ));
    }
    let few = |lines: &Option<super::Lines>, what: &str| {
        let lines = lines.as_ref().filter(|_| odd == 0)?;
        let is_few = lines.changed > 0 && lines.changed as f64 <= lines.count as f64 * FEW_LINES;
        is_few.then(|| {
            format!("{} of {} {what}", short_count(lines.changed), short_count(lines.count as u64))
        })
    };
    let parts: Vec<String> = [few(&measures.rows, "rows"), few(&measures.columns, "columns")]
        .into_iter()
        .flatten()
        .collect();
    (!parts.is_empty()).then(|| format!("{name} changed in {} only", parts.join(" and ")))
}

/// Fewest tensors that changed for which it is said where most of the change lies.
const FEWEST: usize = 8;
/// Tensors that are named as holding the most of it.
const NAMED: usize = 5;

/// Which few tensors hold half of the squared change, or how much of it the first five hold.
fn concentrated(diff: &Diff) -> Option<String> {
    let squared = |pair: &Pair| match &pair.measures {
        Some(one) if pair.is_weight() => one.norm_difference * one.norm_difference,
        _ => 0.0,
    };
    let mut changed: Vec<(&Pair, f64)> =
        diff.pairs.iter().map(|pair| (pair, squared(pair))).filter(|one| one.1 > 0.0).collect();
    let all: f64 = changed.iter().map(|one| one.1).sum();
    if changed.len() < FEWEST || !all.is_finite() {
        return None;
    }
    changed.sort_by(|a, b| b.1.total_cmp(&a.1));
    let mut sum = 0.0;
    let half = changed.iter().take(NAMED).position(|one| {
        sum += one.1;
        sum * 2.0 >= all
    });
    let count = half.map_or(NAMED, |place| place + 1);
    let held = changed[..count].iter().map(|one| one.1).sum::<f64>() / all;
    let names: Vec<String> =
        changed[..count].iter().map(|one| visible(one.0.a.name()).into_owned()).collect();
    let tensors = several(count as u64, "tensor");
    let holds = if count == 1 { "holds" } else { "hold" };
    Some(match half {
        Some(_) => format!(
            "{tensors} {holds} {} of the squared change: {}",
            percent(held),
            names.join(", ")
        ),
        None => format!(
            "spread over many tensors: the {NAMED} that changed most hold {} of the squared change",
            percent(held)
        ),
    })
}

/// Whether changes are of low rank, as those of a merged LoRA.
fn low_rank(diff: &Diff) -> Vec<String> {
    let matrices: Vec<&Pair> = diff.pairs.iter().filter(|pair| pair.spectrum.is_some()).collect();
    if matrices.is_empty() {
        return Vec::new();
    }
    let mut ranks: BTreeMap<usize, Vec<(&Pair, super::LowRank)>> = BTreeMap::new();
    for pair in &matrices {
        if let Some(found) = pair.low_rank() {
            ranks.entry(found.rank).or_default().push((pair, found));
        }
    }
    let all = match matrices.len() {
        1 => "1 changed matrix".to_owned(),
        count => format!("{} changed matrices", short_count(count as u64)),
    };
    if ranks.is_empty() {
        return vec![match matrices.len() {
            1 => "the changed matrix does not look like a merged LoRA".to_owned(),
            _ => format!("none of {all} looks like a merged LoRA"),
        }];
    }
    let line = |(rank, found): (&usize, &Vec<(&Pair, super::LowRank)>)| {
        let least = |of: fn(&super::LowRank) -> f64| {
            found.iter().map(|one| of(&one.1)).fold(f64::INFINITY, f64::min)
        };
        let mut kinds: Vec<String> = Vec::new();
        for (pair, _) in found {
            let kind = kind(pair.a.name());
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
        let more = kinds.len().saturating_sub(MOST_KINDS);
        kinds.truncate(MOST_KINDS);
        if more > 0 {
            kinds.push(format!("{more} more"));
        }
        let next = match least(|one| one.drop) {
            drop if drop.is_finite() => {
                let more = if found.len() == 1 { "" } else { " or more" };
                format!("the next singular value is {} times smaller{more}", short(drop))
            }
            _ => "all others are zero".to_owned(),
        };
        let directions = several(*rank as u64, "direction");
        format!(
            "{} of {all} {} like a merged LoRA of rank {rank}, {}: {directions} {} {} of the squared change{}, {next}",
            short_count(found.len() as u64),
            if found.len() == 1 { "looks" } else { "look" },
            kinds.join(", "),
            if *rank == 1 { "holds" } else { "hold" },
            percent(least(|one| one.held)),
            if found.len() == 1 { "" } else { " or more" },
        )
    };
    ranks.iter().map(line).collect()
}

/// A name without the numbers of layers: `layers.*.q_proj.weight`.
fn kind(name: &str) -> String {
    let part = |part: &str| match part.bytes().all(|byte| byte.is_ascii_digit()) {
        true => "*".to_owned(),
        false => part.to_owned(),
    };
    let parts: Vec<String> = visible(name).split('.').map(part).collect();
    parts.join(".")
}

/// What sentences on values that are not finite begin with.
const ODD: [&str; 4] = ["NaN came", "NaN went", "infinities came", "infinities went"];

/// Whether a sentence is on NaN or infinities that came or went.
pub(super) fn is_odd(sentence: &str) -> bool {
    ODD.iter().any(|what| sentence.starts_with(what))
}

/// NaN and infinities that came or went.
fn odd(diff: &Diff) -> Vec<String> {
    let mut lines = Vec::new();
    let counts: [fn(&super::Odd) -> u64; 4] =
        [|odd| odd.nan_came, |odd| odd.nan_went, |odd| odd.inf_came, |odd| odd.inf_went];
    for (what, of) in ODD.into_iter().zip(counts) {
        let count = |pair: &Pair| pair.measures.as_ref().map_or(0, |one| of(&one.odd));
        let total: u64 = diff.pairs.iter().map(count).sum();
        let tensors = diff.pairs.iter().filter(|pair| count(pair) > 0).count() as u64;
        if let Some(first) = diff.pairs.iter().find(|pair| count(pair) > 0) {
            let (total, name) = (short_count(total), visible(first.a.name()).into_owned());
            lines.push(match tensors {
                1 => format!("{what}: {total} in {name}"),
                tensors => {
                    format!("{what}: {total} in {}, first {name}", several(tensors, "tensor"))
                }
            });
        }
    }
    lines
}

/// Which dtypes became which, and what that does by itself.
fn casts(diff: &Diff) -> Vec<String> {
    let mut casts: BTreeMap<(&str, &str), Vec<&Pair>> = BTreeMap::new();
    for pair in diff.pairs.iter().filter(|pair| pair.is_cast()) {
        casts.entry((pair.a.stored_type(), pair.b.stored_type())).or_default().push(pair);
    }
    let mut lines = Vec::new();
    for ((from, to), pairs) in casts {
        let measures = || pairs.iter().filter_map(|pair| pair.measures.as_ref());
        let (from, to) = (type_name(from), type_name(to));
        let mut line = format!("{from} → {to}: {}", several(pairs.len() as u64, "tensor"));
        let changed = measures().filter(|one| !one.is_same()).count();
        let noisy = pairs.iter().filter(|pair| pair.is_noise()).count();
        let noise = measures().next().map(|one| one.noise);
        let floor = noise.and_then(|noise| noise.relative.filter(|relative| *relative > 0.0));
        if measures().next().is_some() && changed == 0 {
            line.push_str(", all values kept");
        } else if let (Some(noise), Some(floor)) = (noise, floor) {
            let what = match noisy {
                noisy if noisy == changed => "none changed by more than".to_owned(),
                noisy => format!("{} changed by more than", changed - noisy),
            };
            let (floor, name) = (percent(floor), noise.name);
            line.push_str(&format!(", {what} a cast to {name} does by itself ({floor})"));
        }
        lines.push(line);
    }
    lines
}

/// The type that a file has, of weights made from codes that of the codes: `INT8`, not `from INT8`.
pub(super) fn type_name(stored: &str) -> &str {
    stored.strip_prefix("from ").unwrap_or(stored)
}

/// The errors of quantised blocks, for each type.
fn blocks(diff: &Diff) -> Vec<String> {
    let mut types: BTreeMap<&str, Vec<(&Pair, &super::BlockErrors)>> = BTreeMap::new();
    for pair in &diff.pairs {
        if let Some(blocks) = &pair.blocks {
            types.entry(pair.b.stored_type()).or_default().push((pair, blocks));
        }
    }
    let line = |(name, found): (&str, Vec<(&Pair, &super::BlockErrors)>)| {
        let (pair, worst) =
            found.iter().max_by(|one, other| one.1.largest.total_cmp(&other.1.largest))?;
        let mut medians: Vec<f64> = found.iter().map(|one| one.1.median).collect();
        medians.sort_by(f64::total_cmp);
        let place: Vec<String> = worst.at.iter().map(usize::to_string).collect();
        Some(format!(
            "{name}: error by block of {}: {} in the middle (median of tensors), largest {} in {} from [{}] on",
            worst.block,
            percent(medians[medians.len() / 2]),
            percent(worst.largest),
            visible(pair.a.name()),
            place.join(", ")
        ))
    };
    types.into_iter().filter_map(line).collect()
}

/// What is left over and may be the same.
fn offered(diff: &Diff) -> Option<String> {
    let shown = diff.offers.iter().take(FEW_NAMED).map(|one| {
        let (a, b) = (visible(&one.a), visible(&one.b));
        format!("{a} = {b} (histograms differ by {})", percent(one.distance))
    });
    let shown: Vec<String> = shown.collect();
    let more = match diff.offers.len().saturating_sub(FEW_NAMED) {
        0 => String::new(),
        more => format!(", {more} more"),
    };
    (!shown.is_empty()).then(|| {
        format!(
            "perhaps the same, not compared unless a map of names says so: {}{more}",
            shown.join(", ")
        )
    })
}

/// How those were matched that have other names or axes.
fn matched(diff: &Diff) -> Vec<String> {
    let mut counts: Vec<(String, u64)> = Vec::new();
    let (mut rotary, mut exponential) = (None, None);
    for pair in &diff.pairs {
        let found = match &pair.found {
            Found::Name => None,
            Found::Map(_) => Some("by the map".to_owned()),
            Found::Prefix(prefix) => Some(format!("by name without {}", visible(prefix))),
            Found::Convention => Some("by the names that other libraries use".to_owned()),
            Found::Values { .. } => Some("by their values alone".to_owned()),
        };
        let change = match &pair.change {
            Change::None => None,
            Change::Axes { order, .. } if order.len() == 2 => Some("transposed".to_owned()),
            Change::Axes { .. } => Some("with their axes in another order".to_owned()),
            Change::Rotary { head, errors: (so, as_is) } => {
                // The errors of the first stand for all.
                let known = rotary.get_or_insert((*so, *as_is));
                Some(format!(
                    "after undoing the permutation for rotary embedding (heads of {head}; error {} against {})",
                    short(known.0),
                    short(known.1)
                ))
            }
            Change::Interleaved { groups, errors: (so, as_is), .. } => Some(format!(
                "after putting query, key and value of {groups} heads in one order (error {} against {})",
                short(*so),
                short(*as_is)
            )),
            Change::Flattened { channels, errors: (so, as_is), .. } => Some(format!(
                "after putting the inputs of {channels} channels in one order (error {} against {})",
                short(*so),
                short(*as_is)
            )),
            Change::Part { .. } => Some("as rows of a fused tensor".to_owned()),
            Change::Expert { .. } => Some("as experts of a stack".to_owned()),
            Change::Aligned { .. } => None,
            Change::Tied => Some("as a head tied to the embedding".to_owned()),
            Change::Exponential { errors: (so, as_is) } => {
                let known = exponential.get_or_insert((*so, *as_is));
                Some(format!(
                    "after taking minus the exponential of one (error {} against {})",
                    short(known.0),
                    short(known.1)
                ))
            }
            Change::Reshaped => Some("reshaped".to_owned()),
            Change::Rows { a, b } => {
                Some(format!("by the {} rows that both have (of {a} and {b})", a.min(b)))
            }
        };
        for what in found.into_iter().chain(change) {
            match counts.iter_mut().find(|(known, _)| *known == what) {
                Some((_, count)) => *count += 1,
                None => counts.push((what, 1)),
            }
        }
    }
    let text =
        |(what, count): (String, u64)| format!("{} matched {what}", several(count, "tensor"));
    counts.into_iter().map(text).collect()
}

pub(super) fn several(count: u64, what: &str) -> String {
    format!("{} {what}{}", short_count(count), if count == 1 { "" } else { "s" })
}

/// A share in percent: `0.17 %`.
pub(super) fn percent(share: f64) -> String {
    // Rounding is not to hide that something changed, or that something did not.
    match share {
        share if share > 0.999 && share < 1.0 => "99.9 %".to_owned(),
        share => format!("{} %", short(share * 100.0).replace('−', "-")),
    }
}
