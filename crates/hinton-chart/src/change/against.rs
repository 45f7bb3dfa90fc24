//! Draws the values of one model against those of another.

use hinton_scene::{Align, Baseline, Cells, Color, Item, Path, Point, Rect, Shape, Text};

use super::{Against, AgainstUnit, half};
use crate::axes::{Axis, BELOW};
use crate::frame::{Page, frame, text};
use crate::math::log10;
use crate::words::Words;
use crate::{ChartError, Colormap, Options, Picture, Theme, short_count};

/// Side of the plot on a page that takes what it needs, and the largest on any other, points.
const NATURAL: f64 = 220.0;
const LARGEST: f64 = 260.0;
/// Room for the numbers and the name of the vertical axis.
const LEFT: f64 = 52.0;
/// Colours of counts, after that of none.
const LEVELS: usize = 64;
/// Where on its map the colour of a single value is: it can be told from the page.
const PALEST: f64 = 0.3;

pub(super) fn build(against: &Against, options: &Options) -> Result<Picture, ChartError> {
    let inner = Options { legend: Some(false), ..options.clone() };
    let page = Page::new(&inner);
    let (room_w, room_h) = page.room();
    let side = match (page.width(), page.height()) {
        (None, _) => NATURAL,
        (Some(_), None) => (room_w - LEFT - 4.0).min(LARGEST),
        (Some(_), Some(_)) => (room_w - LEFT - 4.0).min(room_h - BELOW),
    };
    let words = words(against, options);
    let layout = page.block((side + LEFT + 4.0, side + BELOW), &words);
    let area = layout.areas[0].rect;
    let side = side.min(area.w - LEFT - 4.0).min(area.h - BELOW);
    if side < 24.0 {
        return Err(page.no_room());
    }
    let theme = &page.theme;
    let rect = Rect::new(area.x + LEFT, area.y, side, side);
    let map = options.cmap.unwrap_or_else(|| Colormap::house(theme.is_dark()));
    let mut items = vec![cells(against, rect, map, theme.page)];
    // Where a value is that did not change.
    let corners = [Point::new(rect.x, rect.bottom()), Point::new(rect.right(), rect.y)];
    items.push(Shape::stroked(Path::line(corners[0], corners[1]), theme.soft.alpha(150), 0.5));
    items.extend(axes(against, rect, theme));
    items.push(frame(rect, theme.line, 0.5));
    Ok(Picture { scene: page.scene(&layout, &words, items), notes: layout.notes })
}

/// The same numbers along both axes, and what the axes are.
fn axes(against: &Against, rect: Rect, theme: &Theme) -> Vec<Item> {
    let style = theme.label();
    let axis = Axis::even(-against.range, against.range);
    let mut marks = Path::new();
    let mut items = Vec::new();
    for (tick, label) in axis.ticks((rect.w / 45.0).clamp(2.0, 8.0) as usize) {
        let (x, y) =
            (rect.x + axis.share(tick) * rect.w, rect.bottom() - axis.share(tick) * rect.h);
        let (left, bottom) = (rect.x, rect.bottom());
        marks.extend(Path::line(Point::new(x, bottom), Point::new(x, bottom + 3.0)));
        marks.extend(Path::line(Point::new(left - 3.0, y), Point::new(left, y)));
        items.push(text(&label, x, bottom + 6.0, style, Align::Middle, Baseline::Top));
        items.push(text(&label, left - 6.0, y, style, Align::End, Baseline::Middle));
    }
    items.push(Shape::stroked(marks, theme.soft, 0.8));
    let [x_name, y_name] = names(against.unit);
    let (middle, below) = (rect.center(), rect.bottom() + 18.0);
    items.push(text(x_name, middle.x, below, style, Align::Middle, Baseline::Top));
    let (left, baseline) = (rect.x - LEFT + 8.0, Baseline::Middle);
    let y_name = Text::rotated(y_name, left, middle.y, style, Align::Middle, baseline, -90.0);
    items.push(Item::Text(y_name));
    items
}

fn names(unit: AgainstUnit) -> [&'static str; 2] {
    match unit {
        AgainstUnit::Values => ["value in a", "value in b"],
        AgainstUnit::Ranges => ["value in a over the tensor's range", "value in b over the same"],
    }
}

fn words(against: &Against, options: &Options) -> Words {
    let title = options.title.clone().unwrap_or_else(|| "b against a".to_owned());
    let most = against.counts.iter().copied().max().unwrap_or(0);
    let total: u64 = against.counts.iter().fold(0, |sum, &count| sum.saturating_add(count));
    let mut subtitle = vec![format!("{} values", short_count(total))];
    if against.is_sampled {
        subtitle = vec![format!("about {} values, from a sample", short_count(total))];
    }
    subtitle.push(format!("strongest colour: {} in a cell (logarithmic)", short_count(most)));
    subtitle.push("the line is where nothing changed".to_owned());
    if against.unit == AgainstUnit::Ranges {
        subtitle.push(
            "range: 4 times the RMS of a tensor, or its largest magnitude where that is less; the edges hold what lies beyond"
                .to_owned(),
        );
    } else {
        subtitle.push("the edges hold what lies beyond".to_owned());
    }
    Words { title, subtitle, notes: options.notes.clone(), legend_height: 0.0 }
}

/// The cells, the first model from left to right and the second from below upwards.
fn cells(against: &Against, rect: Rect, map: Colormap, paper: Color) -> Item {
    let side = against.side;
    let most = against.counts.iter().copied().max().unwrap_or(0).max(1) as f64;
    let mut palette = vec![paper];
    palette.extend((0..LEVELS).map(|level| {
        let share = level as f64 / (LEVELS - 1) as f64;
        half(map, PALEST + (1.0 - PALEST) * share)
    }));
    let entry = |count: u64| match count {
        0 => 0,
        _ if most <= 1.0 => LEVELS as u16,
        count => 1 + (log10(count as f64) / log10(most) * (LEVELS - 1) as f64).round() as u16,
    };
    let place = |index: usize| {
        let (row, column) = (index / side, index % side);
        entry(against.counts[column * side + (side - 1 - row)])
    };
    let cells = (0..side * side).map(place).collect();
    Item::Cells(Cells { rect, rows: side, cols: side, palette, cells })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_runs_to_the_right_and_the_second_upwards() {
        // Five places are low in the first and high in the second, one is high in both.
        let against = Against {
            side: 2,
            counts: vec![0, 5, 0, 1],
            range: 1.0,
            unit: AgainstUnit::Values,
            is_sampled: false,
        };
        let rect = Rect::new(0.0, 0.0, 10.0, 10.0);
        let white = Color::rgb(0xffffff);
        let Item::Cells(cells) = cells(&against, rect, Colormap::house(false), white) else {
            panic!("not cells");
        };
        // The top row is the high half of the second; a single value has a colour of its own.
        assert_eq!(cells.cells, [LEVELS as u16, 1, 0, 0]);
        assert_eq!(cells.palette[0], white);
        assert_ne!(cells.palette[1], white);
    }
}
