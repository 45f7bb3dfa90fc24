//! Collects the lines of a profile and their values: for a file, the kinds of tensor over its
//! layers; for a run, its tensors over the steps.

use std::collections::BTreeMap;

use hinton_tensor::outline::{Kind, Named, Stack, module_and_leaf, modules, outline};

use super::MeasureRow;
use crate::distinct::distinct;
use crate::{Measures, Panel, short_count};

/// Most lines that are distinguished.
pub(super) const MOST_LINES: usize = 24;
/// Most tensors outside of layers that have a place of their own, on each side.
const MOST_SINGLES: usize = 6;

/// Lines over places.
pub(super) struct Table {
    pub(super) lines: Vec<Line>,
    /// The places along x, where they have names; empty where they are numbers of steps.
    pub(super) places: Vec<Place>,
    /// Runs of places that belong together, with their name: where each begins and ends.
    pub(super) sections: Vec<(f64, f64, String)>,
    /// What runs right.
    pub(super) x_name: String,
    /// What the user should know.
    pub(super) notes: Vec<String>,
}

/// A place along x.
pub(super) struct Place {
    pub(super) x: f64,
    pub(super) label: String,
}

/// A kind of tensor over the places that have it.
pub(super) struct Line {
    /// What it is called: module and leaf.
    pub(super) module: String,
    pub(super) leaf: String,
    /// Whether neighbours are joined: tensors outside of layers are not.
    pub(super) joined: bool,
    pub(super) points: Vec<Point>,
}

/// The tensors of a kind at a place: one, or several such as experts.
pub(super) struct Point {
    pub(super) x: f64,
    pub(super) all: Vec<Measures>,
}

impl Point {
    /// The least, the middle and the largest of a measure; `None` where there is none.
    pub(super) fn range(&self, measure: &MeasureRow) -> Option<[f64; 3]> {
        let mut values: Vec<f64> = self
            .all
            .iter()
            .filter_map(|one| (measure.of)(one))
            .filter(|value| value.is_finite())
            .collect();
        values.sort_by(f64::total_cmp);
        Some([*values.first()?, values[values.len() / 2], *values.last()?])
    }

    /// How many of its tensors have values that are not finite.
    pub(super) fn odd(&self) -> usize {
        self.all.iter().filter(|one| one.odd > 0).count()
    }
}

impl Table {
    pub(super) fn new(panels: &[Panel]) -> Table {
        let mut table = match panels.iter().any(|panel| panel.course.measures().len() > 1) {
            true => over_steps(panels),
            false => over_layers(panels),
        };
        table.thin();
        let names: Vec<String> = table.lines.iter().map(|line| line.module.clone()).collect();
        for (line, name) in table.lines.iter_mut().zip(distinct_modules(&names)) {
            line.module = name;
        }
        table
    }

    /// All values of a measure.
    pub(super) fn values<'a>(&'a self, row: &'a MeasureRow) -> impl Iterator<Item = f64> + 'a {
        self.lines.iter().flat_map(|line| &line.points).filter_map(|p| p.range(row)).flatten()
    }

    /// Whether places are numbers of steps.
    pub(super) fn is_over_steps(&self) -> bool {
        self.places.is_empty()
    }

    /// Keeps the lines that are distinguished: those with most tensors' worth of places first.
    fn thin(&mut self) {
        let joined = self.lines.iter().filter(|line| line.joined).count();
        if joined <= MOST_LINES {
            return;
        }
        let mut kept = 0;
        let mut left_out: Vec<String> = Vec::new();
        self.lines.retain(|line| {
            kept += usize::from(line.joined);
            let keeps = !line.joined || kept <= MOST_LINES;
            if !keeps {
                left_out.push(format!("{} {}", line.module, line.leaf));
            }
            keeps
        });
        let first = left_out.first().map_or("", |name| name.trim());
        self.notes.push(format!(
            "the first {MOST_LINES} of {} lines are drawn: those from {first} on are not; choose with -t",
            short_count(joined as u64)
        ));
    }
}

/// The names without what all of them have in common; equal names stay equal.
fn distinct_modules(names: &[String]) -> Vec<String> {
    let mut unique: Vec<String> = Vec::new();
    for name in names {
        if !unique.contains(name) {
            unique.push(name.clone());
        }
    }
    let short = distinct(&unique);
    let place = |name: &String| unique.iter().position(|one| one == name);
    names.iter().map(|name| place(name).map_or(name.clone(), |at| short[at].clone())).collect()
}

/// Lines of kinds over the layers of a file.
fn over_layers(panels: &[Panel]) -> Table {
    let labels: Vec<String> = panels.iter().map(Panel::label).collect();
    let named: Vec<Named<'_>> = labels
        .iter()
        .zip(panels)
        .map(|(name, panel)| Named { name, shape: &panel.shape })
        .collect();
    let found = outline(&named);
    let is_plain = found.stacks.iter().all(|stack| stack.pattern.is_empty());
    let mut layers = Layers { panels, table: empty(), x: 0.0, lines: BTreeMap::new() };
    if is_plain {
        layers.stack(&modules(&named));
    } else {
        layers.singles(&found.first, &labels);
        for stack in &found.stacks {
            layers.stack(stack);
        }
        layers.singles(&found.last, &labels);
    }
    let mut table = layers.table;
    let kind = if is_plain { "module" } else { "layer" };
    table.x_name = kind.to_owned();
    table
}

fn empty() -> Table {
    Table {
        lines: Vec::new(),
        places: Vec::new(),
        sections: Vec::new(),
        x_name: String::new(),
        notes: Vec::new(),
    }
}

