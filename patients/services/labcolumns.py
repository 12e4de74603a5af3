"""Readings and what was judged of them, as columns of the table of results."""

from datetime import datetime
from typing import NamedTuple

import numpy as np
import polars as pl

from patients import resultkeys
from patients.labcsv.memories import NOT_SAID
from patients.labcsv.readings import STATUSES, Readings

# Statuses that speak of an earlier version: without an issue time they are as new as their file.
AFTERTHOUGHTS = {"corrected", "amended", "cancelled", "entered-in-error"}
IS_AFTERTHOUGHT = np.array([name in AFTERTHOUGHTS for name in STATUSES])
STATUS_NUMBERS = np.array([resultkeys.STATUSES[name] for name in STATUSES])
MOST_NOTE = 300


class Judged(NamedTuple):
    """What n rows came to mean: whose, of which analyte, in our unit, how unusual."""

    patient_id: np.ndarray  # int64 (n,)
    analyte_id: np.ndarray  # int64 (n,)
    unit_as_sent: pl.Series
    value: np.ndarray  # float64 (n,), NaN for none, as are the limits; in our unit
    low: np.ndarray
    high: np.ndarray
    flag: pl.Series


def columns(readings: Readings, said_at: datetime, judged: Judged) -> pl.DataFrame:
    """Columns of the table of results and `import_row`, all n rows; `said_at` is their file's."""
    said, status = readings.value, readings.status
    return pl.DataFrame(
        {
            "patient_id": judged.patient_id,
            "analyte_id": judged.analyte_id,
            "import_row": readings.rows,
            "version": _versions(readings, judged.value),
            "accession": readings.accession,
            "value": pl.Series(judged.value).fill_nan(None),
            "comparator": said.texts(lambda one: one.comparator),
            "text": said.texts(lambda one: one.text),
            "note": _notes(readings),
            "value_as_sent": said.texts(lambda one: one.as_sent),
            "unit_as_sent": judged.unit_as_sent,
            "status": pl.Series(STATUSES, dtype=pl.String).gather(status),
            "collected_at": _times(readings.collected.at),
            "issued_at": _times(_issued_at(readings, said_at)),
            "reference_low": pl.Series(judged.low).fill_nan(None),
            "reference_high": pl.Series(judged.high).fill_nan(None),
            "flag": judged.flag,
        }
    )


def _versions(readings: Readings, value: np.ndarray) -> np.ndarray:
    said = readings.value
    return resultkeys.versions(
        STATUS_NUMBERS[readings.status],
        said.each(lambda one: resultkeys.COMPARATORS[one.comparator], "int64"),
        value,
        said.each(lambda one: resultkeys.text_digest(one.text), "int64"),
        readings.issued.at,
    )


def _issued_at(readings: Readings, said_at: datetime) -> np.ndarray:
    """When the laboratory said so, where the row does not tell; see decision 0002."""
    is_afterthought = IS_AFTERTHOUGHT[readings.status]
    arrived = resultkeys.microseconds(said_at)
    filled_in = np.where(is_afterthought, arrived, readings.collected.at)
    return np.where(readings.issued.at == NOT_SAID, filled_in, readings.issued.at)


def _notes(readings: Readings) -> pl.Series:
    """What the laboratory remarks, from wherever it stands, as one text."""
    said = [
        readings.value.texts(lambda value: value.note),
        readings.note.texts(str),
        readings.flag.texts(lambda flag: flag[1]),
        readings.range_remark.texts(lambda remark: remark and f"Reference range: {remark}"),
    ]
    if not any((texts != "").any() for texts in said[1:]):
        return said[0]
    parts = [pl.when(texts != "").then(texts) for texts in said]
    joined = pl.concat_str(parts, separator="; ", ignore_nulls=True).str.head(MOST_NOTE)
    return pl.select(joined).to_series()


def _times(microseconds: np.ndarray) -> pl.Series:
    return pl.Series(microseconds).cast(pl.Datetime("us"))
