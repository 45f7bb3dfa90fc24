//! The size of weights: measures of each kind of tensor over the layers, or over the steps of a
//! run.

mod plots;
mod table;

use hinton_scene::Rect;

use super::over;
use super::{ChartRow, Lays, Need};
use crate::frame::{LINE, Page};
use crate::words::Words;
use crate::{ChartError, Extent, Measures, Options, Panel, Picture, short_count};

use table::Table;

pub(super) const ROW: ChartRow = ChartRow {
    name: "profile",
    called: "a profile",
    about: "how large weights are, layer by layer: RMS, spread, largest magnitude, share of zeros",
    help: "Measures of each kind of tensor over the layers of a model: root mean square, standard deviation, \
           largest magnitude and share of zeros, one plot each, magnitudes on logarithmic axes. A healthy network \
           has smooth lines; a dead, exploding or badly initialised layer stands out as a step. Layers and kinds are \
           found in the names as in an overview: colours distinguish modules, dashes distinguish weights from biases, and \
           dots at the sides are tensors outside of the layers. For several tensors of one kind in a layer, such as \
           experts, the line is the median and the band reaches from the smallest to the largest. Measures cover finite values; \
           layers with NaN or infinities are marked at the bottom. For a run, the lines follow its steps, \
           and a plot shows the update: the norm of the change since the recorded step before, divided by the norm \
           of the weights (around 0.001 a step is usual for Adam). `measure=NAME` draws one measure, larger.",
    heeds: &["columns", "legend", "measure"],
    need: |_: &[Extent], _: &Options| Need::Measures,
    build,
    share: None,
    legend_alone: None,
    lays: Lays::Model,
    plays: false,
};

/// A measure that can be drawn, such as the root mean square.
pub struct MeasureRow {
    /// Its name.
    pub name: &'static str,
    /// The title of its plot.
    pub title: &'static str,
    /// Whether its axis is logarithmic; if not, it is a share from 0 to 1.
    pub logarithmic: bool,
    /// Reads it from the measures of a tensor.
    pub of: fn(&Measures) -> Option<f64>,
}

/// Every measure, in the order of the plots.
pub const MEASURES: &[MeasureRow] = &[
    MeasureRow { name: "rms", title: "root mean square", logarithmic: true, of: |one| one.rms },
    MeasureRow { name: "std", title: "standard deviation", logarithmic: true, of: |one| one.std },
    MeasureRow { name: "max", title: "largest magnitude", logarithmic: true, of: |one| one.max },
    MeasureRow { name: "zeros", title: "share of zeros", logarithmic: false, of: |one| one.zeros },
    MeasureRow {
        name: "update",
        title: "update / weight, norms",
        logarithmic: true,
        of: |one| one.update,
    },
];

/// The measure with this name.
pub fn measure(name: &str) -> Option<&'static MeasureRow> {
    MEASURES.iter().find(|row| row.name == name)
}

/// Width of the plots on a page that takes what it needs: of several side by side, and of one, points.
const NATURAL: (f64, f64) = (560.0, 440.0);
/// Height of a plot as a share of its width: of several, of one, and where there is one column.
const FLAT: (f64, f64, f64) = (0.58, 0.52, 0.48);
/// Pages narrower than this, points, have the plots below one another.
const NARROW: f64 = 360.0;

fn build(panels: &[Panel], options: &Options) -> Result<Picture, ChartError> {
    let unfit =
        |what: String, why: &str| ChartError::Unfit { chart: "profile", what, why: why.to_owned() };
    let Some(first) = panels.first() else {
        return Err(unfit("nothing".to_owned(), "no tensor was chosen"));
    };
    // The key stands below the plots, not in a legend of the page's.
    let inner = Options { legend: Some(false), ..options.clone() };
    let page = Page::new(&inner);
    let table = Table::new(panels);
    let (rows, mut notes) = chosen(&table, options);
    if rows.is_empty() {
        let why = match options.measure {
            Some("update") => "updates are of runs: of two recorded steps or more",
            _ => "it has no finite value",
        };
        return Err(unfit(format!("{:?}", first.label()), why));
    }
    notes.extend(table.notes.iter().cloned());
    notes.extend(odd_note(&table, panels));
    notes.extend(zero_note(&table, &rows));
    let mut words = words(panels, &table, options);
    words.notes.extend(notes.iter().cloned());
    words.notes.extend(options.notes.iter().cloned());

    let styles = plots::Styles::new(&table, &page.theme);
    let has_key = options.legend.unwrap_or(true);
    let one = rows.len() == 1;
    let (room_w, room_h) = page.room();
    let width = page.width().map_or(if one { NATURAL.1 } else { NATURAL.0 }, |_| room_w);
    let is_narrow = page.width().is_some() && width < NARROW;
    let columns = options.columns.unwrap_or(if is_narrow { 1 } else { 2 }).clamp(1, rows.len());
    let cell_w = (width + plots::GAP) / columns as f64 - plots::GAP;
    let names_h = plots::names_height(&table, cell_w, &page.theme);
    let lines = rows.len().div_ceil(columns);
    let plot_h = (cell_w
        * if one {
            FLAT.1
        } else if columns == 1 {
            FLAT.2
        } else {
            FLAT.0
        })
    .max(60.0);
    // The key takes the empty place beside the last plot where there is one that is large enough.
    let key_inside = has_key && rows.len() % columns != 0 && styles.key_height(cell_w) <= plot_h;
    let key_h = if has_key && !key_inside { styles.key_height(width) } else { 0.0 };
    let height = match page.height() {
        Some(_) => room_h,
        None => lines as f64 * (plot_h + plots::between(&table)) - LINE + names_h + key_h,
    };
    let layout = page.block((width, height), &words);
    let body = layout.areas[0].rect;
    let grid = plots::Grid { body: Rect { h: body.h - key_h, ..body }, columns, names_h };
    let Some(mut items) = grid.items(&table, &rows, &styles, &page.theme) else {
        return Err(page.no_room());
    };
    if key_inside {
        let place = grid.cell(&table, rows.len(), lines);
        // Below the names of the places of the plot above.
        items.extend(styles.key(place.x, place.y + names_h - LINE, place.w, &page.theme));
    } else if has_key {
        items.extend(styles.key(body.x, body.bottom() - key_h + LINE, body.w, &page.theme));
    }
    notes.extend(layout.notes.iter().cloned());
    Ok(Picture { scene: page.scene(&layout, &words, items), notes })
}

