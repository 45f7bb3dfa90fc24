//! Lays out steps side by side on a page, with title, key and notes.

use hinton_scene::{Align, Baseline, Item, Rect, Scene, TextStyle, Weight, fit, measure};

use hinton_tensor::Work;

use super::facet::{Drawn, Facet, draw_facet};
use super::style::Colors;
use super::{Cloud, SpaceError, SpaceOptions, SpaceStep, SpaceStyle};
use crate::frame::{LINE, text};
use crate::words::wrap;
use crate::{ChartError, Length, Picture};

/// White space around everything.
const MARGIN: f64 = 16.0;
/// Height of the title's line.
const TITLE: f64 = 16.0;
/// Space between steps.
const GAP: f64 = 16.0;
/// Width of the key, with the space before it.
const KEY: f64 = 84.0;
/// Space between the steps and a key below them.
const LOW_GAP: f64 = 8.0;
/// Pages narrower than this, points, have the key below the steps.
const NARROW: f64 = 330.0;
/// On pages of given width steps are put below one another rather than drawn smaller than this.
const READABLE: f64 = 140.0;
/// Most lines of a step's name.
const NAME_LINES: usize = 3;
/// Share of its side that a step may lose to the words about its layer.
const WORTH_DETAILS: f64 = 0.7;
/// Smallest side that a step can be drawn on.
const SMALLEST: f64 = 40.0;

/// Steps side by side, and the side of each on a page that takes what it needs.
fn natural(steps: usize, columns: Option<usize>) -> (usize, f64) {
    let columns = columns.unwrap_or(match steps {
        1..=3 => steps,
        4 => 2,
        5..=6 => 3,
        7..=12 => 4,
        _ => 5,
    });
    let columns = columns.clamp(1, steps);
    let side = match columns {
        1 => 420.0,
        2 => 310.0,
        3 => 250.0,
        4 => 215.0,
        _ => 190.0,
    };
    (columns, side)
}

