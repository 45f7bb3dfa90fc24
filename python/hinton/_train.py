"""Training of small networks, to watch them learn."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import _arrays, _hinton
from ._checkpoint import Checkpoint
from ._errors import refused, warn, whole
from ._paths import path_of
from ._picture import Picture
from ._run import Run, run
from ._space import arrays_of
from ._tables import with_keywords

if TYPE_CHECKING:
    from typing import Unpack

    from ._keywords import Training


@dataclass(frozen=True)
class Epoch:
    """The results of an epoch."""

    #: Its number, counted from 1.
    number: int
    #: Duration of its steps in seconds.
    seconds: float
    #: Mean loss of the validation points.
    loss: float
    #: Share of them that is predicted correctly, 0 to 1.
    accuracy: float
    #: Mean loss of its steps, each measured before the step changed the weights.
    training_loss: float


class Trained:
    """A trained network. A notebook shows what it learned: the weights, or the plane with its classes."""

    def __init__(self, inner: _hinton.Trained, folder: str | None) -> None:
        self._inner = inner
        self._folder = folder
        #: Its parameters, and the state of the optimiser.
        self.weights = Checkpoint(inner.weights)
        #: The picture of what was learned, with the given settings.
        self.picture = Picture(inner.picture)
        #: All epochs.
        self.epochs = [Epoch(*epoch) for epoch in inner.epochs]

    @property
    def loss(self) -> float | None:
        """Mean loss of the validation points after the last epoch."""
        return self.epochs[-1].loss if self.epochs else None

    @property
    def accuracy(self) -> float | None:
        """The share of validation points that is predicted correctly after the last epoch, 0 to 1."""
        return self.epochs[-1].accuracy if self.epochs else None

    @property
    def outcome(self) -> str:
        """How it ended: `"finished"`, `"stopped"` by its time limit, `"patience"`, `"diverged"`."""
        return self._inner.outcome[0]

    @property
    def run(self) -> Run | None:
        """The run, if it was recorded."""
        return None if self._folder is None else run(self._folder)

    @property
    def notes(self) -> list[str]:
        """What was assumed."""
        return self._inner.notes

    def save(self, path: str | os.PathLike[str], *, dpi: float | None = None) -> None:
        """Writes the picture of what was learned, as `Picture.save` does."""
        self.picture.save(path, dpi=dpi)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        bundle, about = self.picture._repr_mimebundle_()
        bundle["text/plain"] = repr(self)
        return bundle, about

    def __repr__(self) -> str:
        if not self.epochs:
            return f"<hinton.Trained: {self.outcome} in the first epoch>"
        return (
            f"<hinton.Trained: {self.outcome} after {len(self.epochs)} epochs, accuracy {self.accuracy:.4f}, "
            f"loss {self.loss:.4f}>"
        )


#: Keywords of the training; all others are settings of the picture.
OF_TRAINING = frozenset(name for name, _, _, _ in _hinton.command_keywords("train"))


def train(data: Any = None, targets: Any = None, *, threads: int = 0, **settings: Unpack[Training]) -> Trained:
    """Trains softmax regression or another small network, and shows what it learned.

    >>> hinton.train("spirals", model="2-16-tanh-16-tanh-2", epochs=40).save("plane.png")   # doctest: +SKIP
    >>> hinton.train(X, y, model="4-8-tanh-3").accuracy                                     # doctest: +SKIP

    The same seed gives the same weights on every machine and with any number of threads. Ctrl-C ends the training; the
    recorded run is then still complete.

    Args:
        data: `"digits"` (embedded, and the default), `"mnist"`, `"fashion-mnist"` (from the cache, from `folder=`, or
            downloaded), `"spirals"`, `"circles"`, `"moons"`, `"xor"`, `"gaussians"`; the path of a file; or an array of
            inputs with one row per point (for pictures: points x height x width).
        targets: With an array of inputs, the class of each as an integer.
        threads: Number of threads; 0 means one per core.

    Raises:
        ValueError: a setting does not accept the value, or the model does not fit the data.
        OSError: a file cannot be read.

    All other keywords are settings of the training or of the picture.
    """
    training: dict[str, Any] = {name: value for name, value in settings.items() if name in OF_TRAINING}
    drawn: dict[str, Any] = {name: value for name, value in settings.items() if name not in OF_TRAINING}
    for name in ("record", "resume", "folder"):
        if isinstance(training.get(name), (str, os.PathLike)):
            training[name] = path_of(training[name])
    named, arrays = None, None
    if data is None or isinstance(data, (str, os.PathLike)):
        named = None if data is None else path_of(data)
        if targets is not None:
            raise refused(TypeError, "targets of data that is not an array", "labels= names those of a file")
    else:
        if targets is None:
            raise refused(ValueError, "an array of inputs without targets", "give both: hinton.train(X, y)")
        arrays = arrays_of(data, targets, None)
        training.setdefault("inputs", "points")
        training.setdefault("labels", "labels")
    folder = training.get("record") or training.get("resume")
    inner = _hinton.train(named, arrays, training, whole("threads", threads), **drawn)
    warn(inner.notes)
    word, said, cure = inner.outcome
    if word == "diverged":
        warn([f"{said}; {cure}" if cure else said])
    return Trained(inner, folder)


with_keywords(train, "train")
