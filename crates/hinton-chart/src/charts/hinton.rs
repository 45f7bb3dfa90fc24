//! Hinton diagrams: white squares for positive weights, black for negative, area for magnitude.

use hinton_scene::{
    Align, Baseline, Color, Group, Item, MarkShape, Marks, Path, Point, Rect, Shape,
};
use hinton_tensor::reduce::Mark;
use hinton_tensor::{Fold, Grid, GridRequest, Summary};

use super::common::{self, Whole};
use super::{ChartRow, Lays, Need};
use crate::colorbar::{Swatch, is_low, legend_height, low_swatches_height, nonfinite, swatches_in};
use crate::frame::{Area, CellRule, LINE, Page, frame, text};
use crate::math::next_power_of_two;
use crate::sections;
use crate::words::counted;
use crate::{ChartError, Extent, Options, Panel, Picture, Theme, short, short_count};
use hinton_words::significant;

pub(super) const ROW: ChartRow = ChartRow {
    name: "hinton",
    called: "a Hinton diagram",
    about: "Hinton diagram: white squares are positive, black negative, area is magnitude",
    help: "Each weight is a square of area |w| / max-weight on a grey ground, white where w > 0 and \
           black where w < 0; exact zero draws nothing. Rows run down and columns run right. max-weight \
           is the next power of two above the largest |w| unless given; larger weights fill their cell \
           and are marked. A matrix with more weights than the page has room for is folded so that ink \
           stays proportional to |w|: a cell then shows the white and the black area of its block, the \
           smaller inside the larger. After G. E. Hinton; the picture is that of matplotlib's gallery, without its bugs \
           (`preset=matplotlib-hinton` draws the original).",
    heeds: &[
        "row-labels",
        "col-labels",
        "x-label",
        "y-label",
        "columns",
        "max-weight",
        "reduce",
        "order",
        "legend",
    ],
    need,
    build,
    share: None,
    legend_alone: Some(legend_alone),
    lays: Lays::Matrices,
    plays: true,
};

/// Grey around the cells, points: a white square at the edge is seen to end.
const BORDER: f64 = 2.5;

/// Squares smaller than this many device pixels a cell cannot be distinguished.
const RULE: CellRule = CellRule {
    largest: 22.0,
    smallest_pixels: 5.0,
    square: true,
    border: BORDER,
    least: (0.0, 0.0),
    beside: (0.0, 0.0),
};

fn need(extents: &[Extent], options: &Options) -> Need {
    let page = Page::new(options);
    let (max_rows, max_cols) = page.most_cells(extents, RULE);
    // A fold that was asked for is drawn as one square a cell; else ink is kept.
    let fold = options.reduce.unwrap_or(Fold::Ink);
    Need::Grids(vec![
        GridRequest { max_rows, max_cols, fold, sample_bytes: None, quantiles: true };
        extents.len()
    ])
}

/// The colours of a diagram.
#[derive(Clone, Copy)]
struct Inks {
    ground: Color,
    positive: Color,
    negative: Color,
}

