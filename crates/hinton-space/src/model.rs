//! Networks to send points through, from a spec or a file.

use std::path::Path;

use hinton_format::source::{file, file_state};
use hinton_net::{Init, Network, Real, Spec, Trace};
use hinton_run::{Run, RunOptions, is_run_folder, open_run};
use hinton_tensor::Work;
use hinton_weights::{Error, is_address};

use super::chain;
use super::{LinearMap, Stage, Values, weights};

/// How to build a network, besides its source.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct NetworkRequest {
    /// Weights given explicitly: `0=[[3,0],[0,3],[6,6]]`, or files with them.
    pub weights: Vec<String>,
    /// How all other weights are initialised: the name of a row of `INITS`.
    pub init: String,
    /// A factor that the initialised weights are multiplied by.
    pub scale: f64,
    /// The seed of the initialised weights.
    pub seed: u64,
    /// Whether the linear maps of a spec add a bias.
    pub bias: bool,
    /// The activation between the linear maps of a checkpoint, which does not store it.
    pub activation: Option<String>,
    /// The layers of a checkpoint, as a spec.
    pub model: Option<String>,
    /// The number of the step of a run; `None` is the last.
    pub step: Option<u64>,
}

impl Default for NetworkRequest {
    fn default() -> Self {
        NetworkRequest {
            weights: Vec::new(),
            init: "uniform".to_owned(),
            scale: 1.0,
            seed: 0,
            bias: false,
            activation: None,
            model: None,
            step: None,
        }
    }
}

impl NetworkRequest {
    fn init(&self) -> Result<Init, Error> {
        if !self.scale.is_finite() {
            let message = format!("`scale={}`: expected a number", self.scale);
            return Err(Error::request(message, ""));
        }
        Ok(Init { scale: self.scale, ..Init::named(&self.init)? })
    }
}

/// A network that points can be sent through.
#[derive(Debug)]
pub struct Model {
    /// Its name, for the user: the spec, or the file.
    pub title: String,
    /// What was assumed, one sentence each.
    pub notes: Vec<String>,
    /// Whether its weights come from somewhere, not from chance.
    pub(crate) is_trained: bool,
    pub(crate) kind: Kind,
}

/// How it is computed.
#[derive(Debug)]
pub(crate) enum Kind {
    /// By our own layers.
    Chain(Network<f64>),
    /// By an ONNX engine.
    #[cfg(feature = "onnx")]
    Onnx(Box<super::onnx::Graph>),
    /// Elsewhere: these are the points after each step, the input first.
    Traced(Vec<Stage>),
}

/// The precision in which points are computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Precision {
    /// Double precision for up to a million points, else single.
    #[default]
    Auto,
    /// Single precision.
    F32,
    /// Double precision.
    F64,
}

/// More points than this are computed in single precision.
const MANY: usize = 1_000_000;

/// Most steps of a network that are shown: a picture, or a part of a film, each.
const MOST_STEPS: usize = 1000;

/// Most values after all steps together of points that nobody asked for.
const MOST_UNASKED: usize = 1 << 26;

/// Opens a network: from a spec such as `2-3-tanh-3-tanh-2`, a checkpoint, an ONNX file, or a step
/// of a recorded run.
///
/// # Errors
/// Returns an error if `source` is neither a file nor a spec, the file holds no network, its layers
/// do not fit together, or its weights are not finite.
pub fn model(source: &str, request: &NetworkRequest) -> Result<Model, Error> {
    let path = Path::new(source);
    let model = if is_run(path) {
        let run = open_run(&[path.to_owned()], &RunOptions::default())?;
        of_run(&run, request)?
    } else if is_onnx(path) {
        of_onnx(path, request)?
    } else if exists(path) {
        of_checkpoint(&hinton_weights::open(path)?, request)?
    } else if source.starts_with(|c: char| c.is_ascii_digit()) && !source.contains(['/', '.']) {
        of_spec(source, request)?
    } else {
        return Err(Error::missing(
            format!("{source}: there is no such file, and it is no network written as 2-3-tanh-2"),
            "name a checkpoint, an ONNX file or a recorded run, or write widths and layers between \
             dashes",
        ));
    };
    check_finite(&model)?;
    check_steps(&model)?;
    Ok(model)
}

