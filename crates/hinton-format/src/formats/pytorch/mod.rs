//! Files of `torch.save`: zip archives (torch 1.6 and later), the older sequence of pickles, and the
//! tar archives before it; folders of `torch.distributed.checkpoint`.

mod composite;
pub(crate) mod dcp;
mod dtype;
mod legacy;
mod library;
mod optimizer;
mod rebuild;
mod signs;
mod tarred;
mod zipped;

use super::FormatRow;
use super::unpickle::Libraries;
use crate::{Checkpoint, Error, ErrorKind, Head, Input, Limits, Sniff};

pub(crate) use legacy::is_legacy_torch;
pub(crate) use library::LIBRARY;

/// What the pickles of torch's own files are read with.
const LIBRARIES: Libraries = &[LIBRARY];

/// PyTorch checkpoints.
pub(crate) const ROW: FormatRow = FormatRow {
    name: "pytorch",
    about: "PyTorch .pt, .pth, .bin, .ckpt: state dicts and whole checkpoints; never executed",
    help: "\
Files of torch.save: zip archives (torch 1.6 and later), the older sequence of pickles, and the tar \
archives before 0.1.10. State dicts, nested dicts and whole checkpoints with optimizer state; names are joined by dots \
(`optimizer.state.0.exp_avg`); whole modules and TorchScript archives give the tensors that they \
store. Strided views, shared storages, every dtype, both byte orders. Quantised tensors are shown \
as the integers they store; sparse and nested tensors, and those of classes that wrap others \
(torchao), as the parts that the file stores; meta tensors are named in a warning. Numbers and \
texts (epoch, learning rate) go to the metadata. Nothing is executed: a pickle that names a \
function which can run code is refused by that name. Layout: torch/serialization.py and \
torch/_utils.py of PyTorch",
    quantised: "the integers that are stored",
    extensions: &["pt", "pth", "bin", "ckpt", "jit", "ptl"],
    sniff,
    open,
};

fn sniff(head: &Head<'_>) -> Sniff {
    if is_legacy_torch(head.bytes) {
        return Sniff::Certain;
    }
    match tarred::sniff(head) {
        Sniff::No => zipped::sniff(head, ROW.extensions),
        found => found,
    }
}

fn open(input: &Input, limits: &Limits) -> Result<Checkpoint, Error> {
    let head = crate::source::read_head(&*input.data, 512)?;
    let opened = if is_legacy_torch(&head) {
        legacy::open(input, limits)
    } else if crate::container::tar::is_tar(&head) {
        tarred::open(input, limits)
    } else {
        zipped::open(input, limits)
    };
    opened.map_err(settings_of_training)
}

/// What transformers saves beside a model as `training_args.bin` is one object with no tensor.
fn settings_of_training(error: Error) -> Error {
    if error.kind() != ErrorKind::Refused || !error.message().contains("TrainingArguments") {
        return error;
    }
    let message = format!("these are the settings of a training, not weights: {}", error.message());
    Error::new(ErrorKind::Unrecognised, message).cure("choose the weights file beside it")
}