pub(super) fn draw(
    cloud: Cloud<'_>,
    steps: &[SpaceStep<'_>],
    options: &SpaceOptions,
    work: Work<'_>,
) -> Result<Picture, SpaceError> {
    let colors = Colors::new(options.style, options.theme);
    let is_black = options.style == SpaceStyle::Black;
    let points = |length: Length| length.points(options.dpi);
    let given = options.size.map(|size| (points(size.width), size.height.map(points)));
    let margin = given.map_or(MARGIN, |(width, _)| MARGIN.min(width * 0.04));
    let (mut columns, natural_side) = natural(steps.len(), options.columns);
    let low_key = given.is_some_and(|(width, _)| width < NARROW);
    let legend_width = given.map_or(0.0, |(width, _)| width - 2.0 * margin);
    let key_height = match options.legend {
        true if low_key => cloud.key.low_height(&colors.theme, legend_width),
        true => cloud.key.height(),
        false => 0.0,
    };
    let key_width = if key_height > 0.0 && !low_key { KEY } else { 0.0 };
    let low_height = if key_height > 0.0 && low_key { LOW_GAP + key_height } else { 0.0 };
    let across = |columns: usize, side: f64| columns as f64 * side + (columns - 1) as f64 * GAP;
    let side_of = |columns: usize, width: f64| {
        (width - 2.0 * margin - key_width - across(columns, 0.0)) / columns as f64
    };
    if let (Some((width, None)), None) = (given, options.columns) {
        while columns > 1 && side_of(columns, width) < READABLE {
            columns -= 1;
        }
    }
    let mut side = given.map_or(natural_side, |(width, _)| side_of(columns, width));
    let name_style = match is_black {
        true => TextStyle { size: 13.0, weight: Weight::Regular, color: colors.theme.ink },
        false => TextStyle { weight: Weight::SemiBold, ..colors.theme.name_style() },
    };
    let line = name_style.size + 3.0;
    let width = given.map_or(across(columns, side) + key_width + 2.0 * margin, |(width, _)| width);
    let words_width = width - 2.0 * margin;
    let subtitle = wrap(&options.subtitle, &colors.theme, words_width);
    let head = match options.title.is_empty() {
        true => 0.0,
        false => TITLE + subtitle.len() as f64 * LINE + 8.0,
    };
    // Height of the words above steps of that width.
    let heads = |width: f64, is_detailed: bool| {
        let lines = steps.iter().map(|step| name_lines(&step.name, name_style, width).len());
        let details = steps.iter().map(|step| details(step, &colors, width).len());
        let details = details.max().unwrap_or(0).max(options.detail_lines);
        let names = lines.max().unwrap_or(0) as f64 * line;
        names + if is_detailed { details as f64 * LINE } else { 0.0 } + 6.0
    };
    let note_lines = wrap(&options.notes, &colors.theme, words_width);
    let foot = match note_lines.len() {
        0 => 0.0,
        lines => 8.0 + lines as f64 * LINE,
    };
    // Width of the words above a step: steps that are lower than there is room for are narrower, too.
    let mut cell = side;
    let mut is_detailed = true;
    if let Some((width, Some(height))) = given {
        // The largest steps that the page has room for, in as many columns as that takes.
        let fitting = |columns: usize, is_detailed: bool| {
            let rows = steps.len().div_ceil(columns);
            let room = height - 2.0 * margin - head - foot - low_height - GAP * (rows - 1) as f64;
            let side = side_of(columns, width);
            side.min(room / rows as f64 - heads(side, is_detailed))
        };
        let best = |is_detailed: bool| {
            let better = |best: usize, other: usize| {
                if fitting(other, is_detailed) > fitting(best, is_detailed) { other } else { best }
            };
            let most = if options.columns.is_none() { steps.len() } else { 0 };
            let columns = (1..=most).fold(columns, better);
            (columns, fitting(columns, is_detailed))
        };
        // Words give way to pictures. In films all frames have the same.
        let (detailed, bare) = (best(true), best(false));
        is_detailed = options.detail_lines > 0 || is_black || detailed.1 >= WORTH_DETAILS * bare.1;
        (columns, side) = if is_detailed { detailed } else { bare };
        cell = if is_black { side } else { side_of(columns, width).max(side) };
    }
    let rows = steps.len().div_ceil(columns);
    if side < SMALLEST || side.is_nan() {
        let (width, height) = given.unwrap_or((side, None));
        let height = height.unwrap_or(width);
        return Err(ChartError::NoRoom { chart: "space", width, height }.into());
    }
    let facet_head = heads(cell, is_detailed);
    let body = rows as f64 * (side + facet_head) + GAP * (rows - 1) as f64;
    let body_and_key = if low_key { body + low_height } else { body.max(key_height) };
    let natural_height = 2.0 * margin + head + body_and_key + foot;
    let height = given.and_then(|(_, height)| height).unwrap_or(natural_height);
    // Centred where the page has more room than is needed.
    let left = margin + (words_width - key_width - across(columns, cell)).max(0.0) / 2.0;
    let top = margin + head + (height - natural_height).max(0.0) / 2.0;

    let mut items = Vec::new();
    if !options.title.is_empty() {
        let style = colors.theme.title();
        let title = fit(&options.title, style, words_width);
        items.push(text(&title, margin, margin, style, Align::Start, Baseline::Top));
        write(&mut items, &subtitle, margin, margin + TITLE + 2.0, &colors);
    }
    let mut notes = Vec::new();
    for (at, step) in steps.iter().enumerate() {
        let (column, row) = (at % columns, at / columns);
        let x = left + column as f64 * (cell + GAP);
        let y = top + row as f64 * (side + facet_head + GAP);
        let mut at = y;
        for name in name_lines(&step.name, name_style, cell) {
            items.push(match is_black {
                true => text(&name, x + cell / 2.0, at, name_style, Align::Middle, Baseline::Top),
                false => text(&name, x, at, name_style, Align::Start, Baseline::Top),
            });
            at += line;
        }
        if is_detailed {
            write(&mut items, &details(step, &colors, cell), x, at + 1.0, &colors);
        }
        let place = Rect::new(x + (cell - side) / 2.0, y + facet_head, side, side);
        let facet = Facet { cloud, step, options, work, colors: &colors, place };
        let Drawn { items: drawn, notes: mut said } = draw_facet(&facet)?;
        items.extend(drawn);
        notes.append(&mut said);
    }
    if low_height > 0.0 {
        let place = Rect::new(margin, top + body + LOW_GAP, legend_width, key_height);
        items.extend(cloud.key.low_items(&colors.theme, place));
    } else if key_height > 0.0 {
        let x = width - margin - KEY + 18.0;
        items.extend(cloud.key.items(&colors.theme, x, top + facet_head));
    }
    let notes_top = top + body_and_key + 8.0;
    write(&mut items, &note_lines, margin, notes_top, &colors);
    notes.dedup();
    let names: Vec<&str> = steps.iter().map(|step| step.name.as_str()).collect();
    let title = if options.title.is_empty() { names.join(", ") } else { options.title.clone() };
    let said = options.subtitle.iter().chain(&options.notes).cloned();
    let description = said.chain(names.iter().map(|&name| name.to_owned())).collect::<Vec<_>>();
    let scene = Scene {
        width,
        height,
        background: Some(colors.theme.page),
        title,
        description: description.join(" · "),
        items,
    };
    Ok(Picture { scene, notes })
}

fn write(items: &mut Vec<Item>, lines: &[String], x: f64, top: f64, colors: &Colors) {
    for (at, line) in lines.iter().enumerate() {
        let y = top + at as f64 * LINE;
        items.push(text(line, x, y, colors.theme.label(), Align::Start, Baseline::Top));
    }
}

/// A step's name broken between words, at most three lines.
fn name_lines(name: &str, style: TextStyle, width: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in name.split(' ').filter(|word| !word.is_empty()) {
        match lines.last_mut() {
            Some(line) if lines_are_full(line, word, style, width) => lines.push(word.to_owned()),
            Some(line) => {
                line.push(' ');
                line.push_str(word);
            }
            None => lines.push(word.to_owned()),
        }
    }
    if lines.len() > NAME_LINES {
        let rest = lines.split_off(NAME_LINES - 1).join(" ");
        lines.push(rest);
    }
    lines.iter().map(|line| fit(line, style, width)).collect()
}

fn lines_are_full(line: &str, word: &str, style: TextStyle, width: f64) -> bool {
    measure(&format!("{line} {word}"), style) > width
}

fn details(step: &SpaceStep<'_>, colors: &Colors, width: f64) -> Vec<String> {
    let style = colors.theme.label();
    let lines = step
        .details
        .iter()
        .flat_map(|detail| wrap(std::slice::from_ref(detail), &colors.theme, width));
    lines.map(|line| fit(&line, style, width)).collect()
}
