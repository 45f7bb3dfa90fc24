//! Options of pictures, with the same names on the command line, in Rust and in saved views.

use std::str::FromStr;
use std::sync::Arc;

use hinton_scene::{Color, Rect, Typeface};
use hinton_tensor::{Fold, Summary};

use crate::{ChartError, Colormap, NumberFormat, PageSize, Span, ThemeName};

/// The options of a picture. `Default` is what is drawn without any options.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Options {
    /// The colour map; `None` is hinton's diverging map, or greys for pictures of bytes.
    pub cmap: Option<Colormap>,
    /// The values that the colours span. `None` chooses: all cells, or 99.5 % of them if the
    /// largest are more than twice as large as those; symmetric around zero if the map has a
    /// middle.
    pub range: Option<Range>,
    /// How values are distributed over the colours.
    pub scale: ScaleKind,
    /// The value with the middle colour of a diverging map; `None` is zero.
    pub center: Option<f64>,
    /// The magnitude below which [`ScaleKind::Symlog`] is linear; `None` is a thousandth of the
    /// largest.
    pub symlog_threshold: Option<f64>,
    /// Whether values are written into the cells.
    pub annotate: Annotate,
    /// Labels of rows.
    pub row_labels: Labels,
    /// Labels of columns.
    pub col_labels: Labels,
    /// The title; `None` is the tensor's name, an empty text omits it.
    pub title: Option<String>,
    /// The label of the x axis, or of the columns; `None` is the chart's default.
    pub x_label: Option<String>,
    /// The label of the y axis, or of the rows; `None` is the chart's default.
    pub y_label: Option<String>,
    /// The title of the colour bar; `None` omits it.
    pub legend_title: Option<String>,
    /// Number of columns of tiles or facets.
    pub columns: Option<usize>,
    /// The magnitude whose square fills its cell in a Hinton diagram; `None` is the next power of
    /// two.
    pub max_weight: Option<f64>,
    /// Whether the root mean square of each row and column is drawn along the edges (heat map).
    /// `None` does so for a single large matrix, if the page has room.
    pub margins: Option<bool>,
    /// How several values become one cell if there are more values than pixels; `None` is the
    /// chart's choice.
    pub reduce: Option<Fold>,
    /// Whether there is a legend; `None` means yes.
    pub legend: Option<bool>,
    /// The page size; `None` is the size that the chart needs.
    pub size: Option<PageSize>,
    /// The resolution in pixels per inch.
    pub dpi: f64,
    /// The colours of page and text.
    pub theme: ThemeName,
    /// The size of labels and numbers in points; titles and margins scale with it. `None` depends
    /// on the page.
    pub font_size: Option<f64>,
    /// The font of all text; `None` is the embedded font.
    pub font: Option<Typeface>,
    /// The width of the lines of curves, in points.
    pub line_width: Option<f64>,
    /// Whether an axis is logarithmic: that of counts (histogram), or that of values (curve).
    pub log_counts: bool,
    /// Whether the horizontal axis is logarithmic (curve).
    pub log_x: bool,
    /// Number of points that each point of a smoothed line averages, at least 2 (curve); `None`
    /// does not smooth.
    pub smooth: Option<usize>,
    /// The single measure that is drawn (profile), one of [`MEASURES`](crate::MEASURES); `None`
    /// draws all that are available.
    pub measure: Option<&'static str>,
    /// What the shares in a confusion matrix are shares of.
    pub shares_of: SharesOf,
    /// Number of bins (histogram).
    pub bins: Option<usize>,
    /// Notes written under the picture, before the chart's own.
    pub notes: Vec<String>,
    /// Statistics over all pictures that are shown next to this one, such as all steps of a run.
    /// Colours, legend, numbers and the space for values follow them, so that all these pictures
    /// have one scale and one layout. `None` uses the picture's own.
    pub over: Option<Arc<Summary>>,
    /// The span of the cells of all pictures that are shown next to this one, so that they have one
    /// scale. `None` uses the picture's own.
    pub(crate) over_cells: Option<Span>,
    /// With `over`: whether colours and squares follow each picture's own values all the same.
    pub own_range: bool,
    /// The lower and upper end of a histogram's axis of counts (of shares, if there are several
    /// tensors); `None` uses the picture's own.
    pub count_axis: Option<(f64, f64)>,
    /// The maximum number of colours of the map that are used, at least 2; `None` uses all.
    pub levels: Option<usize>,
    /// Details that presets set.
    pub look: Look,
}

