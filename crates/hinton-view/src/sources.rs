//! What is viewed: checkpoints and runs, with their tensors.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use hinton::arrange::{matrix_orientation, matrix_shape};
use hinton::errors::ErrorKind;
use hinton::files::names_beside;
use hinton::runs::{Run, RunKind, RunOptions};
use hinton::tensors::{AxisNames, names_of_table};
use hinton::{Checkpoint, Error, Limits, Tensor, Warning};
use hinton_tensor::Component;

use crate::Refusal;
use crate::colours::Cells;
use crate::groups::Groups;
use crate::pairs::{self, Pairs};
use crate::view::{Frame, View};

/// Most checkpoints of steps that are kept open.
const MOST_STEPS: usize = 6;
/// Most bytes of values that are kept in memory because they can only be read from the beginning on.
const MOST_HELD: u64 = 1 << 30;

/// Most folders of a folder that are looked into, and most of them that are shown together.
const MOST_FOLDERS: usize = 256;
const MOST_BELOW: usize = 16;

/// One of the paths that a viewer was opened with.
pub(crate) struct Source {
    /// The path as the caller gave it.
    pub(crate) path: PathBuf,
    pub(crate) holds: Holds,
}

/// What a path is.
pub(crate) enum Holds {
    File(Checkpoint),
    Run(Box<Run>),
    /// Tensors that are made of those of other sources.
    Made(Vec<Tensor>),
}

/// A tensor of a source.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// Index of its source.
    pub(crate) source: usize,
    /// Its place among the tensors of its source.
    pub(crate) index: usize,
    pub(crate) name: String,
    pub(crate) dtype: &'static str,
    pub(crate) shape: Vec<usize>,
    /// Rows and columns of the matrix that it is shown as.
    pub(crate) matrix: [usize; 2],
    pub(crate) is_quantised: bool,
    /// What a quantised tensor can be looked at besides its values, and how many of them along each
    /// axis share a scale.
    pub(crate) components: Vec<Component>,
    pub(crate) block: Vec<usize>,
    pub(crate) bytes: u64,
    /// The byte of its file at which its values begin, where they lie there as they are.
    pub(crate) first_byte: Option<u64>,
    /// Whether it is made of other tensors and lies in no file.
    pub(crate) is_made: bool,
    /// What must be known to read its values right.
    pub(crate) remark: Option<String>,
    /// Whether statistics stand for its values, which are not there.
    pub(crate) is_summary: bool,
}

impl Entry {
    pub(crate) fn orientation(&self) -> String {
        matrix_orientation(&self.shape)
    }

    /// Length of each axis of its values, or of a component.
    ///
    /// # Errors
    /// Where it has no such component.
    fn shape_of(&self, component: Option<Component>) -> Result<Vec<usize>, Refusal> {
        match component {
            Some(component) if !self.components.contains(&component) => {
                let (name, word) = (&self.name, component.word());
                Err(Refusal::question(format!("{name:?} ({}) has no {word}", self.dtype)))
            }
            None | Some(Component::Codes) => Ok(self.shape.clone()),
            Some(Component::Scales | Component::Offsets) => {
                let axes = self.shape.iter().zip(&self.block);
                Ok(axes.map(|(length, block)| length.div_ceil(*block)).collect())
            }
        }
    }
}

