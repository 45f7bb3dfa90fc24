//! The layout of a chart: title, labels, data areas, legend, notes.
//!
//! The layout depends only on options, extents and labels, never on values. So a chart knows how
//! many cells it has room for before a value is read, and every frame of a film has the same
//! layout.

mod cells;

use hinton_scene::{Align, Baseline, Color, Item, Path, Rect, Scene, Shape, Text, fit, measure};

pub(crate) use cells::CellRule;
use cells::{in_proportion, largest};

use crate::labels::Strips;
use crate::words::{Words, wrap, wrap_most};
use crate::{ChartError, Extent, Options, Theme};

/// White space around everything.
const MARGIN: f64 = 16.0;
/// Height of one line of small type.
pub(crate) const LINE: f64 = 11.0;
/// Height of the title's line.
const TITLE_LINE: f64 = 15.0;
/// Space between title and body, and between body and notes.
const GAP: f64 = 10.0;
/// Width of the legend, with the space before it.
pub(crate) const LEGEND_WIDTH: f64 = 72.0;
const LEGEND_GAP: f64 = 16.0;
/// Pages narrower than this, points, have the legend below the data.
const NARROW: f64 = 330.0;
/// Space between the data and a legend below them.
const LOW_GAP: f64 = 9.0;
/// Height kept for a legend below the data on a page of given height: a colour bar and its numbers.
pub(crate) const LOW_LEGEND: f64 = 22.0;
/// Widest legend below the data, points.
const LOW_WIDEST: f64 = 260.0;
/// Lines kept for the subtitle, and for notes, on a page of fixed size.
const RESERVED_LINES: f64 = 2.0;
/// Longest side of the body on a page that takes what it needs.
const NATURAL_MOST: f64 = 640.0;
/// Smallest side of one of several areas on a page that takes what it needs.
const SMALLEST_FACET: f64 = 100.0;
/// Most areas side by side, unless asked for.
const MOST_FACET_COLUMNS: usize = 6;
/// Narrowest page that takes what it needs, so that its words are readable.
const NARROWEST: f64 = 170.0;
/// Width that such a page grows to for a long title.
const TITLE_MOST: f64 = 400.0;

/// The page before cells are known: how much room the body has.
#[derive(Debug, Clone)]
pub(crate) struct Page<'a> {
    pub(crate) options: &'a Options,
    pub(crate) theme: Theme,
    pub(crate) legend: bool,
    /// Whether the legend lies below the data.
    low_legend: bool,
    titled: bool,
    /// Lines kept for the subtitle, and for notes, on a page of fixed size.
    lines: (f64, f64),
    left_out: Vec<&'static str>,
    width: Option<f64>,
    height: Option<f64>,
}

/// A data area and its cells.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Area {
    pub(crate) rect: Rect,
    pub(crate) rows: usize,
    pub(crate) cols: usize,
}

/// Everything placed.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    pub(crate) page: (f64, f64),
    pub(crate) areas: Vec<Area>,
    pub(crate) strips: Strips,
    pub(crate) legend: Rect,
    title_at: (f64, f64),
    words_width: f64,
    notes_y: f64,
    /// Most lines of the subtitle, and of notes.
    lines: Option<(f64, f64)>,
    /// Width of the column that each area stands in.
    columns: Vec<f64>,
    /// What the page had no room for.
    pub(crate) notes: Vec<String>,
}

impl<'a> Page<'a> {
    pub(crate) fn new(options: &'a Options) -> Self {
        let points = |length: crate::Length| length.points(options.dpi);
        let mut page = Page {
            options,
            theme: Theme::of(options),
            legend: options.legend.unwrap_or(true),
            low_legend: false,
            titled: options.title.as_deref() != Some(""),
            lines: (RESERVED_LINES, RESERVED_LINES),
            left_out: Vec::new(),
            width: options.size.map(|size| points(size.width)),
            height: options.size.and_then(|size| size.height.map(points)),
        };
        page.low_legend = page.width.is_some_and(|width| {
            width < NARROW && page.height.is_none_or(|height| height > width * 0.7)
        });
        page.make_room();
        page
    }

    /// The page of a legend that stands alone below pictures of that page's width.
    pub(crate) fn below(options: &'a Options) -> Self {
        let mut page = Page::new(options);
        page.low_legend = true;
        page.legend = true;
        page.width = page.width.or(Some(LOW_WIDEST));
        page
    }

