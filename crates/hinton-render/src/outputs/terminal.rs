//! The terminal: graphics where it has them, else half blocks, else letters.

/// How a terminal can show a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Graphics {
    /// kitty's graphics protocol.
    Kitty,
    /// iTerm2's inline images.
    Iterm2,
    /// DEC sixel.
    Sixel,
    /// Half blocks in 24-bit colour.
    #[default]
    TrueColor,
    /// Half blocks in 256 colours.
    Colors256,
    /// Letters, no colour.
    Ascii,
}

/// What is known about the terminal; whoever owns the process finds out.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct TerminalOptions {
    /// What it can show.
    pub graphics: Graphics,
    /// Columns of characters.
    pub columns: usize,
    /// Rows of characters.
    pub rows: usize,
    /// Pixels of one character, width and height.
    pub cell_pixels: (u32, u32),
}

impl Default for TerminalOptions {
    fn default() -> Self {
        TerminalOptions {
            graphics: Graphics::TrueColor,
            columns: 80,
            rows: 24,
            cell_pixels: (10, 20),
        }
    }
}
