"""Probabilities of several classes, of which one comes true."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ml.evaluation import bootstrap, calibration, discrimination, subgroups, weights
from ml.evaluation.coarse import Coarse, coarse
from ml.evaluation.confusion import Cells, ratios
from ml.evaluation.result import NOT_ENOUGH, Evaluation
from ml.evaluation.sample import Sample

LEAST_OF_CLASS = 10
PER_CLASS = ("auroc", "average_precision", "observed_expected", "calibration_slope")
AT_CHOICE = ("sensitivity", "ppv", "f1", "specificity")
NAMES = (
    "log_loss",
    "brier",
    "brier_skill",
    "accuracy",
    "balanced_accuracy",
    "f1_macro",
    "f1_weighted",
    "auroc_macro",
    "mcc",
)


def evaluate(
    sample: Sample, *, labels: Sequence[str], random_state: int, rounds: int
) -> Evaluation:
    """Probabilities against the class that came true, over all and class by class.

    `sample.y` numbers the class from 0, `sample.prediction` has one column a class.
    """
    y, probability = sample.y.astype(int), sample.prediction
    counts = np.bincount(y, minlength=len(labels))
    rare = [label for label, count in zip(labels, counts, strict=True) if count < LEAST_OF_CLASS]
    notes = [f"{NOT_ENOUGH} for {', '.join(rare)}: fewer than {LEAST_OF_CLASS} each."] * bool(rare)
    common = [label for label in labels if label not in rare]
    if len(common) < 2:
        return _too_few(sample, labels, notes)
    few = [coarse(y == number, column) for number, column in enumerate(probability.T)]
    metrics = bootstrap.intervals(
        lambda weight: figures(y, probability, weight, labels, common),
        sample.person,
        resampled=lambda weight: figures(y, probability, weight, labels, common, few),
        random_state=random_state,
        rounds=rounds,
    )
    rule = _part_rule(y, probability, labels)
    parts = subgroups.rows(sample, rule, random_state=random_state, rounds=rounds)
    return sample.evaluation(
        "classes",
        events=None,
        rounds=rounds,
        metrics=metrics,
        tables={
            "confusion": _matrix_rows(confusion_matrix(y, probability), labels),
            "calibration_by_class": _curves(y, probability, labels, common),
            "subgroups": parts,
        },
        notes=notes,
        flags=subgroups.flags(parts),
    )


def confusion_matrix(
    y: NDArray, probability: NDArray, weight: NDArray | None = None
) -> NDArray[np.float64]:
    """Rows are what came true, columns the likeliest class; shape (classes, classes)."""
    classes = probability.shape[1]
    chosen = probability.argmax(axis=1)
    counted = np.bincount(
        y * classes + chosen, weights=weights.of(weight, len(y)), minlength=classes**2
    )
    return counted.reshape(classes, classes)


def figures(
    y: NDArray,
    probability: NDArray,
    weight: NDArray,
    labels: Sequence[str],
    common: Sequence[str],
    few: Sequence[Coarse] = (),
) -> dict[str, float]:
    """Every figure of weighted rows; macro means are over the `common` classes.

    `few` are the rows in groups of nearly equal probability of each class.
    """
    matrix = confusion_matrix(y, probability, weight)
    few = few or [
        Coarse(np.arange(len(y)), y == number, column)
        for number, column in enumerate(probability.T)
    ]
    by_class = {
        label: _one_class(part, weight, matrix, number)
        if label in common
        else dict.fromkeys((*PER_CLASS, *AT_CHOICE), float("nan"))
        for number, (label, part) in enumerate(zip(labels, few, strict=True))
    }
    return _overall(y, probability, weight, matrix, by_class) | {
        f"{name}[{label}]": value
        for label, found in by_class.items()
        for name, value in found.items()
    }


def _overall(
    y: NDArray, probability: NDArray, weight: NDArray, matrix: NDArray, by_class: Mapping
) -> dict[str, float]:
    shares = matrix.sum(axis=1) / matrix.sum()
    one_hot = np.eye(len(shares))[y]
    brier = weights.mean(((probability - one_hot) ** 2).sum(axis=1), weight)
    f1 = np.array([found["f1"] for found in by_class.values()])
    sure = np.clip(probability[np.arange(len(y)), y], calibration.TINY, 1)
    return dict(
        zip(
            NAMES,
            (
                -weights.mean(np.log(sure), weight),
                brier,
                1 - brier / (1 - shares @ shares) if shares.max() < 1 else float("nan"),
                float(np.trace(matrix) / matrix.sum()),
                _mean_known([found["sensitivity"] for found in by_class.values()]),
                _mean_known(f1),
                float(np.nansum(f1 * shares) / shares[np.isfinite(f1)].sum())
                if np.isfinite(f1).any()
                else float("nan"),
                _mean_known([found["auroc"] for found in by_class.values()]),
                mcc(matrix),
            ),
            strict=True,
        )
    )


def mcc(matrix: NDArray[np.float64]) -> float:
    """Matthews correlation of several classes (Gorodkin, Comput Biol Chem 2004;28:367)."""
    total, right = matrix.sum(), np.trace(matrix)
    true, chosen = matrix.sum(axis=1), matrix.sum(axis=0)
    spread = (total**2 - chosen @ chosen) * (total**2 - true @ true)
    return float((right * total - true @ chosen) / np.sqrt(spread)) if spread else 0.0


def _one_class(part: Coarse, weight: NDArray, matrix: NDArray, number: int) -> dict[str, float]:
    """One class against all others."""
    hit, true, chosen = matrix[number, number], matrix[number].sum(), matrix[:, number].sum()
    cells = Cells(hit, chosen - hit, true - hit, matrix.sum() - chosen - true + hit)
    found = ratios(cells)
    if not 0 < true < matrix.sum():
        return dict.fromkeys((*PER_CLASS, *AT_CHOICE), float("nan"))
    mine, probability, weight = part.y, part.risk, part.weigh(weight)
    steps = discrimination.steps(mine, probability, weight)
    return {
        "auroc": discrimination.auroc_of(steps),
        "average_precision": discrimination.average_precision_of(steps),
        "observed_expected": calibration.observed_expected(mine, probability, weight),
        "calibration_slope": calibration.slope(mine, probability, weight),
    } | {name: found[name] for name in AT_CHOICE}


def _mean_known(values: Sequence[float]) -> float:
    known = [value for value in values if np.isfinite(value)]
    return float(np.mean(known)) if known else float("nan")


def _part_rule(y: NDArray, probability: NDArray, labels: Sequence[str]) -> subgroups.Rule:
    """Accuracy and log-loss of each part, accuracy compared with the reference."""
    sure = np.clip(probability[np.arange(len(y)), y], calibration.TINY, 1)
    right = probability.argmax(axis=1) == y

    def measure(where: NDArray) -> bootstrap.Figures:
        def found(weight: NDArray) -> dict[str, float]:
            if not weight.any():
                return {"accuracy": float("nan"), "log_loss": float("nan")}
            return {
                "accuracy": weights.mean(right[where], weight),
                "log_loss": -weights.mean(np.log(sure[where]), weight),
            }

        return found

    return subgroups.Rule(measure, compared=("accuracy",), banded=(), events=None)


def _matrix_rows(matrix: NDArray, labels: Sequence[str]) -> list[dict[str, float | str]]:
    return [
        {"true": label, **{name: int(n) for name, n in zip(labels, row, strict=True)}}
        for label, row in zip(labels, matrix, strict=True)
    ]


def _curves(
    y: NDArray, probability: NDArray, labels: Sequence[str], common: Sequence[str]
) -> list[dict]:
    return [
        {"class": label, "curve": calibration.curve(y == number, probability[:, number])}
        for number, label in enumerate(labels)
        if label in common
    ]


def _too_few(sample: Sample, labels: Sequence[str], notes: Sequence[str]) -> Evaluation:
    each = [f"{name}[{label}]" for label in labels for name in (*PER_CLASS, *AT_CHOICE)]
    return sample.evaluation(
        "classes",
        events=None,
        rounds=0,
        metrics=dict.fromkeys((*NAMES, *each)),
        tables={},
        notes=notes,
    )
