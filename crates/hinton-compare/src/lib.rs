//! Compares two checkpoints: matches their tensors, and measures each pair in one pass.
//!
//! This crate knows no charts, outputs or files: tensors are lazy views and are read in stripes.
//!
//! Internal to `hinton`: this crate may change without notice.
#![forbid(unsafe_code)]

mod adapter;
mod align;
mod blocks;
mod difference;
mod matching;
mod measure;
mod noise;
mod offers;

pub use adapter::{LowRankPair, adapted, low_rank_pairs};
pub use align::{Aligned, Alignment, align};
pub use blocks::{BlockErrors, block_errors, block_length};
pub use difference::difference;
pub use matching::{
    Change, Found, Heads, Match, Matching, Rule, Unlike, canonical, match_tensors, match_tensors_of,
};
pub use measure::{
    Bin, Histogram, JOINT, Joint, Largest, Line, Lines, MOST_COLUMNS, MOST_ROWS, Measured,
    Measures, Odd, Sample, measure, measure_as, relative_error,
};
pub use noise::{Noise, noise};
pub use offers::{Offer, offers};
