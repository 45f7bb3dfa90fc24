"""An annotated heat map with matplotlib, 1500x1000 pixels, nine decimals in every cell.

    annotated.py MATRIX.npy OUT.png
"""

import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np


def annotated(matrix):
    """The figure, and what a film would change in it: the image and the texts."""
    rows, columns = matrix.shape
    figure, axes = plt.subplots(figsize=(15, 10), dpi=100)
    image = axes.imshow(matrix, cmap="YlGn")
    figure.colorbar(image, ax=axes).ax.set_ylabel("value", rotation=-90, va="bottom")
    axes.set_xticks(range(columns), labels=[f"orig_dim_{i}" for i in range(columns)])
    axes.set_yticks(range(rows), labels=[f"embed_dim_{i}" for i in range(rows)])
    axes.tick_params(top=True, bottom=False, labeltop=True, labelbottom=False)
    plt.setp(axes.get_xticklabels(), rotation=-30, ha="right", rotation_mode="anchor")
    axes.spines[:].set_visible(False)
    axes.set_xticks(np.arange(columns + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(rows + 1) - 0.5, minor=True)
    axes.grid(which="minor", color="w", linestyle="-", linewidth=3)
    axes.tick_params(which="minor", bottom=False, left=False, top=False)
    threshold = image.norm(matrix.max()) / 2
    texts = []
    for row in range(rows):
        for column in range(columns):
            value = matrix[row, column]
            text = axes.text(
                column,
                row,
                f"{value:.9f}",
                ha="center",
                va="center",
                fontsize=7,
                color="white" if image.norm(value) > threshold else "black",
            )
            texts.append(text)
    return figure, image, texts


def main():
    source, target = sys.argv[1:]
    figure, _, _ = annotated(np.load(source))
    figure.savefig(target)


if __name__ == "__main__":
    main()
