//! Colour maps: matplotlib's, under their names there, and hinton's own.

mod table;

use std::fmt;

use hinton_scene::Color;

/// The purpose of a colour map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Lightness increases evenly; for magnitudes.
    Perceptual,
    /// One or a few hues from pale to strong; for magnitudes.
    Sequential,
    /// Two hues around a neutral middle; for signed values, with zero in the middle.
    Diverging,
    /// Both ends have the same colour; for angles.
    Cyclic,
    /// Distinct colours; for classes.
    Qualitative,
    /// Anything else.
    Miscellaneous,
}

impl Kind {
    /// Its name, in lower case.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Perceptual => "perceptual",
            Kind::Sequential => "sequential",
            Kind::Diverging => "diverging",
            Kind::Cyclic => "cyclic",
            Kind::Qualitative => "qualitative",
            Kind::Miscellaneous => "miscellaneous",
        }
    }
}

/// A colour map in the data file.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// Its name.
    pub name: &'static str,
    /// Its purpose.
    pub kind: Kind,
    /// First colour in the data file.
    start: usize,
    /// Number of colours.
    len: usize,
}

static DATA: &[u8] = include_bytes!("../../assets/colormaps.bin");

/// viridis without the end that lies too near to the page: yellow on white, violet on dark pages.
static SEQUENTIAL: [Row; 2] = [
    Row { name: "hinton_sequential", kind: Kind::Perceptual, start: VIRIDIS.start, len: 196 },
    Row {
        name: "hinton_sequential_dark",
        kind: Kind::Perceptual,
        start: VIRIDIS.start + 52,
        len: VIRIDIS.len - 52,
    },
];
const VIRIDIS: &Row = &table::MATPLOTLIB[0];

/// Every colour map by name, hinton's own first. Each also exists reversed, as `NAME_r`.
pub fn colormaps() -> impl Iterator<Item = &'static Row> {
    table::OURS.iter().chain(&SEQUENTIAL).chain(table::MATPLOTLIB)
}

/// A colour map: maps positions from 0 to 1 to colours.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Colormap {
    name: &'static str,
    reversed: bool,
    kind: Kind,
    start: usize,
    /// Entries of the table.
    all: usize,
    /// Entries that are used, spread evenly over the table.
    len: usize,
    flipped: bool,
}

impl fmt::Debug for Colormap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Colormap({})", self.name())
    }
}

impl Colormap {
    /// The colour map with this name, such as `viridis` or `RdBu_r`. Case is ignored unless two
    /// names differ only in case.
    pub fn named(name: &str) -> Option<Colormap> {
        let find = |same: &dyn Fn(&str, &str) -> bool| {
            let stored = table::REVERSED.iter().find(|row| same(row.name, name));
            if let Some(row) = stored {
                let base = row.name.trim_end_matches("_r");
                return Some(Colormap::of(row, base, true, false));
            }
            if let Some(row) = colormaps().find(|row| same(row.name, name)) {
                return Some(Colormap::of(row, row.name, false, false));
            }
            let base = name.strip_suffix("_r").or_else(|| name.strip_suffix("_R"))?;
            let row = colormaps().find(|row| same(row.name, base))?;
            Some(Colormap::of(row, row.name, true, true))
        };
        find(&|one, two| one == two).or_else(|| find(&|one, two| one.eq_ignore_ascii_case(two)))
    }

    fn of(row: &Row, name: &'static str, reversed: bool, flipped: bool) -> Colormap {
        let (start, all) = (row.start, row.len);
        Colormap { name, reversed, kind: row.kind, start, all, len: all, flipped }
    }

    /// hinton's diverging map, in which white is exactly the middle.
    pub fn house(dark: bool) -> Colormap {
        let row = &table::OURS[usize::from(dark)];
        Colormap::of(row, row.name, false, false)
    }

    /// hinton's sequential map, for values far from zero: viridis without the end that has too
    /// little contrast with a light (or dark) page.
    pub fn sequential(dark: bool) -> Colormap {
        let row = &SEQUENTIAL[usize::from(dark)];
        Colormap::of(row, row.name, false, false)
    }

