"""What the studies of the diabetes-130 table share: derived inputs, and when each is known.

130 US hospitals, 1999-2008 (Strack et al., BioMed Res Int 2014;2014:781670). ICD-9 codes are
assigned at discharge: a study that predicts earlier and uses them reads them as stand-ins for the
diagnoses that the ward works with, and says so.
"""

import numpy as np
import pandas as pd

from ml.studies import diabetes130_history as history
from ml.studies.problem import Input

GONE = (11, 13, 14, 19, 20, 21)  # died, or left for hospice: nobody comes back
DRUGS = (
    "metformin", "insulin", "glipizide", "glyburide", "pioglitazone", "rosiglitazone",
    "glimepiride", "repaglinide",
)  # fmt: skip
RARE_DRUGS = (
    "nateglinide", "chlorpropamide", "acarbose", "miglitol", "tolazamide", "tolbutamide",
    "glyburide-metformin",
)  # fmt: skip
DOSES = {"No": 0, "Steady": 1, "Down": 2, "Up": 3}
A1C = {"None": 0, "Norm": 1, ">7": 2, ">8": 3}
GLUCOSE = {"None": 0, "Norm": 1, ">200": 2, ">300": 3}
CHAPTERS = (  # ICD-9-CM chapters by first and (exclusive) last three-digit code
    (1, 140, "infection"), (140, 240, "neoplasm"), (240, 280, "endocrine"), (280, 290, "blood"),
    (290, 320, "mental"), (320, 390, "nervous"), (390, 460, "circulation"),
    (460, 520, "respiration"), (520, 580, "digestion"), (580, 630, "genitourinary"),
    (630, 680, "pregnancy"), (680, 710, "skin"), (710, 740, "musculoskeletal"),
    (740, 760, "congenital"), (760, 780, "perinatal"), (780, 800, "symptoms"),
    (800, 1000, "injury"),
)  # fmt: skip
SYMPTOM_OF = {785: "circulation", 786: "respiration", 787: "digestion", 788: "genitourinary"}
PAIRS = {  # categories that are read together
    "type_and_source": ("admission_type_id", "admission_source_id"),
    "specialty_and_type": ("medical_specialty", "admission_type_id"),
    "payer_and_specialty": ("payer_code", "medical_specialty"),
    "diag_1_and_specialty": ("diag_1_three", "medical_specialty"),
    "diag_1_and_type": ("diag_1_three", "admission_type_id"),
    "diag_1_and_diag_2": ("diag_1_three", "diag_2_chapter"),
    "diag_1_and_diag_3": ("diag_1_three", "diag_3_chapter"),
    "three_chapters": ("diag_1_chapter", "diag_2_chapter", "diag_3_chapter"),
    "diag_2_and_diag_3": ("diag_2_three", "diag_3_three"),
}


def derived(frame: pd.DataFrame) -> pd.DataFrame:
    """The table with every derived input; rows and index as they were.

    Columns of the stay's outcome (`time_in_hospital`, `readmitted`) may be absent.
    """
    diagnoses = {
        f"diag_{place}_{part}": made(frame[f"diag_{place}"])
        for place in (1, 2, 3)
        for part, made in (("three", three_digits), ("chapter", chapters))
    }
    wide = frame.assign(**_person(frame), **_treatment(frame), **diagnoses)
    pairs = {name: joined(wide, parts) for name, parts in PAIRS.items()}
    return pd.concat([wide.assign(**pairs), history.of(frame)], axis=1)


def _person(frame: pd.DataFrame) -> dict[str, pd.Series]:
    return {
        "age_years": bands(frame["age"]) + 5,
        "female": (frame["gender"] == "Female").astype(float),
        "weight_band": bands(frame["weight"]),
    }


def _treatment(frame: pd.DataFrame) -> dict[str, pd.Series]:
    every = [name for name in (*DRUGS, *RARE_DRUGS) if name in frame]
    doses = frame[every].apply(lambda column: column.map(DOSES).astype(float))
    given = {f"{name}_dose": doses[name] for name in DRUGS}
    return given | {
        "diabetes_drugs": (doses > 0).sum(axis=1).astype(float),
        "dose_changes": (doses > 1).sum(axis=1).astype(float),
        "any_change": (frame["change"] == "Ch").astype(float),
        "any_diabetes_drug": (frame["diabetesMed"] == "Yes").astype(float),
        "a1c_level": frame["A1Cresult"].map(A1C).astype(float),
        "glucose_level": frame["max_glu_serum"].map(GLUCOSE).astype(float),
    }


def bands(column: pd.Series) -> pd.Series:
    """Lower limit of `[60-70)`; NaN where unknown."""
    return column.astype(str).str.extract(r"(\d+)", expand=False).astype(float)


