"""Atrial fibrillation: CHA2DS2-VASc for stroke, HAS-BLED for bleeding."""

from ml.scores.engine import published
from ml.scores.inputs import SEX, flag, number
from ml.scores.points import steps, total


@published(
    "CHA2DS2_VASC",
    number("age", "age", 18, 120),
    SEX,
    # An item left out is one that the problem list does not name; None is unknown.
    flag("chf", "heart failure", default=False),
    flag("hypertension", "hypertension", default=False),
    flag("diabetes", "diabetes", default=False),
    flag("stroke_tia_te", "stroke, TIA or thromboembolism", default=False),
    flag("vascular_disease", "vascular disease", default=False),
    unit="points",
    reference="Lip, Chest 2010;137:263; ACC/AHA 2023",
)
def cha2ds2_vasc(age, sex, chf, hypertension, diabetes, stroke_tia_te, vascular_disease):
    """Points 0 to 9 for stroke in atrial fibrillation."""
    ages = steps(age, [65, 75], [0, 1, 2])
    female = sex == "female"
    doubled = 2 * stroke_tia_te
    parts = (ages, female, chf, hypertension, diabetes, doubled, vascular_disease)
    return {"points": total(*parts)}


@published(
    "HAS_BLED",
    flag("hypertension", "uncontrolled hypertension (systolic above 160)"),
    flag("renal", "abnormal kidney function"),
    flag("liver", "abnormal liver function"),
    flag("stroke", "stroke"),
    flag("bleeding", "bleeding history"),
    flag("labile_inr", "labile INR"),
    flag("elderly", "age above 65"),
    flag("drugs", "antiplatelet drug or NSAID"),
    flag("alcohol", "eight or more drinks a week"),
    unit="points",
    reference="Pisters, Chest 2010;138:1093",
    notes=("Three or more: correct the factors; never by itself a reason to withhold",),
)
def has_bled(hypertension, renal, liver, stroke, bleeding, labile_inr, elderly, drugs, alcohol):
    """Points 0 to 9 for bleeding under anticoagulation, one each."""
    organs = (hypertension, renal, liver, stroke, bleeding)
    return {"points": total(*organs, labile_inr, elderly, drugs, alcohol)}
