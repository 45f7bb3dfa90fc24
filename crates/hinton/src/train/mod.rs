//! Trains small networks, to watch them learn.
//!
//! A [`Session`] trains on a [`DataSet`], can record a run folder as it goes, and can be resumed
//! with exactly the same results. It reads no clock and prints nothing: a [`Watch`] provides the
//! time, is called after each step and epoch, and may stop the training.
//!
//! ```
//! use hinton::train::{self, Unwatched};
//!
//! let digits = train::named("digits", 0)?;
//! let mut settings = train::Settings::of(&digits, "softmax")?;
//! settings.epochs = 2;
//! let mut session = train::Session::new(&digits, settings, 1)?;
//! session.run(&mut Unwatched)?;
//! assert!(session.evaluate().score.accuracy() > 0.8);
//! let picture = session.picture(&hinton::DrawRequest::default())?;
//! # let _ = picture;
//! # Ok::<(), hinton::Error>(())
//! ```

mod own;
mod picture;
mod record;
mod session;

use hinton_format::Checkpoint;
pub use hinton_net::data::{DataSet, Inputs};
pub use hinton_net::layers::{Linear, Start};
pub use hinton_net::sparse::SparseRows;
pub use hinton_net::train::{Evaluation, OPTIMIZERS, OptimizerRow, Score};
pub use hinton_net::{
    Array, Backward, Forward, INITS, Init, InitRow, LAYERS, Layer, LayerRow, Network, NetworkStep,
    ParameterShape, Real, Shape, Spec, Trace,
};
pub use hinton_weights::data_sets::{DATA, DataFile, DataRow, in_folder, named, row};

use crate::Error;
pub use hinton_draw::training::{
    Columns, MODELS, ModelRow, Order, RecordEvery, Settings, TrainRequest,
};
pub use own::{Own, own, own_of};
pub use record::data_of;
pub use session::{EpochReport, Outcome, Session, StepProgress, Unwatched, Watch};

/// Trains a network on the embedded digits and returns a checkpoint in memory: the parameters and
/// the state of the optimiser.
///
/// The same bits on every machine. For examples and the gallery.
///
/// # Errors
/// Returns an error if the model cannot be parsed, or does not fit pictures of 8 x 8 and ten
/// classes.
pub fn digits(model: &str, epochs: u64) -> Result<Checkpoint, Error> {
    let data = named("digits", 0)?;
    let mut settings = Settings::of(&data, model)?;
    settings.epochs = epochs;
    let mut session = Session::new(&data, settings, 1)?;
    session.run(&mut Unwatched)?;
    session.checkpoint()
}
