"""Clean a table so that every change and every dropped row stands in a log with its reason.

In this order: spelling of categories (blanks, case), rows that repeat another one, codes and
numbers that cannot be, suspicions. A suspicion (a slipped decimal point, another unit, values
of a row that contradict each other) is told, never acted upon: only a person with the source
at hand can decide it.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ml import analytes, units
from ml.datasets import consistency
from ml.datasets.dataset import Column
from ml.datasets.opening import Table, limits

DROPPED, REMOVED, CHANGED, SUSPICION = "row dropped", "value removed", "value changed", "suspicion"
LOG_COLUMNS = ("row", "column", "action", "before", "after", "reason")
WRONG_UNIT = 0.5  # share of implausible values from which the unit of a column is doubted
FITS_OTHER = 0.95  # share that must be plausible in another unit before it is named
SLIPS = (10, 100, 0.1, 0.01)
CATEGORIES = ("category",)
FILLED_SHARE, FILLED_AHEAD, FEWEST_DISTINCT = 0.2, 5, 30
WHOLE_COLUMN = 0  # row of a log line that is about a column


@dataclass(frozen=True, slots=True)
class Cleaned:
    """The cleaned rows (index: row of the source, from 1) and what was done to them.

    `log` has one line a change: row, column, action, before, after, reason.
    """

    table: Table
    frame: pd.DataFrame
    log: pd.DataFrame

    @property
    def summary(self) -> str:
        """One sentence: rows in, rows out, changes by kind."""
        counts = self.log["action"].value_counts()
        told = ", ".join(f"{count:,} × {action}" for action, count in counts.items())
        return f"{len(self.table.frame):,} rows in, {len(self.frame):,} out; {told or 'no change'}."


def clean(table: Table) -> Cleaned:
    """Clean a table. The same table gives the same rows and the same log."""
    frame = table.frame.set_axis(np.arange(1, len(table.frame) + 1), axis=0)
    log: list[pd.DataFrame] = []
    for step in (_spelling, _duplicates, _codes, _numbers):
        frame, lines = step(frame, table.columns)
        log.extend(lines)
    log.extend(_filled(frame, table.columns))
    log.extend(_contradictions(frame, table.columns))
    lines = pd.concat(log, ignore_index=True) if log else pd.DataFrame(columns=list(LOG_COLUMNS))
    return Cleaned(table, frame, lines)


def _lines(rows, column: str, action: str, before, after, reason) -> pd.DataFrame:
    """Lines of the log; scalars are repeated for every row."""
    index = range(len(rows))
    told = dict(zip(LOG_COLUMNS, (rows, column, action, before, after, reason), strict=True))
    return pd.DataFrame(
        {name: np.asarray(value) if np.ndim(value) else value for name, value in told.items()},
        index=index,
    ).astype({"before": object, "after": object})


def _spelling(frame: pd.DataFrame, columns: tuple[Column, ...]):
    lines = []
    for column in columns:
        if column.type not in CATEGORIES or column.name not in frame:
            continue
        before = frame[column.name]
        after = before.map(_spellings(before, column), na_action="ignore")
        changed = before.notna() & (before != after)
        if changed.any():
            frame = frame.assign(**{column.name: after})
            lines.append(
                _lines(
                    before.index[changed], column.name, CHANGED,
                    before[changed], after[changed], "another spelling of the same category",
                )
            )  # fmt: skip
    return frame, lines


def _spellings(values: pd.Series, column: Column) -> dict[str, str]:
    """Every spelling found -> the schema's, or the commonest of those that read alike."""
    counts = values.dropna().astype(str).value_counts()
    best = {_plain(value): value for value in column.values}
    for value in counts.index:
        best.setdefault(_plain(value), " ".join(value.split()))
    return {value: best[_plain(value)] for value in counts.index}


def _plain(value: str) -> str:
    return " ".join(value.split()).casefold()


def _duplicates(frame: pd.DataFrame, columns: tuple[Column, ...]):
    """Rows equal to an earlier one in everything but keys that never repeat.

    Where the columns are so few or so coarse that people agree by chance, equality proves
    nothing: then the rows stay and are told as a suspicion.
    """
    compared = [name for name in frame if not _is_key(frame[name], columns)]
    if not compared or len(frame) < 2:
        return frame, []
    again = frame.duplicated(compared)
    if not again.any():
        return frame, []
    group = frame.groupby(compared, dropna=False, sort=False).ngroup()
    first = group.drop_duplicates().reset_index().set_index(0)["index"]
    reason = [f"equal to row {first[number]}" for number in group[again]]
    if _chance_pairs(frame.loc[~again, compared], len(frame)) >= 1:
        reason = [f"{text}, as chance would have it in so few columns" for text in reason]
        return frame, [_lines(frame.index[again], "", SUSPICION, "", "", reason)]
    return frame[~again], [_lines(frame.index[again], "", DROPPED, "", "", reason)]


def _chance_pairs(distinct: pd.DataFrame, rows: int) -> float:
    """Pairs of rows expected to agree in every column if the columns were independent."""
    agree = 1.0
    for name in distinct:
        shares = distinct[name].value_counts(normalize=True, dropna=False)
        agree *= float((shares**2).sum())
    return agree * rows * (rows - 1) / 2


