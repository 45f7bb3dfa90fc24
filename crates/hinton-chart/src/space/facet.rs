//! Draws one step: axes, regions, points, lines, arrows.

use hinton_scene::{Color, Dots, Group, Image, Item, Path, Point, Rect, Shape, TextStyle};

use hinton_tensor::Work;

use super::axes::{Axes, Plane};
use super::camera::Lens;
use super::density::{Raster, count};
use super::pieces::pieces;
use super::style::Colors;
use super::{
    Box3, Cloud, Density, Guide, MANY_POINTS, Parts, SpaceError, SpaceOptions, SpaceStep,
    SpaceStyle, are_alike,
};
use crate::counted;

/// Space around the points, as a share of their extent.
const PADDING: f64 = 0.05;
/// Room for numbers left of a plane and below it.
const LEFT: f64 = 30.0;
const BELOW: f64 = 18.0;
/// Room for the name of the axis that goes up.
const ABOVE: f64 = 10.0;
/// Room for numbers around a box.
const AROUND: f64 = 24.0;
/// The same where scale bars take their place.
const AROUND_BARS: f64 = 12.0;
/// Sides of a box whose axes have scales of their own, as matplotlib has them, and of a cube; the
/// diagonal is 1.83 in both.
const SIDES: [f64; 3] = [1.142_857_142_857_142_8, 1.142_857_142_857_142_8, 0.857_142_857_142_857_1];
const CUBE: [f64; 3] = [1.056_25; 3];
/// How far a box reaches from its middle on the page: less than half of that diagonal, for only a
/// corner that points to the side would need it all.
const REACH: f64 = 0.8;
/// More points than this among lines are paler than the lines.
const MANY_BETWEEN: usize = 1_000;

/// Everything that one step is drawn from.
pub(super) struct Facet<'a> {
    pub(super) cloud: Cloud<'a>,
    pub(super) step: &'a SpaceStep<'a>,
    pub(super) options: &'a SpaceOptions,
    pub(super) work: Work<'a>,
    pub(super) colors: &'a Colors,
    pub(super) place: Rect,
}

/// What was drawn, and what is to be said of it.
pub(super) struct Drawn {
    pub(super) items: Vec<Item>,
    pub(super) notes: Vec<String>,
}

pub(super) fn draw_facet(facet: &Facet<'_>) -> Result<Drawn, SpaceError> {
    let Facet { step, options, colors, place, .. } = *facet;
    let is_box = step.dims > 2 || options.always_box;
    let around = step.range.unwrap_or_else(|| facet.needs());
    let numbers = match options.style {
        SpaceStyle::Black => TextStyle { size: 10.0, ..colors.theme.label() },
        SpaceStyle::House => TextStyle { size: 7.0, ..colors.theme.label() },
    };
    let (lens, area, Plane { below, above }) = if is_box {
        let (data, sides) = facet.box_of(around);
        let middle = place.center();
        let room = if options.scale_bars { AROUND_BARS } else { AROUND };
        let unit = (place.w / 2.0 - room) / REACH;
        let lens = Lens::new(&options.camera, &data, sides, [middle.x, middle.y], unit);
        let bar = options.scale_bars;
        let axes = Axes { data: &data, lens: &lens, names: &step.axes, colors, numbers, bar };
        (lens, place, axes.walls(place.w))
    } else {
        // The name of the axis that goes up is written over its upper end.
        let above = if step.names_upward() { ABOVE } else { 0.0 };
        let area =
            Rect::new(place.x + LEFT, place.y + above, place.w - LEFT, place.h - BELOW - above);
        // As wide as high, so that a unit is as long in both directions.
        let side = area.w.min(area.h);
        let area = Rect::new(area.x + (area.w - side) / 2.0, area.y, side, side);
        let data = square(around);
        let middle = area.center();
        let unit = side / (data.high[0] - data.low[0]) * options.camera.zoom;
        let lens = Lens::flat(&data, [middle.x, middle.y], unit);
        let shown = zoomed(data, options.camera.zoom);
        let bar = options.scale_bars;
        let axes = Axes { data: &shown, lens: &lens, names: &step.axes, colors, numbers, bar };
        (lens, area, axes.plane(area))
    };
    let mut notes = Vec::new();
    let mut inside = Vec::new();
    if let Some(regions) = step.regions.filter(|_| !is_box) {
        let low = lens.see([regions.x.0, regions.y.0, 0.0]).at;
        let high = lens.see([regions.x.1, regions.y.1, 0.0]).at;
        inside.push(Item::Image(Image {
            rect: Rect::new(low[0], high[1], high[0] - low[0], low[1] - high[1]),
            width: regions.columns,
            height: regions.rows,
            pixels: regions.pixels.clone(),
        }));
    }
    inside.extend(below);
    inside.extend(facet.cloud_items(&lens, area, is_box, &mut notes)?);
    inside.extend(step.guides.iter().flat_map(|guide| guide_items(guide, &lens, colors)));
    let clip = Some(if is_box { place } else { area });
    let mut items = vec![Item::Group(Group { label: step.name.clone(), clip, items: inside })];
    items.extend(above);
    Ok(Drawn { items, notes })
}

