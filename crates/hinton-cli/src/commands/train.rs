//! `hinton train`: a network learns, and it can be seen.

mod live;
mod page;
mod source;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use clap::{Arg, ArgAction, ArgMatches, Command};
use hinton::outputs::{output_for, write_bytes};
use hinton::settings::Set;
use hinton::train::{EpochReport, Outcome, Session, StepProgress, TrainRequest, Watch};
use hinton::{Checkpoint, DrawRequest, Error, Quiet, Work, render};

use self::live::Live;
use self::page::Page;
use super::CommandRow;
use super::draw::{fit, show};
use crate::args::{apply_settings, output, own_settings, said, settings, thread_count, threads};
use crate::failure::{Failure, note};
use crate::progress::Count;
use crate::terminal::{GRAPHICS, Terminal, graphics_named};
use crate::viewing::Viewing;
use crate::{interrupt, out};

pub(super) const ROW: CommandRow = CommandRow {
    name: "train",
    about: "Train a small network and watch what it learns",
    help: "Trains softmax regression, or any small network described in one line, prints one \
           line per epoch, and shows what it learned: for softmax regression on pictures the \
           weights, one picture per class; for points in the plane the predicted class at each \
           position (--as overview draws the weights); else the weights. DATA is digits \
           (embedded, and the default), mnist or fashion-mnist (in the cache folder, in --data \
           FOLDER, or downloaded), points in the plane (spirals, circles, moons, xor, \
           gaussians), or your own file: .npz, .npy, .csv with --inputs and --labels. --record \
           writes a run folder for `hinton animate`; --resume continues one, bit for bit as if \
           it had not stopped. Ctrl-C finishes the current step and writes the run. The same \
           seed gives the same weights on every machine and with any number of threads. Models \
           are widths and layers between dashes, such as 784-128-relu-10; see `hinton list \
           layers`. Softmax regression on mnist uses the settings of the published run by \
           default: zeros, Adam at 0.001, batches of 128 in file order, and the first 5,000 \
           images for validation.",
    examples: "Examples:
  hinton train
  hinton train mnist --epochs 11 --record run -o weights.png
  hinton train fashion-mnist --live
  hinton train spirals -o plane.png
  hinton train spirals --model 2-16-tanh-16-tanh-2 --record run
  hinton train mnist --record run --view      watch it in the browser
  hinton train digits --model lenet --record run --record-every log
  hinton train iris.csv --labels species --model 4-8-tanh-3
  hinton train --resume run --epochs 10",
    args,
    run,
};

fn args(command: Command) -> Command {
    let command = command
        .arg(Arg::new("set").value_name("DATA").help(
            "digits, mnist, fashion-mnist, spirals, circles, moons, xor, gaussians, or a file",
        ))
        .arg(output().help(
            "The weights as a picture, or the plane with its regions, by its extension [default: in the terminal]",
        ));
    let command = own_settings(command, ROW.name)
        .mut_arg("lr", |lr| lr.aliases(["learning-rate", "rate"]))
        .mut_arg("resume", |resume| resume.conflicts_with("set"));
    let command = command
        .arg(
            Arg::new("live")
                .long("live")
                .action(ArgAction::SetTrue)
                .help("Redraw the weights in the terminal while it trains"),
        )
        .arg(
            Arg::new("graphics")
                .long("graphics")
                .value_name("KIND")
                .help("What the terminal can show, if that is not detected")
                .value_parser(GRAPHICS.map(|(name, _)| name)),
        );
    settings(command).arg(threads())
}

/// What was asked of the training.
fn asked(matches: &ArgMatches) -> Result<TrainRequest, Error> {
    let mut request = TrainRequest::default();
    let rows = hinton::settings::of(ROW.name).filter(|row| matches!(row.set, Set::Train(_)));
    for (row, value) in said(matches, rows)? {
        request = request.set(row.name, &value)?;
    }
    // Paths need not be texts.
    let path = |name: &str| matches.get_one::<PathBuf>(name).cloned();
    (request.record, request.resume, request.folder) =
        (path("record"), path("resume"), path("data"));
    Ok(request)
}

