//! Pictures and films that have been drawn, and the files they are saved to.
//!
//! A [`Picture`] is a scene with notes for the user; a [`Playable`] gives the frames of a film. Both
//! are written completely or not at all.
//!
//! Internal to `hinton`, which re-exports what users need: this crate may change without notice.
#![forbid(unsafe_code)]

pub mod fonts;

mod picture;
mod pixels;
mod poster;
mod save;

pub use picture::Picture;
pub use pixels::{Pixels, pixels};
pub use poster::Poster;
pub use save::{
    FilmSettings, FilmWatch, Playable, film_bytes, film_output_for, film_output_named,
    film_pictures, frame_rate, is_whole_webp, output_for, output_named, render, save, save_film,
    save_film_with, save_with,
};
