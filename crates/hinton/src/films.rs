//! The same picture of every step of a run, as GIF, animated PNG, WebP or MP4.
//!
//! [`animate`] makes a [`Film`] of the steps of a run; [`space`](crate::space) makes films of points
//! on their way through a network. Both are [`Playable`], and [`save_film`] writes them.
//!
//! ```
//! # let folder = std::env::temp_dir().join(format!("hinton-doc-films-{}", std::process::id()));
//! # std::fs::create_dir_all(&folder)?;
//! # let path = folder.join("weight.gif");
//! use hinton::films::{AnimateRequest, animate, save_film};
//! use hinton::runs::{Step, run_of};
//! use hinton::tensor_of;
//!
//! let step = |number: u64| {
//!     let weight = tensor_of("weight", &[2, 2], &[number as f32, -1.0, 0.5, 2.0]);
//!     Ok::<_, hinton::Error>((Step::new(number, ""), vec![weight?]))
//! };
//! let run = run_of("memory", vec![step(0)?, step(100)?])?;
//! let mut film = animate(&[run], &["weight"], &AnimateRequest::default())?;
//! let report = save_film(&mut film, path)?;
//! assert_eq!(report.pictures, 2);
//! # std::fs::remove_dir_all(&folder)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub use hinton_draw::animate::*;
pub use hinton_picture::{
    FilmSettings, FilmWatch, Playable, Poster, film_bytes, film_output_for, film_output_named,
    film_pictures, frame_rate, is_whole_webp, save_film, save_film_with,
};
pub use hinton_render::films::{FILMS, FilmReport, FilmRow, Frame, FrameSource, RawPicture};
