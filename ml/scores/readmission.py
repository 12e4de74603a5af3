"""After discharge: LACE and HOSPITAL for readmission, FRAIL for frailty."""

import numpy as np

from ml.scores.engine import published
from ml.scores.inputs import count, flag, number
from ml.scores.points import bands, steps, total


@published(
    "LACE",
    number("length_of_stay_days", "length of stay", 0),
    flag("acute_admission", "acute admission"),
    count("charlson_points", "comorbidity points (LACE's own weights)"),
    count("ed_visits_6m", "emergency visits in six months"),
    unit="points",
    reference="van Walraven, CMAJ 2010;182:551",
    notes=("Ten or more is high",),
)
def lace(length_of_stay_days, acute_admission, charlson_points, ed_visits_6m):
    """Points 0 to 19 for death or readmission within 30 days."""
    stay = steps(length_of_stay_days, [1, 2, 3, 4, 7, 14], [0, 1, 2, 3, 4, 5, 7])
    comorbidity = np.where(charlson_points >= 4, 5, charlson_points)
    visits = np.minimum(ed_visits_6m, 4)
    return {"points": total(stay, 3 * acute_admission, comorbidity, visits)}


@published(
    "HOSPITAL",
    flag("hemoglobin_lt_12", "haemoglobin at discharge"),
    flag("oncology_discharge", "discharge from oncology"),
    flag("sodium_lt_135", "sodium at discharge"),
    flag("procedure", "procedure during the stay"),
    flag("urgent_admission", "type of admission"),
    count("admissions_prev_year", "admissions in the previous year"),
    flag("los_ge_5", "length of stay"),
    unit="points",
    reference="Donze, JAMA Intern Med 2016;176:496",
)
def hospital(
    hemoglobin_lt_12,
    oncology_discharge,
    sodium_lt_135,
    procedure,
    urgent_admission,
    admissions_prev_year,
    los_ge_5,
):
    """Points 0 to 13 for potentially avoidable readmission within 30 days (2016 version)."""
    points = total(
        hemoglobin_lt_12,
        2 * oncology_discharge,
        sodium_lt_135,
        procedure,
        urgent_admission,
        steps(admissions_prev_year, [2, 6], [0, 2, 5]),
        2 * los_ge_5,
    )
    return {"points": points, "band": bands(points, [5, 7], ("low", "intermediate", "high"))}


@published(
    "FRAIL",
    flag("fatigue", "fatigue"),
    flag("resistance", "climbing one flight"),
    flag("ambulation", "walking one block"),
    flag("illnesses_ge_5", "five or more illnesses"),
    flag("weight_loss_gt_5pct", "weight loss above 5 %"),
    unit="points",
    reference="Morley, J Nutr Health Aging 2012;16:601",
)
def frail(fatigue, resistance, ambulation, illnesses_ge_5, weight_loss_gt_5pct):
    """Points 0 to 5; each input says that the difficulty is present."""
    points = total(fatigue, resistance, ambulation, illnesses_ge_5, weight_loss_gt_5pct)
    return {"points": points, "band": bands(points, [1, 3], ("robust", "pre_frail", "frail"))}
