//! Writes the steps of a network as one HTML file, in which points can be rotated, zoomed and
//! played.
//!
//! The file contains everything it needs (program, styles, data) and requests nothing from the
//! network; its content security policy forbids it. The program is built from `web/` into
//! `assets/web/`: see `cargo xtask web`.
//!
//! ```
//! use hinton::space::html::{Axes, Morph, SpaceFrame, SpacePage, html};
//! use hinton::look::Color;
//!
//! let corners = vec![[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [1.0, 1.0, 0.0], [0.0, 1.0, 0.0]];
//! let sheared: Vec<[f32; 3]> = corners.iter().map(|&[x, y, _]| [x + y, y, 0.0]).collect();
//! let frame = |name: &str, points: Vec<[f32; 3]>| SpaceFrame {
//!     name: name.into(),
//!     dims: 2,
//!     axes: Axes::around(&points),
//!     points,
//!     morph: Morph::LinearMap,
//!     ..SpaceFrame::default()
//! };
//! let page = SpacePage {
//!     title: "A shear".into(),
//!     frames: vec![frame("Input", corners), frame("Sheared", sheared)],
//!     colors: vec![Color::rgb(0x0072b2); 4],
//!     lines: vec![[0, 1], [1, 2], [2, 3], [3, 0]],
//!     ..SpacePage::default()
//! };
//! let bytes = html(&page);
//! assert!(bytes.starts_with(b"<!doctype html>"));
//! ```

use hinton_chart::space::Guide;
use hinton_chart::{Theme, ThemeName};
use hinton_render::base64;
use hinton_scene::Color;
use serde_json::{Value, json};

/// The built page with marks where the data go.
const TEMPLATE: &str = include_str!("../assets/web/space.html");

/// What stands before the name of a mark in the template.
const MARK: &str = "{{hinton:";

/// Points without a colour of their own.
const COLORLESS: Color = Color::rgb(0x808080);

/// Points after each step of a network, to be written as a page.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SpacePage {
    /// The title, such as the network's spec.
    pub title: String,
    /// The theme it opens in; `None` follows the reader's system. The theme `paper` is shown as
    /// light.
    pub theme: Option<ThemeName>,
    /// The steps in order, starting with the input.
    pub frames: Vec<SpaceFrame>,
    /// One colour per point, the same in every frame. Opacity is ignored. Points without a colour
    /// are grey.
    pub colors: Vec<Color>,
    /// Edges of the mesh, as pairs of point indices. Edges to points that do not exist are skipped,
    /// and the page says how many.
    pub lines: Vec<[u32; 2]>,
    /// What the colours mean.
    pub legend: Legend,
    /// Notes for the reader: what was reduced, skipped or assumed. Always shown.
    pub notes: Vec<String>,
    /// The points as pictures; the page shows the picture of the point under the mouse.
    pub pictures: Option<PointPictures>,
}

/// Points that are greyscale pictures.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PointPictures {
    /// Width in pixels.
    pub width: usize,
    /// Height in pixels.
    pub height: usize,
    /// One byte per pixel, row by row and point by point; 0 is black. Points without pixels are
    /// black.
    pub pixels: Vec<u8>,
}

/// The points after one step.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SpaceFrame {
    /// The name of the step, such as `After Linear Layer (2D -> 3D)`.
    pub name: String,
    /// More text, such as the weights, or the variance that a projection preserves. Line breaks and
    /// spaces are preserved.
    pub detail: String,
    /// How many of the three coordinates are drawn. 1 and 2 are drawn flat, and the third
    /// coordinate is ignored; anything more is drawn in three dimensions.
    pub dims: usize,
    /// Positions; point `i` has the index `i` in every frame. A point that is not finite is not
    /// drawn in this frame, nor are its edges; the page says how many. The same applies to points
    /// that other frames have and this one has not.
    pub points: Vec<[f32; 3]>,
    /// How points move here from the frame before.
    pub morph: Morph,
    /// The limits and names of the axes.
    pub axes: Axes,
    /// Whether each axis of a box has its own scale, until the reader chooses otherwise.
    pub own_axes: bool,
    /// Arrows and outlines over the points; guide `i` has the same number of points in every frame.
    pub guides: Vec<Guide>,
    /// What is drawn below the points of a plane.
    pub regions: Option<PageRegions>,
}

