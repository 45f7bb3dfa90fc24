"""Pictures of neural networks: their weights, their training, and what they do to data.

>>> import hinton
>>> hinton.draw([[1, -2], [3, 0.5]])                    # doctest: +SKIP
>>> hinton.open("model.safetensors").draw("fc1.weight").save("fc1.png")   # doctest: +SKIP

`draw` accepts arrays (numpy, torch, JAX, anything with a buffer), modules, dictionaries of arrays, and paths of
files. `open` opens a weights file lazily. Keyword arguments are the settings of the command line:
`hinton.settings()` lists them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import callbacks, dask, distributed, ray
    from ._checkpoint import Checkpoint, open
    from ._diff import Diff, diff
    from ._draw import (
        bars,
        curve,
        draw,
        heatmap,
        hinton,
        histogram,
        overview,
        profile,
        ridge,
        spectrum,
        tiles,
    )
    from ._errors import HintonWarning
    from ._hinton import __version__
    from ._matplotlib import on, register
    from ._picture import Picture
    from ._ranks import merge_ranks
    from ._record import Recorder, record
    from ._remote import Downloads, max_download
    from ._run import Film, Run, Step, animate, run
    from ._space import Space, space
    from ._tables import Setting, charts, colormaps, settings
    from ._tensor import Tensor
    from ._train import Epoch, Trained, train
    from ._view import View, view

__all__ = [
    "Checkpoint",
    "Diff",
    "Downloads",
    "Epoch",
    "Film",
    "HintonWarning",
    "Picture",
    "Recorder",
    "Run",
    "Setting",
    "Space",
    "Step",
    "Tensor",
    "Trained",
    "View",
    "__version__",
    "animate",
    "bars",
    "callbacks",
    "charts",
    "colormaps",
    "curve",
    "dask",
    "diff",
    "distributed",
    "draw",
    "heatmap",
    "hinton",
    "histogram",
    "max_download",
    "merge_ranks",
    "on",
    "open",
    "overview",
    "profile",
    "ray",
    "record",
    "register",
    "ridge",
    "run",
    "settings",
    "space",
    "spectrum",
    "tiles",
    "train",
    "view",
]

#: The module of each name. A module is imported on first use, so importing the package costs almost nothing.
MODULES = {
    "_checkpoint": "Checkpoint open",
    "_diff": "Diff diff",
    "_draw": "bars curve draw heatmap hinton histogram overview profile ridge spectrum tiles",
    "_errors": "HintonWarning",
    "_hinton": "__version__",
    "_matplotlib": "on register",
    "_picture": "Picture",
    "_ranks": "merge_ranks",
    "_record": "Recorder record",
    "_remote": "Downloads max_download",
    "_run": "Film Run Step animate run",
    "_space": "Space space",
    "_tables": "Setting charts colormaps settings",
    "_tensor": "Tensor",
    "_train": "Epoch Trained train",
    "_view": "View view",
}
#: The public names.
MODULES_OF_USERS = ("callbacks", "dask", "distributed", "ray")
HOLDERS = {name: module for module, names in MODULES.items() for name in names.split()}


def __getattr__(name: str) -> Any:
    import importlib
    import sys

    if name in MODULES_OF_USERS:
        return importlib.import_module(f".{name}", __name__)
    if name not in HOLDERS:
        # Once the module is loaded, Python suggests names with a similar spelling.
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message, name=name, obj=sys.modules[__name__])
    value = getattr(importlib.import_module(f".{HOLDERS[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def load_ipython_extension(shell: Any) -> None:
    """Registers the magic `%hinton`: `%load_ext hinton`."""
    from ._magic import load

    load(shell)
