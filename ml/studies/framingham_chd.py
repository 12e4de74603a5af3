"""Framingham teaching set: "ten-year coronary heart disease" from one examination.

python -m ml.studies.framingham_chd run|score|validate

What the label is: joined with the longitudinal file, `TenYearCHD` equals "followed for less than
3,650 days", in every one of 3,397 people. The follow-up of coronary disease ends with death, so
the label counts everybody who died or was lost within ten years as a coronary event: of 514 people
with the label 303 had coronary disease. `framingham_survival` keeps the two apart.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.studies import framingham
from ml.studies.beside import Beside
from ml.studies.command import main
from ml.studies.problem import Input, Problem, Split
from ml.studies.table import TableStudy

COLUMNS = {
    "age": "age", "education": "education", "smoker": "currentSmoker", "cigarettes": "cigsPerDay",
    "treated": "BPMeds", "stroke": "prevalentStroke", "hypertension": "prevalentHyp",
    "diabetes": "diabetes", "cholesterol": "totChol", "systolic": "sysBP", "diastolic": "diaBP",
    "bmi": "BMI", "pulse": "heartRate", "glucose": "glucose",
}  # fmt: skip
SEX = Input("male", "flag", "Male sex", "", "before", "demographic", 1, "men fall ill earlier")


def prepare(frame: pd.DataFrame) -> pd.DataFrame:
    """The table with the parts of the population that the report shows."""
    sex = frame["male"].map({1: "male", 0: "female"})
    return frame.assign(sex=sex, age_band=framingham.age_band(frame["age"]))


def framingham_2008(rows: pd.DataFrame) -> NDArray[np.float64]:
    """The published score of the same people."""
    return framingham.score_2008(rows, COLUMNS, rows["male"] == 1)


PROBLEM = Problem(
    task="framingham_chd",
    title="Coronary heart disease or death within ten years (Framingham)",
    population="Adults of 32 to 70 years without coronary disease at the first examination",
    index_time="admission",
    outcome="TenYearCHD",
    outcome_text="Label TenYearCHD: coronary disease, or death of any cause, within ten years",
    kind="binary",
    time_at_risk="ten years",
    washout="no coronary disease before the first examination",
    inputs=framingham.inputs(COLUMNS, SEX),
    split=Split(repeats=5),
    model="spline",
    thresholds=(0.1, 0.2),
    published_score=framingham.SCORE,
    groups=("sex", "age_band"),
    notes=(
        (
            "Chosen by cross-validation: regression on splines 0.722, logistic regression 0.717, "
            "monotone boosting of depth 2 0.716, their mean 0.721. The simple model wins."
        ),
        "Oversampling before the split would read 0.99: the copies stand on both sides.",
        "1956-68, one town: a benchmark of methods, not for use with people of today.",
    ),
)
BESIDE = {"framingham_2008": Beside(framingham.SCORE, framingham_2008, framingham.SCORE_NOTE)}
STUDY = TableStudy(PROBLEM, prepare, "framingham", BESIDE)

if __name__ == "__main__":
    main(STUDY)
