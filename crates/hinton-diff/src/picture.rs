//! Draws a comparison.

use std::path::Path;

use hinton_chart::change::{self, Beside, Changed, State, Step};
use hinton_chart::{CHARTS, Course, Extent, Options, Panel, Sheet, SheetPart, charts};
use hinton_compare::difference;
use hinton_picture::Picture;
use hinton_picture::fonts::noted;
use hinton_tensor::outline::{Named, outline};
use hinton_tensor::{Fold, GridRequest, Summary, Tensor, Work, reduce};
use hinton_weights::Error;
use hinton_words::{short, visible};

use super::{Diff, Measures, Pair, summary};

/// The maximum number of tensors whose values are shown side by side on one page.
pub const MOST_BESIDE: usize = 8;
/// Fewest layers whose changes make a line.
const FEWEST_LAYERS: usize = 3;

impl Diff {
    /// Draws the comparison: a map of all tensors coloured by relative change, a histogram of the
    /// differences, and the change over the layers. There is nothing to draw before
    /// [`read`](Diff::read).
    ///
    /// # Errors
    /// Returns an error if there is no tensor, nothing has been read, or the page is too small.
    pub fn draw(&self, options: &Options) -> Result<Picture, Error> {
        let tensors = self.changed();
        if tensors.is_empty() || self.pairs.iter().any(|pair| pair.measures.is_none()) {
            return Err(Error::unfit("there is nothing to draw: no values were compared", ""));
        }
        let mut sheet = Sheet::new(options);
        sheet.set_alarm(self.alarm());
        let mut notes = Vec::new();
        let mut parts = Vec::new();
        let mut add = |heading: &str, pictures: Vec<hinton_chart::Picture>| {
            let mut scenes = Vec::new();
            for picture in pictures {
                notes.extend(picture.notes);
                scenes.push(picture.scene);
            }
            parts.push(SheetPart { heading: heading.to_owned(), scenes });
        };
        let sized = |width: f64, title: &str| {
            let mut options = Sheet::options(options, width);
            options.title = Some(title.to_owned());
            options.notes.clear();
            options
        };
        let map = change::map(&tensors, &sized(sheet.whole(), ""))?;
        add("Relative change", vec![map]);
        let steps = self.steps();
        if steps.iter().any(|step| step.high > step.low) {
            let over_layers = self.over_layers();
            let width = sheet.half();
            let mut below =
                vec![change::spread(&steps, self.rms(), &sized(width, "How far values moved"))?];
            if let Some(against) = &self.against {
                below.push(change::against(against, &sized(width, "b against a"))?);
            }
            if let Some(panels) = over_layers {
                let profile = CHARTS.iter().find(|row| row.name == "profile");
                let mut options = sized(width, "Change over the layers");
                options.measure = Some("update");
                below.extend(profile.map(|row| charts::draw(row, &panels, &options)).transpose()?);
            }
            add("", below);
        }
        let title = options.title.clone().unwrap_or_else(|| self.title());
        let mut below = options.notes.clone();
        below.push(
            "relative change: the norm of the difference b − a over the norm of a".to_owned(),
        );
        let scene = sheet.page(&title, &self.subtitle(), &parts, &below);
        Ok(noted(Picture { scene, notes, dpi: options.dpi }))
    }

    /// Draws the values of the first [`MOST_BESIDE`] pairs: first, second and difference side by
    /// side, with the rows and columns that changed most marked.
    ///
    /// # Errors
    /// Returns an error if there is no pair, values cannot be read, or the page is too small.
    pub fn draw_values(&self, options: &Options, work: Work<'_>) -> Result<Picture, Error> {
        if self.pairs.iter().all(|pair| pair.a.elements() == 0) {
            return Err(Error::unfit("there are no values to draw in both files", ""));
        }
        let mut sheet = Sheet::new(options);
        sheet.set_alarm(self.alarm());
        let mut parts = Vec::new();
        let mut notes = options.notes.clone();
        for pair in self.pairs.iter().filter(|pair| pair.a.elements() > 0).take(MOST_BESIDE) {
            let mut sized = Sheet::options(options, sheet.whole());
            sized.title = Some(pair.label());
            sized.notes.clear();
            let picture = pair.beside(&sized, work)?;
            parts.push(SheetPart { heading: String::new(), scenes: vec![picture.scene] });
        }
        if self.pairs.len() > MOST_BESIDE {
            let (shown, all) = (MOST_BESIDE, self.pairs.len());
            notes.push(format!("the first {shown} of {all} tensors; -t names others"));
        }
        let title = options.title.clone().unwrap_or_else(|| self.title());
        let scene = sheet.page(&title, &self.subtitle(), &parts, &notes);
        Ok(noted(Picture { scene, notes, dpi: options.dpi }))
    }

