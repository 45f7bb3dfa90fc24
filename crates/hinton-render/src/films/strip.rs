//! Film strips: some frames of a film side by side on one page, for print.

use hinton_scene::{
    Align, Baseline, Color, Group, Item, Rect, Scene, Shape, Text, TextStyle, Weight, fit,
};

/// How a film strip is laid out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StripOptions {
    /// Number of frames side by side; more go to further rows. 0 counts as 1.
    pub columns: usize,
    /// Width of the page in points.
    pub width: f64,
    /// Space between frames and around them, in points.
    pub gap: f64,
    /// Size of the captions in points; 0 omits them.
    pub caption: f64,
}

impl Default for StripOptions {
    fn default() -> Self {
        StripOptions { columns: 4, width: 720.0, gap: 8.0, caption: 8.0 }
    }
}

/// Arranges small pictures of frames in rows, each with a caption above ("step 40"). All have the
/// same scale, at which the widest fits; the page has the colour of the first. Without frames the
/// page has no height, and no output can render it.
pub fn strip(frames: &[(Scene, String)], options: &StripOptions) -> Scene {
    let columns = options.columns.clamp(1, frames.len().max(1));
    let (gap, caption) = (options.gap.max(0.0), options.caption.max(0.0));
    let each = (options.width - gap * (columns + 1) as f64) / columns as f64;
    let most =
        |side: fn(&Scene) -> f64| frames.iter().map(|(scene, _)| side(scene)).fold(0.0, f64::max);
    let (widest, highest) = (most(|scene| scene.width), most(|scene| scene.height));
    let factor = if widest > 0.0 { each.max(0.0) / widest } else { 0.0 };
    // A line of the caption and the room below it.
    let line = if caption > 0.0 { caption * 1.5 } else { 0.0 };
    let high = line + highest * factor;
    let rows = frames.len().div_ceil(columns);
    let background = frames.first().map_or(Some(Color::WHITE), |(scene, _)| scene.background);
    let page = background.filter(|color| color.a > 127).unwrap_or(Color::WHITE);
    let style = TextStyle {
        size: caption,
        weight: Weight::Regular,
        color: page.readable(Color::rgb(0x1F_29_33), Color::WHITE),
    };
    let mut items = Vec::with_capacity(frames.len());
    for (at, (scene, words)) in frames.iter().enumerate() {
        let x = gap + (at % columns) as f64 * (each + gap);
        let y = gap + (at / columns) as f64 * (high + gap);
        let area = Rect::new(x, y + line, scene.width * factor, scene.height * factor);
        if caption > 0.0 && !words.is_empty() {
            let words = fit(words, style, each);
            let text = Text::new(&words, x, y, style, Align::Start, Baseline::Top);
            items.push(Item::Text(text));
        }
        let mut inside = Vec::with_capacity(scene.items.len() + 1);
        if let Some(color) = scene.background.filter(|_| scene.background != background) {
            inside.push(Shape::filled(hinton_scene::Path::rect(area), color));
        }
        inside.extend(scene.items.iter().map(|item| item.placed(factor, area.x, area.y)));
        let label = words.clone();
        items.push(Item::Group(Group { label, clip: Some(area), items: inside }));
    }
    let titles = frames.first().map(|(scene, _)| (scene.title.clone(), scene.description.clone()));
    let (title, description) = titles.unwrap_or_default();
    Scene {
        width: options.width,
        height: if rows == 0 { 0.0 } else { gap + rows as f64 * (high + gap) },
        background,
        title,
        description,
        items,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(width: f64, height: f64, at: usize) -> (Scene, String) {
        let rect = Rect::new(0.0, 0.0, width, height);
        let color = Color::rgb(0x10_20_30 * (at as u32 + 1));
        let scene = Scene {
            width,
            height,
            background: Some(Color::WHITE),
            title: "film".to_owned(),
            description: "of weights".to_owned(),
            items: vec![Shape::filled(hinton_scene::Path::rect(rect), color)],
        };
        (scene, format!("step {at}"))
    }

    #[test]
    fn frames_stand_in_rows_and_fill_the_page() {
        let frames: Vec<_> = (0..5).map(|at| frame(300.0, 200.0, at)).collect();
        let options = StripOptions { columns: 3, width: 640.0, gap: 10.0, caption: 8.0 };
        let scene = strip(&frames, &options);
        assert_eq!((scene.width, scene.title.as_str()), (640.0, "film"));
        let clips: Vec<Rect> = scene
            .items
            .iter()
            .filter_map(|item| match item {
                Item::Group(group) => group.clip,
                _ => None,
            })
            .collect();
        assert_eq!(clips.len(), 5);
        let high = 200.0 * (200.0 / 300.0);
        assert_eq!(clips[0], Rect::new(10.0, 22.0, 200.0, high));
        assert_eq!(clips[2].right(), 630.0);
        assert_eq!((clips[3].x, clips[3].y), (10.0, 22.0 + high + 12.0 + 10.0));
        assert_eq!(scene.height, clips[3].bottom() + 10.0);
        let canvas = crate::raster::draw(&scene, 1.0).unwrap();
        for (at, clip) in clips.iter().enumerate() {
            let middle = clip.center();
            let pixel = canvas.row(middle.y as usize)[middle.x as usize];
            let color = Color::rgb(0x10_20_30 * (at as u32 + 1));
            assert_eq!(pixel, [color.r, color.g, color.b, 255], "{at}");
        }
    }

    #[test]
    fn odd_wishes_are_no_panic() {
        assert_eq!(strip(&[], &StripOptions::default()).height, 0.0);
        let frames = vec![frame(100.0, 50.0, 0), frame(0.0, 0.0, 1), frame(50.0, 300.0, 2)];
        for columns in [0, 1, 2, 9] {
            for (width, gap, caption) in [(10.0, 50.0, 8.0), (500.0, -1.0, 0.0), (500.0, 4.0, 90.0)]
            {
                let options = StripOptions { columns, width, gap, caption };
                let _ = crate::raster::draw(&strip(&frames, &options), 1.0);
            }
        }
    }
}
