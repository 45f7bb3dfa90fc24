//! Fonts other than the embedded one: the font that text is set in, and fallback fonts for
//! characters that it lacks.

use std::path::Path;

use hinton_format::source::{map_file, read_vec};
use hinton_scene::{FontFile, Scene, Typeface, lacking_characters};
use hinton_weights::Error;

use crate::Picture;

/// The largest font file that is read, in bytes. Collections for East Asian scripts have 20 to 130
/// MB.
pub const MOST_BYTES: u64 = 256 << 20;
/// Characters that a note names.
const NAMED: usize = 5;

/// Reads the font that text is set in. Of a collection, the first face is used.
///
/// # Errors
/// Returns an error if the file cannot be read, or is not a font with outlines.
pub fn typeface(path: impl AsRef<Path>) -> Result<Typeface, Error> {
    let path = path.as_ref();
    let file = map_file(path)?;
    let unfit = |why: String| {
        let message = format!("font: {} {why}", path.display());
        Error::request(message, "name a font file, such as /usr/share/fonts/…/NotoSans-Regular.ttf")
    };
    if file.len() > MOST_BYTES {
        return Err(unfit(format!("has {} bytes, more than a font has", file.len())));
    }
    let data = read_vec(file.as_ref(), 0, file.len()).map_err(|error| unfit(error.to_string()))?;
    Typeface::load(&FontFile { data, index: 0 }).map_err(|error| unfit(error.to_string()))
}

/// The picture with a note on characters that no font has.
pub fn noted(mut picture: Picture) -> Picture {
    picture.notes.extend(lacking(&picture.scene));
    picture
}

fn lacking(scene: &Scene) -> Option<String> {
    let characters = lacking_characters(scene);
    if characters.is_empty() {
        return None;
    }
    let names = characters.iter().take(NAMED).map(|&c| format!("{c} (U+{:04X})", u32::from(c)));
    let mut names = names.collect::<Vec<_>>().join(", ");
    if characters.len() > NAMED {
        names.push_str(&format!(" and {} more", characters.len() - NAMED));
    }
    Some(format!(
        "no font here has {names}: PNG, PDF and films show escapes such as {}; `font=FILE` names a \
         font that has them",
        characters.first()?.escape_unicode()
    ))
}
