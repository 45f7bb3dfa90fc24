//! Settings of a picture: what single charts heed.

use hinton_chart::{MEASURES, SharesOf};

use crate::settings::row::{Kind, Scope, Set, SettingRow, Takes};
use crate::settings::values::{FOLDS, choice, fold, number, parsed};

const ROW: SettingRow = SettingRow { topic: "Charts", ..super::ROW };

pub(super) const ROWS: &[SettingRow] = &[
    SettingRow {
        name: "columns",
        takes: Takes::Value("N"),
        kind: Kind::Count,
        about: "Columns of tiles or facets",
        scope: Scope::Some,
        set: Set::Draw(|request, value| {
            let columns = number("columns", value, 1.0, 65_536.0, true)?;
            request.options.columns = Some(columns as usize);
            Ok(())
        }),
        ..ROW
    },
    SettingRow {
        name: "max-weight",
        takes: Takes::Value("W"),
        kind: Kind::Number,
        about: "Magnitude that fills a cell of a Hinton diagram",
        help: "Without it the next power of two above the largest magnitude.",
        scope: Scope::Some,
        set: Set::Draw(|request, value| {
            let weight = number("max-weight", value, f64::MIN_POSITIVE, f64::MAX, false)?;
            request.options.max_weight = Some(weight);
            Ok(())
        }),
        ..ROW
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
        set: Set::Draw(|request, value| {
            request.options.reduce = Some(fold(value)?);
            Ok(())
        }),
        ..ROW
    },
    SettingRow {
        name: "margins",
        takes: Takes::Nothing,
        about: "Draw the RMS of each row and column along the edges",
        help: "Without it for one matrix of at least 64 x 64 where the page has the room. Rows and columns at \
               least three times as large as the median are in a colour of their own and named, unless they are many.",
        scope: Scope::Some,
        set: Set::Draw(|request, _| {
            request.options.margins = Some(true);
            Ok(())
        }),
        ..ROW
    },
    SettingRow {
        name: "no-margins",
        takes: Takes::Nothing,
        about: "Draw no RMS along the edges",
        set: Set::Draw(|request, _| {
            request.options.margins = Some(false);
            Ok(())
        }),
        ..ROW
    },
    SettingRow {
        name: "log",
        takes: Takes::Nothing,
        about: "A logarithmic axis: counts of a histogram, values of a curve or distribution",
        scope: Scope::Some,
        set: Set::Draw(|request, _| {
            request.options.log_counts = true;
            Ok(())
        }),
        ..ROW
    },
    SettingRow {
        name: "log-x",
        takes: Takes::Nothing,
        about: "A logarithmic axis of steps",
        help: "Zero, from which steps are often counted, keeps a place at its beginning.",
        scope: Scope::Some,
        set: Set::Draw(|request, _| {
            request.options.log_x = true;
            Ok(())
        }),
        ..ROW
    },
    SettingRow {
        name: "smooth",
        takes: Takes::Value("N"),
        kind: Kind::Count,
        about: "Draw the mean of N points over the faded curve",
        help: "Each point becomes the mean of the N points around it, of fewer near the ends.",
        scope: Scope::Some,
        set: Set::Draw(|request, value| {
            request.options.smooth = Some(number("smooth", value, 1.0, 1e9, true)? as usize);
            Ok(())
        }),
        ..ROW
    },
    SettingRow {
        name: "bins",
        takes: Takes::Value("N"),
        kind: Kind::Count,
        about: "Bins of a histogram",
        scope: Scope::Some,
        set: Set::Draw(|request, value| {
            request.options.bins = Some(number("bins", value, 1.0, 4096.0, true)? as usize);
            Ok(())
        }),
        ..ROW
    },
    SettingRow {
        name: "shares",
        takes: Takes::Value("OF"),
        about: "What a confusion matrix shows shares of: row, column or all",
        help: "row: of the examples of a class, the diagonal is the recall, and counts are written; column: of \
               what was taken for a class, the diagonal is the precision; all: of all examples.",
        scope: Scope::Some,
        choices: || vec!["row", "column", "all"],
        set: Set::Draw(|request, value| {
            parsed(value, |of: SharesOf| request.options.shares_of = of)
        }),
        ..ROW
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
        set: Set::Draw(|request, value| {
            let names: Vec<&str> = MEASURES.iter().map(|row| row.name).collect();
            request.options.measure = Some(choice("measure", value, &names)?);
            Ok(())
        }),
        ..ROW
    },
];
