"""Values that arithmetic ties to others, so that a printed report agrees with itself."""

import numpy as np

Values = dict[str, np.ndarray]

FRIEDEWALD = 5  # mg/dL of triglycerides for each mg/dL of cholesterol in VLDL


def complete(values: Values, female: np.ndarray, age: np.ndarray) -> Values:
    """Every reported value at each visit, from the primary markers. Units are canonical."""
    return {
        **{code: values[code] for code in values if code not in HIDDEN},
        **_body(values, female),
        **_blood_count(values),
        **_chemistry(values, female, age),
        **_sugar(values),
        **_lipids(values),
    }


# Primary markers of the model that no laboratory reports under this name.
HIDDEN = frozenset({"GFR", "A1C", "GAP", "MONO_PCT", "EOS_PCT", "BASO_PCT"})


def _body(values: Values, female: np.ndarray) -> Values:
    weight = values["BMI"] * (values["HEIGHT"] / 100) ** 2
    return {"WEIGHT": weight, "WAIST": 2.15 * values["BMI"] + np.where(female, 34.5, 39.5)}


def _blood_count(values: Values) -> Values:
    haematocrit = 100 * values["HGB"] / values["MCHC"]
    white = values["WBC"]
    others = values["MONO_PCT"] + values["EOS_PCT"] + values["BASO_PCT"]
    lymphocytes = 100 - values["NEUT_PCT"] - others
    shares = {
        "NEUT_ABS": values["NEUT_PCT"],
        "LYMPH_ABS": lymphocytes,
        "MONO_ABS": values["MONO_PCT"],
        "EOS_ABS": values["EOS_PCT"],
        "BASO_ABS": values["BASO_PCT"],
    }
    return {
        "HCT": haematocrit,
        "RBC": 10 * haematocrit / values["MCV"],
        "MCH": values["MCV"] * values["MCHC"] / 100,
        "LYMPH_PCT": lymphocytes,
        **{code: white * share / 100 for code, share in shares.items()},
    }


def _chemistry(values: Values, female: np.ndarray, age: np.ndarray) -> Values:
    creatinine = np.round(creatinine_of(values["GFR"], female, age), 2)
    return {
        "CL": values["SODIUM"] - values["CO2"] - values["GAP"],
        "CREAT": creatinine,
        "EGFR": gfr_of(creatinine, female, age),
        "GLOB": values["TP"] - values["ALB"],
    }


def _sugar(values: Values) -> Values:
    # 28.7 HbA1c - 46.7 is the average over day and night (Nathan, Diabetes Care 2008;31:1473);
    # a fasting or morning sample lies below it.
    average = 28.7 * values["A1C"] - 46.7
    return {"HBA1C": values["A1C"], "GLU": 0.92 * average, "GLU_FAST": 0.88 * average}


def _lipids(values: Values) -> Values:
    # Above 400 mg/dL the rule overstates VLDL; laboratories then measure LDL instead.
    vldl = np.minimum(values["TG"], 400) / FRIEDEWALD
    return {"TC": values["LDL"] + values["HDL"] + vldl, "NONHDL": values["LDL"] + vldl}


def gfr_of(creatinine: np.ndarray, female: np.ndarray, age: np.ndarray) -> np.ndarray:
    """eGFR by CKD-EPI 2021, the arithmetic of `ml.scores` without its refusals."""
    ratio = creatinine / np.where(female, 0.7, 0.9)
    low = np.minimum(ratio, 1) ** np.where(female, -0.241, -0.302)
    return _scale(female, age) * low * np.maximum(ratio, 1) ** -1.2


def creatinine_of(gfr: np.ndarray, female: np.ndarray, age: np.ndarray) -> np.ndarray:
    """Creatinine (mg/dL) at which CKD-EPI 2021 gives this eGFR."""
    # The equation is steep where creatinine is low: 10 % above the knee is a small muscle mass.
    share = np.clip(gfr / _scale(female, age), 0.03, 1.1)
    below_knee = share ** (1 / np.where(female, -0.241, -0.302))
    ratio = np.where(share > 1, below_knee, share ** (-1 / 1.2))
    return ratio * np.where(female, 0.7, 0.9)


def _scale(female: np.ndarray, age: np.ndarray) -> np.ndarray:
    return 142 * 0.9938**age * np.where(female, 1.012, 1)
