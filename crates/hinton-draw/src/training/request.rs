//! What a person asks of a training. What is not said, the data and the model decide.

use std::path::PathBuf;

use hinton_net::Init;
use hinton_net::data::DataSet;
use hinton_net::train::OptimizerRow;

use super::{Order, RecordEvery, Settings};
use crate::Error;
use crate::settings::{Clash, Set, clash, not_of_a_request, row_of};

/// Which arrays or columns are inputs and which are labels.
#[derive(Debug, Clone, Default)]
pub struct Columns {
    /// Names of the inputs: an array, or columns separated by commas. `None`: everything that is
    /// not a label.
    pub inputs: Option<String>,
    /// Name of the labels: an array, a column, or a file.
    pub labels: Option<String>,
}

/// What is asked of a training. `Default` leaves every choice to the data and the model.
///
/// ```
/// use hinton::train::{self, TrainRequest};
///
/// let digits = train::named("digits", 0)?;
/// let request = TrainRequest::default().set("epochs", "3")?.set("lr", "0.01")?;
/// let settings = request.settings(&digits)?;
/// assert_eq!((settings.epochs, settings.rate), (3, 0.01));
/// # Ok::<(), hinton::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct TrainRequest {
    /// The model: a name of [`MODELS`](super::MODELS) or a one-line spec; empty suits the data.
    pub model: String,
    /// The number of epochs; of a resumed training, of those that are added.
    pub epochs: Option<u64>,
    /// The optimiser.
    pub optimizer: Option<&'static OptimizerRow>,
    /// The learning rate; otherwise the optimiser's.
    pub rate: Option<f64>,
    /// Number of points per step.
    pub batch: Option<usize>,
    /// How weights are initialised.
    pub init: Option<Init>,
    /// The seed of everything random.
    pub seed: Option<u64>,
    /// The order in which the points are used.
    pub order: Option<Order>,
    /// After this number of epochs without a smaller loss the training ends.
    pub patience: Option<u64>,
    /// Number of validation points, taken from the beginning.
    pub validation: Option<usize>,
    /// Which steps are recorded with their weights.
    pub record_every: Option<RecordEvery>,
    /// The run folder to record in.
    pub record: Option<PathBuf>,
    /// The run folder of the training to be resumed.
    pub resume: Option<PathBuf>,
    /// The folder with the files of a known data set.
    pub folder: Option<PathBuf>,
    /// Which columns or arrays of a file are inputs, and which are labels.
    pub columns: Columns,
    /// Whether the program may not download a known data set. This library never does.
    pub offline: bool,
    /// Seconds after which the caller's `Watch` stops the training. This library has
    /// no clock.
    pub time_limit: Option<f64>,
    /// Whether the program shows the run in a browser while it trains.
    pub view: bool,
    /// Whether it merely says the address.
    pub no_open: bool,
    /// Names of the settings that were [set](TrainRequest::set).
    pub given: Vec<&'static str>,
}

impl TrainRequest {
    /// Sets one of the settings of `train` by its name on the command line: `.set("epochs", "3")?`.
    ///
    /// # Errors
    /// Returns an error if the name is unknown, or the setting does not accept the value.
    pub fn set(mut self, setting: &str, value: &str) -> Result<Self, Error> {
        let row = row_of("train", setting)?;
        let Set::Train(set) = row.set else { return Err(not_of_a_request(row)) };
        set(&mut self, value)?;
        self.given.push(row.name);
        Ok(self)
    }

    /// Two of the settings that do not go together, if there are such.
    pub fn clash(&self) -> Option<Clash> {
        clash("train", &self.given)
    }

    /// The settings for a training with that data: as they were asked for, and otherwise as they
    /// suit it.
    ///
    /// # Errors
    /// Returns an error if the model cannot be parsed, or does not fit the data, or two settings
    /// do not go together.
    pub fn settings(&self, data: &DataSet) -> Result<Settings, Error> {
        if let Some(clash) = self.clash() {
            return Err(clash.into());
        }
        let mut settings = Settings::of(data, &self.model)?;
        if let Some(optimizer) = self.optimizer {
            settings.optimizer = optimizer;
            settings.rate = optimizer.rate;
        }
        settings.init = self.init.unwrap_or(settings.init);
        settings.rate = self.rate.unwrap_or(settings.rate);
        settings.batch = self.batch.unwrap_or(settings.batch);
        settings.seed = self.seed.unwrap_or(settings.seed);
        settings.validation = self.validation.unwrap_or(settings.validation);
        settings.epochs = self.epochs.unwrap_or(settings.epochs);
        settings.patience = self.patience.unwrap_or(settings.patience);
        settings.order = self.order.unwrap_or(settings.order);
        settings.record_every = self.record_every.unwrap_or(settings.record_every);
        Ok(settings)
    }
}
