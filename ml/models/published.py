"""A published score as an estimator, so that it is compared on the same rows as any model."""

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.linear_model import LogisticRegression

from ml import scores
from ml.models.recipe import Parameters, Recipe

TINY = 1e-6


class PublishedScore(BaseEstimator):
    """A score of `ml.scores`; people whom it refuses get the prevalence of the training rows.

    Parameters
    ----------
    score : name in `ml.scores.SCORES`
    inputs : mapping of the score's inputs to columns
    output : which of its values; the first by default
    points : whether the value is points, turned into risk by logistic regression on training rows;
        otherwise it is a risk in `share_of` parts and is left as published
    share_of : 100 for per cents, 1 for risks from 0 to 1
    """

    def __init__(
        self,
        score: str,
        inputs: Mapping[str, str],
        output: str = "",
        points: bool = False,
        share_of: float = 100.0,
    ):
        self.score = score
        self.inputs = inputs
        self.output = output
        self.points = points
        self.share_of = share_of

    def fit(self, X: pd.DataFrame, y: ArrayLike) -> Self:
        y = np.asarray(y, float)
        self.prevalence_ = float(y.mean())
        self.classes_ = np.array([0, 1])
        value = self.values(X)
        known = np.isfinite(value)
        if self.points and known.any():
            self.curve_ = LogisticRegression(C=1e6).fit(value[known, None], y[known])
        return self

    def values(self, X: pd.DataFrame) -> NDArray[np.float64]:
        """The score as published, NaN where it refuses, shape (rows,)."""
        given = {name: X[column].to_numpy() for name, column in self.inputs.items()}
        told = scores.compute(self.score, given).values
        found = told[self.output] if self.output else next(iter(told.values()))
        return np.asarray(found, float)

    def predict_proba(self, X: pd.DataFrame) -> NDArray[np.float64]:
        value = self.values(X)
        known = np.isfinite(value)
        risk = np.full(len(X), self.prevalence_)
        if known.any():
            risk[known] = self._risk(value[known])
        return np.column_stack([1 - risk, risk])

    def _risk(self, value: NDArray[np.float64]) -> NDArray[np.float64]:
        if self.points:
            return self.curve_.predict_proba(value[:, None])[:, 1]
        return np.clip(value / self.share_of, TINY, 1 - TINY)


def build(recipe: Recipe, parameters: Parameters) -> Any:
    """`parameters`: those of PublishedScore."""
    return PublishedScore(**parameters)
