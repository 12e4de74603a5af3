"""Liver: FIB-4, NAFLD fibrosis score and MELD 3.0."""

import numpy as np

from ml.scores.body import BMI
from ml.scores.engine import published
from ml.scores.inputs import SEX, flag, number, positive
from ml.scores.kidney import CREATININE

AGE = positive("age", "age", 120)
AST = positive("ast", "AST")
ALT = positive("alt", "ALT")
PLATELETS = positive("platelets_10e9_l", "platelets")
ALBUMIN = positive("albumin_g_dl", "albumin", 10)  # above, it was given in g/L


@published(
    "FIB4",
    AGE,
    AST,
    ALT,
    PLATELETS,
    reference="Sterling, Hepatology 2006;43:1317",
    notes=("Unreliable under 35 years and in acute hepatitis",),
)
def fib4(age, ast, alt, platelets_10e9_l):
    """Fibrosis-4 index from transaminases (U/L) and platelets (10^9/L)."""
    return {"index": age * ast / (platelets_10e9_l * np.sqrt(alt))}


@published(
    "NAFLD_FS",
    AGE,
    BMI,
    flag("ifg_or_diabetes", "impaired fasting glucose or diabetes"),
    AST,
    ALT,
    PLATELETS,
    ALBUMIN,
    reference="Angulo, Hepatology 2007;45:846",
)
def nafld_fibrosis(age, bmi, ifg_or_diabetes, ast, alt, platelets_10e9_l, albumin_g_dl):
    """NAFLD fibrosis score; below -1.455 advanced fibrosis is unlikely, above 0.676 likely."""
    score = (
        -1.675
        + 0.037 * age
        + 0.094 * bmi
        + 1.13 * ifg_or_diabetes
        + 0.99 * ast / alt
        - 0.013 * platelets_10e9_l
        - 0.66 * albumin_g_dl
    )
    return {"score": score}


@published(
    "MELD_3_0",
    SEX,
    positive("bilirubin_mg_dl", "bilirubin"),
    positive("inr", "INR"),
    CREATININE,
    positive("sodium", "sodium"),
    ALBUMIN,
    flag("dialysis", "dialysis twice in the past week", default=False),
    number("age", "age", 18, 120, default=None),
    unit="points",
    reference="Kim, Gastroenterology 2021;161:1887",
    notes=("Adults; death on the waiting list within 90 days",),
)
def meld_3_0(sex, bilirubin_mg_dl, inr, creatinine_mg_dl, sodium, albumin_g_dl, dialysis, age):
    """MELD 3.0, 6 to 40 points. The floors and ceilings are part of the published formula.

    Age gives no points; where it is known, children are refused.
    """
    creatinine = np.where(dialysis == 1, 3.0, np.clip(creatinine_mg_dl, 1.0, 3.0))
    bilirubin = np.log(np.maximum(bilirubin_mg_dl, 1.0))
    sodium_gap = 137 - np.clip(sodium, 125, 137)
    albumin_gap = 3.5 - np.clip(albumin_g_dl, 1.5, 3.5)
    score = (
        1.33 * (sex == "female")
        + 4.56 * bilirubin
        + 0.82 * sodium_gap
        - 0.24 * sodium_gap * bilirubin
        + 9.09 * np.log(np.maximum(inr, 1.0))
        + 11.14 * np.log(creatinine)
        + 1.85 * albumin_gap
        - 1.83 * albumin_gap * np.log(creatinine)
        + 6
    )
    # Halves round up, as printed; numpy would round them to even. Refused rows stay NaN.
    return {"score": np.clip(np.floor(score + 0.5), 6, 40)}
