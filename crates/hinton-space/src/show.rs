//! Sends points through a network and draws them.

use std::sync::Arc;

use hinton_chart::space::{
    Box3, Cloud, ColorKey, Guide, GuideKind, MANY_POINTS, Points, Regions, SpaceError,
    SpaceOptions, SpaceStep, space,
};
use hinton_chart::{Colormap, Theme, counted};
use hinton_picture::Picture;
use hinton_picture::fonts::noted;
use hinton_render::MOST_PATH_DOTS;
use hinton_scene::Color;
use hinton_tensor::{Progress, Quiet, Tensor, Work};
use hinton_weights::{Error, tensor_of};

use super::colors::{self, Colored};
use super::place::Placement;
use super::{ColorBy, Flatten, Model, PointSet, Precision, Stage, regions, verdict};

/// Space around the points, as a share of their extent.
pub(crate) const PADDING: f64 = 0.05;

/// Colours of the points of a file of 256 colours.
const LEVELS: usize = 64;

/// Which arrows and outlines are sent through a network of two inputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Guides {
    /// The basis vectors and the unit square, if points have no labels.
    #[default]
    Auto,
    /// None.
    Off,
    /// The basis vectors, the unit square and the unit circle.
    All,
}

/// How points are sent through a network, and shown.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct ShowRequest {
    /// How each picture is drawn.
    pub options: SpaceOptions,
    /// What determines the colours of points.
    pub color: ColorBy,
    /// The colour map; `None` is the default of [`ColorBy`].
    pub cmap: Option<Colormap>,
    /// The maximum number of colours of the map that are used.
    pub levels: Option<usize>,
    /// How points with more than three values are projected.
    pub flatten: Flatten,
    /// Which arrows and outlines are drawn.
    pub guides: Guides,
    /// Whether the plane is coloured by the predicted class; `None` means yes if the points have
    /// two values and labels.
    pub regions: Option<bool>,
    /// The precision in which points are computed.
    pub precision: Precision,
}

/// One step, ready to be drawn.
#[derive(Debug, Clone)]
pub(crate) struct Shown {
    pub(crate) title: String,
    pub(crate) details: Vec<String>,
    pub(crate) dims: usize,
    /// Empty where the step's values are places as they are; [`Show::places`] gives both.
    pub(crate) own_places: Vec<[f32; 3]>,
    pub(crate) guides: Vec<Guide>,
    pub(crate) regions: Option<Regions>,
    pub(crate) axes: [String; 3],
    pub(crate) range: Box3,
}

/// Points that were sent through a network, ready to be drawn.
pub struct Show {
    title: String,
    pub(crate) set: PointSet,
    pub(crate) stages: Vec<Stage>,
    notes: Vec<String>,
    pub(crate) request: ShowRequest,
    pub(crate) colored: Colored,
    pub(crate) shown: Vec<Shown>,
    /// How each step's values became places.
    pub(crate) placements: Vec<Placement>,
    /// With how many threads pages are drawn, and who is told.
    threads: usize,
    progress: Option<Arc<dyn Progress + Send + Sync>>,
}

impl std::fmt::Debug for Show {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Show").field("title", &self.title).finish_non_exhaustive()
    }
}

impl Show {
    /// Sends points through a network and projects them, with one thread per core.
    ///
    /// # Errors
    /// Returns an error if the points do not fit, or a request does not fit the network.
    pub fn new(model: &Model, set: PointSet, request: ShowRequest) -> Result<Self, Error> {
        Show::new_with(model, set, request, Work::on_all())
    }

    /// As [`Show::new`], with this number of threads, which pages and films are drawn with, too,
    /// reporting to a [`Progress`], which may cancel the work. While pages and frames are drawn, see
    /// [`Show::set_progress`].
    ///
    /// # Errors
    /// Returns the errors of [`Show::new`], and an error if the work was cancelled.
    pub fn new_with(
        model: &Model,
        set: PointSet,
        request: ShowRequest,
        work: Work<'_>,
    ) -> Result<Self, Error> {
        Show::with_placements(model, set, request, None, work)
    }

    /// Reports how points are counted for pages and frames, from any of the threads that draw them;
    /// it may stop one in the middle.
    pub fn set_progress(&mut self, progress: Arc<dyn Progress + Send + Sync>) {
        self.progress = Some(progress);
    }

