//! A scene's texts as characters of the terminal.

use hinton_scene::{Align, Color, Item, Scene, Text};

use super::Fit;

/// A character of the terminal that shows a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Letter {
    /// The letter; `None` where a wide one beside it reaches.
    pub(super) c: Option<char>,
    /// Its colour.
    pub(super) color: Color,
}

/// Most columns that a text gives way to the right.
const NUDGE: usize = 2;

/// Texts of this many letters are sentences: they move up or down a row rather than vanish.
const SENTENCE: usize = 12;

/// Places the level texts of a scene, large ones first. A text keeps the end it is aligned by,
/// since letters of the terminal are wider or narrower than the scene's; where two meet, the first
/// stays.
/// Returns a place for every character of the picture, row by row. `ellipsis` ends what is cut off.
pub(super) fn place(scene: &Scene, fit: Fit, ellipsis: &str) -> Vec<Option<Letter>> {
    let mut texts = Vec::new();
    collect(&scene.items, &mut texts);
    texts.sort_by(|one, two| two.style.size.total_cmp(&one.style.size));
    let mut grid = vec![None; fit.columns * fit.rows];
    for text in texts {
        let letters: Vec<char> = text.content.chars().filter(|&c| width(c) > 0).collect();
        let letters = shorten(letters, fit.columns, ellipsis);
        let length: usize = letters.iter().map(|&c| width(c)).sum();
        let column = |x: f64| x / scene.width * fit.columns as f64;
        let start = match text.align {
            Align::Start => column(text.x),
            Align::Middle => column(text.x + text.width / 2.0) - length as f64 / 2.0,
            Align::End => column(text.x + text.width) - length as f64,
        };
        let start = (start + 0.5).floor().max(0.0) as usize;
        let start = start.min(fit.columns - length);
        // Half the height of a small letter above the baseline is where the eye sees the line.
        let row = (text.y - 0.3 * text.style.size) / scene.height * fit.rows as f64;
        if length == 0 || !(row >= 0.0 && row < fit.rows as f64) {
            continue;
        }
        let row = row as usize;
        let tries = [Some(row), Some(row + 1), row.checked_sub(1)];
        let tries = if letters.len() < SENTENCE { &tries[..1] } else { &tries[..] };
        let is_free = |row: usize, start: usize| {
            let from = start.saturating_sub(1);
            let to = (start + length + 1).min(fit.columns);
            row < fit.rows
                && start + length <= fit.columns
                && grid[row * fit.columns + from..row * fit.columns + to]
                    .iter()
                    .all(Option::is_none)
        };
        // A letter or two to the right is better than nothing.
        let places = (start..=start + NUDGE)
            .flat_map(|start| tries.iter().flatten().map(move |&row| (row, start)));
        let Some((row, start)) = places.into_iter().find(|&(row, start)| is_free(row, start))
        else {
            continue;
        };
        let mut at = row * fit.columns + start;
        for c in letters {
            let color = text.style.color;
            for part in 0..width(c) {
                grid[at + part] = Some(Letter { c: (part == 0).then_some(c), color });
            }
            at += width(c);
        }
    }
    grid
}

/// Columns at which every sentence that begins at its place is whole.
pub(super) fn columns_for_words(scene: &Scene) -> f64 {
    let mut texts = Vec::new();
    collect(&scene.items, &mut texts);
    let sentences = texts.iter().filter(|text| text.align == Align::Start);
    let needed = sentences.map(|text| {
        let length: usize = text.content.chars().map(width).sum();
        let room = 1.0 - text.x / scene.width;
        // Half a column, because places are rounded.
        if length >= SENTENCE && room > 0.2 { (length as f64 + 0.5) / room } else { 0.0 }
    });
    needed.fold(0.0, f64::max).ceil()
}

fn collect<'a>(items: &'a [Item], texts: &mut Vec<&'a Text>) {
    for item in items {
        match item {
            Item::Group(group) => collect(&group.items, texts),
            Item::Text(text)
                if text.rotation == 0.0 && text.x.is_finite() && text.y.is_finite() =>
            {
                texts.push(text);
            }
            _ => {}
        }
    }
}

/// Letters that fit into `columns`. Where some are cut off, the ellipsis stands for them, after a
/// whole word where one ends in the last third.
fn shorten(mut letters: Vec<char>, columns: usize, ellipsis: &str) -> Vec<char> {
    let length = |letters: &[char]| letters.iter().map(|&c| width(c)).sum::<usize>();
    if length(&letters) <= columns {
        return letters;
    }
    let ellipsis: Vec<char> = ellipsis.chars().take(columns).collect();
    while length(&letters) + ellipsis.len() > columns {
        letters.pop();
    }
    let least = letters.len() * 2 / 3;
    if let Some(blank) = letters.iter().rposition(|&c| c == ' ').filter(|&blank| blank >= least) {
        letters.truncate(blank + 1);
    }
    letters.extend(ellipsis);
    letters
}

