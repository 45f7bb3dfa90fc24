//! Settings of `space`: its film.

use crate::settings::row::{Kind, Set, SettingRow, Takes};
use crate::settings::values::real;

const ROW: SettingRow = SettingRow { topic: "Film", ..super::ROW };

pub(super) const ROWS: &[SettingRow] = &[
    SettingRow {
        name: "morph",
        about: "Points move from step to step",
        set: Set::Space(|request, _| {
            request.film.morph = true;
            Ok(())
        }),
        ..ROW
    },
    SettingRow {
        name: "orbit",
        about: "The camera orbits once",
        set: Set::Space(|request, _| {
            request.film.orbit = true;
            // Alone it shows the last step only.
            request.film.morph = request.has("morph");
            Ok(())
        }),
        ..ROW
    },
    SettingRow {
        name: "fps",
        takes: Takes::Value("N"),
        kind: Kind::Number,
        about: "Frames per second",
        default: "30; 15 in GIF",
        set: Set::Space(|request, value| {
            request.film.fps = real("fps", value)?;
            Ok(())
        }),
        ..ROW
    },
    SettingRow {
        name: "pause",
        takes: Takes::Value("SECONDS"),
        kind: Kind::Number,
        about: "How long each step is shown",
        default: "1",
        set: Set::Space(|request, value| {
            request.film.pause = real("pause", value)?;
            Ok(())
        }),
        ..ROW
    },
    SettingRow {
        name: "travel",
        takes: Takes::Value("SECONDS"),
        kind: Kind::Number,
        about: "Time from one step to the next",
        default: "2",
        set: Set::Space(|request, value| {
            request.film.travel = real("travel", value)?;
            Ok(())
        }),
        ..ROW
    },
    SettingRow {
        name: "duration",
        takes: Takes::Value("SECONDS"),
        kind: Kind::Number,
        about: "How long the film is",
        set: Set::Space(|request, value| {
            request.film.duration = Some(real("duration", value)?);
            Ok(())
        }),
        ..ROW
    },
];
