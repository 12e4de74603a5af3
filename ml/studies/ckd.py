"""Chronic kidney disease that is present and that nobody has told the person of."""

import numpy as np
import pandas as pd
from scipy.special import ndtr

from ml.features.kidney import egfr_ckd_epi_2021
from ml.studies.inputs import (
    BLOOD_COUNT,
    BODY,
    CHEMISTRY,
    LIPIDS,
    PERSON,
    PRESSURE,
    TOLD_HEART,
)
from ml.studies.spec import Refusal, Study, Tier

EGFR_LIMIT = 60.0  # mL/min/{1.73_m2}, KDIGO 2024
UACR_LIMIT = 30.0  # mg/g, KDIGO 2024
DEFINES = "defines the outcome"
# How far a measurement lies from its limit, in these units, is what the first trees learn. Both are
# about twice what two measurements of one person differ by; half or twice as wide is as good.
EGFR_SPREAD = 12.0  # mL/min/{1.73_m2}
UACR_SPREAD = 0.9  # of the natural logarithm
LEAST_UACR = 0.3  # mg/g, below which no difference counts


def egfr(frame: pd.DataFrame) -> pd.Series:
    """Filtration rate of each row by CKD-EPI 2021, NaN without creatinine."""
    sexes = np.where(frame["sex"] == 1, "male", "female")
    rates = [
        egfr_ckd_epi_2021(creatinine, age, sex) if creatinine > 0 else np.nan
        for creatinine, age, sex in zip(frame["creatinine_mg_dl"], frame["age"], sexes, strict=True)
    ]
    return pd.Series(rates, index=frame.index)


def uacr(frame: pd.DataFrame) -> pd.Series:
    """Urine albumin over creatinine of each row, mg/g."""
    # ug/mL over mg/dL is 100 mg/g.
    return 100 * frame["urine_albumin_ug_ml"] / frame["urine_creatinine_mg_dl"]


def grade(frame: pd.DataFrame) -> pd.Series:
    """Near 1 with either measurement far beyond its limit, near 0 with both far from it."""
    filters = ndtr((egfr(frame) - EGFR_LIMIT) / EGFR_SPREAD)
    tight = ndtr(np.log(UACR_LIMIT / uacr(frame).clip(lower=LEAST_UACR)) / UACR_SPREAD)
    return 1 - filters * tight


def outcome(frame: pd.DataFrame) -> pd.Series:
    """1 with eGFR < 60 or UACR >= 30 mg/g, 0 without, NaN unless both were measured.

    Keeping people with one measurement because it is abnormal would teach the model that a
    missing chemistry panel means disease. The cohort was never told of weak kidneys and is not
    pregnant. That question is in the table from 2011 only; before, nobody can be taken out.
    """
    rate, ratio = egfr(frame), uacr(frame)
    found = (rate < EGFR_LIMIT) | (ratio >= UACR_LIMIT)
    known = rate.notna() & ratio.notna()
    in_cohort = known & (frame["kiq022_weak_kidneys"] != 1) & (frame["pregnant"] != 1)
    return found.astype(float).where(in_cohort)


STUDY = Study(
    task="ckd",
    title="Chronic kidney disease not yet known",
    population="Adults from 20 years, not pregnant, never told of weak or failing kidneys",
    outcome_text="eGFR under 60 (CKD-EPI 2021) or urine albumin/creatinine from 30 mg/g, today",
    horizon_years=None,
    outcome=outcome,
    features=(
        *PERSON,
        *BODY,
        *PRESSURE,
        "htn",
        "dyslipidaemia",
        "diabetes",
        *TOLD_HEART,
        "bp_drug",
        "lipid_drug",
        "insulin",
        "glucose_tablets",
        "smoking",
        "self_rated_health",
        *LIPIDS,
        *BLOOD_COUNT,
        *CHEMISTRY,
        "uric_acid",
        "bun",
        "glucose",
        "hba1c",
    ),
    banned={
        "CREAT": DEFINES,
        "EGFR": DEFINES,
        "UACR": DEFINES,
        "UPCR": DEFINES,
        "UALB": DEFINES,
        "UCREAT": DEFINES,
        "UPROT24": DEFINES,
        "CYSC": "estimates the same filtration rate as creatinine",
        "OSM": "is calculated from sodium, glucose and urea nitrogen, which the model has",
    },
    # Age, urea and uric acid are not held to a direction: albumin in urine is commoner at 20 to 25
    # years (6.0 %) than at 26 to 30 (4.9 %), and held so the trees lose 0.0007 of the AUROC.
    monotone={
        "diabetes": (1, "a cause"),
        "htn": (1, "a cause and a consequence"),
        "sbp": (1, "a cause and a consequence"),
        "hf": (1, "lowers filtration"),
    },
    tiers=(
        Tier(
            "T0",
            0.0,
            (
                "No extra kidney test because of this figure; every year all the same with "
                "diabetes, high blood pressure or heart failure (KDIGO 2024)."
            ),
            "own",
        ),
        Tier(
            "T1", 0.10, "Check blood pressure and salt; kidney tests at the next check-up.", "own"
        ),
        Tier("T2", 0.20, "Measure creatinine and urine albumin/creatinine.", "own"),
    ),
    published_score="SCORED; CKD-EPI 2021 once creatinine is measured",
    notes=(
        "One measurement: the word chronic needs a repeat after three months.",
        "Urea nitrogen and uric acid do not define the outcome and stay in (urea: 0.005 AUROC).",
        (
            "Whether somebody had been told of weak kidneys is in the public table from 2011 only: "
            "of the earlier years nobody could be taken out, and about one in ten with the outcome "
            "(236 of 2,215 from 2011) knew of it."
        ),
    ),
    refusals=(
        Refusal(
            "already_known",
            "Kidney disease is already known; see its course instead.",
            frozenset({"ckd", "dialysis", "kidney_transplant"}),
            "UACR",
            "eGFR and urine albumin/creatinine, for the course",
        ),
    ),
    refuses_pregnant=True,
    net_benefit_at=(0.05, 0.1, 0.2, 0.3),
    parameters={
        "max_depth": 5,
        "learning_rate": 0.035,
        "max_bin": 256,
        "min_child_weight": 10,
        "colsample_bytree": 0.4,
    },
    trees=580,
    grade=grade,
    graded_trees=380,
    as_surveyed=0.8,
    stretch=1.9,
)

if __name__ == "__main__":
    from ml.studies import served  # here: it imports this module, too

    served.main(STUDY.task)
