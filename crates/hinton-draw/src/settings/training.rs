//! Settings of a training, which `train` runs.

use hinton_net::train::{OPTIMIZERS, OptimizerRow};
use hinton_net::{INITS, Init};

use super::row::{Kind, Set, SettingRow, Takes};
use super::values::{many, number, real, whole};
use crate::training::Order;

const ROW: SettingRow = SettingRow { topic: "Training", commands: &["train"], ..SettingRow::PLAIN };
const RUN: SettingRow = SettingRow { topic: "", ..ROW };
const DATA: SettingRow = SettingRow { topic: "Data", ..ROW };

/// What is said when a training begins, and not when it is resumed: it keeps its own.
const OF_A_BEGINNING: &[&str] = &[
    "record",
    "model",
    "init",
    "optimizer",
    "lr",
    "batch",
    "seed",
    "validation",
    "shuffle",
    "inputs",
    "labels",
    "patience",
];

pub(super) const ROWS: &[SettingRow] = &[
    SettingRow {
        name: "record",
        takes: Takes::Value("RUN"),
        kind: Kind::Path,
        about: "Record the training in a run folder",
        set: Set::Train(|request, value| {
            request.record = Some(value.into());
            Ok(())
        }),
        ..RUN
    },
    SettingRow {
        name: "record-every",
        takes: Takes::Value("WHEN"),
        about: "Which steps: epoch, log (dense early, sparse later) or a number",
        default: "epoch",
        choices: || vec!["epoch", "log"],
        others: true,
        requires: &["record"],
        set: Set::Train(|request, value| {
            request.record_every = Some(value.parse()?);
            Ok(())
        }),
        ..RUN
    },
    SettingRow {
        name: "resume",
        takes: Takes::Value("RUN"),
        kind: Kind::Path,
        about: "Resume a recorded training; `epochs` is how many more",
        excludes: OF_A_BEGINNING,
        set: Set::Train(|request, value| {
            request.resume = Some(value.into());
            Ok(())
        }),
        ..RUN
    },
    SettingRow {
        name: "view",
        about: "Show the run in the browser while it trains, in the viewer",
        set: Set::Train(|request, _| {
            request.view = true;
            Ok(())
        }),
        ..RUN
    },
    SettingRow {
        name: "no-open",
        about: "With `view`: print the address and open no browser",
        requires: &["view"],
        set: Set::Train(|request, _| {
            request.no_open = true;
            Ok(())
        }),
        ..RUN
    },
    SettingRow {
        name: "model",
        takes: Takes::Value("SPEC"),
        about: "softmax, lenet, or layers such as 784-128-relu-10",
        default: "softmax; a small tanh network for points of the plane",
        set: Set::Train(|request, value| {
            request.model = value.to_owned();
            Ok(())
        }),
        ..ROW
    },
    SettingRow {
        name: "epochs",
        takes: Takes::Value("N"),
        kind: Kind::Count,
        about: "Number of passes over the data",
        set: Set::Train(|request, value| {
            request.epochs = Some(whole("epochs", value, 1, u64::MAX)?);
            Ok(())
        }),
        ..ROW
    },
    SettingRow {
        name: "optimizer",
        takes: Takes::Value("NAME"),
        about: "How gradients change the weights",
        default: "adam",
        choices: || OPTIMIZERS.iter().map(|row| row.name).collect(),
        set: Set::Train(|request, value| {
            request.optimizer = Some(OptimizerRow::named(value)?);
            Ok(())
        }),
        ..ROW
    },
    SettingRow {
        name: "lr",
        takes: Takes::Value("RATE"),
        kind: Kind::Number,
        about: "The learning rate",
        set: Set::Train(|request, value| {
            request.rate = Some(real("lr", value)?);
            Ok(())
        }),
        ..ROW
    },
    SettingRow {
        name: "batch",
        takes: Takes::Value("N"),
        kind: Kind::Count,
        about: "Number of points per step",
        set: Set::Train(|request, value| {
            request.batch = Some(many("batch", value, 1)?);
            Ok(())
        }),
        ..ROW
    },
    SettingRow {
        name: "init",
        takes: Takes::Value("NAME"),
        about: "The weights before training",
        default: "zeros for softmax, else uniform",
        choices: || INITS.iter().map(|row| row.name).collect(),
        set: Set::Train(|request, value| {
            request.init = Some(Init::named(value)?);
            Ok(())
        }),
        ..ROW
    },
    SettingRow {
        name: "seed",
        takes: Takes::Value("N"),
        kind: Kind::Count,
        about: "Seed of everything random",
        default: "0",
        set: Set::Train(|request, value| {
            request.seed = Some(whole("seed", value, 0, u64::MAX)?);
            Ok(())
        }),
        ..ROW
    },
    SettingRow {
        name: "shuffle",
        takes: Takes::Value("WHEN"),
        about: "Whether points are shuffled: not, once before all, or each epoch",
        choices: || Order::WORDS.to_vec(),
        set: Set::Train(|request, value| {
            request.order = Some(value.parse()?);
            Ok(())
        }),
        ..ROW
    },
    SettingRow {
        name: "patience",
        takes: Takes::Value("N"),
        kind: Kind::Count,
        about: "Stop after N epochs without a smaller loss",
        set: Set::Train(|request, value| {
            request.patience = Some(whole("patience", value, 1, u64::MAX)?);
            Ok(())
        }),
        ..ROW
    },
    SettingRow {
        name: "time-limit",
        takes: Takes::Value("SECONDS"),
        kind: Kind::Number,
        about: "Stop after this time",
        set: Set::Train(|request, value| {
            request.time_limit = Some(number("time-limit", value, 0.0, f64::MAX, false)?);
            Ok(())
        }),
        ..ROW
    },
    SettingRow {
        name: "validation",
        takes: Takes::Value("N"),
        kind: Kind::Count,
        about: "Number of validation points, taken from the start; 0 measures on the training points",
        set: Set::Train(|request, value| {
            request.validation = Some(many("validation", value, 0)?);
            Ok(())
        }),
        ..DATA
    },
    SettingRow {
        name: "data",
        takes: Takes::Value("FOLDER"),
        kind: Kind::Path,
        about: "Where the files of mnist or fashion-mnist are",
        set: Set::Train(|request, value| {
            request.folder = Some(value.into());
            Ok(())
        }),
        ..DATA
    },
    SettingRow {
        name: "offline",
        about: "Never download anything",
        set: Set::Train(|request, _| {
            request.offline = true;
            Ok(())
        }),
        ..DATA
    },
    SettingRow {
        name: "inputs",
        takes: Takes::Value("NAMES"),
        about: "An array, or columns separated by commas, of your own file",
        set: Set::Train(|request, value| {
            request.columns.inputs = Some(value.to_owned());
            Ok(())
        }),
        ..DATA
    },
    SettingRow {
        name: "labels",
        takes: Takes::Value("NAME"),
        about: "The array, column or file that holds the labels",
        set: Set::Train(|request, value| {
            request.columns.labels = Some(value.to_owned());
            Ok(())
        }),
        ..DATA
    },
];
