//! Compares the steps of a run: which step changed which tensor, and how far.

use hinton_chart::change::{self, OverSteps, State};
use hinton_chart::{Options, short_count};
use hinton_picture::Picture;
use hinton_run::Run;
use hinton_tensor::{TensorError, Work};
use hinton_weights::{Error, chosen, learned};
use hinton_words::visible;
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

use super::{Diff, Rule, compared, summary};

/// Most tensors that a picture shows.
const MOST_ROWS: usize = 60;
/// The version of the JSON.
const VERSION: u32 = 1;

/// How far each step of a run changed its tensors, compared with the step before.
#[derive(Debug, Clone, PartialEq)]
pub struct StepChanges {
    /// Path of the run.
    pub path: String,
    /// What the steps are counted in: `step`, `epoch`.
    pub axis: String,
    /// The numbers of the steps that were compared: one more than there are changes.
    pub steps: Vec<u64>,
    /// The relative change of all tensors together, for each step but the first; `None` if nothing
    /// could be compared.
    pub relative: Vec<Option<f64>>,
    /// Every tensor, in the order of the run.
    pub tensors: Vec<TensorChanges>,
    /// Steps that could not be read, and why.
    pub notes: Vec<String>,
}

/// How far each step changed one tensor.
#[derive(Debug, Clone, PartialEq)]
pub struct TensorChanges {
    /// Its name.
    pub name: String,
    /// One change for each step but the first.
    pub changes: Vec<StepChange>,
}

/// How far one step changed a tensor.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum StepChange {
    /// The tensor is missing from this step or the one before, or has another shape.
    Missing,
    /// Unchanged.
    Equal,
    /// Changed.
    Moved {
        /// The norm of the difference divided by the norm of the tensor before; `None` if that was
        /// all zeros.
        relative: Option<f64>,
        /// Whether non-finite values appeared or disappeared.
        is_odd: bool,
    },
}

impl StepChange {
    /// The relative change; `None` if there is none or it is unknown.
    pub fn relative(&self) -> Option<f64> {
        match self {
            StepChange::Equal => Some(0.0),
            StepChange::Moved { relative, .. } => *relative,
            StepChange::Missing => None,
        }
    }

    fn is_odd(&self) -> bool {
        matches!(self, StepChange::Moved { is_odd: true, .. })
    }
}

impl TensorChanges {
    /// The largest change: its index in [`changes`](TensorChanges::changes), and its size.
    pub fn most(&self) -> Option<(usize, f64)> {
        let known = self.changes.iter().enumerate();
        let moved = known.filter_map(|(index, one)| Some((index, one.relative()?)));
        // Of equal ones the first.
        moved.filter(|one| one.1 > 0.0).max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)))
    }
}

/// Compares each step of a run with the one before, for the tensors that match the patterns, or all
/// learned tensors without patterns. `looked` is called with the number of steps done.
///
/// # Errors
/// Returns an error if fewer than two steps can be read, a pattern matches nothing, or the work was
/// cancelled.
pub fn diff_steps(
    run: &Run,
    patterns: &[String],
    work: Work<'_>,
    looked: &dyn Fn(usize, usize),
) -> Result<StepChanges, Error> {
    let names: Vec<String> = learned(run).iter().map(|one| one.name.clone()).collect();
    let mut found = StepChanges {
        path: run.path.clone(),
        axis: run.axis.clone(),
        steps: Vec::new(),
        relative: Vec::new(),
        tensors: Vec::new(),
        notes: Vec::new(),
    };
    let mut before = None;
    let mut first_error = None;
    for (index, step) in run.steps.iter().enumerate() {
        looked(index, run.steps.len());
        if let Some(why) = &step.broken {
            found.notes.push(format!("{} is left out: {why}", visible(&step.name)));
            continue;
        }
        let now = match chosen(run, index, patterns, &names) {
            Ok(now) => now,
            Err(Error::Tensor(stop @ TensorError::Cancelled(_))) => return Err(stop.into()),
            // A pattern may mean something in other steps.
            Err(error) => {
                first_error = first_error.or(Some(error));
                Vec::new()
            }
        };
        if let Some(before) = before {
            let mut pair = compared(before, now.clone(), Rule::Exact)?;
            pair.read(work)?;
            found.add(&pair);
        }
        found.steps.push(step.number);
        before = Some(now);
    }
    looked(run.steps.len(), run.steps.len());
    if found.steps.len() < 2 {
        return Err(Error::unfit(
            format!("{}: fewer than two steps can be read", visible(&run.path)),
            "compare two files instead",
        ));
    }
    match (found.tensors.is_empty(), first_error) {
        (true, Some(error)) => Err(error),
        (true, None) => Err(Error::unfit(
            format!("{}: no tensor is in two steps that follow one another", visible(&run.path)),
            "name one: -t NAME",
        )),
        _ => Ok(found),
    }
}

