//! Records a training session, and resumes recorded ones. The folder is described in
//! docs/run-format.md.

use std::path::Path;

use hinton_format::Checkpoint;
use hinton_net::data::DataSet;
use hinton_net::train::{Evaluation, StepReport, Trainer};
use hinton_net::{Array, Network, Real};
use hinton_run::{LogRow, NewStep, NewTensor, RunOptions, RunWriter};
use hinton_tensor::Dtype;
use serde_json::Value;

use crate::{Error, tensor_of};
use hinton_draw::training::{Settings, is_softmax};

/// Rows of metrics that are written at once; this many are lost when the program is killed, and made
/// again when the training goes on.
const ROWS: usize = 64;
/// What the names of what the optimiser remembers begin with.
const MEMORY: &str = "optimizer.";
/// The table of true and predicted classes.
const CONFUSION: &str = "confusion";

/// Writes a run.
pub(super) struct Recorder {
    writer: RunWriter,
    rows: Vec<LogRow>,
    is_softmax: bool,
}

impl Recorder {
    pub(super) fn create(
        folder: &Path,
        data: &DataSet,
        settings: &Settings,
    ) -> Result<Self, Error> {
        let trained = format!("{} on {}", settings.model, data.name);
        let json = settings.json(data).to_string();
        let writer = RunWriter::create(folder, &trained, &json)?;
        let is_softmax = is_softmax(&settings.network()?);
        Ok(Recorder { writer, rows: Vec::new(), is_softmax })
    }

    /// Goes on with a run, and mends what a killed writer left in its folder.
    pub(super) fn resume(folder: &Path) -> Result<Self, Error> {
        Ok(Recorder { writer: RunWriter::resume(folder)?, rows: Vec::new(), is_softmax: false })
    }

    /// Whether it is softmax regression, whose weights are written the other way round.
    pub(super) fn set_softmax(&mut self, is_softmax: bool) {
        self.is_softmax = is_softmax;
    }

    /// Steps at the end of the run whose files were cut, and which were removed.
    pub(super) fn removed(&self) -> &[u64] {
        self.writer.removed()
    }

    /// The last step whose weights are written.
    pub(super) fn last(&self) -> Option<u64> {
        self.writer.last()
    }

    /// The metrics of a step.
    pub(super) fn step(&mut self, step: u64, report: &StepReport) -> Result<(), Error> {
        self.log(step, step_metrics(Some(report), None))
    }

    pub(super) fn log(&mut self, number: u64, metrics: Vec<(String, f64)>) -> Result<(), Error> {
        self.rows.push(LogRow { number, time: None, metrics });
        if self.rows.len() >= ROWS { self.flush() } else { Ok(()) }
    }

    pub(super) fn flush(&mut self) -> Result<(), Error> {
        self.writer.log_rows(&self.rows)?;
        self.rows.clear();
        Ok(())
    }

    /// The weights of a step, and everything that belongs to it.
    pub(super) fn save(
        &mut self,
        trainer: &dyn Trainer,
        report: Option<&StepReport>,
        evaluation: &Evaluation,
        epoch: f64,
        seconds: f64,
    ) -> Result<(), Error> {
        let number = trainer.steps();
        // Its row comes with its weights.
        self.rows.retain(|row| row.number != number);
        self.flush()?;
        let arrays = arrays(trainer, self.is_softmax);
        let mut bytes: Vec<Vec<u8>> = arrays.iter().map(|array| bytes(&array.values)).collect();
        bytes.push(evaluation.confusion.iter().flat_map(|count| count.to_le_bytes()).collect());
        let classes = trainer.network().output().width();
        let table = [classes, classes];
        let tensors =
            arrays.iter().map(|array| (array.name.as_str(), Dtype::F32, &array.shape[..]));
        let tensors: Vec<NewTensor<'_>> = tensors
            .chain([(CONFUSION, Dtype::U32, &table[..])])
            .zip(&bytes)
            .map(|((name, dtype, shape), bytes)| NewTensor { name, dtype, shape, bytes })
            .collect();
        let names = names(trainer.network(), self.is_softmax);
        let mut metrics = step_metrics(report, Some(&names));
        metrics.extend(evaluation_metrics(evaluation, epoch, seconds));
        let metrics: Vec<(&str, f64)> =
            metrics.iter().map(|(name, value)| (name.as_str(), *value)).collect();
        Ok(self.writer.append(&NewStep {
            number,
            time: None,
            tensors: &tensors,
            metrics: &metrics,
        })?)
    }
}

