//! DEC sixel graphics (VT330/VT340 Programmer Reference Manual, chapter 14).

use std::collections::BTreeMap;

use crate::raster::canvas::Canvas;

/// Most colours a terminal is sure to have.
const MOST_COLORS: usize = 256;

/// Levels of a channel in the net of colours.
const NET: usize = 5;

/// A picture as sixels. Pixels that are more clear than not are left as they are.
pub(super) fn write(canvas: &Canvas) -> Vec<u8> {
    let (palette, places) = colors(canvas);
    let (width, height) = (canvas.width(), canvas.height());
    // 0;1: clear pixels keep what is there. 1;1: square pixels.
    let mut out = format!("\x1bP0;1q\"1;1;{width};{height}").into_bytes();
    for (at, color) in palette.iter().enumerate() {
        let [r, g, b] = color.map(|channel| (u32::from(channel) * 100 + 127) / 255);
        out.extend_from_slice(format!("#{at};2;{r};{g};{b}").as_bytes());
    }
    let mut bands = vec![Vec::new(); palette.len()];
    for top in (0..height).step_by(6) {
        for (down, y) in (top..height.min(top + 6)).enumerate() {
            let mut before = ([0; 4], None);
            for (x, pixel) in canvas.row(y).iter().enumerate() {
                if before.0 != *pixel {
                    before = (*pixel, places.get(&key(*pixel)).copied());
                }
                if let Some(place) = before.1 {
                    let band: &mut Vec<u8> = &mut bands[place];
                    band.resize(band.len().max(width), 0);
                    band[x] |= 1 << down;
                }
            }
        }
        for (place, band) in bands.iter_mut().enumerate() {
            if !band.is_empty() {
                out.extend_from_slice(format!("#{place}").as_bytes());
                runs(&mut out, band);
                // Back to the left edge for the next colour.
                out.push(b'$');
                band.clear();
            }
        }
        out.push(b'-');
    }
    out.extend_from_slice(b"\x1b\\\n");
    out
}

/// Writes a row of sixels, runs of four and more shortened.
fn runs(out: &mut Vec<u8>, band: &[u8]) {
    let end = band.iter().rposition(|&bits| bits != 0).map_or(0, |last| last + 1);
    for run in band[..end].chunk_by(|one, two| one == two) {
        let letter = 63 + run[0];
        if run.len() > 3 {
            out.extend_from_slice(format!("!{}", run.len()).as_bytes());
            out.push(letter);
        } else {
            out.extend(std::iter::repeat_n(letter, run.len()));
        }
    }
}

/// What tells colours apart: all of an opaque colour, `None`'s stand-in for clear ones.
fn key(pixel: [u8; 4]) -> Option<[u8; 3]> {
    (pixel[3] >= 128).then_some([pixel[0], pixel[1], pixel[2]])
}

/// The place of each colour in the palette.
type Places = BTreeMap<Option<[u8; 3]>, usize>;

