"""Models of resampled people: small boosted ones, or a logistic regression moved by one step."""

from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

from ml.models import encoding, refits
from ml.models.encoding import Columns
from ml.uncertainty import stability

MOST_COLUMNS = 300


class ResampledTrees(BaseEstimator):
    """What other samples of the same people would have taught a model of a binary outcome.

    Parameters
    ----------
    columns : encoding.Columns
    count : number of refits
    random_state, threads : int
    """

    def __init__(self, columns: Columns, count: int = 200, random_state: int = 0, threads: int = 1):
        self.columns = columns
        self.count = count
        self.random_state = random_state
        self.threads = threads

    def fit(
        self, X: pd.DataFrame, y: ArrayLike, person: ArrayLike, weight: ArrayLike | None = None
    ) -> Self:
        """`weight` makes up for people whose outcome is not known."""
        y = np.asarray(y, float)
        weight = np.ones(len(y)) if weight is None else np.asarray(weight, float)
        encoder = encoding.for_trees(self.columns, "binary", random_state=self.random_state)
        encoded = np.asarray(encoder.fit_transform(X, y), np.float32)
        self.encoder_ = encoder
        self.refits_ = refits.fit(
            encoded,
            y,
            weight,
            pd.factorize(np.asarray(person))[0],
            monotone=self.columns.signs,
            count=self.count,
            random_state=self.random_state,
            threads=self.threads,
        )
        self.columns = None  # what follows reads the encoder only
        return self

    def margins(self, X: pd.DataFrame) -> NDArray[Any]:
        """Logit of each refit, shape (rows, refits)."""
        return self.refits_.margins(np.asarray(self.encoder_.transform(X), np.float32))


class ResampledLogistic(BaseEstimator):
    """What other samples of the same people would have taught a ridge-penalised logistic model.

    Parameters
    ----------
    model : fitted pipeline of encoder and LogisticRegression
    count : number of refits, one Newton step each
    random_state : int
    """

    def __init__(self, model: Pipeline, count: int = 200, random_state: int = 0):
        self.model = model
        self.count = count
        self.random_state = random_state

    def fit(self, X: pd.DataFrame, y: ArrayLike, person: ArrayLike) -> Self:
        *encode, (_, served) = self.model.steps
        self.encoder_ = Pipeline(encode)
        coefficients = np.append(served.intercept_, served.coef_)
        refits = stability.one_step(
            self._design(X),
            y,
            coefficients,
            person=person,
            penalty=np.append(0.0, np.full(served.coef_.size, 1 / served.C)),
            count=self.count,
            random_state=self.random_state,
        )
        self.coefficients_ = refits.coefficients
        self.model = None  # what follows reads encoder and coefficients only
        return self

    def margins(self, X: pd.DataFrame) -> NDArray[Any]:
        """Logit of each refit, shape (rows, refits)."""
        return self._design(X) @ self.coefficients_.T

    def _design(self, X: pd.DataFrame) -> NDArray[np.float64]:
        encoded = np.asarray(self.encoder_.transform(X), float)
        return np.column_stack([np.ones(len(encoded)), encoded])


def is_ridge_logistic(model: Any) -> bool:
    """Whether `ResampledLogistic` can take this fitted model: no absolute penalty, no sparse rows.

    The step needs a smooth penalty and a dense design of a size that can be inverted.
    """
    if not isinstance(model, Pipeline) or not isinstance(model[-1], LogisticRegression):
        return False
    return not model[-1].l1_ratio and model[-1].coef_.shape[1] <= MOST_COLUMNS
