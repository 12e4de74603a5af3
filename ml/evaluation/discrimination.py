"""How well risks tell events from non-events apart."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ml.evaluation import weights


class OneClassOnly(ValueError):
    """Discrimination of people who all had, or all lacked, the outcome is not defined."""

    def __init__(self) -> None:
        super().__init__("Discrimination needs people with and people without the outcome")


@dataclass(frozen=True, slots=True)
class Steps:
    """Weight of events and of others at or above each distinct risk, by falling risk."""

    risk: NDArray[np.float64]
    events: NDArray[np.float64]
    others: NDArray[np.float64]


def steps(y: ArrayLike, risk: ArrayLike, weight: ArrayLike | None = None) -> Steps:
    """Cumulative counts by falling risk, ties taken together. Raises OneClassOnly."""
    y, risk = np.asarray(y, float), np.asarray(risk, float)
    weight = weights.of(weight, len(y))
    order = np.argsort(-risk, kind="stable")
    last_of_tie = np.append(np.diff(risk[order]) != 0, True)
    events = np.cumsum((weight * y)[order])[last_of_tie]
    others = np.cumsum((weight * (1 - y))[order])[last_of_tie]
    if not len(y) or not events[-1] or not others[-1]:
        raise OneClassOnly
    return Steps(risk[order][last_of_tie], events, others)


def auroc(y: ArrayLike, risk: ArrayLike, weight: ArrayLike | None = None) -> float:
    """Chance that a random event has a higher risk than a random non-event; ties count half.

    >>> auroc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    0.75
    """
    return auroc_of(steps(y, risk, weight))


def auroc_of(found: Steps) -> float:
    """The same from cumulative counts."""
    below = found.others[-1] - (found.others + _before(found.others)) / 2
    area = np.diff(found.events, prepend=0) @ below
    return float(area / (found.events[-1] * found.others[-1]))


def average_precision(y: ArrayLike, risk: ArrayLike, weight: ArrayLike | None = None) -> float:
    """Mean precision over the recall steps of falling risk, ties taken together.

    >>> round(average_precision([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]), 4)
    0.8333
    """
    return average_precision_of(steps(y, risk, weight))


def average_precision_of(found: Steps) -> float:
    """The same from cumulative counts."""
    gained = np.diff(found.events, prepend=0)
    flagged = found.events + found.others
    # Rows of weight nought at the very top flag nobody and gain nothing.
    precision = np.divide(found.events, flagged, out=np.zeros_like(flagged), where=flagged > 0)
    return float(gained @ precision / found.events[-1])


def _before(cumulative: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.concatenate([[0.0], cumulative[:-1]])
