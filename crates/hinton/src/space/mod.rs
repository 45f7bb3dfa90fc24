//! What a network does to space: points after every step, in colours that stay theirs.
//!
//! - [`html`](mod@html) writes the steps as one page that turns, zooms and plays in a browser.

pub mod html;
