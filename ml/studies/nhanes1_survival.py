"""NHANES I: survival after an examination in the early seventies, followed to 1992.

python -m ml.studies.nhanes1_survival run|score|validate
"""

import pandas as pd

from ml.studies.beside import Beside
from ml.studies.columns import demographic, numbers
from ml.studies.command import main
from ml.studies.problem import Input, Problem
from ml.studies.table import TableStudy

UNKNOWN_RED_CELLS = 77.7  # one value of 1,461 people: a code for "not counted", not a count
AGES = ["under 40", "40-59", "60 and over"]
AGEING = "mortality doubles every eight years or so"
# What matters at forty matters less at seventy: centre and scale of what is read by age, and sex.
CENTRES = {
    "Sex": (1.5, 0.5),
    "Race": (1.2, 0.4),
    "Systolic BP": (135, 25),
    "BMI": (25, 5),
    "Serum Albumin": (4.4, 0.33),
    "White blood cells": (7.4, 2.3),
    "Sedimentation rate": (16, 11),
    "Poverty index": (290, 220),
    "Serum Cholesterol": (220, 50),
}
BY_SEX = ("Systolic BP", "BMI", "White blood cells", "Serum Cholesterol", "Poverty index")


def prepare(frame: pd.DataFrame) -> pd.DataFrame:
    """The table with its one hidden code as a gap; people followed for no time are left out.

    A follow-up of zero has no sign, so nobody can say whether such a person died or was lost.
    """
    cells = frame["Red blood cells"]
    bands = pd.cut(frame["Age"], [0, 40, 60, 200], right=False, labels=AGES)
    found = frame.assign(
        **{"Red blood cells": cells.mask(cells == UNKNOWN_RED_CELLS)},
        sex=frame["Sex"].map({1: "male", 2: "female"}),
        age=bands.astype(str),
    )
    found = found.assign(**_products(found))
    if "y_signed_followup_years" not in frame:
        return found
    years = frame["y_signed_followup_years"]
    return found.assign(years=years.mask(years == 0))


def _products(frame: pd.DataFrame) -> dict[str, pd.Series]:
    """Each of CENTRES times age, some times sex: a regression sees no interactions by itself."""
    units = {name: (frame[name] - middle) / unit for name, (middle, unit) in CENTRES.items()}
    age = (frame["Age"] - 50) / 15
    by_age = {f"Age x {name}": age * value for name, value in units.items()}
    return by_age | {f"Sex x {name}": units["Sex"] * units[name] for name in BY_SEX}


PRODUCTS = (*(f"Age x {name}" for name in CENTRES), *(f"Sex x {name}" for name in BY_SEX))
INPUTS = (
    demographic("Age", "Age", "a", 1, AGEING),
    demographic("Sex", "Sex (1 male, 2 female)", "", -1, "women outlive men at every age"),
    demographic("Race", "Race as the survey coded it"),
    demographic("Poverty index", "Income by the poverty line (999: and more)", "%"),
    *numbers(
        (
            ("Diastolic BP", "Diastolic blood pressure", "mm[Hg]"),
            ("Systolic BP", "Systolic blood pressure", "mm[Hg]", 1, "drives heart attack, stroke"),
            ("Pulse pressure", "Pulse pressure", "mm[Hg]", 1, "marks stiff arteries"),
            ("BMI", "Body mass index", "kg/m2"),
            ("Red blood cells", "Red cells as the survey scaled them"),
            ("White blood cells", "Leukocytes", "10*3/uL", 1, "mark inflammation and smoking"),
            ("Sedimentation rate", "Sedimentation rate", "mm/h", 1, "marks inflammation"),
            ("Serum Albumin", "Albumin", "g/dL", -1, "falls with illness and poor nutrition"),
            ("Serum Cholesterol", "Total cholesterol", "mg/dL"),
            ("Serum Iron", "Iron", "ug/dL"),
            ("Serum Magnesium", "Magnesium", "meq/L"),
            ("Serum Protein", "Total protein", "g/dL"),
            ("TIBC", "Iron-binding capacity", "ug/dL"),
            ("TS", "Transferrin saturation", "%"),
        )
    ),
    *(Input(name, label=f"{name}, both centred") for name in PRODUCTS),
)

PROBLEM = Problem(
    task="nhanes1_survival",
    title="Survival after the NHANES I examination",
    population="US adults of 25 to 74 years examined in 1971-74",
    index_time="admission",
    outcome="years",
    outcome_text="Death of any cause; years followed",
    kind="survival",
    time_at_risk="all follow-up, to 1992",
    inputs=INPUTS,
    person="row",
    model="blend",
    parameters={
        "members": {
            "cox_spline": {"alpha": 10.0},
            "xgboost": {"n_estimators": 400, "learning_rate": 0.03, "max_depth": 3},
        }
    },
    horizon=10.0,
    horizons=(5.0, 15.0),
    unit="years",
    refits=200,
    groups=("sex", "age"),
    notes=(
        (
            "Cross-fitted C-index: age alone 0.797, Cox on splines 0.825, with interactions of age "
            "and sex 0.827, monotone boosting 0.824, the mean 0.827: these eighteen inputs carry "
            "no more, whatever the model."
        ),
        (
            "No published score can be had: smoking, diabetes and HDL cholesterol, which those of "
            "the heart ask for, and the conditions of Charlson are not in the table. Age alone "
            "stands beside, which most scores of death rest on."
        ),
        "Examined fifty years ago: a benchmark of methods, not for use with people of today.",
    ),
)


AGE_ALONE = Beside("Age alone", lambda rows: rows["Age"].to_numpy(float))
STUDY = TableStudy(PROBLEM, prepare, "nhanes1", {"age": AGE_ALONE})

if __name__ == "__main__":
    main(STUDY)
