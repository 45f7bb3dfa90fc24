//! Draws a few tensors as large pictures.

use hinton_scene::{
    Align, Baseline, Color, Item, Path, Point, Rect, Shape, TextStyle, fit, measure, visible,
};
use hinton_tensor::{Fold, GridRequest};

use super::super::Need;
use super::super::common;
use crate::cells::cells_item;
use crate::frame::{LINE, Page, frame, text};
use crate::words::{Words, counted};
use crate::{
    ChartError, ColorScale, Extent, Options, Panel, Picture, Range, Span, Theme, short, short_count,
};
use hinton_words::significant;

/// Width of the whole sheet on a page that takes what it needs, points.
const NATURAL_WIDTH: f64 = 620.0;
/// Most lines that a name may take.
const NAME_LINES: usize = 4;
const GAP: f64 = 12.0;
/// Narrowest column where they can be wider.
const SMALLEST: f64 = 90.0;

/// Largest cell of a thumbnail, points.
const CELL: f64 = 9.0;
/// How thick one row of a strip may be, points.
const THICKEST: f64 = 12.0;

pub(super) fn need(extents: &[Extent], options: &Options) -> Need {
    let page = Page::new(options);
    let sheet = Sheet::new(&page, extents, None);
    let pixels = |points: f64| ((points * options.dpi / 72.0) as usize).max(1);
    let request = |_: &Extent| GridRequest {
        max_rows: pixels(sheet.thumb),
        max_cols: pixels(sheet.thumb),
        fold: options.reduce.unwrap_or(Fold::Extreme),
        sample_bytes: None,
        quantiles: true,
    };
    Need::Grids(extents.iter().map(request).collect())
}

/// How the sheet is divided.
struct Sheet {
    columns: usize,
    /// Width of a column, without the gap.
    column: f64,
    /// Longest side of a thumbnail.
    thumb: f64,
    /// Width and height of each thumbnail.
    sizes: Vec<(f64, f64)>,
    /// Height of the tallest thumbnail of each row.
    heights: Vec<f64>,
    /// Lines of each name.
    names: Vec<Vec<String>>,
    /// Height of the words under the thumbnails of each row: name, shape, range.
    words: Vec<f64>,
}

impl Sheet {
    /// `names` may be left out before they are known; room is kept for long ones then.
    fn new(page: &Page<'_>, extents: &[Extent], names: Option<&[String]>) -> Sheet {
        let count = extents.len();
        let (room_w, room_h) = page.room();
        let width = if page.width().is_some() { room_w } else { NATURAL_WIDTH };
        // Few tensors get large pictures, many get small ones that still have room for a name.
        let ideal = match count {
            0..=4 => 146.0,
            5..=9 => 128.0,
            10..=40 => 112.0,
            41..=120 => 96.0,
            _ => 80.0,
        };
        let columns = page.options.columns.unwrap_or_else(|| {
            let columns = (((width + GAP) / (ideal + GAP)) as usize).max(1);
            // Narrow pages would grow long.
            let columns = match count > 3 * columns {
                true => columns.max(((width + GAP) / (SMALLEST + GAP)) as usize),
                false => columns,
            };
            if count <= columns { count.max(1) } else { columns }
        });
        let rows = count.div_ceil(columns).max(1);
        let column = ((width - GAP * (columns - 1) as f64) / columns as f64).max(8.0);
        let column = if page.width().is_some() { column } else { column.min(ideal * 1.25) };
        let style = page.theme.name_style();
        let names: Vec<Vec<String>> =
            names.unwrap_or_default().iter().map(|name| name_lines(name, style, column)).collect();
        let words_of = |lines: usize| (lines + 2) as f64 * LINE + 4.0;
        let longest = |row: &[Vec<String>]| row.iter().map(Vec::len).max().unwrap_or(1);
        let words: Vec<f64> = match names.is_empty() {
            true => vec![words_of(2); rows],
            false => names.chunks(columns).map(|row| words_of(longest(row))).collect(),
        };
        let most = match page.height() {
            Some(_) => ((room_h - words.iter().sum::<f64>()) / rows as f64 - GAP).max(4.0),
            None => column,
        };
        let thumb = column.min(most);
        let sizes: Vec<(f64, f64)> =
            extents.iter().map(|extent| thumb_size(extent, thumb)).collect();
        let tallest = |row: &[(f64, f64)]| row.iter().map(|size| size.1).fold(0.0, f64::max);
        let heights = sizes.chunks(columns).map(tallest).collect();
        Sheet { columns, column, thumb, sizes, heights, names, words }
    }

    fn size(&self) -> (f64, f64) {
        let width = self.column * self.columns as f64 + GAP * (self.columns - 1) as f64;
        (width, self.above(self.heights.len()) - GAP)
    }

