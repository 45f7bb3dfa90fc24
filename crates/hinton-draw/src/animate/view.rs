//! One picture of a film: tensors of one run, laid out once and read step by step.

use std::sync::Arc;

use hinton_chart::{ChartRow, Need, Options, Panel, Span, charts, share_cells};
use hinton_run::Run;
use hinton_scene::{Scene, visible};
use hinton_tensor::{Fold, GridRequest, Summary, TensorError, Work};
use hinton_weights::{Error, Selected, run_name, select};

use crate::DrawRequest;
use crate::arrange::{Arrangement, PanelSource, arrange};
use crate::draw::read;

/// Most cells in each direction of what is compared where the chart itself wants no cells.
const CELLS: usize = 2_048;

/// Some tensors of one run.
pub(super) struct View {
    pub(super) run: Arc<Run>,
    /// Which of the runs.
    pub(super) run_at: usize,
    patterns: Vec<String>,
    /// The tensors that the patterns mean, as the first step has them: what appears later is told by
    /// the run, and not shown.
    labels: Vec<String>,
    request: DrawRequest,
    /// Views of one group show the same tensors and share one scale.
    pub(super) group: usize,
    pub(super) chart: &'static ChartRow,
    pub(super) options: Options,
    pub(super) notes: Vec<String>,
    need: Need,
    sample: Option<u64>,
    /// What every step must have.
    plan: Vec<Part>,
}

/// What a panel is like in every step.
#[derive(PartialEq)]
struct Part {
    label: String,
    shape: Vec<usize>,
    planes: Vec<Vec<usize>>,
}

impl Part {
    fn of(panel: &PanelSource) -> Part {
        Part {
            label: format!("{}{}", panel.name, panel.part),
            shape: panel.shape.clone(),
            planes: panel.planes.iter().map(|plane| plane.shape().to_vec()).collect(),
        }
    }

    fn shape(&self) -> String {
        match self.shape.as_slice() {
            [] => "one value".to_owned(),
            shape => shape.iter().map(usize::to_string).collect::<Vec<_>>().join(" × "),
        }
    }
}

/// What a view is of.
#[derive(Clone)]
pub(super) struct Ask {
    pub(super) run: Arc<Run>,
    pub(super) run_at: usize,
    pub(super) patterns: Vec<String>,
    pub(super) group: usize,
    /// How it is drawn, its page and title settled.
    pub(super) request: DrawRequest,
    /// Whether steps are compared cell by cell.
    pub(super) compares: bool,
    /// Whether steps are mixed cell by cell.
    pub(super) mixes: bool,
}

impl View {
    /// The view as that step has it; all others must be like it.
    pub(super) fn new(ask: Ask, step: usize) -> Result<Self, Error> {
        let Ask { run, run_at, patterns, group, request, compares, mixes } = ask;
        let selected = select(&run.checkpoint(step)?, &patterns)?;
        let labels = selected.iter().map(Selected::label).collect();
        let arrangement = arrange(&selected, &request)?;
        let mut options = request.options.clone();
        options.columns = options.columns.or(arrangement.columns);
        if arrangement.title.is_some() && options.title.is_none() {
            options.title = Some(run_name(&run));
        }
        let mut notes = arrangement.notes.clone();
        let extents: Vec<_> = arrangement.panels.iter().map(PanelSource::extent).collect();
        let mut need = charts::needs(arrangement.chart, &extents, &options);
        if mixes && !matches!(need, Need::Grids(_)) {
            need = comparable(need, extents.len());
        }
        if compares {
            need = comparable(need, extents.len());
            options.reduce = Some(Fold::Mean);
            if let Some(asked) = request.options.reduce.filter(|fold| *fold != Fold::Mean) {
                notes.push(format!(
                    "`reduce={}`: differences are of means",
                    format!("{asked:?}").to_lowercase()
                ));
            }
        }
        options.notes.extend(notes.iter().cloned());
        Ok(View {
            run,
            run_at,
            patterns,
            labels,
            group,
            chart: arrangement.chart,
            options,
            notes,
            need,
            sample: arrangement.sample_bytes(),
            plan: arrangement.panels.iter().map(Part::of).collect(),
            request,
        })
    }

