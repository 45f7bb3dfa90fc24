//! How a picture is drawn: the same words on the command line, in Rust and in a saved view.

use std::str::FromStr;
use std::sync::Arc;

use hinton_scene::{Color, Rect, Typeface};
use hinton_tensor::{Fold, Summary};

use crate::{ChartError, Colormap, NumberFormat, PageSize, Span, ThemeName};

/// Everything a person can say about a picture. `Default` is what is drawn when nothing is said.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Options {
    /// Colour map; `None` is our diverging map, or greys for pictures of bytes.
    pub cmap: Option<Colormap>,
    /// Which values the colours span; `None` chooses: all cells, or 99.5 % of them where the largest
    /// are more than twice as large as those; around zero where the map has a middle.
    pub range: Option<Range>,
    /// How values spread over the colours.
    pub scale: ScaleKind,
    /// The value that has the middle colour of a map with a middle; `None` is zero.
    pub center: Option<f64>,
    /// Magnitude below which [`ScaleKind::Symlog`] is linear; `None` is a thousandth of the largest.
    pub symlog_threshold: Option<f64>,
    /// Values written into the cells.
    pub annotate: Annotate,
    /// Labels of rows.
    pub row_labels: Labels,
    /// Labels of columns.
    pub col_labels: Labels,
    /// Title; `None` names the tensor, an empty one leaves it out.
    pub title: Option<String>,
    /// Name of the axis along x, or of the columns; `None` is the chart's own.
    pub x_label: Option<String>,
    /// Name of the axis along y, or of the rows; `None` is the chart's own.
    pub y_label: Option<String>,
    /// Title of the colour bar; `None` is none.
    pub legend_title: Option<String>,
    /// Columns of tiles or facets.
    pub columns: Option<usize>,
    /// Magnitude that fills a cell of a Hinton diagram; `None` is the next power of two.
    pub max_weight: Option<f64>,
    /// Whether the root mean square of each row and column is drawn along the edges (heat map);
    /// `None` does so for one large matrix where the page has the room.
    pub margins: Option<bool>,
    /// How values become one cell when values outnumber pixels; `None` lets the chart choose.
    pub reduce: Option<Fold>,
    /// Whether there is a legend; `None` is yes.
    pub legend: Option<bool>,
    /// Page size; `None` is what the chart needs.
    pub size: Option<PageSize>,
    /// Pixels to the inch.
    pub dpi: f64,
    /// Colours of page and type.
    pub theme: ThemeName,
    /// Size of labels and numbers, points; titles and margins follow. `None` goes by the page.
    pub font_size: Option<f64>,
    /// Font of all text; `None` is the embedded one.
    pub font: Option<Typeface>,
    /// Width of the lines of curves, points.
    pub line_width: Option<f64>,
    /// A logarithmic axis: of counts (histogram), of values (curve).
    pub log_counts: bool,
    /// A logarithmic axis of places (curve).
    pub log_x: bool,
    /// Points that each point of a smoothed line is the mean of, at least 2 (curve); `None` smooths
    /// nothing.
    pub smooth: Option<usize>,
    /// The only figure that is drawn (profile), one of [`MEASURES`](crate::MEASURES); `None` draws
    /// all that there are.
    pub measure: Option<&'static str>,
    /// Of what the shares are that a confusion matrix shows.
    pub shares_of: SharesOf,
    /// Number of bins (histogram).
    pub bins: Option<usize>,
    /// Notes written under the picture, before the chart's own.
    pub notes: Vec<String>,
    /// Statistics over everything that is shown beside this picture, such as all steps of a run:
    /// colours, legend, figures and the room for values follow them, so that all of these pictures
    /// have one scale and one layout. `None` takes the picture's own.
    pub over: Option<Arc<Summary>>,
    /// What the cells span over everything that is shown beside this picture: with it all of these
    /// pictures have one scale. `None` takes the picture's own.
    pub over_cells: Option<Span>,
    /// With `over`: colours and squares still follow each picture's own values.
    pub own_range: bool,
    /// Least and largest height of a histogram's axis of counts (of shares, where there are several
    /// tensors); `None` takes the picture's own.
    pub count_axis: Option<(f64, f64)>,
    /// Most colours of the map that are used, at least 2; `None` uses all.
    pub levels: Option<usize>,
    /// Details that presets set.
    pub look: Look,
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

