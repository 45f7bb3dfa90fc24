//! Draws scenes as pixels, with small kernels that are each tested against a plain version.
//!
//! Only plain arithmetic is used, without the system's trigonometry or anything that depends on the
//! processor: the same scene gives the same pixels on every machine.

pub mod canvas;
mod cells;
mod dots;
mod fill;
mod glyph;
mod rect;
mod stroke;
#[cfg(test)]
pub(crate) mod testing;

use hinton_scene::{Dots, Item, Marks, Path, Point, Rect, Scene, Segment, Shape};

use crate::{PixelLimit, RenderError};
use canvas::{Bounds, Canvas, MOST_PIXELS, MOST_SIDE, blend_span, rgba};
use fill::Filler;
use glyph::Glyphs;
pub(crate) use glyph::step_coverage;

/// Draws a scene with `scale` pixels per point; the page is rounded to whole pixels.
///
/// # Errors
/// Returns [`RenderError::TooLarge`] if a side exceeds 65,535 pixels, the total exceeds 400
/// million, or a size is not a positive number.
pub fn draw(scene: &Scene, scale: f64) -> Result<Canvas, RenderError> {
    draw_with(scene, scale, true)
}

/// Draws a scene as [`draw`] does, but without text, for pictures too coarse to read it.
///
/// # Errors
/// Returns the errors of [`draw`].
pub fn draw_without_text(scene: &Scene, scale: f64) -> Result<Canvas, RenderError> {
    draw_with(scene, scale, false)
}

fn draw_with(scene: &Scene, scale: f64, texts: bool) -> Result<Canvas, RenderError> {
    let mut artist = Artist { texts, ..Artist::default() };
    artist.draw(scene, scale)?;
    Ok(artist.canvas)
}

/// Draws several scenes one after the other, reusing its canvas and the glyphs that it has drawn.
pub struct Artist {
    canvas: Canvas,
    texts: bool,
    filler: Filler,
    glyphs: Glyphs,
}

impl Default for Artist {
    fn default() -> Self {
        Artist {
            canvas: Canvas::new(0, 0, [0; 4]),
            texts: true,
            filler: Filler::default(),
            glyphs: Glyphs::default(),
        }
    }
}

impl Artist {
    /// An artist whose text has only `steps` shades above transparent: with 2, every pixel of a
    /// glyph is transparent, half covered or covered. For pictures with few colours.
    pub fn with_text_steps(steps: u8) -> Self {
        Artist { glyphs: Glyphs::with_steps(steps), ..Artist::default() }
    }

    /// Draws a scene as [`draw`] does; glyphs are cached for the next scene.
    ///
    /// # Errors
    /// Returns the errors of [`draw`].
    pub fn draw_owned(&mut self, scene: &Scene, scale: f64) -> Result<Canvas, RenderError> {
        self.draw(scene, scale)?;
        Ok(std::mem::replace(&mut self.canvas, Canvas::new(0, 0, [0; 4])))
    }

    /// Draws a scene as [`draw`] does; the canvas is borrowed from the artist until the next scene.
    ///
    /// # Errors
    /// Returns the errors of [`draw`].
    pub fn draw(&mut self, scene: &Scene, scale: f64) -> Result<&Canvas, RenderError> {
        let (width, height) = size(scene.width, scene.height, scale)?;
        self.canvas.clear(width, height, scene.background.map_or([0; 4], rgba));
        self.glyphs.forget_when_many();
        let bounds = self.canvas.bounds();
        let mut painter = Painter {
            canvas: &mut self.canvas,
            scale,
            texts: self.texts,
            filler: &mut self.filler,
            glyphs: &mut self.glyphs,
        };
        painter.items(&scene.items, bounds);
        Ok(&self.canvas)
    }
}

/// Draws marks alone, `scale` pixels to the point, with the point `origin` at the canvas's corner.
pub(crate) fn draw_marks(canvas: &mut Canvas, scale: f64, origin: (f64, f64), marks: &Marks) {
    let bounds = canvas.bounds();
    rect::draw_marks(canvas, bounds, scale, origin, marks, &mut Filler::default());
}

/// Draws dots alone, likewise.
pub(crate) fn draw_dots(canvas: &mut Canvas, scale: f64, origin: (f64, f64), dots: &Dots) {
    let bounds = canvas.bounds();
    dots::draw_dots(canvas, bounds, scale, origin, dots);
}

