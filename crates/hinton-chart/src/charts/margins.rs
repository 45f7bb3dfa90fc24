//! Profiles along the edges of a matrix: the root mean square of each row on the right, and of each
//! column below. Dimensions far larger than the others, which many networks have, stand out and are
//! labelled.

use std::sync::Arc;

use hinton_scene::{Align, Baseline, Item, Path, Point, Rect, Shape, TextStyle};
use hinton_tensor::{Fold, Grid};

use crate::frame::{Page, text};
use crate::{Extent, Numbering, Options, Theme, short};

/// From the cells to a profile, which leaves room for the signs of cells that are not finite.
const GAP: f64 = 7.0;
/// Length of the longest bar.
const DEPTH: f64 = 24.0;
/// Room for the numbers of outliers: right of the bars of rows, below those of columns.
const NUMBERS: (f64, f64) = (6.0, 9.0);
/// Room that profiles take right of the cells and below them, points.
const ROOM: (f64, f64) = (GAP + DEPTH + NUMBERS.0, GAP + DEPTH + NUMBERS.1);
/// Rows and columns from which on a matrix has profiles without being asked.
const MANY: usize = 64;
/// Room for cells, points, below which a page has profiles only where it was asked for.
const LEAST_ROOM: f64 = 300.0;
/// An outlier is at least this many times as large as the median.
const FAR: f64 = 3.0;
/// Bars end at this many times the median, so that one outlier leaves the others to be seen.
const LONGEST: f64 = 10.0;
/// More outliers than these are how values spread, and are not listed.
const MOST_OUTLIERS: usize = 8;

/// Room for profiles of a picture of these matrices: none where it has none.
pub(super) fn room(extents: &[Extent], options: &Options, page: &Page<'_>) -> (f64, f64) {
    if is_wanted(extents, options, page) { ROOM } else { (0.0, 0.0) }
}

fn is_wanted(extents: &[Extent], options: &Options, page: &Page<'_>) -> bool {
    let ([extent], look) = (extents, &options.look) else { return false };
    let folds_to_rms = matches!(options.reduce, None | Some(Fold::Rms));
    let room = page.room();
    match options.margins {
        Some(asked) => asked && look.area.is_none(),
        None => {
            folds_to_rms
                && extent.rows.min(extent.cols) >= MANY
                && room.0.min(room.1) >= LEAST_ROOM
                && options.over.is_none()
                && (look.area, look.frame, look.cell_gap) == (None, None, 0.0)
        }
    }
}

/// Profiles of the rows and columns of a grid.
pub(super) struct Margins {
    rows: Profile,
    cols: Profile,
}

/// The root mean square of each row (or column) of cells.
struct Profile {
    noun: (&'static str, &'static str),
    /// One a row of cells; NaN where it has no finite value.
    rms: Vec<f64>,
    /// Rows of values in a row of cells, and in all.
    block: usize,
    count: usize,
    numbers: Numbering,
    /// Which position of the file each is, where they were put in another order.
    order: Option<Arc<[usize]>>,
    median: f64,
    max: f64,
}

impl Margins {
    /// Of a grid; `None` where its cells do not tell how large values are: folded by another rule than
    /// the root mean square.
    pub(super) fn of(grid: &Grid, extent: &Extent) -> Option<Margins> {
        if grid.block != (1, 1) && grid.fold != Fold::Rms {
            return None;
        }
        let values_in = |index: usize, block: usize, count: usize| {
            block.min(count.saturating_sub(index * block)) as f64
        };
        let mut sums = (vec![(0.0, 0.0); grid.rows], vec![(0.0, 0.0); grid.cols]);
        for row in 0..grid.rows {
            let high = values_in(row, grid.block.0, grid.shape.0);
            for col in 0..grid.cols {
                let value = grid.value(row * grid.cols + col);
                if !value.is_finite() {
                    continue;
                }
                let wide = values_in(col, grid.block.1, grid.shape.1);
                let square = value * value;
                sums.0[row] = (sums.0[row].0 + square * wide, sums.0[row].1 + wide);
                sums.1[col] = (sums.1[col].0 + square * high, sums.1[col].1 + high);
            }
        }
        let profile = |noun, sums: Vec<(f64, f64)>, block, count, numbers| {
            let rms = sums.into_iter().map(|(sum, weight)| (sum / weight).sqrt()).collect();
            Profile::new(noun, rms, block, count, numbers)
        };
        Some(Margins {
            rows: Profile {
                order: extent.row_order.clone(),
                ..profile(("row", "rows"), sums.0, grid.block.0, grid.shape.0, extent.row_numbers)
            },
            cols: Profile {
                order: extent.col_order.clone(),
                ..profile(
                    ("column", "columns"),
                    sums.1,
                    grid.block.1,
                    grid.shape.1,
                    extent.col_numbers,
                )
            },
        })
    }

