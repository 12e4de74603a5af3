"""Framingham, longitudinal file: time to coronary heart disease from the first examination.

python -m ml.studies.framingham_survival run|score|validate

Only the first examination of people without coronary disease makes a row of the study: outcomes
and their times count from there and stand in every later row of the same person, too. People who
die of another cause leave the follow-up then; the risk is that of the disease were nobody to die
of something else before (cause-specific).
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.studies import framingham
from ml.studies.beside import Beside
from ml.studies.columns import demographic
from ml.studies.command import main
from ml.studies.problem import Problem
from ml.studies.table import TableStudy

DAYS_A_YEAR = 365.25
COLUMNS = {
    "age": "AGE", "education": "educ", "smoker": "CURSMOKE", "cigarettes": "CIGPDAY",
    "treated": "BPMEDS", "stroke": "PREVSTRK", "hypertension": "PREVHYP",
    "diabetes": "DIABETES", "cholesterol": "TOTCHOL", "systolic": "SYSBP", "diastolic": "DIABP",
    "bmi": "BMI", "pulse": "HEARTRTE", "glucose": "GLUCOSE",
}  # fmt: skip
SEX = demographic("SEX", "Sex (1 male, 2 female)", "", -1, "men fall ill earlier")


def prepare(frame: pd.DataFrame) -> pd.DataFrame:
    """Why a row is outside the study, and signed years to coronary disease."""
    reason = pd.Series(None, frame.index, dtype=object)
    reason[frame["PREVCHD"] == 1] = "Had coronary disease already"
    reason[frame["PERIOD"] != 1] = "A later examination: its outcome counts from the first"
    sex = frame["SEX"].map({1: "male", 2: "female"})
    found = frame.assign(excluded=reason, sex=sex, age_band=framingham.age_band(frame["AGE"]))
    if not {"ANYCHD", "TIMECHD"} <= set(frame):
        return found
    years = frame["TIMECHD"] / DAYS_A_YEAR
    known = frame["ANYCHD"].notna() & (years > 0)
    return found.assign(years=years.where(frame["ANYCHD"] == 1, -years).where(known))


def framingham_2008(rows: pd.DataFrame) -> NDArray[np.float64]:
    """The published score of the same people: of all cardiovascular disease, so it only ranks."""
    return framingham.score_2008(rows, COLUMNS, rows["SEX"] == 1)


PROBLEM = Problem(
    task="framingham_survival",
    title="Time to coronary heart disease (Framingham)",
    population="Adults of 32 to 70 years without coronary disease, at their first examination",
    index_time="admission",
    outcome="years",
    outcome_text="Angina, heart attack, coronary insufficiency or coronary death; years followed",
    kind="survival",
    time_at_risk="up to 24 years",
    washout="no coronary disease before the first examination",
    inputs=framingham.inputs(COLUMNS, SEX),
    person="RANDID",
    model="cox_spline",
    parameters={"alpha": 20.0},
    horizon=10.0,
    horizons=(20.0,),
    unit="years",
    refits=200,
    published_score=framingham.SCORE,
    groups=("sex", "age_band"),
    notes=(
        (
            "The popular label TenYearCHD of the short file counts deaths of any cause as coronary "
            "disease; here they leave the follow-up."
        ),
        "AUROC of ten years: 0.738 fitted on all 24 years, 0.730 by regression on ten years.",
    ),
)
BESIDE = {"framingham_2008": Beside(framingham.SCORE, framingham_2008, framingham.SCORE_NOTE)}
STUDY = TableStudy(PROBLEM, prepare, "framingham_longitudinal", BESIDE)

if __name__ == "__main__":
    main(STUDY)