/// A table over layers, as it comes about.
struct Layers<'a> {
    panels: &'a [Panel],
    table: Table,
    /// The next place.
    x: f64,
    /// Which line a kind is: kinds of one name in several stacks share one.
    lines: BTreeMap<(String, String, bool), usize>,
}

impl Layers<'_> {
    fn line(&mut self, module: &str, leaf: &str, joined: bool) -> &mut Line {
        let key = (module.to_owned(), leaf.to_owned(), joined);
        let lines = &mut self.table.lines;
        let index = *self.lines.entry(key).or_insert_with(|| {
            let (module, leaf) = (module.to_owned(), leaf.to_owned());
            lines.push(Line { module, leaf, joined, points: Vec::new() });
            lines.len() - 1
        });
        &mut lines[index]
    }

    fn point(&self, x: f64, tensors: &[usize]) -> Point {
        let of = |&tensor: &usize| self.panels[tensor].course.measures().first().copied();
        Point { x, all: tensors.iter().filter_map(of).collect() }
    }

    fn stack(&mut self, stack: &Stack) {
        let first = self.x;
        let layers: Vec<String> = stack.layers.iter().map(|layer| layer.label.clone()).collect();
        for label in distinct(&layers) {
            self.table.places.push(Place { x: self.x, label });
            self.x += 1.0;
        }
        for (index, Kind { name }) in stack.kinds.iter().enumerate() {
            let (module, leaf) = match stack.pattern.as_str() {
                // The rows are modules: kinds are leaves alone.
                "" => ("", name.as_str()),
                _ => module_and_leaf(name),
            };
            for layer in 0..stack.layers.len() {
                let members = stack.cell(layer, index);
                if !members.is_empty() {
                    let point = self.point(first + layer as f64, members);
                    self.line(module, leaf, true).points.push(point);
                }
            }
        }
        let name = stack.pattern.trim_end_matches("{}").trim_end_matches(['.', '/', '_', '-']);
        self.table.sections.push((first, self.x - 1.0, name.to_owned()));
        self.x += 1.0;
    }

    /// A place for each module outside of layers, and its tensors as dots.
    fn singles(&mut self, tensors: &[usize], labels: &[String]) {
        let mut places: Vec<(&str, Vec<usize>)> = Vec::new();
        for &tensor in tensors {
            let (module, leaf) = module_and_leaf(&labels[tensor]);
            let name = if module.is_empty() { leaf } else { module };
            match places.iter_mut().find(|place| place.0 == name) {
                Some(place) => place.1.push(tensor),
                None => places.push((name, vec![tensor])),
            }
        }
        if places.len() > MOST_SINGLES {
            let (name, count) = (places[MOST_SINGLES].0, places.len() - MOST_SINGLES);
            let outside = "outside of the layers are not drawn";
            self.table.notes.push(format!("{count} modules {outside}, such as {name}"));
            places.truncate(MOST_SINGLES);
        }
        if places.is_empty() {
            return;
        }
        let names: Vec<String> = places.iter().map(|place| place.0.to_owned()).collect();
        for ((_, members), label) in places.iter().zip(distinct(&names)) {
            let x = self.x;
            self.table.places.push(Place { x, label });
            for &tensor in members {
                let point = self.point(x, &[tensor]);
                let (_, leaf) = module_and_leaf(&labels[tensor]);
                self.line("", leaf, false).points.push(point);
            }
            self.x += 1.0;
        }
        self.x += 0.5;
    }
}

/// Lines of tensors over the steps of a run; kinds over its layers where tensors are many.
fn over_steps(panels: &[Panel]) -> Table {
    let mut table = empty();
    table.x_name = super::over::shared_name(panels).to_owned();
    let labels: Vec<String> = panels.iter().map(line_name).collect();
    if panels.len() <= MOST_LINES {
        for (panel, label) in panels.iter().zip(&labels) {
            let (module, leaf) = module_and_leaf(label);
            table.lines.push(line(module, leaf, &[panel]));
        }
        return table;
    }
    let named: Vec<Named<'_>> = labels
        .iter()
        .zip(panels)
        .map(|(name, panel)| Named { name, shape: &panel.shape })
        .collect();
    let found = outline(&named);
    for &single in found.first.iter().chain(&found.last) {
        let (module, leaf) = module_and_leaf(&labels[single]);
        table.lines.push(line(module, leaf, &[&panels[single]]));
    }
    for stack in &found.stacks {
        for (index, kind) in stack.kinds.iter().enumerate() {
            let members: Vec<&Panel> = (0..stack.layers.len())
                .flat_map(|layer| stack.cell(layer, index))
                .map(|&member| &panels[member])
                .collect();
            let (module, leaf) = module_and_leaf(&kind.name);
            table.lines.push(line(module, leaf, &members));
        }
    }
    table.notes.push(
        "of tensors of one kind: the median of the layers, and from least to largest".to_owned(),
    );
    table
}

/// The name of a tensor after that of its run, where there are several.
fn line_name(panel: &Panel) -> String {
    if panel.part.is_empty() {
        panel.name.clone()
    } else {
        format!("{} {}", panel.part, panel.name)
    }
}

fn line(module: &str, leaf: &str, panels: &[&Panel]) -> Line {
    let mut places: BTreeMap<u64, Point> = BTreeMap::new();
    for one in panels.iter().flat_map(|panel| panel.course.measures()) {
        // Places are numbers of steps: not below zero, so their bits are in their order.
        let point = places.entry(one.place.max(0.0).to_bits());
        point.or_insert_with(|| Point { x: one.place, all: Vec::new() }).all.push(*one);
    }
    Line {
        module: module.to_owned(),
        leaf: leaf.to_owned(),
        joined: true,
        points: places.into_values().collect(),
    }
}
