"""Which columns of a table can be explored, and how."""

from dataclasses import dataclass

import pandas as pd

from ml.datasets.opening import Table

MOST_LEVELS = 20  # levels of a category that are shown; the rest is "other levels"
OTHER = "other levels"
LARGEST = 1e150


@dataclass(frozen=True, slots=True)
class Variables:
    """Numbers as float64 columns, categories as text columns, in the order of the table.

    `left_out` tells why a column is in neither: keys, free text, dates, nothing known, constant.
    """

    numbers: pd.DataFrame
    categories: pd.DataFrame
    left_out: dict[str, str]

    @property
    def names(self) -> list[str]:
        """All explored columns."""
        return [*self.numbers, *self.categories]


def variables(table: Table) -> Variables:
    """Sort the columns of a table."""
    numbers, categories, left_out = {}, {}, {}
    for column in table.columns:
        values = table.frame[column.name]
        values = finite(values) if column.type == "number" else values
        reason = _reason(column.type, values)
        if reason:
            left_out[column.name] = reason
        elif column.type == "number":
            numbers[column.name] = values
        else:
            categories[column.name] = as_text(values)
    index = table.frame.index
    return Variables(
        pd.DataFrame(numbers, index=index), pd.DataFrame(categories, index=index), left_out
    )


def _reason(kind: str, values: pd.Series) -> str:
    if kind in ("identifier", "integer"):
        return "a key"
    if kind in ("text", "date"):
        return "free text" if kind == "text" else "a date"
    distinct = values.nunique()
    if distinct == 0:
        return "nothing known"
    return "constant" if distinct == 1 and values.notna().all() else ""


def finite(values: pd.Series) -> pd.Series:
    """As float64; what is infinite, or so large that its square would be, is missing."""
    numbers = values.astype("float64")
    return numbers.where(numbers.abs() < LARGEST)


def as_text(values: pd.Series) -> pd.Series:
    """Levels as text: `1` rather than `1.0`; missing stays missing."""
    if pd.api.types.is_numeric_dtype(values.dtype):
        return values.astype("float64").map("{:g}".format, na_action="ignore").astype("object")
    return values.map(str, na_action="ignore").astype("object")


def grouped(values: pd.Series, most: int = MOST_LEVELS) -> pd.Series:
    """Levels by falling count; those beyond `most` become one."""
    counts = values.value_counts()
    if len(counts) <= most:
        return values
    return values.where(values.isna() | values.isin(counts.index[: most - 1]), OTHER)
