//! Colours of points, determined by the input.

use std::str::FromStr;

use hinton_chart::space::ColorKey;
use hinton_chart::{Colormap, ThemeName};
use hinton_scene::Color;
use hinton_weights::Error;

use super::regions::class;
use super::{PointSet, Stage};

/// What determines the colours of points. They come from the input and are the same after every
/// step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ColorBy {
    /// The label if there is one. Else the first coordinate, or, if points have more than three
    /// coordinates or the same first one, the prediction.
    #[default]
    Auto,
    /// A coordinate, counted from 0.
    Coordinate(usize),
    /// The angle in the plane of the first two coordinates.
    Angle,
    /// Hue by that angle, lightness by the distance from the origin.
    Wheel,
    /// The label.
    Label,
    /// The network's prediction: its largest output, or its only one.
    Prediction,
    /// The first half of the points in one colour, the second half in another.
    Halves,
}

impl FromStr for ColorBy {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Ok(match text {
            "auto" => ColorBy::Auto,
            "first" => ColorBy::Coordinate(0),
            "angle" => ColorBy::Angle,
            "wheel" => ColorBy::Wheel,
            "label" => ColorBy::Label,
            "prediction" => ColorBy::Prediction,
            other => {
                let number = other.strip_prefix("coordinate:").unwrap_or(other);
                let number = number.parse().map_err(|_| {
                    Error::request(
                        format!("`color` {other:?}: points are not coloured so"),
                        "write first, coordinate:K (from 0), angle, wheel, label or prediction",
                    )
                })?;
                ColorBy::Coordinate(number)
            }
        })
    }
}

/// The colours of points, and what they mean.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Colored {
    pub(crate) palette: Vec<Color>,
    pub(crate) places: Vec<u16>,
    pub(crate) key: ColorKey,
    /// The colour of each class.
    pub(crate) classes: Vec<Color>,
}

/// Most outputs whose largest is taken as a class.
const MOST_CLASSES: usize = 100;
/// Colours of the wheel: this many hues and this many distances.
const HUES: usize = 96;
const RINGS: usize = 24;
/// Pixels of the wheel's key, each way.
const KEY_SIDE: usize = 48;

/// What [`ColorBy::Auto`] is for these points: never something that is the same for all.
fn chosen(set: &PointSet, last: &Stage) -> ColorBy {
    let varies = |axis: usize| {
        let (low, high) = set.values.range(set.width, axis);
        high > low
    };
    match set.labels {
        Some(_) => ColorBy::Label,
        None if set.width <= 3 && varies(0) => ColorBy::Coordinate(0),
        None if last.width <= MOST_CLASSES && last.width > 0 => ColorBy::Prediction,
        None => ColorBy::Coordinate((0..set.width).find(|&axis| varies(axis)).unwrap_or(0)),
    }
}