fn run(matches: &ArgMatches) -> Result<(), Failure> {
    let asked = asked(matches)?;
    if !asked.view {
        return trained(matches, &asked, None);
    }
    let folder = asked.resume.as_ref().or(asked.record.as_ref()).ok_or_else(|| {
        Failure::usage(
            "--view shows the run that is recorded, and none is",
            "say where to record it: --record RUN",
        )
    })?;
    std::thread::scope(|scope| {
        let answer = |viewing: Arc<Viewing>| {
            let serve = move || viewing.serve();
            if let Err(error) = std::thread::Builder::new().spawn_scoped(scope, serve) {
                note(&format!("the viewer cannot start: {}", error));
            }
        };
        let page = Page::new(folder.clone(), thread_count(matches), !asked.no_open, answer);
        trained(matches, &asked, Some(page))
    })
}

fn trained(
    matches: &ArgMatches,
    asked: &TrainRequest,
    page: Option<Page<'_>>,
) -> Result<(), Failure> {
    // Wrong names are reported before the work.
    let target = matches.get_one::<PathBuf>("output");
    let target = target.map(|file| Ok::<_, Failure>((file, output_for(file)?))).transpose()?;
    let mut request = DrawRequest::default();
    apply_settings(matches, &mut request)?;
    let graphics = matches.get_one::<String>("graphics").and_then(|word| graphics_named(word));
    let terminal = Terminal::detect(graphics);
    let is_live = matches.get_flag("live");
    if is_live && !terminal.is_there {
        return Err(Failure::usage(
            "--live draws in a terminal, and standard output is none",
            "leave out --live, or record and animate: --record RUN",
        ));
    }
    let source = source::load(data_named(matches), asked)?;
    source.notes.iter().for_each(|text| note(text));
    let (mut session, notes) = session(asked, &source, thread_count(matches))?;
    notes.iter().for_each(|text| note(text));
    let folder = asked.resume.as_deref().or(asked.record.as_deref());

    let gently = interrupt::gently();
    let mut shown = request.clone();
    fit(&mut shown, &terminal, matches);
    let mut watch = Watcher {
        begun: Instant::now(),
        limit: asked.time_limit,
        bar: Count::new("training", "steps"),
        live: is_live.then(|| Live::new(&terminal, shown.clone())),
        page,
        failed: None,
        first: session.epochs_done() == 0,
    };
    let outcome = session.run(&mut watch)?;
    watch.bar.finish();
    if let Some(live) = &mut watch.live {
        live.finish()?;
    }
    drop(gently);
    if let Some(failure) = watch.failed {
        return Err(failure);
    }
    let page = watch.page.take();
    ended(&outcome, &session, folder, target.is_some(), &watch)?;
    if let Some((file, output)) = target {
        let picture = session.picture_with(&request, Work::new(thread_count(matches), &Quiet))?;
        write_bytes(file, &render(&picture, output, &picture.render_options())?)?;
        picture.notes.iter().for_each(|text| note(text));
    } else if terminal.is_there || graphics.is_some() {
        let picture = session.picture_with(&shown, Work::new(thread_count(matches), &Quiet))?;
        show(&picture, &terminal)?;
    }
    if let Some(page) = page {
        page.stay();
    }
    Ok(())
}

