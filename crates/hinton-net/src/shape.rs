//! What flows between two steps: the meaning of a row of values.

use std::fmt;

/// The meaning of a row of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// So many values.
    Flat(usize),
    /// A picture of channels, one after another, each row-major.
    Image {
        /// How many channels.
        channels: usize,
        /// Rows of a channel.
        height: usize,
        /// Columns of a channel.
        width: usize,
    },
}

impl Shape {
    /// Values in a row.
    pub fn width(&self) -> usize {
        match *self {
            Shape::Flat(width) => width,
            Shape::Image { channels, height, width } => channels * height * width,
        }
    }

    /// What something that takes this shape takes, in words.
    pub fn takes(&self) -> String {
        match self {
            Shape::Flat(1) => "rows of 1 value".to_owned(),
            Shape::Flat(width) => format!("rows of {width} values"),
            Shape::Image { .. } => format!("pictures of {self}, rows of {} values", self.width()),
        }
    }
}

/// As in a spec: `784`, `1x28x28`.
impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Shape::Flat(width) => write!(f, "{width}"),
            Shape::Image { channels, height, width } => write!(f, "{channels}x{height}x{width}"),
        }
    }
}
