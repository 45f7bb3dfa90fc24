"""Statistics in parts, done by executors, are those of one pass."""

import concurrent.futures
import json
import multiprocessing
import sys

import numpy as np
import pytest

import hinton
import hinton.distributed


@pytest.fixture
def model(tmp_path):
    """A file of a matrix of 300,000 floats and a small vector."""
    random = np.random.default_rng(1)
    matrix = random.normal(0, 0.02, (300, 1000)).astype(np.float32)
    matrix[0, 0] = np.nan
    np.savez(tmp_path / "model.npz", matrix=matrix, vector=np.arange(7, dtype=np.float64))
    return tmp_path / "model.npz"


def test_a_loop_gives_the_statistics_of_the_file(model):
    summary = hinton.distributed.summary(model)
    expected = hinton.open(model).summary()["tensors"]
    assert summary.checkpoint.summary()["tensors"] == expected
    # Against numpy too.
    finite = np.load(model)["matrix"].ravel()[1:].astype(np.float64)
    assert expected[0]["stats"]["mean"] == pytest.approx(finite.mean(), rel=1e-12)
    assert expected[0]["stats"]["nan"] == 1
    assert summary.checkpoint.check()["faults"] == 1


def test_processes_give_the_same_bytes(model):
    alone = bytes(hinton.distributed.summary(model))
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=context) as pool:
        shared = hinton.distributed.summary(model, map=pool.map, chunk=500_000)
    assert bytes(shared) == alone
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        assert bytes(hinton.distributed.summary(model, pool.map, chunk="600kB")) == alone


def test_tasks_are_text_and_parts_are_bytes(model, tmp_path):
    tasks = hinton.distributed.plan(model, chunk="600kB")
    assert tasks == hinton.distributed.plan(str(model), chunk=600_000)
    assert [json.loads(task)["part"] for task in tasks] == [[1, 3], [2, 3], [3, 3]]
    parts = [hinton.distributed.do(task, threads=2) for task in reversed(tasks)]
    assert parts[0] == hinton.distributed.do(tasks[2])
    whole = hinton.distributed.merge(parts)
    whole.save(tmp_path / "all.hs")
    assert (tmp_path / "all.hs").read_bytes() == bytes(whole)
    assert hinton.open(tmp_path / "all.hs").names == ["matrix", "vector"]
    hinton.histogram(hinton.open(tmp_path / "all.hs")["matrix"]).save(tmp_path / "x.png")
    assert (tmp_path / "x.png").stat().st_size > 1000


def test_what_does_not_fit_is_an_error(model):
    tasks = hinton.distributed.plan(model, chunk="600kB")
    first = hinton.distributed.do(tasks[0])
    with pytest.raises(KeyError, match="parts are missing: stripes"):
        hinton.distributed.merge([first])
    part = hinton.distributed.merge([first], partial=True)
    assert bytes(part) == first
    with pytest.warns(hinton.HintonWarning, match="knows 1 of 4 stripes"):
        part.checkpoint  # noqa: B018
    with pytest.raises(OSError, match="checksum is wrong"):
        hinton.distributed.merge([first[:-5]])
    with pytest.raises(ValueError, match="this is no task"):
        hinton.distributed.do("{}")
    with pytest.raises(ValueError, match="a size is such as"):
        hinton.distributed.plan(model, chunk="many")
    np.savez(model, matrix=np.zeros((300, 1000), np.float32), vector=np.arange(7.0))
    with pytest.raises(ValueError, match="is not the checkpoint that was planned"):
        hinton.distributed.do(tasks[0])
    with pytest.warns(hinton.HintonWarning), pytest.raises(OSError, match="a summary holds statistics and no values"):
        part.checkpoint["matrix"].numpy()


def test_dask_gives_the_same_bytes(model):
    dask = pytest.importorskip("dask")
    import hinton.dask

    alone = bytes(hinton.distributed.summary(model))
    assert bytes(hinton.dask.summary(model, chunk="600kB")) == alone
    with dask.config.set(scheduler="processes", num_workers=2):
        assert bytes(hinton.dask.summary(model, chunk="600kB")) == alone


def test_a_cluster_of_dask_gives_the_same_bytes(model):
    distributed = pytest.importorskip("distributed")
    import hinton.dask

    cluster = distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None)
    with cluster, distributed.Client(cluster) as client:
        found = bytes(hinton.dask.summary(model, chunk="600kB", client=client))
    assert found == bytes(hinton.distributed.summary(model))


def test_ray_gives_the_same_bytes(model, monkeypatch):
    ray = pytest.importorskip("ray")
    import hinton.ray

    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    try:
        found = bytes(hinton.ray.summary(model, chunk="600kB"))
    finally:
        ray.shutdown()
    assert found == bytes(hinton.distributed.summary(model))


def test_spark_gives_the_same_bytes(model, monkeypatch):
    pytest.importorskip("pyspark")
    from pyspark.sql import SparkSession

    import hinton.spark

    monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)
    alone = bytes(hinton.distributed.summary(model))
    spark = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").getOrCreate()
    try:
        assert bytes(hinton.spark.summary(model, spark, chunk="600kB")) == alone
        parts = spark.read.format("hinton").option("chunk", "600kB").load(str(model))
        assert parts.rdd.getNumPartitions() > 1
        assert parts.columns == ["task", "part"]
    finally:
        spark.stop()


def test_statistics_are_a_table_of_arrow(model):
    pytest.importorskip("pyarrow")
    summary = hinton.distributed.summary(model)
    table = summary.table()
    expected = summary.checkpoint.summary()["tensors"]
    assert table.column("name").to_pylist() == [tensor["name"] for tensor in expected]
    assert table.column("mean").to_pylist() == [tensor["stats"]["mean"] for tensor in expected]
    assert table.column("q0.5").to_pylist() == [tensor["stats"]["quantiles"]["0.5"] for tensor in expected]
    assert table.column("shape").to_pylist() == [list(tensor["shape"]) for tensor in expected]
