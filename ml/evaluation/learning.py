"""What more patients would bring: quality on the same held-out people by size of training set."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml.evaluation import bootstrap
from ml.evaluation.bootstrap import Interval

SHARES = (0.1, 0.2, 0.4, 0.7, 1.0)
# Predictions for the second rows by a model fitted on the first.
Refit = Callable[[NDArray[np.int64], NDArray[np.int64]], NDArray[np.float64]]
WeightedMetric = Callable[[NDArray, NDArray, NDArray], float]


@dataclass(frozen=True, slots=True)
class Size:
    """Quality after training on this many people."""

    people: int
    rows: int
    metric: Interval | None


def curve(
    refit: Refit,
    metric: WeightedMetric,
    y: NDArray,
    person: NDArray,
    *,
    random_state: int,
    shares: Sequence[float] = SHARES,
    held_out: float = 0.25,
    rounds: int = 200,
) -> list[Size]:
    """Nested training sets of people, one set of people held out for all of them."""
    _, number = np.unique(person, return_inverse=True)
    order = np.random.default_rng(random_state).permutation(number.max() + 1)
    test, train = np.split(order, [int(np.ceil(held_out * len(order)))])
    seen_last = np.flatnonzero(np.isin(number, test))
    return [
        _size(
            refit,
            metric,
            y,
            number,
            train[: max(1, int(share * len(train)))],
            seen_last,
            random_state,
            rounds,
        )
        for share in shares
    ]


def _size(
    refit: Refit,
    metric: WeightedMetric,
    y: NDArray,
    person: NDArray,
    taken: NDArray,
    test: NDArray,
    random_state: int,
    rounds: int,
) -> Size:
    rows = np.flatnonzero(np.isin(person, taken))
    predicted = refit(rows, test)
    found = bootstrap.intervals(
        lambda weight: {"metric": metric(y[test], predicted, weight)},
        person[test],
        random_state=random_state,
        rounds=rounds,
    )
    return Size(len(taken), len(rows), found["metric"])