    /// Leaves out notes, then the subtitle, then the title where a small page has no room for them
    /// beside the data. Without the legend the data cannot be read: it goes last, and never where it
    /// was asked for.
    fn make_room(&mut self) {
        let across = |page: &Self| page.width.map_or(1.0, |all| page.room().0 / all);
        let down = |page: &Self| page.height.map_or(1.0, |all| page.room().1 / all);
        if down(self) < 0.45 && self.titled {
            self.lines.1 = 0.0;
            self.left_out.push("notes");
        }
        if down(self) < 0.45 && self.titled {
            self.lines.0 = 0.0;
            self.left_out.push("subtitle");
        }
        if down(self) < 0.6 && self.lines.0 == 0.0 && self.titled {
            self.titled = false;
            self.left_out.push("title");
        }
        if across(self).min(down(self)) < 0.3 && self.options.legend.is_none() && self.legend {
            self.legend = false;
            self.left_out.push("legend");
        }
    }

    /// What a small page had no room for.
    fn left_out_notes(&self) -> Vec<String> {
        let what = match self.left_out.as_slice() {
            [] => return Vec::new(),
            [one] => (*one).to_owned(),
            [most @ .., last] => format!("{} and {last}", most.join(", ")),
        };
        vec![format!("the page has no room for {what}: ask for a larger `size`")]
    }

    /// Width of the page, where it is given.
    pub(crate) fn width(&self) -> Option<f64> {
        self.width
    }

    /// Height of the page, where it is given.
    pub(crate) fn height(&self) -> Option<f64> {
        self.height
    }

    pub(crate) fn margin(&self) -> f64 {
        match self.width {
            _ if self.options.look.margin.is_some() => self.options.look.margin.unwrap_or(MARGIN),
            // A small page cannot spare wide margins.
            Some(width) => MARGIN.min(width * 0.04).max(2.0),
            None => MARGIN,
        }
    }

    fn has_title(&self) -> bool {
        self.titled
    }

    fn head_height(&self, lines: f64) -> f64 {
        if self.has_title() { TITLE_LINE + lines * LINE + GAP } else { 0.0 }
    }

    fn foot_height(&self, lines: f64) -> f64 {
        if self.has_title() && lines > 0.0 { GAP + lines * LINE } else { 0.0 }
    }

    /// Width of a legend at the right, with the space before it.
    fn legend_space(&self) -> f64 {
        if self.legend && !self.low_legend { LEGEND_WIDTH + LEGEND_GAP } else { 0.0 }
    }

    /// Height of a legend below the data, with the space before it.
    fn low_space(&self, height: f64) -> f64 {
        if self.legend && self.low_legend { LOW_GAP + height } else { 0.0 }
    }

    /// Width of the legend: narrow beside the data, wide below them.
    pub(crate) fn legend_width(&self) -> f64 {
        match self.width {
            Some(width) if self.low_legend => (width - 2.0 * self.margin()).clamp(1.0, LOW_WIDEST),
            _ => LEGEND_WIDTH,
        }
    }

    /// Whether the legend lies below the data: wide and low.
    pub(crate) fn has_low_legend(&self) -> bool {
        self.low_legend
    }

    /// Room for all data areas and their labels: width and height; natural pages have the most
    /// that they may take.
    pub(crate) fn room(&self) -> (f64, f64) {
        let margin = self.margin();
        if let (Some(area), Some(width), Some(height)) =
            (self.options.look.area, self.width, self.height)
        {
            return (area.w * width, area.h * height);
        }
        let width =
            self.width.map_or(NATURAL_MOST, |width| width - 2.0 * margin - self.legend_space());
        let height = self.height.map_or(NATURAL_MOST, |height| {
            let words = self.head_height(self.lines.0) + self.foot_height(self.lines.1);
            height - 2.0 * margin - words - self.low_space(LOW_LEGEND)
        });
        (width.max(1.0), height.max(1.0))
    }

