"""Pictures of arrays, models and files."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from . import _arrays, _hinton
from ._checkpoint import Checkpoint, of_model, open
from ._errors import patterns, refused, texts, whole
from ._frame import FRAME, framed
from ._paths import path_of
from ._picture import Picture, shown
from ._run import Run, run
from ._tables import with_settings
from ._tensor import Tensor

if TYPE_CHECKING:
    from typing import Unpack

    from ._keywords import Drawing, Settings


#: Keywords of matplotlib and seaborn, and the equivalents here.
OTHERS = {
    "vmin": "range=(-1, 1), both ends,",
    "vmax": "range=(-1, 1), both ends,",
    "clim": "range=(-1, 1), both ends,",
    "figsize": 'size="8x6in"',
    "colormap": "cmap",
    "annot": "annotate",
    "fmt": 'annotate=".2f"',
    "fontsize": "font_size",
    "xlabel": "x_label",
    "ylabel": "y_label",
    "xticklabels": "col_labels",
    "yticklabels": "row_labels",
    "cbar": "legend",
    "kind": "chart",
}


def draw(
    what: Any,
    *tensors: str,
    name: str | None = None,
    device: str | None = None,
    threads: int = 0,
    interactive: bool = False,
    **settings: Unpack[Settings],
) -> Picture:
    """Draws an array, a model or a file. A notebook shows the picture; `.save()` writes it.

    Args:
        what: An array (numpy, torch, JAX, anything with a buffer, DLPack or `__array__`), lists of numbers, a data frame
            (its names become labels), a module or model, a dictionary or list of arrays, the result of
            `module.named_parameters()`, an open file, a run, or the path of a file or run. Arrays in memory are drawn in
            place, without a copy.
        tensors: The tensors of a model or file to draw: names, globs (`"*.weight"`), with slices
            (`"conv1.weight[:,0]"`). By default an overview of all.
        name: The name of an array in the picture.
        device: `"cpu"` allows tensors to be copied from a GPU.
        threads: Number of threads; 0 means one per core. The picture is the same for any number.
        interactive: In a notebook, shows a page to zoom and read values in place of the picture. The page holds reduced
            data of at most 1 MB, and works in the saved notebook without a kernel; where scripts do not run, as on
            GitHub, the picture is shown. Reads every value once more. Not available for runs.

    Raises:
        KeyError: no tensor has this name.
        ValueError: a setting does not accept the value, or the chart cannot draw the shape.
        TypeError: not an array, or an unknown keyword.
    """
    if isinstance(what, (str, os.PathLike)) and _hinton.is_run(path_of(what)):
        what = run(what)
    if isinstance(what, Run):
        if interactive:
            cure = "`hinton.view(run)` shows it"
            raise refused(ValueError, "interactive: the picture of a run has no page to zoom in", cure)
        return what.draw(*tensors, threads=threads, **settings)
    for word in OTHERS.keys() & settings.keys():
        raise refused(TypeError, f'draw() has no keyword "{word}"', f"it is {OTHERS[word]} here")
    asked, on = patterns(tensors), whole("threads", threads)
    if settings.get("chart") in (None, "heatmap", "hinton", "confusion"):
        settings = {**_arrays.labels_of(what), **settings}  # type: ignore[typeddict-item]
    checkpoint = inner(what, name, device)
    picture = shown(checkpoint._inner.draw(asked, on, **settings))
    if interactive:
        picture.frame = framed_page(checkpoint._inner, threads, picture)
    return picture


def framed_page(checkpoint: _hinton.Checkpoint, threads: int, picture: Picture) -> str | None:
    """The viewer of a model as a page that contains its data, in a frame for notebooks."""
    page, _ = _hinton.page_of([checkpoint], threads, FRAME)
    return framed(page.decode("utf-8"), "Zoom and read values", height=640, picture=picture)


def inner(what: Any, name: str | None, device: str | None) -> Checkpoint:
    """Anything that can be drawn, as named tensors."""
    texts("name", [] if name is None else [name], 'give a text, such as name="fc1"')
    if isinstance(what, Checkpoint):
        return what
    what = _arrays.gathered(what)
    if isinstance(what, (str, os.PathLike)):
        return open(what)
    if isinstance(what, Tensor):
        return of_tensors([what._inner if name is None else what._inner.named(name)])
    if isinstance(what, (list, tuple)) and what and all(isinstance(part, Tensor) for part in what):
        return of_tensors([part._inner for part in what])
    if not _arrays.is_array(what) and (_arrays.is_model(what) or is_list_of_arrays(what)):
        return of_model(what, name or _arrays.name_of(what), device)
    return of_tensors([_arrays.tensor(what, name or "array", device)])


def is_list_of_arrays(what: Any) -> bool:
    return isinstance(what, (list, tuple)) and any(_arrays.is_array(part) and part.shape for part in what)


def of_tensors(tensors: list[_hinton.Tensor]) -> Checkpoint:
    return Checkpoint(_hinton.of_tensors("memory", tensors))


def as_chart(chart: str, what: Any, tensors: tuple[str, ...], settings: Drawing) -> Picture:
    """Draws the chart that a function is named after."""
    if "chart" in settings:
        cure = f"`hinton.draw(x, chart={settings['chart']!r})` draws another"
        raise refused(TypeError, f"{chart}() has no keyword 'chart'", cure)
    said: Settings = {**settings, "chart": chart}  # type: ignore[typeddict-unknown-key]
    return draw(what, *tensors, **said)


def hinton(what: Any, *tensors: str, **settings: Unpack[Drawing]) -> Picture:
    """Draws a Hinton diagram: one square per value, whose area shows the magnitude and whose colour shows the sign. For a
    matrix (rows down, columns right) or a vector; a convolution is laid out as a matrix."""
    return as_chart("hinton", what, tensors, settings)


def heatmap(what: Any, *tensors: str, **settings: Unpack[Drawing]) -> Picture:
    """Draws a heat map: one coloured cell per value. For a matrix (rows down, columns right) or a vector; `annotate=True`
    writes the values into the cells."""
    return as_chart("heatmap", what, tensors, settings)


def tiles(what: Any, *tensors: str, **settings: Unpack[Drawing]) -> Picture:
    """Draws small pictures side by side, one per filter or index of an axis: for filters (outputs x inputs x height x
    width), images (number x height x width), or a matrix with `each=` and `reshape=`."""
    return as_chart("tiles", what, tensors, settings)


def histogram(what: Any, *tensors: str, **settings: Unpack[Drawing]) -> Picture:
    """Draws the distribution of values, for tensors of any shape; several are overlaid."""
    return as_chart("histogram", what, tensors, settings)


def bars(what: Any, *tensors: str, **settings: Unpack[Drawing]) -> Picture:
    """Draws a vector as bars in order, and its sorted values. For one axis; `tensors` may be a slice, `"fc1.weight[0]"`."""
    return as_chart("bars", what, tensors, settings)


def profile(what: Any, *tensors: str, **settings: Unpack[Drawing]) -> Picture:
    """Draws the size of weights, layer by layer: root mean square, standard deviation, largest magnitude, share of zeros.
    For a model whose tensor names contain layer numbers."""
    return as_chart("profile", what, tensors, settings)


def ridge(what: Any, *tensors: str, **settings: Unpack[Drawing]) -> Picture:
    """Draws the distributions of many tensors, one outline each, in the order of the layers. For a model whose tensor
    names contain layer numbers."""
    return as_chart("ridge", what, tensors, settings)


def spectrum(what: Any, *tensors: str, **settings: Unpack[Drawing]) -> Picture:
    """Draws the singular values of matrices, which show the rank and what stands out from noise. For one or more matrices
    with finite values."""
    return as_chart("spectrum", what, tensors, settings)


def curve(what: Any, *tensors: str, **settings: Unpack[Drawing]) -> Picture:
    """Draws values as lines over their index: one line per row of a matrix, or one for a vector."""
    return as_chart("curve", what, tensors, settings)


def overview(what: Any, *tensors: str, **settings: Unpack[Drawing]) -> Picture:
    """Draws all tensors of a model on one page: rows are layers, columns are the kinds of tensor in them."""
    return as_chart("overview", what, tensors, settings)


for function in (draw, hinton, heatmap, tiles, bars, histogram, curve, overview, profile, ridge, spectrum):
    with_settings(function)
