"""Which of a person's facts feed which published score, and when a score does not apply."""

from collections.abc import Mapping
from dataclasses import dataclass

from ml.scores import answers
from ml.scores.acute import news2
from ml.scores.answers import (
    CARDIOVASCULAR,
    Answer,
    Reason,
    age,
    condition,
    known_cvd,
    only,
    pregnancy,
    sex,
    taking,
    without,
    younger_than,
)
from ml.scores.body import bmi, bsa, mean_arterial_pressure
from ml.scores.chemistry import anion_gap, corrected_calcium, nlr
from ml.scores.comorbidity import charlson, charlson_age
from ml.scores.diabetes import ada_risk_test, findrisc
from ml.scores.engine import Score
from ml.scores.framingham import framingham_cvd
from ml.scores.kidney import ckd_epi_2021, cockcroft_gault, kdigo_stage, kfre
from ml.scores.lipids import aip, ldl_friedewald, ldl_sampson, non_hdl
from ml.scores.liver import fib4, meld_3_0, nafld_fibrosis
from ml.scores.metabolic import eag, homa_ir, tyg
from ml.scores.pooled_cohort import ascvd_pce
from ml.scores.prevent import prevent
from ml.scores.score2 import score2
from ml.scores.stroke_bleeding import cha2ds2_vasc, has_bled
from ml.scores.subject import ANTICOAGULANTS, Subject


@dataclass(frozen=True, slots=True)
class Recipe:
    """One equation for one person.

    `inputs` names, for each input of the equation, an analyte or a question. `names` are
    the scores it answers under the rules' names, each with the value that it takes from
    the equation ("" takes all). `refuse` gives reasons why it does not apply.
    """

    equation: Score
    inputs: Mapping[str, str | Answer]
    names: Mapping[str, str]
    refuse: tuple[Reason, ...] = ()
    one_sample: bool = False  # the measured inputs must be of one day


# Nobody on dialysis or with a transplant was among those the equations were made of.
kidney_failure_treated = without(
    "on dialysis or with a kidney transplant", "dialysis", "kidney_transplant"
)
LIPIDS = {"tc_mg_dl": "TC", "hdl_mg_dl": "HDL"}

