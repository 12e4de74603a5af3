"""A calibrated stack: members weighted by what they say of people they have not seen."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import logit
from sklearn.base import BaseEstimator, clone
from sklearn.linear_model import LinearRegression, LogisticRegression

from ml import splits
from ml.models.blend import TINY
from ml.models.predicting import fitted


class Stack(BaseEstimator):
    """Logistic regression on cross-fitted logits, or non-negative least squares on numbers.

    The second level is fitted on predictions for people outside the members' training rows, so
    that it also corrects over- and underconfidence.

    Parameters
    ----------
    members : sequence of (name, estimator)
    classifies : bool
    folds : int
    """

    wants_person = True

    def __init__(self, members: Sequence[tuple[str, Any]], classifies: bool = True, folds: int = 5):
        self.members = members
        self.classifies = classifies
        self.folds = folds

    def fit(self, X: pd.DataFrame, y: ArrayLike, person: ArrayLike | None = None) -> Self:
        y = np.asarray(y)
        people = np.arange(len(y)) if person is None else np.asarray(person)
        columns = [self._cross_fitted(member, X, y, people) for _, member in self.members]
        # A hundredth of a ridge decides between members that say the same.
        top = LogisticRegression(C=100.0) if self.classifies else LinearRegression(positive=True)
        self.top_ = top.fit(np.column_stack(columns), y)
        self.fitted_ = [fitted(clone(member), X, y, people) for _, member in self.members]
        return self

    def _cross_fitted(self, member: Any, X: pd.DataFrame, y: NDArray, people: NDArray) -> NDArray:
        parts: list[NDArray | None] = [None] * len(y)
        for train, test in splits.group_folds(people, self.folds, "stack"):
            learner = fitted(clone(member), X.iloc[train], y[train], people[train])
            for row, said in zip(test, self._say(learner, X.iloc[test]), strict=True):
                parts[row] = said
        return np.array(parts)

    def _say(self, learner: Any, X: pd.DataFrame) -> NDArray:
        """What the second level sees of a member, shape (rows, columns)."""
        if not self.classifies:
            return learner.predict(X)[:, None]
        found = np.clip(learner.predict_proba(X), TINY, 1 - TINY)
        return logit(found[:, 1:])

    def _columns(self, X: pd.DataFrame) -> NDArray:
        return np.column_stack([self._say(member, X) for member in self.fitted_])

    @property
    def classes_(self) -> NDArray:
        return self.top_.classes_

    def predict(self, X: pd.DataFrame) -> NDArray:
        return self.top_.predict(self._columns(X))

    def predict_proba(self, X: pd.DataFrame) -> NDArray:
        return self.top_.predict_proba(self._columns(X))
