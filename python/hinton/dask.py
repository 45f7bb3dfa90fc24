"""Statistics of checkpoints on Dask, using `hinton.distributed`.

>>> from dask.distributed import Client
>>> import hinton.dask
>>> client = Client("scheduler:8786")                                # doctest: +SKIP
>>> hinton.dask.summary("hf://org/name").save("all.hs")              # doctest: +SKIP

Without a client, the tasks run with Dask's default scheduler, on threads of this process.
"""

from __future__ import annotations

import functools
import os
from typing import Any

from ._errors import needed
from .distributed import Summary, do, merge, plan

__all__ = ["summary"]


def summary(
    uri: str | os.PathLike[str],
    *,
    chunk: int | str = "256MB",
    threads: int = 1,
    client: Any = None,
) -> Summary:
    """Computes statistics of every tensor of a checkpoint, see `hinton.distributed.summary`.

    Args:
        uri: A path or an address that means the same on every worker.
        chunk: About how much each task reads.
        threads: Number of threads per task.
        client: A `dask.distributed.Client`; by default the current one, if there is one.

    Raises:
        ModuleNotFoundError: Dask is not installed.
        OSError: the checkpoint cannot be read.
        ValueError: it changed while it was read.
    """
    tasks = plan(uri, chunk=chunk)
    work = functools.partial(do, threads=threads)
    if client is not None:
        return merge(client.gather(client.map(work, tasks, pure=True)))
    dask = needed("dask", "dask")
    return merge(dask.compute(*[dask.delayed(work, pure=True)(task) for task in tasks]))
