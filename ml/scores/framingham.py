"""Framingham general cardiovascular risk (2008), with lipids or with BMI."""

import numpy as np

from ml.scores.body import BMI, RESTING_SBP
from ml.scores.engine import published
from ml.scores.inputs import SEX, flag, number
from ml.scores.lipids import HDL, TC, within_total

# D'Agostino, Circulation 2008;117:743. Each pair is (female, male).
LIPIDS = {
    "age": (2.32888, 3.06117),
    "tc": (1.20904, 1.12370),
    "hdl": (-0.70833, -0.93263),
    "treated": (2.82263, 1.99881),
    "untreated": (2.76157, 1.93303),
    "smoker": (0.52873, 0.65451),
    "diabetes": (0.69154, 0.57367),
    "mean": (26.1931, 23.9802),
    "survival": (0.95012, 0.88936),
}
SIZE = {
    "age": (2.72107, 3.11296),
    "bmi": (0.51125, 0.79277),
    "treated": (2.88267, 1.92672),
    "untreated": (2.81291, 1.85508),
    "smoker": (0.61868, 0.70953),
    "diabetes": (0.77763, 0.53160),
    "mean": (26.0145, 23.9388),
    "survival": (0.94833, 0.88431),
}

AGE = number("age", "age", 30, 74)
HABITS = (
    flag("bp_treated", "blood pressure treatment"),
    flag("smoker", "smoking status"),
    flag("diabetes", "diabetes status"),
)
REFERENCE = "D'Agostino, Circulation 2008;117:743"


@published(
    "FRAMINGHAM_CVD_2008",
    AGE,
    SEX,
    TC,
    HDL,
    RESTING_SBP,
    *HABITS,
    together=(within_total("tc_mg_dl", "hdl_mg_dl"),),
    unit="fraction",
    reference=REFERENCE,
)
def framingham_cvd(age, sex, tc_mg_dl, hdl_mg_dl, sbp, bp_treated, smoker, diabetes):
    """Ten-year risk of any cardiovascular disease as a fraction, age 30 to 74."""
    logs = {"age": age, "tc": tc_mg_dl, "hdl": hdl_mg_dl}
    return _risk(LIPIDS, logs, sex, sbp, bp_treated, smoker, diabetes)


@published(
    "FRAMINGHAM_CVD_2008_BMI",
    AGE,
    SEX,
    BMI,
    RESTING_SBP,
    *HABITS,
    unit="fraction",
    reference=REFERENCE,
)
def framingham_cvd_bmi(age, sex, bmi, sbp, bp_treated, smoker, diabetes):
    """Ten-year risk of any cardiovascular disease without lipids, age 30 to 74."""
    return _risk(SIZE, {"age": age, "bmi": bmi}, sex, sbp, bp_treated, smoker, diabetes)


def _risk(table, logs, sex, sbp, treated, smoker, diabetes):
    female = sex == "female"
    beta = {term: np.where(female, *pair) for term, pair in table.items()}
    x = sum(beta[term] * np.log(value) for term, value in logs.items())
    x = x + np.log(sbp) * np.where(treated == 1, beta["treated"], beta["untreated"])
    x = x + beta["smoker"] * smoker + beta["diabetes"] * diabetes
    return {"risk_10y": 1 - beta["survival"] ** np.exp(x - beta["mean"])}
