//! Figures: several pictures with a letter above each, and one legend for all.

use hinton_scene::{Align, Baseline, Scene};

use crate::frame::text;
use crate::zoom::{DESIGNED, label_size};
use crate::{Options, Theme};

/// Height of the line of a letter, points.
const LINE: f64 = 13.0;
/// White space left of a letter, on a page that is wide enough.
const MARGIN: f64 = 16.0;

/// Height of a letter above a picture with these options, in points.
pub fn letter_height(options: &Options) -> f64 {
    LINE * label_size(options) / DESIGNED
}

/// Puts a letter above a picture; an empty letter leaves it unchanged.
pub fn lettered(scene: Scene, letter: &str, options: &Options) -> Scene {
    if letter.is_empty() {
        return scene;
    }
    let zoom = label_size(options) / DESIGNED;
    let height = letter_height(options);
    let margin = match options.size {
        Some(_) => (MARGIN * zoom).min(scene.width * 0.04).max(2.0),
        None => MARGIN * zoom,
    };
    let theme = Theme::of(options);
    let mut style = theme.title();
    style.size *= zoom;
    // The picture has white space of its own at its top.
    let top = margin.min(height * 0.5);
    let mut items = vec![text(letter, margin, top, style, Align::Start, Baseline::Top)];
    items.extend(scene.items.iter().map(|item| item.placed(1.0, 0.0, height)));
    Scene { height: scene.height + height, items, ..scene }
}

/// The letters of `count` panels, starting with `first`: `a` is followed by `b`, `(A)` by `(B)`,
/// `1` by `2`, `z` by `aa`. If `first` has no letter or number, only the first panel is labelled.
pub fn letters(first: &str, count: usize) -> Vec<String> {
    let is_counted = |c: &char| c.is_ascii_alphanumeric();
    let Some(end) = first.rfind(|c: char| is_counted(&c)) else {
        let mut all = vec![String::new(); count];
        all.iter_mut().take(1).for_each(|one| *one = first.to_owned());
        return all;
    };
    let kind = |c: char| (c.is_ascii_digit(), c.is_ascii_uppercase());
    let last = first[end..].chars().next().unwrap_or('a');
    let is_alike = |c: char| is_counted(&c) && kind(c) == kind(last);
    let start = first[..=end]
        .rfind(|c: char| !is_alike(c))
        .map_or(0, |index| index + first[index..].chars().next().map_or(1, char::len_utf8));
    let (before, after) = (&first[..start], &first[end + 1..]);
    // More than one letter is a word, of which the last counts.
    let start = if last.is_ascii_digit() { start } else { end };
    let before = if last.is_ascii_digit() { before } else { &first[..start] };
    let name = |index: usize| match last {
        digit if digit.is_ascii_digit() => {
            let number: usize = first[start..=end].parse().unwrap_or(0);
            number.saturating_add(index).to_string()
        }
        letter => {
            let base = if letter.is_ascii_uppercase() { b'A' } else { b'a' };
            counted(usize::from(letter as u8 - base) + index, base)
        }
    };
    (0..count).map(|index| format!("{before}{}{after}", name(index))).collect()
}

/// `a` to `z`, then `aa`, `ab` …
fn counted(mut index: usize, base: u8) -> String {
    let mut letters = Vec::new();
    loop {
        letters.push(char::from(base + (index % 26) as u8));
        match (index / 26).checked_sub(1) {
            Some(rest) => index = rest,
            None => return letters.into_iter().rev().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_go_on_from_the_first() {
        assert_eq!(letters("a", 3), ["a", "b", "c"]);
        assert_eq!(letters("(C)", 2), ["(C)", "(D)"]);
        assert_eq!(letters("9", 2), ["9", "10"]);
        assert_eq!(letters("Fig. 1y", 3), ["Fig. 1y", "Fig. 1z", "Fig. 1aa"]);
        assert_eq!(letters("S12.", 2), ["S12.", "S13."]);
        assert_eq!(letters("", 2), ["", ""]);
        assert_eq!(letters("→", 2), ["→", ""]);
        assert_eq!(letters("a", 0), [""; 0]);
    }

    #[test]
    fn a_letter_moves_the_picture_down() {
        let scene = Scene {
            width: 100.0,
            height: 50.0,
            background: None,
            title: String::new(),
            description: String::new(),
            items: Vec::new(),
        };
        let options = Options::default();
        let with = lettered(scene.clone(), "a", &options);
        assert_eq!((with.height, with.items.len()), (50.0 + letter_height(&options), 1));
        assert_eq!(lettered(scene.clone(), "", &options), scene);
    }
}