    /// The most rows and columns of cells a panel may have, each at least as large as the rule says.
    pub(crate) fn most_cells(&self, extents: &[Extent], rule: CellRule) -> (usize, usize) {
        let (width, height) = self.room();
        // Pages that grow downwards are as long as they are wide.
        let height = if self.width.is_some() && self.height.is_none() { width } else { height };
        let mut inner = self.facet_room(extents.len(), (width, height));
        let smallest = rule.smallest_pixels * 72.0 / self.options.dpi;
        let most = |room: f64| ((room / smallest).floor() as usize).clamp(1, 32_768);
        // A page that takes what it needs grows by its labels.
        if let ([extent], None, Some(_)) = (extents, self.options.look.area, self.width) {
            let cells = Extent::new(extent.rows.min(most(inner.1)), extent.cols.min(most(inner.0)));
            let guess = self.pitch(cells.rows, cells.cols, inner, rule, false);
            let strips = self.strips(extent, &cells, guess, inner, rule);
            inner = (
                inner.0 - strips.left - strips.right - rule.beside.0,
                inner.1 - strips.top - rule.beside.1,
            );
        }
        let most = (most(inner.1), most(inner.0));
        match extents {
            [first, rest @ ..]
                if rest
                    .iter()
                    .all(|other| other.rows == first.rows && other.cols == first.cols) =>
            {
                in_proportion(first, most)
            }
            _ => most,
        }
    }

    /// Room for one of this many areas that share the page.
    fn facet_room(&self, areas: usize, room: (f64, f64)) -> (f64, f64) {
        let (columns, rows) = facet_grid(areas, self.options.columns);
        let (head, gap) = facet_space(areas);
        let width = (room.0 - gap * (columns - 1) as f64) / columns as f64;
        let height = (room.1 - (gap + head) * rows as f64) / rows as f64;
        match self.width {
            // A page that takes what it needs grows rather than make areas too small to read.
            None if areas > 1 => (width.max(SMALLEST_FACET), height.max(SMALLEST_FACET)),
            _ => (width, height),
        }
    }

    /// Labels of a single area, unless they would take more than half of the room.
    fn strips(
        &self,
        extent: &Extent,
        cells: &Extent,
        pitch: (f64, f64),
        room: (f64, f64),
        rule: CellRule,
    ) -> Strips {
        let strips = Strips::new(self.options, &self.theme, extent, cells, pitch, rule.border);
        let wide = (strips.left + strips.right) * 2.0 > room.0;
        let high = strips.top * 2.0 > room.1;
        if wide || high { Strips::left_out() } else { strips }
    }

    /// Places everything for panels with this many cells each (`cells`), which stand for matrices of
    /// `extents`.
    pub(crate) fn layout(
        &self,
        cells: &[Extent],
        extents: &[Extent],
        rule: CellRule,
        words: &Words,
    ) -> Result<Layout, ChartError> {
        let per_facet = self.facet_room(cells.len(), self.room());

        // Labels take room, and how they are set depends on the pitch: first guess it without them.
        let (rows, cols) = largest(cells);
        let facets = cells.len() > 1;
        let guess = self.pitch(rows, cols, per_facet, rule, facets);
        let strips = match (extents, cells) {
            ([extent], [cells]) => {
                let strips = self.strips(extent, cells, guess, per_facet, rule);
                strips.with_room_beside(rule.beside)
            }
            _ => Strips::none(),
        };
        let inner = if self.options.look.area.is_some() {
            per_facet
        } else {
            (per_facet.0 - strips.left - strips.right, per_facet.1 - strips.top - strips.bottom)
        };
        if inner.0 < 2.0 || inner.1 < 2.0 {
            return Err(self.no_room());
        }
        // Facets may be of any size: each fills its share of the page, unless what its cells show
        // is their size.
        let pitch = |rows, cols| self.pitch(rows, cols, inner, rule, facets);
        let pitches: Vec<(f64, f64)> = match rule.square {
            true => vec![pitch(rows, cols); cells.len()],
            false => cells.iter().map(|cell| pitch(cell.rows, cell.cols)).collect(),
        };
        let mut layout = self.place(cells, &pitches, strips, words);
        if let [extent] = extents {
            layout.notes.extend(layout.strips.notes(self.options, extent));
        }
        Ok(layout)
    }

