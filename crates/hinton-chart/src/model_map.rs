//! The map of a model: the position of each tensor when rows are layers and columns are kinds of
//! tensor.
//!
//! The overview draws it on a page, and the viewer as a map to navigate; both are laid out here.

mod rows;

use hinton_scene::{Align, Rect, TextStyle, fit, measure};
use hinton_tensor::outline::{Named, Outline, Stack, outline, rows_of};

use crate::distinct::distinct;
use crate::{Theme, shape_text};
use rows::{Row, rows};

/// Height of the bar under a tile, and the gap above it.
const BAR: (f64, f64) = (2.0, 1.2);
/// Sides of a tile that are tried, points, the largest that fits first.
const SIDES: [f64; 14] =
    [64.0, 56.0, 48.0, 42.0, 36.0, 31.0, 27.0, 23.0, 20.0, 17.0, 14.5, 12.0, 10.0, 8.0];
/// Side of tiles where layers are binned.
const BINNED: f64 = 17.0;
/// Largest ratio of a tile's sides.
const SLIMMEST: f64 = 3.0;
/// Widest labels of rows, and highest names of columns.
const LABEL: f64 = 120.0;
const NAME: f64 = 92.0;
/// Space between tiles, between stacks and between parts of a stack that stand side by side.
const GAP: f64 = 3.0;
const BETWEEN: f64 = 14.0;
const BESIDE: f64 = 18.0;
/// Width of a tensor before or behind the layers, and height of its tile.
const SINGLE: (f64, f64) = (96.0, 46.0);
/// With more of them than this they shrink as other tiles do, at most to this share, and only their names are written.
const MANY: (usize, f64) = (24, 0.6);
/// Thickness of a vector there.
const STRIP: f64 = 8.0;
/// Most lines of the names of columns where they are a list.
const LIST_LINES: usize = 8;
/// Height of a line of small type.
const LINE: f64 = 9.5;
/// Most lines of the table of single values.
const SCALAR_LINES: usize = 6;

/// What being twice as wide as high weighs beside empty places.
const SLIM: f64 = 0.15;

/// A tensor to be placed on the map.
#[derive(Debug, Clone, PartialEq)]
pub struct Place<'a> {
    /// Its full name, which determines its position.
    pub name: &'a str,
    /// Its label on the map.
    pub label: String,
    /// Its shape.
    pub shape: &'a [usize],
    /// Its dtype's name.
    pub dtype: &'a str,
    /// Rows and columns of the matrix that it is shown as.
    pub extent: (usize, usize),
    /// Its value in a few digits, if it has a single, known value.
    pub value: Option<String>,
}

/// A tile of the map: one tensor, or a mosaic of several.
#[derive(Debug, Clone, PartialEq)]
pub struct Tile {
    /// The area in which its values are drawn.
    pub rect: Rect,
    /// The area of the bar below it.
    pub bar: Rect,
    /// The indices of its tensors.
    pub members: Vec<usize>,
    /// For tensors with a single number, which are compared with each other: the indices of their
    /// stack and column.
    pub kind: Option<(usize, usize)>,
}

/// What a label on the map names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// A kind of tensor, in the column below the label.
    Column,
    /// A layer, in the row to the right of the label.
    Row,
    /// A stack of layers.
    Group,
    /// One tensor.
    Tile,
}

/// A label on the map.
#[derive(Debug, Clone, PartialEq)]
pub struct Label {
    /// The text.
    pub text: String,
    /// The horizontal position that `align` refers to; for upright text, that of its lower end.
    pub x: f64,
    /// The top of horizontal text.
    pub y: f64,
    /// Its text style.
    pub style: TextStyle,
    /// Which part of the text is at `x`.
    pub align: Align,
    /// Whether it runs upwards.
    pub is_upright: bool,
    /// What it names.
    pub role: Role,
}

/// The layout of a map, starting at (0, 0).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ModelMap {
    /// The width it was laid out for.
    pub width: f64,
    /// Its height.
    pub height: f64,
    /// The width that is actually used.
    pub used: f64,
    /// The tiles.
    pub tiles: Vec<Tile>,
    /// The texts.
    pub labels: Vec<Label>,
    /// The maximum number of layers that one row stands for.
    pub binned: usize,
    /// The maximum number of tensors in one tile, such as experts.
    pub experts: usize,
    /// Total number of layers.
    pub layers: usize,
}

