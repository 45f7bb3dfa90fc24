//! SVG 1.1 with CSS: vector shapes, real text, embedded fonts.

use std::collections::BTreeSet;

use hinton_scene::{
    Align, Cells, Color, Dots, Font, Group, Item, MarkShape, Marks, Path, Rect, Scene, Segment,
    Shape, Text, Weight,
};

use super::{
    OutputRow, RenderOptions, base64, dots, font, grid, is_finite, marks, number, png, readable,
};
use crate::RenderError;
use crate::raster::{canvas::Canvas, points};

/// The row of this output.
pub(super) const ROW: OutputRow = OutputRow {
    name: "svg",
    about: "Vector graphics for the web (SVG)",
    help: "Vector shapes and real, selectable text with the used part of its font inside, so it looks \
           the same everywhere; sharp at any zoom, and easy to edit. Heat maps of more than 20,000 \
           cells are lossless bitmaps with one pixel per cell; more than 1,100,000 squares of a Hinton \
           diagram are a picture of up to 16 megapixels, and so are more than 100,000 points and lines \
           in space. The title and the description are there \
           for screen readers. For papers made with LaTeX, prefer pdf.",
    extensions: &["svg"],
    mime: "image/svg+xml",
    write,
};

fn write(scene: &Scene, _: &RenderOptions) -> Result<Vec<u8>, RenderError> {
    super::check_page(scene.width, scene.height)?;
    let mut svg = Svg {
        out: Vec::new(),
        paths: grid::as_paths(scene),
        mark_paths: marks::as_paths(scene),
        dot_paths: dots::as_paths(scene),
        page: (scene.width, scene.height),
        typefaces: font::typefaces(scene),
    };
    svg.open(scene);
    svg.items(&scene.items)?;
    svg.text("</svg>\n");
    Ok(svg.out)
}

struct Svg {
    out: Vec<u8>,
    /// Whether cells are written as paths.
    paths: bool,
    /// Whether marks are.
    mark_paths: bool,
    /// Whether dots are.
    dot_paths: bool,
    /// Width and height of the page, points.
    page: (f64, f64),
    /// Numbers of the fonts that take the typeface's place.
    typefaces: BTreeSet<u16>,
}

/// The typeface, and what is most like it where its letters were taken out of the file.
const FAMILIES: &str = "Inter,'Helvetica Neue',Helvetica,Arial,sans-serif";
/// Largest font file, bytes, that is embedded whole.
const MOST_WHOLE: usize = 2 << 20;

fn weight_number(weight: Weight) -> u16 {
    match weight {
        Weight::Regular => 400,
        Weight::SemiBold => 600,
    }
}

