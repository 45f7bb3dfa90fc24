"""Callbacks that record a training of Keras, Lightning or transformers in a run folder.

Each takes the arguments of `hinton.record` except the model, which the library provides. The library is imported when
its callback is created, never by `import hinton`.

>>> model.fit(x, y, callbacks=[hinton.callbacks.keras("run/")])                    # doctest: +SKIP
>>> lightning.Trainer(callbacks=[hinton.callbacks.lightning("run/")])              # doctest: +SKIP
>>> transformers.Trainer(model, args, callbacks=[hinton.callbacks.transformers("run/")])   # doctest: +SKIP

Loops in JAX have no callbacks: call `rec.step(model=params, loss=loss)` after `optax.apply_updates`.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ._errors import needed
from ._record import Recorder

if TYPE_CHECKING:
    from typing import Unpack

    from ._record import Recording

__all__ = ["keras", "lightning", "transformers"]


class Writer:
    """The common part of all callbacks: a recorder that is created once the model exists, on the first process only."""

    def __init__(self, path: str | os.PathLike[str], recording: Recording) -> None:
        self.path = path
        self.recording = recording
        #: The recorder; None before the training begins, and on all processes but the first.
        self.recorder: Recorder | None = None

    def begin(self, model: Any, is_first: bool = True) -> None:
        if self.recorder is None and is_first:
            self.recorder = Recorder(self.path, model, **self.recording)

    def step(self, metrics: Mapping[str, Any] | None, number: int | None = None) -> None:
        if self.recorder is not None:
            self.recorder.step(number, **numbers(metrics))

    def log(self, metrics: Mapping[str, Any] | None) -> None:
        kept = numbers(metrics)
        if self.recorder is not None and kept:
            self.recorder.log(**kept)

    def end(self) -> None:
        if self.recorder is not None:
            self.recorder.close()


def keras(path: str | os.PathLike[str], **recording: Unpack[Recording]) -> Any:
    """A callback for `fit` of Keras: one step per batch with its logs, and the logs of each epoch after its last batch.

    Args:
        path: The folder of the run.
        recording: Arguments of `hinton.record`: `every`, `overhead`, `keep` …

    Raises:
        ModuleNotFoundError: Keras is not installed.
    """
    base = needed("keras", "keras").callbacks.Callback
    writer = Writer(path, recording)

    class Callback(base):  # type: ignore[misc, valid-type]
        """Records a training in a run folder."""

        def on_train_begin(self, logs: Any = None) -> None:
            writer.begin(self)

        def state_dict(self) -> dict[str, Any]:
            # With JAX the weights are elsewhere during a training, and are written back when the model is accessed.
            return {str(getattr(one, "path", index)): one for index, one in enumerate(self.model.weights)}

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            writer.step(logs)

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            writer.log({name: value for name, value in (logs or {}).items() if name.startswith("val_")})

        def on_train_end(self, logs: Any = None) -> None:
            writer.end()

    return kept(Callback(), writer)


def lightning(path: str | os.PathLike[str], **recording: Unpack[Recording]) -> Any:
    """A callback for the Trainer of Lightning (`lightning` or `pytorch_lightning`): one step per batch with its loss, and
    what was logged after each validation.

    Args:
        path: The folder of the run.
        recording: Arguments of `hinton.record`: `every`, `overhead`, `keep` …

    Raises:
        ModuleNotFoundError: Lightning is not installed.
    """
    try:
        base = needed("lightning.pytorch.callbacks", "lightning").Callback
    except ModuleNotFoundError as missing:
        try:
            base = needed("pytorch_lightning.callbacks", "pytorch-lightning").Callback
        except ModuleNotFoundError:
            raise missing from None
    writer = Writer(path, recording)

    class Callback(base):  # type: ignore[misc, valid-type]
        """Records a training in a run folder."""

        def on_fit_start(self, trainer: Any, pl_module: Any) -> None:
            writer.begin(pl_module, trainer.is_global_zero)

        def on_train_batch_end(
            self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int
        ) -> None:
            loss = outputs.get("loss") if isinstance(outputs, Mapping) else outputs
            writer.step({} if loss is None else {"loss": loss})

        def on_validation_end(self, trainer: Any, pl_module: Any) -> None:
            if not getattr(trainer, "sanity_checking", False):
                writer.log(trainer.callback_metrics)

        def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:
            writer.end()

        def on_fit_end(self, trainer: Any, pl_module: Any) -> None:
            writer.end()

    return kept(Callback(), writer)


def transformers(path: str | os.PathLike[str], **recording: Unpack[Recording]) -> Any:
    """A callback for the Trainer of transformers: one step for each of its steps, with the same numbers, and what it
    logs.

    Args:
        path: The folder of the run.
        recording: Arguments of `hinton.record`: `every`, `overhead`, `keep` …

    Raises:
        ModuleNotFoundError: transformers is not installed.
    """
    base = needed("transformers", "transformers").TrainerCallback
    writer = Writer(path, recording)

    class Callback(base):  # type: ignore[misc, valid-type]
        """Records a training in a run folder."""

        def on_train_begin(self, args: Any, state: Any, control: Any, model: Any = None, **_: Any) -> None:
            writer.begin(model, state.is_world_process_zero)

        def on_pre_optimizer_step(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            # At the end of a step they are cleared.
            if writer.recorder is not None:
                writer.recorder.take_gradients()

        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            writer.step({}, state.global_step)

        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
            # Recorded norms already have that name, and exist for every step.
            own = {"grad_norm"} if recording.get("gradients") else set()
            writer.log({name: value for name, value in (logs or {}).items() if name not in own})

        def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            writer.end()

    return kept(Callback(), writer)


def kept(callback: Any, writer: Writer) -> Any:
    """The callback, with a reference to its writer: `callback.hinton.recorder`."""
    callback.hinton = writer
    return callback


def numbers(metrics: Mapping[str, Any] | None) -> dict[str, Any]:
    """The metrics that are numbers, or tensors with a single number."""
    return {str(name): value for name, value in (metrics or {}).items() if is_number(value)}


def is_number(value: Any) -> bool:
    if isinstance(value, (int, float)):
        return not isinstance(value, bool)
    shape = getattr(value, "shape", None)
    return shape is not None and math.prod(shape) == 1 and not isinstance(value, type)
