"""The keyword arguments of `draw` for type checkers: python/tools/keywords.py writes them from the table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypedDict

Value = str | float | bool | Sequence[str] | Sequence[float] | None


class Settings(TypedDict, total=False):
    """The settings of a picture. `None` is the default."""

    preset: Value
    """Start from a well-known picture"""
    chart: Value
    """The chart; by default chosen by the shape"""
    transpose: bool | None
    """Reverse the axes first"""
    permute: Value
    """Reorder the axes, such as 0,2,1"""
    reshape: Value
    """Reshape the values, such as to 28x28"""
    each: Value
    """One picture for each column, row or position of an axis"""
    order: Value
    """Sort rows or columns: rows, cols, both; :norm or :clustered"""
    cmap: Value
    """Colour map: matplotlib's names, NAME_r reverses"""
    range: Value
    """The values the colours span: MIN..MAX, data, robust or symmetric"""
    scale: Value
    """How values are distributed over the colours"""
    center: Value
    """The value that has the middle colour, or where bars begin, instead of zero"""
    symlog_threshold: Value
    """Magnitude below which scale="symlog" is linear"""
    annotate: Value
    """Write the values into the cells, in a format such as .2f"""
    row_labels: Value
    """Labels of rows: a pattern such as embed_dim_{}, a file of lines, or off"""
    col_labels: Value
    """Labels of columns, as row_labels"""
    title: Value
    """The title; an empty one omits it"""
    x_label: Value
    """Name of the axis along x, or of a matrix's columns"""
    y_label: Value
    """Name of the axis along y, or of a matrix's rows"""
    legend_title: Value
    """The title of the colour bar"""
    panels: Value
    """One figure: a picture of each tensor (of each file, without -t), with letters above"""
    label: Value
    """A letter above the picture, or above the first of panels: a, (A), 1"""
    legend: bool | None
    """Show the legend"""
    size: Value
    """Page size: 15x10in, 1500x1000px, 8cm"""
    font_size: Value
    """Size of labels and numbers, points; titles, margins and legends follow"""
    font: Any
    """Font of all text: a .ttf, .otf or .ttc file"""
    line_width: Value
    """Width of the lines of curves, points"""
    dpi: Value
    """Pixels per inch [default: 144]"""
    theme: Value
    """Colours of page and text"""
    columns: Value
    """Columns of tiles or facets"""
    max_weight: Value
    """Magnitude that fills a cell of a Hinton diagram"""
    reduce: Value
    """How values become one cell if there are more values than pixels"""
    margins: bool | None
    """Draw the RMS of each row and column along the edges"""
    log: bool | None
    """A logarithmic axis: counts of a histogram, values of a curve or distribution"""
    log_x: bool | None
    """A logarithmic axis of steps"""
    smooth: Value
    """Draw the mean of N points over the faded curve"""
    bins: Value
    """Bins of a histogram"""
    shares: Value
    """What a confusion matrix shows shares of: row, column or all"""
    measure: Value
    """The only measure that a profile draws"""


class Drawing(Settings, total=False):
    """The settings of a picture, and what else `draw` takes."""

    name: str | None
    """What the picture calls an array"""
    device: str | None
    """`"cpu"` allows copies from a GPU"""
    threads: int
    """How many threads work; 0 is one for each core"""
    interactive: bool
    """A notebook shows a page to zoom and read values in"""


