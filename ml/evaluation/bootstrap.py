"""Percentile bootstrap over people."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Metric = Callable[[NDArray, NDArray], float]


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its 95 % interval."""

    value: float
    low: float
    high: float


def interval(
    metric: Metric, y: ArrayLike, risk: ArrayLike, *, random_state: int, rounds: int = 200
) -> Interval:
    """`metric(y, risk)` with its 95 % percentile interval; each row is one person."""
    y, risk = np.asarray(y), np.asarray(risk)
    rng = np.random.default_rng(random_state)
    draws = [metric(y[rows], risk[rows]) for rows in _resamples(rng, y, rounds)]
    low, high = np.quantile(draws, [0.025, 0.975])
    return Interval(float(metric(y, risk)), float(low), float(high))


def _resamples(rng: np.random.Generator, y: NDArray, rounds: int) -> list[NDArray]:
    """Row numbers of resamples that hold both classes."""
    draws = (rng.integers(0, len(y), len(y)) for _ in range(rounds))
    return [rows for rows in draws if 0 < y[rows].sum() < len(rows)]
