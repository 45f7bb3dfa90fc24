//! Pictures made of characters: coloured half blocks, or letters by darkness.

use hinton_scene::{Color, Scene};

use super::Fit;
use super::letters::{Letter, ascii as ascii_letter};
use crate::RenderError;
use crate::raster::{self, canvas::Canvas};

/// Pixels drawn across the picture at least, to be averaged: of many small cells each counts.
const FINE: usize = 1000;
/// Least contrast between a letter and what is behind it (WCAG asks 3 of large text; grey labels of
/// a chart stay grey).
const LEAST_CONTRAST: f64 = 2.5;
/// Letters from least to most ink.
const INK: &[u8] = b" .:-=+*#%@";

/// The scene without its texts, averaged to `columns` by `rows` colours; `None` is clear.
fn coarse(scene: &Scene, columns: usize, rows: usize) -> Result<Vec<Option<Color>>, RenderError> {
    let share = FINE.div_ceil(columns).clamp(4, 16);
    let canvas = raster::draw_without_text(scene, (columns * share) as f64 / scene.width)?;
    let mut colors = Vec::with_capacity(columns * rows);
    for row in 0..rows {
        for column in 0..columns {
            colors.push(average(&canvas, (column, columns), (row, rows)));
        }
    }
    Ok(colors)
}

/// The mean colour of a share of the canvas: part `at` of `count`, across and down.
fn average(canvas: &Canvas, across: (usize, usize), down: (usize, usize)) -> Option<Color> {
    let part = |(at, count): (usize, usize), length: usize| {
        let from = (at * length / count).min(length - 1);
        from..((at + 1) * length / count).max(from + 1)
    };
    let (columns, rows) = (part(across, canvas.width()), part(down, canvas.height()));
    let count = (columns.len() * rows.len()) as u32;
    let mut sums = [0u32; 4];
    for y in rows {
        for pixel in &canvas.row(y)[columns.clone()] {
            let alpha = u32::from(pixel[3]);
            for (sum, &channel) in sums.iter_mut().zip(&pixel[..3]) {
                *sum += u32::from(channel) * alpha;
            }
            sums[3] += alpha;
        }
    }
    if sums[3] < 128 * count {
        return None;
    }
    let [r, g, b] = [sums[0], sums[1], sums[2]].map(|sum| ((sum + sums[3] / 2) / sums[3]) as u8);
    Some(Color { r, g, b, a: 255 })
}

/// Two colours to a character, one above the other; each line ends with a reset.
pub(super) fn half_blocks(
    scene: &Scene,
    fit: Fit,
    letters: &[Option<Letter>],
    true_color: bool,
) -> Result<Vec<u8>, RenderError> {
    let colors = coarse(scene, fit.columns, fit.rows * 2)?;
    let mut lines = Lines { out: String::new(), front: None, back: None, true_color };
    for row in 0..fit.rows {
        for column in 0..fit.columns {
            let upper = colors[row * 2 * fit.columns + column];
            let lower = colors[(row * 2 + 1) * fit.columns + column];
            match letters[row * fit.columns + column] {
                Some(Letter { c: Some(c), color }) => {
                    let below = match (upper, lower) {
                        (Some(one), Some(two)) => Some(one.mix(two, 0.5)),
                        (one, two) => one.or(two),
                    };
                    lines.put(c, Some(legible(color, below)), below);
                }
                // The wide letter before fills this place too.
                Some(Letter { c: None, .. }) => {}
                None => match (upper, lower) {
                    (None, None) => lines.put(' ', None, None),
                    (None, Some(_)) => lines.put('▄', lower, None),
                    (Some(_), None) => lines.put('▀', upper, None),
                    _ if lines.same(upper, lower) => lines.put(' ', None, upper),
                    _ => lines.put('▀', upper, lower),
                },
            }
        }
        lines.end();
    }
    Ok(lines.out.into_bytes())
}

/// The colour of a letter, or black or white where it would hardly be seen: letters of the terminal
/// can reach over parts of the picture that the scene's do not touch.
fn legible(color: Color, below: Option<Color>) -> Color {
    match below {
        Some(below) if below.contrast(color) < LEAST_CONTRAST => {
            below.readable(Color::BLACK, Color::WHITE)
        }
        _ => color,
    }
}

