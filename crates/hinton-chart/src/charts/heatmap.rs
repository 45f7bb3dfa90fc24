//! A matrix as coloured cells, with values, labels and a colour bar.

use std::collections::BTreeSet;

use hinton_scene::{
    Align, Baseline, Color, Item, Path, Point, Rect, Scene, Shape, Text, TextStyle, measure,
};
use hinton_tensor::reduce::Mark;
use hinton_tensor::{Grid, GridRequest, Summary};

use super::common::{self, Whole};
use super::margins::{self, Margins};
use super::{ChartRow, Lays, Need};
use crate::alike::{Magnitudes, format_of};
use crate::cells::{cell_colors, cells_item};
use crate::colorbar::{Key, KeyCells, colorbar, colorbar_height};
use crate::frame::{Area, CellRule, Page, frame};
use crate::math::{decade, pow10};
use crate::sections;
use crate::words::counted;
use crate::{
    Annotate, ChartError, ColorScale, Extent, NumberFormat, Options, Panel, Picture, Span,
};

pub(super) const ROW: ChartRow = ChartRow {
    name: "heatmap",
    called: "a heat map",
    about: "a matrix as coloured cells, with values, labels and a colour bar",
    help: "Every value is a cell; rows run down and columns run right. The default colours run from \
           blue (negative) through white (exactly zero) to orange and brown (positive); on a dark page \
           zero is black. NaN and infinities have colours of their own and are counted. If there \
           are more values than pixels, each cell covers a block of them (`reduce`), and the picture says so: \
           how dark it is shows their root mean square, its hue the balance of their signs, blue where \
           all are negative, orange where all are positive, grey where they are mixed. Values that \
           are farther from zero than from each other get a sequential map over their own range. \
           `annotate` writes the values into the cells, in black or white by contrast.",
    heeds: &[
        "cmap",
        "range",
        "scale",
        "center",
        "symlog-threshold",
        "annotate",
        "row-labels",
        "col-labels",
        "x-label",
        "y-label",
        "legend-title",
        "columns",
        "reduce",
        "order",
        "margins",
        "legend",
    ],
    need,
    build,
    share: None,
    legend_alone: Some(legend_alone),
    lays: Lays::Matrices,
    plays: true,
};

/// Cells as large as fit values when there are few.
const RULE: CellRule = CellRule {
    largest: 36.0,
    smallest_pixels: 1.0,
    square: false,
    border: 0.0,
    least: (0.0, 0.0),
    beside: (0.0, 0.0),
};
/// Sizes of type for values, largest first.
const VALUE_SIZES: [f64; 6] = [10.0, 9.0, 8.0, 7.0, 6.0, 5.0];
/// Most cells that get a value; more could not be read.
const MOST_VALUES: usize = 20_000;
/// Most cells that are not finite that get a cross.
const MOST_CROSSES: usize = 20_000;
/// Most rows (or columns) with such cells that get a triangle.
const MOST_TRIANGLES: usize = 60;
/// Longest side of cells that is made wider for values of a format that was asked for, points.
const LONGEST_WRITTEN: f64 = 4_000.0;

fn need(extents: &[Extent], options: &Options) -> Need {
    let page = Page::new(options);
    let rule = CellRule { beside: margins::room(extents, options, &page), ..RULE };
    let (max_rows, max_cols) = page.most_cells(extents, rule);
    let fold = common::default_fold(options);
    let request = GridRequest { max_rows, max_cols, fold, sample_bytes: None, quantiles: true };
    Need::Grids(vec![request; extents.len()])
}