impl Source {
    /// Opens a path: a run where it is one, else a checkpoint.
    ///
    /// Its files are read by position: one that a training cuts short meanwhile is an error of one
    /// question, where a mapped one would end the program.
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        let mut limits = Limits::default();
        limits.by_position = true;
        let run =
            || hinton::runs::open_run(&[path], &RunOptions { limits, ..RunOptions::default() });
        let holds = if hinton::runs::is_run_folder(path) {
            Holds::Run(Box::new(run()?))
        } else {
            match hinton::open_with(path, &limits) {
                Ok(checkpoint) => Holds::File(checkpoint),
                // A folder of checkpoints is none itself. Where it is no run either, the first
                // error says more.
                Err(error) => match run() {
                    Ok(run) if run.kind == RunKind::RunFolder || run.steps.len() > 1 => {
                        Holds::Run(Box::new(run))
                    }
                    _ => return Err(error),
                },
            }
        };
        Ok(Source { path: path.to_owned(), holds })
    }

    /// Opens a path, or, where it is a folder that is none itself, what its folders hold: the parts of a
    /// pipeline, several models.
    pub(crate) fn all_of(path: &Path) -> Result<Vec<Self>, Error> {
        let error = match Source::open(path) {
            Ok(source) => return Ok(vec![source]),
            Err(error) => error,
        };
        let is_unknown = |error: &Error| matches!(error, Error::Open(error) if error.kind() == ErrorKind::Unrecognised);
        if !is_unknown(&error) {
            return Err(error);
        }
        let (mut found, mut broken) = (Vec::new(), Vec::new());
        for folder in hinton::files::folders_in(path).iter().take(MOST_FOLDERS) {
            match Source::open(folder) {
                Ok(source) => found.push(source),
                Err(error) if is_unknown(&error) => {}
                Err(error) => broken.push(Warning::file(format!("not shown: {error}"))),
            }
        }
        // More would be too small to see; the error names them.
        if !(1..=MOST_BELOW).contains(&found.len()) {
            return Err(error);
        }
        match &mut found[0].holds {
            Holds::File(file) => file.warnings.extend(broken),
            Holds::Run(run) => run.warnings.extend(broken),
            Holds::Made(_) => {}
        }
        Ok(found)
    }

    /// A checkpoint that is open already.
    pub(crate) fn of(checkpoint: Checkpoint) -> Self {
        Source { path: PathBuf::from(&checkpoint.path), holds: Holds::File(checkpoint) }
    }

    /// Its name for people: the last part of the path.
    pub(crate) fn name(&self) -> String {
        let name = self.path.file_name().map(|name| name.to_string_lossy().into_owned());
        name.unwrap_or_else(|| self.path.display().to_string())
    }

    /// Whether its values come over a network.
    fn is_far(&self) -> bool {
        match &self.holds {
            Holds::File(file) => file.tensors.iter().any(|tensor| tensor.data().jump() > 0),
            Holds::Run(_) => hinton::files::is_address(&self.path),
            Holds::Made(_) => false,
        }
    }

    /// The steps of a run; a checkpoint has none.
    pub(crate) fn run(&self) -> Option<&Run> {
        match &self.holds {
            Holds::Run(run) => Some(run),
            Holds::File(_) | Holds::Made(_) => None,
        }
    }

    /// What a person should know about it.
    pub(crate) fn notes(&self) -> Vec<String> {
        let warnings = match &self.holds {
            Holds::File(file) => &file.warnings,
            Holds::Run(run) => &run.warnings,
            Holds::Made(_) => return Vec::new(),
        };
        let mut notes: Vec<String> = warnings.iter().map(ToString::to_string).collect();
        let is_summary = |file: &Checkpoint| file.tensors.iter().any(|one| one.known().is_some());
        if matches!(&self.holds, Holds::File(file) if is_summary(file)) {
            notes.insert(
                0,
                "a summary: statistics are shown, but no cells, for it has no values".to_owned(),
            );
        }
        notes
    }

    /// Its tensors, in the file's order.
    fn entries(&self, source: usize) -> Vec<Entry> {
        match &self.holds {
            Holds::File(file) => {
                let tensors = file.tensors.iter().enumerate();
                tensors.map(|(index, tensor)| of_tensor(source, index, tensor)).collect()
            }
            Holds::Run(run) => {
                let tensors = run.tensor_names().iter().enumerate();
                let entry = |(index, tensor): (usize, &hinton::runs::RunTensor)| {
                    let shape = tensor.shape().to_vec();
                    let dtype = tensor.dtype();
                    let elements = shape.iter().fold(1u64, |all, &n| all.saturating_mul(n as u64));
                    Entry {
                        source,
                        index,
                        name: tensor.name.clone(),
                        dtype: dtype.map_or("", |dtype| dtype.name()),
                        matrix: matrix_shape(&shape),
                        is_quantised: false,
                        components: Vec::new(),
                        block: Vec::new(),
                        bytes: dtype.and_then(|dtype| dtype.bytes_of(elements)).unwrap_or(0),
                        first_byte: None,
                        is_made: false,
                        is_summary: false,
                        remark: tensor
                            .changes_shape()
                            .then(|| "its shape changes over the steps".to_owned()),
                        shape,
                    }
                };
                tensors.map(entry).collect()
            }
            Holds::Made(tensors) => {
                let tensors = tensors.iter().enumerate();
                let entry = |(index, tensor): (usize, &Tensor)| Entry {
                    is_made: true,
                    ..of_tensor(source, index, tensor)
                };
                tensors.map(entry).collect()
            }
        }
    }
}

