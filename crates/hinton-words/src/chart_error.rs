//! Errors of drawing charts.

/// An option is not understood, or a chart cannot show what it was given.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ChartError {
    /// The value of an option is invalid.
    #[error("`{option}` {value:?}: {expected}")]
    Option {
        /// The name of the setting.
        option: &'static str,
        /// What was given.
        value: String,
        /// What would be valid.
        expected: String,
    },
    /// The chart cannot show this data.
    #[error("the {chart} chart cannot show {what}: {why}")]
    Unfit {
        /// Name of the chart's row.
        chart: &'static str,
        /// What it was given.
        what: String,
        /// Why not, and what chart or data would work.
        why: String,
    },
    /// The page is too small to draw on.
    #[error("a page of {width:.0} x {height:.0} points has no room for the {chart} chart")]
    NoRoom {
        /// Name of the chart's row.
        chart: &'static str,
        /// Requested width in points.
        width: f64,
        /// Requested height in points.
        height: f64,
    },
}

impl ChartError {
    /// What to do about it, if the message does not say so.
    pub fn help(&self) -> Option<&'static str> {
        match self {
            ChartError::NoRoom { .. } => Some("ask for a larger `size`"),
            _ => None,
        }
    }

    /// An option whose value is invalid, and what would be valid.
    pub fn option(option: &'static str, value: &str, expected: impl Into<String>) -> Self {
        ChartError::Option { option, value: value.to_owned(), expected: expected.into() }
    }
}
