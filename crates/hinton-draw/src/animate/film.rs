//! A film whose frames are drawn when they are requested.

use std::sync::Arc;

use hinton_chart::{Panel, Theme, Timeline, charts};
use hinton_picture::{Picture, Playable};
use hinton_render::films::{Frame, FrameSource, SourceError, StripOptions, map_levels, strip};
use hinton_scene::{Item, Point, Scene, Typeface, with_typeface};
use hinton_tensor::{Grid, Progress, Quiet, Summary, Work};
use hinton_weights::Error;

use super::change::in_between;
use super::look::{Panels, Seen, Shown, changes};
use super::steps::Moment;
use super::view::{Skip, View};
use super::{AnimateRequest, time};

/// Most pictures in a row of it.
const STRIP_COLUMNS: usize = 4;

/// A film of a run, drawn one frame at a time. All frames share one scale and one layout.
pub struct Film {
    views: Vec<View>,
    shown: Vec<Shown>,
    kept: Option<Vec<Vec<Panels>>>,
    spans: Vec<Vec<Arc<Summary>>>,
    morph: usize,
    durations: Vec<u32>,
    rate: f64,
    timeline: Option<Timeline>,
    theme: Theme,
    font: Option<Typeface>,
    dpi: f64,
    threads: usize,
    progress: Option<Arc<dyn Progress + Send + Sync>>,
    notes: Vec<String>,
}

impl std::fmt::Debug for Film {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Film")
            .field("frames", &self.durations.len())
            .field("steps", &self.shown.len())
            .field("notes", &self.notes)
            .finish_non_exhaustive()
    }
}

/// A place in the film: a step, and how far it is on the way to the next (0 to 1).
#[derive(Clone, Copy)]
struct At {
    step: usize,
    share: f64,
}

impl Film {
    pub(super) fn new(
        seen: Seen,
        timeline: Option<Timeline>,
        request: &AnimateRequest,
        work: Work<'_>,
    ) -> Result<Self, Error> {
        if seen.shown.is_empty() {
            let why = seen.notes.last().map_or(String::new(), |note| format!(": {note}"));
            return Err(Error::missing(format!("no step of the run can be shown{why}"), ""));
        }
        let options = &request.draw.options;
        let morph = if seen.shown.len() > 1 { request.morph } else { 0 };
        let times = time::times(seen.shown.len(), morph, request.timing, request.hold)?;
        let mut film = Film {
            views: seen.views,
            shown: seen.shown,
            kept: seen.kept,
            spans: seen.spans,
            morph,
            durations: times.durations,
            rate: times.rate,
            timeline,
            theme: Theme::named(options.theme),
            font: options.font,
            dpi: options.dpi,
            threads: work.threads,
            progress: None,
            notes: seen.notes,
        };
        film.views.iter_mut().zip(&seen.cells).for_each(|(view, &cells)| view.share_cells(cells));
        film.fix(work.progress)?;
        Ok(film)
    }

    /// Fixes what all frames share, before the first is drawn.
    fn fix(&mut self, progress: &dyn Progress) -> Result<(), Error> {
        for (view, spans) in self.views.iter_mut().zip(&self.spans) {
            view.options.levels.get_or_insert(map_levels(false));
            let mut all = Summary::empty();
            spans.iter().for_each(|span| all.merge(span));
            view.share(&all);
        }
        for step in self.kept.iter_mut().flatten() {
            for (panels, spans) in step.iter_mut().zip(&self.spans) {
                give_spans(Arc::make_mut(panels).as_mut_slice(), spans);
            }
        }
        self.share_groups();
        for at in 0..self.views.len() {
            let chart = self.views[at].chart;
            if !charts::has_to_share(chart) {
                continue;
            }
            let mut options = self.views[at].options.clone();
            for index in 0..self.durations.len() {
                charts::share(chart, &self.panels(at, self.at(index), progress)?, &mut options);
            }
            self.views[at].options = options;
        }
        let mut notes = Vec::new();
        for at in 0..self.views.len() {
            notes.extend(self.views[at].notes.iter().cloned());
            notes.extend(self.views[at].draw(&self.panels(at, self.at(0), progress)?, false)?.1);
        }
        for note in notes {
            if !self.notes.contains(&note) {
                self.notes.push(note);
            }
        }
        Ok(())
    }

    /// One scale for the same tensors of several runs.
    fn share_groups(&mut self) {
        let groups = self.views.iter().map(|view| view.group).max().unwrap_or(0);
        for group in 0..=groups {
            let mut all = Summary::empty();
            let members = || self.views.iter().filter(|view| view.group == group);
            if members().count() < 2 {
                continue;
            }
            for over in members().filter_map(|view| view.options.over.as_ref()) {
                all.merge(over);
            }
            self.views.iter_mut().filter(|view| view.group == group).for_each(|v| v.share(&all));
        }
    }

