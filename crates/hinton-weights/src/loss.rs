//! Says in one sentence at which step a loss went wrong.

use hinton_run::Run;
use hinton_words::{short, short_count, visible};

/// A loss that is this many times its lowest value before, and its first value, has diverged.
const JUMP: f64 = 100.0;

/// The first place at which a loss is no longer a number, or far above what it was.
pub fn loss_words(run: &Run) -> Option<String> {
    let is_loss = |name: &&str| name.to_ascii_lowercase().contains("loss");
    let losses = run.metric_names().into_iter().filter(is_loss);
    let found = losses.filter_map(|name| Some((name, first_bad(&run.curve(name))?)));
    let (name, bad) = found.min_by(|a, b| a.1.place.total_cmp(&b.1.place))?;
    let (name, axis) = (visible(name), visible(&run.axis));
    let value = match bad.value {
        value if value.is_nan() => "NaN".to_owned(),
        value => short(value),
    };
    let before = match bad.before {
        Some((place, before)) => {
            format!(" after {} at {axis} {}", short(before), place_text(place))
        }
        None => ", its first value".to_owned(),
    };
    Some(format!("{name} is {value} at {axis} {}{before}", place_text(bad.place)))
}

fn place_text(place: f64) -> String {
    match place.fract() == 0.0 && (0.0..1e15).contains(&place) {
        true => short_count(place as u64),
        false => short(place),
    }
}

struct Bad {
    place: f64,
    value: f64,
    before: Option<(f64, f64)>,
}

fn first_bad(points: &[(f64, f64)]) -> Option<Bad> {
    let first = points.first()?.1;
    let mut lowest = f64::INFINITY;
    let mut before = None;
    for &(place, value) in points {
        let is_far = lowest > 0.0 && value > JUMP * lowest && value > JUMP * first;
        if !value.is_finite() || (lowest.is_finite() && is_far) {
            return Some(Bad { place, value, before });
        }
        lowest = lowest.min(value);
        before = Some((place, value));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bad(values: &[f64]) -> Option<(f64, Option<f64>)> {
        let points: Vec<(f64, f64)> =
            values.iter().enumerate().map(|(at, value)| (at as f64, *value)).collect();
        first_bad(&points).map(|bad| (bad.place, bad.before.map(|before| before.1)))
    }

    #[test]
    fn the_first_bad_value_is_found() {
        assert_eq!(bad(&[2.0, 1.0, f64::NAN, f64::NAN]), Some((2.0, Some(1.0))));
        assert_eq!(bad(&[f64::INFINITY]), Some((0.0, None)));
        assert_eq!(bad(&[2.0, 0.5, 2e30, 4e5]), Some((2.0, Some(0.5))));
        // A loss that falls far and rises again a little has not diverged.
        assert_eq!(bad(&[2.0, 1e-6, 1e-3, 0.1]), None);
        assert_eq!(bad(&[2.0, 1.0, 0.5]), None);
        assert_eq!(bad(&[]), None);
    }
}
