//! The palette of films with 256 colours, computed from the scenes before anything is drawn.
//!
//! Pixels are neither counted nor quantised. Solid colours come first, so that cells are exact; the
//! remaining entries are shades between text and what is below it.

mod ground;
mod palette;

use std::collections::BTreeSet;

use hinton_scene::{Color, Item, Piece, Point, Scene, Segment};

use crate::raster::canvas::{blend, rgba};
use ground::Grounds;
pub(super) use palette::{Mapper, Palette};

/// Colours of a palette that are not a map's: page, ink, lines, special values, and steps between
/// page and ink.
const OTHERS: usize = 31;
/// Colours of a palette; one place of 256 is kept for "as before".
const MOST: usize = 255;

/// The number of levels that a colour map may have for every cell of a film with 256 colours to be
/// exact. If cells are `annotated`, each level also needs the colour halfway to that of its text.
pub fn map_levels(annotated: bool) -> usize {
    if annotated { (MOST - OTHERS) / 2 } else { MOST - OTHERS }
}

/// The colours that scenes are made of. The result does not depend on the order in which they are
/// added.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FilmColors {
    /// Colours of cells and of pictures: many, and alike when they must be.
    cells: BTreeSet<Color>,
    /// Every other solid colour.
    plain: BTreeSet<Color>,
    /// What lies below a text in a cell, and the text.
    on_cells: BTreeSet<(Color, Color)>,
    /// What lies below any other edge, and what lies above it.
    on_plain: BTreeSet<(Color, Color)>,
}

impl FilmColors {
    /// A set without colours.
    pub fn new() -> Self {
        FilmColors::default()
    }

    /// Adds the colours of a scene.
    pub fn add_scene(&mut self, scene: &Scene) {
        let page = page(scene);
        self.plain.insert(page);
        let mut grounds = Grounds::new(page);
        self.add_items(&scene.items, &mut grounds);
    }

    /// Adds levels of a colour map that cells will have, and for each the colour of its text, if
    /// any. With these, [`FilmOptions::colors`](super::FilmOptions::colors) can be computed from
    /// one scene and the map, without all frames.
    pub fn add_levels(&mut self, levels: &[Color], text: impl Fn(Color) -> Option<Color>) {
        for &level in levels {
            self.cells.insert(level);
            if let Some(text) = text(level) {
                self.plain.insert(text);
                self.on_cells.insert((level, text));
            }
        }
    }

    /// Adds all colours of another set.
    pub fn merge(&mut self, other: &FilmColors) {
        self.cells.extend(&other.cells);
        self.plain.extend(&other.plain);
        self.on_cells.extend(&other.on_cells);
        self.on_plain.extend(&other.on_plain);
    }

