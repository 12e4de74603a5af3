"""What acting on a risk threshold would mean for 1,000 people."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ml.evaluation import confusion


@dataclass(frozen=True, slots=True)
class ThresholdRow:
    """Acting on everybody at or above `threshold`, per 1,000 people."""

    threshold: float
    flagged: float
    found: float
    missed: float
    false_alarms: float
    sensitivity: float
    specificity: float
    ppv: float | None  # None when nobody is flagged
    npv: float | None  # None when everybody is flagged
    number_needed_to_evaluate: float | None
    accuracy: float
    balanced_accuracy: float
    f1: float
    mcc: float
    net_benefit: float
    net_benefit_all: float


@dataclass(frozen=True, slots=True)
class DecisionPoint:
    """Net benefit per 100 people of the model, of acting on all, and of acting on none (0)."""

    threshold: float
    model: float
    everybody: float
    # Others flagged in vain that the model saves per 100 people, nobody more being missed.
    interventions_avoided: float


def net_benefit(
    y: ArrayLike, risk: ArrayLike, threshold: float, weight: ArrayLike | None = None
) -> float:
    """True positives less false positives at their exchange rate, per person.

    Vickers and Elkin, Med Decis Making 2006;26:565.

    >>> net_benefit([1, 0, 0, 0], [0.6, 0.6, 0.1, 0.1], 0.2)
    0.1875
    """
    return confusion.net_benefit(confusion.cells(y, risk, threshold, weight), threshold)


def net_benefit_of_treating_all(
    y: ArrayLike, threshold: float, weight: ArrayLike | None = None
) -> float:
    """The net benefit of acting on everybody."""
    return net_benefit(y, np.ones(np.shape(y)), threshold, weight)


def number_needed_to_treat(ppv: float, relative_risk_reduction: float) -> float:
    """Flagged people to treat for one event less, if treatment takes that share of risk away.

    The share is an assumption that comes from a trial, never from the model.

    >>> number_needed_to_treat(0.2, 0.25)
    20.0
    """
    return 1 / (ppv * relative_risk_reduction)


def threshold_row(
    y: ArrayLike, risk: ArrayLike, threshold: float, weight: ArrayLike | None = None
) -> ThresholdRow:
    """Consequences of one threshold."""
    found = confusion.cells(y, risk, threshold, weight)
    ratios = confusion.ratios(found)
    per_thousand = 1000 / found.total
    shown = {
        name: None if np.isnan(value) else value
        for name, value in ratios.items()
        if name in ThresholdRow.__dataclass_fields__
    }
    return ThresholdRow(
        threshold=threshold,
        flagged=per_thousand * found.flagged,
        found=per_thousand * found.true_positive,
        missed=per_thousand * found.false_negative,
        false_alarms=per_thousand * found.false_positive,
        net_benefit=confusion.net_benefit(found, threshold),
        net_benefit_all=net_benefit_of_treating_all(y, threshold, weight),
        **shown,
    )


def decision_curve(
    y: ArrayLike, risk: ArrayLike, thresholds: Sequence[float], weight: ArrayLike | None = None
) -> list[DecisionPoint]:
    """Net benefit over the thresholds at which people may reasonably act."""
    points = []
    for threshold in thresholds:
        model = 100 * net_benefit(y, risk, threshold, weight)
        everybody = 100 * net_benefit_of_treating_all(y, threshold, weight)
        avoided = (model - everybody) * (1 - threshold) / threshold
        points.append(DecisionPoint(threshold, model, everybody, avoided))
    return points
