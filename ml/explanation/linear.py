"""Linear SHAP in closed form (Lundberg & Lee 2017, corollary 1), inputs taken as independent."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from ml.explanation.attributions import Attributions

SOURCE = "Lundberg & Lee, NeurIPS 2017, corollary 1"


def linear_shap(
    coefficients: ArrayLike,
    intercept: float,
    X: ArrayLike,
    background: ArrayLike,
    *,
    names: Sequence[str],
    scale: str = "prediction",
) -> Attributions:
    """phi_i = beta_i * (x_i - mean_i of the background). Missing values are refused."""
    beta, rows = np.ravel(coefficients).astype(float), np.asarray(X, float)
    center = np.asarray(background, float).mean(axis=0)
    if np.isnan(rows).any() or np.isnan(center).any():
        raise ValueError("Linear SHAP needs complete rows: impute first, as the model did.")
    return Attributions(
        method="linear SHAP",
        scale=scale,
        names=tuple(names),
        base=float(intercept + center @ beta),
        contributions=beta * (rows - center),
        exact=True,
        source=SOURCE,
    )