/// What is trained on, of those who call from another language.
pub enum Points<'a> {
    /// What the program does without a name, or a resumed training has.
    Unnamed,
    /// Points inside the program, or a file.
    Named(&'a str),
    /// Points that are already open.
    Open(&'a Checkpoint),
}

/// Trains as the command does. `told` receives each step, and each epoch with its results, and may
/// stop the training. `ended` computes the result from what was learned; it is returned with notes.
///
/// # Errors
/// Returns an error if settings do not go together, the data cannot be read or do not fit, or
/// `ended` fails.
pub fn train<T>(
    asked: &TrainRequest,
    points: Points<'_>,
    threads: usize,
    told: &mut dyn FnMut(Option<&EpochReport>) -> ControlFlow<()>,
    ended: impl FnOnce(&Session, &Outcome) -> Result<T, Error>,
) -> Result<(T, Vec<String>), Error> {
    if let Some(clash) = asked.clash() {
        return Err(clash.into());
    }
    let source = match points {
        Points::Named(name) if asked.resume.is_some() => {
            let message = format!("{name}: a resumed training keeps the data of its run");
            return Err(Error::request(message, "leave out the data"));
        }
        Points::Open(data) => source::in_memory(asked, data)?,
        Points::Named(name) => source::load(Some(name), asked)?,
        Points::Unnamed => source::load(None, asked)?,
    };
    let (mut session, more) = session(asked, &source, threads)?;
    let notes = [source.notes.clone(), more].concat();
    let begun = Instant::now();
    let limit = asked.time_limit;
    let mut watch = Told { begun, limit, told };
    let outcome = session.run(&mut watch)?;
    Ok((ended(&session, &outcome)?, notes))
}

/// Passes on what it hears.
struct Told<'a> {
    begun: Instant,
    limit: Option<f64>,
    told: &'a mut dyn FnMut(Option<&EpochReport>) -> ControlFlow<()>,
}

impl Watch for Told<'_> {
    fn now(&mut self) -> Option<f64> {
        Some(self.begun.elapsed().as_secs_f64())
    }

    fn step(&mut self, _: &StepProgress, _: &Session) -> ControlFlow<()> {
        match self.limit.is_some_and(|limit| self.begun.elapsed().as_secs_f64() >= limit) {
            true => ControlFlow::Break(()),
            false => (self.told)(None),
        }
    }

    fn epoch(&mut self, report: &EpochReport, _: &Session) -> ControlFlow<()> {
        (self.told)(Some(report))
    }
}

/// The data that was named.
fn data_named(matches: &ArgMatches) -> Option<&str> {
    matches.get_one::<String>("set").map(String::as_str)
}

/// A training that begins or goes on, and what to say of it.
fn session(
    asked: &TrainRequest,
    source: &source::Source,
    threads: usize,
) -> Result<(Session, Vec<String>), Error> {
    let Some(folder) = &asked.resume else { return begin(asked, source, threads) };
    let session = resume(asked, folder, source, threads)?;
    let cut =
        |step| format!("step {step} was cut when it was written: removed, it is trained again");
    let notes = session.removed_steps().iter().map(cut).collect();
    Ok((session, notes))
}

/// A training that has not begun.
fn begin(
    asked: &TrainRequest,
    source: &source::Source,
    threads: usize,
) -> Result<(Session, Vec<String>), Error> {
    let mut notes = Vec::new();
    let mut settings = asked.settings(&source.data)?;
    settings.about_data.clone_from(&source.about);
    if settings.validation == 0 {
        let said = "no points are set apart: loss and accuracy are those of the points that are trained on";
        notes.push(said.to_owned());
    }
    let mut session = Session::new(Arc::clone(&source.data), settings, threads)?;
    if let Some(folder) = &asked.record {
        session.record(folder)?;
    }
    Ok((session, notes))
}

/// A training that goes on.
fn resume(
    asked: &TrainRequest,
    folder: &Path,
    source: &source::Source,
    threads: usize,
) -> Result<Session, Error> {
    let mut session = Session::resume(folder, Arc::clone(&source.data), threads)?;
    match asked.epochs {
        Some(more) => session.set_epochs(session.epochs_done().saturating_add(more)),
        None if session.epochs_done() >= session.settings().epochs => {
            return Err(Error::Request {
                message: format!(
                    "{}: its {} epochs are done",
                    folder.display(),
                    session.epochs_done()
                ),
                help: Some("say how many more: --epochs 10".to_owned()),
            });
        }
        None => {}
    }
    Ok(session)
}

