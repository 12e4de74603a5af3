"""Rows unlike the others: isolation forest and local outlier factor.

Both give a score for which higher is stranger, and take an encoded matrix without gaps.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.ensemble import IsolationForest
from sklearn.neighbors import LocalOutlierFactor

TREES = 200
NEIGHBOURS = 20


@dataclass(frozen=True)
class Anomalies:
    """Strangeness of each row; `strangest` are row numbers, strangest first."""

    method: str
    score: NDArray[np.float64]

    def strangest(self, count: int) -> NDArray[np.int64]:
        return np.argsort(-self.score, kind="stable")[:count]


def isolation(X: ArrayLike, *, random_state: int, threads: int = 1) -> Anomalies:
    """How few random cuts set a row apart (Liu et al., ICDM 2008); 0.5 is usual, 1 is alone."""
    forest = IsolationForest(n_estimators=TREES, random_state=random_state, n_jobs=threads)
    return Anomalies("isolation", -forest.fit(np.asarray(X, float)).score_samples(X))


def local_outliers(X: ArrayLike, neighbours: int = NEIGHBOURS, *, threads: int = 1) -> Anomalies:
    """How thin the rows lie around a row compared with its neighbours (Breunig et al. 2000).

    About 1 is usual; larger stands apart.
    """
    X = np.asarray(X, float)
    factor = LocalOutlierFactor(min(neighbours, len(X) - 1), n_jobs=threads).fit(X)
    return Anomalies("local_outliers", -factor.negative_outlier_factor_)
