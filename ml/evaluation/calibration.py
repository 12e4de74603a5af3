"""Whether a risk of 12 % means 12 of 100.

Slope and intercept follow Cox (1958): logit P(y) = a + b * logit(risk), ideal a = 0, b = 1.
ICI and E90 follow Austin and Steyerberg (Stat Med 2019;38:4051): mean and 90th percentile of
|smoothed observed - predicted|; the smoother here is a logistic regression on a natural cubic
spline of logit(risk) with five knots instead of loess.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit

from ml.evaluation import logistic, weights

TINY = 1e-12
FLAT = 1e-9  # logits closer than this are one
KNOT_QUANTILES = (0.05, 0.275, 0.5, 0.725, 0.95)


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """One group of similar risks: people, mean risk, share with the outcome."""

    count: int
    predicted: float
    observed: float


def observed_expected(y: ArrayLike, risk: ArrayLike, weight: ArrayLike | None = None) -> float:
    """Events that happened per event foretold.

    >>> observed_expected([0, 1, 1, 0], [0.25, 0.5, 0.75, 0.5])
    1.0
    """
    return weights.mean(y, weight) / weights.mean(risk, weight)


def slope(y: ArrayLike, risk: ArrayLike, weight: ArrayLike | None = None) -> float:
    """Calibration slope; below 1 the risks are too extreme, above 1 too timid.

    NaN where there is none: one risk for everybody, or every event above every other person.
    """
    z, y = _logit(risk), np.asarray(y, float)
    if _has_no_slope(z, y, weights.of(weight, len(z)) > 0):
        return float("nan")
    design = np.column_stack([np.ones_like(z), z])
    return float(logistic.fit(design, y, weight=weight, start=(0, 1))[1])


def _has_no_slope(z: NDArray, y: NDArray, drawn: NDArray[np.bool_]) -> bool:
    events, others = z[drawn & (y > 0.5)], z[drawn & (y <= 0.5)]
    if not len(events) or not len(others):
        return True
    flat = max(events.max(), others.max()) - min(events.min(), others.min()) < FLAT
    return bool(flat or events.min() > others.max() or events.max() < others.min())


def intercept(y: ArrayLike, risk: ArrayLike, weight: ArrayLike | None = None) -> float:
    """Calibration in the large: the shift in logit that makes foretold equal observed."""
    z = _logit(risk)
    design = np.ones((len(z), 1))
    return float(logistic.fit(design, np.asarray(y, float), offset=z, weight=weight)[0])


def brier(y: ArrayLike, risk: ArrayLike, weight: ArrayLike | None = None) -> float:
    """Mean squared error of the risk.

    >>> brier([0, 1], [0.0, 0.5])
    0.125
    """
    return weights.mean((np.asarray(risk, float) - np.asarray(y, float)) ** 2, weight)


def brier_skill(y: ArrayLike, risk: ArrayLike, weight: ArrayLike | None = None) -> float:
    """Share of the Brier score of the plain prevalence that the risk takes away."""
    prevalence = weights.mean(y, weight)
    return 1 - brier(y, risk, weight) / (prevalence * (1 - prevalence))


def log_loss(y: ArrayLike, risk: ArrayLike, weight: ArrayLike | None = None) -> float:
    """Mean negative log-likelihood in nats."""
    risk = np.clip(np.asarray(risk, float), TINY, 1 - TINY)
    y = np.asarray(y, float)
    return -weights.mean(y * np.log(risk) + (1 - y) * np.log1p(-risk), weight)


def curve(
    y: ArrayLike, risk: ArrayLike, groups: int = 10, weight: ArrayLike | None = None
) -> list[CurvePoint]:
    """Groups of equal size by rising risk."""
    y, risk = np.asarray(y, float), np.asarray(risk, float)
    weight = weights.of(weight, len(y))
    order = np.argsort(risk, kind="stable")
    return [
        CurvePoint(
            len(part),
            weights.mean(risk[part], weight[part]),
            weights.mean(y[part], weight[part]),
        )
        for part in np.array_split(order, groups)
        if len(part)
    ]


def smoothed_observed(
    y: ArrayLike, risk: ArrayLike, weight: ArrayLike | None = None
) -> NDArray[np.float64]:
    """Smooth share of events at each risk, shape (people,)."""
    z = _logit(risk)
    knots = np.unique(np.quantile(z, KNOT_QUANTILES))
    design = np.column_stack([np.ones_like(z), z, *_natural_spline(z, knots)])
    start = np.eye(design.shape[1])[1]  # the risks as they are
    fitted = logistic.fit(design, np.asarray(y, float), weight=weight, start=start)
    return expit(design @ fitted)


def ici_and_e90(
    y: ArrayLike, risk: ArrayLike, weight: ArrayLike | None = None
) -> tuple[float, float]:
    """Mean and 90th percentile of the distance between smoothed observed and predicted."""
    distance = np.abs(smoothed_observed(y, risk, weight) - np.asarray(risk, float))
    return weights.mean(distance, weight), weights.quantile(distance, 0.9, weight)


def _logit(risk: ArrayLike) -> NDArray[np.float64]:
    return logit(np.clip(np.asarray(risk, float), TINY, 1 - TINY))


def _natural_spline(z: NDArray[np.float64], knots: NDArray[np.float64]) -> list[NDArray]:
    """Restricted cubic basis of Harrell: linear beyond the outer knots."""
    if len(knots) < 3:
        return []
    first, before_last, last = knots[0], knots[-2], knots[-1]

    def cube(knot: float) -> NDArray[np.float64]:
        return np.clip(z - knot, 0, None) ** 3

    return [
        (
            cube(knot)
            - cube(before_last) * (last - knot) / (last - before_last)
            + cube(last) * (before_last - knot) / (last - before_last)
        )
        / (last - first) ** 2
        for knot in knots[:-2]
    ]
