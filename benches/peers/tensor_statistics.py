"""Statistics of every tensor of a safetensors file, by hand with numpy.

    tensor_statistics.py FILE.safetensors [--moments]

Least, greatest, mean, standard deviation, norm, zeros, not-a-numbers and infinities, seven
quantiles and a histogram of 64 bins for each tensor; with `--moments` no quantiles and no
histogram. The file is mapped; a bf16 tensor is widened to f32 the quickest way numpy has.
"""

import json
import sys

import numpy as np

from figures import distribution, moments, striped


def stripes(raw, dtype):
    """The tensor's values as f32, a stripe at a time."""
    if dtype == "F32":
        yield from striped(raw.view(np.float32))
    elif dtype == "BF16":
        for halves in striped(raw.view(np.uint16)):
            yield (halves.astype(np.uint32) << 16).view(np.float32)
    else:
        sys.exit(f"{dtype} is not of this benchmark")


def main():
    path = sys.argv[1]
    only_moments = sys.argv[2:] == ["--moments"]
    data = np.memmap(path, dtype=np.uint8, mode="r")
    length = int(data[:8].view(np.uint64)[0])
    header = json.loads(bytes(data[8 : 8 + length]))
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        start, end = entry["data_offsets"]
        raw = data[8 + length + start : 8 + length + end]
        figures = moments(stripes(raw, entry["dtype"]))
        print(name, *figures)
        if not only_moments:
            values = np.concatenate(list(stripes(raw, entry["dtype"])))
            print(*distribution(values, *figures[:2]))


main()