impl Svg {
    fn text(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    fn number(&mut self, value: f64) {
        number::push(&mut self.out, value);
    }

    /// ` name="value"`.
    fn attribute(&mut self, name: &str, value: f64) {
        self.text(" ");
        self.text(name);
        self.text("=\"");
        self.number(value);
        self.text("\"");
    }

    fn box_attributes(&mut self, rect: Rect) {
        let names = [("x", rect.x), ("y", rect.y), ("width", rect.w), ("height", rect.h)];
        for (name, value) in names {
            self.attribute(name, value);
        }
    }

    /// `<name>text</name>` on a line, unless the text is empty.
    fn element(&mut self, name: &str, text: &str) {
        if !text.is_empty() {
            self.text(&format!("<{name}>"));
            self.escaped(&readable(text));
            self.text(&format!("</{name}>\n"));
        }
    }

    /// Text with markup escaped, without the characters that XML 1.0 forbids.
    fn escaped(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                '<' => self.text("&lt;"),
                '>' => self.text("&gt;"),
                '&' => self.text("&amp;"),
                '"' => self.text("&quot;"),
                c if is_forbidden(c) => {}
                c => self.text(c.encode_utf8(&mut [0; 4])),
            }
        }
    }

    fn open(&mut self, scene: &Scene) {
        self.text("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"");
        self.number(scene.width);
        self.text("pt\" height=\"");
        self.number(scene.height);
        self.text("pt\" viewBox=\"0 0 ");
        self.number(scene.width);
        self.text(" ");
        self.number(scene.height);
        self.text(&format!("\" role=\"img\" font-family=\"{FAMILIES}\">\n"));
        self.element("title", &scene.title);
        self.element("desc", &scene.description);
        self.fonts(scene);
        if let Some(color) = scene.background {
            self.text("<rect");
            self.box_attributes(Rect::new(0.0, 0.0, scene.width, scene.height));
            self.paint("fill", color);
            self.text("/>\n");
        }
    }

    /// The used part of the typeface, and of another one in its place. Fonts for what those lack are
    /// the viewer's own.
    fn fonts(&mut self, scene: &Scene) {
        for (number, used) in font::used(scene) {
            let font = Font::numbered(number);
            let Some(file) = font::subset(font, &used).filter(|_| self.embeds(number)) else {
                continue;
            };
            let weight = weight_number(font.weight());
            let family = font.family();
            let quoted = if font.is_typeface() { family.to_owned() } else { format!("'{family}'") };
            // Outlines of the Compact Font Format are OpenType; a file of them is embedded whole.
            let is_compact = file.starts_with(b"OTTO");
            let (mime, format) = if is_compact { ("otf", "opentype") } else { ("ttf", "truetype") };
            if is_compact && file.len() > MOST_WHOLE {
                continue;
            }
            self.text("<style>@font-face{font-family:");
            self.text(&format!("{quoted};font-weight:{weight};src:url(data:font/{mime};base64,"));
            base64::push(&mut self.out, &file);
            self.text(&format!(") format(\"{format}\")}}</style>\n"));
        }
    }

    /// Whether a font is part of the file.
    fn embeds(&self, number: u16) -> bool {
        Font::numbered(number).is_typeface() || self.typefaces.contains(&number)
    }

    /// ` name="#rrggbb"`, and its opacity where it is not opaque.
    fn paint(&mut self, name: &str, color: Color) {
        self.text(&format!(" {name}=\"{}\"", color.hex()));
        if color.a != 255 {
            self.attribute(&format!("{name}-opacity"), f64::from(color.a) / 255.0);
        }
    }

    fn items(&mut self, items: &[Item]) -> Result<(), RenderError> {
        let mut rest = items;
        while let Some(item) = rest.first() {
            let leading = if self.mark_paths { Vec::new() } else { marks::leading(rest) };
            if leading.is_empty() {
                self.item(item)?;
            } else if let Some((rect, canvas)) =
                marks::as_pixels(&leading, self.page.0, self.page.1)
            {
                self.picture(rect, &canvas, true)?;
            }
            rest = &rest[leading.len().max(1)..];
        }
        Ok(())
    }

    fn item(&mut self, item: &Item) -> Result<(), RenderError> {
        match item {
            Item::Shape(shape) => self.shape(shape),
            Item::Text(text) => self.line(text),
            Item::Image(image) => {
                if let Some(canvas) = grid::image_as_pixels(image) {
                    self.picture(image.rect, &canvas, false)?;
                }
            }
            Item::Cells(cells) if self.paths => self.cells(cells),
            Item::Cells(cells) => {
                if let Some(canvas) = grid::cells_as_pixels(cells) {
                    self.picture(cells.rect, &canvas, false)?;
                }
            }
            Item::Marks(marks) => self.marks(marks),
            Item::Dots(dots) if self.dot_paths => self.dots(dots),
            Item::Dots(dots) => {
                if let Some((rect, canvas)) = dots::as_pixels(dots, self.page) {
                    self.picture(rect, &canvas, true)?;
                }
            }
            Item::Group(group) => self.group(group)?,
        }
        Ok(())
    }

    fn group(&mut self, group: &Group) -> Result<(), RenderError> {
        if group.clip.is_some_and(|clip| !is_finite(clip)) {
            return Ok(());
        }
        match group.clip {
            Some(clip) => {
                // The name is made of the numbers: two pictures in one web page may both use it.
                let mut name = b"clip".to_vec();
                for value in [clip.x, clip.y, clip.w, clip.h] {
                    name.push(b'_');
                    number::push(&mut name, value);
                }
                let name = String::from_utf8_lossy(&name).into_owned();
                self.text(&format!("<clipPath id=\"{name}\"><rect"));
                self.box_attributes(clip);
                self.text(&format!("/></clipPath>\n<g clip-path=\"url(#{name})\">\n"));
            }
            None => self.text("<g>\n"),
        }
        self.element("title", &group.label);
        self.items(&group.items)?;
        self.text("</g>\n");
        Ok(())
    }

    fn shape(&mut self, shape: &Shape) {
        if !points(&shape.path).all(|point| point.x.is_finite() && point.y.is_finite()) {
            return;
        }
        self.text("<path d=\"");
        self.path(&shape.path);
        self.text("\"");
        match shape.fill {
            Some(color) => self.paint("fill", color),
            None => self.text(" fill=\"none\""),
        }
        if let Some(stroke) = shape.stroke {
            self.paint("stroke", stroke.color);
            self.attribute("stroke-width", stroke.width);
            if is_square(&shape.path) {
                self.text(" shape-rendering=\"crispEdges\"");
            }
        }
        self.text("/>\n");
    }

    fn path(&mut self, path: &Path) {
        for segment in &path.segments {
            let (letter, points, count) = match *segment {
                Segment::Move(to) => ("M", [to; 3], 1),
                Segment::Line(to) => ("L", [to; 3], 1),
                Segment::Cubic(one, two, to) => ("C", [one, two, to], 3),
                Segment::Close => {
                    self.text("Z");
                    continue;
                }
            };
            self.text(letter);
            for (at, point) in points[..count].iter().enumerate() {
                if at > 0 {
                    self.text(" ");
                }
                self.number(point.x);
                self.text(" ");
                self.number(point.y);
            }
        }
    }

    /// A line of text, of our font with a place for each character, so that it is laid out the same
    /// even where another font takes its place.
    fn line(&mut self, text: &Text) {
        let style = text.style;
        let numbers = [text.x, text.y, text.rotation, style.size];
        if text.glyphs.is_empty() || !numbers.iter().all(|number| number.is_finite()) {
            return;
        }
        self.text("<text");
        // Other scripts are set by the viewer, which joins and turns letters with fonts of its own.
        let plain = text.is_plain();
        if plain {
            self.text(" x=\"");
            for (at, glyph) in text.glyphs.iter().enumerate() {
                if at > 0 {
                    self.text(" ");
                }
                self.number(text.x + glyph.x);
            }
            self.text("\"");
        } else {
            let (anchor, share) = match text.align {
                Align::Start => ("", 0.0),
                Align::Middle => (" text-anchor=\"middle\"", 0.5),
                Align::End => (" text-anchor=\"end\"", 1.0),
            };
            self.attribute("x", text.x + share * text.width);
            self.text(anchor);
        }
        self.attribute("y", text.y);
        self.attribute("font-size", style.size);
        if self.typefaces.contains(&text.font) {
            let family = Font::numbered(text.font).family();
            self.text(&format!(" font-family=\"'{family}',{FAMILIES}\""));
        }
        if style.weight == Weight::SemiBold && Font::numbered(text.font).is_typeface() {
            self.text(" font-weight=\"600\"");
        }
        self.paint("fill", style.color);
        if text.rotation != 0.0 {
            self.text(" transform=\"rotate(");
            for value in [text.rotation, text.x] {
                self.number(value);
                self.text(" ");
            }
            self.number(text.y);
            self.text(")\"");
        }
        self.text(" xml:space=\"preserve\">");
        self.escaped(&text.content);
        self.text("</text>\n");
    }

    /// Pixels as a lossless picture, each a sharp rectangle; `unlike` as in [`png::About`].
    fn picture(&mut self, rect: Rect, canvas: &Canvas, unlike: bool) -> Result<(), RenderError> {
        if !is_finite(rect) {
            return Ok(());
        }
        let bytes = png::encode(canvas, &png::About { unlike, ..png::About::default() })?;
        self.text("<image");
        self.box_attributes(rect);
        self.text(" preserveAspectRatio=\"none\" style=\"image-rendering:pixelated\" href=\"data:image/png;base64,");
        base64::push(&mut self.out, &bytes);
        self.text("\"/>\n");
        Ok(())
    }

    /// Cells in units of a cell: whole numbers, the same edges for neighbours. Crisp edges leave no
    /// seams where cells meet between pixels.
    fn cells(&mut self, cells: &Cells) {
        if !is_finite(cells.rect) || cells.rows == 0 || cells.cols == 0 {
            return;
        }
        let blocks = grid::blocks(cells);
        if blocks.is_empty() {
            return;
        }
        self.text("<g shape-rendering=\"crispEdges\" transform=\"translate(");
        self.number(cells.rect.x);
        self.text(" ");
        self.number(cells.rect.y);
        let across = cells.rect.w / cells.cols as f64;
        let down = cells.rect.h / cells.rows as f64;
        // Six decimals: times 20,000 cells still exact to a fiftieth of a point.
        self.text(&format!(") scale({across:.6} {down:.6})\">\n"));
        for (color, blocks) in blocks {
            self.text("<path");
            self.paint("fill", color);
            self.text(" d=\"");
            for block in blocks {
                let [x, y, w, h] = [block.x, block.y, block.w, block.h].map(|number| number as u64);
                for (letter, value) in [(b"M", x), (b" ", y), (b"h", w), (b"v", h)] {
                    self.out.extend_from_slice(letter);
                    number::push_whole(&mut self.out, value);
                }
                self.out.extend_from_slice(b"h-");
                number::push_whole(&mut self.out, w);
                self.out.push(b'z');
            }
            self.text("\"/>\n");
        }
        self.text("</g>\n");
    }

    /// Marks as one path. Each begins relative to the one before, in whole thousandths, so nothing
    /// adds up to an error.
    fn marks(&mut self, marks: &Marks) {
        if marks.places.is_empty() {
            return;
        }
        self.text("<path");
        self.paint("fill", marks.fill);
        self.text(" d=\"");
        self.out.reserve(marks.places.len() * 32);
        let (mut before_x, mut before_y, mut first) = (0, 0, true);
        for place in &marks.places {
            let [x, y, w, h] = place.map(|number| number::thousandths(f64::from(number)));
            if w <= 0 || h <= 0 || !place.iter().all(|number| number.is_finite()) {
                continue;
            }
            // A disc starts at its left end, halfway down.
            let down = if marks.shape == MarkShape::Disc { h / 2 } else { 0 };
            self.out.push(if first { b'M' } else { b'm' });
            self.pair(x - before_x, y + down - before_y);
            (before_x, before_y, first) = (x, y + down, false);
            match marks.shape {
                MarkShape::Rect => {
                    for (letter, value) in [(b'h', w), (b'v', h), (b'h', -w)] {
                        self.out.push(letter);
                        number::push_thousandths(&mut self.out, value);
                    }
                }
                MarkShape::Disc => {
                    for across in [w, -w] {
                        self.text("a");
                        self.pair(w / 2, h / 2);
                        self.text(" 0 1 0 ");
                        self.pair(across, 0);
                    }
                }
            }
            self.out.push(b'z');
        }
        self.text("\"/>\n");
    }

    /// Dots as lines of no length with round ends; those of one colour that follow one another as one
    /// path.
    fn dots(&mut self, dots: &Dots) {
        for run in dots::runs(dots) {
            self.text("<path fill=\"none\"");
            self.paint("stroke", run.color);
            self.attribute("stroke-width", run.width);
            if run.is_round {
                self.text(" stroke-linecap=\"round\"");
            }
            self.text(" d=\"");
            for [x0, y0, x1, y1] in run.lines() {
                self.out.push(b'M');
                self.pair(x0, y0);
                self.out.push(b'l');
                self.pair(x1 - x0, y1 - y0);
            }
            self.text("\"/>\n");
        }
    }

    /// Two numbers in thousandths.
    fn pair(&mut self, one: i64, two: i64) {
        number::push_thousandths(&mut self.out, one);
        self.out.push(b' ');
        number::push_thousandths(&mut self.out, two);
    }
}

/// Whether every line is level or upright.
fn is_square(path: &Path) -> bool {
    let mut at = None;
    let mut start = None;
    path.segments.iter().all(|segment| match *segment {
        Segment::Move(to) => {
            (at, start) = (Some(to), Some(to));
            true
        }
        Segment::Line(to) => {
            let straight =
                at.is_none_or(|from: hinton_scene::Point| from.x == to.x || from.y == to.y);
            at = Some(to);
            straight
        }
        Segment::Close => {
            let closing = at.zip(start);
            at = start;
            closing.is_none_or(|(from, to)| from.x == to.x || from.y == to.y)
        }
        Segment::Cubic(..) => false,
    })
}

/// Characters that XML 1.0 forbids, whatever way they are written, and those it advises against.
fn is_forbidden(c: char) -> bool {
    (c.is_control() && !matches!(c, '\t' | '\n' | '\r')) || (c as u32) & 0xFFFE == 0xFFFE
}
