//! A timeline under a picture of a film: the step, a metric, and a thin curve of the metric over
//! all steps with a moving dot.
//!
//! The timeline has the same size and the same curve in every picture of a film; only the text and
//! the dot change.

use hinton_scene::{
    Align, Baseline, Color, Item, Path, Point, Rect, Scene, Shape, TextStyle, fit, measure,
};

use crate::frame::text;
use crate::{Theme, short};

/// Height of a band with a metric, and of one without, points.
const HEIGHTS: (f64, f64) = (46.0, 26.0);
/// White space at both sides and below, points.
const MARGIN: f64 = 16.0;
/// Widest that the words may be, as a share of the band.
const WORDS: f64 = 0.5;
/// Space between words and line, points.
const GAP: f64 = 14.0;
/// How much of the page's colour a line has that is still to come.
const AHEAD: f64 = 0.6;
/// Radius of the dot, points.
const DOT: f64 = 3.0;

/// A metric over the steps of one run.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricLine {
    /// The label of the run, if there are several; may be empty.
    pub label: String,
    /// Positions in ascending order, and values; non-finite values interrupt the curve.
    pub points: Vec<(f64, f64)>,
}

/// What the timelines of all pictures share.
#[derive(Debug, Clone, PartialEq)]
pub struct Timeline {
    /// The first and the last position.
    pub span: (f64, f64),
    /// The name of the metric; empty if there is none.
    pub metric: String,
    /// One curve per run; none without a metric.
    pub lines: Vec<MetricLine>,
    /// The longest text for a step, to reserve space for it.
    pub longest: String,
}

impl Timeline {
    /// Height of the timeline in points.
    pub fn height(&self) -> f64 {
        if self.lines.is_empty() { HEIGHTS.1 } else { HEIGHTS.0 }
    }

    /// Adds the timeline below a picture, at position `at`, which `words` describe.
    pub fn under(&self, mut scene: Scene, theme: &Theme, at: f64, words: &str) -> Scene {
        let band = Rect::new(0.0, scene.height, scene.width, self.height());
        scene.height += band.h;
        // Shown first, so that people who read descriptions know where they are.
        let mut said = vec![words.to_owned()];
        scene.items.extend(self.items(band, theme, at, words, &mut said));
        said.push(std::mem::take(&mut scene.description));
        scene.description = said.join(" · ");
        scene
    }

    fn items(
        &self,
        band: Rect,
        theme: &Theme,
        at: f64,
        words: &str,
        said: &mut Vec<String>,
    ) -> Vec<Item> {
        let margin = MARGIN.min(band.w * 0.06);
        let inner = Rect::new(margin, band.y, (band.w - 2.0 * margin).max(1.0), band.h);
        let (title, label) = (theme.title(), theme.label());
        let values: Vec<String> = self.lines.iter().map(|line| self.value(line, at)).collect();
        let longest = self.lines.iter().map(|line| self.longest_of(line, label));
        let metric_width =
            longest.fold(0.0, f64::max) + if self.lines.len() > 1 { 12.0 } else { 0.0 };
        let room = inner.w * WORDS;
        // Smaller in all frames where one of them has no room for the words.
        let title = if measure(&self.longest, title) + GAP > room { label } else { title };
        let words_width = (metric_width.max(measure(&self.longest, title)) + GAP).min(room);
        let mut items = Vec::new();
        let first = if self.lines.is_empty() { band.y + band.h * 0.35 } else { band.y + 8.0 };
        let shown = fit(words, title, words_width - 6.0);
        items.push(text(&shown, inner.x, first, title, Align::Start, Baseline::Middle));
        for (row, (line, value)) in self.lines.iter().zip(&values).enumerate().take(2) {
            let y = first + 15.0 + row as f64 * 11.0;
            let mut x = inner.x;
            if self.lines.len() > 1 {
                items.push(dot(Point::new(x + DOT, y), DOT, self.color(theme, row)));
                x += 12.0;
            }
            let shown = self.words_for(line, value);
            said.push(shown.clone());
            let shown = fit(&shown, label, words_width - 6.0 - (x - inner.x));
            items.push(text(&shown, x, y, label, Align::Start, Baseline::Middle));
        }
        let plot = Rect::new(
            inner.x + words_width,
            band.y + 4.0,
            (inner.w - words_width - DOT).max(1.0),
            (band.h - 16.0).max(1.0),
        );
        items.extend(if self.lines.is_empty() {
            self.track(plot, theme, at)
        } else {
            self.plot(plot, theme, at)
        });
        items
    }

    fn words_for(&self, line: &MetricLine, value: &str) -> String {
        match line.label.as_str() {
            "" => format!("{} {value}", self.metric),
            label => format!("{label}: {} {value}", self.metric),
        }
    }

    /// Width of the longest words that the line ever has.
    fn longest_of(&self, line: &MetricLine, style: TextStyle) -> f64 {
        let widest = line.points.iter().map(|point| measure(&short(point.1), style));
        measure(&self.words_for(line, ""), style) + widest.fold(measure("–", style), f64::max)
    }

    /// The value at a place in time: the last one known there.
    fn value(&self, line: &MetricLine, at: f64) -> String {
        let after = line.points.partition_point(|point| point.0 <= at);
        match after.checked_sub(1).and_then(|last| line.points.get(last)) {
            Some(&(_, value)) => short(value),
            None => "–".to_owned(),
        }
    }

    fn color(&self, theme: &Theme, at: usize) -> Color {
        theme.series[at % theme.series.len()]
    }

    /// From 0 to 1, where in the film that place in time is.
    fn share(&self, at: f64) -> f64 {
        let (first, last) = self.span;
        if last > first { ((at - first) / (last - first)).clamp(0.0, 1.0) } else { 0.5 }
    }

