//! Turns the steps into a page for the browser.

use hinton_chart::Theme;
use hinton_chart::space::{ColorKey, are_alike};
use hinton_scene::Color;

use super::Show;
use super::html::{self, PointPictures, SpaceFrame, SpacePage};
use super::place::Placement;
use super::regions::for_page;
use super::show::Shown;

/// Most points of a page for a browser: some thirty megabytes, through six steps.
const MOST_PAGE_POINTS: usize = 100_000;
/// Most pixels of all points that are pictures, bytes.
const MOST_PIXELS: usize = 4_000_000;

impl Show {
    /// Writes the steps as one page for the browser. If there are more than 100,000 points, it
    /// holds an even sample of them, without the lines between them, and says so.
    pub fn html(&self, theme: Option<hinton_chart::ThemeName>) -> Vec<u8> {
        let (all, kept) = (self.set.len(), self.set.len().min(MOST_PAGE_POINTS));
        let which = |at: usize| (at as u64 * all as u64 / kept.max(1) as u64) as usize;
        let frame = |(at, shown): (usize, &Shown)| {
            let stage = &self.stages[at];
            let text = stage.map.as_ref().map_or(String::new(), |map| map.text());
            let flat = self.placements[at].words(stage);
            let detail: Vec<String> =
                flat.into_iter().chain([text]).filter(|t| !t.is_empty()).collect();
            let cut = |at: usize| !matches!(self.placements[at], Placement::Direct);
            let morph = if at > 0 && (cut(at) || cut(at - 1)) {
                html::Morph::Cut
            } else if stage.map.is_some() {
                html::Morph::LinearMap
            } else {
                html::Morph::Activation
            };
            let mut axes = html::Axes {
                low: shown.range.low.map(|value| value as f32),
                high: shown.range.high.map(|value| value as f32),
                ..html::Axes::default()
            };
            // The plane is drawn as far as its regions reach.
            if let Some(regions) = &shown.regions {
                for (axis, (low, high)) in [regions.x, regions.y].into_iter().enumerate() {
                    (axes.low[axis], axes.high[axis]) = (low as f32, high as f32);
                }
            }
            if shown.axes.iter().any(|name| !name.is_empty()) {
                axes.names.clone_from(&shown.axes);
            }
            let places = self.places(at);
            let own_axes = shown.dims > 2
                && !self.request.options.equal_axes.unwrap_or_else(|| are_alike(&shown.range));
            SpaceFrame {
                own_axes,
                guides: shown.guides.clone(),
                regions: shown.regions.as_ref().map(|found| {
                    let theme = Theme::named(self.request.options.theme);
                    let outputs = self.stages.last().map_or(0, |last| last.width);
                    for_page(found, &self.region_colors(outputs.max(2)), theme.page)
                }),
                name: shown.title.clone(),
                detail: detail.join("\n"),
                dims: shown.dims,
                points: (0..kept).map(|point| places.get(which(point))).collect(),
                morph,
                axes,
            }
        };
        let places = &self.colored.places;
        let color = |at: usize| self.colored.palette[usize::from(places[which(at)])];
        let mut notes = self.notes().to_vec();
        notes.extend(self.accuracy().map(|right| format!("{:.1} % right", right * 100.0)));
        let mut lines = self.set.lines.clone();
        if kept < all {
            let without = if lines.is_empty() { "" } else { ", without the lines between them" };
            notes.push(format!("{kept} of {all} points, evenly chosen{without}"));
            lines.clear();
        }
        let page = SpacePage {
            title: self.title().to_owned(),
            theme,
            frames: self.shown.iter().enumerate().map(frame).collect(),
            colors: (0..kept).map(color).collect(),
            lines,
            legend: legend(&self.colored.key),
            notes,
            pictures: self.point_pictures(kept, which),
        };
        html::html(&page)
    }

    /// The points as pictures, where they are and all together are not too large.
    fn point_pictures(&self, kept: usize, which: impl Fn(usize) -> usize) -> Option<PointPictures> {
        let (height, width) = self.set.image?;
        let size = height * width;
        if size != self.set.width || kept.saturating_mul(size) > MOST_PIXELS {
            return None;
        }
        let values = &self.set.values;
        let wide = |(low, high): (f64, f64), value: f64| (low.min(value), high.max(value));
        let (low, high) = values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), wide);
        let scale = if high > low { 255.0 / (high - low) } else { 0.0 };
        let pixels = (0..kept).flat_map(|point| which(point) * size..(which(point) + 1) * size);
        let pixels = pixels.map(|at| ((values.get(at) - low) * scale + 0.5) as u8).collect();
        Some(PointPictures { width, height, pixels })
    }
}

fn legend(key: &ColorKey) -> html::Legend {
    match key {
        ColorKey::None => html::Legend::None,
        ColorKey::Plane { name, pixels, reach } => {
            let side = pixels.len().isqrt().max(1);
            let every = side.div_ceil(24);
            let rows = pixels.chunks(side).skip(every / 2).step_by(every);
            let thinned =
                |row: &[Color]| row.iter().skip(every / 2).step_by(every).copied().collect();
            html::Legend::Plane {
                labels: [1, 2].map(|axis| format!("{name} {axis}")),
                low: [reach.0; 2],
                high: [reach.1; 2],
                colors: rows.map(thinned).collect(),
            }
        }
        ColorKey::Bar { name, map, low, high } => html::Legend::Ramp {
            label: name.clone(),
            low: *low,
            high: *high,
            colors: (0..24).map(|at| map.color(f64::from(at) / 23.0)).collect::<Vec<Color>>(),
        },
        ColorKey::Classes { classes, .. } => html::Legend::Labels(
            classes.iter().map(|(color, name)| (name.clone(), *color)).collect(),
        ),
    }
}
