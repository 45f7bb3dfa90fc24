//! Settings of `space`: the network.

use crate::settings::row::{Kind, Set, SettingRow, Takes};
use crate::settings::values::{real, whole};
use hinton_space::presets::NETWORKS;

const ROW: SettingRow = SettingRow { topic: "Network", ..super::ROW };

pub(super) const ROWS: &[SettingRow] = &[
    SettingRow {
        name: "preset",
        takes: Takes::Value("NAME"),
        about: "space-stretching: the pictures of the notebooks",
        help: "The networks L, L-NL, L-NL-L, L-NL-H, L-NL-H-NL, L-NL-H-NL-L over the plane (L: 2 to 3 \
               dimensions and back, H: within 3, NL: tanh or another `activation`) and L, L-NL, L-NL-L \
               over a line, all with the same weights and no bias: `weights=manual` (3 on the diagonal, \
               6 in the third row) or random; `points` mesh or cloud. A black page, viridis by the first \
               input, one picture a network, its weights printed before it.",
        choices: || vec!["space-stretching"],
        set: Set::Program("space::presets"),
        ..ROW
    },
    SettingRow {
        name: "networks",
        takes: Takes::Value("WHICH"),
        about: "With `preset`: all, 2d, 1d, or names such as 2d-3",
        default: "all",
        choices: || NETWORKS.iter().map(|row| row.name).collect(),
        others: true,
        set: Set::Program("space::presets"),
        ..ROW
    },
    SettingRow {
        name: "weights",
        takes: Takes::Values("STEP=[[…]]"),
        about: "Weights by hand, or a file of them; may be repeated",
        help: "A step and its matrix, row by row, as in '0=[[3,0],[0,3],[6,6]]'; several are parted by ; or \
               in a file: a checkpoint with 0.weight. With `preset`: manual or random.",
        set: Set::Space(|request, value| {
            request.network.weights.push(value.to_owned());
            Ok(())
        }),
        ..ROW
    },
    SettingRow {
        name: "init",
        takes: Takes::Value("WAY"),
        about: "How the other weights are initialised: uniform, normal, he, identity, orthogonal …",
        set: Set::Space(|request, value| {
            request.network.init = value.to_owned();
            Ok(())
        }),
        ..ROW
    },
    SettingRow {
        name: "scale",
        takes: Takes::Value("S"),
        kind: Kind::Number,
        about: "Factor for the initialised weights",
        default: "1",
        set: Set::Space(|request, value| {
            request.network.scale = real("scale", value)?;
            Ok(())
        }),
        ..ROW
    },
    SettingRow {
        name: "seed",
        takes: Takes::Value("N"),
        kind: Kind::Count,
        about: "Seed of weights and points",
        default: "0",
        set: Set::Space(|request, value| {
            request.network.seed = whole("seed", value, 0, u64::MAX)?;
            request.points.seed = request.network.seed;
            Ok(())
        }),
        ..ROW
    },
    SettingRow {
        name: "bias",
        about: "Linear maps of NETWORK, if written as a line, add a bias",
        set: Set::Space(|request, _| {
            request.network.bias = true;
            Ok(())
        }),
        ..ROW
    },
    SettingRow {
        name: "activation",
        takes: Takes::Value("LAYER"),
        about: "The layer between the matrices of a checkpoint",
        set: Set::Space(|request, value| {
            request.network.activation = Some(value.to_owned());
            Ok(())
        }),
        ..ROW
    },
    SettingRow {
        name: "model",
        takes: Takes::Value("LAYERS"),
        about: "The layers of a checkpoint: 784-128-relu-10",
        set: Set::Space(|request, value| {
            request.network.model = Some(value.to_owned());
            Ok(())
        }),
        ..ROW
    },
    SettingRow {
        name: "step",
        takes: Takes::Value("N"),
        kind: Kind::Count,
        about: "The step of a recorded run",
        default: "the last",
        set: Set::Space(|request, value| {
            request.network.step = Some(whole("step", value, 0, u64::MAX)?);
            Ok(())
        }),
        ..ROW
    },
];