/// Makes a network from an open checkpoint, such as one in memory.
///
/// # Errors
/// Returns an error if its matrices do not form a chain, or its weights are not finite.
pub fn model_of(
    checkpoint: &hinton_format::Checkpoint,
    request: &NetworkRequest,
) -> Result<Model, Error> {
    let model = of_checkpoint(checkpoint, request)?;
    check_finite(&model)?;
    check_steps(&model)?;
    Ok(model)
}

/// Makes a network from points that were computed elsewhere: the input, and the points after each
/// step, all with the same number of rows. No other points can be sent through it.
///
/// # Errors
/// Returns an error if there is no step, the numbers of rows differ, or a value is not finite.
pub fn model_traced(title: impl Into<String>, stages: Vec<Stage>) -> Result<Model, Error> {
    let title = title.into();
    let rows = |stage: &Stage| stage.values.len() / stage.width.max(1);
    let Some(first) = stages.first() else {
        return Err(Error::unfit(format!("{title}: the network has no steps"), ""));
    };
    for stage in &stages {
        if rows(stage) != rows(first) || stage.width == 0 {
            return Err(Error::unfit(
                format!(
                    "{title}: {}: expected a row for each of {} points, found {}",
                    stage.label,
                    rows(first),
                    rows(stage)
                ),
                "",
            ));
        }
        if let Some(index) = stage.values.first_odd() {
            return Err(Error::unfit(
                format!(
                    "{title}: {}: point {} has the value {}",
                    stage.label,
                    index / stage.width,
                    stage.values.get(index)
                ),
                "no point has a place after it: look for the step that made it",
            ));
        }
    }
    Ok(Model { title, notes: Vec::new(), is_trained: false, kind: Kind::Traced(stages) })
}

/// Whether a path is the folder of a recorded run.
pub fn is_run(path: &Path) -> bool {
    is_run_folder(path)
}

/// Whether there is something on the disk at that path.
pub(super) fn is_there(path: &Path) -> bool {
    file_state(path).is_some()
}

/// Whether there is something at that path, or an archive on the way to it.
fn exists(path: &Path) -> bool {
    path.ancestors().any(file::is_file) || is_there(path) || is_address(path)
}

fn is_onnx(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| extension.eq_ignore_ascii_case("onnx")) && exists(path)
}

fn of_spec(text: &str, request: &NetworkRequest) -> Result<Model, Error> {
    let spec = Spec::parse(text)?;
    let written = spec.to_string();
    let spec = if request.bias { spec } else { spec.without_bias() };
    let mut network = Network::build(&spec, &request.init()?, request.seed)?;
    for text in &request.weights {
        weights::set(&mut network, text)?;
    }
    let is_trained = !request.weights.is_empty();
    Ok(Model { title: written, notes: Vec::new(), is_trained, kind: Kind::Chain(network) })
}

fn refuse_weights(request: &NetworkRequest, what: &str) -> Result<(), Error> {
    match request.weights.is_empty() {
        true => Ok(()),
        false => Err(Error::request(
            format!("`weights`: the weights of {what} are in the file"),
            "give weights by hand to a network written as 2-3-tanh-2",
        )),
    }
}

fn of_checkpoint(
    checkpoint: &hinton_format::Checkpoint,
    request: &NetworkRequest,
) -> Result<Model, Error> {
    refuse_weights(request, "a checkpoint")?;
    let (network, notes) =
        chain::network(checkpoint, request.model.as_deref(), request.activation.as_deref())?;
    let name =
        Path::new(&checkpoint.path).file_name().map(|name| name.to_string_lossy().into_owned());
    let title = name.unwrap_or_else(|| checkpoint.path.clone());
    let title = format!("{title} · {}", network.spec());
    Ok(Model { title, notes, is_trained: true, kind: Kind::Chain(network) })
}

#[cfg(feature = "onnx")]
fn of_onnx(path: &Path, request: &NetworkRequest) -> Result<Model, Error> {
    refuse_weights(request, "an ONNX file")?;
    super::onnx::open(path)
}

