//! The settings of a training session.

use std::str::FromStr;

use hinton_net::data::{DataSet, TOYS};
use hinton_net::train::OptimizerRow;
use hinton_net::{Init, Network, Shape, Spec};
use serde_json::{Value, json};

use crate::Error;

/// A model that is known by name.
#[derive(Debug)]
pub struct ModelRow {
    /// Its name.
    pub name: &'static str,
    /// A description in one line.
    pub about: &'static str,
    /// The model in a line, for points of that shape and this many classes.
    spec: fn(&Shape, usize) -> Result<String, Error>,
}

/// Every model that is known by name.
pub const MODELS: &[ModelRow] = &[
    ModelRow {
        name: "softmax",
        about: "Softmax regression: a score for each class, a weight for each pixel",
        spec: |input, classes| Ok(format!("{}-{classes}", input.width())),
    },
    ModelRow {
        name: "lenet",
        about: "A small convolutional network after LeNet-5, for pictures",
        spec: |input, classes| match input {
            Shape::Image { height, width, .. } if (*height).min(*width) >= 20 => Ok(format!(
                "{input}-conv:6:5:1:2-relu-maxpool:2-conv:16:5-relu-maxpool:2-120-relu-84-relu-{classes}"
            )),
            Shape::Image { height, width, .. } if (*height).min(*width) >= 4 => Ok(format!(
                "{input}-conv:8:3:1:1-relu-maxpool:2-conv:16:3:1:1-relu-maxpool:2-32-relu-{classes}"
            )),
            _ => Err(Error::request(
                format!("lenet takes pictures of at least 4x4 pixels, not {}", input.takes()),
                "choose another model, such as softmax",
            )),
        },
    },
];

/// The order in which points are used for training.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// In the order of the file.
    File,
    /// Shuffled once, before the validation points are set apart.
    Once,
    /// Shuffled once, and the training points again before each epoch.
    Epoch,
}

impl Order {
    /// The names on the command line.
    pub const WORDS: [&'static str; 3] = ["no", "once", "epoch"];

    fn word(self) -> &'static str {
        match self {
            Order::File => "no",
            Order::Once => "once",
            Order::Epoch => "epoch",
        }
    }
}

impl FromStr for Order {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let all = [Order::File, Order::Once, Order::Epoch];
        all.into_iter().find(|order| order.word() == text).ok_or_else(|| {
            Error::request(format!("`shuffle` {text:?}: expected {}", Order::WORDS.join(", ")), "")
        })
    }
}

/// Which steps are recorded with their weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordEvery {
    /// The last step of each epoch.
    Epoch,
    /// Every step whose number is a multiple of this.
    Steps(u64),
    /// Frequent at first, when the network learns most, and rarer later: each recorded step number
    /// is a fifth larger than the last.
    Log,
}

impl RecordEvery {
    /// Whether a step is recorded.
    pub fn takes(self, step: u64, ends_epoch: bool) -> bool {
        match self {
            RecordEvery::Epoch => ends_epoch,
            RecordEvery::Steps(every) => step.is_multiple_of(every),
            RecordEvery::Log => {
                let mut next = 1;
                while next < step {
                    next = (next + 1).max(next / 5 * 6 + next % 5);
                }
                next == step
            }
        }
    }

    fn word(self) -> String {
        match self {
            RecordEvery::Epoch => "epoch".to_owned(),
            RecordEvery::Steps(every) => every.to_string(),
            RecordEvery::Log => "log".to_owned(),
        }
    }
}

impl FromStr for RecordEvery {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text {
            "epoch" => Ok(RecordEvery::Epoch),
            "log" => Ok(RecordEvery::Log),
            _ => match text.parse() {
                Ok(every) if every > 0 => Ok(RecordEvery::Steps(every)),
                _ => Err(Error::request(
                    format!("`record-every` {text:?}: expected epoch, log or a number of steps"),
                    "every 100 steps: `record-every=100`",
                )),
            },
        }
    }
}

