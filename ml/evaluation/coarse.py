"""Many rows as few: thousands of bootstraps look at groups of nearly equal risk."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

ROWS_KEPT_AS_THEY_ARE = 2000
GROUPS = 1000


@dataclass(frozen=True, slots=True)
class Coarse:
    """Groups of rows with one outcome and nearly one risk.

    `cell` is the group of each row; `y` and `risk` are the outcome and mean risk of each group. No
    group crosses a threshold, so that decisions are exact; the rest is off by less than a resample
    can show.
    """

    cell: NDArray[np.int64]
    y: NDArray[np.int64]
    risk: NDArray[np.float64]

    def weigh(self, weight: NDArray[np.float64]) -> NDArray[np.float64]:
        """Weight of each group, from the weights of the rows."""
        return np.bincount(self.cell, weight, minlength=len(self.y))


def coarse(y: NDArray, risk: NDArray, thresholds: Sequence[float] = ()) -> Coarse:
    """Groups of rows; few rows stay as they are."""
    y = np.asarray(y).astype(int)
    if len(y) <= ROWS_KEPT_AS_THEY_ARE:
        return Coarse(np.arange(len(y)), y, risk)
    edges = np.quantile(risk, np.linspace(0, 1, GROUPS + 1)[1:-1])
    edges = np.unique(np.concatenate([edges, np.asarray(thresholds, float)]))
    # A risk that equals a threshold belongs above it.
    band = np.searchsorted(edges, risk, side="right")
    places, cell = np.unique(2 * band + y, return_inverse=True)
    # One mean for both outcomes of a band: by themselves they would differ in the last bit where
    # risks are equal, and ties would turn into order.
    middle = np.bincount(band, risk) / np.maximum(np.bincount(band), 1)
    return Coarse(cell, places % 2, middle[places // 2])
