//! Settings of `space`: page and type.

use hinton_chart::ThemeName;

use crate::settings::row::{Kind, Set, SettingRow, Takes};
use crate::settings::values::{many, number};

const ROW: SettingRow = SettingRow { topic: "Page and type", ..super::ROW };

pub(super) const ROWS: &[SettingRow] = &[
    SettingRow {
        name: "theme",
        takes: Takes::Value("THEME"),
        about: "light, dark or paper",
        choices: || ThemeName::ALL.iter().map(|theme| theme.name()).collect(),
        set: Set::Space(|request, value| {
            request.show.options.theme = value.parse()?;
            Ok(())
        }),
        ..ROW
    },
    SettingRow {
        name: "size",
        takes: Takes::Value("SIZE"),
        about: "The page: 15x10in, 900x900px, 8cm",
        set: Set::Space(|request, value| {
            request.show.options.size = Some(value.parse()?);
            Ok(())
        }),
        ..ROW
    },
    SettingRow {
        name: "font-size",
        takes: Takes::Value("PT"),
        kind: Kind::Number,
        about: "Size of labels, points; titles and margins follow",
        set: Set::Space(|request, value| {
            let size = number("font-size", value, 1.0, 500.0, false)?;
            request.show.options.font_size = Some(size);
            Ok(())
        }),
        ..ROW
    },
    SettingRow {
        name: "font",
        takes: Takes::Value("FILE"),
        kind: Kind::Path,
        about: "Font of all text: a .ttf, .otf or .ttc file",
        set: Set::Space(|request, value| {
            request.show.options.font = Some(hinton_picture::fonts::typeface(value)?);
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
        set: Set::Space(|request, value| {
            request.show.options.dpi = number("dpi", value, 1.0, 4800.0, false)?;
            Ok(())
        }),
        ..ROW
    },
    SettingRow {
        name: "columns",
        takes: Takes::Value("N"),
        kind: Kind::Count,
        about: "Steps side by side",
        set: Set::Space(|request, value| {
            request.show.options.columns = Some(many("columns", value, 1)?);
            Ok(())
        }),
        ..ROW
    },
    SettingRow {
        name: "title",
        takes: Takes::Value("TEXT"),
        about: "Title of the page",
        set: Set::Space(|request, value| {
            request.show.options.title = value.to_owned();
            Ok(())
        }),
        ..ROW
    },
    SettingRow {
        name: "no-legend",
        about: "Show no key of the colours",
        set: Set::Space(|request, _| {
            request.show.options.legend = false;
            Ok(())
        }),
        ..ROW
    },
];
