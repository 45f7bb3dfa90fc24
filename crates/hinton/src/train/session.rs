//! A training session, from its first step to its last.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use hinton_format::Checkpoint;
use hinton_net::Network;
use hinton_net::data::DataSet;
use hinton_net::random::Random;
use hinton_net::train::{Evaluation, NativeTrainer, Score, StepReport, Trainer};

use hinton_tensor::Work;

use super::picture;
use super::record::{self, Recorder};
use crate::{DrawRequest, Error, Picture};
use hinton_draw::training::{Order, Settings, is_softmax};

/// Receives the progress of a training session, provides the time, and may stop the session.
pub trait Watch {
    /// The current time in seconds, from any starting point; `None` if there is no clock.
    fn now(&mut self) -> Option<f64> {
        None
    }

    /// Called after each step. `Break` stops the training.
    fn step(&mut self, _progress: &StepProgress, _session: &Session) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    /// Called after each epoch. `Break` stops the training.
    fn epoch(&mut self, _report: &EpochReport, _session: &Session) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// A [`Watch`] that does nothing and never stops the training.
#[derive(Debug, Clone, Copy)]
pub struct Unwatched;

impl Watch for Unwatched {}

/// The progress of a training session.
#[derive(Debug, Clone, Copy)]
pub struct StepProgress {
    /// Number of steps done in total.
    pub step: u64,
    /// The current epoch, counted from 1.
    pub epoch: u64,
    /// Number of steps done in this epoch.
    pub done: u64,
    /// Number of steps in this epoch.
    pub of: u64,
}

/// The results of one epoch.
#[derive(Debug, Clone)]
pub struct EpochReport {
    /// Its number, from 1.
    pub epoch: u64,
    /// Number of epochs that are planned in total.
    pub of: u64,
    /// Seconds that its steps took, without evaluation; 0 without a clock.
    pub seconds: f64,
    /// Loss and accuracy on the validation points.
    pub validation: Score,
    /// Loss and accuracy over its steps, each measured before the step changed the weights.
    pub training: Score,
}

/// How a training session ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// All epochs are done.
    Finished,
    /// The [`Watch`] stopped it.
    Stopped,
    /// The loss did not improve for as many epochs as the patience allows.
    Patience {
        /// The epoch with the smallest loss.
        best: u64,
    },
    /// A value became non-finite.
    Diverged {
        /// The number of the step that could not be taken, counted from 1.
        step: u64,
        /// What is not finite.
        what: String,
        /// A suggestion for the user.
        advice: String,
    },
}

