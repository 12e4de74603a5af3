"""Columns of the NHANES table as inputs of table studies, and their cleaning.

Left out everywhere: survey weights and strata, linked mortality, osmolality (calculated from
sodium, glucose and urea nitrogen), the activity question (it changed between cycles) and fasting
hours (they tell who was invited in the morning).
"""

import numpy as np
import pandas as pd

from ml.features.kidney import egfr_ckd_epi_2021
from ml.studies.columns import categories, demographic, flags, numbers
from ml.studies.problem import Input

ANSWERS = {  # code of the last answer; what lies above was refused or not known
    "self_rated_health": 5,
    "education": 5,
    "dmdmartl": 6,
    "smd650_cigs_day": 95,
    "smq020_ever100": 2,
    "smq040_now": 3,
    "bpq020_hypertension": 2,
    "bpq080_high_chol": 2,
    "bpq050a_now_rx": 2,
    "bpq100d_now_lipid_rx": 2,
    "family_history_diabetes": 2,
    "diq010_diabetes": 3,
    "mcq160b_chf": 2,
    "mcq160c_chd": 2,
    "mcq160d_angina": 2,
    "mcq160e_mi": 2,
    "mcq160f_stroke": 2,
    "kiq022_weak_kidneys": 2,
}
FIRST_FULL_CYCLE = 2001
NEVER_SMOKED, STOPPED, SMOKES = 0.0, 1.0, 2.0
AGES = ["20-39", "40-59", "60-74", "75 and over"]
ETHNICITIES = {1: "Non-Hispanic White", 2: "Non-Hispanic Black", 3: "Hispanic", 4: "Other"}

PERSON = (
    demographic("age", "Age", "a", 1, "risk rises with age"),
    Input("male", "flag", "Male sex", "", "before", "demographic"),
)
CIRCUMSTANCES = (
    demographic("education", "Education (1 under ninth grade to 5 college)"),
    demographic("poverty_income_ratio", "Income over the poverty line"),
    *categories({"dmdmartl": "Marital status"}, available="before", provenance="demographic"),
)
ETHNICITY = categories({"ethnicity4": "Ethnicity"}, available="before", provenance="demographic")
HABITS = (
    Input("smoking", "number", "Smoking (0 never, 1 former, 2 now)", "", "before", "history"),
    Input("smd650_cigs_day", "number", "Cigarettes a day", "", "before", "history"),
    Input("self_rated_health", "number", "Self-rated health (5 poor)", "", "before", "history"),
    Input("adl_difficulties", "number", "Difficulties of daily living", "", "before", "history"),
)
TOLD_HEART = flags(
    {
        "mcq160b_chf": "Told heart failure",
        "mcq160c_chd": "Told coronary disease",
        "mcq160d_angina": "Told angina",
        "mcq160e_mi": "Told heart attack",
        "mcq160f_stroke": "Told stroke",
    },
    available="before",
)
TOLD_RISKS = flags(
    {"bpq020_hypertension": "Told hypertension", "bpq080_high_chol": "Told high cholesterol"},
    available="before",
)
DRUGS = flags(
    {"bpq050a_now_rx": "Takes a blood pressure drug", "bpq100d_now_lipid_rx": "Takes a lipid drug"},
    available="before",
)
BODY = numbers(
    (
        ("bmi", "Body mass index", "kg/m2"),
        ("height_cm", "Height", "cm"),
        ("weight_kg", "Weight", "kg"),
        ("waist_cm", "Waist", "cm"),
        ("sbp_mmhg", "Systolic blood pressure", "mm[Hg]"),
        ("dbp_mmhg", "Diastolic blood pressure", "mm[Hg]"),
        ("pulse_pressure_mmhg", "Pulse pressure", "mm[Hg]"),
    )
)
LIPIDS = numbers(
    (
        ("cholesterol_total_mg_dl", "Total cholesterol", "mg/dL"),
        ("hdl_mg_dl", "HDL cholesterol", "mg/dL"),
        ("ldl_mg_dl", "LDL cholesterol", "mg/dL"),
        ("triglycerides_mg_dl", "Triglycerides", "mg/dL"),
    )
)
BLOOD_COUNT = numbers(
    (
        ("wbc_10e3_ul", "Leukocytes", "10*3/uL"),
        ("rbc_10e6_ul", "Erythrocytes", "10*6/uL"),
        ("hemoglobin_g_dl", "Haemoglobin", "g/dL"),
        ("mcv_fl", "Mean corpuscular volume", "fL"),
        ("mch_pg", "Mean corpuscular haemoglobin", "pg"),
        ("rdw_pct", "Red cell distribution width", "%"),
        ("platelets_10e3_ul", "Platelets", "10*3/uL"),
        ("lymphocytes_pct", "Lymphocytes", "%"),
        ("neutrophils_pct", "Neutrophils", "%"),
        ("monocytes_pct", "Monocytes", "%"),
        ("eosinophils_pct", "Eosinophils", "%"),
    )
)
CHEMISTRY = numbers(
    (
        ("albumin_g_dl", "Albumin", "g/dL"),
        ("total_protein_g_dl", "Total protein", "g/dL"),
        ("globulin_g_dl", "Globulin", "g/dL"),
        ("alp_u_l", "Alkaline phosphatase", "U/L"),
        ("ast_u_l", "Aspartate aminotransferase", "U/L"),
        ("alt_u_l", "Alanine aminotransferase", "U/L"),
        ("ggt_u_l", "Gamma-glutamyltransferase", "U/L"),
        ("ldh_u_l", "Lactate dehydrogenase", "U/L"),
        ("bilirubin_total_mg_dl", "Bilirubin", "mg/dL"),
        ("uric_acid_mg_dl", "Uric acid", "mg/dL"),
        ("bun_mg_dl", "Urea nitrogen", "mg/dL"),
        ("calcium_mg_dl", "Calcium", "mg/dL"),
        ("phosphorus_mg_dl", "Phosphate", "mg/dL"),
        ("sodium_mmol_l", "Sodium", "mmol/L"),
        ("potassium_mmol_l", "Potassium", "mmol/L"),
        ("chloride_mmol_l", "Chloride", "mmol/L"),
        ("bicarbonate_mmol_l", "Bicarbonate", "mmol/L"),
        ("iron_ug_dl", "Iron", "ug/dL"),
        ("crp_mg_dl", "C-reactive protein", "mg/dL"),
    )
)
KIDNEY = numbers(
    (("egfr", "Filtration rate (CKD-EPI 2021)", "mL/min/{1.73_m2}"), ("uacr", "Urine ACR", "mg/g"))
)
SOME_CYCLES = numbers(
    (
        ("cystatin_c_mg_l", "Cystatin C", "mg/L"),
        ("cadmium_nmol_l", "Blood cadmium", "nmol/L"),
        ("fev1_ml", "Breath in one second", "mL"),
    )
)