fn build(panels: &[Panel], options: &Options) -> Result<Picture, ChartError> {
    let page = Page::new(options);
    let Whole { summary, span, extents, cells, .. } = common::whole("heatmap", panels, options)?;
    let scale = ColorScale::fit(options, &page.theme, &span, common::is_picture(panels));
    let grids = panels.iter().map(|panel| &panel.grids[0]);
    let are_many = options.over.is_some() && !options.own_range;
    // What lies beyond a scale that panels of a figure share is said of each by itself.
    let span = match (options.over_cells, &options.over) {
        (Some(_), None) => Span::of_panels(panels, options),
        _ => span,
    };
    let mut key_cells = KeyCells::new(grids, &scale, &span, are_many);
    key_cells.is_bool = panels.iter().all(|panel| panel.dtype == "bool") && !key_cells.are_folded;
    let title = options.legend_title.as_deref();
    let key = Key { scale: &scale, theme: &page.theme, summary: &summary, cells: key_cells, title };

    let mut words = common::words(panels, "matrices", options, &summary);
    let section_words = match panels {
        [panel] if sections::are_drawn(options) => sections::words(&panel.extent),
        _ => Vec::new(),
    };
    let has_sections = !section_words.is_empty();
    words.subtitle.extend(section_words);
    words.notes.splice(..0, key_cells.note(&scale, &span));
    words.notes.extend(common::linear_note(&scale));
    words.legend_height = colorbar_height(&key, &page, options.own_range);
    let beside = margins::room(&extents, options, &page);
    let margins = match panels {
        [panel] if beside.0 > 0.0 && !panel.is_picture() => {
            Margins::of(&panel.grids[0], &panel.extent)
        }
        _ => None,
    };
    let beside = if margins.is_some() { beside } else { (0.0, 0.0) };
    let rule = CellRule { least: least_cell(panels, options), beside, ..RULE };
    words.notes.extend(margins.iter().flat_map(Margins::notes));
    let layout = page.layout(&cells, &extents, rule, &words)?;
    let annotation = annotation(panels, options, layout.areas[0]);
    // The note needs room of its own, which moves nothing but what lies below the cells.
    words.notes.extend(annotation.note.clone());
    let layout = page.layout(&cells, &extents, rule, &words)?;

    let mut items = layout.label_items(&page);
    items.extend(layout.facet_names(&page, &common::names(panels)));
    for (panel, area) in panels.iter().zip(&layout.areas) {
        let grid = &panel.grids[0];
        items.push(cells_item(grid, area.rect, &scale));
        if options.look.cell_gap > 0.0 {
            items.push(gap_lines(area, page.theme.page, options.look.cell_gap));
        }
        if has_sections {
            items.extend(sections::separators(area, &panel.extent, grid.block, &page.theme));
        }
        items.extend(odd_signs(grid, area, &page, annotation.format.is_some()));
        if let Some(margins) = &margins {
            items.extend(margins.items(area.rect, &page.theme));
        }
        if let Some((format, size)) = &annotation.format {
            items.extend(values(grid, area, &scale, format, *size));
        }
        let (color, width) = options.look.frame.unwrap_or((page.theme.line, 0.5));
        if options.look.cell_gap == 0.0 {
            items.push(frame(area.rect, color, width));
        }
    }
    if page.legend {
        items.extend(colorbar(&key, layout.legend));
    }
    let mut notes = common::reduction_notes(panels);
    notes.extend(layout.notes.clone());
    notes.extend(common::scale_notes(&scale));
    notes.extend(annotation.note);
    Ok(Picture { scene: page.scene(&layout, &words, items), notes })
}

/// The colour bar of pictures that share one scale, lying.
fn legend_alone(panels: &[Panel], options: &Options) -> Scene {
    let page = Page::below(options);
    let span = options.over_cells.unwrap_or_else(|| Span::of_panels(panels, options));
    let summary = common::merged(panels);
    let scale = ColorScale::fit(options, &page.theme, &span, common::is_picture(panels));
    let grids = panels.iter().filter_map(|panel| panel.grids.first());
    let key_cells = KeyCells::new(grids, &scale, &span, false);
    let title = options.legend_title.as_deref();
    let key = Key { scale: &scale, theme: &page.theme, summary: &summary, cells: key_cells, title };
    let height = colorbar_height(&key, &page, false);
    let (width, margin) = (page.legend_width(), page.margin());
    let items = colorbar(&key, Rect::new(margin, 0.0, width, height));
    super::scene_of(items, width + 2.0 * margin, height)
}

