//! Labels of rows (left) and columns (above): numbers if they fit, or names.

use std::sync::Arc;

use hinton_scene::{Align, Baseline, Item, Path, Point, Rect, Shape, Text, TextStyle, measure};

use crate::{Extent, Labels, Numbering, Options, Sections, Theme};

/// Space between a label and the cells.
const PAD: f64 = 4.0;
/// Length of the short line between a label and the cells.
const TICK: f64 = 3.0;
/// Turn of column names that would touch each other, degrees clockwise.
const TURN: f64 = -45.0;
/// Most names drawn along one side; more would not be read.
const MOST_NAMES: usize = 400;

/// Room for labels around a data area.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Strips {
    pub(crate) left: f64,
    pub(crate) top: f64,
    pub(crate) right: f64,
    pub(crate) bottom: f64,
    rows: Vec<(f64, String)>,
    cols: Vec<(f64, String)>,
    turn: f64,
    border: f64,
    left_out: bool,
    /// Width of the strip at the far left for the name of the rows.
    row_name: f64,
    /// Height of the strip above all others for the name of the columns.
    col_name: f64,
}

impl Strips {
    pub(crate) fn none() -> Self {
        Strips {
            left: 0.0,
            top: 0.0,
            right: 0.0,
            bottom: 0.0,
            rows: Vec::new(),
            cols: Vec::new(),
            turn: 0.0,
            border: 0.0,
            left_out: false,
            row_name: 0.0,
            col_name: 0.0,
        }
    }

    /// No labels, because the page has no room for them.
    pub(crate) fn left_out() -> Self {
        Strips { left_out: true, ..Strips::none() }
    }

    /// With room for more right of the cells and below them.
    pub(crate) fn with_room_beside(self, (right, bottom): (f64, f64)) -> Self {
        Strips { right: self.right + right, bottom: self.bottom + bottom, ..self }
    }

    /// What a person should know about the labels of a matrix of that extent.
    pub(crate) fn notes(&self, options: &Options, extent: &Extent) -> Vec<String> {
        let mut notes = Vec::new();
        if self.left_out {
            notes.push("the page has no room for labels: ask for a larger `size`".to_owned());
        }
        for (labels, count, what) in [
            (&options.row_labels, extent.rows, "rows"),
            (&options.col_labels, extent.cols, "columns"),
        ] {
            if let Labels::List(list) = labels
                && list.len() != count
            {
                notes.push(format!("{} labels for {count} {what}", list.len()));
            }
        }
        notes
    }

    /// Labels for a matrix of `extent` drawn as `cells` cells of about `pitch` points.
    pub(crate) fn new(
        options: &Options,
        theme: &Theme,
        extent: &Extent,
        cells: &Extent,
        pitch: (f64, f64),
        border: f64,
    ) -> Self {
        let style = label_style(options, theme);
        let line = style.size * 1.25;
        // Turned names need more room side by side than upright lines do.
        let turned = style.size * 1.6;
        let row_pitch = pitch.1 * cells.rows as f64 / extent.rows.max(1) as f64;
        let col_pitch = pitch.0 * cells.cols as f64 / extent.cols.max(1) as f64;
        let index = |at: usize| measure(&extent.col_numbers.number(at).to_string(), style);
        let widest = index(0).max(index(extent.cols.saturating_sub(1))) + 8.0;
        let step = |count: usize, room: f64, pitch: f64| {
            nice_step(count, |step| step as f64 * pitch >= room)
        };
        let mut steps = (step(extent.rows, line, row_pitch), step(extent.cols, widest, col_pitch));
        // Sides of one scale are counted alike.
        let both = steps.0.max(steps.1);
        let row_sections = sections(&options.row_labels, &extent.row_sections);
        let col_sections = sections(&options.col_labels, &extent.col_sections);
        let alike = row_sections.is_none()
            && col_sections.is_none()
            && (row_pitch / col_pitch.max(1e-9) - 1.0).abs() < 0.01
            && options.row_labels == Labels::Auto
            && options.col_labels == Labels::Auto;
        if alike && both * 2 <= extent.rows.min(extent.cols) {
            steps = (both, both);
        }
        let mut rows = row_sections.map_or(Vec::new(), |sections| {
            crate::sections::labels(
                sections,
                extent.rows,
                row_pitch * extent.rows as f64,
                line * 0.9,
            )
        });
        if rows.is_empty() {
            let (numbers, order) = (extent.row_numbers, extent.row_order.as_deref());
            let all = Positions { count: extent.rows, numbers, order };
            rows = labels(&options.row_labels, all, steps.0, line * 0.9, row_pitch);
        }
        let mut cols = col_sections.map_or(Vec::new(), |sections| {
            let length = col_pitch * extent.cols as f64;
            crate::sections::labels(
                sections,
                extent.cols,
                length,
                crate::sections::widest(sections, style) + 6.0,
            )
        });
        if cols.is_empty() {
            let (numbers, order) = (extent.col_numbers, extent.col_order.as_deref());
            let all = Positions { count: extent.cols, numbers, order };
            cols = labels(&options.col_labels, all, steps.1, turned, col_pitch);
        }

        let widest = |labels: &[(f64, String)]| {
            labels.iter().map(|(_, label)| measure(label, style)).fold(0.0, f64::max)
        };
        let (row_width, col_width) = (widest(&rows), widest(&cols));
        let named = !matches!(options.col_labels, Labels::Auto | Labels::Off);
        let turn = match options.look.col_label_turn {
            Some(turn) if named => turn,
            None if named && col_width + PAD > col_pitch => TURN,
            _ => 0.0,
        };
        let (sin, cos) = hinton_scene::turn(turn);
        let away = away(options, border);
        let name = |name: &Option<String>| match name.as_deref() {
            None | Some("") => 0.0,
            Some(_) => style.size * 1.6,
        };
        let (row_name, col_name) = (name(&options.y_label), name(&options.x_label));
        let left = if rows.is_empty() { 0.0 } else { row_width + away + PAD };
        let top = if cols.is_empty() {
            0.0
        } else if turn == 0.0 {
            line + away
        } else {
            col_width * sin.abs() + style.size * cos.abs() + away
        };
        Strips {
            left: left + row_name,
            top: top + col_name,
            // Names that lean right reach past the last column.
            right: if turn < 0.0 { (col_width * cos - col_pitch / 2.0).max(0.0) } else { 0.0 },
            bottom: 0.0,
            rows,
            cols,
            turn,
            border,
            left_out: false,
            row_name,
            col_name,
        }
    }