/// Gives a picture the span of the cells of all pictures that are shown next to it, so that they have
/// one scale.
pub fn share_cells(options: &mut Options, span: Span) {
    options.over_cells = Some(span);
}

impl Default for Options {
    fn default() -> Self {
        Options {
            cmap: None,
            range: None,
            scale: ScaleKind::Linear,
            center: None,
            symlog_threshold: None,
            annotate: Annotate::Auto,
            row_labels: Labels::Auto,
            col_labels: Labels::Auto,
            title: None,
            x_label: None,
            y_label: None,
            legend_title: None,
            columns: None,
            max_weight: None,
            margins: None,
            reduce: None,
            legend: None,
            size: None,
            dpi: 144.0,
            theme: ThemeName::Light,
            font_size: None,
            font: None,
            line_width: None,
            log_counts: false,
            log_x: false,
            smooth: None,
            measure: None,
            shares_of: SharesOf::Row,
            bins: None,
            notes: Vec::new(),
            over: None,
            over_cells: None,
            own_range: false,
            count_axis: None,
            levels: None,
            look: Look::default(),
        }
    }
}

/// Details of drawing that presets use to reproduce well-known pictures. Lengths are in points.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Look {
    /// The data area as shares (0 to 1) of the page: x, y, width, height. `None` leaves room for
    /// labels and centres the rest.
    pub area: Option<Rect>,
    /// The background, positive and negative colours of a Hinton diagram.
    pub hinton_colors: Option<[Color; 3]>,
    /// By how much each Hinton square is larger than the formula says, in total (an edge line of
    /// its own colour has this effect).
    pub square_growth: f64,
    /// Whether Hinton squares are clipped to their cells.
    pub clip_squares: bool,
    /// Space around the outermost squares of a Hinton diagram, as a share of their extent; `None`
    /// is a narrow border.
    pub data_margin: Option<f64>,
    /// Empty space around everything.
    pub margin: Option<f64>,
    /// A frame around each data area: its colour and width.
    pub frame: Option<(Color, f64)>,
    /// The width of lines between the cells of a heat map, in the page's colour.
    pub cell_gap: f64,
    /// Clockwise rotation of column labels in degrees; `None` rotates them only if they would
    /// touch.
    pub col_label_turn: Option<f64>,
    /// Whether there are short lines between labels and cells.
    pub label_ticks: bool,
    /// The font size of labels.
    pub label_size: Option<f64>,
    /// The label of each tile, in which `{}` is its number.
    pub tile_label: Option<String>,
    /// The space between tiles, as a share of a tile.
    pub tile_gap: Option<f64>,
    /// Whether empty positions in the last row of tiles have frames.
    pub empty_tiles: bool,
    /// The minimum width of a letter of titles and notes in points, if all letters will have the
    /// same width, as in a terminal; lines break accordingly.
    pub letter_width: Option<f64>,
    /// Whether zero is the middle of a diverging map. If not, the middle of the map is the middle
    /// of the range, and white does not mean zero.
    pub zero_is_middle: bool,
}

impl Default for Look {
    fn default() -> Self {
        Look {
            area: None,
            hinton_colors: None,
            square_growth: 0.0,
            clip_squares: true,
            data_margin: None,
            margin: None,
            frame: None,
            cell_gap: 0.0,
            col_label_turn: None,
            label_ticks: false,
            label_size: None,
            tile_label: None,
            tile_gap: None,
            empty_tiles: false,
            letter_width: None,
            zero_is_middle: true,
        }
    }
}

/// The values that the colours span.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Range {
    /// From the smallest to the largest cell.
    Data,
    /// From the 1 % to the 99 % quantile of the cells (around zero for diverging maps).
    Robust,
    /// From −max|w| to max|w| of the cells.
    Symmetric,
    /// From the first to the second value.
    Fixed(f64, f64),
}

