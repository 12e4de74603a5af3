"""One door for every kind of prediction."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ml.evaluation import sample as samples
from ml.evaluation.result import Evaluation
from ml.evaluation.sample import Sample, UnfitSample

ROUNDS = 200
KINDS = ("binary", "number", "classes", "survival")


class UnknownKind(ValueError):
    """An outcome of a kind that is not evaluated here."""

    def __init__(self, kind: str) -> None:
        super().__init__(f"Unknown kind {kind!r}: choose one of {', '.join(KINDS)}.")


def evaluate(
    y: ArrayLike,
    prediction: ArrayLike,
    kind: str,
    *,
    person: ArrayLike | None = None,
    groups: Mapping[str, ArrayLike] | None = None,
    thresholds: Sequence[float] = (),
    horizons: Sequence[float] = (),
    labels: Sequence[str] = (),
    level: float = 0.8,
    random_state: int,
    rounds: int = ROUNDS,
) -> Evaluation:
    """Everything worth knowing of one set of predictions, with 95 % intervals.

    Parameters
    ----------
    y : array-like
        Outcomes. `binary`: 0 or 1; `number`: the number; `classes`: labels, or their numbers from 0
        when `labels` are given; `survival`: two columns, time and whether the event came.
    prediction : array-like
        `binary`: the risk; `number`: the value, or columns value, low and high; `classes`: one
        column of probability for each of `labels` (or label in sorted order); `survival`: a
        relative score, or the risk by each of `horizons`. NaN where no prediction was given.
    kind : {"binary", "number", "classes", "survival"}
    person : array-like, optional
        Who each row is about: rows of a person are resampled together. Default: all different.
    groups : mapping of name to array-like, optional
        Parts of the population, one label a row.
    thresholds : sequence of float
        Risks at which people act; the first is used to compare subgroups.
    horizons : sequence of float
        Times by which survival is judged, in the unit of the times.
    labels : sequence of str
        Names of the classes, one for each column of probability.
    level : float
        Nominal coverage of the intervals of a predicted number.
    random_state : int
        Seed of the bootstrap.
    rounds : int
        Bootstraps of people.

    Raises
    ------
    UnknownKind, UnfitSample
        With a sentence that says what to do. Too few events are no error: the figures are None and
        a note says why.
    """
    if kind not in KINDS:
        raise UnknownKind(kind)
    numbered, labels = _numbered(y, kind, labels)
    sample = samples.of(numbered, prediction, person=person, groups=groups)
    _check(sample, kind, labels, thresholds, horizons)
    how = {"random_state": random_state, "rounds": rounds}
    if kind == "binary":
        from ml.evaluation import binary

        return binary.evaluate(sample, thresholds=thresholds, **how)
    if kind == "number":
        from ml.evaluation import continuous

        return continuous.evaluate(sample, level=level, **how)
    if kind == "classes":
        from ml.evaluation import multiclass

        return multiclass.evaluate(sample, labels=labels, **how)
    from ml.evaluation import survival

    return survival.evaluate(sample, horizons=horizons, thresholds=thresholds, **how)


def _numbered(y: ArrayLike, kind: str, labels: Sequence[str]) -> tuple[NDArray, list[str]]:
    """Outcomes as numbers, and the labels of classes."""
    y = np.asarray(y)
    if kind != "classes":
        return y.astype(float), []
    if not labels:
        found, numbers = np.unique(y, return_inverse=True)
        return numbers, [str(label) for label in found]
    if y.dtype.kind in "iuf":
        return y.astype(int), [str(label) for label in labels]
    place = {str(label): number for number, label in enumerate(labels)}
    if strange := sorted({str(value) for value in y} - set(place)):
        raise UnfitSample(f"No class is called {', '.join(strange)}: name it in labels.")
    return np.array([place[str(value)] for value in y]), list(place)


def _check(
    sample: Sample,
    kind: str,
    labels: Sequence[str],
    thresholds: Sequence[float],
    horizons: Sequence[float],
) -> None:
    if any(not 0 < at < 1 for at in thresholds):
        raise UnfitSample("Thresholds are risks between 0 and 1, such as 0.15.")
    if kind == "binary" and not np.isin(sample.y, (0, 1)).all():
        raise UnfitSample("A binary outcome is 0 or 1: recode it first.")
    if kind == "survival" and (sample.y.ndim != 2 or sample.y.shape[1] != 2):
        raise UnfitSample("A survival outcome has two columns: time and whether the event came.")
    _check_columns(sample.prediction, kind, labels, horizons)
    if kind != "number" and not (kind == "survival" and sample.prediction.ndim == 1):
        _check_risks(sample.prediction)


def _check_columns(
    prediction: NDArray, kind: str, labels: Sequence[str], horizons: Sequence[float]
) -> None:
    allowed = {
        "binary": (1,),
        "number": (1, 3),
        "classes": (len(labels),),
        "survival": (1, len(horizons)),
    }[kind]
    columns = 1 if prediction.ndim == 1 else prediction.shape[1]
    if columns not in allowed or (kind == "binary" and prediction.ndim != 1):
        wanted = " or ".join(str(number) for number in allowed)
        raise UnfitSample(f"Predictions of kind {kind} have {wanted} columns, not {columns}.")


def _check_risks(prediction: NDArray) -> None:
    if prediction.size and not (prediction.min() >= 0 and prediction.max() <= 1):
        raise UnfitSample("Risks lie between 0 and 1: turn margins and per cents into risks first.")
