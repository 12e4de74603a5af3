"""Heart failure clinic of Faisalabad: survival of 299 people, and how little they can tell.

python -m ml.studies.heart_failure run|score|validate

The column `time` is the follow-up. It ends with death, so as an input it would be the outcome in
disguise: it serves as the outcome's time and nowhere else.
"""

import pandas as pd

from ml.studies.columns import demographic, flags, numbers
from ml.studies.command import main
from ml.studies.problem import Problem, Split
from ml.studies.table import TableStudy

AGES = ["under 60", "60 and over"]
INPUTS = (
    demographic("age", "Age", "a", 1, "older people have less reserve"),
    *numbers(
        (
            ("ejection_fraction", "Ejection fraction", "%", -1, "measures the failing itself"),
            ("serum_creatinine", "Creatinine", "mg/dL", 1, "kidneys fail with the heart"),
            ("serum_sodium", "Sodium", "mmol/L", -1, "falls with congestion"),
            ("platelets", "Platelets", "/uL"),
            ("creatinine_phosphokinase", "Creatine kinase", "U/L"),
        )
    ),
    *flags(
        {
            "anaemia": "Anaemia",
            "diabetes": "Diabetes",
            "high_blood_pressure": "Hypertension",
            "smoking": "Smokes",
            "sex": "Male sex",
        }
    ),
)


def prepare(frame: pd.DataFrame) -> pd.DataFrame:
    """Signed days followed, and the parts of the population that the report shows."""
    bands = pd.cut(frame["age"], [0, 60, 200], right=False, labels=AGES)
    found = frame.assign(age_band=bands.astype(str))
    if not {"time", "DEATH_EVENT"} <= set(frame):
        return found
    days = frame["time"]
    return found.assign(days=days.where(frame["DEATH_EVENT"] == 1, -days).where(days > 0))


PROBLEM = Problem(
    task="heart_failure",
    title="Survival with heart failure (Faisalabad)",
    population="Adults with left ventricular dysfunction of one hospital, 2015",
    index_time="admission",
    outcome="days",
    outcome_text="Death of any cause; days followed",
    kind="survival",
    time_at_risk="up to 285 days",
    inputs=INPUTS,
    split=Split(folds=5, repeats=5),
    model="cox",
    parameters={"alpha": 40.0},
    horizon=180.0,
    refits=200,
    unit="days",
    overrides={"SAMPLE_SIZE": "Kept as the example of a set that is too small: read the intervals"},
    notes=(
        "299 people of whom 96 died: intervals are wide, and no subgroup figure can be told.",
        "Published accuracies over 0.8 rest on the follow-up time as an input.",
    ),
)
STUDY = TableStudy(PROBLEM, prepare, "heart_failure")

if __name__ == "__main__":
    main(STUDY)
