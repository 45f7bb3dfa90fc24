"""Records a training in a run folder, which the rest of hinton can read while it is being written."""

from __future__ import annotations

import collections
import json
import math
import os
import threading
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Literal, TypedDict

from . import _hinton, _ranks, _watch
from ._errors import kind_of, refused, warn, whole
from ._paths import path_of
from ._snapshot import Copy, detached, lent, size_of, snapshot, whole_statistics

#: The maximum number of snapshots that wait to be written. More would only cost memory if the disk is slower.
WAITING = 2

#: Seconds between writes of metrics. Waking the thread at every step would slow the training more than the step's own
#: work, because the two compete for the interpreter's lock.
BEAT = 0.2

#: The size of a model, in bytes, up to which it is recorded whole; of larger models, samples are recorded.
SMALL = 64 << 20

Keep = Literal["auto", "whole", "samples"]


class Recorder:
    """Writes a run folder while a model learns; `hinton.record` creates one.

    The training waits only for a copy of the weights in memory, and only as long as the budget allows; a thread writes
    it. An error of the recorder is a `HintonWarning` and ends the recording, never the training. If several processes of
    torch.distributed train one model, only the first one records; if the model's tensors are sharded over the processes,
    each records its own part, see `merge_ranks`.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        model: Any = None,
        *,
        every: int | None = None,
        overhead: float = 0.01,
        max_bytes: int | None = None,
        keep: Keep = "auto",
        gradients: bool = False,
        updates: bool = False,
        activations: Sequence[str] = (),
        trained: str = "",
        settings: dict[str, Any] | None = None,
        resume: bool = False,
    ) -> None:
        if keep not in ("auto", "whole", "samples"):
            cure = 'give "auto", "whole" or "samples"'
            raise refused(ValueError, f"keep: {keep!r} is not known", cure)
        if not isinstance(overhead, (int, float)) or not overhead >= 0:
            cure = "give a share of the wall clock, such as overhead=0.01 for 1 %"
            raise refused(ValueError, f"overhead: {overhead!r} is not a share of the time", cure)
        every = None if every is None else whole("every", every, least=1)
        if isinstance(max_bytes, float) and max_bytes >= 0:
            max_bytes = int(max_bytes)  # 1e9 is one
        max_bytes = None if max_bytes is None else whole("max_bytes", max_bytes, most=1 << 63)
        if gradients:
            _watch.check_gradients(model)
        watched = _watch.Activations(model, activations) if activations else None
        self.path = path_of(path)
        self._writer: _hinton.Recorder | None = None
        #: The parts of a model that is sharded over several processes.
        self._parts: dict[str, _ranks.Part] | None = None
        if (place := _ranks.place(self.path, model, every, settings or {})) is not None:
            self.path, self._parts, about = place
            self._writer = _hinton.Recorder(self.path, trained, json.dumps(about, default=str), resume)
        self._model = model
        self._every = every
        # All ranks must record the same steps, so no rank may decide by its own budget.
        self._overhead = overhead if self._parts is None else math.inf
        self._budget = max_bytes
        self._keep = keep
        self._gradients = gradients
        self._norms: dict[str, Any] = {}
        self._updates = updates
        self._before: dict[str, Copy] | None = None
        self._activations = watched
        self._begun = time.perf_counter()
        #: Seconds that the training waited for the recorder.
        self.spent = 0.0
        #: Number of steps whose weights were recorded.
        self.recorded = 0
        #: Number of steps whose weights were due, but skipped because of the budget or a slow disk.
        self.skipped = 0
        self._untold = 0
        #: Size of the recorded weights in bytes.
        self.bytes = 0
        last = None if self._writer is None else self._writer.last
        self._number = -1 if last is None else last
        self._asked_last = self._number
        self._failure: BaseException | None = None
        self._waiting: collections.deque[Any] = collections.deque()
        self._wake = threading.Event()
        self._room = threading.Semaphore(WAITING)
        self._thread = threading.Thread(target=self._write_all, name="hinton recorder", daemon=True)
        self._is_open = self._writer is not None
        if self._is_open:
            self._thread.start()

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
            number: The number of the step; by default the previous one plus 1.
            model: The model at this step, if each step creates a new one, as in JAX. Arrays of JAX never change: they are
                not copied, and the writing thread reads them.
            weights: `True` records the whole weights at this step, regardless of the budget; `False` does not.
            tensors: More arrays to record besides the model's, by name: gradients, activations.
            metrics: Numbers by name. Values on an accelerator are read by the writing thread.

        Raises nothing: an error of the recorder is a `HintonWarning`, and the training goes on.
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
        """Records metrics of the most recent step, such as those of a validation. Numbers by name; values on an accelerator are
        read by the writing thread."""
        begun = time.perf_counter()
        if self._failure is None and self._is_open:
            try:
                kept = {name: detached(value) for name, value in metrics.items()}
                self._put((max(self._number, 0), time.time(), None, kept, None))
            except Exception as error:
                self._fail(error)
        self.spent += time.perf_counter() - begun

    def take_gradients(self) -> None:
        """Measures the gradients of the next step now, for trainings that clear them before they call `step`. Does nothing
        without `gradients=True`."""
        begun = time.perf_counter()
        if self._gradients and self._is_open and self._failure is None and self._is_armed(self._number + 1):
            try:
                self._norms = _watch.gradient_norms(self._model)
            except Exception as error:
                self._fail(error)
        self.spent += time.perf_counter() - begun

    def _take(self, number: int, weights: bool | None, tensors: Any, metrics: dict[str, Any]) -> None:
        copies, before = None, None
        metrics = {name: detached(value) for name, value in metrics.items()}
        if self._before is not None:
            before, self._before = (self._before, snapshot(self._weights())), None
        if self._is_armed(number) if weights is None else weights:
            # Requested weights wait for the disk; others do not, unless any cost is allowed.
            if self._room.acquire(blocking=weights is True or self._overhead >= 1):
                copies = self._copies(weights is True, tensors, metrics)
                metrics |= self._tell_skipped()
                self._asked_last = number
                self.recorded += 1
                self.bytes += sum(copy.nbytes for copy, _ in copies.values())
            else:
                self.skipped += 1
        self._put((number, time.time(), copies, metrics, before))
        if self._activations is not None:
            self._activations.is_armed = self._is_due(number + 1)

    def _tell_skipped(self) -> dict[str, Any]:
        """The number of steps skipped since this was last reported, for the run."""
        skipped, self._untold = self.skipped - self._untold, self.skipped
        return {"skipped_steps": skipped} if skipped else {}

    def _copies(self, is_whole: bool, tensors: Any, metrics: dict[str, Any]) -> dict[str, Copy]:
        """The copies to record of this step; adds the metrics that belong to it."""
        weights = self._weights()
        keep = self._keep
        if keep == "auto":
            keep = "samples" if self._parts is None and size_of(weights) > SMALL else "whole"
        is_whole = is_whole or keep == "whole"
        copies = snapshot(weights, only_samples=not is_whole)
        if not is_whole:
            metrics |= whole_statistics(weights)
        if self._gradients:
            metrics |= self._norms or _watch.gradient_norms(self._model)
            self._norms = {}
        if self._updates:
            self._before = copies if is_whole else snapshot(weights)
        if self._activations is not None:
            outputs, about = self._activations.take()
            copies = copies | snapshot(outputs)
            metrics |= about
        return copies | snapshot(tensors)

    def _weights(self) -> Any:
        """The model, or the parts of it that this process records."""
        if self._parts is None:
            return self._model
        return _ranks.local(self._model, self._parts, _ranks.rank_and_size()[0])

    def _is_armed(self, number: int) -> bool:
        """Whether the weights of this step are recorded. If activations are, that was decided one step earlier."""
        return self._is_due(number) if self._activations is None else self._activations.is_armed

    def _is_due(self, number: int) -> bool:
        if self._model is None or (self._every is not None and number - self._asked_last < self._every
                                   and self.recorded):
            return False
        if self.recorded == 0:
            return True
        # The cost of one more snapshot is estimated from the previous ones.
        cost = self.spent * (1 + 1 / self.recorded)
        within = self._overhead >= 1 or cost <= self._overhead * (time.perf_counter() - self._begun)
        if self._budget is not None:
            within = within and self.bytes * (1 + 1 / self.recorded) <= self._budget
        if not within and self._every is not None:
            self.skipped += 1
        return within

    def _put(self, item: Any) -> None:
        """Passes a step to the writing thread; None ends it. The thread is woken only for weights, which take memory."""
        self._waiting.append(item)
        if item is None or item[2] is not None or item[4] is not None:
            self._wake.set()

    def _write_all(self) -> None:
        while True:
            self._wake.wait(BEAT)
            self._wake.clear()
            while self._waiting:
                if (item := self._waiting.popleft()) is None:
                    return
                self._write(*item)

    def _write(
        self, number: int, taken: float, copies: dict[str, Copy] | None, metrics: dict[str, Any], before: Any
    ) -> None:
        try:
            if self._failure is None:
                values = [(name, float(value)) for name, value in metrics.items()]
                values += _watch.update_ratios(*before) if before else []
                arrays = [lent(name, copy, dtype) for name, (copy, dtype) in (copies or {}).items()]
                if self._writer is not None:
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
        """Records a step after each `optimizer.step()` of torch; call `.remove()` on the returned handle to stop.

        Raises:
            TypeError: it is not an optimiser of torch.
        """
        if not hasattr(optimizer, "register_step_post_hook"):
            cure = "give an optimiser of torch, or call `.step()` in the loop"
            raise refused(TypeError, f"{kind_of(optimizer)} is not an optimiser of torch", cure)
        return optimizer.register_step_post_hook(lambda *_: self.step())

    def close(self) -> None:
        """Waits until everything is written. Calling it again has no effect."""
        if self._is_open:
            self._is_open = False
            if last := self._tell_skipped():
                self._put((max(self._number, 0), time.time(), None, last, None))
            if self._activations is not None:
                self._activations.remove()
            self._put(None)
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


class Recording(TypedDict, total=False):
    """The arguments of `record` besides the folder and the model."""

    every: int | None
    """Minimum number of steps between two recorded weights"""
    overhead: float
    """Maximum share of the wall clock that copies of weights may take"""
    max_bytes: int | None
    """Maximum size of all weights in the run, in bytes"""
    keep: Keep
    """`"whole"` weights, `"samples"` of large ones, or `"auto"`: whole up to 64 MiB"""
    gradients: bool
    """Record the norms of gradients, at steps whose weights are recorded"""
    updates: bool
    """Record how much the step after each recorded one changed each tensor"""
    activations: Sequence[str]
    """Modules whose outputs are recorded when weights are: names and globs"""
    trained: str
    """A description of what is trained"""
    settings: dict[str, Any] | None
    """The training's settings"""
    resume: bool
    """Continue the existing run"""


