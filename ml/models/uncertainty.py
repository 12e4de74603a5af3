"""How far the served risk may be off: other training people, and inputs not known.

Two sources, both on the logit:

* *Sampling*: the spread of the bootstrap refits around their own median, moved onto the served
  logit (the served model is the point estimate; the refits only lend their spread).
* *Missing inputs*: for each group of inputs, the mean squared change of the logit when that
  group alone is hidden was measured on people outside the training folds. The variances of the
  unknown groups are added and scaled so that hiding all of them gives the change that was
  measured for hiding all together.

Their half-widths are added in quadrature. The second part makes the interval honest about what
a test could still change, and names the test that would narrow it most.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit
from scipy.stats import norm

COVERAGE = 0.90
Z90 = float(norm.ppf(0.5 + COVERAGE / 2))


def deviations(refit_margins: NDArray[np.float64]) -> NDArray[np.float64]:
    """Refits less their median, shape (people, refits)."""
    return refit_margins - np.median(refit_margins, axis=1, keepdims=True)


def limits(
    margin: NDArray[np.float64],
    spread: NDArray[np.float64],
    missing_sd: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Lower and upper 90 % limit of risk, shapes (people,).

    `margin` is the served logit, `spread` the deviations of the refits, `missing_sd` the standard
    deviation of the logit that unknown inputs leave open. The risk always lies between.
    """
    below, above = np.quantile(spread, [0.5 - COVERAGE / 2, 0.5 + COVERAGE / 2], axis=1)
    low = margin - np.hypot(below, Z90 * missing_sd)
    high = margin + np.hypot(above, Z90 * missing_sd)
    return expit(low), expit(high)


def flip_probability(
    margin: float, spread: NDArray[np.float64], missing_sd: float, cuts: Sequence[float]
) -> float:
    """Chance that the tier would be another one; `cuts` are the rising risk limits of tiers."""
    edges = np.concatenate([[-np.inf], logit(np.asarray(cuts, float)), [np.inf]])
    tier = int(np.searchsorted(edges[1:-1], margin, side="right"))
    centres = margin + spread
    # A hair of width keeps the formula defined when every input is known.
    width = max(missing_sd, 1e-9)
    stays = norm.cdf((edges[tier + 1] - centres) / width) - norm.cdf(
        (edges[tier] - centres) / width
    )
    return float(np.clip(1 - stays.mean(), 0, 1))