/// The class that is predicted at each position of a plane.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PageRegions {
    /// Number of cells across.
    pub columns: usize,
    /// Number of cells down.
    pub rows: usize,
    /// The smallest and the largest x.
    pub x: (f64, f64),
    /// The smallest and the largest y.
    pub y: (f64, f64),
    /// The colours of the classes, as saturated as those of the points.
    pub colors: Vec<Color>,
    /// For each cell the index of its colour, row by row, largest y first.
    pub cells: Vec<u8>,
}

/// How points move from one frame to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Morph {
    /// Along straight lines. For a linear map W this equals applying the maps (1-t)·I + t·W.
    #[default]
    LinearMap,
    /// Along straight lines: t·f(x) + (1-t)·x.
    Activation,
    /// They do not move: nothing between the frames has a meaning.
    Cut,
}

impl Morph {
    fn name(self) -> &'static str {
        match self {
            Morph::LinearMap => "linear",
            Morph::Activation => "activation",
            Morph::Cut => "cut",
        }
    }
}

/// The box that the axes span.
#[derive(Debug, Clone, PartialEq)]
pub struct Axes {
    /// The smallest coordinates.
    pub low: [f32; 3],
    /// The largest coordinates. An axis whose limits are not finite, or not in ascending order, is
    /// fitted to the points instead.
    pub high: [f32; 3],
    /// Names of the axes.
    pub names: [String; 3],
}

impl Default for Axes {
    /// Fitted to the points.
    fn default() -> Self {
        let names = ["x", "y", "z"].map(String::from);
        Axes { low: [f32::NAN; 3], high: [f32::NAN; 3], names }
    }
}

impl Axes {
    /// The smallest box that contains every finite point. If there is none, it is fitted later.
    pub fn around(points: &[[f32; 3]]) -> Axes {
        let mut axes = Axes::default();
        for point in points.iter().filter(|point| point.iter().all(|value| value.is_finite())) {
            for (axis, &value) in point.iter().enumerate() {
                // The ends start as NaN, which `min` and `max` pass over.
                axes.low[axis] = axes.low[axis].min(value);
                axes.high[axis] = axes.high[axis].max(value);
            }
        }
        axes
    }
}

/// What the colours of points mean.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Legend {
    /// No legend.
    #[default]
    None,
    /// One colour per label.
    Labels(Vec<(String, Color)>),
    /// A quantity from `low` to `high`, such as the first coordinate of the input.
    Ramp {
        /// Its name.
        label: String,
        /// The value of the first colour.
        low: f64,
        /// The value of the last colour.
        high: f64,
        /// Colours at equal distances; about twenty look smooth.
        colors: Vec<Color>,
    },
    /// Two quantities at once, such as both coordinates of the input: a small map of colours.
    Plane {
        /// Their names: the horizontal one, then the vertical one.
        labels: [String; 2],
        /// The values at the left and the lower edge.
        low: [f64; 2],
        /// The values at the right and the upper edge.
        high: [f64; 2],
        /// Rows of equal length, the top row first; about twenty by twenty look smooth.
        colors: Vec<Vec<Color>>,
    },
}

impl Legend {
    fn json(&self) -> Value {
        match self {
            Legend::None => Value::Null,
            Legend::Labels(items) => {
                let items = items.iter().map(|(label, color)| json!([label, color.hex()]));
                json!({ "kind": "labels", "items": items.collect::<Vec<_>>() })
            }
            Legend::Ramp { label, low, high, colors } => {
                let colors = hex_of(colors);
                json!({ "kind": "ramp", "label": label, "low": low, "high": high, "colors": colors })
            }
            Legend::Plane { labels, low, high, colors } => {
                let colors: Vec<Vec<String>> = colors.iter().map(|row| hex_of(row)).collect();
                json!({ "kind": "plane", "labels": labels, "low": low, "high": high, "colors": colors })
            }
        }
    }
}

fn hex_of(colors: &[Color]) -> Vec<String> {
    colors.iter().map(|color| color.hex()).collect()
}

