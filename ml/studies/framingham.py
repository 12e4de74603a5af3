"""What the two Framingham studies share: inputs, parts of the population, the published score."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.scores import framingham_cvd_bmi
from ml.studies.columns import demographic, flags, numbers
from ml.studies.problem import Input

AGES = ["under 45", "45-54", "55 and over"]
DRIVES = "drives coronary disease"
SCORE = "Framingham general cardiovascular risk 2008 (body mass index)"
SCORE_NOTE = "It foretells all cardiovascular disease and was fitted to people of the same town."


def inputs(name: Mapping[str, str], sex: Input) -> tuple[Input, ...]:
    """The examination; `name` maps what is measured to the column of the file."""
    return (
        demographic(name["age"], "Age", "a", 1, "risk rises with age"),
        sex,
        demographic(name["education"], "Education (1 some school to 4 college)"),
        *flags({name["smoker"]: "Smokes now"}),
        Input(name["cigarettes"], "number", "Cigarettes a day", "", "before", "history", 1, DRIVES),
        *flags(
            {
                name["treated"]: "Takes a blood pressure drug",
                name["stroke"]: "Had a stroke",
                name["hypertension"]: "Hypertension",
                name["diabetes"]: "Diabetes",
            }
        ),
        *numbers(
            (
                (name["cholesterol"], "Total cholesterol", "mg/dL", 1, DRIVES),
                (name["systolic"], "Systolic blood pressure", "mm[Hg]", 1, DRIVES),
                (name["diastolic"], "Diastolic blood pressure", "mm[Hg]"),
                (name["bmi"], "Body mass index", "kg/m2"),
                (name["pulse"], "Heart rate", "/min"),
                (name["glucose"], "Glucose", "mg/dL", 1, DRIVES),
            )
        ),
    )


def age_band(age: pd.Series) -> pd.Series:
    """The part of the population by age."""
    return pd.cut(age, [0, 45, 55, 200], right=False, labels=AGES).astype(str)


def score_2008(rows: pd.DataFrame, name: Mapping[str, str], male: pd.Series) -> NDArray[np.float64]:
    """Framingham general cardiovascular risk with body mass index: HDL was not measured by all."""
    asked = {
        "age": rows[name["age"]].to_numpy(float),
        "sex": np.where(male, "male", "female"),
        "bmi": rows[name["bmi"]].to_numpy(float),
        "sbp": rows[name["systolic"]].to_numpy(float),
        "bp_treated": (rows[name["treated"]] == 1).to_numpy(float),
        "smoker": rows[name["smoker"]].to_numpy(float),
        "diabetes": rows[name["diabetes"]].to_numpy(float),
    }
    return np.asarray(framingham_cvd_bmi.compute(asked).value, float)
