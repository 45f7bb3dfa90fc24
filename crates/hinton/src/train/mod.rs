//! Training small networks, to watch them learn.
//!
//! A [`Session`] trains on a [`DataSet`], may record a run folder as it goes, and can be gone on with
//! bit by bit. It knows no clock and prints nothing: a [`Watch`] tells the time, hears of each step and
//! epoch, and may stop it.
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

mod data;
mod own;
mod picture;
mod record;
mod session;
mod settings;

pub use data::{DATA, DataFile, DataRow, in_folder, named, row};
pub use own::{Columns, Own, own, own_of};
pub use record::data_of;
pub use session::{EpochReport, Outcome, Session, StepProgress, Unwatched, Watch};
pub use settings::{MODELS, ModelRow, Order, RecordEvery, Settings};

pub use hinton_net::data::DataSet;
pub use hinton_net::train::{Evaluation, OPTIMIZERS, OptimizerRow, Score, Trainer};
pub use hinton_net::{INITS, Init, InitRow, LAYERS, LayerRow, Network, Spec};

use hinton_format::Checkpoint;

use crate::Error;

/// A network trained on the embedded digits, as a checkpoint in memory: parameters and what the
/// optimiser remembers. The same bits on every machine; for the gallery.
///
/// # Errors
/// When the model cannot be understood or does not fit pictures of 8 x 8 and ten classes.
pub fn digits(model: &str, epochs: u64) -> Result<Checkpoint, Error> {
    let data = named("digits", 0)?;
    let mut settings = Settings::of(&data, model)?;
    settings.epochs = epochs;
    let mut session = Session::new(&data, settings, 1)?;
    session.run(&mut Unwatched)?;
    session.checkpoint()
}
