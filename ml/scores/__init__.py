"""Published risk scores as vectorised functions that refuse rather than guess.

>>> from ml.scores import compute
>>> compute("BMI", {"weight_kg": 81, "height_cm": 180}).values
{'bmi': 25.0}
>>> compute("PREVENT", {"age": 82}).error
'missing_input'
"""

from ml.scores.acute import curb65, news2, qsofa
from ml.scores.body import bmi, bsa, mean_arterial_pressure
from ml.scores.chemistry import anion_gap, corrected_calcium, nlr
from ml.scores.comorbidity import charlson, charlson_age, charlson_items
from ml.scores.diabetes import ada_risk_test, findrisc
from ml.scores.engine import SCORES, Score, UnknownScore, compute
from ml.scores.framingham import framingham_cvd, framingham_cvd_bmi
from ml.scores.kidney import ckd_epi_2021, cockcroft_gault, kdigo_stage, kfre
from ml.scores.lipids import aip, ldl_friedewald, ldl_sampson, log10_tg_hdl, non_hdl
from ml.scores.liver import fib4, meld_3_0, nafld_fibrosis
from ml.scores.metabolic import eag, homa_ir, tyg
from ml.scores.pooled_cohort import ascvd_pce
from ml.scores.prevent import prevent
from ml.scores.readmission import frail, hospital, lace
from ml.scores.result import ScoreResult
from ml.scores.score2 import score2
from ml.scores.stroke_bleeding import cha2ds2_vasc, has_bled

__all__ = [
    "SCORES",
    "Score",
    "ScoreResult",
    "UnknownScore",
    "ada_risk_test",
    "aip",
    "anion_gap",
    "ascvd_pce",
    "bmi",
    "bsa",
    "cha2ds2_vasc",
    "charlson",
    "charlson_age",
    "charlson_items",
    "ckd_epi_2021",
    "cockcroft_gault",
    "compute",
    "corrected_calcium",
    "curb65",
    "eag",
    "fib4",
    "findrisc",
    "frail",
    "framingham_cvd",
    "framingham_cvd_bmi",
    "has_bled",
    "homa_ir",
    "hospital",
    "kdigo_stage",
    "kfre",
    "lace",
    "ldl_friedewald",
    "ldl_sampson",
    "log10_tg_hdl",
    "mean_arterial_pressure",
    "meld_3_0",
    "nafld_fibrosis",
    "news2",
    "nlr",
    "non_hdl",
    "prevent",
    "qsofa",
    "score2",
    "tyg",
]