/// Says how it ended.
fn ended(
    outcome: &Outcome,
    session: &Session,
    folder: Option<&Path>,
    has_picture: bool,
    watch: &Watcher<'_>,
) -> Result<(), Failure> {
    let step = session.steps();
    match outcome {
        Outcome::Finished => {
            if let Some(folder) = folder {
                let folder = folder.display();
                note(&format!("the run is in {folder}; see it with: hinton draw {folder}"));
                if session.data().inputs.width() <= 3 {
                    note(&format!("how it learned: hinton space {folder} -o learn.gif"));
                }
            } else if !has_picture {
                note("nothing was kept: --record RUN keeps the run, -o FILE the picture");
            }
            Ok(())
        }
        Outcome::Patience { best } => {
            note(&format!("the loss got no smaller since epoch {best}: training ended"));
            Ok(())
        }
        Outcome::Stopped => {
            let why = if watch.is_over() { "the time is over" } else { "stopped" };
            match folder {
                Some(folder) => note(&format!(
                    "{why} after step {step}; resume with: hinton train --resume {}",
                    folder.display()
                )),
                None => note(&format!(
                    "{why} after step {step}; nothing was recorded, --record RUN would keep it"
                )),
            }
            Ok(())
        }
        Outcome::Diverged { step, what, advice } => {
            let kept = folder.map_or(String::new(), |folder| {
                format!("; the run so far is in {}", folder.display())
            });
            let message = format!("training diverged at step {step}: {what} is not finite{kept}");
            Err(Failure::work(message).with_help(advice.as_str()))
        }
    }
}

/// Prints, draws, and stops where it is asked to.
struct Watcher<'a> {
    begun: Instant,
    limit: Option<f64>,
    bar: Count,
    live: Option<Live<'a>>,
    page: Option<Page<'a>>,
    failed: Option<Failure>,
    /// Whether the first epoch of all is still to come.
    first: bool,
}

impl Watcher<'_> {
    fn is_over(&self) -> bool {
        self.limit.is_some_and(|limit| self.begun.elapsed().as_secs_f64() >= limit)
    }

    /// Whether to go on; a failure to print ends the training, too.
    fn flow(&mut self, result: Result<(), Failure>) -> ControlFlow<()> {
        if let Err(failure) = result {
            self.failed = Some(failure);
        }
        match self.failed.is_some() || self.is_over() {
            true => ControlFlow::Break(()),
            false => interrupt::flow(),
        }
    }

    fn say(&mut self, text: &str) -> Result<(), Failure> {
        self.bar.finish();
        match &mut self.live {
            Some(live) => {
                live.say(text);
                Ok(())
            }
            None => out::emit(text.as_bytes()),
        }
    }
}

impl Watch for Watcher<'_> {
    fn now(&mut self) -> Option<f64> {
        Some(self.begun.elapsed().as_secs_f64())
    }

    fn step(&mut self, progress: &StepProgress, session: &Session) -> ControlFlow<()> {
        if let Some(page) = &mut self.page {
            page.begin();
        }
        let result = match &mut self.live {
            Some(live) => live.step(progress, session),
            None => {
                self.bar.show(progress.done as usize, progress.of as usize);
                Ok(())
            }
        };
        self.flow(result)
    }

    fn epoch(&mut self, report: &EpochReport, session: &Session) -> ControlFlow<()> {
        let score = report.validation;
        let width = report.of.to_string().len();
        let mut text = format!(
            "epoch {:>width$}/{}  time {:5.2}s  accuracy {:.4}  loss {:.4}\n",
            report.epoch,
            report.of,
            report.seconds,
            score.accuracy(),
            score.mean_loss()
        );
        // The range of the weights shows how far they went: after the first epoch and the last.
        let is_first = std::mem::take(&mut self.first);
        if session.is_softmax() && (is_first || report.epoch >= report.of) {
            let (low, high) = session.weight_range();
            // Weights that ran away are told in powers of ten.
            match low.abs().max(high.abs()) < 1e6 {
                true => text.push_str(&format!("weights from {low:.6} to {high:.6}\n")),
                false => text.push_str(&format!("weights from {low:e} to {high:e}\n")),
            }
        }
        let result = self.say(&text);
        self.bar = Count::new("training", "steps");
        self.flow(result)
    }
}

#[cfg(test)]
mod tests {
    use hinton::train::{DATA, MODELS};

    use super::*;

    #[test]
    fn the_help_names_all_data_and_models() {
        let mut command = args(Command::new("train"));
        let help = command.render_long_help().to_string();
        for name in DATA.iter().map(|row| row.name).chain(MODELS.iter().map(|row| row.name)) {
            assert!(help.contains(name), "{name}");
        }
    }
}