/// Coloured lines, with a code only where a colour changes.
struct Lines {
    out: String,
    /// The colour of letters as it is set; `None` is the terminal's own.
    front: Option<Color>,
    /// The colour behind them.
    back: Option<Color>,
    true_color: bool,
}

impl Lines {
    fn same(&self, one: Option<Color>, two: Option<Color>) -> bool {
        match (one, two) {
            (Some(one), Some(two)) if !self.true_color => nearest_256(one) == nearest_256(two),
            _ => one == two,
        }
    }

    /// Writes a letter. A space has no colour of its own, so it leaves that as it was.
    fn put(&mut self, letter: char, front: Option<Color>, back: Option<Color>) {
        if letter != ' ' && !self.same(front, self.front) {
            self.code(front, "38", "39");
            self.front = front;
        }
        if !self.same(back, self.back) {
            self.code(back, "48", "49");
            self.back = back;
        }
        self.out.push(letter);
    }

    fn code(&mut self, color: Option<Color>, set: &str, unset: &str) {
        let code = match color {
            None => format!("\x1b[{unset}m"),
            Some(color) if self.true_color => {
                format!("\x1b[{set};2;{};{};{}m", color.r, color.g, color.b)
            }
            Some(color) => format!("\x1b[{set};5;{}m", nearest_256(color)),
        };
        self.out.push_str(&code);
    }

    fn end(&mut self) {
        self.out.push_str("\x1b[0m\n");
        (self.front, self.back) = (None, None);
    }
}

/// The nearest of xterm's 256 colours: a cube of 6 levels a channel from 16 on, and 24 greys from
/// 232 on. The first 16 are left out, for people set them as they like.
fn nearest_256(color: Color) -> u8 {
    const LEVELS: [i32; 6] = [0, 95, 135, 175, 215, 255];
    let channels = [color.r, color.g, color.b].map(i32::from);
    let apart = |other: [i32; 3]| -> i32 {
        channels.iter().zip(other).map(|(one, two)| (one - two) * (one - two)).sum()
    };
    let level = |channel: i32| (0..6).min_by_key(|&at| (LEVELS[at] - channel).abs()).unwrap_or(0);
    let places = channels.map(level);
    let cube = places.map(|at| LEVELS[at]);
    let mean = (channels[0] + channels[1] + channels[2]) / 3;
    let grey = ((mean - 3) / 10).clamp(0, 23);
    if apart([8 + 10 * grey; 3]) < apart(cube) {
        232 + grey as u8
    } else {
        (16 + 36 * places[0] + 6 * places[1] + places[2]) as u8
    }
}

/// Letters alone: the farther from the page's colour in lightness, the more ink. No escape codes.
pub(super) fn ascii(
    scene: &Scene,
    fit: Fit,
    letters: &[Option<Letter>],
) -> Result<Vec<u8>, RenderError> {
    let colors = coarse(scene, fit.columns, fit.rows)?;
    let dark_page = scene.background.is_some_and(|color| lightness(color) < 0.5);
    let mut out = Vec::new();
    for row in 0..fit.rows {
        let mut line = String::new();
        for at in row * fit.columns..(row + 1) * fit.columns {
            line.push(match (letters[at], colors[at]) {
                (Some(Letter { c, .. }), _) => ascii_letter(c.unwrap_or(' ')),
                (None, None) => ' ',
                (None, Some(color)) => {
                    let light = lightness(color);
                    let ink = if dark_page { light } else { 1.0 - light };
                    let place = (ink * (INK.len() - 1) as f64 + 0.5) as usize;
                    char::from(INK[place.min(INK.len() - 1)])
                }
            });
        }
        out.extend_from_slice(line.trim_end().as_bytes());
        out.push(b'\n');
    }
    Ok(out)
}

/// How light a colour looks, 0 to 1: the mean of its channels as the eye weighs them.
fn lightness(color: Color) -> f64 {
    (0.299 * f64::from(color.r) + 0.587 * f64::from(color.g) + 0.114 * f64::from(color.b)) / 255.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xterms_colours_are_their_own_nearest() {
        let pairs = [
            (0x000000, 16),
            (0xFFFFFF, 231),
            (0xFF0000, 196),
            (0x5F87AF, 67),
            (0x080808, 232),
            (0xEEEEEE, 255),
            (0x808080, 244),
        ];
        for (hex, want) in pairs {
            assert_eq!(nearest_256(Color::rgb(hex)), want, "{hex:06x}");
        }
    }
}