/// Details of drawing that reproduce the pictures people know. Lengths are in points unless said.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Look {
    /// Where the data area lies, as shares (0 to 1) of the page: x, y, width, height; `None` leaves
    /// room for labels and centres the rest.
    pub area: Option<Rect>,
    /// Ground, positive and negative colour of a Hinton diagram.
    pub hinton_colors: Option<[Color; 3]>,
    /// How much larger than the formula each Hinton square is drawn, in all (an edge line of its
    /// own colour does that).
    pub square_growth: f64,
    /// Whether Hinton squares end at their cell.
    pub clip_squares: bool,
    /// Space around the outermost squares of a Hinton diagram, as a share of their extent;
    /// `None` is a narrow border.
    pub data_margin: Option<f64>,
    /// White space around everything.
    pub margin: Option<f64>,
    /// A frame around each data area: colour and width.
    pub frame: Option<(Color, f64)>,
    /// Lines between the cells of a heat map: width, in the page's colour.
    pub cell_gap: f64,
    /// Clockwise turn of column labels, degrees; `None` turns them only when they would touch.
    pub col_label_turn: Option<f64>,
    /// Short lines between labels and cells.
    pub label_ticks: bool,
    /// Font size of labels.
    pub label_size: Option<f64>,
    /// Label of each tile, `{}` is its number.
    pub tile_label: Option<String>,
    /// Space between tiles, as a share of a tile.
    pub tile_gap: Option<f64>,
    /// Frames where the last row of tiles has none.
    pub empty_tiles: bool,
    /// Least width of a letter of titles and notes, points, where all letters will have one width, as
    /// in a terminal: lines break by it.
    pub letter_width: Option<f64>,
    /// Whether zero is the middle of a diverging map. Without it the middle of the map is the
    /// middle of the range, and what is shown as white is not zero.
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

/// Which values the colours span.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Range {
    /// From the smallest to the largest cell.
    Data,
    /// From the 1 % to the 99 % quantile of the cells (around zero for diverging maps).
    Robust,
    /// From −max|w| to max|w| of the cells.
    Symmetric,
    /// As given.
    Fixed(f64, f64),
}

impl FromStr for Range {
    type Err = ChartError;

    fn from_str(text: &str) -> Result<Self, ChartError> {
        let expected = "expected MIN..MAX (such as -0.5..0.5), data, robust or symmetric";
        let error = || ChartError::option("--range", text, expected);
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

/// How values spread over the colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ScaleKind {
    /// Evenly.
    #[default]
    Linear,
    /// By the logarithm of the magnitude, linear within a thousandth of the largest.
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
            _ => Err(ChartError::option("--scale", text, "expected linear, symlog or sqrt")),
        }
    }
}

/// Of what shares in a confusion matrix are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum SharesOf {
    /// Of the examples of a class: the diagonal is the recall. Counts are written.
    #[default]
    Row,
    /// Of what was taken for a class: the diagonal is the precision.
    Column,
    /// Of all examples.
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
            _ => Err(ChartError::option("--shares", text, "expected row, column or all")),
        }
    }
}

/// Values written into the cells.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Annotate {
    /// Where there is room for three digits.
    #[default]
    Auto,
    /// Never.
    Off,
    /// Always, three significant digits, fewer where there is less room.
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

/// Labels of rows or columns.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Labels {
    /// Numbers where they fit: 0, 10, 20 …
    #[default]
    Auto,
    /// None.
    Off,
    /// A pattern for each; `{}` is its number.
    Pattern(String),
    /// One text each.
    List(Vec<String>),
}

impl Labels {
    /// The label of position `at`; `None` where there is none.
    pub fn get(&self, at: usize) -> Option<String> {
        match self {
            Labels::Auto | Labels::Off => None,
            Labels::Pattern(pattern) => Some(pattern.replace("{}", &at.to_string())),
            Labels::List(list) => list.get(at).cloned(),
        }
    }
}
