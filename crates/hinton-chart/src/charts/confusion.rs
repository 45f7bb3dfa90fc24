//! Confusion matrices: which classes a classifier predicts for which.

use hinton_scene::{
    Align, Baseline, Cells, Color, Item, Path, Point, Rect, Shape, TextStyle, measure,
};
use hinton_tensor::reduce::Mark;
use hinton_tensor::{Fold, GridRequest};

use super::common;
use super::over;
use super::{ChartRow, Lays, Need};
use crate::colorbar::{is_low, low_bar};
use crate::frame::{Area, CellRule, LOW_LEGEND, Layout, Page, frame, text};
use crate::words::Words;
use crate::{
    Annotate, ChartError, Extent, NumberFormat, Options, Panel, Picture, Range, SharesOf, Theme,
    short, short_count,
};

pub(super) const ROW: ChartRow = ChartRow {
    name: "confusion",
    called: "a confusion matrix",
    about: "a confusion matrix: true classes down, predicted ones right, colour by share of the row",
    help: "A square matrix of counts: row i, column j holds how many examples of class i were predicted as \
           class j. Colour is the share of the row, so rare classes are as readable as frequent ones: correct \
           predictions on the diagonal in one hue from 0 to 100 %, mistakes in another from 0 to 25 %, the same \
           for every matrix, so that two can be compared; `range=0..0.05` chooses another end. Counts are written in the cells, \
           zeros are left blank; `annotate=.0%` writes shares of the row. `shares=column` shows shares of what \
           was predicted instead, whose diagonal is the precision, `shares` all those of all examples. A matrix whose rows sum to 1 is \
           taken as shares. The title states the accuracy, and the lines below the lowest recalls and precisions. \
           Class names come from the settings of a run or from `row-labels`.",
    heeds: &[
        "range",
        "annotate",
        "row-labels",
        "col-labels",
        "x-label",
        "y-label",
        "columns",
        "legend",
        "shares",
    ],
    need,
    build,
    share: None,
    legend_alone: None,
    lays: Lays::Matrices,
    plays: true,
};

const RULE: CellRule = CellRule {
    largest: 30.0,
    smallest_pixels: 1.0,
    square: true,
    border: 0.0,
    least: (0.0, 0.0),
    beside: (0.0, 0.0),
};
/// Side of a matrix of few classes, and the largest of their cells, points.
const FEW: (f64, f64) = (180.0, 60.0);
/// The share that has the full colour of a mistake, the same for every matrix.
const REACH: f64 = 0.25;
/// Rows of shares sum to 1 as nearly as this.
const ONE: f64 = 2e-3;
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
    /// Sums of the finite counts of rows, and of columns.
    rows: Vec<f64>,
    columns: Vec<f64>,
    /// Whether they are shares of their rows already.
    is_shares: bool,
    /// Of what the shares are that are shown.
    of: SharesOf,
    odd: usize,
}

impl Counts {
    fn new(panel: &Panel, of: SharesOf) -> Result<Counts, ChartError> {
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
                format!("more than {MOST_CLASSES} classes; a heat map shows it: `as=heatmap`");
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
        let sums: Vec<f64> = values.chunks(cols).map(finite).collect();
        let column = |column: usize| {
            let of_column = values.iter().skip(column).step_by(cols);
            of_column.filter(|value| value.is_finite()).sum()
        };
        let is_one = |sum: &f64| *sum == 0.0 || (sum - 1.0).abs() < ONE;
        let is_whole =
            values.iter().filter(|value| value.is_finite()).all(|value| value.fract() == 0.0);
        Ok(Counts {
            classes: rows,
            is_shares: !is_whole && sums.iter().all(is_one),
            columns: (0..cols).map(column).collect(),
            rows: sums,
            of,
            odd: values.iter().filter(|value| !value.is_finite()).count(),
            values,
        })
    }

    /// Share of its row, its column or all.
    fn share(&self, at: usize) -> f64 {
        let whole = match self.of {
            SharesOf::Row => self.rows[at / self.classes],
            SharesOf::Column => self.columns[at % self.classes],
            SharesOf::All => self.all(),
        };
        if whole > 0.0 { self.values[at] / whole } else { 0.0 }
    }