fn build(panels: &[Panel], options: &Options) -> Result<Picture, ChartError> {
    let page = Page::new(options);
    let Whole { summary, scale, extents, cells, .. } = common::whole("hinton", panels, options)?;
    let largest = scale.max_abs().unwrap_or(0.0);
    let max_weight = match options.max_weight {
        Some(given) => given,
        None if largest > 0.0 => next_power_of_two(largest),
        None => 1.0,
    };
    let [back, positive, negative] =
        options.look.hinton_colors.unwrap_or([page.theme.ground, Color::WHITE, Color::BLACK]);
    let inks = Inks { ground: back, positive, negative };

    let mut words = common::words(panels, "matrices", options, &summary);
    let section_words = match panels {
        [panel] if sections::are_drawn(options) => sections::words(&panel.extent),
        _ => Vec::new(),
    };
    let has_sections = !section_words.is_empty();
    words.subtitle.extend(section_words);
    // Of all pictures beside this one, so that the legend has one height. A weight that was not given
    // is above all.
    let most = summary.max_abs().unwrap_or(0.0);
    let clips = options.look.clip_squares && options.max_weight.is_some_and(|given| most > given);
    let swatches = nonfinite(&page.theme, &summary).len() + usize::from(clips);
    words.legend_height = match page.has_low_legend() {
        true => LEGEND_CELL + 4.0 + low_swatches_height(swatches, page.legend_width()),
        false => legend_height(LEGEND_CELL * 3.0 + 16.0, swatches),
    };
    let layout = page.layout(&cells, &extents, RULE, &words)?;
    let mut items = layout.label_items(&page);
    items.extend(layout.facet_names(&page, &common::names(panels)));
    let mut clipped = 0;
    for (panel, area) in panels.iter().zip(&layout.areas) {
        let (ground, diagram) =
            ground_and_cells(area, &panel.grids[0], largest, max_weight, options);
        items.push(Shape::filled(Path::rect(ground), inks.ground));
        let drawn = squares(&panel.grids[0], &diagram, max_weight, inks, options, &page.theme);
        clipped += drawn.clipped;
        let clip = (!options.look.clip_squares).then_some(ground);
        items.push(Item::Group(Group { label: panel.label(), clip, items: drawn.items }));
        if has_sections {
            let block = panel.grids[0].block;
            items.extend(sections::separators(&diagram, &panel.extent, block, &page.theme));
        }
        if let Some((color, width)) = options.look.frame {
            items.push(frame(ground, color, width));
        }
    }
    if page.legend {
        let weights = Weights { largest: max_weight, shares: shares(panels, &summary) };
        items.extend(legend(&page.theme, layout.legend, weights, inks, &summary, clipped));
    }
    let mut notes = common::reduction_notes(panels);
    notes.extend(layout.notes.clone());
    if clipped > 0 {
        let cells = counted(clipped, "cell is", "cells are");
        notes.push(format!("{cells} larger than max-weight {}: marked", short(max_weight)));
    }
    Ok(Picture { scene: page.scene(&layout, &words, items), notes })
}

/// The legend of diagrams that share one scale, lying.
fn legend_alone(panels: &[Panel], options: &Options) -> hinton_scene::Scene {
    let page = Page::below(options);
    let summary = common::merged(panels);
    let largest = summary.max_abs().unwrap_or(0.0);
    let max_weight = options.max_weight.unwrap_or_else(|| super::weight_that_fills(largest));
    let [ground, positive, negative] =
        options.look.hinton_colors.unwrap_or([page.theme.ground, Color::WHITE, Color::BLACK]);
    let inks = Inks { ground, positive, negative };
    let (width, margin) = (page.legend_width(), page.margin());
    let swatches = nonfinite(&page.theme, &summary).len();
    let height = LEGEND_CELL + 4.0 + low_swatches_height(swatches, width);
    let place = Rect::new(margin, 0.0, width, height);
    let weights = Weights { largest: max_weight, shares: shares(panels, &summary) };
    let items = legend(&page.theme, place, weights, inks, &summary, 0);
    super::scene_of(items, width + 2.0 * margin, height)
}

/// The grey ground, and the area of the cells inside it.
fn ground_and_cells(
    area: &Area,
    grid: &Grid,
    largest: f64,
    max_weight: f64,
    options: &Options,
) -> (Rect, Area) {
    let Area { rect, rows, cols } = *area;
    let Some(margin) = options.look.data_margin else { return (rect.inset(-BORDER), *area) };
    // matplotlib's axes: a margin around the outermost squares, in units of cells whose middles
    // lie on whole numbers; the cells keep their shape and the whole is centred in the area.
    let (x_low, x_high, y_low, y_high) = match options.over {
        // Any square may be the outermost and the largest in some other picture.
        Some(_) => {
            let half = (largest / max_weight).sqrt() / 2.0;
            (-half, cols as f64 - 1.0 + half, -half, rows as f64 - 1.0 + half)
        }
        None => outermost(grid, max_weight),
    };
    let (x_span, y_span) = (x_high - x_low, y_high - y_low);
    let (x_low, y_low) = (x_low - margin * x_span, y_low - margin * y_span);
    let (x_span, y_span) = (x_span * (1.0 + 2.0 * margin), y_span * (1.0 + 2.0 * margin));
    let pitch = (rect.w / x_span).min(rect.h / y_span);
    let (w, h) = (x_span * pitch, y_span * pitch);
    let ground = Rect::new(rect.center().x - w / 2.0, rect.center().y - h / 2.0, w, h);
    let cells = Rect::new(
        ground.x + (-0.5 - x_low) * pitch,
        ground.y + (-0.5 - y_low) * pitch,
        cols as f64 * pitch,
        rows as f64 * pitch,
    );
    (ground, Area { rect: cells, rows, cols })
}