/// The colours of points; `last` is what the network makes of them.
pub(crate) fn color(
    set: &PointSet,
    last: &Stage,
    by: ColorBy,
    map: Option<Colormap>,
    levels: Option<usize>,
    theme: ThemeName,
) -> Result<Colored, Error> {
    let by = if by == ColorBy::Auto { chosen(set, last) } else { by };
    let few = |map: Colormap| levels.map_or(map, |levels| map.with_levels(levels));
    let named = |name: &str| {
        few(map.or_else(|| Colormap::named(name)).unwrap_or_else(|| Colormap::house(false)))
    };
    if matches!(by, ColorBy::Angle | ColorBy::Wheel) && set.width < 2 {
        return Err(Error::request("points of 1 coordinate have no angle", "color them by first"));
    }
    Ok(match by {
        ColorBy::Auto | ColorBy::Coordinate(_) => {
            let axis = if let ColorBy::Coordinate(axis) = by { axis } else { 0 };
            if axis >= set.width {
                return Err(Error::request(
                    format!(
                        "`color=coordinate:{axis}`: points have {} coordinates, counted from 0",
                        set.width
                    ),
                    "",
                ));
            }
            let map = named("viridis");
            let (low, high) = set.values.range(set.width, axis);
            let scale = if high > low { 1.0 / (high - low) } else { 0.0 };
            let place = |value: f64, _| map.index((value - low) * scale) as u16;
            let places = set.values.map_rows(set.width, [axis; 2], place);
            let name =
                if set.width == 1 { "input".to_owned() } else { format!("input {}", axis + 1) };
            with_map(map, places, ColorKey::Bar { name, map, low, high })
        }
        ColorBy::Angle => {
            let map = named("twilight");
            let place = |x: f64, y: f64| map.index(turn_of(x, y) + 0.5) as u16;
            let places = set.values.map_rows(set.width, [0, 1], place);
            let key = ColorKey::Bar { name: "angle, °".to_owned(), map, low: -180.0, high: 180.0 };
            with_map(map, places, key)
        }
        ColorBy::Wheel => wheel(set, theme),
        ColorBy::Label => {
            let Some((labels, names)) = &set.labels else {
                return Err(Error::request(
                    format!("`color=label`: {} has no labels", set.name),
                    "give a column of labels after the coordinates, or `labels=FILE`",
                ));
            };
            classed(labels.iter().map(|&label| label as u16).collect(), names, "")
        }
        ColorBy::Prediction if last.width <= 1 => {
            let map = named("viridis");
            let (low, high) = last.values.range(1, 0);
            let scale = if high > low { 1.0 / (high - low) } else { 0.0 };
            let place = |value: f64| map.index((value - low) * scale) as u16;
            let places = last.values.iter().map(place).collect();
            with_map(map, places, ColorKey::Bar { name: "output".to_owned(), map, low, high })
        }
        ColorBy::Prediction => {
            let names: Vec<String> = (0..last.width).map(|output| output.to_string()).collect();
            let places = (0..set.len()).map(|at| class(last, at) as u16).collect();
            classed(places, &names, "prediction")
        }
        ColorBy::Halves => {
            let map = named("viridis");
            let half = set.len() / 2;
            let end = (map.len() - 1) as u16;
            let places = (0..set.len()).map(|at| if at < half { 0 } else { end }).collect();
            with_map(map, places, ColorKey::None)
        }
    })
}

/// A colour for each class; the key lists those that there are points of.
fn classed(places: Vec<u16>, names: &[String], heading: &str) -> Colored {
    let classes = class_colors(names.len());
    let mut is_there = vec![false; names.len()];
    places.iter().for_each(|&place| is_there[usize::from(place)] = true);
    let all = classes.iter().copied().zip(names.iter().cloned()).zip(is_there);
    let key = all.filter(|(_, is_there)| *is_there).map(|(entry, _)| entry).collect();
    let key = ColorKey::Classes { name: heading.to_owned(), classes: key };
    Colored { palette: classes.clone(), places, key, classes }
}

fn with_map(map: Colormap, places: Vec<u16>, key: ColorKey) -> Colored {
    let palette = (0..map.len()).map(|at| map.entry(at)).collect();
    Colored { palette, places, key, classes: Vec::new() }
}

/// Colours of this many classes, distinguished as well as may be.
pub(crate) fn class_colors(count: usize) -> Vec<Color> {
    let name = if count <= 10 { "tab10" } else { "tab20" };
    let map = Colormap::named(name).unwrap_or_else(|| Colormap::house(false));
    match count <= map.len() {
        true => (0..count).map(|at| map.entry(at)).collect(),
        // More classes than colours that can be distinguished: around the circle of hues.
        false => (0..count.min(4096)).map(|at| hue(at as f64 / count as f64, 0.5)).collect(),
    }
}

/// The angle of (x, y) in turns, −0.5 to 0.5.
fn turn_of(x: f64, y: f64) -> f64 {
    libm::atan2(y, x) / std::f64::consts::TAU
}

