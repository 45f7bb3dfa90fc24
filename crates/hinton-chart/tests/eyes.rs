//! Default colours for every eye: contrast on their pages, and what is left of differences for the
//! colour-blind and in grey.
//!
//! Colour blindness is simulated as by Machado, Oliveira and Fernandes, "A Physiologically-based
//! Model for Simulation of Color Vision Deficiency" (2009), at full severity, in linear RGB.
//! Distances are in Oklab (Ottosson 2020), where 0.02 is just noticeable.

use hinton_chart::{Colormap, Theme, ThemeName};
use hinton_scene::Color;

type Rgb = [f64; 3];
type Matrix = [Rgb; 3];

const EYES: [(&str, Matrix); 4] = [
    (
        "protanopia",
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ],
    ),
    (
        "deuteranopia",
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ],
    ),
    (
        "tritanopia",
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ],
    ),
    ("usual", [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]),
];

fn linear(color: Color) -> Rgb {
    [color.r, color.g, color.b].map(|channel| {
        let share = f64::from(channel) / 255.0;
        if share <= 0.04045 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
    })
}

fn times(matrix: &Matrix, rgb: Rgb) -> Rgb {
    let row = |row: &Rgb| row.iter().zip(rgb).map(|(weight, channel)| weight * channel).sum();
    [row(&matrix[0]), row(&matrix[1]), row(&matrix[2])]
}

/// Oklab of a linear colour.
fn oklab(rgb: Rgb) -> Rgb {
    let cones = times(
        &[
            [0.4122214708, 0.5363325363, 0.0514459929],
            [0.2119034982, 0.6806995451, 0.1073969566],
            [0.0883024619, 0.2817188376, 0.6299787005],
        ],
        rgb.map(|channel| channel.clamp(0.0, 1.0)),
    );
    times(
        &[
            [0.2104542553, 0.7936177850, -0.0040720468],
            [1.9779984951, -2.4285922050, 0.4505937099],
            [0.0259040371, 0.7827717662, -0.8086757660],
        ],
        cones.map(f64::cbrt),
    )
}

fn distance(eye: &Matrix, one: Color, two: Color) -> f64 {
    let (one, two) = (oklab(times(eye, linear(one))), oklab(times(eye, linear(two))));
    one.iter().zip(two).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt()
}

/// Contrast as of WCAG 2, from 1 to 21.
fn contrast(one: Color, two: Color) -> f64 {
    let light = |color: Color| {
        let rgb = linear(color);
        0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2]
    };
    let (one, two) = (light(one) + 0.05, light(two) + 0.05);
    one.max(two) / one.min(two)
}

fn themes() -> [Theme; 3] {
    ThemeName::ALL.map(Theme::named)
}

/// What a difference of colours must be at least for every eye, five times the least that is noticed.
const PLAIN: f64 = 0.1;

/// Zero is the ground on purpose; from there on both sides come away alike. Lightness falls evenly from white
/// (or rises from black), so contrast is 2 to 1 from 35 % of the range on; at a tenth of it every eye sees a
/// difference of more than three times the least that is noticed.
#[test]
fn signed_values_stand_out_the_more_the_larger_they_are() {
    for theme in themes() {
        let map = Colormap::house(theme.is_dark());
        let zero = map.color(0.5);
        for sign in [-0.5, 0.5] {
            let color = |share: f64| map.color(0.5 + sign * share);
            let at = |share: f64| contrast(color(share), zero);
            assert!(at(0.1) > 1.15 && at(0.35) > 2.0 && at(0.5) > 3.0 && at(1.0) > 11.0);
            assert!(contrast(color(1.0), theme.page) > 10.0, "the ends on the page");
            let steps: Vec<f64> = (0..=20).map(|step| at(f64::from(step) / 20.0)).collect();
            assert!(steps.windows(2).all(|pair| pair[0] < pair[1]), "{steps:?}");
            for (name, eye) in &EYES {
                assert!(distance(eye, color(0.1), zero) > 0.06, "{name}: a tenth is not seen");
            }
        }
    }
}

#[test]
fn signs_differ_to_every_eye_and_magnitudes_in_grey() {
    for dark in [false, true] {
        let map = Colormap::house(dark);
        let sides = |share: f64| (map.color(0.5 + share / 2.0), map.color(0.5 - share / 2.0));
        for tenth in 1..=10 {
            let (positive, negative) = sides(f64::from(tenth) / 10.0);
            // In grey only how large a value is can be seen: both signs have one lightness.
            assert!(contrast(positive, negative) < 1.02, "{tenth} tenths");
            for (name, eye) in EYES.iter().filter(|_| tenth >= 2) {
                let found = distance(eye, positive, negative);
                assert!(found > PLAIN, "{name} at {tenth} tenths: {found:.3}");
            }
        }
        let lightness = |share: f64| oklab(linear(sides(share).0))[0];
        let tenths: Vec<f64> = (0..=10).map(|tenth| lightness(f64::from(tenth) / 10.0)).collect();
        assert!(tenths.windows(2).all(|pair| (pair[0] - pair[1]).abs() > 0.05), "{tenths:?}");
    }
}

#[test]
fn values_without_a_zero_stand_out_everywhere() {
    for theme in themes() {
        let map = Colormap::sequential(theme.is_dark());
        for step in 0..=20 {
            let found = contrast(map.color(f64::from(step) / 20.0), theme.page);
            assert!(found > 2.0, "{:?} at {step}: {found}", theme.name);
        }
    }
}

#[test]
fn colour_maps_differ_to_every_eye() {
    let maps = [false, true].map(|dark| [Colormap::house(dark), Colormap::sequential(dark)]);
    for map in maps.as_flattened() {
        for (name, eye) in &EYES {
            let at = |step: u8| map.color(f64::from(step) / 10.0);
            for one in 0..=10 {
                for two in 0..one {
                    let found = distance(eye, at(one), at(two));
                    assert!(found > 0.035, "{name}: {map:?} at {one} and {two}: {found:.3}");
                }
            }
        }
    }
}

/// Lines of several colours, and the marks of NaN and infinities on them.
#[test]
fn series_and_what_is_not_finite_differ_to_every_eye() {
    for theme in themes() {
        let odd = [theme.nan, theme.pos_inf, theme.neg_inf];
        for color in theme.series.iter().chain(&odd) {
            let found = contrast(*color, theme.page);
            assert!(found > 2.2, "{:?} {}: {found:.2}", theme.name, color.hex());
        }
        for (name, eye) in &EYES {
            let pairs = |ones: &[Color], others: &[Color], least: f64| {
                for one in ones {
                    for other in others.iter().filter(|other| *other != one) {
                        let found = distance(eye, *one, *other);
                        let pair = (one.hex(), other.hex());
                        assert!(found > least, "{:?} {name} {pair:?}: {found:.3}", theme.name);
                    }
                }
            };
            pairs(&theme.series, &theme.series, 0.03);
            pairs(&odd, &odd, 0.08);
            pairs(&odd, &theme.series, 0.025);
        }
        let usual = &EYES[3].1;
        for one in odd {
            for other in theme.series {
                assert!(distance(usual, one, other) > PLAIN, "{} {}", one.hex(), other.hex());
            }
        }
    }
}
