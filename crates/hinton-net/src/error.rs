//! Errors of networks.

use crate::Shape;

/// Why a network cannot be built or used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum NetError {
    /// A spec cannot be understood.
    #[error("model {spec:?}: {why}")]
    Spec {
        /// The whole spec.
        spec: String,
        /// Which word, what is wrong, and what was expected.
        why: String,
        /// What to write instead.
        help: String,
    },
    /// A step does not fit the one before it.
    #[error("step {step} ({layer}): it takes {expected}, but comes after {found}")]
    Chain {
        /// Name of the step.
        step: String,
        /// The layer.
        layer: String,
        /// The shape that it takes.
        expected: String,
        /// The shape that it is given.
        found: String,
    },
    /// The network is too large to be shown.
    #[error("step {step} ({layer}): {what}")]
    Limit {
        /// Name of the step.
        step: String,
        /// The layer.
        layer: String,
        /// How large it would be, and the limit.
        what: String,
    },
    /// The points do not fit the network.
    #[error("{found} values are not a whole number of points: this network takes {}", expected.takes())]
    Points {
        /// What the network takes.
        expected: Shape,
        /// Number of values that were given.
        found: usize,
    },
    /// A parameter does not exist, or has another shape.
    #[error("parameter {name:?}: expected {expected}, found {found}")]
    Parameter {
        /// Its name.
        name: String,
        /// The shape it has, or the existing names.
        expected: String,
        /// What was given.
        found: String,
    },
    /// The value of an option makes no sense.
    #[error("`{option}` {value:?}: {why}")]
    Option {
        /// The option.
        option: &'static str,
        /// What was given.
        value: String,
        /// What was expected.
        why: String,
    },
}

impl NetError {
    /// What to do about it, if there is more to say than the message does.
    pub fn help(&self) -> Option<&str> {
        match self {
            NetError::Spec { help, .. } => Some(help).filter(|help| !help.is_empty()).map(|h| &**h),
            NetError::Chain { .. } => {
                Some("each step takes as many values as the one before gives")
            }
            _ => None,
        }
    }
}
