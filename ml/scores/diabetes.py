"""Risk of diabetes from questions: FINDRISC and the ADA risk test."""

import numpy as np

from ml.scores.body import BMI
from ml.scores.engine import published
from ml.scores.inputs import SEX, choice, flag, positive
from ml.scores.points import bands, steps, total

FINDRISC_BANDS = ("low", "slightly_raised", "moderate", "high", "very_high")
AGE = positive("age", "age", 120)


@published(
    "FINDRISC",
    AGE,
    SEX,
    BMI,
    positive("waist_cm", "waist circumference", 300),
    flag("active_30min_daily", "daily activity of 30 minutes"),
    flag("veg_fruit_daily", "vegetables or fruit every day"),
    flag("bp_medication", "blood pressure tablets ever"),
    flag("high_glucose_history", "high blood glucose ever"),
    choice("family_history", "family history", ("none", "second_degree", "first_degree")),
    unit="points",
    reference="Lindstrom, Diabetes Care 2003;26:725",
    notes=("Form with family history, at most 26 points",),
)
def findrisc(
    age,
    sex,
    bmi,
    waist_cm,
    active_30min_daily,
    veg_fruit_daily,
    bp_medication,
    high_glucose_history,
    family_history,
):
    """Points 0 to 26 for type 2 diabetes within ten years."""
    female = sex == "female"
    relatives = (family_history == "second_degree") * 3 + (family_history == "first_degree") * 5
    points = total(
        steps(age, [45, 55, 65], [0, 2, 3, 4]),
        _between(bmi, 25, 30, (0, 1, 3)),
        _between(waist_cm, np.where(female, 80, 94), np.where(female, 88, 102), (0, 3, 4)),
        2 * (1 - active_30min_daily),
        1 - veg_fruit_daily,
        2 * bp_medication,
        5 * high_glucose_history,
        relatives,
    )
    return {"points": points, "band": bands(points, [7, 12, 15, 21], FINDRISC_BANDS)}


@published(
    "ADA_RISK_TEST",
    AGE,
    SEX,
    BMI,
    flag("family_history", "a parent, brother or sister with diabetes"),
    flag("hypertension", "hypertension status"),
    flag("physically_active", "physical activity"),
    flag("gdm_history", "diabetes in pregnancy", default=False),
    flag("asian", "Asian descent", default=False),
    unit="points",
    reference="Bang, Ann Intern Med 2009;151:775; ADA form",
    notes=("Five or more: test glucose or HbA1c",),
)
def ada_risk_test(
    age, sex, bmi, family_history, hypertension, physically_active, gdm_history, asian
):
    """Points for undiagnosed type 2 diabetes; the BMI limits lie 2 lower in Asian people."""
    points = total(
        steps(age, [40, 50, 60], [0, 1, 2, 3]),
        sex == "male",
        (sex == "female") * gdm_history,
        family_history,
        hypertension,
        1 - physically_active,
        steps(bmi + 2 * asian, [25, 30, 40], [0, 1, 2, 3]),
    )
    return {"points": points, "high_risk": points >= 5}


def _between(value, low, high, points):
    """Points below `low`, from `low` to `high` inclusive, and above `high`."""
    below, middle, above = points
    return np.where(value < low, below, np.where(value <= high, middle, above))
