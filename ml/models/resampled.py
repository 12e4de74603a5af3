"""Small boosted models of resampled people, with the encoder that they read through."""

from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator

from ml.models import encoding, refits
from ml.models.encoding import Columns


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

    def fit(self, X: pd.DataFrame, y: ArrayLike, person: ArrayLike) -> Self:
        y = np.asarray(y, float)
        encoder = encoding.for_trees(self.columns, "binary", random_state=self.random_state)
        encoded = np.asarray(encoder.fit_transform(X, y), np.float32)
        self.encoder_ = encoder
        self.refits_ = refits.fit(
            encoded,
            y,
            np.ones(len(y)),
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
