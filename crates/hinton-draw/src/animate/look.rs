//! The first pass over all steps: what each step has, and what is common to all of them.

use std::sync::Arc;

use hinton_chart::{Panel, Span};
use hinton_tensor::{Summary, Work};
use hinton_weights::{Error, Fault};

use super::change::difference;
use super::steps::Moment;
use super::view::{Ask, Skip, View};
use super::{AnimateRequest, Show};

/// Most reasons for leaving steps out that are told, and most steps of each that are named.
const MOST_NAMED: usize = 5;

/// The panels of one view.
pub(super) type Panels = Arc<Vec<Panel>>;

/// A step that is shown, and the one it is compared with.
#[derive(Clone)]
pub(super) struct Shown {
    pub(super) moment: Moment,
    pub(super) before: Option<Moment>,
}

/// What the first look found.
pub(super) struct Seen {
    pub(super) views: Vec<View>,
    pub(super) shown: Vec<Shown>,
    /// `[shown][view]`, where all fit into memory.
    pub(super) kept: Option<Vec<Vec<Panels>>>,
    /// `[view][panel]`: statistics over all steps.
    pub(super) spans: Vec<Vec<Arc<Summary>>>,
    /// `[view]`: what the cells span over all steps.
    pub(super) cells: Vec<Span>,
    pub(super) notes: Vec<String>,
}

/// The first look at all steps.
pub(super) struct Look<'r> {
    request: &'r AnimateRequest,
    work: Work<'r>,
    notes: Vec<String>,
    /// Steps that are not shown: number and why.
    left: Vec<(u64, String)>,
}

impl<'r> Look<'r> {
    pub(super) fn new(request: &'r AnimateRequest, work: Work<'r>, notes: Vec<String>) -> Self {
        Look { request, work, notes, left: Vec::new() }
    }

    /// The views as the first step has them in which all can be made, and the steps from there on.
    pub(super) fn first_views(
        &mut self,
        asks: Vec<Ask>,
        mut moments: Vec<Moment>,
    ) -> Result<(Vec<View>, Vec<Moment>), Error> {
        let mut why = None;
        for at in 0..moments.len() {
            let moment = &moments[at];
            let views = asks.iter().map(|ask| View::new(ask.clone(), moment.steps[ask.run_at]));
            match views.collect::<Result<Vec<_>, _>>() {
                Ok(views) => return Ok((views, moments.split_off(at))),
                // What makes no sense in one step makes none in any.
                Err(error) if error.fault() == Fault::Request => return Err(error),
                Err(error) => {
                    self.left.push((moment.number, error.to_string()));
                    why = why.or(Some(error));
                }
            }
        }
        Err(why.unwrap_or_else(|| Error::unfit("the run has no steps", "")))
    }

    /// Reads every step once.
    pub(super) fn all(mut self, views: Vec<View>, moments: Vec<Moment>) -> Result<Seen, Error> {
        let show = self.request.show;
        let mut gathered = Gathered::new(&views, self.request.memory);
        let mut shown = Vec::new();
        // What the next step is compared with.
        let mut before: Option<(Moment, Vec<Vec<Panel>>)> = None;
        let count = moments.len();
        for (at, moment) in moments.into_iter().enumerate() {
            let read = |view: &View| view.read(moment.steps[view.run_at], self.work);
            let panels = views.iter().map(read).collect::<Result<Vec<_>, Skip>>();
            self.work.progress.looked(at + 1, count);
            let panels = match panels {
                Ok(panels) => panels,
                Err(Skip::Stop(error)) => return Err(error),
                Err(Skip::Left(why)) => {
                    self.left.push((moment.number, why));
                    continue;
                }
            };
            match (show, &before) {
                (Show::Value, _) => {
                    gathered.add(&views, panels);
                    shown.push(Shown { moment, before: None });
                }
                (_, None) => before = Some((moment, panels)),
                (_, Some((earlier, old))) => {
                    let changes = old.iter().zip(&panels).map(|(old, new)| changes(old, new));
                    gathered.add(&views, changes.collect::<Result<_, _>>()?);
                    shown.push(Shown { moment: moment.clone(), before: Some(earlier.clone()) });
                    if show == Show::Change {
                        before = Some((moment, panels));
                    }
                }
            }
        }
        if let (true, Some((only, _))) = (shown.is_empty(), &before) {
            let message = format!("step {} alone cannot be compared with another", only.number);
            return Err(Error::unfit(message, "show more `steps`, or `show=value`"));
        }
        self.tell_left();
        if let Some(Shown { before: Some(before), .. }) = shown.first() {
            self.notes.push(format!("step {} is compared with, not shown", before.number));
        }
        let spans = gathered.spans(&views);
        let cells = gathered.cells(&views);
        let kept = gathered.kept;
        Ok(Seen { views, shown, kept, spans, cells, notes: self.notes })
    }