/// What a step gave; with `names` the length of each parameter's gradient too.
pub(super) fn step_metrics(
    report: Option<&StepReport>,
    names: Option<&[String]>,
) -> Vec<(String, f64)> {
    let Some(report) = report else { return Vec::new() };
    let mut metrics = vec![
        ("loss".to_owned(), report.score.mean_loss()),
        ("accuracy".to_owned(), report.score.accuracy()),
        ("grad_norm".to_owned(), report.norm),
    ];
    let norms = names.unwrap_or_default().iter().zip(&report.norms);
    metrics.extend(norms.map(|(name, norm)| (format!("grad_norm.{name}"), *norm)));
    metrics
}

pub(super) fn evaluation_metrics(
    evaluation: &Evaluation,
    epoch: f64,
    seconds: f64,
) -> Vec<(String, f64)> {
    let score = evaluation.score;
    let mut metrics = vec![
        ("validation_loss".to_owned(), score.mean_loss()),
        ("validation_accuracy".to_owned(), score.accuracy()),
        ("epoch".to_owned(), epoch),
    ];
    if seconds > 0.0 {
        metrics.push(("seconds".to_owned(), seconds));
    }
    metrics
}

fn bytes(values: &[f32]) -> Vec<u8> {
    let mut bytes = Vec::new();
    f32::push_bytes(values, &mut bytes);
    bytes
}

/// Names of the parameters in a run: softmax regression has `weight` and `bias`.
fn names(network: &Network<f32>, is_softmax: bool) -> Vec<String> {
    let names = network.parameters().into_iter().map(|(name, ..)| name);
    match is_softmax {
        true => names.map(|name| name.trim_start_matches("0.").to_owned()).collect(),
        false => names.collect(),
    }
}

/// Parameters and memory as they are recorded. The weight of softmax regression is `[in, out]`, as the
/// published MNIST run has it: column i is class i.
fn arrays(trainer: &dyn Trainer, is_softmax: bool) -> Vec<Array<f32>> {
    let memory = trainer.memory().into_iter().map(|mut array| {
        array.name = format!("{MEMORY}{}", array.name);
        array
    });
    let mut arrays: Vec<Array<f32>> =
        trainer.network().arrays().into_iter().chain(memory).collect();
    if is_softmax {
        arrays.iter_mut().for_each(|array| {
            array.name = array.name.replace("0.", "");
            turn(array);
        });
    }
    arrays
}

/// The other way round, where it has two axes.
fn turn(array: &mut Array<f32>) {
    if let [rows, columns] = array.shape[..] {
        array.values = hinton_net::product::transposed(&array.values, rows, columns);
        array.shape = vec![columns, rows];
    }
}

/// Parameters and memory as a recorded step has them, in memory.
pub(super) fn checkpoint(trainer: &dyn Trainer) -> Result<Checkpoint, Error> {
    let arrays = arrays(trainer, is_softmax(trainer.network())).into_iter();
    let tensors = arrays.map(|array| tensor_of(array.name, &array.shape, &array.values));
    Ok(Checkpoint {
        path: "trained".to_owned(),
        format: "memory",
        metadata: Vec::new(),
        tensors: tensors.collect::<Result<_, _>>()?,
        files: Vec::new(),
        warnings: Vec::new(),
    })
}

/// What a recorded training can be resumed.
pub(super) struct Past {
    pub(super) step: u64,
    pub(super) parameters: Vec<Array<f32>>,
    pub(super) memory: Vec<Array<f32>>,
    pub(super) best: Option<(f64, u64)>,
    pub(super) seconds: f64,
}

