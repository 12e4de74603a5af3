"""How much a patient's risk depends on who happened to be in the training data.

Method of Riley and Collins (Biom J 2023;65:2200302): refit on bootstraps of people and look at the
spread of one patient's risk. Trees are refitted small (`ml.models.refits`); a logistic model needs
no refitting at all, because one Newton step from the fitted coefficients is the refit to first
order, so that 200 cost less than one fit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit

from ml.evaluation import bootstrap
from ml.models import uncertainty

REFITS = 200


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
    penalty: float = 0.0,
    count: int = REFITS,
    random_state: int,
) -> LinearRefits:
    """Refits of a logistic model by one Newton step each.

    `design` has shape (rows, columns) with its column of ones; `penalty` is the ridge with which
    the coefficients were fitted.
    """
    design, y = np.asarray(design, float), np.asarray(y, float)
    fitted = np.asarray(coefficients, float)
    person = np.arange(len(y)) if person is None else np.asarray(person)
    _, number = np.unique(person, return_inverse=True)
    risk = expit(design @ fitted)
    score = design * (y - risk)[:, None]
    spread = risk * (1 - risk)
    refits = []
    for weight in bootstrap.draws(number, random_state, count):
        information = (design * (weight * spread)[:, None]).T @ design
        information += (penalty + 1e-9) * np.eye(len(fitted))
        refits.append(fitted + np.linalg.solve(information, weight @ score - penalty * fitted))
    return LinearRefits(np.array(refits))


def stability(
    served: ArrayLike, refits: Refitted, X: NDArray, cuts: Sequence[float] = ()
) -> Stability:
    """Limits (90 %) and tier flips around the served logit of each person.

    The refits lend their spread only: it is moved onto the served logit.
    """
    served = np.asarray(served, float)
    spread = uncertainty.deviations(refits.margins(X))
    nothing_missing = np.zeros(len(served))
    low, high = uncertainty.limits(served, spread, nothing_missing)
    return Stability(low, high, flips(served, spread, cuts))


def flips(
    served: NDArray[np.float64], spread: NDArray[np.float64], cuts: Sequence[float]
) -> NDArray[np.float64]:
    """Share of refits whose tier is not the served one; a multiple of 1 / refits."""
    edges = logit(np.asarray(sorted(cuts), float))
    tier = np.searchsorted(edges, served, side="right")
    refitted = np.searchsorted(edges, served[:, None] + spread, side="right")
    return (refitted != tier[:, None]).mean(axis=1)
