//! The charts of `hinton`: turns numbers into scenes.
//!
//! A chart never sees a file. It gets [`Panel`]s (matrices no larger than the page, with their
//! statistics) and [`Options`], and returns a [`Scene`](hinton_scene::Scene) in which every
//! position and colour is resolved. Each chart is one file in `charts/` and one row in [`CHARTS`].
//!
//! Internal to `hinton`: this crate may change without notice.
#![forbid(unsafe_code)]

mod alike;
mod axes;
mod cells;
mod colorbar;
mod colormap;
mod dash;
mod distinct;
mod end_labels;
mod figure;
mod frame;
mod labels;
mod math;
mod number;
mod options;
mod panel;
mod preset;
mod scale;
mod sections;
mod sheet;
mod size;
mod smooth;
mod span;
mod steps;
mod theme;
mod ticks;
mod timeline;
mod words;
mod zoom;

pub mod change;
pub mod charts;
pub mod model_map;
pub mod space;

pub use charts::{CHARTS, ChartRow, Lays, MEASURES, MeasureRow, Need, measure};
pub use colormap::{Colormap, Kind, colormaps};
pub use figure::{letter_height, lettered, letters};
pub use hinton_words::{ChartError, Numbering, Sections, shape_text, short, short_count};
pub use number::NumberFormat;
pub use options::{Annotate, Labels, Look, Options, Range, ScaleKind, SharesOf, share_cells};
pub use panel::{Course, Extent, Measures, Panel, Picture, Spread};
pub use preset::{PRESETS, PresetRow, preset};
pub use scale::ColorScale;
pub use sheet::{Sheet, SheetPart};
pub use size::{Length, PageSize};
pub use span::{Span, is_on_offset};
pub use steps::{Steps, TwoWaySteps};
pub use theme::{Theme, ThemeName};
pub use timeline::{MetricLine, Timeline};
pub use words::counted;