    fn title(&self) -> String {
        page_title(&self.path_a, &self.path_b)
    }

    fn subtitle(&self) -> Vec<String> {
        let is_alarm = |line: &String| summary::is_odd(line);
        self.summary().into_iter().filter(|line| !is_alarm(line)).collect()
    }

    fn alarm(&self) -> Option<String> {
        let lines: Vec<String> =
            self.summary().into_iter().filter(|l| summary::is_odd(l)).collect();
        (!lines.is_empty()).then(|| lines.join("; "))
    }

    /// All tensors of both files with what became of them.
    fn changed(&self) -> Vec<Changed> {
        let pairs = self.pairs.iter().map(|pair| {
            let dtype = match pair.is_cast() {
                true => {
                    let [a, b] =
                        [&pair.a, &pair.b].map(|one| summary::type_name(one.stored_type()));
                    format!("{a} → {b}")
                }
                false => pair.a.stored_type().to_owned(),
            };
            let state = pair.state();
            let change = match state {
                State::Equal => ", identical".to_owned(),
                State::Moved { relative: Some(relative), .. } => {
                    format!(", {}", summary::percent(relative))
                }
                _ => String::new(),
            };
            let tensor = changed(&pair.a, format!("{dtype}{change}"), state);
            Changed { shape: pair.shape(), ..tensor }
        });
        let only = |tensors: &[Tensor], state: State| -> Vec<Changed> {
            let one = |tensor: &Tensor| changed(tensor, tensor.stored_type().to_owned(), state);
            tensors.iter().map(one).collect()
        };
        let unlike: Vec<Tensor> = self.unlike.iter().map(|(a, _)| a.clone()).collect();
        pairs
            .chain(only(&unlike, State::OtherShape))
            .chain(only(&self.only_a, State::OnlyFirst))
            .chain(only(&self.only_b, State::OnlySecond))
            .collect()
    }

    fn steps(&self) -> Vec<Step> {
        let step = |bin: super::Bin| Step { low: bin.low, high: bin.high, count: bin.count };
        self.histogram.bins().into_iter().map(step).collect()
    }

    /// The root mean square of the first file's values.
    fn rms(&self) -> Option<f64> {
        let count: u64 = self.weighed().map(|one| one.elements).fold(0, u64::saturating_add);
        let most = self.weighed().map(|one| one.norm_a).fold(0.0, f64::max);
        let squares: f64 = self.weighed().map(|one| (one.norm_a / most).powi(2)).sum();
        (count > 0 && most > 0.0).then(|| most * (squares / count as f64).sqrt())
    }

    /// What a profile of the changes shows: of the kinds of tensor that changed in some layer all, of
    /// others those that changed. `None` where there are no layers to speak of, or nothing changed.
    fn over_layers(&self) -> Option<Vec<Panel>> {
        let weights: Vec<&Pair> = self.pairs.iter().filter(|pair| pair.is_weight()).collect();
        let named: Vec<Named<'_>> = weights
            .iter()
            .map(|pair| Named { name: pair.a.name(), shape: pair.a.shape() })
            .collect();
        let has_changed = |index: usize| !weights[index].is_equal();
        let mut is_shown: Vec<bool> = (0..weights.len()).map(has_changed).collect();
        let mut most_layers = 0;
        for stack in outline(&named).stacks.iter().filter(|stack| !stack.pattern.is_empty()) {
            for kind in 0..stack.kinds.len() {
                let cells = (0..stack.layers.len()).map(|layer| stack.cell(layer, kind));
                let members: Vec<usize> = cells.flatten().copied().collect();
                if members.iter().any(|&member| has_changed(member)) {
                    most_layers = most_layers.max(stack.layers.len());
                    members.into_iter().for_each(|member| is_shown[member] = true);
                }
            }
        }
        let shown = weights.iter().zip(is_shown).filter(|(_, is_shown)| *is_shown);
        let panels: Vec<Panel> = shown.map(|(pair, _)| pair.panel()).collect();
        (most_layers >= FEWEST_LAYERS).then_some(panels)
    }
}

