"""Early stopping: how many trees, found on people that the trees have not seen."""

from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, clone
from sklearn.pipeline import Pipeline

from ml import splits

MOST_TREES = 5000


class EarlyStopped(BaseEstimator):
    """A pipeline that ends in XGBoost or LightGBM, with as many trees as help kept-back people.

    Parameters
    ----------
    pipeline : Pipeline
    patience : trees without improvement after which growing stops
    kept_back : share of people that decides
    """

    wants_person = True

    def __init__(self, pipeline: Pipeline, patience: int = 50, kept_back: float = 0.2):
        self.pipeline = pipeline
        self.patience = patience
        self.kept_back = kept_back

    def fit(self, X: pd.DataFrame, y: ArrayLike, person: ArrayLike | None = None) -> Self:
        """`person` tells whose each row is; without it each row counts as a person."""
        y = np.asarray(y)
        people = np.arange(len(y)) if person is None else np.asarray(person)
        train, watch = splits.person_holdout(people, self.kept_back, "early")
        self.trees_ = self._count(X.iloc[train], y[train], X.iloc[watch], y[watch])
        self.pipeline_ = clone(self.pipeline).set_params(model__n_estimators=self.trees_)
        self.pipeline_.fit(X, y)
        return self

    def _count(self, X: pd.DataFrame, y: NDArray, X_watch: pd.DataFrame, y_watch: NDArray) -> int:
        trial = clone(self.pipeline).set_params(model__n_estimators=MOST_TREES)
        encoded = trial[:-1].fit_transform(X, y)
        watched = trial[:-1].transform(X_watch)
        model = trial[-1]
        if type(model).__name__.startswith("LGBM"):
            from lightgbm import early_stopping

            stop = [early_stopping(self.patience, verbose=False)]
            model.fit(encoded, y, eval_X=watched, eval_y=y_watch, callbacks=stop)
            return model.best_iteration_
        model.set_params(early_stopping_rounds=self.patience)
        model.fit(encoded, y, eval_set=[(watched, y_watch)], verbose=False)
        return model.best_iteration + 1

    @property
    def classes_(self) -> NDArray:
        return self.pipeline_.classes_

    def predict(self, X: pd.DataFrame) -> NDArray:
        return self.pipeline_.predict(X)

    def predict_proba(self, X: pd.DataFrame) -> NDArray:
        return self.pipeline_.predict_proba(X)
