"""The figures of a study for its model card, from risks outside the training folds."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.evaluation import bootstrap, calibration, clinical, discrimination, subgroups
from ml.evaluation.coarse import coarse
from ml.studies import masking
from ml.studies.cohort import FOLDS, Cohort
from ml.studies.crossfit import CrossFit
from ml.studies.spec import Study

ROUNDS = 200
SEED = 20260101
Metric = Callable[[NDArray, NDArray, NDArray], float]
METRICS: Mapping[str, Metric] = {
    "auroc": discrimination.auroc,
    "average_precision": discrimination.average_precision,
    "brier": calibration.brier,
    "brier_skill": calibration.brier_skill,
    "log_loss": calibration.log_loss,
    "calibration_slope": calibration.slope,
    "calibration_intercept": calibration.intercept,
    "observed_expected": calibration.observed_expected,
}
FEW = ("auroc", "calibration_slope", "observed_expected")


def report(study: Study, cohort: Cohort, fits: CrossFit, *, random_state: int) -> dict[str, Any]:
    """Plain numbers, ready for JSON."""
    y, risk = cohort.y, fits.risks["complete"]
    ici, e90 = calibration.ici_and_e90(y, risk)
    fifth = cohort.fold == 0
    return {
        "people": len(y),
        "events": int(y.sum()),
        "how": f"cross-fitted over {FOLDS} folds of people by hash; intervals: {ROUNDS} bootstraps",
        "cross_fitted": with_intervals(y, risk, random_state) | {"ici": ici, "e90": e90},
        "held_out_fifth": with_intervals(y[fifth], risk[fifth], random_state),
        "scenarios": _scenarios(study, y, fits),
        "calibration_curve": [asdict(point) for point in calibration.curve(y, risk)],
        "thresholds": [asdict(clinical.threshold_row(y, risk, at)) for at in _cuts(study)],
        "subgroups": _parts(y, risk, cohort.groups),
        "age_and_sex_logistic": few(y, age_and_sex(study, cohort)),
    }


def with_intervals(
    y: NDArray, risk: NDArray, random_state: int, metrics: Mapping[str, Metric] = METRICS
) -> dict[str, Any]:
    """Every metric as value, low and high (95 %); each row is one person."""

    def figures(y: NDArray, risk: NDArray, weight: NDArray) -> dict[str, float]:
        if not 0 < weight @ y < weight.sum():  # a resample without events tells nothing
            return dict.fromkeys(metrics, float("nan"))
        return {name: metric(y, risk, weight) for name, metric in metrics.items()}

    near = coarse(y, risk, ())
    found = bootstrap.intervals(
        lambda weight: figures(y, risk, weight),
        np.arange(len(y)),
        resampled=lambda weight: figures(near.y, near.risk, near.weigh(weight)),
        random_state=random_state,
        rounds=ROUNDS,
    )
    return {name: asdict(interval) for name, interval in found.items() if interval}


def few(y: NDArray, risk: NDArray, random_state: int = SEED) -> dict[str, Any]:
    """The three figures that are compared most, with their intervals; None where not defined."""
    found = with_intervals(y, risk, random_state, {name: METRICS[name] for name in FEW})
    return {name: found.get(name) for name in FEW}


def _parts(y: NDArray, risk: NDArray, groups: Mapping[str, NDArray]) -> list[dict[str, Any]]:
    """Parts of the population with intervals; of a small one no figure."""
    return [
        asdict(row) | _of_part(y, risk, groups[row.group] == row.part, row.events)
        for row in subgroups.table(y, risk, groups)
    ]


def _of_part(y: NDArray, risk: NDArray, here: NDArray, events: int | None) -> dict[str, Any]:
    if events is None:
        return {}
    found = few(y[here], risk[here])
    slope = found.pop("calibration_slope")
    return {**found, "slope": slope}


def _scenarios(study: Study, y: NDArray, fits: CrossFit) -> list[dict[str, Any]]:
    return [
        {"name": case.name, "title": case.title, **few(y, fits.risks[case.name])}
        for case in masking.scenarios(study.groups)
    ]


def _cuts(study: Study) -> list[float]:
    tiers = {tier.low for tier in study.tiers if tier.low}
    return sorted(tiers | set(study.net_benefit_at))


def age_and_sex(study: Study, cohort: Cohort) -> NDArray[np.float64]:
    """Risks of the simplest model that must be beaten: logistic regression, cross-fitted alike."""
    from sklearn.linear_model import LogisticRegression

    columns = [study.features.index("age"), study.features.index("male")]
    X = cohort.X[:, columns].astype(float) / [100, 1]
    risk = np.empty(len(cohort.y))
    for fold in range(FOLDS):
        held_out = cohort.fold == fold
        model = LogisticRegression(C=1e6).fit(X[~held_out], cohort.y[~held_out])
        risk[held_out] = model.predict_proba(X[held_out])[:, 1]
    return risk