    /// Places areas of cells of those pitches, and everything around them.
    fn place(
        &self,
        cells: &[Extent],
        pitches: &[(f64, f64)],
        strips: Strips,
        words: &Words,
    ) -> Layout {
        let (columns, facet_rows) = facet_grid(cells.len(), self.options.columns);
        let (facet_head, facet_gap) = facet_space(cells.len());
        // Facets of one row are as high as the highest, of one column as wide as the widest.
        let mut widths = vec![0.0f64; columns];
        let mut heights = vec![0.0f64; facet_rows];
        for (at, cell) in cells.iter().enumerate() {
            let (column, row) = (at % columns, at / columns);
            widths[column] = widths[column].max(pitches[at].0 * cell.cols as f64);
            heights[row] = heights[row].max(pitches[at].1 * cell.rows as f64);
        }
        let size = |sides: &[f64], between: f64| {
            sides.iter().sum::<f64>() + between * (sides.len() - 1) as f64
        };
        let box_size = (size(&widths, facet_gap), size(&heights, facet_gap + facet_head));
        let body_w = box_size.0 + strips.left + strips.right;
        let body_h = box_size.1 + facet_head + strips.top + strips.bottom;
        let above = strips.top + facet_head;
        let legend_h = if self.legend { words.legend_height } else { 0.0 };
        let low = self.low_space(legend_h);
        let body_h = if low > 0.0 { body_h } else { body_h.max(legend_h + above) };
        let margin = self.margin();
        let page_w = self.width.unwrap_or_else(|| {
            let title = measure(&words.title, self.theme.title());
            (body_w + self.legend_space()).max(title.min(TITLE_MOST)).max(if self.has_title() {
                NARROWEST
            } else {
                0.0
            }) + 2.0 * margin
        });
        let words_width = page_w - 2.0 * margin;
        let bounded = self.height.is_some();
        let head = self.head_height(match bounded {
            true => self.lines.0,
            false => wrap(&words.subtitle, &self.theme, words_width).len() as f64,
        });
        let foot = self.foot_height(match bounded {
            true => self.lines.1,
            false => wrap(&words.notes, &self.theme, words_width).len() as f64,
        });
        let page_h = self.height.unwrap_or(2.0 * margin + head + body_h + low + foot);

        // The body: at the left below the title; centred on pages that say nothing.
        let free = (
            page_w - 2.0 * margin - body_w - self.legend_space(),
            page_h - 2.0 * margin - head - foot - body_h - low,
        );
        let centred = if self.has_title() && !bounded { 0.0 } else { 0.5 };
        let mut origin = (
            margin + free.0.max(0.0) * centred + strips.left,
            margin + head + free.1.max(0.0) * centred + strips.top + facet_head,
        );
        if let (Some(area), Some(width), Some(height)) =
            (self.options.look.area, self.width, self.height)
        {
            origin = (
                area.x * width + (area.w * width - box_size.0) / 2.0,
                area.y * height + (area.h * height - box_size.1) / 2.0,
            );
        } else {
            origin = (self.snap(origin.0), self.snap(origin.1));
        }

        let areas = (0..cells.len()).map(|at| {
            let (column, row) = (at % columns, at / columns);
            let x = origin.0 + size(&widths[..=column], facet_gap) - widths[column];
            let y = origin.1 + size(&heights[..=row], facet_gap + facet_head) - heights[row];
            let Extent { rows, cols, .. } = cells[at];
            let pitch = pitches[at];
            let rect = Rect::new(x, y, pitch.0 * cols as f64, pitch.1 * rows as f64);
            Area { rect, rows, cols }
        });
        let legend = if low > 0.0 {
            let width = self.legend_width().min(page_w - margin - origin.0);
            let top = origin.1 - above + body_h + LOW_GAP;
            Rect::new(origin.0, top, width, legend_h)
        } else {
            let left = origin.0 + body_w - strips.left + LEGEND_GAP;
            let height = (body_h - above - strips.bottom).max(legend_h);
            Rect::new(left, origin.1, LEGEND_WIDTH, height)
        };
        Layout {
            page: (page_w, page_h),
            areas: areas.collect(),
            strips,
            legend,
            title_at: (margin, margin),
            words_width,
            notes_y: page_h - margin - foot + GAP,
            lines: bounded.then_some(self.lines),
            columns: (0..cells.len()).map(|at| widths[at % columns]).collect(),
            notes: self.left_out_notes(),
        }
    }

    /// Places one block of that size, whose inside the chart arranges itself.
    pub(crate) fn block(&self, size: (f64, f64), words: &Words) -> Layout {
        self.place(&[Extent::new(1, 1)], &[size], Strips::none(), words)
    }

