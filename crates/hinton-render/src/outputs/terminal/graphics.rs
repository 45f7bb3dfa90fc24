//! Terminals that show PNG pictures.

use crate::RenderError;
use crate::outputs::{base64, png};
use crate::raster::canvas::Canvas;

/// Most letters of base 64 in one command of kitty's protocol.
const CHUNK: usize = 4096;

/// kitty's graphics protocol (<https://sw.kovidgoyal.net/kitty/graphics-protocol/>): the picture as
/// a PNG in pieces, shown at once (`a=T`), `columns` wide, with no answer wanted (`q=2`).
pub(super) fn kitty(canvas: &Canvas, columns: usize) -> Result<Vec<u8>, RenderError> {
    let letters = picture(canvas)?;
    let mut out = Vec::with_capacity(letters.len() + letters.len() / 100 + 64);
    let pieces = letters.chunks(CHUNK).count();
    for (at, piece) in letters.chunks(CHUNK).enumerate() {
        let more = u8::from(at + 1 < pieces);
        let keys = if at == 0 { format!("a=T,f=100,q=2,c={columns},") } else { String::new() };
        out.extend_from_slice(format!("\x1b_G{keys}m={more};").as_bytes());
        out.extend_from_slice(piece);
        out.extend_from_slice(b"\x1b\\");
    }
    out.push(b'\n');
    Ok(out)
}

/// iTerm2's inline images (<https://iterm2.com/documentation-images.html>), `columns` wide.
pub(super) fn iterm2(canvas: &Canvas, columns: usize) -> Result<Vec<u8>, RenderError> {
    let letters = picture(canvas)?;
    let head = format!("\x1b]1337;File=inline=1;width={columns};preserveAspectRatio=1:");
    let mut out = head.into_bytes();
    out.extend_from_slice(&letters);
    out.extend_from_slice(b"\x07\n");
    Ok(out)
}

fn picture(canvas: &Canvas) -> Result<Vec<u8>, RenderError> {
    let bytes = png::encode(canvas, &png::About::default())?;
    let mut letters = Vec::new();
    base64::push(&mut letters, &bytes);
    Ok(letters)
}
