//! Settings of a picture: page and type.

use hinton_chart::{Annotate, PageSize, ThemeName};

use crate::settings::row::{Kind, Scope, Set, SettingRow, Takes};
use crate::settings::values::{labels, number, parsed};

const ROW: SettingRow = SettingRow { topic: "Page and type", ..super::ROW };

pub(super) const ROWS: &[SettingRow] = &[
    SettingRow {
        name: "annotate",
        takes: Takes::Perhaps("FORMAT"),
        about: "Write the values into the cells, in a format such as .2f",
        help: "Formats are Python's: .2f, .3g, {:+.1e}, {:.0%}. Without the option values are \
               written where three digits fit.",
        scope: Scope::Some,
        set: Set::Draw(|request, value| {
            parsed(value, |annotate: Annotate| request.options.annotate = annotate)
        }),
        ..ROW
    },
    SettingRow {
        name: "no-annotate",
        takes: Takes::Nothing,
        about: "Write no values",
        set: Set::Draw(|request, _| {
            request.options.annotate = Annotate::Off;
            Ok(())
        }),
        ..ROW
    },
    SettingRow {
        name: "row-labels",
        takes: Takes::Value("LABELS"),
        about: "Labels of rows: a pattern such as embed_dim_{}, a file of lines, or off",
        help: "In a pattern {} is the number of the row. A file has one label a line. A list with \
               commas gives one label each.",
        scope: Scope::Some,
        set: Set::Draw(|request, value| {
            request.options.row_labels = labels("row-labels", value)?;
            Ok(())
        }),
        ..ROW
    },
    SettingRow {
        name: "col-labels",
        takes: Takes::Value("LABELS"),
        about: "Labels of columns, as `row-labels`",
        scope: Scope::Some,
        set: Set::Draw(|request, value| {
            request.options.col_labels = labels("col-labels", value)?;
            Ok(())
        }),
        ..ROW
    },
    SettingRow {
        name: "title",
        takes: Takes::Value("TEXT"),
        kind: Kind::Signed,
        about: "The title; an empty one omits it",
        help: "Without it the title names the tensor.",
        set: Set::Draw(|request, value| {
            request.options.title = Some(value.to_owned());
            Ok(())
        }),
        ..ROW
    },
    SettingRow {
        name: "x-label",
        takes: Takes::Value("TEXT"),
        about: "Name of the axis along x, or of a matrix's columns",
        scope: Scope::Some,
        set: Set::Draw(|request, value| {
            request.options.x_label = Some(value.to_owned());
            Ok(())
        }),
        ..ROW
    },
    SettingRow {
        name: "y-label",
        takes: Takes::Value("TEXT"),
        about: "Name of the axis along y, or of a matrix's rows",
        scope: Scope::Some,
        set: Set::Draw(|request, value| {
            request.options.y_label = Some(value.to_owned());
            Ok(())
        }),
        ..ROW
    },
    SettingRow {
        name: "legend-title",
        takes: Takes::Value("TEXT"),
        about: "The title of the colour bar",
        scope: Scope::Some,
        set: Set::Draw(|request, value| {
            request.options.legend_title = Some(value.to_owned());
            Ok(())
        }),
        ..ROW
    },
    SettingRow {
        name: "panels",
        takes: Takes::Perhaps("SCALE"),
        about: "One figure: a picture of each tensor (of each file, without -t), with letters above",
        help: "Each is drawn as it would be alone, `columns` of them beside one another. Heat maps and Hinton \
               diagrams share one scale and one legend where their values are of one size; `panels=shared` makes \
               them, `panels=own` gives each its own. A note says which.",
        choices: || vec!["shared", "own"],
        set: Set::Draw(|request, value| {
            request.panels = Some(value.parse()?);
            Ok(())
        }),
        ..ROW
    },
    SettingRow {
        name: "label",
        takes: Takes::Value("LETTER"),
        about: "A letter above the picture, or above the first of `panels`: a, (A), 1",
        help: "The following panels continue from it. An empty text means no letters.",
        set: Set::Draw(|request, value| {
            request.label = Some(value.to_owned());
            Ok(())
        }),
        ..ROW
    },
    SettingRow {
        name: "legend",
        takes: Takes::Nothing,
        about: "Show the legend",
        scope: Scope::Some,
        set: Set::Draw(|request, _| {
            request.options.legend = Some(true);
            Ok(())
        }),
        ..ROW
    },
    SettingRow {
        name: "no-legend",
        takes: Takes::Nothing,
        about: "Show no legend",
        set: Set::Draw(|request, _| {
            request.options.legend = Some(false);
            Ok(())
        }),
        ..ROW
    },
    SettingRow {
        name: "size",
        takes: Takes::Value("SIZE"),
        about: "Page size: 15x10in, 1500x1000px, 8cm",
        help: "A width, or width x height, in in, cm, mm, pt or px. Without a height the page is as \
               high as the picture needs. The picture grows with the page.",
        set: Set::Draw(|request, value| {
            parsed(value, |size: PageSize| request.options.size = Some(size))
        }),
        ..ROW
    },
    SettingRow {
        name: "font-size",
        takes: Takes::Value("PT"),
        kind: Kind::Number,
        about: "Size of labels and numbers, points; titles, margins and legends follow",
        help: "Without it type goes by the page: 6.5 points in a column of a paper, 8 on a page, larger \
               on a poster.",
        set: Set::Draw(|request, value| {
            request.options.font_size = Some(number("font-size", value, 1.0, 500.0, false)?);
            Ok(())
        }),
        ..ROW
    },
    SettingRow {
        name: "font",
        takes: Takes::Value("FILE"),
        about: "Font of all text: a .ttf, .otf or .ttc file",
        help: "What it lacks is set in Inter, which is built in, and what that lacks in fonts of the \
               system: other scripts look the same wherever the same fonts are installed. SVG and PDF \
               hold the part of the font that they use.",
        set: Set::Draw(|request, value| {
            request.options.font = Some(hinton_picture::fonts::typeface(value)?);
            Ok(())
        }),
        ..ROW
    },
    SettingRow {
        name: "line-width",
        takes: Takes::Value("PT"),
        kind: Kind::Number,
        about: "Width of the lines of curves, points",
        scope: Scope::Some,
        set: Set::Draw(|request, value| {
            request.options.line_width = Some(number("line-width", value, 0.05, 100.0, false)?);
            Ok(())
        }),
        ..ROW
    },
    SettingRow {
        name: "dpi",
        takes: Takes::Value("N"),
        kind: Kind::Number,
        about: "Pixels per inch",
        default: "144",
        set: Set::Draw(|request, value| {
            request.options.dpi = number("dpi", value, 1.0, 10_000.0, false)?;
            Ok(())
        }),
        ..ROW
    },
    SettingRow {
        name: "theme",
        takes: Takes::Value("THEME"),
        about: "Colours of page and text",
        choices: || ThemeName::ALL.iter().map(|theme| theme.name()).collect(),
        set: Set::Draw(|request, value| {
            parsed(value, |theme: ThemeName| request.options.theme = theme)
        }),
        ..ROW
    },
];
