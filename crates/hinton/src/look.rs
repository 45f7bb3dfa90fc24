//! Step 3, how a picture looks: charts, colours, ranges, sizes, themes and presets.
//!
//! A [`DrawRequest`](crate::DrawRequest) has a chart (a row of [`CHARTS`]) and [`Options`]. Set
//! options as fields, by name with [`set`](crate::DrawRequest::set) (see
//! [`settings`](crate::settings)), or all at once with a preset (a row of [`PRESETS`]).
//!
//! ```
//! use hinton::look::{CHARTS, Colormap, ThemeName};
//! use hinton::{DrawRequest, draw, tensor_of};
//!
//! let weights = tensor_of("w", &[2, 2], &[1.0_f32, -2.0, 0.5, 4.0])?;
//! let mut request = DrawRequest::chart("heatmap");
//! request.options.cmap = Colormap::named("viridis");
//! request.options.theme = ThemeName::Dark;
//! let picture = draw([weights], &request)?;
//! assert!(picture.scene.width > 0.0);
//! assert!(CHARTS.iter().any(|chart| chart.name == "hinton"));
//! # Ok::<(), hinton::Error>(())
//! ```

pub use hinton_chart::{
    Annotate, CHARTS, ChartRow, Colormap, Kind as ColormapKind, Labels, Length, Look, NumberFormat,
    Numbering, Options, PRESETS, PageSize, PresetRow, Range, ScaleKind, SharesOf, Theme, ThemeName,
    colormaps,
};
pub use hinton_scene::{Color, Rect};
