"""NHANES: time to death over all follow-up, from everything the survey measured.

python -m ml.studies.death_survival run|score|validate

`death_10y` reads what a record knows and serves patients; this study reads the whole table
(income, daily living, cadmium, breath tests) and all cycles: people of later cycles are censored
at the end of 2019, so nobody has to be left out and no late death counts without its survivors.
"""

import pandas as pd

from ml.studies import nhanes_inputs as nhanes
from ml.studies import published
from ml.studies.beside import Beside
from ml.studies.columns import flags, numbers
from ml.studies.command import main
from ml.studies.problem import Problem
from ml.studies.table import TableStudy

MONTHS_A_YEAR = 12
SOONEST = 0.5  # months: death in the month of the examination
DIED = 1


def prepare(frame: pd.DataFrame) -> pd.DataFrame:
    """Signed years from the examination; why a row is outside the study."""
    found = nhanes.cleaned(frame)
    reason = pd.Series(None, frame.index, dtype=object)
    reason[frame["pregnant"] == 1] = "Pregnant: blood follows other ranges"
    found = found.assign(excluded=reason, diabetes=_told(found["diq010_diabetes"]))
    if not {"mort_eligstat", "mort_status", "mort_permth_exm"} <= set(frame):
        return found
    followed = (frame["mort_eligstat"] == 1) & frame["mort_permth_exm"].notna()
    years = frame["mort_permth_exm"].clip(lower=SOONEST) / MONTHS_A_YEAR
    return found.assign(years=years.where(frame["mort_status"] == DIED, -years).where(followed))


def _told(answer: pd.Series) -> pd.Series:
    return (answer == 1).astype(float).where(answer.notna())


PROBLEM = Problem(
    task="death_survival",
    title="Time to death (NHANES)",
    population="US adults from 20 years, examined 1999 to 2016, not pregnant",
    index_time="admission",
    outcome="years",
    outcome_text="Death of any cause; years from the examination to the end of 2019",
    kind="survival",
    time_at_risk="all follow-up, up to 21 years",
    inputs=(
        *nhanes.PERSON,
        *nhanes.CIRCUMSTANCES,
        *nhanes.ETHNICITY,
        *nhanes.HABITS,
        *nhanes.TOLD_HEART,
        *nhanes.TOLD_RISKS,
        *nhanes.DRUGS,
        *flags({"diabetes": "Told diabetes"}, available="before"),
        *nhanes.BODY,
        *nhanes.LIPIDS,
        *nhanes.BLOOD_COUNT,
        *nhanes.CHEMISTRY,
        *nhanes.KIDNEY,
        *numbers((("glucose_serum_mg_dl", "Glucose", "mg/dL"), ("hba1c_pct", "HbA1c", "%"))),
        *nhanes.SOME_CYCLES,
    ),
    person="SEQN",
    model="xgboost",
    parameters={
        "n_estimators": 600,
        "learning_rate": 0.03,
        "max_depth": 4,
        "min_child_weight": 20,
        "subsample": 0.7,
        "colsample_bytree": 0.4,
        "max_bin": 64,
    },
    published_score=published.SCORES["death_10y"][0],
    horizon=10.0,
    horizons=(5.0, 15.0),
    unit="years",
    refits=200,
    groups=("sex_group", "age_band", "ethnicity"),
    notes=(
        (
            "C-index of age alone 0.837. Boosting gains 0.050 over it, Cox on splines 0.042; their "
            "mean is no better than boosting."
        ),
        (
            "People who were interviewed and not examined are left out: a missing laboratory would "
            "come to mean too ill to be examined."
        ),
    ),
)
BESIDE = {"charlson": Beside(published.SCORES["death_10y"][0], published.charlson_points)}
STUDY = TableStudy(PROBLEM, prepare, "nhanes", BESIDE)

if __name__ == "__main__":
    main(STUDY)
