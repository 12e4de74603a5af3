"""Time to an event, some of it unseen: outcomes are signed times, negative when censored.

Every model here has `predict` (relative score, higher is sooner) and `predict_risk(X, horizon)`,
the share of people like these who have had the event by then.
"""

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, clone

from ml.models.predicting import fitted

LARGEST_SCORE = 30.0  # exp of more than this is no hazard that data can carry
NEWTON_STEPS = 8


class UnfitTimes(ValueError):
    """Follow-up times are zero or unknown."""


def split_times(y: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Follow-up and whether the event came, from signed times. Raises UnfitTimes."""
    y = np.asarray(y, float)
    if not np.isfinite(y).all() or (y == 0).any():
        raise UnfitTimes("A follow-up time is zero or unknown; give half a unit, or leave rows out")
    return np.abs(y), y > 0


def breslow(
    time: NDArray[np.float64], event: NDArray[np.bool_], score: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Times of events and the cumulative baseline hazard there.

    Breslow, J R Stat Soc B 1972;34:216: events at a time over the summed hazard of those at risk.
    """
    at, deaths = np.unique(time[event], return_counts=True)
    order = np.argsort(time)
    hazard_of_later = np.cumsum(np.exp(score[order])[::-1])[::-1]
    at_risk = hazard_of_later[np.searchsorted(time[order], at)]
    return at, np.cumsum(deaths / at_risk)


def hazard_slope(
    time: NDArray[np.float64], event: NDArray[np.bool_], score: NDArray[np.float64]
) -> float:
    """By how much a log hazard has to be multiplied: Cox's coefficient of it, ties by Breslow."""
    later = np.argsort(-time)
    score, at = score[later], np.flatnonzero(event[later])
    # At risk is everybody with that time or a later one.
    at_risk = np.searchsorted(-time[later], -time[later][at], side="right") - 1
    slope = 1.0
    for _ in range(NEWTON_STEPS):
        weight = np.exp(slope * (score - score.max()))
        total, first, second = (np.cumsum(weight * score**power)[at_risk] for power in range(3))
        mean = first / total
        slope += (score[at] - mean).sum() / (second / total - mean**2).sum()
    return float(slope)


class ProportionalHazards(BaseEstimator):
    """A model of the log hazard with Breslow's baseline, so that it tells absolute risk.

    Parameters
    ----------
    learner : estimator fitted on signed times
    ratio : whether the learner predicts the hazard ratio itself instead of its logarithm
    """

    wants_person = True
    slope_ = 1.0  # until it is calibrated on others

    def __init__(self, learner: Any, ratio: bool = False):
        self.learner = learner
        self.ratio = ratio

    def fit(self, X: Any, y: ArrayLike, person: Any = None) -> Self:
        self.learner_ = fitted(clone(self.learner), X, np.asarray(y, float), person)
        time, event = split_times(y)
        self.times_, self.hazard_ = breslow(time, event, self.predict(X))
        return self

    def calibrated_on(self, X: Any, y: ArrayLike) -> Self:
        """Slope and baseline of these people; trees look better on those they were fitted on."""
        time, event = split_times(y)
        self.slope_ = hazard_slope(time, event, self.predict(X))
        self.times_, self.hazard_ = breslow(time, event, self.predict(X))
        return self

    def expected_events(self, X: Any, seen: NDArray[np.float64]) -> float:
        """Events among people watched for `seen`, as the model has it."""
        hazard = np.concatenate([[0.0], self.hazard_])
        return float(
            hazard[np.searchsorted(self.times_, seen, side="right")] @ np.exp(self.predict(X))
        )

    def predict(self, X: Any) -> NDArray[np.float64]:
        """Log hazard relative to the baseline, shape (rows,)."""
        found = np.asarray(self.learner_.predict(X), float)
        score = np.log(np.maximum(found, 1e-12)) if self.ratio else found
        return self.slope_ * np.clip(score, -LARGEST_SCORE, LARGEST_SCORE)

    def predict_risk(self, X: Any, horizon: float) -> NDArray[np.float64]:
        """1 - S(horizon), shape (rows,)."""
        before = np.searchsorted(self.times_, horizon, side="right")
        hazard = self.hazard_[before - 1] if before else 0.0
        return -np.expm1(-hazard * np.exp(self.predict(X)))

    def predict_later_risk(
        self, X: Any, seen: NDArray[np.float64], horizon: float
    ) -> NDArray[np.float64]:
        """1 - S(horizon) / S(seen) of people without the event at `seen`, shape (rows,)."""
        hazard = np.concatenate([[0.0], self.hazard_])
        at = [np.searchsorted(self.times_, time, side="right") for time in (seen, horizon)]
        to_come = np.maximum(hazard[at[1]] - hazard[at[0]], 0.0)
        return -np.expm1(-to_come * np.exp(self.predict(X)))


class SignedTimes(BaseEstimator):
    """A scikit-survival estimator that takes signed times.

    Parameters
    ----------
    learner : estimator of scikit-survival
    """

    def __init__(self, learner: Any):
        self.learner = learner

    def fit(self, X: Any, y: ArrayLike) -> Self:
        from sksurv.util import Surv

        time, event = split_times(y)
        with np.errstate(over="ignore"):  # a step of Newton's that is too long: Cox halves it
            self.learner_ = clone(self.learner).fit(X, Surv.from_arrays(event, time))
        return self

    def predict(self, X: Any) -> NDArray[np.float64]:
        return np.asarray(self.learner_.predict(X), float)


class SurvivalForest(BaseEstimator):
    """A forest that averages cumulative hazards of its leaves.

    Parameters
    ----------
    encode : transformer
    learner : RandomSurvivalForest or ExtraSurvivalTrees
    """

    def __init__(self, encode: Any, learner: Any):
        self.encode = encode
        self.learner = learner

    def fit(self, X: Any, y: ArrayLike) -> Self:
        self.encode_ = clone(self.encode).fit(X)
        self.learner_ = SignedTimes(self.learner).fit(self.encode_.transform(X), y).learner_
        return self

    def predict(self, X: Any) -> NDArray[np.float64]:
        """Expected number of events, shape (rows,)."""
        return np.asarray(self.learner_.predict(self.encode_.transform(X)), float)

    def predict_risk(self, X: Any, horizon: float) -> NDArray[np.float64]:
        """1 - exp(-H(horizon)), shape (rows,)."""
        hazard = self.learner_.predict_cumulative_hazard_function(
            self.encode_.transform(X), return_array=True
        )
        before = np.searchsorted(self.learner_.unique_times_, horizon, side="right")
        return -np.expm1(-hazard[:, before - 1]) if before else np.zeros(len(hazard))
