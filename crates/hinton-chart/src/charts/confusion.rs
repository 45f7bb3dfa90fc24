//! Which classes are taken for which: counts of a classifier's answers.

use hinton_scene::{
    Align, Baseline, Cells, Color, Item, Path, Point, Rect, Shape, TextStyle, measure,
};
use hinton_tensor::reduce::Mark;
use hinton_tensor::{Fold, GridRequest};

use super::common;
use super::over;
use super::{ChartRow, Need};
use crate::colorbar::{is_low, low_bar};
use crate::frame::{Area, CellRule, LOW_LEGEND, Layout, Page, frame, text};
use crate::math::{decade, pow10};
use crate::words::Words;
use crate::{
    Annotate, ChartError, Extent, NumberFormat, Options, Panel, Picture, Theme, short, short_count,
};

pub(super) const ROW: ChartRow = ChartRow {
    name: "confusion",
    about: "a confusion matrix: true classes down, predicted ones right, colour by share of the row",
    help: "A square matrix of counts: row i, column j holds how many examples of class i were taken for \
           class j. Colour is the share of the row, so rare classes are read as well as frequent ones: \
           right answers on the diagonal in one hue from 0 to 100 %, mistakes in another whose full colour is \
           the largest share, so that the mistakes that matter stand out. Counts are written in the cells, \
           zeros are left blank; --annotate .0% writes shares of the row. The title says the accuracy. \
           Class names come from the settings of a run or from --row-labels.",
    need,
    build,
    share: Some(share),
    plays: true,
};

const RULE: CellRule =
    CellRule { largest: 30.0, smallest_pixels: 1.0, square: true, border: 0.0, least: (0.0, 0.0) };
/// Most classes: each has cells of its own.
const MOST_CLASSES: usize = 2_048;
/// Sizes of type for counts, largest first.
const SIZES: [f64; 5] = [9.0, 8.0, 7.0, 6.0, 5.0];
/// Most classes whose counts could be read.
const MOST_WRITTEN: usize = 64;
/// Shades of each hue.
const SHADES: usize = 200;
/// Height of a colour bar, points.
const BAR: (f64, f64) = (10.0, 56.0);
/// From the word above one bar to that above the next.
const LEGEND_STEP: f64 = 14.0 + BAR.1 + 16.0;

fn need(extents: &[Extent], _: &Options) -> Need {
    let whole = |_: &Extent| GridRequest::new(MOST_CLASSES, MOST_CLASSES, Fold::Max);
    Need::Grids(extents.iter().map(whole).collect())
}

/// The counts of one panel.
struct Counts {
    classes: usize,
    /// Row by row; NaN where one is not a number.
    values: Vec<f64>,
    /// Sums of the rows' finite counts.
    rows: Vec<f64>,
    odd: usize,
}

impl Counts {
    fn new(panel: &Panel) -> Result<Counts, ChartError> {
        let unfit = |why: String| ChartError::Unfit {
            chart: "confusion",
            what: format!("{:?}", panel.label()),
            why,
        };
        let Extent { rows, cols, .. } = panel.extent;
        if rows != cols || panel.shape.len() != 2 {
            return Err(unfit(format!(
                "its shape is {}; a confusion matrix is square: true classes by predicted ones",
                panel.shape_text()
            )));
        }
        if rows > MOST_CLASSES {
            let why =
                format!("more than {MOST_CLASSES} classes; a heat map shows it: --as heatmap");
            return Err(unfit(why));
        }
        let grid = panel.grids.first().filter(|grid| !grid.values.is_empty());
        let grid = grid.ok_or_else(|| unfit("it has no values".to_owned()))?;
        let value = |at: usize| match grid.marks.get(at).copied().unwrap_or_default() {
            Mark::None => grid.value(at),
            _ => f64::NAN,
        };
        let values: Vec<f64> = (0..grid.values.len()).map(value).collect();
        if let Some(negative) = values.iter().find(|value| **value < 0.0) {
            let why = format!("it holds {}, and counts are not negative", short(*negative));
            return Err(unfit(why));
        }
        let finite = |row: &[f64]| row.iter().filter(|value| value.is_finite()).sum();
        Ok(Counts {
            classes: rows,
            rows: values.chunks(cols).map(finite).collect(),
            odd: values.iter().filter(|value| !value.is_finite()).count(),
            values,
        })
    }

