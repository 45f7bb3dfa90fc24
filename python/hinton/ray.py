"""Statistics of checkpoints on Ray, using `hinton.distributed`.

>>> import ray, hinton.ray
>>> ray.init("ray://head:10001")                                     # doctest: +SKIP
>>> hinton.ray.summary("hf://org/name").save("all.hs")               # doctest: +SKIP

Without `ray.init`, Ray starts on this machine, as with any of its calls.
"""

from __future__ import annotations

import os
from typing import Any

from ._errors import needed
from .distributed import Summary, do, merge, plan

__all__ = ["summary"]


def summary(uri: str | os.PathLike[str], *, chunk: int | str = "256MB", threads: int = 1) -> Summary:
    """Computes statistics of every tensor of a checkpoint, see `hinton.distributed.summary`.

    Args:
        uri: A path or an address that means the same on every node.
        chunk: About how much each task reads.
        threads: Number of threads per task, which reserves as many of Ray's CPUs.

    Raises:
        ModuleNotFoundError: Ray is not installed.
        OSError: the checkpoint cannot be read.
        ValueError: it changed while it was read.
    """
    ray = needed("ray", "ray")
    work = ray.remote(num_cpus=max(threads, 1))(do)
    parts = [work.remote(task, threads=threads) for task in plan(uri, chunk=chunk)]
    return merge(ray.get(parts))
