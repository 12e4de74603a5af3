"""Whom to test: diabetes that is present and that nobody has told the person of.

The outcome rests on HbA1c, which everybody had. Fasting glucose was planned for a random half,
the same half that has triglycerides and LDL. An outcome of "either test" therefore found diabetes
in 6.1 % of that half and in 3.2 % of the other, and taught the model that known triglycerides
mean diabetes. With HbA1c alone the halves agree (3.0 and 3.2 %).
"""

import pandas as pd
from scipy.special import ndtr

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

HBA1C_LIMIT = 6.5  # %, ADA Standards of Care, diagnosis
HBA1C_SPREAD = 0.3  # %, the unit in which the first trees see the distance from the limit
HBA1C_STEP = 0.1  # %, in which the survey states it: 6.5 is from 6.45
GLYCAEMIA = "defines the outcome or measures the same glycaemia"


def outcome(frame: pd.DataFrame) -> pd.Series:
    """1 with HbA1c in the diabetic range, 0 below it, NaN out of cohort.

    The cohort was never told of diabetes ("borderline" stays in), is not pregnant, and has an
    HbA1c.
    """
    hba1c = frame["hba1c_pct"]
    in_cohort = (frame["diq010_diabetes"] != 1) & (frame["pregnant"] != 1) & hba1c.notna()
    return (hba1c >= HBA1C_LIMIT).astype(float).where(in_cohort)


def grade(frame: pd.DataFrame) -> pd.Series:
    """Near 1 with an HbA1c far above the limit, a half at it, near 0 far below."""
    distance = frame["hba1c_pct"] - (HBA1C_LIMIT - HBA1C_STEP / 2)
    return pd.Series(ndtr(distance / HBA1C_SPREAD), index=frame.index)


STUDY = Study(
    task="undiagnosed_diabetes",
    title="Undiagnosed diabetes",
    population="Adults from 20 years, not pregnant, never told that they have diabetes",
    outcome_text="HbA1c of 6.5 % or more, today",
    horizon_years=None,
    outcome=outcome,
    features=(
        *PERSON,
        "black",
        "hispanic",
        "asian_or_other",
        *BODY,
        *PRESSURE,
        "htn",
        "dyslipidaemia",
        "prediabetes",
        *TOLD_HEART,
        "bp_drug",
        "lipid_drug",
        "family_diabetes",
        "smoking",
        "self_rated_health",
        *LIPIDS,
        *BLOOD_COUNT,
        *CHEMISTRY,
        "uric_acid",
        "bun",
        "egfr",
        "uacr",
    ),
    banned={
        "HBA1C": GLYCAEMIA,
        "GLU": GLYCAEMIA,
        "GLU_FAST": GLYCAEMIA,
        "OGTT_2H": GLYCAEMIA,
        "INS_FAST": "is drawn with the fasting glucose and read with it",
        "CPEP": "is drawn with the glucose and read with it",
        "FRUCTOS": GLYCAEMIA,
        "CGM_TIR": GLYCAEMIA,
        "CGM_GMI": GLYCAEMIA,
        "OSM": "is calculated from sodium, glucose and urea nitrogen, and gives the glucose away",
        "diabetes": "is the outcome once it is known",
        "insulin": "is given for the outcome",
        "glucose_tablets": "are given for the outcome",
    },
    monotone={
        "bmi": (1, "fat mass drives insulin resistance"),
        "waist": (1, "visceral fat drives insulin resistance"),
        "triglycerides": (1, "rise with insulin resistance"),
        "hdl": (-1, "falls with insulin resistance"),
        "family_diabetes": (1, "heritable"),
        "prediabetes": (1, "the stage before"),
        "htn": (1, "shares its causes"),
        "ggt": (1, "marks liver fat"),
    },
    # T1: the highest whole per cent over which nine of ten people with the outcome are found,
    # cross-fitted (0.92). T2: four of five (0.82; of all people 22 % are tested, one in eight of
    # them has it).
    tiers=(
        Tier("T0", 0.0, "No extra test for diabetes now; repeat the usual check in time.", "own"),
        Tier("T1", 0.02, "Weight, movement and food: talk of them at the next visit.", "own"),
        Tier("T2", 0.04, "Measure HbA1c or fasting glucose.", "own"),
    ),
    published_score="ADA diabetes risk test; FINDRISC",
    notes=(
        "Told prediabetes is an answer, not a measurement; FINDRISC asks for it too.",
        "Ethnicity is an input: guidelines test Asian people at a lower BMI; worth 0.003 AUROC.",
        (
            "A fasting glucose of 126 mg/dL or more with a lower HbA1c is not found by this "
            "figure; of people who had both tests that is as common as an HbA1c of 6.5 % or more."
        ),
        (
            "Trained on the years before, it foretold a quarter too many in 2013-16, when more "
            "people had been told of prediabetes and diabetes. Recalibrate on your own outcomes."
        ),
        (
            "HbA1c runs higher in iron deficiency and lower in haemolysis; the model reads the "
            "blood count and follows the test in that, too."
        ),
    ),
    refusals=(
        Refusal(
            "already_known",
            "Diabetes is already diagnosed; see its control instead.",
            frozenset({"diabetes", "t1d", "t2d"}),
            "HBA1C",
            "HbA1c, for control",
        ),
        # SGLT2 inhibitors and GLP-1 agonists are given for heart, kidney and weight as well.
        Refusal(
            "already_treated",
            "Takes a glucose-lowering drug, but no diabetes is listed: clarify the diagnosis.",
            medications=frozenset({"insulin", "metformin", "sulfonylurea", "dpp4i"}),
        ),
    ),
    refuses_pregnant=True,
    often_unlisted=("prediabetes",),
    parameters={"max_depth": 5, "learning_rate": 0.04, "min_child_weight": 10},
    trees=400,
    grade=grade,
    graded_trees=250,
    as_surveyed=0.4,
    stretch=1.45,
)

if __name__ == "__main__":
    from ml.studies import served  # here: it imports this module, too

    served.main(STUDY.task)
