"""A Hinton diagram with matplotlib.

    hinton.py MATRIX.npy OUT.png|OUT.svg patches|collection

`patches` adds one Rectangle a cell, as matplotlib's gallery does; `collection` hands all squares to
matplotlib at once, which is the fastest way it has.
"""

import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.collections import PolyCollection
from matplotlib.patches import Rectangle


def patches(axes, matrix, largest):
    for (x, y), w in np.ndenumerate(matrix):
        side = np.sqrt(abs(w) / largest)
        color = "white" if w > 0 else "black"
        axes.add_patch(
            Rectangle((x - side / 2, y - side / 2), side, side, facecolor=color, edgecolor=color)
        )


def collection(axes, matrix, largest):
    half = np.sqrt(np.abs(matrix) / largest).ravel() / 2
    x, y = (index.ravel().astype(float) for index in np.indices(matrix.shape))
    corners = np.stack(
        [
            np.stack([x - half, y - half], axis=1),
            np.stack([x + half, y - half], axis=1),
            np.stack([x + half, y + half], axis=1),
            np.stack([x - half, y + half], axis=1),
        ],
        axis=1,
    )
    colors = np.where(matrix.ravel() > 0, "white", "black")
    axes.add_collection(PolyCollection(corners, facecolors=colors, edgecolors=colors))


def main():
    source, target, way = sys.argv[1:]
    matrix = np.load(source)
    largest = 2.0 ** np.ceil(np.log2(np.abs(matrix).max()))
    axes = plt.gca()
    axes.patch.set_facecolor("gray")
    axes.set_aspect("equal", "box")
    axes.xaxis.set_major_locator(plt.NullLocator())
    axes.yaxis.set_major_locator(plt.NullLocator())
    {"patches": patches, "collection": collection}[way](axes, matrix, largest)
    axes.autoscale_view()
    axes.invert_yaxis()
    plt.savefig(target)


main()