impl StepChanges {
    /// Adds what the next step changed.
    fn add(&mut self, diff: &Diff) {
        let past = self.relative.len();
        self.relative.push(diff.relative());
        for pair in &diff.pairs {
            let change = match &pair.measures {
                Some(one) if one.is_same() => StepChange::Equal,
                Some(one) => {
                    StepChange::Moved { relative: one.relative(), is_odd: one.odd.changed() > 0 }
                }
                None => StepChange::Missing,
            };
            let name = pair.a.name();
            let place = match self.tensors.iter().position(|one| one.name == name) {
                Some(place) => place,
                None => {
                    let changes = vec![StepChange::Missing; past];
                    self.tensors.push(TensorChanges { name: name.to_owned(), changes });
                    self.tensors.len() - 1
                }
            };
            self.tensors[place].changes.push(change);
        }
        for tensor in &mut self.tensors {
            tensor.changes.resize(past + 1, StepChange::Missing);
        }
    }

    /// The two steps that a change lies between: `step 100 → 200`.
    pub fn between(&self, change: usize) -> String {
        let number =
            |index: usize| self.steps.get(index).map_or(String::new(), |n| short_count(*n));
        format!("{} {} → {}", self.axis, number(change), number(change + 1))
    }

    /// The tensors by their largest change in one step, largest first; equal ones stay in order.
    pub fn by_change(&self) -> Vec<&TensorChanges> {
        let mut tensors: Vec<&TensorChanges> = self.tensors.iter().collect();
        let most = |one: &TensorChanges| one.most().map_or(-1.0, |most| most.1);
        tensors.sort_by(|a, b| most(b).total_cmp(&most(a)));
        tensors
    }

