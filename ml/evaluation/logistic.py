"""Logistic regression with an offset, for calibration curves and corrections."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

NEWTON_STEPS = 50
NEWTON_TOLERANCE = 1e-10


def fit(
    design: NDArray[np.float64],
    y: NDArray[np.float64],
    offset: NDArray[np.float64] | float = 0.0,
    ridge: float = 1e-9,
    *,
    weight: ArrayLike | None = None,
    start: ArrayLike | None = None,
) -> NDArray[np.float64]:
    """Maximum likelihood by Newton's method, halving any step that does not improve.

    `design` has shape (people, columns) and holds its own column of ones; `offset` is a logit that
    is taken as given; the default ridge is a whisper that keeps separable data solvable; `weight`
    counts each row; `start` are first coefficients that are near the answer.
    """
    weights = np.zeros(design.shape[1]) if start is None else np.array(start, float)
    counted = 1.0 if weight is None else np.asarray(weight, float)
    penalty = ridge * np.eye(design.shape[1])

    def gain(candidate: NDArray[np.float64]) -> float:
        likelihood = _log_likelihood(design @ candidate + offset, y, counted)
        return likelihood - ridge * float(candidate @ candidate) / 2

    best = gain(weights)
    for _ in range(NEWTON_STEPS):
        fitted = expit(design @ weights + offset)
        gradient = design.T @ (counted * (y - fitted)) - ridge * weights
        information = (design * (counted * fitted * (1 - fitted))[:, None]).T @ design
        step = np.linalg.solve(information + penalty, gradient)
        reached = gain(weights + step)
        while reached < best and np.abs(step).max() > NEWTON_TOLERANCE:
            step = step / 2
            reached = gain(weights + step)
        weights, best = weights + step, reached
        if np.abs(step).max() < NEWTON_TOLERANCE:
            break
    return weights


def _log_likelihood(
    z: NDArray[np.float64], y: NDArray[np.float64], weight: NDArray[np.float64] | float
) -> float:
    return float(np.sum(weight * (y * z - np.logaddexp(0, z))))