/// The settings of a training session. They are recorded as the settings of a run.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Settings {
    /// The model as a one-line spec, including the number of inputs.
    pub model: Spec,
    /// How weights are initialised.
    pub init: Init,
    /// The optimiser.
    pub optimizer: &'static OptimizerRow,
    /// The learning rate.
    pub rate: f64,
    /// Number of points per step.
    pub batch: usize,
    /// The seed of everything random.
    pub seed: u64,
    /// Number of validation points, taken from the beginning.
    pub validation: usize,
    /// The order in which the points are used.
    pub order: Order,
    /// Total number of epochs.
    pub epochs: u64,
    /// Training ends after this number of epochs without a smaller loss; 0 means never.
    pub patience: u64,
    /// Which steps are recorded with their weights.
    pub record_every: RecordEvery,
    /// More to record with the settings, by name: where the data came from.
    pub about_data: Vec<(String, String)>,
}

impl Settings {
    /// The settings that suit the data and a model: one of [`MODELS`] by name, or a one-line spec.
    /// An empty model is softmax regression or, for points in the plane, a network with hidden
    /// layers.
    ///
    /// # Errors
    /// Returns an error if the model cannot be parsed, or does not fit the data.
    pub fn of(data: &DataSet, model: &str) -> Result<Self, Error> {
        let is_toy = TOYS.iter().any(|toy| toy.name == data.name);
        let is_big = data.len() >= 20_000;
        let classes = data.classes.len();
        let model = match model {
            "" if is_toy => Spec::parse(&format!("2-16-tanh-16-tanh-{classes}"))?,
            "" => spec_of("softmax", data)?,
            text => spec_of(text, data)?,
        };
        let network = Network::<f32>::build(&model, &Init::default(), 0)?;
        let is_softmax = is_softmax(&network);
        let init = Init::named(if is_softmax { "zeros" } else { "uniform" })?;
        let optimizer = OptimizerRow::named("adam")?;
        let settings = Settings {
            model,
            init,
            optimizer,
            rate: optimizer.rate,
            batch: if is_big { 128 } else { 32 },
            seed: 0,
            validation: if is_big { data.len() / 12 } else { data.len() / 5 },
            order: if is_toy || is_big { Order::File } else { Order::Once },
            epochs: if is_big && !is_softmax { 5 } else { 11 },
            patience: 0,
            record_every: RecordEvery::Epoch,
            about_data: Vec::new(),
        };
        Ok(match (is_big, is_toy) {
            (true, _) => settings,
            (false, true) => Settings { epochs: 200, rate: 0.01, ..settings },
            (false, false) if is_softmax => Settings { epochs: 30, rate: 0.01, ..settings },
            (false, false) => Settings { epochs: 30, rate: 0.003, ..settings },
        })
    }

    /// The network before training.
    ///
    /// # Errors
    /// Returns an error if the layers do not fit together.
    pub fn network(&self) -> Result<Network<f32>, Error> {
        Ok(Network::build(&self.model, &self.init, self.seed)?)
    }

    /// The settings as JSON, as the settings of a recorded run store them.
    pub fn json(&self, data: &DataSet) -> Value {
        let mut all = json!({
            "data": data.name,
            "points": data.len(),
            "fingerprint": format!("{:016x}", data.fingerprint()),
            "model": self.model.to_string(),
            "classes": data.classes,
            "optimizer": self.optimizer.name,
            "lr": self.rate,
            "batch": self.batch,
            "seed": self.seed,
            "init": self.init.row.name,
            "validation": self.validation,
            "shuffle": self.order.word(),
            "epochs": self.epochs,
            "patience": self.patience,
            "record_every": self.record_every.word(),
        });
        if let Shape::Image { height, width, .. } = data.input {
            all["image"] = json!([height, width]);
        }
        for (name, value) in &self.about_data {
            all[name] = json!(value);
        }
        all
    }

