"""Training runs: what was recorded, as numbers, pictures and films."""

from __future__ import annotations

import base64
import json
import os
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from . import _arrays, _hinton
from ._checkpoint import Checkpoint, warn_of_addresses
from ._errors import kind_of, patterns, refused, texts, warn, whole
from ._frame import BUDGET
from ._paths import path_of
from ._picture import SCREEN, Picture, shown
from ._tables import with_keywords, with_settings

if TYPE_CHECKING:
    from typing import Unpack

    from ._keywords import Animation, Settings


#: Resolution of films in pixels per inch, unless `dpi` is given.
DPI = 144


#: Keywords of films; all others are settings of their pictures.
OF_FILMS = frozenset(name for name, _, _, _ in _hinton.command_keywords("animate"))


@dataclass(frozen=True)
class Step:
    """A step of a run that has tensors."""

    #: Its number.
    number: int
    #: The time it was recorded, in seconds on the recorder's clock.
    time: float | None
    #: Its metrics by name.
    metrics: dict[str, float]


class Run:
    """A training run, or several that are shown together; numbers and names are those of the first."""

    def __init__(self, inner: _hinton.Runs) -> None:
        self._inner = inner

    @property
    def paths(self) -> list[str]:
        """The paths they were opened from."""
        return self._inner.paths

    @property
    def trained(self) -> str | None:
        """What was trained, if the run says so."""
        return self._inner.trained(0)

    @property
    def settings(self) -> dict[str, Any]:
        """The settings of the training, if the run has any."""
        settings: dict[str, Any] = json.loads(self._inner.settings(0) or "{}")
        return settings

    @property
    def steps(self) -> list[Step]:
        """The steps that have tensors, in order."""
        return [Step(number, time, dict(metrics)) for number, time, metrics in self._inner.steps(0)]

    @property
    def names(self) -> list[str]:
        """The names of the tensors of all steps."""
        return self._inner.tensor_names(0)

    @property
    def metrics(self) -> dict[str, list[tuple[int, float]]]:
        """Every metric by name: step numbers and values, including steps without tensors."""
        return {name: self._inner.series(0, name) for name in self._inner.metric_names(0)}

    def at(self, number: int = -1) -> Checkpoint:
        """The tensors of the step with this number; -1 is the last step.

        Raises:
            KeyError: the step has no tensors; the error names the nearest step that has.
        """
        whole("number", number, least=-1)
        numbers = [step.number for step in self.steps]
        if number == -1 and numbers:
            return Checkpoint(self._inner.checkpoint(0, len(numbers) - 1))
        if number not in numbers:
            near = min(numbers, key=lambda other: abs(other - number), default=None)
            cure = "the run has no tensors" if near is None else f"the nearest is {near}"
            raise refused(KeyError, f"no step {number} has tensors", cure)
        return Checkpoint(self._inner.checkpoint(0, numbers.index(number)))

    def draw(
        self,
        *tensors: str,
        metric: str | Sequence[str] | None = None,
        step: int | None = None,
        threads: int = 0,
        **settings: Unpack[Settings],
    ) -> Picture:
        """Draws a page about the run, the tensors of a step, or, with `metric` (names or globs), curves.

        Args:
            tensors: The tensors to draw, of the last step or of `step`; without any, a page about the run.
            metric: Metrics to draw as curves over the steps.
            step: The number of the step whose tensors are drawn.
            threads: Number of threads; 0 means one per core.

        Raises:
            KeyError: there is no such tensor, metric or step.
            ValueError: a setting does not accept the value.
        """
        listed = metric if isinstance(metric, (list, tuple)) else [] if metric is None else [metric]
        metrics = texts("metric", listed, "give the name of a metric, or a list of names; `.metrics` has them")
        number = None if step is None else whole("step", step)
        picture = self._inner.draw(patterns(tensors), metrics, number, whole("threads", threads), **settings)
        return shown(picture)

    def animate(
        self,
        *tensors: str,
        steps: str | None = None,
        threads: int = 0,
        **settings: Unpack[Animation],
    ) -> Film:
        """Makes a film: the same picture of every step, on one scale.

        Args:
            tensors: The tensors to show; all by default.
            steps: Steps by number: `"0..100"`, `"50.."`, `"0..100:5"`.
            threads: Number of threads; 0 means one per core.

        Raises:
            KeyError: no step has such a tensor.
            ValueError: a setting does not accept the value.

        All other keywords are settings of the film or of its pictures. `hold` is a number of seconds, or two of them.
        """
        if settings.get("fps") is not None and settings.get("duration") is not None:
            raise refused(ValueError, "fps and duration say the same", "give one of them")
        film: dict[str, Any] = {name: value for name, value in settings.items() if name in OF_FILMS}
        drawn: dict[str, Any] = {name: value for name, value in settings.items() if name not in OF_FILMS}
        film["steps"] = steps
        film["hold"] = held(film.get("hold"))
        if film.get("morph") is not None:
            film["morph"] = whole("morph", film["morph"])
        return Film(self._inner.animate(patterns(tensors), film, whole("threads", threads), **drawn))

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        if not self.steps and not self.metrics:
            return {"text/plain": repr(self)}, {}
        return self.draw()._repr_mimebundle_()

    def __repr__(self) -> str:
        return f"<hinton.Run {', '.join(self.paths)}: {len(self.steps)} steps, {len(self.names)} tensors>"