/// The figures that are drawn; what is not worth a plot is said instead.
fn chosen(table: &Table, options: &Options) -> (Vec<&'static MeasureRow>, Vec<String>) {
    let has = |row: &&MeasureRow| table.values(row).next().is_some();
    if let Some(row) = options.measure.and_then(measure) {
        return ([row].into_iter().filter(|row| has(row)).collect(), Vec::new());
    }
    let is_flat = |row: &MeasureRow| !row.logarithmic && table.values(row).all(|v| v == 0.0);
    let rows = MEASURES.iter().filter(has).filter(|row| !is_flat(row)).collect();
    let zeros = measure("zeros").filter(|row| has(row) && is_flat(row));
    let note = zeros.map(|_| "no value is exactly zero".to_owned());
    (rows, note.into_iter().collect())
}

/// Which tensors have values that are not finite.
fn odd_note(table: &Table, panels: &[Panel]) -> Option<String> {
    let is_odd = |panel: &&Panel| panel.course.measures().iter().any(|one| one.odd > 0);
    let odd: Vec<&Panel> = panels.iter().filter(is_odd).collect();
    let first = odd.first()?.label();
    let marked = if table.lines.iter().any(|line| line.points.iter().any(|p| p.odd() > 0)) {
        ", marked at the foot"
    } else {
        ""
    };
    Some(match odd.len() {
        1 => format!("{first} has NaN or infinities: figures are of its finite values{marked}"),
        count => format!(
            "{} tensors have NaN or infinities, such as {first}: figures are of finite values{marked}",
            short_count(count as u64)
        ),
    })
}

/// What has no place on a logarithmic axis.
fn zero_note(table: &Table, rows: &[&MeasureRow]) -> Option<String> {
    let logarithmic = || rows.iter().filter(|row| row.logarithmic);
    let has_zero = logarithmic().any(|row| table.values(row).any(|value| value == 0.0));
    has_zero.then(|| "a triangle at the foot is a figure of 0, below a logarithmic axis".to_owned())
}

/// Title and the line under it.
fn words(panels: &[Panel], table: &Table, options: &Options) -> Words {
    let count = short_count(panels.len() as u64);
    let tensors = if panels.len() == 1 { "tensor" } else { "tensors" };
    let over = if table.is_over_steps() { "steps" } else { "layers" };
    let title = match (&options.title, panels) {
        (Some(title), _) => title.clone(),
        (None, [one]) => one.label(),
        (None, _) => format!("{count} {tensors} over {over}"),
    };
    let mut subtitle = Vec::new();
    match panels {
        [one] => subtitle.push(format!("{} {}", one.shape_text(), one.dtype)),
        _ if options.title.is_some() => subtitle.push(format!("{count} {tensors}")),
        _ => {}
    }
    if table.is_over_steps() {
        let places = || table.lines.iter().flat_map(|line| &line.points).map(|point| point.x);
        let ends = (places().fold(f64::MAX, f64::min), places().fold(f64::MIN, f64::max));
        let whole = crate::axes::whole_text;
        subtitle.push(format!("{}s {} … {}", table.x_name, whole(ends.0), whole(ends.1)));
    }
    for (from, to, name) in table.sections.iter().filter(|section| !section.2.is_empty()) {
        let rows = hinton_tensor::outline::rows_of(name);
        subtitle.push(format!("{} {rows} of {name}", (to - from) as u64 + 1));
    }
    Words { title, subtitle, notes: Vec::new(), legend_height: 0.0 }
}
