"""Raw rows of the small disease sets, with their outcome, made ready for a study.

A row that repeats an earlier one is scored and neither learned from nor judged. Zeros and other
codes that mean "not measured" are gaps since the loader.
"""

import numpy as np
import pandas as pd

OUTCOME = "ill"
OLDEST = 110
CBC_LIMITS = {  # what a living person's count can be
    "WBC": (0.1, 500),
    "LYMp": (0, 100),
    "NEUTp": (0, 100),
    "MCHC": (20, 45),
}
THYROID_FLAGS = {
    "on_thyroxine": "Takes thyroxine",
    "on_antithyroid_meds": "Takes antithyroid drugs",
    "sick": "Sick",
    "pregnant": "Pregnant",
    "thyroid_surgery": "Had thyroid surgery",
    "I131_treatment": "Had radioiodine",
    "lithium": "Takes lithium",
    "goitre": "Goitre",
    "tumor": "Tumour",
    "hypopituitary": "Hypopituitary",
    "psych": "Psychiatric illness",
}
LIVER_LOGS = (
    ("Total_Bilirubin", "Bilirubin (log mg/dL)"),
    ("Direct_Bilirubin", "Direct bilirubin (log mg/dL)"),
    ("Alkaline_Phosphotase", "Alkaline phosphatase (log U/L)"),
    ("Alanine_Aminotransferase", "Alanine aminotransferase (log U/L)"),
    ("Aspartate_Aminotransferase", "Aspartate aminotransferase (log U/L)"),
)
HEPATITIS_LOGS = (
    ("ALP", "Alkaline phosphatase (log U/L)"),
    ("ALT", "Alanine aminotransferase (log U/L)"),
    ("AST", "Aspartate aminotransferase (log U/L)"),
    ("BIL", "Bilirubin (log umol/L)"),
    ("GGT", "Gamma-glutamyltransferase (log U/L)"),
    ("CREA", "Creatinine (log umol/L)"),
)


def _labelled(
    frame: pd.DataFrame, column: str, ill: object, alike: list[str] | None = None
) -> pd.DataFrame:
    """With the outcome, where the table tells it; unknown for copies of earlier rows.

    `ill` gives yes, no or unknown for each value of the column; rows are copies that are equal in
    the columns `alike`, or in all.
    """
    if column not in frame:
        return frame
    told = frame[column].map(ill, na_action="ignore").astype(float)
    return frame.assign(**{OUTCOME: told.mask(frame.duplicated(alike))})


def heart(frame: pd.DataFrame) -> pd.DataFrame:
    """Any narrowing over one half."""
    return _labelled(frame, "num", lambda grade: grade > 0)


def liver(frame: pd.DataFrame) -> pd.DataFrame:
    """Logarithms: enzymes and bilirubin spread over three orders of size."""
    found = _labelled(frame, "Dataset", {1: 1, 2: 0})
    return found.assign(**{name: np.log(frame[name]) for name, _ in LIVER_LOGS})


def kidney(frame: pd.DataFrame) -> pd.DataFrame:
    """Sodium 4.5 and potassium 39 are slips of the decimal point."""
    found = _labelled(frame, "class", {"ckd": 1, "notckd": 0})
    sodium, potassium = frame["sod"], frame["pot"]
    return found.assign(sod=sodium.mask(sodium < 100), pot=potassium.mask(potassium > 10))


def hepatitis(frame: pd.DataFrame) -> pd.DataFrame:
    """Hepatitis, fibrosis and cirrhosis against donors; suspect donors count as neither."""
    grades = {"0=Blood Donor": 0, "1=Hepatitis": 1, "2=Fibrosis": 1, "3=Cirrhosis": 1}
    found = _labelled(frame, "Category", grades)
    return found.assign(**{name: np.log(frame[name]) for name, _ in HEPATITIS_LOGS})


def thyroid(frame: pd.DataFrame) -> pd.DataFrame:
    """Letters E to H of the diagnosis say hypothyroid."""
    yes = {name: (frame[name] == "t").astype(float) for name in THYROID_FLAGS}
    found = frame.assign(**yes, age=frame["age"].mask(frame["age"] > OLDEST))
    return _labelled(found, "target", lambda letters: any(one in letters for one in "EFGH"))


def anaemia(frame: pd.DataFrame) -> pd.DataFrame:
    """Impossible counts, and gaps that were filled with an average before publication, as gaps."""
    bounds = {
        name: frame[name].where(frame[name].between(*CBC_LIMITS[name])) for name in CBC_LIMITS
    }
    alike = [*CBC_LIMITS, "Diagnosis"]
    return _labelled(frame.assign(**bounds), "Diagnosis", lambda name: "anemia" in name, alike)


def pima(frame: pd.DataFrame) -> pd.DataFrame:
    return _labelled(frame, "Outcome", {0: 0, 1: 1})


def stroke(frame: pd.DataFrame) -> pd.DataFrame:
    return _labelled(frame, "stroke", {"No": 0, "Yes": 1})
