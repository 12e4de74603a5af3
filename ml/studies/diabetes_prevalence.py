"""NHANES: who has diabetes, told or not, without any look at glycaemia.

python -m ml.studies.diabetes_prevalence run|score|validate

Not among the inputs: HbA1c, glucose, insulin and osmolality (they measure it), what people answer
on diabetes and its drugs (it is the outcome), and the question on prediabetes (it was put to those
without diabetes only, so that being asked gives the answer).
"""

import pandas as pd

from ml.studies import nhanes_inputs as nhanes
from ml.studies.beside import Beside
from ml.studies.columns import flags
from ml.studies.command import main
from ml.studies.problem import Problem
from ml.studies.published import ada_points
from ml.studies.table import TableStudy

HBA1C_LIMIT = 6.5  # %, ADA Standards of Care


def prepare(frame: pd.DataFrame) -> pd.DataFrame:
    """Told diabetes or HbA1c from 6.5 %; unknown where nobody told and HbA1c is not measured."""
    found = nhanes.cleaned(frame)
    reason = pd.Series(None, frame.index, dtype=object)
    reason[frame["pregnant"] == 1] = "Pregnant: another diabetes, other limits"
    found = found.assign(excluded=reason)
    if not {"diq010_diabetes", "hba1c_pct"} <= set(frame):
        return found
    told, high = frame["diq010_diabetes"] == 1, frame["hba1c_pct"] >= HBA1C_LIMIT
    known = told | frame["hba1c_pct"].notna()
    return found.assign(has_it=(told | high).astype(float).where(known))


PROBLEM = Problem(
    task="diabetes_prevalence",
    title="Diabetes, told or not (NHANES)",
    population="US adults from 20 years, not pregnant",
    index_time="admission",
    outcome="has_it",
    outcome_text="Told diabetes, or HbA1c of 6.5 % or more",
    kind="binary",
    time_at_risk="now",
    inputs=(
        *nhanes.PERSON,
        *nhanes.ETHNICITY,
        *nhanes.HABITS,
        *flags({"family_history_diabetes": "Diabetes in the family"}, available="before"),
        *nhanes.TOLD_HEART,
        *nhanes.TOLD_RISKS,
        *nhanes.BODY,
        *nhanes.LIPIDS,
        *nhanes.BLOOD_COUNT,
        *nhanes.CHEMISTRY,
        *nhanes.KIDNEY,
    ),
    person="SEQN",
    time="cycle_start",
    parameters={
        "n_estimators": 500,
        "learning_rate": 0.04,
        "max_depth": 4,
        "min_child_weight": 10,
        "subsample": 0.7,
        "colsample_bytree": 0.4,
        "max_bin": 64,
    },
    thresholds=(0.05, 0.1, 0.2),
    published_score="ADA diabetes risk test (activity not asked)",
    refits=200,
    groups=("sex_group", "age_band", "ethnicity"),
    notes=(
        "Statins and blood pressure drugs are left out: they are given because of diabetes.",
        (
            "People who know of their diabetes have been treated and have changed; for finding it "
            "the study of undiagnosed diabetes is the right one."
        ),
    ),
)
ADA = Beside(
    PROBLEM.published_score,
    ada_points,
    "Made to find diabetes that nobody knows; here most have been told. Diabetes in pregnancy and "
    "Asian descent are not asked either.",
)
STUDY = TableStudy(PROBLEM, prepare, "nhanes", {"ada_risk_test": ADA})

if __name__ == "__main__":
    main(STUDY)