impl SpaceStep<'_> {
    fn names_upward(&self) -> bool {
        !self.axes[1].is_empty()
    }
}

impl Facet<'_> {
    /// The part of space that the points need, with a border.
    fn needs(&self) -> Box3 {
        Box3::around(self.step.points).padded(PADDING)
    }

    /// The part of space that is drawn in a box, and the sides of the box.
    fn box_of(&self, around: Box3) -> (Box3, [f64; 3]) {
        let alike = are_alike(&around);
        match self.options.equal_axes.unwrap_or(alike && self.options.style == SpaceStyle::House) {
            true => (around.cube(), CUBE),
            false => (around, SIDES),
        }
    }

    fn cloud_items(
        &self,
        lens: &Lens,
        area: Rect,
        is_box: bool,
        notes: &mut Vec<String>,
    ) -> Result<Vec<Item>, SpaceError> {
        let Facet { cloud, step, options, .. } = *self;
        let points = step.points.len();
        let say_odd = |odd: u64, notes: &mut Vec<String>| {
            if odd > 0 {
                let odd = counted(odd as usize, "point is", "points are");
                notes.push(format!("{}: {odd} not finite and not drawn", step.name));
            }
        };
        let counts = match options.density {
            Density::Auto => points > MANY_POINTS,
            Density::On => true,
            Density::Off => false,
        };
        if counts {
            let (image, odd) = self.density(lens, area)?;
            say_odd(odd, notes);
            notes.push(
                "points are counted for each pixel: the more, the more opaque (by rank); colours \
                 are their means"
                    .to_owned(),
            );
            return Ok(vec![image]);
        }
        let is_odd = |point: &[f32; 3]| !point.iter().all(|value| value.is_finite());
        say_odd(step.points.iter().filter(is_odd).count() as u64, notes);
        let has_lines = options.parts != Parts::Points && !cloud.lines.is_empty();
        let lines = if has_lines { cloud.lines } else { &[] };
        let draws_points = options.parts != Parts::Lines || !has_lines;
        // Folds show in the lines: points between them are paler. The second half of the palette is
        // that of the lines.
        let half = cloud.palette.len() as u16;
        let pale = if has_lines && points > MANY_BETWEEN { 140 } else { 255 };
        let faded = |color: &Color| color.alpha((u16::from(color.a) * pale / 255) as u8);
        let mut palette: Vec<Color> = cloud.palette.iter().map(faded).collect();
        palette.extend(cloud.palette);
        let pieces = pieces(
            step.points,
            cloud.colors,
            lines,
            lens,
            |color| color.saturating_add(half),
            is_box,
            draws_points,
        );
        let diameter = options.point_size.unwrap_or_else(|| point_size(points, area.w, has_lines));
        let width = (area.w / 500.0).clamp(0.4, 0.8);
        Ok(vec![Item::Dots(Dots { palette, diameter, width, pieces })])
    }

    /// The points as counts for each pixel, and how many are not finite.
    fn density(&self, lens: &Lens, area: Rect) -> Result<(Item, u64), SpaceError> {
        let Facet { cloud, step, options, .. } = *self;
        let per_point = options.dpi / 72.0;
        // Pixels of the picture are pixels of the page.
        let edge = |value: f64| (value * per_point).ceil() / per_point;
        let corner = [edge(area.x), edge(area.y)];
        let pixels = |from: f64, to: f64| (((to - from) * per_point).floor() as usize).max(1);
        let columns = pixels(corner[0], area.right());
        let rows = pixels(corner[1], area.bottom());
        let raster = Raster { columns, rows, corner, per_point };
        let (sums, odd) = count(step.points, cloud.colors, cloud.palette, lens, raster, self.work)?;
        let size = |pixels: usize| pixels as f64 / per_point;
        let image = Image {
            rect: Rect::new(corner[0], corner[1], size(columns), size(rows)),
            width: columns,
            height: rows,
            pixels: sums.colors(),
        };
        Ok((Item::Image(image), odd))
    }
}

