"""Every measure that `hinton diff` has of two safetensors files, name by name, by numpy.

    diff.py A.safetensors B.safetensors

Values are widened to double precision a tensor at a time, as one does by hand.
"""

import sys

import numpy as np
from safetensors import safe_open

BINS = 1 << 12


def values(file, name):
    """A tensor in single precision; numpy has no bf16, whose bits are the upper half of a float's."""
    part = file.get_slice(name)
    if part.get_dtype() == "BF16":
        import ml_dtypes

        return file.get_tensor(name).view(ml_dtypes.bfloat16).astype(np.float32), 8
    return file.get_tensor(name).astype(np.float32), 24


def measures(a, b, digits):
    equal = (a.view(np.uint32) == b.view(np.uint32)) | (np.isnan(a) & np.isnan(b))
    finite = np.isfinite(a) & np.isfinite(b)
    x, y = np.where(finite, a, 0).astype(np.float64), np.where(finite, b, 0).astype(np.float64)
    d = y - x
    norms = [np.sqrt((one * one).sum()) for one in (x, y, d)]
    at = np.unravel_index(np.argmax(np.abs(d)), d.shape)
    larger = np.maximum(np.abs(x), np.abs(y))
    step = 2.0 ** (np.floor(np.log2(np.where(larger > 0, larger, 1))) + 1 - digits)
    found = [int(equal.sum()), int((np.abs(d) <= step).sum()), *norms, (x * y).sum(), d.mean(), at]
    found.append(int((((a > 0) & (b < 0)) | ((a < 0) & (b > 0))).sum()))
    found += [int(one(side).sum()) for one in (np.isnan, np.isinf) for side in (a, b)]
    bins = np.bincount(d.astype(np.float32).reshape(-1).view(np.uint32) >> 20, minlength=BINS)
    edge = 4 * np.sqrt((x * x).mean())
    joint, _, _ = np.histogram2d(x.reshape(-1), y.reshape(-1), bins=64, range=[[-edge, edge]] * 2)
    found += [int(bins.max()), int(joint.max())]
    if d.ndim > 1:
        for axis in (0, 1):
            lines = np.sqrt((d * d).sum(axis=tuple(other for other in range(d.ndim) if other != axis)))
            found.append(np.argsort(-lines)[:8].tolist())
    return found


def main():
    with safe_open(sys.argv[1], framework="np") as one, safe_open(sys.argv[2], framework="np") as other:
        for name in one.keys():
            a, digits = values(one, name)
            b, _ = values(other, name)
            print(name, *measures(a, b, digits))


main()