def record(
    path: str | os.PathLike[str],
    model: Any = None,
    *,
    every: int | None = None,
    overhead: float = 0.01,
    max_bytes: int | None = None,
    keep: Keep = "auto",
    gradients: bool = False,
    updates: bool = False,
    activations: Sequence[str] = (),
    trained: str = "",
    settings: dict[str, Any] | None = None,
    resume: bool = False,
) -> Recorder:
    """Records a training in a run folder, which `hinton.run` and the command can read while it is written.

    >>> with hinton.record("run/", model) as rec:           # doctest: +SKIP
    ...     for batch in batches:
    ...         loss = train(batch)
    ...         rec.step(loss=loss)

    Args:
        path: The folder; it must not hold a run yet, unless `resume` continues it.
        model: A module or a dictionary of arrays; anything that `hinton.draw` accepts. Read anew at each step.
        every: Minimum number of steps between two recorded weights; by default only the budget decides.
        overhead: Maximum share of the wall clock that copies of weights may take: 0.01 is 1 %. With 1 or more nothing is
            skipped, and the training waits for the disk.
        max_bytes: Maximum size of all weights in the run, in bytes.
        keep: `"whole"` records all values. `"samples"` records, for a tensor of more than 65,536 values, every n-th row
            and column as `NAME.sample` and, over all its values, the metrics `rms.NAME` and `max_abs.NAME`. `"auto"`
            records a model of up to 64 MiB whole, and samples of a larger one. `step(weights=True)` is always whole.
        gradients: Records `grad_norm` and `grad_norm.NAME` of a torch module, at the steps whose weights are recorded.
            The gradients must still exist: call `step` or `take_gradients` before `zero_grad`, or use `attach`.
        updates: Records `update_ratio.NAME` at the step after each one whose weights are recorded: the norm of the change
            in that one step, divided by the norm of the tensor before it. Costs one more copy.
        activations: Names and globs (`"layers.*.mlp"`) of torch modules whose outputs are recorded when weights are, in
            training mode: `activation.NAME` of the first 16 examples, and the metrics `activation_rms.NAME` and
            `activation_zeros.NAME` (the share of zeros) of the whole batch.
        trained: A description of what is trained.
        settings: The settings of the training, written as JSON.

    Raises:
        ValueError: the folder already holds a run; or the model has no gradients or modules to watch.
        KeyError: no module matches a name of `activations`.
    """
    return Recorder(
        path, model, every=every, overhead=overhead, max_bytes=max_bytes, keep=keep, gradients=gradients,
        updates=updates, activations=activations, trained=trained, settings=settings, resume=resume,
    )