/// Lines of the page's colour between the cells, along the outer border too.
fn gap_lines(area: &Area, color: Color, width: f64) -> Item {
    let rect = area.rect;
    let mut path = Path::new();
    for row in 0..=area.rows {
        let y = rect.y + rect.h * row as f64 / area.rows as f64;
        let half = width / 2.0;
        path.extend(Path::line(Point::new(rect.x - half, y), Point::new(rect.right() + half, y)));
    }
    for col in 0..=area.cols {
        let x = rect.x + rect.w * col as f64 / area.cols as f64;
        path.extend(Path::line(Point::new(x, rect.y), Point::new(x, rect.bottom())));
    }
    Shape::stroked(path, color, width)
}

/// What tells cells that are not finite to every eye: a cross in those large enough, else small
/// triangles outside the frame at their rows and columns, which cover no neighbour.
fn odd_signs(grid: &Grid, area: &Area, page: &Page<'_>, is_annotated: bool) -> Vec<Item> {
    let pitch = (area.rect.w / area.cols as f64, area.rect.h / area.rows as f64);
    let is_small = pitch.0.min(pitch.1) < 4.0;
    let theme = &page.theme;
    let mut items = Vec::new();
    for (kinds, color) in [
        (&[Mark::Nan][..], theme.nan),
        (&[Mark::PosInf, Mark::BothInf][..], theme.pos_inf),
        (&[Mark::NegInf][..], theme.neg_inf),
    ] {
        let marks = grid.marks.iter().enumerate();
        let places = marks.filter(|(_, mark)| kinds.contains(mark));
        let places: Vec<(usize, usize)> =
            places.map(|(cell, _)| (cell / grid.cols, cell % grid.cols)).collect();
        match is_small {
            _ if places.is_empty() => {}
            true => items.push(Shape::filled(triangles(&places, area), color)),
            false if is_annotated || places.len() > MOST_CROSSES => {}
            false => {
                let ink = color.readable(Color::BLACK, Color::WHITE);
                items.push(Shape::stroked(crosses(&places, area), ink, 0.6));
            }
        }
    }
    items.retain(|item| !matches!(item, Item::Shape(shape) if shape.path.segments.is_empty()));
    items
}

/// A cross from corner to corner of each of these cells.
fn crosses(places: &[(usize, usize)], area: &Area) -> Path {
    let Area { rect, rows, cols } = *area;
    let (w, h) = (rect.w / cols as f64, rect.h / rows as f64);
    let mut path = Path::new();
    for &(row, col) in places {
        let (left, top) = (rect.x + col as f64 * w, rect.y + row as f64 * h);
        let (right, bottom) = (left + w, top + h);
        path.extend(Path::line(Point::new(left, top), Point::new(right, bottom)));
        path.extend(Path::line(Point::new(right, top), Point::new(left, bottom)));
    }
    path
}

/// Triangles that point at the rows of these cells from the right and at their columns from below;
/// none at a side where there would be very many.
fn triangles(places: &[(usize, usize)], area: &Area) -> Path {
    const GAP: f64 = 1.0;
    const LENGTH: f64 = 5.0;
    const HALF: f64 = 2.5;
    let Area { rect, rows, cols } = *area;
    let few = |of: fn(&(usize, usize)) -> usize| -> Vec<usize> {
        let lines: BTreeSet<usize> = places.iter().map(of).collect();
        if lines.len() > MOST_TRIANGLES { Vec::new() } else { lines.into_iter().collect() }
    };
    let mut path = Path::new();
    for row in few(|place| place.0) {
        let y = rect.y + (row as f64 + 0.5) * rect.h / rows as f64;
        let (tip, base) = (rect.right() + GAP, rect.right() + GAP + LENGTH);
        path.extend(triangle([(tip, y), (base, y - HALF), (base, y + HALF)]));
    }
    for col in few(|place| place.1) {
        let x = rect.x + (col as f64 + 0.5) * rect.w / cols as f64;
        let (tip, base) = (rect.bottom() + GAP, rect.bottom() + GAP + LENGTH);
        path.extend(triangle([(x, tip), (x + HALF, base), (x - HALF, base)]));
    }
    path
}

