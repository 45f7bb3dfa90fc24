//! Tiles of a matrix at levels of detail, as a map in a viewer asks for them.
//!
//! Tiles come from the values ([`tile`]), or from a [`Pyramid`] that keeps coarse cells.
//! `examples/tiles.rs` serves them from a file in memory.
//!
//! ```
//! use hinton::tiles::{Fold, Pyramid, Tiling};
//! use hinton::{Work, tensor_of};
//!
//! let values: Vec<f32> = (0..512 * 512).map(|index| index as f32).collect();
//! let matrix = tensor_of("w", &[512, 512], &values)?;
//! let (pyramid, summary) = Pyramid::build(&matrix, 100_000, Work::quiet())?;
//! // At level 4 a cell is a block of 16 by 16 values: one tile has all of it.
//! assert_eq!(Tiling::new(512, 512).tiles((4, 4)), (1, 1));
//! let grid = pyramid.tile((4, 4), 0, 0, Fold::Max).expect("the only tile");
//! assert_eq!((grid.rows, grid.cols, grid.values[0]), (32, 32, 15.0 * 512.0 + 15.0));
//! assert_eq!(summary.max(), Some(262_143.0));
//! # Ok::<(), hinton::Error>(())
//! ```

pub use hinton_tensor::reduce::Mark;
pub use hinton_tensor::{Fold, Grid, Levels, Pyramid, TILE, TileRequest, Tiling, Window, tile};
