"""Read the table of a data set: UTF-8, gzip or Parquet, missing codes resolved, stable types."""

import logging
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd

from ml.datasets.dataset import Column, Dataset, NotThisDataset

log = logging.getLogger(__name__)
NEVER_NUMBERS = frozenset({"", "na", "n/a", "nan", "null", "none", "?"})
NOT_MEASURED = NEVER_NUMBERS | {"inf", "-inf", "+inf", "infinity", "-infinity", "."}
FLAGS = {"true": 1.0, "false": 0.0}
COMPARATORS = r"^[<>]=?\s*"  # ">89" is read as its bound
THOUSANDS = r"(?<=\d),(?=\d{3}\b)"  # "265,000"
RAGGED = re.compile(r"Expected (\d+) fields in line (\d+), saw (\d+)")
GZIP, ZIP = b"\x1f\x8b", b"PK\x03\x04"  # first bytes of a file
SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}
FEWEST_KNOWN = 0.5  # share of the schema's columns that a file must have


def read(dataset: Dataset, path: Path, fewest: float = FEWEST_KNOWN) -> pd.DataFrame:
    """The rows of a file of `dataset`, in order, typed as its schema says.

    Columns that the file lacks (an outcome that is not known yet) stay absent, as long as it has
    the share `fewest`; further columns are kept as they are. Raises NotThisDataset where the file
    is no such table.
    """
    raw = read_text(path)
    _must_fit(dataset, raw, path, fewest)
    known = {column.name: column for column in dataset.columns}
    return pd.DataFrame(
        {
            name: typed(raw[name], known[name]) if name in known else inferred(raw[name])
            for name in raw.columns
        },
        index=raw.index,
    )


def read_text(path: Path) -> pd.DataFrame:
    """Every cell as it stands in the file. Raises NotThisDataset where it is no UTF-8 table."""
    with in_words(path):
        raw = _cells(path)
    if path.suffix != ".parquet":
        _must_be_parted_by_commas(raw, path)
    return raw


@contextmanager
def in_words(path: Path) -> Iterator[None]:
    """What is wrong with a file, as NotThisDataset with a sentence that says what to do."""
    try:
        yield
    except UnicodeDecodeError as error:
        raise NotThisDataset(
            f"{path} is not UTF-8 (byte {error.start}). Save it as UTF-8 and try again."
        ) from None
    except pd.errors.EmptyDataError:
        raise NotThisDataset(f"{path} is empty. Give a table with a header.") from None
    except NotThisDataset:
        raise
    except pd.errors.ParserError as error:
        raise NotThisDataset(f"{path} cannot be read as a table: {_ragged(error)}") from None
    except (ValueError, OSError, EOFError, zlib.error) as error:
        told = " ".join(str(error).split())
        raise NotThisDataset(f"{path} cannot be read as a table: {told}") from None


def _cells(path: Path) -> pd.DataFrame:
    if path.suffix == ".parquet":
        return pd.read_parquet(path).astype("string").fillna("").astype(str)
    with path.open("rb") as file:
        first = file.read(len(ZIP))
    if first == ZIP and path.suffix != ".zip":
        raise NotThisDataset(f"{path} is a workbook, not text. Save its sheet as CSV (UTF-8).")
    packed = "gzip" if first.startswith(GZIP) else "infer"  # whatever its name says
    return pd.read_csv(
        path, dtype=str, keep_default_na=False, encoding="utf-8-sig", compression=packed
    )


def _ragged(error: pd.errors.ParserError) -> str:
    """A row with too many cells in words; whatever else the parser says as it stands."""
    told = " ".join(str(error).split())
    if found := RAGGED.search(told):
        header, line, cells = found.groups()
        return (
            f"line {line} has {cells} cells, but its header {header}. "
            "Put quotes around text that holds commas."
        )
    return told


def _must_be_parted_by_commas(raw: pd.DataFrame, path: Path) -> None:
    """Other tables are read without an error, too: as one column, or with columns shifted."""
    header = raw.columns[0] if raw.shape[1] == 1 else ""
    if other := next((sign for sign in SEPARATORS if sign in header), ""):
        raise NotThisDataset(
            f"{path}: its columns are parted by {SEPARATORS[other]}. Save it with commas "
            "(and points in numbers) and try again."
        )
    if not isinstance(raw.index, pd.RangeIndex):
        raise NotThisDataset(f"{path}: its rows have more cells than its header has names.")


def typed(text: pd.Series, column: Column) -> pd.Series:
    """Cells of a column as its type, missing where empty or coded as missing."""
    known = text.where(~text.isin(("", *column.missing)))
    if column.type == "date":
        days = pd.to_datetime(known, errors="coerce", format="ISO8601")
        return days.astype("datetime64[us]")
    if not column.is_numeric:
        return known.astype(str) if known.notna().all() else known
    values = numbers(known, column.name)
    values = values.mask(values.isin(_numeric_codes(column.missing)))
    if column.type == "integer" and values.notna().all():
        return values.astype("int64")
    return values


def numbers(text: pd.Series, name: str) -> pd.Series:
    """Cells as float64; what is no number becomes missing and is told in the log."""
    values = _finite(pd.to_numeric(text, errors="coerce").astype("float64"))
    odd = values.isna() & text.notna() & ~text.str.strip().str.lower().isin(NEVER_NUMBERS)
    if not odd.any():
        return values
    again = text[odd].str.strip().str.replace(COMPARATORS, "", regex=True)
    again = again.str.replace(THOUSANDS, "", regex=True)
    flags = again.str.lower().map(FLAGS)
    values[odd] = pd.to_numeric(again, errors="coerce").fillna(flags).astype("float64")
    unread = odd & values.isna()
    if unread.any():
        log.warning(
            "%d values of %s are no numbers (the first in row %d); read as missing",
            unread.sum(), name, np.flatnonzero(unread)[0] + 1,
        )  # fmt: skip
    return values


def inferred(text: pd.Series) -> pd.Series:
    """A column without a schema: numbers where every cell is one or says "none", else text."""
    known = text.where(text != "")
    values = _finite(pd.to_numeric(known, errors="coerce"))
    said = known[values.isna()].dropna().str.strip().str.lower()
    numeric = said.empty or (values.notna().any() and said.isin(NOT_MEASURED).all())
    return values if numeric else known


def _finite(values: pd.Series) -> pd.Series:
    """Infinity, which is no measurement, becomes missing."""
    return values.mask(np.isinf(values))


def _numeric_codes(codes: tuple[str, ...]) -> list[float]:
    values = pd.to_numeric(pd.Series(codes, dtype=str), errors="coerce")
    return values.dropna().tolist()


def _must_fit(dataset: Dataset, raw: pd.DataFrame, path: Path, fewest: float) -> None:
    names = [column.name for column in dataset.columns]
    absent = [name for name in names if name not in raw.columns]
    if len(absent) > (1 - fewest) * len(names):
        shown = ", ".join(absent[:5]) + (" …" if len(absent) > 5 else "")
        raise NotThisDataset(
            f"{path} does not look like {dataset.name}: it lacks {len(absent)} of "
            f"{len(names)} columns ({shown})."
        )
    for name in names:
        again = f"{name}.1"  # as pandas calls the second of two equal names
        if again in raw and again not in names and not raw[name].equals(raw[again]):
            raise NotThisDataset(
                f"{path} has two columns called {name} that differ. Keep the right one."
            )
