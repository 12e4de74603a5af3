"""People whose follow-up ended before the horizon: what they teach a model all the same.

To leave them out wastes what was seen, to take them for survivors lowers the risk, and to keep only
the deaths among them raises it. Each is given the outcome to be expected, after Efron's
redistribution to the right (Proc 5th Berkeley Symp 1967;4:831): 1 for a death within the horizon,
0 for life beyond it, else the probability that proportional hazards leave between the last sight
and the horizon. That model is fitted on the other half of the people, so that nobody is foretold by
a model that has seen them alive, and its level is that of the unfinished themselves: deaths so far
over deaths expected so far. They teach only: figures are of people whose outcome is known.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ml.models import boosting
from ml.models.survival import ProportionalHazards
from ml.studies.cohort import Cohort
from ml.studies.spec import Study

TREES = {"n_estimators": 250, "max_depth": 3, "learning_rate": 0.05}
HELD_EVEN = 5  # deaths, as seen and as expected, that hold the level where few have died


class Taught(NamedTuple):
    """What a model is fitted on: inputs X (people, features), outcome and grade from 0 to 1."""

    X: NDArray[np.float32]
    y: NDArray[np.float64]
    grade: NDArray[np.float64]


def taught(study: Study, cohort: Cohort, *, random_state: int, threads: int = 2) -> Taught:
    """The people of the cohort and, where the study follows people, those not yet at the end."""
    if not len(cohort.unfinished):
        return Taught(cohort.X, cohort.y, cohort.grade)
    expected = _expected(study, cohort, random_state, threads)
    return Taught(
        np.concatenate([cohort.X, cohort.unfinished.X]),
        np.concatenate([cohort.y, expected]),
        np.concatenate([cohort.grade, expected]),
    )


def _expected(study: Study, cohort: Cohort, random_state: int, threads: int) -> NDArray[np.float64]:
    """Outcome to be expected of each unfinished person, from 0 to 1."""
    horizon = 12.0 * (study.horizon_years or 0)
    X, months = cohort.unfinished.X, cohort.unfinished.months
    everybody = np.concatenate([cohort.X, X])
    followed = np.concatenate([cohort.months, months])
    half = np.random.default_rng(random_state).permutation(len(everybody)) % 2
    of_finished, of_unfinished = half[: len(cohort.X)], half[len(cohort.X) :]
    expected = ((months > 0) & (months <= horizon)).astype(float)
    for number in (0, 1):
        whole, here = of_finished == number, of_unfinished == number
        model = _hazards(study, random_state, threads)
        model.fit(everybody[half != number], followed[half != number])
        model.calibrated_on(cohort.X[whole], cohort.months[whole])
        _set_level(model, X[here], months[here])
        open_still = here & (months < 0) & (-months < horizon)
        if open_still.any():
            expected[open_still] = model.predict_later_risk(
                X[open_still], -months[open_still], horizon
            )
    return expected


def _set_level(
    model: ProportionalHazards, X: NDArray[np.float32], months: NDArray[np.float64]
) -> None:
    """Mortality changes with the calendar: as many deaths so far as have been seen so far."""
    expected = model.expected_events(X, np.abs(months))
    model.hazard_ *= ((months > 0).sum() + HELD_EVEN) / (expected + HELD_EVEN)


def _hazards(study: Study, random_state: int, threads: int) -> ProportionalHazards:
    import xgboost as xgb

    signs = tuple(study.monotone_signs.get(name, 0) for name in study.features)
    settings = {**boosting.BASE, **TREES, "objective": "survival:cox"}
    learner = xgb.XGBRegressor(
        **settings, monotone_constraints=signs, random_state=random_state, n_jobs=threads
    )
    return ProportionalHazards(learner, ratio=True)
