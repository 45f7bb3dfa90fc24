//! Styles of everything around the points.

use hinton_scene::Color;

use crate::{Theme, ThemeName};

/// The style of a picture of space, apart from its points.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SpaceStyle {
    /// The style of the theme: plain walls, fine lines.
    #[default]
    House,
    /// A black page, grey walls with dashed lines, large points, as in the original notebooks.
    Black,
}

/// The colours.
#[derive(Debug, Clone)]
pub(crate) struct Colors {
    pub(crate) theme: Theme,
    /// Walls of the box.
    pub(crate) wall: Color,
    /// Lines on the walls and the plane.
    pub(crate) grid: Color,
    /// Lines through zero.
    pub(crate) zero: Color,
    /// Edges.
    pub(crate) edge: Color,
    /// Whether the lines of the grid are dashed.
    pub(crate) dashed: bool,
}

impl Colors {
    pub(crate) fn new(style: SpaceStyle, theme: ThemeName) -> Self {
        let theme = Theme::named(theme);
        match (style, theme.name) {
            (SpaceStyle::Black, _) => Colors {
                theme: Theme {
                    page: Color::BLACK,
                    ink: Color::WHITE,
                    soft: Color::WHITE,
                    line: Color::WHITE,
                    ..Theme::named(ThemeName::Dark)
                },
                wall: Color::rgb(0x757575),
                grid: Color::rgb(0xb0b0b0),
                zero: Color::rgb(0xb0b0b0),
                edge: Color::WHITE,
                dashed: true,
            },
            (SpaceStyle::House, ThemeName::Dark) => Colors {
                theme,
                wall: Color::rgb(0x1b1f26),
                grid: Color::rgb(0x2b313a),
                zero: Color::rgb(0x4a525c),
                edge: Color::rgb(0x4a525c),
                dashed: false,
            },
            (SpaceStyle::House, _) => Colors {
                theme,
                wall: Color::rgb(0xf6f7f9),
                grid: Color::rgb(0xe3e6ea),
                zero: Color::rgb(0xb9c0c8),
                edge: Color::rgb(0xb9c0c8),
                dashed: false,
            },
        }
    }
}