    /// Right answers of a class as a share of its examples, and of those that were taken for it; `None`
    /// where there are none.
    fn recall(&self, class: usize) -> Option<f64> {
        self.right_of(class, self.rows[class])
    }

    fn precision(&self, class: usize) -> Option<f64> {
        self.right_of(class, self.columns[class])
    }

    fn right_of(&self, class: usize, whole: f64) -> Option<f64> {
        let right = self.values[class * self.classes + class];
        (whole > 0.0 && right.is_finite()).then(|| right / whole)
    }

    fn is_right(&self, at: usize) -> bool {
        at / self.classes == at % self.classes
    }

    fn right(&self) -> f64 {
        let right = (0..self.classes).map(|class| self.values[class * self.classes + class]);
        right.filter(|count| count.is_finite()).sum()
    }

    fn all(&self) -> f64 {
        self.rows.iter().sum()
    }
}

fn build(panels: &[Panel], options: &Options) -> Result<Picture, ChartError> {
    if panels.is_empty() {
        return Err(ChartError::Unfit {
            chart: "confusion",
            what: "nothing".to_owned(),
            why: "no tensor was chosen".to_owned(),
        });
    }
    let counts = panels.iter().map(|panel| Counts::new(panel, options.shares_of));
    let counts: Vec<Counts> = counts.collect::<Result<_, _>>()?;
    // Columns are the same classes as rows.
    let mut named = options.clone();
    if named.col_labels == crate::Labels::Auto {
        named.col_labels = named.row_labels.clone();
    }
    let page = Page::new(&named);
    let theme = page.theme.clone();
    let shades = options.levels.map_or(SHADES, |levels| (levels / 2).clamp(1, SHADES));
    let reach = match options.range {
        Some(Range::Fixed(_, high)) if high > 0.0 => high.min(1.0),
        _ => REACH,
    };
    let hues = Hues::new(&theme, shades, reach, options.shares_of);
    let cells: Vec<Extent> =
        panels.iter().map(|p| Extent::new(p.extent.rows, p.extent.cols)).collect();
    let extents: Vec<Extent> = panels.iter().map(|panel| panel.extent.clone()).collect();
    let mut words = words(panels, &counts, options);
    words.legend_height =
        if page.has_low_legend() { LOW_LEGEND + 12.0 } else { 2.0 * LEGEND_STEP + 12.0 };
    let most = counts.iter().map(|counts| counts.classes).max().unwrap_or(1);
    let rule = CellRule { largest: (FEW.0 / most as f64).clamp(RULE.largest, FEW.1), ..RULE };
    let layout = page.layout(&cells, &extents, rule, &words)?;

    let mut items = layout.label_items(&page);
    items.extend(layout.facet_names(&page, &common::names(panels)));
    if layout.areas.len() > 1 {
        items.extend(layout.areas.iter().flat_map(|area| class_labels(area, &named, &theme)));
    }
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
    /// The share that has the full colour of a mistake.
    reach: f64,
    of: SharesOf,
}

