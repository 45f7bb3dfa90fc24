//! Draws all tensors of two models, each coloured by how much it changed.

use hinton_scene::{Align, Baseline, Item, Path, Point, Rect, Shape, Text, TextStyle};

use super::{Changed, Decades, State, hatch};
use crate::frame::{Page, text};
use crate::model_map::{self, ModelMap, Place, Tile, mosaic};
use crate::words::Words;
use crate::{ChartError, Options, Picture, Theme, short, short_count};

/// Width of the map on a page that takes what it needs, and its most height, points.
const NATURAL: (f64, f64) = (640.0, 620.0);
/// No wider than this, a given page names columns in a list, not along their tops.
const NARROW: f64 = 450.0;
/// A page whose width is given may be this many times as high, and a narrow one this many points.
const TALL: f64 = 0.75;
const SCREEN: f64 = 420.0;
/// Height of a line of the key, and of the key's bar.
const KEY_LINE: f64 = 13.0;
const KEY_BAR: f64 = 7.0;
/// Least width of the map: that of the key's bar.
const LEAST: f64 = 280.0;
/// Space between the map and its key.
const GAP: f64 = 10.0;

pub(super) fn build(tensors: &[Changed], options: &Options) -> Result<Picture, ChartError> {
    let inner = Options { legend: Some(false), ..options.clone() };
    let page = Page::new(&inner);
    let (width, most) = match (page.width(), page.height()) {
        (None, _) => NATURAL,
        (Some(_), None) => (page.room().0, (page.room().0 * TALL).max(SCREEN)),
        (Some(_), Some(_)) => page.room(),
    };
    let relative = |one: &Changed| match one.state {
        State::Moved { relative, .. } => relative,
        _ => None,
    };
    let is_dark = page.theme.is_dark();
    let decades = Decades::of(tensors.iter().filter_map(relative), options, is_dark);
    let states = tensors.iter().map(|one| one.state).collect();
    let key = Key { states, theme: &page.theme, decades };
    let key_height = if options.legend.unwrap_or(true) { GAP + key.height(width) } else { 0.0 };
    let is_narrow = page.width().is_some() && width <= NARROW;
    let places: Vec<Place<'_>> = tensors.iter().map(place).collect();
    let map = model_map::fitted(&places, &page.theme, (width, most - key_height), is_narrow);
    if page.height().is_some() && map.height > most - key_height {
        return Err(page.no_room());
    }
    let words = words(tensors, options, &map);
    let map_width = if page.width().is_some() { map.width } else { map.used.max(LEAST) };
    let layout = page.block((map_width, map.height + key_height), &words);
    let origin = layout.areas[0].rect;
    let mut items = Vec::new();
    for tile in &map.tiles {
        key.tile(tile, (origin.x, origin.y), &mut items);
    }
    items.extend(labels(&map, (origin.x, origin.y)));
    if key_height > 0.0 {
        items.extend(key.items(origin.x, origin.y + map.height + GAP, map_width));
    }
    Ok(Picture { scene: page.scene(&layout, &words, items), notes: layout.notes })
}

/// A tensor as the map knows it: as a matrix of its first axis by all others.
fn place(one: &Changed) -> Place<'_> {
    let extent = match one.shape.as_slice() {
        [] => (1, 1),
        [length] => (1, *length),
        [rows, rest @ ..] => (*rows, rest.iter().fold(1usize, |all, &len| all.saturating_mul(len))),
    };
    let is_scalar = one.shape.iter().all(|&length| length == 1);
    let change = match one.state {
        State::Equal => "identical".to_owned(),
        State::Moved { relative: Some(relative), .. } => percent(relative),
        State::Moved { relative: None, .. } => "changed".to_owned(),
        State::OnlyFirst => "only in a".to_owned(),
        State::OnlySecond => "only in b".to_owned(),
        State::OtherShape => "other shape".to_owned(),
    };
    Place {
        name: &one.name,
        label: one.label.clone(),
        shape: &one.shape,
        dtype: &one.dtype,
        extent,
        value: is_scalar.then_some(change),
    }
}

