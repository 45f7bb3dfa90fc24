//! Pages with several pictures under headings.

use hinton_scene::{Align, Baseline, Item, Path, Point, Scene, Shape, TextStyle, fit, measure};

use crate::frame::{LINE, text};
use crate::words::wrap;
use crate::zoom::{DESIGNED, designed, label_size};
use crate::{Options, Theme};

/// White space around the page and between pictures, points.
const MARGIN: f64 = 16.0;
const BETWEEN: f64 = 12.0;
/// Width of a page that takes what it needs, points.
const NATURAL: f64 = 760.0;
/// Narrowest page with pictures side by side, points.
const TWO_COLUMNS: f64 = 500.0;
/// Type of the page's title and of headings, points.
const TITLE: f64 = 16.0;
const HEADING: f64 = 11.0;
/// Type of what went wrong, points.
const ALARM: f64 = 10.0;

/// A heading, and the pictures under it.
#[derive(Debug, Clone)]
pub struct SheetPart {
    /// The heading.
    pub heading: String,
    /// The pictures, arranged in rows of as many as fit.
    pub scenes: Vec<Scene>,
}

/// A page of several pictures.
#[derive(Debug, Clone)]
pub struct Sheet {
    theme: Theme,
    /// How much larger the page is drawn than its pictures are designed.
    zoom: f64,
    /// Width and height before that.
    width: f64,
    height: Option<f64>,
    alarm: Option<String>,
}

impl Sheet {
    /// A page of the size given by the options; its height is what it needs, if they give none.
    pub fn new(options: &Options) -> Sheet {
        let zoom = label_size(options) / DESIGNED;
        let points = |length: crate::Length| length.points(options.dpi) / zoom;
        // Larger type on a page that takes what it needs leaves the page its width.
        let natural = if options.font_size.is_some() { NATURAL / zoom } else { NATURAL };
        Sheet {
            theme: Theme::of(&designed(options, zoom)),
            zoom,
            width: options.size.map_or(natural, |size| points(size.width)),
            height: options.size.and_then(|size| size.height.map(points)),
            alarm: None,
        }
    }

    /// What went wrong, in one sentence. It is shown below the title before anything else, in the
    /// colour of non-finite values.
    pub fn set_alarm(&mut self, alarm: Option<String>) {
        self.alarm = alarm;
    }

    /// Options for a picture of this width on the sheet, scaled with the sheet.
    pub fn options(options: &Options, width: f64) -> Options {
        let size = crate::PageSize { width: crate::Length::Points(width), height: None };
        Options { size: Some(size), font_size: Some(DESIGNED), title: None, ..options.clone() }
    }

    /// Options for a picture of this width on this sheet, with as many cells as the sheet has
    /// pixels for.
    pub fn panel(&self, options: &Options, width: f64) -> Options {
        Options { dpi: options.dpi * self.zoom, ..Sheet::options(options, width) }
    }

    /// Width of one of `columns` pictures side by side, in points.
    pub fn share(&self, columns: usize) -> f64 {
        let columns = columns.max(1) as f64;
        ((self.whole() - (columns - 1.0) * BETWEEN) / columns).max(1.0)
    }

    fn margin(&self) -> f64 {
        MARGIN.min(self.width * 0.04)
    }

    /// Width of a picture that fills its row, in points.
    pub fn whole(&self) -> f64 {
        // Pictures have margins of their own.
        self.width - self.margin()
    }

    /// Width of one of two pictures side by side, in points; if the page is too narrow for two,
    /// that of a single one.
    pub fn half(&self) -> f64 {
        match self.width >= TWO_COLUMNS {
            true => (self.whole() - BETWEEN) / 2.0,
            false => self.whole(),
        }
    }

    /// Lays out the page: title, lines below it, the parts one below the other, notes.
    pub fn page(
        &self,
        title: &str,
        subtitle: &[String],
        parts: &[SheetPart],
        notes: &[String],
    ) -> Scene {
        let theme = &self.theme;
        let margin = self.margin();
        let room = self.width - 2.0 * margin;
        let mut items = Vec::new();
        let mut y = margin;
        if !title.is_empty() {
            let style = TextStyle { size: TITLE, ..theme.title() };
            for line in title_lines(title, style, room) {
                items.push(text(&line, margin, y, style, Align::Start, Baseline::Top));
                y += TITLE + 4.0;
            }
            y += 2.0;
        }
        if let Some(alarm) = &self.alarm {
            let style = TextStyle { size: ALARM, color: theme.nan, ..theme.title() };
            for line in wrap(std::slice::from_ref(alarm), theme, room * theme.label().size / ALARM)
            {
                items.push(text(&line, margin, y, style, Align::Start, Baseline::Top));
                y += ALARM + 4.0;
            }
            y += 2.0;
        }
        y = self.lines(&mut items, subtitle, y);
        for part in parts {
            y += if y > margin { BETWEEN } else { 0.0 };
            if !part.heading.is_empty() {
                y = self.heading(&mut items, &part.heading, y);
            }
            y = self.rows(&mut items, &part.scenes, y);
        }
        if !notes.is_empty() {
            y = self.lines(&mut items, notes, y + BETWEEN);
        }
        let alarm = self.alarm.iter();
        let description: Vec<&str> =
            alarm.chain(subtitle).chain(notes).map(String::as_str).collect();
        let shown = parts.iter().flat_map(|part| &part.scenes).map(|scene| scene.title.as_str());
        let scene = Scene {
            width: self.width,
            height: y + margin,
            background: Some(theme.page),
            title: title.to_owned(),
            description: description.into_iter().chain(shown).collect::<Vec<_>>().join(" · "),
            items,
        };
        let scene = self.fitted(scene);
        if self.zoom == 1.0 { scene } else { scene.scaled(self.zoom) }
    }