pub(crate) fn of_tensor(source: usize, index: usize, tensor: &Tensor) -> Entry {
    Entry {
        source,
        index,
        name: tensor.name().to_owned(),
        dtype: tensor.stored_type(),
        shape: tensor.shape().to_vec(),
        matrix: matrix_shape(tensor.shape()),
        is_quantised: tensor.stored().is_some(),
        components: tensor.components(),
        block: tensor.block_shape().unwrap_or_default(),
        bytes: tensor.stored_len(),
        first_byte: byte_of(tensor, 0),
        is_made: false,
        remark: tensor.remark().map(str::to_owned),
        is_summary: tensor.known().is_some(),
    }
}

/// Whether a tensor's values are kept in memory, because they can only be read from the beginning on.
fn is_held(tensor: &Tensor) -> bool {
    tensor.data().is_sequential() && tensor.byte_len() <= MOST_HELD
}

/// The byte of its file at which the element of that number of a tensor's storage lies.
pub(crate) fn byte_of(tensor: &Tensor, element: u64) -> Option<u64> {
    let bits = tensor.view().offset.checked_add(element)?.checked_mul(tensor.dtype().bits())?;
    tensor.data().file_byte(tensor.start().checked_add(bits / 8)?)
}

/// What is kept of earlier questions, the oldest first.
type Kept<K, V> = Mutex<Vec<(K, V)>>;

/// All sources, and what is kept of them.
pub(crate) struct Sources {
    pub(crate) all: Vec<Source>,
    pub(crate) tensors: Vec<Entry>,
    elements: u64,
    bytes: u64,
    /// Whether values of some come over a network.
    are_far: bool,
    /// What is compared, where there are two checkpoints.
    pub(crate) pairs: Pairs,
    /// Which tensors have one range of colours.
    pub(crate) groups: Groups,
    /// Tensors that lie in no file.
    made: Source,
    /// Cells that ranges of colours were found from.
    pub(crate) cells: Cells,
    /// Names of rows and columns that lie beside each source, once someone asked.
    names: Vec<OnceLock<Vec<AxisNames>>>,
    steps: Kept<(usize, usize), Arc<Checkpoint>>,
    held: Kept<(usize, Option<usize>, Option<View>), Tensor>,
}

impl Sources {
    pub(crate) fn new(all: Vec<Source>) -> Self {
        let entries = all.iter().enumerate().flat_map(|(index, source)| source.entries(index));
        let mut tensors: Vec<Entry> = entries.collect();
        let (pairs, made) = pairs::compared(&all, &tensors);
        let made = Source { path: PathBuf::new(), holds: Holds::Made(made) };
        tensors.extend(made.entries(all.len()));
        let groups = Groups::of(&tensors, &pairs);
        let (steps, held, cells) = (Mutex::default(), Mutex::default(), Cells::default());
        let of = |entry: &Entry| {
            entry.shape.iter().fold(1u64, |all, &length| all.saturating_mul(length as u64))
        };
        let elements = tensors.iter().map(of).fold(0, u64::saturating_add);
        let bytes = tensors.iter().map(|entry| entry.bytes).fold(0, u64::saturating_add);
        let names = all.iter().map(|_| OnceLock::new()).collect();
        let are_far = all.iter().any(Source::is_far);
        Sources {
            tensors,
            elements,
            bytes,
            are_far,
            pairs,
            groups,
            made,
            cells,
            names,
            all,
            steps,
            held,
        }
    }

