"""Charlson comorbidity index, from named conditions or from ICD-10 codes."""

from collections.abc import Iterable
from functools import cache

import numpy as np

from ml import reference
from ml.scores.engine import published
from ml.scores.inputs import flag, number
from ml.scores.points import steps, total

# Charlson, J Chronic Dis 1987;40:373.
WEIGHTS = {
    "mi": 1,
    "chf": 1,
    "pvd": 1,
    "cva_tia": 1,
    "dementia": 1,
    "copd": 1,
    "ctd": 1,
    "pud": 1,
    "liver_mild": 1,
    "dm_uncomplicated": 1,
    "hemiplegia": 2,
    "ckd_mod_severe": 2,
    "dm_end_organ": 2,
    "tumor_localized": 2,
    "leukemia": 2,
    "lymphoma": 2,
    "liver_mod_severe": 3,
    "tumor_metastatic": 6,
    "aids": 6,
}
# The severe item replaces the mild one.
SUPERSEDED = {
    "liver_mild": "liver_mod_severe",
    "dm_uncomplicated": "dm_end_organ",
    "tumor_localized": "tumor_metastatic",
}
# An item left out is one that the problem list does not name; None is unknown.
ITEMS = tuple(flag(name, "the list of conditions", default=False) for name in WEIGHTS)
REFERENCE = "Charlson, J Chronic Dis 1987;40:373"
NOTES = ("A condition that is not on the list counts as absent",)


@published("CHARLSON", *ITEMS, unit="points", reference=REFERENCE, notes=NOTES)
def charlson(**items):
    """Points of the conditions present."""
    return {"points": _points(items)}


@published(
    "CHARLSON_AGE",
    number("age", "age", 0, 120),
    *ITEMS,
    unit="points",
    reference="Charlson, J Clin Epidemiol 1994;47:1245",
    notes=NOTES,
)
def charlson_age(age, **items):
    """Points of the conditions and of age: 1 from 50, 2 from 60, 3 from 70, 4 from 80."""
    return {"points": _points(items) + steps(age, [50, 60, 70, 80], [0, 1, 2, 3, 4])}


def charlson_items(icd10_codes: Iterable[str]) -> frozenset[str]:
    """Charlson items that a list of ICD-10 codes names (Quan, Med Care 2005;43:1130).

    Codes are read with or without the dot; unknown codes name nothing.
    """
    codes = [code.replace(".", "").strip().upper() for code in icd10_codes]
    return frozenset(
        item for prefix, item in _quan().items() if any(code.startswith(prefix) for code in codes)
    )


@cache
def _quan() -> dict[str, str]:
    table = reference.rows("charlson_icd10_quan2005.csv")
    return {row["icd10_prefix_no_dot"]: row["scores_csv_key"] for row in table}


def _points(items):
    counted = dict(items)
    for mild, severe in SUPERSEDED.items():
        counted[mild] = np.where(items[severe] == 1, 0, items[mild])
    return total(*(weight * counted[name] for name, weight in WEIGHTS.items()))