    fn lines(&self, items: &mut Vec<Item>, parts: &[String], top: f64) -> f64 {
        let margin = self.margin();
        let lines = wrap(parts, &self.theme, self.width - 2.0 * margin);
        let style = self.theme.label();
        for (at, line) in lines.iter().enumerate() {
            let y = top + at as f64 * LINE;
            items.push(text(line, margin, y, style, Align::Start, Baseline::Top));
        }
        top + lines.len() as f64 * LINE
    }

    fn heading(&self, items: &mut Vec<Item>, heading: &str, top: f64) -> f64 {
        let theme = &self.theme;
        let margin = self.margin();
        let style = TextStyle { size: HEADING, ..theme.title() };
        let (left, right) = (Point::new(margin, top), Point::new(self.width - margin, top));
        items.push(Shape::stroked(Path::line(left, right), theme.line.alpha(150), 0.6));
        let heading = fit(heading, style, self.width - 2.0 * margin);
        items.push(text(&heading, margin, top + 7.0, style, Align::Start, Baseline::Top));
        top + HEADING + 7.0
    }

    /// The pictures in rows, as many side by side as fit.
    fn rows(&self, items: &mut Vec<Item>, scenes: &[Scene], top: f64) -> f64 {
        let left = self.margin() / 2.0;
        let (mut x, mut y, mut tallest) = (left, top, 0.0f64);
        for scene in scenes {
            if x > left && x + scene.width > left + self.whole() + 0.5 {
                (x, y, tallest) = (left, y + tallest, 0.0);
            }
            items.extend(scene.items.iter().map(|item| item.placed(1.0, x, y)));
            tallest = tallest.max(scene.height);
            x += scene.width + BETWEEN;
        }
        y + tallest
    }

    /// A page of given height: smaller where it would not fit.
    fn fitted(&self, scene: Scene) -> Scene {
        let Some(height) = self.height else { return scene };
        let factor = (height / scene.height).min(1.0);
        let left = (self.width - self.width * factor) / 2.0;
        let items = scene.items.iter().map(|item| item.placed(factor, left, 0.0)).collect();
        Scene { height, items, ..scene }
    }
}

/// A title on one line, or on two that break between words where it is too long for one.
fn title_lines(title: &str, style: TextStyle, room: f64) -> Vec<String> {
    if measure(title, style) <= room {
        return vec![title.to_owned()];
    }
    let mut breaks = title.match_indices(' ').map(|(index, _)| index);
    let last_that_fits = breaks.rfind(|&index| measure(&title[..index], style) <= room);
    match last_that_fits {
        Some(index) => {
            vec![title[..index].to_owned(), fit(title[index..].trim_start(), style, room)]
        }
        None => vec![fit(title, style, room)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scene(width: f64, height: f64) -> Scene {
        Scene {
            width,
            height,
            background: None,
            title: "one".to_owned(),
            description: String::new(),
            items: vec![Shape::stroked(
                Path::line(Point::new(0.0, 0.0), Point::new(width, height)),
                crate::Theme::named(crate::ThemeName::Light).ink,
                1.0,
            )],
        }
    }

    #[test]
    fn pictures_stand_beside_one_another_where_they_fit() {
        let sheet = Sheet::new(&Options::default());
        let half = sheet.half();
        let part = |scenes: Vec<Scene>| SheetPart { heading: "a".to_owned(), scenes };
        let height = |scenes: Vec<Scene>| sheet.page("t", &[], &[part(scenes)], &[]).height;
        let one = height(vec![scene(half, 100.0)]);
        assert_eq!(height(vec![scene(half, 100.0), scene(half, 40.0)]), one);
        assert_eq!(height(vec![scene(half, 100.0); 3]), one + 100.0);
        assert_eq!(height(vec![scene(sheet.whole(), 100.0); 2]), one + 100.0);
    }

    #[test]
    fn a_page_of_given_size_holds_all() {
        let options = Options { size: "300x200pt".parse().ok(), ..Options::default() };
        let sheet = Sheet::new(&options);
        assert_eq!(sheet.half(), sheet.whole(), "narrow");
        let part = SheetPart { heading: String::new(), scenes: vec![scene(200.0, 900.0)] };
        let page = sheet.page("t", &[], &[part], &["a note".to_owned()]);
        assert_eq!((page.width, page.height), (300.0, 200.0));
    }
}
