"""How far a figure may be trusted: on whom it was measured.

Apparent figures flatter; a random split of rows puts the same patient, year and hospital on both
sides; people held out show that the model has learned something; only later years, other sites or
another hospital's data show that it will hold. The word "validated" is kept for those.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from ml.evaluation import bootstrap


class Validation(StrEnum):
    """Kinds of validation, from weak to strong."""

    APPARENT = "apparent"
    RANDOM_SPLIT = "random split of rows"
    CROSS_FITTED = "held-out people"
    OPTIMISM = "bootstrap optimism"
    TEMPORAL = "later years"
    SITE = "other sites"
    EXTERNAL = "external data"


class Status(StrEnum):
    """What may be said of a model."""

    DEVELOPED = "developed"
    INTERNAL = "internally validated"
    VALIDATED = "validated"


WITHOUT_INTERVAL = ("calibration_slope",)
INTERNAL = frozenset({Validation.CROSS_FITTED, Validation.OPTIMISM})
PROVING = frozenset({Validation.TEMPORAL, Validation.SITE, Validation.EXTERNAL})
# Names that studies give to their evaluations.
OF_NAME: Mapping[str, Validation] = {
    "apparent": Validation.APPARENT,
    "random_split": Validation.RANDOM_SPLIT,
    "cross_fitted": Validation.CROSS_FITTED,
    "held_out": Validation.CROSS_FITTED,
    "optimism": Validation.OPTIMISM,
    "later": Validation.TEMPORAL,
    "temporal": Validation.TEMPORAL,
    "site": Validation.SITE,
    "sites": Validation.SITE,
    "external": Validation.EXTERNAL,
}


def of(name: str, *, split: str = "person") -> Validation | None:
    """The kind of validation behind a name, or None for another model's figures.

    `split` is how the study tells training and test rows apart: figures cross-fitted over rows are
    a random split, whatever they are called.

    >>> of("cross_fitted", split="row").value
    'random split of rows'
    """
    found = OF_NAME.get(name)
    if found is Validation.CROSS_FITTED and split == "row":
        return Validation.RANDOM_SPLIT
    return found


def status(found: Collection[Validation]) -> Status:
    """The most that may be said after these validations.

    >>> status({Validation.RANDOM_SPLIT}).value
    'developed'
    >>> status({Validation.CROSS_FITTED, Validation.TEMPORAL}).value
    'validated'
    """
    if PROVING & set(found):
        return Status.VALIDATED
    return Status.INTERNAL if INTERNAL & set(found) else Status.DEVELOPED


@dataclass(frozen=True, slots=True)
class Corrected:
    """A figure of the training people, by how much it flatters, and what new people would show.

    `interval` is that of `corrected` (95 %), None where the resamples do not tell it: a refit has a
    calibration slope near 1 on its own rows however few they are.
    """

    apparent: float
    optimism: float
    corrected: float
    interval: bootstrap.Interval | None


def optimism_corrected(
    refit: Callable[[NDArray[np.int64]], NDArray[np.float64]],
    figures: Callable[[NDArray, NDArray], Mapping[str, float]],
    y: NDArray,
    person: NDArray,
    *,
    random_state: int,
    rounds: int = 50,
) -> dict[str, Corrected]:
    """Every figure with its optimism (Harrell, Stat Med 1996;15:361).

    `refit(rows)` fits on these rows, people drawn with replacement, and predicts every row of the
    sample. The figure of a refit on its own rows less its figure on everybody is the optimism. The
    interval is that of the refits on their own rows, moved by the optimism (Noma et al., Stat Med
    2021;40:5691).
    """
    _, person = np.unique(person, return_inverse=True)
    apparent = figures(y, refit(np.arange(len(y))))
    own, everybody = [], []
    for weight in bootstrap.draws(person, random_state, rounds):
        rows = np.repeat(np.arange(len(y)), weight.astype(int))
        predicted = refit(rows)
        own.append(figures(y[rows], predicted[rows]))
        everybody.append(figures(y, predicted))
    return {
        name: _corrected(name, value, [one[name] for one in own], [one[name] for one in everybody])
        for name, value in apparent.items()
    }


def _corrected(
    name: str, apparent: float, own: Sequence[float], everybody: Sequence[float]
) -> Corrected:
    optimism = float(np.nanmean(np.subtract(own, everybody)))
    value = float(apparent - optimism)
    told = name not in WITHOUT_INTERVAL
    interval = bootstrap.of_draws(value, np.array(own) - optimism) if told else None
    return Corrected(float(apparent), optimism, value, interval)