    /// The same map reduced to at most `most` colours (at least 2), evenly spaced. Both ends are
    /// kept, and so is an exact middle.
    pub fn with_levels(self, most: usize) -> Colormap {
        let most = most.clamp(2, self.all);
        // An even number of entries has none in the middle.
        let parity = usize::from(self.all % 2 == 1 && most.is_multiple_of(2));
        Colormap { len: (most - parity).max(2), ..self }
    }

    /// Its name.
    pub fn name(&self) -> String {
        format!("{}{}", self.name, if self.reversed { "_r" } else { "" })
    }

    /// Its purpose.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Number of its colours.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Always false: every map has colours.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The colour at index `at`; beyond the end, the last colour.
    pub fn entry(&self, at: usize) -> Color {
        let at = at.min(self.len - 1);
        let at = if self.flipped { self.len - 1 - at } else { at };
        // The nearest of the table; at both ends and in the middle exactly those.
        let at = match self.len == self.all {
            true => at,
            false => (2 * at * (self.all - 1) + (self.len - 1)) / (2 * (self.len - 1)),
        };
        let from = (self.start + at) * 3;
        Color { r: DATA[from], g: DATA[from + 1], b: DATA[from + 2], a: 255 }
    }

    /// The index of the colour at a position from 0 to 1; positions outside map to the ends. Maps
    /// with an even number of colours divide 0..1 evenly, as in matplotlib. Maps with an odd number
    /// have an exact middle, so the colours at the ends get half a share.
    pub fn index(&self, position: f64) -> usize {
        let position = position.clamp(0.0, 1.0);
        if self.len % 2 == 1 && self.kind == Kind::Diverging {
            return (position * (self.len - 1) as f64 + 0.5) as usize;
        }
        ((position * self.len as f64) as usize).min(self.len - 1)
    }

    /// The colour at a position from 0 to 1.
    pub fn color(&self, position: f64) -> Color {
        self.entry(self.index(position))
    }

    /// The colour farthest from both ends: that of zero in a diverging map.
    pub fn middle(&self) -> Color {
        self.color(0.5)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_unique_and_data_is_whole() {
        let mut names = BTreeSet::new();
        for row in colormaps() {
            assert!(names.insert(row.name.to_owned()), "{} twice", row.name);
            assert!((row.start + row.len) * 3 <= DATA.len(), "{}", row.name);
            assert!(Colormap::named(&format!("{}_r", row.name)).is_some());
        }
        assert!(names.len() > 85);
    }

    #[test]
    fn colours_are_matplotlibs() {
        let truth = include_str!("../../tests/data/colormaps_matplotlib.tsv");
        let mut checked = 0;
        for line in truth.lines().filter(|line| !line.starts_with('#')) {
            let mut words = line.split('\t');
            let map = Colormap::named(words.next().unwrap()).unwrap();
            for (at, hex) in [0, 1, 64, 127, 128, 200, 255].into_iter().zip(words) {
                assert_eq!(map.entry(at).hex(), hex, "{map:?} entry {at}");
                checked += 1;
            }
        }
        assert!(checked > 1000);
    }

    #[test]
    fn zero_is_exactly_white_or_black() {
        assert_eq!(Colormap::house(false).color(0.5), Color::WHITE);
        assert_eq!(Colormap::house(true).color(0.5), Color::BLACK);
        assert_eq!(Colormap::named("hinton_r").unwrap().color(0.5), Color::WHITE);
        let map = Colormap::house(false);
        assert_ne!(map.color(0.5 + 1.0 / 256.0), Color::WHITE);
        assert_eq!(map.color(f64::INFINITY), map.entry(256));
    }

    #[test]
    fn positions_follow_matplotlib() {
        let map = Colormap::named("viridis").unwrap();
        assert_eq!((map.index(0.0), map.index(0.5), map.index(1.0)), (0, 128, 255));
        assert_eq!(map.index(-3.0), 0);
    }
}
