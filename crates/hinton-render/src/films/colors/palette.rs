//! Fills a palette, and finds the nearest colour in it.

use std::collections::BTreeSet;

use hinton_scene::Color;

use super::step;
use crate::raster::canvas::Canvas;

/// Finest steps between two colours.
const MOST_STEPS: usize = 16;

/// The colours of a palette while it is filled.
pub(super) struct Places {
    most: usize,
    colors: Vec<Color>,
    known: BTreeSet<Color>,
}

impl Places {
    pub(super) fn new(most: usize) -> Self {
        Places { most, colors: Vec::new(), known: BTreeSet::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.colors.len()
    }

    pub(super) fn has(&self, color: Color) -> bool {
        self.known.contains(&color)
    }

    pub(super) fn colors(self) -> Vec<Color> {
        self.colors
    }

    fn add(&mut self, color: Color) {
        if self.known.insert(color) {
            self.colors.push(color);
        }
    }

    /// Adds at most `most` of the colours, each the farthest from all that are in: the largest error
    /// of those left out is within twice the least possible (Gonzalez 1985). Gives how many are out.
    pub(super) fn add_spread(&mut self, colors: &[Color], most: usize) -> usize {
        let mut missing: Vec<Color> =
            colors.iter().copied().filter(|color| !self.known.contains(color)).collect();
        let most = most.min(self.most - self.len());
        if missing.len() <= most {
            missing.into_iter().for_each(|color| self.add(color));
            return 0;
        }
        let mut far: Vec<u32> = missing
            .iter()
            .map(|&color| {
                let nearest = self.colors.iter().map(|&other| distance(color, other)).min();
                nearest.unwrap_or(u32::MAX)
            })
            .collect();
        for _ in 0..most {
            let Some(at) = (0..far.len()).max_by_key(|&at| (far[at], usize::MAX - at)) else {
                break;
            };
            far.swap_remove(at);
            let color = missing.swap_remove(at);
            self.add(color);
            for (far, &other) in far.iter_mut().zip(&missing) {
                *far = (*far).min(distance(color, other));
            }
        }
        missing.len()
    }

    /// Adds steps between colours, ever finer, while a whole round of them fits. Gives how many steps
    /// above clear all texts have; 0 when not even halves fit.
    pub(super) fn add_steps(
        &mut self,
        plain: &BTreeSet<(Color, Color)>,
        cells: &BTreeSet<(Color, Color)>,
    ) -> u8 {
        let mut steps = 1;
        let mut fits = true;
        let mut plain_steps = 1;
        while fits && steps < MOST_STEPS {
            steps *= 2;
            fits = self.add_round(plain, steps) && self.add_round(cells, steps);
            if fits {
                plain_steps = steps;
            }
        }
        // What is left makes lines and labels on the page smoother.
        let done = plain_steps;
        let mut finer = done;
        while finer < MOST_STEPS && self.add_round(plain, finer * 2) {
            finer *= 2;
        }
        match (cells.is_empty(), done) {
            (true, _) if finer == MOST_STEPS => MOST_STEPS as u8,
            (_, 1) => 0,
            (_, done) => done as u8,
        }
    }

    /// Adds the odd steps of `steps` of all pairs if they fit.
    fn add_round(&mut self, pairs: &BTreeSet<(Color, Color)>, steps: usize) -> bool {
        let mut round = BTreeSet::new();
        for &(below, above) in pairs {
            for at in (1..steps).step_by(2) {
                let color = step(below, above, coverage(at, steps));
                if !self.known.contains(&color) {
                    round.insert(color);
                }
            }
            if self.len() + round.len() > self.most {
                return false;
            }
        }
        round.into_iter().for_each(|color| self.add(color));
        true
    }
}

/// The coverage of step `at` of `steps`, as the raster rounds it.
fn coverage(at: usize, steps: usize) -> u8 {
    crate::raster::step_coverage(at as u32, steps as u32)
}

fn distance(one: Color, two: Color) -> u32 {
    let square = |one: u8, two: u8| u32::from(one.abs_diff(two)).pow(2);
    square(one.r, two.r) + square(one.g, two.g) + square(one.b, two.b)
}

/// At most 255 colours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::films) struct Palette {
    colors: Vec<Color>,
    steps: u8,
}

impl Palette {
    pub(super) fn new(colors: Vec<Color>, steps: u8) -> Self {
        Palette { colors, steps }
    }

    pub(in crate::films) fn colors(&self) -> &[Color] {
        &self.colors
    }

    /// Steps above clear that texts are drawn with; 0 for all.
    pub(in crate::films) fn text_steps(&self) -> u8 {
        self.steps
    }

    /// Bits of a place, "as before" counted as the one after the last.
    pub(in crate::films) fn bits(&self) -> u8 {
        (usize::BITS - self.colors.len().leading_zeros()).clamp(1, 8) as u8
    }

    /// The nearest colour's place; the first of equals. Opacity does not count.
    fn nearest(&self, pixel: [u8; 4]) -> u8 {
        let [r, g, b, _] = pixel;
        let color = Color { r, g, b, a: 255 };
        let places = self.colors.iter().enumerate();
        places
            .min_by_key(|&(at, &other)| (distance(color, other), at))
            .map_or(0, |(at, _)| at as u8)
    }
}

/// Slots of a mapper's memory.
const SLOTS: usize = 4096;

/// Finds places in a palette and remembers them.
pub(in crate::films) struct Mapper<'a> {
    palette: &'a Palette,
    /// A pixel and its place.
    known: Vec<(u32, u8)>,
}

impl<'a> Mapper<'a> {
    pub(in crate::films) fn new(palette: &'a Palette) -> Self {
        // Slot 0 is where pixel 0 goes, so a slot that holds 0 for another pixel is never right.
        let known = vec![(0, palette.nearest([0; 4])); SLOTS];
        Mapper { palette, known }
    }

    fn place(&mut self, pixel: u32) -> u8 {
        let slot = (pixel.wrapping_mul(0x9E37_79B1) >> 20) as usize;
        if self.known[slot].0 != pixel {
            self.known[slot] = (pixel, self.palette.nearest(pixel.to_le_bytes()));
        }
        self.known[slot].1
    }

    /// Every pixel's place.
    pub(in crate::films) fn map(&mut self, canvas: &Canvas) -> Vec<u8> {
        let width = canvas.width();
        let mut places: Vec<u8> = Vec::with_capacity(canvas.pixels().len());
        let mut before: Option<(u32, u8)> = None;
        for y in 0..canvas.height() {
            let row = canvas.row(y);
            if y > 0 && row.as_flattened() == canvas.row(y - 1).as_flattened() {
                places.extend_from_within(places.len() - width..);
                continue;
            }
            for pixel in row {
                let pixel = u32::from_le_bytes(*pixel);
                let place = match before {
                    Some((other, place)) if other == pixel => place,
                    _ => self.place(pixel),
                };
                before = Some((pixel, place));
                places.push(place);
            }
        }
        places
    }
}
