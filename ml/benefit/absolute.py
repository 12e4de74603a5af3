"""Absolute risk reduction and number needed to treat, from baseline risk and relative effect.

The estimate is risk x (1 - relative risk). The interval comes from drawing the logit of the
baseline and the log relative risk together, independently of each other, from normal
distributions; the draws are the same quasi-random points for everybody, so that the same inputs
give the same interval and two items of one person are compared on the same draws.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit
from scipy.stats import norm, qmc

from ml.benefit.baseline import TINY, Baseline, over
from ml.benefit.effects import Effect

DRAWS = 1024
SEED = 20260101
QUANTILES = (0.025, 0.975)
ROWS_AT_ONCE = 2048  # of draws in memory: 16 MB
HORIZONS = (1.0, 5.0, 10.0)  # years


@dataclass(frozen=True, slots=True)
class Benefit:
    """Absolute risk reduction of one item for one person within `years`, with its 95 % interval.

    Negative values are harm. A number needed to treat is None where the reduction is not above
    zero; `nnt_high` is None where the interval reaches zero: it may help nobody.
    """

    years: float
    risk: float  # if nothing is done
    risk_after: float
    arr: float
    low: float
    high: float

    @property
    def nnt(self) -> float | None:
        return needed(self.arr)

    @property
    def nnt_low(self) -> float | None:
        return needed(self.high)

    @property
    def nnt_high(self) -> float | None:
        return needed(self.low)


@dataclass(frozen=True, slots=True)
class Reductions:
    """Absolute risk reductions of many pairs of person and item, each array of shape (pairs,)."""

    arr: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


def benefit(baseline: Baseline, effect: Effect, years: float | None = None) -> Benefit:
    """What the item takes off the risk within `years` (default: the horizon of the baseline).

    >>> one = benefit(Baseline(0.20, 0.0, 10), Effect.from_interval(0.70, 0.81, 0.75))
    >>> round(one.arr, 3), round(one.nnt)
    (0.05, 20)
    """
    years = baseline.years if years is None else years
    many = reductions(
        baseline.risk, baseline.sd, effect.rr, effect.sd, years=baseline.years, wanted=years
    )
    risk, arr = baseline.at(years), float(many.arr[0])
    return Benefit(years, risk, risk - arr, arr, float(many.low[0]), float(many.high[0]))


def reductions(
    risk: ArrayLike,
    risk_sd: ArrayLike,
    rr: ArrayLike,
    rr_sd: ArrayLike,
    *,
    years: ArrayLike = 1.0,
    wanted: ArrayLike = 1.0,
) -> Reductions:
    """Of many pairs at once; the arrays are broadcast to one length.

    `risk_sd` is of the logit, `rr_sd` of the log; `years` are those of the given risks, `wanted`
    those that are asked for.
    """
    given = (risk, risk_sd, rr, rr_sd, years, wanted)
    columns = np.broadcast_arrays(*(np.atleast_1d(np.asarray(each, float)) for each in given))
    arr = over(columns[0], columns[4], columns[5]) * (1 - columns[2])
    low, high = np.empty_like(arr), np.empty_like(arr)
    for start in range(0, len(arr), ROWS_AT_ONCE):
        part = slice(start, start + ROWS_AT_ONCE)
        drawn = _drawn(*(column[part] for column in columns))
        low[part], high[part] = np.quantile(drawn, QUANTILES, axis=1)
    return Reductions(arr, low, high)


def _drawn(
    risk: NDArray, risk_sd: NDArray, rr: NDArray, rr_sd: NDArray, years: NDArray, wanted: NDArray
) -> NDArray[np.float64]:
    """Reductions of every draw, shape (pairs, draws)."""
    of_risk, of_effect = draws()
    level = logit(np.clip(risk, TINY, 1 - TINY))[:, None]
    risks = over(expit(level + risk_sd[:, None] * of_risk), years[:, None], wanted[:, None])
    return -risks * np.expm1(np.log(rr)[:, None] + rr_sd[:, None] * of_effect)


@cache
def draws() -> NDArray[np.float64]:
    """Standard normal points that fill the plane evenly, shape (2, DRAWS)."""
    points = qmc.Sobol(2, scramble=True, rng=np.random.default_rng(SEED)).random(DRAWS)
    drawn = norm.ppf(points).T
    drawn.setflags(write=False)
    return drawn


def needed(arr: float) -> float | None:
    """Number needed to treat for one event less; None where nothing is gained.

    >>> needed(0.05)
    20.0
    """
    return 1 / arr if arr > 0 else None
