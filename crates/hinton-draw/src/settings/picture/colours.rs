//! Settings of a picture: colours of cells.

use hinton_chart::{Range, ScaleKind, colormaps};

use crate::settings::row::{Kind, Scope, Set, SettingRow, Takes};
use crate::settings::values::{number, parsed, set_cmap};

const ROW: SettingRow = SettingRow { topic: "Colours", ..super::ROW };

pub(super) const ROWS: &[SettingRow] = &[
    SettingRow {
        name: "cmap",
        takes: Takes::Value("MAP"),
        about: "Colour map: matplotlib's names, NAME_r reverses",
        help: "Without it: a colour-blind safe diverging map in which zero is exactly white (black \
               on dark pages); greys for pictures of bytes. See `list colormaps`.",
        scope: Scope::Some,
        choices: || colormaps().map(|row| row.name).collect(),
        set: Set::Draw(set_cmap),
        ..ROW
    },
    SettingRow {
        name: "range",
        takes: Takes::Value("RANGE"),
        kind: Kind::Signed,
        about: "The values the colours span: MIN..MAX, data, robust or symmetric",
        help: "MIN..MAX as in -0.5..0.5; data: from the smallest to the largest; robust: from the \
               1 % to the 99 % quantile; symmetric: as far below zero as above. Colours span the cells \
               as they are drawn. Without it: all cells, as far below zero as above in diverging maps; \
               99.5 % of them where the largest is more than twice as large as those, which the \
               picture then says.",
        scope: Scope::Some,
        choices: || vec!["data", "robust", "symmetric"],
        others: true,
        set: Set::Draw(|request, value| {
            parsed(value, |range: Range| request.options.range = Some(range))
        }),
        ..ROW
    },
    SettingRow {
        name: "scale",
        takes: Takes::Value("SCALE"),
        about: "How values are distributed over the colours",
        help: "linear: evenly; symlog: by the logarithm of the magnitude; sqrt: by its square root.",
        scope: Scope::Some,
        choices: || vec!["linear", "symlog", "sqrt"],
        set: Set::Draw(|request, value| {
            parsed(value, |scale: ScaleKind| request.options.scale = scale)
        }),
        ..ROW
    },
    SettingRow {
        name: "center",
        takes: Takes::Value("VALUE"),
        kind: Kind::Signed,
        about: "The value that has the middle colour, or where bars begin, instead of zero",
        help: "For maps with a middle, such as the default: 1 for gains of normalisation, the mean for \
               deviations.",
        scope: Scope::Some,
        set: Set::Draw(|request, value| {
            let center = number("center", value, -f64::MAX, f64::MAX, false)?;
            request.options.center = Some(center);
            Ok(())
        }),
        ..ROW
    },
    SettingRow {
        name: "symlog-threshold",
        takes: Takes::Value("VALUE"),
        kind: Kind::Number,
        about: "Magnitude below which `scale=symlog` is linear",
        help: "Without it a thousandth of the largest: three powers of ten are distinguishable on each side of \
               zero. A smaller one shows more of them.",
        scope: Scope::Some,
        set: Set::Draw(|request, value| {
            let least = number("symlog-threshold", value, f64::MIN_POSITIVE, f64::MAX, false)?;
            request.options.symlog_threshold = Some(least);
            request.options.scale = ScaleKind::Symlog;
            Ok(())
        }),
        ..ROW
    },
];
