"""What acting on a risk threshold would mean for 1,000 people."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike


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
    number_needed_to_evaluate: float | None
    net_benefit: float
    net_benefit_all: float


def net_benefit(y: ArrayLike, risk: ArrayLike, threshold: float) -> float:
    """True positives less false positives at their exchange rate, per person.

    Vickers and Elkin, Med Decis Making 2006;26:565.

    >>> net_benefit([1, 0, 0, 0], [0.6, 0.6, 0.1, 0.1], 0.2)
    0.1875
    """
    y, flagged = np.asarray(y, bool), np.asarray(risk) >= threshold
    true, false = np.mean(flagged & y), np.mean(flagged & ~y)
    return float(true - false * threshold / (1 - threshold))


def net_benefit_of_treating_all(y: ArrayLike, threshold: float) -> float:
    """The net benefit of acting on everybody."""
    return net_benefit(y, np.ones(np.shape(y)), threshold)


def threshold_row(y: ArrayLike, risk: ArrayLike, threshold: float) -> ThresholdRow:
    """Consequences of one threshold."""
    y, flagged = np.asarray(y, bool), np.asarray(risk) >= threshold
    true, false = float(np.mean(flagged & y)), float(np.mean(flagged & ~y))
    prevalence = float(np.mean(y))
    ppv = true / (true + false) if true + false else None
    return ThresholdRow(
        threshold=threshold,
        flagged=1000 * (true + false),
        found=1000 * true,
        missed=1000 * (prevalence - true),
        false_alarms=1000 * false,
        sensitivity=true / prevalence,
        specificity=1 - false / (1 - prevalence),
        ppv=ppv,
        number_needed_to_evaluate=1 / ppv if ppv else None,
        net_benefit=net_benefit(y, risk, threshold),
        net_benefit_all=net_benefit_of_treating_all(y, threshold),
    )