/// The names of two files, or their paths where the names are the same.
pub(super) fn page_title(path_a: &str, path_b: &str) -> String {
    let name = |path: &str| {
        let name = Path::new(path).file_name();
        visible(&name.map_or(path.to_owned(), |name| name.to_string_lossy().into_owned()))
            .into_owned()
    };
    let (a, b) = (name(path_a), name(path_b));
    match a == b && path_a != path_b {
        true => format!("{} → {}", visible(path_a), visible(path_b)),
        false => format!("{a} → {b}"),
    }
}

fn changed(tensor: &Tensor, dtype: String, state: State) -> Changed {
    Changed {
        name: tensor.name().to_owned(),
        label: visible(tensor.name()).into_owned(),
        shape: tensor.shape().to_vec(),
        dtype,
        state,
    }
}

impl Pair {
    fn state(&self) -> State {
        let Some(measures) = self.measures.as_ref().filter(|one| !one.is_same()) else {
            return State::Equal;
        };
        State::Moved { relative: measures.relative(), is_odd: measures.odd.changed() > 0 }
    }

    /// Its relative change as a figure for a profile.
    fn panel(&self) -> Panel {
        let (relative, odd) = match &self.measures {
            Some(one) => (one.relative(), one.odd.changed()),
            None => (None, 0),
        };
        let figures = hinton_chart::Measures {
            update: relative,
            odd,
            ..hinton_chart::Measures::of(0.0, &Summary::empty())
        };
        Panel {
            name: self.a.name().to_owned(),
            part: String::new(),
            shape: self.a.shape().to_vec(),
            dtype: self.a.dtype().name(),
            orientation: String::new(),
            number: None,
            extent: Extent::new(0, 0),
            grids: Vec::new(),
            summary: Summary::empty(),
            over: None,
            course: Course::Measures(vec![figures]),
        }
    }

    /// Its values and those of the difference.
    fn beside(&self, options: &Options, work: Work<'_>) -> Result<hinton_chart::Picture, Error> {
        let whole = self.shape();
        let matrix = |tensor: &Tensor| {
            let shape = match *whole {
                [] => [1, 1],
                [length] => [1, length],
                [rows, ref rest @ ..] => [rows, rest.iter().product()],
            };
            tensor.reshape(&shape)
        };
        let (a, b) = (matrix(&self.a)?, matrix(&self.b)?);
        let (max_rows, max_cols) = change::beside_cells(options);
        let fold = options.reduce.unwrap_or(Fold::Rms);
        let request =
            GridRequest { quantiles: false, ..GridRequest::new(max_rows, max_cols, fold) };
        let grids = [
            reduce(&a, request, work)?,
            reduce(&b, request, work)?,
            reduce(&difference(&a, &b)?, request, work)?,
        ];
        let of = |lines: &Option<super::Lines>| -> Vec<usize> {
            lines.iter().flat_map(|lines| lines.most.iter().map(|line| line.index)).collect()
        };
        let axes = whole.len();
        let lines = |is_drawn: bool, of_lines: fn(&Measures) -> &Option<super::Lines>| {
            let measures = self.measures.as_ref().filter(|_| is_drawn);
            measures.map_or(Vec::new(), |one| of(of_lines(one)))
        };
        let name = |side: &str, tensor: &Tensor| format!("{side}: {}", tensor.stored_type());
        let orientation = match whole.as_slice() {
            [] => "one value".to_owned(),
            [length] => format!("axis 0 → ({length})"),
            [rows, columns] => format!("rows ↓ axis 0 ({rows}), columns → axis 1 ({columns})"),
            [rows, ..] => format!("rows ↓ axis 0 ({rows}), columns → all other axes"),
        };
        let about = self.measures.as_ref().map(figures).into_iter().chain([orientation]);
        let beside = Beside {
            names: [name("a", &self.a), name("b", &self.b), "b − a".to_owned()],
            grids,
            rows: lines(axes > 1, |one| &one.rows),
            columns: lines(axes == 2, |one| &one.columns),
            about: about.collect(),
        };
        Ok(change::beside(&beside, options)?)
    }
}

/// The figures of a pair that stand beside its name.
fn figures(one: &Measures) -> String {
    if one.is_same() {
        return "identical".to_owned();
    }
    let changed = format!("{} of the values changed", summary::percent(one.changed_share()));
    let relative =
        one.relative().map(|relative| format!("relative change {}", summary::percent(relative)));
    let largest = one.largest.as_ref().map(|one| {
        let place: Vec<String> = one.at.iter().map(usize::to_string).collect();
        format!("largest {} at [{}]", short(one.magnitude), place.join(", "))
    });
    [Some(changed), relative, largest].into_iter().flatten().collect::<Vec<_>>().join(" · ")
}