pub(super) fn percent(share: f64) -> String {
    // Rounding is not to hide that something changed.
    match share > 0.999 && share < 1.0 {
        true => "99.9 %".to_owned(),
        false => format!("{} %", short(share * 100.0)),
    }
}

fn labels(map: &ModelMap, origin: (f64, f64)) -> Vec<Item> {
    let label = |label: &model_map::Label| {
        let (x, y) = (label.x + origin.0, label.y + origin.1);
        let (turn, baseline) = match label.is_upright {
            true => (-90.0, Baseline::Middle),
            false => (0.0, Baseline::Top),
        };
        Item::Text(Text::rotated(&label.text, x, y, label.style, label.align, baseline, turn))
    };
    map.labels.iter().map(label).collect()
}

fn words(tensors: &[Changed], options: &Options, map: &ModelMap) -> Words {
    let count = |of: fn(&State) -> bool| tensors.iter().filter(|one| of(&one.state)).count() as u64;
    let moved = count(|state| matches!(state, State::Moved { .. }));
    let title = options.title.clone().unwrap_or_else(|| {
        format!("{} of {} tensors changed", short_count(moved), short_count(tensors.len() as u64))
    });
    let mut subtitle = Vec::new();
    if map.binned > 1 {
        subtitle
            .push(format!("up to {} layers share a row, side by side in its tiles", map.binned));
    }
    if map.experts > 1 {
        subtitle.push(format!("up to {} experts in one tile", map.experts));
    }
    Words { title, subtitle, notes: options.notes.clone(), legend_height: 0.0 }
}

/// What colours and hatching mean, and the tiles that have them.
pub(super) struct Key<'a> {
    /// What is shown.
    pub(super) states: Vec<State>,
    pub(super) theme: &'a Theme,
    pub(super) decades: Option<Decades>,
}

