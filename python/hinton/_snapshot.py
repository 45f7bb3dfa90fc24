"""Snapshots of a model's arrays that later steps do not change, taken without waiting for a device."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from typing import Any

from . import _arrays, _hinton
from ._tensor import Tensor

#: The maximum number of values in a sample.
SAMPLE = 256 * 256

#: A copy, with the name of its type if numpy does not have it.
Copy = tuple[Any, str | None]


class OnItsWay:
    """A tensor on a CUDA device that is being copied to page-locked memory on a separate stream.

    The training's stream waits for the copy before it goes on to change the weights; the CPU waits only in `arrived`,
    which the writing thread calls.
    """

    def __init__(self, value: Any) -> None:
        torch = sys.modules["torch"]
        training = torch.cuda.current_stream(value.device)
        side = side_stream(value.device)
        side.wait_stream(training)
        with torch.cuda.stream(side):
            self._copy = torch.empty(value.shape, dtype=value.dtype, pin_memory=True)
            self._copy.copy_(value, non_blocking=True)
            self._done = side.record_event()
        training.wait_event(self._done)
        # Its memory must not be reused for another tensor before the copy is complete.
        value.record_stream(side)
        self.nbytes: int = self._copy.numel() * self._copy.element_size()

    def arrived(self) -> Any:
        self._done.synchronize()
        return self._copy


#: The stream for copies, by device.
SIDES: dict[Any, Any] = {}


def side_stream(device: Any) -> Any:
    if device not in SIDES:
        SIDES[device] = sys.modules["torch"].cuda.Stream(device)
    return SIDES[device]


def snapshot(model: Any, only_samples: bool = False) -> dict[str, Copy]:
    """Copies all arrays of a model, by name; with `only_samples`, every n-th row and column of large ones."""
    copies: dict[str, Copy] = {}
    for name, part in _arrays.parts(model, ""):
        if only_samples and (strides := sample_of(getattr(part, "shape", ()))):
            name, part = f"{name}.sample", strided(part, name, strides)
        one = copied(part, name)
        if one is not None:
            copies[name] = one
    return copies


def size_of(model: Any) -> int:
    """The size of all arrays of a model in bytes."""
    return sum(int(getattr(part, "nbytes", 0)) for _, part in _arrays.parts(model, ""))


def sample_of(shape: Sequence[int]) -> tuple[int, ...]:
    """The strides, powers of 2, of a sample of at most 256 x 256 values; empty if the whole array is that small."""
    strides = [1] * len(shape)
    while math.prod(kept := [-(-axis // stride) for axis, stride in zip(shape, strides)]) > SAMPLE:
        strides[kept.index(max(kept))] *= 2
    return tuple(strides) if max(strides, default=1) > 1 else ()


def strided(value: Any, name: str, strides: tuple[int, ...]) -> Any:
    """Every n-th value along each axis, as a view if the library supports it."""
    array = value if _arrays.is_from(value, "torch") or is_of_jax(value) else _arrays.as_numpy(value, name)
    return array[tuple(slice(None, None, stride) for stride in strides)]


def whole_statistics(model: Any) -> dict[str, Any]:
    """For each array of which a sample is recorded, the root mean square and the largest magnitude of all its values."""
    found: dict[str, Any] = {}
    for name, part in _arrays.parts(model, ""):
        if not sample_of(getattr(part, "shape", ())):
            continue
        if _arrays.is_from(part, "torch"):
            wide = part.detach().float()
            found[f"rms.{name}"], found[f"max_abs.{name}"] = wide.square().mean().sqrt(), wide.abs().max()
        else:
            import numpy

            array = part if is_of_jax(part) else _arrays.as_numpy(part, name)
            found[f"rms.{name}"] = (array.astype("float32") ** 2).mean() ** 0.5
            found[f"max_abs.{name}"] = abs(array).max() if is_of_jax(part) else numpy.abs(array).max()
    return found


def copied(value: Any, name: str) -> Copy | None:
    """Copies one array; None if the value is not an array."""
    if _arrays.is_from(value, "torch"):
        return of_torch(value)
    if is_of_jax(value):
        return value, None
    if not _arrays.is_array(value):
        return None
    array = _arrays.as_numpy(value, name)
    kind, size = _arrays.FOREIGN.get(array.dtype.name, (None, 0))
    return (array.view(f"u{size}") if kind else array).copy(), kind


def of_torch(value: Any) -> Copy:
    """Copies a torch tensor: from the CPU at once, from CUDA asynchronously, from other devices by waiting."""
    value = value.detach()
    kind, _ = _arrays.FOREIGN.get(str(value.dtype).removeprefix("torch."), (None, 0))
    if value.device.type == "cpu":
        return bits(value.clone()), kind
    if value.device.type == "cuda" and value.layout == sys.modules["torch"].strided:
        return OnItsWay(value), kind
    return bits(value.cpu()), kind


def bits(value: Any) -> Any:
    """A torch tensor as a numpy array; as integers if numpy does not know the type."""
    torch = sys.modules["torch"]
    _, size = _arrays.FOREIGN.get(str(value.dtype).removeprefix("torch."), (None, 0))
    if size:
        value = value.contiguous().view(torch.int16 if size == 2 else torch.uint8)
    return value.resolve_conj().resolve_neg().numpy()


def is_of_jax(value: Any) -> bool:
    """Whether it is an array of JAX, which never changes and may still be being computed."""
    return _arrays.is_from(value, "jax") or _arrays.is_from(value, "jaxlib")


def detached(value: Any) -> Any:
    """A metric that later steps do not change; torch's stay on their device until they are written."""
    if _arrays.is_from(value, "torch"):
        return value.detach().clone()
    return value if is_of_jax(value) else float(value)


def array(copy: Any, name: str) -> Any:
    """The values of a copy; waits until it is complete."""
    if isinstance(copy, OnItsWay):
        return bits(copy.arrived())
    return _arrays.as_numpy(copy, name) if is_of_jax(copy) else copy


def lent(name: str, copy: Any, dtype: str | None) -> _hinton.Tensor:
    """A copy as a tensor of hinton."""
    if is_of_jax(copy):
        return _arrays.of_numpy(_arrays.as_numpy(copy, name), name)
    return _arrays.lend(array(copy, name), name, dtype)


def numbers(copy: Any, dtype: str | None, name: str) -> Any:
    """A copy as 64-bit numbers, for norms."""
    values = array(copy, name) if dtype is None else Tensor(lent(name, copy, dtype)).numpy()
    return values.astype("float64")