/// Lays out a map of any height on which every tensor has a tile. Its width is chosen so that it is
/// about `aspect` times as wide as high.
pub fn whole(places: &[Place<'_>], theme: &Theme, aspect: f64) -> ModelMap {
    const WIDTHS: [f64; 9] = [300.0, 450.0, 640.0, 900.0, 1280.0, 1800.0, 2560.0, 3600.0, 5120.0];
    let outline = outlined(places);
    let off = |map: &ModelMap| {
        let ratio = map.used.max(1.0) / map.height / aspect;
        ratio.max(1.0 / ratio)
    };
    let lay = |&width: &f64| {
        let layer = Layer {
            places,
            theme,
            side: SIDES[0],
            bin: 1,
            is_narrow: false,
            is_whole: true,
            map: ModelMap { width, ..ModelMap::default() },
        };
        layer.all(&outline)
    };
    // The wider, the flatter: halving finds the width without laying out all of them.
    let (mut first, mut end) = (0, WIDTHS.len());
    let mut best: Option<ModelMap> = None;
    while first < end {
        let middle = (first + end) / 2;
        let map = lay(&WIDTHS[middle]);
        let is_flat = map.used.max(1.0) / map.height >= aspect;
        (first, end) = if is_flat { (first, middle) } else { (middle + 1, end) };
        if best.as_ref().is_none_or(|best| off(&map) < off(best)) {
            best = Some(map);
        }
    }
    best.unwrap_or_default()
}

fn outlined(places: &[Place<'_>]) -> Outline {
    let named: Vec<Named<'_>> =
        places.iter().map(|place| Named { name: place.name, shape: place.shape }).collect();
    outline(&named)
}

/// Lays tensors out in a width, and in a height as far as tiles can still be seen.
pub(crate) fn fitted(
    places: &[Place<'_>],
    theme: &Theme,
    (width, height): (f64, f64),
    is_narrow: bool,
) -> ModelMap {
    let outline = outlined(places);
    let lay = |side: f64, bin: usize| {
        let map = ModelMap { width, ..ModelMap::default() };
        let layer = Layer { places, theme, side, bin, is_narrow, is_whole: false, map };
        layer.all(&outline)
    };
    for side in SIDES {
        let map = lay(side, 1);
        if map.height <= height {
            return map;
        }
    }
    let mut bin = 2;
    let most = outline.stacks.iter().map(|stack| stack.layers.len()).max().unwrap_or(1);
    loop {
        let map = lay(BINNED, bin);
        if map.height <= height || bin >= most {
            return map;
        }
        bin = bin + bin.div_ceil(4);
    }
}

struct Layer<'a> {
    places: &'a [Place<'a>],
    theme: &'a Theme,
    side: f64,
    bin: usize,
    is_narrow: bool,
    /// Whether every tensor has a tile, also one of a single value.
    is_whole: bool,
    map: ModelMap,
}

/// A column of a stack, measured.
struct Column {
    kind: usize,
    /// Which column of the stack it is, from 0.
    place: usize,
    width: f64,
}

impl Layer<'_> {
    fn all(mut self, outline: &Outline) -> ModelMap {
        self.singles(&outline.first);
        for (index, stack) in outline.stacks.iter().enumerate() {
            self.stack(index, stack);
        }
        self.singles(&outline.last);
        self.scalars(outline);
        self.map.height = (self.map.height - BETWEEN).max(1.0);
        self.map.used = self.used();
        self.map
    }

    fn used(&self) -> f64 {
        let tiles = self.map.tiles.iter().map(|tile| tile.rect.right().max(tile.bar.right()));
        let labels = self.map.labels.iter().map(|label| match (label.is_upright, label.align) {
            (false, Align::Start) => label.x + measure(&label.text, label.style),
            _ => label.x,
        });
        tiles.chain(labels).fold(0.0, f64::max).min(self.map.width)
    }

    fn small(&self) -> TextStyle {
        TextStyle { size: 6.5, ..self.theme.label() }
    }

    fn label(&mut self, role: Role, text: String, (x, y): (f64, f64), style: TextStyle) {
        let align = if role == Role::Row { Align::End } else { Align::Start };
        self.map.labels.push(Label { text, x, y, style, align, is_upright: false, role });
    }

    /// Tensors side by side, each with its name.
    fn singles(&mut self, tensors: &[usize]) {
        let gap = GAP * 3.0;
        let is_many = tensors.len() > MANY.0;
        let share = if is_many { (self.side / SIDES[0]).clamp(MANY.1, 1.0) } else { 1.0 };
        let wide = SINGLE.0 * share;
        let columns = ((self.map.width + gap) / (wide + gap)).floor().max(1.0);
        let pitch = (self.map.width + gap) / columns;
        let room = pitch - gap;
        let high = (SINGLE.1 * share).min(self.map.width * 0.1);
        let (name, small) = (TextStyle { size: 7.0, ..self.theme.name_style() }, self.small());
        let labels: Vec<String> =
            tensors.iter().map(|&tensor| self.places[tensor].label.clone()).collect();
        let names = if is_many { distinct(&labels) } else { labels };
        let rows = tensors.chunks(columns as usize).zip(names.chunks(columns as usize));
        for (row, names) in rows {
            let top = self.map.height;
            let mut bottom = top;
            for (column, (&tensor, text)) in row.iter().zip(names).enumerate() {
                let (x, place) = (column as f64 * pitch, &self.places[tensor]);
                let (w, h) = match place.is_strip() {
                    true => (room.min(wide), STRIP),
                    false => shape(place, high, room),
                };
                let bar = Rect::new(x, top + h + BAR.1, room.min(wide), BAR.0);
                let rect = Rect::new(x, top, w, h);
                self.map.tiles.push(Tile { rect, bar, members: vec![tensor], kind: None });
                let below = bar.y + BAR.0 + 3.0;
                self.label(Role::Tile, fit(text, name, room), (x, below), name);
                bottom = bottom.max(below + LINE);
                if !is_many {
                    let shape = format!("{} {}", shape_text(place.shape), place.dtype);
                    self.label(Role::Tile, fit(&shape, small, room), (x, below + LINE), small);
                    bottom = bottom.max(below + 2.0 * LINE);
                }
            }
            self.map.height = bottom + GAP;
        }
        if !tensors.is_empty() {
            self.map.height += BETWEEN - GAP;
        }
    }

    fn stack(&mut self, index: usize, stack: &Stack) {
        let rows = rows(stack, self.bin);
        self.map.binned = self.map.binned.max(self.bin.min(stack.layers.len()));
        self.map.layers += stack.layers.len();
        let experts = stack.cells.iter().map(Vec::len).max().unwrap_or(1);
        self.map.experts = self.map.experts.max(experts);
        let small = self.small();
        let most = LABEL.min(self.map.width * 0.3);
        let labels: Vec<String> = rows.iter().map(|row| row.name(small, most)).collect();
        let label_w = labels.iter().map(|text| measure(text, small)).fold(0.0, f64::max) + 4.0;
        let (columns, tile_h) = self.columns(stack);
        self.heading(stack, &columns);
        for band in self.bands(columns, self.map.width - label_w) {
            self.band(index, stack, &band, &rows, &labels, (label_w, tile_h));
        }
    }

    /// The columns of a stack, and the height of its tiles.
    fn columns(&self, stack: &Stack) -> (Vec<Column>, f64) {
        let mut columns = Vec::new();
        let mut tile_h = 0.0f64;
        for kind in 0..stack.kinds.len() {
            let cells = (0..stack.layers.len()).map(|layer| stack.cell(layer, kind));
            let members: Vec<usize> = cells.clone().flatten().copied().collect();
            let places = || members.iter().map(|&member| &self.places[member]);
            let many = cells.map(<[usize]>::len).max().unwrap_or(1) > 1 || self.bin > 1;
            let width = if many {
                let strips = places().all(Place::is_strip);
                tile_h = tile_h.max(self.side);
                self.side * if strips { 0.6 } else { 1.6 }
            } else if places().all(Place::is_strip) {
                (self.side * 0.2).clamp(5.0, 9.0)
            } else {
                let sizes = places().filter(|place| !place.is_strip());
                let sizes = sizes.map(|place| shape(place, self.side, self.side));
                let (w, h) = sizes
                    .fold((0.0f64, 0.0f64), |most, one| (most.0.max(one.0), most.1.max(one.1)));
                tile_h = tile_h.max(h);
                w.max(5.0)
            };
            columns.push(Column { kind, place: columns.len(), width });
        }
        (columns, if tile_h > 0.0 { tile_h } else { self.side })
    }

    /// Columns that fit side by side.
    fn bands(&self, columns: Vec<Column>, width: f64) -> Vec<Vec<Column>> {
        let mut bands: Vec<Vec<Column>> = Vec::new();
        let mut used = f64::INFINITY;
        for column in columns {
            if used + column.width > width {
                bands.push(Vec::new());
                used = 0.0;
            }
            used += column.width + GAP;
            if let Some(band) = bands.last_mut() {
                band.push(column);
            }
        }
        bands
    }

    /// What the rows are; on pages without room for upright names what the columns are, too.
    fn heading(&mut self, stack: &Stack, columns: &[Column]) {
        let style = TextStyle { size: 7.5, ..self.theme.name_style() };
        let y = self.map.height;
        let what = match stack.pattern.as_str() {
            "" => format!("{} modules", stack.layers.len()),
            pattern => format!("{pattern}: {} {}", stack.layers.len(), rows_of(pattern)),
        };
        let mut words = what;
        if self.is_narrow {
            let name = |(place, column): (usize, &Column)| {
                format!("{} {}", letter(place), short_kind(&stack.kinds[column.kind].name))
            };
            let names: Vec<String> = columns.iter().enumerate().map(name).collect();
            words = format!("{words}: {}", names.join(", "));
        }
        let mut rest = words.as_str();
        let mut line = 0;
        while !rest.is_empty() && line < LIST_LINES {
            let parts = rest.match_indices(", ").chain(rest.match_indices(": "));
            let breaks = parts.map(|(place, _)| place + 2).chain([rest.len()]);
            let first = breaks.clone().min().unwrap_or(rest.len());
            // In a terminal letters are as wide as its characters.
            let wide = |text: &str| {
                measure(text, style).max(self.theme.letter_width * text.chars().count() as f64)
            };
            let fits = |end: &usize| wide(rest[..*end].trim_end()) <= self.map.width;
            let end = match line + 1 {
                LIST_LINES => rest.len(),
                _ => breaks.filter(fits).max().unwrap_or(first),
            };
            let text = fit(rest[..end].trim_end(), style, self.map.width);
            self.label(Role::Group, text, (0.0, y + line as f64 * LINE), style);
            rest = &rest[end..];
            line += 1;
        }
        self.map.height += line as f64 * LINE + 3.0;
    }

    /// Rows of tiles, in several parts side by side where there is room.
    fn band(
        &mut self,
        index: usize,
        stack: &Stack,
        columns: &[Column],
        rows: &[Row],
        labels: &[String],
        (label_w, tile_h): (f64, f64),
    ) {
        let small = self.small();
        let width: f64 = label_w + columns.iter().map(|column| column.width + GAP).sum::<f64>();
        let parts = ((self.map.width + BESIDE) / (width + BESIDE)).floor().max(1.0) as usize;
        let each = rows.len().div_ceil(parts.min(rows.len()).max(1)).max(1);
        let names: Vec<String> = columns
            .iter()
            .map(|column| match self.is_narrow {
                true => letter(column.place),
                false => fit(short_kind(&stack.kinds[column.kind].name), small, NAME),
            })
            .collect();
        let head = match self.is_narrow {
            true => LINE,
            false => names.iter().map(|name| measure(name, small)).fold(0.0, f64::max) + 4.0,
        };
        let pitch = tile_h + BAR.0 + BAR.1 + GAP;
        let top = self.map.height + head;
        for (part, rows) in rows.chunks(each).enumerate() {
            let left = part as f64 * (width + BESIDE);
            let mut x = left + label_w;
            for (column, name) in columns.iter().zip(&names) {
                let upright = Label {
                    text: name.clone(),
                    x: x + column.width.min(12.0) / 2.0,
                    y: top - 3.0,
                    style: small,
                    align: Align::Start,
                    is_upright: true,
                    role: Role::Column,
                };
                self.map.labels.push(match self.is_narrow {
                    true => Label { x, y: top - LINE, is_upright: false, ..upright },
                    false => upright,
                });
                for (row, Row { layers, .. }) in rows.iter().enumerate() {
                    let members: Vec<usize> = layers
                        .iter()
                        .flat_map(|&layer| stack.cell(layer, column.kind).iter().copied())
                        .collect();
                    if members.is_empty() {
                        continue;
                    }
                    let y = top + row as f64 * pitch;
                    let (w, h) = match members.as_slice() {
                        [one] if self.bin == 1 && !self.places[*one].is_strip() => {
                            let size = shape(&self.places[*one], self.side, self.side);
                            (size.0.min(column.width), size.1)
                        }
                        [one] if self.bin == 1 && self.places[*one].is_strip() => {
                            (column.width.min(9.0), tile_h)
                        }
                        _ => (column.width, tile_h),
                    };
                    let bar = Rect::new(x, y + h + BAR.1, column.width, BAR.0);
                    // Modules that nothing repeats are no siblings.
                    let kind = (!stack.pattern.is_empty()).then_some((index, column.kind));
                    self.map.tiles.push(Tile { rect: Rect::new(x, y, w, h), bar, members, kind });
                }
                x += column.width + GAP;
            }
            for (row, text) in labels[part * each..].iter().take(rows.len()).enumerate() {
                let y = top + row as f64 * pitch + (tile_h / 2.0 - 3.0).clamp(0.0, 6.0);
                self.label(Role::Row, text.clone(), (left + label_w - 4.0, y), small);
            }
        }
        self.map.height = top + each as f64 * pitch + BETWEEN - GAP;
    }

    /// Single values as a table.
    fn scalars(&mut self, outline: &Outline) {
        let tensors = &outline.scalars;
        if tensors.is_empty() {
            return;
        }
        let small = self.small();
        let columns = (self.map.width / 150.0).floor().max(1.0) as usize;
        let room = if self.is_whole { tensors.len() } else { columns * SCALAR_LINES };
        let shown = if tensors.len() > room { room - 1 } else { tensors.len() };
        let lines = tensors.len().min(room).div_ceil(columns);
        let pitch = self.map.width / columns as f64;
        let top = self.map.height;
        let at = |position: usize| {
            ((position / lines) as f64 * pitch, top + (position % lines) as f64 * LINE)
        };
        let indent = if self.is_whole { LINE + 2.0 } else { 0.0 };
        for (position, &tensor) in tensors[..shown].iter().enumerate() {
            let (place, (x, y)) = (&self.places[tensor], at(position));
            if self.is_whole {
                let rect = Rect::new(x, y, LINE - 2.0, LINE - 2.0);
                let bar = Rect::new(x, y + LINE - 2.0, LINE - 2.0, 0.0);
                self.map.tiles.push(Tile { rect, bar, members: vec![tensor], kind: None });
            }
            let value = place.value.clone().unwrap_or_default();
            let value_w = measure(&value, small) + 6.0;
            let name = fit(&place.label, small, pitch - indent - value_w - 12.0);
            self.label(Role::Tile, name, (x + indent, y), small);
            if !value.is_empty() {
                self.label(Role::Row, value, (x + pitch - 12.0, y), small);
            }
        }
        if shown < tensors.len() {
            let text = format!("and {} more values", tensors.len() - shown);
            self.label(Role::Tile, text, at(shown), small);
        }
        self.map.height += lines as f64 * LINE + BETWEEN;
    }
}

