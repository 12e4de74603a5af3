"""Predictions for people the model has not seen: by hashed fold, and by later years."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from ml.evaluation import calibration
from ml.models import boosting
from ml.studies import masking, unfinished
from ml.studies.cohort import FOLDS, Cohort
from ml.studies.spec import Study

Logits = Mapping[str, NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class CrossFit:
    """Risks outside the training folds by scenario, and what hiding each group changes.

    `group_variance` is the mean squared change of the logit when one known group is hidden,
    `all_variance` that when every group is hidden. `group_gain` is the share of the log-loss that
    all inputs take off the model of age and sex, and that one group alone takes off already.
    """

    risks: Mapping[str, NDArray[np.float64]]
    group_variance: Mapping[str, float]
    group_gain: Mapping[str, float]
    all_variance: float


def fit_booster(study: Study, cohort: Cohort, *, random_state: int, threads: int = 2):
    """The study's model on augmented rows of the cohort and of those who teach beside it."""
    people = unfinished.taught(study, cohort, random_state=random_state, threads=threads)
    rows = masking.augment(study, people.X, people.y, random_state=random_state)
    is_known = rows.person < len(cohort.y)
    graded, settling = study.graded_trees, study.settling_trees
    stages = (
        boosting.Stage(graded, people.grade[rows.person]),
        boosting.Stage(study.trees - graded - settling, rows.y),
        boosting.Stage(settling, rows.y, rows.weight * is_known),
    )
    return boosting.fit(
        rows.X,
        rows.weight,
        stages,
        names=study.features,
        parameters=study.parameters,
        monotone=study.monotone_signs,
        random_state=random_state,
        threads=threads,
    )


def cross_fit(study: Study, cohort: Cohort, *, random_state: int, threads: int = 2) -> CrossFit:
    """Fit on four folds, predict the fifth under every scenario, five times."""
    groups = study.groups
    logits = _logits(study, cohort, random_state, threads)
    return CrossFit(
        risks={case.name: expit(logits[case.name]) for case in masking.scenarios(groups)},
        group_variance=_group_variance(cohort, groups, logits),
        group_gain=_group_gain(cohort, groups, logits),
        all_variance=float(np.mean((logits["complete"] - logits["age_and_sex"]) ** 2)),
    )


def temporal(
    study: Study, cohort: Cohort, *, random_state: int, threads: int = 2
) -> tuple[int, NDArray[np.float64], NDArray[np.float64]]:
    """First cycle of the later quarter of years, and y and risk there after training before."""
    cycles = np.unique(cohort.cycle)
    first_late = int(cycles[-max(1, len(cycles) // 4)])
    early, late = cohort.part(cohort.cycle < first_late), cohort.part(cohort.cycle >= first_late)
    booster = fit_booster(study, early.finished(), random_state=random_state, threads=threads)
    return first_late, late.y, expit(boosting.margins(booster, late.X))


def _cases(groups: masking.Groups) -> dict[str, frozenset[str]]:
    """Hidden groups of every scenario, of each group alone hidden, and alone known."""
    every = frozenset(groups)
    cases = {scenario.name: scenario.hidden for scenario in masking.scenarios(groups)}
    cases |= {f"without {group}": frozenset({group}) for group in groups}
    return cases | {f"only {group}": every - {group} for group in groups}


def _logits(
    study: Study, cohort: Cohort, random_state: int, threads: int
) -> dict[str, NDArray[np.float64]]:
    cases = _cases(study.groups)
    logits = {name: np.empty(len(cohort.y)) for name in cases}
    for fold in range(FOLDS):
        held_out = cohort.fold == fold
        seen = cohort.part(~held_out)
        booster = fit_booster(study, seen, random_state=random_state + fold, threads=threads)
        for name, hidden in cases.items():
            X = masking.hide(cohort.X[held_out], study.groups, hidden)
            logits[name][held_out] = boosting.margins(booster, X)
    return logits


def _group_gain(cohort: Cohort, groups: masking.Groups, logits: Logits) -> dict[str, float]:
    loss = {name: calibration.log_loss(cohort.y, expit(logit)) for name, logit in logits.items()}
    attainable = loss["age_and_sex"] - loss["complete"]
    return {
        group: max(0.0, (loss["age_and_sex"] - loss[f"only {group}"]) / attainable)
        for group in groups
    }


def _group_variance(cohort: Cohort, groups: masking.Groups, logits: Logits) -> dict[str, float]:
    """Among people of whom the group is known."""
    variance = {}
    for group, columns in groups.items():
        known = ~np.isnan(cohort.X[:, list(columns)]).all(axis=1)
        change = logits["complete"][known] - logits[f"without {group}"][known]
        variance[group] = float(np.mean(change**2)) if known.any() else 0.0
    return variance
