"""Singular values of a matrix, by numpy.

    singular_values.py FILE.npy
"""

import sys

import numpy


def main():
    values = numpy.linalg.svd(numpy.load(sys.argv[1]), compute_uv=False)
    print(values[0], values[-1])


main()
