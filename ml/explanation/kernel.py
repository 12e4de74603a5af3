"""Kernel SHAP for any model: Shapley values as a weighted regression over coalitions.

Up to eleven inputs all coalitions are asked and the values are exact; beyond, coalitions are
drawn by their weight, each with its complement (Covert & Lee, AISTATS 2021), and the regression
is constrained so that the contributions always add up to the prediction.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import comb

from ml.explanation.attributions import Attributions

MOST_ENUMERATED = 11
MOST_ASKED = 50_000  # rows that a model is asked for at once
SOURCE = "Lundberg & Lee, NeurIPS 2017; Covert & Lee, AISTATS 2021"

Predict = Callable[[NDArray[np.float64]], NDArray[np.float64]]


def kernel_shap(
    predict: Predict,
    X: ArrayLike,
    background: ArrayLike,
    *,
    names: Sequence[str],
    coalitions: int = 512,
    random_state: int = 0,
    scale: str = "prediction",
) -> Attributions:
    """Split `predict(X)`; inputs outside a coalition take the values of the background rows.

    `predict` takes (rows, features) and gives (rows,). It is called with about
    rows * coalitions * background rows in all, so keep the background small (50 to 200).
    """
    rows, others = np.asarray(X, float), np.asarray(background, float)
    features = rows.shape[1]
    inside, weight = _coalitions(features, coalitions, np.random.default_rng(random_state))
    base = float(np.mean(predict(others)))
    inverse = np.linalg.pinv((inside * weight[:, None]).T @ inside)
    values = np.stack([_worths(predict, row, others, inside) for row in rows]) - base
    distance = np.asarray(predict(rows), float) - base
    return Attributions(
        method="kernel SHAP",
        scale=scale,
        names=tuple(names),
        base=base,
        contributions=_constrained(inverse, values @ (inside * weight[:, None]), distance),
        exact=features <= MOST_ENUMERATED,
        source=SOURCE,
    )


def _coalitions(
    features: int, number: int, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Memberships (coalitions, features) and weights; never the empty or the full coalition."""
    if features == 1:
        return np.zeros((0, 1)), np.zeros(0)
    if features <= MOST_ENUMERATED:
        inside = (np.arange(1, 2**features - 1)[:, None] >> np.arange(features)) & 1
        size = inside.sum(axis=1)
        weight = (features - 1) / (comb(features, size) * size * (features - size))
        return inside.astype(float), weight
    sizes = np.arange(1, features)
    chance = 1 / (sizes * (features - sizes))
    drawn = rng.choice(sizes, size=number // 2, p=chance / chance.sum())
    order = rng.random((len(drawn), features)).argsort(axis=1).argsort(axis=1)
    inside = (order < drawn[:, None]).astype(float)
    inside = np.concatenate([inside, 1 - inside])
    return inside, np.ones(len(inside))


def _worths(
    predict: Predict,
    row: NDArray[np.float64],
    background: NDArray[np.float64],
    inside: NDArray[np.float64],
) -> NDArray[np.float64]:
    at_once = max(1, MOST_ASKED // len(background))
    found = np.empty(len(inside))
    for start in range(0, len(inside), at_once):
        some = inside[start : start + at_once]
        mixed = np.where(some[:, None, :] == 1, row, background[None])
        flat = np.asarray(predict(mixed.reshape(-1, len(row))), float)
        found[start : start + at_once] = flat.reshape(len(some), -1).mean(axis=1)
    return found


def _constrained(
    inverse: NDArray[np.float64], moment: NDArray[np.float64], distance: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Least squares under sum(phi) = distance, by a Lagrange multiplier; shape (rows, features)."""
    free = moment @ inverse
    direction = inverse.sum(axis=1)
    if not direction.any():  # one input: nothing to share
        return distance[:, None]
    return free + ((distance - free.sum(axis=1)) / direction.sum())[:, None] * direction