impl Place<'_> {
    /// Whether it is drawn as a thin strip.
    fn is_strip(&self) -> bool {
        self.extent.0.min(self.extent.1) <= 1
    }
}

/// Width and height of a matrix's tile, no longer than `side` and no wider than `room`.
fn shape(place: &Place<'_>, side: f64, room: f64) -> (f64, f64) {
    let (rows, cols) = (place.extent.0.max(1) as f64, place.extent.1.max(1) as f64);
    let ratio = (cols / rows).clamp(1.0 / SLIMMEST, SLIMMEST);
    let width = (side * ratio).min(room);
    if ratio >= 1.0 { (width, width / ratio) } else { (width, side) }
}

/// What stands for a column on pages without room for its name: a to z, then a1 and so on.
fn letter(place: usize) -> String {
    let letter = char::from(b'a' + (place % 26) as u8);
    match place / 26 {
        0 => letter.to_string(),
        round => format!("{letter}{round}"),
    }
}

/// `weight` at the end of a name goes without saying.
fn short_kind(name: &str) -> &str {
    // TensorFlow's number of an operation's output says nothing of a weight.
    match name.strip_suffix(":0").unwrap_or(name) {
        "" => "·",
        name => name.strip_suffix(".weight").unwrap_or(name),
    }
}