    /// Height of this many rows, with the gaps behind them.
    fn above(&self, rows: usize) -> f64 {
        let both = self.heights.iter().zip(&self.words).take(rows);
        both.map(|(height, words)| height + words + GAP).sum()
    }

    /// Where thumbnail `at` goes: at the left and the top of its place.
    fn place(&self, at: usize, origin: Rect) -> Rect {
        let (column, row) = (at % self.columns, at / self.columns);
        let above = self.above(row);
        let (w, h) = self.sizes[at];
        let x = origin.x + column as f64 * (self.column + GAP);
        Rect::new(x, origin.y + above, w, h)
    }
}

/// A name on one line, or broken after dots and the like into up to four; what still does not fit
/// loses its middle.
fn name_lines(name: &str, style: TextStyle, width: f64) -> Vec<String> {
    let name = visible(name);
    let mut lines = Vec::new();
    let mut rest = &*name;
    while lines.len() + 1 < NAME_LINES && measure(rest, style) > width {
        let breaks = rest.char_indices().filter(|(_, c)| matches!(c, '.' | '/' | '_'));
        let fits = |&at: &usize| measure(&rest[..at], style) <= width;
        let Some(at) = breaks.map(|(at, c)| at + c.len_utf8()).rfind(fits) else { break };
        lines.push(rest[..at].to_owned());
        rest = &rest[at..];
    }
    lines.push(fit(rest, style, width));
    lines
}

/// Cells keep their shape as far as a thumbnail can: long strips are made thick enough to see.
fn thumb_size(extent: &Extent, side: f64) -> (f64, f64) {
    let (rows, cols) = (extent.rows.max(1) as f64, extent.cols.max(1) as f64);
    let cell = (side / rows.max(cols)).min(CELL);
    let long = cell * rows.max(cols);
    let thick = |count: f64| (cell * count).max((long / 3.0).min(count * THICKEST)).min(side);
    (thick(cols), thick(rows))
}

/// Whether the pictures have room on the page; a page without a height has.
pub(super) fn fits(panels: &[Panel], page: &Page<'_>) -> bool {
    let extents: Vec<Extent> = panels.iter().map(|panel| panel.extent.clone()).collect();
    let names: Vec<String> = panels.iter().map(Panel::label).collect();
    page.height().is_none() || Sheet::new(page, &extents, Some(&names)).size().1 <= page.room().1
}

pub(super) fn build(panels: &[Panel], options: &Options) -> Result<Picture, ChartError> {
    let page = Page::new(options);
    if panels.is_empty() {
        return Err(ChartError::Unfit {
            chart: "overview",
            what: "this file".to_owned(),
            why: "it holds no tensor".to_owned(),
        });
    }
    let extents: Vec<Extent> = panels.iter().map(|panel| panel.extent.clone()).collect();
    let names: Vec<String> = panels.iter().map(Panel::label).collect();
    let sheet = Sheet::new(&page, &extents, Some(&names));
    let words = words(panels, options);
    let layout = page.block(sheet.size(), &words);
    let origin = layout.areas[0].rect;
    let mut items = Vec::new();
    for (at, panel) in panels.iter().enumerate() {
        let place = sheet.place(at, origin);
        items.extend(thumbnail(panel, place, &page));
        items.extend(caption(panel, &sheet.names[at], place, sheet.column, &page));
    }
    Ok(Picture {
        scene: page.scene(&layout, &words, items),
        notes: common::reduction_notes(panels),
    })
}

fn words(panels: &[Panel], options: &Options) -> Words {
    let count = panels.len();
    let values =
        |panel: &Panel| panel.shape.iter().fold(1u64, |all, &n| all.saturating_mul(n as u64));
    let values: u64 = panels.iter().map(values).fold(0, u64::saturating_add);
    let title = options.title.clone().unwrap_or_else(|| tensors(count));
    let reduced = panels.iter().flat_map(|panel| &panel.grids).any(|grid| grid.block != (1, 1));
    let fold = match options.reduce.unwrap_or(Fold::Extreme) {
        Fold::Extreme => "large matrices are folded to the value of largest magnitude",
        Fold::Max => "large matrices are folded to their largest values",
        Fold::Min => "large matrices are folded to their smallest values",
        Fold::Rms => "large matrices are folded to their root mean square; grey is of mixed signs",
        Fold::Mean | Fold::Ink => "large matrices are folded to means",
    };
    let mut subtitle = vec![
        format!("{} in {}", counted(values as usize, "value", "values"), tensors(count)),
        match panels.iter().any(|panel| panel.over.is_some()) {
            true => format!("{} over all steps", scales(panels, options)),
            false => scales(panels, options).to_owned(),
        },
        "rows (first axis) run down".to_owned(),
    ];
    if reduced {
        subtitle.push(fold.to_owned());
    }
    let mut notes = options.notes.clone();
    // Of all pictures beside this one, so that the words do not come and go.
    let is_odd = |panel: &&Panel| panel.span().finite() < panel.span().elements;
    let odd = panels.iter().filter(is_odd).count();
    if odd > 0 {
        notes.push(format!("{odd} of them with NaN or infinities"));
    }
    notes.extend(
        common::reduction_notes(panels).into_iter().filter(|note| note.starts_with("sampled")),
    );
    Words { title, subtitle, notes, legend_height: 0.0 }
}

