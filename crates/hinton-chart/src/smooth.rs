//! Running means, and lines simplified to as many points as a screen can show.

/// Sums over a window that moves right over values. A value that has left the window has left the
/// sum too: nothing is subtracted, so a spike spoils nothing after it.
#[derive(Default)]
struct Window {
    /// Sums of what came first, each of itself and all that come after it; the next to leave last.
    old: Vec<f64>,
    new: Vec<f64>,
    new_sum: f64,
}

impl Window {
    fn push(&mut self, value: f64) {
        self.new.push(value);
        self.new_sum += value;
    }

    fn pop(&mut self) {
        if self.old.is_empty() {
            let mut sum = 0.0;
            while let Some(value) = self.new.pop() {
                sum += value;
                self.old.push(sum);
            }
            self.new_sum = 0.0;
        }
        self.old.pop();
    }

    fn mean(&self) -> f64 {
        let count = (self.old.len() + self.new.len()) as f64;
        (self.old.last().copied().unwrap_or(0.0) + self.new_sum) / count
    }
}

/// Each value replaced by the mean of the `window` values around it. At the start, where values often
/// fall steeply, the window grows evenly on both sides; at the end it is of the values there are, so
/// that the line does not end in noise.
pub(crate) fn smoothed(points: &[(f64, f64)], window: usize) -> Vec<(f64, f64)> {
    let half = window.max(1) / 2;
    let mut sums = Window::default();
    // What the window holds: `first..end`.
    let (mut first, mut end) = (0, 0);
    let mut smooth = Vec::with_capacity(points.len());
    for (at, &(place, _)) in points.iter().enumerate() {
        let half = half.min(at);
        while end <= (at + half).min(points.len() - 1) {
            sums.push(points[end].1);
            end += 1;
        }
        while first + half < at {
            sums.pop();
            first += 1;
        }
        smooth.push((place, sums.mean()));
    }
    smooth
}

/// The points of a line that tell on `column`s of pixels: of each column the first, the least, the
/// largest and the last, in order (Jugel et al., "M4", VLDB 2014). Draws the same pixels as all points would.
pub(crate) fn reduced(points: &[(f64, f64)], column: impl Fn(f64) -> i64) -> Vec<(f64, f64)> {
    let mut kept = Vec::new();
    let mut rest = points;
    while let Some(first) = rest.first() {
        let here = column(first.0);
        let count = rest.iter().take_while(|point| column(point.0) == here).count();
        let (group, others) = rest.split_at(count);
        rest = others;
        let mut places = [0, least(group, 1.0), least(group, -1.0), count - 1];
        places.sort_unstable();
        for (nth, &at) in places.iter().enumerate() {
            if nth == 0 || places[nth - 1] != at {
                kept.push(group[at]);
            }
        }
    }
    kept
}

/// Where the least value is, each times `sign`; the first of equal ones.
fn least(points: &[(f64, f64)], sign: f64) -> usize {
    let value = |at: usize| points[at].1 * sign;
    (0..points.len()).fold(0, |best, at| if value(at) < value(best) { at } else { best })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(values: &[f64]) -> Vec<(f64, f64)> {
        values.iter().enumerate().map(|(at, &value)| (at as f64, value)).collect()
    }

    #[test]
    fn means_are_of_the_values_around() {
        let smooth = smoothed(&points(&[1.0, 2.0, 6.0, 4.0, 5.0]), 3);
        assert_eq!(smooth, points(&[1.0, 3.0, 4.0, 5.0, 4.5]));
        assert_eq!(smoothed(&points(&[7.0]), 9), points(&[7.0]));
        assert!(smoothed(&[], 9).is_empty());
    }

    #[test]
    fn a_spike_spoils_nothing_after_it() {
        let mut values = vec![0.5; 40];
        values[10] = 1e300;
        let smooth = smoothed(&points(&values), 5);
        assert!(smooth[13..].iter().all(|point| point.1 == 0.5), "{smooth:?}");
    }

    #[test]
    fn every_columns_extremes_are_kept() {
        let mut state = 7u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) as f64 / f64::from(1u32 << 31)
        };
        let values: Vec<f64> = (0..10_000).map(|_| next()).collect();
        let all = points(&values);
        let column = |place: f64| (place / 97.0) as i64;
        let kept = reduced(&all, column);
        assert!(kept.len() <= 4 * 104 && kept.windows(2).all(|pair| pair[0].0 < pair[1].0));
        for of in 0..=column(9_999.0) {
            let ends = |points: &[(f64, f64)]| {
                let mut here: Vec<f64> =
                    points.iter().filter(|p| column(p.0) == of).map(|p| p.1).collect();
                let (first, last) = (here[0], here[here.len() - 1]);
                here.sort_by(f64::total_cmp);
                (first, last, here[0], here[here.len() - 1])
            };
            assert_eq!(ends(&all), ends(&kept), "column {of}");
        }
    }

    #[test]
    fn few_points_stay_as_they_are() {
        let all = points(&[3.0, 1.0, 2.0]);
        assert_eq!(reduced(&all, |place| place as i64), all);
        assert_eq!(reduced(&points(&[1.0; 9]), |_| 0), [(0.0, 1.0), (8.0, 1.0)]);
    }
}
