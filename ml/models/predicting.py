"""One way to fit and to ask every estimator, whatever it predicts."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray


def predicted(
    estimator: Any,
    X: pd.DataFrame,
    kind: str,
    *,
    horizon: float | Sequence[float] | None = None,
) -> NDArray[np.float64]:
    """Shape (rows,): risk, risk by `horizon`, or number; for classes (rows, classes)."""
    if not len(X):
        return np.empty((0, len(estimator.classes_)) if kind == "classes" else 0)
    if kind == "binary":
        return np.asarray(estimator.predict_proba(X), float)[:, 1]
    if kind == "classes":
        return np.asarray(estimator.predict_proba(X), float)
    if kind == "survival":
        if np.ndim(horizon) == 0:
            return np.asarray(estimator.predict_risk(X, horizon), float)
        return np.column_stack([estimator.predict_risk(X, at) for at in horizon])
    return np.asarray(estimator.predict(X), float)


def fitted(estimator: Any, X: Any, y: Any, person: Any) -> Any:
    """Fit, telling whose each row is to those who split rows inside."""
    if getattr(estimator, "wants_person", False):
        return estimator.fit(X, y, person=person)
    return estimator.fit(X, y)