    /// Without a metric: how far the film is.
    fn track(&self, plot: Rect, theme: &Theme, at: f64) -> Vec<Item> {
        let y = plot.y + 5.0;
        let x = |share: f64| plot.x + share * plot.w;
        let line = |from: f64, to: f64| Path::line(Point::new(x(from), y), Point::new(x(to), y));
        let share = self.share(at);
        vec![
            Shape::stroked(line(0.0, 1.0), theme.line, 1.0),
            Shape::stroked(line(0.0, share), theme.soft, 1.0),
            dot(Point::new(x(share), y), DOT, theme.ink),
        ]
    }

    /// The lines of the metric, and a dot on each.
    fn plot(&self, plot: Rect, theme: &Theme, at: f64) -> Vec<Item> {
        let (first, last) = self.span;
        let is_shown =
            |point: &&(f64, f64)| (first..=last).contains(&point.0) && point.1.is_finite();
        let values = || self.lines.iter().flat_map(|line| &line.points).filter(is_shown);
        let low = values().map(|point| point.1).fold(f64::MAX, f64::min);
        let high = values().map(|point| point.1).fold(f64::MIN, f64::max);
        let base = Path::line(
            Point::new(plot.x, plot.bottom() + 2.0),
            Point::new(plot.right(), plot.bottom() + 2.0),
        );
        let mut items = vec![Shape::stroked(base, theme.line, 0.5)];
        if low > high {
            return items;
        }
        let place = |point: &(f64, f64)| {
            let share = if high > low { (point.1 - low) / (high - low) } else { 0.5 };
            Point::new(plot.x + self.share(point.0) * plot.w, plot.bottom() - share * plot.h)
        };
        let several = self.lines.len() > 1;
        let parts_of = |points: &[(f64, f64)]| -> Vec<Path> {
            // A break wherever a value is missing.
            let parts = points.split(|point| !is_shown(&point)).filter(|part| part.len() > 1);
            let places = parts.map(|part| part.iter().map(place).collect::<Vec<_>>());
            places.map(|places| Path::polyline(&places, false)).collect()
        };
        let colors = |row: usize| match several {
            true => (self.color(theme, row), self.color(theme, row).mix(theme.page, AHEAD)),
            false => (theme.soft, theme.line),
        };
        // All of it, and over that what has been.
        for (row, line) in self.lines.iter().enumerate() {
            let paths = parts_of(&line.points).into_iter();
            items.extend(paths.map(|path| Shape::stroked(path, colors(row).1, 1.0)));
        }
        for (row, line) in self.lines.iter().enumerate() {
            let after = line.points.partition_point(|point| point.0 <= at);
            let mut been = line.points.get(..after).unwrap_or_default().to_vec();
            if been.last().is_some_and(|last| last.0 < at) {
                been.extend(between(&line.points, at).map(|value| (at, value)));
            }
            let paths = parts_of(&been).into_iter();
            items.extend(paths.map(|path| Shape::stroked(path, colors(row).0, 1.0)));
        }
        for (row, line) in self.lines.iter().enumerate() {
            let color = if several { self.color(theme, row) } else { theme.ink };
            if let Some(value) = between(&line.points, at) {
                items.push(dot(place(&(at, value)), DOT, color));
            }
        }
        items
    }
}

/// The value on the line at a place in time; `None` outside it and where the line is broken.
fn between(points: &[(f64, f64)], at: f64) -> Option<f64> {
    let after = points.partition_point(|point| point.0 <= at);
    let &(time, value) = points.get(after.checked_sub(1)?)?;
    let value = match points.get(after) {
        Some(&(next, then)) if time < at => value + (then - value) * (at - time) / (next - time),
        Some(_) => value,
        None if time == at => value,
        None => return None,
    };
    value.is_finite().then_some(value)
}

fn dot(center: Point, radius: f64, color: Color) -> Item {
    Shape::filled(Path::circle(center, radius), color)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ThemeName;

    fn page() -> Scene {
        Scene {
            width: 300.0,
            height: 100.0,
            background: None,
            title: String::new(),
            description: "a page".to_owned(),
            items: Vec::new(),
        }
    }

    fn loss() -> Timeline {
        let points = vec![(0.0, 2.0), (5.0, 1.0), (7.0, f64::NAN), (10.0, 0.5)];
        Timeline {
            span: (0.0, 10.0),
            metric: "loss".to_owned(),
            lines: vec![MetricLine { label: String::new(), points }],
            longest: "step 10".to_owned(),
        }
    }

    #[test]
    fn the_band_is_constant_but_for_words_and_dot() {
        let theme = Theme::named(ThemeName::Light);
        let timeline = loss();
        let scenes: Vec<Scene> = [0.0, 5.0]
            .into_iter()
            .map(|at| timeline.under(page(), &theme, at, &format!("step {at}")))
            .collect();
        assert!(scenes.iter().all(|scene| scene.height == 100.0 + timeline.height()));
        let others = |one: usize, other: usize| {
            scenes[one].items.iter().filter(|item| !scenes[other].items.contains(item)).count()
        };
        assert_eq!(others(0, 1), 3, "step, value, dot");
        assert_eq!(others(1, 0), 4, "and the part of the line that has been");
        assert!(scenes[1].description.starts_with("step 5 · loss 1 · a page"));
    }

    #[test]
    fn dots_lie_on_the_line() {
        let points = &loss().lines[0].points;
        assert_eq!(between(points, 2.5), Some(1.5));
        assert_eq!(between(points, 10.0), Some(0.5));
        assert_eq!(between(points, 8.0), None);
        assert_eq!(between(points, -1.0), None);
        assert_eq!(between(&[], 0.0), None);
    }
}
