//! What a training is asked to do, and its settings. Trainings themselves run above.

mod request;
mod settings;

pub use request::{Columns, TrainRequest};
pub use settings::{MODELS, ModelRow, Order, RecordEvery, Settings, is_softmax};