    /// A position moved onto the device's pixels, so that edges are sharp.
    fn snap(&self, position: f64) -> f64 {
        let pixel = 72.0 / self.options.dpi;
        (position / pixel).round() * pixel
    }

    pub(crate) fn no_room(&self) -> ChartError {
        ChartError::NoRoom {
            chart: "matrix",
            width: self.width.unwrap_or(0.0),
            height: self.height.unwrap_or(0.0),
        }
    }

    /// The scene with title and notes; the chart adds its items between.
    pub(crate) fn scene(&self, layout: &Layout, words: &Words, items: Vec<Item>) -> Scene {
        let theme = &self.theme;
        let mut all = Vec::with_capacity(items.len() + 8);
        if self.has_title() {
            let (x, y) = layout.title_at;
            let title = fit(&words.title, theme.title(), layout.words_width);
            all.push(text(&title, x, y, theme.title(), Align::Start, Baseline::Top));
            let most =
                |lines: f64| if layout.lines.is_some() { lines as usize } else { usize::MAX };
            let (above, below) = layout.lines.unwrap_or_default();
            let lines = wrap_most(&words.subtitle, theme, layout.words_width, most(above));
            self.write_lines(&mut all, &lines, layout, y + TITLE_LINE);
            let notes = wrap_most(&words.notes, theme, layout.words_width, most(below));
            self.write_lines(&mut all, &notes, layout, layout.notes_y);
        }
        all.extend(items);
        let (width, height) = layout.page;
        let description =
            words.subtitle.iter().chain(&words.notes).cloned().collect::<Vec<_>>().join(" · ");
        Scene {
            width,
            height,
            background: Some(theme.page),
            title: words.title.clone(),
            description,
            items: all,
        }
    }

    fn write_lines(&self, items: &mut Vec<Item>, lines: &[String], layout: &Layout, top: f64) {
        let style = self.theme.label();
        for (at, line) in lines.iter().enumerate() {
            let line = fit(line, style, layout.words_width);
            let y = top + 2.0 + at as f64 * LINE;
            items.push(text(&line, layout.title_at.0, y, style, Align::Start, Baseline::Top));
        }
    }
}

impl Layout {
    /// Index labels or names of rows and columns, for a page with one area.
    pub(crate) fn label_items(&self, page: &Page<'_>) -> Vec<Item> {
        match self.areas.as_slice() {
            [area] => self.strips.items(page.options, &page.theme, area.rect),
            _ => Vec::new(),
        }
    }

    /// Names above the areas of a page with several.
    pub(crate) fn facet_names(&self, page: &Page<'_>, names: &[String]) -> Vec<Item> {
        if self.areas.len() < 2 {
            return Vec::new();
        }
        let style = page.theme.name_style();
        let name = |((area, name), width): ((&Area, &String), &f64)| {
            let name = fit(name, style, *width);
            text(&name, area.rect.x, area.rect.y - 5.0, style, Align::Start, Baseline::Alphabetic)
        };
        self.areas.iter().zip(names).zip(&self.columns).map(name).collect()
    }
}

/// A thin frame around an area.
pub(crate) fn frame(rect: Rect, color: Color, width: f64) -> Item {
    Shape::stroked(Path::rect(rect), color, width)
}

/// One line of text as an item.
pub(crate) fn text(
    content: &str,
    x: f64,
    y: f64,
    style: hinton_scene::TextStyle,
    align: Align,
    baseline: Baseline,
) -> Item {
    Item::Text(Text::new(content, x, y, style, align, baseline))
}

/// Columns and rows of facets: as asked, or about as wide as high.
pub(crate) fn facet_grid(panels: usize, columns: Option<usize>) -> (usize, usize) {
    let panels = panels.max(1);
    let square = (1..=panels).find(|side| side * side >= panels).unwrap_or(1);
    let columns = columns.unwrap_or(square.min(MOST_FACET_COLUMNS)).clamp(1, panels);
    (columns, panels.div_ceil(columns))
}

/// Height of the name above each of several areas, and the space between areas.
fn facet_space(areas: usize) -> (f64, f64) {
    if areas == 1 { (0.0, 0.0) } else { (LINE + 3.0, 14.0) }
}