/// Writes the page as one self-contained file.
///
/// The same page gives the same bytes. The program takes about 0.6 MB. A point takes 16 bytes per
/// frame of three dimensions and 11 bytes per flat one; an edge takes 11 bytes.
pub fn html(page: &SpacePage) -> Vec<u8> {
    let packed = Packed::of(page);
    let mut out = Vec::with_capacity(TEMPLATE.len() + packed.bytes.len() / 3 * 4 + 65_536);
    let mut pieces = TEMPLATE.split(MARK);
    out.extend(pieces.next().unwrap_or_default().as_bytes());
    for piece in pieces {
        let (name, rest) = piece.split_once("}}").unwrap_or((piece, ""));
        match name {
            "title" => out.extend(escape_html(&page.title).as_bytes()),
            "theme" => out.extend(theme_attribute(page.theme).as_bytes()),
            "colors" => out.extend(theme_rules().as_bytes()),
            "page" => out.extend(escape_json(&packed.words.to_string()).as_bytes()),
            "data" => base64::push(&mut out, &packed.bytes),
            _ => debug_assert!(false, "the template has an unknown mark {name:?}"),
        }
        out.extend(rest.as_bytes());
    }
    out
}

/// What the page's program gets.
struct Packed {
    /// Everything that is words or counts; says how to read `bytes`.
    words: Value,
    /// Little-endian: edges as two u32 each; for each frame all x, then all y, then in space all z,
    /// as f32; colours as three bytes each.
    bytes: Vec<u8>,
}

impl Packed {
    fn of(page: &SpacePage) -> Packed {
        let count = page.frames.iter().map(|frame| frame.points.len()).max().unwrap_or(0);
        let mut bytes = Vec::new();
        let there = |edge: &&[u32; 2]| edge.iter().all(|&end| (end as usize) < count);
        let lines: Vec<&[u32; 2]> = page.lines.iter().filter(there).collect();
        for end in lines.iter().copied().flatten() {
            bytes.extend(end.to_le_bytes());
        }
        let frames: Vec<Value> =
            page.frames.iter().map(|frame| pack_frame(frame, count, &mut bytes)).collect();
        for point in 0..count {
            let color = page.colors.get(point).copied().unwrap_or(COLORLESS);
            bytes.extend([color.r, color.g, color.b]);
        }
        if let Some(pictures) = &page.pictures {
            let length = count * pictures.width * pictures.height;
            let pixels = &pictures.pixels[..pictures.pixels.len().min(length)];
            bytes.extend(pixels);
            bytes.resize(bytes.len() + length - pixels.len(), 0);
        }
        let mut notes = page.notes.clone();
        match page.lines.len() - lines.len() {
            0 => {}
            1 => notes.push("1 edge leads to points that are not there and is left out".into()),
            lost => {
                notes.push(format!(
                    "{lost} edges lead to points that are not there and are left out"
                ));
            }
        }
        let words = json!({
            "title": page.title,
            "count": count,
            "lines": lines.len(),
            "legend": page.legend.json(),
            "notes": notes,
            "frames": frames,
            "pictures": page.pictures.as_ref().map(|pictures| {
                json!({ "width": pictures.width, "height": pictures.height })
            }),
        });
        Packed { words, bytes }
    }
}

/// Appends the positions of a frame and describes it.
fn pack_frame(frame: &SpaceFrame, count: usize, bytes: &mut Vec<u8>) -> Value {
    let drawn = if frame.dims > 2 { 3 } else { 2 };
    let position = |point: usize| {
        let position = frame.points.get(point)?;
        position[..drawn].iter().all(|value| value.is_finite()).then_some(position)
    };
    for axis in 0..drawn {
        for point in 0..count {
            // The NaN is written out: which of the many a value has must not reach the file.
            let bits = position(point).map_or(0x7fc0_0000, |position| position[axis].to_bits());
            bytes.extend(bits.to_le_bytes());
        }
    }
    let missing = (0..count).filter(|&point| position(point).is_none()).count();
    let ends: Vec<[f64; 2]> = (0..3)
        .map(|axis| match axis < drawn {
            true => axis_ends(frame, axis, (0..count).filter_map(position)),
            false => [0.0, 0.0],
        })
        .collect();
    json!({
        "name": frame.name,
        "detail": frame.detail,
        "dims": frame.dims.clamp(1, 3),
        "morph": frame.morph.name(),
        "missing": missing,
        "low": ends.iter().map(|ends| ends[0]).collect::<Vec<_>>(),
        "high": ends.iter().map(|ends| ends[1]).collect::<Vec<_>>(),
        "axes": frame.axes.names,
        "equal": !frame.own_axes,
        "guides": frame.guides.iter().map(guide_json).collect::<Vec<_>>(),
        "regions": frame.regions.as_ref().map(regions_json),
    })
}

