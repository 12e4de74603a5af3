"""People of the synthetic cohort as `Facts`, for rules, scores and models."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import pandas as pd

from ml import analytes
from ml.datasets.synthetic.cohort import CONDITIONS, DRUGS
from ml.facts import Facts, Lifestyle, Measurement

MEDICATIONS = {"takes_statin": "statin", "takes_antihypertensive": "acei"} | {
    f"takes_{code}": code for code in DRUGS
}


def to_facts(people: pd.DataFrame, as_of: date) -> list[Facts]:
    """Every row of the cohort's `people` as `Facts`, in order."""
    known = [analyte for analyte in analytes.all() if analyte.code in people]
    return [_facts(row, known, as_of) for row in people.to_dict("records")]


def _facts(row: Mapping[str, Any], known: list, as_of: date) -> Facts:
    return Facts(
        as_of=as_of,
        sex=row["sex"],
        age=float(row["age"]),
        pregnant=False,
        ethnicity=row["ethnicity"],
        conditions=frozenset(code for code in CONDITIONS if row[f"has_{code}"]),
        medications=frozenset(code for column, code in MEDICATIONS.items() if row[column]),
        allergies=frozenset(),
        lifestyle=Lifestyle(
            smoking=row["smoking"],
            pack_years=float(row["pack_years"]),
            active_minutes_week=float(row["active_minutes"]),
        ),
        measurements={
            analyte.code: Measurement(analyte.code, float(row[analyte.code]), analyte.unit, as_of)
            for analyte in known
        },
    )
