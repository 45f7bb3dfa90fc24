//! What can go wrong with a network.

use crate::Shape;

/// Why a network cannot be made or used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum NetError {
    /// A spec that cannot be understood.
    #[error("model {spec:?}: {why}")]
    Spec {
        /// The whole spec.
        spec: String,
        /// Which word, what is wrong, what was expected.
        why: String,
        /// What to write instead.
        help: String,
    },
    /// A step that does not fit the one before it.
    #[error("step {step} ({layer}): it takes {expected}, but comes after {found}")]
    Chain {
        /// Name of the step.
        step: String,
        /// The layer.
        layer: String,
        /// What it takes.
        expected: String,
        /// What it is given.
        found: String,
    },
    /// A network that is too large to be looked at.
    #[error("step {step} ({layer}): {what}")]
    Limit {
        /// Name of the step.
        step: String,
        /// The layer.
        layer: String,
        /// How large it would be, and the limit.
        what: String,
    },
    /// Points that the network does not take.
    #[error("{found} values are no whole number of points: this network takes {}", expected.takes())]
    Points {
        /// What the network takes.
        expected: Shape,
        /// How many values there are.
        found: usize,
    },
    /// A parameter that does not exist, or has another shape.
    #[error("parameter {name:?}: expected {expected}, found {found}")]
    Parameter {
        /// Its name.
        name: String,
        /// The shape it has, or the names there are.
        expected: String,
        /// What was given.
        found: String,
    },
    /// An option whose value makes no sense.
    #[error("{option} {value:?}: {why}")]
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
    /// What to do about it, where more can be said than the message does.
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