    /// What happened, in a few sentences, the most important first.
    pub fn summary(&self) -> Vec<String> {
        let steps = summary::several(self.steps.len() as u64, &self.axis);
        let mut lines =
            vec![format!("{} over {steps}", summary::several(self.tensors.len() as u64, "tensor"))];
        let changes = self.relative.iter().enumerate();
        let most = changes
            .filter_map(|(index, change)| Some((index, (*change)?)))
            .max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)));
        match most {
            Some((index, change)) if change > 0.0 => {
                lines[0].push_str(&format!(
                    "; {} changed most, by {} of the norm of all",
                    self.between(index),
                    summary::percent(change)
                ));
            }
            _ => lines[0].push_str("; nothing changed"),
        }
        if let Some((index, name, change)) = self
            .by_change()
            .first()
            .and_then(|one| one.most().map(|most| (most.0, &one.name, most.1)))
        {
            lines.push(format!(
                "the largest change of one tensor: {} by {} at {}",
                visible(name),
                summary::percent(change),
                self.between(index)
            ));
        }
        let still = self.tensors.iter().filter(|one| {
            one.changes
                .iter()
                .all(|change| matches!(change, StepChange::Equal | StepChange::Missing))
        });
        match still.count() {
            0 => {}
            count => {
                lines.push(format!("{} never changed", summary::several(count as u64, "tensor")))
            }
        }
        lines.extend(self.first_odd());
        lines
    }

    /// Where NaN or infinities first came or went.
    fn first_odd(&self) -> Option<String> {
        let first = |one: &TensorChanges| one.changes.iter().position(StepChange::is_odd);
        let found = self.tensors.iter().filter_map(|one| Some((first(one)?, &one.name)));
        let (index, name) = found.min_by_key(|one| one.0)?;
        let (name, between) = (visible(name), self.between(index));
        Some(format!("NaN or infinities came or went first in {name} at {between}"))
    }

    /// Draws the changes as a matrix of tensors by steps.
    ///
    /// # Errors
    /// Returns an error if the page is too small.
    pub fn draw(&self, options: &Options) -> Result<Picture, Error> {
        let state = |change: &StepChange| match *change {
            StepChange::Missing => None,
            StepChange::Equal => Some(State::Equal),
            StepChange::Moved { relative, is_odd } => Some(State::Moved { relative, is_odd }),
        };
        // Where they are too many, those that moved farthest, in the order of the run.
        let shown: Vec<&str> =
            self.by_change().iter().take(MOST_ROWS).map(|one| one.name.as_str()).collect();
        let shown = self.tensors.iter().filter(|one| shown.contains(&one.name.as_str()));
        let rows: Vec<OverSteps> = shown
            .map(|one| OverSteps {
                name: visible(&one.name).into_owned(),
                states: one.changes.iter().map(state).collect(),
            })
            .collect();
        let mut options = options.clone();
        if self.tensors.len() > rows.len() {
            let (some, all) = (rows.len(), self.tensors.len());
            options.notes.push(format!("the {some} of {all} tensors that moved farthest"));
        }
        options.notes.extend(self.summary());
        options.notes.push("colours: norm of the change over the norm before".to_owned());
        options.notes.extend(self.notes.iter().cloned());
        let name = std::path::Path::new(&self.path).file_name();
        let name = name.map_or(self.path.clone(), |name| name.to_string_lossy().into_owned());
        let title = format!("{}: which {} changed which tensor", visible(&name), self.axis);
        options.title = options.title.or(Some(title));
        let steps: Vec<String> = self.steps.iter().skip(1).map(|step| short_count(*step)).collect();
        let picture = change::over_steps(&rows, &steps, &self.axis, &options)?;
        let drawn = Picture { scene: picture.scene, notes: picture.notes, dpi: options.dpi };
        Ok(hinton_picture::fonts::noted(drawn))
    }
}

impl Serialize for StepChanges {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("version", &VERSION)?;
        map.serialize_entry("path", &self.path)?;
        map.serialize_entry("axis", &self.axis)?;
        map.serialize_entry("summary", &self.summary())?;
        map.serialize_entry("steps", &self.steps)?;
        map.serialize_entry("relative", &self.relative)?;
        map.serialize_entry("tensors", &Tensors(self))?;
        map.serialize_entry("notes", &self.notes)?;
        map.end()
    }
}

struct Tensors<'a>(&'a StepChanges);

impl Serialize for Tensors<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.0.tensors.len()))?;
        for tensor in &self.0.tensors {
            list.serialize_element(&OneTensor(self.0, tensor))?;
        }
        list.end()
    }
}

struct OneTensor<'a>(&'a StepChanges, &'a TensorChanges);

impl Serialize for OneTensor<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let OneTensor(all, tensor) = self;
        let most = tensor.most();
        let relative: Vec<Option<f64>> = tensor.changes.iter().map(StepChange::relative).collect();
        let odd: Vec<u64> = tensor
            .changes
            .iter()
            .enumerate()
            .filter(|(_, change)| change.is_odd())
            .filter_map(|(index, _)| all.steps.get(index + 1).copied())
            .collect();
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("name", &tensor.name)?;
        map.serialize_entry("most", &most.map(|one| one.1))?;
        map.serialize_entry("most_at", &most.and_then(|one| all.steps.get(one.0 + 1)))?;
        map.serialize_entry("relative", &relative)?;
        map.serialize_entry("nan_or_inf_at", &odd)?;
        map.end()
    }
}