impl Key<'_> {
    fn tile(&self, tile: &Tile, origin: (f64, f64), items: &mut Vec<Item>) {
        let rect = tile.rect.moved(origin.0, origin.1);
        for (&member, place) in tile.members.iter().zip(mosaic(rect, tile.members.len())) {
            items.extend(self.ground(place, self.states[member]));
        }
        let is_odd =
            |&member: &usize| matches!(self.states[member], State::Moved { is_odd: true, .. });
        if tile.members.iter().any(is_odd) {
            items.push(Shape::stroked(Path::rect(rect), self.theme.nan, 1.4));
            items.push(self.flag(rect.right() + 1.5, rect.y - 1.5));
        } else {
            items.push(Shape::stroked(Path::rect(rect), self.theme.line, 0.35));
        }
    }

    /// A corner that stands out where colours do not.
    fn flag(&self, x: f64, y: f64) -> Item {
        let corners = [Point::new(x - 6.0, y), Point::new(x, y), Point::new(x, y + 6.0)];
        Shape::filled(Path::polyline(&corners, true), self.theme.nan)
    }

    /// What fills the place of a tensor.
    pub(super) fn ground(&self, rect: Rect, state: State) -> Vec<Item> {
        let theme = self.theme;
        let filled = |color| vec![Shape::filled(Path::rect(rect), color)];
        match (state, &self.decades) {
            (State::Equal, _) => filled(theme.line.alpha(115)),
            (State::Moved { relative: Some(relative), .. }, Some(decades)) => {
                filled(decades.color(relative))
            }
            // From all zeros to anything: more than any share says.
            (State::Moved { .. }, Some(decades)) => filled(decades.color_at(1.0)),
            (State::Moved { .. }, None) => filled(theme.soft),
            (State::OnlyFirst, _) => vec![hatch(rect, true, theme.soft)],
            (State::OnlySecond, _) => vec![hatch(rect, false, theme.soft)],
            (State::OtherShape, _) => {
                vec![hatch(rect, true, theme.soft), hatch(rect, false, theme.soft)]
            }
        }
    }

    /// The states that are shown, each with its name.
    fn entries(&self) -> Vec<(State, &'static str)> {
        let odd = State::Moved { relative: None, is_odd: true };
        let all = [
            (State::Equal, "identical"),
            (State::OnlyFirst, "only in a"),
            (State::OnlySecond, "only in b"),
            (State::OtherShape, "shapes differ"),
            (odd, "NaN or inf came or went"),
        ];
        let is_odd = |state: State| matches!(state, State::Moved { is_odd: true, .. });
        let is_shown = |state: State| {
            let mut states = self.states.iter().copied();
            states.any(|one| if is_odd(state) { is_odd(one) } else { one == state })
        };
        all.into_iter().filter(|(state, _)| is_shown(*state)).collect()
    }

    fn style(&self) -> TextStyle {
        TextStyle { size: 7.0, ..self.theme.label() }
    }

    /// Where each entry begins: x and line, in that width.
    fn flow(&self, width: f64) -> Vec<(f64, usize)> {
        let bar = if self.decades.is_some() { BAR_WIDTH + 2.0 * GAP } else { 0.0 };
        let (mut x, mut line) = (bar, 0);
        let mut places = Vec::new();
        for (_, name) in self.entries() {
            let needed = 16.0 + hinton_scene::measure(name, self.style()) + 12.0;
            if x > 0.0 && x + needed > width {
                (x, line) = (if line == 0 && bar > 0.0 { bar } else { 0.0 }, line + 1);
            }
            places.push((x, line));
            x += needed;
        }
        places
    }

    pub(super) fn height(&self, width: f64) -> f64 {
        let lines = self.flow(width).last().map_or(0, |place| place.1 + 1) as f64;
        let bar = if self.decades.is_some() { 2.0 * KEY_LINE } else { 0.0 };
        (lines * KEY_LINE).max(bar)
    }

    pub(super) fn items(&self, x: f64, y: f64, width: f64) -> Vec<Item> {
        let mut items = Vec::new();
        if let Some(decades) = &self.decades {
            items.extend(bar(decades, Rect::new(x, y, BAR_WIDTH, KEY_BAR), self.theme));
        }
        for ((state, name), (left, line)) in self.entries().into_iter().zip(self.flow(width)) {
            let top = y + line as f64 * KEY_LINE;
            let rect = Rect::new(x + left, top, 11.0, KEY_BAR);
            match state {
                State::Moved { .. } => items.push(self.flag(rect.right(), top)),
                state => {
                    items.extend(self.ground(rect, state));
                    items.push(Shape::stroked(Path::rect(rect), self.theme.line, 0.35));
                }
            }
            let middle = top + KEY_BAR / 2.0;
            let style = self.style();
            items.push(text(
                name,
                rect.right() + 5.0,
                middle,
                style,
                Align::Start,
                Baseline::Middle,
            ));
        }
        items
    }
}

/// Width of the bar of colours.
const BAR_WIDTH: f64 = 150.0;

/// The colours with their decades, and what they mean.
fn bar(decades: &Decades, rect: Rect, theme: &Theme) -> Vec<Item> {
    const STEPS: usize = 60;
    let colors =
        (0..STEPS).map(|step| decades.color_at(step as f64 / (STEPS - 1) as f64)).collect();
    // Numbers that would touch one that is there are left out; ends come first.
    let ticks = decades.ticks().into_iter().map(|tick| (decades.share(tick), percent(tick)));
    let ticks = ticks.collect();
    crate::colorbar::low_bar(rect, colors, &spaced(ticks, rect.w, theme), theme)
}

/// Those whose numbers keep apart, in order of their places.
fn spaced(ticks: Vec<(f64, String)>, width: f64, theme: &Theme) -> Vec<(f64, String)> {
    let mut kept: Vec<(f64, String)> = Vec::new();
    for (share, label) in ticks {
        let half = |label: &str| hinton_scene::measure(label, theme.label()) / 2.0 + 5.0;
        let clear =
            |one: &(f64, String)| (one.0 - share).abs() * width >= half(&one.1) + half(&label);
        if kept.iter().all(clear) {
            kept.push((share, label));
        }
    }
    kept.sort_by(|a, b| a.0.total_cmp(&b.0));
    kept
}
