"""Body size and pressure: BMI, body surface area, mean arterial pressure."""

import numpy as np

from ml.scores.engine import published
from ml.scores.inputs import Together, choice, number, positive

WEIGHT = positive("weight_kg", "weight", 700)
# Below 20 cm a height was given in metres.
HEIGHT = number("height_cm", "height", 20, 280)
BMI = positive("bmi", "body mass index", 150)
# Below 50 mmHg the pressure of somebody at rest was given in kPa or cmHg.
RESTING_SBP = number("sbp", "systolic blood pressure", 50, 350)
PRESSURES = Together(
    ("sbp", "dbp"), lambda sbp, dbp: dbp >= sbp, "diastolic below systolic blood pressure"
)


@published("BMI", WEIGHT, HEIGHT, unit="kg/m2", reference="Quetelet; WHO")
def bmi(weight_kg, height_cm):
    """Body mass index in kg/m2."""
    return {"bmi": weight_kg / (height_cm / 100) ** 2}


@published(
    "BSA",
    WEIGHT,
    HEIGHT,
    choice("formula", "formula", ("mosteller", "dubois"), default="mosteller"),
    unit="m2",
    reference="Mosteller, N Engl J Med 1987;317:1098; Du Bois, Arch Intern Med 1916;17:863",
)
def bsa(weight_kg, height_cm, formula):
    """Body surface area in m2, by Mosteller or by Du Bois."""
    mosteller = np.sqrt(height_cm * weight_kg / 3600)
    dubois = 0.007184 * weight_kg**0.425 * height_cm**0.725
    return {"bsa": np.where(formula == "dubois", dubois, mosteller)}


@published(
    "MAP",
    positive("sbp", "systolic blood pressure"),
    positive("dbp", "diastolic blood pressure"),
    together=(PRESSURES,),
    unit="mm[Hg]",
    reference="Definition",
)
def mean_arterial_pressure(sbp, dbp):
    """Mean arterial pressure in mmHg, a third of the way from diastolic to systolic."""
    return {"map": (sbp + 2 * dbp) / 3}