    /// How pages are drawn.
    pub(crate) fn work(&self) -> Work<'_> {
        let progress: &dyn Progress = match &self.progress {
            Some(progress) => &**progress,
            None => &Quiet,
        };
        Work { threads: self.threads, progress }
    }

    /// The same with places found as they were in another.
    pub(crate) fn with_placements(
        model: &Model,
        mut set: PointSet,
        request: ShowRequest,
        placements: Option<&[Placement]>,
        work: Work<'_>,
    ) -> Result<Self, Error> {
        let stages = model.trace(set.values.clone(), request.precision, work)?;
        let theme = request.options.theme;
        let Some(last) = stages.last() else {
            return Err(Error::unfit("the network has no steps", ""));
        };
        verdict::match_labels(&mut set, last.width);
        let ShowRequest { color, cmap, levels, .. } = request;
        let colored = colors::color(&set, last, color, cmap, levels, theme)?;
        let fitted: Vec<Placement> = match placements {
            Some(placements) => placements.to_vec(),
            None => stages
                .iter()
                .map(|stage| Placement::of(stage, &request.flatten))
                .collect::<Result<_, _>>()?,
        };
        let mut shown = Vec::with_capacity(stages.len());
        for (stage, placement) in stages.iter().zip(&fitted) {
            let (own_places, range) = match placement.held(stage) {
                Some(places) => (Vec::new(), around(places, work)),
                None => {
                    let places = placement.places(stage, work);
                    let range = around((&places).into(), work);
                    (places, range)
                }
            };
            shown.push(Shown {
                title: stage.label.clone(),
                details: details(stage, placement),
                dims: placement.dims(stage.width),
                guides: Vec::new(),
                regions: None,
                axes: placement.axes(stage.width),
                range: range.padded(PADDING),
                own_places,
            });
        }
        let mut show = Show {
            title: model.title.clone(),
            notes: [set.notes.clone(), model.notes.clone()].concat(),
            set,
            stages,
            request,
            colored,
            shown,
            placements: fitted,
            threads: work.threads,
            progress: None,
        };
        show.add_guides(model)?;
        show.add_regions(
            model,
            if placements.is_none() { regions::FINE } else { regions::COARSE },
            work,
        )?;
        // Of the steps of a run only the last is remarked on, and that has its own places.
        if let (None, Some(last)) = (placements, show.stages.last()) {
            show.notes.extend(verdict::remark(model, &show.set, last, show.request.precision));
        }
        Ok(show)
    }

    fn add_guides(&mut self, model: &Model) -> Result<(), Error> {
        let wanted = match self.request.guides {
            Guides::Auto => self.set.labels.is_none() && self.set.len() <= MANY_POINTS,
            Guides::Off => false,
            Guides::All => true,
        };
        if !wanted || self.set.width != 2 || !model.takes_points() {
            return Ok(());
        }
        for (kind, outline) in outlines(self.request.guides == Guides::All) {
            let stages = model.trace(outline, Precision::F64, Work::quiet())?;
            for ((stage, placement), shown) in
                stages.iter().zip(&self.placements).zip(&mut self.shown)
            {
                let points = placement.places(stage, Work::quiet());
                // They stay inside the frame where the points lie closer together.
                shown.range = shown.range.and(Box3::around((&points).into()).padded(PADDING));
                shown.guides.push(Guide { kind, points });
            }
        }
        Ok(())
    }

    fn add_regions(&mut self, model: &Model, side: usize, work: Work<'_>) -> Result<(), Error> {
        let labelled = self.set.labels.as_ref().map(|(_, names)| names.len());
        let outputs = self.stages.last().map_or(0, |last| last.width);
        let classes = outputs.max(2);
        let fits = self.set.width == 2 && (1..=256).contains(&outputs) && model.takes_points();
        let wanted = self.request.regions.unwrap_or(fits && labelled == Some(classes));
        if !wanted {
            return Ok(());
        }
        if !fits {
            return Err(Error::request(
                format!(
                    "`regions`: points of {} values cannot be a plane of {outputs} classes",
                    self.set.width
                ),
                "regions are drawn of classifiers of two inputs",
            ));
        }
        let page = Theme::named(self.request.options.theme).page;
        let colors = self.region_colors(classes);
        let plane = self.shown[0].range.cube();
        let found = regions::regions(model, plane, side, &colors, page, work)?;
        self.shown[0].regions = Some(found);
        Ok(())
    }

    /// The colours of this many classes: those of the points, where they have classes.
    pub(crate) fn region_colors(&self, classes: usize) -> Vec<Color> {
        match self.colored.classes.len() < classes {
            true => colors::class_colors(classes),
            false => self.colored.classes.clone(),
        }
    }

    /// Colours of so few levels that a file of 256 colours keeps them.
    pub(crate) fn limit_colors(&mut self) -> Result<(), Error> {
        let levels = Some(self.request.levels.unwrap_or(LEVELS).min(LEVELS));
        let theme = self.request.options.theme;
        let ShowRequest { color, cmap, .. } = self.request;
        if let Some(last) = self.stages.last() {
            self.colored = colors::color(&self.set, last, color, cmap, levels, theme)?;
        }
        Ok(())
    }

    /// Adds clauses to the subtitle.
    pub fn add_to_subtitle(&mut self, clauses: impl IntoIterator<Item = String>) {
        self.request.options.subtitle.extend(clauses);
    }

    /// The same with another title over the input.
    pub fn renamed_first(mut self, title: &str) -> Self {
        if let Some(first) = self.shown.first_mut() {
            title.clone_into(&mut first.title);
        }
        self
    }

    /// Replaces the title of the last step.
    pub fn renamed_last(mut self, title: &str) -> Self {
        if let Some(last) = self.shown.last_mut() {
            title.clone_into(&mut last.title);
            last.details.clear();
        }
        self
    }

    /// The points after every step, starting with the input.
    pub fn stages(&self) -> &[Stage] {
        &self.stages
    }

    /// Notes for the user: what was assumed, reduced or left out, one sentence each.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The network's name.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// The points that were sent through.
    pub fn points(&self) -> &PointSet {
        &self.set
    }

    /// The share of points whose predicted class equals their label, 0 to 1; `None` if either is
    /// unknown.
    pub fn accuracy(&self) -> Option<f64> {
        verdict::accuracy(&self.set, self.stages.last()?)
    }

    /// The weights of each step with four decimals, its singular values and determinant: a heading
    /// and the text for each, which is empty if a step has no weights.
    pub fn weights(&self) -> Vec<(String, String)> {
        let text = |stage: &Stage| stage.map.as_ref().map_or(String::new(), |map| map.text());
        let stages = self.stages.iter().skip(1);
        stages.map(|stage| (heading(stage), text(stage))).collect()
    }

    pub(crate) fn cloud(&self) -> Cloud<'_> {
        Cloud {
            palette: &self.colored.palette,
            colors: &self.colored.places,
            lines: &self.set.lines,
            key: &self.colored.key,
        }
    }

    /// The places of all points after a step.
    pub(crate) fn places(&self, at: usize) -> Points<'_> {
        let held = self.placements[at].held(&self.stages[at]);
        held.unwrap_or_else(|| (&self.shown[at].own_places).into())
    }

    /// A step as the chart takes it.
    pub(crate) fn step(&self, at: usize) -> SpaceStep<'_> {
        let shown = &self.shown[at];
        SpaceStep {
            name: shown.title.clone(),
            details: shown.details.clone(),
            dims: shown.dims,
            points: self.places(at),
            guides: &shown.guides,
            regions: shown.regions.as_ref(),
            axes: shown.axes.clone(),
            range: Some(shown.range),
        }
    }

    /// The words of a page that are the same whatever steps it shows.
    pub(crate) fn options(&self) -> SpaceOptions {
        let mut options = self.request.options.clone();
        if options.title.is_empty() && options.style == hinton_chart::space::SpaceStyle::House {
            options.title.clone_from(&self.title);
            options.subtitle.push(self.set.name.clone());
            if !self.set.name.contains(&self.set.len().to_string()) {
                options.subtitle.push(counted(self.set.len(), "point", "points"));
            }
            let colour = match &self.colored.key {
                ColorKey::Classes { name, .. } if !name.is_empty() => {
                    "coloured by the largest output"
                }
                _ => "each point keeps its colour",
            };
            options.subtitle.push(colour.to_owned());
            if let Some(accuracy) = self.accuracy() {
                options.subtitle.push(format!("{:.1} % right", accuracy * 100.0));
            }
            options.notes.extend(self.notes.iter().cloned());
        }
        options
    }

    /// Draws some of the steps on one page, by their indices.
    ///
    /// # Errors
    /// Returns an error if the page is too small for them, or the work was cancelled.
    pub fn page_of(&self, steps: &[usize]) -> Result<Picture, Error> {
        let steps: Vec<SpaceStep<'_>> = steps.iter().map(|&at| self.step(at)).collect();
        let options = self.options();
        let picture = space(self.cloud(), &steps, &options, self.work()).map_err(space_fault)?;
        let dpi = options.dpi;
        let mut notes = self.notes.clone();
        notes.extend(picture.notes);
        Ok(noted(Picture { scene: picture.scene, notes, dpi }))
    }

    /// Draws all steps side by side on one page.
    ///
    /// # Errors
    /// Returns the errors of [`Show::page_of`].
    pub fn page(&self) -> Result<Picture, Error> {
        let all: Vec<usize> = (0..self.shown.len()).collect();
        self.page_of(&all)
    }

    /// Draws one picture per step, each with a name for its file.
    ///
    /// # Errors
    /// Returns the errors of [`Show::page_of`].
    pub fn pictures(&self) -> Result<Vec<(String, Picture)>, Error> {
        let picture = |at: usize| Ok((self.file_name(at), self.page_of(&[at])?));
        (0..self.shown.len()).map(picture).collect()
    }

    /// `2-tanh`: the place of a step and what it is.
    fn file_name(&self, at: usize) -> String {
        let words = self.stages[at].label.to_lowercase().replace("->", "to");
        let keeps = |c: char| if c.is_alphanumeric() { c } else { '-' };
        let words: String = words.chars().map(keeps).collect();
        let words: Vec<&str> = words.split('-').filter(|word| !word.is_empty()).collect();
        format!("{at:02}-{}", words.join("-"))
    }

    /// Whether a vector file of these steps holds the points as a bitmap.
    pub fn is_pixels_in_vectors(&self, steps: usize) -> bool {
        let pieces = (self.set.len() + self.set.lines.len()) * steps;
        pieces > MOST_PATH_DOTS
    }

    /// The points after every step as tensors, as computed: `0_input`, `1_tanh` ….
    ///
    /// # Errors
    /// Returns an error only if there are more values than can be addressed.
    pub fn tensors(&self) -> Result<Vec<Tensor>, Error> {
        let tensor = |(at, stage): (usize, &Stage)| {
            let name = self.file_name(at);
            let shape = [self.set.len(), stage.width];
            match &stage.values {
                super::Values::F32(values) => tensor_of(name, &shape, values),
                super::Values::F64(values) => tensor_of(name, &shape, values),
            }
        };
        let mut all: Vec<Tensor> =
            self.stages.iter().enumerate().map(tensor).collect::<Result<_, _>>()?;
        if let Some((labels, _)) = &self.set.labels {
            all.push(tensor_of("labels", &[labels.len()], labels)?);
        }
        Ok(all)
    }
}

