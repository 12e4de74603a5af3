"""How well the model does for patients like this one, for the moment when its risk is read.

An explanation alone does not show that a model is wrong for a kind of patient; the record of its
calibration among people of the same age and sex does (after Jabbour et al., JAMA 2023;330:2275).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ml.evaluation import calibration, confusion
from ml.evaluation.subgroups import HIDDEN, SMALLEST_CELL

NO_EVIDENCE = "not enough evidence"


@dataclass(frozen=True, slots=True)
class Peers:
    """One stratum, such as women of 60 to 74; figures are None when too few are in it.

    `ppv` is the share of the flagged who had the outcome.
    """

    stratum: str
    count: str
    observed_expected: float | None
    observed: float | None
    ppv: float | None
    sentence: str


def table(
    y: ArrayLike,
    risk: ArrayLike,
    groups: Mapping[str, NDArray[np.str_]],
    *,
    threshold: float,
) -> list[Peers]:
    """Every combination of the groupings that occurs, from predictions of people held out."""
    y, risk = np.asarray(y, float), np.asarray(risk, float)
    names = np.array([", ".join(parts) for parts in zip(*groups.values(), strict=True)])
    return [
        _peers(str(name), y[names == name], risk[names == name], threshold)
        for name in np.unique(names)
    ]


def _peers(stratum: str, y: NDArray, risk: NDArray, threshold: float) -> Peers:
    count, events = len(y), int(y.sum())
    if count < SMALLEST_CELL:
        return Peers(stratum, HIDDEN, None, None, None, f"{stratum}: {NO_EVIDENCE}.")
    if min(events, count - events) < SMALLEST_CELL:
        sentence = f"{count} patients of {stratum}: {NO_EVIDENCE} on so few events."
        return Peers(stratum, str(count), None, None, None, sentence)
    ratio = calibration.observed_expected(y, risk)
    found = confusion.cells(y, risk, threshold)
    ppv = confusion.ratios(found)["ppv"] if found.flagged >= SMALLEST_CELL else None
    return Peers(
        stratum,
        str(count),
        ratio,
        float(y.mean()),
        ppv,
        f"In {count} patients of {stratum}, {100 * ratio:.0f} events happened for 100 foretold.",
    )
