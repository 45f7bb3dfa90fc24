"""Recording a training: a run folder that everything else of hinton reads, while it is written."""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
import time
from types import TracebackType
from typing import Any, TypedDict

from . import _arrays, _hinton
from ._errors import warn

#: Snapshots that wait to be written. More would only be memory: the disk is slower than the training.
WAITING = 2


class Recorder:
    """Writes a run folder while a model learns; `hinton.record` makes one.

    The training waits for nothing but a copy of the weights in memory, and for that only as long as the budget
    allows. A thread writes. A fault of the recorder is a `HintonWarning` and ends the recording, never the
    training.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        model: Any = None,
        *,
        every: int | None = None,
        overhead: float = 0.01,
        max_bytes: int | None = None,
        trained: str = "",
        settings: dict[str, Any] | None = None,
        resume: bool = False,
    ) -> None:
        about = json.dumps(settings or {}, default=str)
        self._writer = _hinton.Recorder(os.fspath(path), trained, about, resume)
        self.path = os.fspath(path)
        self._model = model
        self._every = every
        self._overhead = overhead
        self._budget = max_bytes
        self._begun = time.perf_counter()
        #: Seconds that the training waited for the recorder.
        self.spent = 0.0
        #: Steps whose weights were recorded.
        self.recorded = 0
        #: Steps that were due, and whose weights the budget or a slow disk left out.
        self.skipped = 0
        #: Bytes of weights that were recorded.
        self.bytes = 0
        last = self._writer.last
        self._number = -1 if last is None else last
        self._asked_last = self._number
        self._failure: BaseException | None = None
        self._waiting: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._room = threading.Semaphore(WAITING)
        self._thread = threading.Thread(target=self._write_all, name="hinton recorder", daemon=True)
        self._thread.start()
        self._is_open = True

    def step(
        self,
        number: int | None = None,
        *,
        model: Any = None,
        weights: bool | None = None,
        tensors: Any = None,
        **metrics: Any,
    ) -> None:
        """Records a step: its metrics always, its weights as far as `every` and the budget allow.

        Args:
            number: The step's number; without one, the last plus 1.
            model: The model at this step, where each step makes a new one, as JAX does. Arrays of JAX never
                change: they are kept, and read by the thread that writes.
            weights: `True` records the weights at this step whatever the budget says, `False` does not.
            tensors: Arrays to record besides the model's, by name: gradients, activations.
            metrics: Numbers by name. A value of an accelerator is read by the thread that writes.
        """
        begun = time.perf_counter()
        self._number = self._number + 1 if number is None else number
        self._model = self._model if model is None else model
        if self._failure is None and self._is_open:
            try:
                self._take(self._number, weights, tensors, metrics)
            except Exception as error:
                self._fail(error)
        self.spent += time.perf_counter() - begun

    def log(self, **metrics: Any) -> None:
        """Records metrics of the step that was recorded last: of a validation, say."""
        begun = time.perf_counter()
        if self._failure is None and self._is_open:
            try:
                kept = {name: detached(value) for name, value in metrics.items()}
                self._waiting.put((max(self._number, 0), time.time(), None, kept))
            except Exception as error:
                self._fail(error)
        self.spent += time.perf_counter() - begun

    def _take(self, number: int, weights: bool | None, tensors: Any, metrics: dict[str, Any]) -> None:
        copies = None
        if self._is_due(number) if weights is None else weights:
            # Weights that were asked for wait for the disk, others do not unless any cost is allowed.
            if self._room.acquire(blocking=weights is True or self._overhead >= 1):
                copies = snapshot(self._model) | snapshot(tensors)
                self._asked_last = number
                self.recorded += 1
                self.bytes += sum(copy.nbytes for copy, _ in copies.values())
            else:
                self.skipped += 1
        kept = {name: detached(value) for name, value in metrics.items()}
        self._waiting.put((number, time.time(), copies, kept))

    def _is_due(self, number: int) -> bool:
        if self._model is None or (self._every is not None and number - self._asked_last < self._every
                                   and self.recorded):
            return False
        if self.recorded == 0:
            return True
        # What one more snapshot costs is what the ones before did.
        cost = self.spent * (1 + 1 / self.recorded)
        within = cost <= self._overhead * (time.perf_counter() - self._begun)
        if self._budget is not None:
            within = within and self.bytes * (1 + 1 / self.recorded) <= self._budget
        if not within and self._every is not None:
            self.skipped += 1
        return within

    def _write_all(self) -> None:
        while (item := self._waiting.get()) is not None:
            number, taken, copies, metrics = item
            try:
                if self._failure is None:
                    values = [(name, float(value)) for name, value in metrics.items()]
                    arrays = [lent(name, copy, dtype) for name, (copy, dtype) in (copies or {}).items()]
                    self._writer.write(number, taken, arrays, values)
            except Exception as error:
                self._fail(error)
            finally:
                if copies is not None:
                    self._room.release()

    def _fail(self, error: BaseException) -> None:
        self._failure = error
        warn([f"{self.path}: the recording ended, the training goes on: {error}"])

    def attach(self, optimizer: Any) -> Any:
        """Records a step after each `optimizer.step()` of torch; the handle's `.remove()` ends that."""
        return optimizer.register_step_post_hook(lambda *_: self.step())

    def close(self) -> None:
        """Waits until everything is written."""
        if self._is_open:
            self._is_open = False
            self._waiting.put(None)
            self._thread.join()

    def __enter__(self) -> Recorder:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<hinton.Recorder {self.path!r}: {self.recorded} steps with weights, {self.skipped} skipped>"