    /// The labels around a data area.
    pub(crate) fn items(&self, options: &Options, theme: &Theme, rect: Rect) -> Vec<Item> {
        let style = label_style(options, theme);
        let ticks = options.look.label_ticks;
        let away = away(options, self.border);
        let edge = self.border + options.look.cell_gap / 2.0;
        let mut items = Vec::new();
        let name_style = TextStyle { color: theme.ink, ..style };
        let middle = rect.center();
        if self.row_name > 0.0 {
            let name = options.y_label.as_deref().unwrap_or_default();
            let x = rect.x - self.left + style.size / 2.0;
            let name = hinton_scene::fit(name, name_style, rect.h.max(40.0));
            items.push(upright(&name, x, middle.y, name_style));
        }
        if self.col_name > 0.0 {
            let name = options.x_label.as_deref().unwrap_or_default();
            let (x, y) = (middle.x, rect.y - self.top);
            let name = hinton_scene::fit(name, name_style, rect.w.max(40.0));
            let (align, top) = (Align::Middle, Baseline::Top);
            items.push(Item::Text(Text::new(&name, x, y, name_style, align, top)));
        }
        let mut tick_path = Path::new();
        for (share, label) in self.rows.iter() {
            let y = rect.y + share * rect.h;
            let x = rect.x - away;
            items.push(Item::Text(Text::new(label, x, y, style, Align::End, Baseline::Middle)));
            tick_path.extend(Path::line(
                Point::new(rect.x - edge - TICK, y),
                Point::new(rect.x - edge, y),
            ));
        }
        for (share, label) in self.cols.iter() {
            let x = rect.x + share * rect.w;
            let y = rect.y - away;
            let (align, baseline) = if self.turn == 0.0 {
                (Align::Middle, Baseline::Alphabetic)
            } else if self.turn > 0.0 {
                (Align::End, Baseline::Alphabetic)
            } else {
                (Align::Start, Baseline::Middle)
            };
            items.push(Item::Text(Text::rotated(label, x, y, style, align, baseline, self.turn)));
            tick_path.extend(Path::line(
                Point::new(x, rect.y - edge - TICK),
                Point::new(x, rect.y - edge),
            ));
        }
        if ticks && !tick_path.segments.is_empty() {
            items.push(Shape::stroked(tick_path, theme.ink, 0.8));
        }
        items
    }
}

/// The parts of an axis that are named, where no other labels were asked for.
fn sections<'e>(labels: &Labels, known: &'e Option<Arc<Sections>>) -> Option<&'e Sections> {
    known.as_deref().filter(|_| *labels == Labels::Auto)
}

/// A line that is read upwards, around its middle.
pub(crate) fn upright(content: &str, x: f64, y: f64, style: TextStyle) -> Item {
    Item::Text(Text::rotated(content, x, y, style, Align::Middle, Baseline::Middle, -90.0))
}

/// From a label to the outermost cells.
fn away(options: &Options, border: f64) -> f64 {
    let look = &options.look;
    let tick = if look.label_ticks { TICK + look.cell_gap / 2.0 } else { 0.0 };
    PAD + border + tick
}

fn label_style(options: &Options, theme: &Theme) -> TextStyle {
    let style = theme.label();
    match options.look.label_size {
        Some(size) => TextStyle { size, color: theme.ink, ..style },
        None => style,
    }
}