def three_digits(codes: pd.Series) -> pd.Series:
    """`250.83` as `250`, `V57.1` as `V57`; missing stays missing, also where all are missing."""
    return codes.astype(str).str.extract(r"^([^.]*)", expand=False)


def chapters(codes: pd.Series) -> pd.Series:
    """ICD-9 chapter in a word; diabetes (250) and the symptoms of an organ on their own."""
    return codes.map({code: chapter(code) for code in codes.dropna().unique()})


def chapter(code: str) -> str:
    """The chapter of one ICD-9 code.

    >>> chapter("428"), chapter("250.01"), chapter("V57")
    ('circulation', 'diabetes', 'V57')
    """
    if not code[:1].isdigit():
        return code[:3] if code.startswith("V") else code[:1]
    number = int(float(code))
    if number == 250:
        return "diabetes"
    named = (name for low, high, name in CHAPTERS if low <= number < high)
    return SYMPTOM_OF.get(number) or next(named, "other")


def joined(frame: pd.DataFrame, names: tuple[str, ...]) -> pd.Series:
    """Several categories as one; unknown parts are a value of their own."""
    texts = [frame[name].astype(object).where(frame[name].notna(), "?").astype(str)
             for name in names]  # fmt: skip
    return texts[0].str.cat(texts[1:], sep=" | ")


def readmission_reason(frame: pd.DataFrame) -> pd.Series:
    """Why a stay is outside the population of readmission; missing where it is inside."""
    gone = frame["discharge_disposition_id"].isin(GONE)
    sentence = "The patient died or was discharged to hospice care: nobody can be readmitted"
    return pd.Series(np.where(gone, sentence, None), frame.index, dtype=object)


def _inputs(names: str, kind: str, available: str, provenance: str) -> tuple[Input, ...]:
    return tuple(
        Input(name, kind, available=available, provenance=provenance) for name in names.split()
    )


DOOR = (
    *_inputs("age_years weight_band", "number", "admission", "demographic"),
    *_inputs("female", "flag", "admission", "demographic"),
    *_inputs("number_outpatient number_emergency number_inpatient", "number", "before", "history"),
    *_inputs("race", "category", "admission", "demographic"),
    *_inputs("payer_code medical_specialty admission_type_id admission_source_id type_and_source "
             "specialty_and_type payer_and_specialty", "category", "admission", "administrative"),
    Input("era", label="Era: encounter number in units of ten million, a proxy of calendar time",
          available="admission", provenance="administrative"),
)  # fmt: skip
HISTORY = (
    *_inputs("earlier_stays early_returns last_days last_number_inpatient", "number", "before",
             "history"),
    *_inputs("last_returned_early last_returned", "flag", "before", "history"),
    Input("numbers_since_last", available="before", provenance="history",
          label="Encounter numbers issued since the last stay, a proxy of the time between"),
)  # fmt: skip
LONG_HISTORY = (
    *HISTORY,
    *_inputs("mean_earlier_days longest_earlier_stay last_num_medications last_number_diagnoses "
             "last_number_emergency last_num_procedures last_num_lab_procedures", "number",
             "before", "history"),
    *_inputs("last_diag_1 last_diag_2 last_diag_3 last_specialty last_admission_type "
             "last_disposition", "category", "before", "history"),
)  # fmt: skip
CODES = (
    *_inputs("diag_1 diag_2 diag_3 diag_1_three diag_2_three diag_3_three diag_1_chapter "
             "diag_2_chapter diag_3_chapter", "category", "discharge", "measurement"),
    *_inputs("number_diagnoses", "number", "discharge", "measurement"),
)  # fmt: skip
CODE_PAIRS = _inputs(
    "diag_1_and_specialty diag_1_and_type diag_1_and_diag_2 diag_1_and_diag_3 three_chapters "
    "diag_2_and_diag_3", "category", "discharge", "measurement",
)  # fmt: skip
DRUG_INPUTS = (
    *_inputs(" ".join(f"{name}_dose" for name in DRUGS), "number", "stay", "care_process"),
    *_inputs("diabetes_drugs", "number", "stay", "care_process"),
    *_inputs("any_diabetes_drug", "flag", "stay", "care_process"),
)  # fmt: skip
TESTS = _inputs("a1c_level glucose_level", "number", "first_labs", "care_process")
STAY = (
    *_inputs("num_lab_procedures num_procedures num_medications dose_changes", "number", "stay",
             "care_process"),
    *_inputs("any_change", "flag", "stay", "care_process"),
)  # fmt: skip
DISCHARGE = (
    *_inputs("time_in_hospital", "number", "discharge", "measurement"),
    *_inputs("discharge_disposition_id", "category", "discharge", "administrative"),
)
