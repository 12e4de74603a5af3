"""People and survey rows for tests of the risk models."""

import os
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ml import analytes
from ml.datasets import nhanes
from ml.facts import Facts, Lifestyle, Measurement
from ml.studies.inputs import SETTLED_BY

DAY = date(2015, 6, 30)
ROOT = Path(__file__).parents[2]
ARTIFACTS = ROOT / "ml" / "artifacts"

ORDINARY = {
    "SBP": 128, "DBP": 76, "BMI": 27.5, "WEIGHT": 80, "HEIGHT": 170.6, "WAIST": 96,
    "TC": 198, "HDL": 52, "LDL": 118, "TG": 120, "HGB": 14.1, "WBC": 6.9, "RBC": 4.7,
    "MCV": 90, "RDW": 13.1, "PLT": 245, "LYMPH_PCT": 30, "NEUT_PCT": 58, "ALB": 4.3, "TP": 7.2,
    "GLOB": 2.9, "CA": 9.4, "PHOS": 3.7, "SODIUM": 139, "POTASSIUM": 4.0, "CL": 103, "CO2": 25,
    "IRON": 84, "CRP": 2.1, "LDH": 130, "ALP": 68, "TBIL": 0.6, "AST": 24, "ALT": 22, "GGT": 21,
    "URIC": 5.4, "BUN": 13, "CREAT": 0.9, "UACR": 7, "GLU": 94, "HBA1C": 5.5,
}  # fmt: skip


def measured(**values):
    """Measurements in canonical units, all on one day."""
    return {
        code: Measurement(code, value, analytes.get(code).unit, DAY)
        for code, value in values.items()
    }


def somebody(*, without=(), values=None, **facts):
    """An ordinary person of 58 with everything known, changed as told."""
    known = {code: v for code, v in (ORDINARY | (values or {})).items() if code not in without}
    given = {
        "as_of": DAY,
        "sex": "female",
        "age": 58,
        "pregnant": False,
        "ethnicity": "non_hispanic_white",
        "conditions": frozenset(),
        "medications": frozenset(),
        "family_history": frozenset(),
        "lifestyle": Lifestyle(smoking="never", self_rated_health=3),
        "measurements": measured(**known),
    }
    return Facts(**(given | facts))


def unsettled(task, *, without=(), **changes):
    """Somebody without the tests that answer the question of this task themselves."""
    settling = SETTLED_BY.get(task)
    settle = frozenset().union(*settling.kinds) if settling else frozenset()
    return somebody(without=settle | set(without), **changes)


def stranger(**facts):
    """Somebody of whom only age and sex are known."""
    return Facts(**({"as_of": DAY, "sex": "male", "age": 45} | facts))


def survey(people, *, seed=0):
    """A made-up NHANES frame in which age, waist and pressure drive every outcome."""
    rng = np.random.default_rng(seed)
    names = [*nhanes.FEATURE_COLUMNS, "mort_eligstat", "mort_status", "mort_permth_exm",
             "mort_ucod_leading"]  # fmt: skip
    frame = pd.DataFrame({name: np.full(people, np.nan) for name in names})
    age, waist = rng.integers(20, 86, people), rng.normal(98, 15, people)
    sbp = rng.normal(100 + age / 2, 12)
    trouble = 0.07 * (age - 60) + 0.05 * (waist - 98) + 0.03 * (sbp - 130)
    ill = rng.random(people) < 1 / (1 + np.exp(-trouble))
    return frame.assign(
        SEQN=np.arange(1, people + 1), cycle_start=rng.choice([1999, 2003, 2007], people),
        sex=rng.integers(1, 3, people), age=age, waist_cm=waist, sbp_mmhg=sbp, pregnant=0,
        ethnicity4=rng.integers(1, 5, people), bpq020_hypertension=rng.integers(1, 3, people),
        hemoglobin_g_dl=rng.normal(14, 1.3, people), diq010_diabetes=2,
        hba1c_pct=np.where(ill, 7, 5.4), creatinine_mg_dl=np.where(ill, 1.6, 0.8),
        urine_albumin_ug_ml=8, urine_creatinine_mg_dl=110, mort_eligstat=1,
        mort_status=ill.astype(int), mort_permth_exm=np.where(ill, 60, 140),
        mort_ucod_leading=np.where(ill, rng.choice([1, 2], people), np.nan),
    )  # fmt: skip


def nhanes_frame():
    """The real survey, or a loud skip that names the folder."""
    default = ROOT.parent / "shared" / "datasets"
    folder = Path(os.environ.get("CARELENS_DATASETS", default)) / "nhanes"
    if not (folder / nhanes.FILE_NAME).is_file():
        pytest.skip(f"NHANES is not in {folder}; set CARELENS_DATASETS to the data folder")
    return nhanes.load(folder)
