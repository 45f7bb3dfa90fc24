//! The shape of the values between two steps.

use std::fmt;

/// The shape of a row of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// This number of values.
    Flat(usize),
    /// A picture: channel after channel, each row-major.
    Image {
        /// Number of channels.
        channels: usize,
        /// Number of rows of a channel.
        height: usize,
        /// Number of columns of a channel.
        width: usize,
    },
}

impl Shape {
    /// Number of values in a row.
    pub fn width(&self) -> usize {
        match *self {
            Shape::Flat(width) => width,
            Shape::Image { channels, height, width } => channels * height * width,
        }
    }

    /// What a layer with this input shape takes, in words.
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
