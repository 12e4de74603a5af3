"""Ten-year mortality: cohort, follow-up and the parts both death studies share.

Follow-up ends on 31 December 2019. In the cycles to 2007-08 every survivor was watched for at
least 130 months, so the state after 120 months is known of everybody and nobody is censored.
Later cycles are not judged: taking their late survivors as missing but their late deaths as events
would raise the mortality from 16.7 % to over 21 %. They teach ten-year death by what is to be
expected of them (`ml.studies.unfinished`). With nobody censored, the share who died of
one cause within ten years, deaths of other causes staying in the denominator as non-events, is
the cumulative incidence itself, and not 1 - exp(-cause-specific hazard).
"""

import pandas as pd

from ml.studies.inputs import (
    BLOOD_COUNT,
    BODY,
    CHEMISTRY,
    LIPIDS,
    PERSON,
    PRESSURE,
    TOLD_HEART,
)
from ml.studies.spec import Refusal

LAST_CYCLE = 2007
MONTHS = 120
LEAST_MONTHS = 0.5  # a death in the month of the examination: a time of zero has no sign
CARDIOVASCULAR = (1, 5)  # leading causes: heart, cerebrovascular

FEATURES = (
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
    "egfr",
    "uacr",
    "glucose",
    "hba1c",
)
MONOTONE = {
    "age": (1, "mortality doubles every eight years or so"),
    "smoking": (1, "never, former, current"),
    "self_rated_health": (1, "worse is worse, in every cohort"),
    "diabetes": (1, "shortens life"),
    "mi": (1, "shortens life"),
    "hf": (1, "shortens life"),
    "stroke": (1, "shortens life"),
    "albumin": (-1, "low albumin marks illness and poor nutrition"),
    "rdw": (1, "marks impaired blood formation and inflammation"),
    "uacr": (1, "marks damaged vessels"),
}
NOTES = (
    "Age is cut at 85, the top code to 2005-06 (80 in 2007-08); within 80+ it helps by 0.008.",
    "Osmolality is left out: it is calculated from inputs the model has.",
    "Ethnicity is left out: it adds 0.0003 to the AUROC.",
    (
        "Pregnant women (908, of whom 5 died) are refused; young as they are, they raised the "
        "AUROC of earlier versions by 0.003 without saying anything of those who are scored."
    ),
)
REFUSALS = (
    # The survey asked nobody of dialysis or transplants, and its lowest filtration rate is 16.98.
    Refusal(
        "kidney_failure",
        "Nobody with dialysis, a kidney transplant or an eGFR under 17 is known to have taught "
        "this model.",
        frozenset({"dialysis", "kidney_transplant"}),
        under={"egfr": 17.0},
    ),
)


def died_within_ten_years(frame: pd.DataFrame) -> pd.Series:
    """1 dead within 120 months, 0 alive then, NaN outside the cohort.

    Months count from the examination. People who were only interviewed are left out: they were
    often too ill to come, and would teach the model that a missing laboratory means death, which
    holds in the survey and not in a record. Pregnant women are left out: their blood counts and
    chemistry follow other ranges, and the models refuse them.
    """
    months = frame["mort_permth_exm"]
    followed = (frame["mort_eligstat"] == 1) & months.notna()
    in_cohort = followed & (frame["cycle_start"] <= LAST_CYCLE) & (frame["pregnant"] != 1)
    dead = (frame["mort_status"] == 1) & (months <= MONTHS)
    return dead.astype(float).where(in_cohort)


def followed_months(frame: pd.DataFrame) -> pd.Series:
    """Months of follow-up of everybody examined and not pregnant; below zero who was alive."""
    months = frame["mort_permth_exm"].clip(lower=LEAST_MONTHS)
    followed = (frame["mort_eligstat"] == 1) & (frame["pregnant"] != 1)
    return months.where(frame["mort_status"] == 1, -months).where(followed)


def died_of_the_heart_within_ten_years(frame: pd.DataFrame) -> pd.Series:
    """1 dead of heart or cerebrovascular disease within 120 months; other deaths count 0."""
    dead = died_within_ten_years(frame)
    cardiovascular = frame["mort_ucod_leading"].isin(CARDIOVASCULAR)
    return (dead * cardiovascular).where(dead.notna())