    /// Number of values of all tensors.
    pub(crate) fn elements(&self) -> u64 {
        self.elements
    }

    /// Bytes of the values of all tensors of a step, as they lie in files.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether values come over a network: fewer are read ahead.
    pub(crate) fn are_far(&self) -> bool {
        self.are_far
    }

    /// The tensor of that number.
    pub(crate) fn entry(&self, tensor: usize) -> Result<&Entry, Refusal> {
        self.tensors.get(tensor).ok_or_else(|| {
            let last = self.tensors.len().saturating_sub(1);
            Refusal::question(format!("there is no tensor {tensor}, they are 0 to {last}"))
        })
    }

    /// The name of a position on an axis of a tensor, and what it is of; none where nobody gave it one.
    pub(crate) fn name_of(
        &self,
        tensor: usize,
        axis: usize,
        position: usize,
    ) -> Option<(&'static str, String)> {
        let entry = self.tensors.get(tensor)?;
        // What is made of two is named as the first is.
        let source = if entry.is_made { 0 } else { entry.source };
        let Source { path, holds } = self.all.get(source)?;
        let names = self.names.get(source)?.get_or_init(|| {
            let table = match holds {
                Holds::File(file) => names_of_table(file),
                Holds::Run(_) | Holds::Made(_) => Vec::new(),
            };
            table.into_iter().chain(names_beside(path, &Limits::default())).collect()
        });
        names.iter().find_map(|names| {
            let name = names.name(&entry.name, &entry.shape, axis, position)?;
            Some((names.of.word(), name.to_owned()))
        })
    }

    /// The numbers of the steps of a source.
    pub(crate) fn step_numbers(&self, source: usize) -> Vec<u64> {
        let run = self.all.get(source).and_then(Source::run);
        run.map_or(Vec::new(), |run| run.steps.iter().map(|step| step.number).collect())
    }

    /// The index of the step that a number means for a source: none for a checkpoint, the last for a
    /// run where none is named.
    pub(crate) fn step(
        &self,
        source: usize,
        number: Option<u64>,
    ) -> Result<Option<usize>, Refusal> {
        let Some(run) = self.all.get(source).and_then(Source::run) else { return Ok(None) };
        let index = match number {
            None => run.steps.len().checked_sub(1),
            Some(number) => run.steps.iter().position(|step| step.number == number),
        };
        let index = index.ok_or_else(|| {
            let number = number.unwrap_or_default();
            Refusal::question(format!("{} has no step {number}", self.all[source].name()))
        })?;
        Ok(Some(index))
    }

    /// A tensor as it lies in its file, of the step of that number.
    pub(crate) fn tensor(&self, tensor: usize, number: Option<u64>) -> Result<Tensor, Refusal> {
        let entry = self.entry(tensor)?;
        let step = self.step(entry.source, number)?;
        let source = self.all.get(entry.source).unwrap_or(&self.made);
        match (&source.holds, step) {
            (Holds::Made(tensors), _) => Ok(tensors[entry.index].clone()),
            (Holds::File(file), _) => Ok(file.tensors[entry.index].clone()),
            (Holds::Run(run), step) => {
                let step = step.unwrap_or_default();
                let file = self.checkpoint(entry.source, run, step)?;
                let found = file.tensors.iter().find(|tensor| tensor.name() == entry.name);
                found.cloned().ok_or_else(|| {
                    let name = &run.steps[step].name;
                    Refusal::question(format!("{:?} is not in the step {name}", entry.name))
                })
            }
        }
    }

    /// What a view is of: a tensor as it lies in its file, or a component of one.
    pub(crate) fn stored(
        &self,
        tensor: usize,
        number: Option<u64>,
        component: Option<Component>,
    ) -> Result<Tensor, Refusal> {
        let stored = self.tensor(tensor, number)?;
        let Some(component) = component else { return Ok(stored) };
        // Says which components there are not.
        self.entry(tensor)?.shape_of(Some(component))?;
        let word = component.word();
        let missing = || Refusal::question(format!("{:?} has no {word}", stored.name()));
        stored.component(component)?.ok_or_else(missing)
    }

