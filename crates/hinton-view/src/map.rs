//! The one map: the maps of all sources beside one another.

use hinton_chart::model_map::{self, ModelMap, Place, Role, mosaic};
use hinton_chart::{Theme, ThemeName};
use hinton_scene::{Align, Rect, measure};
use hinton_tensor::outline::{Named, aside};
use serde_json::{Value, json};

use crate::sources::{Entry, Sources};

/// Units of the map to a point of the page that the maps are designed for.
const SCALE: f64 = 1.5;
/// Width to height that a map is laid out for.
const ASPECT: f64 = 1.5;
/// Space round the map, between sources, and between weights and what is put aside; units.
const MARGIN: f64 = 24.0;
const BETWEEN: f64 = 80.0;
const ASIDE: f64 = 36.0;
/// Height of a heading.
const HEADING: f64 = 26.0;

/// The layout of all tensors, as the page reads it.
pub(crate) fn layout(sources: &Sources) -> Value {
    let mut sheet = Sheet::default();
    let theme = Theme::named(ThemeName::Light);
    let mut left = MARGIN;
    let mut bottom = MARGIN;
    for (index, source) in sources.all.iter().enumerate() {
        let members: Vec<usize> = (0..sources.tensors.len())
            .filter(|&tensor| sources.tensors[tensor].source == index)
            .collect();
        let is_aside = |&tensor: &usize| {
            let Entry { name, shape, .. } = &sources.tensors[tensor];
            aside(Named { name, shape }).is_some()
        };
        let (others, weights): (Vec<usize>, Vec<usize>) = members.iter().partition(|t| is_aside(t));
        let mut top = MARGIN;
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
                sheet.heading("not weights: states of the optimizer, buffers", left, top);
                top += HEADING;
            }
            let places: Vec<Place<'_>> =
                tensors.iter().map(|&tensor| place(&sources.tensors[tensor])).collect();
            let map = model_map::whole(&places, &theme, ASPECT);
            sheet.map(&map, tensors, (left, top));
            top += map.height * SCALE;
            right = right.max(left + map.used * SCALE);
        }
        bottom = bottom.max(top);
        left = right + BETWEEN;
    }
    json!({
        "width": tenth((left - BETWEEN + MARGIN).max(2.0 * MARGIN)),
        "height": tenth(bottom + MARGIN),
        "tiles": sheet.tiles,
        "labels": sheet.labels,
    })
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
    tiles: Vec<Value>,
    labels: Vec<Value>,
}

impl Sheet {
    fn map(&mut self, map: &ModelMap, tensors: &[usize], (left, top): (f64, f64)) {
        for tile in &map.tiles {
            for (member, rect) in tile.members.iter().zip(mosaic(tile.rect, tile.members.len())) {
                let Rect { x, y, w, h } = rect;
                self.tiles.push(json!({
                    "tensor": tensors[*member],
                    "x": tenth(left + x * SCALE),
                    "y": tenth(top + y * SCALE),
                    "w": tenth(w * SCALE),
                    "h": tenth(h * SCALE),
                }));
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
