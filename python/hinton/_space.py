"""What a network does to points, step by step."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from . import _arrays, _hinton, _traces
from ._checkpoint import Checkpoint
from ._errors import kind_of, refused, warn, whole
from ._frame import framed
from ._paths import path_of, write
from ._picture import Picture
from ._run import Film, Run
from ._tables import with_keywords
from ._tensor import Tensor

if TYPE_CHECKING:
    from typing import Unpack

    from numpy import ndarray

    from ._keywords import SpaceSettings

#: Extensions of files that hold a film.
FILMS = (".gif", ".apng", ".webp")


class Space:
    """Points after every step of a network. A notebook shows an interactive page, and the picture of all steps.

    `.save()` writes a picture (`.png`, `.svg`, `.pdf`), a film (`.gif`, `.apng`, `.webp`), the page (`.html`) or the
    numbers (`.npz`).
    """

    def __init__(self, inner: _hinton.Space) -> None:
        self._inner = inner
        self._picture: Picture | None = None

    @property
    def title(self) -> str:
        """The name of the network: its layers, or the file."""
        return self._inner.title

    @property
    def steps(self) -> list[str]:
        """The names of the steps, starting with the input."""
        return self._inner.steps

    @property
    def values(self) -> dict[str, ndarray[Any, Any]]:
        """The points after each step, one row per point. Keys are the index and name of the step; `labels` is included if there
        are any."""
        return {tensor.name: Tensor(tensor).numpy() for tensor in self._inner.tensors()}

    @property
    def weights(self) -> dict[str, str]:
        """The matrix of each step with its singular values and determinant, as text; empty if it has none."""
        return dict(self._inner.weights)

    @property
    def accuracy(self) -> float | None:
        """The share of points whose largest output is at their label, 0 to 1; None without labels."""
        return self._inner.accuracy

    @property
    def notes(self) -> list[str]:
        """What was assumed, reduced or left out."""
        return self._inner.notes

    def picture(self, step: int | None = None) -> Picture:
        """Draws all steps side by side; or one step, by its index, where 0 is the input and -1 the last.

        Raises:
            ValueError: there is no such step.
        """
        if step is not None:
            return Picture(self._inner.picture(step))
        if self._picture is None:
            self._picture = Picture(self._inner.page())
        return self._picture

    def film(self) -> Film:
        """The film in which points move from step to step: keywords `morph`, `orbit`, `fps`, `pause`, `travel`, `duration`."""
        return Film(SpaceFilm(self))

    def html(self) -> str:
        """The interactive page for the browser: a single file that requests nothing from the network."""
        return self._inner.html().decode("utf-8")

    def save(self, path: str | os.PathLike[str], *, dpi: float | None = None) -> None:
        """Writes a picture, a film, the page or the numbers, by the extension. `dpi` only applies to pixels.

        Raises:
            ValueError: no output has this extension.
            OSError: the file cannot be written.
        """
        extension = os.path.splitext(path_of(path))[1].lower()
        if extension in (".html", ".htm"):
            write(path, self._inner.html())
        elif extension in FILMS:
            self.film().save(path)
        elif extension in (".npz", ".safetensors"):
            points = _hinton.of_tensors(self.title, self._inner.tensors())
            warn(points.export([], path_of(path)))
        else:
            self.picture().save(path, dpi=dpi)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        bundle, about = self.picture()._repr_mimebundle_()
        page = framed(self.html(), f"{self.title}, step by step", height=520, picture=self.picture())
        if page is not None:
            bundle["text/html"] = page
        bundle["text/plain"] = repr(self)
        return bundle, about

    def __repr__(self) -> str:
        return f"<hinton.Space {self.title!r}: {len(self.steps)} steps>"


class SpaceFilm:
    """The frames of the film, as `Film` needs them."""

    def __init__(self, space: Space) -> None:
        self._space = space

    def save(self, path: str, loops: int) -> list[str]:
        return self._space._inner.save_film(path, loops)

    def encode(self, output: str, loops: int) -> tuple[bytes, list[str]]:
        return self._space._inner.encode_film(output, loops)

    def strip(self, count: int) -> _hinton.Picture:
        return self._space._inner.page()


def space(
    network: Any,
    points: Any = None,
    labels: Any = None,
    *,
    device: str | None = None,
    threads: int = 0,
    **settings: Unpack[SpaceSettings],
) -> Space:
    """Sends points through a network and shows them after every step, each in the colour given by its input.

    >>> hinton.space("2-3-tanh-3-tanh-2", scale=2).save("fold.png")            # doctest: +SKIP
    >>> hinton.space(module, X, labels=y).save("space.html")                   # doctest: +SKIP

    Args:
        network: A spec such as `"2-3-tanh-3-tanh-2"`; the path of a checkpoint, an ONNX file or a run; an open file; a
            dictionary of matrices that form a chain; a torch module (a chain of layers that hinton knows is computed by
            hinton, any other module by torch, with `points` after each of its submodules); or a list of functions, each of
            which takes the result of the previous one. The last two need `points`.
        points: A name (`"mesh"`, `"cloud"`, `"circle"`, `"rings"`, `"spirals"`, `"digits"` …), the path of a file, or an
            array with one row per point. By default those that suit the network.
        labels: One integer per point, which determines its colour; or the path of a file with them.
        device: `"cpu"` allows tensors to be copied from a GPU.
        threads: Number of threads; 0 means one per core.

    Raises:
        ValueError: a setting does not accept the value, the matrices do not form a chain, points have the wrong width, or the
            network computes non-finite values.
        KeyError: there is no such file, and the text is not a spec such as `2-3-tanh-2`.
        TypeError: not a network, or an unknown keyword.
    """
    said: dict[str, Any] = dict(settings)
    given = None
    if isinstance(points, (str, os.PathLike)):
        said["points"] = points
    elif points is not None:
        given = arrays_of(points, labels, device)
    if isinstance(labels, (str, os.PathLike)):
        said["labels"] = labels
    elif labels is not None and given is None:
        raise refused(TypeError, "labels of points that are not an array", "give both as arrays, or both as files")
    if isinstance(said.get("weights"), Mapping):
        said["weights"] = [f"{step}={json.dumps(_arrays.listed(rows))}" for step, rows in said["weights"].items()]
    text, chain, steps = source_of(network, points, device, said)
    return Space(_hinton.space(text, chain, steps, given, said, whole("threads", threads)))


def arrays_of(points: Any, labels: Any, device: str | None) -> _hinton.Checkpoint:
    """Points and their labels as named tensors."""
    tensors = [_arrays.tensor(points, "points", device)]
    if labels is not None and not isinstance(labels, (str, os.PathLike)):
        import numpy

        marks = numpy.asarray(_arrays.as_array(labels, "labels", device))
        if marks.ndim != 1 or marks.dtype.kind not in "iub":
            cure = "give a whole number for each point: `labels.astype(int)`"
            raise refused(ValueError, f"labels: they have the shape {marks.shape} and the type {marks.dtype}", cure)
        if tensors[0].shape[:1] != marks.shape:
            message = f"labels: there are {len(marks)} of them, and points of shape {tensors[0].shape}"
            raise refused(ValueError, message, "give one label for each row of the points")
        tensors.append(_arrays.tensor(marks.astype(numpy.int64), "labels"))
    return _hinton.of_tensors("array", tensors)


#: A network: its spec, its tensors, or its points after each step.
Network = tuple[str, "_hinton.Checkpoint | None", "list[tuple[str, _hinton.Tensor]]"]


def source_of(model: Any, points: Any, device: str | None, said: dict[str, Any]) -> Network:
    """Converts a network to a form that the library accepts."""
    if isinstance(model, (str, os.PathLike)):
        return path_of(model), None, []
    if isinstance(model, Run):
        if said.get("step") is None and len(model.paths) == 1 and os.path.isdir(model.paths[0]):
            return model.paths[0], None, []
        model = model.at(said.pop("step") if said.get("step") is not None else -1)
    if isinstance(model, Checkpoint):
        return "", model._inner, []
    if isinstance(model, Mapping):
        return "", _hinton.of_tensors("network", _arrays.tensors(model, device)), []
    name = type(model).__qualname__
    if _arrays.is_from(model, "torch") and hasattr(model, "named_modules"):
        spec = _traces.spec_of(model, _hinton.layers())
        if spec is not None and said.get("model") is None:
            said["model"] = spec
            return "", _hinton.of_tensors(name, _arrays.tensors(_traces.chain_of(model), device)), []
        return name, None, traced(_traces.of_module, model, points, device)
    if _arrays.is_from(model, "keras") and hasattr(model, "layers"):
        return name, None, traced(_traces.of_keras, model, points, device)
    if isinstance(model, (list, tuple)) and model and all(callable(one) for one in model):
        return f"{len(model)} functions", None, traced(_traces.of_functions, model, points, device)
    raise refused(
        TypeError,
        f"{kind_of(model)} is not a network that points can be sent through",
        "give a spec such as '2-3-tanh-2', a file, a dictionary of matrices, a torch or Keras model, or a list of "
        "functions",
    )


def traced(
    how: Callable[[Any, Any], list[tuple[str, Any]]], model: Any, points: Any, device: str | None
) -> list[tuple[str, _hinton.Tensor]]:
    """The points after every step, computed by the model's own library."""
    if points is None or isinstance(points, (str, os.PathLike)):
        cure = "give an array with a row for each point: hinton.space(model, X)"
        raise refused(ValueError, "this network is computed by its own library, and needs its points", cure)
    return [(label, _arrays.tensor(rows, label, device)) for label, rows in how(model, points)]


with_keywords(space, "space")
