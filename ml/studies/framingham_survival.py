"""Framingham, longitudinal file: time to coronary heart disease from the first examination.

python -m ml.studies.framingham_survival run|score|validate

Only the first examination of people without coronary disease makes a row of the study: outcomes
and their times count from there and stand in every later row of the same person, too. People who
die of another cause leave the follow-up then; the risk is that of the disease were nobody to die
of something else before (cause-specific).
"""

import pandas as pd

from ml.studies.columns import demographic, flags, numbers
from ml.studies.command import main
from ml.studies.problem import Input, Problem
from ml.studies.table import TableStudy

DAYS_A_YEAR = 365.25
AGES = ["under 45", "45-54", "55 and over"]
DRIVES = "drives coronary disease"
INPUTS = (
    demographic("AGE", "Age", "a", 1, "risk rises with age"),
    demographic("SEX", "Sex (1 male, 2 female)", "", -1, "men fall ill earlier"),
    demographic("educ", "Education (1 some school to 4 college)"),
    *flags({"CURSMOKE": "Smokes now"}),
    Input("CIGPDAY", "number", "Cigarettes a day", "", "before", "history", 1, DRIVES),
    *flags(
        {
            "BPMEDS": "Takes a blood pressure drug",
            "PREVSTRK": "Had a stroke",
            "PREVHYP": "Hypertension",
            "DIABETES": "Diabetes",
        }
    ),
    *numbers(
        (
            ("TOTCHOL", "Total cholesterol", "mg/dL", 1, DRIVES),
            ("SYSBP", "Systolic blood pressure", "mm[Hg]", 1, DRIVES),
            ("DIABP", "Diastolic blood pressure", "mm[Hg]"),
            ("BMI", "Body mass index", "kg/m2"),
            ("HEARTRTE", "Heart rate", "/min"),
            ("GLUCOSE", "Glucose", "mg/dL", 1, DRIVES),
        )
    ),
)


def prepare(frame: pd.DataFrame) -> pd.DataFrame:
    """Why a row is outside the study, and signed years to coronary disease."""
    reason = pd.Series(None, frame.index, dtype=object)
    reason[frame["PREVCHD"] == 1] = "Had coronary disease already"
    reason[frame["PERIOD"] != 1] = "A later examination: its outcome counts from the first"
    bands = pd.cut(frame["AGE"], [0, 45, 55, 200], right=False, labels=AGES)
    sex = frame["SEX"].map({1: "male", 2: "female"})
    found = frame.assign(excluded=reason, sex=sex, age_band=bands.astype(str))
    if not {"ANYCHD", "TIMECHD"} <= set(frame):
        return found
    years = frame["TIMECHD"] / DAYS_A_YEAR
    return found.assign(years=years.where(frame["ANYCHD"] == 1, -years).where(years > 0))


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
    inputs=INPUTS,
    person="RANDID",
    model="cox_spline",
    parameters={"alpha": 20.0},
    horizon=10.0,
    horizons=(20.0,),
    unit="years",
    groups=("sex", "age_band"),
    notes=(
        (
            "The popular label TenYearCHD of the short file counts deaths of any cause as coronary "
            "disease; here they leave the follow-up."
        ),
        "AUROC of ten years: 0.738 fitted on all 24 years, 0.730 by regression on ten years.",
    ),
)
STUDY = TableStudy(PROBLEM, prepare, "framingham_longitudinal")

if __name__ == "__main__":
    main(STUDY)
