"""A model of log(1 + y): for outcomes with a long tail, such as days in hospital."""

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, clone


class LogTarget(BaseEstimator):
    """Fits a regressor to log(1 + y) and turns what it says back.

    Encoders inside see the logarithm, too. Quantiles survive the turn; a mean comes out too low,
    so that an absolute error or a quantile is what to fit.

    Parameters
    ----------
    regressor : estimator of a number that is never negative
    """

    def __init__(self, regressor: Any):
        self.regressor = regressor

    def fit(self, X: Any, y: ArrayLike) -> Self:
        """Raises ValueError for a negative outcome."""
        y = np.asarray(y, float)
        if (y < 0).any():
            raise ValueError("A logarithm needs outcomes of 0 or more; drop `target` instead")
        self.fitted_ = clone(self.regressor).fit(X, np.log1p(y))
        return self

    def predict(self, X: Any) -> NDArray[np.float64]:
        """In the unit of the outcome, shape of what the regressor says."""
        return np.expm1(np.asarray(self.fitted_.predict(X), float))
