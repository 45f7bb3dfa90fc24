//! Settings of a picture: what is drawn, and in which order.

use hinton_chart::{CHARTS, PRESETS};

use crate::settings::row::{Kind, Scope, Set, SettingRow, Takes};
use crate::settings::values::{chart_names, choice, set_preset};

const ROW: SettingRow = SettingRow { topic: "What is drawn", ..super::ROW };

pub(super) const ROWS: &[SettingRow] = &[
    SettingRow {
        name: "preset",
        takes: Takes::Value("NAME"),
        about: "Start from a well-known picture",
        help: "Sets chart and options as the original has them; whatever is said besides is set \
               after it. See `list presets`.",
        choices: || PRESETS.iter().map(|row| row.name).collect(),
        set: Set::Draw(set_preset),
        ..ROW
    },
    SettingRow {
        name: "as",
        takes: Takes::Value("CHART"),
        about: "The chart; by default chosen by the shape",
        help: "Without it: vectors as bars (those of whole numbers as a histogram, where they are long), large matrices as a heat map, matrices of at most 64 x 64 as a \
               Hinton diagram (as a heat map where `cmap`, `range`, `scale` or `annotate` is said), classifiers of 28 x 28 pictures, convolutions and stacks of matrices as \
               tiles, several tensors as an overview, each on its own scale. With it several tensors \
               share one scale.",
        choices: || CHARTS.iter().map(|row| row.name).collect(),
        set: Set::Draw(|request, value| {
            request.chart = Some(choice("as", value, &chart_names())?.to_owned());
            Ok(())
        }),
        ..ROW
    },
    SettingRow {
        name: "transpose",
        takes: Takes::Nothing,
        about: "Reverse the axes first",
        set: Set::Draw(|request, _| {
            request.transpose = !request.transpose;
            Ok(())
        }),
        ..ROW
    },
    SettingRow {
        name: "permute",
        takes: Takes::Value("AXES"),
        kind: Kind::Signed,
        about: "Reorder the axes, such as 0,2,1",
        help: "The numbers of all axes that the slice leaves, from 0, as numpy's transpose and PyTorch's \
               permute take them; after `transpose`, before `reshape`.",
        set: Set::Draw(|request, value| {
            request.permute = Some(value.parse()?);
            Ok(())
        }),
        ..ROW
    },
    SettingRow {
        name: "reshape",
        takes: Takes::Value("SHAPE"),
        kind: Kind::Signed,
        about: "Reshape the values, such as to 28x28",
        help: "In C order, after slicing, `transpose` and `permute`. One axis may be -1 and takes what is \
               left. With `each`, the values of each picture are reshaped; a matrix whose columns \
               (or rows) alone fit is taken apart into them.",
        set: Set::Draw(|request, value| {
            request.reshape = Some(value.parse()?);
            Ok(())
        }),
        ..ROW
    },
    SettingRow {
        name: "each",
        takes: Takes::Value("AXIS"),
        kind: Kind::Signed,
        about: "One picture for each column, row or position of an axis",
        help: "column, row, or the number of an axis (from 0; negative from the last).",
        choices: || vec!["column", "row"],
        others: true,
        set: Set::Draw(|request, value| {
            request.each = Some(value.parse()?);
            Ok(())
        }),
        ..ROW
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
        set: Set::Draw(|request, value| {
            request.order = Some(value.parse()?);
            Ok(())
        }),
        ..ROW
    },
];