    /// Reports the bytes that are read for frames, from any of the threads that draw them; it may stop
    /// the film in the middle of a frame.
    pub fn set_progress(&mut self, progress: Arc<dyn Progress + Send + Sync>) {
        self.progress = Some(progress);
    }

    fn progress(&self) -> &dyn Progress {
        match &self.progress {
            Some(progress) => &**progress,
            None => &Quiet,
        }
    }

    /// Notes for the user that the film itself may not show, one sentence each.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The numbers of the steps that are shown, in order.
    pub fn steps(&self) -> Vec<u64> {
        self.shown.iter().map(|shown| shown.moment.number).collect()
    }

    /// How long each frame is shown, in milliseconds.
    pub fn durations(&self) -> &[u32] {
        &self.durations
    }

    /// Draws the frame at `index`.
    ///
    /// # Errors
    /// Returns an error if its values can no longer be read, or there is no such frame.
    pub fn picture(&self, index: usize) -> Result<Picture, Error> {
        if index >= self.durations.len() {
            let message =
                format!("there is no frame {index}, the film has {}", self.durations.len());
            return Err(Error::unfit(message, ""));
        }
        let at = self.at(index);
        let scene = self.scene(at, false)?;
        let scene = match &self.timeline {
            Some(timeline) => with_typeface(self.font, || {
                timeline.under(scene, &self.theme, self.time(at), &self.words(at))
            }),
            None => scene,
        };
        Ok(Picture { scene, notes: Vec::new(), dpi: self.dpi })
    }

    /// What is drawn of the run there, without the band; bare without title and words.
    fn scene(&self, at: At, is_bare: bool) -> Result<Scene, Error> {
        let mut page: Option<Scene> = None;
        for (view_at, view) in self.views.iter().enumerate() {
            let scene = view.draw(&self.panels(view_at, at, self.progress())?, is_bare)?.0;
            page = Some(match page {
                Some(page) => beside(page, &scene),
                None => scene,
            });
        }
        page.ok_or_else(|| Error::unfit("there is nothing to show", ""))
    }

    /// Draws a film strip: `pictures` evenly chosen steps side by side, including the first and the
    /// last.
    ///
    /// # Errors
    /// Returns the errors of [`Film::picture`].
    pub fn strip(&self, pictures: usize) -> Result<Picture, Error> {
        let steps = self.shown.len();
        let count = pictures.clamp(1, steps);
        let chosen = (0..count).map(|at| match count {
            1 => steps - 1,
            _ => (at * (steps - 1) * 2 + (count - 1)) / (2 * (count - 1)),
        });
        let frame = |step: usize| {
            let at = At { step, share: 0.0 };
            let mut words = self.words(at);
            // Without titles several pictures side by side would have no names.
            if self.views.len() > 1 {
                let are_runs = self.views.iter().all(|view| view.group == 0);
                let names: Vec<String> = self.views.iter().map(|v| v.name(are_runs)).collect();
                words = format!("{words}: {}", names.join(" | "));
            }
            Ok((self.scene(at, true)?, words))
        };
        let frames: Vec<(Scene, String)> = chosen.map(frame).collect::<Result<_, Error>>()?;
        let options =
            StripOptions { columns: columns(count, self.views.len()), ..StripOptions::default() };
        Ok(Picture { scene: strip(&frames, &options), notes: self.notes.clone(), dpi: self.dpi })
    }

    fn at(&self, index: usize) -> At {
        let every = self.morph + 1;
        At { step: index / every, share: (index % every) as f64 / every as f64 }
    }

    /// Where in time that is, in the measure of the band.
    fn time(&self, at: At) -> f64 {
        let time = |step: usize| self.shown.get(step).map_or(0.0, |shown| shown.moment.time);
        let before = time(at.step);
        if at.share == 0.0 { before } else { before + (time(at.step + 1) - before) * at.share }
    }

    /// What the band says.
    fn words(&self, at: At) -> String {
        let shown = &self.shown[at.step];
        let number = shown.moment.number;
        if at.share > 0.0 {
            let next = self.shown.get(at.step + 1).map_or(number, |shown| shown.moment.number);
            return format!("between {number} and {next}");
        }
        match &shown.before {
            Some(before) => format!("step {number} − step {}", before.number),
            None => format!("step {number}"),
        }
    }

