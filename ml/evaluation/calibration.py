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

from ml.evaluation import logistic

TINY = 1e-12
KNOT_QUANTILES = (0.05, 0.275, 0.5, 0.725, 0.95)


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """One group of similar risks: people, mean risk, share with the outcome."""

    count: int
    predicted: float
    observed: float


def observed_expected(y: ArrayLike, risk: ArrayLike) -> float:
    """Events that happened per event foretold.

    >>> observed_expected([0, 1, 1, 0], [0.25, 0.5, 0.75, 0.5])
    1.0
    """
    return float(np.sum(y) / np.sum(risk))


def slope(y: ArrayLike, risk: ArrayLike) -> float:
    """Calibration slope; below 1 the risks are too extreme, above 1 too timid."""
    z = _logit(risk)
    return float(logistic.fit(np.column_stack([np.ones_like(z), z]), np.asarray(y, float))[1])


def intercept(y: ArrayLike, risk: ArrayLike) -> float:
    """Calibration in the large: the shift in logit that makes foretold equal observed."""
    z = _logit(risk)
    return float(logistic.fit(np.ones((len(z), 1)), np.asarray(y, float), offset=z)[0])


def brier(y: ArrayLike, risk: ArrayLike) -> float:
    """Mean squared error of the risk.

    >>> brier([0, 1], [0.0, 0.5])
    0.125
    """
    return float(np.mean((np.asarray(risk) - np.asarray(y)) ** 2))


def brier_skill(y: ArrayLike, risk: ArrayLike) -> float:
    """Share of the Brier score of the plain prevalence that the risk takes away."""
    prevalence = np.full(np.shape(y), np.mean(y))
    return 1 - brier(y, risk) / brier(y, prevalence)


def log_loss(y: ArrayLike, risk: ArrayLike) -> float:
    """Mean negative log-likelihood in nats."""
    risk = np.clip(np.asarray(risk, float), TINY, 1 - TINY)
    y = np.asarray(y, float)
    return float(-np.mean(y * np.log(risk) + (1 - y) * np.log1p(-risk)))


def curve(y: ArrayLike, risk: ArrayLike, groups: int = 10) -> list[CurvePoint]:
    """Groups of equal size by rising risk."""
    y, risk = np.asarray(y, float), np.asarray(risk, float)
    order = np.argsort(risk, kind="stable")
    return [
        CurvePoint(len(part), float(risk[part].mean()), float(y[part].mean()))
        for part in np.array_split(order, groups)
        if len(part)
    ]


def smoothed_observed(y: ArrayLike, risk: ArrayLike) -> NDArray[np.float64]:
    """Smooth share of events at each risk, shape (people,)."""
    z = _logit(risk)
    knots = np.unique(np.quantile(z, KNOT_QUANTILES))
    design = np.column_stack([np.ones_like(z), z, *_natural_spline(z, knots)])
    return expit(design @ logistic.fit(design, np.asarray(y, float)))


def ici_and_e90(y: ArrayLike, risk: ArrayLike) -> tuple[float, float]:
    """Mean and 90th percentile of the distance between smoothed observed and predicted."""
    distance = np.abs(smoothed_observed(y, risk) - np.asarray(risk, float))
    return float(distance.mean()), float(np.quantile(distance, 0.9))


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
