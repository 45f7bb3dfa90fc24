//! The map of the viewer: the maps of all sources side by side.

use std::collections::BTreeSet;

use hinton_chart::model_map::{self, ModelMap, Place, Role, mosaic};
use hinton_chart::{Theme, ThemeName};
use hinton_scene::{Align, Rect, measure};
use hinton_tensor::Dtype;
use hinton_tensor::outline::{Aside, Named, aside};
use serde_json::{Value, json};

use crate::Refusal;
use crate::answer::Members;
use crate::query::Query;
use crate::sources::{Entry, Sources};

/// Units of the map to a point of the page that the maps are designed for.
const SCALE: f64 = 1.5;
/// Width to height that a map is laid out for unless another is asked for.
const ASPECT: f64 = 1.5;
/// Space round the map, between sources, and between weights and what is put aside; units.
const MARGIN: f64 = 24.0;
const BETWEEN: f64 = 80.0;
const ASIDE: f64 = 36.0;
/// Height of a heading.
const HEADING: f64 = 26.0;

/// Shapes of windows that maps are laid out for, width to height: a telephone's to a wide screen's.
const SHAPES: [f64; 5] = [0.5, 0.75, 1.0, 1.5, 2.2];

/// One of the shapes of windows that maps are laid out for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shape(usize);

impl Shape {
    /// The one that is nearest to what the query says of the window: `aspect`, its width to its height.
    pub(crate) fn read(query: &Query) -> Result<Self, Refusal> {
        let wanted: f64 = query.get("aspect")?.unwrap_or(ASPECT);
        if !(wanted.is_finite() && wanted > 0.0) {
            return Err(Refusal::question("aspect= takes the width of a window over its height"));
        }
        let off = |&index: &usize| off(SHAPES[index], wanted);
        let nearest = (0..SHAPES.len()).min_by(|a, b| off(a).total_cmp(&off(b)));
        Ok(Shape(nearest.unwrap_or_default()))
    }
}

/// How much two ratios differ: what one is to the other, at least 1.
fn off(one: f64, other: f64) -> f64 {
    (one / other).max(other / one)
}

/// Where everything is on the one map, in its units.
pub(crate) struct Layout {
    pub(crate) width: f64,
    pub(crate) height: f64,
    pub(crate) tiles: Vec<Tile>,
    labels: Vec<Value>,
    /// The parts of the map that the sources have.
    sources: Vec<Value>,
}

/// Where a tensor is on the map.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tile {
    pub(crate) tensor: usize,
    x: f64,
    y: f64,
    pub(crate) w: f64,
    pub(crate) h: f64,
}

impl Layout {
    /// As the page reads it.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        let mut members = Members::new(out);
        members.add("width", self.width).add("height", self.height).add("sources", &self.sources);
        members.list("tiles", self.tiles.iter(), |out, tile| {
            let Tile { tensor, x, y, w, h } = *tile;
            let mut members = Members::new(out);
            members.add("tensor", tensor).add("x", x).add("y", y).add("w", w).add("h", h).end();
        });
        members.add("labels", &self.labels).end();
    }
}

