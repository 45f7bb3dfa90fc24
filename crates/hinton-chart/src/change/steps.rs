//! Draws tensors by steps: which step changed which tensor, and how much.

use hinton_scene::{Align, Baseline, Item, Path, Point, Rect, Shape, TextStyle, fit, measure};

use super::map::Key;
use super::{Decades, OverSteps, State};
use crate::frame::{Page, frame, text};
use crate::words::Words;
use crate::{ChartError, Options, Picture};

/// Width of the matrix and its names on a page that takes what it needs, points.
const NATURAL: f64 = 640.0;
/// Heights of a row: as wished, and at least.
const ROW: (f64, f64) = (13.0, 6.0);
/// Widest names, as a share of the width.
const NAMES: f64 = 0.38;
/// Widest cell, points.
const WIDEST: f64 = 40.0;
/// Room below the cells for the numbers of steps and the axis' name, and before the key.
const BELOW: f64 = 28.0;
const GAP: f64 = 8.0;

pub(super) fn build(
    tensors: &[OverSteps],
    steps: &[String],
    axis: &str,
    options: &Options,
) -> Result<Picture, ChartError> {
    let inner = Options { legend: Some(false), ..options.clone() };
    let page = Page::new(&inner);
    let theme = &page.theme;
    let states: Vec<State> =
        tensors.iter().flat_map(|one| one.states.iter().flatten()).copied().collect();
    let relative = |state: &State| match state {
        State::Moved { relative, .. } => *relative,
        _ => None,
    };
    let decades = Decades::of(states.iter().filter_map(relative), options, theme.is_dark());
    let key = Key { states: states.clone(), theme, decades };
    let width = page.width().map_or(NATURAL, |_| page.room().0);
    let key_height = key.height(width);
    let rows = tensors.len().max(1) as f64;
    let fixed = BELOW + GAP + key_height;
    let row = match page.height() {
        Some(_) => ((page.room().1 - fixed) / rows).min(ROW.0),
        None => ROW.0,
    };
    if row < ROW.1 {
        return Err(page.no_room());
    }
    let style = TextStyle { size: (row * 0.62).clamp(5.0, 8.0), ..theme.label() };
    let names = tensors.iter().map(|one| measure(&one.name, style)).fold(0.0, f64::max);
    let names = (names + 6.0).min(width * NAMES);
    let cell = ((width - names) / steps.len().max(1) as f64).min(WIDEST);
    let used = names + cell * steps.len() as f64;
    let block = if page.width().is_some() { width } else { used.max(300.0) };
    let title =
        options.title.clone().unwrap_or_else(|| "Which step changed which tensor".to_owned());
    let words =
        Words { title, subtitle: Vec::new(), notes: options.notes.clone(), legend_height: 0.0 };
    let layout = page.block((block, rows * row + fixed), &words);
    let origin = layout.areas[0].rect;
    let body = Rect::new(origin.x + names, origin.y, cell * steps.len() as f64, rows * row);
    let mut items = Vec::new();
    for (index, tensor) in tensors.iter().enumerate() {
        let y = body.y + index as f64 * row;
        let name = fit(&tensor.name, style, names - 6.0);
        items.push(text(&name, body.x - 5.0, y + row / 2.0, style, Align::End, Baseline::Middle));
        for (step, state) in tensor.states.iter().enumerate() {
            let rect = Rect::new(body.x + step as f64 * cell, y, cell, row);
            items.extend(ground(&key, rect, *state));
        }
    }
    items.push(frame(body, theme.line, 0.5));
    items.extend(numbers(steps, axis, body, cell, &page));
    items.extend(key.items(origin.x, body.bottom() + BELOW + GAP, block));
    Ok(Picture { scene: page.scene(&layout, &words, items), notes: layout.notes })
}

/// What fills a cell; a corner where NaN or infinities came or went.
fn ground(key: &Key<'_>, rect: Rect, state: Option<State>) -> Vec<Item> {
    let Some(state) = state else { return Vec::new() };
    let inner = Rect { w: (rect.w - 0.4).max(0.3), h: (rect.h - 0.4).max(0.3), ..rect };
    let mut items = key.ground(inner, state);
    if matches!(state, State::Moved { is_odd: true, .. }) {
        let side = rect.w.min(rect.h) * 0.6;
        let (x, y) = (inner.right(), inner.y);
        let corners = [Point::new(x - side, y), Point::new(x, y), Point::new(x, y + side)];
        items.push(Shape::filled(Path::polyline(&corners, true), key.theme.nan));
    }
    items
}

/// The numbers of steps below the cells, as many as keep apart, and what they are.
fn numbers(steps: &[String], axis: &str, body: Rect, cell: f64, page: &Page<'_>) -> Vec<Item> {
    let style = page.theme.label();
    let y = body.bottom() + 4.0;
    let mut items = Vec::new();
    let mut taken = f64::NEG_INFINITY;
    for (index, step) in steps.iter().enumerate() {
        let x = body.x + (index as f64 + 0.5) * cell;
        let half = measure(step, style) / 2.0;
        if x - half > taken {
            taken = x + half + 8.0;
            items.push(text(step, x, y, style, Align::Middle, Baseline::Top));
        }
    }
    let middle = body.center().x.max(body.x + 20.0);
    items.push(text(axis, middle, y + 11.0, style, Align::Middle, Baseline::Top));
    items
}
