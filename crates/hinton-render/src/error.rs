//! What can go wrong while drawing.

/// A scene could not be drawn.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RenderError {
    /// The picture would have more pixels than can be drawn.
    #[error(
        "a picture of {width:.0} x {height:.0} pixels is too large: {most} pixels a side is the most; \
         ask for a smaller --size or --dpi"
    )]
    TooLarge {
        /// Pixels across.
        width: f64,
        /// Pixels down.
        height: f64,
        /// Most pixels a side.
        most: u32,
    },
    /// A library that encodes refused.
    #[error("cannot write {output}: {why}")]
    Encode {
        /// Name of the output's row.
        output: &'static str,
        /// What the encoder said.
        why: String,
    },
}
