"""Several models as one: the mean of their logits, or of their numbers."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit, softmax
from sklearn.base import BaseEstimator, clone

from ml.models.predicting import fitted

TINY = 1e-6


class Blend(BaseEstimator):
    """Equal parts of several models of the same rows.

    Parameters
    ----------
    members : sequence of (name, estimator)
    weights : one a member, or None for equal parts
    """

    wants_person = True

    def __init__(self, members: Sequence[tuple[str, Any]], weights: Sequence[float] | None = None):
        self.members = members
        self.weights = weights

    def fit(self, X: Any, y: Any, person: Any = None) -> Self:
        self.fitted_ = [fitted(clone(member), X, y, person) for _, member in self.members]
        return self

    @property
    def classes_(self) -> NDArray:
        return self.fitted_[0].classes_

    def predict(self, X: Any) -> NDArray[np.float64]:
        """Weighted mean of the members, shape (rows,)."""
        return self._mean([member.predict(X) for member in self.fitted_])

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Shape (rows, classes): mean logit of two classes, mean log-probability of more."""
        found = [np.clip(m.predict_proba(X), TINY, 1 - TINY) for m in self.fitted_]
        if found[0].shape[1] > 2:
            return softmax(self._mean([np.log(p) for p in found]), axis=1)
        risk = expit(self._mean([logit(p[:, 1]) for p in found]))
        return np.column_stack([1 - risk, risk])

    def _mean(self, found: Sequence[NDArray]) -> NDArray[np.float64]:
        return np.average(found, axis=0, weights=self.weights)
