"""Percentile bootstrap over people."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

# All figures of a sample whose rows carry these weights.
Figures = Callable[[NDArray[np.float64]], Mapping[str, float]]
LIMITS = (0.025, 0.975)
LEAST_DEFINED = 0.9


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its 95 % interval."""

    value: float
    low: float
    high: float


def intervals(
    figures: Figures,
    person: ArrayLike,
    *,
    resampled: Figures | None = None,
    random_state: int,
    rounds: int,
) -> dict[str, Interval | None]:
    """Every figure with its interval; all rows of a person are drawn together.

    `figures` gets one weight a row: how often its person was drawn. It answers with the same names
    each time and with NaN for what it cannot tell. A figure that is not defined in the whole sample
    or in a tenth of the resamples is None. `resampled` answers for resamples where a cheaper way is
    good enough for an interval.
    """
    _, person = np.unique(np.asarray(person), return_inverse=True)
    whole = dict(figures(np.ones(len(person))))
    resampled = resampled or figures
    drawn = [resampled(weight) for weight in draws(person, random_state, rounds)]
    return {
        name: of_draws(value, np.array([draw[name] for draw in drawn]))
        for name, value in whole.items()
    }


def draws(
    person: NDArray[np.int64], random_state: int, rounds: int
) -> Iterator[NDArray[np.float64]]:
    """Weights of the rows in each resample of people; people are numbered from 0."""
    rng = np.random.default_rng(random_state)
    people = int(person.max()) + 1
    for _ in range(rounds):
        times = np.bincount(rng.integers(0, people, people), minlength=people)
        yield times[person].astype(float)


def of_draws(value: float, drawn: NDArray[np.float64]) -> Interval | None:
    """The interval of a figure from its resamples; None where it is not defined."""
    defined = drawn[np.isfinite(drawn)]
    if not np.isfinite(value) or not len(defined) or len(defined) < LEAST_DEFINED * len(drawn):
        return None
    low, high = _limits(defined)
    # A distance such as the ICI grows with resampling noise: the estimate stays inside.
    return Interval(float(value), float(min(low, value)), float(max(high, value)))


def _limits(drawn: NDArray[np.float64]) -> NDArray[np.float64]:
    """Percentiles at ranks of n + 1, without which few draws make the interval too narrow."""
    return np.quantile(drawn, LIMITS, method="weibull")
