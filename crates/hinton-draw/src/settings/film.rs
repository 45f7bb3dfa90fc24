//! Settings of a film of a run, which `animate` makes.

use super::row::{Kind, Set, SettingRow, Takes};
use super::values::{number, real, whole};
use crate::Error;
use crate::animate::{Metric, Show, Timing};

const ROW: SettingRow = SettingRow { topic: "Film", commands: &["animate"], ..SettingRow::PLAIN };

pub(super) const ROWS: &[SettingRow] = &[
    SettingRow {
        name: "show",
        takes: Takes::Value("WHAT"),
        about: "Values, or how they differ from the step before or the first",
        choices: || Show::WORDS.to_vec(),
        set: Set::Animate(|request, value| {
            request.show = value.parse()?;
            Ok(())
        }),
        ..ROW
    },
    SettingRow {
        name: "steps",
        takes: Takes::Value("RANGE"),
        kind: Kind::Signed,
        about: "Steps by number: 0..100, 50.., 0..100:5 for every fifth",
        set: Set::Animate(|request, value| {
            request.steps = value.parse()?;
            Ok(())
        }),
        ..ROW
    },
    SettingRow {
        name: "steps-axis",
        takes: Takes::Value("AXIS"),
        kind: Kind::Count,
        about: "The axis of an array that is time",
        set: Set::Open(|options, value| {
            options.steps_axis = Some(whole("steps-axis", value, 0, 65_535)? as usize);
            Ok(())
        }),
        ..ROW
    },
    SettingRow {
        name: "morph",
        takes: Takes::Value("N"),
        kind: Kind::Count,
        about: "Number of interpolated pictures between two steps, marked as such",
        set: Set::Animate(|request, value| {
            request.morph = whole("morph", value, 0, 1000)? as usize;
            Ok(())
        }),
        ..ROW
    },
    SettingRow {
        name: "fps",
        takes: Takes::Value("N"),
        kind: Kind::Number,
        about: "Frames per second",
        default: "10 steps a second, 5 of a short run",
        set: Set::Animate(|request, value| {
            request.timing = Timing::Fps(number("fps", value, f64::MIN_POSITIVE, 1000.0, false)?);
            Ok(())
        }),
        ..ROW
    },
    SettingRow {
        name: "duration",
        takes: Takes::Value("SECONDS"),
        kind: Kind::Number,
        about: "How long the film is",
        set: Set::Animate(|request, value| {
            let seconds = number("duration", value, f64::MIN_POSITIVE, 86_400.0, false)?;
            request.timing = Timing::Duration(seconds);
            Ok(())
        }),
        ..ROW
    },
    SettingRow {
        name: "hold",
        takes: Takes::Value("SECONDS"),
        about: "Minimum time of the last frame, or FIRST,LAST",
        default: "0,1",
        set: Set::Animate(|request, value| {
            request.hold = hold(value)?;
            Ok(())
        }),
        ..ROW
    },
    SettingRow {
        name: "metric",
        takes: Takes::Value("NAME"),
        about: "The metric under the picture, or off",
        default: "the loss",
        set: Set::Animate(|request, value| {
            request.metric = Metric::from(value);
            Ok(())
        }),
        ..ROW
    },
    SettingRow {
        name: "loop",
        takes: Takes::Value("N"),
        kind: Kind::Count,
        about: "How often the film plays; 0 means forever",
        default: "0",
        commands: &["animate", "space"],
        set: Set::Save(|settings, value| {
            settings.loops = whole("loop", value, 0, u64::from(u16::MAX))? as u16;
            Ok(())
        }),
        ..ROW
    },
    SettingRow {
        name: "strip",
        takes: Takes::Value("N"),
        kind: Kind::Count,
        about: "Draw N of the pictures side by side in place of a film (png, svg, pdf)",
        set: Set::Program("Film::strip"),
        ..ROW
    },
    SettingRow {
        name: "indexed",
        about: "A folder of pictures in the 256 colours that a GIF has",
        set: Set::Save(|settings, _| {
            settings.indexed = true;
            Ok(())
        }),
        ..ROW
    },
    SettingRow {
        name: "poster",
        takes: Takes::Perhaps("SECONDS"),
        about: "Show the last frame first, for a list of files or a paper",
        help: "It is what a mail, a paper or a list of files shows of a film. For an instant, or for \
               SECONDS: `poster=1`. `poster=off` begins at the beginning.",
        commands: &["animate", "space"],
        set: Set::Program("Poster"),
        ..ROW
    },
    SettingRow {
        name: "codec",
        takes: Takes::Value("CODEC"),
        about: "Have ffmpeg write the film",
        help: "Where it is installed. Pictures follow one another at an even rate, to which times are \
               rounded; how often the film plays is up to the player.",
        commands: &["animate", "space"],
        set: Set::Program("the program, which starts ffmpeg"),
        ..ROW
    },
    SettingRow {
        name: "ffmpeg",
        takes: Takes::Value("ARGS"),
        kind: Kind::Signed,
        about: "Have ffmpeg write the film, with arguments of your own",
        help: "For its output, separated by spaces: `ffmpeg='-c:v libx264 -crf 10 -pix_fmt yuv444p'`. The \
               file's extension chooses the container.",
        commands: &["animate", "space"],
        set: Set::Program("the program, which starts ffmpeg"),
        ..ROW
    },
];

/// `1.5` for the last frame, `0.5,2` for the first and the last.
fn hold(text: &str) -> Result<(f64, f64), Error> {
    let second = |word: &str| {
        real("hold", word).map_err(|_| {
            Error::request(
                format!("`hold` {text:?}: expected seconds"),
                "one number for the last frame, two with a comma for the first and the last",
            )
        })
    };
    match text.split_once(',') {
        Some((first, last)) => Ok((second(first)?, second(last)?)),
        None => Ok((0.0, second(text)?)),
    }
}