/// The whole pixels of a picture of this many points with `scale` pixels to the point.
///
/// # Errors
/// [`RenderError::TooLarge`], as [`draw`].
pub(crate) fn size(width: f64, height: f64, scale: f64) -> Result<(usize, usize), RenderError> {
    let (width, height) = (width * scale, height * scale);
    let fits = |side: f64| side > 0.0 && side.round() <= f64::from(MOST_SIDE);
    if !(fits(width) && fits(height)) {
        return Err(RenderError::TooLarge { width, height, limit: PixelLimit::Side });
    }
    if width.round().max(1.0) * height.round().max(1.0) > MOST_PIXELS as f64 {
        return Err(RenderError::TooLarge { width, height, limit: PixelLimit::Total });
    }
    Ok((width.round().max(1.0) as usize, height.round().max(1.0) as usize))
}

struct Painter<'a> {
    canvas: &'a mut Canvas,
    scale: f64,
    texts: bool,
    filler: &'a mut Filler,
    glyphs: &'a mut Glyphs,
}

impl Painter<'_> {
    fn items(&mut self, items: &[Item], bounds: Bounds) {
        for item in items {
            self.item(item, bounds);
        }
    }

    fn item(&mut self, item: &Item, bounds: Bounds) {
        let (canvas, scale) = (&mut *self.canvas, self.scale);
        match item {
            Item::Shape(shape) => self.shape(shape, bounds),
            Item::Text(text) if self.texts => {
                let (glyphs, filler) = (&mut *self.glyphs, &mut *self.filler);
                glyph::draw_text(canvas, bounds, scale, text, glyphs, filler);
            }
            Item::Text(_) => {}
            Item::Image(image) => cells::draw_image(canvas, bounds, scale, image),
            Item::Cells(grid) => cells::draw_cells(canvas, bounds, scale, grid),
            Item::Marks(marks) => {
                rect::draw_marks(canvas, bounds, scale, (0.0, 0.0), marks, self.filler);
            }
            Item::Dots(dots) => dots::draw_dots(canvas, bounds, scale, (0.0, 0.0), dots),
            Item::Group(group) => {
                let bounds = match group.clip {
                    Some(clip) => bounds.clipped(scaled(clip, scale)),
                    None => bounds,
                };
                if !bounds.is_empty() {
                    self.items(&group.items, bounds);
                }
            }
        }
    }

    fn shape(&mut self, shape: &Shape, bounds: Bounds) {
        let scale = self.scale;
        let place = |point: Point| Point::new(point.x * scale, point.y * scale);
        if let Some(fill) = shape.fill {
            if let Some(rect) = as_rect(&shape.path) {
                let rect = scaled(rect, scale);
                let edges = [rect.x, rect.y, rect.right(), rect.bottom()];
                rect::fill_rect(self.canvas, bounds, edges, rgba(fill));
            } else {
                self.filler.path(bounds, &shape.path, place);
                self.lay(bounds, rgba(fill));
            }
        }
        if let Some(stroke) = shape.stroke {
            stroke::add_stroke(self.filler, bounds, &shape.path, stroke.width * scale, place);
            self.lay(bounds, rgba(stroke.color));
        }
    }

    /// Lays a colour over what the filler holds.
    fn lay(&mut self, bounds: Bounds, color: [u8; 4]) {
        let canvas = &mut *self.canvas;
        self.filler.spans(bounds, |y, x0, x1, coverage| {
            blend_span(canvas.span(y, x0, x1), color, coverage);
        });
    }
}

fn scaled(rect: Rect, scale: f64) -> Rect {
    Rect::new(rect.x * scale, rect.y * scale, rect.w * scale, rect.h * scale)
}

/// The rectangle that a path is, as [`Path::rect`] makes it.
fn as_rect(path: &Path) -> Option<Rect> {
    use Segment::{Close, Line, Move};
    let [Move(a), Line(b), Line(c), Line(d), Close] = path.segments[..] else { return None };
    let square = a.y == b.y && b.x == c.x && c.y == d.y && d.x == a.x;
    (square && a.x <= c.x && a.y <= c.y).then(|| Rect::new(a.x, a.y, c.x - a.x, c.y - a.y))
}

/// Every point of a path, control points too.
pub(crate) fn points(path: &Path) -> impl Iterator<Item = Point> {
    path.segments.iter().flat_map(|segment| {
        let (points, count) = match *segment {
            Segment::Move(to) | Segment::Line(to) => ([to; 3], 1),
            Segment::Cubic(one, two, to) => ([one, two, to], 3),
            Segment::Close => ([Point::default(); 3], 0),
        };
        points.into_iter().take(count)
    })
}
