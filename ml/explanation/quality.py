"""How far an explanation may be believed: does it find what moves the model, and does it hold?

Faithfulness: inputs are taken away one after the other (given the values of other people) in the
order of their claimed importance; a faithful order moves the prediction early (Samek et al. 2017,
doi:10.1109/TNNLS.2016.2599820). Stability: how alike the explanations of nearly the same rows are
(Alvarez-Melis & Jaakkola 2018). Each figure stands beside that of the same contributions
shuffled among the inputs: an explanation that does no better than that says nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ml.explanation.kernel import Predict


@dataclass(frozen=True, slots=True)
class Quality:
    """A mean over rows with its 95 % interval, and the same for shuffled contributions."""

    measure: str
    score: float
    low: float
    high: float
    shuffled: float
    rows: int

    @property
    def says_something(self) -> bool:
        return self.low > self.shuffled


def faithfulness(
    predict: Predict,
    X: ArrayLike,
    contributions: ArrayLike,
    background: ArrayLike,
    *,
    random_state: int = 0,
) -> Quality:
    """Mean share of the way to the prediction without any input that is gone early, 0 to 1.

    The area under |prediction - prediction with the k first inputs replaced|, k = 1..features,
    over its largest value, averaged over a few background rows.
    """
    rows, phi = np.asarray(X, float), np.asarray(contributions, float)
    rng = np.random.default_rng(random_state)
    others = np.asarray(background, float)
    others = others[rng.permutation(len(others))[:20]]
    score = _areas(predict, rows, phi, others)
    shuffled = _areas(predict, rows, rng.permuted(phi, axis=1), others)
    return _summary("faithfulness", score, float(shuffled.mean()))


def stability(
    explain: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    X: ArrayLike,
    spread: ArrayLike,
    *,
    share: float = 0.05,
    times: int = 5,
    random_state: int = 0,
) -> Quality:
    """Mean correlation of a row's contributions with those of rows moved by `share` of `spread`.

    `explain` takes rows and gives contributions (rows, features).
    """
    rows = np.asarray(X, float)
    rng = np.random.default_rng(random_state)
    own = np.asarray(explain(rows), float)
    mixed = rng.permuted(own, axis=1)
    score, shuffled = np.zeros(len(rows)), np.zeros(len(rows))
    for _ in range(times):
        moved = rows + rng.normal(size=rows.shape) * share * np.asarray(spread, float)
        near = np.asarray(explain(moved), float)
        score += _correlations(own, near) / times
        shuffled += _correlations(mixed, near) / times
    return _summary("stability", score, float(shuffled.mean()))


def _areas(
    predict: Predict,
    rows: NDArray[np.float64],
    phi: NDArray[np.float64],
    others: NDArray[np.float64],
) -> NDArray[np.float64]:
    features = rows.shape[1]
    rank = np.argsort(np.argsort(-np.abs(phi), axis=1, kind="stable"), axis=1)
    gone = rank[:, None] < np.arange(features + 1)[:, None]  # (rows, steps, features)
    mixed = np.where(gone[:, :, None], others, rows[:, None, None])
    flat = np.asarray(predict(mixed.reshape(-1, features)), float)
    path = flat.reshape(len(rows), features + 1, len(others)).mean(axis=2)
    moved = np.abs(path - path[:, :1])
    largest = moved.max(axis=1)
    area = moved[:, 1:].mean(axis=1)
    return np.divide(area, largest, out=np.zeros(len(rows)), where=largest > 0)


def _correlations(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    a, b = a - a.mean(axis=1, keepdims=True), b - b.mean(axis=1, keepdims=True)
    size = np.sqrt((a**2).sum(axis=1) * (b**2).sum(axis=1))
    return np.divide((a * b).sum(axis=1), size, out=np.zeros(len(a)), where=size > 0)


def _summary(measure: str, score: NDArray[np.float64], shuffled: float) -> Quality:
    half = 1.96 * score.std(ddof=1) / np.sqrt(len(score)) if len(score) > 1 else np.inf
    mean = float(score.mean())
    return Quality(measure, mean, mean - float(half), mean + float(half), shuffled, len(score))