/// Diameter of this many points on an area of that width: about half of the space between them.
fn point_size(points: usize, width: f64, has_lines: bool) -> f64 {
    let apart = width / (points.max(1) as f64).sqrt();
    let share = if has_lines { 0.42 } else { 0.62 };
    (apart * share).clamp(0.5, 4.2)
}

/// The same with x and y of one length.
fn square(data: Box3) -> Box3 {
    let flat =
        Box3 { low: [data.low[0], data.low[1], 0.0], high: [data.high[0], data.high[1], 0.0] };
    flat.cube()
}

/// What is left of a plane that is drawn larger.
fn zoomed(data: Box3, zoom: f64) -> Box3 {
    let at = |axis: usize, sign: f64| {
        let middle = (data.low[axis] + data.high[axis]) / 2.0;
        middle + sign * (data.high[axis] - data.low[axis]) / 2.0 / zoom
    };
    Box3 {
        low: std::array::from_fn(|axis| at(axis, -1.0)),
        high: std::array::from_fn(|axis| at(axis, 1.0)),
    }
}

fn guide_items(guide: &Guide, lens: &Lens, colors: &Colors) -> Vec<Item> {
    let (color, closed) = (guide.kind.color(&colors.theme), guide.kind.is_closed());
    let seen: Vec<Point> = guide
        .points
        .iter()
        .map(|point| {
            let [x, y] = lens.see(point.map(f64::from)).at;
            Point::new(x, y)
        })
        .collect();
    if !seen.iter().all(|point| point.x.is_finite() && point.y.is_finite()) {
        return Vec::new();
    }
    if closed {
        return vec![Shape::stroked(Path::polyline(&seen, true), color, 0.9)];
    }
    let (Some(&from), Some(&to)) = (seen.first(), seen.last()) else { return Vec::new() };
    let (dx, dy) = (to.x - from.x, to.y - from.y);
    let length = (dx * dx + dy * dy).sqrt();
    if length < 0.5 {
        return Vec::new();
    }
    let (dx, dy) = (dx / length, dy / length);
    let head = length.min(6.0);
    let neck = Point::new(to.x - dx * head, to.y - dy * head);
    let wing =
        |side: f64| Point::new(neck.x - dy * side * head * 0.42, neck.y + dx * side * head * 0.42);
    let mut path = seen[..seen.len() - 1].to_vec();
    path.push(neck);
    vec![
        Shape::stroked(Path::polyline(&path, false), color, 1.6),
        Shape::filled(Path::polyline(&[to, wing(1.0), wing(-1.0)], true), color),
    ]
}
