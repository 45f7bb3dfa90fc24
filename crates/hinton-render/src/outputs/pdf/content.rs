//! The drawing instructions of the page.

use std::collections::BTreeSet;

use hinton_scene::{
    Cells, Color, Dots, Font, Glyph, Group, Image, Item, MarkShape, Marks, Path, Point, Rect,
    Scene, Segment, Shape, Text, Weight, turn,
};

use super::fonts::UsedFont;
use crate::outputs::{dots, grid, is_finite, marks, number};
use crate::raster::{canvas::Canvas, points};

/// What the page draws and what it needs for that.
pub(super) struct Content {
    /// The instructions.
    pub(super) out: Vec<u8>,
    /// Pictures, named `I0`, `I1`, … in this order.
    pub(super) pictures: Vec<Canvas>,
    /// The fonts in use, in the order in which they came.
    pub(super) fonts: Vec<UsedFont>,
    /// Opacities in use, named `A0` to `A254`.
    pub(super) alphas: BTreeSet<u8>,
    /// Whether cells and pixels are written as rectangles.
    paths: bool,
    /// Whether marks are written as paths.
    mark_paths: bool,
    /// Whether dots are.
    dot_paths: bool,
    /// Width and height of the page, points.
    page: (f64, f64),
}

/// The name of a font on the page. It goes by the page, not by the font's number, which depends on
/// what was drawn before.
pub(super) fn font_name(fonts: &[UsedFont], index: usize) -> String {
    match fonts.get(index).filter(|used| used.font.is_typeface()) {
        Some(used) if used.font.weight() == Weight::Regular => "F400".to_owned(),
        Some(_) => "F600".to_owned(),
        None => format!("F{index}"),
    }
}

impl Content {
    pub(super) fn new(scene: &Scene) -> Self {
        let paths = grid::as_paths_with_images(scene);
        let mut content = Content {
            out: Vec::new(),
            pictures: Vec::new(),
            fonts: Vec::new(),
            alphas: BTreeSet::new(),
            paths,
            mark_paths: marks::as_paths(scene),
            dot_paths: dots::as_paths(scene),
            page: (scene.width, scene.height),
        };
        // From here on y goes down, as in the scene; corners are mitred as in the other outputs.
        content.numbers(&[1.0, 0.0, 0.0, -1.0, 0.0, scene.height]);
        content.text("cm 4 M\n");
        if let Some(color) = scene.background {
            let page = Rect::new(0.0, 0.0, scene.width, scene.height);
            content.shape(&Shape { path: Path::rect(page), fill: Some(color), stroke: None });
        }
        content.items(&scene.items);
        content
    }

