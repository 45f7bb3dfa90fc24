"""Statistics of every tensor of a safetensors file, by hand with numpy.

    tensor_statistics.py FILE.safetensors [--moments]

Least, greatest, mean, standard deviation, norm, zeros, not-a-numbers and infinities, seven
quantiles and a histogram of 64 bins for each tensor; with `--moments` no quantiles and no
histogram. The file is mapped; a bf16 tensor is widened to f32 the quickest way numpy has.
"""

import json
import sys

import numpy as np

QUANTILES = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99]
STRIPE = 1 << 20


def stripes(raw, dtype):
    """The tensor's values as f32, a stripe at a time."""
    if dtype == "F32":
        values = raw.view(np.float32)
        for start in range(0, values.size, STRIPE):
            yield values[start : start + STRIPE]
    elif dtype == "BF16":
        halves = raw.view(np.uint16)
        for start in range(0, halves.size, STRIPE):
            yield (halves[start : start + STRIPE].astype(np.uint32) << 16).view(np.float32)
    else:
        sys.exit(f"{dtype} is not of this benchmark")


def moments(raw, dtype):
    least, greatest = np.inf, -np.inf
    total, squares = 0.0, 0.0
    count = zeros = nans = infinities = 0
    for values in stripes(raw, dtype):
        finite = np.isfinite(values)
        if not finite.all():
            nans += int(np.isnan(values).sum())
            infinities += int(np.isinf(values).sum())
            values = values[finite]
        least = min(least, float(values.min(initial=np.inf)))
        greatest = max(greatest, float(values.max(initial=-np.inf)))
        total += float(values.sum(dtype=np.float64))
        squares += float(np.dot(values, values))
        zeros += values.size - int(np.count_nonzero(values))
        count += values.size
    mean = total / count
    return [least, greatest, mean, (squares / count - mean * mean) ** 0.5, squares**0.5, zeros, nans, infinities]


def distribution(raw, dtype, least, greatest):
    values = np.concatenate(list(stripes(raw, dtype)))
    return np.quantile(values, QUANTILES), np.histogram(values, bins=64, range=(least, greatest))


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
        figures = moments(raw, entry["dtype"])
        print(name, *figures)
        if not only_moments:
            print(*distribution(raw, entry["dtype"], *figures[:2]))


main()