/// A training session: a network that is being trained on data.
pub struct Session {
    data: Arc<DataSet>,
    settings: Settings,
    trainer: Box<dyn Trainer + Send + Sync>,
    /// The first are set apart, the others train.
    points: Vec<u32>,
    recorder: Option<Recorder>,
    /// Smallest loss so far and its epoch.
    best: Option<(f64, u64)>,
    /// Seconds of training so far.
    seconds: f64,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Session {
    /// A training session that has not started yet, using `threads` threads (0: one per core). Data
    /// in an [`Arc`] are shared; others are moved, or copied from a reference.
    ///
    /// # Errors
    /// Returns an error if the model does not fit the data, or a setting makes no sense.
    pub fn new(
        data: impl Into<Arc<DataSet>>,
        settings: Settings,
        threads: usize,
    ) -> Result<Self, Error> {
        let data = data.into();
        check(&data, &settings)?;
        let network = settings.network()?;
        let (row, rate) = (settings.optimizer, settings.rate);
        let threads = crate::threads(threads);
        let trainer = NativeTrainer::new(Arc::clone(&data), network, row, rate, threads)?;
        let mut points: Vec<u32> = (0..data.len() as u32).collect();
        if settings.order != Order::File {
            let order = Random::of(settings.seed, "points").order(points.len());
            points = order.into_iter().map(|point| point as u32).collect();
        }
        let trainer = Box::new(trainer);
        Ok(Session { data, settings, trainer, points, recorder: None, best: None, seconds: 0.0 })
    }

    /// Records from now on into a folder that holds no run yet, starting with the current weights.
    ///
    /// # Errors
    /// Returns an error if the folder already holds a run, or it cannot be written.
    pub fn record(&mut self, folder: &Path) -> Result<(), Error> {
        self.recorder = Some(Recorder::create(folder, &self.data, &self.settings)?);
        self.save(None, &self.evaluate())
    }

    /// Resumes a recorded training session where it stopped, and keeps recording it.
    ///
    /// # Errors
    /// Returns an error if the folder holds no run on this data that can be resumed.
    pub fn resume(
        folder: &Path,
        data: impl Into<Arc<DataSet>>,
        threads: usize,
    ) -> Result<Self, Error> {
        let data = data.into();
        // First, because it mends what a killed writer left.
        let mut recorder = Recorder::resume(folder)?;
        let (settings, past) = record::read(folder, &data)?;
        let mut session = Session::new(data, settings, threads)?;
        let Some(past) = past else {
            // It was ended before its first step, or that one was cut.
            drop(recorder);
            session.record(folder)?;
            return Ok(session);
        };
        session.trainer.restore(past.step, &past.parameters, &past.memory)?;
        session.best = past.best;
        session.seconds = past.seconds;
        recorder.set_softmax(is_softmax(session.network()));
        if let Some(later) = recorder.last().filter(|last| *last > past.step) {
            return Err(Error::unfit(
                format!(
                    "{}: step {later} cannot be read, and would be trained again",
                    folder.display()
                ),
                format!("move steps/{later}.safetensors away"),
            ));
        }
        session.recorder = Some(recorder);
        Ok(session)
    }

    /// Steps at the end of a resumed run whose files were incomplete, as after a power failure.
    /// They were removed and are trained again.
    pub fn removed_steps(&self) -> &[u64] {
        self.recorder.as_ref().map_or(&[], Recorder::removed)
    }

    /// The settings of the session.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Sets the total number of epochs to train.
    pub fn set_epochs(&mut self, epochs: u64) {
        self.settings.epochs = epochs;
    }

    /// The data that it trains on.
    pub fn data(&self) -> &DataSet {
        &self.data
    }

    /// The network in its current state.
    pub fn network(&self) -> &Network<f32> {
        self.trainer.network()
    }

    /// Whether the model is softmax regression, whose weights are one picture per class.
    pub fn is_softmax(&self) -> bool {
        is_softmax(self.network())
    }

    /// Number of steps done.
    pub fn steps(&self) -> u64 {
        self.trainer.steps()
    }

    /// Number of whole epochs done.
    pub fn epochs_done(&self) -> u64 {
        self.steps() / self.steps_per_epoch()
    }

    /// Epochs done, parts of one included.
    fn epochs(&self) -> f64 {
        self.steps() as f64 / self.steps_per_epoch() as f64
    }

    /// Number of steps in an epoch.
    pub fn steps_per_epoch(&self) -> u64 {
        let points = self.points.len() - self.settings.validation;
        points.div_ceil(self.settings.batch) as u64
    }

    /// Evaluates the network on the validation points, or on all points if there are none.
    pub fn evaluate(&self) -> Evaluation {
        self.trainer.evaluate(match self.settings.validation {
            0 => &self.points,
            apart => &self.points[..apart],
        })
    }

    /// The smallest and the largest weight, not counting biases.
    pub fn weight_range(&self) -> (f32, f32) {
        let network = self.network();
        let mut range = (f32::INFINITY, f32::NEG_INFINITY);
        for (name, _, at) in network.parameters() {
            if name.ends_with(".weight") {
                for value in &network.values()[at] {
                    range = (range.0.min(*value), range.1.max(*value));
                }
            }
        }
        range
    }

    /// The parameters and the state of the optimiser, as a recorded step holds them.
    ///
    /// # Errors
    /// Returns an error if a tensor cannot be made of them.
    pub fn checkpoint(&self) -> Result<Checkpoint, Error> {
        record::checkpoint(&*self.trainer)
    }

    /// Draws what was learned: for softmax regression on pictures, the weights of each class; for
    /// points in the plane, the regions of the classes; else an overview of the weights. A request
    /// about matrices always draws the weights.
    ///
    /// # Errors
    /// Returns an error if the request does not fit.
    pub fn picture(&self, request: &DrawRequest) -> Result<Picture, Error> {
        self.picture_with(request, Work::on_all())
    }

    /// As [`picture`](Session::picture), with this number of threads, reporting to a
    /// [`Progress`](crate::Progress), which may cancel the work.
    ///
    /// # Errors
    /// Returns the errors of [`picture`](Session::picture), and an error if the work was cancelled.
    pub fn picture_with(&self, request: &DrawRequest, work: Work<'_>) -> Result<Picture, Error> {
        picture::picture(self, request, work)
    }

    /// Trains until all epochs are done, the watcher stops it, or a value becomes non-finite. The
    /// recorded run is complete when this returns, and calling it again continues the training.
    ///
    /// # Errors
    /// Returns an error if the run cannot be written.
    pub fn run(&mut self, watch: &mut dyn Watch) -> Result<Outcome, Error> {
        while self.epochs_done() < self.settings.epochs {
            if let Some(outcome) = self.epoch(watch)? {
                return Ok(outcome);
            }
        }
        Ok(Outcome::Finished)
    }

    /// What is left of an epoch.
    fn epoch(&mut self, watch: &mut dyn Watch) -> Result<Option<Outcome>, Error> {
        let of = self.steps_per_epoch();
        let (epoch, skipped) = (self.steps() / of + 1, self.steps() % of);
        let order = self.order(epoch);
        let mut training = Score::default();
        let mut begun = watch.now();
        let mut seconds = 0.0;
        let mut last = None;
        for batch in order.chunks(self.settings.batch).skip(skipped as usize) {
            let report = self.trainer.step(batch);
            if report.diverged.is_some() {
                return self.diverged(&report).map(Some);
            }
            training = training.and(report.score);
            let step = self.steps();
            let progress = StepProgress { step, epoch, done: (step - 1) % of + 1, of };
            let ends = progress.done == of;
            // What the watcher does with the step is no training.
            let before = watch.now();
            let flow = watch.step(&progress, self);
            let watched = since(before, watch.now());
            begun = begun.map(|begun| begun + watched);
            if let Some(recorder) = &mut self.recorder {
                recorder.step(step, &report)?;
            }
            if ends {
                last = Some(report);
                break;
            }
            let is_due = self.settings.record_every.takes(step, false);
            if flow.is_break() || (is_due && self.recorder.is_some()) {
                let part = since(begun, watch.now());
                seconds += part;
                self.seconds += part;
                self.save(Some(&report), &self.evaluate())?;
                begun = watch.now();
            }
            if flow.is_break() {
                return Ok(Some(Outcome::Stopped));
            }
        }
        let part = since(begun, watch.now());
        seconds += part;
        self.seconds += part;
        let evaluation = self.evaluate();
        let validation = evaluation.score;
        let report = EpochReport { epoch, of: self.settings.epochs, seconds, validation, training };
        let flow = watch.epoch(&report, self);
        let patience = self.patience(epoch, validation.mean_loss());
        let ended = match patience {
            Some(outcome) => Some(outcome),
            None => flow.is_break().then_some(Outcome::Stopped),
        };
        self.end_epoch(
            last.as_ref(),
            &evaluation,
            ended.is_some() || epoch >= self.settings.epochs,
        )?;
        Ok(ended)
    }

    /// The points of an epoch, in its order: the same whenever it is asked for.
    fn order(&self, epoch: u64) -> Vec<u32> {
        let points = &self.points[self.settings.validation..];
        if self.settings.order != Order::Epoch {
            return points.to_vec();
        }
        let seed = self.settings.seed.wrapping_add(epoch.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let order = Random::of(seed, "epoch").order(points.len());
        order.into_iter().map(|index| points[index]).collect()
    }

    /// Whether there has been no smaller loss for long enough.
    fn patience(&mut self, epoch: u64, loss: f64) -> Option<Outcome> {
        if self.best.is_none_or(|(best, _)| loss < best) {
            self.best = Some((loss, epoch));
        }
        let (_, best) = self.best?;
        let is_over = self.settings.patience > 0 && epoch - best >= self.settings.patience;
        is_over.then_some(Outcome::Patience { best })
    }

    fn end_epoch(
        &mut self,
        report: Option<&StepReport>,
        evaluation: &Evaluation,
        is_last: bool,
    ) -> Result<(), Error> {
        let step = self.trainer.steps();
        if is_last || self.settings.record_every.takes(step, true) {
            return self.save(report, evaluation);
        }
        let epoch = self.epochs();
        let mut metrics = record::step_metrics(report, None);
        metrics.extend(record::evaluation_metrics(evaluation, epoch, self.seconds));
        if let Some(recorder) = &mut self.recorder {
            recorder.log(step, metrics)?;
        }
        Ok(())
    }

    /// Records the weights as they are.
    fn save(&mut self, report: Option<&StepReport>, evaluation: &Evaluation) -> Result<(), Error> {
        let epoch = self.epochs();
        let Some(recorder) = &mut self.recorder else { return Ok(()) };
        recorder.save(&*self.trainer, report, evaluation, epoch, self.seconds)
    }

    /// Records how far it came, and says what to do.
    fn diverged(&mut self, report: &StepReport) -> Result<Outcome, Error> {
        let step = self.steps() + 1;
        let what = report.diverged.as_ref().map_or("the loss", |why| &why.what).to_owned();
        let is_saved =
            self.recorder.as_ref().is_none_or(|recorder| recorder.last() == Some(self.steps()));
        if !is_saved {
            self.save(None, &self.evaluate())?;
        }
        if let Some(recorder) = &mut self.recorder {
            recorder.step(step, report)?;
            recorder.flush()?;
        }
        let rate = self.settings.rate;
        let largest = largest(&self.data);
        let mut advice = format!("try a lower learning rate: `lr={}`", rate / 10.0);
        if largest > 100.0 {
            advice.push_str(&format!("; or scale the inputs, which reach {largest}"));
        }
        Ok(Outcome::Diverged { step, what, advice })
    }
}

fn since(begun: Option<f64>, now: Option<f64>) -> f64 {
    match (begun, now) {
        (Some(begun), Some(now)) => (now - begun).max(0.0),
        _ => 0.0,
    }
}

/// The largest magnitude of the inputs.
fn largest(data: &DataSet) -> f32 {
    let all: Vec<u32> = (0..data.len().min(10_000) as u32).collect();
    data.inputs.gather(&all).iter().fold(0.0, |most, value| most.max(value.abs()))
}

fn check(data: &DataSet, settings: &Settings) -> Result<(), Error> {
    let Settings { validation, batch, rate, .. } = *settings;
    if validation >= data.len() {
        return Err(Error::request(
            format!("`validation={validation}`: {} has {} points", data.name, data.len()),
            format!(
                "set apart up to {} of them; 0 measures on those that are trained on",
                data.len().saturating_sub(1)
            ),
        ));
    }
    if batch == 0 {
        return Err(Error::request("`batch=0`: a step needs at least one point", ""));
    }
    if !rate.is_finite() || rate <= 0.0 {
        return Err(Error::request(format!("`lr={rate}`: expected a positive number"), ""));
    }
    Ok(())
}
