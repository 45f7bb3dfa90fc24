//! The tables of settings: every row is whole, says where it holds, and can be set.

use hinton::films::{AnimateRequest, FilmSettings};
use hinton::runs::RunOptions;
use hinton::settings::{self, Kind, SETTINGS, Set, SettingRow, Takes};
use hinton::space::{PointSource, SpaceRequest};
use hinton::train::TrainRequest;
use hinton::{DrawRequest, Error};

const COMMANDS: [&str; 4] = ["draw", "animate", "space", "train"];

/// Sets a row on what it is set on; `None` where a program does it by itself.
fn set(row: &SettingRow, value: &str) -> Option<Result<(), Error>> {
    Some(match row.set {
        Set::Draw(_) => DrawRequest::default().set(row.name, value).map(drop),
        Set::Animate(_) => AnimateRequest::default().set(row.name, value).map(drop),
        Set::Space(_) => SpaceRequest::default().set(row.name, value).map(drop),
        Set::Train(_) => TrainRequest::default().set(row.name, value).map(drop),
        Set::Open(_) => settings::set_open(&mut RunOptions::default(), row.name, value),
        Set::Save(_) => settings::set_save(&mut FilmSettings::default(), row.name, value),
        _ => return None,
    })
}

/// A value that a row takes, where its choices do not tell.
fn example(row: &SettingRow) -> &'static str {
    match (row.name, row.kind, row.takes) {
        (_, _, Takes::Nothing) => "",
        ("font", ..) => "embedded",
        ("steps", ..) => "0..4",
        ("hold", ..) => "0.5,2",
        ("points", ..) => "rings",
        ("normalize", ..) => "0.5,2",
        ("color", ..) => "angle",
        ("show", ..) => "pca2",
        ("size", ..) => "8cm",
        ("permute", ..) => "1,0",
        ("reshape", ..) => "4x4",
        ("label", ..) => "a",
        ("annotate", ..) => ".2f",
        (_, Kind::Number | Kind::Count, _) => "3",
        _ => "1",
    }
}

#[test]
fn every_row_is_whole_and_settable() {
    for command in COMMANDS {
        let rows: Vec<_> = settings::of(command).collect();
        for (at, row) in rows.iter().enumerate() {
            let named = format!("{command} {}", row.name);
            assert!(!row.about.is_empty() && !row.about.ends_with('.'), "{named}");
            assert!(rows[..at].iter().all(|other| other.name != row.name), "{named} twice");
            for choice in (row.choices)() {
                assert!(set(row, choice).is_none_or(|done| done.is_ok()), "{named} {choice}");
            }
            let is_told = (row.choices)().is_empty() && row.name != "font";
            if is_told && let Some(done) = set(row, example(row)) {
                assert!(done.is_ok(), "{named}: {done:?}");
            }
            // A number is a number, and the error names the setting.
            if let Kind::Number | Kind::Count = row.kind
                && let Some(done) = set(row, "three")
            {
                let error = done.unwrap_err().to_string();
                assert!(error.contains(row.name) && error.contains("expected"), "{named}: {error}");
            }
        }
    }
}

#[test]
fn every_row_holds_in_a_command_and_is_found() {
    for row in settings::all() {
        assert!(!row.commands.is_empty(), "{}", row.name);
        for command in row.commands {
            assert!(COMMANDS.contains(command), "{}: {command}", row.name);
        }
    }
    let names = |command| settings::of(command).map(|row| row.name).collect::<Vec<_>>();
    for row in SETTINGS {
        for command in ["draw", "animate", "train"] {
            assert!(names(command).contains(&row.name), "{command} {}", row.name);
        }
    }
    assert_eq!(names("draw").len(), SETTINGS.len());
    assert!(!names("space").contains(&"as-run") && names("space").contains(&"loop"));
}

#[test]
fn a_wrong_name_is_told_with_the_nearest_of_the_command() {
    let help = |error: Error| error.help().unwrap_or_default().to_owned();
    let film = AnimateRequest::default().set("holt", "1").map(drop).unwrap_err();
    assert!(help(film).contains("\"hold\""));
    let space = SpaceRequest::default().set("azimut", "1").map(drop).unwrap_err();
    assert!(help(space).contains("\"azimuth\""));
    let training = TrainRequest::default().set("epoch", "1").unwrap_err();
    assert!(help(training).contains("\"epochs\""));
    // What a program does by itself says where.
    let strip = AnimateRequest::default().set("strip", "4").map(drop).unwrap_err();
    assert!(help(strip).contains("Film::strip"));
}

#[test]
fn settings_that_do_not_go_together_are_told() {
    let set = |names: &[&str]| {
        names.iter().fold(TrainRequest::default(), |all, name| all.set(name, "3").unwrap())
    };
    let told = |names: &[&str]| set(names).clash().map(|clash| Error::from(clash).to_string());
    assert_eq!(told(&["model", "record", "epochs"]), None);
    assert_eq!(told(&["resume", "epochs"]), None);
    let both = "`resume` and `model` do not go together";
    assert_eq!(told(&["model", "resume"]).as_deref(), Some(both));
    let alone = "`record-every` means nothing without `record`";
    assert_eq!(told(&["record-every"]).as_deref(), Some(alone));
    assert_eq!(told(&["record-every", "record"]), None);
    // No training begins with them either.
    let digits = hinton::train::named("digits", 0).unwrap();
    assert!(set(&["record-every"]).settings(&digits).is_err());
    // Every row that is named is one of the same command.
    for row in settings::all() {
        for other in row.requires.iter().chain(row.excludes) {
            for command in row.commands {
                let is_there = settings::of(command).any(|row| row.name == *other);
                assert!(is_there, "{command} {}: {other}", row.name);
            }
        }
    }
}

#[test]
fn settings_arrive_where_they_belong() {
    let film = AnimateRequest::default().set("hold", "0.5,2").unwrap();
    let film = film.set("morph", "4").unwrap().set("range", "per-frame").unwrap();
    assert_eq!((film.hold, film.morph), ((0.5, 2.0), 4));
    assert!(film.draw.options.own_range && film.draw.options.range.is_none());
    assert_eq!(film.set("dpi", "72").unwrap().draw.options.dpi, 72.0);

    let space = SpaceRequest::default().set("seed", "18446744073709551615").unwrap();
    assert_eq!((space.network.seed, space.points.seed), (u64::MAX, u64::MAX));
    let space = space.set("points", "rings").unwrap().set("weights", "0=[[1]]").unwrap();
    let space = space.set("weights", "1=[[2]]").unwrap();
    assert_eq!((&space.points.source, space.network.weights.len()), (&PointSource::Rings, 2));
    assert!(space.has("points") && !space.has("zoom"));
    let orbit = SpaceRequest::default().set("orbit", "").unwrap();
    assert!(orbit.film.orbit && !orbit.film.morph);
    for order in [["morph", "orbit"], ["orbit", "morph"]] {
        let both =
            order.iter().fold(SpaceRequest::default(), |all, name| all.set(name, "").unwrap());
        assert!(both.film.orbit && both.film.morph);
    }
    let timed = SpaceRequest::default().set("pause", "1").unwrap().set("duration", "4");
    assert!(timed.is_err(), "the times of steps follow from the duration");

    let digits = hinton::train::named("digits", 0).unwrap();
    let training =
        TrainRequest::default().set("lr", "0.5").unwrap().set("optimizer", "sgd").unwrap();
    let settings = training.settings(&digits).unwrap();
    assert_eq!((settings.rate, settings.optimizer.name), (0.5, "sgd"));
}