def cleaned(frame: pd.DataFrame) -> pd.DataFrame:
    """Refused answers as gaps; smoking, filtration, albuminuria and groups as columns."""
    columns = [name for name in ANSWERS if name in frame]
    known = {name: frame[name].where(frame[name] <= ANSWERS[name]) for name in columns}
    found = frame.copy().assign(**known)  # the copy joins what reading left in many blocks
    return found.assign(
        male=(found["sex"] == 1).astype(float),
        smoking=_smoking(found),
        egfr=_egfr(found),
        uacr=100 * found["urine_albumin_ug_ml"] / found["urine_creatinine_mg_dl"],
        sex_group=np.where(found["sex"] == 1, "male", "female"),
        age_band=pd.cut(found["age"], [0, 40, 60, 75, 200], right=False, labels=AGES).astype(str),
        ethnicity=found["ethnicity4"].map(ETHNICITIES),
    )


def _smoking(frame: pd.DataFrame) -> pd.Series:
    """Never, former, now; in 1999-2000 only smokers of old were asked whether they smoke now."""
    now = frame["smq040_now"]
    skipped = (frame["cycle_start"] < FIRST_FULL_CYCLE) & now.isna()
    never = (frame["smq020_ever100"] == 2) | skipped
    return now.map({1: SMOKES, 2: SMOKES, 3: STOPPED}).mask(never, NEVER_SMOKED)


def _egfr(frame: pd.DataFrame) -> pd.Series:
    sexes = np.where(frame["sex"] == 1, "male", "female")
    rows = zip(frame["creatinine_mg_dl"], frame["age"], sexes, strict=True)
    found = [egfr_ckd_epi_2021(c, age, sex) if c > 0 else np.nan for c, age, sex in rows]
    return pd.Series(found, frame.index)