RECIPES = (
    Recipe(
        prevent,
        CARDIOVASCULAR
        | {"statin": lambda person: person.on("statin"), "egfr": "EGFR", "bmi": "BMI"},
        {
            "PREVENT_CVD_10Y": "total_cvd_10y",
            "PREVENT_ASCVD_10Y": "ascvd_10y",
            "PREVENT_HF_10Y": "heart_failure_10y",
            "PREVENT_CVD_30Y": "total_cvd_30y",
            "PREVENT_ASCVD_30Y": "ascvd_30y",
            "PREVENT_HF_30Y": "heart_failure_30y",
        },
        refuse=(known_cvd, kidney_failure_treated, pregnancy),
    ),
    Recipe(
        ascvd_pce,
        CARDIOVASCULAR | {"race": answers.race},
        {"ASCVD_PCE": "risk_10y"},
        refuse=(known_cvd, kidney_failure_treated, pregnancy),
    ),
    Recipe(
        framingham_cvd,
        CARDIOVASCULAR,
        {"FRAMINGHAM_CVD_10Y": "risk_10y"},
        refuse=(known_cvd, kidney_failure_treated, pregnancy),
    ),
    Recipe(
        findrisc,
        {
            "age": age,
            "sex": sex,
            "bmi": "BMI",
            "waist_cm": "WAIST",
            "active_30min_daily": lambda person: person.active(210),
            "veg_fruit_daily": lambda person: person.flagged(
                "vegetables_daily", "no_vegetables_daily"
            ),
            "bp_medication": Subject.bp_treated,
            "high_glucose_history": answers.high_glucose_history,
            "family_history": Subject.family_diabetes,
        },
        {"FINDRISC": ""},
        refuse=(without("with known diabetes", "diabetes"), pregnancy),
    ),
    Recipe(
        ada_risk_test,
        {
            "age": age,
            "sex": sex,
            "bmi": "BMI",
            "family_history": answers.family_diabetes,
            "hypertension": condition("htn"),
            "physically_active": lambda person: person.active(150),  # WHO 2020
            "gdm_history": condition("gdm_history"),
            "asian": answers.asian,
        },
        {"ADA_RISK_TEST": ""},
        refuse=(without("with known diabetes", "diabetes"), pregnancy),
    ),
    Recipe(
        ckd_epi_2021,
        {"creatinine_mg_dl": "CREAT", "age": age, "sex": sex},
        {"CKD_EPI_2021": "egfr"},
        refuse=(pregnancy,),
    ),
    Recipe(
        kdigo_stage,
        {"egfr": "EGFR", "acr_mg_g": "UACR"},
        {"KDIGO_STAGE": ""},
        refuse=(pregnancy,),
    ),
    Recipe(
        cockcroft_gault,
        {"age": age, "sex": sex, "weight_kg": "WEIGHT", "creatinine_mg_dl": "CREAT"},
        {"COCKCROFT_GAULT": "crcl"},
        refuse=(pregnancy,),
    ),
    Recipe(
        fib4,
        {"age": age, "ast": "AST", "alt": "ALT", "platelets_10e9_l": "PLT"},
        {"FIB4": "index"},
        refuse=(younger_than(35),),
    ),
    Recipe(
        nafld_fibrosis,
        {
            "age": age,
            "bmi": "BMI",
            "ifg_or_diabetes": answers.impaired_glucose,
            "ast": "AST",
            "alt": "ALT",
            "platelets_10e9_l": "PLT",
            "albumin_g_dl": "ALB",
        },
        {"NAFLD_FIBROSIS": "score"},
        refuse=(younger_than(18), pregnancy),
    ),
    Recipe(
        meld_3_0,
        {
            "sex": sex,
            "bilirubin_mg_dl": "TBIL",
            "inr": "INR",
            "creatinine_mg_dl": "CREAT",
            "sodium": "SODIUM",
            "albumin_g_dl": "ALB",
            "dialysis": condition("dialysis"),
        },
        {"MELD_3_0": "score"},
        refuse=(
            younger_than(18),
            only("with cirrhosis", "cirrhosis"),
            # The drug, not the liver, would then make the INR.
            taking("Not valid under an anticoagulant, which raises the INR", *ANTICOAGULANTS),
        ),
    ),
    Recipe(
        cha2ds2_vasc,
        {
            "age": age,
            "sex": sex,
            "chf": condition("hf"),
            "hypertension": condition("htn"),
            "diabetes": Subject.diabetes,
            "stroke_tia_te": condition("stroke_tia", "thromboembolism_arterial"),
            "vascular_disease": condition("mi", "pad", "cad"),
        },
        {"CHA2DS2_VASC": "points"},
        refuse=(only("with atrial fibrillation", "afib"),),
    ),
    Recipe(
        has_bled,
        {
            "hypertension": answers.uncontrolled_pressure,
            "renal": answers.abnormal_kidney,
            "liver": condition("cirrhosis"),
            "stroke": condition("stroke_tia", "intracranial_haemorrhage"),
            "bleeding": answers.bleeding,
            "labile_inr": answers.labile_inr,
            "elderly": lambda person: person.age > 65,
            "drugs": lambda person: person.on("aspirin", "p2y12", "nsaid"),
            "alcohol": answers.heavy_drinking,
        },
        {"HAS_BLED": "points"},
        refuse=(only("with atrial fibrillation", "afib"),),
    ),
    Recipe(charlson, answers.COMORBIDITIES, {"CHARLSON": "points"}),
    Recipe(charlson_age, answers.COMORBIDITIES | {"age": age}, {"CHARLSON_AGE": "points"}),
    Recipe(bmi, {"weight_kg": "WEIGHT", "height_cm": "HEIGHT"}, {"BMI": "bmi"}),
    Recipe(bsa, {"weight_kg": "WEIGHT", "height_cm": "HEIGHT"}, {"BSA": "bsa"}),
    Recipe(mean_arterial_pressure, {"sbp": "SBP", "dbp": "DBP"}, {"MAP": "map"}, one_sample=True),
    Recipe(non_hdl, {"tc": "TC", "hdl": "HDL"}, {"NON_HDL": "value"}, one_sample=True),
    Recipe(
        ldl_friedewald,
        LIPIDS | {"tg_mg_dl": "TG"},
        {"LDL_FRIEDEWALD": "value"},
        one_sample=True,
    ),
    Recipe(ldl_sampson, LIPIDS | {"tg_mg_dl": "TG"}, {"LDL_SAMPSON": "value"}, one_sample=True),
    Recipe(aip, {"tg_mg_dl": "TG", "hdl_mg_dl": "HDL"}, {"AIP": "index"}, one_sample=True),
    Recipe(
        homa_ir,
        {"glucose_mg_dl": "GLU_FAST", "insulin_uiu_ml": "INS_FAST"},
        {"HOMA_IR": "index"},
        refuse=(taking("Not for people who inject insulin", "insulin"),),
        one_sample=True,
    ),
    Recipe(tyg, {"tg_mg_dl": "TG", "glucose_mg_dl": "GLU_FAST"}, {"TYG": "index"}, one_sample=True),
    Recipe(eag, {"hba1c_pct": "HBA1C"}, {"EAG": "eag_mg_dl"}),
    Recipe(
        anion_gap,
        {"na": "SODIUM", "cl": "CL", "hco3": "CO2", "albumin_g_dl": "ALB"},
        {"ANION_GAP": ""},
    ),
    Recipe(
        corrected_calcium,
        {"calcium_mg_dl": "CA", "albumin_g_dl": "ALB"},
        {"CORRECTED_CALCIUM": "value"},
    ),
    Recipe(
        nlr,
        {"neutrophils": "NEUT_ABS", "lymphocytes": "LYMPH_ABS"},
        {"NLR": "ratio"},
        one_sample=True,
    ),
    Recipe(
        news2,
        {
            "resp_rate": "RR",
            "spo2": "SPO2",
            "spo2_scale": lambda person: 2 if "spo2_scale_2" in person.facts.flags else 1,
            "on_oxygen": lambda person: person.flagged("supplemental_oxygen", "room_air"),
            "sbp": "SBP",
            "pulse": "HR",
            "consciousness": answers.consciousness,
            "temp_c": "TEMP",
        },
        {"NEWS2": ""},
        refuse=(younger_than(16), pregnancy, answers.not_of_today("RR")),
        one_sample=True,
    ),
)


def kidney_failure(region: str) -> Recipe:
    """KFRE with the baseline of a region ("north_america" or "non_north_america")."""
    return Recipe(
        kfre,
        {
            "age": age,
            "sex": sex,
            "egfr": "EGFR",
            "acr_mg_g": "UACR",
            "region": lambda _person: region,
        },
        {"KFRE_2Y": "risk_2y", "KFRE_5Y": "risk_5y"},
        refuse=(without("on dialysis", "dialysis"), pregnancy),
    )


def european(region: str) -> Recipe:
    """SCORE2 in one of the four European risk regions."""
    return Recipe(
        score2,
        {
            "age": age,
            "sex": sex,
            "sbp": "SBP",
            "tc_mmol": answers.in_mmol("TC"),
            "hdl_mmol": answers.in_mmol("HDL"),
            "smoker": Subject.smokes,
            "region": lambda _person: region,
        },
        {"SCORE2": "risk_10y"},
        refuse=(known_cvd, without("with known diabetes", "diabetes"), pregnancy),
    )