def snapshot(model: Any) -> dict[str, tuple[Any, str | None]]:
    """Copies of all arrays of a model, each with the name of a type that numpy does not have."""
    copies: dict[str, tuple[Any, str | None]] = {}
    for name, part in _arrays.parts(model, ""):
        if _arrays.is_from(part, "torch"):
            copies[name] = of_torch(part)
        elif is_of_jax(part):
            copies[name] = (part, None)
        elif _arrays.is_array(part):
            array = _arrays.as_numpy(part, name)
            kind, size = _arrays.FOREIGN.get(array.dtype.name, (None, 0))
            copies[name] = ((array.view(f"u{size}") if kind else array).copy(), kind)
    return copies


def is_of_jax(value: Any) -> bool:
    """Whether it is an array of JAX, which never changes and may still be computed."""
    return _arrays.is_from(value, "jax") or _arrays.is_from(value, "jaxlib")


def of_torch(value: Any) -> tuple[Any, str | None]:
    torch = sys.modules["torch"]
    value = value.detach()
    copy = value.clone() if value.device.type == "cpu" else value.cpu()
    kind, size = _arrays.FOREIGN.get(str(copy.dtype).removeprefix("torch."), (None, 0))
    if kind is not None:
        copy = copy.contiguous().view(torch.int16 if size == 2 else torch.uint8)
    return copy.numpy(), kind


def detached(value: Any) -> Any:
    """A metric that later steps do not change; torch's stay on their device until they are written."""
    if _arrays.is_from(value, "torch"):
        return value.detach().clone()
    return value if is_of_jax(value) else float(value)


def lent(name: str, array: Any, dtype: str | None) -> _hinton.Tensor:
    if is_of_jax(array):
        return _arrays.of_numpy(_arrays.as_numpy(array, name), name)
    return _arrays.lend(array, name, dtype)


class Recording(TypedDict, total=False):
    """What `record` takes besides the folder and the model."""

    every: int | None
    """Least number of steps between two recorded weights"""
    overhead: float
    """The most of the wall clock that copies of weights may take"""
    max_bytes: int | None
    """The most bytes of weights in the run"""
    trained: str
    """What is trained, for people"""
    settings: dict[str, Any] | None
    """The training's settings"""
    resume: bool
    """Goes on with the run that is there"""


def record(
    path: str | os.PathLike[str],
    model: Any = None,
    *,
    every: int | None = None,
    overhead: float = 0.01,
    max_bytes: int | None = None,
    trained: str = "",
    settings: dict[str, Any] | None = None,
    resume: bool = False,
) -> Recorder:
    """Records a training in a run folder, which `hinton.run` and the command read meanwhile.

    >>> with hinton.record("run/", model) as rec:           # doctest: +SKIP
    ...     for batch in batches:
    ...         loss = train(batch)
    ...         rec.step(loss=loss)

    Args:
        path: The folder; it must hold no run yet, unless `resume` goes on with one.
        model: A module, a dictionary of arrays; what `hinton.draw` takes. Read anew at each step.
        every: Least number of steps between two recorded weights; without, the budget alone decides.
        overhead: The most of the wall clock that copies of weights may take, 0.01 for 1 %. With 1 or more nothing is
            left out, and the training waits for the disk.
        max_bytes: The most bytes of weights in the run.
        trained: What is trained, for people.
        settings: The training's settings, written as JSON.

    Raises:
        ValueError: there is a run in the folder already.
    """
    return Recorder(
        path, model, every=every, overhead=overhead, max_bytes=max_bytes, trained=trained,
        settings=settings, resume=resume,
    )