    fn add_items<'a>(&mut self, items: &'a [Item], grounds: &mut Grounds<'a>) {
        for item in items {
            match item {
                Item::Shape(shape) => {
                    let Some(&(Segment::Move(start) | Segment::Line(start))) =
                        shape.path.segments.first()
                    else {
                        continue;
                    };
                    let below = grounds.at(start).0;
                    if let Some(fill) = shape.fill {
                        let seen = self.add_edge(below, fill);
                        grounds.add_fill(&shape.path, seen);
                        self.plain.extend(grounds.add_tints(seen, fill));
                    }
                    if let Some(stroke) = shape.stroke {
                        let seen = self.add_edge(below, stroke.color);
                        if shape.fill.is_some_and(is_clear) {
                            grounds.add_tint(seen);
                        }
                    }
                }
                Item::Text(text) => {
                    let (below, in_cell) = grounds.at(ground::middle(text));
                    if in_cell {
                        let seen = over(below, text.style.color);
                        self.plain.insert(seen);
                        self.on_cells.insert((below, seen));
                    } else {
                        self.add_edge(below, text.style.color);
                    }
                }
                Item::Cells(grid) => {
                    let mut used = vec![false; grid.palette.len()];
                    for &place in &grid.cells {
                        if let Some(used) = used.get_mut(usize::from(place)) {
                            *used = true;
                        }
                    }
                    let below = grounds.at(grid.rect.center()).0;
                    let used = grid.palette.iter().zip(used).filter(|(_, used)| *used);
                    self.cells.extend(used.map(|(&color, _)| over(below, color)));
                    grounds.add_cells(grid);
                }
                Item::Image(image) => {
                    let below = grounds.at(image.rect.center()).0;
                    // A picture is rows of few colours or a photograph; either way each is asked once.
                    let colors: BTreeSet<Color> = image.pixels.iter().copied().collect();
                    self.cells.extend(colors.into_iter().map(|color| over(below, color)));
                }
                Item::Marks(marks) => {
                    // The first mark speaks for all: marks of one list lie on one ground.
                    let place = marks.places.first().map(|place| place.map(f64::from));
                    if let Some([x, y, w, h]) = place {
                        let rect = hinton_scene::Rect::new(x, y, w, h);
                        self.add_edge(grounds.at(rect.center()).0, marks.fill);
                    }
                }
                // They lie over one another, so the nearest of all colours is near enough at the edges;
                // the first speaks for the ground of all.
                Item::Dots(dots) => {
                    let Some(Piece::Dot { at: [x, y], .. } | Piece::Line { from: [x, y], .. }) =
                        dots.pieces.first()
                    else {
                        continue;
                    };
                    let below = grounds.at(Point::new(f64::from(*x), f64::from(*y))).0;
                    self.cells.extend(dots.palette.iter().map(|&color| over(below, color)));
                }
                Item::Group(group) => self.add_items(&group.items, grounds),
            }
        }
    }

    /// Adds a colour and the steps to it from what is below; gives the colour that is seen.
    fn add_edge(&mut self, below: Color, above: Color) -> Color {
        let seen = over(below, above);
        self.plain.insert(seen);
        if seen != below {
            self.on_plain.insert((below, seen));
        }
        seen
    }

    /// The palette, and what could not be kept.
    pub(super) fn palette(&self) -> (Palette, Option<String>) {
        let mut places = palette::Places::new(MOST);
        let plain: Vec<Color> = self.plain.iter().copied().collect();
        let mut lost = places.add_spread(&plain, MOST);
        // Each cell with text also needs its half step, and edges on the page want a few.
        let cells: Vec<Color> = self.cells.iter().copied().collect();
        let room = (MOST - places.len()).saturating_sub(4 * self.on_plain.len().min(4));
        let wanted = cells.len() + self.on_cells.len();
        let most = if wanted <= room { cells.len() } else { room * cells.len() / wanted };
        lost += places.add_spread(&cells, most);
        // Text in a cell that was merged takes the steps of the cell it was merged with.
        let on_cells = self.on_cells.iter().filter(|(below, _)| places.has(*below));
        let on_cells: BTreeSet<(Color, Color)> = on_cells.copied().collect();
        let note = (lost > 0).then(|| {
            format!(
                "{lost} of the {} colours of the frames are shown as the nearest of {}: a file of 256 \
                 colours holds no more; a map of fewer levels or another output keeps all",
                plain.len() + cells.len(),
                places.len()
            )
        });
        let steps = places.add_steps(&self.on_plain, &on_cells);
        (Palette::new(places.colors(), steps), note)
    }
}

/// Whether what lies below shows through.
fn is_clear(color: Color) -> bool {
    color.a < 255
}

/// The colour of a scene's page on white.
pub(super) fn page(scene: &Scene) -> Color {
    scene.background.map_or(Color::WHITE, |color| over(Color::WHITE, color))
}

/// `above` laid over an opaque colour, as the raster does it.
fn over(below: Color, above: Color) -> Color {
    step(below, above, 255)
}

/// `above` laid over an opaque colour with a coverage.
fn step(below: Color, above: Color, coverage: u8) -> Color {
    let mut pixel = rgba(below);
    blend(&mut pixel, rgba(above), coverage);
    Color { r: pixel[0], g: pixel[1], b: pixel[2], a: 255 }
}

#[cfg(test)]
mod tests;