def held(hold: Any) -> tuple[float, float] | None:
    """The minimum durations of the first and the last frame in seconds."""
    pair = (0.0, hold) if isinstance(hold, (int, float)) else hold
    if pair is None:
        return None
    try:
        first, last = map(float, pair)
    except (TypeError, ValueError):
        cure = "hold=2 is the last frame's, hold=(1, 2) the first's and the last's"
        raise refused(TypeError, f"hold: expected seconds, or two of them, not {hold!r:.40}", cure) from None
    return first, last


class Source(Protocol):
    """The source that a film is drawn from."""

    def save(self, path: str, loops: int) -> list[str]: ...
    def encode(self, output: str, loops: int) -> tuple[bytes, list[str]]: ...
    def strip(self, count: int) -> _hinton.Picture: ...


class Film:
    """A film of steps. It is drawn when it is shown or saved."""

    def __init__(self, inner: Source) -> None:
        self._inner = inner
        self._apng: bytes | None = None

    def save(self, path: str | os.PathLike[str], *, loop: int = 0) -> None:
        """Writes a film (GIF, APNG, WebP by the extension) or a folder of pictures. It plays `loop` times; 0 means forever.

        Raises:
            ValueError: no output has this extension, or a step cannot be drawn.
            OSError: it cannot be written, or a step cannot be read.
        """
        warn(self._inner.save(path_of(path), whole("loop", loop, most=65_535)))

    def encode(self, output: str, *, loop: int = 0) -> bytes:
        """Encodes the film as `"gif"`, `"apng"` or `"webp"`. It plays `loop` times; 0 means forever.

        Raises:
            ValueError: there is no such output, or a step cannot be drawn.
            OSError: a step cannot be read.
        """
        film, notes = self._inner.encode(output, whole("loop", loop, most=65_535))
        warn(notes)
        return film

    def strip(self, pictures: int = 6) -> Picture:
        """Draws a strip of `pictures` frames side by side, for print.

        Raises:
            ValueError: the number is less than one, or a step cannot be drawn.
            OSError: a step cannot be read.
        """
        return Picture(self._inner.strip(whole("pictures", pictures, least=1)))

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        # An animated PNG plays where PNGs are shown; programs that cannot play it show the first frame.
        if self._apng is None:
            self._apng = self.encode("apng")
        if len(self._apng) > BUDGET:
            # A saved notebook should stay small: some pictures of the film replace it.
            bundle, about = self.strip()._repr_mimebundle_()
            size = len(self._apng) / 1e6
            bundle["text/plain"] = f"<hinton.Film of {size:.1f} MB, too large to keep here: .save('film.gif') writes it>"
            return bundle, about
        data = base64.b64encode(self._apng).decode("ascii")
        # As large as the picture of one step, for sharp display on dense screens. A PNG begins with its size (RFC 2083).
        width, height = (round(side * SCREEN / DPI) for side in struct.unpack(">II", self._apng[16:24]))
        return {"image/png": data, "text/plain": repr(self)}, {"image/png": {"width": width, "height": height}}

    def __repr__(self) -> str:
        return "<hinton.Film: .save('film.gif') writes it>"


