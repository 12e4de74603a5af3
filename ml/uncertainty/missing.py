"""What an unknown input leaves open, and which test would narrow the risk most.

The unknown input is filled with the values of donors, the training people most like this one in
what is known; the spread of the logit over the donors is what knowing it would take away.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

DONORS = 50
Margin = Callable[[NDArray[np.float64]], NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class OpenInput:
    """An unknown input with the standard deviation of the logit that it leaves open."""

    name: str
    spread: float


def next_best(
    margin: Margin,
    row: ArrayLike,
    training: ArrayLike,
    names: Sequence[str],
    *,
    donors: int = DONORS,
) -> list[OpenInput]:
    """Unknown inputs of one person, the most telling first.

    `margin` gives the logit of rows, `row` has shape (inputs,) with NaN where unknown, `training`
    shape (people, inputs). An input that no training person has is left out.
    """
    row, training = np.asarray(row, float), np.asarray(training, float)
    found = []
    for number in np.flatnonzero(np.isnan(row)):
        values = _donated(row, training, number, donors)
        if len(values):
            filled = np.tile(row, (len(values), 1))
            filled[:, number] = values
            found.append(OpenInput(names[number], float(np.std(margin(filled)))))
    return sorted(found, key=lambda open_input: -open_input.spread)


def _donated(row: NDArray, training: NDArray, number: int, donors: int) -> NDArray[np.float64]:
    """The input's values in the people most like this one who have it."""
    having = training[~np.isnan(training[:, number])]
    known = np.flatnonzero(~np.isnan(row))
    scale = np.nanstd(having[:, known], axis=0) if len(having) else np.ones(len(known))
    away = (having[:, known] - row[known]) / np.where(scale > 0, scale, 1)
    # What a donor lacks counts as one standard deviation away.
    distance = np.where(np.isnan(away), 1.0, away**2).sum(axis=1)
    return having[np.argsort(distance, kind="stable")[:donors], number]
