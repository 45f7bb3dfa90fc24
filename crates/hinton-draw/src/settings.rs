//! The settings of a picture by name: the same on the command line, in Rust and in Python.

mod row;
mod values;

use hinton_chart::{
    Annotate, CHARTS, MEASURES, PRESETS, PageSize, Range, ScaleKind, SharesOf, ThemeName, colormaps,
};
use hinton_weights::{Error, near};

use crate::DrawRequest;
pub use row::{Scope, SettingRow, Takes};
use values::{
    FOLDS, chart_names, choice, fold, labels, nothing, number, parsed, set_cmap, set_preset,
};

/// Every setting of a picture, in the order in which they are applied: a preset first, and the
/// others on top of it.
pub const SETTINGS: &[SettingRow] = &[
    SettingRow {
        name: "preset",
        takes: Takes::Value("NAME"),
        about: "Start from a well-known picture",
        help: "Sets chart and options as the original has them; whatever is said besides is set \
               after it. See `hinton list presets`.",
        scope: Scope::Every,
        choices: || PRESETS.iter().map(|row| row.name).collect(),
        set: set_preset,
    },
    SettingRow {
        name: "as",
        takes: Takes::Value("CHART"),
        about: "The chart; by default chosen by the shape",
        help: "Without it: vectors as bars (those of whole numbers as a histogram, where they are long), large matrices as a heat map, matrices of at most 64 x 64 as a \
               Hinton diagram (as a heat map where --cmap, --range, --scale or --annotate is said), classifiers of 28 x 28 pictures, convolutions and stacks of matrices as \
               tiles, several tensors as an overview, each on its own scale. With it several tensors \
               share one scale.",
        scope: Scope::Every,
        choices: || CHARTS.iter().map(|row| row.name).collect(),
        set: |request, value| {
            request.chart = Some(choice("as", value, &chart_names())?.to_owned());
            Ok(())
        },
    },
    SettingRow {
        name: "transpose",
        takes: Takes::Nothing,
        about: "Reverse the axes first",
        help: "",
        scope: Scope::Every,
        choices: nothing,
        set: |request, _| {
            request.transpose = !request.transpose;
            Ok(())
        },
    },
    SettingRow {
        name: "permute",
        takes: Takes::Value("AXES"),
        about: "Reorder the axes, such as 0,2,1",
        help: "The numbers of all axes that the slice leaves, from 0, as numpy's transpose and PyTorch's \
               permute take them; after --transpose, before --reshape.",
        scope: Scope::Every,
        choices: nothing,
        set: |request, value| {
            request.permute = Some(value.parse()?);
            Ok(())
        },
    },
    SettingRow {
        name: "reshape",
        takes: Takes::Value("SHAPE"),
        about: "Reshape the values, such as to 28x28",
        help: "In C order, after slicing, --transpose and --permute. One axis may be -1 and takes what is \
               left. With --each, the values of each picture are reshaped; a matrix whose columns \
               (or rows) alone fit is taken apart into them.",
        scope: Scope::Every,
        choices: nothing,
        set: |request, value| {
            request.reshape = Some(value.parse()?);
            Ok(())
        },
    },
    SettingRow {
        name: "each",
        takes: Takes::Value("AXIS"),
        about: "One picture for each column, row or position of an axis",
        help: "column, row, or the number of an axis (from 0; negative from the last).",
        scope: Scope::Every,
        choices: || vec!["column", "row"],
        set: |request, value| {
            request.each = Some(value.parse()?);
            Ok(())
        },
    },
    SettingRow {
        name: "cmap",
        takes: Takes::Value("MAP"),
        about: "Colour map: matplotlib's names, NAME_r reverses",
        help: "Without it: a colour-blind safe diverging map in which zero is exactly white (black \
               on dark pages); greys for pictures of bytes. See `hinton list colormaps`.",
        scope: Scope::Some,
        choices: || colormaps().map(|row| row.name).collect(),
        set: set_cmap,
    },
    SettingRow {
        name: "range",
        takes: Takes::Value("RANGE"),
        about: "The values the colours span: MIN..MAX, data, robust or symmetric",
        help: "MIN..MAX as in -0.5..0.5; data: from the smallest to the largest; robust: from the \
               1 % to the 99 % quantile; symmetric: as far below zero as above. Colours span the cells \
               as they are drawn. Without it: all cells, as far below zero as above in diverging maps; \
               99.5 % of them where the largest is more than twice as large as those, which the \
               picture then says.",
        scope: Scope::Some,
        choices: || vec!["data", "robust", "symmetric"],
        set: |request, value| parsed(value, |range: Range| request.options.range = Some(range)),
    },
    SettingRow {
        name: "scale",
        takes: Takes::Value("SCALE"),
        about: "How values are distributed over the colours",
        help: "linear: evenly; symlog: by the logarithm of the magnitude; sqrt: by its square root.",
        scope: Scope::Some,
        choices: || vec!["linear", "symlog", "sqrt"],
        set: |request, value| parsed(value, |scale: ScaleKind| request.options.scale = scale),
    },
    SettingRow {
        name: "center",
        takes: Takes::Value("VALUE"),
        about: "The value that has the middle colour, or where bars begin, instead of zero",
        help: "For maps with a middle, such as the default: 1 for gains of normalisation, the mean for \
               deviations.",
        scope: Scope::Some,
        choices: nothing,
        set: |request, value| {
            let center = number("center", value, -f64::MAX, f64::MAX, false)?;
            request.options.center = Some(center);
            Ok(())
        },
    },
    SettingRow {
        name: "symlog-threshold",
        takes: Takes::Value("VALUE"),
        about: "Magnitude below which --scale symlog is linear",
        help: "Without it a thousandth of the largest: three powers of ten are distinguishable on each side of \
               zero. A smaller one shows more of them.",
        scope: Scope::Some,
        choices: nothing,
        set: |request, value| {
            let least = number("symlog-threshold", value, f64::MIN_POSITIVE, f64::MAX, false)?;
            request.options.symlog_threshold = Some(least);
            request.options.scale = ScaleKind::Symlog;
            Ok(())
        },
    },
    SettingRow {
        name: "annotate",
        takes: Takes::Perhaps("FORMAT"),
        about: "Write the values into the cells, in a format such as .2f",
        help: "Formats are Python's: .2f, .3g, {:+.1e}, {:.0%}. Without the option values are \
               written where three digits fit.",
        scope: Scope::Some,
        choices: nothing,
        set: |request, value| {
            parsed(value, |annotate: Annotate| request.options.annotate = annotate)
        },
    },
    SettingRow {
        name: "no-annotate",
        takes: Takes::Nothing,
        about: "Write no values",
        help: "",
        scope: Scope::Every,
        choices: nothing,
        set: |request, _| {
            request.options.annotate = Annotate::Off;
            Ok(())
        },
    },
    SettingRow {
        name: "row-labels",
        takes: Takes::Value("LABELS"),
        about: "Labels of rows: a pattern such as embed_dim_{}, a file of lines, or off",
        help: "In a pattern {} is the number of the row. A file has one label a line. A list with \
               commas gives one label each.",
        scope: Scope::Some,
        choices: nothing,
        set: |request, value| {
            request.options.row_labels = labels("row-labels", value)?;
            Ok(())
        },
    },
    SettingRow {
        name: "col-labels",
        takes: Takes::Value("LABELS"),
        about: "Labels of columns, as --row-labels",
        help: "",
        scope: Scope::Some,
        choices: nothing,
        set: |request, value| {
            request.options.col_labels = labels("col-labels", value)?;
            Ok(())
        },
    },
    SettingRow {
        name: "title",
        takes: Takes::Value("TEXT"),
        about: "The title; an empty one omits it",
        help: "Without it the title names the tensor.",
        scope: Scope::Every,
        choices: nothing,
        set: |request, value| {
            request.options.title = Some(value.to_owned());
            Ok(())
        },
    },
    SettingRow {
        name: "x-label",
        takes: Takes::Value("TEXT"),
        about: "Name of the axis along x, or of a matrix's columns",
        help: "",
        scope: Scope::Some,
        choices: nothing,
        set: |request, value| {
            request.options.x_label = Some(value.to_owned());
            Ok(())
        },
    },
    SettingRow {
        name: "y-label",
        takes: Takes::Value("TEXT"),
        about: "Name of the axis along y, or of a matrix's rows",
        help: "",
        scope: Scope::Some,
        choices: nothing,
        set: |request, value| {
            request.options.y_label = Some(value.to_owned());
            Ok(())
        },
    },
    SettingRow {
        name: "legend-title",
        takes: Takes::Value("TEXT"),
        about: "The title of the colour bar",
        help: "",
        scope: Scope::Some,
        choices: nothing,
        set: |request, value| {
            request.options.legend_title = Some(value.to_owned());
            Ok(())
        },
    },
    SettingRow {
        name: "columns",
        takes: Takes::Value("N"),
        about: "Columns of tiles or facets",
        help: "",
        scope: Scope::Some,
        choices: nothing,
        set: |request, value| {
            let columns = number("columns", value, 1.0, 65_536.0, true)?;
            request.options.columns = Some(columns as usize);
            Ok(())
        },
    },
    SettingRow {
        name: "panels",
        takes: Takes::Perhaps("SCALE"),
        about: "One figure: a picture of each tensor (of each file, without -t), with letters above",
        help: "Each is drawn as it would be alone, --columns of them beside one another. Heat maps and Hinton \
               diagrams share one scale and one legend where their values are of one size; --panels=shared makes \
               them, --panels=own gives each its own. A note says which.",
        scope: Scope::Every,
        choices: || vec!["shared", "own"],
        set: |request, value| {
            request.panels = Some(value.parse()?);
            Ok(())
        },
    },
    SettingRow {
        name: "label",
        takes: Takes::Value("LETTER"),
        about: "A letter above the picture, or above the first of --panels: a, (A), 1",
        help: "The following panels continue from it. An empty text means no letters.",
        scope: Scope::Every,
        choices: nothing,
        set: |request, value| {
            request.label = Some(value.to_owned());
            Ok(())
        },
    },
    SettingRow {
        name: "max-weight",
        takes: Takes::Value("W"),
        about: "Magnitude that fills a cell of a Hinton diagram",
        help: "Without it the next power of two above the largest magnitude.",
        scope: Scope::Some,
        choices: nothing,
        set: |request, value| {
            let weight = number("max-weight", value, f64::MIN_POSITIVE, f64::MAX, false)?;
            request.options.max_weight = Some(weight);
            Ok(())
        },
    },
    SettingRow {
        name: "reduce",
        takes: Takes::Value("HOW"),
        about: "How values become one cell if there are more values than pixels",
        help: "rms, the default of diverging maps: how dark a cell is shows the root mean square of its \
               values, its hue the balance of their signs (grey is mixed). mean, the default of other \
               maps: noise fades, what values have in common stays. extreme keeps the value of largest \
               magnitude, so a lone outlier stays visible; max and min keep the largest and smallest. \
               A Hinton diagram keeps the area of both signs, an overview the extreme, unless asked \
               otherwise.",
        scope: Scope::Some,
        choices: || FOLDS.iter().map(|fold| fold.0).collect(),
        set: |request, value| {
            request.options.reduce = Some(fold(value)?);
            Ok(())
        },
    },
    SettingRow {
        name: "order",
        takes: Takes::Value("AXES"),
        about: "Sort rows or columns: rows, cols, both; :norm or :clustered",
        help: "rows, cols or both, by norm with the largest first (:norm, which need not be said), or \
               alike beside alike (:clustered): the leaves of the tree that average linkage makes of \
               cosine distances. Labels follow, and the picture says it. Matrices of up to 67,108,864 \
               values are sorted; up to 2,048 rows (or columns) are clustered.",
        scope: Scope::Some,
        choices: || {
            vec!["rows", "cols", "both", "rows:clustered", "cols:clustered", "both:clustered"]
        },
        set: |request, value| {
            request.order = Some(value.parse()?);
            Ok(())
        },
    },
    SettingRow {
        name: "margins",
        takes: Takes::Nothing,
        about: "Draw the RMS of each row and column along the edges",
        help: "Without it for one matrix of at least 64 x 64 where the page has the room. Rows and columns                at least three times as large as the median are in a colour of their own and named,                unless they are many.",
        scope: Scope::Some,
        choices: nothing,
        set: |request, _| {
            request.options.margins = Some(true);
            Ok(())
        },
    },
    SettingRow {
        name: "no-margins",
        takes: Takes::Nothing,
        about: "Draw no RMS along the edges",
        help: "",
        scope: Scope::Every,
        choices: nothing,
        set: |request, _| {
            request.options.margins = Some(false);
            Ok(())
        },
    },
    SettingRow {
        name: "legend",
        takes: Takes::Nothing,
        about: "Show the legend",
        help: "",
        scope: Scope::Some,
        choices: nothing,
        set: |request, _| {
            request.options.legend = Some(true);
            Ok(())
        },
    },
    SettingRow {
        name: "no-legend",
        takes: Takes::Nothing,
        about: "Show no legend",
        help: "",
        scope: Scope::Every,
        choices: nothing,
        set: |request, _| {
            request.options.legend = Some(false);
            Ok(())
        },
    },
    SettingRow {
        name: "size",
        takes: Takes::Value("SIZE"),
        about: "Page size: 15x10in, 1500x1000px, 8cm",
        help: "A width, or width x height, in in, cm, mm, pt or px. Without a height the page is as \
               high as the picture needs. The picture grows with the page.",
        scope: Scope::Every,
        choices: nothing,
        set: |request, value| parsed(value, |size: PageSize| request.options.size = Some(size)),
    },
    SettingRow {
        name: "font-size",
        takes: Takes::Value("PT"),
        about: "Size of labels and numbers, points; titles, margins and legends follow",
        help: "Without it type goes by the page: 6.5 points in a column of a paper, 8 on a page, larger \
               on a poster.",
        scope: Scope::Every,
        choices: nothing,
        set: |request, value| {
            request.options.font_size = Some(number("font-size", value, 1.0, 500.0, false)?);
            Ok(())
        },
    },
    SettingRow {
        name: "font",
        takes: Takes::Value("FILE"),
        about: "Font of all text: a .ttf, .otf or .ttc file",
        help: "What it lacks is set in Inter, which is built in, and what that lacks in fonts of the \
               system: other scripts look the same wherever the same fonts are installed. SVG and PDF \
               hold the part of the font that they use.",
        scope: Scope::Every,
        choices: nothing,
        set: |request, value| {
            request.options.font = Some(hinton_picture::fonts::typeface(value)?);
            Ok(())
        },
    },
    SettingRow {
        name: "line-width",
        takes: Takes::Value("PT"),
        about: "Width of the lines of curves, points",
        help: "",
        scope: Scope::Some,
        choices: nothing,
        set: |request, value| {
            request.options.line_width = Some(number("line-width", value, 0.05, 100.0, false)?);
            Ok(())
        },
    },
    SettingRow {
        name: "dpi",
        takes: Takes::Value("N"),
        about: "Pixels per inch [default: 144]",
        help: "",
        scope: Scope::Every,
        choices: nothing,
        set: |request, value| {
            request.options.dpi = number("dpi", value, 1.0, 10_000.0, false)?;
            Ok(())
        },
    },
    SettingRow {
        name: "theme",
        takes: Takes::Value("THEME"),
        about: "Colours of page and text",
        help: "",
        scope: Scope::Every,
        choices: || ThemeName::ALL.iter().map(|theme| theme.name()).collect(),
        set: |request, value| parsed(value, |theme: ThemeName| request.options.theme = theme),
    },
    SettingRow {
        name: "log",
        takes: Takes::Nothing,
        about: "A logarithmic axis: counts of a histogram, values of a curve or distribution",
        help: "",
        scope: Scope::Some,
        choices: nothing,
        set: |request, _| {
            request.options.log_counts = true;
            Ok(())
        },
    },
    SettingRow {
        name: "log-x",
        takes: Takes::Nothing,
        about: "A logarithmic axis of steps",
        help: "Zero, from which steps are often counted, keeps a place at its beginning.",
        scope: Scope::Some,
        choices: nothing,
        set: |request, _| {
            request.options.log_x = true;
            Ok(())
        },
    },
    SettingRow {
        name: "smooth",
        takes: Takes::Value("N"),
        about: "Draw the mean of N points over the faded curve",
        help: "Each point becomes the mean of the N points around it, of fewer near the ends.",
        scope: Scope::Some,
        choices: nothing,
        set: |request, value| {
            request.options.smooth = Some(number("smooth", value, 1.0, 1e9, true)? as usize);
            Ok(())
        },
    },
    SettingRow {
        name: "shares",
        takes: Takes::Value("OF"),
        about: "What a confusion matrix shows shares of: row, column or all",
        help: "row: of the examples of a class, the diagonal is the recall, and counts are written; column: of \
               what was taken for a class, the diagonal is the precision; all: of all examples.",
        scope: Scope::Some,
        choices: || vec!["row", "column", "all"],
        set: |request, value| parsed(value, |of: SharesOf| request.options.shares_of = of),
    },
    SettingRow {
        name: "measure",
        takes: Takes::Value("NAME"),
        about: "The only measure that a profile draws",
        help: "rms: root mean square; std: standard deviation; max: largest magnitude; zeros: share of values \
               that are exactly zero; update: of a run, the norm of what a step changed over the norm of the \
               weights.",
        scope: Scope::Some,
        choices: || MEASURES.iter().map(|row| row.name).collect(),
        set: |request, value| {
            let names: Vec<&str> = MEASURES.iter().map(|row| row.name).collect();
            request.options.measure = Some(choice("measure", value, &names)?);
            Ok(())
        },
    },
    SettingRow {
        name: "bins",
        takes: Takes::Value("N"),
        about: "Bins of a histogram",
        help: "",
        scope: Scope::Some,
        choices: nothing,
        set: |request, value| {
            request.options.bins = Some(number("bins", value, 1.0, 4096.0, true)? as usize);
            Ok(())
        },
    },
];

