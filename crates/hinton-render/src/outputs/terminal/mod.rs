//! The terminal: graphics if it supports them, else half blocks, else letters.

mod blocks;
mod graphics;
mod letters;
mod sixel;

use hinton_scene::Scene;

use super::{OutputRow, RenderOptions};
use crate::RenderError;
use crate::raster;

/// The ways in which a terminal can show a picture.
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
    /// Letters, without colour.
    Ascii,
}

/// The capabilities of the terminal; the program that owns it must detect them.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct TerminalOptions {
    /// The way in which it can show pictures.
    pub graphics: Graphics,
    /// Number of columns of characters.
    pub columns: usize,
    /// Number of rows of characters.
    pub rows: usize,
    /// Width and height of one character in pixels.
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

/// The row of this output.
pub(super) const ROW: OutputRow = OutputRow {
    name: "terminal",
    about: "In the terminal: graphics, coloured half blocks or letters",
    help: "Pixels where the terminal shows them (kitty, iTerm2, sixel); else two coloured half blocks to \
           a character, in 24-bit or 256 colours; else plain letters without any escape code. Titles, \
           labels and legends are set as real characters where pixels are too coarse for them. As wide \
           as the window.",
    extensions: &[],
    mime: "text/plain; charset=utf-8",
    write,
};

/// Most columns and rows believed: a terminal that says more is wrong.
const MOST_CELLS: usize = 1_000;
/// Most pixels to the point for graphics; more makes small pictures coarse posters.
const MOST_SCALE: f64 = 3.0;
/// Fewest points to a column: narrower ones would make labels short against their boxes.
const LEAST_COLUMN: f64 = 2.0;

fn write(scene: &Scene, options: &RenderOptions) -> Result<Vec<u8>, RenderError> {
    super::check_page(scene.width, scene.height)?;
    let terminal = &options.terminal;
    match terminal.graphics {
        Graphics::Kitty | Graphics::Iterm2 | Graphics::Sixel => {
            let fit = Fit::new(
                scene,
                terminal,
                f64::from(terminal.cell_pixels.0.max(1)) / MOST_SCALE,
                0.0,
            );
            let pixels = fit.columns as f64 * f64::from(terminal.cell_pixels.0.max(1));
            let canvas = raster::draw(scene, pixels / scene.width)?;
            match terminal.graphics {
                Graphics::Kitty => graphics::kitty(&canvas, fit.columns),
                Graphics::Iterm2 => graphics::iterm2(&canvas, fit.columns),
                _ => Ok(sixel::write(&canvas)),
            }
        }
        Graphics::TrueColor | Graphics::Colors256 | Graphics::Ascii => {
            let fit = Fit::new(scene, terminal, LEAST_COLUMN, letters::columns_for_words(scene));
            // ASCII has no character for it, and a single point would end a sentence.
            let ellipsis = if terminal.graphics == Graphics::Ascii { "..." } else { "…" };
            let letters = letters::place(scene, fit, ellipsis);
            match terminal.graphics {
                Graphics::Ascii => blocks::ascii(scene, fit, &letters),
                kind => blocks::half_blocks(scene, fit, &letters, kind == Graphics::TrueColor),
            }
        }
    }
}

/// Least share of the window's width that a picture is made smaller to.
const LEAST_SHARE: f64 = 0.7;

/// How many characters a picture takes, across and down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Fit {
    columns: usize,
    rows: usize,
}

impl Fit {
    /// As wide as the window. A picture a little higher than the window is made smaller; a much
    /// higher one is better scrolled than unreadable. `least` is the fewest points to a column, `words`
    /// the columns that words need, which are not cut off to save a row.
    fn new(scene: &Scene, terminal: &TerminalOptions, least: f64, words: f64) -> Self {
        let (across, down) = terminal.cell_pixels;
        // Height of a character over its width; a terminal that says less or more is wrong.
        let tall = (f64::from(down.max(1)) / f64::from(across.max(1))).clamp(0.5, 8.0);
        let window = terminal.columns.clamp(1, MOST_CELLS) as f64;
        let widest = window.min((scene.width / least).floor()).max(1.0);
        // A row is left for the prompt.
        let height = (terminal.rows.clamp(2, MOST_CELLS) - 1) as f64;
        let fitting = (height * tall * scene.width / scene.height).floor().max(words);
        let columns = if fitting >= widest * LEAST_SHARE { widest.min(fitting) } else { widest };
        let columns = columns.max(1.0);
        let rows = (columns * scene.height / scene.width / tall).ceil().clamp(1.0, 1e5);
        Fit { columns: columns as usize, rows: rows as usize }
    }
}
