#!/usr/bin/env python3
"""Writes the digits in crates/hinton-net/assets/digits.bin.

    pip install numpy==2.4.6 scikit-learn==1.9.1
    python tools/assets/make_digits.py

The 1,797 images of 8x8 pixels from 0 to 16 that scikit-learn carries, in its order. The file is
1,797 labels of one byte, then the pixels in 5 bits each, the first in the highest bits: 40 bytes an
image.
"""

import pathlib

import numpy as np
from sklearn.datasets import load_digits

OUT = pathlib.Path(__file__).resolve().parents[2] / "crates/hinton-net/assets/digits.bin"


def main():
    data = load_digits()
    pixels = data.images.reshape(-1).astype(np.uint8)
    assert data.images.shape == (1797, 8, 8) and (pixels == data.images.reshape(-1)).all()
    assert pixels.max() == 16 and set(data.target) == set(range(10))
    bits = np.unpackbits(pixels[:, None], axis=1)[:, 3:]
    OUT.write_bytes(data.target.astype(np.uint8).tobytes() + np.packbits(bits).tobytes())


if __name__ == "__main__":
    main()