/// The positions of an axis.
#[derive(Clone, Copy)]
pub(crate) struct Positions<'e> {
    pub(crate) count: usize,
    pub(crate) numbers: Numbering,
    /// Which position of the file stands at each place, where they were put in another order.
    pub(crate) order: Option<&'e [usize]>,
}

/// Labels and where their middles lie, as shares of the side. In another order than the file's each place has
/// the label of the position that stands there.
pub(crate) fn labels(
    labels: &Labels,
    positions: Positions<'_>,
    step: usize,
    room_for_name: f64,
    pitch: f64,
) -> Vec<(f64, String)> {
    let Positions { count, numbers, order } = positions;
    let middle = |at: usize| (at as f64 + 0.5) / count as f64;
    let position = |at: usize| order.and_then(|order| order.get(at).copied()).unwrap_or(at);
    match labels {
        Labels::Off => Vec::new(),
        // A single row or column needs no number.
        Labels::Auto if count < 2 => Vec::new(),
        // One number alone tells nothing.
        Labels::Auto if step >= count => Vec::new(),
        Labels::Auto => {
            let from = if order.is_some() { 0 } else { nice_start(count, step, numbers) };
            let label = |at| (middle(at), numbers.number(position(at)).to_string());
            (from..count).step_by(step).map(label).collect()
        }
        named => {
            let step = count.div_ceil(MOST_NAMES).max(1);
            let step = nice_step(count, |by| by >= step && by as f64 * pitch >= room_for_name);
            // A pattern names the number, a list the place.
            let text = |at: usize| match named {
                Labels::Pattern(_) => {
                    named.get(usize::try_from(numbers.number(position(at))).ok()?)
                }
                named => named.get(position(at)),
            };
            let label = |at: usize| text(at).map(|label| (middle(at), label));
            (0..count).step_by(step).filter_map(label).collect()
        }
    }
}

/// The smallest of 1, 2, 5, 10, 20, 50 … that is wide enough.
pub(crate) fn nice_step(count: usize, wide_enough: impl Fn(usize) -> bool) -> usize {
    let mut decade = 1usize;
    loop {
        for factor in [1, 2, 5] {
            let step = decade.saturating_mul(factor);
            if wide_enough(step) || step >= count {
                return step.max(1);
            }
        }
        decade = decade.saturating_mul(10);
    }
}

/// The first position whose number is a multiple of the step, where one of them is.
fn nice_start(count: usize, step: usize, numbers: Numbering) -> usize {
    let is_nice = |&at: &usize| numbers.number(at).unsigned_abs().is_multiple_of(step as u64);
    (0..step.min(count)).find(is_nice).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn auto(count: usize, numbers: Numbering, pitch: f64) -> Vec<String> {
        let step = nice_step(count, |step| step as f64 * pitch >= 10.0);
        let all =
            labels(&Labels::Auto, Positions { count, numbers, order: None }, step, 10.0, pitch);
        all.into_iter().map(|(_, label)| label).collect()
    }

    #[test]
    fn slices_keep_the_numbers_of_the_tensor() {
        let numbers = |first, step| Numbering { first, step };
        assert_eq!(auto(4, numbers(1, 1), 10.0), ["1", "2", "3", "4"]);
        assert_eq!(auto(3, numbers(0, 2), 10.0), ["0", "2", "4"]);
        assert_eq!(auto(3, numbers(9, -1), 10.0), ["9", "8", "7"]);
        // Round numbers, wherever the slice begins.
        assert_eq!(auto(30, numbers(3, 1), 1.0), ["10", "20", "30"]);
        assert_eq!(auto(30, numbers(29, -1), 1.0), ["20", "10", "0"]);
        assert_eq!(auto(30, numbers(1, 10), 1.0), ["1", "101", "201"]);
        let pattern = Labels::Pattern("d{}".to_owned());
        let named = labels(
            &pattern,
            Positions { count: 2, numbers: numbers(5, -2), order: None },
            1,
            1.0,
            20.0,
        );
        assert_eq!([named[0].1.as_str(), &named[1].1], ["d5", "d3"]);
    }

    #[test]
    fn labels_follow_their_rows_into_another_order() {
        let order = [2, 0, 3, 1];
        let all = |of: &Labels, step| {
            let numbers = Numbering { first: 10, step: 1 };
            let found =
                labels(of, Positions { count: 4, numbers, order: Some(&order) }, step, 10.0, 20.0);
            found.into_iter().map(|(_, label)| label).collect::<Vec<_>>()
        };
        assert_eq!(all(&Labels::Auto, 1), ["12", "10", "13", "11"]);
        assert_eq!(all(&Labels::Auto, 2), ["12", "13"]);
        let list = Labels::List(["a", "b", "c", "d"].map(str::to_owned).to_vec());
        assert_eq!(all(&list, 1), ["c", "a", "d", "b"]);
    }

    #[test]
    fn steps_are_nice() {
        assert_eq!(nice_step(784, |step| step >= 37), 50);
        assert_eq!(nice_step(10, |_| true), 1);
        assert_eq!(nice_step(10, |_| false), 10);
    }
}
