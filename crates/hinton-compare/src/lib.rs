//! Two checkpoints, matched tensor by tensor and measured in one pass.
//!
//! No charts, no outputs and no files here: tensors come as lazy views and are read in stripes.
//!
//! Internal to `hinton`: this crate may change without notice.
#![forbid(unsafe_code)]

mod adapter;
mod align;
mod difference;
mod matching;
mod measure;
mod noise;

pub use adapter::{LowRankPair, adapted, low_rank_pairs};
pub use align::{Aligned, Alignment, align};
pub use difference::difference;
pub use matching::{Change, Found, Match, Matching, Rule, Unlike, match_tensors};
pub use measure::{
    Bin, Histogram, JOINT, Joint, Largest, Line, Lines, MOST_COLUMNS, MOST_ROWS, Measured,
    Measures, Odd, Sample, measure, relative_error,
};
pub use noise::{Noise, noise};
