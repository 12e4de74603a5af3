"""Measures for times to an event that some people have not reached.

Censoring is taken as independent of the event; its Kaplan-Meier curve G gives the weights
(IPCW): an event at t counts 1/G(t), somebody still free at the horizon 1/G(horizon).
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata

from ml.evaluation import discrimination, weights


def kaplan_meier(
    time: ArrayLike, event: ArrayLike, weight: ArrayLike | None = None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Distinct times, rising, and the share still free just after each."""
    times, place = np.unique(np.asarray(time, float), return_inverse=True)
    weight = weights.of(weight, len(place))
    happened = np.bincount(place, weight * np.asarray(event, bool), minlength=len(times))
    leaving = np.bincount(place, weight, minlength=len(times))
    at_risk = leaving[::-1].cumsum()[::-1]
    return times, _product(happened, at_risk)


def free_at(
    time: ArrayLike, event: ArrayLike, at: ArrayLike, weight: ArrayLike | None = None
) -> NDArray[np.float64]:
    """Kaplan-Meier share still free at each of `at`."""
    times, share = kaplan_meier(time, event, weight)
    return _step(times, share, at)


def uncensored_at(
    time: ArrayLike, event: ArrayLike, at: ArrayLike, weight: ArrayLike | None = None
) -> NDArray[np.float64]:
    """G: the share not yet censored; at one time events come before censoring."""
    time, event = np.asarray(time, float), np.asarray(event, bool)
    times, place = np.unique(time, return_inverse=True)
    weight = weights.of(weight, len(time))
    leaving = np.bincount(place, weight, minlength=len(times))
    events = np.bincount(place, weight * event, minlength=len(times))
    at_risk = leaving[::-1].cumsum()[::-1] - events
    return _step(times, _product(leaving - events, at_risk), at)


def harrell_c(
    time: ArrayLike, event: ArrayLike, risk: ArrayLike, weight: ArrayLike | None = None
) -> float:
    """Share of comparable pairs in which the earlier event had the higher risk.

    >>> harrell_c([1, 2, 3], [1, 1, 0], [0.9, 0.1, 0.2])
    0.6666666666666666
    """
    weight = weights.of(weight, len(np.asarray(time)))
    return _concordance(time, event, risk, weight, weight)


def uno_c(
    time: ArrayLike,
    event: ArrayLike,
    risk: ArrayLike,
    weight: ArrayLike | None = None,
    *,
    until: float | None = None,
) -> float:
    """Concordance that does not depend on when people were censored; events before `until`.

    Uno et al., Stat Med 2011;30:1105.
    """
    time, event = np.asarray(time, float), np.asarray(event, bool)
    weight = weights.of(weight, len(time))
    left = uncensored_at(time, event, time, weight)
    counted = event & (left > 0) & (time < (np.inf if until is None else until))
    case_weight = np.zeros(len(time))
    case_weight[counted] = weight[counted] / left[counted] ** 2
    return _concordance(time, event, risk, weight, case_weight)


def known_at(
    time: ArrayLike, event: ArrayLike, horizon: float, weight: ArrayLike | None = None
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Whether the event came by the horizon, and the weight that makes up for the censored.

    The weights of those whose status at the horizon is not known are nought.
    """
    time, event = np.asarray(time, float), np.asarray(event, bool)
    weight = weights.of(weight, len(time))
    came, free = event & (time <= horizon), time > horizon
    left = uncensored_at(time, event, np.where(came, time, horizon), weight)
    usable = (came | free) & (left > 0)
    corrected = np.zeros(len(time))
    corrected[usable] = weight[usable] / left[usable]
    return came.astype(int), corrected


def auc_at(
    time: ArrayLike,
    event: ArrayLike,
    risk: ArrayLike,
    horizon: float,
    weight: ArrayLike | None = None,
) -> float:
    """Cumulative/dynamic AUC: events by the horizon against those still free of it."""
    y, corrected = known_at(time, event, horizon, weight)
    return discrimination.auroc(y, risk, corrected)


def brier_at(
    time: ArrayLike,
    event: ArrayLike,
    risk: ArrayLike,
    horizon: float,
    weight: ArrayLike | None = None,
) -> float:
    """Brier score of the risk by the horizon (Graf et al., Stat Med 1999;18:2529)."""
    y, corrected = known_at(time, event, horizon, weight)
    total = weights.of(weight, len(y)).sum()
    return float(corrected @ (np.asarray(risk, float) - y) ** 2 / total)


def _concordance(
    time: ArrayLike, event: ArrayLike, risk: ArrayLike, weight: NDArray, case_weight: NDArray
) -> float:
    from ml.evaluation.concordance import pairs

    time, event = np.asarray(time, float), np.asarray(event, bool)
    rank = rankdata(np.asarray(risk, float), method="dense").astype(np.int64)
    order = np.lexsort([event, -time])
    concordant, tied, comparable = pairs(order, time, event, rank, weight, case_weight)
    return (concordant + tied / 2) / comparable if comparable else float("nan")


def _product(leaving: NDArray, at_risk: NDArray) -> NDArray[np.float64]:
    """Product-limit estimate."""
    hazard = np.divide(leaving, at_risk, out=np.zeros_like(leaving), where=at_risk > 0)
    return np.cumprod(1 - hazard)


def _step(times: NDArray, share: NDArray, at: ArrayLike) -> NDArray[np.float64]:
    """Value of a right-continuous step curve that starts at 1."""
    return np.append(1.0, share)[np.searchsorted(times, np.asarray(at, float), side="right")]
