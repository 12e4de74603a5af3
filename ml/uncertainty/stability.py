"""How far a served risk may be off: other training people, inputs not known, and its repair.

Three sources, all on the logit:

* *Sampling* (Riley and Collins, Biom J 2023;65:2200302): refit on bootstraps of people and look at
  the spread of one patient's logit around its median, moved onto the served logit (the served
  model is the point estimate; the refits only lend their spread). Trees are refitted small
  (`ml.models.refits`); a logistic model needs no refitting at all, because one Newton step from
  the fitted coefficients is the refit to first order, so that 200 cost less than one fit.
* *Missing inputs*: for each group of inputs, the mean squared change of the logit when that
  group alone is hidden was measured on people outside the training folds. The variances of the
  unknown groups are added and scaled so that hiding all of them gives the change that was
  measured for hiding all together.
* *Repair*: level and slope that a site's outcomes asked for are estimates themselves, with a
  covariance (`ml.evaluation.recalibration`).

Their half-widths are added in quadrature. The second part makes the interval honest about what
a test could still change, and names the test that would narrow it most.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit
from scipy.stats import norm

from ml.evaluation import bootstrap

REFITS = 200
COVERAGE = 0.90
Z90 = float(norm.ppf(0.5 + COVERAGE / 2))


class Refitted(Protocol):
    """Anything that gives the logit of each refit."""

    def margins(self, X: NDArray) -> NDArray[np.float64]:
        """Shape (people, refits)."""


@dataclass(frozen=True, slots=True)
class LinearRefits:
    """Coefficients of each refit, shape (refits, columns); the design holds its own ones."""

    coefficients: NDArray[np.float64]

    def margins(self, X: ArrayLike) -> NDArray[np.float64]:
        return np.asarray(X, float) @ self.coefficients.T


@dataclass(frozen=True, slots=True)
class Stability:
    """One row a person: limits of risk, and the share of refits that put them in another tier."""

    low: NDArray[np.float64]
    high: NDArray[np.float64]
    flips: NDArray[np.float64]


def one_step(
    design: ArrayLike,
    y: ArrayLike,
    coefficients: ArrayLike,
    *,
    person: ArrayLike | None = None,
    penalty: ArrayLike = 0.0,
    count: int = REFITS,
    random_state: int,
) -> LinearRefits:
    """Refits of a logistic model by one Newton step each.

    `design` has shape (rows, columns) with its column of ones; `penalty` is the ridge with which
    the coefficients were fitted, one for all or one a column.
    """
    design, y = np.asarray(design, float), np.asarray(y, float)
    fitted = np.asarray(coefficients, float)
    ridge = np.broadcast_to(np.asarray(penalty, float), fitted.shape)
    person = np.arange(len(y)) if person is None else np.asarray(person)
    _, number = np.unique(person, return_inverse=True)
    risk = expit(design @ fitted)
    score = design * (y - risk)[:, None]
    spread = risk * (1 - risk)
    refits = []
    for weight in bootstrap.draws(number, random_state, count):
        information = (design * (weight * spread)[:, None]).T @ design
        information += np.diag(ridge + 1e-9)
        refits.append(fitted + np.linalg.solve(information, weight @ score - ridge * fitted))
    return LinearRefits(np.array(refits))


def stability(
    served: ArrayLike,
    refits: Refitted,
    X: NDArray,
    cuts: Sequence[float] = (),
    other_sd: ArrayLike = 0.0,
) -> Stability:
    """Limits (90 %) and tier flips around the served logit of each person.

    The refits lend their spread only: it is moved onto the served logit. `other_sd` is the standard
    deviation of the logit from elsewhere, such as a repair of the risks on few people.
    """
    served = np.asarray(served, float)
    spread = deviations(refits.margins(X))
    other_sd = np.broadcast_to(other_sd, served.shape)
    low, high = limits(served, spread, other_sd)
    return Stability(low, high, flips(served, spread, cuts, other_sd))


def flips(
    served: NDArray[np.float64],
    spread: NDArray[np.float64],
    cuts: Sequence[float],
    other_sd: ArrayLike = 0.0,
) -> NDArray[np.float64]:
    """Chance that the tier of each person would be another one.

    `cuts` are the risk limits of tiers. Without another source of doubt it is the share of refits
    whose tier is not the served one, a multiple of 1 / refits.
    """
    edges = np.concatenate([[-np.inf], logit(np.asarray(sorted(cuts), float)), [np.inf]])
    tier = np.searchsorted(edges[1:-1], served, side="right")
    centres = served[:, None] + spread
    # A hair of width keeps the formula defined where nothing else is open.
    width = np.maximum(np.broadcast_to(other_sd, served.shape), 1e-9)[:, None]
    below, above = (norm.cdf((edges[at][:, None] - centres) / width) for at in (tier, tier + 1))
    return np.clip(1 - (above - below).mean(axis=1), 0, 1)


def deviations(refit_margins: NDArray[np.float64]) -> NDArray[np.float64]:
    """Refits less their median, shape (people, refits)."""
    return refit_margins - np.median(refit_margins, axis=1, keepdims=True)


def limits(
    margin: NDArray[np.float64],
    spread: NDArray[np.float64],
    other_sd: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Lower and upper 90 % limit of risk, shapes (people,).

    `margin` is the served logit, `spread` the deviations of the refits, `other_sd` the standard
    deviation of the logit that unknown inputs or a repair leave open. The risk always lies between.
    """
    below, above = np.quantile(spread, [0.5 - COVERAGE / 2, 0.5 + COVERAGE / 2], axis=1)
    low = margin - np.hypot(below, Z90 * other_sd)
    high = margin + np.hypot(above, Z90 * other_sd)
    return expit(low), expit(high)
