"""The keyword arguments of `draw` for type checkers: python/tools/keywords.py writes them from the table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

Value = str | float | bool | Sequence[str] | Sequence[float] | None


class Settings(TypedDict, total=False):
    """The settings of a picture. `None` is the default."""

    preset: Value
    """Start from a picture people know"""
    chart: Value
    """The chart; without it the shape chooses"""
    transpose: bool | None
    """Reverse the axes first"""
    reshape: Value
    """Bring the values into a shape, such as 28x28"""
    each: Value
    """One picture for each column, row or position of an axis"""
    cmap: Value
    """Colour map: matplotlib's names, NAME_r reverses"""
    range: Value
    """The values the colours span: MIN..MAX, data, robust or symmetric"""
    scale: Value
    """How values spread over the colours"""
    center: Value
    """The value that has the middle colour, instead of zero"""
    symlog_threshold: Value
    """Magnitude below which scale symlog is linear"""
    annotate: Value
    """Write the values into the cells, in a format such as .2f"""
    row_labels: Value
    """Labels of rows: a pattern such as embed_dim_{}, a file of lines, or off"""
    col_labels: Value
    """Labels of columns, as row_labels"""
    title: Value
    """The title; an empty one leaves it out"""
    x_label: Value
    """Name of the axis along x, or of a matrix's columns"""
    y_label: Value
    """Name of the axis along y, or of a matrix's rows"""
    legend_title: Value
    """What the colours mean, above the colour bar"""
    columns: Value
    """Columns of tiles or facets"""
    max_weight: Value
    """Magnitude that fills a cell of a Hinton diagram"""
    reduce: Value
    """How values become one cell when they outnumber the pixels"""
    legend: bool | None
    """Show the legend"""
    size: Value
    """Page size: 15x10in, 1500x1000px, 8cm"""
    font_size: Value
    """Size of labels and numbers, points; titles, margins and legends follow"""
    font: Value
    """Font of all text: a .ttf, .otf or .ttc file"""
    line_width: Value
    """Width of the lines of curves, points"""
    dpi: Value
    """Pixels to the inch [default: 144]"""
    theme: Value
    """Colours of page and type"""
    log: bool | None
    """A logarithmic axis: counts of a histogram, values of a curve or distribution"""
    log_x: bool | None
    """A logarithmic axis of steps"""
    smooth: Value
    """Draw the mean of N points of a curve over its paled values"""
    shares: Value
    """What a confusion matrix shows shares of: row, column or all"""
    measure: Value
    """The only figure that a profile draws"""
    bins: Value
    """Bins of a histogram"""


class Drawing(Settings, total=False):
    """The settings of a picture, and what else `draw` takes."""

    name: str | None
    """What the picture calls an array"""
    device: str | None
    """`"cpu"` allows copies from a GPU"""
    threads: int
    """How many threads work; 0 is one for each core"""
