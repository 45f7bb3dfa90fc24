"""Statistics by hand with numpy, for the scripts beside this one."""

import numpy as np

QUANTILES = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99]
STRIPE = 1 << 20


def striped(values):
    """An array's values, a stripe at a time."""
    values = values.reshape(-1)
    for start in range(0, values.size, STRIPE):
        yield values[start : start + STRIPE]


def moments(stripes):
    """Least, greatest, mean, standard deviation, norm, zeros, not-a-numbers and infinities."""
    least, greatest = np.inf, -np.inf
    total, squares = 0.0, 0.0
    count = zeros = nans = infinities = 0
    for values in stripes:
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


def distribution(values, least, greatest):
    """Seven quantiles and a histogram of 64 bins."""
    return np.quantile(values, QUANTILES), np.histogram(values, bins=64, range=(least, greatest))
