"""Whole tables of results made ready for storing: keys, reference limits and flags.

For the demonstration hospital and the survey loader; the lab file import has its own way in
SQL. All share `patients.resultkeys` and `ml.analytes`, so that the rows look alike.
"""

from collections.abc import Mapping
from typing import cast

import numpy as np
import pandas as pd

from ml import analytes
from ml.facts import Sex
from patients import resultkeys
from patients.models import Patient, Result
from patients.services import lablatest
from patients.services.copying import copy_frame, new_ids

UNKNOWN = np.nan  # no limit
TERM = np.timedelta64(44 * 7, "D")


def store(long: pd.DataFrame, people: pd.DataFrame, analyte_ids: Mapping[str, int]) -> int:
    """Store printed results; return the row count.

    `long`: patient_id, code, value, comparator, printed, collected_at, issued_at,
    superseded_at, status, accession, source (times UTC). `people`, indexed by patient_id:
    sex, birth_date, pregnant_since. `analyte_ids`: primary key by code.
    """
    long = long.reset_index(drop=True)
    limits = _limits(long, people)
    analyte = long["code"].map(analyte_ids).astype("int64")
    rows = pd.DataFrame(
        {
            "id": np.array(new_ids(Result, len(long)), "int64"),
            "patient_id": long["patient_id"],
            "analyte_id": analyte,
            "version": _versions(long),
            "accession": long["accession"],
            "value": long["value"],
            "comparator": long["comparator"],
            "value_as_sent": long["printed"],
            "unit_as_sent": long["code"].map(lambda code: analytes.get(code).unit),
            "status": long["status"],
            "collected_at": long["collected_at"],
            "issued_at": long["issued_at"],
            "recorded_at": long["issued_at"],
            "superseded_at": long["superseded_at"],
            "source": long["source"],
            "reference_low": limits["low"],
            "reference_high": limits["high"],
            "flag": flags(long["value"].to_numpy(float), limits),
        }
    )
    stored = copy_frame(Result, rows)
    if stored:
        lablatest.put(int(rows["id"].min()), int(rows["id"].max()))
    return stored


def flags(value: np.ndarray, limits: pd.DataFrame) -> np.ndarray:
    """What `ml.analytes.flag` says, for columns: LL, L, N, H, HH or "" without any limit."""
    # A comparison with NaN, no limit, is False.
    known = ~(np.isnan(limits["low"]) & np.isnan(limits["high"]))
    choices = [
        (value < limits["critical_low"], "LL"),
        (value > limits["critical_high"], "HH"),
        (value < limits["low"], "L"),
        (value > limits["high"], "H"),
        (known, "N"),
    ]
    conditions = [where.to_numpy() for where, _ in choices]
    return np.select(conditions, [flag for _, flag in choices], "")


def _limits(long: pd.DataFrame, people: pd.DataFrame) -> pd.DataFrame:
    """Reference and critical limits of each row, NaN where there are none."""
    person = people.loc[long["patient_id"]].reset_index(drop=True)
    day = long["collected_at"].dt.normalize().reset_index(drop=True)
    rows = pd.DataFrame(
        {
            "code": long["code"].to_numpy(),
            "sex": person["sex"],
            "age": _completed_years(person["birth_date"], day),
            "pregnant": (day >= person["pregnant_since"])
            & (day <= person["pregnant_since"] + TERM),
        }
    )
    kinds = rows.drop_duplicates(ignore_index=True)
    limits = pd.DataFrame(
        [_limits_of(*kind) for kind in kinds.itertuples(index=False, name=None)],
        columns=["low", "high", "critical_low", "critical_high"],
        dtype=float,
    )
    kinds = pd.concat([kinds, limits], axis=1)
    merged = rows.merge(kinds, how="left", on=["code", "sex", "age", "pregnant"])
    return merged.set_index(long.index)


def _limits_of(code: str, sex: str, age: int, pregnant: bool) -> tuple:
    known_sex: Sex | None = None if sex == Patient.Sex.UNKNOWN else cast(Sex, sex)
    low, high = analytes.reference_range(code, known_sex, age, pregnant)
    return (low, high, *analytes.critical_limits(code, age))


def _completed_years(birth_date: pd.Series, day: pd.Series) -> pd.Series:
    had_birthday = (day.dt.month > birth_date.dt.month) | (
        (day.dt.month == birth_date.dt.month) & (day.dt.day >= birth_date.dt.day)
    )
    return day.dt.year - birth_date.dt.year - (~had_birthday).astype(int)


def _versions(long: pd.DataFrame) -> np.ndarray:
    return resultkeys.versions(
        long["status"].map(resultkeys.STATUSES).to_numpy(),
        long["comparator"].map(resultkeys.COMPARATORS).to_numpy(),
        long["value"].to_numpy(float),
        np.zeros(len(long), "int64"),
        _microseconds(long["issued_at"]),
    )


def _microseconds(moments: pd.Series) -> np.ndarray:
    return moments.to_numpy("datetime64[us]").astype("int64")