    /// The settings from the JSON of a recorded run.
    ///
    /// # Errors
    /// Returns an error if a setting is missing, or of another kind.
    pub fn of_json(json: &Value) -> Result<Self, Error> {
        let missing = |name: &str| {
            Error::unfit(
                format!("the run's settings have no usable {name:?}"),
                "only trainings that hinton recorded can be resumed",
            )
        };
        let text = |name: &str| json[name].as_str().ok_or_else(|| missing(name));
        let whole = |name: &str| json[name].as_u64().ok_or_else(|| missing(name));
        let count =
            |name: &str| whole(name).and_then(|n| usize::try_from(n).map_err(|_| missing(name)));
        let about = ["path", "inputs", "labels", "folder"].into_iter().filter_map(|name| {
            json[name].as_str().map(|value| (name.to_owned(), value.to_owned()))
        });
        Ok(Settings {
            model: Spec::parse(text("model")?)?,
            init: Init::named(text("init")?)?,
            optimizer: OptimizerRow::named(text("optimizer")?)?,
            rate: json["lr"].as_f64().ok_or_else(|| missing("lr"))?,
            batch: count("batch")?,
            seed: whole("seed")?,
            validation: count("validation")?,
            order: text("shuffle")?.parse()?,
            epochs: whole("epochs")?,
            patience: whole("patience")?,
            record_every: text("record_every")?.parse()?,
            about_data: about.collect(),
        })
    }
}

/// The model of that name, or in a line, for the data.
fn spec_of(text: &str, data: &DataSet) -> Result<Spec, Error> {
    if let Some(row) = MODELS.iter().find(|row| row.name == text) {
        return Ok(Spec::parse(&(row.spec)(&data.input, data.classes.len())?)?);
    }
    let is_word = !text.contains(['-', ':']) && text.starts_with(|c: char| c.is_alphabetic());
    let is_layer = hinton_net::LAYERS.iter().any(|row| row.name == text);
    if is_word && !is_layer {
        let names: Vec<&str> = MODELS.iter().map(|row| row.name).collect();
        return Err(Error::request(
            format!("there is no model {text:?}"),
            format!(
                "the models are {}; or write layers: {}-32-relu-{}",
                names.join(", "),
                data.input.width(),
                data.classes.len()
            ),
        ));
    }
    let spec = Spec::parse(text)?;
    Ok(if spec.input.is_none() { spec.for_points(data.input) } else { spec })
}

/// Whether it is one linear map to scores: softmax regression.
pub fn is_softmax(network: &Network<f32>) -> bool {
    match network.steps() {
        [only] => only.layer.linear().is_some(),
        [first, last] => first.layer.linear().is_some() && last.layer.row().name == "softmax",
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_read_as_they_were_recorded() {
        let digits = hinton_net::data::digits();
        for model in ["", "softmax", "lenet", "64-8-tanh-10", "conv:4:3-relu-10"] {
            let settings = Settings::of(&digits, model).unwrap();
            let json = settings.json(&digits);
            let again = Settings::of_json(&json).unwrap();
            assert_eq!(json, again.json(&digits), "{model}");
            assert_eq!(json["image"], json!([8, 8]));
        }
        let fault = Settings::of(&digits, "lennet").unwrap_err();
        assert!(fault.help().unwrap().contains("softmax, lenet"), "{fault}");
        let fault = Settings::of_json(&json!({"model": "2-2"})).unwrap_err().to_string();
        assert!(fault.contains("init"), "{fault}");
    }

    #[test]
    fn log_steps_grow_by_a_fifth() {
        let taken: Vec<u64> =
            (1..=100).filter(|step| RecordEvery::Log.takes(*step, false)).collect();
        assert_eq!(taken[..8], [1, 2, 3, 4, 5, 6, 7, 8]);
        assert!(taken.len() < 30, "{taken:?}");
        assert!("0".parse::<RecordEvery>().is_err() && "x".parse::<RecordEvery>().is_err());
        assert_eq!("50".parse::<RecordEvery>().unwrap(), RecordEvery::Steps(50));
    }
}