impl FromStr for Range {
    type Err = ChartError;

    fn from_str(text: &str) -> Result<Self, ChartError> {
        let expected = "expected MIN..MAX (such as -0.5..0.5), data, robust or symmetric";
        let error = || ChartError::option("range", text, expected);
        match text.trim().to_ascii_lowercase().as_str() {
            "data" => return Ok(Range::Data),
            "robust" => return Ok(Range::Robust),
            "symmetric" => return Ok(Range::Symmetric),
            _ => {}
        }
        let (low, high) = text.split_once("..").ok_or_else(error)?;
        let number = |text: &str| {
            text.trim()
                .replace('−', "-")
                .parse::<f64>()
                .ok()
                .filter(|n| n.is_finite())
                .ok_or_else(error)
        };
        let (low, high) = (number(low)?, number(high)?);
        if low < high { Ok(Range::Fixed(low, high)) } else { Err(error()) }
    }
}

/// How values are distributed over the colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ScaleKind {
    /// Evenly.
    #[default]
    Linear,
    /// By the logarithm of the magnitude, but linear below a thousandth of the largest.
    Symlog,
    /// By the square root of the magnitude.
    Sqrt,
}

impl FromStr for ScaleKind {
    type Err = ChartError;

    fn from_str(text: &str) -> Result<Self, ChartError> {
        match text.trim().to_ascii_lowercase().as_str() {
            "linear" => Ok(ScaleKind::Linear),
            "symlog" => Ok(ScaleKind::Symlog),
            "sqrt" => Ok(ScaleKind::Sqrt),
            _ => Err(ChartError::option("scale", text, "expected linear, symlog or sqrt")),
        }
    }
}

/// What the shares in a confusion matrix are shares of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum SharesOf {
    /// Shares of the examples of a class: the diagonal is the recall. Counts are shown too.
    #[default]
    Row,
    /// Shares of the predictions of a class: the diagonal is the precision.
    Column,
    /// Shares of all examples.
    All,
}

impl SharesOf {
    /// What they are shares of, for people.
    pub(crate) fn words(self) -> &'static str {
        match self {
            SharesOf::Row => "of each row",
            SharesOf::Column => "of each column",
            SharesOf::All => "of all",
        }
    }
}

impl FromStr for SharesOf {
    type Err = ChartError;

    fn from_str(text: &str) -> Result<Self, ChartError> {
        match text.trim().to_ascii_lowercase().as_str() {
            "row" => Ok(SharesOf::Row),
            "column" => Ok(SharesOf::Column),
            "all" => Ok(SharesOf::All),
            _ => Err(ChartError::option("shares", text, "expected row, column or all")),
        }
    }
}

/// Whether values are written into the cells.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Annotate {
    /// If there is room for three digits.
    #[default]
    Auto,
    /// Never.
    Off,
    /// Always, with three significant digits, or fewer if there is less room.
    On,
    /// Always, in this format.
    As(NumberFormat),
}

impl FromStr for Annotate {
    type Err = ChartError;

    fn from_str(text: &str) -> Result<Self, ChartError> {
        match text {
            "" | "on" | "yes" => Ok(Annotate::On),
            "off" | "no" | "none" => Ok(Annotate::Off),
            "auto" => Ok(Annotate::Auto),
            format => Ok(Annotate::As(format.parse()?)),
        }
    }
}

/// The labels of rows or columns.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Labels {
    /// Numbers, as many as fit: 0, 10, 20 …
    #[default]
    Auto,
    /// None.
    Off,
    /// A pattern for each label, in which `{}` is its number.
    Pattern(String),
    /// One text per label.
    List(Vec<String>),
}

impl Labels {
    /// The label at index `at`; `None` if there is none.
    pub fn get(&self, at: usize) -> Option<String> {
        match self {
            Labels::Auto | Labels::Off => None,
            Labels::Pattern(pattern) => Some(pattern.replace("{}", &at.to_string())),
            Labels::List(list) => list.get(at).cloned(),
        }
    }
}
