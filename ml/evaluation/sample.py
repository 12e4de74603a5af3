"""Outcomes beside predictions, checked once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ml.evaluation.result import Evaluation


class UnfitSample(ValueError):
    """Outcomes and predictions cannot be compared; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Rows that got a prediction.

    `y` has shape (rows,) or, for survival, (rows, 2) as time and event; `prediction` has shape
    (rows,) or (rows, columns); `person` numbers the patient of each row from 0.
    """

    y: NDArray
    prediction: NDArray[np.float64]
    person: NDArray[np.int64]
    groups: Mapping[str, NDArray[np.str_]]
    withheld: int

    @property
    def people(self) -> int:
        return int(self.person.max()) + 1 if len(self.person) else 0

    def evaluation(
        self,
        kind: str,
        *,
        events: int | None,
        rounds: int,
        metrics: Mapping[str, Any],
        tables: Mapping[str, Sequence[Any]],
        notes: Sequence[str] = (),
        flags: Sequence[str] = (),
    ) -> Evaluation:
        """The finding with the counts of this sample."""
        told = (f"{self.withheld} rows got no prediction and are in no figure.",)
        return Evaluation(
            kind=kind,
            rows=len(self.y),
            people=self.people,
            events=events,
            withheld=self.withheld,
            rounds=rounds,
            metrics=metrics,
            tables=tables,
            notes=(*(told if self.withheld else ()), *notes),
            flags=tuple(flags),
        )


def of(
    y: ArrayLike,
    prediction: ArrayLike,
    *,
    person: ArrayLike | None = None,
    groups: Mapping[str, ArrayLike] | None = None,
) -> Sample:
    """Rows with a prediction; a row that got none (NaN) is counted as withheld.

    Raises UnfitSample when lengths differ or an outcome is unknown.
    """
    y, prediction = np.asarray(y), np.asarray(prediction, float)
    person = np.arange(len(y)) if person is None else np.asarray(person)
    parts = {name: _text(values) for name, values in (groups or {}).items()}
    _same_length(y, prediction=prediction, person=person, **parts)
    if y.dtype.kind == "f" and np.isnan(y).any():
        raise UnfitSample("Some outcomes are unknown: leave those rows out of the evaluation.")
    known = np.isfinite(prediction)
    told = known if known.ndim == 1 else known.all(axis=1)
    _, numbered = np.unique(person[told], return_inverse=True)
    return Sample(
        y[told],
        prediction[told],
        numbered,
        {name: values[told] for name, values in parts.items()},
        int((~told).sum()),
    )


def _text(values: ArrayLike) -> NDArray[np.str_]:
    """Names of parts; what is not known is a part of its own."""
    values = np.asarray(values, dtype=object)
    unknown = np.array([value is None or value != value for value in values], bool)
    return np.where(unknown, "unknown", values).astype(str)


def _same_length(y: NDArray, **others: NDArray) -> None:
    for name, values in others.items():
        if len(values) != len(y):
            raise UnfitSample(
                f"There are {len(y)} outcomes but {len(values)} rows of {name}: "
                "give one for each row, in the same order."
            )
