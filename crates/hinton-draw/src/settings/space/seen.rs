//! Settings of `space`: what is drawn, and the camera.

use hinton_chart::space::{Density, Parts};

use crate::settings::row::{Kind, Set, SettingRow, Takes};
use crate::settings::values::{choice, number};
use hinton_space::Guides;

const ROW: SettingRow = SettingRow { topic: "What is drawn", ..super::ROW };
const CAMERA: SettingRow = SettingRow { topic: "Camera", ..super::ROW };

/// Most degrees to either side.
const TURNS: f64 = 36_000.0;

pub(super) const ROWS: &[SettingRow] = &[
    SettingRow {
        name: "show",
        takes: Takes::Value("UNITS"),
        about: "More than 3 values: pca, pca2, or units such as 0,4,7",
        set: Set::Space(|request, value| {
            request.show.flatten = value.parse()?;
            Ok(())
        }),
        ..ROW
    },
    SettingRow {
        name: "as",
        takes: Takes::Value("MARKS"),
        about: "points, lines (of the mesh), both, or density",
        choices: || MARKS.to_vec(),
        set: Set::Space(|request, value| {
            let options = &mut request.show.options;
            match choice("as", value, &MARKS)? {
                "points" => {
                    options.parts = Parts::Points;
                    options.density = Density::Off;
                }
                "lines" => options.parts = Parts::Lines,
                "both" => options.parts = Parts::Both,
                _ => options.density = Density::On,
            }
            Ok(())
        }),
        ..ROW
    },
    SettingRow {
        name: "point-size",
        takes: Takes::Value("PT"),
        kind: Kind::Number,
        about: "Diameter of the points",
        set: Set::Space(|request, value| {
            let size = number("point-size", value, 0.01, 1000.0, false)?;
            request.show.options.point_size = Some(size);
            Ok(())
        }),
        ..ROW
    },
    SettingRow {
        name: "guides",
        takes: Takes::Value("WHICH"),
        about: "Basis arrows and the unit square: auto, all (with the circle) or off",
        choices: || GUIDES.to_vec(),
        set: Set::Space(|request, value| {
            request.show.guides = match choice("guides", value, &GUIDES)? {
                "all" => Guides::All,
                "off" => Guides::Off,
                _ => Guides::Auto,
            };
            Ok(())
        }),
        ..ROW
    },
    SettingRow {
        name: "regions",
        takes: Takes::Value("WHEN"),
        about: "The predicted class at each position of the plane: auto, on or off",
        choices: || REGIONS.to_vec(),
        set: Set::Space(|request, value| {
            request.show.regions = match choice("regions", value, &REGIONS)? {
                "on" => Some(true),
                "off" => Some(false),
                _ => None,
            };
            Ok(())
        }),
        ..ROW
    },
    SettingRow {
        name: "azimuth",
        takes: Takes::Value("DEG"),
        kind: Kind::Number,
        about: "Degrees around the z axis",
        default: "-60",
        set: Set::Space(|request, value| {
            let degrees = number("azimuth", value, -TURNS, TURNS, false)?;
            request.show.options.camera.azimuth = degrees;
            Ok(())
        }),
        ..CAMERA
    },
    SettingRow {
        name: "elevation",
        takes: Takes::Value("DEG"),
        kind: Kind::Number,
        about: "Degrees above the plane",
        default: "30",
        set: Set::Space(|request, value| {
            let degrees = number("elevation", value, -TURNS, TURNS, false)?;
            request.show.options.camera.elevation = degrees;
            Ok(())
        }),
        ..CAMERA
    },
    SettingRow {
        name: "zoom",
        takes: Takes::Value("Z"),
        kind: Kind::Number,
        about: "Magnification",
        default: "1",
        set: Set::Space(|request, value| {
            request.show.options.camera.zoom = number("zoom", value, 0.01, 1000.0, false)?;
            Ok(())
        }),
        ..CAMERA
    },
    SettingRow {
        name: "projection",
        takes: Takes::Value("KIND"),
        about: "perspective or orthographic",
        choices: || vec!["perspective", "orthographic"],
        set: Set::Space(|request, value| {
            request.show.options.camera.projection = value.parse()?;
            Ok(())
        }),
        ..CAMERA
    },
    SettingRow {
        name: "axes",
        takes: Takes::Value("SCALES"),
        about: "Axes of a box: equal, or each on its own scale",
        choices: || AXES.to_vec(),
        set: Set::Space(|request, value| {
            request.show.options.equal_axes = match choice("axes", value, &AXES)? {
                "equal" => Some(true),
                "own" => Some(false),
                _ => None,
            };
            Ok(())
        }),
        ..CAMERA
    },
];

const MARKS: [&str; 4] = ["points", "lines", "both", "density"];
const GUIDES: [&str; 3] = ["auto", "all", "off"];
const REGIONS: [&str; 3] = ["auto", "on", "off"];
const AXES: [&str; 3] = ["auto", "equal", "own"];
