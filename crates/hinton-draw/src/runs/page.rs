//! Draws a page about a run: curves, distributions, the last confusion matrix, the last weights.

use hinton_chart::{Sheet, SheetPart, short_count};
use hinton_picture::Picture;
use hinton_run::Run;
use hinton_scene::{Scene, visible};
use hinton_tensor::{TensorError, Work};
use hinton_weights::Error;

use super::metrics::{is_plain, not_shown, ranked, sized, smoothing};
use super::{RunRequest, known, metrics, run_names, spreads, step, trouble};

/// Most quantities whose curves are shown, and most tensors whose weights are.
const MOST_CURVES: usize = 4;
const MOST_WEIGHTS: usize = 2;
/// Most confusion matrices in a row.
const MOST_BESIDE: usize = 3;

/// Parts as they come about, and what is left out.
struct Page<'r> {
    runs: &'r [&'r Run],
    request: &'r RunRequest,
    work: Work<'r>,
    sheet: Sheet,
    parts: Vec<SheetPart>,
    /// What the page says of what it leaves out.
    left_out: Vec<String>,
    /// What its pictures say of themselves.
    notes: Vec<String>,
}

pub(super) fn draw(runs: &[&Run], request: &RunRequest, work: Work<'_>) -> Result<Picture, Error> {
    let mut page = Page {
        runs,
        request,
        work,
        sheet: Sheet::new(&request.draw.options),
        parts: Vec::new(),
        left_out: Vec::new(),
        notes: Vec::new(),
    };
    page.curves()?;
    page.distributions()?;
    page.last()?;
    if page.parts.is_empty() {
        return Err(Error::unfit(
            "the run has nothing that the page shows: no metrics, no weights",
            "inspect the run to see what it has, and name a tensor",
        ));
    }
    let names = run_names(runs);
    let title = request.draw.options.title.clone().unwrap_or_else(|| names.join(", "));
    let alarm = trouble::of_runs(runs, work)?;
    page.sheet.set_alarm(alarm.clone());
    let scene = page.sheet.page(&title, &page.subtitle(), &page.parts, &page.left_out);
    let notes = alarm.into_iter().chain(page.left_out).chain(page.notes).collect();
    Ok(Picture { scene, notes, dpi: request.draw.options.dpi })
}

