"""NHANES: who has been told of cardiovascular disease, from measurements and other history.

python -m ml.studies.cvd_prevalence run|score|validate

Not among the inputs: the five questions that make the outcome, and drugs for blood pressure and
lipids, which are given because of the disease.
"""

import pandas as pd

from ml.studies import nhanes_inputs as nhanes
from ml.studies import published
from ml.studies.beside import Beside
from ml.studies.columns import flags, numbers
from ml.studies.command import main
from ml.studies.problem import Problem
from ml.studies.table import TableStudy

QUESTIONS = ("mcq160b_chf", "mcq160c_chd", "mcq160d_angina", "mcq160e_mi", "mcq160f_stroke")


def prepare(frame: pd.DataFrame) -> pd.DataFrame:
    """Told of any of five diseases; unknown where none was told and one was not answered."""
    found = nhanes.cleaned(frame)
    diabetes = found["diq010_diabetes"]
    told_diabetes = (diabetes == 1).astype(float).where(diabetes.notna())
    reason = pd.Series(None, frame.index, dtype=object)
    reason[frame["pregnant"] == 1] = "Pregnant: blood follows other ranges"
    found = found.assign(excluded=reason, told_diabetes=told_diabetes)
    if not set(QUESTIONS) <= set(frame):
        return found
    answers = found[list(QUESTIONS)]
    told = (answers == 1).any(axis=1)
    return found.assign(has_it=told.astype(float).where(told | answers.notna().all(axis=1)))


FRAMINGHAM = Beside(
    "Framingham general cardiovascular risk 2008 (30 to 74 years)",
    published.framingham_cvd_2008,
    "Made to foretell the disease of people without it; those who have it may have changed their "
    "pressure, lipids and smoking since.",
)
PROBLEM = Problem(
    task="cvd_prevalence",
    title="Cardiovascular disease that is known (NHANES)",
    population="US adults from 20 years, not pregnant",
    index_time="admission",
    outcome="has_it",
    outcome_text="Told heart attack, coronary disease, angina, heart failure or stroke",
    kind="binary",
    time_at_risk="now",
    inputs=(
        *nhanes.PERSON,
        *nhanes.CIRCUMSTANCES,
        *nhanes.ETHNICITY,
        *nhanes.HABITS,
        *nhanes.TOLD_RISKS,
        *flags({"told_diabetes": "Told diabetes"}, available="before"),
        *nhanes.BODY,
        *nhanes.LIPIDS,
        *nhanes.BLOOD_COUNT,
        *nhanes.CHEMISTRY,
        *nhanes.KIDNEY,
        *numbers((("glucose_serum_mg_dl", "Glucose", "mg/dL"), ("hba1c_pct", "HbA1c", "%"))),
    ),
    person="SEQN",
    time="cycle_start",
    parameters={
        "n_estimators": 500,
        "learning_rate": 0.03,
        "max_depth": 4,
        "min_child_weight": 10,
        "subsample": 0.7,
        "colsample_bytree": 0.4,
        "max_bin": 64,
    },
    thresholds=(0.05, 0.1, 0.2),
    published_score=FRAMINGHAM.title,
    refits=200,
    groups=("sex_group", "age_band", "ethnicity"),
    notes=(
        "Prevalence, not a forecast: lipids are low in the ill because they are treated.",
        (
            "No published score asks who has been told of the disease. Framingham 2008, which "
            "foretells it, stands beside as a ranking; PREVENT and SCORE2 refuse those who have it."
        ),
    ),
)
STUDY = TableStudy(PROBLEM, prepare, "nhanes", {"framingham_2008": FRAMINGHAM})

if __name__ == "__main__":
    main(STUDY)
