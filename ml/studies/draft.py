"""A problem drafted from a table alone, for a first look: what can be an input is one."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from ml.datasets.opening import infer, open_table
from ml.models import encoding
from ml.studies.problem import BadProblem, Input, Problem
from ml.studies.table import TableStudy

FEW = 12  # whole numbers with fewer distinct values are classes
MOST_CLASSES = 50
ONCE = 0.5  # share of distinct values from which names are labels of rows
NO_INPUT = {"date": "a date", "text": "free text", "identifier": "a key", "integer": "a key"}
HAPPENED = {"yes", "y", "true", "t", "ja", "oui", "positive", "died", "dead", "deceased", "event"}
DID_NOT = {"no", "n", "false", "f", "nein", "non", "negative", "alive", "survived", "none"}


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

    Raises BadProblem when the table lacks a named column, or times to an event are not signed.
    """
    named = [outcome, *inputs, *(name for name in (person, time) if name)]
    if absent := [name for name in named if name not in frame]:
        raise BadProblem(f"The table has no column {', '.join(absent)}")
    kind = more.pop("kind", None) or kind_of(frame[outcome])
    if kind in ("number", "survival") and not pd.api.types.is_numeric_dtype(frame[outcome]):
        raise BadProblem(f"{outcome!r} holds words: an outcome of kind {kind} holds numbers")
    if kind == "survival":
        _must_be_signed(frame[outcome])
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


def study(
    frame: pd.DataFrame,
    *,
    outcome: str,
    event: str | None = None,
    every: bool = False,
    **more: Any,
) -> TableStudy:
    """The drafted problem, rows taken as they are; a binary outcome of two values becomes 0 and 1.

    Dates, keys, free text and columns without a value are no inputs unless `inputs` names them or
    `every` column is wanted; a note of the problem says which. `event` is the value whose risk is
    wanted; "yes" and its like need not be named. Raises BadProblem when neither value is one of
    them.
    """
    left_out = {} if every or more.get("inputs") else _left_out(frame, outcome, more)
    if left_out:
        more["inputs"] = _others(frame, outcome, more, left_out)
        told = ", ".join(f"{name} ({why})" for name, why in left_out.items())
        more["notes"] = (*more.get("notes", ()), f"Columns that are no inputs: {told}.")
    problem = draft(frame, outcome=outcome, **more)
    if problem.kind != "binary" or (event is None and _is_flag(frame[outcome])):
        return TableStudy(problem, _as_it_is)
    event = _event(frame[outcome], event)
    told = replace(problem, notes=(*problem.notes, f"The event is {outcome} = {event}"))
    return TableStudy(told, lambda rows: _flagged(rows, outcome, event))


def _left_out(frame: pd.DataFrame, outcome: str, more: Mapping[str, Any]) -> dict[str, str]:
    """Columns that no model learns from, with the reason."""
    reasons = {name: _no_input(frame[name]) for name in _others(frame, outcome, more, ())}
    found = {name: why for name, why in reasons.items() if why}
    return found if len(found) < len(reasons) else {}


def _others(
    frame: pd.DataFrame, outcome: str, more: Mapping[str, Any], without: Iterable[str]
) -> tuple[str, ...]:
    taken = {outcome, more.get("person"), more.get("time"), *without}
    return tuple(name for name in frame if name not in taken)


def _no_input(column: pd.Series) -> str:
    """Why a column cannot be learned from as it is, "" when it can."""
    known = column.dropna()
    if known.empty:
        return "nothing known"
    kind = infer(column).type
    if kind == "category" and known.nunique() > max(MOST_CLASSES, ONCE * len(known)):
        return "hardly any value occurs twice"
    return NO_INPUT.get(kind, "")


def _must_be_signed(times: pd.Series) -> None:
    """Raises BadProblem for times that tell nobody censored, and for the event itself."""
    known = times.dropna()
    if (known != 0).all() and (known < 0).any():
        return
    wrong = "holds zeros" if (known == 0).any() else "has no negative time, so nobody is censored"
    raise BadProblem(
        f"{str(times.name)!r} {wrong}. A survival outcome is one column of signed times: the time "
        "to the event, or minus the time to the last contact of those without it (half a unit for "
        "a time of zero). Build it, as in table['followed'] = table['days'].where(table['died'] == "
        "1, -table['days']), and drop the two columns it is made of."
    )


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
    """A file (CSV, packed or not, Parquet) or a data set by its name.

    Raises DatasetAbsent or NotThisDataset with a sentence.
    """
    return open_table(path).frame


def _input(column: pd.Series, index_time: str) -> Input:
    name, known = str(column.name), column.dropna()
    if pd.api.types.is_bool_dtype(known) or (
        pd.api.types.is_numeric_dtype(known) and set(known.unique()) <= {0, 1}
    ):
        return Input(name, "flag", available=index_time)
    kind = "number" if pd.api.types.is_numeric_dtype(known) else "category"
    return Input(name, kind, available=index_time)


def _is_flag(column: pd.Series) -> bool:
    known = column.dropna()
    return pd.api.types.is_numeric_dtype(known) and set(known.unique()) <= {0, 1}


def _event(column: pd.Series, event: str | None) -> str:
    """The value that counts as 1, as text."""
    values = sorted(_words(column.dropna()).unique())
    if event is None:
        event = next((value for value in values if value.strip().lower() in HAPPENED), None)
    if event is None:  # of "no" and "relapse" it is the other
        others = [value for value in values if value.strip().lower() not in DID_NOT]
        event = others[0] if len(others) == 1 else None
    if event not in values:
        raise BadProblem(
            f"{column.name!r} holds {' and '.join(map(repr, values))}: "
            f"say which is the event, such as event={values[0]!r}"
        )
    return event


def _words(column: pd.Series) -> pd.Series:
    """Values as text; 1.0, read so because of a gap, as 1."""
    return column.map(encoding.name_of, na_action="ignore")


def _as_it_is(rows: pd.DataFrame) -> pd.DataFrame:
    return rows


def _flagged(rows: pd.DataFrame, outcome: str, event: str) -> pd.DataFrame:
    if outcome not in rows:
        return rows
    told = rows[outcome].notna()
    return rows.assign(**{outcome: (_words(rows[outcome]) == event).astype(float).where(told)})
