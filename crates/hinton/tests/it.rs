//! The tests of this crate from outside, in one binary: each file is a module.

mod animate;
mod arrange;
mod check;
mod check_blocks;
mod common;
mod diff;
mod diff_golden;
mod diff_minilm;
mod diff_pairs;
mod diff_statistics;
mod draw;
mod export;
mod export_stored;
mod film_golden;
mod gallery;
mod layouts;
mod order;
mod panels;
mod properties;
mod runs;
mod save;
mod select;
mod space;
mod space_html;
mod summary;
mod train;
