//! What a network does to space: points after every layer, each keeping its colour.
//!
//! [`model`] opens a network (from a spec such as `2-3-tanh-2`, a checkpoint, an ONNX file or a step
//! of a run), [`points`] makes the points, and a [`Show`] sends them through and draws them: as a
//! page of steps, as one picture per step, as a film, or as numbers.
//!
//! ```
//! use hinton::space::{NetworkRequest, PointRequest, Show, ShowRequest, model, points};
//!
//! let model = model("2-3-tanh-2", &NetworkRequest::default())?;
//! let points = points(&PointRequest::default(), model.input_width())?;
//! let show = Show::new(&model, points, ShowRequest::default())?;
//! let page = show.page()?;
//! # let _ = page;
//! # Ok::<(), hinton::Error>(())
//! ```

pub use hinton_chart::space::{
    Camera, Density, Guide, GuideKind, Parts, Projection, SpaceOptions, SpaceStyle,
};
pub use hinton_draw::space::SpaceRequest;
pub use hinton_space::*;