fn tensors(count: usize) -> String {
    format!("{} tensor{}", short_count(count as u64), if count == 1 { "" } else { "s" })
}

/// What the colours of the thumbnails have in common.
fn scales(panels: &[Panel], options: &Options) -> &'static str {
    let theme = Theme::named(options.theme);
    let centred = |panel: &Panel| {
        let picture = common::is_picture(std::slice::from_ref(panel));
        ColorScale::fit(options, &theme, &span(panel, options), picture).zero_is_middle()
    };
    match options.range {
        Some(Range::Fixed(..)) => "all on one scale",
        _ if panels.iter().all(centred) => "each on its own scale, zero in the middle",
        _ => "each on its own scale",
    }
}

/// What the colours of a thumbnail are fitted to: its cells, or the values of all pictures beside it.
fn span(panel: &Panel, options: &Options) -> Span {
    match panel.over.as_deref() {
        Some(over) if !options.own_range => Span::of_summary(over, options, panel.is_picture()),
        _ => Span::of_panels(std::slice::from_ref(panel), options),
    }
}

fn thumbnail(panel: &Panel, rect: Rect, page: &Page<'_>) -> Vec<Item> {
    let theme = &page.theme;
    let Some(grid) = panel.grids.first().filter(|grid| !grid.values.is_empty()) else {
        return crossed(rect, theme.line);
    };
    let picture = common::is_picture(std::slice::from_ref(panel));
    let scale = ColorScale::fit(page.options, theme, &span(panel, page.options), picture);
    let odd = panel.summary.finite() < panel.summary.elements;
    let (color, width) = if odd { (theme.nan, 1.2) } else { (theme.line, 0.4) };
    vec![cells_item(grid, rect, &scale), frame(rect, color, width)]
}

/// A frame around nothing: crossed out, because a white cell looks as an empty one.
fn crossed(rect: Rect, color: Color) -> Vec<Item> {
    let ends = [Point::new(rect.x, rect.bottom()), Point::new(rect.right(), rect.y)];
    let line = Shape::stroked(Path::polyline(&ends, false), color, 0.5);
    vec![frame(rect, color, 0.5), line]
}

fn caption(panel: &Panel, name: &[String], place: Rect, width: f64, page: &Page<'_>) -> Vec<Item> {
    let theme = &page.theme;
    let (name_style, mut style) = (theme.name_style(), theme.label());
    style.size = 7.0;
    let x = place.x;
    let line = |at: usize| place.bottom() + 4.0 + at as f64 * LINE;
    let shape = fit(&format!("{} {}", panel.shape_text(), panel.dtype), style, width);
    let summary = if page.options.own_range { &panel.summary } else { panel.span() };
    let odd = [(summary.nan, "NaN"), (summary.pos_inf, "+∞"), (summary.neg_inf, "−∞")];
    let odd: Vec<String> = odd
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{} {what}", short_count(count)))
        .collect();
    let range = match (summary.min(), summary.max()) {
        (Some(min), _) if summary.elements == 1 => short(min),
        (Some(min), Some(max)) if min == max => match odd.is_empty() {
            true => format!("all {}", short(min)),
            false => format!("the rest {}", short(min)),
        },
        (Some(min), Some(max)) => {
            let digits = common::digits_apart(min, max);
            format!("{} … {}", significant(min, digits), significant(max, digits))
        }
        _ if summary.elements == 0 => format!("no values ({})", panel.shape_text()),
        _ => "no finite value".to_owned(),
    };
    let put = |content: &str, at: usize, style| {
        text(content, x, line(at), style, Align::Start, Baseline::Top)
    };
    let mut items: Vec<Item> =
        name.iter().enumerate().map(|(at, line)| put(line, at, name_style)).collect();
    let below = name.len();
    items.push(put(&shape, below, style));
    if odd.is_empty() {
        items.push(put(&fit(&range, style, width), below + 1, style));
    } else {
        let mut loud = style;
        loud.color = theme.nan;
        let both = format!("{}, {range}", odd.join(", "));
        items.push(put(&fit(&both, loud, width), below + 1, loud));
    }
    items
}