    /// Whether all values of the first step are zero, as weights are that training starts from. A
    /// film shown by its first frame then looks empty.
    ///
    /// # Errors
    /// Returns an error if its values cannot be read.
    pub fn begins_empty(&self) -> Result<bool, Error> {
        let is_empty = |grid: &Grid| {
            let values = grid.values.iter().chain(&grid.negative);
            grid.marks.is_empty() && values.into_iter().all(|&value| value == 0.0)
        };
        for view in 0..self.views.len() {
            let panels = self.step_panels(view, 0, self.progress())?;
            let has_nothing =
                |panel: &Panel| !panel.grids.is_empty() && panel.grids.iter().all(is_empty);
            if !panels.iter().all(has_nothing) {
                return Ok(false);
            }
        }
        Ok(!self.views.is_empty())
    }

    /// The panels of a view at a place in the film.
    fn panels(&self, view: usize, at: At, progress: &dyn Progress) -> Result<Panels, Error> {
        let here = self.step_panels(view, at.step, progress)?;
        if at.share == 0.0 || at.step + 1 >= self.shown.len() {
            return Ok(here);
        }
        let mut mixed =
            in_between(&here, &self.step_panels(view, at.step + 1, progress)?, at.share)?;
        give_spans(Arc::make_mut(&mut mixed).as_mut_slice(), &self.spans[view]);
        Ok(mixed)
    }

    fn step_panels(
        &self,
        view: usize,
        step: usize,
        progress: &dyn Progress,
    ) -> Result<Panels, Error> {
        if let Some(kept) = &self.kept {
            return Ok(Arc::clone(&kept[step][view]));
        }
        let shown = &self.shown[step];
        let one = &self.views[view];
        let mut panels = self.read(one, &shown.moment, progress)?;
        if let Some(before) = &shown.before {
            panels = changes(&self.read(one, before, progress)?, &panels)?;
        }
        one.strip(&mut panels);
        give_spans(&mut panels, &self.spans[view]);
        Ok(Arc::new(panels))
    }

    fn read(
        &self,
        view: &View,
        moment: &Moment,
        progress: &dyn Progress,
    ) -> Result<Vec<Panel>, Error> {
        // Frames are made by several threads already.
        let work = Work { threads: 1, progress };
        view.read(moment.steps[view.run_at], work).map_err(|skip| match skip {
            Skip::Stop(error) => error,
            Skip::Left(why) => {
                let message = format!("step {} has changed: {why}", moment.number);
                Error::unfit(message, "the run was written to while it was played: try again")
            }
        })
    }
}

impl FrameSource for Film {
    fn len(&self) -> usize {
        self.durations.len()
    }

    fn frame(&self, index: usize) -> Result<Frame, SourceError> {
        let picture = self.picture(index)?;
        Ok(Frame { scene: picture.scene, duration_ms: self.durations[index] })
    }
}

impl Playable for Film {
    fn dpi(&self) -> f64 {
        self.dpi
    }

    fn rate(&self) -> f64 {
        self.rate
    }

    fn threads(&self) -> usize {
        self.threads
    }

    fn limit_colors(&mut self) -> Result<(), Error> {
        let first = self.picture(0)?;
        if has_values(&first.scene.items) {
            let levels = map_levels(true);
            self.views.iter_mut().for_each(|view| view.options.levels = Some(levels));
        }
        Ok(())
    }
}

/// A scene with another at its right, as high as the higher.
fn beside(mut page: Scene, scene: &Scene) -> Scene {
    page.items.extend(scene.moved(page.width, 0.0).items);
    page.width += scene.width;
    page.height = page.height.max(scene.height);
    if page.description != scene.description {
        page.description = format!("{} · {}", page.description, scene.description);
    }
    page
}

/// Gives panels the statistics that their scale is fitted to.
fn give_spans(panels: &mut [Panel], spans: &[Arc<Summary>]) {
    for (panel, span) in panels.iter_mut().zip(spans) {
        panel.over = Some(Arc::clone(span));
    }
}

/// Columns of a strip: one row while it is short, else about three times as wide as high. `beside`
/// pictures make one frame.
fn columns(count: usize, beside: usize) -> usize {
    let most = (STRIP_COLUMNS / beside.max(1)).max(1);
    if count <= most { count } else { count.div_ceil(count.div_ceil(most)) }
}

/// Whether values are written into cells.
fn has_values(items: &[Item]) -> bool {
    let grids = || {
        items.iter().filter_map(|item| match item {
            Item::Cells(cells) => Some(cells.rect),
            _ => None,
        })
    };
    items.iter().any(|item| match item {
        Item::Text(text) => {
            let Point { x, y } = Point::new(text.x + text.width / 2.0, text.y);
            grids().any(|rect| {
                (rect.x..rect.right()).contains(&x) && (rect.y..rect.bottom()).contains(&y)
            })
        }
        Item::Group(group) => has_values(&group.items),
        _ => false,
    })
}