/// What a run was trained on: the name of the data and its seed; for the user's own files the path,
/// and the names of inputs and labels.
///
/// # Errors
/// Returns an error if the folder holds no run that `hinton train` recorded.
pub fn data_of(folder: &Path) -> Result<(String, Settings), Error> {
    if hinton_run::is_unbegun(folder) {
        return Err(Error::unfit(
            format!("{}: the training was ended before its first step", folder.display()),
            "begin it again with the setting `record`: the folder can be used",
        ));
    }
    let json = settings_json(hinton_run::run_settings(folder)?, folder)?;
    let name = json["data"].as_str().unwrap_or_default().to_owned();
    Ok((name, Settings::of_json(&json)?))
}

fn settings_json(text: Option<String>, folder: &Path) -> Result<Value, Error> {
    serde_json::from_str(&text.unwrap_or_default()).map_err(|_| {
        Error::unfit(
            format!("{}: the run has no settings", folder.display()),
            "only trainings that hinton recorded can be resumed",
        )
    })
}

/// Reads a recorded training: its settings, and how far it came; `None` where it was ended before
/// its first step.
pub(super) fn read(folder: &Path, data: &DataSet) -> Result<(Settings, Option<Past>), Error> {
    let run = hinton_run::open_run(&[folder.to_owned()], &RunOptions::default())?;
    let json = settings_json(run.settings.clone(), folder)?;
    let settings = Settings::of_json(&json)?;
    let fingerprint = format!("{:016x}", data.fingerprint());
    if json["fingerprint"].as_str().is_some_and(|recorded| recorded != fingerprint) {
        return Err(Error::unfit(
            format!(
                "{}: the run was trained on other data than this {}",
                folder.display(),
                data.name
            ),
            "give the data it was trained on",
        ));
    }
    if run.steps.is_empty() {
        return Ok((settings, None));
    }
    let network = settings.network()?;
    let is_softmax = is_softmax(&network);
    let Some(last) = run.steps.iter().rposition(|step| step.broken.is_none()) else {
        let message = format!("{}: the run has no step that can be read", folder.display());
        return Err(Error::unfit(message, "train anew"));
    };
    let names = names(&network, is_softmax);
    let own: Vec<String> = network.parameters().into_iter().map(|(name, ..)| name).collect();
    let take = |recorded: &str, name: String| {
        let tensor = run.tensor(last, recorded).map_err(Error::from)?.ok_or_else(|| {
            let step = run.steps[last].number;
            let message = format!("{}: step {step} has no {recorded}", folder.display());
            Error::unfit(message, "only trainings that hinton recorded can be resumed")
        })?;
        let shape = tensor.shape().to_vec();
        let mut array = Array { name, shape, values: tensor.to_f32()? };
        if is_softmax {
            turn(&mut array);
        }
        Ok::<_, Error>(array)
    };
    let mut parameters = Vec::new();
    let mut memory = Vec::new();
    for (recorded, name) in names.iter().zip(&own) {
        parameters.push(take(recorded, name.clone())?);
        for slot in settings.optimizer.remembers {
            memory.push(take(&format!("{MEMORY}{slot}.{recorded}"), format!("{slot}.{name}"))?);
        }
    }
    let step = run.steps[last].number;
    let until =
        |metric: &str| run.series(metric).into_iter().filter(move |(number, _)| *number <= step);
    let epochs: Vec<(u64, f64)> = until("epoch").collect();
    let mut best: Option<(f64, u64)> = None;
    for (number, loss) in until("validation_loss") {
        let epoch = epochs.iter().find(|(other, _)| *other == number).map(|(_, epoch)| *epoch);
        // Only at the end of an epoch, as while it trained.
        let Some(epoch) = epoch.filter(|epoch| *epoch >= 1.0 && epoch.fract() == 0.0) else {
            continue;
        };
        if best.is_none_or(|(least, _)| loss < least) {
            best = Some((loss, epoch as u64));
        }
    }
    let seconds = until("seconds").next_back().map_or(0.0, |(_, seconds)| seconds);
    Ok((settings, Some(Past { step, parameters, memory, best, seconds })))
}
