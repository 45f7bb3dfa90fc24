"""Statistics of checkpoints on Spark 4: a data source that uses `hinton.distributed`.

>>> import hinton.spark
>>> hinton.spark.summary("hf://org/name", spark).save("all.hs")      # doctest: +SKIP

or, as a table of the parts with one row per task, which Spark schedules, retries and stores like any other:

>>> spark.dataSource.register(hinton.spark.Parts)                    # doctest: +SKIP
>>> parts = spark.read.format("hinton").option("chunk", "1GB").load("hf://org/name")     # doctest: +SKIP
>>> parts.write.parquet("s3a://bucket/parts")                        # doctest: +SKIP
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any

from ._errors import needed, refused
from ._paths import path_of
from .distributed import Summary, do, merge, plan

__all__ = ["Parts", "summary"]

_source: Any = needed("pyspark.sql.datasource", "pyspark")


class Parts(_source.DataSource):  # type: ignore[misc]
    """The parts of a checkpoint's summary, with the columns `task` (its number) and `part` (bytes, as `hinton task` writes
    them). Options: `path`, which must mean the same on every worker; `chunk`, about how much each task reads; `threads` per
    task.
    """

    @classmethod
    def name(cls) -> str:
        """The name for `spark.read.format`."""
        return "hinton"

    def schema(self) -> str:
        """The schema of the table."""
        return "task int, part binary"

    def reader(self, schema: Any) -> _Reader:
        """The reader that Spark asks for partitions and rows."""
        path = self.options.get("path")
        if not path:
            raise refused(ValueError, "path: which checkpoint is missing", 'load("model.safetensors") names one')
        return _Reader(path, self.options.get("chunk", "256MB"), int(self.options.get("threads", 1)))


class _Reader(_source.DataSourceReader):  # type: ignore[misc]
    def __init__(self, path: str, chunk: str, threads: int) -> None:
        self.path, self.chunk, self.threads = path, chunk, threads

    def partitions(self) -> Sequence[Any]:
        """One partition per task, planned on the driver, which reads headers."""
        tasks = enumerate(plan(self.path, chunk=self.chunk))
        return [_source.InputPartition((number, task)) for number, task in tasks]

    def read(self, partition: Any) -> Iterator[tuple[int, bytes]]:
        """Runs the task."""
        number, task = partition.value
        yield number, do(task, threads=self.threads)


def summary(
    uri: str | os.PathLike[str], spark: Any = None, *, chunk: int | str = "256MB", threads: int = 1
) -> Summary:
    """Computes statistics of every tensor of a checkpoint, see `hinton.distributed.summary`.

    Args:
        uri: A path or an address that means the same on every worker.
        spark: A `SparkSession`; the active one by default.
        chunk: About how much each task reads.
        threads: Number of threads per task.

    Raises:
        ModuleNotFoundError: pyspark is not installed.
        OSError: the checkpoint cannot be read.
        RuntimeError: no session is active.
    """
    spark = spark or needed("pyspark.sql", "pyspark").SparkSession.getActiveSession()
    if spark is None:
        raise refused(RuntimeError, "no session of Spark is active", "give one: summary(uri, spark)")
    spark.dataSource.register(Parts)
    reader = spark.read.format("hinton").option("chunk", str(chunk)).option("threads", str(threads))
    return merge(bytes(row.part) for row in reader.load(path_of(uri)).toLocalIterator())
