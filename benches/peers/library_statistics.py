"""Statistics of every tensor of a checkpoint, opened by the library that its format comes from.

    library_statistics.py FILE.(safetensors|pt|h5|onnx|npz) [--moments]

Least, greatest, mean, standard deviation, norm, zeros, not-a-numbers and infinities, seven
quantiles and a histogram of 64 bins for each tensor; with `--moments` no quantiles and no
histogram. One tensor is held at a time, where the library can.
"""

import pathlib
import sys

from figures import distribution, moments, striped


def of_safetensors(path):
    from safetensors import safe_open

    with safe_open(path, framework="np") as file:
        for name in file.keys():
            yield name, file.get_tensor(name)


def of_pytorch(path):
    try:
        import torch
    except ImportError:
        print("torch is not installed", file=sys.stderr)
        sys.exit(77)
    for name, tensor in torch.load(path, map_location="cpu", weights_only=True, mmap=True).items():
        yield name, tensor.numpy()


def of_hdf5(path):
    import h5py

    found = []
    with h5py.File(path) as file:
        file.visititems(lambda name, item: found.append(name) if isinstance(item, h5py.Dataset) else None)
        for name in found:
            yield name, file[name][()]


def of_onnx(path):
    import onnx

    for tensor in onnx.load(path).graph.initializer:
        yield tensor.name, onnx.numpy_helper.to_array(tensor)


def of_npz(path):
    import numpy as np

    with np.load(path) as file:
        for name in file.files:
            yield name, file[name]


READERS = {".safetensors": of_safetensors, ".pt": of_pytorch, ".h5": of_hdf5, ".onnx": of_onnx, ".npz": of_npz}


def main():
    path = sys.argv[1]
    only_moments = sys.argv[2:] == ["--moments"]
    for name, values in READERS[pathlib.Path(path).suffix](path):
        figures = moments(striped(values))
        print(name, *figures)
        if not only_moments:
            print(*distribution(values.reshape(-1), *figures[:2]))


main()