    /// The panels of a step, values read. `Err` with [`Skip`] where the step has no such tensors.
    pub(super) fn read(&self, step: usize, work: Work<'_>) -> Result<Vec<Panel>, Skip> {
        if self.run.steps.get(step).is_some_and(|step| step.broken.is_some()) {
            // Why was reported when the run was opened.
            return Err(Skip::Left("cannot be read".to_owned()));
        }
        let mut selected = select(&self.run.checkpoint(step)?, &self.patterns)?;
        selected.retain(|one| self.labels.contains(&one.label()));
        let is_there = |label: &&String| selected.iter().any(|one| one.label() == **label);
        if let Some(missing) = self.labels.iter().find(|label| !is_there(label)) {
            return Err(Skip::Left(format!("{} is missing there", visible(missing))));
        }
        let arrangement = arrange(&selected, &self.request)?;
        self.check(&arrangement)?;
        let mut panels = Vec::with_capacity(arrangement.panels.len());
        for (at, source) in arrangement.panels.iter().enumerate() {
            panels.push(read(source, at, &self.need, self.sample, work)?);
        }
        Ok(panels)
    }

    /// Whether a step looks like the others.
    fn check(&self, arrangement: &Arrangement) -> Result<(), Skip> {
        let parts: Vec<Part> = arrangement.panels.iter().map(Part::of).collect();
        if parts == self.plan && arrangement.chart.name == self.chart.name {
            return Ok(());
        }
        let changed = parts.iter().zip(&self.plan).find(|(part, wanted)| part != wanted);
        Err(Skip::Left(match changed {
            Some((part, wanted)) if part.label == wanted.label => format!(
                "{} is {} there, and {} before",
                visible(&part.label),
                part.shape(),
                wanted.shape()
            ),
            _ => "it does not have the same tensors".to_owned(),
        }))
    }

    /// Whether each picture needs statistics of its own values.
    pub(super) fn needs_summaries(&self) -> bool {
        self.options.own_range || charts::has_to_share(self.chart)
    }

    /// Forgets the statistics that no picture needs: they are large, and there are many steps.
    pub(super) fn strip(&self, panels: &mut [Panel]) {
        for panel in panels {
            for grid in &mut panel.grids {
                grid.summary = Summary::empty();
            }
            if !self.needs_summaries() {
                panel.summary = Summary::empty();
            }
        }
    }

    /// Bytes that panels take.
    pub(super) fn size(&self, panels: &[Panel]) -> usize {
        let cells = |panel: &Panel| -> usize {
            panel
                .grids
                .iter()
                .map(|g| {
                    (g.values.len() + g.negative.len() + g.balance.len()) * 4
                        + g.exact.len() * 8
                        + g.marks.len()
                })
                .sum()
        };
        let summary = |panel: &Panel| match self.needs_summaries() {
            true => (panel.summary.elements as usize).saturating_mul(16).min(1 << 20),
            false => 0,
        };
        panels.iter().map(|panel| 512 + cells(panel) + summary(panel)).sum()
    }

    /// Draws panels; bare without title and words.
    pub(super) fn draw(
        &self,
        panels: &[Panel],
        is_bare: bool,
    ) -> Result<(Scene, Vec<String>), Error> {
        let picture = match is_bare {
            true => {
                let options = {
                    let mut options = self.options.clone();
                    options.title = Some(String::new());
                    options
                };
                charts::draw(self.chart, panels, &options)?
            }
            false => charts::draw(self.chart, panels, &self.options)?,
        };
        Ok((picture.scene, picture.notes))
    }

    /// What it shows, in a word: its run, or the first of its tensors.
    pub(super) fn name(&self, of_run: bool) -> String {
        if of_run { run_name(&self.run) } else { self.labels.first().cloned().unwrap_or_default() }
    }

    /// How many panels it has.
    pub(super) fn panels(&self) -> usize {
        self.plan.len()
    }

    /// Gives all pictures these statistics to fit their scale to.
    pub(super) fn share(&mut self, over: &Summary) {
        self.options.over = Some(Arc::new(over.clone()));
    }

    /// Gives all pictures this span of cells to fit their colours to.
    pub(super) fn share_cells(&mut self, span: Span) {
        share_cells(&mut self.options, span);
    }
}

/// Why a step is not shown.
pub(super) enum Skip {
    /// It does not have what is shown, or cannot be read.
    Left(String),
    /// The work was stopped.
    Stop(Error),
}

impl<E: Into<Error>> From<E> for Skip {
    fn from(error: E) -> Self {
        match error.into() {
            error @ Error::Tensor(TensorError::Cancelled(_)) => Skip::Stop(error),
            error => Skip::Left(error.to_string()),
        }
    }
}

/// Cells that can be compared: means, whatever the chart would fold.
fn comparable(need: Need, panels: usize) -> Need {
    Need::Grids(match need {
        Need::Grids(mut requests) => {
            requests.iter_mut().for_each(|request| request.fold = Fold::Mean);
            requests
        }
        Need::Summaries | Need::Measures | Need::Spectra | Need::Lines | Need::Spreads => {
            vec![GridRequest::new(CELLS, CELLS, Fold::Mean); panels]
        }
    })
}
