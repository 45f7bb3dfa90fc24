//! What a network does to space: points after every step, each keeping its colour.
//!
//! - [`model`] opens a network: a spec, a checkpoint, an ONNX file, or a step of a recorded run.
//! - [`points`] makes the points that are sent through it.
//! - [`Show`] sends them through, and draws them: [`Show::page`] as one page, [`Show::pictures`] as
//!   one picture per step, [`Show::film`] as a film that moves from step to step, [`Show::tensors`]
//!   as numbers.
//! - [`html`](mod@html) writes the steps as an interactive page for the browser.
//!
//! Users find all of it as `hinton::space`; this crate itself may change without notice.
#![forbid(unsafe_code)]

mod chain;
mod colors;
mod files;
mod film;
pub mod html;
mod model;
mod normalize;
#[cfg(feature = "onnx")]
mod onnx;
mod place;
mod points;
pub mod presets;
mod regions;
mod run_film;
mod show;
mod stage;
mod to_page;
mod verdict;
mod weights;

pub use colors::ColorBy;
pub use film::{FilmRequest, SpaceFilm};
pub use model::{Model, NetworkRequest, Precision, is_run, model, model_of, model_traced};
pub use normalize::Normalize;
pub use place::Flatten;
pub use points::{PointRequest, PointSet, PointSource, points, points_of};
pub use run_film::{RunFilm, points_of_run, run_film, run_film_with, run_points};
pub use show::{Guides, Show, ShowRequest};
pub use stage::{LinearMap, Stage, Values};
