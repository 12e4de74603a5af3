"""A local linear surrogate in the manner of LIME (Ribeiro et al., KDD 2016).

Not the package of that name: a weighted ridge on perturbed rows, with its own fit as a measure
of how far it may be believed. Its weights are slopes near one row, not a split of the prediction.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ml.explanation.kernel import Predict

SOURCE = "Ribeiro, Singh & Guestrin, KDD 2016 (method), own implementation"


@dataclass(frozen=True, slots=True)
class LocalSurrogate:
    """`slopes` per standard deviation of each input near one row; `fit` is the weighted R²."""

    names: tuple[str, ...]
    slopes: NDArray[np.float64]
    intercept: float  # prediction of the surrogate at the row
    prediction: float  # of the model at the row
    fit: float
    method: str = "local surrogate (LIME-style)"
    source: str = SOURCE


def local_surrogate(
    predict: Predict,
    row: ArrayLike,
    background: ArrayLike,
    *,
    names: Sequence[str],
    samples: int = 2000,
    width: float = 0.75,
    ridge: float = 1.0,
    random_state: int = 0,
) -> LocalSurrogate:
    """Perturb a row by the spread of the background and fit a ridge, near rows weighing more.

    `width` times the square root of the number of inputs is the reach of the Gaussian weight,
    in standard deviations.
    """
    center, others = np.asarray(row, float), np.asarray(background, float)
    spread = np.nanstd(others, axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    steps = np.random.default_rng(random_state).normal(size=(samples, len(center)))
    target = np.asarray(predict(center + steps * spread), float)
    distance = (steps**2).sum(axis=1) / (width**2 * len(center))
    weight = np.exp(-distance / 2)
    slopes, intercept = _ridge(steps, target, weight, ridge)
    return LocalSurrogate(
        names=tuple(names),
        slopes=slopes,
        intercept=intercept,
        prediction=float(np.ravel(predict(center[None]))[0]),
        fit=_fit(target, intercept + steps @ slopes, weight),
    )


def _ridge(
    steps: NDArray[np.float64],
    target: NDArray[np.float64],
    weight: NDArray[np.float64],
    ridge: float,
) -> tuple[NDArray[np.float64], float]:
    design = np.column_stack([np.ones(len(steps)), steps])
    penalty = np.diag([0.0] + [ridge] * steps.shape[1])
    weighted = design * weight[:, None]
    beta = np.linalg.solve(weighted.T @ design + penalty, weighted.T @ target)
    return beta[1:], float(beta[0])


def _fit(
    target: NDArray[np.float64], fitted: NDArray[np.float64], weight: NDArray[np.float64]
) -> float:
    total = np.average((target - np.average(target, weights=weight)) ** 2, weights=weight)
    if total == 0:
        return 1.0
    return float(1 - np.average((target - fitted) ** 2, weights=weight) / total)
