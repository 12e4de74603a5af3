"""Open any table: a data set by name, a file of a known form, or a file nobody described."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from ml import analytes, units
from ml.datasets import tables
from ml.datasets.catalogue import DATASETS
from ml.datasets.dataset import Column, Dataset, NotThisDataset

FEW = 20  # distinct values up to which numbers may be codes
LONG_TEXT = 40  # mean characters from which text is prose
PLAUSIBLE_SHARE = 0.95  # of values inside the limits before an unstated unit is believed


@dataclass(frozen=True, slots=True)
class Table:
    """A frame with what is known about its columns."""

    name: str
    title: str
    frame: pd.DataFrame
    columns: tuple[Column, ...]
    person: str | None = None
    time: str | None = None
    dataset: Dataset | None = None

    def column(self, name: str) -> Column:
        """The description of a column. Raises KeyError."""
        return {column.name: column for column in self.columns}[name]


def open_table(what: str | Path, path: str | Path | None = None) -> Table:
    """A table by the name of a set (read from `path` or the folder of data sets) or by its file.

    A file whose columns are those of a known set is read with that schema. Raises DatasetAbsent
    or NotThisDataset with a sentence.
    """
    name, _, member = str(what).partition("/")
    if name in DATASETS and not Path(what).is_file():
        return _of_set(DATASETS[name], str(what), member, path)
    file = Path(what)
    if not file.is_file():
        known = ", ".join(DATASETS)
        raise NotThisDataset(f"There is no file {what}. Give a file or name a set: {known}.")
    raw = tables.read_text(file)
    known = recognise(raw.columns)
    if known is not None:
        frame = tables.read(known, file)
        return _described(known, file.name.split(".")[0], frame)
    frame = pd.DataFrame({column: tables.inferred(raw[column]) for column in raw}, index=raw.index)
    return describe(frame, file.name.split(".")[0])


def describe(frame: pd.DataFrame, name: str = "table") -> Table:
    """A frame that nobody described, with what its content tells."""
    frame = _plain(frame)
    return Table(name, name, frame, tuple(infer(frame[column]) for column in frame))


def recognise(columns: Iterable[str]) -> Dataset | None:
    """The set that has exactly these columns (one outcome may be absent), if any."""
    found = set(columns)
    for dataset in DATASETS.values():
        names = {column.name for column in dataset.columns}
        if names and found <= names and len(names) - len(found) <= 1 and len(found) > 1:
            return dataset
    return None


def infer(values: pd.Series) -> Column:
    """What the content of one column tells: its type, and its analyte where the name is one."""
    name = str(values.name)
    kind = _kind(values)
    code = _analyte(name, values) if kind == "number" else ""
    unit = analytes.get(code).unit if code else ""
    meaning = analytes.get(code).display if code else ""
    return Column(name, kind, unit, meaning, analyte=code)


def limits(column: Column) -> tuple[float, float] | None:
    """What a value of the column may be, in its own unit: by analyte, else by schema."""
    if column.analyte:
        low, high = analytes.get(column.analyte).plausible
        ends = [units.express(column.analyte, end, column.unit) for end in (low, high)]
        return min(ends), max(ends)
    if column.low is None or column.high is None:
        return None
    return column.low, column.high


def _of_set(dataset: Dataset, what: str, member: str, path) -> Table:
    from ml.datasets import load

    frame = load(what, path)
    if member:
        return describe(frame, what.replace("/", "_"))
    return _described(dataset, dataset.name, frame)


def _described(dataset: Dataset, name: str, frame: pd.DataFrame) -> Table:
    known = {column.name: column for column in dataset.columns}
    columns = tuple(known.get(column) or infer(frame[column]) for column in frame)
    person = dataset.person if dataset.person in frame else None
    time = dataset.time if dataset.time in frame else None
    return Table(name, dataset.title, frame, columns, person, time, dataset)


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    """Column names as text and one of each; lists and dictionaries as their text."""
    names: list[str] = []
    for name in map(str, frame.columns):
        again = sum(1 for other in names if other == name or other.startswith(f"{name}."))
        names.append(f"{name}.{again}" if name in names else name)
    out = frame.set_axis(names, axis=1).infer_objects()
    odd = [name for name in names if out[name].dtype == object and not _is_plain_object(out[name])]
    return out.assign(**{name: out[name].map(str, na_action="ignore") for name in odd})


def _is_plain_object(values: pd.Series) -> bool:
    known = values.dropna()
    return known.map(lambda value: isinstance(value, str)).all()


def _kind(values: pd.Series) -> str:
    known = values.dropna()
    if pd.api.types.is_bool_dtype(values.dtype):
        return "flag"
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        return "date"
    if pd.api.types.is_numeric_dtype(values.dtype):
        return _kind_of_number(known)
    return _kind_of_text(known.astype(str))


def _kind_of_number(known: pd.Series) -> str:
    distinct = known.nunique()
    if distinct and known.isin((0, 1)).all():
        return "flag"
    whole = distinct and (known.astype(float) % 1 == 0).all()
    if whole and distinct == len(known) > FEW and _counts_up(known):
        return "integer"
    return "code" if whole and distinct <= FEW // 2 and known.abs().max() < 100 else "number"


def _counts_up(known: pd.Series) -> bool:
    """Whether whole numbers that never repeat look like a key rather than a measurement."""
    return bool(known.is_monotonic_increasing or known.abs().min() > 1000)


def _kind_of_text(known: pd.Series) -> str:
    if known.empty:
        return "category"
    if known.str.match(r"\d{4}-\d{2}-\d{2}").all() and _are_dates(known):
        return "date"
    if known.str.len().mean() > LONG_TEXT:
        return "text"
    return "identifier" if known.nunique() == len(known) > FEW else "category"


def _are_dates(known: pd.Series) -> bool:
    return bool(pd.to_datetime(known, errors="coerce", format="ISO8601", utc=True).notna().all())


def _analyte(name: str, values: pd.Series) -> str:
    """The analyte of a column's name, if its values fit the canonical unit."""
    found = analytes.resolve(name.replace("_", " ")) or analytes.resolve(name)
    known = values.dropna()
    if found is None or known.empty:
        return ""
    inside = known.between(*found.plausible).mean()
    return found.code if inside >= PLAUSIBLE_SHARE else ""
