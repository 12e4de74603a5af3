"""Sample weights: a resample of people, or a correction for censoring, as one number a row."""

import numpy as np
from numpy.typing import ArrayLike, NDArray


def of(weight: ArrayLike | None, rows: int) -> NDArray[np.float64]:
    """The weights as floats, ones when there are none."""
    return np.ones(rows) if weight is None else np.asarray(weight, float)


def mean(values: ArrayLike, weight: ArrayLike | None = None) -> float:
    """Weighted mean.

    >>> mean([1.0, 4.0], [2, 1])
    2.0
    """
    values = np.asarray(values, float)
    if weight is None:
        return float(values.mean())
    weight = np.asarray(weight, float)
    return float(values @ weight / weight.sum())


def quantile(values: ArrayLike, at: float, weight: ArrayLike | None = None) -> float:
    """Quantile with linear interpolation; a weight of 2 counts a value twice.

    >>> quantile([1.0, 2.0, 3.0], 0.5)
    2.0
    >>> quantile([1.0, 3.0], 0.5, [1, 3])
    3.0
    """
    values = np.asarray(values, float)
    if weight is None:
        return float(np.quantile(values, at))
    order = np.argsort(values, kind="stable")
    ends = np.cumsum(np.asarray(weight, float)[order])
    position = at * (ends[-1] - 1)
    # The repeated sorted sample holds values[order][i] at positions ends[i-1] .. ends[i] - 1.
    below = np.searchsorted(ends - 1, np.floor(position), side="left")
    above = np.searchsorted(ends - 1, np.ceil(position), side="left")
    low, high = values[order[below]], values[order[above]]
    return float(low + (high - low) * (position - np.floor(position)))
