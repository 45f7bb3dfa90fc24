//! The networks of the gallery, trained when it is made; the same bits on every machine.

use std::path::Path;

use hinton_format::{Checkpoint, Input, Limits};
use hinton_tensor::{Memory, Quiet};

use crate::train::{self, RecordEvery, Session, Settings, Unwatched};
use crate::{Error, Selected, export};

/// A network that is trained and written as a file.
pub(super) struct Trained {
    /// The file.
    pub(super) file: &'static str,
    /// Model and epochs.
    model: &'static str,
    epochs: u64,
}

/// Every trained file.
pub(super) const TRAINED: &[Trained] = &[
    Trained { file: "digits_softmax.safetensors", model: "softmax", epochs: 30 },
    Trained { file: "digits_mlp.safetensors", model: "64-32-tanh-10", epochs: 30 },
    Trained { file: "digits_conv.safetensors", model: "1x8x8-conv:16:5-relu-10", epochs: 20 },
];

/// A training that is recorded as a run folder.
pub(super) struct Recorded {
    /// The folder, beside the pictures.
    pub(super) folder: &'static str,
    /// Data, model, epochs and which steps are recorded.
    data: &'static str,
    model: &'static str,
    epochs: u64,
    every: RecordEvery,
}

/// Every recorded run.
pub(super) const RECORDED: &[Recorded] = &[
    Recorded {
        folder: "digits_run",
        data: "digits",
        model: "softmax",
        epochs: 20,
        every: RecordEvery::Log,
    },
    Recorded {
        folder: "spirals_run",
        data: "spirals",
        model: "2-16-tanh-16-tanh-2",
        epochs: 200,
        every: RecordEvery::Log,
    },
];

impl Trained {
    /// The file's bytes.
    pub(super) fn bytes(&self) -> Result<Vec<u8>, Error> {
        let checkpoint = train::digits(self.model, self.epochs)?;
        let tensors: Vec<Selected> = checkpoint.tensors.into_iter().map(Selected::whole).collect();
        let mut bytes = Vec::new();
        export::export_to(&tensors, export::named("safetensors")?, &mut bytes, &Quiet)?;
        Ok(bytes)
    }
}

impl Recorded {
    /// The command that makes the run.
    pub(super) fn command(&self) -> String {
        let Recorded { folder, data, model, epochs, .. } = self;
        format!(
            "hinton train {data} --model {model} --epochs {epochs} --record-every log --record {folder}"
        )
    }

    /// Trains, and records into a folder below that one.
    pub(super) fn record(&self, folder: &Path) -> Result<(), Error> {
        let data = train::named(self.data, 0)?;
        let mut settings = Settings::of(&data, self.model)?;
        settings.epochs = self.epochs;
        settings.record_every = self.every;
        let mut session = Session::new(&data, settings, 1)?;
        session.record(&folder.join(self.folder))?;
        session.run(&mut Unwatched)?;
        Ok(())
    }
}

/// Opens a file of the gallery from its bytes.
pub(super) fn opened(name: &str, bytes: &[u8]) -> Result<Checkpoint, Error> {
    let input =
        Input { name: name.to_owned(), path: None, data: std::sync::Arc::new(Memory::new(bytes)) };
    Ok(hinton_format::open_input(&input, &Limits::default())?)
}
