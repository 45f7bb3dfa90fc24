//! What can go wrong between numbers and a scene.

/// An option that is not understood, or a chart that cannot show what it was given.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ChartError {
    /// A value of an option that cannot be read.
    #[error("{option} {value:?}: {expected}")]
    Option {
        /// The option, as the command line spells it.
        option: &'static str,
        /// What was given.
        value: String,
        /// What would be right.
        expected: String,
    },
    /// The chart cannot show this.
    #[error("the {chart} chart cannot show {what}: {why}")]
    Unfit {
        /// Name of the chart's row.
        chart: &'static str,
        /// What it was given.
        what: String,
        /// Why not, and what could.
        why: String,
    },
    /// The page is too small to draw on.
    #[error("a page of {width:.0} x {height:.0} points has no room for the {chart} chart")]
    NoRoom {
        /// Name of the chart's row.
        chart: &'static str,
        /// Width asked for, points.
        width: f64,
        /// Height asked for, points.
        height: f64,
    },
}

impl ChartError {
    /// What to do about it, where the message does not say it.
    pub fn help(&self) -> Option<&'static str> {
        match self {
            ChartError::NoRoom { .. } => Some("ask for a larger --size"),
            _ => None,
        }
    }

    pub(crate) fn option(option: &'static str, value: &str, expected: impl Into<String>) -> Self {
        ChartError::Option { option, value: value.to_owned(), expected: expected.into() }
    }
}
