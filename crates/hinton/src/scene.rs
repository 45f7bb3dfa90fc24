//! Pictures before they are rendered, for programs that write an output of their own.
//!
//! In the [`scene`](crate::Picture::scene) of a [`Picture`](crate::Picture) everything is resolved:
//! positions in points (1/72 inch, y down), colours, measured text. An output is a loop over its
//! [`Item`]s. Most programs need none of this: see [`outputs`](crate::outputs).
//!
//! ```
//! use hinton::scene::Item;
//! use hinton::{draw, tensor_of};
//!
//! let weights = tensor_of("w", &[2, 2], &[1.0_f32, -2.0, 0.5, 4.0])?;
//! let picture = draw([weights], &Default::default())?;
//! let texts = picture.scene.items.iter().filter(|item| matches!(item, Item::Text(_)));
//! assert!(texts.count() > 0);
//! # Ok::<(), hinton::Error>(())
//! ```

pub use hinton_scene::{
    Align, Baseline, Cells, Dots, Font, Glyph, Group, Image, Item, MarkShape, Marks, Outline, Path,
    Piece, Point, Scene, Segment, Shape, Stroke, Text, TextStyle, Weight,
};