    /// Share of its row.
    fn share(&self, at: usize) -> f64 {
        let row = self.rows[at / self.classes];
        if row > 0.0 { self.values[at] / row } else { 0.0 }
    }

    fn is_right(&self, at: usize) -> bool {
        at / self.classes == at % self.classes
    }

    /// The largest share of a row that is a mistake.
    fn worst(&self) -> f64 {
        let mistakes = (0..self.values.len()).filter(|&at| !self.is_right(at));
        mistakes.map(|at| self.share(at)).filter(|share| share.is_finite()).fold(0.0, f64::max)
    }

    fn right(&self) -> f64 {
        let right = (0..self.classes).map(|class| self.values[class * self.classes + class]);
        right.filter(|count| count.is_finite()).sum()
    }

    fn all(&self) -> f64 {
        self.rows.iter().sum()
    }
}

/// Widens what has the full colour of a mistake, so that this picture's worst mistakes fit too.
fn share(panels: &[Panel], options: &mut Options) {
    let worst =
        panels.iter().filter_map(|panel| Counts::new(panel).ok()).map(|counts| counts.worst());
    let worst = worst.fold(options.count_axis.map_or(0.0, |axis| axis.1), f64::max);
    options.count_axis = Some((0.0, worst));
}

fn build(panels: &[Panel], options: &Options) -> Result<Picture, ChartError> {
    if panels.is_empty() {
        return Err(ChartError::Unfit {
            chart: "confusion",
            what: "nothing".to_owned(),
            why: "no tensor was chosen".to_owned(),
        });
    }
    let counts: Vec<Counts> = panels.iter().map(Counts::new).collect::<Result<_, _>>()?;
    let worst = counts.iter().map(Counts::worst).fold(0.0, f64::max);
    // Columns are the same classes as rows.
    let mut named = options.clone();
    if named.col_labels == crate::Labels::Auto {
        named.col_labels = named.row_labels.clone();
    }
    let page = Page::new(&named);
    let theme = page.theme.clone();
    let shades = options.levels.map_or(SHADES, |levels| (levels / 2).clamp(1, SHADES));
    let hues = Hues::new(&theme, shades, options.count_axis.map_or(worst, |axis| axis.1));
    let cells: Vec<Extent> =
        panels.iter().map(|p| Extent::new(p.extent.rows, p.extent.cols)).collect();
    let extents: Vec<Extent> = panels.iter().map(|panel| panel.extent.clone()).collect();
    let mut words = words(panels, &counts, options);
    words.legend_height =
        if page.has_low_legend() { LOW_LEGEND + 12.0 } else { 2.0 * LEGEND_STEP + 12.0 };
    let layout = page.layout(&cells, &extents, RULE, &words)?;

    let mut items = layout.label_items(&page);
    items.extend(layout.facet_names(&page, &common::names(panels)));
    let mut notes = layout.notes.clone();
    for (counts, area) in counts.iter().zip(&layout.areas) {
        items.push(hues.cells(counts, area));
        items.push(lines(area, &theme));
        match written(counts, area, options) {
            Some((format, size)) => items.extend(values(counts, area, &hues, &format, size)),
            None if matches!(options.annotate, Annotate::On | Annotate::As(_)) => {
                notes.push("no counts written: the cells are too small".to_owned());
            }
            None => {}
        }
        items.push(frame(area.rect, theme.line, 0.5));
    }
    if page.legend {
        items.extend(legend(&hues, &layout, &theme, counts.iter().map(|counts| counts.odd).sum()));
    }
    Ok(Picture { scene: page.scene(&layout, &words, items), notes })
}