    /// How the rows and columns of a view run through a tensor.
    pub(crate) fn frame(&self, tensor: usize, view: Option<&View>) -> Result<Frame, Refusal> {
        let entry = self.entry(tensor)?;
        let usual = View::default();
        let view = view.unwrap_or(&usual);
        Frame::of(view, &entry.name, &entry.shape_of(view.component)?)
    }

    /// A view of a tensor as a matrix; the usual one where there is none.
    pub(crate) fn viewed(
        &self,
        tensor: usize,
        number: Option<u64>,
        view: Option<&View>,
    ) -> Result<Tensor, Refusal> {
        let Some(view) = view else { return self.matrix(tensor, number) };
        let key = (tensor, self.step(self.entry(tensor)?.source, number)?, Some(view.clone()));
        if let Some(matrix) = self.held(&key) {
            return Ok(matrix);
        }
        let stored = self.stored(tensor, number, view.component)?;
        let whole = match view.component.is_none() && is_held(&stored) {
            true => self.matrix(tensor, number)?.reshape(stored.shape())?,
            false => stored,
        };
        let frame = Frame::of(view, whole.name(), whole.shape())?;
        let matrix = frame.apply(&whole, MOST_HELD)?;
        // What was put into another order in memory is not done again for each tile.
        if !Arc::ptr_eq(matrix.data(), whole.data()) {
            self.hold(key, &matrix);
        }
        Ok(matrix)
    }

    /// A tensor as the matrix that it is shown as. Values that can only be read from the beginning on
    /// are kept in memory.
    pub(crate) fn matrix(&self, tensor: usize, number: Option<u64>) -> Result<Tensor, Refusal> {
        let key = (tensor, self.step(self.entry(tensor)?.source, number)?, None);
        let found = self.tensor(tensor, number)?;
        let is_held = is_held(&found);
        if let Some(matrix) = is_held.then(|| self.held(&key)).flatten() {
            return Ok(matrix);
        }
        let found = if is_held { found.to_memory()? } else { found };
        let matrix = match found.shape().len() {
            2 => found,
            _ => found.reshape(&matrix_shape(found.shape()))?,
        };
        if is_held {
            self.hold(key, &matrix);
        }
        Ok(matrix)
    }

    /// Values that are kept in memory.
    fn held(&self, key: &(usize, Option<usize>, Option<View>)) -> Option<Tensor> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.iter().find(|(other, _)| other == key).map(|(_, tensor)| tensor.clone())
    }

    fn hold(&self, key: (usize, Option<usize>, Option<View>), matrix: &Tensor) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.push((key, matrix.clone()));
        let bytes = |held: &[(_, Tensor)]| held.iter().map(|(_, one)| one.byte_len()).sum::<u64>();
        while held.len() > 1 && bytes(&held) > MOST_HELD {
            held.remove(0);
        }
    }

    /// The checkpoint of a step; the last few stay open.
    fn checkpoint(
        &self,
        source: usize,
        run: &Run,
        step: usize,
    ) -> Result<Arc<Checkpoint>, Refusal> {
        let key = (source, step);
        let found = |steps: &mut Vec<((usize, usize), Arc<Checkpoint>)>| {
            let place = steps.iter().position(|(other, _)| *other == key)?;
            let one = steps.remove(place);
            steps.push(one.clone());
            Some(one.1)
        };
        if let Some(file) = found(&mut self.steps.lock().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(file);
        }
        let file = Arc::new(run.checkpoint(step).map_err(Error::from)?);
        let mut steps = self.steps.lock().unwrap_or_else(PoisonError::into_inner);
        steps.push((key, Arc::clone(&file)));
        if steps.len() > MOST_STEPS {
            steps.remove(0);
        }
        Ok(file)
    }
}