/// A guide; coordinates that are not finite, which JSON has not, make it none.
fn guide_json(guide: &Guide) -> Value {
    let is_there = guide.points.iter().flatten().all(|value| value.is_finite());
    let color = |theme| guide.kind.color(&Theme::named(theme)).hex();
    json!({
        "closed": guide.kind.is_closed(),
        "colors": [color(ThemeName::Light), color(ThemeName::Dark)],
        "points": if is_there { &guide.points[..] } else { &[] },
    })
}

fn regions_json(regions: &PageRegions) -> Value {
    let mut cells = Vec::new();
    base64::push(&mut cells, &regions.cells);
    json!({
        "columns": regions.columns,
        "rows": regions.rows,
        "x": [regions.x.0, regions.x.1],
        "y": [regions.y.0, regions.y.1],
        "colors": hex_of(&regions.colors),
        "cells": String::from_utf8(cells).unwrap_or_default(),
    })
}

/// The ends of an axis: as asked, or else those of the points.
fn axis_ends<'a>(
    frame: &SpaceFrame,
    axis: usize,
    points: impl Iterator<Item = &'a [f32; 3]>,
) -> [f64; 2] {
    let (low, high) = (frame.axes.low[axis], frame.axes.high[axis]);
    if low.is_finite() && high.is_finite() && low <= high {
        return [f64::from(low), f64::from(high)];
    }
    let (low, high) = points.fold((f32::NAN, f32::NAN), |(low, high), point| {
        (low.min(point[axis]), high.max(point[axis]))
    });
    if low.is_nan() { [0.0, 0.0] } else { [f64::from(low), f64::from(high)] }
}

fn theme_attribute(theme: Option<ThemeName>) -> &'static str {
    match theme {
        None => "",
        Some(ThemeName::Dark) => " data-theme=\"dark\"",
        Some(ThemeName::Light | ThemeName::Paper) => " data-theme=\"light\"",
    }
}

/// The house's colours as CSS, so that they are written down in one place.
fn theme_rules() -> String {
    let rules = |name| {
        let Theme { page, ink, soft, line, alarm, series, .. } = Theme::named(name);
        let scheme = if name == ThemeName::Dark { "dark" } else { "light" };
        format!(
            "color-scheme:{scheme};--page:{};--ink:{};--soft:{};--line:{};--alarm:{};--accent:{}",
            page.hex(),
            ink.hex(),
            soft.hex(),
            line.hex(),
            alarm.hex(),
            series[0].hex(),
        )
    };
    let (light, dark) = (rules(ThemeName::Light), rules(ThemeName::Dark));
    format!(
        ":root{{{light}}}\n@media (prefers-color-scheme:dark){{:root:not([data-theme=light]){{{dark}}}}}\n\
         :root[data-theme=dark]{{{dark}}}"
    )
}

/// Text that is safe between tags and in quoted attributes.
fn escape_html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// JSON that is safe inside a script element: nothing in it can end the element or begin a comment.
fn escape_json(json: &str) -> String {
    json.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_has_each_mark_once() {
        let names: Vec<&str> = TEMPLATE
            .split(MARK)
            .skip(1)
            .map(|piece| piece.split_once("}}").expect("the mark ends").0)
            .collect();
        let mut sorted = names.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, ["colors", "data", "page", "theme", "title"]);
    }

    #[test]
    fn the_house_has_written_the_colours() {
        let rules = theme_rules();
        assert!(rules.contains("--page:#ffffff;--ink:#1a1f26;--soft:#5b6470"), "{rules}");
        assert!(rules.contains("color-scheme:dark;--page:#14171c;--ink:#f1f3f5"), "{rules}");
    }

    #[test]
    fn words_cannot_end_their_element() {
        assert_eq!(escape_html("<b a=\"1\">&"), "&lt;b a=&quot;1&quot;&gt;&amp;");
        let hostile = json!("</script><!--<script>&").to_string();
        let safe = escape_json(&hostile);
        assert!(!safe.contains(['<', '>', '&']), "{safe}");
        assert_eq!(serde_json::from_str::<Value>(&safe).unwrap(), json!("</script><!--<script>&"));
    }
}
