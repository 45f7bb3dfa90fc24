//! Settings of `space`: the points, and what colours them.

use hinton_chart::colormaps;

use crate::settings::row::{Kind, Set, SettingRow, Takes};
use crate::settings::values::{choice, cmap, many, real};
use hinton_space::Precision;

const ROW: SettingRow = SettingRow { topic: "Points", ..super::ROW };

pub(super) const ROWS: &[SettingRow] = &[
    SettingRow {
        name: "points",
        takes: Takes::Value("POINTS"),
        about: "mesh, cloud, line, circle, rings, spirals, digits …, or a file (.npy .csv …)",
        set: Set::Space(|request, value| {
            request.points.source = value.parse()?;
            Ok(())
        }),
        ..ROW
    },
    SettingRow {
        name: "extent",
        takes: Takes::Value("E"),
        kind: Kind::Number,
        about: "Half the side of the mesh [default: 5]; the radius of a circle [default: 1], of rings [default: 5]",
        set: Set::Space(|request, value| {
            request.points.extent = Some(real("extent", value)?);
            Ok(())
        }),
        ..ROW
    },
    SettingRow {
        name: "spacing",
        takes: Takes::Value("S"),
        kind: Kind::Number,
        about: "Distance between the points of the mesh",
        default: "0.1",
        set: Set::Space(|request, value| {
            request.points.spacing = Some(real("spacing", value)?);
            Ok(())
        }),
        ..ROW
    },
    SettingRow {
        name: "count",
        takes: Takes::Value("N"),
        kind: Kind::Count,
        about: "How many points",
        set: Set::Space(|request, value| {
            request.points.count = Some(many("count", value, 0)?);
            Ok(())
        }),
        ..ROW
    },
    SettingRow {
        name: "labels",
        takes: Takes::Value("FILE"),
        kind: Kind::Path,
        about: "A label for each point of a file",
        default: "in it, or in the file of labels next to it",
        set: Set::Space(|request, value| {
            request.points.labels = Some(value.into());
            Ok(())
        }),
        ..ROW
    },
    SettingRow {
        name: "normalize",
        takes: Takes::Value("MEAN,STD"),
        about: "MEAN,STD: subtract the mean, divide by the deviation; or raw, or points",
        help: "What is done to values before they are sent: MEAN,STD such as 0.1307,0.3081 subtracts and \
               divides; points takes the mean and the standard deviation of the points themselves; raw \
               leaves bytes from 0 to 255. Bytes are divided by 255 otherwise.",
        set: Set::Space(|request, value| {
            request.points.normalize = value.parse()?;
            Ok(())
        }),
        ..ROW
    },
    SettingRow {
        name: "color",
        takes: Takes::Value("BY"),
        about: "first, coordinate:K, angle, wheel, label or prediction",
        set: Set::Space(|request, value| {
            request.show.color = value.parse()?;
            Ok(())
        }),
        ..ROW
    },
    SettingRow {
        name: "cmap",
        takes: Takes::Value("MAP"),
        about: "Colour map: matplotlib's names",
        choices: || colormaps().map(|row| row.name).collect(),
        others: true,
        set: Set::Space(|request, value| {
            request.show.cmap = Some(cmap(value)?);
            Ok(())
        }),
        ..ROW
    },
    SettingRow {
        name: "dtype",
        takes: Takes::Value("TYPE"),
        about: "Precision of the values: f32 or f64",
        choices: || vec!["f32", "f64"],
        set: Set::Space(|request, value| {
            request.show.precision = match choice("dtype", value, &["f32", "f64"])? {
                "f32" => Precision::F32,
                _ => Precision::F64,
            };
            Ok(())
        }),
        ..ROW
    },
];