impl Hues {
    fn new(theme: &Theme, shades: usize, reach: f64, of: SharesOf) -> Hues {
        let (right, wrong) = match theme.is_dark() {
            true => (Color::rgb(0x4aa3f0), Color::rgb(0xff9d4d)),
            false => (Color::rgb(0x08519c), Color::rgb(0xc2410c)),
        };
        Hues { page: theme.page, nan: theme.nan, right, wrong, shades: shades as f64, reach, of }
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

/// The classes of one of several matrices, in the space between them: names where all are short, else
/// numbers.
fn class_labels(area: &Area, options: &Options, theme: &Theme) -> Vec<Item> {
    const ROOM: f64 = 11.0;
    let style = TextStyle { size: 6.5, ..theme.label() };
    let pitch = area.rect.h / area.rows.max(1) as f64;
    let name = |class: usize| options.row_labels.get(class);
    let is_short = |class: usize| name(class).is_none_or(|name| measure(&name, style) <= ROOM);
    let are_short = (0..area.rows).all(is_short);
    let label = |class: usize| match name(class) {
        Some(name) if are_short => name,
        _ => class.to_string(),
    };
    if pitch < 7.0 || (0..area.rows).any(|class| measure(&label(class), style) > ROOM.min(pitch)) {
        return Vec::new();
    }
    let (left, below) = (area.rect.x - 2.5, area.rect.bottom() + 2.5);
    let one = |class: usize| {
        let middle = (class as f64 + 0.5) * pitch;
        let label = label(class);
        let (x, y) = (area.rect.x + middle, area.rect.y + middle);
        [
            text(&label, left, y, style, Align::End, Baseline::Middle),
            text(&label, x, below, style, Align::Middle, Baseline::Top),
        ]
    };
    (0..area.rows).flat_map(one).collect()
}

fn words(panels: &[Panel], counts: &[Counts], options: &Options) -> Words {
    let accuracy = |counts: &Counts| {
        let (right, all) = (counts.right(), counts.all());
        if counts.is_shares && all > 0.0 {
            format!("mean recall {}", three_digits(right / all))
        } else if all > 0.0 {
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
    let shares = counts.iter().any(|counts| counts.is_shares);
    // Beside others, as in a film, the words keep their place: nothing comes and goes.
    if options.over.is_some() {
        let title = options.title.clone().unwrap_or_else(|| over::title(panels, "matrices"));
        let subtitle = counts.iter().map(accuracy).chain(about).collect();
        return Words { title, subtitle, notes: options.notes.clone(), legend_height: 0.0 };
    }
    let mut subtitle = Vec::new();
    for (counts, name) in counts.iter().zip(common::names(panels)) {
        let said = match counts.is_shares {
            true => "shares of the rows, not counts".to_owned(),
            false => format!("{} of {} right", whole(counts.right()), whole(counts.all())),
        };
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
        notes.extend(lowest(counts, options, "recall", Counts::recall));
        if !shares {
            notes.extend(lowest(counts, options, "precision", Counts::precision));
        }
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
    let (of, to) = (most / counts.classes, most % counts.classes);
    let share = percent(counts.values[most] / counts.rows[of]);
    Some(match counts.is_shares {
        true => {
            format!("most often {} is taken for {}: {share} of its examples", class(of), class(to))
        }
        false => format!(
            "most often {} is taken for {}: {} times, {share} of its examples",
            class(of),
            class(to),
            whole(counts.values[most])
        ),
    })
}

/// The class for which a share is lowest, in words.
fn lowest(
    counts: &Counts,
    options: &Options,
    word: &str,
    of: fn(&Counts, usize) -> Option<f64>,
) -> Option<String> {
    let all = (0..counts.classes).filter_map(|class| Some((class, of(counts, class)?)));
    let (class, share) = all.reduce(|best, one| if one.1 < best.1 { one } else { best })?;
    let name = options.row_labels.get(class).unwrap_or_else(|| class.to_string());
    (share < 1.0).then(|| format!("lowest {word}: {name}, {}", percent(share)))
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
        None if counts.is_shares || counts.of != SharesOf::Row => {
            NumberFormat::fixed(0).write(100.0 * counts.share(at))
        }
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
            // The full colour is that of larger shares too.
            let more = if !is_right && share == reach && reach < 1.0 { " or more" } else { "" };
            let label = format!("{}{more}", percent(share));
            items.push(text(&label, bar.right() + 6.0, y, style, Align::Start, Baseline::Middle));
        }
        top += LEGEND_STEP;
    }
    let below = if odd > 0 { format!("NaN {odd}") } else { hues.of.words().to_owned() };
    items.push(text(&below, layout.legend.x, top, style, Align::Start, Baseline::Top));
    items
}

/// The same below the data: the two bars side by side.
fn low_legend(hues: &Hues, place: Rect, theme: &Theme, odd: usize) -> Vec<Item> {
    const APART: f64 = 16.0;
    let style = theme.label();
    let mut items = Vec::new();
    let width = (place.w - APART) / 2.0;
    let of = if odd > 0 { format!("mistaken · NaN {odd}") } else { "mistaken".to_owned() };
    let right = format!("right, {}", hues.of.words());
    for (at, (word, is_right, reach)) in
        [(right.as_str(), true, 1.0), (of.as_str(), false, hues.reach)].into_iter().enumerate()
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
