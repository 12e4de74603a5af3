"""PREVENT (AHA 2023): ten- and thirty-year risk of cardiovascular disease, without race.

Khan et al., Circulation 2024;149:430. Three of the published models are here: base, with
urine albumin/creatinine ratio, and with HbA1c. Coefficients: reference/prevent_coefficients.csv.
"""

from functools import cache

import numpy as np

from ml import reference
from ml.scores.engine import published
from ml.scores.inputs import SEX, choice, flag, number

MODELS = ("base", "uacr", "hba1c")
OUTCOMES = ("total_cvd", "ascvd", "heart_failure")
RISKS = tuple(f"{outcome}_{years}y" for years in (10, 30) for outcome in OUTCOMES)
OLDEST_FOR_30_YEARS = 59
MMOL = 38.67  # mg/dL of cholesterol in one mmol/L


@published(
    "PREVENT",
    number("age", "age", 30, 79),
    SEX,
    number("sbp", "systolic blood pressure", 90, 200),
    flag("bp_treated", "blood pressure treatment"),
    number("tc_mg_dl", "total cholesterol", 130, 320),
    number("hdl_mg_dl", "HDL cholesterol", 20, 100),
    flag("statin", "statin treatment"),
    flag("diabetes", "diabetes status"),
    flag("smoker", "smoking status"),
    number("egfr", "eGFR", 15, 140),
    number("bmi", "body mass index", 18.5, below=40),
    number("hba1c", "HbA1c", 3, 20, default=None),
    number("acr_mg_g", "urine albumin/creatinine ratio", 0.1, 25000, default=None),
    choice("model", "model", ("auto", *MODELS), default="auto"),
    unit="fraction",
    reference="Khan, Circulation 2024;149:430",
    notes=("For people without known cardiovascular disease", "30-year risk to age 59 only"),
)
def prevent(
    age,
    sex,
    sbp,
    bp_treated,
    tc_mg_dl,
    hdl_mg_dl,
    statin,
    diabetes,
    smoker,
    egfr,
    bmi,
    hba1c,
    acr_mg_g,
    model,
):
    """Risks of total CVD, ASCVD and heart failure as fractions, over 10 and 30 years.

    `model` "auto" takes the albumin/creatinine model when that ratio is known, else the
    HbA1c model when HbA1c is known, else the base model. A model asked for by name
    without its extra input uses the published term for its absence.
    """
    people = _pressure_and_size(sbp, bmi, egfr)
    people |= {
        "age": (age - 55) / 10,
        "age_sq": ((age - 55) / 10) ** 2,
        "nonhdl": (tc_mg_dl - hdl_mg_dl) / MMOL - 3.5,
        "hdl": (hdl_mg_dl / MMOL - 1.3) / 0.3,
        "diabetes": diabetes,
        "smoking": smoker,
        "antihtn": bp_treated,
        "statin": statin,
        "constant": np.ones_like(age),
    }
    people |= _interactions(people)
    people |= _additions(acr_mg_g, hba1c, diabetes)
    risks = _risks(people, sex == "female", _chosen(model, acr_mg_g, hba1c))
    for outcome in OUTCOMES:
        risks[f"{outcome}_30y"] = np.where(
            age > OLDEST_FOR_30_YEARS, np.nan, risks[f"{outcome}_30y"]
        )
    return risks


def _pressure_and_size(sbp, bmi, egfr):
    return {
        "sbp_lt110": (np.minimum(sbp, 110) - 110) / 20,
        "sbp_ge110": (np.maximum(sbp, 110) - 130) / 20,
        "bmi_lt30": (np.minimum(bmi, 30) - 25) / 5,
        "bmi_ge30": (np.maximum(bmi, 30) - 30) / 5,
        "egfr_lt60": (np.minimum(egfr, 60) - 60) / -15,
        "egfr_ge60": (np.maximum(egfr, 60) - 90) / -15,
    }


def _interactions(people):
    with_age = ("nonhdl", "hdl", "sbp_ge110", "diabetes", "smoking", "bmi_ge30", "egfr_lt60")
    products = {f"age_x_{term}": people["age"] * people[term] for term in with_age}
    products["treated_sbp_ge110"] = people["sbp_ge110"] * people["antihtn"]
    products["treated_nonhdl"] = people["nonhdl"] * people["statin"]
    return products


def _additions(acr_mg_g, hba1c, diabetes):
    above = np.nan_to_num(hba1c - 5.3)
    return {
        "ln_acr": np.nan_to_num(np.log(acr_mg_g)),
        "missing_acr": np.isnan(acr_mg_g).astype(float),
        "hba1c_dm": above * diabetes,
        "hba1c_nodm": above * (1 - diabetes),
        "missing_hba1c": np.isnan(hba1c).astype(float),
    }


def _chosen(model, acr_mg_g, hba1c):
    known = np.where(~np.isnan(acr_mg_g), "uacr", np.where(~np.isnan(hba1c), "hba1c", "base"))
    return np.where(model == "auto", known, model)


def _risks(people, female, chosen):
    """{outcome_horizon: risk}; term by term, so that one row and many give the same bits."""
    log_odds = np.full((len(female), len(RISKS)), np.nan)
    for (model, sex), weights in _coefficients().items():
        rows = (female == (sex == "female")) & (chosen == model)
        if rows.any():
            parts = (people[term][rows, np.newaxis] * betas for term, betas in weights.items())
            log_odds[rows] = sum(parts)
    return dict(zip(RISKS, 1 / (1 + np.exp(-log_odds.T)), strict=True))


@cache
def _coefficients():
    """{(model, sex): {term: betas of RISKS}} of the printed tables; absent terms are zero."""
    tables = {}
    for row in reference.rows("prevent_coefficients.csv"):
        risk = f"{row['outcome']}_{row['horizon_years']}y"
        if risk in RISKS:
            terms = tables.setdefault((row["model"], row["sex"]), {})
            betas = terms.setdefault(row["term"], np.zeros(len(RISKS)))
            betas[RISKS.index(risk)] = float(row["beta"])
    return tables
