"""The four cells of a decision, and every ratio that is read from them."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ml.evaluation import weights


@dataclass(frozen=True, slots=True)
class Cells:
    """Rows (or weights) by what was foretold and what happened."""

    true_positive: float
    false_positive: float
    false_negative: float
    true_negative: float

    @property
    def total(self) -> float:
        return self.true_positive + self.false_positive + self.false_negative + self.true_negative

    @property
    def events(self) -> float:
        return self.true_positive + self.false_negative

    @property
    def others(self) -> float:
        return self.false_positive + self.true_negative

    @property
    def flagged(self) -> float:
        return self.true_positive + self.false_positive


def cells(
    y: ArrayLike, risk: ArrayLike, threshold: float, weight: ArrayLike | None = None
) -> Cells:
    """Cells of acting on every row at or above `threshold`."""
    y, flagged = np.asarray(y, bool), np.asarray(risk) >= threshold
    weight = weights.of(weight, len(y))
    return Cells(
        float(weight[flagged & y].sum()),
        float(weight[flagged & ~y].sum()),
        float(weight[~flagged & y].sum()),
        float(weight[~flagged & ~y].sum()),
    )


def ratios(found: Cells) -> Mapping[str, float]:
    """Every ratio by its name; NaN where it has no denominator.

    >>> ratios(Cells(2, 1, 1, 6))["f1"]
    0.6666666666666666
    """
    true = found.true_positive
    sensitivity, specificity = _over(true, found.events), _over(found.true_negative, found.others)
    ppv = _over(true, found.flagged)
    return {
        "sensitivity": sensitivity,
        "specificity": specificity,
        "ppv": ppv,
        "npv": _over(found.true_negative, found.total - found.flagged),
        "accuracy": _over(true + found.true_negative, found.total),
        "balanced_accuracy": (sensitivity + specificity) / 2,
        "f1": _over(2 * true, found.flagged + found.events),
        "mcc": _mcc(found),
        "alerts_per_100": 100 * _over(found.flagged, found.total),
        "number_needed_to_evaluate": _over(1, ppv),
    }


def net_benefit(found: Cells, threshold: float) -> float:
    """True positives less false positives at their exchange rate, per row."""
    odds = threshold / (1 - threshold)
    return (found.true_positive - found.false_positive * odds) / found.total


def _mcc(found: Cells) -> float:
    """Matthews correlation; nought when a row or column of the table is empty."""
    product = found.flagged * (found.total - found.flagged) * found.events * found.others
    if not product:
        return 0.0
    agree = found.true_positive * found.true_negative
    return float((agree - found.false_positive * found.false_negative) / np.sqrt(product))


def _over(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")