/// Columns a character takes: 2 for East Asian wide ones and pictograms (Unicode Annex 11), 0 for
/// marks that join the letter before.
fn width(c: char) -> usize {
    match c as u32 {
        0x0300..=0x036F | 0x0483..=0x0489 | 0x0591..=0x05BD | 0x064B..=0x065F | 0x1AB0..=0x1AFF => {
            0
        }
        0x1DC0..=0x1DFF | 0x20D0..=0x20FF | 0xFE20..=0xFE2F => 0,
        0x1100..=0x115F | 0x2E80..=0xA4CF | 0xAC00..=0xD7A3 | 0xF900..=0xFAFF => 2,
        0xFE30..=0xFE6F | 0xFF00..=0xFF60 | 0xFFE0..=0xFFE6 => 2,
        0x1F300..=0x1F64F | 0x1F680..=0x1F6FF | 0x1F900..=0x1FAFF | 0x20000..=0x3FFFD => 2,
        _ => 1,
    }
}

/// The nearest ASCII letter.
pub(super) fn ascii(c: char) -> char {
    match c {
        ' '..='~' => c,
        '×' => 'x',
        '−' | '–' | '—' | '‐' => '-',
        '…' => '.',
        '·' => '|',
        '±' => '+',
        '≤' | '‹' => '<',
        '≥' | '›' => '>',
        '≈' | '∼' => '~',
        '’' | '‘' => '\'',
        '“' | '”' => '"',
        '→' => '>',
        '↓' => 'v',
        'σ' => 's',
        'μ' | 'µ' => 'u',
        'Δ' => 'D',
        _ => '?',
    }
}

#[cfg(test)]
mod tests {
    use hinton_scene::{Align, Baseline, TextStyle, Weight};

    use super::*;

    fn rows(texts: &[(&str, f64, f64, f64)], fit: Fit) -> Vec<String> {
        let items = texts.iter().map(|&(content, x, y, size)| {
            let style = TextStyle { size, weight: Weight::Regular, color: Color::BLACK };
            let text = Text::new(content, x, y, style, Align::Middle, Baseline::Middle);
            // As it is, not as our typeface would draw it.
            Item::Text(Text { content: content.to_owned(), ..text })
        });
        let scene = Scene {
            width: 200.0,
            height: 100.0,
            background: None,
            title: String::new(),
            description: String::new(),
            items: items.collect(),
        };
        let grid = place(&scene, fit, "…");
        let letter = |letter: &Option<Letter>| letter.map_or(' ', |letter| letter.c.unwrap_or('_'));
        let row = |row: &[Option<Letter>]| row.iter().map(letter).collect::<String>();
        grid.chunks(fit.columns).map(|letters| row(letters).trim_end().to_string()).collect()
    }

    #[test]
    fn words_are_whole_before_a_picture_is_made_smaller() {
        let style = TextStyle { size: 8.0, weight: Weight::Regular, color: Color::BLACK };
        let (start, top) = (Align::Start, Baseline::Top);
        let sentence =
            Text::new("a sentence of forty letters, for a test.", 20.0, 5.0, style, start, top);
        let scene = Scene {
            width: 200.0,
            height: 400.0,
            background: None,
            title: String::new(),
            description: String::new(),
            items: vec![Item::Text(sentence)],
        };
        let needed = columns_for_words(&scene);
        assert_eq!(needed, 45.0);
        let fit = Fit { columns: needed as usize, rows: 40 };
        let grid = place(&scene, fit, "…");
        assert_eq!(grid.iter().flatten().count(), 40);
        let fit = Fit { columns: 36, rows: 40 };
        assert!(place(&scene, fit, "…").iter().flatten().any(|letter| letter.c == Some('…')));
    }

    const FIT: Fit = Fit { columns: 20, rows: 5 };

    #[test]
    fn texts_stand_where_they_stand() {
        let found = rows(&[("top", 100.0, 10.0, 8.0), ("left", 20.0, 90.0, 8.0)], FIT);
        assert_eq!(found, ["         top", "", "", "", "left"]);
    }

    #[test]
    fn the_larger_wins_and_sentences_move() {
        let texts = [
            ("small", 100.0, 50.0, 6.0),
            ("TITLE", 100.0, 50.0, 12.0),
            ("a long sentence", 90.0, 50.0, 5.0),
        ];
        assert_eq!(rows(&texts, FIT), ["", "", "        TITLE", "  a long sentence", ""]);
    }

    #[test]
    fn nothing_leaves_the_picture() {
        let long = "far too long for so small a window";
        assert_eq!(rows(&[(long, 100.0, 10.0, 8.0)], FIT)[0], " far too long for …");
        assert_eq!(rows(&[(long, 100.0, 10.0, 8.0)], Fit { columns: 1, rows: 1 }), ["…"]);
        let letters = || long.chars().collect();
        assert_eq!(
            shorten(letters(), 20, "...").iter().collect::<String>(),
            "far too long for ..."
        );
        assert_eq!(shorten(letters(), 2, "...").iter().collect::<String>(), "..");
        assert_eq!(rows(&[("日本", 199.0, 10.0, 8.0)], FIT)[0], "                日_本_");
        assert_eq!(rows(&[("off", 100.0, 900.0, 8.0)], FIT), ["", "", "", "", ""]);
    }
}