/// The areas of several tensors in one tile.
pub fn mosaic(rect: Rect, count: usize) -> Vec<Rect> {
    if count == 1 {
        return vec![rect];
    }
    let even = ((count as f64 * rect.w / rect.h).sqrt().ceil() as usize).clamp(1, count);
    // The fewest empty places, and pictures not too far from square.
    let cost = |columns: usize| {
        let rows = count.div_ceil(columns);
        let empty = 1.0 - count as f64 / (rows * columns) as f64;
        let sides = [rect.w / columns as f64, rect.h / rows as f64];
        empty + SLIM * (sides[0].max(sides[1]) / sides[0].min(sides[1]) - 1.0)
    };
    let choices = even.div_ceil(2)..=(even * 2).min(count);
    let columns = choices.min_by(|&a, &b| cost(a).total_cmp(&cost(b))).unwrap_or(even);
    let rows = count.div_ceil(columns);
    let (w, h) = (rect.w / columns as f64, rect.h / rows as f64);
    let gap = if w.min(h) > 3.0 { 0.5 } else { 0.0 };
    (0..count)
        .map(|index| {
            let (row, column) = ((index / columns) as f64, (index % columns) as f64);
            Rect::new(rect.x + column * w, rect.y + row * h, w - gap, h - gap)
        })
        .collect()
}
