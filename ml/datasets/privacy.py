"""A de-identified copy of a table, and the check that nobody stands alone in it.

Keys, free text and exact dates are left out; ages and other numbers among the quasi-identifiers
(what an outsider may know of a person) become bands. A row whose combination of
quasi-identifiers fits fewer than `k` rows is dropped: after that the copy is k-anonymous in
them (Sweeney 2002). k-anonymity bounds re-identification by these columns only; it is no licence
to publish.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ml.datasets.dataset import Column
from ml.datasets.opening import Table

SMALLEST_GROUP = 5
BANDS = 8  # bands of a quasi-identifying number, of about equal counts
AGE_YEARS, OLDEST_BAND = 10, 90
TYPES_LEFT_OUT = ("identifier", "integer", "text")


class UnknownColumn(ValueError):
    """A quasi-identifier that the table does not have."""


@dataclass(frozen=True, slots=True)
class Deidentified:
    """The copy, its smallest group, and what was left out."""

    frame: pd.DataFrame
    quasi: tuple[str, ...]
    smallest_group: int
    dropped_rows: int
    dropped_columns: tuple[str, ...]

    @property
    def summary(self) -> str:
        """One sentence for whoever releases the copy."""
        return (
            f"{len(self.frame):,} rows; the smallest group by {', '.join(self.quasi)} has "
            f"{self.smallest_group:,} rows. Left out: {self.dropped_rows:,} rows in smaller "
            f"groups and {len(self.dropped_columns)} columns."
        )


def groups(frame: pd.DataFrame, quasi: Sequence[str]) -> pd.Series:
    """For each row, how many rows share its combination of quasi-identifiers."""
    absent = [name for name in quasi if name not in frame]
    if absent or not quasi:
        raise UnknownColumn(
            f"The table has no column {', '.join(absent) or '(none named)'}. "
            f"Name quasi-identifiers among: {', '.join(map(str, frame.columns))}."
        )
    keys = frame.groupby(list(quasi), dropna=False, observed=True)
    return keys[quasi[0]].transform("size").astype(int)


def deidentify(table: Table, quasi: Sequence[str], k: int = SMALLEST_GROUP) -> Deidentified:
    """A copy without keys, text and exact dates, k-anonymous in `quasi`. Raises UnknownColumn."""
    groups(table.frame, quasi)  # refuses unknown names
    left_out = tuple(
        column.name
        for column in table.columns
        if column.name in table.frame and _is_identifying(column, table, quasi)
    )
    copy = table.frame.drop(columns=list(left_out))
    known = {column.name: column for column in table.columns}
    copy = copy.assign(**{name: banded(copy[name], known[name]) for name in quasi})
    sizes = groups(copy, quasi)
    kept = copy[sizes >= k].sample(frac=1, random_state=k).reset_index(drop=True)
    smallest = int(sizes[sizes >= k].min()) if len(kept) else 0
    return Deidentified(kept, tuple(quasi), smallest, int((sizes < k).sum()), left_out)


def _is_identifying(column: Column, table: Table, quasi: Sequence[str]) -> bool:
    if column.name in quasi:
        return False
    return column.type in (*TYPES_LEFT_OUT, "date") or column.name == table.person


def banded(values: pd.Series, column: Column) -> pd.Series:
    """Ages in tens up to 90, dates as years, other numbers in bands; categories as they are."""
    if column.type == "date":
        return pd.to_datetime(values).dt.year
    if column.type != "number":
        return values
    if column.unit == "a":
        low = np.minimum(values // AGE_YEARS * AGE_YEARS, OLDEST_BAND)
        return low.map(_ten_years, na_action="ignore")
    bands = pd.qcut(values, BANDS, duplicates="drop")
    return bands.astype(str).where(values.notna())


def _ten_years(low: float) -> str:
    return f"{OLDEST_BAND}+" if low >= OLDEST_BAND else f"{low:.0f}-{low + AGE_YEARS - 1:.0f}"
