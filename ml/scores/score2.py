"""SCORE2 (ESC 2021): ten-year risk of fatal and non-fatal CVD in four European regions."""

import numpy as np

from ml.scores.body import RESTING_SBP
from ml.scores.engine import published
from ml.scores.inputs import SEX, choice, flag, number, positive
from ml.scores.lipids import HDL_MMOL_HIGH, TC_MMOL_HIGH, within_total

# SCORE2 working group, Eur Heart J 2021;42:2439. Each pair is (female, male).
COEFFICIENTS = {
    "age": (0.4648, 0.3742),
    "smoker": (0.7744, 0.6012),
    "sbp": (0.3131, 0.2777),
    "tc": (0.1002, 0.1458),
    "hdl": (-0.2606, -0.2698),
    "age_x_smoker": (-0.1088, -0.0755),
    "age_x_sbp": (-0.0277, -0.0255),
    "age_x_tc": (-0.0226, -0.0281),
    "age_x_hdl": (0.0613, 0.0426),
}
SURVIVAL = (0.9776, 0.9605)
# Recalibration (intercept, slope) of women and of men in each region.
REGIONS = {
    "low": ((-0.7380, 0.7019), (-0.5699, 0.7476)),
    "moderate": ((-0.3143, 0.7701), (-0.1565, 0.8009)),
    "high": ((0.5710, 0.9369), (0.3207, 0.9360)),
    "very_high": ((0.9412, 0.8329), (0.5836, 0.8294)),
}


@published(
    "SCORE2",
    number("age", "age", 40, 69),
    SEX,
    RESTING_SBP,
    positive("tc_mmol", "total cholesterol", TC_MMOL_HIGH),
    positive("hdl_mmol", "HDL cholesterol", HDL_MMOL_HIGH),
    flag("smoker", "smoking status"),
    choice("region", "risk region", tuple(REGIONS)),
    together=(within_total("tc_mmol", "hdl_mmol"),),
    unit="fraction",
    reference="SCORE2 working group, Eur Heart J 2021;42:2439",
    notes=("For people without diabetes or known cardiovascular disease",),
)
def score2(age, sex, sbp, tc_mmol, hdl_mmol, smoker, region):
    """Ten-year risk as a fraction; cholesterol in mmol/L."""
    female = sex == "female"
    centred = {
        "smoker": smoker,
        "sbp": (sbp - 120) / 20,
        "tc": tc_mmol - 6,
        "hdl": (hdl_mmol - 1.3) / 0.5,
    }
    years = (age - 60) / 5
    terms = {"age": years} | centred
    terms |= {f"age_x_{name}": years * value for name, value in centred.items()}
    x = sum(np.where(female, *beta) * terms[name] for name, beta in COEFFICIENTS.items())
    uncalibrated = 1 - np.where(female, *SURVIVAL) ** np.exp(x)
    return {"risk_10y": _recalibrated(uncalibrated, female, region)}


def _recalibrated(risk, female, region):
    intercept, slope = np.full(risk.shape, np.nan), np.full(risk.shape, np.nan)
    for name, (women, men) in REGIONS.items():
        rows = region == name
        intercept[rows] = np.where(female[rows], women[0], men[0])
        slope[rows] = np.where(female[rows], women[1], men[1])
    return 1 - np.exp(-np.exp(intercept + slope * np.log(-np.log(1 - risk))))
