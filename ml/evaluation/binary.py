"""Risks of something that happens or not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from ml.evaluation import (
    bootstrap,
    calibration,
    clinical,
    confusion,
    discrimination,
    subgroups,
    weights,
)
from ml.evaluation.coarse import coarse
from ml.evaluation.result import NOT_ENOUGH, Evaluation
from ml.evaluation.sample import Sample

# With fewer on either side no figure says anything about the next patients.
LEAST_EVENTS = 10
POINTS_OF_CURVE = 200
HISTOGRAM_BINS = 20
CURVE_THRESHOLDS = 40
COMPARED = ("alerts_per_100", "sensitivity", "specificity", "ppv")
AT_THRESHOLD = (
    "sensitivity",
    "specificity",
    "ppv",
    "npv",
    "accuracy",
    "balanced_accuracy",
    "f1",
    "mcc",
    "alerts_per_100",
    "number_needed_to_evaluate",
)


@dataclass(frozen=True, slots=True)
class RocPoint:
    """Acting on everybody at or above `risk`."""

    risk: float
    false_positive_rate: float
    sensitivity: float
    precision: float


@dataclass(frozen=True, slots=True)
class RiskBin:
    """How many people of each outcome have a risk from `low` to `high`."""

    low: float
    high: float
    events: int
    others: int


def evaluate(
    sample: Sample, *, thresholds: Sequence[float], random_state: int, rounds: int
) -> Evaluation:
    """Calibration, benefit and discrimination; nothing but counts if ten events are not there."""
    y, risk = sample.y.astype(int), sample.prediction
    events = int(y.sum())
    least = min(events, len(y) - events)
    if least < LEAST_EVENTS:
        return _too_few(sample, events, thresholds)
    cuts = tuple(sorted(set(thresholds)))
    few = coarse(y, risk, cuts)
    metrics = bootstrap.intervals(
        lambda weight: figures(y, risk, weight, cuts),
        sample.person,
        resampled=lambda weight: figures(few.y, few.risk, few.weigh(weight), cuts),
        random_state=random_state,
        rounds=rounds,
    )
    parts = subgroups.rows(
        sample, part_rule(y, risk, cuts), random_state=random_state, rounds=rounds
    )
    return sample.evaluation(
        "binary",
        events=events,
        rounds=rounds,
        metrics=metrics,
        tables=tables(y, risk, cuts) | _by_person(sample, cuts) | {"subgroups": parts},
        flags=(*calibration_flags(metrics), *subgroups.flags(parts)),
    )


def figures(
    y: NDArray, risk: NDArray, weight: NDArray, thresholds: Sequence[float] = ()
) -> Mapping[str, float]:
    """Every figure of weighted rows; NaN throughout where only one class was drawn."""
    names = (*quality_names(), *threshold_names(thresholds))
    if not 0 < weight @ y < weight.sum():
        return dict.fromkeys(names, float("nan"))
    at = [_at_threshold(y, risk, weight, threshold) for threshold in thresholds]
    return dict(zip(names, [*_quality(y, risk, weight), *chain(*at)], strict=True))


def quality_names() -> tuple[str, ...]:
    """Figures that need no threshold."""
    return (
        "observed_expected",
        "calibration_intercept",
        "calibration_slope",
        "ici",
        "e90",
        "brier",
        "brier_skill",
        "log_loss",
        "auroc",
        "average_precision",
        "prevalence",
    )


def threshold_names(thresholds: Sequence[float]) -> tuple[str, ...]:
    """Figures at each threshold, such as `ppv@0.15`."""
    return tuple(
        f"{name}@{threshold:g}"
        for threshold in thresholds
        for name in (*AT_THRESHOLD, "net_benefit", "net_benefit_gain")
    )


def part_rule(y: NDArray, risk: NDArray, thresholds: Sequence[float]) -> subgroups.Rule:
    """Calibration and discrimination of a part, and its rates at the first threshold."""
    first = thresholds[:1]

    def measure(where: NDArray) -> bootstrap.Figures:
        few = coarse(y[where], risk[where], first)
        return lambda weight: _part_figures(few.y, few.risk, few.weigh(weight), first)

    return subgroups.Rule(
        measure,
        compared=tuple(f"{name}@{at:g}" for at in first for name in COMPARED),
        banded=("observed_expected", "calibration_slope"),
        events=lambda where: int(y[where].sum()),
    )


def calibration_flags(metrics: Mapping[str, bootstrap.Interval | None], at: str = "") -> list[str]:
    """A sentence when the risks as a whole are too high, too low, too extreme or too timid.

    `at` is the end of the names of figures by one horizon.
    """
    found, when = [], at.replace("@", " by ")
    ratio, slope = metrics.get(f"observed_expected{at}"), metrics.get(f"calibration_slope{at}")
    if ratio and subgroups.out_of_band(ratio.value):
        much = "high" if ratio.value < 1 else "low"
        words = subgroups.off_in_sum(ratio)
        found.append(f"The risks{when} are too {much}: {words}. Recalibrate before use.")
    if slope and subgroups.out_of_band(slope.value, subgroups.SLOPE_BAND):
        found.append(f"Over all{when}, {subgroups.off_in_spread(slope)}.")
    return found


def _part_figures(
    y: NDArray, risk: NDArray, weight: NDArray, thresholds: Sequence[float]
) -> Mapping[str, float]:
    names = ("auroc", "observed_expected", "calibration_slope")
    names += tuple(f"{name}@{at:g}" for at in thresholds for name in COMPARED)
    if not 0 < weight @ y < weight.sum():
        return dict.fromkeys(names, float("nan"))
    values = [
        discrimination.auroc(y, risk, weight),
        calibration.observed_expected(y, risk, weight),
        calibration.slope(y, risk, weight),
    ]
    for at in thresholds:
        ratios = confusion.ratios(confusion.cells(y, risk, at, weight))
        values += [ratios[name] for name in COMPARED]
    return dict(zip(names, values, strict=True))


def _quality(y: NDArray, risk: NDArray, weight: NDArray) -> list[float]:
    steps = discrimination.steps(y, risk, weight)
    return [
        calibration.observed_expected(y, risk, weight),
        calibration.intercept(y, risk, weight),
        calibration.slope(y, risk, weight),
        *calibration.ici_and_e90(y, risk, weight),
        calibration.brier(y, risk, weight),
        calibration.brier_skill(y, risk, weight),
        calibration.log_loss(y, risk, weight),
        discrimination.auroc_of(steps),
        discrimination.average_precision_of(steps),
        weights.mean(y, weight),
    ]


def _at_threshold(y: NDArray, risk: NDArray, weight: NDArray, threshold: float) -> list[float]:
    found = confusion.cells(y, risk, threshold, weight)
    ratios = confusion.ratios(found)
    benefit = confusion.net_benefit(found, threshold)
    everybody = confusion.net_benefit(confusion.Cells(found.events, found.others, 0, 0), threshold)
    return [*(ratios[name] for name in AT_THRESHOLD), benefit, benefit - max(0, everybody)]


def tables(
    y: NDArray, risk: NDArray, thresholds: Sequence[float], weight: NDArray | None = None
) -> dict[str, list]:
    """Rows for the charts."""
    return {
        "calibration_curve": calibration.curve(y, risk, weight=weight),
        "calibration_smooth": smooth(y, risk, weight),
        "risk_histogram": histogram(y, risk),
        "decision_curve": clinical.decision_curve(y, risk, curve_thresholds(risk), weight),
        "thresholds": [clinical.threshold_row(y, risk, at, weight) for at in thresholds],
        "confusion": [
            {"threshold": at, **_cells(confusion.cells(y, risk, at, weight))} for at in thresholds
        ],
        "roc": roc(y, risk, weight),
    }


def smooth(y: NDArray, risk: NDArray, weight: NDArray | None = None) -> list[dict[str, float]]:
    """The flexible calibration curve at evenly spread people."""
    observed = calibration.smoothed_observed(y, risk, weight)
    order = np.argsort(risk, kind="stable")
    shown = order[np.unique(np.linspace(0, len(y) - 1, 101).astype(int))]
    return [{"predicted": float(risk[at]), "observed": float(observed[at])} for at in shown]


def histogram(y: NDArray, risk: NDArray) -> list[RiskBin]:
    """People by risk and outcome."""
    edges = np.linspace(0, max(float(risk.max()), 1e-9), HISTOGRAM_BINS + 1)
    events, _ = np.histogram(risk[y == 1], edges)
    others, _ = np.histogram(risk[y == 0], edges)
    return [
        RiskBin(float(low), float(high), int(had), int(had_not))
        for low, high, had, had_not in zip(edges, edges[1:], events, others, strict=False)
    ]


def curve_thresholds(risk: NDArray) -> list[float]:
    """Where a decision curve is drawn: up to the 99.5th percentile of risk."""
    top = float(np.clip(np.quantile(risk, 0.995), 0.02, 0.95))
    return [float(at) for at in np.linspace(top / CURVE_THRESHOLDS, top, CURVE_THRESHOLDS)]


def roc(y: NDArray, risk: NDArray, weight: NDArray | None = None) -> list[RocPoint]:
    """At most 200 points of the ROC and precision-recall curves, by falling risk."""
    steps = discrimination.steps(y, risk, weight)
    events, others = steps.events[-1], steps.others[-1]
    shown = np.unique(np.linspace(0, len(steps.risk) - 1, POINTS_OF_CURVE).astype(int))
    return [
        RocPoint(
            float(steps.risk[at]),
            float(steps.others[at] / others),
            float(steps.events[at] / events),
            float(steps.events[at] / (steps.events[at] + steps.others[at])),
        )
        for at in shown
        if steps.events[at] + steps.others[at] > 0
    ]


def _by_person(sample: Sample, thresholds: Sequence[float]) -> dict[str, list]:
    """Thresholds counted by patient: flagged once is flagged, one event is an event."""
    if sample.people == len(sample.y):
        return {}
    y, risk = np.zeros(sample.people, int), np.zeros(sample.people)
    np.maximum.at(y, sample.person, sample.y.astype(int))
    np.maximum.at(risk, sample.person, sample.prediction)
    return {"thresholds_by_person": [clinical.threshold_row(y, risk, at) for at in thresholds]}


def _cells(found: confusion.Cells) -> dict[str, float]:
    return {name: getattr(found, name) for name in found.__slots__}


def _too_few(sample: Sample, events: int, thresholds: Sequence[float]) -> Evaluation:
    names = (*quality_names(), *threshold_names(sorted(set(thresholds))))
    note = (
        f"{NOT_ENOUGH}: {events} of {len(sample.y)} predictions had the outcome; at least "
        f"{LEAST_EVENTS} with and {LEAST_EVENTS} without it are needed for any figure."
    )
    return sample.evaluation(
        "binary",
        events=events,
        rounds=0,
        metrics=dict.fromkeys(names),
        tables={},
        notes=[note],
    )
