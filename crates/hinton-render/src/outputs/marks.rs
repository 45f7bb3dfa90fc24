//! Shared by the vector outputs: when there are so many marks that they become pixels.

use hinton_scene::{Item, Marks, Rect, Scene};

use crate::raster::{canvas::Canvas, draw_marks};

/// Most marks that are written as paths, each about 30 bytes; with more in a scene, all of it are
/// written as pictures. More than a million squares, so that a matrix of 1024 x 1024 is drawn whole.
pub(super) const MOST_PATH_MARKS: usize = 1_100_000;
/// Most pixels to the point of such a picture: 288 to the inch.
const FINEST: f64 = 4.0;
/// Most pixels of such a picture.
const MOST_PIXELS: f64 = 16_000_000.0;

/// Whether a scene's marks are written as paths.
pub(super) fn as_paths(scene: &Scene) -> bool {
    count(&scene.items) <= MOST_PATH_MARKS
}

fn count(items: &[Item]) -> usize {
    items.iter().fold(0, |sum: usize, item| {
        sum.saturating_add(match item {
            Item::Marks(marks) => marks.places.len(),
            Item::Group(group) => count(&group.items),
            _ => 0,
        })
    })
}

/// The marks that `items` begins with: they share a picture.
pub(super) fn leading(items: &[Item]) -> Vec<&Marks> {
    let marks = items.iter().map_while(|item| match item {
        Item::Marks(marks) => Some(marks),
        _ => None,
    });
    marks.collect()
}

/// Marks as pixels on a clear ground, and where they go on a page of `width` by `height` points;
/// `None` where none of them shows.
pub(super) fn as_pixels(marks: &[&Marks], width: f64, height: f64) -> Option<(Rect, Canvas)> {
    let rect = around(marks, width, height)?;
    let scale = (MOST_PIXELS / (rect.w * rect.h)).sqrt().min(FINEST);
    let pixels = |side: f64| (side * scale).ceil().clamp(1.0, MOST_PIXELS);
    let (across, down) = (pixels(rect.w), pixels(rect.h));
    // Each side is rounded up to a whole pixel, on paper too.
    let rect = Rect::new(rect.x, rect.y, across / scale, down / scale);
    let mut canvas = Canvas::new(across as usize, down as usize, [0; 4]);
    for &marks in marks {
        draw_marks(&mut canvas, scale, (rect.x, rect.y), marks);
    }
    if marks.iter().all(|marks| marks.fill.a == 255) {
        coarsen(&mut canvas);
    }
    Some((rect, canvas))
}

/// Rounds how much of each pixel is covered to seventeenths: what is finer cannot be seen, but
/// makes the file twice as large.
fn coarsen(canvas: &mut Canvas) {
    const STEP: u16 = 15;
    for y in 0..canvas.height() {
        for pixel in canvas.span(y, 0, canvas.width()) {
            let alpha = (u16::from(pixel[3]) + STEP / 2) / STEP * STEP;
            pixel[3] = alpha as u8;
            if alpha == 0 {
                *pixel = [0; 4];
            }
        }
    }
}

/// The box around all marks, on the page.
fn around(marks: &[&Marks], width: f64, height: f64) -> Option<Rect> {
    let (mut left, mut top) = (f64::INFINITY, f64::INFINITY);
    let (mut right, mut bottom) = (f64::NEG_INFINITY, f64::NEG_INFINITY);
    for place in marks.iter().flat_map(|marks| &marks.places) {
        let [x, y, w, h] = place.map(f64::from);
        if w > 0.0 && h > 0.0 && place.iter().all(|number| number.is_finite()) {
            (left, top) = (left.min(x), top.min(y));
            (right, bottom) = (right.max(x + w), bottom.max(y + h));
        }
    }
    let (left, top) = (left.max(0.0), top.max(0.0));
    let (right, bottom) = (right.min(width), bottom.min(height));
    (left < right && top < bottom).then(|| Rect::new(left, top, right - left, bottom - top))
}

#[cfg(test)]
mod tests {
    use hinton_scene::{Color, Group, MarkShape};

    use super::*;

    fn marks(places: Vec<[f32; 4]>) -> Marks {
        Marks { fill: Color::BLACK, shape: MarkShape::Rect, places }
    }

    #[test]
    fn the_limit_counts_every_group() {
        let many = |count| Item::Marks(marks(vec![[0.0; 4]; count]));
        let scene = |items| Scene {
            width: 1.0,
            height: 1.0,
            background: None,
            title: String::new(),
            description: String::new(),
            items,
        };
        let group = Group { items: vec![many(1024 * 1024)], ..Group::default() };
        assert!(as_paths(&scene(vec![Item::Group(group.clone())])));
        assert!(!as_paths(&scene(vec![Item::Group(group), many(60_000)])));
    }

    #[test]
    fn a_picture_holds_its_marks_in_their_places() {
        let one = marks(vec![[10.0, 20.0, 2.0, 2.0], [f32::NAN, 0.0, 1.0, 1.0]]);
        let two = marks(vec![[13.0, 23.0, 1.0, 1.0], [0.0, 0.0, -1.0, 5.0]]);
        let (rect, canvas) = as_pixels(&[&one, &two], 100.0, 100.0).unwrap();
        assert_eq!(rect, Rect::new(10.0, 20.0, 4.0, 4.0));
        assert_eq!((canvas.width(), canvas.height()), (16, 16));
        for y in 0..16 {
            for x in 0..16 {
                let drawn = (x < 8 && y < 8) || (x >= 12 && y >= 12);
                let color = if drawn { [0, 0, 0, 255] } else { [0; 4] };
                assert_eq!(canvas.row(y)[x], color, "{x} {y}");
            }
        }
        let third = marks(vec![[0.0, 0.0, 0.1, 0.25]]);
        let (_, canvas) = as_pixels(&[&third], 100.0, 100.0).unwrap();
        assert_eq!(canvas.pixels(), [[0, 0, 0, 105]], "0.4 of a pixel, to the nearest 17th");
        assert!(as_pixels(&[&marks(vec![[200.0, 1.0, 5.0, 5.0]])], 100.0, 100.0).is_none());
    }

    #[test]
    fn a_picture_of_a_huge_page_has_no_more_pixels() {
        for size in [[14_000.0, 14_000.0], [14_000.0, 0.001], [0.001, 14_400.0]] {
            let one = marks(vec![[0.0, 0.0, size[0], size[1]]]);
            let (_, canvas) = as_pixels(&[&one], 14_400.0, 14_400.0).unwrap();
            let pixels = canvas.width() * canvas.height();
            assert!((1..=16_010_000).contains(&pixels), "{size:?}: {pixels}");
        }
    }
}
