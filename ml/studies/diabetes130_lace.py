"""LACE on the diabetes-130 table: length of stay, acuity, comorbidity, emergency visits.

van Walraven et al., CMAJ 2010;182:551. The codes of conditions follow the enhanced ICD-9-CM lists
of Quan et al., Med Care 2005;43:1130. But for diabetes the table cuts codes to three digits, so a
category counts for a condition when at least half of its codes do (402 to 404, hypertensive heart
and kidney disease, among them); single codes inside other categories cannot be seen. Kidney disease
of these lists is the moderate or severe one. Three diagnoses of a stay are told of up to sixteen.

HOSPITAL, the other score of readmission, cannot be had: the table lacks haemoglobin and sodium at
discharge, and whether the stay was on an oncology ward.
"""

from collections.abc import Iterable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.scores import lace
from ml.studies.beside import Beside

ACUTE, PLANNED = (1, 2, 7), (3, 4)  # emergency, urgent, trauma; elective, birth; others unknown
WEIGHTS = {
    "infarction": 1,
    "stroke": 1,
    "vessels": 1,
    "diabetes": 1,
    "heart_failure": 2,
    "diabetes_organs": 2,
    "lung": 2,
    "liver": 2,
    "tumour": 2,
    "dementia": 3,
    "connective": 3,
    "aids": 4,
    "liver_severe": 4,
    "kidney": 4,
    "metastasis": 6,
}
SUPERSEDED = {"diabetes": "diabetes_organs", "liver": "liver_severe", "tumour": "metastasis"}
CODES = {  # first and last three-digit categories
    "infarction": ((410, 410), (412, 412)),
    "stroke": ((430, 438),),
    "vessels": ((440, 441), (443, 443), (557, 557)),
    "heart_failure": ((402, 402), (404, 404), (425, 425), (428, 428)),
    "lung": ((416, 416), (490, 505), (508, 508)),
    "liver": ((570, 571), (573, 573)),
    "tumour": ((140, 172), (174, 195), (200, 208)),
    "dementia": ((290, 290),),
    "connective": ((710, 710), (714, 714), (725, 725)),
    "aids": ((42, 44),),
    "liver_severe": ((572, 572),),
    "kidney": ((403, 404), (582, 583), (585, 586)),
    "metastasis": ((196, 199),),
}
DIALYSIS = "V56"
DIABETES, ORGANS = "250", "4567"  # fourth digits of kidney, eye, nerve and vessel disease
PLACES = ("diag_1", "diag_2", "diag_3")


def items(code: str) -> frozenset[str]:
    """Conditions of LACE that one ICD-9 code names; a code that names none gives nothing.

    >>> sorted(items("404")), sorted(items("250.6")), sorted(items("V56"))
    (['heart_failure', 'kidney'], ['diabetes_organs'], ['kidney'])
    """
    category, _, rest = code.partition(".")
    if category == DIABETES:
        return frozenset({"diabetes_organs" if rest[:1] and rest[0] in ORGANS else "diabetes"})
    if not category.isdigit():
        return frozenset({"kidney"} if category == DIALYSIS else ())
    number = int(category)
    return frozenset(
        item
        for item, spans in CODES.items()
        if any(first <= number <= last for first, last in spans)
    )


def comorbidity(codes: Iterable[str]) -> int:
    """Points of the conditions that a stay's codes name; the graver of a pair counts alone.

    Everybody has diabetes: the table holds no other stays.
    """
    found = {"diabetes"}.union(*(items(code) for code in codes))
    found -= {mild for mild, severe in SUPERSEDED.items() if severe in found}
    return sum(WEIGHTS[item] for item in found)


def charlson(frame: pd.DataFrame) -> NDArray[np.float64]:
    """LACE's comorbidity points of each stay; NaN where a diagnosis was made that is not told."""
    told = frame[list(PLACES)]
    made = np.minimum(frame["number_diagnoses"].to_numpy(float), len(PLACES))
    unknown = told.notna().sum(axis=1).to_numpy() < made
    points = {row: comorbidity(code for code in row if isinstance(code, str))
              for row in set(told.itertuples(index=False, name=None))}  # fmt: skip
    found = [points[row] for row in told.itertuples(index=False, name=None)]
    return np.where(unknown | told["diag_1"].isna(), np.nan, np.array(found, float))


def points(frame: pd.DataFrame) -> NDArray[np.float64]:
    """LACE, 0 to 19; NaN where the type of admission or a diagnosis is unknown."""
    kind = frame["admission_type_id"]
    acute = np.select([kind.isin(ACUTE), kind.isin(PLANNED)], [1.0, 0.0], np.nan)
    asked = {
        "length_of_stay_days": frame["time_in_hospital"].to_numpy(float),
        "acute_admission": acute,
        "charlson_points": charlson(frame),
        "ed_visits_6m": frame["number_emergency"].to_numpy(float),
    }
    return np.asarray(lace.compute(asked).value, float)


LACE = Beside(
    "LACE (van Walraven 2010)",
    points,
    "LACE asks for emergency visits in six months, the table counts those of a year; it tells "
    "three diagnoses of a stay, cut to three digits. HOSPITAL cannot be had: haemoglobin, sodium "
    "and an oncology ward are not in the table.",
)