/// The setting with this name.
pub fn named(name: &str) -> Option<&'static SettingRow> {
    SETTINGS.iter().find(|row| row.name == name)
}

pub(crate) fn set(request: &mut DrawRequest<'_>, name: &str, value: &str) -> Result<(), Error> {
    let row = named(name).ok_or_else(|| {
        let nearest = near::nearest(SETTINGS.iter().map(|row| row.name), name);
        let help = format!("the nearest settings are {nearest}");
        Error::request(format!("there is no setting {name:?}"), help)
    })?;
    (row.set)(request, value)?;
    request.given.push(row.name);
    Ok(())
}

/// Whether what was said is about colours or written values, which that chart has none of.
pub(crate) fn wants_cells(request: &DrawRequest<'_>, chart: &str) -> bool {
    let options = &request.options;
    // Bars have ends and a beginning as colours have.
    let range = options.range.is_some() || options.center.is_some();
    options.cmap.is_some()
        || (range && chart != "bars")
        || options.scale != ScaleKind::Linear
        || matches!(options.annotate, Annotate::On | Annotate::As(_))
}

/// What was said and changes nothing in that chart, one sentence each.
pub(crate) fn without_effect(request: &DrawRequest<'_>, chart: &str) -> Vec<String> {
    let is_said = |row: &&SettingRow| request.given.contains(&row.name) && !row.affects(chart);
    let row = CHARTS.iter().find(|row| row.name == chart);
    let called = row.map_or(chart, |row| row.called);
    let unheeded = SETTINGS.iter().filter(is_said);
    unheeded.map(|row| format!("--{} has no effect on {called}", row.name)).collect()
}
