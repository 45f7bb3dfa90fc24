//! How many points are predicted correctly, and what that means.

use hinton_chart::short;

use super::regions::class;
use super::{Model, Normalize, PointSet, Precision, Stage};

/// Points that other ways to normalise are tried on.
const TRIED: usize = 200;
/// How far above chance a network is thought to know something, as a share of what is left.
const KNOWS: f64 = 0.15;
/// A way to normalise is named where it is right so much more often.
const BETTER: f64 = 0.15;
/// What values are usually normalised with: MNIST by its mean and deviation, −1 to 1, bytes as
/// they are, and the points' own.
const USUAL: [Normalize; 4] = [
    Normalize::By { mean: 0.1307, deviation: 0.3081 },
    Normalize::By { mean: 0.5, deviation: 0.5 },
    Normalize::Raw,
    Normalize::Points,
];

/// Counts labels as the network's outputs are counted, where they are the outputs' numbers and the
/// points don't happen to be of all classes.
pub(super) fn match_labels(set: &mut PointSet, outputs: usize) {
    let Some((labels, names)) = &mut set.labels else { return };
    if names.len() >= outputs || outputs > 1000 {
        return;
    }
    let numbers: Option<Vec<u32>> = names.iter().map(|name| name.parse().ok()).collect();
    let Some(numbers) = numbers.filter(|all| all.iter().all(|&at| (at as usize) < outputs)) else {
        return;
    };
    labels.iter_mut().for_each(|label| *label = numbers[*label as usize]);
    *names = (0..outputs).map(|output| output.to_string()).collect();
}

/// The share of points whose class is that of their label, where both are known.
pub(super) fn accuracy(set: &PointSet, last: &Stage) -> Option<f64> {
    let (labels, names) = set.labels.as_ref()?;
    if last.width.max(2) != names.len() {
        return None;
    }
    let right = labels.iter().enumerate();
    let right = right.filter(|&(at, &label)| class(last, at) == label as usize);
    Some(right.count() as f64 / labels.len().max(1) as f64)
}

/// A remark on a network that is hardly better than chance, with the way to normalise that makes it
/// better, if one of the usual ones does.
pub(super) fn remark(
    model: &Model,
    set: &PointSet,
    last: &Stage,
    precision: Precision,
) -> Option<String> {
    if !model.is_trained {
        return None;
    }
    let accuracy = accuracy(set, last)?;
    let (labels, names) = set.labels.as_ref()?;
    let chance = 1.0 / names.len() as f64;
    if labels.len() < 10 * names.len().min(10) || accuracy > chance + KNOWS * (1.0 - chance) {
        return None;
    }
    let percent = |share: f64| short((share * 1000.0).round() / 10.0);
    let said = format!(
        "{} % right is near chance ({} % with {} classes)",
        percent(accuracy),
        percent(chance),
        names.len()
    );
    if set.normalize != Normalize::Auto {
        return Some(said);
    }
    let best = USUAL
        .into_iter()
        .filter_map(|by| Some((tried(model, set, by, precision)?, by)))
        .reduce(|best, other| if other.0 > best.0 { other } else { best })
        .filter(|best| best.0 > accuracy + BETTER);
    Some(match best {
        Some((right, by)) => format!(
            "{said}: with `normalize={by}` it is right for {} % of the first {} points",
            percent(right),
            set.len().min(TRIED)
        ),
        None => format!(
            "{said}: was it trained on values like these? `normalize=MEAN,STD` changes them"
        ),
    })
}

/// The share that is right of some points that are normalised so.
fn tried(model: &Model, set: &PointSet, by: Normalize, precision: Precision) -> Option<f64> {
    if by == Normalize::Raw && !set.is_bytes {
        return None;
    }
    let count = set.len().min(TRIED);
    let scale = if by == Normalize::Raw { 255.0 } else { 1.0 };
    let values: Vec<f64> =
        set.values.iter().take(count * set.width).map(|value| value * scale).collect();
    let mut some = PointSet::new(set.name.clone(), set.width, values);
    some.labels =
        set.labels.as_ref().map(|(labels, names)| (labels[..count].to_vec(), names.clone()));
    some.normalize(by).ok()?;
    let stages = model.trace(some.values.clone(), precision, hinton_tensor::Work::quiet()).ok()?;
    accuracy(&some, stages.last()?)
}