#[cfg(not(feature = "onnx"))]
fn of_onnx(path: &Path, _: &NetworkRequest) -> Result<Model, Error> {
    Err(Error::request(
        format!("{}: this program was built without the ONNX engine", path.display()),
        "build it with the feature onnx",
    ))
}

fn of_run(run: &Run, request: &NetworkRequest) -> Result<Model, Error> {
    refuse_weights(request, "a run")?;
    let readable = |index: &usize| run.steps[*index].broken.is_none();
    let index = match request.step {
        None => (0..run.steps.len()).rev().find(readable),
        Some(number) => {
            (0..run.steps.len()).filter(readable).find(|&index| run.steps[index].number == number)
        }
    };
    let Some(index) = index else {
        let numbers: Vec<String> =
            run.steps.iter().take(8).map(|step| step.number.to_string()).collect();
        return Err(Error::request(
            format!(
                "{}: there is no step {} that can be read",
                run.path,
                request.step.map_or("at all".to_owned(), |step| step.to_string())
            ),
            format!("its steps are {} …", numbers.join(", ")),
        ));
    };
    of_run_step(run, index, request)
}

/// The network of one step of a run.
pub(crate) fn of_run_step(
    run: &Run,
    index: usize,
    request: &NetworkRequest,
) -> Result<Model, Error> {
    let checkpoint = run.checkpoint(index)?;
    let spec = request.model.clone().or_else(|| setting(run, "model"));
    let (network, mut notes) =
        chain::network(&checkpoint, spec.as_deref(), request.activation.as_deref())?;
    let number = run.steps[index].number;
    if run.steps.len() > 1 {
        notes.push(format!("step {number} of the run"));
    }
    let title = format!("{} · {} · step {number}", hinton_weights::run_name(run), network.spec());
    Ok(Model { title, notes, is_trained: true, kind: Kind::Chain(network) })
}

/// A text among the settings of a run.
pub(crate) fn setting(run: &Run, name: &str) -> Option<String> {
    let settings: serde_json::Value = serde_json::from_str(run.settings.as_deref()?).ok()?;
    settings.get(name)?.as_str().map(str::to_owned)
}

/// Refuses weights that are not finite: every point would be lost.
fn check_finite(model: &Model) -> Result<(), Error> {
    let Kind::Chain(network) = &model.kind else { return Ok(()) };
    for array in network.arrays() {
        if let Some(at) = array.values.iter().position(|value| !value.is_finite()) {
            let last = array.shape.last().copied().unwrap_or(1).max(1);
            let place = match array.shape.len() {
                0 | 1 => format!("[{at}]"),
                _ => format!("[{}, {}]", at / last, at % last),
            };
            return Err(Error::unfit(
                format!(
                    "{}: {}{place}: expected a finite weight, found {}",
                    model.title, array.name, array.values[at]
                ),
                "no point has a place after it; a check of the file finds all of them",
            ));
        }
    }
    Ok(())
}

/// Refuses networks of more steps than anybody looks at.
fn check_steps(model: &Model) -> Result<(), Error> {
    match &model.kind {
        Kind::Chain(network) if network.len() > MOST_STEPS => Err(Error::request(
            format!(
                "{}: it has {} steps, the limit of what is shown is {MOST_STEPS}",
                start(&model.title),
                network.len()
            ),
            "take a part of the network: a file with fewer matrices",
        )),
        _ => Ok(()),
    }
}

/// The start of a title, which says every layer.
fn start(title: &str) -> String {
    const MOST: usize = 80;
    match title.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &title[..end]),
        None => title.to_owned(),
    }
}

impl Model {
    /// Checks that `points` points, a number that the user did not choose, fit in memory after
    /// every step.
    ///
    /// # Errors
    /// Returns an error if they are more values than is reasonable for a page of pictures.
    pub fn has_room(&self, points: usize) -> Result<(), Error> {
        let Kind::Chain(network) = &self.kind else { return Ok(()) };
        let widths = network.steps().iter().map(|step| step.output.width());
        let values = widths.fold(network.input().width(), usize::saturating_add);
        let values = values.saturating_mul(points);
        if values <= MOST_UNASKED {
            return Ok(());
        }
        Err(Error::request(
            format!(
                "{points} points after every step are {values} values, the limit is {MOST_UNASKED} \
                 where no points are asked for"
            ),
            "ask for fewer points: `points=cloud` `count=100`",
        ))
    }