pub(super) fn space_fault(error: SpaceError) -> Error {
    match error {
        SpaceError::Chart(error) => Error::Chart(error),
        SpaceError::Cancelled(error) => Error::Tensor(error.into()),
    }
}

fn heading(stage: &Stage) -> String {
    match stage.name.is_empty() {
        true => stage.label.clone(),
        false => format!("step {}: {}", stage.name, stage.label),
    }
}

fn details(stage: &Stage, placement: &Placement) -> Vec<String> {
    let map = stage.map.as_ref().and_then(super::LinearMap::words);
    placement.words(stage).into_iter().chain(map).collect()
}

/// The box around many points, on several threads.
fn around(places: Points<'_>, work: Work<'_>) -> Box3 {
    let stripes: Vec<Points<'_>> = places.chunks(1 << 16).collect();
    let boxes = hinton_tensor::share_out(stripes, work.threads, Box3::around);
    boxes.into_iter().fold(Box3::EMPTY, Box3::and)
}

/// The arrows and outlines in the plane of the input.
fn outlines(all: bool) -> Vec<(GuideKind, Vec<f64>)> {
    const PARTS: usize = 24;
    let line = |from: [f64; 2], to: [f64; 2], parts: usize| {
        (0..parts).flat_map(move |part| {
            let share = part as f64 / PARTS as f64;
            [0, 1].map(|axis| from[axis] + (to[axis] - from[axis]) * share)
        })
    };
    let corners = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]];
    let side = |at: usize| line(corners[at], corners[(at + 1) % 4], PARTS);
    let mut outlines = vec![(GuideKind::Square, (0..4).flat_map(side).collect())];
    if all {
        let circle = (0..96).flat_map(|at| {
            let (sin, cos) = hinton_scene::turn(360.0 * f64::from(at) / 96.0);
            [cos, sin]
        });
        outlines.push((GuideKind::Circle, circle.collect()));
    }
    outlines.push((GuideKind::FirstBasis, line([0.0; 2], [1.0, 0.0], PARTS + 1).collect()));
    outlines.push((GuideKind::SecondBasis, line([0.0; 2], [0.0, 1.0], PARTS + 1).collect()));
    outlines
}
