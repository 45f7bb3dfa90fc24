//! Labels at the right ends of lines, moved apart where the ends are close.

use hinton_scene::{Align, Baseline, Color, Item, Path, Point, Rect, Shape, fit, measure};

use crate::Theme;
use crate::dash::dashed;
use crate::frame::text;

/// Height of one line of a label, points.
const LINE: f64 = 10.0;
/// From the plot to the names, points: the lead from the line's end, and a piece of the line.
pub(crate) const LEAD: f64 = 26.0;
/// Length of the piece of the line before its name, points.
const SAMPLE: f64 = 12.0;
/// A line that ends further from the right has no lead: it would cross others.
const NEAR: f64 = 8.0;

/// The name of one line, and what is said under it.
#[derive(Debug, Clone)]
pub(crate) struct EndLabel {
    pub(crate) name: String,
    pub(crate) detail: String,
    pub(crate) color: Color,
    /// Lengths of ink and space of the line; empty where it is whole.
    pub(crate) dash: &'static [f64],
    /// Where the line ends.
    pub(crate) end: Point,
}

/// Width that these labels ask for, at most `most`.
pub(crate) fn width(labels: &[EndLabel], theme: &Theme, most: f64) -> f64 {
    let widest = labels.iter().flat_map(|label| [&label.name, &label.detail]);
    let widest = widest.map(|line| measure(line, theme.label())).fold(0.0, f64::max);
    if labels.is_empty() { 0.0 } else { (LEAD + widest + 1.0).min(most) }
}

/// The labels at the right of a plot, in a strip of that width. `None` where there is no room for
/// all of them.
pub(crate) fn items(
    labels: &[EndLabel],
    theme: &Theme,
    plot: Rect,
    width: f64,
) -> Option<Vec<Item>> {
    let tall = plot.h + LINE;
    let lines = if labels.len() as f64 * (2.0 * LINE + 3.0) <= tall { 2 } else { 1 };
    let height = if lines == 2 { 2.0 * LINE + 3.0 } else { LINE };
    if labels.len() as f64 * height > tall || width <= LEAD + 8.0 {
        return None;
    }
    let mut order: Vec<&EndLabel> = labels.iter().collect();
    order.sort_by(|a, b| a.end.y.total_cmp(&b.end.y));
    let wanted: Vec<f64> = order.iter().map(|label| label.end.y).collect();
    // The first line of a label stands at its place, what is said of it below.
    let below = height - LINE;
    let shift = |middle: f64| middle - below / 2.0;
    let wanted: Vec<f64> = wanted.into_iter().map(|at| at + below / 2.0).collect();
    let middles = apart(&wanted, height, plot.y - LINE / 2.0, plot.bottom() + LINE / 2.0);
    let middles = middles.into_iter().map(shift);
    let x = plot.right() + LEAD;
    let room = width - LEAD;
    let mut items = Vec::new();
    for (label, middle) in order.iter().zip(middles) {
        let from = Point::new(x - SAMPLE - 3.0, middle);
        if label.end.x >= plot.right() - NEAR {
            let lead = Path::polyline(&[label.end, Point::new(from.x - 1.0, middle)], false);
            items.push(Shape::stroked(lead, label.color.alpha(120), 0.6));
        }
        let sample = [from, Point::new(x - 3.0, middle)];
        items.push(Shape::stroked(dashed(&sample, label.dash), label.color, 1.6));
        let mut style = theme.label();
        style.color = label.color.mix(theme.ink, 0.35);
        let put = |words: &str, y: f64, style| {
            text(&fit(words, style, room), x, y, style, Align::Start, Baseline::Middle)
        };
        if lines == 2 && !label.detail.is_empty() {
            items.push(put(&label.name, middle, style));
            items.push(put(&label.detail, middle + LINE, theme.label()));
        } else {
            items.push(put(&label.name, middle, style));
        }
    }
    Some(items)
}

/// The middles of labels of that height that are nearest to where they are wanted (rising), keep
/// apart and lie between top and bottom.
fn apart(wanted: &[f64], height: f64, top: f64, bottom: f64) -> Vec<f64> {
    // Labels that would overlap become one block, in the middle of where its labels are wanted.
    let mut blocks: Vec<(f64, usize)> = Vec::new();
    for &want in wanted {
        let mut block = (want, 1usize);
        while let Some(&(above, count)) = blocks.last() {
            let half = |count: usize| height * count as f64 / 2.0;
            if above + half(count) <= block.0 - half(block.1) {
                break;
            }
            let both = (count + block.1) as f64;
            block = ((above * count as f64 + block.0 * block.1 as f64) / both, count + block.1);
            blocks.pop();
        }
        let half = height * block.1 as f64 / 2.0;
        block.0 = block.0.min(bottom - half).max(top + half);
        blocks.push(block);
    }
    let mut middles: Vec<f64> = Vec::with_capacity(wanted.len());
    for (middle, count) in blocks {
        let first = middle - height * (count as f64 - 1.0) / 2.0;
        middles.extend((0..count).map(|at| first + height * at as f64));
    }
    // A block that was kept inside may have been pushed onto its neighbour.
    for at in (1..middles.len()).rev() {
        middles[at - 1] = middles[at - 1].min(middles[at] - height);
    }
    for at in 1..middles.len() {
        let least = middles[at - 1].max(top + height / 2.0 - height) + height;
        middles[at] = middles[at].max(least);
    }
    middles
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_keep_apart_and_inside() {
        for wanted in
            [vec![50.0], vec![50.0, 51.0, 52.0], vec![0.0, 0.0, 99.0, 100.0], vec![100.0; 10]]
        {
            let middles = apart(&wanted, 10.0, 0.0, 100.0);
            assert_eq!(middles.len(), wanted.len());
            assert!(middles.windows(2).all(|pair| pair[1] - pair[0] >= 10.0 - 1e-9), "{middles:?}");
            let inside = middles[0] >= 5.0 - 1e-9 && middles[wanted.len() - 1] <= 95.0 + 1e-9;
            assert!(inside, "{wanted:?} {middles:?}");
        }
        assert_eq!(apart(&[20.0, 80.0], 10.0, 0.0, 100.0), [20.0, 80.0]);
    }
}
