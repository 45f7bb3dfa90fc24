"""Files that other libraries read: fsspec, obstore, open files, bytes."""

from __future__ import annotations

import io
import json
import pathlib
from typing import Any

import fsspec
import hinton
import numpy as np
import obstore.store
import pytest

WEIGHTS = np.linspace(-1, 1, 600_000, dtype=np.float32).reshape(600, 1000)


def npy(array: np.ndarray) -> bytes:
    """The bytes of a .npy file."""
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def shard(name: str, array: np.ndarray) -> bytes:
    """A safetensors file of one tensor."""
    entry = {"dtype": "F32", "shape": list(array.shape), "data_offsets": [0, array.nbytes]}
    header = json.dumps({name: entry}).encode()
    return len(header).to_bytes(8, "little") + header + array.tobytes()


def sharded() -> dict[str, bytes]:
    """A model in two shards beside an index."""
    index = {"metadata": {}, "weight_map": {"a.weight": "one.safetensors", "b.weight": "two.safetensors"}}
    return {
        "model.safetensors.index.json": json.dumps(index).encode(),
        "one.safetensors": shard("a.weight", WEIGHTS),
        "two.safetensors": shard("b.weight", -WEIGHTS),
    }


def check(checkpoint: hinton.Checkpoint) -> None:
    """Both tensors have their values, by slices too."""
    assert sorted(checkpoint) == ["a.weight", "b.weight"]
    assert np.array_equal(checkpoint["b.weight"].numpy(), -WEIGHTS)
    assert np.array_equal(checkpoint["a.weight"][5:7, ::100].numpy(), WEIGHTS[5:7, ::100])
    assert hinton.draw(checkpoint).encode("png").startswith(b"\x89PNG")


def test_bytes_and_open_files(tmp_path: pathlib.Path) -> None:
    data = npy(WEIGHTS)
    (tmp_path / "w.npy").write_bytes(data)
    with open(tmp_path / "w.npy", "rb") as file:
        for source in (data, memoryview(data), io.BytesIO(data), file):
            (tensor,) = hinton.open(source).values()
            assert np.array_equal(tensor.numpy(), WEIGHTS)


def test_a_file_that_ends_early_is_an_error() -> None:
    class Short(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return b"" if self.tell() > 1_000_000 else super().read(size)

    (tensor,) = hinton.open(Short(npy(WEIGHTS))).values()
    with pytest.raises(OSError, match="bytes were read, not"):
        tensor.numpy()


def test_a_folder_of_fsspec() -> None:
    filesystem = fsspec.filesystem("memory")
    for name, data in sharded().items():
        filesystem.pipe_file(f"/models/mini/{name}", data)
    check(hinton.open((filesystem, "models/mini")))
    check(hinton.open((filesystem, "memory://models/mini/model.safetensors.index.json")))
    (tensor,) = hinton.open(fsspec.open("memory://models/mini/one.safetensors")).values()
    assert tensor.shape == (600, 1000)
    with fsspec.open("memory://models/mini/two.safetensors") as file:
        (tensor,) = hinton.open(file).values()
        assert tensor.name == "b.weight"
    with pytest.raises(OSError, match="models/none"):
        hinton.open((filesystem, "models/none"))


def test_only_what_is_looked_at_is_read() -> None:
    filesystem = fsspec.filesystem("memory")
    filesystem.pipe_file("/models/one.safetensors", shard("w", WEIGHTS))
    asked = []

    class Counting:
        def __getattr__(self, name: str) -> Any:
            return getattr(filesystem, name)

        def cat_file(self, path: str, start: int, end: int) -> bytes:
            asked.append(end - start)
            return filesystem.cat_file(path, start=start, end=end)

    checkpoint = hinton.open((Counting(), "models/one.safetensors"))
    assert sum(asked) <= 512 << 10, "the header, in blocks"
    assert checkpoint["w"][300, :3].numpy().tolist() == WEIGHTS[300, :3].tolist()
    assert sum(asked) <= 1 << 20


def test_a_store_of_obstore() -> None:
    store = obstore.store.MemoryStore()
    for name, data in sharded().items():
        store.put(f"models/mini/{name}", data)
    check(hinton.open((store, "models/mini")))
    check(hinton.open((store, "models/mini/model.safetensors.index.json")))


def test_what_reads_nothing_is_refused() -> None:
    with pytest.raises(TypeError, match="is not a path"):
        hinton.open(5)
    with pytest.raises(TypeError, match="is not a path"):
        hinton.open((object(), "models/mini"))