    /// A network that has just been trained.
    pub fn of_network(network: &Network<f32>, title: String) -> Result<Model, Error> {
        let mut double = Network::<f64>::from_spec(&network.spec(), &Init::default(), 0)?;
        for (to, from) in double.values_mut().iter_mut().zip(network.values()) {
            *to = f64::from(*from);
        }
        Ok(Model { title, notes: Vec::new(), is_trained: true, kind: Kind::Chain(double) })
    }

    /// The number of values of an input point.
    pub fn input_width(&self) -> usize {
        match &self.kind {
            Kind::Chain(network) => network.input().width(),
            #[cfg(feature = "onnx")]
            Kind::Onnx(graph) => graph.input_width(),
            Kind::Traced(stages) => stages.first().map_or(0, |stage| stage.width),
        }
    }

    /// Whether other points than its own can be sent through.
    pub(crate) fn takes_points(&self) -> bool {
        !matches!(self.kind, Kind::Traced(_))
    }

    /// Sends points through the network: returns the input, and the points after every step.
    ///
    /// # Errors
    /// Returns an error if the points do not fit, a step fails, or the work was cancelled.
    pub fn trace(
        &self,
        values: impl Into<Values>,
        precision: Precision,
        work: Work<'_>,
    ) -> Result<Vec<Stage>, Error> {
        let values = values.into();
        match &self.kind {
            Kind::Chain(network) => {
                let points = values.len() / network.input().width().max(1);
                let single = match precision {
                    Precision::Auto => points > MANY,
                    Precision::F32 => true,
                    Precision::F64 => false,
                };
                if single {
                    let values = values.single();
                    let trace = single_precision(network)?.trace(&values, work)?;
                    return Ok(stages(network, Values::F32(values), trace));
                }
                let trace = match &values {
                    Values::F32(values) => network.trace(values, work)?,
                    Values::F64(values) => network.trace(values, work)?,
                };
                Ok(stages(network, values, trace))
            }
            #[cfg(feature = "onnx")]
            Kind::Onnx(graph) => graph.trace(&values.single()),
            Kind::Traced(stages) => match stages.first().is_some_and(|one| one.values == values) {
                true => Ok(stages.clone()),
                false => Err(Error::request(
                    format!("{}: other points than its own cannot be sent through", self.title),
                    "",
                )),
            },
        }
    }
}

/// The same network with rounded weights.
fn single_precision(network: &Network<f64>) -> Result<Network<f32>, Error> {
    let mut single = Network::<f32>::from_spec(&network.spec(), &Init::default(), 0)?;
    for (to, from) in single.values_mut().iter_mut().zip(network.values()) {
        *to = f32::of(*from);
    }
    Ok(single)
}

/// The steps with their points.
fn stages<R>(network: &Network<f64>, input: Values, trace: Trace<R>) -> Vec<Stage>
where
    Values: From<Vec<R>>,
{
    let arrays = network.arrays();
    let parameter =
        |step: &str, name: &str| arrays.iter().find(|array| array.name == format!("{step}.{name}"));
    let map = |step: &hinton_net::NetworkStep<f64>| {
        let weight =
            parameter(&step.name, "weight").filter(|_| step.layer.row().name == "linear")?;
        Some(LinearMap {
            rows: weight.shape[0],
            columns: weight.shape[1],
            weights: weight.values.clone(),
            bias: parameter(&step.name, "bias").map_or(Vec::new(), |bias| bias.values.clone()),
        })
    };
    let names = std::iter::once((String::new(), "Input".to_owned(), None)).chain(
        network.steps().iter().map(|step| (step.name.clone(), step.layer.label(), map(step))),
    );
    let widths = std::iter::once(network.input().width()).chain(trace.widths);
    let values = std::iter::once(input).chain(trace.values.into_iter().map(Values::from));
    names
        .zip(widths.zip(values))
        .map(|((name, label, map), (width, values))| Stage { name, label, width, values, map })
        .collect()
}