    fn text(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    /// Numbers, each with a space after it.
    fn numbers(&mut self, numbers: &[f64]) {
        for &value in numbers {
            number::push(&mut self.out, value);
            self.out.push(b' ');
        }
    }

    /// A colour for filling (`rg`) or lines (`RG`).
    fn color(&mut self, color: Color, operator: &str) {
        self.numbers(&[color.r, color.g, color.b].map(|channel| f64::from(channel) / 255.0));
        self.text(operator);
        self.text("\n");
    }

    /// Runs `draw` with the opacity of a colour.
    fn with_alpha(&mut self, alpha: u8, draw: impl FnOnce(&mut Self)) {
        match alpha {
            0 => {}
            255 => draw(self),
            _ => {
                self.alphas.insert(alpha);
                self.text(&format!("q /A{alpha} gs\n"));
                draw(self);
                self.text("Q\n");
            }
        }
    }

    fn items(&mut self, items: &[Item]) {
        let mut rest = items;
        while let Some(item) = rest.first() {
            let leading = if self.mark_paths { Vec::new() } else { marks::leading(rest) };
            if leading.is_empty() {
                self.item(item);
            } else if let Some((rect, canvas)) =
                marks::as_pixels(&leading, self.page.0, self.page.1)
            {
                self.picture(rect, canvas);
            }
            rest = &rest[leading.len().max(1)..];
        }
    }

    fn item(&mut self, item: &Item) {
        match item {
            Item::Shape(shape) => self.shape(shape),
            Item::Text(text) => self.line(text),
            Item::Image(image) => self.image(image),
            Item::Cells(cells) => self.cells(cells),
            Item::Marks(marks) => self.marks(marks),
            Item::Dots(dots) if self.dot_paths => self.dots(dots),
            Item::Dots(dots) => {
                if let Some((rect, canvas)) = dots::as_pixels(dots, self.page) {
                    self.picture(rect, canvas);
                }
            }
            Item::Group(group) => self.group(group),
        }
    }

    fn group(&mut self, group: &Group) {
        let Some(clip) = group.clip else {
            self.items(&group.items);
            return;
        };
        if !is_finite(clip) {
            return;
        }
        self.text("q ");
        self.numbers(&[clip.x, clip.y, clip.w, clip.h]);
        self.text("re W n\n");
        self.items(&group.items);
        self.text("Q\n");
    }

    fn shape(&mut self, shape: &Shape) {
        if !points(&shape.path).all(|point| point.x.is_finite() && point.y.is_finite()) {
            return;
        }
        if let Some(color) = shape.fill {
            self.with_alpha(color.a, |content| {
                content.color(color, "rg");
                content.path(&shape.path);
                content.text("f\n");
            });
        }
        if let Some(stroke) = shape.stroke {
            self.with_alpha(stroke.color.a, |content| {
                content.color(stroke.color, "RG");
                content.numbers(&[stroke.width]);
                content.text("w\n");
                content.path(&shape.path);
                content.text("S\n");
            });
        }
    }

    fn path(&mut self, path: &Path) {
        // A path that begins without a move begins at the origin, as in the other outputs.
        if !matches!(path.segments.first(), None | Some(Segment::Move(_))) {
            self.text("0 0 m\n");
        }
        for segment in &path.segments {
            match *segment {
                Segment::Move(to) => self.step(&[to], "m"),
                Segment::Line(to) => self.step(&[to], "l"),
                Segment::Cubic(one, two, to) => self.step(&[one, two, to], "c"),
                Segment::Close => self.text("h\n"),
            }
        }
    }

    fn step(&mut self, points: &[Point], operator: &str) {
        for point in points {
            self.numbers(&[point.x, point.y]);
        }
        self.text(operator);
        self.text("\n");
    }

    /// A line of text: runs of glyphs, moved where the scene's places differ from the advances.
    fn line(&mut self, text: &Text) {
        let style = text.style;
        let numbers = [text.x, text.y, text.rotation, style.size];
        if text.glyphs.is_empty() || !numbers.iter().all(|number| number.is_finite()) {
            return;
        }
        self.with_alpha(style.color.a, |content| content.glyphs(text));
    }

    fn glyphs(&mut self, text: &Text) {
        // What was read and what is drawn differ: whoever copies the text gets what was read.
        let plain = text.is_plain();
        if !plain {
            self.text("/Span <</ActualText <FEFF");
            for unit in text.content.encode_utf16() {
                self.text(&format!("{unit:04X}"));
            }
            self.text(">>> BDC\n");
        }
        self.color(text.style.color, "rg");
        let is_one = |one: &Glyph, two: &Glyph| one.face == two.face && one.up == two.up;
        text.glyphs.chunk_by(is_one).for_each(|run| self.run(text, run));
        if !plain {
            self.text("EMC\n");
        }
    }

    /// Neighbours of one font at one height.
    fn run(&mut self, text: &Text, glyphs: &[Glyph]) {
        let Some(&Glyph { face, x: start, up, .. }) = glyphs.first() else { return };
        let size = text.style.size;
        let (sin, cos) = turn(text.rotation);
        let index = self.font(face);
        let name = font_name(&self.fonts, index);
        self.text(&format!("BT /{name} "));
        self.numbers(&[size]);
        self.text("Tf ");
        // The turn is kept to six decimals: a long line is off by less than a thousandth.
        self.text(&format!("{cos:.6} {sin:.6} {sin:.6} {:.6} ", -cos));
        self.numbers(&[text.x + start * cos + up * sin, text.y + start * sin - up * cos]);
        self.text("Tm [<");
        let mut pen = start;
        for glyph in glyphs {
            let apart = number::thousandths((pen - glyph.x) / size);
            if apart != 0 {
                self.text(&format!(">{apart}<"));
                pen -= apart as f64 / 1000.0 * size;
            }
            let Some(used) = self.fonts.get_mut(index) else { continue };
            let code = used.code(glyph);
            pen += used.font.advance(glyph.id) * size;
            self.text(&format!("{code:04X}"));
        }
        self.text(">] TJ ET\n");
    }

    /// The place of a font among those in use.
    fn font(&mut self, number: u16) -> usize {
        let known = self.fonts.iter().position(|used| used.font.number() == number);
        known.unwrap_or_else(|| {
            self.fonts.push(UsedFont::new(Font::numbered(number)));
            self.fonts.len() - 1
        })
    }

    fn image(&mut self, image: &Image) {
        if self.paths {
            self.rectangles(image.rect, image.height, image.width, |at| {
                image.pixels.get(at).copied()
            });
        } else if let Some(canvas) = grid::image_as_pixels(image) {
            self.picture(image.rect, canvas);
        }
    }

    fn cells(&mut self, cells: &Cells) {
        if self.paths {
            self.rectangles(cells.rect, cells.rows, cells.cols, |at| {
                cells.palette.get(usize::from(*cells.cells.get(at)?)).copied()
            });
        } else if let Some(canvas) = grid::cells_as_pixels(cells) {
            self.picture(cells.rect, canvas);
        }
    }

    /// A picture of pixels. `cm` maps the unit square, whose y goes up, to the rectangle.
    fn picture(&mut self, rect: Rect, canvas: Canvas) {
        if !is_finite(rect) {
            return;
        }
        self.text("q ");
        self.numbers(&[rect.w, 0.0, 0.0, -rect.h, rect.x, rect.bottom()]);
        self.text(&format!("cm /I{} Do Q\n", self.pictures.len()));
        self.pictures.push(canvas);
    }

    /// Cells as rectangles, row by row, equal neighbours of a row joined.
    ///
    /// Two rectangles that meet between pixels let the page shine through. So each reaches one cell
    /// to the right and one down, below the cells that are drawn after it. Where a cell lets
    /// through what is below it, that cannot be: then each keeps to its place.
    fn rectangles(
        &mut self,
        rect: Rect,
        rows: usize,
        cols: usize,
        color: impl Fn(usize) -> Option<Color>,
    ) {
        let total = rows.saturating_mul(cols);
        // No more cells than were counted: sizes that lie end here.
        if total == 0 || total > grid::MOST_PATH_CELLS || !is_finite(rect) {
            return;
        }
        let colors: Vec<Option<Color>> = (0..total).map(color).collect();
        let opaque = colors.iter().all(|color| color.is_some_and(|color| color.a == 255));
        let reach = usize::from(opaque);
        let x_at = |col: usize| rect.x + rect.w * (col as f64 / cols as f64);
        let y_at = |row: usize| rect.y + rect.h * (row as f64 / rows as f64);
        let mut before = None;
        for (row, colors) in colors.chunks(cols).enumerate() {
            let mut col = 0;
            while col < cols {
                let here = colors[col];
                let end = col + colors[col..].iter().take_while(|&&other| other == here).count();
                if let Some(color) = here {
                    self.with_alpha(color.a, |content| {
                        // Every opacity but full begins with the colours from before it.
                        if before != here || color.a != 255 {
                            content.color(color, "rg");
                        }
                        let (x, y) = (x_at(col), y_at(row));
                        let right = x_at((end + reach).min(cols));
                        let bottom = y_at((row + 1 + reach).min(rows));
                        content.numbers(&[x, y, right - x, bottom - y]);
                        content.text("re f\n");
                    });
                    if color.a == 255 {
                        before = here;
                    }
                }
                col = end;
            }
        }
    }

    /// Dots as lines of no length with round caps.
    fn dots(&mut self, dots: &Dots) {
        for run in dots::runs(dots) {
            self.with_alpha(run.color.a, |content| {
                content.color(run.color, "RG");
                content.numbers(&[run.width]);
                content.text(if run.is_round { "w 1 J\n" } else { "w 0 J\n" });
                for [x0, y0, x1, y1] in run.lines() {
                    content.pair(x0, y0, " m ");
                    content.pair(x1, y1, " l\n");
                }
                content.text("S\n");
            });
        }
        self.text("0 J\n");
    }

    /// Two numbers in thousandths and what is done with them.
    fn pair(&mut self, one: i64, two: i64, operator: &str) {
        number::push_thousandths(&mut self.out, one);
        self.out.push(b' ');
        number::push_thousandths(&mut self.out, two);
        self.text(operator);
    }

    /// Marks of one colour as one path.
    fn marks(&mut self, marks: &Marks) {
        self.with_alpha(marks.fill.a, |content| {
            content.color(marks.fill, "rg");
            content.out.reserve(marks.places.len() * 32);
            for place in &marks.places {
                let [x, y, w, h] = place.map(f64::from);
                if !(w > 0.0 && h > 0.0 && place.iter().all(|number| number.is_finite())) {
                    continue;
                }
                match marks.shape {
                    MarkShape::Rect => {
                        content.numbers(&[x, y, w, h]);
                        content.text("re\n");
                    }
                    MarkShape::Disc => {
                        let unit = Path::circle(Point::new(0.5, 0.5), 0.5);
                        let place = |point: Point| Point::new(x + point.x * w, y + point.y * h);
                        content.path(&placed(&unit, place));
                    }
                }
            }
            content.text("f\n");
        });
    }
}

/// A path with every point moved.
fn placed(path: &Path, place: impl Fn(Point) -> Point) -> Path {
    let segments = path.segments.iter().map(|segment| match *segment {
        Segment::Move(to) => Segment::Move(place(to)),
        Segment::Line(to) => Segment::Line(place(to)),
        Segment::Cubic(one, two, to) => Segment::Cubic(place(one), place(two), place(to)),
        Segment::Close => Segment::Close,
    });
    Path { segments: segments.collect() }
}
