//! Pictures of neural networks: turns the tensors of any weights file into charts.
//!
//! Open a file, select tensors, draw them, save the picture:
//!
//! ```
//! # let folder = std::env::temp_dir().join(format!("hinton-doc-{}", std::process::id()));
//! # std::fs::create_dir_all(&folder)?;
//! # let (model, picture_path) = (folder.join("digits.safetensors"), folder.join("weight.png"));
//! # hinton::export(hinton::train::digits("softmax", 1)?.tensors, &model)?;
//! use hinton::{DrawRequest, draw, open, save, select};
//!
//! let file = open(model)?;
//! let picture = draw(select(&file, &["weight"])?, &DrawRequest::chart("heatmap"))?;
//! save(&picture, picture_path)?;
//! # std::fs::remove_dir_all(&folder)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! - [`open`] reads the headers of a file, but no values: safetensors, PyTorch, numpy, pickles,
//!   CSV, IDX …
//! - [`select`] picks tensors by name, glob and slice; [`tensor`] and [`tensor_of`] make them from
//!   arrays and slices in memory.
//! - [`draw`] lays them out by their shape, or as a [`DrawRequest`] says.
//! - [`save`] writes PNG, SVG or PDF, by the file's extension. A file is either written completely
//!   or not at all.
//! - [`inspect`](mod@inspect) and [`export`](mod@export) give statistics and the values themselves.
//!
//! The library prints nothing and reads neither the environment nor the clock. The same input gives
//! the same bytes.
#![forbid(unsafe_code)]

pub mod demo;
pub mod train;

/// What a network does to space: points after every step, each keeping its colour.
pub mod space {
    pub use hinton_draw::space::SpaceRequest;
    pub use hinton_space::*;
}

/// How points in space are drawn.
pub use hinton_chart::space as space_chart;
pub use hinton_chart::{
    Annotate, CHARTS, ChartError, ChartRow, ColorScale, Colormap, Kind as ColormapKind, Labels,
    Length, Look, NumberFormat, Numbering, Options, PRESETS, PageSize, PresetRow, Range, ScaleKind,
    Theme, ThemeName, colormaps, shape_text, short, short_count,
};
pub use hinton_diff as diff;
pub use hinton_draw::{
    AnimateRequest, DrawRequest, Each, Film, Order, OrderBy, PanelScale, Permute, Reshape,
    RunRequest, SETTINGS, animate, animate_with, arrange, draw, draw_arrangement, draw_panels,
    draw_runs, draw_runs_with, draw_with, runs, settings,
};
pub use hinton_format::{
    Cancel, Checkpoint, DEQUANTISED, Error as FormatError, ErrorKind, FORMATS, FormatRow, Limits,
    Warning,
};
pub use hinton_picture::{
    CountedWatch, FilmSettings, Picture, Pixels, Playable, Poster, film_bytes, film_output_for,
    film_output_named, film_pictures, fonts, frame_rate, is_whole_webp, output_for, output_named,
    pixels, render, save, save_film, save_film_counted, save_with,
};
pub use hinton_render::films::{
    FILMS, FilmError, FilmReport, FilmRow, FilmWriter, FrameSource, RawPicture,
};
pub use hinton_render::{
    Graphics, OUTPUTS, OutputRow, RenderError, RenderOptions, TerminalOptions,
};
pub use hinton_run::{
    NewStep, NewTensor, Run, RunKind, RunOptions, RunTensor, RunWriter, Step as RunStep, is_pace,
    is_run_folder, open_run_watched, run_of,
};
pub use hinton_scene::{
    Color, Coverage, FontFile, FontSource, Scene, Typeface, coverage, set_font_source, visible,
};
pub use hinton_tensor::{
    Bytes, Cancelled, Dtype, Endian, Fold, Memory, Progress, Quiet, ReadError, ReadErrorKind,
    Slice, Summary, Tensor, TensorError, View, Work, summarize, threads,
};

pub use hinton_weights::{
    AxisNames, Element, Error, Fault, NamesOf, Selected, check, export, folders_in, inspect,
    is_address, is_file, is_folder, is_glob, make_folder, names_beside, names_of_table, open,
    open_at, open_bytes, open_log, open_logs, open_run, open_with, select, select_from, summary,
    tensor, tensor_of, weights_in, write_by, write_bytes,
};

/// The state of a file on disk, to detect whether it has changed.
pub use hinton_format::source::{FileState, file_state};

/// Sources of files other than the disk: in memory, in an archive, or in a store that you provide.
pub mod source {
    pub use hinton_format::source::file::Entry;
    pub use hinton_format::source::{Folder, Location};
}

/// Tiles of a matrix at levels of detail, as a map in a viewer asks for them: from the values, or
/// from a [`Pyramid`](tiles::Pyramid) that caches coarse cells. `examples/tiles.rs` serves them from
/// a file in memory.
///
/// ```
/// use hinton::tiles::{Pyramid, Tiling};
/// use hinton::{Fold, Work, tensor_of};
///
/// let values: Vec<f32> = (0..512 * 512).map(|index| index as f32).collect();
/// let matrix = tensor_of("w", &[512, 512], &values)?;
/// let (pyramid, summary) = Pyramid::build(&matrix, 100_000, Work::quiet())?;
/// // At level 4 a cell is a block of 16 by 16 values: one tile has all of it.
/// assert_eq!(Tiling::new(512, 512).tiles((4, 4)), (1, 1));
/// let grid = pyramid.tile((4, 4), 0, 0, Fold::Max).expect("the only tile");
/// assert_eq!((grid.rows, grid.cols, grid.values[0]), (32, 32, 15.0 * 512.0 + 15.0));
/// assert_eq!(summary.max(), Some(262_143.0));
/// # Ok::<(), hinton::Error>(())
/// ```
pub mod tiles {
    pub use hinton_tensor::{Grid, Levels, Pyramid, TILE, TileRequest, Tiling, Window, tile};
}