fn wheel(set: &PointSet, theme: ThemeName) -> Colored {
    let ends = [0, 1].map(|column| set.values.range(set.width, column));
    let farthest = ends.map(|(low, high)| low.abs().max(high.abs()));
    let reach = farthest[0].max(farthest[1]).max(f64::MIN_POSITIVE);
    let place = |x: f64, y: f64| {
        let hue = ((turn_of(x, y) + 0.5) * HUES as f64) as usize % HUES;
        let far = (x * x + y * y).sqrt() / reach / std::f64::consts::SQRT_2;
        let ring = ((far * RINGS as f64) as usize).min(RINGS - 1);
        (ring * HUES + hue) as u16
    };
    let dark = theme == ThemeName::Dark;
    let palette: Vec<Color> = (0..RINGS * HUES)
        .map(|at| {
            let far = (at / HUES) as f64 / (RINGS - 1) as f64;
            // The middle is grey; towards the edge hues grow stronger, never as pale as the page.
            let middle = if dark { Color::rgb(0xc8c8c8) } else { Color::rgb(0x8a8a8a) };
            let share = (far * 1.8).min(1.0);
            middle.mix(hue((at % HUES) as f64 / HUES as f64, far), share)
        })
        .collect();
    let side = KEY_SIDE;
    let at = |place: usize| ((place as f64 + 0.5) / side as f64 * 2.0 - 1.0) * reach;
    let pixels = (0..side * side)
        .map(|pixel| palette[usize::from(place(at(pixel % side), -at(pixel / side)))])
        .collect();
    let places = set.values.map_rows(set.width, [0, 1], place);
    let key = ColorKey::Plane { name: "input".to_owned(), pixels, reach: (-reach, reach) };
    Colored { palette, places, key, classes: Vec::new() }
}

/// A strong colour of that hue (0 to 1), darker the farther out.
fn hue(hue: f64, far: f64) -> Color {
    let channel = |shift: f64| {
        let x = ((hue + shift).rem_euclid(1.0) * 6.0 - 3.0).abs() - 1.0;
        let value = x.clamp(0.0, 1.0) * 0.78 + 0.12;
        (value * (1.0 - 0.35 * far) * 255.0 + 0.5) as u8
    };
    Color { r: channel(0.0), g: channel(2.0 / 3.0), b: channel(1.0 / 3.0), a: 255 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{PointRequest, PointSource, Values, points};

    /// A last step of as many outputs as the points have inputs: the points themselves.
    fn stage(set: &PointSet) -> Stage {
        Stage {
            name: String::new(),
            label: "Input".to_owned(),
            width: set.width,
            values: set.values.clone(),
            map: None,
        }
    }

    #[test]
    fn points_are_never_all_of_one_colour() {
        let request = PointRequest { source: PointSource::Cloud, ..PointRequest::default() };
        let mut set = points(&request, 10).unwrap();
        let colored = color(&set, &stage(&set), ColorBy::Auto, None, None, ThemeName::Light);
        let colored = colored.unwrap();
        assert!(matches!(&colored.key, ColorKey::Classes { name, .. } if name == "prediction"));
        assert!(colored.places.iter().any(|&place| place != colored.places[0]));
        // The first coordinate is the same for all, and so many outputs cannot be classes.
        set.width = 500;
        let values: Vec<f64> =
            (0..20).flat_map(|at| (0..500).map(move |x| f64::from(at * x))).collect();
        set.values = Values::from(values);
        let colored = color(&set, &stage(&set), ColorBy::Auto, None, None, ThemeName::Light);
        assert!(colored.unwrap().places.iter().any(|&place| place > 0));
    }

    #[test]
    fn ends_of_the_coordinate_have_the_ends_of_the_map() {
        let set = points(&PointRequest::default(), 2).unwrap();
        let colored =
            color(&set, &stage(&set), ColorBy::Auto, None, None, ThemeName::Light).unwrap();
        assert_eq!((colored.places[0], colored.places[9_999]), (0, 255));
        assert_eq!(colored.palette[0].hex(), "#440154");
        let few =
            color(&set, &stage(&set), ColorBy::Auto, None, Some(32), ThemeName::Light).unwrap();
        assert_eq!(few.palette.len(), 32);
        for by in [ColorBy::Angle, ColorBy::Wheel, ColorBy::Coordinate(1), ColorBy::Halves] {
            let colored = color(&set, &stage(&set), by, None, None, ThemeName::Dark).unwrap();
            let most = colored.places.iter().copied().max().unwrap();
            assert!(usize::from(most) < colored.palette.len(), "{by:?}");
        }
    }

    #[test]
    fn what_cannot_colour_is_told() {
        let set = points(&PointRequest::default(), 2).unwrap();
        let refused = |by| {
            color(&set, &stage(&set), by, None, None, ThemeName::Light).unwrap_err().to_string()
        };
        assert!(refused(ColorBy::Coordinate(2)).contains("2 coordinates, counted from 0"));
        assert!(refused(ColorBy::Label).contains("has no labels"));
        assert!("rainbow".parse::<ColorBy>().is_err());
        assert_eq!("coordinate:3".parse::<ColorBy>().unwrap(), ColorBy::Coordinate(3));
    }
}
