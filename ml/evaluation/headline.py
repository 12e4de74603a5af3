"""The few figures that are followed where a model is refitted many times."""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from ml.evaluation import calibration, censored, continuous, discrimination, multiclass

NAMES: Mapping[str, tuple[str, ...]] = {
    "binary": ("auroc", "calibration_slope", "brier_skill"),
    "number": ("r2", "calibration_slope", "mae"),
    "survival": ("c_index",),
    "classes": ("auroc_macro", "log_loss"),
}
Few = Callable[[NDArray, NDArray, NDArray | None], dict[str, float]]


def of(kind: str) -> Few:
    """From outcomes, predictions and weights to the figures of this kind; NaN for what is not told.

    Outcomes are as `evaluate` takes them; of a survival prediction one score a person.
    """
    return {"binary": _binary, "number": _number, "survival": _survival, "classes": _classes}[kind]


def _binary(y: NDArray, risk: NDArray, weight: NDArray | None = None) -> dict[str, float]:
    weight = np.ones(len(y)) if weight is None else weight
    if not 0 < weight @ y < weight.sum():
        return dict.fromkeys(NAMES["binary"], float("nan"))
    return {
        "auroc": discrimination.auroc(y, risk, weight),
        "calibration_slope": calibration.slope(y, risk, weight),
        "brier_skill": calibration.brier_skill(y, risk, weight),
    }


def _number(y: NDArray, value: NDArray, weight: NDArray | None = None) -> dict[str, float]:
    return {
        "r2": continuous.r2(y, value, weight),
        "calibration_slope": continuous.slope(y, value, weight),
        "mae": continuous.mae(y, value, weight),
    }


def _survival(y: NDArray, score: NDArray, weight: NDArray | None = None) -> dict[str, float]:
    return {"c_index": censored.harrell_c(y[:, 0], y[:, 1].astype(bool), score, weight)}


def _classes(y: NDArray, probability: NDArray, weight: NDArray | None = None) -> dict[str, float]:
    weight = np.ones(len(y)) if weight is None else weight
    labels = [str(number) for number in range(probability.shape[1])]
    seen = [label for number, label in enumerate(labels) if weight[y == number].sum()]
    if len(seen) < 2:
        return dict.fromkeys(NAMES["classes"], float("nan"))
    found = multiclass.figures(y, probability, weight, labels, seen)
    return {name: found[name] for name in NAMES["classes"]}