fn triangle(corners: [(f64, f64); 3]) -> Path {
    Path::polyline(&corners.map(|(x, y)| Point::new(x, y)), true)
}

/// How values are written, if they are.
struct Annotation {
    format: Option<(NumberFormat, f64)>,
    note: Option<String>,
}

/// Width and height that cells need to hold values in a format that was asked for: a page that takes
/// what it needs grows rather than write other digits, or none.
fn least_cell(panels: &[Panel], options: &Options) -> (f64, f64) {
    const SIZE: f64 = 7.0;
    let Annotate::As(format) = &options.annotate else { return (0.0, 0.0) };
    let grids = || panels.iter().map(|panel| &panel.grids[0]);
    let count: usize = grids().map(|grid| grid.values.len()).sum();
    if count > MOST_VALUES || grids().any(|grid| grid.block != (1, 1)) {
        return (0.0, 0.0);
    }
    let widest = widest_value(panels, options, format);
    let style = TextStyle { size: SIZE, weight: Default::default(), color: Color::BLACK };
    let gap = options.look.cell_gap;
    let (width, height) = (measure(&widest, style) + gap + 5.0, SIZE * 1.2 + gap);
    let fits = |grid: &Grid| {
        width * grid.cols as f64 <= LONGEST_WRITTEN && height * grid.rows as f64 <= LONGEST_WRITTEN
    };
    if grids().all(fits) { (width, height) } else { (0.0, 0.0) }
}

/// The longest text of the values of these pictures, and of all beside them.
fn widest_value(panels: &[Panel], options: &Options, format: &NumberFormat) -> String {
    match &options.over {
        Some(over) => widest_of(likely(over), format),
        None => widest_of(panels.iter().flat_map(values_of), format),
    }
}

/// The format and size that fit the cells: fewer digits, then smaller type, then none. A format
/// that was asked for keeps its digits as long as smaller type can.
fn annotation(panels: &[Panel], options: &Options, area: Area) -> Annotation {
    let none = |note: Option<String>| Annotation { format: None, note };
    let pitch = (area.rect.w / area.cols as f64, area.rect.h / area.rows as f64);
    let room = (pitch.0 - options.look.cell_gap - 2.0, pitch.1 - options.look.cell_gap - 1.0);
    let cells: usize = panels.iter().map(|panel| panel.grids[0].values.len()).sum();
    let reduced = panels.iter().any(|panel| panel.grids[0].block != (1, 1));
    let (formats, sizes, asked) = match &options.annotate {
        Annotate::Off => return none(None),
        Annotate::Auto if cells > 1_000 || reduced => return none(None),
        Annotate::Auto => (fewer_and_fewer(panels, options, 2), &VALUE_SIZES[1..3], false),
        Annotate::On => (fewer_and_fewer(panels, options, 3), &VALUE_SIZES[..], true),
        Annotate::As(format) => (coarser_and_coarser(format.clone()), &VALUE_SIZES[..], true),
    };
    if cells > MOST_VALUES {
        return none(Some(format!("no values written: {cells} cells are too many")));
    }
    let exact = matches!(options.annotate, Annotate::As(_));
    for (at, format) in formats.iter().enumerate() {
        let widest = widest_value(panels, options, format);
        let fits = |size: f64| {
            let style = TextStyle { size, weight: Default::default(), color: Color::BLACK };
            measure(&widest, style) <= room.0 && size * 0.8 <= room.1
        };
        // Without a format of one's own, fewer digits come before type that is hard to read.
        let last = at + 1 == formats.len();
        let sizes = if exact || last { sizes } else { &sizes[..sizes.len().min(4)] };
        if let Some(&size) = sizes.iter().find(|&&size| fits(size)) {
            let note = (asked && exact && at > 0).then(|| {
                let fewer = counted(at, "digit", "digits");
                format!("values rounded to fit their cells: {fewer} fewer")
            });
            return Annotation { format: Some((format.clone(), size)), note };
        }
    }
    none(asked.then(|| "no values written: the cells are too small".to_owned()))
}