/// Colours of right answers and of mistakes.
struct Hues {
    page: Color,
    nan: Color,
    right: Color,
    wrong: Color,
    shades: f64,
    /// The share of a row that has the full colour of a mistake.
    reach: f64,
}

impl Hues {
    fn new(theme: &Theme, shades: usize, worst: f64) -> Hues {
        let (right, wrong) = match theme.is_dark() {
            true => (Color::rgb(0x4aa3f0), Color::rgb(0xff9d4d)),
            false => (Color::rgb(0x08519c), Color::rgb(0xc2410c)),
        };
        let reach = rounded_up(worst);
        Hues { page: theme.page, nan: theme.nan, right, wrong, shades: shades as f64, reach }
    }

    /// The colour of a share: nothing is the page's.
    fn color(&self, share: f64, is_right: bool) -> Color {
        let (hue, reach) = if is_right { (self.right, 1.0) } else { (self.wrong, self.reach) };
        let level = (share / reach).clamp(0.0, 1.0) * self.shades;
        self.page.mix(hue, level.round() / self.shades)
    }

    fn of(&self, counts: &Counts, at: usize) -> Color {
        match counts.values[at].is_finite() {
            true => self.color(counts.share(at), counts.is_right(at)),
            false => self.nan,
        }
    }

    fn cells(&self, counts: &Counts, area: &Area) -> Item {
        let mut palette: Vec<Color> = Vec::new();
        let cell = |at: usize| {
            let color = self.of(counts, at);
            let known = palette.iter().position(|one| *one == color);
            known.unwrap_or_else(|| {
                palette.push(color);
                palette.len() - 1
            }) as u16
        };
        let cells = (0..counts.values.len()).map(cell).collect();
        Item::Cells(Cells {
            rect: area.rect,
            rows: counts.classes,
            cols: counts.classes,
            palette,
            cells,
        })
    }
}

/// The next of 1, 2 and 5 times a power of ten, in per cent; 1 % where there is no mistake.
fn rounded_up(share: f64) -> f64 {
    if share <= 0.0 {
        return 0.01;
    }
    let power = pow10(decade(share));
    let steps = [1.0, 2.0, 5.0, 10.0].map(|step| step * power);
    steps.into_iter().find(|step| *step >= share * (1.0 - 1e-12)).unwrap_or(1.0).min(1.0)
}

fn words(panels: &[Panel], counts: &[Counts], options: &Options) -> Words {
    let accuracy = |counts: &Counts| {
        let (right, all) = (counts.right(), counts.all());
        if all > 0.0 {
            format!("accuracy {}", three_digits(right / all))
        } else {
            "no examples".to_owned()
        }
    };
    let default = match (panels, counts) {
        ([panel], [counts]) => format!("{}: {}", panel.label(), accuracy(counts)),
        _ => format!("{} confusion matrices", panels.len()),
    };
    let title = options.title.clone().unwrap_or(default);
    let classes = counts.iter().map(|counts| counts.classes).max().unwrap_or(0);
    let about =
        [format!("{classes} classes"), "rows ↓ true class · columns → predicted class".to_owned()];
    // Beside others, as in a film, the words keep their place: nothing comes and goes.
    if options.over.is_some() {
        let title = options.title.clone().unwrap_or_else(|| over::title(panels, "matrices"));
        let subtitle = counts.iter().map(accuracy).chain(about).collect();
        return Words { title, subtitle, notes: options.notes.clone(), legend_height: 0.0 };
    }
    let mut subtitle = Vec::new();
    for (counts, name) in counts.iter().zip(common::names(panels)) {
        let said = format!("{} of {} right", whole(counts.right()), whole(counts.all()));
        let alone = options.title.is_some() && panels.len() == 1;
        let said =
            if alone || panels.len() > 1 { format!("{}, {said}", accuracy(counts)) } else { said };
        subtitle.push(if panels.len() > 1 { format!("{name}: {said}") } else { said });
    }
    subtitle.extend(about);
    let mut notes = Vec::new();
    let odd: usize = counts.iter().map(|counts| counts.odd).sum();
    if odd > 0 {
        let counts = if odd == 1 { "1 count is" } else { &format!("{odd} counts are") };
        notes.push(format!("{counts} not finite: in a colour of its own, in no sum"));
    }
    let empty: usize =
        counts.iter().map(|counts| counts.rows.iter().filter(|row| **row == 0.0).count()).sum();
    if empty > 0 {
        notes.push(match empty {
            1 => "1 class has no examples: its row is blank".to_owned(),
            _ => format!("{empty} classes have no examples: their rows are blank"),
        });
    }
    notes.extend(options.notes.iter().cloned());
    if let [counts] = counts {
        notes.extend(commonest(counts, options));
    }
    Words { title, subtitle, notes, legend_height: 0.0 }
}

