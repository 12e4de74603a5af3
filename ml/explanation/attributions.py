"""What every method that splits a prediction gives back."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

from ml.explanation import points


@dataclass(frozen=True, slots=True)
class Attributions:
    """Predictions split among their inputs: `base + contributions` is the prediction.

    `contributions` (rows, features) and `base` are on `scale`: "logit", or "prediction" for the
    model's own output. `exact` says whether the method computes the split that it defines, or
    estimates it by sampling.
    """

    method: str
    scale: str
    names: tuple[str, ...]
    base: float
    contributions: NDArray[np.float64]
    exact: bool
    source: str

    @property
    def predictions(self) -> NDArray[np.float64]:
        """What the contributions add up to, shape (rows,)."""
        return self.base + self.contributions.sum(axis=1)

    def in_points(self) -> NDArray[np.float64]:
        """Percentage points of risk that add up to risk - baseline, shape (rows, features).

        Raises ValueError when the contributions are not to a logit.
        """
        if self.scale != "logit":
            raise ValueError(f"Points of risk need contributions to a logit, not to {self.scale}.")
        base = np.full(len(self.contributions), self.base)
        return points.from_logit(self.contributions, base, self.predictions)

    @property
    def baseline_risk(self) -> float:
        """Risk at the base, for contributions to a logit."""
        return float(expit(self.base))

    def to_frame(self) -> pd.DataFrame:
        """One row a prediction, one column an input; of a logit in percentage points of risk."""
        told = self.in_points() if self.scale == "logit" else self.contributions
        return pd.DataFrame(told, columns=list(self.names)).round(3)

    def ranked(self, row: int = 0) -> list[tuple[str, float]]:
        """Names with contributions of one row, the largest first."""
        order = np.argsort(-np.abs(self.contributions[row]), kind="stable")
        return [(self.names[n], float(self.contributions[row, n])) for n in order]
