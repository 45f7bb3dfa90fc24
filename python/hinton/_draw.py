"""Pictures of arrays, models and files."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from . import _arrays, _hinton
from ._checkpoint import Checkpoint, of_model, open
from ._picture import Picture, shown
from ._run import Run, run
from ._tables import with_settings
from ._tensor import Tensor

if TYPE_CHECKING:
    from typing import Unpack

    from ._keywords import Drawing, Settings


def draw(
    what: Any,
    *tensors: str,
    name: str | None = None,
    device: str | None = None,
    threads: int = 0,
    **settings: Unpack[Settings],
) -> Picture:
    """Draws an array, a model or a file. The picture shows itself in a notebook; `.save()` writes it.

    Args:
        what: An array (numpy, torch, JAX, anything with a buffer, DLPack or `__array__`), lists of numbers,
            a module or model, a dictionary or list of arrays, an open file, a run, or the path of one.
            Arrays in memory are drawn where they lie, without a copy.
        tensors: Which tensors of a model or file: names, globs (`"*.weight"`), with slices
            (`"conv1.weight[:,0]"`). Without any, an overview of all.
        name: What the picture calls an array.
        device: `"cpu"` allows tensors to be copied from a GPU.
        threads: How many threads work; 0 is one for each core. The picture never depends on it.

    Raises:
        KeyError: no tensor has that name.
        ValueError: a setting does not take that value, or the chart cannot draw that shape.
        TypeError: no array, or an unknown keyword.
    """
    if isinstance(what, (str, os.PathLike)) and _hinton.is_run(what):
        what = run(what)
    if isinstance(what, Run):
        return what.draw(*tensors, threads=threads, **settings)
    picture = inner(what, name, device)._inner.draw(list(tensors), threads, **settings)
    return shown(picture)


def inner(what: Any, name: str | None, device: str | None) -> Checkpoint:
    """Whatever can be drawn, as named tensors."""
    if isinstance(what, Checkpoint):
        return what
    if isinstance(what, (str, os.PathLike)):
        return open(what)
    if isinstance(what, Tensor):
        return of_tensors([what._inner if name is None else what._inner.named(name)])
    if isinstance(what, (list, tuple)) and what and all(isinstance(part, Tensor) for part in what):
        return of_tensors([part._inner for part in what])
    if not _arrays.is_array(what) and (_arrays.is_model(what) or is_list_of_arrays(what)):
        return of_model(what, name or type(what).__qualname__, device)
    return of_tensors([_arrays.tensor(what, name or "array", device)])


def is_list_of_arrays(what: Any) -> bool:
    return isinstance(what, (list, tuple)) and any(_arrays.is_array(part) and part.shape for part in what)


def of_tensors(tensors: list[_hinton.Tensor]) -> Checkpoint:
    return Checkpoint(_hinton.of_tensors("memory", tensors))


def hinton(what: Any, *tensors: str, **settings: Unpack[Drawing]) -> Picture:
    """A Hinton diagram: a square for each value, its area the magnitude, its colour the sign."""
    settings["chart"] = "hinton"
    return draw(what, *tensors, **settings)


def heatmap(what: Any, *tensors: str, **settings: Unpack[Drawing]) -> Picture:
    """A heat map: a colour for each value."""
    settings["chart"] = "heatmap"
    return draw(what, *tensors, **settings)


def tiles(what: Any, *tensors: str, **settings: Unpack[Drawing]) -> Picture:
    """Small pictures side by side, one for each filter or position of an axis."""
    settings["chart"] = "tiles"
    return draw(what, *tensors, **settings)


def histogram(what: Any, *tensors: str, **settings: Unpack[Drawing]) -> Picture:
    """How the values are distributed."""
    settings["chart"] = "histogram"
    return draw(what, *tensors, **settings)


def curve(what: Any, *tensors: str, **settings: Unpack[Drawing]) -> Picture:
    """Values as lines over their index."""
    settings["chart"] = "curve"
    return draw(what, *tensors, **settings)


def overview(what: Any, *tensors: str, **settings: Unpack[Drawing]) -> Picture:
    """All tensors of a model on one page."""
    settings["chart"] = "overview"
    return draw(what, *tensors, **settings)


for function in (draw, hinton, heatmap, tiles, histogram, curve, overview):
    with_settings(function)
