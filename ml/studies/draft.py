"""A problem drafted from a table alone, for a first look: all but the outcome is an input."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from ml.studies.problem import BadProblem, Input, Problem
from ml.studies.table import TableStudy

FEW = 12  # whole numbers with fewer distinct values are classes
MOST_CLASSES = 50


def draft(
    frame: pd.DataFrame,
    *,
    outcome: str,
    inputs: Sequence[str] = (),
    task: str = "",
    person: str | None = None,
    time: str | None = None,
    index_time: str = "admission",
    **more: Any,
) -> Problem:
    """What the columns suggest; `more` sets further fields of the problem.

    Raises BadProblem when the table lacks a named column.
    """
    named = [outcome, *inputs, *(name for name in (person, time) if name)]
    if absent := [name for name in named if name not in frame]:
        raise BadProblem(f"The table has no column {', '.join(absent)}")
    kind = more.pop("kind", None) or kind_of(frame[outcome])
    names = list(inputs) or [str(name) for name in frame if name not in (outcome, person, time)]
    classes = tuple(sorted(frame[outcome].dropna().astype(str).unique()))
    return Problem(
        task=task or outcome,
        title=more.pop("title", outcome),
        population=more.pop("population", "The rows of the table"),
        index_time=index_time,
        outcome=outcome,
        outcome_text=more.pop("outcome_text", outcome),
        kind=kind,
        inputs=tuple(_input(frame[name], index_time) for name in names),
        person=person,
        time=time,
        classes=classes if kind == "classes" else (),
        **more,
    )


def study(frame: pd.DataFrame, *, outcome: str, **more: Any) -> TableStudy:
    """The drafted problem, rows taken as they are; a binary outcome of words becomes 0 and 1."""
    problem = draft(frame, outcome=outcome, **more)
    if problem.kind != "binary" or pd.api.types.is_numeric_dtype(frame[outcome]):
        return TableStudy(problem, _as_it_is)
    last = sorted(frame[outcome].dropna().astype(str).unique())[-1]
    return TableStudy(problem, lambda rows: _flagged(rows, outcome, last))


def kind_of(column: pd.Series) -> str:
    """Binary, classes or number."""
    known = column.dropna()
    if known.nunique() < 2:
        raise BadProblem(f"{column.name!r} has fewer than two values: nothing can be learned")
    if known.nunique() == 2:
        return "binary"
    if pd.api.types.is_numeric_dtype(known) and known.nunique() > FEW:
        return "number"
    if pd.api.types.is_numeric_dtype(known) and (known >= 0).all() and known.max() > FEW:
        return "number"
    if known.nunique() > MOST_CLASSES:
        raise BadProblem(f"{column.name!r} has {known.nunique()} classes; group them first")
    return "classes"


def read(path: str | Path) -> pd.DataFrame:
    """A CSV file, packed or not. Raises FileNotFoundError with a sentence."""
    if not Path(path).is_file():
        raise FileNotFoundError(f"There is no file {path}")
    return pd.read_csv(path)


def _input(column: pd.Series, index_time: str) -> Input:
    name, known = str(column.name), column.dropna()
    if pd.api.types.is_bool_dtype(known) or (
        pd.api.types.is_numeric_dtype(known) and set(known.unique()) <= {0, 1}
    ):
        return Input(name, "flag", available=index_time)
    kind = "number" if pd.api.types.is_numeric_dtype(known) else "category"
    return Input(name, kind, available=index_time)


def _as_it_is(rows: pd.DataFrame) -> pd.DataFrame:
    return rows


def _flagged(rows: pd.DataFrame, outcome: str, event: str) -> pd.DataFrame:
    if outcome not in rows:
        return rows
    told = rows[outcome].notna()
    return rows.assign(**{outcome: (rows[outcome].astype(str) == event).astype(float).where(told)})