impl Page<'_> {
    fn subtitle(&self) -> Vec<String> {
        let [run] = self.runs else {
            return vec![format!("{} runs", self.runs.len())];
        };
        let mut said: Vec<String> =
            known::about(run).iter().map(|word| visible(word).into_owned()).collect();
        let numbers = (run.steps.first(), run.steps.last());
        if let (Some(first), Some(last)) = numbers {
            let steps = short_count(run.steps.len() as u64);
            said.push(match run.steps.len() {
                1 => format!("step {}", short_count(first.number)),
                _ => format!(
                    "{steps} recorded steps, {} … {}",
                    short_count(first.number),
                    short_count(last.number)
                ),
            });
        }
        said
    }

    /// Adds a part; work that was stopped ends all, anything else is left out and said.
    fn scene(&mut self, what: &str, drawn: Result<Picture, Error>) -> Result<Option<Scene>, Error> {
        match drawn {
            Ok(picture) => {
                for note in picture.notes {
                    if !self.notes.contains(&note) {
                        self.notes.push(note);
                    }
                }
                Ok(Some(picture.scene))
            }
            Err(stop @ Error::Tensor(TensorError::Cancelled(_))) => Err(stop),
            Err(why) => {
                self.left_out.push(format!("{what} left out: {why}"));
                Ok(None)
            }
        }
    }

    fn curves(&mut self) -> Result<(), Error> {
        let families = match ranked(self.runs) {
            Ok(families) => families,
            Err(why) => {
                self.left_out.push(format!("no curves: {why}"));
                return Ok(());
            }
        };
        // Norms of each tensor's gradient are many; they come only where there is nothing else.
        let plain = families.iter().take_while(|family| is_plain(family)).count();
        let shown = plain.clamp(1, MOST_CURVES);
        if families.len() > shown {
            self.left_out.push(not_shown(&families[shown..]));
        }
        let mut scenes = Vec::new();
        for family in families.iter().take(shown) {
            let width = if shown > 1 { self.sheet.half() } else { self.sheet.whole() };
            let mut request = sized(self.request, width);
            let smooth = &mut request.draw.options.smooth;
            *smooth = smooth.or_else(|| smoothing(self.runs, family));
            let drawn = metrics::one(self.runs, family, &request);
            scenes.extend(self.scene(&family.quantity, drawn)?);
        }
        self.add("Learning", scenes);
        Ok(())
    }

    fn distributions(&mut self) -> Result<(), Error> {
        if self.runs.iter().all(|run| run.steps.len() < 2) {
            self.left_out.push("no distributions: there is one step only".to_owned());
            return Ok(());
        }
        let request = sized(self.request, self.sheet.whole());
        let drawn = spreads::draw(self.runs, &[], &request, self.work);
        let scenes = self.scene("distributions", drawn)?.into_iter().collect();
        self.add("How values spread", scenes);
        Ok(())
    }

    /// The confusion matrix and the weights of the last step that has them.
    fn last(&mut self) -> Result<(), Error> {
        let confusion = self.runs.iter().find_map(|run| hinton_weights::confusion(run));
        let weights = self.weights();
        let mut scenes = Vec::new();
        // Several runs take a row for each tensor.
        let alone = self.runs.len() > 1 || usize::from(confusion.is_some()) + weights.len() == 1;
        let width = if alone { self.sheet.whole() } else { self.sheet.half() };
        if let Some(name) = confusion {
            let mut request = self.chart("confusion", width);
            let columns = self.runs.len().min(MOST_BESIDE);
            request.draw.options.columns = request.draw.options.columns.or(Some(columns));
            scenes.extend(self.tensor(name, &request)?);
        } else {
            self.left_out.push("no confusion matrix is recorded".to_owned());
        }
        for name in &weights {
            if trouble::scales_differ(self.runs, name, self.work)? {
                scenes.extend(self.tensor_of_each(name)?);
            } else {
                scenes.extend(self.tensor(name, &sized(self.request, width))?);
            }
        }
        self.add("At the last step", scenes);
        Ok(())
    }

    /// The first weights of each run, those with two axes or more.
    fn weights(&self) -> Vec<String> {
        let most = (MOST_WEIGHTS / self.runs.len()).max(1);
        let mut names: Vec<String> = Vec::new();
        for run in self.runs {
            let learned = hinton_weights::learned(run).into_iter();
            let weights = learned.filter(|tensor| tensor.shape().len() > 1).take(most);
            for tensor in weights {
                if !names.contains(&tensor.name) {
                    names.push(tensor.name.clone());
                }
            }
        }
        names
    }

    /// A tensor of the last step of the runs that have it.
    fn tensor(&mut self, name: &str, request: &RunRequest) -> Result<Option<Scene>, Error> {
        let has = |run: &&&Run| run.find_tensor(name).is_some();
        let runs: Vec<&Run> = self.runs.iter().filter(has).copied().collect();
        self.scene(name, step::draw(&runs, &[name.to_owned()], request, self.work))
    }

    /// A tensor of the last step of each run that has it, each on a scale of its own.
    fn tensor_of_each(&mut self, name: &str) -> Result<Vec<Scene>, Error> {
        let mut scenes = Vec::new();
        for (run, of) in self.runs.iter().zip(run_names(self.runs)) {
            if run.find_tensor(name).is_some() {
                let mut request = sized(self.request, self.sheet.half());
                request.draw.options.title = Some(format!("{of}: {name}, on its own scale"));
                let drawn = step::draw(&[run], &[name.to_owned()], &request, self.work);
                scenes.extend(self.scene(name, drawn)?);
            }
        }
        Ok(scenes)
    }

    fn chart(&self, name: &str, width: f64) -> RunRequest {
        let mut request = sized(self.request, width);
        request.draw.chart = Some(name.to_owned());
        request
    }

    fn add(&mut self, heading: &str, scenes: Vec<Scene>) {
        if !scenes.is_empty() {
            self.parts.push(SheetPart { heading: heading.to_owned(), scenes });
        }
    }
}
