"""How well risks tell events from non-events apart."""

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import rankdata


class OneClassOnly(ValueError):
    """Discrimination of people who all had, or all lacked, the outcome is not defined."""

    def __init__(self) -> None:
        super().__init__("Discrimination needs people with and people without the outcome")


def auroc(y: ArrayLike, risk: ArrayLike) -> float:
    """Chance that a random event has a higher risk than a random non-event; ties count half.

    >>> auroc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    0.75
    """
    y, risk = np.asarray(y), np.asarray(risk)
    events = int(y.sum())
    others = len(y) - events
    if not events or not others:
        raise OneClassOnly
    rank_sum = rankdata(risk)[y == 1].sum()
    return float((rank_sum - events * (events + 1) / 2) / (events * others))


def average_precision(y: ArrayLike, risk: ArrayLike) -> float:
    """Mean precision over the recall steps of falling risk, ties taken together.

    >>> round(average_precision([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]), 4)
    0.8333
    """
    y, risk = np.asarray(y, float), np.asarray(risk)
    if not 0 < y.sum() < len(y):
        raise OneClassOnly
    order = np.argsort(-risk, kind="stable")
    last_of_tie = np.append(np.diff(risk[order]) != 0, True)
    hits = np.cumsum(y[order])[last_of_tie]
    flagged = np.arange(1, len(y) + 1)[last_of_tie]
    steps = np.diff(hits, prepend=0) / y.sum()
    return float(np.sum(steps * hits / flagged))