/// Left, right, upper and lower end of the outermost squares, in cells; cell k lies at k.
fn outermost(grid: &Grid, max_weight: f64) -> (f64, f64, f64, f64) {
    let mut ends = (f64::MAX, f64::MIN, f64::MAX, f64::MIN);
    for at in 0..grid.values.len() {
        let (positive, negative) = planes(grid, at);
        let half = ((positive + negative) / max_weight).sqrt() / 2.0;
        let (x, y) = ((at % grid.cols) as f64, (at / grid.cols) as f64);
        ends.0 = ends.0.min(x - half);
        ends.1 = ends.1.max(x + half);
        ends.2 = ends.2.min(y - half);
        ends.3 = ends.3.max(y + half);
    }
    ends
}

struct Drawn {
    items: Vec<Item>,
    clipped: usize,
}

/// The squares of one grid, and marks on what cannot be a square.
fn squares(
    grid: &Grid,
    area: &Area,
    max_weight: f64,
    inks: Inks,
    options: &Options,
    theme: &Theme,
) -> Drawn {
    let look = &options.look;
    let pitch = area.rect.w / area.cols as f64;
    let mut white = Vec::new();
    let mut black = Vec::new();
    let mut black_inside = Vec::new();
    let mut white_inside = Vec::new();
    let mut odd = OddMarks::default();
    let mut clipped = Path::new();
    let mut clipped_count = 0;
    for at in 0..grid.values.len() {
        let x = area.rect.x + ((at % grid.cols) as f64 + 0.5) * pitch;
        let y = area.rect.y + ((at / grid.cols) as f64 + 0.5) * pitch;
        let mark = grid.marks.get(at).copied().unwrap_or_default();
        if mark != Mark::None {
            odd.add(mark, x, y, pitch);
        }
        let (positive, negative) = planes(grid, at);
        let share = (positive + negative) / max_weight;
        if share <= 0.0 {
            continue;
        }
        let mut side = share.sqrt();
        if look.clip_squares && side > 1.0 {
            side = 1.0;
            clipped_count += 1;
            let arm = (pitch * 0.18).min(3.0);
            clipped.extend(Path::line(Point::new(x - arm, y), Point::new(x + arm, y)));
            clipped.extend(Path::line(Point::new(x, y - arm), Point::new(x, y + arm)));
        }
        let place = |side: f64| {
            let (left, top) = (x - side / 2.0, y - side / 2.0);
            [left as f32, top as f32, side as f32, side as f32]
        };
        // One square of both inks together, of the colour of the larger, and the smaller ink as a
        // square inside it: both areas are exact, and no direction is preferred.
        let minor = positive.min(negative) / (positive + negative);
        let outer = side * pitch + look.square_growth;
        let inner = (minor > 0.0).then(|| place(side * pitch * minor.sqrt()));
        if positive >= negative {
            white.push(place(outer));
            black_inside.extend(inner);
        } else {
            black.push(place(outer));
            white_inside.extend(inner);
        }
    }
    let marks = |fill, places| Item::Marks(Marks { fill, shape: MarkShape::Rect, places });
    let mut items = vec![marks(inks.positive, white), marks(inks.negative, black)];
    if !(black_inside.is_empty() && white_inside.is_empty()) {
        items.push(marks(inks.negative, black_inside));
        items.push(marks(inks.positive, white_inside));
    }
    if clipped_count > 0 {
        items.push(Shape::stroked(clipped, theme.alarm, (pitch * 0.08).clamp(0.4, 1.2)));
    }
    items.extend(odd.items(theme, pitch));
    Drawn { items, clipped: clipped_count }
}

/// Positive and negative ink of a cell. Grids that keep ink have two planes; others, and those whose
/// values are known exactly, one value.
fn planes(grid: &Grid, at: usize) -> (f64, f64) {
    let (positive, negative) = match grid.negative.get(at) {
        Some(negative) if grid.exact.is_empty() => {
            (f64::from(grid.values[at]), f64::from(*negative))
        }
        _ => {
            let value = grid.value(at);
            (value.max(0.0), (-value).max(0.0))
        }
    };
    let known = |ink: f64| if ink.is_finite() { ink } else { 0.0 };
    (known(positive), known(negative))
}

/// Crosses for NaN, rings for infinities.
#[derive(Default)]
struct OddMarks {
    nan: Path,
    pos_inf: Path,
    neg_inf: Path,
}

