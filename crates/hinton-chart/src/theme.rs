//! Themes: colours and sizes of everything that is not data.

use std::str::FromStr;

use hinton_scene::{Color, TextStyle, Weight, measure};

use crate::{ChartError, Options};

/// A theme that can be selected by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ThemeName {
    /// White page, for screens and slides.
    #[default]
    Light,
    /// Dark page.
    Dark,
    /// White page, black text, thin lines: for print.
    Paper,
}

impl ThemeName {
    /// Every theme.
    pub const ALL: [ThemeName; 3] = [ThemeName::Light, ThemeName::Dark, ThemeName::Paper];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            ThemeName::Light => "light",
            ThemeName::Dark => "dark",
            ThemeName::Paper => "paper",
        }
    }
}

impl FromStr for ThemeName {
    type Err = ChartError;

    fn from_str(text: &str) -> Result<Self, ChartError> {
        let found =
            ThemeName::ALL.into_iter().find(|theme| theme.name().eq_ignore_ascii_case(text));
        found.ok_or_else(|| ChartError::option("theme", text, "expected light, dark or paper"))
    }
}

/// The colours of everything that is not data.
#[derive(Debug, Clone, PartialEq)]
pub struct Theme {
    /// The theme's name.
    pub name: ThemeName,
    /// The page.
    pub page: Color,
    /// Titles and values.
    pub ink: Color,
    /// Labels and notes.
    pub soft: Color,
    /// Lines, frames and ticks.
    pub line: Color,
    /// The background of Hinton diagrams.
    pub ground: Color,
    /// Cells with NaN.
    pub nan: Color,
    /// Cells with +∞ (or infinities of both signs).
    pub pos_inf: Color,
    /// Cells with −∞.
    pub neg_inf: Color,
    /// Marks of clipped values.
    pub alarm: Color,
    /// One colour per series, distinguishable with colour blindness (Okabe and Ito 2008, reordered,
    /// and two more).
    pub series: [Color; 8],
    /// The minimum width of a letter of titles and notes, in points; 0 if letters have their
    /// natural width.
    pub letter_width: f64,
}

impl Theme {
    /// The theme with this name.
    pub fn named(name: ThemeName) -> Theme {
        let light = Theme {
            name,
            page: Color::WHITE,
            ink: Color::rgb(0x1a1f26),
            soft: Color::rgb(0x5b6470),
            line: Color::rgb(0xb9c0c8),
            ground: Color::rgb(0x808080),
            nan: Color::rgb(0xff00c8),
            pos_inf: Color::rgb(0x006400),
            neg_inf: Color::rgb(0x7b2cff),
            alarm: Color::rgb(0xe8112d),
            series: [
                0x0072b2, 0xd55e00, 0x009e73, 0xcc79a7, 0xe69f00, 0x56b4e9, 0x5b3a9e, 0x6b7280,
            ]
            .map(Color::rgb),
            letter_width: 0.0,
        };
        match name {
            ThemeName::Light => light,
            ThemeName::Paper => Theme {
                ink: Color::BLACK,
                soft: Color::rgb(0x333333),
                line: Color::rgb(0x808080),
                ..light
            },
            ThemeName::Dark => Theme {
                page: Color::rgb(0x14171c),
                ink: Color::rgb(0xf1f3f5),
                soft: Color::rgb(0xa3adb8),
                line: Color::rgb(0x4a525c),
                nan: Color::rgb(0xff3dd8),
                pos_inf: Color::rgb(0x8cffbc),
                neg_inf: Color::rgb(0x9500ff),
                alarm: Color::rgb(0xff5a5f),
                series: [
                    0x56b4e9, 0xff9d4d, 0x2fc99a, 0xe3a0c8, 0xf0c44c, 0x59f5ff, 0xb21dbf, 0x9aa3ad,
                ]
                .map(Color::rgb),
                ..light
            },
        }
    }

    /// The theme of a page with those options.
    pub(crate) fn of(options: &Options) -> Theme {
        let letter_width = options.look.letter_width.unwrap_or(0.0);
        Theme { letter_width, ..Theme::named(options.theme) }
    }

    /// Whether the page is dark.
    pub fn is_dark(&self) -> bool {
        self.name == ThemeName::Dark
    }

    /// Type of the picture's title.
    pub(crate) fn title(&self) -> TextStyle {
        TextStyle { size: 12.0, weight: Weight::SemiBold, color: self.ink }
    }

    /// Type of the line under the title, of labels and ticks.
    pub(crate) fn label(&self) -> TextStyle {
        TextStyle { size: 8.0, weight: Weight::Regular, color: self.soft }
    }

    /// Width of a line of notes, points.
    pub(crate) fn width_of(&self, line: &str) -> f64 {
        measure(line, self.label()).max(self.letter_width * line.chars().count() as f64)
    }

    /// Type of names under facets and tiles.
    pub(crate) fn name_style(&self) -> TextStyle {
        TextStyle { size: 8.0, weight: Weight::Regular, color: self.ink }
    }
}