/// The mistake that is made most often, in words.
fn commonest(counts: &Counts, options: &Options) -> Option<String> {
    let mistakes = (0..counts.values.len()).filter(|&at| !counts.is_right(at));
    let counted = mistakes.filter(|&at| counts.values[at] > 0.0);
    let most = counted
        .reduce(|best, at| if counts.values[at] > counts.values[best] { at } else { best })?;
    let class = |class: usize| options.row_labels.get(class).unwrap_or_else(|| class.to_string());
    Some(format!(
        "most often {} is taken for {}: {} times, {} of its examples",
        class(most / counts.classes),
        class(most % counts.classes),
        whole(counts.values[most]),
        percent(counts.share(most))
    ))
}

/// A count with groups of digits; what is no whole number, in short.
fn whole(count: f64) -> String {
    match count {
        count if count.fract() == 0.0 && count < 1e15 => short_count(count as u64),
        count => short(count),
    }
}

fn three_digits(share: f64) -> String {
    NumberFormat::fixed(if share > 0.999 && share < 1.0 { 5 } else { 4 }).write(share)
}

fn percent(share: f64) -> String {
    format!("{} %", short(share * 100.0))
}

/// How counts are written, where there is room for the longest.
fn written(counts: &Counts, area: &Area, options: &Options) -> Option<(Option<NumberFormat>, f64)> {
    let format = match &options.annotate {
        Annotate::Off => return None,
        Annotate::As(format) => Some(format.clone()),
        Annotate::Auto | Annotate::On => None,
    };
    if counts.classes > MOST_WRITTEN {
        return None;
    }
    let room = (area.rect.w / area.cols as f64 - 2.0, area.rect.h / area.rows as f64 - 1.0);
    let texts = (0..counts.values.len()).map(|at| value(counts, at, &format));
    let style = |size| TextStyle { size, weight: Default::default(), color: Color::BLACK };
    let widest = texts.map(|text| measure(&text, style(1.0))).fold(0.0, f64::max);
    let fits = |size: &&f64| widest * **size <= room.0 && **size * 0.8 <= room.1;
    SIZES.iter().find(fits).map(|&size| (format, size))
}

/// What is written in a cell: its count, or its share of the row where the format is of per cents.
fn value(counts: &Counts, at: usize, format: &Option<NumberFormat>) -> String {
    let count = counts.values[at];
    match format {
        _ if count == 0.0 => String::new(),
        _ if !count.is_finite() => "NaN".to_owned(),
        None => whole(count),
        Some(format) if format.write(0.5).contains('%') => format.write(counts.share(at)),
        Some(format) => format.write(count),
    }
}

fn values(
    counts: &Counts,
    area: &Area,
    hues: &Hues,
    format: &Option<NumberFormat>,
    size: f64,
) -> Vec<Item> {
    let pitch = (area.rect.w / area.cols as f64, area.rect.h / area.rows as f64);
    let one = |at: usize| {
        let said = value(counts, at, format);
        let color = hues.of(counts, at).readable(Color::BLACK, Color::WHITE);
        let style = TextStyle { size, weight: Default::default(), color };
        let x = area.rect.x + ((at % area.cols) as f64 + 0.5) * pitch.0;
        let y = area.rect.y + ((at / area.cols) as f64 + 0.5) * pitch.1;
        (!said.is_empty()).then(|| text(&said, x, y, style, Align::Middle, Baseline::Middle))
    };
    (0..counts.values.len()).filter_map(one).collect()
}

