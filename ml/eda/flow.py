"""Who stays: each exclusion in turn with its count, as in a CONSORT or TRIPOD diagram."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from ml.datasets.opening import Table

CONDITION = re.compile(r"^\s*(.+?)\s*(<=|>=|!=|==|=|<|>)\s*(.+?)\s*$")
KNOWN = re.compile(r"^\s*(.+?)\s+is\s+(known|missing)\s*$", re.IGNORECASE)


class UnreadableCondition(ValueError):
    """A condition of entry that cannot be read, with how one looks."""

    def __init__(self, text: str, why: str):
        super().__init__(
            f"{text!r} cannot be read: {why}. Write COLUMN >= VALUE (also <, >, <=, =, !=) "
            "or COLUMN is known."
        )


@dataclass(frozen=True, slots=True)
class Step:
    """What was asked, how many rows (and persons) went, how many stayed."""

    step: str
    excluded: int
    rows: int
    persons: int | None


@dataclass(frozen=True, slots=True)
class Flow:
    """The rows that stayed and the way there."""

    frame: pd.DataFrame
    steps: tuple[Step, ...]

    def table(self) -> pd.DataFrame:
        """One row a step."""
        names = list(Step.__dataclass_fields__)
        rows = [[getattr(step, name) for name in names] for step in self.steps]
        return pd.DataFrame(rows, columns=names)


def flow(
    table: Table,
    conditions: Sequence[str] = (),
    *,
    outcome: str | None = None,
    person: str | None = None,
    time: str | None = None,
) -> Flow:
    """Rows of the table that meet every condition and have an outcome, person and time."""
    frame = table.frame
    steps = [Step("rows in the table", 0, len(frame), _persons(frame, person))]
    asked = [(condition, condition) for condition in conditions]
    asked += [(f"{name} is known", f"{what} known ({name})") for name, what in
              ((person, "person"), (time, "time"), (outcome, "outcome")) if name]  # fmt: skip
    for condition, text in asked:
        kept = frame[meets(frame, condition)]
        steps.append(Step(text, len(frame) - len(kept), len(kept), _persons(kept, person)))
        frame = kept
    return Flow(frame, tuple(steps))


def meets(frame: pd.DataFrame, condition: str) -> pd.Series:
    """Whether each row meets `age >= 18`, `sex = F` or `outcome is known`; missing does not."""
    if found := KNOWN.match(condition):
        values = _column(frame, found[1], condition)
        return values.notna() if found[2].lower() == "known" else values.isna()
    found = CONDITION.match(condition)
    if not found:
        raise UnreadableCondition(condition, "no comparison was found")
    values = _column(frame, found[1], condition)
    return _compared(values, found[2], found[3].strip("'\""), condition)


def _column(frame: pd.DataFrame, name: str, condition: str) -> pd.Series:
    name = name.strip("'\"`")
    if name not in frame:
        raise UnreadableCondition(condition, f"there is no column {name!r}")
    return frame[name]


def _compared(values: pd.Series, sign: str, text: str, condition: str) -> pd.Series:
    limit: object = text
    if pd.api.types.is_numeric_dtype(values.dtype):
        try:
            limit = float(text)
        except ValueError:
            raise UnreadableCondition(condition, f"{text!r} is not a number") from None
    elif pd.api.types.is_datetime64_any_dtype(values.dtype):
        limit = pd.Timestamp(text)
    met = {
        "=": values.eq, "==": values.eq, "!=": values.ne, "<": values.lt, "<=": values.le,
        ">": values.gt, ">=": values.ge,
    }[sign](limit)  # fmt: skip
    return met.fillna(False).astype(bool) & values.notna()


def _persons(frame: pd.DataFrame, person: str | None) -> int | None:
    return int(frame[person].nunique()) if person else None


def one_a_person(frame: pd.DataFrame, person: str | None, time: str | None) -> pd.DataFrame:
    """The first row of each person (by time where there is one): rows that are independent."""
    if person is None or person not in frame or frame[person].is_unique:
        return frame
    ordered = frame.sort_values(time, kind="stable") if time else frame
    return frame.loc[ordered[ordered[person].notna()].drop_duplicates(person).index].sort_index()