/// The palette, and each colour's place in it. All colours when there are few. Else the most
/// frequent ones, and an even net for the rest so that none is far off: in a chart those are the
/// edges of letters.
fn colors(canvas: &Canvas) -> (Vec<[u8; 3]>, Places) {
    let mut counts: BTreeMap<[u8; 3], usize> = BTreeMap::new();
    let mut rest = canvas.pixels();
    while let Some(first) = rest.first() {
        let run = rest.iter().take_while(|pixel| *pixel == first).count();
        if let Some(color) = key(*first) {
            *counts.entry(color).or_default() += run;
        }
        rest = &rest[run..];
    }
    let mut by_count: Vec<([u8; 3], usize)> =
        counts.iter().map(|(&color, &count)| (color, count)).collect();
    // A stable sort: of equally frequent colours the darker first.
    by_count.sort_by_key(|&(_, count)| std::cmp::Reverse(count));
    let many = by_count.len() > MOST_COLORS;
    by_count.truncate(if many { MOST_COLORS - NET * NET * NET } else { MOST_COLORS });
    let mut palette: Vec<[u8; 3]> = by_count.iter().map(|&(color, _)| color).collect();
    if many {
        let level = |at: usize| (at * 255 / (NET - 1)) as u8;
        palette.extend(
            (0..NET * NET * NET)
                .map(|at| [level(at / NET / NET), level(at / NET % NET), level(at % NET)]),
        );
    }
    let apart = |one: [u8; 3], two: [u8; 3]| -> i32 {
        one.iter().zip(two).map(|(&a, b)| (i32::from(a) - i32::from(b)).pow(2)).sum()
    };
    let nearest = |color: [u8; 3]| {
        (0..palette.len()).min_by_key(|&at| apart(palette[at], color)).unwrap_or(0)
    };
    let places = counts.keys().map(|&color| (Some(color), nearest(color))).collect();
    (palette, places)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads sixels back into pixels; clear ones stay `None`.
    fn read(bytes: &[u8], width: usize, height: usize) -> Vec<Option<[u32; 3]>> {
        let text = std::str::from_utf8(bytes).unwrap();
        let start = text.find('q').unwrap() + 1;
        let body: Vec<char> = text[start..text.rfind("\x1b\\").unwrap()].chars().collect();
        let mut pixels = vec![None; width * height];
        let mut palette = BTreeMap::new();
        let (mut at, mut color, mut x, mut top) = (0, 0, 0, 0);
        let numbers = |at: &mut usize| -> Vec<u32> {
            let from = *at;
            while *at < body.len() && (body[*at].is_ascii_digit() || body[*at] == ';') {
                *at += 1;
            }
            body[from..*at]
                .iter()
                .collect::<String>()
                .split(';')
                .map(|n| n.parse().unwrap())
                .collect()
        };
        while at < body.len() {
            let letter = body[at];
            at += 1;
            let mut count = 1;
            let bits = match letter {
                '"' => {
                    assert_eq!(numbers(&mut at), [1, 1, width as u32, height as u32]);
                    continue;
                }
                '#' => {
                    let found = numbers(&mut at);
                    color = found[0];
                    if found.len() == 5 {
                        palette.insert(color, [found[2], found[3], found[4]]);
                    }
                    continue;
                }
                '$' => {
                    x = 0;
                    continue;
                }
                '-' => {
                    (x, top) = (0, top + 6);
                    continue;
                }
                '!' => {
                    count = numbers(&mut at)[0] as usize;
                    at += 1;
                    body[at - 1] as u8 - 63
                }
                letter => letter as u8 - 63,
            };
            for _ in 0..count {
                for down in 0..6 {
                    if bits >> down & 1 == 1 {
                        pixels[(top + down) * width + x] = palette.get(&color).copied();
                    }
                }
                x += 1;
            }
        }
        pixels
    }

    #[test]
    fn sixels_come_back_as_pixels() {
        let (width, height) = (23, 15);
        let mut canvas = Canvas::new(width, height, [255; 4]);
        for y in 0..height {
            for (x, pixel) in canvas.span(y, 0, width).iter_mut().enumerate() {
                let alpha = if x == 3 { 0 } else { 255 };
                *pixel = [(x / 5 * 51) as u8, (y / 4 * 51) as u8, 255, alpha];
            }
        }
        let found = read(&write(&canvas), width, height);
        for (pixel, found) in canvas.pixels().iter().zip(found) {
            let want = key(*pixel).map(|color| color.map(|channel| u32::from(channel) * 100 / 255));
            assert_eq!(found, want);
        }
    }

    #[test]
    fn rare_colours_take_the_nearest() {
        let mut canvas = Canvas::new(300, 2, [0, 0, 0, 255]);
        for (x, pixel) in canvas.span(0, 0, 300).iter_mut().enumerate() {
            *pixel = [(x % 256) as u8, (x / 256) as u8, 9, 255];
        }
        let (palette, places) = colors(&canvas);
        assert_eq!(palette.len(), MOST_COLORS);
        assert_eq!(palette[0], [0, 0, 0]);
        for (color, place) in places {
            let far = palette[place].iter().zip(color.unwrap()).map(|(a, b)| a.abs_diff(b)).max();
            assert!(far.unwrap() <= 32, "{color:?}");
        }
    }
}
