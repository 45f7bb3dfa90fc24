//! The key that explains the colours of points.

use hinton_scene::{Align, Baseline, Cells, Color, Item, Path, Point, Rect, Shape};

use crate::colorbar::{Swatch, low_bar, low_lines, swatches, swatches_in};
use crate::frame::{LOW_LEGEND, text};
use crate::ticks::{even_ticks, tick_texts};
use crate::{Colormap, Theme};

/// What the colours of the points mean.
#[derive(Debug, Clone, PartialEq)]
pub enum ColorKey {
    /// No key.
    None,
    /// A quantity of each input point.
    Bar {
        /// The name of the quantity.
        name: String,
        /// Its colours.
        map: Colormap,
        /// The value with the first colour of the map.
        low: f64,
        /// The value with the last colour of the map.
        high: f64,
    },
    /// The position of each input point in a plane.
    Plane {
        /// The name of the plane.
        name: String,
        /// Colours, row by row, the first row at the top; as many rows as columns.
        pixels: Vec<Color>,
        /// The smallest and the largest coordinate, in both directions.
        reach: (f64, f64),
    },
    /// The class of each input point.
    Classes {
        /// What the classes are; not shown if empty.
        name: String,
        /// Their colours and names.
        classes: Vec<(Color, String)>,
    },
}

/// Height of the name over classes, points.
const HEADING: f64 = 13.0;
/// Most classes that are listed.
const MOST_CLASSES: usize = 20;
/// Height of the name above a bar below the steps, points.
const LOW_NAME: f64 = 10.0;

impl ColorKey {
    /// Height that it needs.
    pub(crate) fn height(&self) -> f64 {
        match self {
            ColorKey::None => 0.0,
            ColorKey::Bar { .. } => 130.0,
            ColorKey::Plane { .. } => 90.0,
            ColorKey::Classes { name, classes } => {
                let heading = if name.is_empty() { 0.0 } else { HEADING };
                heading + 4.0 + classes.len().min(MOST_CLASSES + 1) as f64 * 12.0
            }
        }
    }

    /// The key with its corner at (x, y).
    pub(crate) fn items(&self, theme: &Theme, x: f64, y: f64) -> Vec<Item> {
        match self {
            ColorKey::None => Vec::new(),
            ColorKey::Bar { name, map, low, high } => bar(theme, x, y, name, *map, *low, *high),
            ColorKey::Plane { name, pixels, reach } => plane(theme, x, y, name, pixels, *reach),
            ColorKey::Classes { name, .. } if name.is_empty() => {
                swatches(&self.swatches(theme), theme, x, y + 2.0)
            }
            ColorKey::Classes { name, .. } => {
                let style = theme.label();
                let mut items = vec![text(name, x, y, style, Align::Start, Baseline::Top)];
                items.extend(swatches(&self.swatches(theme), theme, x, y + 2.0 + HEADING));
                items
            }
        }
    }
}

impl ColorKey {
    /// Height that it needs below the steps, in that width.
    pub(crate) fn low_height(&self, theme: &Theme, width: f64) -> f64 {
        match self {
            ColorKey::None => 0.0,
            ColorKey::Bar { .. } => LOW_NAME + LOW_LEGEND,
            ColorKey::Plane { .. } => 84.0,
            ColorKey::Classes { .. } => {
                let place = Rect::new(0.0, 0.0, width, 0.0);
                12.0 * low_lines(&self.swatches(theme), theme, place) as f64
            }
        }
    }

    /// The key below the steps.
    pub(crate) fn low_items(&self, theme: &Theme, place: Rect) -> Vec<Item> {
        match self {
            ColorKey::Bar { name, map, low, high } => {
                let name = text(name, place.x, place.y, theme.label(), Align::Start, Baseline::Top);
                let bar = Rect::new(place.x, place.y + LOW_NAME, place.w.min(260.0), 7.0);
                let values = even_ticks(*low, *high, 5);
                let share =
                    |value: f64| if high > low { (value - low) / (high - low) } else { 0.5 };
                let ticks: Vec<(f64, String)> =
                    values.iter().map(|&value| share(value)).zip(tick_texts(&values)).collect();
                let colors = (0..map.len()).map(|at| map.entry(at)).collect();
                let mut items = vec![name];
                items.extend(low_bar(bar, colors, &ticks, theme));
                items
            }
            ColorKey::Classes { .. } => swatches_in(&self.swatches(theme), theme, place),
            _ => self.items(theme, place.x, place.y),
        }
    }

    /// A line for each class.
    fn swatches(&self, theme: &Theme) -> Vec<Swatch> {
        let ColorKey::Classes { classes, .. } = self else { return Vec::new() };
        let mut list: Vec<Swatch> = classes
            .iter()
            .take(MOST_CLASSES)
            .map(|(color, label)| Swatch { color: *color, label: label.clone() })
            .collect();
        if classes.len() > MOST_CLASSES {
            let label = format!("… {} more", classes.len() - MOST_CLASSES);
            list.push(Swatch { color: theme.page, label });
        }
        list
    }
}

fn bar(theme: &Theme, x: f64, y: f64, name: &str, map: Colormap, low: f64, high: f64) -> Vec<Item> {
    let style = theme.label();
    let rect = Rect::new(x, y + 14.0, 10.0, 104.0);
    let mut items = vec![text(name, x, y, style, Align::Start, Baseline::Top)];
    items.push(Item::Cells(Cells {
        rect,
        rows: map.len(),
        cols: 1,
        palette: (0..map.len()).map(|at| map.entry(at)).collect(),
        cells: (0..map.len()).rev().map(|at| at as u16).collect(),
    }));
    items.push(Shape::stroked(Path::rect(rect), theme.line, 0.5));
    let mut ticks = Path::new();
    let values = even_ticks(low, high, 5);
    for (&value, label) in values.iter().zip(tick_texts(&values)) {
        let share = if high > low { (value - low) / (high - low) } else { 0.5 };
        let at = rect.bottom() - share * rect.h;
        ticks.extend(Path::line(Point::new(rect.right(), at), Point::new(rect.right() + 3.0, at)));
        items.push(text(&label, rect.right() + 6.0, at, style, Align::Start, Baseline::Middle));
    }
    items.push(Shape::stroked(ticks, theme.line, 0.5));
    items
}

fn plane(
    theme: &Theme,
    x: f64,
    y: f64,
    name: &str,
    pixels: &[Color],
    reach: (f64, f64),
) -> Vec<Item> {
    let style = theme.label();
    let side = (1..).find(|side| side * side >= pixels.len()).unwrap_or(1);
    let rect = Rect::new(x, y + 14.0, 56.0, 56.0);
    let mut items = vec![text(name, x, y, style, Align::Start, Baseline::Top)];
    items.push(Item::Image(hinton_scene::Image {
        rect,
        width: side,
        height: side,
        pixels: pixels.to_vec(),
    }));
    items.push(Shape::stroked(Path::rect(rect), theme.line, 0.5));
    let labels = tick_texts(&[reach.0, reach.1]);
    let bottom = rect.bottom() + 3.0;
    items.push(text(&labels[0], rect.x, bottom, style, Align::Start, Baseline::Top));
    items.push(text(&labels[1], rect.right(), bottom, style, Align::End, Baseline::Top));
    items
}