def _is_key(values: pd.Series, columns: tuple[Column, ...]) -> bool:
    known = {column.name: column.type for column in columns}
    return known.get(str(values.name)) in ("identifier", "integer") and values.is_unique


def _codes(frame: pd.DataFrame, columns: tuple[Column, ...]):
    lines = []
    for column in columns:
        allowed = _allowed(column)
        if allowed is None or column.name not in frame:
            continue
        values = frame[column.name]
        wrong = values.notna() & ~values.isin(allowed)
        if wrong.any():
            frame = frame.assign(**{column.name: values.mask(wrong)})
            reason = f"not one of {', '.join(map(str, allowed))}"
            lines.append(
                _lines(values.index[wrong], column.name, REMOVED, values[wrong], "", reason)
            )
    return frame, lines


def _allowed(column: Column) -> list | None:
    if column.type == "flag":
        return [0, 1]
    if not column.values:
        return None
    return [float(value) for value in column.values] if column.is_numeric else list(column.values)


def _numbers(frame: pd.DataFrame, columns: tuple[Column, ...]):
    lines = []
    for column in columns:
        bounds = limits(column) if column.type == "number" else None
        if bounds is None or column.name not in frame:
            continue
        values = frame[column.name].astype(float)
        wrong = values.notna() & ~values.between(*bounds)
        if not wrong.any():
            continue
        other = _other_unit(values, wrong, column)
        if other:
            doubt = _unit_doubt(wrong)
            lines.append(_lines([WHOLE_COLUMN], column.name, SUSPICION, column.unit, other, doubt))
            continue
        frame = frame.assign(**{column.name: values.mask(wrong)})
        lines.append(_removals(values[wrong], column, bounds))
    return frame, lines


def _removals(wrong: pd.Series, column: Column, bounds: tuple[float, float]) -> pd.DataFrame:
    low, high = bounds
    reason = f"outside {low:g} to {high:g} {column.unit}".rstrip()
    reasons = [reason + _slip(value, column) for value in wrong]
    return _lines(wrong.index, column.name, REMOVED, wrong, "", reasons)


def _slip(value: float, column: Column) -> str:
    """Whether one slipped decimal point explains a value: told with the removal."""
    usual = _usual(column)
    found = [value / slip for slip in SLIPS if usual and usual[0] <= value / slip <= usual[1]]
    return f"; a slipped decimal point would make it {found[0]:g}" if found else ""


def _usual(column: Column) -> tuple[float, float] | None:
    """Reference limits of the analyte in the column's unit, both sexes, adults."""
    if not column.analyte:
        return None
    ranges = analytes.get(column.analyte).ranges
    lows = [found.low for found in ranges if found.low is not None]
    highs = [found.high for found in ranges if found.high is not None]
    if not lows or not highs:
        return None
    ends = [units.express(column.analyte, end, column.unit) for end in (min(lows), max(highs))]
    return min(ends), max(ends)


def _other_unit(values: pd.Series, wrong: pd.Series, column: Column) -> str:
    """A unit of the analyte in which nearly all of a mostly implausible column is plausible."""
    distinct = values.dropna().drop_duplicates()
    if not column.analyte or wrong[distinct.index].mean() < WRONG_UNIT:
        return ""
    analyte = analytes.get(column.analyte)
    for unit in (analyte.unit, *analyte.other_units):
        inside = units.convert(analyte.code, distinct, unit).between(*analyte.plausible)
        if inside.mean() >= FITS_OTHER:
            return unit
    return ""


def _unit_doubt(wrong: pd.Series) -> str:
    return (
        f"{wrong.sum():,} of {len(wrong):,} values cannot be in this unit and nearly all can be "
        "in the other; nothing was changed: ask the source"
    )


def _filled(frame: pd.DataFrame, columns: tuple[Column, ...]) -> list[pd.DataFrame]:
    """Columns in which one odd value stands for a fifth of the rows: gaps that were filled."""
    lines = []
    for column in columns:
        if column.type != "number" or column.name not in frame:
            continue
        counts = frame[column.name].value_counts()
        if len(counts) < FEWEST_DISTINCT or counts.index[0] in (0, counts.index.min()):
            continue
        share = counts.iloc[0] / counts.sum()
        if share >= FILLED_SHARE and counts.iloc[0] >= FILLED_AHEAD * counts.iloc[1]:
            reason = f"{counts.iloc[0]:,} rows hold exactly this value: gaps filled by the source?"
            lines.append(
                _lines([WHOLE_COLUMN], column.name, SUSPICION, counts.index[0], "", reason)
            )
    return lines


def _contradictions(frame: pd.DataFrame, columns: tuple[Column, ...]) -> list[pd.DataFrame]:
    return [
        _lines(
            frame.index[found.rows], ", ".join(found.columns), SUSPICION,
            [_told(frame.iloc[row][list(found.columns)]) for row in found.rows], "",
            found.sentence,
        )
        for found in consistency.check(frame, columns)
        if len(found.rows)
    ]  # fmt: skip


def _told(values: pd.Series) -> str:
    return ", ".join(f"{value:g}" for value in values)