def run(*paths: str | os.PathLike[str]) -> Run:
    """Opens a training run: a run folder, a folder of checkpoints, or a list of arrays. Several are shown together.

    Raises:
        OSError: there is no such file, or it is not a run.
    """
    if not paths:
        raise refused(TypeError, "run() takes the folder of at least one run", 'hinton.run("run/")')
    opened = _hinton.open_runs([path_of(path) for path in paths])
    warn(opened.warnings)
    warn_of_addresses()
    return Run(opened)


def animate(
    steps: Any,
    *tensors: str,
    name: str | None = None,
    device: str | None = None,
    threads: int = 0,
    **settings: Unpack[Animation],
) -> Film:
    """Makes a film of steps: the same picture of each, on one scale. It is drawn when it is shown or saved.

    >>> hinton.animate([W0, W1, W2], chart="heatmap").save("w.gif")     # doctest: +SKIP

    Args:
        steps: A run or the path of one; an array whose first axis is the steps; a list of arrays, models, open files or
            paths of checkpoints; or a dictionary of these by step number. Arrays are read in place when the film is
            drawn: copy those that change in the meantime.
        tensors: The tensors to show; all by default.
        name: The name of an array in the picture.
        device: `"cpu"` allows tensors to be copied from a GPU.
        threads: Number of threads; 0 means one per core.

    Raises:
        ValueError: there are no steps, their numbers are not ascending, or a setting does not accept the value.
        KeyError: no step has a tensor with this name.

    All other keywords are settings of the film or of its pictures. `hold` is a number of seconds, or two of them.
    """
    return of_steps(steps, name, device).animate(*tensors, threads=threads, **settings)


def of_steps(steps: Any, name: str | None = None, device: str | None = None) -> Run:
    """Steps in memory, or at a path, as a run."""
    from ._draw import inner

    if isinstance(steps, Run):
        return steps
    if isinstance(steps, (str, os.PathLike)):
        return run(steps)
    if isinstance(steps, Mapping):
        numbered = list(steps.items())
        wrong = next((number for number, _ in numbered if not hasattr(number, "__index__")), None)
        if wrong is not None:
            cure = "give a list of models, or a dictionary of them by number"
            raise refused(TypeError, f"{wrong!r} is not a number of a step", cure)
    elif _arrays.is_array(steps) and len(getattr(steps, "shape", ())) < 2:
        cure = "its first axis is the steps; `hinton.draw` draws a single array"
        raise refused(ValueError, "an array over time has at least two axes", cure)
    elif hasattr(steps, "__iter__"):
        numbered = list(enumerate(steps))
    else:
        cure = "give a run or its path, a list of arrays or models, or an array whose first axis is the steps"
        raise refused(TypeError, f"{kind_of(steps)} holds no steps", cure)
    called = name or "array"
    opened = [(number.__index__(), inner(one, called if _arrays.is_array(one) else name, device)._inner)
              for number, one in numbered]
    names = {one.names[0] if len(one.names) == 1 else "" for _, one in opened}
    if len(names) > 1 and "" not in names:
        # Files with a single array each are named after the files, but it is the same array.
        opened = [(number, _hinton.of_tensors(one.path, [one.select([])[0].named(called)])) for number, one in opened]
    made = _hinton.run_of(name or "steps", opened)
    warn(made.warnings)
    return Run(made)


with_settings(Run.draw)
with_keywords(Run.animate, "animate")
with_keywords(animate, "animate")