    /// The profiles beside the cells.
    pub(super) fn items(&self, cells: Rect, theme: &Theme) -> Vec<Item> {
        let (rows, cols) = (&self.rows, &self.cols);
        let (pitch_x, pitch_y) =
            (cells.w / cols.rms.len().max(1) as f64, cells.h / rows.rms.len().max(1) as f64);
        let (left, top) = (cells.right() + GAP, cells.bottom() + GAP);
        let row_bar = |index: usize, length: f64| {
            Rect::new(left, cells.y + index as f64 * pitch_y, length, pitch_y)
        };
        let col_bar = |index: usize, length: f64| {
            Rect::new(cells.x + index as f64 * pitch_x, top, pitch_x, length)
        };
        let mut items = rows.bars(theme, row_bar);
        items.extend(cols.bars(theme, col_bar));
        let style = TextStyle { size: 7.0, ..theme.label() };
        let mut free = cells.y;
        for index in rows.outliers() {
            let y = cells.y + (index as f64 + 0.5) * pitch_y;
            if y - style.size / 2.0 >= free {
                let x = left + rows.length(index) + 2.0;
                let number = rows.first_number(index).to_string();
                items.push(text(&number, x, y, style, Align::Start, Baseline::Middle));
                free = y + style.size * 0.7;
            }
        }
        let mut free = cells.x - style.size;
        for index in cols.outliers() {
            let number = cols.first_number(index).to_string();
            let half = hinton_scene::measure(&number, style) / 2.0;
            let x = cells.x + (index as f64 + 0.5) * pitch_x;
            if x - half >= free {
                let y = top + cols.length(index) + 2.0;
                items.push(text(&number, x, y, style, Align::Middle, Baseline::Top));
                free = x + half + 3.0;
            }
        }
        items
    }

    /// What the profiles show, and which rows and columns are far larger than the others.
    pub(super) fn notes(&self) -> Vec<String> {
        let (rows, cols) = (&self.rows, &self.cols);
        let mut notes = vec![format!(
            "right: RMS of rows, up to {}; below: RMS of columns, up to {}",
            short(rows.max),
            short(cols.max)
        )];
        notes.extend(cols.outlier_note());
        notes.extend(rows.outlier_note());
        notes
    }
}

impl Profile {
    fn new(
        noun: (&'static str, &'static str),
        rms: Vec<f64>,
        block: usize,
        count: usize,
        numbers: Numbering,
    ) -> Profile {
        let mut sorted: Vec<f64> = rms.iter().copied().filter(|rms| rms.is_finite()).collect();
        sorted.sort_by(f64::total_cmp);
        let median = sorted.get(sorted.len() / 2).copied().unwrap_or(0.0);
        let max = sorted.last().copied().unwrap_or(0.0);
        Profile { noun, rms, block, count, numbers, order: None, median, max }
    }

    /// Value of the longest bar.
    fn end(&self) -> f64 {
        if self.median > 0.0 { self.max.min(LONGEST * self.median) } else { self.max }
    }

    fn length(&self, index: usize) -> f64 {
        let share = self.rms[index] / self.end();
        if share.is_finite() { DEPTH * share.clamp(0.0, 1.0) } else { 0.0 }
    }

    fn is_far(&self, index: usize) -> bool {
        self.median > 0.0 && self.rms[index] >= FAR * self.median
    }

    /// Those far larger than the median, unless they are many.
    fn outliers(&self) -> Vec<usize> {
        let far: Vec<usize> = (0..self.rms.len()).filter(|&index| self.is_far(index)).collect();
        if far.len() <= MOST_OUTLIERS { far } else { Vec::new() }
    }

    /// All bars as one shape, and the outliers over them in a colour of their own.
    fn bars(&self, theme: &Theme, bar: impl Fn(usize, f64) -> Rect) -> Vec<Item> {
        let shape = |indices: &mut dyn Iterator<Item = usize>| {
            let mut path = Path::new();
            for index in indices {
                let length = self.length(index);
                if length > 0.0 {
                    path.extend(Path::rect(bar(index, length)));
                }
            }
            path
        };
        // Of no length the bars are one line along the cells.
        let (first, last) = (bar(0, 0.0), bar(self.rms.len().saturating_sub(1), 0.0));
        let end = Point::new(last.right(), last.bottom());
        let axis = Path::line(Point::new(first.x, first.y), end);
        let outliers = self.outliers();
        vec![
            Shape::filled(shape(&mut (0..self.rms.len())), theme.line),
            Shape::filled(shape(&mut outliers.into_iter()), theme.series[1]),
            Shape::stroked(axis, theme.line, 0.5),
        ]
        .into_iter()
        .filter(|item| !matches!(item, Item::Shape(shape) if shape.path.segments.is_empty()))
        .collect()
    }

    fn first_number(&self, index: usize) -> i64 {
        self.number(index * self.block)
    }

    /// The number of a row or column of values.
    fn number(&self, at: usize) -> i64 {
        let order = self.order.as_deref();
        self.numbers.number(order.and_then(|order| order.get(at).copied()).unwrap_or(at))
    }

    /// `267`, or `264 to 267` where a cell holds several.
    fn name(&self, index: usize) -> String {
        let last = ((index + 1) * self.block).min(self.count).saturating_sub(1);
        if self.order.is_some() {
            // In another order than the file's no range holds them.
            let numbers = (index * self.block..=last).map(|at| self.number(at).to_string());
            return numbers.take(MOST_OUTLIERS).collect::<Vec<_>>().join(", ");
        }
        let (first, last) = (self.first_number(index), self.numbers.number(last));
        if first == last { first.to_string() } else { format!("{first} to {last}") }
    }

    /// `columns 267, 303: 5 and 4 times the median RMS`.
    fn outlier_note(&self) -> Option<String> {
        let outliers = self.outliers();
        let names: Vec<String> = outliers.iter().map(|&index| self.name(index)).collect();
        let times = |index: &usize| self.rms[*index] / self.median;
        let least = outliers.iter().map(times).reduce(f64::min)?;
        let most = outliers.iter().map(times).reduce(f64::max)?;
        let noun = if names.len() == 1 && self.block == 1 { self.noun.0 } else { self.noun.1 };
        let (least, most) = (format!("{least:.0}"), format!("{most:.0}"));
        let factor = if least == most { most } else { format!("{least} to {most}") };
        Some(format!("{noun} {}: {factor} times the median RMS", names.join(", ")))
    }
}
