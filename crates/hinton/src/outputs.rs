//! Step 4, where a picture goes: PNG, SVG, PDF, a terminal, pixels.
//!
//! [`save`](crate::save) writes a file, and chooses the output by its extension;
//! [`render`](crate::render) gives the bytes. Outputs are rows of [`OUTPUTS`].
//!
//! ```
//! use hinton::outputs::{RenderOptions, output_named};
//! use hinton::{draw, render, tensor_of};
//!
//! let weights = tensor_of("w", &[2, 2], &[1.0_f32, -2.0, 0.5, 4.0])?;
//! let picture = draw([weights], &Default::default())?;
//! let mut options = RenderOptions::default();
//! options.dpi = 300.0;
//! let png = render(&picture, output_named("png")?, &options)?;
//! assert!(png.starts_with(b"\x89PNG"));
//! # Ok::<(), hinton::Error>(())
//! ```

pub use hinton_picture::{Pixels, output_for, output_named, pixels};
pub use hinton_render::{Graphics, OUTPUTS, OutputRow, RenderOptions, TerminalOptions};
pub use hinton_weights::{make_folder, write_by, write_bytes};
