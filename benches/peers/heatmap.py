"""A heat map of a matrix with more cells than pixels, 2000 pixels wide.

    heatmap.py MATRIX.npy OUT.png imshow|blocks

`imshow` hands the mapped file to matplotlib as it is; `blocks` first averages blocks of cells with
numpy, so that matplotlib sees no more cells than pixels.
"""

import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

PIXELS = 2000


def blocks(matrix):
    side = -(-matrix.shape[0] // PIXELS)
    rows = matrix.shape[0] // side
    columns = matrix.shape[1] // side
    cut = matrix[: rows * side, : columns * side]
    return cut.reshape(rows, side, columns, side).mean(axis=(1, 3))


def main():
    source, target, way = sys.argv[1:]
    matrix = np.load(source, mmap_mode="r")
    if way == "blocks":
        matrix = blocks(matrix)
    figure, axes = plt.subplots(figsize=(20, 20), dpi=100)
    image = axes.imshow(matrix, cmap="RdBu")
    figure.colorbar(image, ax=axes)
    figure.savefig(target)


main()
