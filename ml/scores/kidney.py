"""Kidney: CKD-EPI 2021, KDIGO stage, KFRE and Cockcroft-Gault."""

import numpy as np

from ml.scores.engine import published
from ml.scores.inputs import SEX, agreeing, choice, number, positive

CREATININE = positive("creatinine_mg_dl", "creatinine", 60)
ADULT = number("age", "age", 18, 120)

# Baseline survival without kidney failure at 2 and 5 years (Tangri 2016).
KFRE_BASELINE = {"north_america": (0.9750, 0.9240), "non_north_america": (0.9832, 0.9365)}

# KDIGO 2024 heat map: rows G1 to G5 (G3a and G3b apart), columns A1 to A3.
RISK = np.array(
    [
        ("low", "moderate", "high"),
        ("low", "moderate", "high"),
        ("moderate", "high", "very_high"),
        ("high", "very_high", "very_high"),
        ("very_high", "very_high", "very_high"),
        ("very_high", "very_high", "very_high"),
    ]
)
G_STAGES = np.array(["G1", "G2", "G3a", "G3b", "G4", "G5"])
A_STAGES = np.array(["A1", "A2", "A3"])


@published(
    "CKD_EPI_2021",
    CREATININE,
    ADULT,
    SEX,
    unit="mL/min/{1.73_m2}",
    reference="Inker, N Engl J Med 2021;385:1737",
    notes=("Unreliable in acute kidney injury, pregnancy and extremes of muscle mass",),
)
def ckd_epi_2021(creatinine_mg_dl, age, sex):
    """Estimated glomerular filtration rate from serum creatinine (mg/dL), without race."""
    female = sex == "female"
    ratio = creatinine_mg_dl / np.where(female, 0.7, 0.9)
    low = np.minimum(ratio, 1) ** np.where(female, -0.241, -0.302)
    high = np.maximum(ratio, 1) ** -1.200
    return {"egfr": 142 * low * high * 0.9938**age * np.where(female, 1.012, 1.0)}


@published(
    "KDIGO_STAGE",
    number("egfr", "eGFR", 0, 250),
    number("acr_mg_g", "urine albumin/creatinine ratio", 0, default=None),
    number("acr_mg_mmol", "urine albumin/creatinine ratio", 0, default=None),
    either=(("acr_mg_g", "acr_mg_mmol"),),
    together=(agreeing("acr_mg_g", "acr_mg_mmol", 8.84),),
    reference="KDIGO CKD guideline, Kidney Int 2024;105:S117",
    notes=("Chronic kidney disease needs at least three months; G1 or G2 with A1 alone is none",),
)
def kdigo_stage(egfr, acr_mg_g, acr_mg_mmol):
    """GFR stage, albuminuria stage and colour of the heat map."""
    g = np.searchsorted(-np.array([90, 60, 45, 30, 15]), -egfr)
    # KDIGO sets 3 mg/mmol beside 30 mg/g, so the stage takes ten and not 8.84.
    acr = np.where(np.isnan(acr_mg_g), acr_mg_mmol * 10, acr_mg_g)
    a = (acr >= 30).astype(int) + (acr > 300)
    return {"g_stage": G_STAGES[g], "a_stage": A_STAGES[a], "risk": RISK[g, a]}


@published(
    "KFRE_4VAR",
    ADULT,
    SEX,
    positive("egfr", "eGFR", below=60),
    positive("acr_mg_g", "urine albumin/creatinine ratio"),
    choice("region", "region", tuple(KFRE_BASELINE)),
    unit="fraction",
    reference="Tangri, JAMA 2016;315:164",
)
def kfre(age, sex, egfr, acr_mg_g, region):
    """Risk of kidney failure needing dialysis or transplant, in CKD G3 to G5.

    The albumin/creatinine ratio is in mg/g: the published centring 5.137 is for mg/g.
    """
    x = (
        -0.2201 * (age / 10 - 7.036)
        + 0.2467 * ((sex == "male") - 0.5642)
        - 0.5567 * (egfr / 5 - 7.222)
        + 0.4510 * (np.log(acr_mg_g) - 5.137)
    )
    home = region == "north_america"
    near, far = KFRE_BASELINE["north_america"], KFRE_BASELINE["non_north_america"]
    return {
        f"risk_{years}y": 1 - np.where(home, near[i], far[i]) ** np.exp(x)
        for i, years in enumerate((2, 5))
    }


@published(
    "COCKCROFT_GAULT",
    ADULT,
    SEX,
    positive("weight_kg", "weight"),
    CREATININE,
    unit="mL/min",
    reference="Cockcroft, Nephron 1976;16:31",
    notes=("For drug doses whose label asks for it, not for staging",),
)
def cockcroft_gault(age, sex, weight_kg, creatinine_mg_dl):
    """Creatinine clearance in mL/min."""
    clearance = (140 - age) * weight_kg / (72 * creatinine_mg_dl)
    return {"crcl": clearance * np.where(sex == "female", 0.85, 1.0)}
