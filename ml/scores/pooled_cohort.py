"""ASCVD pooled cohort equations (2013): ten-year risk of a first hard ASCVD event."""

import numpy as np

from ml.scores.engine import published
from ml.scores.inputs import SEX, choice, flag, number

# Goff, Circulation 2014;129(25 Suppl 2):S49, table A. Columns in the order of GROUPS.
GROUPS = (("female", False), ("female", True), ("male", False), ("male", True))  # sex, Black
COEFFICIENTS = {
    "ln_age": (-29.799, 17.114, 12.344, 2.469),
    "ln_age_squared": (4.884, 0, 0, 0),
    "ln_tc": (13.540, 0.940, 11.853, 0.302),
    "ln_age_x_ln_tc": (-3.114, 0, -2.664, 0),
    "ln_hdl": (-13.578, -18.920, -7.990, -0.307),
    "ln_age_x_ln_hdl": (3.149, 4.475, 1.769, 0),
    "ln_treated_sbp": (2.019, 29.291, 1.797, 1.916),
    "ln_age_x_ln_treated_sbp": (0, -6.432, 0, 0),
    "ln_untreated_sbp": (1.957, 27.820, 1.764, 1.809),
    "ln_age_x_ln_untreated_sbp": (0, -6.087, 0, 0),
    "smoker": (7.574, 0.691, 7.837, 0.549),
    "ln_age_x_smoker": (-1.665, 0, -1.795, 0),
    "diabetes": (0.661, 0.874, 0.658, 0.645),
}
MEAN = (-29.18, 86.61, 61.18, 19.54)
SURVIVAL = (0.9665, 0.9533, 0.9144, 0.8954)


@published(
    "ASCVD_PCE",
    number("age", "age", 40, 79),
    SEX,
    choice("race", "race", ("white", "black", "other"), default="other"),
    number("tc_mg_dl", "total cholesterol", 130, 320),
    number("hdl_mg_dl", "HDL cholesterol", 20, 100),
    number("sbp", "systolic blood pressure", 90, 200),
    flag("bp_treated", "blood pressure treatment"),
    flag("smoker", "smoking status"),
    flag("diabetes", "diabetes status"),
    unit="fraction",
    reference="Goff, Circulation 2014;129(25 Suppl 2):S49",
    notes=(
        "Race other or not given uses the coefficients of White people",
        "Overestimates in many modern cohorts",
    ),
)
def ascvd_pce(age, sex, race, tc_mg_dl, hdl_mg_dl, sbp, bp_treated, smoker, diabetes):
    """Ten-year risk of a first ASCVD event as a fraction, age 40 to 79 without ASCVD."""
    terms = _terms(age, tc_mg_dl, hdl_mg_dl, sbp, bp_treated, smoker, diabetes)
    risk = np.full(age.shape, np.nan)
    for column, (group_sex, black) in enumerate(GROUPS):
        rows = (sex == group_sex) & ((race == "black") == black)
        x = sum(beta[column] * terms[term][rows] for term, beta in COEFFICIENTS.items())
        risk[rows] = 1 - SURVIVAL[column] ** np.exp(x - MEAN[column])
    return {"risk_10y": risk}


def _terms(age, tc, hdl, sbp, treated, smoker, diabetes):
    ln_age, ln_tc, ln_hdl, ln_sbp = np.log(age), np.log(tc), np.log(hdl), np.log(sbp)
    return {
        "ln_age": ln_age,
        "ln_age_squared": ln_age**2,
        "ln_tc": ln_tc,
        "ln_age_x_ln_tc": ln_age * ln_tc,
        "ln_hdl": ln_hdl,
        "ln_age_x_ln_hdl": ln_age * ln_hdl,
        "ln_treated_sbp": ln_sbp * treated,
        "ln_age_x_ln_treated_sbp": ln_age * ln_sbp * treated,
        "ln_untreated_sbp": ln_sbp * (1 - treated),
        "ln_age_x_ln_untreated_sbp": ln_age * ln_sbp * (1 - treated),
        "smoker": smoker,
        "ln_age_x_smoker": ln_age * smoker,
        "diabetes": diabetes,
    }
