"""Whether a patient is one of those that the model has learned from.

Three looks, from plain to subtle: too many inputs unknown; one value outside the range of the
training people; values possible alone whose combination none of them came near (Mahalanobis
distance of the known inputs, judged by the chi-square of their number). Each gives a reason in
words; the first found is told. A value that is far outside, or below zero where nothing was, is
too strange for any number: `far` names it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import chi2

MOST_MISSING = 0.6
# Beyond the outermost training value by this share of the range of the middle 98 %.
MARGIN = 0.1
MIDDLE = (0.01, 0.99)
RIDGE = 1e-3
# Real inputs are not normal: the limit is the larger of chi-square and what training people reach.
CHANCE = 1e-4


@dataclass(frozen=True, slots=True)
class Domain:
    """Range, centre and scatter of the training people's inputs.

    `low` and `high` are the outermost values still taken, `mean` and `precision` those of the
    normal scores; `stretch` is how much further than chi-square training people lie.
    """

    names: tuple[str, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    mean: tuple[float, ...]
    covariance: tuple[tuple[float, ...], ...]
    stretch: float
    most_missing: float = MOST_MISSING

    def reasons(self, X: ArrayLike) -> list[str]:
        """For each row of X, shape (people, inputs), why it gets no number; "" when it does."""
        X = np.asarray(X, float)
        distance = self.distance(X)
        return [
            self._missing(row) or self._outside(row) or self._strange(far)
            for row, far in zip(X, distance, strict=True)
        ]

    def far(self, X: ArrayLike) -> list[str]:
        """For each row of X, shape (people, inputs), the value that allows no number; "" if none.

        That is one below zero where no training value was, or one further outside than the whole
        range is wide.
        """
        low, high = np.asarray(self.low), np.asarray(self.high)
        width = np.where(high > low, high - low, np.inf)  # one value alone has no width
        lowest = np.where(low >= 0, np.maximum(low - width, 0), low - width)
        X = np.asarray(X, float)
        is_far = (lowest > X) | (high + width < X)
        told = [""] * len(X)
        for row in np.flatnonzero(is_far.any(axis=1)):
            reason = self._outside(np.where(is_far[row], X[row], np.nan))
            told[row] = f"{reason} That is too far for a number."
        return told

    def distance(self, X: ArrayLike) -> NDArray[np.float64]:
        """Squared distance over its limit, shape (people,); above 1 is strange."""
        X = np.asarray(X, float)
        found = np.zeros(len(X))
        patterns, place = np.unique(~np.isnan(X), axis=0, return_inverse=True)
        for number, known in enumerate(patterns):
            rows = place.reshape(-1) == number
            found[rows] = self._distance(X[rows][:, known], known)
        return found

    def to_json(self) -> dict[str, Any]:
        return {
            name: [list(row) if isinstance(row, tuple) else row for row in value]
            if isinstance(value, tuple)
            else value
            for name, value in ((name, getattr(self, name)) for name in self.__slots__)
        }

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Self:
        lists = {name: tuple(found[name]) for name in ("names", "low", "high", "mean")}
        rows = tuple(tuple(row) for row in found["covariance"])
        return cls(
            **lists,
            covariance=rows,
            stretch=float(found["stretch"]),
            most_missing=float(found["most_missing"]),
        )

    def _distance(self, values: NDArray, known: NDArray[np.bool_]) -> NDArray[np.float64]:
        if not known.any():
            return np.zeros(len(values))
        away = values - np.asarray(self.mean)[known]
        scatter = np.asarray(self.covariance)[np.ix_(known, known)]
        squared = np.einsum("ij,ij->i", away, np.linalg.solve(scatter, away.T).T)
        return squared / (self.stretch * chi2.isf(CHANCE, known.sum()))

    def _missing(self, row: NDArray) -> str:
        unknown = int(np.isnan(row).sum())
        if unknown <= self.most_missing * len(row):
            return ""
        return f"{unknown} of {len(row)} inputs are unknown: too many for a number."

    def _outside(self, row: NDArray) -> str:
        for name, value, low, high in zip(self.names, row, self.low, self.high, strict=True):
            if value < low or value > high:
                return (
                    f"{name} is {value:g}; the model has learned from people with "
                    f"{low:g} to {high:g}."
                )
        return ""

    def _strange(self, distance: float) -> str:
        if distance <= 1:
            return ""
        return "This combination of values is unlike that of anybody the model has learned from."


def fit(X: ArrayLike, names: Sequence[str], *, most_missing: float = MOST_MISSING) -> Domain:
    """The domain of training rows, shape (people, inputs); unknown values are NaN.

    Unknown values are left out pair by pair when the scatter is measured.
    """
    X = np.asarray(X, float)
    low, high = ranges(X)
    mean = np.array([_mean_known(column) for column in X.T])
    covariance = _covariance(X - mean)
    plain = Domain(
        tuple(names),
        tuple(low.tolist()),
        tuple(high.tolist()),
        tuple(mean.tolist()),
        tuple(map(tuple, covariance.tolist())),
        1.0,
        most_missing,
    )
    reached = float(np.quantile(plain.distance(X), 1 - 1 / max(len(X), 2))) if len(X) else 1.0
    return Domain.from_json(plain.to_json() | {"stretch": max(1.0, reached)})


def ranges(X: NDArray) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Lowest and highest value still taken of each column of X, shape (people, inputs).

    Without a limit where nothing is known; never below zero where no value is.
    """
    low, high = np.full(X.shape[1], -np.inf), np.full(X.shape[1], np.inf)
    for number, column in enumerate(X.T):
        known = column[~np.isnan(column)]
        if len(known):
            first, last = np.quantile(known, MIDDLE)
            room = MARGIN * (last - first)
            floor = 0.0 if known.min() >= 0 else -np.inf
            low[number], high[number] = max(known.min() - room, floor), known.max() + room
    return low, high


def _mean_known(column: NDArray) -> float:
    known = column[~np.isnan(column)]
    return float(known.mean()) if len(known) else 0.0


def _covariance(away: NDArray) -> NDArray[np.float64]:
    """Pairwise over the known, then made safely invertible by a small ridge and an eigen floor."""
    known = ~np.isnan(away)
    filled = np.where(known, away, 0.0)
    counts = np.maximum(known.T.astype(float) @ known, 1)
    covariance = filled.T @ filled / counts
    scale = np.sqrt(np.maximum(np.diag(covariance), 1e-12))
    values, vectors = np.linalg.eigh(covariance / np.outer(scale, scale))
    correlation = (vectors * np.maximum(values, RIDGE)) @ vectors.T
    return correlation * np.outer(scale, scale)
