"""Statistics of every tensor of a GGUF file, by hand with the package gguf and numpy.

    gguf_statistics.py FILE.gguf

Least, greatest, mean, standard deviation, norm, zeros, not-a-numbers and infinities of each tensor;
no quantiles and no histogram. The file is mapped; a stripe of rows is dequantised at a time.
"""

import sys

import gguf
import numpy as np

STRIPE = 1 << 20


def stripes(tensor):
    rows = tensor.data.reshape(-1, tensor.data.shape[-1])
    step = max(1, STRIPE // int(tensor.shape[0]))
    for start in range(0, len(rows), step):
        yield gguf.quants.dequantize(rows[start : start + step], tensor.tensor_type).reshape(-1)


def figures(tensor):
    least, greatest = np.inf, -np.inf
    total, squares = 0.0, 0.0
    count = zeros = nans = infinities = 0
    for values in stripes(tensor):
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


def main():
    for tensor in gguf.GGUFReader(sys.argv[1]).tensors:
        print(tensor.name, *figures(tensor))


main()
