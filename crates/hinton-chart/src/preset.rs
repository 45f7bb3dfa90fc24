//! Presets: reproductions of well-known pictures.

use hinton_scene::{Color, Rect};

use crate::{Annotate, ChartError, Colormap, Labels, Length, Options, PageSize, Range};

/// A preset, which reproduces a well-known picture.
pub struct PresetRow {
    /// Its name.
    pub name: &'static str,
    /// A description in one line.
    pub about: &'static str,
    /// A description in a paragraph: the original, what is the same, and what differs on purpose.
    pub help: &'static str,
    /// The chart it draws.
    pub chart: &'static str,
    /// Whether the original draws the matrix transposed.
    pub transpose: bool,
    /// Whether the original states the smallest and the largest value.
    pub says_range: bool,
    /// Sets the options; options that the user gives are applied afterwards.
    pub apply: fn(&mut Options),
}

/// Every preset.
pub const PRESETS: &[PresetRow] = &[
    PresetRow {
        name: "matplotlib-hinton",
        about: "matplotlib's gallery example of a Hinton diagram",
        help: "The picture of matplotlib's hinton_demo.py, 640 x 480 pixels at 100 dpi: grey ground, \
               white and black squares of side sqrt(|w| / max_weight) with an edge line of their own \
               colour, 5 % margins, and the matrix transposed (the row index runs along x), as the \
               original has it. Squares are not clipped and nothing is written.",
        chart: "hinton",
        transpose: true,
        says_range: false,
        apply: matplotlib_hinton,
    },
    PresetRow {
        name: "mnist-weights",
        about: "the weights of a softmax classifier, one picture per class",
        help: "The twelve axes of the tutorials on softmax regression: ten pictures of 28 x 28 in a \
               3 x 4 grid, `Weights: i` under each, two frames left empty, colour map seismic over \
               one range from the smallest to the largest weight. In this picture white is the middle \
               of the range and not zero; without the preset white is zero.",
        chart: "tiles",
        transpose: false,
        says_range: true,
        apply: mnist_weights,
    },
    PresetRow {
        name: "matplotlib-heatmap",
        about: "the annotated heat map of matplotlib's gallery, as used for layers that learn",
        help: "15 x 10 inches at 100 dpi, colour map YlGn over 0..0.05, nine decimals in each cell, rows \
               named embed_dim_i and columns orig_dim_j above, turned by -30 degrees, white lines of 3 \
               points between the cells. Differs from the original on purpose: text is black or white \
               by contrast with the cell's colour, and smaller where nine decimals do not fit.",
        chart: "heatmap",
        transpose: false,
        says_range: false,
        apply: matplotlib_heatmap,
    },
];

/// The preset with this name.
///
/// # Errors
/// Returns [`ChartError::Option`] if there is none; it lists the known ones.
pub fn preset(name: &str) -> Result<&'static PresetRow, ChartError> {
    PRESETS.iter().find(|preset| preset.name == name).ok_or_else(|| {
        let names: Vec<&str> = PRESETS.iter().map(|preset| preset.name).collect();
        ChartError::option("preset", name, format!("expected one of {}", names.join(", ")))
    })
}

/// The area of one set of axes on matplotlib's default page, as shares of the page.
const MATPLOTLIB_AREA: Rect = Rect::new(0.125, 0.12, 0.775, 0.77);

fn pixels(width: f64, height: f64) -> Option<PageSize> {
    Some(PageSize { width: Length::Pixels(width), height: Some(Length::Pixels(height)) })
}

fn bare(options: &mut Options) {
    options.dpi = 100.0;
    options.title = Some(String::new());
    options.legend = Some(false);
    options.row_labels = Labels::Off;
    options.col_labels = Labels::Off;
    options.annotate = Annotate::Off;
}

fn matplotlib_hinton(options: &mut Options) {
    bare(options);
    options.size = pixels(640.0, 480.0);
    let look = &mut options.look;
    look.area = Some(MATPLOTLIB_AREA);
    look.hinton_colors = Some([Color::rgb(0x808080), Color::WHITE, Color::BLACK]);
    look.square_growth = 1.0;
    look.clip_squares = false;
    look.data_margin = Some(0.05);
    look.frame = Some((Color::BLACK, 0.8));
}

fn mnist_weights(options: &mut Options) {
    bare(options);
    options.size = pixels(640.0, 480.0);
    options.cmap = Colormap::named("seismic");
    options.range = Some(Range::Data);
    options.columns = Some(4);
    let look = &mut options.look;
    look.area = Some(MATPLOTLIB_AREA);
    look.tile_label = Some("Weights: {}".to_owned());
    look.tile_gap = Some(0.3);
    look.frame = Some((Color::BLACK, 0.8));
    look.label_size = Some(10.0);
    look.empty_tiles = true;
    look.zero_is_middle = false;
}

fn matplotlib_heatmap(options: &mut Options) {
    bare(options);
    options.size = pixels(1500.0, 1000.0);
    options.cmap = Colormap::named("YlGn");
    options.range = Some(Range::Fixed(0.0, 0.05));
    options.row_labels = Labels::Pattern("embed_dim_{}".to_owned());
    options.col_labels = Labels::Pattern("orig_dim_{}".to_owned());
    options.annotate = "{:.9f}".parse().unwrap_or(Annotate::On);
    let look = &mut options.look;
    look.margin = Some(10.8);
    look.cell_gap = 3.0;
    look.col_label_turn = Some(30.0);
    look.label_ticks = true;
    look.label_size = Some(10.0);
}