/// Formats of this many digits of a typical value, then of fewer.
fn fewer_and_fewer(panels: &[Panel], options: &Options, digits: usize) -> Vec<NumberFormat> {
    (1..=digits).rev().map(|digits| alike(panels, options, digits)).collect()
}

/// One format for all values of these pictures, and of all beside them.
fn alike(panels: &[Panel], options: &Options, digits: usize) -> NumberFormat {
    match &options.over {
        Some(over) => Magnitudes::of_summary(over).format(digits),
        None => format_of(&panels.iter().flat_map(values_of).collect::<Vec<_>>(), digits),
    }
}

fn coarser_and_coarser(format: NumberFormat) -> Vec<NumberFormat> {
    std::iter::successors(Some(format), NumberFormat::coarser).collect()
}

/// Powers of ten below the largest magnitude that text has room for, where pictures share it.
const DECADES: i32 = 8;

fn values_of(panel: &Panel) -> impl Iterator<Item = f64> + '_ {
    let grid = &panel.grids[0];
    (0..grid.values.len()).map(|at| grid.value(at))
}

/// Values whose text is as long as that of any value these statistics are of: the ends, and a number
/// of many digits in each power of ten below them.
fn likely(over: &Summary) -> impl Iterator<Item = f64> {
    let (min, max) = (over.min().unwrap_or(0.0), over.max().unwrap_or(0.0));
    let below = |end: f64| {
        let top = if end == 0.0 { 0 } else { decade(end.abs()) };
        let share = move |power: i32| 0.888_888_888_888 * pow10(top - power);
        (0..DECADES).map(move |power| share(power).copysign(end))
    };
    let fits = move |value: &f64| (min..=max).contains(value);
    [min, max].into_iter().chain(below(min).chain(below(max)).filter(fits))
}

/// The longest text that the format gives for any of the values.
fn widest_of(values: impl Iterator<Item = f64>, format: &NumberFormat) -> String {
    let texts = values.map(|value| format.write(value));
    // Figures are as wide as each other, so the number of characters tells.
    texts
        .max_by_key(|text| {
            text.chars().filter(|c| *c != '.').count() * 2 + text.matches('.').count()
        })
        .unwrap_or_default()
}

/// The values, in the middle of their cells.
fn values(
    grid: &Grid,
    area: &Area,
    scale: &ColorScale,
    format: &NumberFormat,
    size: f64,
) -> Vec<Item> {
    let grounds = cell_colors(grid, scale);
    let pitch = (area.rect.w / area.cols as f64, area.rect.h / area.rows as f64);
    let one = |at: usize| {
        let mark = grid.marks.get(at).copied().unwrap_or_default();
        let value = match mark {
            Mark::None => grid.value(at),
            Mark::Nan => f64::NAN,
            Mark::PosInf | Mark::BothInf => f64::INFINITY,
            Mark::NegInf => f64::NEG_INFINITY,
        };
        let color = grounds[at].readable(Color::BLACK, Color::WHITE);
        let style = TextStyle { size, weight: Default::default(), color };
        let x = area.rect.x + ((at % grid.cols) as f64 + 0.5) * pitch.0;
        let y = area.rect.y + ((at / grid.cols) as f64 + 0.5) * pitch.1;
        Item::Text(Text::new(&format.write(value), x, y, style, Align::Middle, Baseline::Middle))
    };
    (0..grid.values.len()).map(one).collect()
}
