"""Fits whose warnings are known and say nothing that the reader of a report must act on."""

import warnings
from typing import Any, Self

from numpy.typing import NDArray
from sklearn.base import BaseEstimator, clone

# The additive model warns that its own charts leave out gaps (we do not use those charts); the
# network that it stopped at its last round.
KNOWN = ("Missing values detected", "Stochastic Optimizer: Maximum iterations")


class Quiet(BaseEstimator):
    """A learner without its known warnings.

    Parameters
    ----------
    learner : classifier or regressor
    """

    def __init__(self, learner: Any):
        self.learner = learner

    def fit(self, X: Any, y: Any) -> Self:
        with warnings.catch_warnings():
            for start in KNOWN:
                warnings.filterwarnings("ignore", message=start)
            self.learner_ = clone(self.learner).fit(X, y)
        return self

    @property
    def classes_(self) -> NDArray:
        return self.learner_.classes_

    def predict(self, X: Any) -> NDArray:
        return self.learner_.predict(X)

    def predict_proba(self, X: Any) -> NDArray:
        return self.learner_.predict_proba(X)
