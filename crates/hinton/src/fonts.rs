//! Fonts besides the embedded one.
//!
//! Text is set in Inter, which is part of hinton. Another font can be chosen for one picture
//! ([`typeface`], as [`Options::font`](crate::look::Options::font)), and a program can provide fonts
//! for characters that Inter lacks ([`set_font_source`]).
//!
//! ```
//! use hinton::fonts::typeface;
//!
//! let error = typeface("no-such-font.ttf").unwrap_err();
//! assert!(error.to_string().contains("no-such-font.ttf"));
//! ```

pub use hinton_picture::fonts::{MOST_BYTES, typeface};
pub use hinton_scene::{
    Coverage, FontError, FontFile, FontSource, Typeface, coverage, set_font_source,
};
