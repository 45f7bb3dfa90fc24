"""Statistics of checkpoints on anything that maps a function over a list: a pool of processes, Dask, Ray, a loop.

>>> from concurrent.futures import ProcessPoolExecutor
>>> import hinton.distributed
>>> with ProcessPoolExecutor() as pool:                              # doctest: +SKIP
...     summary = hinton.distributed.summary("hf://org/name", map=pool.map)
>>> summary.checkpoint.summary()                                     # doctest: +SKIP

A task is a line of text and a summary is bytes. An engine needs hinton installed where the function runs, and the path or
address must mean the same there. Tasks can run anywhere, in any order and more than once: their results merge to exactly
the bytes that a single machine would write.
"""

from __future__ import annotations

import builtins
import functools
import os
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from . import _hinton
from ._errors import needed, whole
from ._paths import path_of, write

if TYPE_CHECKING:
    from ._checkpoint import Checkpoint

__all__ = ["Summary", "do", "merge", "plan", "summary"]

#: A function that maps a function over a list, like `map`; the order of the results does not matter.
Map = Callable[[Callable[[str], bytes], list[str]], Iterable[bytes]]


class Summary:
    """Statistics of a checkpoint's tensors, without their values."""

    def __init__(self, data: bytes, name: str = "summary.hs") -> None:
        self._data = data
        self._name = name

    def __bytes__(self) -> bytes:
        return self._data

    @property
    def checkpoint(self) -> Checkpoint:
        """The tensors as a checkpoint, as from `hinton.open`: `.summary()`, `.check()` and histograms need no values."""
        from ._checkpoint import Checkpoint
        from ._errors import warn

        inner = _hinton.open_summary(self._name, self._data)
        warn(inner.warnings)
        return Checkpoint(inner)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the summary to a file (`.hs`), which `hinton.open` and the command read.

        Raises:
            OSError: the file cannot be written.
        """
        write(path, self._data)

    def table(self) -> Any:
        """The statistics as an Arrow table, one row per tensor: `name`, `dtype`, `shape`, `elements`, `bytes`, `min`, `max`,
        `mean`, `std`, `l2`, `zeros`, `nan`, `pos_inf`, `neg_inf` and quantiles such as `q0.5`. `pyarrow.parquet.write_table`
        converts it to Parquet, for DuckDB, Spark and polars.

        Raises:
            ModuleNotFoundError: pyarrow is not installed.
        """
        arrow = needed("pyarrow", "pyarrow")
        rows = []
        for tensor in self.checkpoint.summary()["tensors"]:
            stats = dict(tensor.get("stats") or {})
            quantiles = {f"q{share}": value for share, value in stats.pop("quantiles", {}).items()}
            facts = {name: tensor[name] for name in ("name", "dtype", "shape", "elements", "bytes")}
            rows.append(facts | stats | quantiles)
        names = list(dict.fromkeys(name for row in rows for name in row))
        return arrow.table({name: [row.get(name) for row in rows] for name in names})

    def __repr__(self) -> str:
        return f"<hinton.distributed.Summary: {len(self._data)} bytes>"


def plan(uri: str | os.PathLike[str], *, chunk: int | str = "256MB") -> list[str]:
    """Plans the tasks of a checkpoint, each reading about `chunk` bytes (a number, or `"1GB"`); the same ones every time.
    Reads only headers.

    Raises:
        OSError: the checkpoint cannot be read.
        ValueError: `chunk` is not a size.
    """
    return _hinton.plan_summary(path_of(uri), str(chunk))


def do(task: str, *, threads: int = 1) -> bytes:
    """Runs one task on `threads` threads (0: one per core) and returns a part of the summary. Keeps no state.

    Raises:
        OSError: values cannot be read.
        ValueError: it is not a task, or the checkpoint has changed since it was planned.
    """
    return _hinton.do_summary_task(task, whole("threads", threads))


def merge(parts: Iterable[bytes], *, partial: bool = False) -> Summary:
    """Merges parts, in any order, into one summary. Missing parts are an error, unless `partial` is true.

    Raises:
        KeyError: parts are missing.
        ValueError: they are not parts of one checkpoint.
    """
    return Summary(_hinton.merge_summaries(list(parts), partial))


def summary(
    uri: str | os.PathLike[str],
    map: Map | Callable[..., Any] = map,
    *,
    chunk: int | str = "256MB",
    threads: int | None = None,
) -> Summary:
    """Computes statistics of every tensor of a checkpoint.

    Args:
        uri: A path or an address (`"hf://org/name"`) that means the same wherever tasks run.
        map: A function that maps a function over a list: `map` itself, `pool.map` of `concurrent.futures`, or any with the
            same signature.
        chunk: About how much each task reads: bytes, or a text such as `"1GB"`.
        threads: Number of threads per task. By default one per core if `map` is Python's own, else one.

    Raises:
        OSError: the checkpoint cannot be read.
        ValueError: it changed while it was read.
        KeyError: parts are missing.
    """
    if threads is None:
        threads = 0 if map is builtins.map else 1
    return merge(map(functools.partial(do, threads=threads), plan(uri, chunk=chunk)))
