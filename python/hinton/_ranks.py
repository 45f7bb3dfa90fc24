"""Models that several processes of torch.distributed train together.

If each process holds the whole model, the first process records it. If the model's tensors are sharded over the processes
(DTensor, as FSDP2 and tensor parallelism create them), each process records its own part without communication, and
`merge_ranks` joins the parts.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from . import _arrays, _hinton
from ._errors import refused
from ._paths import path_of

#: The folder of the parts is next to that of the run, and has its name with this suffix.
RANKS = "-ranks"

Part = tuple[tuple[int, ...], tuple[int, ...]]


def rank_and_size() -> tuple[int, int]:
    """The number of this process and the number of processes; (0, 1) for a single process."""
    distributed = sys.modules.get("torch.distributed")
    if distributed is None or not distributed.is_available() or not distributed.is_initialized():
        return 0, 1
    return distributed.get_rank(), distributed.get_world_size()


def is_spread(value: Any) -> bool:
    """Whether it is a tensor that is sharded over processes."""
    return hasattr(value, "placements") and hasattr(value, "device_mesh")


def local_parts(model: Any) -> dict[str, Part]:
    """The start of this process's part in each sharded tensor, and the shape of the whole. Tensors that other processes
    hold too are left to the first of them."""
    found: dict[str, Part] = {}
    for name, value in _arrays.parts(model, ""):
        if is_spread(value):
            offset = part_of(value, name)
            if offset is not None:
                found[name] = (offset, tuple(value.shape))
    return found


def part_of(value: Any, name: str) -> tuple[int, ...] | None:
    """The start of this process's part; None if another process records the same part, or the part is empty.

    A sharded axis is split like `torch.chunk`, once for each axis of the mesh, as documented in
    torch.distributed.tensor.
    """
    coordinate = value.device_mesh.get_coordinate()
    if coordinate is None:
        return None
    offset, shape = [0] * value.ndim, list(value.shape)
    for axis, placement in enumerate(value.placements):
        kind = type(placement).__name__
        if kind == "Replicate":
            if coordinate[axis] > 0:
                return None
        elif kind == "Shard":
            length = shape[placement.dim]
            chunk = -(-length // value.device_mesh.size(axis))
            begin = min(coordinate[axis] * chunk, length)
            offset[placement.dim] += begin
            shape[placement.dim] = min(chunk, length - begin)
        else:
            cure = "record `.full_tensor()` of it by tensors= of step(), on every rank"
            raise refused(ValueError, f"{name!r}: a tensor with the placement {placement} is not recorded", cure)
    return tuple(offset) if 0 not in shape else None


def local(model: Any, parts: dict[str, Part], rank: int) -> dict[str, Any]:
    """The parts of this process; the first process also has everything that is not sharded."""
    found: dict[str, Any] = {}
    for name, value in _arrays.parts(model, ""):
        if name in parts:
            found[name] = value.detach().to_local()
        elif rank == 0 and not is_spread(value):
            found[name] = value
    return found


def merge_ranks(path: str | os.PathLike[str]) -> list[int]:
    """Joins the parts that the processes of a sharded training recorded, and returns the steps that all processes have.

    The run in `path` then holds whole tensors, like any other. The parts, in `path-ranks`, are left unchanged and are no
    longer needed.

    Args:
        path: The folder that was passed to `hinton.record`.

    Raises:
        ValueError: there are no parts, a process is missing, or the run was already merged.
    """
    from ._run import run

    folder = beside(path_of(path))
    runs = [run(one) for one in sorted(folder.iterdir(), key=lambda one: int(one.name))] if folder.is_dir() else []
    if not runs:
        cure = "give the folder that hinton.record was given by a sharded training"
        raise refused(ValueError, f"{path_of(path)}: there are no parts of ranks", cure)
    expected = int(runs[0].settings["hinton.ranks"])
    if len(runs) != expected:
        cure = "bring the folders of the other ranks here"
        raise refused(ValueError, f"{folder}: there are {len(runs)} of {expected} ranks", cure)
    shared = sorted(set.intersection(*({step.number for step in one.steps} for one in runs)))
    own = {name: value for name, value in runs[0].settings.items() if not name.startswith("hinton.")}
    writer = _hinton.Recorder(path_of(path), runs[0].trained or "", json.dumps(own), False)
    metrics: dict[int, list[tuple[str, float]]] = {}
    for name, rows in runs[0].metrics.items():
        for number, value in rows:
            metrics.setdefault(number, []).append((name, value))
    for number in sorted({*shared, *metrics}):
        tensors = [_arrays.lend(*one) for one in joined(runs, number)] if number in shared else []
        writer.write(number, None, tensors, metrics.get(number, []))
    return shared


def joined(runs: Sequence[Any], number: int) -> list[tuple[Any, str, str | None]]:
    """The whole tensors of a step: the array, the name, and the type if numpy does not have it."""
    import numpy

    whole: dict[str, Any] = {}
    bf16: set[str] = set()
    for one in runs:
        parts = one.settings["hinton.parts"]
        for name, tensor in one.at(number).items():
            values = tensor.numpy()
            offset, shape = parts.get(name, ([0] * values.ndim, list(values.shape)))
            array = whole.setdefault(name, numpy.zeros(shape, values.dtype))
            array[tuple(slice(begin, begin + length) for begin, length in zip(offset, values.shape))] = values
            bf16 |= {name} if tensor.dtype == "bf16" else set()
    # numpy has no bfloat16: it is the upper half of the float32 that was read.
    return [
        ((array.view("u4") >> 16).astype("u2"), name, "bf16") if name in bf16 else (array, name, None)
        for name, array in whole.items()
    ]


def place(
    path: str, model: Any, every: int | None, settings: dict[str, Any]
) -> tuple[str, dict[str, Part] | None, dict[str, Any]] | None:
    """The folder in which this process records, the parts of a sharded model, and the settings that describe them; None if
    another process records."""
    rank, ranks = rank_and_size()
    spread = ranks > 1 and model is not None and any(is_spread(value) for _, value in _arrays.parts(model, ""))
    if not spread:
        return None if rank > 0 else (path, None, settings)
    if every is None:
        cure = "give every=: all processes must record the same steps, and do not ask one another"
        raise refused(ValueError, "every: the model is spread over several processes", cure)
    parts = local_parts(model)
    about = {"hinton.rank": rank, "hinton.ranks": ranks, "hinton.parts": parts}
    return str(beside(path) / str(rank)), parts, {**settings, **about}


def beside(path: str) -> Path:
    """The folder of the parts of a run."""
    run = Path(path)
    return run.with_name(run.name + RANKS)