impl OddMarks {
    fn add(&mut self, mark: Mark, x: f64, y: f64, pitch: f64) {
        // Never so small that one odd weight among many is missed.
        let arm = (pitch * 0.34).max(2.0);
        let ring = || Path::circle(Point::new(x, y), arm);
        match mark {
            Mark::None => {}
            Mark::Nan => {
                let corner = |dx: f64, dy: f64| Point::new(x + dx * arm, y + dy * arm);
                self.nan.extend(Path::line(corner(-1.0, -1.0), corner(1.0, 1.0)));
                self.nan.extend(Path::line(corner(-1.0, 1.0), corner(1.0, -1.0)));
            }
            Mark::PosInf | Mark::BothInf => self.pos_inf.extend(ring()),
            Mark::NegInf => self.neg_inf.extend(ring()),
        }
    }

    fn items(self, theme: &Theme, pitch: f64) -> Vec<Item> {
        let width = (pitch * 0.14).clamp(0.8, 2.5);
        [(self.nan, theme.nan), (self.pos_inf, theme.pos_inf), (self.neg_inf, theme.neg_inf)]
            .into_iter()
            .filter(|(path, _)| !path.segments.is_empty())
            .map(|(path, color)| Shape::stroked(path, color, width))
            .collect()
    }
}

/// Shares of the largest weight that the legend shows a square of.
const REFERENCES: [f64; 3] = [1.0, 0.25, 0.0625];
/// The weights that the legend shows squares of.
#[derive(Clone, Copy)]
struct Weights {
    largest: f64,
    /// Shares of the largest.
    shares: &'static [f64],
}

/// The shares that squares can have: one of truth values, none where no value is finite.
fn shares(panels: &[Panel], summary: &Summary) -> &'static [f64] {
    if summary.finite() == 0 {
        &[]
    } else if panels.iter().all(|panel| panel.dtype == "bool") {
        &REFERENCES[..1]
    } else {
        &REFERENCES
    }
}

/// Cells of the reference squares, points.
const LEGEND_CELL: f64 = 15.0;

/// Reference squares with their numbers.
fn legend(
    theme: &Theme,
    place: Rect,
    weights: Weights,
    inks: Inks,
    summary: &Summary,
    clipped: usize,
) -> Vec<Item> {
    let style = theme.label();
    let mut items = Vec::new();
    // Signs that no value has are no part of the picture.
    let both = [(inks.positive, "+"), (inks.negative, "−")];
    let (signs, sign) = match (summary.min(), summary.max()) {
        (Some(min), _) if min >= 0.0 => (&both[..1], ""),
        (_, Some(max)) if max <= 0.0 => (&both[1..], "−"),
        _ => (&both[..], "±"),
    };
    let (mut x, mut y) = (place.x, place.y);
    let low = is_low(place);
    let apart = (place.w / REFERENCES.len() as f64).max(LEGEND_CELL * 2.0 + 44.0);
    for &share in weights.shares {
        if low && x + apart > place.right() + 1.0 {
            break;
        }
        let ground = Rect::new(x, y, LEGEND_CELL * signs.len() as f64, LEGEND_CELL);
        items.push(Shape::filled(Path::rect(ground), inks.ground));
        let middle = ground.center().y;
        // The largest reference leaves a hair of ground, so that it is seen as a square.
        let side = f64::sqrt(share) * (LEGEND_CELL - 2.0);
        for (column, (fill, _)) in signs.iter().enumerate() {
            let left = x + (column as f64 + 0.5) * LEGEND_CELL - side / 2.0;
            let square = Rect::new(left, middle - side / 2.0, side, side);
            items.push(Shape::filled(Path::rect(square), *fill));
        }
        let label = format!("{sign}{}", significant(weights.largest * share, 4));
        let at = ground.right() + 5.0;
        items.push(text(&label, at, middle, style, Align::Start, Baseline::Middle));
        match low {
            true => x += apart,
            false => y += LEGEND_CELL,
        }
    }
    if low {
        y += LEGEND_CELL + 4.0;
    } else if !weights.shares.is_empty() {
        y += 5.0;
        for (column, (_, sign)) in signs.iter().enumerate() {
            let middle = place.x + (column as f64 + 0.5) * LEGEND_CELL;
            items.push(text(sign, middle, y, style, Align::Middle, Baseline::Top));
        }
        y += LINE + 1.0;
    }
    let mut odd = nonfinite(theme, summary);
    if clipped > 0 {
        let label = format!("clipped {}", short_count(clipped as u64));
        odd.push(Swatch { color: theme.alarm, label });
    }
    items.extend(swatches_in(&odd, theme, Rect { y, ..place }));
    items
}
