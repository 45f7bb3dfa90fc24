"""Statistics of every tensor of a GGUF file, by hand with the package gguf and numpy.

    gguf_statistics.py FILE.gguf

Least, greatest, mean, standard deviation, norm, zeros, not-a-numbers and infinities of each tensor;
no quantiles and no histogram. The file is mapped; a stripe of rows is dequantised at a time.
"""

import sys

import gguf

from figures import STRIPE, moments


def stripes(tensor):
    rows = tensor.data.reshape(-1, tensor.data.shape[-1])
    step = max(1, STRIPE // int(tensor.shape[0]))
    for start in range(0, len(rows), step):
        yield gguf.quants.dequantize(rows[start : start + step], tensor.tensor_type).reshape(-1)


def main():
    for tensor in gguf.GGUFReader(sys.argv[1]).tensors:
        print(tensor.name, *moments(stripes(tensor)))


main()
