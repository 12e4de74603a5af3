"""Glucose and insulin: HOMA-IR, triglyceride-glucose index, estimated average glucose."""

import numpy as np

from ml.scores.engine import published
from ml.scores.inputs import number, positive


@published(
    "HOMA_IR",
    # Below 20 mg/dL a glucose was given in mmol/L.
    number("glucose_mg_dl", "fasting glucose", 20),
    positive("insulin_uiu_ml", "fasting insulin"),
    reference="Matthews, Diabetologia 1985;28:412",
    notes=("Fasting sample; not for people who inject insulin",),
)
def homa_ir(glucose_mg_dl, insulin_uiu_ml):
    """Insulin resistance from fasting glucose (mg/dL) and insulin (uIU/mL)."""
    return {"index": glucose_mg_dl * insulin_uiu_ml / 405}


@published(
    "TYG",
    positive("tg_mg_dl", "triglycerides"),
    positive("glucose_mg_dl", "fasting glucose"),
    reference="Simental-Mendia, Metab Syndr Relat Disord 2008;6:299",
    notes=("Fasting sample",),
)
def tyg(tg_mg_dl, glucose_mg_dl):
    """Triglyceride-glucose index, ln(mg/dL x mg/dL / 2)."""
    return {"index": np.log(tg_mg_dl * glucose_mg_dl / 2)}


@published(
    "EAG",
    number("hba1c_pct", "HbA1c", 3, 20),
    unit="mg/dL",
    reference="Nathan (ADAG), Diabetes Care 2008;31:1473",
)
def eag(hba1c_pct):
    """Average glucose in mg/dL that HbA1c (%) stands for."""
    return {"eag_mg_dl": 28.7 * hba1c_pct - 46.7}