/// The layout of all tensors for a window of that shape.
pub(crate) fn layout(sources: &Sources, shape: Shape) -> Layout {
    let aspect = SHAPES[shape.0];
    let count = sources.all.len() as f64;
    // Beside one another or below, whichever gives each map the better shape.
    let is_compared = !sources.pairs.found.is_empty();
    let is_stacked = !is_compared && off(aspect * count, ASPECT) < off(aspect / count, ASPECT);
    let aspect_of_each = match (is_compared, is_stacked) {
        // Shown alone, and in half of the window beside the other.
        (true, _) => aspect / count.sqrt(),
        (false, true) => aspect * count,
        (false, false) => aspect / count,
    };
    let mut sheet = Sheet::default();
    let theme = Theme::named(ThemeName::Light);
    let (mut left, mut above) = (MARGIN, MARGIN);
    let (mut width, mut bottom) = (MARGIN, MARGIN);
    let mut parts_of = Vec::new();
    for (index, source) in sources.all.iter().enumerate() {
        let members: Vec<usize> = (0..sources.tensors.len())
            .filter(|&tensor| sources.tensors[tensor].source == index)
            .collect();
        let reason = |tensor: usize| {
            let Entry { name, shape, dtype, .. } = &sources.tensors[tensor];
            aside(Named { name, shape }, Dtype::from_name(dtype))
        };
        let (others, weights): (Vec<usize>, Vec<usize>) =
            members.iter().partition(|&&tensor| reason(tensor).is_some());
        let reasons: BTreeSet<Aside> = others.iter().filter_map(|&tensor| reason(tensor)).collect();
        let mut top = above;
        let mut right = left;
        if sources.all.len() > 1 {
            sheet.heading(&source.name(), left, top);
            top += HEADING;
        }
        let parts = match weights.is_empty() {
            true => [others, Vec::new()],
            false => [weights, others],
        };
        for (part, tensors) in parts.iter().enumerate().filter(|(_, part)| !part.is_empty()) {
            if part == 1 {
                top += ASIDE;
                sheet.heading(&heading_of(&reasons), left, top);
                top += HEADING;
            }
            let places: Vec<Place<'_>> =
                tensors.iter().map(|&tensor| place(&sources.tensors[tensor])).collect();
            let map = model_map::whole(&places, &theme, aspect_of_each);
            sheet.map(&map, tensors, (left, top));
            top += map.height * SCALE;
            right = right.max(left + map.used * SCALE);
        }
        parts_of.push(json!({
            "source": index,
            "x": tenth(left),
            "y": tenth(above),
            "w": tenth(right - left),
            "h": tenth(top - above),
        }));
        (width, bottom) = (width.max(right), bottom.max(top));
        match is_stacked {
            true => above = top + BETWEEN,
            false => left = right + BETWEEN,
        }
    }
    Layout {
        width: tenth(width + MARGIN),
        height: tenth(bottom + MARGIN),
        tiles: sheet.tiles,
        labels: sheet.labels,
        sources: parts_of,
    }
}

/// What stands over the tensors that are no weights.
fn heading_of(reasons: &BTreeSet<Aside>) -> String {
    let words = reasons.iter().map(|reason| match reason {
        Aside::Optimizer => "state of the optimizer",
        Aside::Buffer => "buffers",
        Aside::Constant => "constants of the graph",
    });
    format!("not weights: {}", words.collect::<Vec<_>>().join(", "))
}

fn place(entry: &Entry) -> Place<'_> {
    Place {
        name: &entry.name,
        label: entry.name.clone(),
        shape: &entry.shape,
        dtype: entry.dtype,
        extent: (entry.matrix[0], entry.matrix[1]),
        value: None,
    }
}

#[derive(Default)]
struct Sheet {
    tiles: Vec<Tile>,
    labels: Vec<Value>,
}

impl Sheet {
    fn map(&mut self, map: &ModelMap, tensors: &[usize], (left, top): (f64, f64)) {
        for tile in &map.tiles {
            for (member, rect) in tile.members.iter().zip(mosaic(tile.rect, tile.members.len())) {
                let Rect { x, y, w, h } = rect;
                self.tiles.push(Tile {
                    tensor: tensors[*member],
                    x: tenth(left + x * SCALE),
                    y: tenth(top + y * SCALE),
                    w: tenth(w * SCALE),
                    h: tenth(h * SCALE),
                });
            }
        }
        for label in &map.labels {
            let (w, h) = (measure(&label.text, label.style), label.style.size * 1.2);
            let before = match label.align {
                Align::Start => 0.0,
                Align::Middle => w / 2.0,
                Align::End => w,
            };
            let (x, y, w, h) = match label.is_upright {
                false => (label.x - before, label.y, w, h),
                true => (label.x - h / 2.0, label.y - w + before, h, w),
            };
            let align = match label.align {
                Align::Start => "left",
                Align::Middle => "center",
                Align::End => "right",
            };
            let role = match label.role {
                Role::Column => "column",
                Role::Row => "row",
                Role::Group => "group",
                Role::Tile => "tile",
            };
            self.labels.push(json!({
                "x": tenth(left + x * SCALE),
                "y": tenth(top + y * SCALE),
                "w": tenth(w * SCALE),
                "h": tenth(h * SCALE),
                "text": label.text,
                "role": role,
                "align": align,
                "upright": label.is_upright,
            }));
        }
    }

    fn heading(&mut self, text: &str, x: f64, y: f64) {
        self.labels.push(json!({
            "x": x, "y": y, "w": 8.0 * text.chars().count() as f64, "h": HEADING - 8.0, "text": text,
            "role": "group", "align": "left", "upright": false,
        }));
    }
}

/// Rounded to a tenth of a unit: less text.
fn tenth(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}
