//! How tensors are laid out: which chart, which axes are rows and columns, which panels.
//!
//! [`draw`](crate::draw()) does all of this by itself. Use this module to say it in a
//! [`DrawRequest`](crate::DrawRequest) ([`Permute`], [`Reshape`], [`Each`], [`Order`]), to see the
//! layout before any value is read ([`arrange`], [`draw_arrangement`]), or to draw several pictures
//! as panels of one ([`draw_panels`]).
//!
//! ```
//! use hinton::arrange::{arrange, draw_arrangement};
//! use hinton::{DrawRequest, tensor_of};
//!
//! let values: Vec<f32> = (0..8 * 5 * 5).map(|index| index as f32).collect();
//! let kernels = tensor_of("conv.weight", &[8, 1, 5, 5], &values)?;
//! let request = DrawRequest::default();
//! let arrangement = arrange(&[kernels.into()], &request)?;
//! assert_eq!(arrangement.panels.len(), 8);
//! let picture = draw_arrangement(&arrangement, &request)?;
//! # let _ = picture;
//! # Ok::<(), hinton::Error>(())
//! ```

pub use hinton_chart::Sections;
pub use hinton_draw::arrange::*;
pub use hinton_draw::{
    PanelScale, draw_arrangement, draw_arrangement_with, draw_panels, draw_panels_with,
};
