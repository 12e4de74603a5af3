"""Restricted cubic splines: smooth bends between the knots, straight lines beyond them."""

from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

KNOT_QUANTILES = {
    3: (0.1, 0.5, 0.9),
    4: (0.05, 0.35, 0.65, 0.95),
    5: (0.05, 0.275, 0.5, 0.725, 0.95),
}


class RestrictedCubicSpline(TransformerMixin, BaseEstimator):
    """Each column and its bends, knots at fixed quantiles.

    Basis and quantiles: Harrell, Regression Modeling Strategies, 2nd ed., 2015, section 2.4.
    A column with too few distinct values for three knots stays as it is.

    Parameters
    ----------
    knots : {3, 4, 5}
    """

    def __init__(self, knots: int = 4):
        self.knots = knots

    def fit(self, X: ArrayLike, y: object = None) -> Self:
        X = validate_data(self, X, dtype=float)
        at = KNOT_QUANTILES[self.knots]
        self.knots_ = [np.unique(np.quantile(column, at)) for column in X.T]
        return self

    def transform(self, X: ArrayLike) -> NDArray[np.float64]:
        """Shape (rows, columns and their bends)."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=float, reset=False)
        return np.column_stack([_basis(x, at) for x, at in zip(X.T, self.knots_, strict=True)])

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> NDArray:
        check_is_fitted(self)
        if input_features is None:
            input_features = [f"x{i}" for i in range(self.n_features_in_)]
        named = zip(input_features, self.knots_, strict=True)
        return np.array([name + "'" * bend for name, at in named for bend in _bends(at)], object)


def _bends(knots: NDArray[np.float64]) -> range:
    """0 for the straight line, then one number a bend."""
    return range(1 if len(knots) < 3 else len(knots) - 1)


def _basis(x: NDArray[np.float64], knots: NDArray[np.float64]) -> NDArray[np.float64]:
    if len(knots) < 3:
        return x[:, None]
    first, before_last, last = knots[0], knots[-2], knots[-1]

    def cube(knot: float) -> NDArray[np.float64]:
        return np.clip(x - knot, 0, None) ** 3

    bends = [
        cube(knot)
        - cube(before_last) * (last - knot) / (last - before_last)
        + cube(last) * (before_last - knot) / (last - before_last)
        for knot in knots[:-2]
    ]
    return np.column_stack([x, *bends]) / [1, *[(last - first) ** 2] * len(bends)]