/// Fine lines between the cells, where they are large enough.
fn lines(area: &Area, theme: &Theme) -> Item {
    let mut path = Path::new();
    let rect = area.rect;
    if rect.w / area.cols as f64 >= 8.0 {
        for at in 1..area.cols {
            let x = rect.x + rect.w * at as f64 / area.cols as f64;
            path.extend(Path::line(Point::new(x, rect.y), Point::new(x, rect.bottom())));
            let y = rect.y + rect.h * at as f64 / area.rows as f64;
            path.extend(Path::line(Point::new(rect.x, y), Point::new(rect.right(), y)));
        }
    }
    Shape::stroked(path, theme.line.alpha(110), 0.4)
}

/// A bar for right answers and one for mistakes.
fn legend(hues: &Hues, layout: &Layout, theme: &Theme, odd: usize) -> Vec<Item> {
    if is_low(layout.legend) {
        return low_legend(hues, layout.legend, theme, odd);
    }
    let style = theme.label();
    let mut items = Vec::new();
    let mut top = layout.legend.y;
    for (word, is_right, reach) in [("right", true, 1.0), ("mistaken", false, hues.reach)] {
        let x = layout.legend.x;
        items.push(text(word, x, top, style, Align::Start, Baseline::Top));
        let bar = Rect::new(x, top + 14.0, BAR.0, BAR.1);
        let shades = BAR.1 as usize;
        let share = |at: usize| 1.0 - (at as f64 + 0.5) / shades as f64;
        items.push(Item::Cells(Cells {
            rect: bar,
            rows: shades,
            cols: 1,
            palette: (0..shades).map(|at| hues.color(share(at) * reach, is_right)).collect(),
            cells: (0..shades as u16).collect(),
        }));
        items.push(frame(bar, theme.line, 0.5));
        for (share, y) in [(reach, bar.y), (reach / 2.0, bar.center().y), (0.0, bar.bottom())] {
            let label = percent(share);
            items.push(text(&label, bar.right() + 6.0, y, style, Align::Start, Baseline::Middle));
        }
        top += LEGEND_STEP;
    }
    let below = if odd > 0 { format!("NaN {odd}") } else { "of each row".to_owned() };
    items.push(text(&below, layout.legend.x, top, style, Align::Start, Baseline::Top));
    items
}

/// The same below the data: the two bars beside one another.
fn low_legend(hues: &Hues, place: Rect, theme: &Theme, odd: usize) -> Vec<Item> {
    const APART: f64 = 16.0;
    let style = theme.label();
    let mut items = Vec::new();
    let width = (place.w - APART) / 2.0;
    let of = if odd > 0 { format!("mistaken · NaN {odd}") } else { "mistaken".to_owned() };
    for (at, (word, is_right, reach)) in
        [("right, of each row", true, 1.0), (of.as_str(), false, hues.reach)]
            .into_iter()
            .enumerate()
    {
        let x = place.x + at as f64 * (width + APART);
        items.push(text(word, x, place.y, style, Align::Start, Baseline::Top));
        let bar = Rect::new(x, place.y + 10.0, width, 7.0);
        let share = |at: usize| (at as f64 + 0.5) / hues.shades;
        let shades = hues.shades as usize;
        let colors = (0..shades).map(|at| hues.color(share(at) * reach, is_right)).collect();
        let ticks = [0.0, 0.5, 1.0].map(|share| (share, percent(share * reach)));
        items.extend(low_bar(bar, colors, &ticks, theme));
    }
    items
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_colours_are_round_shares() {
        for (share, round) in
            [(0.0, 0.01), (0.034, 0.05), (0.05, 0.05), (0.2, 0.2), (0.51, 1.0), (0.0011, 0.002)]
        {
            assert!((rounded_up(share) - round).abs() < 1e-12, "{share}");
        }
    }
}
