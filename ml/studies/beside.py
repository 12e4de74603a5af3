"""Answers of others that stand beside a model: published scores, physicians, a single measurement.

All are compared in one way: on the people whom both accept, by how well each ranks them, with a
paired interval of the difference. A score that was made for another outcome, horizon or time tells
no risk of this one, so its calibration is not judged.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from ml.evaluation import comparison
from ml.evaluation.comparison import Comparison
from ml.evaluation.result import Evaluation

NO_SCORE_OF_DAYS = (
    "No published score foretells the days of a stay (LACE and HOSPITAL foretell readmission): the "
    "simplest model and the popular ones stand beside."
)
RANKS_ONLY = "It ranks and tells no risk of this outcome: its calibration is not judged."
HEADLINE = {"binary": ("auroc",), "survival": ("c_index", "c_index_uno")}


@dataclass(frozen=True, slots=True)
class Beside:
    """Somebody else's answer to the question of a study.

    `of` gives one number for each prepared row, higher where the outcome is likelier or sooner, and
    NaN where the score refuses. `title` is its name for people, with the paper; `note` says which
    of its questions the table does not answer.
    """

    title: str
    of: Callable[[pd.DataFrame], NDArray[np.float64]]
    note: str = ""


def compared(
    score: Beside,
    y: ArrayLike,
    ours: ArrayLike,
    theirs: ArrayLike,
    kind: str,
    *,
    person: ArrayLike | None = None,
    random_state: int,
) -> dict[str, Any]:
    """How both rank the people whom both accept, as plain values with title and note.

    `y` is 0 or 1 ("binary") or time and event ("survival").
    """
    found = _compare(y, ours, theirs, kind, person, random_state)
    return told(score, found)


def told(score: Beside, found: Comparison) -> dict[str, Any]:
    """A comparison as reports and cards read it."""
    return found.to_json() | {"title": score.title, "note": score.note, "beside": True}


def judged(
    score: Beside,
    y: ArrayLike,
    ours: ArrayLike,
    theirs: ArrayLike,
    kind: str,
    *,
    person: ArrayLike | None = None,
    random_state: int,
) -> dict[str, Any]:
    """The figures of the score in the form of an evaluation, with the `difference` to ours."""
    y = np.asarray(y)
    found = _compare(y, ours, theirs, kind, person, random_state)
    accepted = np.isfinite(np.asarray(ours, float)) & np.isfinite(np.asarray(theirs, float))
    withheld = len(y) - found.rows
    refused = f"{withheld} rows are refused by the score or the model." if withheld else ""
    evaluation = Evaluation(
        kind=kind,
        rows=found.rows,
        people=found.people,
        events=int((y if kind == "binary" else y[:, 1])[accepted].sum()),
        withheld=withheld,
        rounds=comparison.ROUNDS,
        metrics=found.theirs or dict.fromkeys(HEADLINE[kind]),
        notes=tuple(note for note in (refused, score.note, RANKS_ONLY) if note),
    )
    return evaluation.to_json() | {"title": score.title, "difference": told(score, found)}


def _compare(
    y: ArrayLike,
    ours: ArrayLike,
    theirs: ArrayLike,
    kind: str,
    person: ArrayLike | None,
    random_state: int,
) -> Comparison:
    return comparison.compare(
        y, ours, theirs, kind, person=person, ranks_only=True, random_state=random_state
    )


def of_rows(scores: Mapping[str, Beside], rows: pd.DataFrame) -> dict[str, NDArray[np.float64]]:
    """What each score says of prepared rows; of none of them where a column is absent."""
    return {name: np.asarray(score.of(rows), float) for name, score in scores.items()}
