"""The risk that a person has if nothing is done."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import logit
from scipy.stats import norm

TINY = 1e-9


@dataclass(frozen=True, slots=True)
class Baseline:
    """Risk of one outcome within `years`, and the standard deviation of its logit.

    `source` names the model or the published equation.

    >>> Baseline(0.20, 0.1, 10).at(10)
    0.2
    """

    risk: float
    sd: float
    years: float
    source: str = ""

    def __post_init__(self) -> None:
        if not 0 <= self.risk < 1:
            raise ValueError(f"A baseline risk is a fraction from 0 to 1, not {self.risk}.")
        if self.sd < 0 or self.years <= 0:
            raise ValueError("A baseline risk needs a spread of 0 or more and years above 0.")

    @classmethod
    def from_interval(
        cls,
        risk: float,
        low: float,
        high: float,
        years: float,
        source: str = "",
        *,
        level: float = 0.9,
    ) -> "Baseline":
        """From a risk with its central interval of that level; the logit is taken as normal."""
        width = logit(np.clip([low, high], TINY, 1 - TINY))
        sd = float(width[1] - width[0]) / (2 * norm.ppf(0.5 + level / 2))
        return cls(risk, sd, years, source)

    def at(self, years: float) -> float:
        """Risk within other years; the hazard is taken as constant."""
        return float(over(self.risk, self.years, years))


def over(risk: ArrayLike, years: ArrayLike, wanted: ArrayLike) -> NDArray[np.float64]:
    """Risks within `years` as risks within `wanted` years, at a constant hazard.

    A hazard that rises with age makes the early years of this figure too high and later years
    too low; published equations for the horizon itself are to be preferred where they exist.

    >>> round(float(over(0.2, 10, 5)), 4)
    0.1056
    """
    risk, share = np.asarray(risk, float), np.asarray(wanted, float) / np.asarray(years, float)
    return np.where(share == 1, risk, -np.expm1(np.log1p(-risk) * share))
