"""Small networks that learn, to be looked at."""

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
    """What an epoch gave."""

    #: Its number, from 1.
    number: int
    #: Seconds that its steps took.
    seconds: float
    #: Mean loss of the points that were set apart.
    loss: float
    #: Share of them that is right, 0 to 1.
    accuracy: float
    #: Mean loss of its steps, each before its weights changed.
    training_loss: float


class Trained:
    """A network that has learned. A notebook shows what: the weights, or the plane with its classes."""

    def __init__(self, inner: _hinton.Trained, folder: str | None) -> None:
        self._inner = inner
        self._folder = folder
        #: Its parameters, and what the optimiser remembers.
        self.weights = Checkpoint(inner.weights)
        #: What was learned, with the settings that were given.
        self.picture = Picture(inner.picture)
        #: Every epoch.
        self.epochs = [Epoch(*epoch) for epoch in inner.epochs]

    @property
    def loss(self) -> float | None:
        """Mean loss of the points set apart after the last epoch."""
        return self.epochs[-1].loss if self.epochs else None

    @property
    def accuracy(self) -> float | None:
        """The share of the points set apart that is right after the last epoch, 0 to 1."""
        return self.epochs[-1].accuracy if self.epochs else None

    @property
    def outcome(self) -> str:
        """How it ended: `"finished"`, `"stopped"` by its time limit, `"patience"`, `"diverged"`."""
        return self._inner.outcome[0]

    @property
    def run(self) -> Run | None:
        """The run, where it was recorded."""
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


#: Keywords of the training: what is not one of them is a setting of the picture.
OF_TRAINING = frozenset(name for name, _, _, _ in _hinton.command_keywords("train"))


def train(data: Any = None, targets: Any = None, *, threads: int = 0, **settings: Unpack[Training]) -> Trained:
    """Trains softmax regression, or any small network, and shows what it learned.

    >>> hinton.train("spirals", model="2-16-tanh-16-tanh-2", epochs=40).save("plane.png")   # doctest: +SKIP
    >>> hinton.train(X, y, model="4-8-tanh-3").accuracy                                     # doctest: +SKIP

    The same seed gives the same weights on every machine and with any number of threads. Ctrl-C ends it; what was
    recorded is whole.

    Args:
        data: `"digits"` (inside, and what is taken without a word), `"mnist"`, `"fashion-mnist"` (from the cache,
            `folder=`, or downloaded), `"spirals"`, `"circles"`, `"moons"`, `"xor"`, `"gaussians"`; the path of a
            file; or an array of inputs, a row for each point (pictures: points x height x width).
        targets: With an array of inputs, the class of each as a whole number.
        threads: How many threads work; 0 is one for each core.

    Raises:
        ValueError: a setting does not take that value, or the model does not fit the data.
        OSError: a file cannot be read.

    The other keywords are those of the training, and the settings of the picture.
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
