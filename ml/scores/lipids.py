"""Lipid arithmetic: LDL cholesterol by two equations, non-HDL and the triglyceride ratios.

Cholesterol in mg/dL is 38.67 times mmol/L, triglycerides 88.57 times.
"""

import numpy as np

from ml.scores.engine import published
from ml.scores.inputs import positive

TC = positive("tc_mg_dl", "total cholesterol")
HDL = positive("hdl_mg_dl", "HDL cholesterol")


@published(
    "LDL_FRIEDEWALD",
    TC,
    HDL,
    positive("tg_mg_dl", "triglycerides", below=400),
    unit="mg/dL",
    reference="Friedewald, Clin Chem 1972;18:499",
    notes=("Inaccurate when the result is below 70 mg/dL",),
)
def ldl_friedewald(tc_mg_dl, hdl_mg_dl, tg_mg_dl):
    """LDL cholesterol in mg/dL; not defined from triglycerides of 400 mg/dL on."""
    return {"value": tc_mg_dl - hdl_mg_dl - tg_mg_dl / 5}


@published(
    "LDL_SAMPSON_NIH",
    TC,
    HDL,
    positive("tg_mg_dl", "triglycerides", 800),
    unit="mg/dL",
    reference="Sampson, JAMA Cardiol 2020;5:540",
)
def ldl_sampson(tc_mg_dl, hdl_mg_dl, tg_mg_dl):
    """LDL cholesterol in mg/dL by NIH equation 2, for triglycerides up to 800 mg/dL."""
    nonhdl = tc_mg_dl - hdl_mg_dl
    remnants = tg_mg_dl / 8.56 + tg_mg_dl * nonhdl / 2140 - tg_mg_dl**2 / 16100
    return {"value": tc_mg_dl / 0.948 - hdl_mg_dl / 0.971 - remnants - 9.44}


@published(
    "NON_HDL",
    positive("tc", "total cholesterol"),
    positive("hdl", "HDL cholesterol"),
    unit="unit of the inputs",
    reference="Definition; ACC/AHA dyslipidaemia guideline 2026",
)
def non_hdl(tc, hdl):
    """Non-HDL cholesterol, in the unit of its two inputs."""
    return {"value": tc - hdl}


@published(
    "AIP",
    positive("tg_mmol_l", "triglycerides", default=None),
    positive("hdl_mmol_l", "HDL cholesterol", default=None),
    positive("tg_mg_dl", "triglycerides", default=None),
    positive("hdl_mg_dl", "HDL cholesterol", default=None),
    either=(("tg_mmol_l", "tg_mg_dl"), ("hdl_mmol_l", "hdl_mg_dl")),
    reference="Dobiasova, Clin Biochem 2001;34:583",
)
def aip(tg_mmol_l, hdl_mmol_l, tg_mg_dl, hdl_mg_dl):
    """Atherogenic index of plasma, log10 of the molar ratio (the mg/dL ratio is another index)."""
    triglycerides = np.where(np.isnan(tg_mmol_l), tg_mg_dl / 88.57, tg_mmol_l)
    hdl = np.where(np.isnan(hdl_mmol_l), hdl_mg_dl / 38.67, hdl_mmol_l)
    return {"index": np.log10(triglycerides / hdl)}


@published(
    "TG_HDL_LOG10_MGDL",
    positive("tg", "triglycerides"),
    positive("hdl", "HDL cholesterol"),
    reference="Definition; 0.360 above the molar index AIP",
)
def log10_tg_hdl(tg, hdl):
    """log10 of triglycerides over HDL in mg/dL. Not the AIP, which is molar."""
    return {"index": np.log10(tg / hdl)}