    /// Says which steps are not shown, and why.
    fn tell_left(&mut self) {
        self.left.sort_by_key(|left| left.0);
        // Those with one reason together, in the order of the first of each.
        let mut reasons: Vec<(&str, Vec<u64>)> = Vec::new();
        for (number, why) in &self.left {
            match reasons.iter_mut().find(|(reason, _)| reason == why) {
                Some((_, numbers)) => numbers.push(*number),
                None => reasons.push((why, vec![*number])),
            }
        }
        for (why, numbers) in reasons.iter().take(MOST_NAMED) {
            self.notes.push(match numbers.as_slice() {
                [number] => format!("step {number} is left out: {why}"),
                _ => format!("steps {} are left out: {why}", listed(numbers)),
            });
        }
        let more: Vec<u64> =
            reasons.iter().skip(MOST_NAMED).flat_map(|(_, numbers)| numbers).copied().collect();
        if !more.is_empty() {
            self.notes.push(format!("also left out: {}", listed(&more)));
        }
    }
}

/// "1, 2 and 3"; of many the first and how many more.
fn listed(numbers: &[u64]) -> String {
    let words: Vec<String> = numbers.iter().take(MOST_NAMED).map(u64::to_string).collect();
    match (numbers.len() - words.len(), words.split_last()) {
        (0, Some((last, [_, ..]))) => {
            format!("{} and {last}", words[..words.len() - 1].join(", "))
        }
        (0, _) => words.concat(),
        (more, _) => format!("{} and {more} more", words.join(", ")),
    }
}

/// How the panels of a step differ from those of an earlier one.
pub(super) fn changes(before: &[Panel], after: &[Panel]) -> Result<Vec<Panel>, Error> {
    before.iter().zip(after).map(|(before, after)| difference(before, after)).collect()
}

/// What is gathered from the steps.
struct Gathered {
    /// `[view][panel]`.
    spans: Vec<Vec<Summary>>,
    /// `[view]`.
    cells: Vec<Span>,
    kept: Option<Vec<Vec<Panels>>>,
    size: usize,
    /// Most bytes that are kept.
    most: usize,
}

impl Gathered {
    fn new(views: &[View], most: usize) -> Self {
        let spans = vec![Vec::new(); views.len()];
        let cells = vec![Span::EMPTY; views.len()];
        Gathered { spans, cells, kept: Some(Vec::new()), size: 0, most }
    }

    fn add(&mut self, views: &[View], panels: Vec<Vec<Panel>>) {
        let mut step = Vec::with_capacity(panels.len());
        let places = self.spans.iter_mut().zip(&mut self.cells);
        for ((view, mut panels), (spans, cells)) in views.iter().zip(panels).zip(places) {
            cells.join(&Span::of_panels(&panels, &view.options));
            spans.resize(panels.len(), Summary::empty());
            for (span, panel) in spans.iter_mut().zip(&panels) {
                span.merge(&panel.summary);
            }
            view.strip(&mut panels);
            self.size = self.size.saturating_add(view.size(&panels));
            step.push(Arc::new(panels));
        }
        match &mut self.kept {
            Some(kept) if self.size <= self.most => kept.push(step),
            _ => self.kept = None,
        }
    }

    /// What the cells of each view span; views of one group share theirs.
    fn cells(&self, views: &[View]) -> Vec<Span> {
        let one = |view: &View| {
            let mut span = Span::EMPTY;
            let group = views.iter().zip(&self.cells).filter(|(one, _)| one.group == view.group);
            group.for_each(|(_, cells)| span.join(cells));
            span
        };
        views.iter().map(one).collect()
    }

    /// Statistics of each panel; views of one group share theirs.
    fn spans(&mut self, views: &[View]) -> Vec<Vec<Arc<Summary>>> {
        let mut shared: Vec<Vec<Arc<Summary>>> = Vec::with_capacity(views.len());
        for view in views {
            let alike = |at: &usize| {
                views[*at].group == view.group && self.spans[*at].len() == view.panels()
            };
            let group: Vec<usize> = (0..views.len()).filter(alike).collect();
            let one = |panel: usize| {
                let mut span = Summary::empty();
                group.iter().for_each(|&at| span.merge(&self.spans[at][panel]));
                Arc::new(span)
            };
            shared.push((0..view.panels()).map(one).collect());
        }
        shared
    }
}