class SpaceSettings(TypedDict, total=False):
    """The settings of `space`. `None` is the default."""

    weights: Any
    """Weights by hand, or a file of them; may be repeated"""
    init: Value
    """How the other weights are initialised: uniform, normal, he, identity, orthogonal …"""
    scale: Value
    """Factor for the initialised weights [default: 1]"""
    seed: Value
    """Seed of weights and points [default: 0]"""
    bias: bool | None
    """Linear maps of NETWORK, if written as a line, add a bias"""
    activation: Value
    """The layer between the matrices of a checkpoint"""
    model: Value
    """The layers of a checkpoint: 784-128-relu-10"""
    step: Value
    """The step of a recorded run [default: the last]"""
    extent: Value
    """Half the side of the mesh [default: 5]; the radius of a circle [default: 1], of rings [default: 5]"""
    spacing: Value
    """Distance between the points of the mesh [default: 0.1]"""
    count: Value
    """How many points"""
    normalize: Value
    """MEAN,STD: subtract the mean, divide by the deviation; or raw, or points"""
    color: Value
    """first, coordinate:K, angle, wheel, label or prediction"""
    cmap: Value
    """Colour map: matplotlib's names"""
    dtype: Value
    """Precision of the values: f32 or f64"""
    show: Value
    """More than 3 values: pca, pca2, or units such as 0,4,7"""
    marks: Value
    """points, lines (of the mesh), both, or density"""
    point_size: Value
    """Diameter of the points"""
    guides: Value
    """Basis arrows and the unit square: auto, all (with the circle) or off"""
    regions: Value
    """The predicted class at each position of the plane: auto, on or off"""
    azimuth: Value
    """Degrees around the z axis [default: -60]"""
    elevation: Value
    """Degrees above the plane [default: 30]"""
    zoom: Value
    """Magnification [default: 1]"""
    projection: Value
    """perspective or orthographic"""
    axes: Value
    """Axes of a box: equal, or each on its own scale"""
    morph: bool | None
    """Points move from step to step"""
    orbit: bool | None
    """The camera orbits once"""
    fps: Value
    """Frames per second [default: 30; 15 in GIF]"""
    pause: Value
    """How long each step is shown [default: 1]"""
    travel: Value
    """Time from one step to the next [default: 2]"""
    duration: Value
    """How long the film is"""
    theme: Value
    """light, dark or paper"""
    size: Value
    """The page: 15x10in, 900x900px, 8cm"""
    font_size: Value
    """Size of labels, points; titles and margins follow"""
    font: Any
    """Font of all text: a .ttf, .otf or .ttc file"""
    dpi: Value
    """Pixels per inch [default: 144]"""
    columns: Value
    """Steps side by side"""
    title: Value
    """Title of the page"""
    legend: bool | None
    """Show no key of the colours"""


class Training(Settings, total=False):
    """The settings of a training, and of the picture of what it learned. `None` is the default."""

    record: Any
    """Record the training in a run folder"""
    record_every: Value
    """Which steps: epoch, log (dense early, sparse later) or a number [default: epoch]"""
    resume: Any
    """Resume a recorded training; epochs is how many more"""
    view: bool | None
    """Show the run in the browser while it trains, in the viewer"""
    open: bool | None
    """With view: print the address and open no browser"""
    model: Value
    """softmax, lenet, or layers such as 784-128-relu-10 [default: softmax; a small tanh network for points of the plane]"""
    epochs: Value
    """Number of passes over the data"""
    optimizer: Value
    """How gradients change the weights [default: adam]"""
    lr: Value
    """The learning rate"""
    batch: Value
    """Number of points per step"""
    init: Value
    """The weights before training [default: zeros for softmax, else uniform]"""
    seed: Value
    """Seed of everything random [default: 0]"""
    shuffle: Value
    """Whether points are shuffled: not, once before all, or each epoch"""
    patience: Value
    """Stop after N epochs without a smaller loss"""
    time_limit: Value
    """Stop after this time"""
    validation: Value
    """Number of validation points, taken from the start; 0 measures on the training points"""
    folder: Any
    """Where the files of mnist or fashion-mnist are"""
    offline: bool | None
    """Never download anything"""
    inputs: Value
    """An array, or columns separated by commas, of your own file"""
    labels: Value
    """The array, column or file that holds the labels"""


class Animation(Settings, total=False):
    """The settings of a film, and of its pictures. `None` is the default."""

    show: Value
    """Values, or how they differ from the step before or the first"""
    morph: Value
    """Number of interpolated pictures between two steps, marked as such"""
    fps: Value
    """Frames per second [default: 10 steps a second, 5 of a short run]"""
    duration: Value
    """How long the film is"""
    hold: Value
    """Minimum time of the last frame, or FIRST,LAST [default: 0,1]"""
    metric: Value
    """The metric under the picture, or off [default: the loss]"""
